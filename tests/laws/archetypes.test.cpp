// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/clock.hpp>
#include <perdure/fs/atomic_writer.hpp>
#include <perdure/fs/create_new.hpp>
#include <perdure/fs/file_lock.hpp>
#include <perdure/fs/link_or_copy.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/temp_sweep.hpp>
#include <perdure/testing/fs_archetypes.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/models.hpp>

using namespace perdure;
using testing::dir_sync;
using testing::poorest_fs;
using testing::windows_like_fs;
using tests::get_from;
using tests::names_of;
using tests::put_into;

namespace {

using device_type = poorest_fs<mem_fs>;
using device_file = device_type::file;

static_assert(Fs<device_type> && Fs<windows_like_fs<mem_fs>> && File<device_file>);
static_assert(Fs<poorest_fs<posix_fs>> && Fs<windows_like_fs<posix_fs>> && Fs<poorest_fs<any_fs>>);
static_assert(!can_open_dir<device_type> && !can_open_dir<windows_like_fs<mem_fs>>);

template <class R>
bool cannot(const R& answer) {
  return !answer && answer.error().code() == code::unsupported && answer.error().outcome() == outcome::unchanged;
}

struct device {
  mem_fs memory;
  device_type fs{memory};
};

}  // namespace

TEST_CASE("archetypes: the poorest legal Fs has no optional operation, and every one says so and touches nothing") {
  device on;
  REQUIRE(put_into(on.fs, "f", "f"));
  auto file = on.fs.open("f", {.access = access::read_write});
  REQUIRE(file);
  char room[8];
  CHECK(cannot(rename_no_replace(on.fs, "f", "g")));
  CHECK(cannot(perdure::link(on.fs, "f", "g")));
  CHECK(cannot(make_link(on.fs, "f", "g")));
  CHECK(cannot(read_link(on.fs, "f", room)));
  CHECK(cannot(stat_link(on.fs, "f")));
  CHECK(cannot(rename_to(on.fs, "f", on.fs, "g")));
  CHECK(cannot(link_to(on.fs, "f", on.fs, "g")));
  CHECK(cannot(sync_all(on.fs, "f")));
  CHECK(cannot(backend_id_of(on.fs)));
  CHECK_FALSE(same_backend(on.fs, on.fs));
  CHECK(writer(on.fs, on.fs.nonce()) == writer_state::unknown);
  CHECK(cannot(try_lock(*file, lock_mode::shared)));
  CHECK(cannot(map(*file)));
  CHECK(cannot(clone_range(*file, 0, *file, 0, 1)));
  CHECK(cannot(get_attributes(*file)));
  CHECK(cannot(set_attributes(*file, {}, attribute_set::mode)));
  CHECK(cannot(for_each_xattr(*file, [](path_view, bytes) { return visit::go_on; })));
  CHECK(cannot(set_xattr(*file, "user.a", "b")));
  CHECK(names_of(on.fs, ".") == std::set<std::string>{"f"});
  CHECK(get_from(on.fs, "f") == "f");
}

TEST_CASE("archetypes: on the poorest legal Fs atomic_write does all that it does by default") {
  device on;
  CHECK(atomic_write(on.fs, "f", "one")->durability == durability::full);
  CHECK(atomic_write(on.fs, "f", "two", {.at_least = durability::full})->durability == durability::full);
  CHECK(atomic_write(on.fs, "f", "two", {.content = content::skip_unchanged})->skipped);
  CHECK(atomic_write(on.fs, "f", "three", {.durability = durability::ordered})->durability == durability::ordered);
  CHECK(atomic_write(on.fs, "a/b/f", "deep", {.parents = parents::make})->durability == durability::full);
  // Where there are no symbolic links, none is in the way.
  CHECK(atomic_write(on.fs, "f", "four", {.target_link = target_link::refuse}));
  CHECK(atomic_write(on.fs, "f", "five", {.target_link = target_link::follow}));
  CHECK(get_from(on.fs, "f") == "five");
  CHECK(get_from(on.fs, "a/b/f") == "deep");
  CHECK(names_of(on.fs, ".") == std::set<std::string>{"a", "f"});
}

TEST_CASE("archetypes: what the poorest legal Fs cannot give is unsupported, and the old file stands") {
  device on;
  REQUIRE(atomic_write(on.fs, "f", "old"));
  CHECK(cannot(atomic_write(on.fs, "f", "new", {.existing = existing::refuse})));
  CHECK(cannot(atomic_write(on.fs, "f", "new", {.keep = keep::mode})));
  CHECK(cannot(atomic_write(on.fs, "f", "new", {.set = attribute_set::mode, .attributes = {.mode = 0600}})));
  CHECK(cannot(create_new(on.fs, "g", "new")));
  CHECK(cannot(link_or_copy(on.fs, "f", on.fs, "g")));
  CHECK(cannot(file_lock<device_type>::try_take(on.fs, "f")));
  mem_fs unsynced;
  poorest_fs<mem_fs, dir_sync::unsupported> without_sync(unsynced);
  CHECK(cannot(atomic_write(without_sync, "g", "new", {.at_least = durability::full})));
  CHECK(names_of(without_sync, ".").empty());
  CHECK(atomic_write(without_sync, "g", "new", {.at_least = durability::ordered})->durability == durability::ordered);
  CHECK(get_from(on.fs, "f") == "old");
  CHECK(names_of(on.fs, ".") == std::set<std::string>{"f"});
  const auto attempted = atomic_write(on.fs, "f", "new", {.keep = keep::everything, .keeping = keeping::attempt});
  REQUIRE(attempted);
  CHECK(attempted->kept == keep::nothing);
  CHECK(get_from(on.fs, "f") == "new");
}

TEST_CASE("archetypes: the other verbs run on the poorest legal Fs as their contracts say") {
  device on;
  manual_clock clock(INT64_MAX / 2);
  CHECK(*make_dirs(on.fs, "d/e", durability::full) == durability::full);
  auto writer = atomic_writer<device_type>::open(on.fs, "d/f");
  REQUIRE(writer->write("pieces"));
  // No times and no writers: nobody can tell an orphan, so that nothing is removed.
  const auto swept = temp_sweep(on.fs, "d", clock, {.unjudged_after_ns = 0});
  CHECK((swept->unjudged == 1 && swept->removed == 0 && swept->failed == 0));
  REQUIRE(writer->commit());
  std::string text;
  REQUIRE(read_file(on.fs, "d/f", text, 6));
  CHECK(text == "pieces");
  const auto copied = link_or_copy(on.fs, "d/f", on.fs, "d/g", {.placement = placement::direct});
  REQUIRE(copied);
  CHECK((copied->placed == placed::copied && copied->size_bytes == 6 && copied->durability == durability::full));
  CHECK(names_of(on.fs, "d") == std::set<std::string>{"e", "f", "g"});
}

TEST_CASE("archetypes: a path that is too long, or is with a temporary name behind it, is too_large and touches nothing") {
  device on;
  const std::string directory(60, 'd');
  REQUIRE(on.fs.make_dir(directory));
  for (std::size_t size = 30; size < 120; ++size) {
    const std::string path = directory + "/" + std::string(size - 20, 'f');
    INFO(path.size());
    const auto done = atomic_write(on.fs, path, "x");
    const auto there = on.fs.stat(path);
    if (path.size() <= device_type::path_capacity) {
      REQUIRE(done);
      REQUIRE(on.fs.remove(path));
    } else {
      REQUIRE_FALSE(done);
      CHECK(done.error().code() == code::too_large);
      CHECK_FALSE(there);
    }
    CHECK(names_of(on.fs, directory).empty());
  }
  const std::string deep(85, 'd');
  REQUIRE(on.fs.make_dir(deep));
  CHECK(atomic_write(on.fs, deep + "/f", "x").error().code() == code::too_large);
  CHECK(atomic_writer<device_type>::open(on.fs, deep + "/f").error().code() == code::too_large);
  CHECK(names_of(on.fs, deep).empty());
}

TEST_CASE("archetypes: where open files cannot be renamed, no helper holds one over its rename") {
  mem_fs memory;
  windows_like_fs<mem_fs> fs(memory);
  REQUIRE(fs.make_dir("d"));
  REQUIRE(atomic_write(fs, "d\\f", "one"));
  CHECK(get_from(fs, "d/f") == "one");
  CHECK(atomic_write(fs, "d\\f", "two")->durability == durability::ordered);
  CHECK(cannot(atomic_write(fs, "d\\f", "three", {.at_least = durability::full})));
  CHECK(atomic_write(fs, "d\\f", "two", {.content = content::skip_unchanged})->skipped);
  REQUIRE(atomic_write(fs, "d\\f", "four", {.content = content::skip_unchanged}));
  REQUIRE(atomic_write(fs, "d\\f", "five", {.keep = keep::everything, .keeping = keeping::attempt}));
  REQUIRE(atomic_write(fs, "d\\new\\f", "deep", {.parents = parents::make}));
  REQUIRE(create_new(fs, "d\\g", "first"));
  REQUIRE(link_or_copy(fs, "d\\f", fs, "d\\h"));
  REQUIRE(link_or_copy(fs, "d\\f", memory, "copy"));
  {
    const auto reader = fs.open("d/f", {});
    REQUIRE(reader);
    const auto refused = atomic_write(fs, "d\\f", "while it is read");
    REQUIRE_FALSE(refused);
    CHECK((refused.error().code() == code::busy && refused.error().outcome() == outcome::unchanged));
    CHECK(get_from(fs, "d/f") == "five");
  }
  CHECK(names_of(fs, "d") == std::set<std::string>{"f", "g", "h", "new"});
  CHECK(get_from(memory, "copy") == "five");
  auto abandoned = atomic_writer<windows_like_fs<mem_fs>>::open(fs, "d\\f");
  REQUIRE(abandoned->write("never"));
  abandoned->abandon();
  CHECK(names_of(fs, "d").size() == 4);
}
