// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/atomic_writer.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/models.hpp>
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

TEST_CASE("atomic_writer: what was written can be written again, and nothing else") {
  const tests::temp_dir dir;
  auto writer = atomic_writer<>::open(dir / "f");
  REQUIRE(writer->write("size ?: "));
  REQUIRE(writer->write("content"));
  REQUIRE(writer->rewrite(5, "7"));
  CHECK(writer->size_bytes() == 15);
  REQUIRE(writer->commit());
  CHECK(get(dir / "f") == "size 7: content");
  auto other = atomic_writer<>::open(dir / "f");
  REQUIRE(other->write("abc"));
  CHECK(other->rewrite(2, "xy").error().code() == code::invalid_argument);
  CHECK(other->commit().error().code() == code::invalid_argument);
  CHECK(get(dir / "f") == "size 7: content");
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
  fs.script().before = tests::fail("sync(order)", failure(code::sync_lost, operation::sync, EIO).with(doubt::durable));
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

TEST_CASE("atomic_writer: on every model, pieces become one file at the commit, or nothing happened") {
  tests::for_each_model([](auto& fs, const std::string& dir, const tests::model& model) {
    INFO(model.name);
    using writer_type = atomic_writer<std::remove_reference_t<decltype(fs)>>;
    const std::string path = dir + "/f";
    std::string expected;
    {
      auto writer = writer_type::open(fs, path);
      REQUIRE(writer);
      for (int i = 0; i < 50; ++i) {
        const std::string text = std::to_string(i);
        const bytes parts[] = {text, "", ", "};
        REQUIRE(writer->write(gather(parts, 3)));
        expected += text + ", ";
      }
      REQUIRE(writer->write(""));
      CHECK(writer->size_bytes() == expected.size());
      CHECK_FALSE(fs.stat(path));
      const auto report = writer->commit();
      REQUIRE(report);
      CHECK(report->durability == model.best);
      CHECK(writer->commit().error().code() == code::invalid_argument);
      CHECK(writer->write("late").error().code() == code::invalid_argument);
    }
    CHECK(tests::get_from(fs, path) == expected);
    {
      auto dropped = writer_type::open(fs, path);
      REQUIRE(dropped->write("never"));
      CHECK(tests::names_of(fs, dir).size() == 2);
    }
    auto abandoned = writer_type::open(fs, path);
    REQUIRE(abandoned->write("never"));
    abandoned->abandon();
    abandoned->abandon();
    CHECK(abandoned->commit().error().code() == code::invalid_argument);
    CHECK(tests::names_of(fs, dir) == std::set<std::string>{"f"});
    CHECK(tests::get_from(fs, path) == expected);
    auto empty = writer_type::open(fs, path);
    REQUIRE(empty->commit());
    CHECK(tests::get_from(fs, path).empty());
  });
}

TEST_CASE("atomic_writer: one that was moved from is spent, on every model, and takes nothing away") {
  tests::for_each_model([](auto& fs, const std::string& dir, const tests::model& model) {
    INFO(model.name);
    using writer_type = atomic_writer<std::remove_reference_t<decltype(fs)>>;
    auto first = writer_type::open(fs, dir + "/f");
    REQUIRE(first->write("a"));
    writer_type second = detail::moved(*first);
    CHECK(first->write("x").error().code() == code::invalid_argument);
    CHECK(first->commit().error().code() == code::invalid_argument);
    first->abandon();
    CHECK(second.size_bytes() == 1);
    REQUIRE(second.write("b"));
    REQUIRE(second.commit());
    CHECK(tests::get_from(fs, dir + "/f") == "ab");
    CHECK(tests::names_of(fs, dir) == std::set<std::string>{"f"});
  });
}

TEST_CASE("atomic_writer: one that was moved from does not ask its file, which may not be there to ask") {
  const tests::temp_dir dir;
  posix_fs disk;
  tests::scripted_fs<posix_fs> fs(disk);
  auto first = atomic_writer<tests::scripted_fs<posix_fs>>::open(fs, dir / "f");
  const auto second = detail::moved(*first);
  CHECK(first->write("x").error().code() == code::invalid_argument);
  CHECK(first->commit().error().code() == code::invalid_argument);
}

TEST_CASE("atomic_writer: a commit that fails at any step leaves the old file and no other, once and for all") {
  const tests::temp_dir dir;
  posix_fs disk;
  using writer_type = atomic_writer<tests::scripted_fs<posix_fs>>;
  for (const char* step : {"sync(order)", "close", "rename"}) {
    INFO(step);
    put(dir / "f", "old");
    tests::scripted_fs<posix_fs> fs(disk);
    auto writer = writer_type::open(fs, dir / "f");
    REQUIRE(writer->write("new"));
    fs.script().before = tests::fail(step, failure(code::io, operation::write, EIO));
    const auto done = writer->commit();
    REQUIRE_FALSE(done);
    CHECK((done.error().code() == code::io && done.error().outcome() == outcome::unchanged));
    CHECK_FALSE(done.error().path().empty());
    fs.script().before = [](const std::string&) { return std::nullopt; };
    CHECK(writer->commit().error().code() == code::invalid_argument);
    CHECK(get(dir / "f") == "old");
    CHECK(names_in(dir.path()) == std::set<std::string>{"f"});
  }
  tests::scripted_fs<posix_fs> fs(disk);
  auto writer = writer_type::open(fs, dir / "f");
  REQUIRE(writer->write("new"));
  fs.script().before = tests::fail("sync_dir(" + dir.path() + ")", failure(code::sync_lost, operation::sync_dir, EIO));
  CHECK(writer->commit().error().doubt() == doubt::durable);
  CHECK(get(dir / "f") == "new");
}

TEST_CASE("atomic_writer: what cannot be as durable as it must is refused before a file is made") {
  const tests::temp_dir dir;
  posix_fs disk;
  tests::scripted_fs<posix_fs> fs(disk);
  fs.script().before = tests::fail("sync_dir(" + dir.path() + ")", failure(code::unsupported, operation::sync_dir));
  const auto writer = atomic_writer<tests::scripted_fs<posix_fs>>::open(fs, dir / "f", {.at_least = durability::full});
  CHECK((!writer && writer.error().code() == code::unsupported));
  CHECK(fs.script().trace() == "sync_dir(" + dir.path() + ")");
}

TEST_CASE("atomic_writer: a failure tells the end of a path that is longer than it can hold") {
  mem_fs fs;
  const std::string path = std::string(100, 'd') + "/" + std::string(100, 'f');
  const auto writer = atomic_writer<mem_fs>::open(fs, path);
  CHECK((writer.error().code() == code::not_found && writer.error().path_cut()));
  REQUIRE(fs.make_dir(std::string(100, 'd')));
  auto spent = atomic_writer<mem_fs>::open(fs, path);
  REQUIRE(spent);
  REQUIRE(spent->commit());
  CHECK(tests::get_from(fs, path).empty());
}

TEST_CASE("atomic_writer: a failure says that a path was cut, and cuts it between characters") {
  mem_fs fs;
  REQUIRE(fs.make_dir("d"));
  const std::string path = "d/" + std::string(50, 'x') + "\xc3\xa4" + std::string(53, 'y');
  auto spent = atomic_writer<mem_fs>::open(fs, path);
  REQUIRE(spent);
  REQUIRE(spent->write("x"));
  REQUIRE(fs.for_each_entry("d", [&](const dir_entry& entry) {
    CHECK(fs.remove("d/" + std::string(entry.name.data(), entry.name.size())));
    return visit::go_on;
  }));
  const auto done = spent->commit();
  REQUIRE_FALSE(done);
  CHECK(done.error().path_cut());
  CHECK(done.error().path() == bytes(std::string(53, 'y')));
}
