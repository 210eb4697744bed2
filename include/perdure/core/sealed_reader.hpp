// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_SEALED_READER_HPP
#define PERDURE_CORE_SEALED_READER_HPP

// sealed_reader: a sealed file (sealed_format.hpp) as it arrives, in pieces of any size, from anywhere.
//
//   sealed_reader file({.kind = "GRPH", .version = 3, .file_bytes_max = 1 << 30});
//   while (bytes piece = more(); !piece.empty()) {
//     while (!piece.empty()) {
//       const auto event = file.next(piece);             // takes from the front of it
//       if (!event) return event.error();
//       if (*event == sealed_event::data) keep(file.name(), file.data());
//     }
//   }
//   PERDURE_TRY(file.finish());                          // only now is anything of it to be believed
//
// Effects: none but on itself. No memory but its own few hundred bytes, whatever the file says of its sizes.
// Success: of next(): one event, or sealed_event::more when the piece is used up. At sealed_event::section_end the section's
//   checksum was right. Of finish(): the file is whole; the same that sealed_view tells, for the same bytes.
// Failure: what and where, as sealed_view has it; too_large "section size" for a section that could not end within
//   file_bytes_max. A reader that has failed goes on failing.
// Not promised: until finish() succeeded, that the section which is shown belongs to a whole file.

#include <perdure/core/sealed_format.hpp>

namespace perdure {
inline namespace v1 {

enum class sealed_event : std::uint8_t {
  more,         // nothing is left of this piece
  section,      // a section begins: name(), section_bytes(), data_offset()
  data,         // data(): some of it, in place in the piece
  section_end,  // all of it, with the right checksum
  sealed,       // the end of the file; what may follow is refused
};

class sealed_reader {
 public:
  explicit sealed_reader(const sealed_reading& how) noexcept : how_(how) {}

  [[nodiscard]] result<sealed_event> next(bytes& piece) noexcept {
    if (!failed_) return failed_.error();
    auto event = step(piece);
    if (!event) failed_ = event.error();
    return event;
  }

  [[nodiscard]] result<void> finish() const noexcept {
    if (!failed_) return failed_;
    if (stage_ == stage::sealed) return {};
    return detail::damage(code::corrupt, stage_ == stage::head ? "file head" : "seal", at_);
  }

  [[nodiscard]] std::uint32_t version() const noexcept { return version_; }
  [[nodiscard]] bytes name() const noexcept { return bytes(text_ + sizeof(detail::section_head), name_size_); }
  [[nodiscard]] std::uint64_t section_bytes() const noexcept { return section_bytes_; }
  [[nodiscard]] std::uint64_t data_offset() const noexcept { return data_at_; }
  [[nodiscard]] bytes data() const noexcept { return data_; }

 private:
  enum class stage : std::uint8_t { head, mark, section, name, padding, data, tail, seal, sealed };

  // Gathers text_ up to `size`, from the piece. Only what it needs: the rest is data, and stays in place.
  [[nodiscard]] bool gathered(bytes& piece, std::size_t size) noexcept {
    const bytes some = piece.first(size - have_);
    if (!some.empty()) std::memcpy(text_ + have_, some.data(), some.size());
    have_ += some.size();
    at_ += some.size();
    piece = piece.from(some.size());
    return have_ == size;
  }

  [[nodiscard]] result<sealed_event> step(bytes& piece) noexcept {
    for (;;) {
      if (at_ + piece.size() > how_.file_bytes_max) return detail::damage(code::too_large, "file size", how_.file_bytes_max);
      switch (stage_) {
        case stage::head:
          if (!gathered(piece, sizeof(detail::sealed_head))) return sealed_event::more;
          PERDURE_TRY(take_head());
          break;
        case stage::mark:
          if (!gathered(piece, four_bytes::size())) return sealed_event::more;
          stage_ = four_bytes::of(bytes(text_, have_)) == detail::seal_mark ? stage::seal : stage::section;
          break;
        case stage::section:
          if (!gathered(piece, sizeof(detail::section_head))) return sealed_event::more;
          PERDURE_TRY(take_section());
          break;
        case stage::name:
          if (!gathered(piece, head_bytes())) return sealed_event::more;
          PERDURE_TRY(take_name());
          break;
        case stage::padding: {
          const bytes some = piece.first(static_cast<std::size_t>(data_at_ - at_));
          if (!detail::all_zero(some)) return detail::damage(code::corrupt, "section padding", at_);
          at_ += some.size();
          piece = piece.from(some.size());
          if (at_ != data_at_) return sealed_event::more;
          stage_ = stage::data;
          return sealed_event::section;
        }
        case stage::data:
          if (at_ == data_at_ + section_bytes_) {
            stage_ = stage::tail;
            break;
          }
          if (piece.empty()) return sealed_event::more;
          return take_data(piece);
        case stage::tail:
          if (!gathered_tail(piece)) return sealed_event::more;
          PERDURE_TRY(take_tail());
          return sealed_event::section_end;
        case stage::seal:
          if (!gathered(piece, sizeof(detail::seal))) return sealed_event::more;
          PERDURE_TRY(take_seal());
          return sealed_event::sealed;
        case stage::sealed:
          if (piece.empty()) return sealed_event::more;
          return detail::damage(code::corrupt, "file size", at_);
      }
    }
  }

  [[nodiscard]] result<void> take_head() noexcept {
    const auto head = detail::decode_sealed_head(bytes(text_, have_), how_);
    if (!head) return head.error();
    version_ = head->version;
    order_ = crc32c(bytes(text_, have_));
    to_mark();
    return {};
  }
  [[nodiscard]] result<void> take_section() noexcept {
    const auto head = detail::decode_section_head(bytes(text_, have_), section_at_);
    if (!head) return head.error();
    name_size_ = head->name_size;
    section_bytes_ = head->data_bytes;
    stage_ = stage::name;
    return {};
  }
  [[nodiscard]] result<void> take_name() noexcept {
    const std::size_t named = have_ - detail::checksum_bytes;
    const auto checksum = detail::stored_at<detail::little<std::uint32_t>>(text_ + named);
    if (checksum != crc32c(bytes(text_, named))) return detail::damage(code::corrupt, "section head", section_at_);
    if (sections_ == how_.sections_max) return detail::damage(code::too_large, "sections", section_at_);
    PERDURE_TRY(detail::admit_section(name(), section_at_, how_));
    order_ = crc32c(bytes(text_, have_), order_);
    ++sections_;
    data_at_ = at_ + detail::section_padding(at_);
    // What is announced has to fit in what the reader will bear, so that no sum of sizes can wrap around.
    if (data_at_ > how_.file_bytes_max || section_bytes_ > how_.file_bytes_max - data_at_) {
      return detail::damage(code::too_large, "section size", section_at_ + 8);
    }
    data_checksum_ = 0;
    stage_ = stage::padding;
    return {};
  }
  [[nodiscard]] sealed_event take_data(bytes& piece) noexcept {
    const std::uint64_t left = data_at_ + section_bytes_ - at_;
    data_ = piece.size() > left ? piece.first(static_cast<std::size_t>(left)) : piece;
    data_checksum_ = crc32c(data_, data_checksum_);
    at_ += data_.size();
    piece = piece.from(data_.size());
    return sealed_event::data;
  }
  // Behind the head, which name() still shows.
  [[nodiscard]] bool gathered_tail(bytes& piece) noexcept { return gathered(piece, head_bytes() + detail::checksum_bytes); }
  [[nodiscard]] result<void> take_tail() noexcept {
    const std::byte* const tail = text_ + head_bytes();
    if (detail::stored_at<detail::little<std::uint32_t>>(tail) != data_checksum_) {
      return detail::damage(code::corrupt, "section data", data_at_);
    }
    order_ = crc32c(bytes(tail, detail::checksum_bytes), order_);
    to_mark();
    return {};
  }
  [[nodiscard]] result<void> take_seal() noexcept {
    const auto seal = detail::stored_at<detail::seal>(text_);
    const bool sound = seal.checksum == crc32c(detail::before_checksum(seal)) && seal.sections == sections_ &&
                       seal.file_bytes == at_ && seal.order_checksum == order_;
    if (!sound) return detail::damage(code::corrupt, "seal", section_at_);
    stage_ = stage::sealed;
    return {};
  }

  [[nodiscard]] std::size_t head_bytes() const noexcept {
    return sizeof(detail::section_head) + name_size_ + detail::checksum_bytes;
  }
  void to_mark() noexcept {
    stage_ = stage::mark;
    section_at_ = at_;
    have_ = 0;
  }

  sealed_reading how_;
  stage stage_ = stage::head;
  std::uint32_t version_ = 0;
  std::uint32_t sections_ = 0;
  std::uint32_t order_ = 0;
  std::uint32_t data_checksum_ = 0;
  std::uint64_t at_ = 0;          // how much of the file was taken
  std::uint64_t section_at_ = 0;  // where this section, or the seal, begins
  std::uint64_t data_at_ = 0;
  std::uint64_t section_bytes_ = 0;
  std::size_t name_size_ = 0;
  std::size_t have_ = 0;  // of text_
  bytes data_;
  result<void> failed_;
  std::byte text_[detail::section_head_bytes_max + detail::checksum_bytes];
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_SEALED_READER_HPP
