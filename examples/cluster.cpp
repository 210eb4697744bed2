// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A page that several machines publish: its state names the bytes of it, which are kept for as long as it does.

#include <perdure/cluster/serving_snapshot.hpp>
#include <perdure/cluster/storage_root.hpp>
#include <perdure/cluster/sweep_cluster.hpp>
#include <perdure/core/describe.hpp>

#include <cstdio>
#include <string>

// README:begin
using page = perdure::cluster_store<perdure::any_store, perdure::native_clock>;

// All that a state of ours names: here it is the text of one payload_id.
perdure::result<void> names_of(perdure::bytes state, perdure::cluster_name_visitor visitor) {
  const auto id = perdure::parse_payload_id(state);
  if (!id) return perdure::failure(perdure::code::corrupt, perdure::operation::load);
  return visitor({.payload = *id});
}

perdure::result<bool> publish(perdure::any_store& store, const std::string& text) {
  perdure::native_clock clock;
  page mine(store, clock, names_of);
  const auto taken = mine.begin({.id = perdure::lock_id::of(store.nonce()), .name = "publish"});
  if (!taken) return taken.error();
  if (!taken->done) return false;    // taken->holder tells who has the lock
  const auto id = mine.id_of(text);  // in the catalog, under its digest and the number of this operation
  if (!id) return id.error();
  std::byte name[perdure::payload_id::text_size_max];
  const auto done = mine.commit(to_text(*id, name), [&]() -> perdure::result<void> {
    if (const auto put = mine.put(text); !put) return put.error();
    return {};
  });
  // Whenever the power fails, the ledger names the old text or the new one, and that one is there, whole.
  if (!done) return done.error();
  return done->answer == perdure::ledger_answer::won;
}
// README:end

int main() {
  const auto root = perdure::open_storage_root("", "cluster.data", {.root = perdure::store_root::make});
  if (!root) return std::puts(describe_storage_root(root.error()).c_str()), 1;
  perdure::any_store store = *root;
  for (const char* const text : {"one", "another"}) {
    const auto done = publish(store, text);
    if (!done || !*done) return std::puts(done ? "somebody else publishes" : describe(done.error()).c_str()), 1;
  }
  perdure::serving_snapshot served(store, names_of);
  const auto now = served.refresh();
  if (!now) return std::puts(describe(now.error()).c_str()), 1;
  const auto id = perdure::parse_payload_id(served.entry().state);
  const auto text = id ? served.payload(*id) : perdure::result<perdure::bytes>(id.error());
  if (!text || !(*text == perdure::bytes("another"))) return std::puts("it is not what was published"), 1;
  std::printf("state %llu\n", static_cast<unsigned long long>(served.entry().serial));
}
