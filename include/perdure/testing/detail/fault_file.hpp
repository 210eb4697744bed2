// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_FAULT_FILE_HPP
#define PERDURE_TESTING_DETAIL_FAULT_FILE_HPP

// fault_file: the handles of fault_fs.

#include <cstring>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <perdure/fs/fs_optional.hpp>
#include <perdure/testing/fault_plan.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

// Makes the call as the plan has it.
template <class Call>
[[nodiscard]] auto carried_out(const fault_verdict& verdict, Call&& call) -> decltype(call()) {
  if (verdict.fails && !verdict.after) return *verdict.fails;
  if constexpr (std::is_same_v<decltype(call()), result<void>>) {
    if (verdict.lie) return {};
  }
  auto done = call();
  if (done && verdict.fails) return *verdict.fails;
  return done;
}
template <class Call>
[[nodiscard]] auto judged_call(fault_plan& plan, enum operation called, const std::string& path, Call&& call)
    -> decltype(call()) {
  if (plan.idle()) return call();
  return carried_out(plan.judge(called, path), call);
}

template <File H>
class fault_file {
 public:
  // `reads`: whether who opened it asked to read.
  fault_file(H base, fault_plan plan, std::string path, bool reads)
      : base_(std::move(base)), plan_(std::move(plan)), path_(std::move(path)), reads_(reads) {}
  fault_file(fault_file&&) noexcept = default;
  fault_file& operator=(fault_file&&) noexcept = default;

  [[nodiscard]] result<std::size_t> read_at(std::uint64_t offset, mutable_bytes into) const {
    return judged(operation::read, [&]() -> result<std::size_t> {
      if (!reads_) return failure(code::invalid_argument, operation::read);
      auto got = base_.read_at(offset, into);
      if (got) plan_.damage(path_, offset, mutable_bytes(into.data(), *got));
      return got;
    });
  }
  [[nodiscard]] result<void> write_at(std::uint64_t offset, gather from) {
    if (plan_.idle()) return base_.write_at(offset, from);
    const fault_verdict verdict = plan_.judge(operation::write, path_);
    if (verdict.fails && !verdict.after && !verdict.short_bytes) return *verdict.fails;
    std::uint64_t put = from.size();
    if (verdict.short_bytes && *verdict.short_bytes < put) put = *verdict.short_bytes;
    const std::uint64_t wanted = put;
    PERDURE_TRY(make_room(offset, put));
    if (put != 0 || from.size() == 0) {
      PERDURE_TRY(remember(offset, put));
      std::vector<bytes> parts;
      std::uint64_t left = put;
      for (const bytes& part : from) {
        parts.push_back(part.first(left < part.size() ? static_cast<std::size_t>(left) : part.size()));
        left -= parts.back().size();
      }
      PERDURE_TRY(base_.write_at(offset, gather(parts.data(), parts.size())));
    }
    if (put < wanted) return full_disk(operation::write);
    if (verdict.fails) return *verdict.fails;
    return {};
  }
  [[nodiscard]] result<std::uint64_t> size() const {
    return judged(operation::size, [&] { return base_.size(); });
  }
  [[nodiscard]] result<void> truncate(std::uint64_t size) {
    return judged(operation::truncate, [&]() -> result<void> {
      const auto had = base_.size();
      if (!had) return had.error();
      std::uint64_t grows = size > *had ? size - *had : 0;
      const std::uint64_t wanted = grows;
      grows = plan_.take_room(grows);
      if (grows < wanted) {
        plan_.give_room(grows);
        return full_disk(operation::truncate).with(doubt::none);
      }
      if (size < *had) PERDURE_TRY(remember(size, *had - size));
      if (size > *had) PERDURE_TRY(remember(*had, 0));
      auto done = base_.truncate(size);
      plan_.give_room(done && size < *had ? *had - size : !done ? grows : 0);
      return done;
    });
  }
  [[nodiscard]] result<void> sync(sync_what what) {
    if (lost_) return failure(code::sync_lost, operation::sync).with(doubt::durable).about({path_.data(), path_.size()});
    if (plan_.idle()) return base_.sync(what);
    const fault_verdict verdict = plan_.judge(operation::sync, path_);
    if (verdict.lie) return {};
    if (verdict.fails && !verdict.after) {
      if (verdict.drop) undo();
      if constexpr (requires(H& base) { base.mark_clean(); }) {
        if (verdict.clean) base_.mark_clean();
      }
      lost_ = verdict.fails->doubt() != doubt::none;
      return *verdict.fails;
    }
    auto done = base_.sync(what);
    if (done) undos_.clear();
    lost_ = verdict.fails.has_value();
    if (done && verdict.fails) return *verdict.fails;
    return done;
  }
  // Which may fail as a sync does.
  [[nodiscard]] result<void> begin_sync()
    requires requires(H& base) { base.begin_sync(); }
  {
    const auto begun = judged(operation::sync, [&] { return base_.begin_sync(); });
    lost_ = lost_ || (!begun && begun.error().doubt() != doubt::none);
    return begun;
  }
  void mark_clean()
    requires requires(H& base) { base.mark_clean(); }
  {
    base_.mark_clean();
  }
  [[nodiscard]] result<void> close() {
    if (plan_.idle()) return base_.close();
    const fault_verdict verdict = plan_.judge(operation::close, path_);
    // It is closed whatever it answers.
    auto done = base_.close();
    if (done && verdict.fails) return *verdict.fails;
    return done;
  }

  [[nodiscard]] result<void> try_lock(lock_mode mode) {
    return judged(operation::lock, [&] { return perdure::try_lock(base_, mode); });
  }
  [[nodiscard]] result<mapping> map() const {
    return judged(operation::map, [&]() -> result<mapping> {
      if (!reads_) return failure(code::invalid_argument, operation::map);
      auto mapped = perdure::map(base_);
      if (!mapped || !plan_.damages(path_) || mapped->view().empty()) return mapped;
      const std::size_t size = mapped->view().size();
      auto* const copy = new (std::nothrow) std::byte[size];
      if (copy == nullptr) return failure(code::busy, operation::map);
      std::memcpy(copy, mapped->view().data(), size);
      plan_.damage(path_, 0, mutable_bytes(copy, size));
      return mapping(bytes(copy, size), [](bytes view) { delete[] view.data(); });
    });
  }
  [[nodiscard]] result<clone_report> clone_range(std::uint64_t to_offset, const fault_file& from, std::uint64_t from_offset,
                                                 std::uint64_t size_bytes) {
    return judged(operation::clone, [&]() -> result<clone_report> {
      // Where the plan looks at what is written or read, it has to go through here.
      if (plan_.has_capacity() || plan_.undoes() || from.plan_.damages(from.path_))
        return failure(code::unsupported, operation::clone);
      return perdure::clone_range(base_, to_offset, from.base_, from_offset, size_bytes);
    });
  }
  [[nodiscard]] result<attributes> get_attributes() const {
    return judged(operation::get_attributes, [&] { return perdure::get_attributes(base_); });
  }
  [[nodiscard]] result<void> set_attributes(const attributes& values, attribute_set set) {
    return judged(operation::set_attributes, [&] { return perdure::set_attributes(base_, values, set); });
  }
  [[nodiscard]] result<void> for_each_xattr(xattr_visitor visitor) const {
    return judged(operation::get_attributes, [&] { return perdure::for_each_xattr(base_, visitor); });
  }
  [[nodiscard]] result<void> set_xattr(path_view name, bytes value) {
    return judged(operation::set_attributes, [&] { return perdure::set_xattr(base_, name, value); });
  }
  [[nodiscard]] result<void> remove_xattr(path_view name)
    requires requires(H& base) { base.remove_xattr(name); }
  {
    return judged(operation::set_attributes, [&] { return base_.remove_xattr(name); });
  }

 private:
  // What was there before a write: the size of the file, and the bytes that were written over.
  struct before {
    std::uint64_t size = 0;
    std::uint64_t offset = 0;
    std::string content;
  };

  template <class Call>
  [[nodiscard]] auto judged(enum operation called, Call&& call) const -> decltype(call()) {
    return judged_call(plan_, called, path_, call);
  }
  [[nodiscard]] failure full_disk(enum operation called) const {
    return failure(code::no_space, called, errno_of(code::no_space)).with(doubt::visible).about({path_.data(), path_.size()});
  }
  // Cuts a write to what there is room for.
  [[nodiscard]] result<void> make_room(std::uint64_t offset, std::uint64_t& put) {
    if (!plan_.has_capacity() || put == 0) return {};
    const auto had = base_.size();
    if (!had) return had.error();
    const std::uint64_t end = offset + put;
    const std::uint64_t grows = end > *had ? end - *had : 0;
    const std::uint64_t room = plan_.take_room(grows);
    const std::uint64_t lacks = grows - room;
    if (lacks >= put) plan_.give_room(room);  // not even the gap before it
    put = lacks >= put ? 0 : put - lacks;
    return {};
  }
  [[nodiscard]] result<void> remember(std::uint64_t offset, std::uint64_t count) {
    if (!plan_.undoes()) return {};
    const auto had = base_.size();
    if (!had) return had.error();
    before one{*had, offset,
               std::string(static_cast<std::size_t>(offset < *had ? (count < *had - offset ? count : *had - offset) : 0), '\0')};
    const auto got = base_.read_at(offset, mutable_bytes(reinterpret_cast<std::byte*>(one.content.data()), one.content.size()));
    if (!got) return {};  // opened for writing alone
    undos_.push_back(std::move(one));
    return {};
  }
  void undo() {
    for (; !undos_.empty(); undos_.pop_back()) {
      const before& one = undos_.back();
      if (!one.content.empty()) (void)base_.write_at(one.offset, bytes(one.content));
      (void)base_.truncate(one.size);
    }
  }

  H base_;
  mutable fault_plan plan_;
  std::string path_;
  bool reads_;
  std::vector<before> undos_;
  bool lost_ = false;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_FAULT_FILE_HPP
