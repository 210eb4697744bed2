// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_INSPECT_THING_HPP
#define EXAMPLES_INSPECT_THING_HPP

// thing: what was found somewhere: its kind, what it says of itself, and its parts, each with what is known of its bytes.
//
// A recogniser tells a kind that its bytes give away. A kind more is a function more in the table of kinds.hpp: the first one
// that answers is believed.

#include <perdure/core/describe.hpp>
#include <perdure/core/frame.hpp>
#include <perdure/core/sealed_view.hpp>
#include <perdure/engine/snapshot_head.hpp>
#include <perdure/manifest/object_slot.hpp>
#include <perdure/store/mem_store.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace inspect {

using perdure::code;
using perdure::failure;
using perdure::result;

struct part {
  std::string name;
  perdure::bytes content;
  std::string state;  // "ok", "unchecked", or what is wrong
};

struct thing {
  std::string kind = "unknown";
  std::vector<std::pair<std::string, std::string>> says;
  std::vector<part> parts;
  std::optional<failure> damage;                                         // the first one
  std::unique_ptr<std::string> whole = std::make_unique<std::string>();  // what the parts are parts of

  // Something of this kind for certain, and not as it should be.
  thing& harm(const failure& why) {
    if (!damage) damage = why;
    return *this;
  }
};

inline std::string text_of(perdure::bytes from) { return {reinterpret_cast<const char*>(from.data()), from.size()}; }

namespace detail {

inline bool begins(perdure::bytes whole, perdure::bytes with) {
  return whole.size() >= with.size() && whole.first(with.size()) == with;
}

// core/sealed_format.hpp, of any kind and version.
inline std::optional<thing> sealed(perdure::bytes whole) {
  constexpr unsigned char magic[] = {0x89, 'P', 'R', 'D', 0x0d, 0x0a, 0x1a, 0x0a};
  if (!begins(whole, perdure::bytes_of(magic))) return std::nullopt;
  thing found;
  found.kind = "sealed file";
  if (whole.size() < 12)
    return found.harm(failure(code::corrupt, perdure::operation::read).about("file head at byte 0")), std::move(found);
  const auto kind = perdure::four_bytes::of(whole.from(8));
  found.says.emplace_back("of", text_of(kind));
  const auto file = perdure::sealed_view::open(
      whole,
      {.kind = kind, .version = UINT32_MAX, .file_bytes_max = UINT64_MAX, .section_checks = perdure::section_checks::at_find});
  if (!file) return found.harm(file.error()), std::move(found);
  found.says.emplace_back("format", std::to_string(file->version()));
  for (const perdure::section_view& one : *file) {
    const auto checked = one.check();
    if (!checked) found.harm(checked.error());
    found.parts.push_back({text_of(one.name), one.data, checked ? "ok" : describe(checked.error()).c_str()});
  }
  return found;
}

// manifest/object_slot.hpp: as it reads it.
inline std::optional<thing> object_slot(perdure::bytes whole) {
  if (!begins(whole, "PdSo")) return std::nullopt;
  thing found;
  found.kind = "object slot";
  perdure::mem_store aside;
  std::string value;
  if (const auto put = aside.put("value", whole, perdure::precondition::any); !put)
    return found.harm(put.error()), std::move(found);
  perdure::object_slot<perdure::mem_store> slot(aside, "value");
  const auto now = slot.observe(perdure::growing_room(value, UINT64_MAX));
  if (!now) return found.harm(now.error()), std::move(found);
  found.says.emplace_back("number", std::to_string(now->token.number));
  if (now->exists()) found.parts.push_back({"value", whole.from(whole.size() - now->value.size()), "ok"});
  return found;
}

// engine/snapshot_head.hpp
inline std::optional<thing> snapshot_head(perdure::bytes whole) {
  if (!begins(whole, "{\"perdure_head\":")) return std::nullopt;
  thing found;
  found.kind = "snapshot head";
  const auto head = perdure::decode_head(whole);
  if (!head) return found.harm(head.error()), std::move(found);
  for (const auto& one : *head) {
    char id[perdure::content_id::text_size];
    found.says.emplace_back("generation " + std::to_string(one.generation), text_of(to_text(one.manifest, id)));
  }
  return found;
}

// core/frame.hpp, of any magic of capitals and a digit: it has no checksum, and what has such a size in front may be anything.
inline std::optional<thing> frame(perdure::bytes whole) {
  if (whole.size() < 4) return std::nullopt;
  const auto magic = perdure::four_bytes::of(whole);
  for (std::size_t i = 0; i < 4; ++i) {
    const bool fits = i < 3 ? magic[i] >= 'A' && magic[i] <= 'Z' : magic[i] >= '0' && magic[i] <= '9';
    if (!fits) return std::nullopt;
  }
  thing found;
  found.kind = "frame";
  found.says.emplace_back("magic", text_of(magic));
  const auto parts = perdure::decode_frame(whole, magic, {.envelope_bytes_max = UINT32_MAX, .body_bytes_max = UINT64_MAX});
  if (!parts) return found.harm(parts.error()), std::move(found);
  found.parts.push_back({"envelope", parts->envelope, "unchecked"});
  found.parts.push_back({"body", parts->body, "unchecked"});
  return found;
}

using recogniser = std::optional<thing> (*)(perdure::bytes);

}  // namespace detail

}  // namespace inspect

#endif  // EXAMPLES_INSPECT_THING_HPP
