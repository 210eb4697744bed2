// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/native_clock.hpp>
#include <perdure/fs/atomic_writer.hpp>
#include <perdure/fs/create_new.hpp>
#include <perdure/fs/file_lock.hpp>
#include <perdure/fs/link_or_copy.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/read_file.hpp>
#include <perdure/fs/temp_sweep.hpp>
#include <perdure/testing/fs_archetypes.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;
using testing::dir_sync;
using testing::poorest_fs;
using testing::windows_like_fs;

static_assert(Fs<poorest_fs<mem_fs>> && Fs<windows_like_fs<mem_fs>>);

namespace {
template <class T>
enum code code_of(const result<T>& done) {
  return done ? static_cast<enum code>(0) : done.error().code();
}
template <Fs F>
std::string get(F& fs, const char* path) {
  std::string text;
  return read_file(fs, path, text, 1000) ? text : "(nothing)";
}
}  // namespace

TEST_CASE("fs_archetypes: every helper runs on a device, or says that it is unsupported") {
  mem_fs memory;
  poorest_fs<mem_fs> fs(memory);
  manual_clock clock;
  CHECK(atomic_write(fs, "f", "first")->durability == durability::full);
  CHECK(atomic_write(fs, "a/b/f", "deep", {.parents = parents::make}));
  CHECK(atomic_write(fs, "f", "first", {.content = content::skip_unchanged})->skipped);
  CHECK(get(fs, "a/b/f") == "deep");
  auto writer = atomic_writer<poorest_fs<mem_fs>>::open(fs, "f");
  REQUIRE(writer);
  REQUIRE(writer->write("second"));
  REQUIRE(writer->commit());
  CHECK(get(fs, "f") == "second");
  CHECK(code_of(create_new(fs, "new", "x")) == code::unsupported);
  CHECK(code_of(atomic_write(fs, "f", "x", {.keep = keep::mode})) == code::unsupported);
  CHECK(atomic_write(fs, "f", "third", {.keep = keep::mode, .keeping = keeping::attempt})->kept == keep::nothing);
  CHECK(code_of(link_or_copy(fs, "f", fs, "g")) == code::unsupported);
  CHECK(link_or_copy(fs, "f", fs, "g", {.placement = placement::direct})->placed == placed::copied);
  CHECK(get(fs, "g") == "third");
  CHECK(code_of(file_lock<poorest_fs<mem_fs>>::try_take(fs, "lock")) == code::unsupported);
  auto orphan = memory.open(".perdure-0-0-0-7.tmp", {.access = access::write, .creation = creation::create_new});
  CHECK(temp_sweep(fs, ".", clock)->unjudged == 1);  // no times: never old
  CHECK(code_of(atomic_write(fs, std::string(200, 'n'), "x")) == code::too_large);
  CHECK(code_of(atomic_write(fs, "f", "x", {.target_link = target_link::follow})) == static_cast<enum code>(0));
}

TEST_CASE("fs_archetypes: without a sync of directories success says ordered, and full is refused where it is required") {
  mem_fs memory;
  poorest_fs<mem_fs, dir_sync::unsupported> device(memory);
  windows_like_fs<mem_fs> windows(memory);
  CHECK(atomic_write(device, "f", "x")->durability == durability::ordered);
  CHECK(atomic_write(windows, "f", "x")->durability == durability::ordered);
  CHECK(code_of(atomic_write(device, "f", "y", {.at_least = durability::full})) == code::unsupported);
  CHECK(code_of(atomic_write(windows, "f", "y", {.at_least = durability::full})) == code::unsupported);
  CHECK(get(device, "f") == "x");
}

TEST_CASE("fs_archetypes: share modes make a helper busy, and it leaves everything as it was") {
  mem_fs memory;
  windows_like_fs<mem_fs> fs(memory);
  REQUIRE(atomic_write(fs, "d\\f", "old", {.parents = parents::make}));
  CHECK(get(fs, "d/f") == "old");
  {
    auto reader = fs.open("d\\f", {});
    REQUIRE(reader);
    const auto done = atomic_write(fs, "d\\f", "new");
    CHECK(code_of(done) == code::busy);
    CHECK(done.error().outcome() == outcome::unchanged);
    CHECK(code_of(fs.remove("d/f")) == code::busy);
    CHECK(code_of(fs.rename("d", "e")) == code::busy);
  }
  int entries = 0;
  REQUIRE(fs.for_each_entry("d", [&](const dir_entry&) { return ++entries, visit::go_on; }));
  CHECK(entries == 1);
  CHECK(get(fs, "d\\f") == "old");
  CHECK(atomic_write(fs, "d\\f", "new"));
  CHECK(create_new(fs, "d\\g", "new"));
  CHECK(code_of(create_new(fs, "d\\g", "newer")) == code::already_exists);
  CHECK(link_or_copy(fs, "d\\f", fs, "d\\h"));
  CHECK(file_lock<windows_like_fs<mem_fs>>::try_take(fs, "lock"));
}
