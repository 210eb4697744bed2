// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/mem_fs.hpp>
#include <perdure/manifest/file_slot.hpp>
#include <perdure/testing/fault_fs.hpp>
#include <perdure/testing/fs_archetypes.hpp>
#include <perdure/testing/read_text.hpp>

#include <tests/support/catch.hpp>

#include <string>

namespace {

using namespace perdure;
using namespace perdure::testing;

using slot = file_slot<fault_fs<mem_fs>, manual_clock>;
static_assert(Slot<slot>);

struct place {
  mem_fs memory;
  fault_fs<mem_fs> fs{memory};
  manual_clock clock;
  std::string text;

  slot open(file_slot_options options = {}) { return slot(fs, "value", clock, options); }
  auto room() { return growing_room(text, 1000); }
  std::string on_disk() {
    const auto got = read_text(memory, "value");
    return got ? *got : "absent";
  }
};

TEST_CASE("file_slot: the file holds the value and nothing else") {
  place at;
  auto one = at.open();
  // That there is nothing has to survive, too.
  at.fs.plan().add("sync_dir ** io");
  const auto refused = one.load(at.room());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().outcome() == outcome::unchanged);
  at.fs.plan().clear();
  const auto nothing = one.load(at.room());
  REQUIRE(nothing);
  CHECK_FALSE(nothing->exists());
  const auto first = one.replace(nothing->token, "first");
  REQUIRE(first);
  CHECK(at.on_disk() == "first");
  const auto empty = one.replace(*first, "");
  REQUIRE(empty);
  const auto now = one.load(at.room());
  REQUIRE(now);
  CHECK(now->exists());
  CHECK(now->value.empty());
  CHECK(now->token == *empty);
}

TEST_CASE("file_slot: a value that was replaced meanwhile is a conflict, and stands") {
  place at;
  auto one = at.open();
  auto other = at.open();
  const auto seen = one.load(at.room())->token;
  REQUIRE(other.replace(seen, "other"));
  const auto lost = one.replace(seen, "one");
  REQUIRE_FALSE(lost);
  CHECK(lost.error().code() == code::conflict);
  CHECK(lost.error().outcome() == outcome::unchanged);
  CHECK(at.on_disk() == "other");
  CHECK(one.replace(one.observe(at.room())->token, "one"));
}

TEST_CASE("file_slot: in a directory that is not there nothing is missing") {
  place at;
  slot lost(at.fs, "there/is/none", at.clock);
  CHECK(lost.observe(at.room()).error().code() == code::not_found);
  CHECK(lost.load(at.room()).error().code() == code::not_found);
}

TEST_CASE("file_slot: whoever holds the lock keeps the others out, and they say so in time") {
  place at;
  auto one = at.open({.lock_timeout_ns = 1'000'000});
  const auto held = file_lock<fault_fs<mem_fs>>::try_take(at.fs, "value.lock");
  REQUIRE(held);
  CHECK(one.load(at.room()).error().code() == code::timed_out);
  CHECK(one.replace({}, "x").error().code() == code::timed_out);
  CHECK(one.observe(at.room()));
  // Its user has to know.
  CHECK(at.open({.writers = writers::only_this}).replace({}, "x"));
}

TEST_CASE("file_slot: a directory sync that fails leaves a doubt, which a load ends by writing again") {
  place at;
  auto one = at.open();
  auto other = at.open({.lock_timeout_ns = 0});
  const auto first = one.replace({}, "first");
  REQUIRE(first);
  at.fs.plan().add("sync_dir ** nth 1 io");
  const auto second = one.replace(*first, "second");
  REQUIRE_FALSE(second);
  CHECK(second.error().outcome() == outcome::unknown);
  CHECK(at.on_disk() == "second");
  // Until then nobody builds on it: not it itself, and not the others.
  CHECK(one.replace(*first, "third").error().code() == code::conflict);
  CHECK(other.load(at.room()).error().code() == code::timed_out);
  const auto settled = one.load(at.room());
  REQUIRE(settled);
  CHECK(settled->earlier == earlier::took_effect);
  CHECK(one.load(at.room())->earlier == earlier::nothing);
  CHECK(one.replace(settled->token, "third"));
  CHECK(other.load(at.room()));
}

TEST_CASE("file_slot: a rename that may have happened and did not had no effect") {
  place at;
  auto one = at.open();
  const auto first = one.replace({}, "first");
  REQUIRE(first);
  at.fs.plan().add("rename ** nth 1 io doubt visible");
  REQUIRE(at.fs.plan().ok());
  const auto second = one.replace(*first, "second");
  REQUIRE_FALSE(second);
  CHECK(second.error().outcome() == outcome::unknown);
  // What is there is what is expected, and nobody knows yet that it stays.
  CHECK(one.observe(at.room())->token == *first);
  CHECK(one.replace(*first, "third").error().code() == code::conflict);
  CHECK(at.on_disk() == "first");
  const auto settled = one.load(at.room());
  REQUIRE(settled);
  CHECK(settled->earlier == earlier::had_no_effect);
  CHECK(settled->token == *first);
}

TEST_CASE("file_slot: what is known to be durable is not written again") {
  place at;
  for (const auto who : {writers::any, writers::only_this}) {
    auto one = at.open({.writers = who});
    const auto now = one.load(at.room());
    REQUIRE(now);
    const auto next = one.replace(now->token, "value");
    REQUIRE(next);
    at.fs.plan().add("rename ** io");
    CHECK(one.load(at.room()));
    at.fs.plan().clear();
  }
  // Another process finds that in the lock file.
  auto other = at.open();
  at.fs.plan().add("rename ** io");
  CHECK(other.load(at.room()));
  at.fs.plan().clear();
  // Where it does not say so, the value is made durable first; what goes wrong with that puts nothing in doubt that was not.
  for (const char* const rule : {"rename ** io", "sync_dir ** io"}) {
    REQUIRE(at.memory.remove("value.lock"));
    at.fs.plan().add(rule);
    const auto refused = at.open().load(at.room());
    at.fs.plan().clear();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().outcome() == outcome::unchanged);
  }
}

TEST_CASE("file_slot: a doubt that nobody ended is ended by whoever loads next") {
  place at;
  {
    auto one = at.open();
    const auto first = one.replace({}, "first");
    REQUIRE(first);
    at.fs.plan().add("rename ** nth 1 io doubt visible");
    REQUIRE_FALSE(one.replace(*first, "second"));
    // What is seen is the value that was durable. What is on the disk nobody knows.
    CHECK(at.on_disk() == "first");
  }
  at.fs.plan().clear();
  at.fs.plan().add("rename ** io");
  CHECK_FALSE(at.open().load(at.room()));
  at.fs.plan().clear();
  CHECK(at.open().load(at.room()));
}

TEST_CASE("file_slot: a limit is told before anything is touched") {
  place at;
  auto one = at.open({.size_bytes_max = 4});
  CHECK(one.replace({}, "12345").error().code() == code::too_large);
  CHECK(at.on_disk() == "absent");
  REQUIRE(one.replace({}, "1234"));
  char small[3];
  CHECK(one.load(fixed_room{mutable_bytes(small)}).error().code() == code::too_large);
  CHECK(at.open({.size_bytes_max = 3}).load(at.room()).error().code() == code::too_large);
}

TEST_CASE("file_slot: a file that is cut while it is read is corrupt, and no shorter value") {
  place at;
  auto one = at.open();
  REQUIRE(one.replace({}, "value"));
  const auto cutting = [&](std::uint64_t size) -> result<mutable_bytes> {
    auto file = at.memory.open("value", {.access = access::write});
    const bool is_cut = file && file->truncate(2);
    REQUIRE(is_cut);
    at.text.resize(static_cast<std::size_t>(size));
    return mutable_bytes(at.text);
  };
  CHECK(one.observe(cutting).error().code() == code::corrupt);
}

TEST_CASE("file_slot: the only writer needs no load between two replaces") {
  place at;
  auto one = at.open({.writers = writers::only_this});
  auto last = one.replace(one.load(at.room())->token, "1");
  for (const char* const value : {"2", "3"}) {
    REQUIRE(last);
    last = one.replace(*last, value);
  }
  CHECK(last);
  CHECK(at.on_disk() == "3");
}

TEST_CASE("file_slot: less durability than was asked for is unsupported, before anything is written if there was a load") {
  mem_fs memory;
  poorest_fs<mem_fs, dir_sync::unsupported> fs(memory);
  manual_clock clock;
  std::string text;
  file_slot device(fs, "value", clock, {.writers = writers::only_this, .at_least = durability::ordered});
  REQUIRE(device.replace({}, "ordered"));
  CHECK(device.observe(growing_room(text, 10))->exists());
  file_slot full(fs, "other", clock, {.writers = writers::only_this});
  CHECK(full.load(growing_room(text, 10)).error().code() == code::unsupported);
  CHECK_FALSE(full.observe(growing_room(text, 10))->exists());
  const auto blind = full.replace({}, "full");
  REQUIRE_FALSE(blind);
  CHECK(blind.error().code() == code::unsupported);
  CHECK(blind.error().outcome() == outcome::unknown);
}

TEST_CASE("file_slot: a path of its own") {
  place at;
  auto moved = [&] {
    std::string path = "value";
    slot made(at.fs, path, at.clock);
    path = "other";
    return made;
  }();
  REQUIRE(moved.replace({}, "x"));
  CHECK(at.on_disk() == "x");
}

}  // namespace
