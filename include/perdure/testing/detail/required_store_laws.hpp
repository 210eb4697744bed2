// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_REQUIRED_STORE_LAWS_HPP
#define PERDURE_TESTING_DETAIL_REQUIRED_STORE_LAWS_HPP

// What every model of Store keeps of each object, law by law. The numbers are those of store.hpp.

#include <string>
#include <thread>
#include <vector>

#include <perdure/testing/detail/store_law_case.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

template <Store S>
std::vector<store_law<S>> required_store_laws() {
  using kase = store_law_case<S>&;
  return {
      {"S1: what was put is seen by every call at once, and what was removed by none",
       [](kase c) {
         const auto nothing = c.store.head(c / "k");
         c.fails(nothing, code::not_found, "head of nothing");
         char room[16];
         c.fails(c.store.get(c / "k", room), code::not_found, "get of nothing");
         c.fails(c.store.get_range(c / "k", 0, room), code::not_found, "get_range of nothing");
         if (!c.put("k", "first")) return;
         c.expect(c.get("k") == "first", "get: " + c.get("k"));
         const auto info = c.store.head(c / "k");
         c.expect(info && info->size_bytes == 5, "head tells the size");
         c.expect(c.names() == std::vector<std::string>{"k"}, "list shows the key");
         c.put("k", "second, longer");
         c.expect(c.get("k") == "second, longer", "get of what was replaced: " + c.get("k"));
         c.put("k", "");
         c.expect(c.get("k").empty(), "get of an empty object: " + c.get("k"));
         c.succeeds(c.store.remove(c / "k"), "remove");
         c.expect(c.get("k") == "(none)", "get of what was removed");
         c.expect(c.names().empty(), "list of what was removed");
         c.succeeds(c.store.remove(c / "k"), "remove of nothing");
       }},
      {"S2: while an object is replaced, each reader finds one version of it, whole",
       [](kase c) {
         const auto text = [](int i) { return std::string(i % 2 == 0 ? 3000 : 700, static_cast<char>('a' + i % 26)); };
         if (!c.put("k", text(0))) return;
         std::string bad;
         bool done = false;
         int looks = 0;
         std::thread reader([&] {
           std::string room(4000, '?');
           while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) {
             const auto got = c.store.get(c / "k", room);
             const std::size_t size = got ? static_cast<std::size_t>(got->size_bytes) : 0;
             if (!got && got.error().code() != code::busy) bad = "a reader: " + std::string(describe(got.error()));
             if (got && ((size != 3000 && size != 700) || room.find_first_not_of(room[0]) < size)) bad = "a mixture was read";
             if (got && size != (room[0] % 2 == 'a' % 2 ? 3000U : 700U)) bad = "the size of another version was told";
             room.assign(4000, '?');
             __atomic_add_fetch(&looks, 1, __ATOMIC_RELAXED);
             std::this_thread::yield();
           }
         });
         for (int i = 1; (i < 100 || (__atomic_load_n(&looks, __ATOMIC_RELAXED) < 50 && i < 20'000)) && c.broken.empty(); ++i) {
           c.put("k", text(i));
           if (i % 8 == 0) std::this_thread::yield();
         }
         __atomic_store_n(&done, true, __ATOMIC_RELEASE);
         reader.join();
         c.expect(bad.empty(), bad);
       }},
      {"S4: absent is refused where there is an object, and matches where it is another version",
       [](kase c) {
         const auto made = c.store.put(c / "k", "one", precondition::absent);
         if (!c.succeeds(made, "put if absent")) return;
         c.loses(c.store.put(c / "k", "two", precondition::absent), code::already_exists, "a second put if absent");
         c.expect(c.get("k") == "one", "the object stands: " + c.get("k"));
         const etag first = c.version("k");
         if (first.empty()) return;
         c.expect(made->empty() || *made == first, "the etag of a put is that of a get");
         const auto replaced = c.store.put(c / "k", "two", precondition::matches(first));
         c.succeeds(replaced, "put if it matches");
         c.expect(c.get("k") == "two", "it was put: " + c.get("k"));
         c.expect(replaced && !replaced->empty() && *replaced == c.version("k"), "a put with a condition tells the etag");
         c.loses(c.store.put(c / "k", "three", precondition::matches(first)), code::conflict, "put onto another version");
         c.expect(c.get("k") == "two", "the newer object stands: " + c.get("k"));
         c.fails(c.store.put(c / "k", "four", precondition::matches({})), code::invalid_argument, "matches no etag at all");
         c.expect(c.get("k") == "two", "and puts nothing");
         c.succeeds(c.store.remove(c / "k"), "remove");
         const auto onto_nothing = c.store.put(c / "k", "five", precondition::matches(first));
         if (!onto_nothing && onto_nothing.error().code() == code::not_found) {
           c.loses(onto_nothing, code::not_found, "put onto nothing");
         } else {
           c.loses(onto_nothing, code::conflict, "put onto nothing");
         }
         c.expect(c.get("k") == "(none)", "and makes nothing: " + c.get("k"));
         c.succeeds(c.store.put(c / "k", "six", precondition::absent), "put if absent after a remove");
       }},
      {"S4: of callers that race by absent one wins",
       [](kase c) {
         for (int round = 0; round < 20 && c.broken.empty(); ++round) {
           const std::string key = "k" + std::to_string(round);
           int winners = 0;
           int losers = 0;
           const auto take = [&](char name) {
             for (int again = 0; again < 1000; ++again) {
               const auto put = c.store.put(c / key, std::string(100, name), precondition::absent);
               if (!put && put.error().code() == code::busy) continue;
               if (put) __atomic_add_fetch(&winners, 1, __ATOMIC_RELAXED);
               if (!put && is_lost(put.error())) __atomic_add_fetch(&losers, 1, __ATOMIC_RELAXED);
               return;
             }
           };
           std::thread a([&] { take('a'); });
           std::thread b([&] { take('b'); });
           std::thread third([&] { take('c'); });
           a.join();
           b.join();
           third.join();
           c.expect(winners == 1 && losers == 2, std::to_string(winners) + " won and " + std::to_string(losers) + " lost");
         }
       }},
      {"S4: of callers that race by matches none is undone",
       [](kase c) {
         constexpr int each = 25;
         if (!c.put("k", "0 0 0 ")) return;
         std::string bad[3];
         // Each has a counter of its own in the value, so that what became of a put in doubt can be seen: nobody else counts
         // there.
         const auto count = [&](std::size_t who) {
           std::string room(64, '?');
           for (int done = 0, tries = 0; tries < 100'000; ++tries) {
             const auto got = c.store.get(c / "k", room);
             if (!got) continue;
             int all[3] = {};
             std::size_t at = 0;
             for (int& one : all) {
               one = std::stoi(room.substr(at));
               at = room.find(' ', at) + 1;
             }
             if (all[who] < done) bad[who] = "a put that succeeded was undone";
             if (all[who] >= each || !bad[who].empty()) return;
             done = ++all[who];
             // Another text each time, so that no version comes back.
             std::string next;
             for (const int one : all) next += std::to_string(one) + " ";
             next += std::to_string(who) + " " + std::to_string(tries);
             const auto put = c.store.put(c / "k", next, precondition::matches(got->etag));
             if (put) continue;
             --done;
             const bool may = put.error().code() == code::busy || is_lost(put.error()) || put.error().doubt() == doubt::visible;
             if (!may) bad[who] = std::string(describe(put.error()));
             std::this_thread::yield();
           }
         };
         std::thread a([&] { count(0); });
         std::thread b([&] { count(1); });
         std::thread third([&] { count(2); });
         a.join();
         b.join();
         third.join();
         for (const std::string& one : bad) c.expect(one.empty(), one);
         const std::string total = c.get("k");
         c.expect(total.substr(0, 9) == "25 25 25 ", "3 x 25 were counted as " + total);
       }},
      {"S5: what only looks, and what was refused, is not in doubt",
       [](kase c) {
         char room[16];
         const auto sure = [&](const auto& answer, const char* what) {
           c.expect(!answer && answer.error().doubt() == doubt::none, what);
         };
         sure(c.store.get(c / "k", room), "get of nothing");
         sure(c.store.head(c / "k"), "head of nothing");
         sure(c.store.put("", "x", precondition::any), "put under no key");
         sure(c.store.remove(""), "remove of no key");
         sure(c.store.list(c / "", {}, 0, [](const listed_object&) { return visit::go_on; }), "list of no more than nothing");
       }},
      {"S8: a version has an etag of its own, which stays while it does",
       [](kase c) {
         if (!c.put("k", "one")) return;
         const etag one = c.version("k");
         c.expect(one == c.version("k"), "two gets of one version");
         const auto head = c.store.head(c / "k");
         c.expect(head && (head->etag.empty() || head->etag == one), "head tells the same etag or none");
         c.put("l", "other");
         c.expect(one == c.version("k"), "after a put of another key");
         c.put("k", "two");
         c.expect(!(one == c.version("k")), "of another content");
         c.put("k", std::string("one\0", 4));
         c.expect(!(one == c.version("k")), "of a longer content");
       }},
      {"S11: transfers are whole",
       [](kase c) {
         std::string text;
         for (int i = 0; i < 40'000; ++i) text += static_cast<char>('a' + i * 7 % 26);
         const bytes parts[] = {bytes(text).first(1), bytes(), bytes(text).from(1).first(20'000), bytes(text).from(20'001)};
         c.succeeds(c.store.put(c / "k", gather(parts, 4), precondition::any), "put of several pieces");
         c.expect(c.get("k") == text, "all of them");
         std::string room(text.size() - 1, '?');
         c.fails(c.store.get(c / "k", room), code::too_large, "get into a buffer that is too small");
         room.assign(text.size() + 10, '?');
         const auto got = c.store.get(c / "k", room);
         c.expect(got && got->size_bytes == text.size() && room.substr(0, text.size()) == text, "get into a larger one");
         const auto range = [&](std::uint64_t offset, std::size_t size, const char* what) {
           std::string into(size, '?');
           const auto part = c.store.get_range(c / "k", offset, into);
           const std::string expected = offset < text.size() ? text.substr(static_cast<std::size_t>(offset), size) : "";
           c.expect(part && part->count == expected.size() && into.substr(0, part->count) == expected, what);
           c.expect(part && part->size_bytes == text.size(), "get_range tells the size of the object");
         };
         range(0, 10, "get_range of the beginning");
         range(17'000, 9'000, "get_range of the middle");
         range(39'995, 100, "get_range over the end");
         range(40'000, 5, "get_range at the end");
         range(UINT64_MAX, 5, "get_range far behind the end");
         range(3, 0, "get_range of nothing");
       }},
      {"S12: a nonce is not given twice",
       [](kase c) {
         std::vector<struct nonce> all(40);
         std::thread other([&] {
           for (std::size_t i = 0; i < 20; ++i) all[i] = c.store.nonce();
         });
         for (std::size_t i = 20; i < 40; ++i) all[i] = c.store.nonce();
         other.join();
         for (std::size_t i = 0; i < 40; ++i) {
           for (std::size_t k = 0; k < i; ++k) c.expect(!(all[i] == all[k]), "a nonce was given twice");
         }
       }},
  };
}

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_REQUIRED_STORE_LAWS_HPP
