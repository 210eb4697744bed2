// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A list of lines that several processes add to: `shared_state WHERE "a line"`, where WHERE is a directory or file:///...; with
// an opener from perdure/ext an s3:// is the same, for several machines. Run as many at once as you like, and kill them: no line
// is lost, and none comes twice.

#include <perdure/core/describe.hpp>
#include <perdure/core/native_clock.hpp>
#include <perdure/manifest/ledger.hpp>
#include <perdure/manifest/object_slot.hpp>
#include <perdure/manifest/slot_lock.hpp>
#include <perdure/store/open_store.hpp>

#include <cstdio>
#include <string>

// README:begin
using shared_state = perdure::ledger<perdure::object_slot<perdure::any_store>>;
using shared_lock = perdure::slot_lock<perdure::object_slot<perdure::any_store>, perdure::native_clock>;

perdure::result<bool> add_line(perdure::any_store& store, const std::string& line) {
  perdure::native_clock clock;
  shared_lock lock(perdure::object_slot(store, "lock"), clock);
  const auto taken = lock.take({.id = perdure::lock_id::of(store.nonce()), .name = line, .lease_ns = 30 * perdure::ns_per_second},
                               60 * perdure::ns_per_second);
  if (!taken) return taken.error();
  if (!taken->done) return false;  // taken->holder tells who has it
  shared_state state(perdure::object_slot(store, "state"));
  const std::uint64_t token = taken->holder.token;
  const auto raised = state.raise(token);  // who had the lock before, and sleeps still, can write no more
  if (!raised) return raised.error();
  const auto now = state.read();
  if (!now) return now.error();
  const std::string text(now->state);
  const auto done = state.replace(now->version, text + line + "\n", token);
  if (!done) return done.error();                      // where this is unknown, read() tells
  return done->answer == perdure::ledger_answer::won;  // else done->found is there now, or done->fence_found is a later holder's
}
// README:end

int main(int count, char** arguments) {
  if (count < 2) std::puts("shared_state WHERE LINE; without a word it is in memory, and nothing is kept");
  const std::string where = count > 1 ? arguments[1] : "mem:";
  const std::string line = count > 2 ? arguments[2] : "hello";
  auto store = perdure::open_store(where, {.root = perdure::store_root::make});
  if (!store) {
    std::puts(describe(store.error()).c_str());
    return 1;
  }
  const auto added = add_line(*store, line);
  if (!added) {
    std::puts(describe(added.error()).c_str());
    return 1;
  }
  shared_state state(perdure::object_slot(*store, "state"));
  const auto now = state.observe();
  if (!now) return 1;
  char version[71];
  std::printf("%s\n%s", std::string(to_text(now->version, version)).c_str(), std::string(now->state).c_str());
  return *added ? 0 : 1;
}
