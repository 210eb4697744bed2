// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/read_file.hpp>
#include <perdure/testing/crash_fs.hpp>
#include <perdure/testing/fs_laws.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;
using testing::crash_fs;

namespace {
const open_options make_new{.access = access::read_write, .creation = creation::create_new};
template <class T>
enum code code_of(const result<T>& done) {
  return done ? static_cast<enum code>(0) : done.error().code();
}
}  // namespace

TEST_CASE("crash_fs: keeps the laws, every optional operation among them") {
  crash_fs fs;
  REQUIRE(fs.make_dir("scratch"));
  const auto report = testing::check_fs_laws(fs, "scratch");
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.not_applicable.empty());
  auto held = fs.open_dir("scratch");
  REQUIRE(held);
  const auto report_held = testing::check_fs_laws(*held, ".");
  INFO(report_held.text());
  CHECK(report_held.ok());
  CHECK(report_held.not_applicable.empty());
}

TEST_CASE("crash_fs: a copy is the same files, and another object is not") {
  crash_fs fs;
  crash_fs copy = fs;
  REQUIRE(fs.open("a", make_new));
  CHECK(copy.stat("a"));
  crash_fs other;
  CHECK(code_of(other.stat("a")) == code::not_found);
  CHECK(same_backend(fs, copy));
  CHECK_FALSE(same_backend(fs, other));
}

TEST_CASE("crash_fs: a killed process changes nothing any more, and its locks are free") {
  const auto disk = std::make_shared<testing::detail::disk>();
  crash_fs fs(disk);
  auto file = fs.open("a", make_new);
  REQUIRE(file);
  REQUIRE(try_lock(*file, lock_mode::exclusive));
  disk->kill();
  CHECK(code_of(file->write_at(0, "x")) == code::io);
  CHECK(code_of(fs.remove("a")) == code::io);
  CHECK(code_of(fs.stat("a")) == code::io);
  crash_fs after(disk);
  auto again = after.open("a", {.access = access::read_write});
  REQUIRE(again);
  CHECK(*again->size() == 0);
  CHECK(try_lock(*again, lock_mode::exclusive));
  CHECK(code_of(file->close()) == code::io);
  CHECK(code_of(try_lock(*again, lock_mode::exclusive)) == static_cast<enum code>(0));
  CHECK(after.writer(fs.nonce()) == writer_state::gone);
  CHECK(after.writer(after.nonce()) == writer_state::alive);
}
