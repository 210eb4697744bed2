// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/link_or_copy.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/read_file.hpp>

#include <tests/support/catch.hpp>

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

using namespace perdure;

namespace {
constexpr auto good = static_cast<enum code>(0);
template <class T>
enum code code_of(const result<T>& done) {
  return done ? good : done.error().code();
}
mem_fs::file make(mem_fs& fs, const char* path, const std::string& content = "") {
  auto file = fs.open(path, {.access = access::read_write, .creation = creation::create});
  REQUIRE(file);
  REQUIRE(file->write_at(0, content));
  return std::move(*file);
}
std::string get(mem_fs& fs, const char* path) {
  std::string text;
  return read_file(fs, path, text, 1 << 20) ? text : "(nothing)";
}
}  // namespace

TEST_CASE("mem_fs: a copy is the same files, another object is another backend") {
  mem_fs one;
  mem_fs same = one;
  mem_fs other;
  (void)make(one, "f", "x");
  CHECK(get(same, "f") == "x");
  CHECK(get(other, "f") == "(nothing)");
  CHECK(same_backend(one, same));
  CHECK_FALSE(same_backend(one, other));
  CHECK(link_or_copy(one, "f", same, "g")->placed == placed::linked);
  CHECK(link_or_copy(one, "f", other, "g")->placed == placed::copied);
  CHECK(get(other, "g") == "x");
  CHECK(code_of(one.rename_to("f", other, "f")) == code::unsupported);
  CHECK(code_of(one.link_to("f", other, "f")) == code::unsupported);
}

TEST_CASE("mem_fs: a handle outlives the name, and the file system") {
  auto fs = std::make_unique<mem_fs>();
  auto file = make(*fs, "f", "kept");
  REQUIRE(fs->remove("f"));
  CHECK(fs->used_bytes() == 4);
  auto held = fs->open_dir("/");
  fs.reset();
  char room[8];
  CHECK(*file.read_at(0, room) == 4);
  CHECK(file.close());
  CHECK(held->used_bytes() == 0);
}

TEST_CASE("mem_fs: a handle does what it was opened for") {
  mem_fs fs;
  (void)make(fs, "f", "x");
  auto reader = fs.open("f", {});
  auto writer = fs.open("f", {.access = access::write});
  char room[4];
  CHECK(code_of(reader->write_at(0, "y")) == code::invalid_argument);
  CHECK(code_of(reader->truncate(0)) == code::invalid_argument);
  CHECK(code_of(writer->read_at(0, room)) == code::invalid_argument);
  CHECK(code_of(writer->write_at(UINT64_MAX, "y")) == code::too_large);
  CHECK(code_of(writer->truncate(UINT64_MAX)) == code::too_large);
  auto moved = std::move(*writer);
  CHECK(code_of(writer->size()) == code::invalid_argument);
  CHECK(code_of(writer->map()) == code::invalid_argument);
  CHECK(code_of(writer->get_attributes()) == code::invalid_argument);
  CHECK(code_of(writer->set_attributes({}, attribute_set::mode)) == code::invalid_argument);
  CHECK(code_of(writer->set_xattr("user.a", "")) == code::invalid_argument);
  CHECK(code_of(writer->for_each_xattr([](path_view, bytes) { return visit::go_on; })) == code::invalid_argument);
  CHECK(code_of(writer->try_lock(lock_mode::shared)) == code::invalid_argument);
  CHECK(code_of(moved.clone_range(0, *writer, 0, 1)) == code::invalid_argument);
  moved = std::move(*reader);
  CHECK(*moved.size() == 1);
}

TEST_CASE("mem_fs: a full one refuses content and changes nothing") {
  mem_fs fs({.capacity_bytes = 10});
  auto file = make(fs, "f", "12345678");
  CHECK(code_of(file.write_at(6, "78901")) == code::no_space);
  CHECK(code_of(file.truncate(11)) == code::no_space);
  CHECK(get(fs, "f") == "12345678");
  CHECK(code_of(atomic_write(fs, "f", "too long")) == code::no_space);
  CHECK(get(fs, "f") == "12345678");
  REQUIRE(file.truncate(2));
  CHECK(file.write_at(2, "34567890"));
  CHECK(fs.used_bytes() == 10);
  file = make(fs, "g");
  REQUIRE(fs.remove("f"));
  CHECK(fs.used_bytes() == 0);
  mem_fs large;
  CHECK(code_of(make(large, "f").truncate(INT64_MAX)) == code::no_space);
}

TEST_CASE("mem_fs: paths are walked as POSIX walks them") {
  mem_fs fs;
  REQUIRE(fs.make_dir("d"));
  REQUIRE(fs.make_dir("/d/e/"));
  (void)make(fs, "d//e/./f", "x");
  CHECK(get(fs, "/d/e/f") == "x");
  CHECK(get(fs, "d/e/../e/f") == "x");
  CHECK(get(fs, "../../d/e/f") == "x");
  CHECK(code_of(fs.stat("d/e/f/")) == code::not_a_directory);
  CHECK(code_of(fs.stat("d/e/f/..")) == code::not_a_directory);
  CHECK(code_of(fs.stat("d/no/..")) == code::not_found);
  CHECK(fs.stat("/")->kind == file_kind::directory);
  CHECK(code_of(fs.open("d/new/", {.access = access::write, .creation = creation::create})) == code::is_a_directory);
  CHECK(code_of(fs.stat(std::string(300, 'n'))) == code::too_large);
  CHECK(code_of(fs.remove_dir("/")) == code::not_empty);
  CHECK(code_of(fs.rename("d", "d/e/g")) == code::invalid_argument);
  CHECK(code_of(fs.rename("/", "x")) == code::busy);
  CHECK(code_of(fs.rename("d/e/f", "x/")) == code::not_a_directory);
  CHECK(code_of(fs.link("d", "l")) == code::unsupported);
  CHECK(code_of(fs.link("d/e/f", "l/")) == code::not_found);
}

TEST_CASE("mem_fs: rename keeps to the rules of files and directories") {
  mem_fs fs;
  REQUIRE(fs.make_dir("empty"));
  REQUIRE(fs.make_dir("full"));
  (void)make(fs, "full/x");
  (void)make(fs, "f", "f");
  REQUIRE(fs.link("f", "g"));
  CHECK(code_of(fs.rename("f", "g")) == good);  // two names of one file: both stay
  CHECK(get(fs, "f") == "f");
  CHECK(code_of(fs.rename("f", "empty")) == code::is_a_directory);
  CHECK(code_of(fs.rename("empty", "f")) == code::not_a_directory);
  CHECK(code_of(fs.rename("empty", "full")) == code::not_empty);
  auto held = fs.open_dir("empty");
  CHECK(code_of(fs.rename("full", "empty")) == good);
  CHECK(code_of(fs.stat("empty/x")) == good);
  // The directory that was replaced is held, and has no name any more.
  CHECK(code_of(held->open("y", {.access = access::write, .creation = creation::create})) == code::not_found);
  CHECK(code_of(held->make_dir("y")) == code::not_found);
  CHECK(code_of(held->rename_to("y", fs, "y")) == code::not_found);
  CHECK(code_of(held->stat("..")) == code::not_found);
  CHECK(code_of(fs.rename("empty/x", "empty/../x")) == good);
}

TEST_CASE("mem_fs: links lead on, relative to where they stand") {
  mem_fs fs;
  REQUIRE(fs.make_dir("a"));
  REQUIRE(fs.make_dir("b"));
  (void)make(fs, "b/f", "x");
  REQUIRE(fs.make_link("../b", "a/to_b"));
  REQUIRE(fs.make_link("/b/f", "absolute"));
  CHECK(get(fs, "a/to_b/f") == "x");
  CHECK(get(fs, "absolute") == "x");
  CHECK(fs.stat_link("a/to_b")->kind == file_kind::link);
  CHECK(fs.stat_link("a/to_b/")->kind == file_kind::directory);
  CHECK(code_of(fs.open_dir("a/to_b", links::refuse)) == code::invalid_argument);
  CHECK(code_of(fs.open_dir("a/to_b")) == good);
  CHECK(code_of(fs.make_link("", "e")) == code::invalid_argument);
  CHECK(code_of(fs.make_link("x", "e/")) == code::not_found);
  char small[3];
  CHECK(code_of(fs.read_link("absolute", small)) == code::too_large);
  CHECK(code_of(fs.read_link("no", small)) == code::not_found);
}

TEST_CASE("mem_fs: times are those of the clock that it was given") {
  mem_fs without;
  (void)make(without, "f");
  CHECK(without.stat("f")->modified_ns == time_unknown);
  static std::int64_t now = 0;
  now = 7;
  mem_fs with({.unix_ns = [] { return now; }});
  auto file = make(with, "f", "x");
  CHECK(with.stat("f")->modified_ns == 7);
  now = 9;
  REQUIRE(file.truncate(0));
  CHECK(with.stat("f")->modified_ns == 9);
}

TEST_CASE("mem_fs: owners and extended attributes are kept, with their limits") {
  mem_fs fs;
  auto file = make(fs, "f");
  REQUIRE(file.set_attributes({.mode = 0600, .user = 5, .group = 6}, attribute_set::mode | attribute_set::owner));
  REQUIRE(file.set_xattr("user.a", "1"));
  REQUIRE(file.set_xattr("user.b", "2"));
  int seen = 0;
  REQUIRE(file.for_each_xattr([&](path_view, bytes) { return ++seen, visit::stop; }));
  CHECK(seen == 1);
  CHECK(code_of(file.set_xattr("", "x")) == code::invalid_argument);
  CHECK(code_of(file.set_xattr(std::string(256, 'n'), "x")) == code::too_large);
  REQUIRE(atomic_write(fs, "f", "new", {.keep = keep::everything}));
  auto replaced = fs.open("f", {});
  CHECK((replaced->get_attributes()->user == 5 && replaced->get_attributes()->mode == 0600));
  seen = 0;
  REQUIRE(replaced->for_each_xattr([&](path_view, bytes) { return ++seen, visit::go_on; }));
  CHECK(seen == 2);
}

TEST_CASE("mem_fs: threads may do anything at once") {
  mem_fs fs;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&fs, t] {
      for (int i = 0; i < 200; ++i) {
        const std::string own = "f" + std::to_string(t);
        (void)atomic_write(fs, "shared", std::string(100, static_cast<char>('a' + t)));
        (void)atomic_write(fs, own, own);
        (void)fs.rename(own, "g" + std::to_string(t));
        (void)fs.for_each_entry("/", [&](const dir_entry& entry) { return (void)fs.stat(entry.name), visit::go_on; });
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const std::string text = get(fs, "shared");
  CHECK((text.size() == 100 && text.find_first_not_of(text[0]) == std::string::npos));
}

TEST_CASE("mem_fs: any number of names, in any order of coming and going, is listed whole") {
  mem_fs fs;
  REQUIRE(fs.make_dir("d"));
  std::set<std::string> expected;
  std::uint32_t random = 1;
  for (int round = 0; round < 20'000; ++round) {
    random = random * 1'664'525U + 1'013'904'223U;
    const std::string name = "n" + std::to_string(random >> 21);
    if (const auto there = expected.find(name); there != expected.end()) {
      REQUIRE(fs.remove("d/" + name));
      expected.erase(there);
    } else {
      REQUIRE(fs.make_link("x", "d/" + name));
      expected.insert(name);
    }
  }
  CHECK(expected.size() > 500);
  std::set<std::string> seen;
  std::size_t shown = 0;
  REQUIRE(fs.for_each_entry("d", [&](const dir_entry& entry) {
    seen.emplace(entry.name.data(), entry.name.size());
    ++shown;
    return visit::go_on;
  }));
  CHECK(seen == expected);
  CHECK(shown == expected.size());
  for (const std::string& name : expected) {
    REQUIRE(fs.stat_link("d/" + name));
    REQUIRE(fs.remove("d/" + name));
  }
  CHECK(fs.remove_dir("d"));
}

TEST_CASE("mem_fs: a deep tree and long chains of links end as their parts do") {
  mem_fs fs;
  std::string path = "0";
  REQUIRE(fs.make_dir(path));
  for (int depth = 1; depth < 1000; ++depth) REQUIRE(fs.make_dir(path += "/" + std::to_string(depth % 10)));
  REQUIRE(atomic_write(fs, path + "/f", "deep"));
  REQUIRE(fs.make_link(path, "short"));
  CHECK(get(fs, "short/f") == "deep");
  REQUIRE(fs.make_link("short/" + std::string(3000, '.'), "long"));
  CHECK(fs.stat("long/" + std::string(2000, 'x')).error().code() == code::too_large);
  CHECK(fs.stat("short/../../" + std::string(200, '/') + "0/f").error().code() == code::not_found);
}

TEST_CASE("mem_fs: one that is assigned to lets go of what it held, in whatever directory it stood") {
  mem_fs a;
  REQUIRE(a.make_dir("d"));
  REQUIRE(atomic_write(a, "d/f", "content"));
  mem_fs d = *a.open_dir("d");
  a = mem_fs();
  CHECK(get(d, "f") == "content");
  d = mem_fs();
  CHECK(d.used_bytes() == 0);
  CHECK(get(d, "f") == "(nothing)");
}

TEST_CASE("mem_fs: a tree of any depth is let go of") {
  mem_fs fs;
  REQUIRE(fs.make_dir("t"));
  // From above, for no path is that long.
  for (int depth = 0; depth < 400'000; ++depth) {
    if (!fs.make_dir("n") || !fs.rename("t", "n/t") || !fs.rename("n", "t")) FAIL("at " << depth);
  }
  REQUIRE(atomic_write(fs, "t/t/t/f", "x"));
}

TEST_CASE("mem_fs: two are two, whatever they lock with") {
  basic_mem_fs<no_sync> one;
  basic_mem_fs<native_sync> other;
  CHECK_FALSE(same_backend(one, other));
  CHECK_FALSE(one.nonce() == other.nonce());
}
