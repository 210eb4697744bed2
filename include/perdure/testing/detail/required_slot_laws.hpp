// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_REQUIRED_SLOT_LAWS_HPP
#define PERDURE_TESTING_DETAIL_REQUIRED_SLOT_LAWS_HPP

// What every model of Slot keeps while nothing goes wrong, law by law. The numbers are those of slot.hpp.

#include <string>
#include <vector>

#include <perdure/testing/detail/slot_law_case.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

inline std::vector<slot_law> required_slot_laws() {
  using kase = slot_law_case&;
  using token = slot_law_case::token;
  return {
      {"S1: where there was none yet there is nothing, and looking makes none",
       [](kase c) {
         for (int round = 0; round < 2; ++round) {
           auto slot = c.open();
           if (!c.is_open(slot)) return;
           const auto seen = c.observe(slot);
           c.expect(!seen.exists && seen.text.empty() && seen.of == token(), "observe shows " + c.told(seen));
           const auto loaded = c.load(slot);
           c.expect(!loaded.exists && loaded.text.empty() && loaded.of == token(), "load shows " + c.told(loaded));
           c.expect(loaded.earlier == earlier::nothing && seen.earlier == earlier::nothing,
                    "of which earlier one does it speak?");
         }
       }},
      {"S1: what is shown is what was replaced last, whole, whatever its size, and by the next object, too",
       [](kase c) {
         char letter = 'a';
         for (const std::size_t size : {5U, 0U, 1U, 511U, 512U, 513U, 4096U, 70'000U, 4095U, 8192U, 2U, 4097U}) {
           const std::string value = c.text(letter++, size);
           const std::string what = std::to_string(value.size()) + " bytes";
           {
             auto slot = c.open();
             if (!c.is_open(slot) || !c.put(slot, value, what)) return;
             c.shows(slot, value, what);
           }
           auto next = c.open();
           if (!c.is_open(next)) return;
           c.shows(next, value, what + ", another object");
         }
       }},
      {"S1: any byte is a byte of a value",
       [](kase c) {
         std::string value;
         for (int i = 0; i < 512; ++i) value.push_back(static_cast<char>(i));
         value = value.substr(0, c.text('x', 512).size());
         auto slot = c.open();
         if (!c.is_open(slot) || !c.put(slot, value, "every byte")) return;
         c.shows(slot, value, "every byte");
       }},
      {"S1: the room's failure is the caller's, and a room may have more than was asked",
       [](kase c) {
         auto slot = c.open();
         const std::string value = c.text('r', 300);
         if (!c.is_open(slot) || !c.put(slot, value, "replace")) return;
         std::uint64_t asked = 0;
         const auto full = [&](std::uint64_t size_bytes) -> result<mutable_bytes> {
           asked = size_bytes;
           return failure(code::no_space, operation::map);
         };
         c.fails(slot->load(full), code::no_space, "load into a room that refuses");
         c.expect(asked >= value.size(), "the room was asked for too little");
         c.fails(slot->observe(full), code::no_space, "observe into a room that refuses");
         char small[4];
         if (value.size() > sizeof(small)) c.fails(slot->load(fixed_room(small)), code::too_large, "load into a small room");
         c.shows(slot, value, "after that");
       }},
      {"S3: a token of another value is a conflict, and changes nothing",
       [](kase c) {
         token elsewhere;
         {
           auto slot = c.open();
           if (!c.is_open(slot)) return;
           const auto done = c.put(slot, c.text('e', 3), "a value elsewhere");
           if (!done) return;
           elsewhere = *done;
         }
         c.elsewhere();
         auto slot = c.open();
         if (!c.is_open(slot)) return;
         (void)c.load(slot);
         c.refuses(slot->replace(elsewhere, "wrong"), code::conflict, "a token of something, where there is nothing");
         c.expect(!c.load(slot).exists, "it was installed nevertheless");
         const auto first = slot->replace(token(), "first");
         if (!c.succeeds(first, "the first one")) return;
         c.refuses(slot->replace(token(), "wrong"), code::conflict, "the token of nothing, where there is something");
         c.expect(c.shows(slot, "first", "after the conflict") == *first, "a replace and a load tell different tokens");
         const auto second = slot->replace(*first, "second");
         if (!c.succeeds(second, "the second one")) return;
         c.refuses(slot->replace(*first, "wrong"), code::conflict, "the token of the value before");
         c.expect(c.shows(slot, "second", "after the conflicts") == *second, "a replace and a load tell different tokens");
         c.succeeds(slot->replace(*second, "third"), "after the conflicts, with the right one");
         c.shows(slot, "third", "at the end");
       }},
      {"S3: a token that one object told is good for the next one",
       [](kase c) {
         token last;
         for (const char* const value : {"one", "two", "three"}) {
           auto slot = c.open();
           if (!c.is_open(slot)) return;
           const auto found = c.load(slot);
           c.expect(found.of == last, "the next object tells another token for the same value");
           const auto done = slot->replace(last, value);
           if (!c.succeeds(done, value)) return;
           last = *done;
         }
       }},
      {"S7: two tokens that are equal name equal bytes, and the default one names nothing",
       [](kase c) {
         auto slot = c.open();
         if (!c.is_open(slot)) return;
         struct named {
           token of;
           std::string value;
         };
         std::vector<named> all = {{token(), "(nothing)"}};
         token last = c.load(slot).of;
         for (const char* const value : {"a", "b", "", "a", "ab", "b", "a", "a", "c"}) {
           const auto done = slot->replace(last, value);
           if (!c.succeeds(done, "replace")) return;
           last = *done;
           for (const named& before : all)
             c.expect(!(before.of == last) || before.value == value,
                      "one token for " + c.told(before.value) + " and " + c.told(value));
           all.push_back({last, value});
           c.expect(c.load(slot).of == last, "load tells another token than replace");
           c.expect(c.observe(slot).of == last, "observe tells another token than replace");
         }
       }},
      {"S8: looking changes nothing: a token from before it is good after it",
       [](kase c) {
         auto slot = c.open();
         if (!c.is_open(slot)) return;
         const auto first = c.put(slot, c.text('f', 5000), "replace");
         if (!first) return;
         for (int i = 0; i < 3; ++i) {
           c.expect(c.observe(slot).of == *first, "observe tells another token");
           c.expect(c.load(slot).of == *first, "load tells another token");
         }
         c.succeeds(slot->replace(*first, "second"), "replace with the token from before");
       }},
      {"S10: a value of no bytes is a value",
       [](kase c) {
         auto slot = c.open();
         if (!c.is_open(slot)) return;
         const auto empty = c.put(slot, "", "replace by no bytes");
         if (!empty) return;
         c.expect(!(*empty == token()), "its token is that of nothing");
         c.expect(c.shows(slot, "", "no bytes") == *empty, "load tells another token");
         c.refuses(slot->replace(token(), "wrong"), code::conflict, "the token of nothing, where there is an empty value");
         c.succeeds(slot->replace(*empty, "more"), "replace of no bytes");
         c.shows(slot, "more", "after no bytes");
       }},
      {"S10: a value over the limit is too_large and changes nothing, and one of the limit is none",
       [](kase c) {
         if (c.options.size_bytes_max > (1U << 24)) {
           c.not_applicable = "no limit was told";
           return;
         }
         auto slot = c.open();
         if (!c.is_open(slot)) return;
         const auto first = c.put(slot, "first", "replace");
         if (!first) return;
         const auto limit = static_cast<std::size_t>(c.options.size_bytes_max);
         c.refuses(slot->replace(*first, std::string(limit + 1, 'l')), code::too_large, "one byte over the limit");
         c.refuses(slot->replace(*first, std::string(2 * limit + 1000, 'l')), code::too_large, "far over the limit");
         c.expect(c.shows(slot, "first", "after too_large") == *first, "the token is another one");
         c.succeeds(slot->replace(*first, std::string(limit, 'm')), "as many bytes as the limit");
         c.shows(slot, std::string(limit, 'm'), "as many bytes as the limit");
       }},
  };
}

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_REQUIRED_SLOT_LAWS_HPP
