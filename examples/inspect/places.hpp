// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_INSPECT_PLACES_HPP
#define EXAMPLES_INSPECT_PLACES_HPP

// What is under a path, and what is in a store. All of it only looks: no lock is taken, nothing is written, nothing is settled.

#include <perdure/engine/verify_checkpoint.hpp>
#include <perdure/fs/native_fs.hpp>
#include <perdure/fs/read_file.hpp>
#include <perdure/fs/replay_log.hpp>
#include <perdure/manifest/file_blocks.hpp>
#include <perdure/manifest/twin_slot.hpp>
#include <perdure/manifest/versioned_slot.hpp>
#include <perdure/store/any_store.hpp>
#include <perdure/store/content_store.hpp>
#include <perdure/store/read_object.hpp>

#include <examples/inspect/kinds.hpp>

namespace inspect {

inline constexpr std::uint64_t bytes_max = std::uint64_t{1} << 34;

namespace detail {

template <class Slot>
thing slot(const char* kind, Slot slot) {
  thing found;
  found.kind = kind;
  const auto now = slot.observe(perdure::growing_room(*found.whole, bytes_max));
  if (!now) return found.harm(now.error()), std::move(found);
  if (now->exists()) {
    found.says.emplace_back("number", std::to_string(now->token.number));
    found.parts.push_back({"value", now->value, "ok"});
    tell_what_it_holds(found, now->value);
  } else {
    found.says.emplace_back("value", "none yet");
  }
  return found;
}

inline thing log(perdure::native_fs& fs, const std::string& path, perdure::four_bytes kind) {
  thing found;
  found.kind = "log";
  std::vector<std::pair<std::size_t, std::size_t>> records;
  std::vector<std::uint64_t> numbers;
  std::vector<char> window(1 << 22);
  const auto read = perdure::replay_log(fs, path, {.kind = kind}, window, [&](const perdure::log_record& one) {
    records.emplace_back(found.whole->size(), one.payload.size());
    numbers.push_back(one.sequence);
    *found.whole += text_of(one.payload);
    return perdure::visit::go_on;
  });
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto [at, size] = records[i];
    found.parts.push_back({std::to_string(numbers[i]), {found.whole->data() + at, size}, "ok"});
  }
  found.says.emplace_back("records", std::to_string(records.size()));
  if (!read) return found.harm(read.error()), std::move(found);
  found.says.emplace_back("segments", std::to_string(read->segments));
  found.says.emplace_back("bytes of an append that was not finished", std::to_string(read->torn_bytes));
  return found;
}

// An object of a content_store.
inline thing named_by_digest(std::string bytes, const perdure::digest& name) {
  thing found;
  found.kind = "content object";
  *found.whole = std::move(bytes);
  found.says.emplace_back("bytes", std::to_string(found.whole->size()));
  if (begins(*found.whole, "PdCn")) tell_what_it_holds(found, *found.whole);
  const bool is_it = perdure::sha256_of(*found.whole) == name;
  if (!is_it) found.harm(failure(code::corrupt, perdure::operation::get).about("its digest, which is not its name"));
  found.parts.push_back({"all", *found.whole, is_it ? "ok" : "not what its name says"});
  return found;
}

// What a content_store calls it, which may be under a prefix.
inline std::string without_prefix(const std::string& key) {
  for (const perdure::path_view kind : {layouts::objects_prefix, layouts::pins_prefix, layouts::quarantine_prefix}) {
    const std::size_t at = key.rfind("/" + std::string(kind.data(), kind.size()));
    if (at != std::string::npos) return key.substr(at + 1);
  }
  return key;
}

inline thing pin(std::string owner, const struct perdure::nonce& of) {
  thing found;
  found.kind = "content pin";
  *found.whole = std::move(owner);
  found.says.emplace_back("owner", *found.whole);
  found.says.emplace_back("process", std::to_string(of.process));
  found.parts.push_back({"owner", *found.whole, "unchecked"});
  return found;
}

// A directory that proves itself. What is not there is damage, and no failure.
inline thing checkpoint(perdure::native_fs& fs, const std::string& path) {
  std::string record;
  const auto read = perdure::read_file(fs, path + "/" + text_of(layouts::checkpoint_record_name), record, 64 << 20);
  thing found;
  if (read) found = recognised(std::move(record));
  found.kind = "checkpoint";
  if (!read) return found.harm(read.error()), std::move(found);
  const auto whole = perdure::verify_checkpoint(fs, path);
  if (!whole) return found.harm(whole.error()), std::move(found);
  found.says.emplace_back("bytes of all files", std::to_string(whole->total_bytes));
  if (whole->undigested != 0) found.says.emplace_back("files without a digest", std::to_string(whole->undigested));
  return found;
}

}  // namespace detail

// Failure: it is not there, or cannot be read.
inline result<thing> at_path(perdure::native_fs& fs, const std::string& path, perdure::four_bytes log_kind) {
  const auto there = fs.stat(path);
  if (!there) return there.error();
  if (there->kind == perdure::file_kind::directory) {
    bool is_log = false;
    PERDURE_TRY(fs.for_each_entry(path, [&](const perdure::dir_entry& one) {
      is_log = is_log || std::string(one.name.data(), one.name.size()).ends_with(".log");
      return perdure::visit::go_on;
    }));
    if (is_log) return detail::log(fs, path, log_kind);
    if (fs.stat(path + "/" + text_of(layouts::checkpoint_record_name))) return detail::checkpoint(fs, path);
    if (fs.stat(path + "/current")) return detail::slot("versioned slot", perdure::versioned_slot<perdure::native_fs>(fs, path));
    return failure(code::is_a_directory, perdure::operation::open).about(path);
  }
  // To open a pipe is to wait for somebody, and a device may have no end.
  if (there->kind != perdure::file_kind::file) return failure(code::unsupported, perdure::operation::read).about(path);
  std::string all;
  PERDURE_TRY(perdure::read_file(fs, path, all, bytes_max));
  if (detail::begins(all, "PdBf")) {
    perdure::file_blocks<perdure::native_fs> blocks(fs, path);
    return detail::slot("twin slot", perdure::twin_slot<perdure::file_blocks<perdure::native_fs>>(blocks));
  }
  return recognised(std::move(all));
}

// An object by its key, or the content that an id of the form sha256:... names.
inline result<thing> in_store(perdure::any_store& store, const std::string& key) {
  const auto id = perdure::parse_content_id(key);
  if (!id) {
    std::string all;
    const auto read = perdure::read_object(store, key, all, bytes_max);
    if (!read) return read.error();
    const std::string own = detail::without_prefix(key);
    const auto copy = layouts::parse_copy(layouts::objects_prefix, own);
    if (copy) return detail::named_by_digest(std::move(all), copy->of);
    const auto of = layouts::parse_nonce(layouts::pins_prefix, own);
    if (of) return detail::pin(std::move(all), *of);
    thing found = recognised(std::move(all));
    if (layouts::parse_copy(layouts::quarantine_prefix, own)) {  // as altered as it was found
      found.kind = "object in quarantine";
      found.damage.reset();
    } else if (found.kind == "object slot" && found.parts.size() == 1) {
      tell_what_it_holds(found, found.parts[0].content);
    }
    return found;
  }
  thing found;
  found.kind = "content";
  perdure::content_store<perdure::any_store> contents(store);
  const auto size = contents.get(*id, [&](perdure::bytes piece) -> result<void> {
    *found.whole += text_of(piece);
    return {};
  });
  if (!size && size.error().code() == code::not_found) return size.error();
  if (!size) return found.harm(size.error()), std::move(found);
  found.says.emplace_back("bytes", std::to_string(*size));
  found.parts.push_back({"all", *found.whole, "ok"});
  tell_what_it_holds(found, *found.whole);
  return found;
}

}  // namespace inspect

#endif  // EXAMPLES_INSPECT_PLACES_HPP
