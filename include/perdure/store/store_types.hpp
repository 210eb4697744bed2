// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_STORE_TYPES_HPP
#define PERDURE_STORE_STORE_TYPES_HPP

// The small values that cross the Store seam. What the operations do with them is said in store.hpp.

#include <cstddef>
#include <cstdint>

#include <perdure/fs/fs_types.hpp>

namespace perdure {
inline namespace v1 {

// A key is text like a path, and converts from the same.
using key_view = path_view;

// Every Store can keep every key of up to so many bytes.
inline constexpr std::size_t key_size_portable = 512;

// Which version of an object: bytes that the Store made, and that mean nothing to anybody else. Empty: not told.
class etag {
 public:
  static constexpr std::size_t size_max = 79;

  constexpr etag() noexcept = default;
  [[nodiscard]] static result<etag> of(bytes made) noexcept {
    if (made.size() > size_max) return failure(code::too_large, operation::none);
    etag one;
    if (!made.empty()) std::memcpy(one.made_, made.data(), made.size());
    one.size_ = static_cast<std::uint8_t>(made.size());
    return one;
  }
  [[nodiscard]] bytes view() const noexcept { return {made_, size_}; }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] friend bool operator==(const etag& a, const etag& b) noexcept { return a.view() == b.view(); }

 private:
  char made_[size_max] = {};
  std::uint8_t size_ = 0;
};

// When a put may take effect.
class precondition {
 public:
  static const precondition any;     // always
  static const precondition absent;  // while there is no object under this key
  // While the object under this key is this version.
  [[nodiscard]] static precondition matches(const etag& version) noexcept { return {wants::match, version}; }

  [[nodiscard]] constexpr bool is_any() const noexcept { return wants_ == wants::anything; }
  [[nodiscard]] constexpr bool is_absent() const noexcept { return wants_ == wants::nothing; }
  // The version that has to be there; empty for the other two.
  [[nodiscard]] constexpr const etag& version() const noexcept { return version_; }
  // One that cannot mean anything: matches() of an etag that was not told.
  [[nodiscard]] constexpr bool is_void() const noexcept { return wants_ == wants::match && version_.empty(); }

 private:
  enum class wants : std::uint8_t { anything, nothing, match };
  constexpr precondition(wants what, const etag& version) noexcept : version_(version), wants_(what) {}

  etag version_;
  wants wants_;
};
inline constexpr precondition precondition::any{wants::anything, {}};
inline constexpr precondition precondition::absent{wants::nothing, {}};

struct object_info {
  std::uint64_t size_bytes = 0;
  class etag etag;  // of a head: empty where telling would mean to read the object
};
struct range_info {
  std::size_t count = 0;         // how much of the buffer was filled
  std::uint64_t size_bytes = 0;  // of the whole object
};

inline constexpr std::uint64_t size_unknown = UINT64_MAX;

struct listed_object {
  key_view key;                             // valid during the visit
  std::uint64_t size_bytes = size_unknown;  // where telling would cost another call
};
using object_visitor = function_ref<visit(const listed_object&)>;
enum class listed : std::uint8_t {
  all,   // there is no key behind the last one shown
  more,  // there may be: ask again with that one as cursor
};

// Of put_many.
struct put_item {
  key_view key;
  gather content;
};
// Of put_stream: fills the buffer and says how far; 0 is the end.
using byte_source = function_ref<result<std::size_t>(mutable_bytes)>;

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_STORE_TYPES_HPP
