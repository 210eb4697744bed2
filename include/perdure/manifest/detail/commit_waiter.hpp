// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_DETAIL_COMMIT_WAITER_HPP
#define PERDURE_MANIFEST_DETAIL_COMMIT_WAITER_HPP

// commit_waiter: a call that waits for a save. It lies on the stack of who called. waiter_list: all that wait for the same one.

#include <perdure/core/result.hpp>
#include <perdure/manifest/after_commit.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

enum class commit_fate : std::uint8_t { waits, saved, failed, again, again_alone };

struct commit_waiter {
  commit_waiter* next = nullptr;
  bool changes = true;  // or it has declined, on a tip that is not saved yet
  commit_fate fate = commit_fate::waits;
  failure why = no_failure();
  after_commit then;
  bool ended_doubt = false;

  [[nodiscard]] static failure no_failure() noexcept { return failure(code::io, operation::commit); }
};

class waiter_list {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  void add(commit_waiter& one) noexcept {
    one.fate = commit_fate::waits;
    one.next = exchanged(first_, &one);
    ++size_;
  }
  void take(waiter_list& from) noexcept {
    first_ = exchanged(from.first_, nullptr);
    size_ = exchanged(from.size_, 0U);
  }
  template <class F>
  void for_each(F&& look) const {
    for (commit_waiter* one = first_; one != nullptr; one = one->next) look(*one);
  }
  // What became of each: `decide` gives a fate and why. Who has been told may be gone with the next unlock.
  template <class F>
  void tell(F&& decide) {
    for (commit_waiter* one = exchanged(first_, nullptr); one != nullptr;) {
      commit_waiter* const next = one->next;
      decide(*one);
      one = next;
    }
    size_ = 0;
  }
  void tell_all(commit_fate fate, const failure& why) {
    tell([&](commit_waiter& one) {
      one.why = why;
      one.fate = fate;
    });
  }

 private:
  commit_waiter* first_ = nullptr;
  std::uint32_t size_ = 0;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_DETAIL_COMMIT_WAITER_HPP
