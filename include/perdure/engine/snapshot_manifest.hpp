// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_SNAPSHOT_MANIFEST_HPP
#define PERDURE_ENGINE_SNAPSHOT_MANIFEST_HPP

// snapshot_manifest: what one snapshot of an engine consists of: its generation, its envelope, and of each section the name, the
// content_id and the size. It is a content of its own, so that its id names all of it.
//
// It is a sealed file (core/sealed_format.hpp) of kind "SNAP", version 1:
//   the section "snapshot"   8 bytes: the generation, little-endian
//   the section "envelope"   the engine's
//   each further section     named as the engine's, 40 bytes: the digest of its root, its size as 8 bytes, little-endian
//
//   encode_manifest(...)             by persist_snapshot
//   decode_manifest(whole)           -> result<snapshot_manifest>: a view of it, valid for as long as the bytes are
//
// Failure: as sealed_view.hpp: corrupt, version_unsupported, too_large.

#include <perdure/core/content_id.hpp>
#include <perdure/core/detail/byte_buffer.hpp>
#include <perdure/core/sealed_view.hpp>
#include <perdure/core/sealed_writer.hpp>
#include <perdure/engine/engine.hpp>

namespace perdure {
inline namespace v1 {

struct snapshot_section {
  bytes name;
  content_id id = {};
  std::uint64_t size_bytes = 0;
};

struct snapshot_manifest {
  std::uint64_t generation = 0;
  bytes envelope;
  std::size_t count = 0;
  snapshot_section sections[engine_sections_max];

  [[nodiscard]] const snapshot_section* begin() const noexcept { return sections; }
  [[nodiscard]] const snapshot_section* end() const noexcept { return sections + count; }
  [[nodiscard]] const snapshot_section* find(bytes name) const noexcept {
    for (const snapshot_section& one : *this) {
      if (one.name == name) return &one;
    }
    return nullptr;
  }
};

// An envelope, and what stands around it and the sections.
inline constexpr std::uint64_t snapshot_manifest_bytes_max = (std::uint64_t{1} << 20) + (std::uint64_t{1} << 16);
inline constexpr std::uint64_t snapshot_envelope_bytes_max = std::uint64_t{1} << 20;

namespace detail {

inline constexpr sealed_format snapshot_format{.kind = "SNAP", .version = 1, .reader_version_min = 1};

struct stored_section {
  std::byte root[32];
  little<std::uint64_t> size_bytes;
};
static_assert(sizeof(stored_section) == 40 && alignof(stored_section) == 1 && offsetof(stored_section, size_bytes) == 32);

class manifest_encoder {
 public:
  explicit manifest_encoder(byte_buffer& into) noexcept : into_(into), frame_(snapshot_format) {}

  [[nodiscard]] result<void> begin(std::uint64_t generation, bytes envelope) {
    into_.clear();
    PERDURE_TRY(put(frame_.head()));
    const little<std::uint64_t> number = generation;
    PERDURE_TRY(section("snapshot", stored_bytes(number)));
    return section("envelope", envelope);
  }
  [[nodiscard]] result<void> add(const snapshot_section& one) {
    stored_section stored{};
    std::memcpy(stored.root, one.id.root.bytes, sizeof(stored.root));
    stored.size_bytes = one.size_bytes;
    return section(one.name, stored_bytes(stored));
  }
  [[nodiscard]] result<void> finish() { return put(frame_.seal()); }

 private:
  [[nodiscard]] result<void> put(const result<bytes>& piece) {
    if (!piece) return piece.error();
    into_.append(*piece);
    return {};
  }
  [[nodiscard]] result<void> section(bytes name, bytes data) {
    PERDURE_TRY(put(frame_.begin(name, data.size())));
    PERDURE_TRY(frame_.add(data));
    into_.append(data);
    return put(frame_.end());
  }

  byte_buffer& into_;
  sealed_writer frame_;
};

}  // namespace detail

[[nodiscard]] inline result<snapshot_manifest> decode_manifest(bytes whole) noexcept {
  const auto all = sealed_view::open(whole, {.kind = detail::snapshot_format.kind,
                                             .version = detail::snapshot_format.version,
                                             .file_bytes_max = snapshot_manifest_bytes_max,
                                             .sections_max = engine_sections_max + 2});
  if (!all) return all.error();
  snapshot_manifest manifest;
  std::size_t number = 0;
  for (const section_view& one : *all) {
    const auto corrupt = [&] { return detail::damage(code::corrupt, "section name", one.data_offset); };
    if (number == 0) {
      if (!(one.name == bytes("snapshot")) || one.data.size() != 8) return corrupt();
      manifest.generation = detail::stored_at<detail::little<std::uint64_t>>(one.data.data());
    } else if (number == 1) {
      if (!(one.name == bytes("envelope"))) return corrupt();
      manifest.envelope = one.data;
    } else {
      if (one.data.size() != sizeof(detail::stored_section) || manifest.find(one.name) != nullptr) return corrupt();
      const auto stored = detail::stored_at<detail::stored_section>(one.data.data());
      snapshot_section& section = manifest.sections[manifest.count++];
      section.name = one.name;
      std::memcpy(section.id.root.bytes, stored.root, sizeof(stored.root));
      section.size_bytes = stored.size_bytes;
    }
    ++number;
  }
  if (number < 2) return detail::damage(code::corrupt, "section head", whole.size());
  return manifest;
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_SNAPSHOT_MANIFEST_HPP
