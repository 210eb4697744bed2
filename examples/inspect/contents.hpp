// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_INSPECT_CONTENTS_HPP
#define EXAMPLES_INSPECT_CONTENTS_HPP

// What a person asks of a store of contents: which snapshots a head names, and whether each is whole; who holds a pin; and that a
// pin ends, which is all that this program ever changes.

#include <examples/inspect/places.hpp>

#include <perdure/engine/verify_snapshots.hpp>

namespace inspect {

// Each snapshot of a head, every byte of it read: in the store under this key, in whatever slot, or in a file of this path.
inline result<std::vector<thing>> snapshots(perdure::any_store& store, perdure::native_fs& fs, const std::string& where) {
  std::string text;
  const auto in_it = perdure::read_object(store, where, text, 1 << 20);
  if (!in_it && in_it.error().code() != code::not_found) return in_it.error();
  if (!in_it) PERDURE_TRY(perdure::read_file(fs, where, text, 1 << 20));
  const thing slot = recognised(text);
  if (slot.kind == "object slot" && slot.parts.size() == 1) text = text_of(slot.parts[0].content);
  const auto head = perdure::decode_head(text);
  if (!head) return head.error();
  perdure::content_store<perdure::any_store> contents(store);
  std::vector<thing> all;
  for (const auto& one : *head) {
    thing& found = all.emplace_back();
    found.kind = "snapshot";
    found.says.emplace_back("generation", std::to_string(one.generation));
    found.says.emplace_back("manifest", text_of(one.manifest));
    const auto size = perdure::detail::verify_snapshot(contents, one);
    if (size) found.says.emplace_back("bytes", std::to_string(*size));
    if (!size) found.harm(size.error());
  }
  return all;
}

// Each one's key, and whose it is.
inline result<std::vector<std::pair<std::string, thing>>> pins(perdure::any_store& store) {
  std::vector<std::string> keys;
  PERDURE_TRY(layouts::each_key(store, layouts::pins_prefix, [&](const perdure::listed_object& one) -> result<void> {
    keys.push_back(text_of(one.key));
    return {};
  }));
  std::vector<std::pair<std::string, thing>> all;
  for (const std::string& key : keys) {
    auto one = in_store(store, key);
    if (!one && one.error().code() == code::not_found) continue;  // it has ended meanwhile
    if (!one) return one.error();
    all.emplace_back(key, std::move(*one));
  }
  return all;
}

// Failure: not_found, where there is none: whoever mistypes it is told.
inline result<void> end_one_pin(perdure::any_store& store, const std::string& key) {
  const auto there = store.head(key);
  if (!there) return there.error();
  return perdure::end_pin(store, key);
}

}  // namespace inspect

#endif  // EXAMPLES_INSPECT_CONTENTS_HPP
