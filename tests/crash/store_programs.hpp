// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef TESTS_CRASH_STORE_PROGRAMS_HPP
#define TESTS_CRASH_STORE_PROGRAMS_HPP

// A counter and a lock in a store, by law 7 of the design, and each with its usual mistakes, one at a time.

#include <perdure/store/read_object.hpp>
#include <perdure/testing/explore.hpp>

#include <string>
#include <vector>

namespace tests {

using namespace perdure;
using namespace perdure::testing;

// "3 12 11 7": three were counted, and these are the nonces of the last ones, the newest first.
struct counter_value {
  unsigned count = 0;
  std::vector<std::string> nonces;

  [[nodiscard]] static counter_value parse(const std::string& text) {
    counter_value value;
    std::vector<std::string> words(1);
    for (const char c : text) c == ' ' ? words.push_back({}) : words.back().push_back(c);
    for (const char digit : words[0]) value.count = value.count * 10 + static_cast<unsigned>(digit - '0');
    value.nonces.assign(words.begin() + 1, words.end());
    return value;
  }
  [[nodiscard]] std::string text() const {
    std::string all = std::to_string(count);
    for (const std::string& one : nonces) all += " " + one;
    return all;
  }
  [[nodiscard]] bool has(const std::string& nonce) const {
    for (const std::string& one : nonces) {
      if (one == nonce) return true;
    }
    return false;
  }
};

template <Store S>
[[nodiscard]] std::string nonce_of(S& store) {
  const struct nonce one = store.nonce();
  return std::to_string(one.place) + "-" + std::to_string(one.process) + "-" + std::to_string(one.serial);
}
[[nodiscard]] inline failure not_at_all() { return failure(code::busy, operation::put); }
[[nodiscard]] inline failure in_doubt() { return failure(code::timed_out, operation::put).with(doubt::visible); }

struct counter {
  bool retries_blindly = false;     // after a timeout, adds again
  bool believes_conflicts = false;  // a 412 means that nothing of ours was kept
  bool believes_absence = false;    // so does a value without our nonce
  std::size_t ring = 16;            // of how many additions the value tells the nonces
  int tries_max = 4;

  template <Store S>
  [[nodiscard]] result<void> add(S& store) const {
    std::vector<std::string> sent;  // nonces of puts that nobody answered
    for (int tries = 0; tries < tries_max; ++tries) {
      std::string text;
      const auto there = read_object(store, "count", text, 1000);
      if (!there && there.error().code() != code::not_found) continue;
      counter_value value = counter_value::parse(there ? text : "0");
      for (const std::string& one : sent) {
        if (value.has(one)) return {};
      }
      if (believes_absence && !sent.empty()) return not_at_all();
      ++value.count;
      const std::string mine = nonce_of(store);
      value.nonces.insert(value.nonces.begin(), mine);
      if (value.nonces.size() > ring) value.nonces.resize(ring);
      const auto put = store.put("count", value.text(), there ? precondition::matches(there->etag) : precondition::absent);
      if (put) return {};
      const bool refused = put.error().code() == code::conflict || put.error().code() == code::already_exists;
      if (refused && believes_conflicts) return not_at_all();
      if (put.error().doubt() != doubt::none && !retries_blindly) sent.push_back(mine);
    }
    return sent.empty() ? not_at_all() : in_doubt();
  }
};

// What was acknowledged is counted, and nothing that did not happen.
[[nodiscard]] inline verdict counted(after_crash& after) {
  const auto found = read_text(after.store(), "count");
  if (!found && found.error().code() != code::not_found) return found;
  const unsigned is = found ? counter_value::parse(*found).count : 0;
  unsigned least = 0;
  unsigned most = 0;
  for (const char* const name : {"a", "b", "c"}) {
    const step_outcome became = after.outcome_of(name);
    least += became == step_outcome::acknowledged ? 1 : 0;
    most += became == step_outcome::acknowledged || became == step_outcome::unknown ? 1 : 0;
  }
  if (is >= least && is <= most) return true;
  return "counted " + std::to_string(is) + ", which may only be " + std::to_string(least) + " to " + std::to_string(most);
}

// The object is "free NONCE" or "WHO NONCE".
struct store_lock {
  bool believes_refusals = false;   // somebody else has it
  bool releases_by_remove = false;  // and not by putting "free"
  int tries_max = 4;

  // Success: `held` is what the object is now.
  template <Store S>
  [[nodiscard]] result<void> take(S& store, const std::string& who, std::string& held) const {
    return swap(store, "free", who, held);
  }
  template <Store S>
  [[nodiscard]] result<void> release(S& store, const std::string& held) const {
    if (releases_by_remove) {
      result<void> removed;
      for (int tries = 0; tries < tries_max; ++tries) {
        removed = store.remove("lock");
        if (removed) break;
      }
      return removed;
    }
    std::string freed;
    return swap(store, held, "free", freed);
  }

  // From what begins so to what begins so, with a nonce behind it.
  template <Store S>
  [[nodiscard]] result<void> swap(S& store, const std::string& from, const std::string& to, std::string& now) const {
    std::vector<std::string> sent;
    for (int tries = 0; tries < tries_max; ++tries) {
      std::string text;
      const auto there = read_object(store, "lock", text, 1000);
      if (!there && there.error().code() != code::not_found) continue;
      if (!there) text = "free";
      for (const std::string& one : sent) {
        if (text == one) return now = one, result<void>();
      }
      // What was sent can no more happen, for the value is another one now, and never again what it was.
      if (text.compare(0, from.size(), from) != 0) return not_at_all();
      const std::string mine = to + " " + nonce_of(store);
      const auto put = store.put("lock", mine, there ? precondition::matches(there->etag) : precondition::absent);
      if (put) return now = mine, result<void>();
      const bool refused = put.error().code() == code::conflict || put.error().code() == code::already_exists;
      if (refused && believes_refusals) return not_at_all();
      if (put.error().doubt() != doubt::none) sent.push_back(mine);
    }
    return sent.empty() ? not_at_all() : in_doubt();
  }
};

[[nodiscard]] inline result<std::string> holder(crash_store& store) {
  const auto text = read_text(store, "lock");
  if (!text) return text.error().code() == code::not_found ? result<std::string>(std::string("free")) : text;
  return text->substr(0, text->find(' '));
}

}  // namespace tests

#endif  // TESTS_CRASH_STORE_PROGRAMS_HPP
