// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CORE_SEALED_VIEW_HPP
#define PERDURE_CORE_SEALED_VIEW_HPP

// sealed_view: the sections of a sealed file (sealed_format.hpp) that is in memory, in place: read from a file, or mapped.
//
//   const auto file = sealed_view::open(whole, {.kind = "GRPH", .version = 3, .file_bytes_max = 1 << 30});
//   if (!file) return file.error();
//   const auto nodes = file->find("nodes");      // result<bytes>: a part of `whole`, aligned to 64 bytes where `whole` is
//
// Effects: none. Nothing is copied or allocated; the time is that of one look at every byte (section_checks::at_open).
// Success: of open: the file is whole, of this kind and of a format that this reader knows; with section_checks::at_find, that
//   holds of all but the data of its sections, and of each section's data once find() or check() succeeded.
// Failure: what and where, in failure::path(), "section data at byte 128". corrupt: "file head", "magic", "kind", "section head",
//   "section name" (of find: there twice), "section padding", "section size" (beyond the file), "section data", "seal", "file
//   size" (more or less than was sealed). version_unsupported: "layout", "format", "unknown section". too_large: "file size",
//   "sections" (their number). not_found, of find: path() is the name.
// Not promised: anything against who can compute a CRC; that bytes which change after open() are still those that were checked.

#include <perdure/core/sealed_format.hpp>

namespace perdure {
inline namespace v1 {

struct section_view {
  bytes name;
  bytes data;
  std::uint64_t data_offset = 0;  // in the file
  std::uint32_t checksum = 0;     // of the data, as the file says it

  [[nodiscard]] result<void> check() const noexcept {
    return crc32c(data) == checksum ? result<void>() : detail::damage(code::corrupt, "section data", data_offset);
  }
};

class sealed_view {
 public:
  [[nodiscard]] static result<sealed_view> open(bytes whole, const sealed_reading& how) noexcept {
    const auto head = detail::decode_sealed_head(whole, how);
    if (!head) return head.error();
    if (whole.size() > how.file_bytes_max) return detail::damage(code::too_large, "file size", whole.size());
    sealed_view view;
    view.whole_ = whole;
    view.version_ = head->version;
    view.checked_ = how.section_checks == section_checks::at_open;
    PERDURE_TRY(view.read_seal());
    PERDURE_TRY(view.read_sections(how));
    return view;
  }

  [[nodiscard]] std::uint32_t version() const noexcept { return version_; }
  [[nodiscard]] std::uint32_t sections() const noexcept { return sections_; }

  // All of them, in the order of the file.
  class iterator {
   public:
    iterator(bytes whole, std::uint64_t at) noexcept : whole_(whole), at_(at) { look(); }
    [[nodiscard]] const section_view& operator*() const noexcept { return section_; }
    [[nodiscard]] const section_view* operator->() const noexcept { return &section_; }
    iterator& operator++() noexcept {
      at_ = section_.data_offset + section_.data.size() + detail::checksum_bytes;
      look();
      return *this;
    }
    friend bool operator==(const iterator& a, const iterator& b) noexcept { return a.at_ == b.at_; }

   private:
    // open() saw that all of it is there.
    void look() noexcept {
      if (at_ + sizeof(detail::seal) >= whole_.size()) return;
      section_ = read(whole_, at_, detail::stored_at<detail::section_head>(from(whole_, at_).data()));
    }
    bytes whole_;
    std::uint64_t at_;
    section_view section_;
  };
  [[nodiscard]] iterator begin() const noexcept { return {whole_, sizeof(detail::sealed_head)}; }
  [[nodiscard]] iterator end() const noexcept { return {whole_, whole_.size() - sizeof(detail::seal)}; }

  // The data of the one section of this name.
  [[nodiscard]] result<bytes> find(bytes name) const noexcept {
    const section_view* found = nullptr;
    section_view one;
    for (const section_view& section : *this) {
      if (!(section.name == name)) continue;
      if (found != nullptr) return detail::damage(code::corrupt, "section name", section.data_offset);
      one = section;
      found = &one;
    }
    if (found == nullptr) return failure(code::not_found, operation::read).about(name);
    if (!checked_) PERDURE_TRY(one.check());
    return one.data;
  }

 private:
  sealed_view() noexcept = default;

  [[nodiscard]] static bytes from(bytes whole, std::uint64_t at) noexcept { return whole.from(static_cast<std::size_t>(at)); }

  [[nodiscard]] static section_view read(bytes whole, std::uint64_t at, const detail::section_head& head) noexcept {
    section_view section;
    section.name = from(whole, at + sizeof(detail::section_head)).first(head.name_size);
    const std::uint64_t end_of_head = at + sizeof(detail::section_head) + head.name_size + detail::checksum_bytes;
    section.data_offset = end_of_head + detail::section_padding(end_of_head);
    section.data = from(whole, section.data_offset).first(static_cast<std::size_t>(head.data_bytes));
    const auto* const tail = from(whole, section.data_offset + head.data_bytes).data();
    section.checksum = detail::stored_at<detail::little<std::uint32_t>>(tail);
    return section;
  }

  [[nodiscard]] result<void> read_seal() noexcept {
    const std::uint64_t size = whole_.size();
    if (size < sizeof(detail::sealed_head) + sizeof(detail::seal)) return detail::damage(code::corrupt, "seal", size);
    end_ = size - sizeof(detail::seal);
    const auto seal = detail::stored_at<detail::seal>(from(whole_, end_).data());
    const bool sound = seal.mark == detail::seal_mark && seal.checksum == crc32c(detail::before_checksum(seal));
    if (!sound) return detail::damage(code::corrupt, "seal", end_);
    if (seal.file_bytes != size) return detail::damage(code::corrupt, "file size", size);
    sections_ = seal.sections;
    order_ = seal.order_checksum;
    return {};
  }

  // Sizes are compared with what is left of the file before they are added to anything.
  [[nodiscard]] result<void> read_sections(const sealed_reading& how) noexcept {
    if (sections_ > how.sections_max) return detail::damage(code::too_large, "sections", end_ + 4);
    std::uint32_t order = crc32c(whole_.first(sizeof(detail::sealed_head)));
    std::uint64_t at = sizeof(detail::sealed_head);
    for (std::uint32_t i = 0; i < sections_; ++i) {
      const bytes left = from(whole_.first(static_cast<std::size_t>(end_)), at);
      const auto head = detail::decode_section_head(left, at);
      if (!head) return head.error();
      const std::size_t named = sizeof(detail::section_head) + head->name_size;
      const std::size_t padding = detail::section_padding(at + named + detail::checksum_bytes);
      const std::size_t before_data = named + detail::checksum_bytes + padding;
      if (left.size() < before_data + detail::checksum_bytes) return detail::damage(code::corrupt, "section head", at);
      const auto checksum = detail::stored_at<detail::little<std::uint32_t>>(left.data() + named);
      if (checksum != crc32c(left.first(named))) return detail::damage(code::corrupt, "section head", at);
      if (head->data_bytes > left.size() - before_data - detail::checksum_bytes) {
        return detail::damage(code::corrupt, "section size", at + 8);
      }
      const section_view section = read(whole_, at, *head);
      const std::size_t head_bytes = named + detail::checksum_bytes;
      if (!detail::all_zero(left.from(head_bytes).first(padding))) {
        return detail::damage(code::corrupt, "section padding", at + head_bytes);
      }
      PERDURE_TRY(detail::admit_section(section.name, at, how));
      if (how.section_checks == section_checks::at_open) PERDURE_TRY(section.check());
      order = crc32c(left.first(head_bytes), order);
      at = section.data_offset + section.data.size();
      order = crc32c(from(whole_, at).first(detail::checksum_bytes), order);
      at += detail::checksum_bytes;
    }
    if (at != end_) return detail::damage(code::corrupt, "section head", at);
    return order == order_ ? result<void>() : detail::damage(code::corrupt, "seal", end_);
  }

  bytes whole_;
  std::uint64_t end_ = 0;  // of the sections: where the seal begins
  std::uint32_t version_ = 0;
  std::uint32_t sections_ = 0;
  std::uint32_t order_ = 0;
  bool checked_ = true;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CORE_SEALED_VIEW_HPP
