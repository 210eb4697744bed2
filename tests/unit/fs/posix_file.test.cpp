// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/fs_optional.hpp>
#include <perdure/fs/posix_file.hpp>
#include <perdure/fs/posix_fs.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>
#include <tests/support/temp_dir.hpp>

#include <fcntl.h>
#if defined(__linux__)
#include <linux/capability.h>
#include <sys/syscall.h>
#endif
#include <sys/stat.h>
#include <unistd.h>
#include <string>
#include <vector>

using namespace perdure;

namespace {

posix_file open_new(const std::string& path) {
  auto file = posix_fs().open(path, {.access = access::read_write, .creation = creation::create});
  REQUIRE(file);
  return detail::moved(*file);
}
std::string read_all(const posix_file& file) {
  std::string text(static_cast<std::size_t>(file.size().value_or(0U)), '\0');
  return file.read_at(0, text).value_or(0U) == text.size() ? text : "(short)";
}

}  // namespace

TEST_CASE("posix_file: what is written is read, and a gap reads as zeros") {
  const tests::temp_dir dir;
  auto file = open_new(dir / "f");
  REQUIRE(file.write_at(3, "abc"));
  CHECK(read_all(file) == std::string("\0\0\0abc", 6));
  REQUIRE(file.write_at(0, "xyz"));
  CHECK(read_all(file) == "xyzabc");
  char room[10];
  CHECK(*file.read_at(4, room) == 2);
  CHECK(*file.read_at(6, room) == 0);
  CHECK(*file.read_at(UINT64_MAX, room) == 0);
  REQUIRE(file.truncate(2));
  REQUIRE(file.truncate(4));
  CHECK(read_all(file) == std::string("xy\0\0", 4));
  CHECK(file.close());
}

TEST_CASE("posix_file: a handle that goes out of scope, or takes over another one, is closed") {
  const tests::temp_dir dir;
  int descriptor = -1;
  {
    const auto file = open_new(dir / "f");
    descriptor = file.native_handle();
    CHECK(::fcntl(descriptor, F_GETFD) != -1);
  }
  CHECK(::fcntl(descriptor, F_GETFD) == -1);
  auto one = open_new(dir / "f");
  descriptor = one.native_handle();
  one = open_new(dir / "g");
  CHECK(one.native_handle() != descriptor);
  CHECK(::fcntl(descriptor, F_GETFD) == -1);
}

TEST_CASE("posix_file: a gather of any number of pieces, empty ones too, arrives in order") {
  const tests::temp_dir dir;
  for (const std::size_t count : {0U, 1U, 2U, 15U, 16U, 17U, 33U, 2000U}) {
    auto file = open_new(dir / ("g" + std::to_string(count)));
    std::string expected;
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < count; ++i)
      texts.push_back(i % 3 == 0 ? std::string() : std::string(i % 7, static_cast<char>('a' + i % 26)));
    std::vector<bytes> parts(texts.begin(), texts.end());
    for (const auto& text : texts) expected += text;
    REQUIRE(file.write_at(0, gather(parts.data(), parts.size())));
    CHECK(read_all(file) == expected);
  }
}

TEST_CASE("posix_file: offsets and sizes beyond what the system has are too_large") {
  const tests::temp_dir dir;
  auto file = open_new(dir / "f");
  CHECK(file.write_at(UINT64_MAX, "x").error().code() == code::too_large);
  CHECK(file.write_at(INT64_MAX, "x").error().code() == code::too_large);
  CHECK(file.truncate(UINT64_MAX).error().code() == code::too_large);
  CHECK(*file.size() == 0);
}

TEST_CASE("posix_file: a closed handle, and one that was moved from, is an invalid_argument") {
  const tests::temp_dir dir;
  auto file = open_new(dir / "f");
  posix_file other = detail::moved(file);
  char room[4];
  for (posix_file* dead : {&file, &other}) {
    if (dead == &other) CHECK(dead->close());
    CHECK(dead->close().error().code() == code::invalid_argument);
    CHECK(dead->read_at(0, room).error().code() == code::invalid_argument);
    CHECK(dead->write_at(0, "x").error().code() == code::invalid_argument);
    const bytes parts[] = {"x", "y"};
    CHECK(dead->write_at(0, gather(parts, 2)).error().code() == code::invalid_argument);
    CHECK(dead->size().error().code() == code::invalid_argument);
    CHECK(dead->truncate(0).error().code() == code::invalid_argument);
    CHECK(dead->sync(sync_what::data).error().code() == code::invalid_argument);
    CHECK(begin_sync(*dead).error().code() == code::invalid_argument);
    CHECK(dead->map().error().code() == code::invalid_argument);
    CHECK(dead->try_lock(lock_mode::shared).error().code() == code::invalid_argument);
    CHECK(dead->get_attributes().error().code() == code::invalid_argument);
    CHECK(dead->set_attributes({}, attribute_set::mode).error().code() == code::invalid_argument);
  }
  other = open_new(dir / "g");
  other = open_new(dir / "h");
  CHECK(other.write_at(0, "h"));
}

TEST_CASE("posix_file: syncs of every strength succeed, and what cannot be synced is unsupported") {
  const tests::temp_dir dir;
  auto file = open_new(dir / "f");
  REQUIRE(file.write_at(0, "some"));
  CHECK(begin_sync(file));
  for (const auto what : {sync_what::order, sync_what::data, sync_what::all}) CHECK(file.sync(what));
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  posix_file pipe_end(ends[1]);
  const posix_file other_end(ends[0]);
  const auto refused = pipe_end.sync(sync_what::all);
  REQUIRE_FALSE(refused);
  CHECK((refused.error().code() == code::unsupported && refused.error().doubt() == doubt::none));
  CHECK(begin_sync(pipe_end).error().code() == code::unsupported);
  CHECK(pipe_end.sync(sync_what::all).error().code() == code::unsupported);
  REQUIRE(file.close());
  CHECK(file.sync(sync_what::all).error().code() == code::invalid_argument);
  CHECK(file.read_at(0, mutable_bytes()).error().code() == code::invalid_argument);
}

TEST_CASE("posix_file: a lock excludes other handles, of this process too, until its handle is closed") {
  const tests::temp_dir dir;
  auto a = open_new(dir / "f");
  auto b = open_new(dir / "f");
  REQUIRE(a.try_lock(lock_mode::exclusive));
  CHECK(b.try_lock(lock_mode::shared).error().code() == code::busy);
  CHECK(a.try_lock(lock_mode::shared));
  CHECK(b.try_lock(lock_mode::shared));
  CHECK(b.try_lock(lock_mode::exclusive).error().code() == code::busy);
  CHECK(a.close());
  CHECK(b.try_lock(lock_mode::exclusive));
}

TEST_CASE("posix_file: a lock that cannot become exclusive stays shared") {
  const tests::temp_dir dir;
  auto a = open_new(dir / "f");
  auto b = open_new(dir / "f");
  auto c = open_new(dir / "f");
  REQUIRE(a.try_lock(lock_mode::shared));
  REQUIRE(b.try_lock(lock_mode::shared));
  const auto refused = a.try_lock(lock_mode::exclusive);
  CHECK((refused.error().code() == code::busy && refused.error().doubt() == doubt::none));
  REQUIRE(b.close());
  CHECK(c.try_lock(lock_mode::exclusive).error().code() == code::busy);
  CHECK(a.try_lock(lock_mode::exclusive));
}

TEST_CASE("posix_file: a map shows the content and outlives the handle") {
  const tests::temp_dir dir;
  mapping view;
  {
    auto file = open_new(dir / "f");
    CHECK(file.map()->view().empty());
    REQUIRE(file.write_at(0, "mapped"));
    view = detail::moved(*file.map());
  }
  CHECK(view.view() == bytes("mapped"));
}

TEST_CASE("posix_file: a range is cloned with its content, or refused, and never invented") {
  const tests::temp_dir dir;
  auto from = open_new(dir / "from");
  auto to = open_new(dir / "to");
  REQUIRE(from.write_at(0, std::string(10'000, 'c')));
  const auto cloned = to.clone_range(0, from, 0, 10'000);
  if (cloned) {
    CHECK(cloned->size_bytes > 0);
    CHECK(*to.size() == cloned->size_bytes);
    CHECK(read_all(to) == std::string(static_cast<std::size_t>(cloned->size_bytes), 'c'));
  } else {
    CHECK(cloned.error().code() == code::unsupported);
  }
  CHECK(to.clone_range(0, from, 10'000, 10).error().code() == code::unsupported);
  CHECK_FALSE(to.clone_range(0, posix_file(), 0, 10));
}

TEST_CASE("posix_file: attributes come back as they were set") {
  const tests::temp_dir dir;
  auto file = open_new(dir / "f");
  attributes wanted = *file.get_attributes();
  wanted.mode = 0605;
  wanted.modified_ns = -1'500'000'000;
  REQUIRE(file.set_attributes(wanted, attribute_set::mode | attribute_set::modified));
  CHECK(file.get_attributes()->mode == 0605);
  CHECK(file.get_attributes()->modified_ns == -1'500'000'000);
  CHECK(file.set_attributes(wanted, attribute_set::owner));
  if (tests::is_root()) {
    wanted.user = 77;
    wanted.group = 88;
    REQUIRE(file.set_attributes(wanted, attribute_set::owner));
    CHECK((file.get_attributes()->user == 77 && file.get_attributes()->group == 88));
  } else {
    wanted.user = 0;
    CHECK(file.set_attributes(wanted, attribute_set::owner).error().code() == code::permission);
  }
}

TEST_CASE("posix_file: extended attributes come back as they were set, and limits are told") {
  const tests::temp_dir dir;
  auto file = open_new(dir / "f");
  const auto set = file.set_xattr("user.one", "1");
  if (!set && set.error().code() == code::unsupported) {
    std::printf("SKIPPED: extended attributes on %s\n", dir.path().c_str());
    return;
  }
  REQUIRE(set);
  REQUIRE(file.set_xattr("user.two", ""));
  std::string seen;
  REQUIRE(file.for_each_xattr([&](path_view name, bytes value) {
    const std::string text(name.data(), name.size());
    if (text.rfind("user.", 0) == 0) seen += text + "=" + std::to_string(value.size()) + " ";
    return visit::go_on;
  }));
  CHECK((seen == "user.one=1 user.two=0 " || seen == "user.two=0 user.one=1 "));
  int visits = 0;
  REQUIRE(file.for_each_xattr([&](path_view, bytes) { return ++visits, visit::stop; }));
  CHECK(visits == 1);
  CHECK(file.set_xattr("user." + std::string(300, 'n'), "x").error().code() == code::too_large);
  CHECK_FALSE(file.set_xattr("user.big", std::string(1'000'000, 'x')));
}

TEST_CASE("posix_file: a read at the last offset there can be stops at the end of the file, as anywhere behind it") {
  const tests::temp_dir dir;
  auto file = open_new(dir / "f");
  REQUIRE(file.write_at(0, "abc"));
  char room[10];
  for (const std::uint64_t offset : {std::uint64_t{3}, std::uint64_t{INT64_MAX} - 10, std::uint64_t{INT64_MAX} - 5,
                                     std::uint64_t{INT64_MAX} - 1, std::uint64_t{INT64_MAX}, std::uint64_t{INT64_MAX} + 1}) {
    INFO(offset);
    const auto got = file.read_at(offset, room);
    REQUIRE(got);
    CHECK(*got == 0);
  }
  CHECK(*file.read_at(2, room) == 1);
  CHECK(*file.read_at(0, mutable_bytes()) == 0);
}

TEST_CASE("posix_file: a clone of nothing is nothing, and not all there is") {
  const tests::temp_dir dir;
  auto from = open_new(dir / "from");
  auto to = open_new(dir / "to");
  REQUIRE(from.write_at(0, std::string(10'000, 'c')));
  const auto cloned = to.clone_range(0, from, 0, 0);
  REQUIRE(cloned);
  CHECK(cloned->size_bytes == 0);
  CHECK(*to.size() == 0);
}

TEST_CASE("posix_file: a clone goes to the offset that was asked, and leaves what is around it") {
  const tests::temp_dir dir;
  auto from = open_new(dir / "from");
  auto to = open_new(dir / "to");
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += static_cast<char>('a' + i % 26);
  REQUIRE(from.write_at(0, text));
  REQUIRE(to.write_at(0, std::string(20'000, '.')));
  const auto cloned = to.clone_range(5000, from, 3000, 4000);
  if (!cloned) {
    CHECK(cloned.error().code() == code::unsupported);
    return;
  }
  const auto size = static_cast<std::size_t>(cloned->size_bytes);
  CHECK((size > 0 && size <= 4000));
  CHECK(read_all(to) == std::string(5000, '.') + text.substr(3000, size) + std::string(20'000 - 5000 - size, '.'));
}

TEST_CASE("posix_file: a time that 64 bits of nanoseconds cannot tell is unknown, and an unknown one cannot be set") {
  const tests::temp_dir dir("/dev/shm");  // a volume that keeps any time
  auto file = open_new(dir / "f");
  for (const time_t seconds : {time_t{14'000'000'000}, time_t{9'300'000'000}, time_t{-9'300'000'000}}) {
    const struct timespec times[2] = {{0, UTIME_OMIT}, {seconds, 999'999'999}};
    REQUIRE(::futimens(file.native_handle(), times) == 0);
    struct stat info;
    REQUIRE(::fstat(file.native_handle(), &info) == 0);
    if (info.st_mtim.tv_sec != seconds) continue;  // the volume has an end of its own
    CHECK(file.get_attributes()->modified_ns == time_unknown);
    CHECK(posix_fs().stat(dir / "f")->modified_ns == time_unknown);
    CHECK(file.set_attributes(*file.get_attributes(), attribute_set::modified).error().code() == code::invalid_argument);
    REQUIRE(::fstat(file.native_handle(), &info) == 0);
    CHECK(info.st_mtim.tv_sec == seconds);
  }
  // Nothing of what came with it was set either.
  attributes values = *file.get_attributes();
  values.mode = 0601;
  values.modified_ns = time_unknown;
  CHECK(file.set_attributes(values, attribute_set::mode | attribute_set::modified).error().code() == code::invalid_argument);
  CHECK(file.get_attributes()->mode != 0601);
  for (const std::int64_t told : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1}, std::int64_t{-1'000'000'000},
                                  std::int64_t{4'000'000'000'000'000'001}, std::int64_t{-4'000'000'000'000'000'001}}) {
    INFO(told);
    values.modified_ns = told;
    REQUIRE(file.set_attributes(values, attribute_set::modified));
    CHECK(file.get_attributes()->modified_ns == told);
  }
}

TEST_CASE("posix_file: the mode is set after the owner, so that it is what was asked, powers included") {
  if (tests::skipped_without_root("another owner")) return;
  const tests::temp_dir dir;
  auto file = open_new(dir / "f");
  REQUIRE(file.set_attributes({.mode = 06711, .user = 77, .group = 88}, attribute_set::owner | attribute_set::mode));
  CHECK(file.get_attributes()->mode == 06711);
}

#if defined(__linux__)
TEST_CASE("posix_file: attributes that were set before one that could not be are a doubt") {
  if (tests::skipped_without_root("another owner")) return;
  const tests::temp_dir dir;
  auto file = open_new(dir / "f");
  CHECK(tests::in_child([&] {
          // May give files away, and may no longer do as it likes with those of others.
          __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
          __user_cap_data_struct sets[2] = {};
          if (::syscall(SYS_capget, &header, sets) != 0) return 1;
          sets[0].effective &= ~(1U << CAP_FOWNER);
          if (::syscall(SYS_capset, &header, sets) != 0) return 2;
          const auto both = file.set_attributes({.mode = 0600, .user = 77}, attribute_set::owner | attribute_set::mode);
          if (both || both.error().code() != code::permission || both.error().doubt() != doubt::visible) return 3;
          if (file.get_attributes()->user != 77) return 4;
          const auto one = file.set_attributes({.mode = 0600}, attribute_set::mode);
          return !one && one.error().doubt() == doubt::none ? 0 : 5;
        }) == 0);
}
#endif

TEST_CASE("posix_file: an extended attribute can be removed, and one that is not there is removed already") {
  const tests::temp_dir dir;
  auto file = open_new(dir / "f");
  REQUIRE(file.set_xattr("user.note", "1"));
  REQUIRE(file.remove_xattr("user.note"));
  CHECK(file.remove_xattr("user.note"));
  CHECK(file.remove_xattr("user." + std::string(300, 'n')).error().code() == code::too_large);
  CHECK(file.remove_xattr("nonsense").error().code() == code::unsupported);
  for (const std::string& name : {std::string(), std::string("user.a\0b", 8)}) {
    CHECK(file.set_xattr(name, "1").error().code() == code::invalid_argument);
    CHECK(file.remove_xattr(name).error().code() == code::invalid_argument);
  }
  int visits = 0;
  REQUIRE(file.for_each_xattr([&](path_view, bytes) { return ++visits, visit::go_on; }));
  CHECK(visits == 0);
}

TEST_CASE("posix_file: a handle does what it was opened for, and nothing else") {
  const tests::temp_dir dir;
  tests::put(dir / "f", "abc");
  auto reader = posix_fs().open(dir / "f", {.access = access::read});
  auto writer = posix_fs().open(dir / "f", {.access = access::write});
  REQUIRE((reader && writer));
  char room[4];
  CHECK(reader->write_at(0, "x").error().code() == code::invalid_argument);
  CHECK(reader->truncate(0).error().code() == code::invalid_argument);
  CHECK(reader->sync(sync_what::data));
  CHECK(writer->read_at(0, room).error().code() == code::invalid_argument);
  CHECK(writer->map().error().code() == code::permission);
  CHECK(writer->write_at(3, "d"));
  CHECK(*reader->size() == 4);
  auto directory = posix_fs().open(dir.path(), {});
  REQUIRE(directory);
  CHECK(directory->size().error().code() == code::is_a_directory);
  CHECK(directory->map().error().code() == code::is_a_directory);
  CHECK(directory->write_at(0, "x").error().code() == code::invalid_argument);
}

TEST_CASE("posix_file: a full volume takes what fits and says no_space, and what was there before is there") {
  if (tests::skipped_without_root("a volume of its own")) return;
  const tests::temp_dir dir;
  CHECK(tests::with_tmpfs(dir.path(), "size=64k", [&]() -> int {
          auto opened = posix_fs().open(dir / "f", {.access = access::read_write, .creation = creation::create});
          if (!opened || !opened->write_at(0, "before")) return 1;
          const std::string big(200'000, 'x');
          const bytes parts[] = {bytes(big).first(100'000), bytes(big).from(100'000)};
          const auto gathered = opened->write_at(6, gather(parts, 2));
          if (gathered || gathered.error().code() != code::no_space || gathered.error().doubt() != doubt::visible) return 2;
          const auto one = opened->write_at(6, big);
          if (one || one.error().code() != code::no_space) return 3;
          char room[6];
          if (*opened->read_at(0, room) != 6 || !(bytes(room, 6) == bytes("before"))) return 4;
          return opened->truncate(6) && opened->write_at(6, std::string(10'000, 'y')) ? 0 : 5;
        }) == 0);
}
