// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef TESTS_SUPPORT_LOSING_SLOT_HPP
#define TESTS_SUPPORT_LOSING_SLOT_HPP

#include <perdure/manifest/slot.hpp>

#include <atomic>
#include <cstring>
#include <functional>
#include <string>
#include <utility>

namespace tests {

using perdure::code;
using perdure::doubt;
using perdure::earlier;
using perdure::failure;
using perdure::operation;
using perdure::result;
using perdure::slot_room;
using perdure::slot_value;

// Of a slot in memory the next replaces lose their answers, taken effect or not, and the loads after them fail. What a test does
// from within a call is done while somebody uses the slot.
struct losing_slot {
  using perdure_slot = losing_slot;
  using token = std::uint64_t;
  struct place {
    std::string value;
    token now = 0;
    bool in_doubt = false;
    bool took_effect = true;
    bool is_untold = false;
    int answers_lost = 0;
    int loads_lost = 1;  // with each answer
    int loads_failing = 0;
    int replaces_failing = 0;
    int loads = 0;
    int replaces = 0;
    std::function<void()> before_load = {};     // once
    std::function<void()> before_replace = {};  // once
    std::function<void()> meanwhile = {};       // once, behind the next replace whose answer is lost
    std::atomic<int> users = 0;
    std::atomic<bool> was_shared = false;  // two used it at once

    void put(const std::string& text) { value = text, ++now; }
  };
  place* at;

  class user {
   public:
    explicit user(place& used) : used_(used) {
      if (++used_.users != 1) used_.was_shared = true;
    }
    user(const user&) = delete;
    user& operator=(const user&) = delete;
    ~user() { --used_.users; }

   private:
    place& used_;
  };

  result<slot_value<token>> load(slot_room room) {
    const user mine(*at);
    ++at->loads;
    if (const auto first = std::exchange(at->before_load, {})) first();
    if (at->loads_failing > 0) return --at->loads_failing, failure(code::io, operation::load);
    slot_value<token> told;
    told.token = at->now;
    if (std::exchange(at->in_doubt, false)) {
      told.earlier = at->is_untold ? earlier::untold : at->took_effect ? earlier::took_effect : earlier::had_no_effect;
    }
    const auto memory = room(at->value.size());
    if (!memory) return memory.error();
    if (!at->value.empty()) std::memcpy(memory->data(), at->value.data(), at->value.size());
    told.value = perdure::bytes(*memory).first(at->value.size());
    return told;
  }
  result<slot_value<token>> observe(slot_room room) { return load(room); }
  result<token> replace(const token& expected, perdure::bytes next) {
    const user mine(*at);
    ++at->replaces;
    if (const auto first = std::exchange(at->before_replace, {})) first();
    if (at->replaces_failing > 0) return --at->replaces_failing, failure(code::no_space, operation::replace);
    if (at->in_doubt || expected != at->now) return failure(code::conflict, operation::replace);
    const bool is_lost = at->answers_lost > 0 && at->answers_lost-- > 0;
    if (!is_lost || at->took_effect) at->put(std::string(next));
    at->in_doubt = is_lost;
    if (!is_lost) return at->now;
    at->loads_failing = at->loads_lost;
    if (const auto other = std::exchange(at->meanwhile, {})) other();
    return failure(code::timed_out, operation::replace).with(doubt::visible);
  }
};

}  // namespace tests

#endif  // TESTS_SUPPORT_LOSING_SLOT_HPP
