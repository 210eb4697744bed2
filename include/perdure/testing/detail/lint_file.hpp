// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_LINT_FILE_HPP
#define PERDURE_TESTING_DETAIL_LINT_FILE_HPP

// lint_file: the handles of durability_lint.

#include <memory>
#include <utility>

#include <perdure/fs/fs_optional.hpp>
#include <perdure/testing/detail/lint_log.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

// Something is open for as long as this is there.
class lint_handle {
 public:
  lint_handle(std::shared_ptr<lint_log> log, std::uint64_t number) : log_(std::move(log)), number_(number) {}
  lint_handle(lint_handle&&) noexcept = default;
  lint_handle& operator=(lint_handle&& other) noexcept {
    let_go();
    log_ = std::move(other.log_);
    number_ = other.number_;
    return *this;
  }
  ~lint_handle() { let_go(); }

  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  void let_go() {
    if (const auto log = std::move(log_)) log->let_go(number_);
    log_ = nullptr;
  }

 private:
  std::shared_ptr<lint_log> log_;
  std::uint64_t number_;
};

template <File H>
class lint_file {
 public:
  lint_file(H base, std::shared_ptr<lint_log> log, lint_log::opened_file opened)
      : base_(std::move(base)), log_(log), node_(std::move(opened.node)), handle_(std::move(log), opened.handle) {}
  lint_file(lint_file&&) noexcept = default;
  lint_file& operator=(lint_file&&) noexcept = default;

  [[nodiscard]] result<std::size_t> read_at(std::uint64_t offset, mutable_bytes into) const {
    return base_.read_at(offset, into);
  }
  [[nodiscard]] result<void> write_at(std::uint64_t offset, gather from) {
    const auto done = base_.write_at(offset, from);
    const std::uint64_t size = from.size();
    return wrote(offset, offset + size, "write " + std::to_string(size) + " bytes at " + std::to_string(offset), done);
  }
  [[nodiscard]] result<std::uint64_t> size() const { return base_.size(); }
  [[nodiscard]] result<void> truncate(std::uint64_t size) {
    return wrote(size, UINT64_MAX, "truncate to " + std::to_string(size) + " bytes", base_.truncate(size));
  }
  [[nodiscard]] result<void> sync(sync_what what) {
    const std::uint64_t begun = log_->calls();
    const auto done = base_.sync(what);
    log_->synced(node_, what, begun, failed_sync_, done);
    return done;
  }
  [[nodiscard]] result<void> close() {
    const auto done = base_.close();
    log_->closed(node_, done);
    handle_.let_go();
    return done;
  }

  [[nodiscard]] result<void> try_lock(lock_mode mode) { return perdure::try_lock(base_, mode); }
  [[nodiscard]] result<void> begin_sync() { return perdure::begin_sync(base_); }
  [[nodiscard]] result<mapping> map() const { return perdure::map(base_); }
  [[nodiscard]] result<clone_report> clone_range(std::uint64_t to_offset, const lint_file& from, std::uint64_t from_offset,
                                                 std::uint64_t size_bytes) {
    const auto done = perdure::clone_range(base_, to_offset, from.base_, from_offset, size_bytes);
    const std::uint64_t size = done ? done->size_bytes : size_bytes;
    PERDURE_TRY(wrote(to_offset, to_offset + size, "clone " + std::to_string(size) + " bytes to " + std::to_string(to_offset),
                      done ? result<void>() : done.error()));
    return done;
  }
  [[nodiscard]] result<attributes> get_attributes() const { return perdure::get_attributes(base_); }
  // A time of modification that a crash takes back is no loss.
  [[nodiscard]] result<void> set_attributes(const attributes& values, attribute_set set) {
    const auto done = perdure::set_attributes(base_, values, set);
    return contains(set, attribute_set::mode | attribute_set::owner) ? dressed(done) : done;
  }
  [[nodiscard]] result<void> for_each_xattr(xattr_visitor visitor) const { return perdure::for_each_xattr(base_, visitor); }
  [[nodiscard]] result<void> set_xattr(path_view name, bytes value) { return dressed(perdure::set_xattr(base_, name, value)); }
  [[nodiscard]] result<void> remove_xattr(path_view name)
    requires requires(H& base) { base.remove_xattr(name); }
  {
    return dressed(base_.remove_xattr(name));
  }

 private:
  [[nodiscard]] result<void> wrote(std::uint64_t begin, std::uint64_t end, const std::string& what, const result<void>& done) {
    log_->wrote(node_, begin, end, what, handle_.number(), failed_sync_, done);
    return done;
  }
  [[nodiscard]] result<void> dressed(const result<void>& done) {
    log_->dressed(node_, done);
    return done;
  }

  H base_;
  std::shared_ptr<lint_log> log_;
  lint_node_ref node_;
  lint_handle handle_;
  lint_call failed_sync_;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_LINT_FILE_HPP
