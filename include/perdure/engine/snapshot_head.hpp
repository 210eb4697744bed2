// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_SNAPSHOT_HEAD_HPP
#define PERDURE_ENGINE_SNAPSHOT_HEAD_HPP

// snapshot_head: which snapshots of an engine there are, the newest first. The value that persist_snapshot keeps in a Slot.
//
// It is one line of text, and of no other spelling than this:
//
//   {"perdure_head":1,"snapshots":[{"generation":7,"manifest":"sha256:<64 digits>"},...],"crc32c":"<8 digits>"}\n
//
// Generations fall from left to right; there is one snapshot at least and 64 at most. The checksum is of all that stands before
// its own key: with a digit altered it would keep another snapshot from the collector, and not the one that it should.
//
//   encode_head(head, buffer) -> bytes              in the buffer
//   decode_head(bytes) -> result<snapshot_head>
//
// Failure: corrupt: anything else, a foreign file included; version_unsupported: "perdure_head" of a higher number.

#include <perdure/core/content_id.hpp>
#include <perdure/core/crc32c.hpp>
#include <perdure/core/detail/damage.hpp>

namespace perdure {
inline namespace v1 {

struct snapshot_entry {
  std::uint64_t generation = 0;
  content_id manifest = {};
  friend bool operator==(const snapshot_entry&, const snapshot_entry&) noexcept = default;
};

struct snapshot_head {
  static constexpr std::size_t snapshots_max = 64;
  static constexpr std::size_t size_bytes_max = 16384;

  std::size_t count = 0;
  snapshot_entry entries[snapshots_max];

  [[nodiscard]] bool exists() const noexcept { return count != 0; }
  [[nodiscard]] const snapshot_entry& newest() const noexcept { return entries[0]; }
  [[nodiscard]] const snapshot_entry* begin() const noexcept { return entries; }
  [[nodiscard]] const snapshot_entry* end() const noexcept { return entries + count; }

  // In front of the others, of which the last ones go where there would be more than so many.
  void add(const snapshot_entry& newest, std::size_t keep) noexcept {
    const std::size_t most = keep == 0 ? 1 : keep < snapshots_max ? keep : snapshots_max;
    count = count < most ? count + 1 : most;
    for (std::size_t i = count; i-- > 1;) entries[i] = entries[i - 1];
    entries[0] = newest;
  }
};

namespace detail {

class head_text {
 public:
  explicit head_text(mutable_bytes into) noexcept : into_(into) {}
  head_text& append(bytes text) noexcept {
    PERDURE_ASSERT(text.size() <= into_.size() - size_, "a head needs a buffer of snapshot_head::size_bytes_max");
    if (!text.empty()) std::memcpy(into_.data() + size_, text.data(), text.size());
    size_ += text.size();
    return *this;
  }
  head_text& append(std::uint64_t number) noexcept { return append(damage_text().append_number(number).view()); }
  head_text& append(const content_id& id) noexcept {
    char text[content_id::text_size];
    return append(to_text(id, text));
  }
  head_text& append_hex(std::uint32_t number) noexcept {
    char text[8];
    for (int i = 0; i < 8; ++i) text[i] = "0123456789abcdef"[number >> (28 - 4 * i) & 15];
    return append(bytes(static_cast<const char*>(text), sizeof(text)));
  }
  [[nodiscard]] bytes view() const noexcept { return {into_.data(), size_}; }

 private:
  mutable_bytes into_;
  std::size_t size_ = 0;
};

// Takes from the front of a text what it expects, and nothing else.
class head_cursor {
 public:
  explicit head_cursor(bytes text) noexcept : left_(text) {}
  [[nodiscard]] bool take(bytes expected) noexcept {
    if (!(left_.first(expected.size()) == expected)) return false;
    left_ = left_.from(expected.size());
    return true;
  }
  [[nodiscard]] bool take_number(std::uint64_t& number) noexcept {
    number = 0;
    std::size_t digits = 0;
    for (; digits < left_.size(); ++digits) {
      const auto digit = static_cast<unsigned>(left_.data()[digits]) - '0';
      if (digit > 9) break;
      if (number > (UINT64_MAX - digit) / 10) return false;
      number = number * 10 + digit;
    }
    const bool canonical = digits == 1 || (digits > 1 && left_.data()[0] != std::byte{'0'});
    left_ = left_.from(digits);
    return canonical;
  }
  [[nodiscard]] bool take_id(content_id& id) noexcept {
    const auto parsed = parse_content_id(left_.first(content_id::text_size));
    if (parsed) id = *parsed;
    left_ = left_.from(content_id::text_size);
    return parsed.has_value();
  }
  [[nodiscard]] std::size_t left() const noexcept { return left_.size(); }

 private:
  bytes left_;
};

inline constexpr std::uint64_t head_format = 1;

}  // namespace detail

inline bytes encode_head(const snapshot_head& head, mutable_bytes into) noexcept {
  detail::head_text text(into);
  text.append("{\"perdure_head\":").append(detail::head_format).append(",\"snapshots\":[");
  for (const snapshot_entry& one : head) {
    if (&one != head.begin()) text.append(",");
    text.append("{\"generation\":").append(one.generation).append(",\"manifest\":\"").append(one.manifest).append("\"}");
  }
  text.append("]");
  const std::uint32_t checksum = crc32c(text.view());
  return text.append(",\"crc32c\":\"").append_hex(checksum).append("\"}\n").view();
}

[[nodiscard]] inline result<snapshot_head> decode_head(bytes whole) noexcept {
  detail::head_cursor text(whole);
  const auto corrupt = [&] { return detail::damage(code::corrupt, "head", whole.size() - text.left()); };
  std::uint64_t format = 0;
  if (!text.take("{\"perdure_head\":") || !text.take_number(format)) return corrupt();
  if (format > detail::head_format) return detail::damage(code::version_unsupported, "head", 0);
  snapshot_head head;
  if (!text.take(",\"snapshots\":[")) return corrupt();
  do {
    if (head.count == snapshot_head::snapshots_max) return corrupt();
    snapshot_entry& one = head.entries[head.count];
    if (!text.take("{\"generation\":") || !text.take_number(one.generation)) return corrupt();
    if (!text.take(",\"manifest\":\"") || !text.take_id(one.manifest) || !text.take("\"}")) return corrupt();
    if (head.count != 0 && head.entries[head.count - 1].generation <= one.generation) return corrupt();
    ++head.count;
  } while (text.take(","));
  // What it would be written as is what it is: the checksum, too.
  char again[snapshot_head::size_bytes_max];
  if (!(encode_head(head, again) == whole)) return corrupt();
  return head;
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_SNAPSHOT_HEAD_HPP
