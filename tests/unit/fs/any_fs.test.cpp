// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/any_fs.hpp>
#include <perdure/fs/at_fs.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/link_or_copy.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/posix_fs.hpp>
#include <perdure/fs/read_file.hpp>
#include <perdure/testing/fault_fs.hpp>
#include <perdure/testing/fs_archetypes.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/scripted_fs.hpp>
#include <tests/support/temp_dir.hpp>

#include <array>
#include <string>
#include <type_traits>

using namespace perdure;

static_assert(std::is_trivially_copyable_v<any_fs> && sizeof(any_fs) == 2 * sizeof(void*));
static_assert(!std::is_copy_constructible_v<any_file>);
static_assert(!std::is_constructible_v<any_fs, const mem_fs&>);

namespace {

// A model whose handles are too large to be held in place, and count what lives.
class roomy_fs {
 public:
  using perdure_fs = roomy_fs;
  static inline int alive = 0;
  class file {
   public:
    explicit file(mem_fs::file base) : base_(std::move(base)) { ++alive; }
    file(file&& other) noexcept : base_(std::move(other.base_)) { ++alive; }
    file& operator=(file&&) noexcept = default;
    ~file() { --alive; }
    result<std::size_t> read_at(std::uint64_t at, mutable_bytes into) const { return base_.read_at(at, into); }
    result<void> write_at(std::uint64_t at, gather from) { return base_.write_at(at, from); }
    result<std::uint64_t> size() const { return base_.size(); }
    result<void> truncate(std::uint64_t size) { return base_.truncate(size); }
    result<void> sync(sync_what what) { return base_.sync(what); }
    result<void> close() { return base_.close(); }

   private:
    mem_fs::file base_;
    [[maybe_unused]] std::array<char, 200> room_{};
  };
  result<file> open(path_view path, const open_options& options) {
    auto opened = base_.open(path, options);
    if (!opened) return opened.error();
    return file(std::move(*opened));
  }
  result<file_info> stat(path_view path) { return base_.stat(path); }
  result<void> rename(path_view from, path_view to) { return base_.rename(from, to); }
  result<void> remove(path_view path) { return base_.remove(path); }
  result<void> make_dir(path_view path) { return base_.make_dir(path); }
  result<void> remove_dir(path_view path) { return base_.remove_dir(path); }
  result<void> for_each_entry(path_view path, entry_visitor visitor) { return base_.for_each_entry(path, visitor); }
  result<void> sync_dir(path_view path) { return base_.sync_dir(path); }
  struct nonce nonce() { return base_.nonce(); }

 private:
  mem_fs base_;
};

template <class T>
bool is_unsupported(const result<T>& answer) {
  return !answer && answer.error().code() == code::unsupported;
}

}  // namespace

TEST_CASE("any_fs: which model it is, is decided when the program runs, and a copy is the same one") {
  const tests::temp_dir dir;
  mem_fs memory;
  posix_fs disk;
  REQUIRE(memory.make_dir("tmp"));
  for (const bool on_disk : {true, false}) {
    any_fs fs = on_disk ? any_fs(disk) : any_fs(memory);
    any_fs copy = fs;
    const std::string path = on_disk ? dir / "f" : "f";
    REQUIRE(atomic_write(copy, path, "where", {.keep = keep::mode}));
    std::string text;
    REQUIRE(read_file(fs, path, text, 100));
    CHECK(text == "where");
    auto file = fs.open(path, {.access = access::read_write});
    REQUIRE(file);
    CHECK(begin_sync(*file).has_value() == on_disk);
  }
  CHECK(tests::get(dir / "f") == "where");
  CHECK(memory.stat("f"));
}

TEST_CASE("any_fs: what the model lacks is unsupported when the program runs") {
  mem_fs memory;
  testing::poorest_fs<mem_fs> device(memory);
  any_fs fs(device);
  auto file = fs.open("f", {.access = access::read_write, .creation = creation::create});
  REQUIRE(file);
  char room[4];
  CHECK(is_unsupported(link(fs, "f", "g")));
  CHECK(is_unsupported(rename_no_replace(fs, "f", "g")));
  CHECK(is_unsupported(make_link(fs, "f", "g")));
  CHECK(is_unsupported(read_link(fs, "f", room)));
  CHECK(is_unsupported(stat_link(fs, "f")));
  CHECK(is_unsupported(open_dir(fs, ".")));
  CHECK(is_unsupported(sync_all(fs, ".")));
  CHECK(is_unsupported(backend_id_of(fs)));
  CHECK(is_unsupported(rename_to(fs, "f", fs, "g")));
  CHECK(is_unsupported(link_to(fs, "f", fs, "g")));
  CHECK(writer(fs, fs.nonce()) == writer_state::unknown);
  CHECK(is_unsupported(try_lock(*file, lock_mode::shared)));
  CHECK(is_unsupported(begin_sync(*file)));
  CHECK(is_unsupported(map(*file)));
  CHECK(is_unsupported(get_attributes(*file)));
  CHECK(atomic_write(fs, "f", "without a held directory")->durability == durability::full);
}

TEST_CASE("any_fs: two of one model link across, two of different models copy") {
  mem_fs memory;
  mem_fs same = memory;
  posix_fs disk;
  const tests::temp_dir dir;
  any_fs a(memory);
  any_fs b(same);
  any_fs c(disk);
  REQUIRE(atomic_write(a, "f", "x"));
  CHECK(same_backend(a, memory));
  CHECK(link_or_copy(a, "f", b, "g")->placed == placed::linked);
  const auto copied = link_or_copy(a, "f", c, dir / "f");
  REQUIRE(copied);
  CHECK(copied->placed == placed::copied);
  CHECK(tests::get(dir / "f") == "x");
  CHECK(is_unsupported(a.rename_to("f", c, "f")));
  CHECK(is_unsupported(a.link_to("f", c, "f")));
  auto from = a.open("f", {});
  auto to = c.open(dir / "f", {.access = access::read_write});
  CHECK(is_unsupported(to->clone_range(0, *from, 0, 1)));
}

TEST_CASE("any_fs: handles of any size are moved and closed once, and one moved from is refused") {
  {
    roomy_fs model;
    any_fs fs(model);
    auto file = fs.open("f", {.access = access::read_write, .creation = creation::create});
    REQUIRE(file);
    any_file moved = std::move(*file);
    REQUIRE(moved.write_at(0, "roomy"));
    char room[8];
    CHECK(file->read_at(0, room).error().code() == code::invalid_argument);
    CHECK(file->write_at(0, "x").error().code() == code::invalid_argument);
    CHECK(file->close().error().code() == code::invalid_argument);
    auto other = fs.open("g", {.access = access::read_write, .creation = creation::create});
    *other = std::move(moved);
    CHECK(*other->size() == 5);
    CHECK(roomy_fs::alive == 1);
  }
  CHECK(roomy_fs::alive == 0);
  mem_fs memory;
  any_fs fs(memory);
  REQUIRE(memory.make_dir("d"));
  auto held = fs.open_dir("d");
  auto again = held->open_dir(".");
  REQUIRE(again);
  *held = std::move(*again);
  CHECK(held->make_dir("e"));
  CHECK(memory.stat("d/e"));
}

TEST_CASE("any_fs: a path that the model would take apart otherwise than everybody above is refused") {
  mem_fs memory;
  REQUIRE(memory.make_dir("root"));
  REQUIRE(atomic_write(memory, "secret", "kept"));
  testing::windows_like_fs<mem_fs> model(memory);
  any_fs any(model);
  auto rooted = at_fs<any_fs>::open(any, "root");
  REQUIRE(rooted);
  for (const char* path : {"..\\secret", "x\\..\\..\\secret"}) {
    CHECK(atomic_write(*rooted, path, "taken").error().code() == code::invalid_argument);
    CHECK(any.rename("secret", path).error().code() == code::invalid_argument);
    CHECK(any.rename(path, "x").error().code() == code::invalid_argument);
    CHECK(any.stat(path).error().code() == code::invalid_argument);
    CHECK(any.make_dir(path).error().code() == code::invalid_argument);
  }
  std::string text;
  REQUIRE(read_file(memory, "secret", text, 100));
  CHECK(text == "kept");
  REQUIRE(atomic_write(*rooted, "f", "x"));
  // Where the model separates by '/' alone, any other character is one of a name.
  any_fs plain(memory);
  REQUIRE(atomic_write(plain, "a\\b:c", "x"));
  CHECK(memory.stat("a\\b:c"));
}

TEST_CASE("any_fs: an extended attribute is removed through it, too") {
  mem_fs memory;
  any_fs any(memory);
  auto file = any.open("f", {.access = access::read_write, .creation = creation::create});
  REQUIRE(file);
  REQUIRE(set_xattr(*file, "user.a", "1"));
  REQUIRE(remove_xattr(*file, "user.a"));
  int seen = 0;
  REQUIRE(for_each_xattr(*file, [&](path_view, bytes) { return ++seen, visit::go_on; }));
  CHECK(seen == 0);
}

TEST_CASE("any_fs: what it is asked to make durable its model is asked, and nothing weaker") {
  mem_fs memory;
  tests::scripted_fs<mem_fs> script(memory);
  any_fs fs(script);
  auto file = fs.open("a", {.access = access::write, .creation = creation::create});
  REQUIRE(file);
  for (const auto what : {sync_what::order, sync_what::data, sync_what::all}) CHECK(file->sync(what));
  CHECK(file->close());
  CHECK(fs.sync_dir("."));
  CHECK(script.script().trace() == "create sync(order) sync(data) sync(all) close sync_dir(.)");
  testing::fault_fs failing(memory, "sync_all ** io");
  CHECK(any_fs(failing).sync_all(".").error().code() == code::io);
}
