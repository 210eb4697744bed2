// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CLUSTER_DETAIL_RECOVERY_RECORD_HPP
#define PERDURE_CLUSTER_DETAIL_RECOVERY_RECORD_HPP

// A sidecar: the keys of payloads and the prefixes of roots that one operation makes or replaces. Format 1, little-endian:
//
//   byte  size
//      0     8   "perdureR"
//      8     2   format version; 10: of the oldest reader that understands it
//     12     4   how many names follow
//     16     8   operation
//     24     8   size of all names
//     32     4   CRC32C of the 32 bytes before and of all names
//     36         each name: its size in one byte, and its text
//
// It does not say which are made and which are replaced: what the ledger does not name when the operation has ended is garbage.

#include <perdure/cluster/detail/cluster_keys.hpp>
#include <perdure/core/crc32c.hpp>
#include <perdure/core/detail/byte_buffer.hpp>
#include <perdure/core/detail/byte_order.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

struct recovery_head {
  char magic[8] = {'p', 'e', 'r', 'd', 'u', 'r', 'e', 'R'};
  little<std::uint16_t> format;
  little<std::uint16_t> format_reader_min;
  little<std::uint32_t> count;
  little<std::uint64_t> operation;
  little<std::uint64_t> size_bytes;
  little<std::uint32_t> checksum;
};
static_assert(sizeof(recovery_head) == 36 && alignof(recovery_head) == 1 && offsetof(recovery_head, count) == 12 &&
              offsetof(recovery_head, operation) == 16 && offsetof(recovery_head, size_bytes) == 24 &&
              offsetof(recovery_head, checksum) == 32);

inline constexpr std::uint16_t recovery_format = 1;

class recovery_record {
 public:
  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  void begin(std::uint64_t operation) {
    operation_ = operation;
    count_ = 0;
    record_.resize(sizeof(recovery_head));
  }
  void add(const named_key& name) {
    const auto size = static_cast<std::byte>(name.size());
    record_.append({&size, 1});
    record_.append({name.data(), name.size()});
    ++count_;
  }
  [[nodiscard]] bytes finish() {
    recovery_head head;
    head.format = head.format_reader_min = recovery_format;
    head.count = count_;
    head.operation = operation_;
    head.size_bytes = record_.size() - sizeof(head);
    head.checksum = crc32c(record_.view().from(sizeof(head)), crc32c(before_checksum(head)));
    std::memcpy(record_.data(), &head, sizeof(head));
    return record_.view();
  }

 private:
  byte_buffer record_;
  std::uint64_t operation_ = 0;
  std::uint32_t count_ = 0;
};

// Shows each name, and that only where all of the record is sound. corrupt, or version_unsupported; else the visitor's failure.
[[nodiscard]] inline result<void> for_each_recovered(bytes record, std::uint64_t operation,
                                                     function_ref<result<void>(const named_key&)> visitor) {
  const failure damaged(code::corrupt, operation::load);
  if (record.size() < sizeof(recovery_head)) return damaged;
  const auto head = stored_at<recovery_head>(record.data());
  if (std::memcmp(head.magic, recovery_head().magic, sizeof(head.magic)) != 0) return damaged;
  if (head.format_reader_min > recovery_format) return failure(code::version_unsupported, operation::load);
  const bytes names = record.from(sizeof(head));
  const bool is_whole = head.operation == operation && head.size_bytes == names.size() &&
                        head.checksum == crc32c(names, crc32c(before_checksum(head)));
  if (!is_whole) return damaged;
  for (int pass = 0; pass < 2; ++pass) {
    std::uint32_t count = 0;
    for (bytes rest = names; !rest.empty(); ++count) {
      const auto size = static_cast<std::size_t>(*rest.data());
      if (size > rest.size() - 1) return damaged;
      named_key name;
      name.append({reinterpret_cast<const char*>(rest.data()) + 1, size});
      rest = rest.from(1 + size);
      // What it names is deleted: so nothing else of the cluster may be.
      const path_view root = root_of(name);
      const bool is_root = !root.empty() && name.size() == roots_prefix.size() + root.size() + 1;
      if (!name.ok() || (!is_root && payload_of(name).operation == 0)) return damaged;
      if (pass == 1) PERDURE_TRY(visitor(name));
    }
    if (count != head.count) return damaged;
  }
  return {};
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CLUSTER_DETAIL_RECOVERY_RECORD_HPP
