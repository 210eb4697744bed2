// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_SHARED_SLOT_LAWS_HPP
#define PERDURE_TESTING_DETAIL_SHARED_SLOT_LAWS_HPP

// What several slots on one place keep, law by law. The numbers are those of slot.hpp.

#include <string>
#include <thread>
#include <vector>

#include <perdure/testing/detail/slot_law_case.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

[[nodiscard]] inline bool is_lost_race(const failure& why) noexcept {
  return why.code() == code::conflict || why.code() == code::busy || why.code() == code::timed_out;
}

inline std::vector<slot_law> shared_slot_laws() {
  using kase = slot_law_case&;
  using token = slot_law_case::token;
  const auto needs = [](slot_sharing sharing, auto law) {
    return [=](kase c) {
      if (c.options.sharing < sharing) {
        c.not_applicable = "the model is not shared so far";
      } else {
        law(c);
      }
    };
  };
  return {
      {"S3: of two objects that expect the same value one installs its own",
       needs(slot_sharing::several,
             [](kase c) {
               auto a = c.open();
               auto b = c.open();
               if (!c.is_open(a) || !c.is_open(b)) return;
               token last;
               for (int round = 0; round < 4; ++round) {
                 auto& winner = round % 2 == 0 ? a : b;
                 auto& loser = round % 2 == 0 ? b : a;
                 c.expect(c.load(a).of == last && c.load(b).of == last, "two objects tell different tokens");
                 const std::string value = "round " + std::to_string(round);
                 const auto won = winner->replace(last, value);
                 if (!c.succeeds(won, "the first of the two")) return;
                 c.refuses(loser->replace(last, "wrong"), code::conflict, "the second of the two");
                 c.expect(c.shows(loser, value, "the second of the two") == *won, "two objects tell different tokens");
                 last = *won;
               }
             })},
      {"S3: of racing threads that count up, none loses what it added",
       needs(slot_sharing::several_threads,
             [](kase c) {
               constexpr int each = 25;
               std::string wrong[3];
               std::vector<std::thread> threads;
               for (std::size_t t = 0; t < 3; ++t) {
                 threads.emplace_back([&c, &mine = wrong[t]] {
                   auto slot = c.open();
                   if (!slot.ok()) {
                     mine = "the slot cannot be opened";
                     return;
                   }
                   for (int added = 0, tries = 0; added < each && mine.empty(); ++tries) {
                     std::string text;
                     const auto found = slot->load(growing_room(text, 100));
                     if (!found && !is_lost_race(found.error())) mine = "load: " + std::string(describe(found.error()));
                     if (!found) continue;
                     const std::string now(reinterpret_cast<const char*>(found->value.data()), found->value.size());
                     const auto done = slot->replace(found->token, found->exists() ? now + "i" : "i");
                     if (done) ++added;
                     if (!done && !is_lost_race(done.error())) mine = "replace: " + std::string(describe(done.error()));
                     if (!done) std::this_thread::yield();
                     if (tries > 20'000) mine = "it never gets a turn";
                   }
                 });
               }
               for (auto& thread : threads) thread.join();
               for (const std::string& one : wrong) c.expect(one.empty(), one);
               auto slot = c.open();
               if (!c.is_open(slot)) return;
               const auto end = c.load(slot);
               c.expect(end.text == std::string(3 * each, 'i'), "of 75 there are " + std::to_string(end.text.size()));
             })},
      {"S1: while values are replaced, whoever looks finds one of them, whole, and never an older one again",
       needs(slot_sharing::several_threads,
             [](kase c) {
               const auto value = [&](int i) { return c.text(static_cast<char>('a' + i), i % 2 == 0 ? 6000U : 900U); };
               std::string wrong;
               bool done = false;
               int looks = 0;
               {
                 auto slot = c.open();
                 if (!c.is_open(slot) || !c.put(slot, value(0), "the first one")) return;
               }
               std::thread reader([&] {
                 auto slot = c.open();
                 char newest = 'a';
                 while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) {
                   std::string text;
                   const auto seen = slot.ok() ? slot->observe(growing_room(text, 10'000))
                                               : result<slot_value<token>>(failure(code::io, operation::open));
                   if (!seen) {
                     wrong = "observe: " + std::string(describe(seen.error()));
                     break;
                   }
                   const std::string now(reinterpret_cast<const char*>(seen->value.data()), seen->value.size());
                   if (now.empty() || now != value(now[0] - 'a')) wrong = "a mixture was seen";
                   if (!now.empty() && now[0] < newest) wrong = "an older value was seen after a newer one";
                   newest = now.empty() ? newest : now[0];
                   __atomic_add_fetch(&looks, 1, __ATOMIC_RELAXED);
                   std::this_thread::yield();
                 }
               });
               auto slot = c.open();
               token last = c.load(slot).of;
               for (int i = 1; i < 26 && c.broken.empty(); ++i) {
                 const int before = __atomic_load_n(&looks, __ATOMIC_RELAXED);
                 const auto next = slot->replace(last, value(i));
                 if (c.succeeds(next, "replace")) last = *next;
                 for (int wait = 0; wait < 20'000 && __atomic_load_n(&looks, __ATOMIC_RELAXED) < before + 2; ++wait)
                   std::this_thread::yield();
               }
               __atomic_store_n(&done, true, __ATOMIC_RELEASE);
               reader.join();
               c.expect(wrong.empty(), wrong);
             })},
  };
}

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_SHARED_SLOT_LAWS_HPP
