// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_SLOT_LAW_CASE_HPP
#define PERDURE_TESTING_DETAIL_SLOT_LAW_CASE_HPP

// slot_law_case: one law of Slot being checked, and what helps to say it in few words.

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <perdure/manifest/slot.hpp>
#include <perdure/testing/detail/law_check.hpp>
#include <perdure/testing/detail/law_slot.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

// How many slot objects of one place there may be.
enum class slot_sharing : std::uint8_t {
  one_at_a_time,    // the next one is opened when the last one is gone
  several,          // side by side, in one thread
  several_threads,  // and each in a thread of its own
};

// What the suite is told of a model that it cannot find out.
struct slot_law_options {
  enum slot_sharing sharing = slot_sharing::several_threads;
  std::uint64_t size_bytes_max = UINT64_MAX;  // of a value, as the slots are opened; none by default
  // From now on calls go wrong in the way of this number, from 0 on, until it is told `mend`. False: there is no such way.
  std::function<bool(std::uint32_t way)> trouble = {};
  std::function<void()> mend = {};
  // What is kept at this place can no longer be read whole. There is no open slot on it.
  std::function<void(std::uint32_t place)> damage = {};
};

namespace detail {

// An open slot of a place, unless that cannot be opened.
class opened_slot {
 public:
  explicit opened_slot(std::unique_ptr<law_slot> slot) : slot_(std::move(slot)) {}
  [[nodiscard]] bool ok() const { return slot_ != nullptr; }
  [[nodiscard]] law_slot* operator->() const { return slot_.get(); }

 private:
  std::unique_ptr<law_slot> slot_;
};

using slot_place = std::function<std::unique_ptr<law_slot>(std::uint32_t)>;

struct slot_law_case : law_check {
  using token = law_slot::token;
  using opened = opened_slot;
  // What was found, out of the room that it was found in.
  struct found {
    bool ok = false;
    token of = {};
    bool exists = false;
    std::string text;
    enum earlier earlier = earlier::nothing;
  };

  const slot_place& place;
  const slot_law_options& options;
  std::uint32_t& last_place;  // that was given to any law
  std::uint32_t here = 0;

  slot_law_case(const slot_place& all, const slot_law_options& told, std::uint32_t& last)
      : place(all), options(told), last_place(last), here(++last) {}

  void elsewhere() { here = ++last_place; }
  [[nodiscard]] opened open() { return opened(place(here)); }
  bool is_open(const opened& slot) { return expect(slot.ok(), "the slot cannot be opened"); }

  [[nodiscard]] std::string text(char of, std::size_t size_bytes) const {
    return std::string(size_bytes < options.size_bytes_max ? size_bytes : static_cast<std::size_t>(options.size_bytes_max), of);
  }

  // The room is filled before it is given, has something left over, and the value must lie in it.
  template <class Look>
  result<found> look(Look look) {
    std::string memory;
    const auto room = [&](std::uint64_t size_bytes) -> result<mutable_bytes> {
      memory.assign(static_cast<std::size_t>(size_bytes) + 7, '?');
      return mutable_bytes(memory);
    };
    const result<slot_value<token>> got = look(slot_room(room));
    if (!got) return got.error();
    const bytes value = got->value;
    const bytes all(memory);
    expect(value.empty() || (value.data() >= all.data() && value.data() + value.size() <= all.data() + all.size()),
           "the value does not lie in the room that was given");
    expect(got->exists() || value.empty(), "what does not exist has bytes");
    return found{true, got->token, got->exists(), std::string(reinterpret_cast<const char*>(value.data()), value.size()),
                 got->earlier};
  }
  result<found> try_load(opened& on) {
    return look([&](slot_room room) { return on->load(room); });
  }
  result<found> try_observe(opened& on) {
    return look([&](slot_room room) { return on->observe(room); });
  }
  found load(opened& on, const std::string& what = "load") {
    const auto got = try_load(on);
    return succeeds(got, what) ? *got : found{};
  }
  found observe(opened& on, const std::string& what = "observe") {
    const auto got = try_observe(on);
    return succeeds(got, what) ? *got : found{};
  }
  // Both ways of looking show this value, and agree on what it is called.
  token shows(opened& on, const std::string& value, const std::string& what) {
    const found loaded = load(on, what + ": load");
    expect(!loaded.ok || (loaded.exists && loaded.text == value), what + ": load shows " + told(loaded) + ", not " + told(value));
    const found seen = observe(on, what + ": observe");
    expect(!seen.ok || (seen.exists && seen.text == value), what + ": observe shows " + told(seen) + ", not " + told(value));
    expect(!loaded.ok || !seen.ok || seen.of == loaded.of, what + ": load and observe tell different tokens");
    return loaded.of;
  }
  // Loads, and replaces what it found.
  result<token> put(opened& on, const std::string& value, const std::string& what) {
    const found before = load(on, what + ": load");
    const auto done = on->replace(before.of, value);
    succeeds(done, what);
    return done;
  }
  bool refuses(const result<token>& done, enum code code, const std::string& what) {
    return fails(done, code, what) && expect(done.error().doubt() == doubt::none, what + ": it is in doubt");
  }

  [[nodiscard]] static std::string told(const std::string& value) {
    if (value.size() <= 20) return "\"" + value + "\"";
    return std::to_string(value.size()) + " bytes that begin with \"" + value.substr(0, 8) + "\"";
  }
  [[nodiscard]] static std::string told(const found& one) { return one.exists ? told(one.text) : "nothing"; }
};

struct slot_law {
  const char* name;
  std::function<void(slot_law_case&)> check;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_SLOT_LAW_CASE_HPP
