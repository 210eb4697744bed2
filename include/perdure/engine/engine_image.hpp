// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_ENGINE_IMAGE_HPP
#define PERDURE_ENGINE_ENGINE_IMAGE_HPP

// An engine as the bytes of one object, in memory.
//
//   encode_engine(engine, format) -> engine_image                     what it saves (of its view, where it has one)
//   decode_engine<E>(whole, format) -> result<loaded_engine<E>>       an engine of them
//   decode_engine<E>(whole, format, stop)                             each read of the engine's asks stop() -> result<void> first
//
// Two layouts:
//   sealed   core/sealed_format.hpp: the section "envelope" first, then the engine's own. Every byte is under a checksum
//   framed   core/frame.hpp, as LHV1 has it: the envelope, and one section, named "body". It has no checksum: an envelope
//            that carries the size and the checksum of the body lets the engine's load see damage
//
// Effects: none; the memory of an image is that of its bytes.
// Failure: of encoding, operation `write`: the engine's own; too_large where it is larger than it could be loaded again by this
//   format; invalid_argument for names that are not as engine.hpp has them, for a section of another name than "body" in a frame.
//   Of decoding, operation `read`: what and where, as sealed_view.hpp and frame.hpp have it: corrupt, version_unsupported,
//   too_large; the engine's own; that of stop(). Never not_found.
// Not promised: as core/frame.hpp, of frames.

#include <perdure/core/detail/byte_buffer.hpp>
#include <perdure/core/frame.hpp>
#include <perdure/core/sealed_view.hpp>
#include <perdure/core/sealed_writer.hpp>
#include <perdure/engine/engine.hpp>

namespace perdure {
inline namespace v1 {

enum class engine_layout : std::uint8_t { sealed, framed };

struct engine_format {
  enum engine_layout layout = engine_layout::sealed;
  four_bytes kind = "ENGN";              // of the seal, or the magic of the frame
  std::uint32_t version = 1;             // of what is sealed: what this program writes, and the latest that it reads
  std::uint32_t reader_version_min = 1;  // of what is sealed: what a program must read to understand it
  std::uint64_t envelope_bytes_max = 1 << 20;
  std::uint64_t object_bytes_max = std::uint64_t{1} << 32;  // of all of it
};

class engine_image {
 public:
  [[nodiscard]] bytes view() const noexcept { return all_.view(); }

 private:
  friend class engine_encoder;
  detail::byte_buffer all_;
};

// The target of an engine_sink. encode_engine() is what it is for.
class engine_encoder {
 public:
  explicit engine_encoder(const engine_format& format)
      : format_(format), frame_({format.kind, format.version, format.reader_version_min}) {}

  [[nodiscard]] result<void> envelope(bytes content) {
    if (content.size() > format_.envelope_bytes_max) return fails(code::too_large, "envelope");
    if (format_.layout == engine_layout::framed) {
      const auto head = frame_head::of(format_.kind, content.size());
      if (!head) return head.error();
      PERDURE_TRY(append(*head));
      return append(content);
    }
    PERDURE_TRY(append_made(frame_.head()));
    PERDURE_TRY(section("envelope"));
    return write(content);
  }
  [[nodiscard]] result<void> section(bytes name) {
    if (format_.layout == engine_layout::framed) {
      if (inside_ || !(name == bytes("body"))) return fails(code::invalid_argument, name);
      inside_ = true;
      return {};
    }
    PERDURE_TRY(end());
    inside_ = true;
    return append_made(frame_.begin(name));
  }
  [[nodiscard]] result<void> write(bytes piece) {
    if (format_.layout == engine_layout::sealed) PERDURE_TRY(frame_.add(piece));
    return append(piece);
  }

  [[nodiscard]] result<engine_image> finish() {
    if (format_.layout == engine_layout::sealed) {
      PERDURE_TRY(end());
      PERDURE_TRY(append_made(frame_.seal()));
      PERDURE_TRY(no_name_twice());
    }
    return detail::moved(image_);
  }

 private:
  [[nodiscard]] static failure fails(enum code code, bytes what) noexcept { return failure(code, operation::write).about(what); }
  [[nodiscard]] result<void> append_made(const result<bytes>& piece) { return piece ? append(*piece) : piece.error(); }
  [[nodiscard]] result<void> append(bytes piece) {
    if (piece.size() > format_.object_bytes_max - image_.view().size()) return fails(code::too_large, {});
    image_.all_.append(piece);
    return {};
  }
  [[nodiscard]] result<void> end() {
    if (!inside_) return {};
    inside_ = false;
    PERDURE_TRY(append_made(frame_.end()));
    const auto patch = frame_.patch();
    std::memcpy(image_.all_.data() + patch.offset, patch.content.data(), patch.content.size());
    return {};
  }
  [[nodiscard]] result<void> no_name_twice() const {
    const sealed_reading how{.kind = format_.kind,
                             .version = format_.version,
                             .file_bytes_max = UINT64_MAX,
                             .section_checks = section_checks::at_find};
    const auto all = sealed_view::open(image_.view(), how);
    if (!all) return failure(all.error().code(), operation::write);
    for (auto one = all->begin(); !(one == all->end()); ++one) {
      for (auto other = all->begin(); !(other == one); ++other) {
        if (other->name == one->name) return fails(code::invalid_argument, one->name);
      }
    }
    return {};
  }

  engine_format format_;
  sealed_writer frame_;
  engine_image image_;
  bool inside_ = false;
};

template <detail::HasSave E>
[[nodiscard]] result<engine_image> encode_engine(const E& engine, const engine_format& format) {
  engine_encoder encoder(format);
  engine_sink sink(encoder);
  const auto& seen = view_of(engine);
  const result<void> saved = seen.save(sink);
  PERDURE_TRY(sink.finish());
  if (!saved) return saved.error();
  return encoder.finish();
}

namespace detail {

struct never_stops {
  [[nodiscard]] result<void> operator()() const noexcept { return {}; }
};

// What an engine_source shows of bytes in memory.
template <class Stop>
class image_source {
 public:
  [[nodiscard]] static result<image_source> open(bytes whole, const engine_format& format, const Stop& stop) {
    image_source source(stop);
    if (whole.size() > format.object_bytes_max) return damage(code::too_large, "file size", whole.size());
    const result<void> opened =
        format.layout == engine_layout::framed ? source.open_frame(whole, format) : source.open_sealed(whole, format);
    if (!opened) return opened.error();
    return source;
  }

  [[nodiscard]] bytes envelope() const noexcept { return envelope_; }
  [[nodiscard]] std::size_t sections() const noexcept { return count_; }
  [[nodiscard]] bytes section_name(std::size_t number) const noexcept { return sections_[number].name; }
  [[nodiscard]] std::uint64_t section_bytes(std::size_t number) const noexcept { return sections_[number].data.size(); }
  [[nodiscard]] result<std::size_t> read_section(std::size_t number, std::uint64_t offset, mutable_bytes into) const {
    PERDURE_TRY((*stop_)());
    const bytes data = sections_[number].data;
    const bytes some = data.from(offset < data.size() ? static_cast<std::size_t>(offset) : data.size()).first(into.size());
    if (!some.empty()) std::memcpy(into.data(), some.data(), some.size());
    return some.size();
  }

 private:
  explicit image_source(const Stop& stop) noexcept : stop_(&stop) {}

  [[nodiscard]] result<void> open_frame(bytes whole, const engine_format& format) {
    const auto parts = decode_frame(whole, format.kind, {format.envelope_bytes_max, format.object_bytes_max});
    if (!parts) return parts.error();
    envelope_ = parts->envelope;
    sections_[0].name = "body";
    sections_[0].data = parts->body;
    count_ = 1;
    return {};
  }
  [[nodiscard]] result<void> open_sealed(bytes whole, const engine_format& format) {
    const auto all = sealed_view::open(whole, {.kind = format.kind,
                                               .version = format.version,
                                               .file_bytes_max = format.object_bytes_max,
                                               .sections_max = engine_sections_max + 1});
    if (!all) return all.error();
    bool first = true;
    for (const section_view& one : *all) {
      if (first != (one.name == bytes("envelope"))) return damage(code::corrupt, "section name", one.data_offset);
      if (first && one.data.size() > format.envelope_bytes_max) return damage(code::too_large, "envelope", one.data_offset);
      if (first) {
        envelope_ = one.data;
      } else {
        for (std::size_t i = 0; i < count_; ++i) {
          if (sections_[i].name == one.name) return damage(code::corrupt, "section name", one.data_offset);
        }
        sections_[count_++] = one;
      }
      first = false;
    }
    return first ? damage(code::corrupt, "envelope", sizeof(sealed_head)) : result<void>();
  }

  const Stop* stop_;
  bytes envelope_;
  std::size_t count_ = 0;
  section_view sections_[engine_sections_max];
};

}  // namespace detail

template <Engine E, class Stop = detail::never_stops>
[[nodiscard]] result<loaded_engine<E>> decode_engine(bytes whole, const engine_format& format, const Stop& stop = {}) {
  const auto shown = detail::image_source<Stop>::open(whole, format, stop);
  if (!shown) return shown.error();
  auto loaded = E::load(engine_source(*shown));
  // It is here, whatever an engine makes of it.
  if (!loaded && loaded.error().code() == code::not_found)
    return failure(code::corrupt, operation::read).about(loaded.error().path());
  return loaded;
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_ENGINE_IMAGE_HPP
