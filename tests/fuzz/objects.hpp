// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_FUZZ_OBJECTS_HPP
#define PERDURE_TESTS_FUZZ_OBJECTS_HPP

// The same as targets.hpp of what a store and a checkpoint hold: nodes of contents, condemned lists, heads and manifests of
// snapshots, records of checkpoints. A target that has a checksum in its way takes the input once more, with one that is right.

#include <perdure/engine/detail/checkpoint_record.hpp>
#include <perdure/engine/snapshot_head.hpp>
#include <perdure/engine/snapshot_manifest.hpp>
#include <perdure/store/content_store.hpp>
#include <perdure/store/mem_store.hpp>

#include <tests/support/sealed.hpp>

#include <string>

namespace tests {

namespace layouts = perdure::detail;

inline bool is_refusal(const perdure::failure& why) {
  return why.code() == perdure::code::corrupt || why.code() == perdure::code::version_unsupported;
}

// A node, and the root of a content of which nothing else is there.
inline std::string fuzz_node(const std::string& input) {
  perdure::mem_store store;
  perdure::content_store<perdure::mem_store> objects(store);
  const perdure::content_id id{perdure::sha256_of(input)};
  if (!store.put(layouts::object_key({id.root, 0}), input, perdure::precondition::any)) return "it was not put";
  std::string got;
  const auto read = objects.get(id, [&](perdure::bytes piece) -> perdure::result<void> {
    got += text_of(piece);
    return {};
  });
  const auto node = layouts::parse_node(input);
  if (!node) {
    if (!is_refusal(node.error())) return "refused as what it is not";
    return !read && read.error().code() == node.error().code() ? "" : "refused as a node, and read as a content";
  }
  const auto head = layouts::head_of(node->level, node->size_bytes, node->count);
  if (text_of(layouts::stored_bytes(head)) + text_of(node->body) != input) return "accepted, and written otherwise";
  std::uint64_t left = node->size_bytes;
  for (std::size_t i = 0; i < node->count; ++i) {
    const std::uint64_t size = node->child(i).size_bytes;
    if (size == 0 || size > left) return "its children have none, or more than it has";
    left -= size;
  }
  if (node->level != 0 && left != 0) return "its children have less than it has";
  if (node->level == 0) return read && got == text_of(node->body) ? "" : "a content that is whole is not read";
  return !read && read.error().code() == perdure::code::not_found && got.empty() ? "" : "read, without its chunks";
}

inline std::string list_of_condemned(const std::string& input) {
  const auto list = layouts::parse_condemned(input);
  perdure::mem_store store;
  const auto key = layouts::key_of(layouts::condemned_prefix, store.nonce());
  if (!store.put(key, input, perdure::precondition::any)) return "it was not put";
  const auto pin = perdure::content_pin<perdure::mem_store>::take(store, "fuzz");
  if (!list) {
    if (!is_refusal(list.error())) return "refused as what it is not";
    return !pin && pin.error().code() == list.error().code() ? "" : "a writer passes over a list that it cannot read";
  }
  if (text_of(layouts::stored_bytes(list->head())) + text_of(list->body()) != input) return "accepted, and written otherwise";
  if (!pin) return "a writer cannot read it";
  for (std::size_t i = 0; i < list->copies.size(); ++i) {
    const bool is_used = pin->copy_of(list->copy(i).of) == list->copy(i);
    if (is_used && list->stage != layouts::condemned_stage::given_up) return "a writer counts on what is condemned";
  }
  return "";
}
inline std::string fuzz_condemned(const std::string& input) {
  const std::string wrong = list_of_condemned(input);
  if (!wrong.empty() || input.size() < sizeof(layouts::condemned_head)) return wrong;
  auto head = layouts::stored_at<layouts::condemned_head>(reinterpret_cast<const std::byte*>(input.data()));
  const std::string body = input.substr(sizeof(head));
  head.checksum = perdure::crc32c(layouts::before_checksum(head), perdure::crc32c(perdure::bytes(body)));
  return list_of_condemned(text_of(layouts::stored_bytes(head)) + body);
}

inline std::string head_of_snapshots(const std::string& input) {
  const auto head = perdure::decode_head(input);
  if (!head) {
    if (!is_refusal(head.error())) return "refused as what it is not";
    return text_of(head.error().path()).find(" at byte ") == std::string::npos ? "it does not say where" : "";
  }
  char room[perdure::snapshot_head::size_bytes_max];
  return text_of(perdure::encode_head(*head, room)) == input ? "" : "accepted, and written otherwise";
}
inline std::string fuzz_head(const std::string& input) {
  const std::string wrong = head_of_snapshots(input);
  const std::size_t at = input.rfind(",\"crc32c\":\"");
  if (!wrong.empty() || at == std::string::npos) return wrong;
  char digits[9];
  std::snprintf(digits, sizeof(digits), "%08x", static_cast<unsigned>(perdure::crc32c(perdure::bytes(input).first(at))));
  return head_of_snapshots(input.substr(0, at) + ",\"crc32c\":\"" + digits + "\"}\n");
}

// Sections of any content, with names that a file may have: the size of the name, the name, the size of the data, the data, each
// size in one byte.
inline sections sections_in(const std::string& input) {
  sections all;
  std::size_t at = 0;
  const auto take = [&] {
    const std::size_t size = at < input.size() ? static_cast<unsigned char>(input[at++]) : 0;
    const std::string text = input.substr(at, size);
    at += text.size();
    return text;
  };
  while (at < input.size() && all.size() < 80) {
    std::string name = take();
    name.resize(name.empty() ? 1 : name.size() < 128 ? name.size() : 128);
    all.emplace_back(name, take());
  }
  return all;
}
// By a later version it may be written otherwise, and read all the same.
inline bool is_of_version_one(const std::string& file) {
  const auto head = layouts::stored_at<layouts::sealed_head>(reinterpret_cast<const std::byte*>(file.data()));
  return head.layout == perdure::sealed_layout_version && head.version == 1 && head.reader_version_min == 1;
}

inline std::string manifest_of_snapshot(const std::string& input) {
  const auto manifest = perdure::decode_manifest(input);
  if (!manifest) return text_of(manifest.error().path()).find(" at byte ") == std::string::npos ? "it does not say where" : "";
  if (!is_of_version_one(input)) return "";
  layouts::byte_buffer again;
  layouts::manifest_encoder encoder(again);
  bool encoded = encoder.begin(manifest->generation, manifest->envelope).has_value();
  for (const perdure::snapshot_section& one : *manifest) {
    encoded = encoded && encoder.add(one);
    if (manifest->find(one.name) != &one) return "two sections have one name";
  }
  encoded = encoded && encoder.finish();
  return encoded && text_of(again.view()) == input ? "" : "accepted, and written otherwise";
}
inline std::string fuzz_manifest(const std::string& input) {
  const std::string wrong = manifest_of_snapshot(input);
  return wrong.empty() ? manifest_of_snapshot(sealed(layouts::snapshot_format, sections_in(input))) : wrong;
}

inline std::string record_of_checkpoint(const std::string& input) {
  const auto record = layouts::decode_checkpoint(input);
  if (!record) return is_refusal(record.error()) ? "" : "refused as what it is not";
  std::uint64_t files = 0;
  std::string last;
  for (perdure::bytes rest = record->list; !rest.empty(); ++files) {
    const auto one = layouts::file_list::next(rest);
    if (!one) return "a file of it cannot be read";
    if (!layouts::is_checkpoint_name(one->name)) return "a file of it may not have this name";
    last.assign(one->name.data(), one->name.size());
  }
  if (files != record->files) return "it has more or fewer files than it says";
  if (last != std::string(record->current.name.data(), record->current.name.size())) return "its last file is not the current";
  layouts::byte_buffer again;
  if (!layouts::encode_checkpoint(*record, again)) return "accepted, and not written";
  const bool is_ours = is_of_version_one(input) && again.view().size() == input.size();
  return !is_ours || text_of(again.view()) == input ? "" : "accepted, and written otherwise";
}
inline std::string fuzz_checkpoint(const std::string& input) {
  const std::string wrong = record_of_checkpoint(input);
  if (!wrong.empty()) return wrong;
  const std::size_t size = input.size() < 32 ? input.size() : 32;
  const perdure::sealed_format format{layouts::checkpoint_kind, layouts::checkpoint_format, layouts::checkpoint_format};
  return record_of_checkpoint(sealed(format, {{"checkpoint", input.substr(0, size)}, {"files", input.substr(size)}}));
}

}  // namespace tests

#endif  // PERDURE_TESTS_FUZZ_OBJECTS_HPP
