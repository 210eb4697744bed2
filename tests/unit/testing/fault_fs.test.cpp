// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/testing/fault_fs.hpp>

#include <perdure/fs/any_fs.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/read_file.hpp>
#include <perdure/testing/fs_archetypes.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/temp_dir.hpp>

using namespace perdure;
using testing::fault_fs;

static_assert(Fs<fault_fs<mem_fs>> && Fs<fault_fs<posix_fs>> && Fs<fault_fs<any_fs>>);
static_assert(Fs<fault_fs<testing::poorest_fs<mem_fs>>>);
static_assert(can_open_dir<fault_fs<posix_fs>> && !can_open_dir<fault_fs<testing::poorest_fs<mem_fs>>>);

namespace {

template <class F>
std::string text_in(F& fs, path_view path) {
  std::string text;
  const auto read = read_file(fs, path, text, 1 << 20);
  return read ? text : "(none)";
}

// A file that was written to, and not synced.
template <class F>
auto open_with(F& fs, path_view path, bytes content) {
  auto file = fs.open(path, {.access = access::read_write, .creation = creation::create});
  REQUIRE(file);
  REQUIRE(file->write_at(0, content));
  return perdure::detail::moved(*file);
}

}  // namespace

TEST_CASE("fault_fs: a failure before the call leaves everything, one after it is told of what was done") {
  mem_fs memory;
  REQUIRE(atomic_write(memory, "a", "a"));
  fault_fs before(memory, "rename ** io");
  CHECK(before.rename("a", "b").error().outcome() == outcome::unchanged);
  CHECK(text_in(memory, "a") == "a");
  fault_fs after(memory, "rename ** io after");
  CHECK(after.rename("a", "b").error().doubt() == doubt::visible);
  CHECK(text_in(memory, "b") == "a");
  CHECK(after.rename("none", "b").error().code() == code::not_found);
}

TEST_CASE("fault_fs: a short write puts its first bytes, of several pieces too") {
  mem_fs memory;
  fault_fs fs(memory, "write f nth 2 no_space short 4");
  auto file = fs.open("f", {.access = access::read_write, .creation = creation::create});
  REQUIRE(file->write_at(0, "........"));
  const bytes parts[] = {"one", "", "two"};
  const auto put = file->write_at(1, gather(parts, 3));
  CHECK((put.error().code() == code::no_space && put.error().doubt() == doubt::visible));
  CHECK(text_in(memory, "f") == ".onet...");
}

TEST_CASE("fault_fs: a disk of so many bytes takes what fits, and has room again when something goes") {
  mem_fs memory;
  fault_fs fs(memory, "capacity 10");
  auto file = open_with(fs, "f", "12345678");
  REQUIRE(file.write_at(0, "87654321"));
  const auto put = file.write_at(8, "9abc");
  CHECK((put.error().code() == code::no_space && put.error().doubt() == doubt::visible));
  CHECK(text_in(memory, "f") == "876543219a");
  CHECK(file.truncate(11).error().code() == code::no_space);
  REQUIRE(file.truncate(4));
  CHECK(atomic_write(fs, "g", "1234567").error().code() == code::no_space);
  CHECK(text_in(memory, "g") == "(none)");
  REQUIRE(atomic_write(fs, "g", "123456"));
  CHECK(atomic_write(fs, "g", "1").error().code() == code::no_space);
  REQUIRE(fs.remove("f"));
  REQUIRE(atomic_write(fs, "g", "1234"));
  REQUIRE(atomic_write(fs, "h", "123456"));
  CHECK(atomic_write(fs, "i", "1").error().code() == code::no_space);
}

TEST_CASE("fault_fs: after a sync that failed and dropped, what was written is gone, and the handle says so for ever") {
  const tests::temp_dir dir;
  posix_fs disk;
  tests::put(dir / "f", "old content");
  fault_fs fs(disk, "sync ** nth 2 sync_lost drop");
  auto file = fs.open(dir / "f", {.access = access::write});
  REQUIRE(file);
  REQUIRE(file->write_at(0, "NEW"));
  REQUIRE(file->sync(sync_what::data));
  REQUIRE(file->write_at(4, "CONTENT AND MORE"));
  REQUIRE(file->truncate(6));
  const auto lost = file->sync(sync_what::data);
  CHECK((lost.error().code() == code::sync_lost && lost.error().doubt() == doubt::durable));
  CHECK(tests::get(dir / "f") == "NEW content");
  CHECK(file->sync(sync_what::all).error().code() == code::sync_lost);
  CHECK(fs.plan().strikes(0) == 1);
  auto other = fs.open(dir / "f", {.access = access::write});
  CHECK(other->sync(sync_what::data));
}

TEST_CASE("fault_fs: a lie is a success, and nothing was asked of the disk") {
  mem_fs memory;
  fault_fs inner(memory, "sync ** io\nsync_dir ** io");
  fault_fs fs(inner, "sync ** lie\nsync_dir ** lie");
  CHECK(atomic_write(fs, "f", "x"));
  CHECK((inner.plan().strikes(0) == 0 && inner.plan().strikes(1) == 0));
  CHECK((fs.plan().strikes(0) == 1 && fs.plan().strikes(1) == 1));
}

TEST_CASE("fault_fs: what reads wrong reads wrong everywhere, and is right on the disk") {
  const tests::temp_dir dir;
  posix_fs disk;
  tests::put(dir / "f", "0123456789");
  fault_fs fs(disk, "read **/f flip 25\nread **/f zero 5+2");
  const std::string wrong = std::string("012") + char('3' ^ 2) + "4" + std::string(2, '\0') + "789";
  CHECK(text_in(fs, dir / "f") == wrong);
  auto file = fs.open(dir / "f", {});
  char piece[3];
  REQUIRE(file->read_at(3, piece));
  CHECK(std::string(piece, 3) == wrong.substr(3, 3));
  const auto mapped = map(*file);
  REQUIRE(mapped);
  CHECK(mapped->view() == bytes(wrong));
  CHECK(tests::get(dir / "f") == "0123456789");
}

TEST_CASE("fault_fs: behind a held directory the path is what it would be without one") {
  const tests::temp_dir dir;
  posix_fs disk;
  fault_fs fs(disk, "rename " + dir.path() + "/f io\nsync_dir " + dir.path() + " sync_lost");
  CHECK(atomic_write(fs, dir / "f", "x").error().operation() == operation::rename);
  CHECK(atomic_write(fs, dir / "g", "x").error().operation() == operation::sync_dir);
  CHECK((fs.plan().strikes(0) == 1 && fs.plan().strikes(1) == 1));
}

TEST_CASE("fault_fs: what its Fs cannot do it cannot do either") {
  mem_fs memory;
  any_fs any(memory);
  fault_fs over_any(any);
  CHECK(atomic_write(over_any, "f", "x"));
  testing::poorest_fs<mem_fs> poor(memory);
  fault_fs over_poor(poor);
  CHECK(link(over_poor, "a", "b").error().code() == code::unsupported);
  CHECK(backend_id_of(over_poor).error().code() == code::unsupported);
}
