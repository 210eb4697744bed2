// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_SLOT_ARCHETYPES_HPP
#define PERDURE_TESTING_SLOT_ARCHETYPES_HPP

// poorest_slot: a legal model of Slot that is as unhelpful as the law allows. An algorithm over Slot that is instantiated with
// it, and tested on it, needs no more than the concept gives.
//
//   perdure::testing::slot_memory memory;           // the place
//   perdure::testing::poorest_slot slot(memory);    // as many of these on it as there are writers
//   memory.fail_next(why, took_effect);             // the next replace of any of them fails so
//
// The token of a value comes back with its bytes. The room is asked twice, with scribbles in the first one, and the value lies at
// the end of the second. In doubt nobody else is kept out; and once anybody else has written, the slot cannot tell what became
// of its own.
//
// Threads: any, each with slots of its own. It is memory, and survives nothing.

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include <perdure/core/sha256.hpp>
#include <perdure/manifest/slot.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

class slot_memory {
 public:
  explicit slot_memory(std::uint64_t size_bytes_max = 1 << 20) noexcept : size_bytes_max_(size_bytes_max) {}

  // With doubt `none` it changes nothing; with another one, it took effect or did not.
  void fail_next(const failure& why, bool took_effect) {
    const std::lock_guard<std::mutex> held(mutex_);
    next_ = {why, took_effect && why.doubt() != doubt::none};
  }
  // What is there is not what anybody wrote.
  void damage() {
    const std::lock_guard<std::mutex> held(mutex_);
    damaged_ = true;
  }
  // How often the value was replaced.
  [[nodiscard]] std::uint64_t changes() const {
    const std::lock_guard<std::mutex> held(mutex_);
    return changes_;
  }

 private:
  friend class poorest_slot;
  struct trouble {
    failure why;
    bool took_effect;
  };

  mutable std::mutex mutex_;
  std::uint64_t size_bytes_max_;
  std::optional<std::string> value_;
  std::uint64_t changes_ = 0;
  bool damaged_ = false;
  std::optional<trouble> next_;
};

class poorest_slot {
 public:
  using perdure_slot = poorest_slot;

  // Told apart, and nothing else.
  class token {
   public:
    token() noexcept = default;
    friend bool operator==(const token& a, const token& b) noexcept { return a.exists_ == b.exists_ && a.of_ == b.of_; }

   private:
    friend poorest_slot;
    explicit token(bytes value) noexcept : exists_(true), of_(sha256_of(value)) {}
    bool exists_ = false;
    digest of_ = {};
  };

  explicit poorest_slot(slot_memory& memory) noexcept : memory_(&memory) {}

  [[nodiscard]] result<slot_value<token>> load(slot_room room) {
    std::uint64_t changes = 0;
    auto found = read(room, changes);
    if (!found || !doubted_) return found;
    // Nobody else wrote, or one other at most, which was this one itself.
    const std::uint64_t since = changes - doubted_->changes_before;
    found->earlier = since > (doubted_->took_effect ? 1U : 0U) ? earlier::untold
                     : doubted_->took_effect                   ? earlier::took_effect
                                                               : earlier::had_no_effect;
    doubted_.reset();
    return found;
  }
  [[nodiscard]] result<slot_value<token>> observe(slot_room room) {
    std::uint64_t changes = 0;
    return read(room, changes);
  }
  [[nodiscard]] result<token> replace(const token& expected, bytes value) {
    if (doubted_) return failure(code::conflict, operation::write);
    const std::lock_guard<std::mutex> held(memory_->mutex_);
    if (value.size() > memory_->size_bytes_max_) return failure(code::too_large, operation::write);
    if (memory_->damaged_) return failure(code::corrupt, operation::read);
    if (!(expected == now())) return failure(code::conflict, operation::write);
    if (memory_->next_) {
      const slot_memory::trouble met = *memory_->next_;
      memory_->next_.reset();
      if (met.why.doubt() != doubt::none) doubted_ = {memory_->changes_, met.took_effect};
      if (met.took_effect) put(value);
      return met.why;
    }
    put(value);
    return now();
  }

 private:
  struct doubted {
    std::uint64_t changes_before;
    bool took_effect;
  };

  [[nodiscard]] result<slot_value<token>> read(slot_room room, std::uint64_t& changes) {
    std::string there;
    {
      // The room is the caller's code, which may look into this memory itself.
      const std::lock_guard<std::mutex> held(memory_->mutex_);
      changes = memory_->changes_;
      if (memory_->damaged_) return failure(code::corrupt, operation::read);
      if (!memory_->value_) return slot_value<token>{};
      there = *memory_->value_;
    }
    const auto first = room(there.size());
    if (!first) return first.error();
    if (!first->empty()) std::memset(first->data(), 0xee, first->size());
    const auto second = room(there.size());
    if (!second) return second.error();
    const mutable_bytes into = second->from(second->size() - there.size());
    if (!there.empty()) std::memcpy(into.data(), there.data(), there.size());
    return slot_value<token>{token(there), into};
  }
  [[nodiscard]] token now() const { return memory_->value_ ? token(*memory_->value_) : token(); }
  void put(bytes value) {
    memory_->value_.emplace(reinterpret_cast<const char*>(value.data()), value.size());
    ++memory_->changes_;
  }

  slot_memory* memory_;
  std::optional<doubted> doubted_;
};
static_assert(Slot<poorest_slot>);

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_SLOT_ARCHETYPES_HPP
