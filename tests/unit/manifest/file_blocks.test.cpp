// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/native_fs.hpp>
#include <perdure/fs/read_file.hpp>
#include <perdure/manifest/file_blocks.hpp>
#include <perdure/manifest/twin_slot.hpp>
#include <perdure/testing/fault_fs.hpp>
#include <perdure/testing/fs_archetypes.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/temp_dir.hpp>

#include <string>

using namespace perdure;
using namespace perdure::testing;

namespace {
template <class Fs>
std::uint64_t size_of(Fs& fs, path_view path) {
  const auto info = fs.stat(path);
  return info ? info->size_bytes : 0;
}
template <class Fs>
void damage(Fs& fs, std::uint64_t at, const std::string& text) {
  auto file = fs.open("value", {.access = access::read_write});
  CHECK((file && file->write_at(at, text)));
}
}  // namespace

TEST_CASE("file_blocks: the file is made whole by who acquires it, and by nobody who looks") {
  mem_fs fs;
  file_blocks blocks(fs, "value", {.region_size_bytes = 5000});
  CHECK(blocks.look().error().code() == code::not_found);
  CHECK_FALSE(fs.stat("value.lock"));
  CHECK(blocks.acquire());
  CHECK(size_of(fs, "value") == 4096 + 3 * 8192);
  CHECK((blocks.shape().regions == 3 && blocks.shape().first == 0 && blocks.capacity(2) == 8192));
  file_blocks reader(fs, "value");
  CHECK(reader.look());
  CHECK(reader.shape().identity == blocks.shape().identity);
  CHECK_FALSE(reader.write(0, "a", "b"));
  file_blocks nowhere(fs, "no/such/value");
  CHECK(nowhere.look().error().code() != code::not_found);
  CHECK_FALSE(nowhere.acquire());
}

TEST_CASE("file_blocks: one owner at a time, until it is released or gone") {
  mem_fs fs;
  file_blocks one(fs, "value");
  CHECK((one.acquire() && one.acquire()));
  {
    file_blocks other(fs, "value");
    CHECK(other.acquire().error().code() == code::busy);
    CHECK(other.look());
    one.release();
    CHECK(other.acquire());
    CHECK(one.acquire().error().code() == code::busy);
  }
  CHECK(one.acquire());
  CHECK(fs.stat("value.lock"));
}

TEST_CASE("file_blocks: where there is no lock its user has to declare to be the only owner") {
  mem_fs memory;
  poorest_fs<mem_fs> fs(memory);
  file_blocks blocks(fs, "value");
  CHECK(blocks.acquire().error().code() == code::unsupported);
  file_blocks alone(fs, "value", {.writers = writers::only_this});
  CHECK(alone.acquire());
  CHECK((alone.write(2, "head", "body") && alone.sync()));
  char read[8];
  CHECK((alone.read(2, 0, mutable_bytes(read, 8)) && std::string(read, 8) == "headbody"));
}

TEST_CASE("file_blocks: less durability than asked is unsupported") {
  mem_fs memory;
  poorest_fs<mem_fs, dir_sync::unsupported> fs(memory);
  file_blocks blocks(fs, "value", {.writers = writers::only_this});
  CHECK(blocks.acquire().error().code() == code::unsupported);
  CHECK(blocks.acquire().error().code() == code::unsupported);
  file_blocks content(fs, "value", {.writers = writers::only_this, .at_least = durability::ordered});
  CHECK(content.acquire());
}

TEST_CASE("file_blocks: grows behind what is there, by regions of twice the size") {
  mem_fs fs;
  file_blocks blocks(fs, "value", {.region_size_bytes = 4096});
  CHECK((blocks.acquire() && blocks.write(1, "old", "") && blocks.sync()));
  CHECK(blocks.grow(16000));
  CHECK((blocks.shape().regions == 9 && blocks.shape().first == 6));
  CHECK((blocks.capacity(2) == 4096 && blocks.capacity(3) == 8192 && blocks.capacity(8) == 16384));
  CHECK(size_of(fs, "value") == 4096 + 3 * (4096 + 8192 + 16384));
  CHECK((blocks.write(8, "new", "") && blocks.sync()));
  char read[3];
  CHECK((blocks.read(1, 0, mutable_bytes(read, 3)) && std::string(read, 3) == "old"));
  blocks.release();
  // What a cut left of the next ones does not count.
  auto file = fs.open("value", {.access = access::write});
  CHECK((file && file->truncate(4096 + 3 * (4096 + 8192 + 16384) + 90000)));
  file_blocks later(fs, "value");
  CHECK((later.look() && later.shape().regions == 9));
  CHECK((later.read(8, 0, mutable_bytes(read, 3)) && std::string(read, 3) == "new"));
  CHECK(blocks.acquire());
  CHECK(blocks.grow(std::uint64_t{1} << 60).error().code() == code::too_large);
}

TEST_CASE("file_blocks: a file that is none of these is refused, and left alone") {
  for (const std::string& text : {std::string("something else"), std::string(20000, 'x'), std::string(20000, '\0')}) {
    mem_fs fs;
    {
      auto file = fs.open("value", {.access = access::write, .creation = creation::create_new});
      CHECK((file && file->write_at(0, text)));
    }
    file_blocks blocks(fs, "value");
    CHECK(blocks.acquire().error().code() == code::corrupt);
    CHECK(blocks.look().error().code() == code::corrupt);
    CHECK(size_of(fs, "value") == text.size());
  }
  mem_fs fs;
  file_blocks blocks(fs, "value");
  CHECK((blocks.acquire() && blocks.write(0, "a", "")));
  blocks.release();
  for (std::size_t at = 0; at < 32; ++at) {
    char was = 0;
    {
      auto file = fs.open("value", {});
      CHECK((file && file->read_at(at, mutable_bytes(&was, 1))));
    }
    damage(fs, at, std::string(1, static_cast<char>(was ^ 4)));
    CHECK(blocks.acquire().error().code() == code::corrupt);
    damage(fs, at, std::string(1, was));
  }
  CHECK(blocks.acquire());
}

TEST_CASE(
    "file_blocks: after a failed sync it goes on with another handle, and what was lost stays in doubt until it is written "
    "again") {
  mem_fs memory;
  fault_fs fs(memory, "sync value nth 1 sync_lost");
  file_blocks blocks(fs, "value");
  CHECK((blocks.acquire() && blocks.write(0, "a", "")));
  const auto lost = blocks.sync();
  CHECK((!lost && lost.error().code() == code::sync_lost));
  CHECK_FALSE(blocks.sync());
  CHECK(blocks.acquire());
  CHECK_FALSE(blocks.confirmed(0).value_or(true));
  CHECK(blocks.confirmed(1).value_or(false));
  CHECK((blocks.write(0, "a", "") && blocks.sync()));
  CHECK(blocks.confirmed(0).value_or(false));
}

#if PERDURE_HAS_NATIVE_FS
TEST_CASE("file_blocks: on the platform's own file system, with twin_slot") {
  tests::temp_dir dir;
  native_fs fs;
  const std::string path = dir / "value";
  std::string room;
  {
    file_blocks blocks(fs, path);
    twin_slot slot(blocks);
    auto token = slot.replace({}, "first");
    CHECK(token);
    token = slot.replace(*token, std::string(50000, 'x'));
    CHECK(token);
    token = slot.replace(*token, "last");
    CHECK(token);
  }
  file_blocks blocks(fs, path);
  twin_slot slot(blocks);
  const auto now = slot.load(growing_room(room, 1 << 20));
  CHECK((now && now->value == bytes("last")));
}
#endif
