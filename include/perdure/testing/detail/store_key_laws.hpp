// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_STORE_KEY_LAWS_HPP
#define PERDURE_TESTING_DETAIL_STORE_KEY_LAWS_HPP

// What every model of Store keeps of keys and listings, and of its optional operations. The numbers are those of store.hpp.

#include <algorithm>
#include <string>
#include <vector>

#include <perdure/testing/detail/store_law_case.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

// Legal, every one, and all different: what a directory, a URL or a case-folding volume would take for something else.
[[nodiscard]] inline std::vector<std::string> odd_keys() {
  return {"a",
          "A",
          "a/b",
          "a//b",
          "a/",
          "/a",
          "/",
          "//",
          ".",
          "..",
          "../a",
          "a/../b",
          "a/./b",
          "./a",
          "a.",
          "a ",
          " a",
          "a%2Fb",
          "a%2fb",
          "%",
          "a+b",
          "a b",
          "a\\b",
          "C:",
          "con",
          "CON.txt",
          "aux/x",
          "nul",
          "lpt1.",
          "a:b",
          "a*b?",
          "a<b>",
          "a|b",
          "a\"b",
          "~",
          "a~1",
          "-a",
          "a\tb",
          "a\nb",
          "a\x7f",
          "a\x01"
          "b",
          "\xc3\xa4",
          "a\xcc\x88",
          "\xe2\x82\xac",
          "\xf0\x9f\x98\x80",
          "\xef\xbf\xbd",
          "a#b",
          "a?b=c&d",
          "a@b",
          ".hidden",
          ".perdure-1-1-1-1.tmp",
          ".perdure-lock",
          "lock",
          "a/.perdure-lock",
          "a.tmp"};
}

template <Store S>
std::vector<store_law<S>> store_key_laws() {
  using kase = store_law_case<S>&;
  return {
      {"S9: every key is an object of its own",
       [](kase c) {
         std::vector<std::string> all = odd_keys();
         for (const std::string& key : all) {
           if (!c.put(key, "of " + key)) return;
         }
         for (const std::string& key : all) c.expect(c.get(key) == "of " + key, "under '" + key + "': " + c.get(key));
         std::sort(all.begin(), all.end());
         c.expect(c.names() == all, "the listing shows them all, in byte order");
         for (std::size_t i = 0; i < all.size(); i += 2) c.succeeds(c.store.remove(c / all[i]), "remove " + all[i]);
         for (std::size_t i = 0; i < all.size(); ++i)
           c.expect(c.get(all[i]) == (i % 2 == 0 ? "(none)" : "of " + all[i]), "after its neighbours were removed: " + all[i]);
       }},
      {"S9: a key of 512 bytes can be kept, however it looks",
       [](kase c) {
         for (const char* const piece : {"x", "x/", "\xc3\xa4", "%", "/", "."}) {
           std::string key;
           while (c.prefix.size() + key.size() + std::string(piece).size() + 4 <= key_size_portable) key += piece;
           while (c.prefix.size() + key.size() < key_size_portable) key += "e";
           const std::string longer = key.substr(0, key.size() - 4) + "/";
           c.put(key, "long");
           c.put(longer, "other");
           c.expect(c.get(key) == "long" && c.get(longer) == "other", "get");
           c.expect(c.names() == std::vector<std::string>{(std::min)(key, longer), (std::max)(key, longer)}, "list");
           c.succeeds(c.store.remove(c / key), "remove");
           c.expect(c.get(key) == "(none)" && c.get(longer) == "other", "get after the remove");
           c.succeeds(c.store.remove(c / longer), "remove");
         }
       }},
      {"S9: what is no key is refused by every operation",
       [](kase c) {
         char room[8];
         const auto ignored = [](const listed_object&) { return visit::go_on; };
         const auto each = [&](const std::string& key, enum code code, const char* what) {
           c.fails(c.store.get(key, room), code, what);
           c.fails(c.store.get_range(key, 0, room), code, what);
           c.fails(c.store.head(key), code, what);
           c.fails(c.store.put(key, "x", precondition::any), code, what);
           c.fails(c.store.put(key, "x", precondition::absent), code, what);
           c.fails(c.store.remove(key), code, what);
           if (key.empty()) return;
           c.fails(c.store.list(key, {}, 10, ignored), code, what);
           c.fails(c.store.list({}, key, 10, ignored), code, what);
         };
         each("", code::invalid_argument, "no key at all");
         each(c / std::string("a\0b", 3), code::invalid_argument, "a NUL in a key");
         for (const char* const bad : {"\x80", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "\xe2\x82"})
           each(c / bad, code::invalid_argument, "a key that is not UTF-8");
         each(c / std::string(70'000, 'x'), code::too_large, "a key of 70,000 bytes");
         c.expect(c.names().empty(), "and nothing was put");
       }},
      {"S10: a listing is in byte order, page by page, whatever the limit",
       [](kase c) {
         std::vector<std::string> all;
         for (int i = 0; i < 40; ++i) all.push_back("d" + std::to_string(i % 4) + (i % 3 == 0 ? "/" : "-") + std::to_string(i));
         for (const char* const one : {"d", "d1", "d1/", "d1/a", "d1-", "d10", "d1\xc3\xa4", "e", "z/z/z"}) all.push_back(one);
         for (const std::string& key : all) {
           if (!c.put(key, "x")) return;
         }
         std::sort(all.begin(), all.end());
         for (const std::size_t limit : {1U, 2U, 7U, 48U, 49U, 1000U}) c.expect(c.names("", limit) == all, "all of them");
         for (const char* const prefix : {"d1", "d1/", "d1-", "z", "nothing", "d1\xc3\xa4"}) {
           std::vector<std::string> some;
           for (const std::string& key : all) {
             if (key.compare(0, std::string(prefix).size(), prefix) == 0) some.push_back(key);
           }
           c.expect(c.names(prefix) == some && c.names(prefix, 2) == some, std::string("those that begin with ") + prefix);
         }
         const auto first_after = [&](const std::string& prefix, const std::string& cursor) {
           std::string found = "(none)";
           c.succeeds(c.store.list(c / prefix, cursor, 1,
                                   [&](const listed_object& one) {
                                     found = std::string(one.key.data(), one.key.size()).substr(c.prefix.size());
                                     return visit::go_on;
                                   }),
                      "list");
           return found;
         };
         c.expect(first_after("d1", c / "d1-") == *std::upper_bound(all.begin(), all.end(), "d1-"),
                  "behind a cursor that is there");
         c.expect(first_after("d1", c / "d1-1a") == *std::upper_bound(all.begin(), all.end(), "d1-1a"), "behind one that is not");
         c.expect(first_after("d1", c / "a") == "d1", "a cursor in front of the prefix");
         c.expect(first_after("d1", c / "e") == "(none)", "a cursor behind the prefix");
       }},
      {"S10: the visitor stops the listing, and may call the Store",
       [](kase c) {
         for (const char* const name : {"a", "b", "c", "d"}) c.put(name, name);
         int shown = 0;
         const auto stopped = c.store.list(c / "", {}, 10, [&](const listed_object&) {
           ++shown;
           return visit::stop;
         });
         c.expect(stopped && *stopped == listed::more && shown == 1, "a listing that was stopped says more");
         const auto last = c.store.list(c / "", c / "d", 10, [&](const listed_object&) { return visit::go_on; });
         c.expect(last && *last == listed::all, "behind the last key there is none");
         const auto removing = c.store.list(c / "", {}, 2, [&](const listed_object& one) {
           c.expect(one.size_bytes == 1 || one.size_bytes == size_unknown, "the size that is shown");
           c.succeeds(c.store.remove(one.key), "remove in a visit");
           return visit::go_on;
         });
         c.succeeds(removing, "list while the visitor removes");
         c.expect(c.names() == std::vector<std::string>{"c", "d"}, "what was shown was removed");
         c.fails(c.store.list(c / "", {}, 0, [](const listed_object&) { return visit::go_on; }), code::invalid_argument,
                 "a limit of 0");
       }},
      {"settle: what is there, and what is not, can be made durable",
       [](kase c) {
         c.put("k", "x");
         c.succeeds(settle(c.store, c / "k"), "settle");
         c.succeeds(settle(c.store, c / "no"), "settle of nothing");
         c.expect(c.get("k") == "x" && c.get("no") == "(none)", "and is what it was");
       }},
      {"put_many and remove_prefix: as one by one",
       [](kase c) {
         const std::string keys[] = {c / "m/1", c / "m/2", c / "m/3", c / "mo"};
         put_item items[] = {{keys[0], "1"}, {keys[1], "2"}, {keys[2], "3"}, {keys[3], "4"}};
         c.put("m/2", "old");
         c.succeeds(put_many(c.store, items, 4), "put_many");
         c.succeeds(put_many(c.store, items, 0), "put_many of nothing");
         c.expect(c.get("m/1") == "1" && c.get("m/2") == "2" && c.get("m/3") == "3" && c.get("mo") == "4", "get");
         c.succeeds(remove_prefix(c.store, c / "m/"), "remove_prefix");
         c.expect(c.names() == std::vector<std::string>{"mo"}, "the others stay");
         c.succeeds(remove_prefix(c.store, c / "m/"), "remove_prefix of nothing");
         c.fails(remove_prefix(c.store, ""), code::invalid_argument, "remove_prefix of everything");
       }},
      {"put_stream: it appears whole, or not at all",
       [](kase c) {
         int left = 5;
         const auto source = [&](mutable_bytes into) -> result<std::size_t> {
           if (left == 0) return 0U;
           --left;
           const std::size_t size = into.size() < 10'000 ? into.size() : 10'000;
           std::memset(into.data(), 'a' + left, size);
           return size;
         };
         if (!c.applies(put_stream(c.store, c / "k", source), "put_stream")) return;
         const std::string text = c.get("k");
         c.expect(left == 0 && !text.empty() && text.front() == 'e' && text.back() == 'a', "all of it");
         const auto fails = [&](mutable_bytes) -> result<std::size_t> { return failure(code::cancelled, operation::read); };
         c.fails(put_stream(c.store, c / "k", fails), code::cancelled, "a source that fails");
         c.expect(c.get("k") == text, "the old object stands");
       }},
  };
}

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_STORE_KEY_LAWS_HPP
