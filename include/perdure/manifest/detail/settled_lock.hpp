// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_DETAIL_SETTLED_LOCK_HPP
#define PERDURE_MANIFEST_DETAIL_SETTLED_LOCK_HPP

// settled_lock: keeps other writers out, and tells them, by the digest that its file holds, what is known to be durable. That is
// believed for as long as the system stays up, and needs no sync: after a restart what is there is durable anyway. Of an only
// writer it is no file, and what is known is kept here.

#include <perdure/core/sha256.hpp>
#include <perdure/fs/detail/place.hpp>
#include <perdure/fs/file_lock.hpp>
#include <perdure/manifest/detail/owned_path.hpp>
#include <perdure/manifest/slot.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

template <Fs F, Clock C>
class settled_lock {
 public:
  settled_lock(path_view path, path_view suffix, C& clock, enum writers writers, std::int64_t timeout_ns)
      : path_(path, suffix), clock_(&clock), writers_(writers), timeout_ns_(timeout_ns) {}

  [[nodiscard]] result<void> take(F& fs) {
    if (is_alone() || held_) return {};
    held_ = file_lock<F>::take(fs, path_.view(), *clock_, timeout_ns_);
    if (!held_) return held_.error();
    return {};
  }
  void release() { held_ = not_held(); }

  // The rest is for who holds it.
  [[nodiscard]] bool knows(const digest& durable) {
    if (is_alone()) return knows_ && known_ == durable;
    digest told;
    const auto got = held_->file().read_at(0, told.bytes);
    return got && *got == sizeof(told.bytes) && told == durable;
  }
  // From here on nobody believes that anything is durable.
  [[nodiscard]] result<void> forget() {
    knows_ = false;
    if (is_alone()) return {};
    const auto forgotten = held_->file().truncate(0);
    if (!forgotten) return retold(forgotten.error(), path_.view());
    return {};
  }
  void remember(const digest& durable) {
    known_ = durable;
    knows_ = true;
    if (!is_alone()) (void)held_->file().write_at(0, bytes(durable.bytes));
  }

 private:
  [[nodiscard]] bool is_alone() const noexcept { return writers_ == writers::only_this; }
  [[nodiscard]] static failure not_held() noexcept { return failure(code::busy, operation::lock); }

  owned_path path_;
  C* clock_;
  enum writers writers_;
  std::int64_t timeout_ns_;
  result<file_lock<F>> held_ = not_held();
  bool knows_ = false;
  digest known_ = {};
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_DETAIL_SETTLED_LOCK_HPP
