// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_INSPECT_KINDS_HPP
#define EXAMPLES_INSPECT_KINDS_HPP

// What stores of contents, snapshots and checkpoints keep, as thing.hpp tells it.

#include <examples/inspect/thing.hpp>

#include <perdure/engine/detail/checkpoint_record.hpp>
#include <perdure/engine/snapshot_manifest.hpp>
#include <perdure/manifest/detail/lock_record.hpp>
#include <perdure/store/detail/condemned_list.hpp>
#include <perdure/store/detail/content_keys.hpp>
#include <perdure/store/detail/content_node.hpp>

#include <ctime>

namespace inspect {

namespace layouts = perdure::detail;

inline std::string text_of(perdure::path_view path) { return {path.data(), path.size()}; }
inline std::string text_of(const perdure::content_id& id) {
  char text[perdure::content_id::text_size];
  return text_of(to_text(id, text));
}

namespace detail {

// store/detail/content_node.hpp
inline std::optional<thing> content_node(perdure::bytes whole) {
  if (!begins(whole, "PdCn")) return std::nullopt;
  thing found;
  found.kind = "content node";
  const auto node = layouts::parse_node(whole);
  if (!node) return found.harm(node.error()), std::move(found);
  found.says.emplace_back("level", std::to_string(node->level));
  found.says.emplace_back("bytes of content", std::to_string(node->size_bytes));
  if (node->level == 0) {
    found.parts.push_back({"content", node->body, "ok"});
    return found;
  }
  found.says.emplace_back("children", std::to_string(node->count));
  for (std::size_t i = 0; i < node->count; ++i) {
    const auto child = node->child(i);
    found.says.emplace_back("child " + std::to_string(i),
                            text_of(perdure::content_id{child.of}) + ", " + std::to_string(child.size_bytes) + " bytes");
  }
  return found;
}

// store/detail/condemned_list.hpp
inline std::optional<thing> condemned_list(perdure::bytes whole) {
  if (!begins(whole, "PdCl")) return std::nullopt;
  thing found;
  found.kind = "condemned list";
  const auto list = layouts::parse_condemned(whole);
  if (!list) return found.harm(list.error()), std::move(found);
  const char* const stages[] = {"", "condemned", "being deleted", "given up"};
  found.says.emplace_back("why", list->why == layouts::condemned_why::altered ? "altered" : "unnamed");
  found.says.emplace_back("stage", stages[static_cast<int>(list->stage)]);
  for (std::size_t i = 0; i < list->copies.size(); ++i)
    found.says.emplace_back("copy " + std::to_string(i), text_of(perdure::path_view(layouts::object_key(list->copy(i)))));
  return found;
}

// manifest/detail/lock_record.hpp: who has a slot_lock, or had it last, and the id that force_unlock takes.
inline std::optional<thing> lock(perdure::bytes whole) {
  if (!begins(whole, "perdureK")) return std::nullopt;
  thing found;
  found.kind = "lock";
  const auto holder = layouts::decode_lock(whole);
  if (!holder) return found.harm(holder.error()), std::move(found);
  char id[perdure::lock_id::text_size];
  const std::time_t taken_s = static_cast<std::time_t>(holder->taken_unix_ns / perdure::ns_per_second);
  std::tm at = {};
  char taken[32] = "?";
  if (::gmtime_r(&taken_s, &at) != nullptr) std::strftime(taken, sizeof(taken), "%Y-%m-%dT%H:%M:%SZ", &at);
  const std::int64_t lease_ms = holder->lease_ns / (perdure::ns_per_second / 1000);
  found.says = {{"held", holder->is_held ? "yes" : "no"},
                {"id", text_of(to_text(holder->id, id))},
                {"name", text_of(holder->name())},
                {"host", text_of(holder->host())},
                {"process", std::to_string(holder->process)},
                {"token", std::to_string(holder->token)},
                {"taken", taken},
                {"lease", holder->lease_ns == 0 ? "none" : std::to_string(lease_ms) + " ms"},
                {"renewals", std::to_string(holder->renewals)}};
  return found;
}

// Of a sealed file whose kind says what it is: what it says besides.
inline void snapshot_manifest(perdure::bytes whole, thing& found) {
  found.kind = "snapshot manifest";
  const auto manifest = perdure::decode_manifest(whole);
  if (!manifest) return void(found.harm(manifest.error()));
  found.says.emplace_back("generation", std::to_string(manifest->generation));
  for (const auto& one : *manifest)
    found.says.emplace_back("section " + text_of(one.name), text_of(one.id) + ", " + std::to_string(one.size_bytes) + " bytes");
}
inline void checkpoint_record(perdure::bytes whole, thing& found) {
  found.kind = "checkpoint record";
  const auto record = layouts::decode_checkpoint(whole);
  if (!record) return void(found.harm(record.error()));
  found.says.emplace_back("version", std::to_string(record->version));
  found.says.emplace_back("watermark", std::to_string(record->watermark));
  for (perdure::bytes rest = record->list; !rest.empty();) {
    const auto one = layouts::file_list::next(rest);
    if (!one) return void(found.harm(one.error()));
    const char* const how = (one->flags & layouts::stored_file::is_current) != 0   ? ", the current"
                            : (one->flags & layouts::stored_file::is_growing) != 0 ? ", not shared"
                                                                                   : "";
    found.says.emplace_back("file " + text_of(one->name), std::to_string(one->size_bytes) + " bytes" + how);
  }
}
inline std::optional<thing> sealed_of_a_kind(perdure::bytes whole) {
  auto found = sealed(whole);
  if (!found || whole.size() < 12) return found;
  const auto kind = perdure::four_bytes::of(whole.from(8));
  if (kind == layouts::snapshot_format.kind) snapshot_manifest(whole, *found);
  if (kind == layouts::checkpoint_kind) checkpoint_record(whole, *found);
  return found;
}

inline constexpr recogniser kinds[] = {sealed_of_a_kind, object_slot, snapshot_head, content_node, condemned_list, lock, frame};

}  // namespace detail

// What these bytes are, which the thing then owns.
inline thing recognised(std::string bytes) {
  auto whole = std::make_unique<std::string>(std::move(bytes));
  thing found;
  for (const detail::recogniser one : detail::kinds) {
    if (auto is = one(*whole)) {
      found = std::move(*is);
      break;
    }
  }
  if (found.kind == "unknown") found.parts.push_back({"all", *whole, "unchecked"});
  found.says.emplace_back("bytes", std::to_string(whole->size()));
  found.whole = std::move(whole);
  return found;
}
// What is kept in it, where that is something known: a slot holds a head, a content is a manifest. What only begins like one is
// bytes like any others.
inline void tell_what_it_holds(thing& outer, perdure::bytes value) {
  const thing inner = recognised(text_of(value));
  if (inner.damage || inner.kind == "unknown" || inner.kind == "frame") return;  // a frame has no checksum, and may be anything
  outer.says.emplace_back("holds", inner.kind);
  for (const auto& said : inner.says) {
    if (said.first != "bytes") outer.says.push_back(said);
  }
}

}  // namespace inspect

#endif  // EXAMPLES_INSPECT_KINDS_HPP
