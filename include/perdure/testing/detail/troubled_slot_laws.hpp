// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_TROUBLED_SLOT_LAWS_HPP
#define PERDURE_TESTING_DETAIL_TROUBLED_SLOT_LAWS_HPP

// What a model of Slot keeps when things go wrong, law by law. The numbers are those of slot.hpp.

#include <string>
#include <vector>

#include <perdure/testing/detail/slot_law_case.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

inline std::vector<slot_law> troubled_slot_laws() {
  using kase = slot_law_case&;
  using token = slot_law_case::token;
  return {
      {"S9: what cannot be read whole is corrupt or io, and never nothing, an older value, or replaced",
       [](kase c) {
         if (!c.options.damage) {
           c.not_applicable = "nobody can damage it";
           return;
         }
         token last;
         {
           auto slot = c.open();
           if (!c.is_open(slot)) return;
           for (const char letter : {'a', 'b', 'c'}) {
             const auto done = c.put(slot, c.text(letter, 800), "replace");
             if (!done) return;
             last = *done;
           }
         }
         c.options.damage(c.here);
         const auto is_damage = [](const failure& why) { return why.code() == code::corrupt || why.code() == code::io; };
         for (int round = 0; round < 2; ++round) {
           auto slot = c.open();
           if (!slot.ok()) return;  // to open it is to read it
           const auto loaded = c.try_load(slot);
           c.expect(!loaded, "load shows " + (loaded ? c.told(*loaded) : ""));
           c.expect(loaded || is_damage(loaded.error()), "load: " + (loaded ? "" : std::string(describe(loaded.error()))));
           const auto seen = c.try_observe(slot);
           c.expect(!seen, "observe shows " + (seen ? c.told(*seen) : ""));
           c.expect(seen || is_damage(seen.error()), "observe: " + (seen ? "" : std::string(describe(seen.error()))));
           c.expect(!slot->replace(token(), "wrong"), "it was replaced, as if there were nothing");
         }
       }},
      {"S5: a replace that fails with doubt none changed nothing, and one that succeeds is there",
       [](kase c) {
         if (!c.options.trouble) {
           c.not_applicable = "nobody makes trouble";
           return;
         }
         for (std::uint32_t way = 0; c.broken.empty(); ++way) {
           if (way != 0) c.elsewhere();
           const std::string what = "trouble " + std::to_string(way);
           auto slot = c.open();
           if (!c.is_open(slot)) return;
           const auto old = c.put(slot, "old", what + ", before it");
           if (!old) return;
           const bool more = c.options.trouble(way);
           const auto done = more ? slot->replace(*old, "new") : old;
           c.options.mend();
           if (!more) return;
           if (done) {
             c.expect(c.shows(slot, "new", what) == *done, what + ": the token is another one");
           } else if (done.error().doubt() == doubt::none) {
             c.expect(c.observe(slot, what).of == *old, what + ": it failed, and observe shows another token");
             const auto next = slot->replace(*old, "newer");
             c.succeeds(next, what + ": after a failure without doubt the next replace");
             c.shows(slot, "newer", what);
           }
         }
       }},
      {"S6: after a failure in doubt each replace is a conflict, until a load succeeded and said what became of it",
       [](kase c) {
         if (!c.options.trouble) {
           c.not_applicable = "nobody makes trouble";
           return;
         }
         bool doubted = false;
         for (std::uint32_t way = 0; c.broken.empty(); ++way) {
           if (way != 0) c.elsewhere();
           const std::string what = "trouble " + std::to_string(way);
           auto slot = c.open();
           if (!c.is_open(slot)) return;
           const auto old = c.put(slot, "old", what + ", before it");
           if (!old) return;
           const bool more = c.options.trouble(way);
           const auto done = more ? slot->replace(*old, "new") : old;
           c.options.mend();
           if (!more) break;
           if (done || done.error().doubt() == doubt::none) continue;
           doubted = true;
           c.refuses(slot->replace(*old, "wrong"), code::conflict, what + ": the next replace");
           const auto seen = c.observe(slot, what);
           c.expect(seen.text == "old" || seen.text == "new", what + ": observe shows " + c.told(seen));
           c.refuses(slot->replace(seen.of, "wrong"), code::conflict, what + ": a replace after an observe");
           if (c.options.sharing != slot_sharing::one_at_a_time) {
             auto other = c.open();
             if (c.is_open(other)) (void)c.observe(other, what + ": S8, observe by another object");
           }
           const auto full = [](std::uint64_t) -> result<mutable_bytes> { return failure(code::no_space, operation::map); };
           c.expect(!slot->load(full), what + ": a load into a room that refuses");
           c.refuses(slot->replace(*old, "wrong"), code::conflict, what + ": a replace after a load that failed");
           const auto now = c.load(slot, what + ": load");
           c.expect(now.text == "old" || now.text == "new", what + ": load shows " + c.told(now));
           c.expect(now.earlier == (now.text == "new" ? earlier::took_effect : earlier::had_no_effect),
                    what + ": load says otherwise what became of it");
           c.expect(c.load(slot, what).earlier == earlier::nothing, what + ": it is said once");
           c.succeeds(slot->replace(now.of, "newer"), what + ": a replace after the load");
           c.shows(slot, "newer", what);
         }
         if (!doubted) c.not_applicable = "no trouble left a doubt";
       }},
      {"S6: the next object finds what a doubt left, and goes on",
       [](kase c) {
         if (!c.options.trouble) {
           c.not_applicable = "nobody makes trouble";
           return;
         }
         for (std::uint32_t way = 0; c.broken.empty(); ++way) {
           if (way != 0) c.elsewhere();
           const std::string what = "trouble " + std::to_string(way);
           bool more = false;
           {
             auto slot = c.open();
             if (!c.is_open(slot)) return;
             const auto old = c.put(slot, "old", what + ", before it");
             if (!old) return;
             more = c.options.trouble(way);
             if (more) (void)slot->replace(*old, "new");
             c.options.mend();
           }
           if (!more) return;
           auto next = c.open();
           if (!c.is_open(next)) return;
           const auto now = c.load(next, what + ": load");
           c.expect(now.text == "old" || now.text == "new", what + ": load shows " + c.told(now));
           c.expect(now.earlier == earlier::nothing, what + ": it speaks of what another object did");
           c.succeeds(next->replace(now.of, "newer"), what + ": replace");
           c.shows(next, "newer", what);
         }
       }},
  };
}

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_TROUBLED_SLOT_LAWS_HPP
