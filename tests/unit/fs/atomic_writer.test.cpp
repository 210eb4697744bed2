// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/atomic_writer.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/scripted_fs.hpp>
#include <tests/support/temp_dir.hpp>

using namespace perdure;
using tests::get;
using tests::names_in;
using tests::put;

TEST_CASE("atomic_writer: pieces become one file at the commit, and not before") {
  const tests::temp_dir dir;
  put(dir / "f", "old");
  auto writer = atomic_writer<>::open(dir / "f");
  REQUIRE(writer);
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    REQUIRE(writer->write("piece " + std::to_string(i)));
    expected += "piece " + std::to_string(i);
  }
  CHECK(writer->size_bytes() == expected.size());
  CHECK(get(dir / "f") == "old");
  CHECK(writer->commit()->durability == durability::full);
  CHECK(get(dir / "f") == expected);
  CHECK(names_in(dir.path()) == std::set<std::string>{"f"});
}

TEST_CASE("atomic_writer: without a commit nothing happened") {
  const tests::temp_dir dir;
  put(dir / "f", "old");
  {
    auto writer = atomic_writer<>::open(dir / "f");
    REQUIRE(writer->write("new"));
    CHECK(names_in(dir.path()).size() == 2);
  }
  CHECK(names_in(dir.path()) == std::set<std::string>{"f"});
  auto writer = atomic_writer<>::open(dir / "f");
  writer->abandon();
  CHECK(names_in(dir.path()) == std::set<std::string>{"f"});
  CHECK(writer->write("x").error().code() == code::invalid_argument);
  CHECK(writer->commit().error().code() == code::invalid_argument);
  CHECK(get(dir / "f") == "old");
}

TEST_CASE("atomic_writer: it moves, and only the last one commits or cleans up") {
  const tests::temp_dir dir;
  {
    auto first = atomic_writer<>::open(dir / "f");
    REQUIRE(first->write("a"));
    atomic_writer<> second = detail::moved(*first);
    CHECK_FALSE(first->commit());
    CHECK(names_in(dir.path()).size() == 1);
    REQUIRE(second.write("b"));
    REQUIRE(second.commit());
    CHECK(second.commit().error().code() == code::invalid_argument);
  }
  CHECK(get(dir / "f") == "ab");
}

TEST_CASE("atomic_writer: a failed write makes the commit fail with the same failure") {
  const tests::temp_dir dir;
  put(dir / "f", "old");
  posix_fs disk;
  tests::scripted_fs<posix_fs> fs(disk);
  using writer_type = atomic_writer<tests::scripted_fs<posix_fs>>;
  auto writer = writer_type::open(fs, dir / "f");
  REQUIRE(writer->write("a"));
  fs.script().before = tests::fail("write", failure(code::no_space, operation::write, ENOSPC));
  CHECK(writer->write("b").error().code() == code::no_space);
  fs.script().before = [](const std::string&) { return std::nullopt; };
  CHECK(writer->write("c").error().code() == code::no_space);
  CHECK(writer->commit().error().code() == code::no_space);
  CHECK(get(dir / "f") == "old");
  CHECK(names_in(dir.path()) == std::set<std::string>{"f"});

  auto syncing = writer_type::open(fs, dir / "f");
  fs.script().before = tests::fail("sync(data)", failure(code::sync_lost, operation::sync, EIO).with(doubt::durable));
  const auto lost = syncing->commit();
  CHECK(lost.error().code() == code::sync_lost);
  CHECK(lost.error().outcome() == outcome::unchanged);
  CHECK(names_in(dir.path()) == std::set<std::string>{"f"});
}

TEST_CASE("atomic_writer: what cannot be opened leaves nothing") {
  const tests::temp_dir dir;
  CHECK(atomic_writer<>::open(dir / "no/f").error().code() == code::not_found);
  CHECK(atomic_writer<>::open("").error().code() == code::invalid_argument);
  CHECK(atomic_writer<>::open(dir / "f", {.content = content::skip_unchanged}).error().code() == code::invalid_argument);
  CHECK(names_in(dir.path()).empty());
}
