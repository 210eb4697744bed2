// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_DESCRIBE_HPP
#define PERDURE_CORE_DESCRIBE_HPP

// describe(failure): a sentence that a person can act on, in a value that owns it.
//
//   rename of 'data/settings.json' failed: the disk is full or the quota is used up (system code 28). The old state stands.
//
// It converts to std::string and std::string_view, and c_str() suits every log: a control character in a name is shown as '?'.
// The wording may change; code() does not.

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <perdure/core/failure.hpp>

namespace perdure {
inline namespace v1 {

class description {
 public:
  [[nodiscard]] const char* c_str() const noexcept { return text_; }
  [[nodiscard]] const char* data() const noexcept { return text_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  template <class S>
    requires(__is_class(S) && detail::is_constructible<S, const char*, std::size_t>)
  operator S() const {
    return S(text_, size_);
  }

  // What does not fit is left out: the longest sentence does fit, and a test holds it to that.
  void append(bytes text) noexcept {
    const std::size_t count = text.size() < size_max - size_ ? text.size() : size_max - size_;
    if (count != 0) std::memcpy(text_ + size_, text.data(), count);
    size_ += count;
    text_[size_] = '\0';
  }
  void append(std::int32_t number) noexcept {
    char digits[12];
    std::size_t at = sizeof(digits);
    std::uint32_t rest = number < 0 ? 0U - static_cast<std::uint32_t>(number) : static_cast<std::uint32_t>(number);
    do digits[--at] = static_cast<char>('0' + rest % 10);
    while ((rest /= 10) != 0);
    if (number < 0) digits[--at] = '-';
    append(bytes(static_cast<const char*>(digits) + at, sizeof(digits) - at));
  }

  static constexpr std::size_t size_max = 383;

 private:
  std::size_t size_ = 0;
  char text_[size_max + 1] = {};
};

[[nodiscard]] constexpr const char* describe(enum code code) noexcept {
  switch (code) {
    case code::not_found:
      return "it is not there, or a directory on the way is missing";
    case code::already_exists:
      return "the name is taken";
    case code::conflict:
      return "somebody else changed it meanwhile";
    case code::busy:
      return "it is in use, or the system is short of handles; try again later";
    case code::corrupt:
      return "what is there is damaged or is not what it should be";
    case code::version_unsupported:
      return "it was written by a later version";
    case code::no_space:
      return "the disk is full or the quota is used up";
    case code::permission:
      return "the access rights, or a read-only volume, forbid it";
    case code::not_a_directory:
      return "a file stands where a directory is needed";
    case code::is_a_directory:
      return "a directory stands where a file is needed";
    case code::not_empty:
      return "the directory is not empty";
    case code::invalid_argument:
      return "an argument or an option is none that this call takes, or it was not this call's turn";
    case code::invalid_storage_root:
      return "the address of the storage root is wrong, or leads to nothing";
    case code::unsupported:
      return "this system, volume or program cannot do it";
    case code::too_large:
      return "a name, a path or a size is over its limit";
    case code::cancelled:
      return "it was cancelled";
    case code::timed_out:
      return "no answer came in time";
    case code::io:
      return "the device or the system failed";
    case code::sync_lost:
      return "the data could not be flushed, and what was written since the last flush may be lost";
  }
  return "an unknown failure";
}

[[nodiscard]] constexpr const char* describe(enum operation operation) noexcept {
  switch (operation) {
    case operation::none:
      return "the operation";
    case operation::open:
      return "open";
    case operation::read:
      return "read";
    case operation::write:
      return "write";
    case operation::size:
      return "size";
    case operation::truncate:
      return "truncate";
    case operation::sync:
      return "sync";
    case operation::close:
      return "close";
    case operation::map:
      return "map";
    case operation::lock:
      return "lock";
    case operation::clone:
      return "clone";
    case operation::get_attributes:
      return "reading the attributes";
    case operation::set_attributes:
      return "setting the attributes";
    case operation::stat:
      return "stat";
    case operation::rename:
      return "rename";
    case operation::remove:
      return "remove";
    case operation::link:
      return "link";
    case operation::make_link:
      return "making a symbolic link";
    case operation::read_link:
      return "reading a symbolic link";
    case operation::make_dir:
      return "making a directory";
    case operation::remove_dir:
      return "removing a directory";
    case operation::list:
      return "listing";
    case operation::open_dir:
      return "opening the directory";
    case operation::sync_dir:
      return "sync of the directory";
    case operation::sync_all:
      return "sync of the volume";
    case operation::get:
      return "get";
    case operation::head:
      return "head";
    case operation::put:
      return "put";
    case operation::remove_object:
      return "removing the object";
    case operation::list_objects:
      return "listing the objects";
    case operation::settle:
      return "making the object durable";
    case operation::load:
      return "load";
    case operation::replace:
      return "replacing the value";
    case operation::commit:
      return "commit";
  }
  return "the operation";
}

namespace detail {

// An operation that only looks leaves no question what became of the old state.
[[nodiscard]] constexpr bool only_looks(enum operation operation) noexcept {
  switch (operation) {
    case operation::read:
    case operation::size:
    case operation::map:
    case operation::lock:
    case operation::get_attributes:
    case operation::stat:
    case operation::read_link:
    case operation::list:
    case operation::get:
    case operation::head:
    case operation::list_objects:
    case operation::load:
      return true;
    default:
      return false;
  }
}

// A line's end in a name would begin another line of the log, an escape would colour it, and a NUL would end the sentence.
inline void append_name(description& text, bytes name) noexcept {
  for (; !name.empty(); name = name.from(1)) {
    const bool is_control = *name.data() < std::byte{0x20} || *name.data() == std::byte{0x7f};
    text.append(is_control ? bytes("?") : name.first(1));
  }
}

}  // namespace detail

[[nodiscard]] inline description describe(const failure& why) noexcept {
  description text;
  text.append(describe(why.operation()));
  if (!why.path().empty()) {
    text.append(why.path_cut() ? " of '..." : " of '");
    detail::append_name(text, why.path());
    text.append("'");
  }
  text.append(" failed: ");
  text.append(describe(why.code()));
  if (why.system_code() != 0) {
    text.append(" (system code ");
    text.append(why.system_code());
    text.append(")");
  }
  switch (why.doubt()) {
    case doubt::none:
      text.append(detail::only_looks(why.operation()) ? "." : ". The old state stands.");
      break;
    case doubt::visible:
      text.append(". It may have happened all the same: write again to be certain.");
      break;
    case doubt::durable:
      text.append(". The change can be seen, but a crash may undo it: write again to be certain.");
      break;
  }
  return text;
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_DESCRIBE_HPP
