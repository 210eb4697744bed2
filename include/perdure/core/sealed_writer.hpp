// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_SEALED_WRITER_HPP
#define PERDURE_CORE_SEALED_WRITER_HPP

// sealed_writer: what stands around the data of a sealed file (sealed_format.hpp), piece by piece, for a caller who writes it.
//
//   sealed_writer frame({.kind = "GRPH", .version = 3});
//   PERDURE_TRY(put(frame.head()));
//   PERDURE_TRY(put(*frame.begin("nodes", nodes.size())));   // a result: the name may be too long
//   PERDURE_TRY(frame.add(nodes)); PERDURE_TRY(put(nodes));  // in as many pieces as it comes in
//   PERDURE_TRY(put(*frame.end()));
//   PERDURE_TRY(put(*frame.seal()));
//
// A section whose size is not known when it begins: begin(name); after end(), `patch()` says which bytes of the file, written
//   already, are to be written again. Where nothing can be written twice, a section's size has to be known.
//
// Effects: none but on itself; no memory but its own few hundred bytes. What it returns is valid until the next call.
// Failure: invalid_argument: a name that is empty, an order of calls that is none, more or fewer bytes than were announced;
//   too_large: a name of more than 128 bytes. After a failure, every call fails: what is written has no seal, and is refused.

#include <perdure/core/sealed_format.hpp>

namespace perdure {
inline namespace v1 {

class sealed_writer {
 public:
  static constexpr std::uint64_t size_later = UINT64_MAX;

  struct patched {
    std::uint64_t offset = 0;
    bytes content;
  };

  explicit sealed_writer(const sealed_format& format) noexcept {
    detail::sealed_head head{};
    std::memcpy(head.magic, detail::sealed_magic, sizeof(head.magic));
    head.kind = format.kind;
    head.layout = sealed_layout_version;
    head.layout_reader_min = sealed_layout_version;
    head.version = format.version;
    head.reader_version_min = format.reader_version_min;
    head.checksum = crc32c(detail::before_checksum(head));
    std::memcpy(text_, &head, sizeof(head));
    order_ = crc32c(detail::stored_bytes(head));
    size_bytes_ = sizeof(head);
    if (format.reader_version_min == 0 || format.reader_version_min > format.version) stage_ = stage::failed;
  }

  [[nodiscard]] result<bytes> head() noexcept {
    if (stage_ != stage::head) return fails(code::invalid_argument);
    stage_ = stage::between;
    return bytes(text_, sizeof(detail::sealed_head));
  }

  [[nodiscard]] result<bytes> begin(bytes name, std::uint64_t data_bytes = size_later) noexcept {
    if (stage_ != stage::between || name.empty()) return fails(code::invalid_argument);
    if (name.size() > section_name_size_max) return fails(code::too_large);
    section_at_ = size_bytes_;
    announced_ = data_bytes;
    name_size_ = name.size();
    std::memcpy(text_ + sizeof(detail::section_head), name.data(), name.size());
    put_head(data_bytes == size_later ? 0 : data_bytes);
    const std::size_t padding = detail::section_padding(section_at_ + head_bytes());
    std::memset(text_ + head_bytes(), 0, padding);
    size_bytes_ += head_bytes() + padding;
    data_bytes_ = 0;
    data_checksum_ = 0;
    stage_ = stage::inside;
    return bytes(text_, head_bytes() + padding);
  }

  [[nodiscard]] result<void> add(bytes piece) noexcept {
    if (stage_ != stage::inside || piece.size() > announced_ - data_bytes_) return fails(code::invalid_argument);
    data_checksum_ = crc32c(piece, data_checksum_);
    data_bytes_ += piece.size();
    size_bytes_ += piece.size();
    return {};
  }

  [[nodiscard]] result<bytes> end() noexcept {
    if (stage_ != stage::inside || (announced_ != size_later && announced_ != data_bytes_)) return fails(code::invalid_argument);
    if (announced_ == size_later) put_head(data_bytes_);
    order_ = crc32c(bytes(text_, head_bytes()), order_);
    tail_ = data_checksum_;
    order_ = crc32c(detail::stored_bytes(tail_), order_);
    size_bytes_ += detail::checksum_bytes;
    ++sections_;
    stage_ = stage::between;
    return detail::stored_bytes(tail_);
  }

  // After end(): the head of the section that ended, for it was written before its size was known; nothing where it was.
  [[nodiscard]] patched patch() const noexcept {
    if (stage_ != stage::between || announced_ != size_later || sections_ == 0) return {};
    return {section_at_, bytes(text_, head_bytes())};
  }

  [[nodiscard]] result<bytes> seal() noexcept {
    if (stage_ != stage::between) return fails(code::invalid_argument);
    detail::seal seal{};
    seal.mark = detail::seal_mark;
    seal.sections = sections_;
    size_bytes_ += sizeof(seal);
    seal.file_bytes = size_bytes_;
    seal.order_checksum = order_;
    seal.checksum = crc32c(detail::before_checksum(seal));
    std::memcpy(text_, &seal, sizeof(seal));
    stage_ = stage::sealed;
    return bytes(text_, sizeof(seal));
  }

  [[nodiscard]] bool is_sealed() const noexcept { return stage_ == stage::sealed; }
  // Of the file so far: of all that was returned and added.
  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_bytes_; }

 private:
  enum class stage : std::uint8_t { head, between, inside, sealed, failed };

  [[nodiscard]] failure fails(enum code code) noexcept {
    stage_ = stage::failed;
    return failure(code, operation::write);
  }
  [[nodiscard]] std::size_t head_bytes() const noexcept {
    return sizeof(detail::section_head) + name_size_ + detail::checksum_bytes;
  }
  void put_head(std::uint64_t data_bytes) noexcept {
    detail::section_head head{};
    head.mark = detail::section_mark;
    head.name_size = static_cast<std::uint16_t>(name_size_);
    head.data_bytes = data_bytes;
    std::memcpy(text_, &head, sizeof(head));
    const std::size_t end = sizeof(head) + name_size_;
    const detail::little<std::uint32_t> checksum = crc32c(bytes(text_, end));
    std::memcpy(text_ + end, &checksum, sizeof(checksum));
  }

  stage stage_ = stage::head;
  std::uint32_t sections_ = 0;
  std::uint32_t order_ = 0;  // the checksum of heads and checksums so far
  std::uint32_t data_checksum_ = 0;
  std::uint64_t size_bytes_ = 0;
  std::uint64_t section_at_ = 0;
  std::uint64_t announced_ = 0;
  std::uint64_t data_bytes_ = 0;
  std::size_t name_size_ = 0;
  detail::little<std::uint32_t> tail_;
  std::byte text_[detail::section_head_bytes_max + section_alignment_bytes];
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_SEALED_WRITER_HPP
