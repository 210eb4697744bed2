// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/fs_optional.hpp>
#include <perdure/fs/posix_fs.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/scripted_fs.hpp>
#include <tests/support/temp_dir.hpp>

using namespace perdure;

TEST_CASE("fs_optional: what a model does not have is unsupported, and nothing is touched") {
  const tests::temp_dir dir;
  posix_fs disk;
  using plain_fs = tests::scripted_fs<posix_fs, false, false>;
  plain_fs fs(disk);
  tests::put(dir / "a", "a");
  char room[16];
  const auto refused = [](const auto& answer) { return !answer && answer.error().code() == code::unsupported; };
  CHECK(refused(rename_no_replace(fs, dir / "a", dir / "b")));
  CHECK(refused(link(fs, dir / "a", dir / "b")));
  CHECK(refused(make_link(fs, "a", dir / "b")));
  CHECK(refused(read_link(fs, dir / "a", room)));
  CHECK(refused(stat_link(fs, dir / "a")));
  CHECK(refused(rename_to(fs, dir / "a", fs, dir / "b")));
  CHECK(refused(link_to(fs, dir / "a", fs, dir / "b")));
  CHECK(refused(sync_all(fs, dir.path())));
  CHECK(refused(backend_id_of(fs)));
  CHECK_FALSE(same_backend(fs, fs));
  CHECK_FALSE(can_open_dir<plain_fs>);
  CHECK(writer(fs, fs.nonce()) == writer_state::unknown);
  auto file = fs.open(dir / "a", {.access = access::read_write});
  REQUIRE(file);
  CHECK(refused(try_lock(*file, lock_mode::exclusive)));
  CHECK(refused(begin_sync(*file)));
  CHECK(refused(map(*file)));
  CHECK(refused(clone_range(*file, 0, *file, 0, 1)));
  CHECK(refused(for_each_xattr(*file, [](path_view, bytes) { return visit::go_on; })));
  CHECK(refused(set_xattr(*file, "user.a", "b")));
  CHECK(tests::names_in(dir.path()) == std::set<std::string>{"a"});
}

TEST_CASE("fs_optional: two objects of one model share a backend where they say so") {
  posix_fs a;
  const posix_fs b;
  CHECK(same_backend(a, b));
  CHECK(backend_id_of(a)->kind != 0);
}
