// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/describe.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/posix_fs.hpp>
#include <perdure/store/fs_store.hpp>
#include <perdure/store/store_optional.hpp>
#include <perdure/testing/fault_fs.hpp>
#include <perdure/testing/fs_archetypes.hpp>
#include <perdure/testing/read_text.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/counting_fs.hpp>
#include <tests/support/temp_dir.hpp>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace perdure;
using testing::read_text;
using tests::counting_fs;

namespace {

template <Store S>
std::vector<std::string> all_keys(S& store, std::size_t limit) {
  std::vector<std::string> all;
  std::string cursor;
  for (result<listed> page = listed::more; page && *page == listed::more;) {
    page = store.list("", cursor, limit, [&](const listed_object& one) {
      all.emplace_back(one.key.data(), one.key.size());
      return visit::go_on;
    });
    if (!all.empty()) cursor = all.back();
  }
  return all;
}

// A volume that leaves out of a listing what is replaced while it is read, as btrfs does: of each listing that is to be spoilt
// another name. It knows when a directory was changed.
class forgetful_fs : public mem_fs {
 public:
  using perdure_fs = forgetful_fs;
  int spoilt = 0;
  int listings = 0;
  std::int64_t changed = 1;
  result<file_info> stat(path_view path) const {
    auto info = mem_fs::stat(path);
    if (info && info->kind == file_kind::directory) info->modified_ns = changed;
    return info;
  }
  result<void> for_each_entry(path_view path, entry_visitor visitor) {
    int files = 0;
    const bool is_spoilt = listings++ < spoilt;
    if (is_spoilt) ++changed;
    return mem_fs::for_each_entry(path, [&](const dir_entry& entry) {
      const bool is_left_out = is_spoilt && entry.kind == file_kind::file && ++files == listings;
      return is_left_out ? visit::go_on : visitor(entry);
    });
  }
};

// So many puts onto one key, each if it matches the version that was read. Who won a version is noted where all can see it.
void each_version_has_one_winner(int processes, int total) {
  const tests::temp_dir dir("/dev/shm");
  posix_fs disk;
  fs_store store(disk, dir.path());
  REQUIRE(store.put("count", "0 -", precondition::absent));
  const std::size_t size = static_cast<std::size_t>(total) * sizeof(int);
  auto* const winners = static_cast<int*>(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  REQUIRE(winners != MAP_FAILED);
  std::vector<pid_t> children;
  for (int i = 0; i < processes; ++i) {
    children.push_back(::fork());
    if (children.back() != 0) continue;
    for (;;) {
      char room[64] = {};
      const auto there = store.get("count", room);
      if (!there) ::_exit(1);
      const int version = std::atoi(room);
      if (version >= total) ::_exit(0);
      const std::string next = std::to_string(version + 1) + " by " + std::to_string(i);
      const auto put = store.put("count", next, precondition::matches(there->etag));
      if (put) __atomic_add_fetch(winners + version, 1, __ATOMIC_RELAXED);
      if (!put && !is_lost(put.error())) ::_exit(2);
    }
  }
  for (const pid_t child : children) {
    int status = 1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  CHECK(std::atoi(read_text(store, "count")->c_str()) == total);
  int without = 0;
  int with_several = 0;
  for (int version = 0; version < total; ++version) {
    without += winners[version] == 0 ? 1 : 0;
    with_several += winners[version] > 1 ? 1 : 0;
  }
  ::munmap(winners, size);
  CHECK((without == 0 && with_several == 0));
}

}  // namespace

TEST_CASE("fs_store: an object is a file with its bytes alone, under a name that every volume takes") {
  mem_fs files;
  fs_store store(files, "root");
  REQUIRE(store.create_root());
  REQUIRE(store.put("Con/a b", "content", precondition::any));
  CHECK(*read_text(files, "root/k%43on%2fa%20b") == "content");
  REQUIRE(store.put("../x", "y", precondition::any));
  CHECK(*read_text(files, "root/k%2e%2e%2fx") == "y");
  CHECK_FALSE(files.stat("x"));
}

TEST_CASE("fs_store: whatever a key looks like, it is an object of its own in the root, and nothing else is touched") {
  const tests::temp_dir dir("/dev/shm");
  posix_fs disk;
  const std::string root = dir.path() + "/root";
  fs_store store(disk, root, {.objects_per_directory = 4});
  REQUIRE(store.create_root());
  REQUIRE(atomic_write(disk, dir.path() + "/beside", "untouched"));
  std::vector<std::string> keys = {"..",          "../beside",  "../../etc/passwd",
                                   "/etc/passwd", "/",          "//",
                                   "a//b",        "a/b",        "a/",
                                   "a",           "A",          "a/../b",
                                   "./a",         ".",          "CON",
                                   "con",         "Con.txt",    "aux",
                                   "NUL",         "nul.tar.gz", "COM1",
                                   "lpt9.x",      "a.",         "a ",
                                   "a:b",         "C:\\x",      "\\\\h\\s",
                                   "a\\b",        "%2e%2e",     "%",
                                   "k",           "x",          "d%61",
                                   "s-lock-0",    "k%61",       ".perdure-1-1-1-1.tmp",
                                   "\xc3\x84",    "\xc3\xa4",   "a\xcc\x88",
                                   "\xe4\xb8\xad"};
  for (const char c : {'k', '/', '.', 'K', '%'}) {
    for (const std::size_t size : {255U, 256U, 512U, 1023U, 1024U}) keys.push_back(std::string(size, c));
  }
  for (const std::string& key : keys) {
    INFO(key);
    REQUIRE(store.put(key, "of " + key, precondition::absent));
  }
  for (const std::string& key : keys) CHECK(read_text(store, key).value() == "of " + key);
  std::sort(keys.begin(), keys.end());
  CHECK(all_keys(store, 7) == keys);
  CHECK(read_text(disk, dir.path() + "/beside").value() == "untouched");
  std::size_t entries = 0;
  REQUIRE(disk.for_each_entry(dir.path(), [&](const dir_entry&) { return ++entries, visit::go_on; }));
  CHECK(entries == 2);
  for (const std::string& bad :
       {std::string(), std::string("a\0b", 3), std::string("\0", 1), std::string("\xff"), std::string("\xc0\xae")}) {
    CHECK(store.put(bad, "x", precondition::any).error().code() == code::invalid_argument);
    CHECK(store.remove(bad).error().code() == code::invalid_argument);
  }
  CHECK(store.put(std::string(1025, 'k'), "x", precondition::any).error().code() == code::too_large);
  for (const std::string& key : keys) REQUIRE(store.remove(key));
  CHECK(all_keys(store, 7).empty());
}

TEST_CASE("fs_store: without a root there is no store, and none is made by a put") {
  mem_fs files;
  fs_store store(files, "root");
  const auto put = store.put("k", "v", precondition::any);
  CHECK((!put && put.error().code() == code::invalid_storage_root && put.error().doubt() == doubt::none));
  char room[4];
  CHECK(store.get("k", room).error().code() == code::invalid_storage_root);
  CHECK_FALSE(files.stat("root"));
  // Of no path it is not the root of the system.
  for (const auto writing : {writers::any, writers::only_this}) {
    fs_store nowhere(files, "", {.writers = writing});
    CHECK_FALSE(nowhere.create_root());
    for (const auto& when : {precondition::any, precondition::absent})
      CHECK(nowhere.put("k", "v", when).error().code() == code::invalid_storage_root);
    CHECK(nowhere.settle("k").error().code() == code::invalid_storage_root);
    CHECK(nowhere.remove("k").error().code() == code::invalid_storage_root);
  }
  std::size_t entries = 0;
  REQUIRE(files.for_each_entry("/", [&](const dir_entry&) { return ++entries, visit::go_on; }));
  CHECK(entries == 0);
}

TEST_CASE("fs_store: what else is in the root is no object, and is left alone") {
  mem_fs files;
  fs_store store(files, "root", {.objects_per_directory = 1});
  REQUIRE(store.create_root());
  for (const char* const name : {"root/.perdure-1-1-1-1.tmp", "root/k%6", "root/k%zz", "root/kA", "root/k%4A", "root/k%61",
                                 "root/k%7a", "root/other", "root/d%6"})
    REQUIRE(atomic_write(files, name, "x"));
  // Names of what is no key, or would be kept elsewhere.
  for (const char* const below : {"root/xab", "root/d%ff", "root/d%zz"}) {
    REQUIRE(make_dirs(files, below));
    REQUIRE(atomic_write(files, std::string(below) + "/kc", "x"));
  }
  REQUIRE(atomic_write(files, "root/k%ff", "x"));
  REQUIRE(store.put("a", "1", precondition::absent));
  REQUIRE(store.put("b", "2", precondition::absent));
  CHECK(all_keys(store, 10) == std::vector<std::string>{"a", "b"});
  CHECK(files.stat("root/other"));
}

TEST_CASE("fs_store: stores that fill directories differently find each other's objects") {
  mem_fs files;
  fs_store narrow(files, "root", {.objects_per_directory = 1});
  fs_store wide(files, "root", {.objects_per_directory = 1000});
  REQUIRE(narrow.create_root());
  for (int i = 0; i < 60; ++i) {
    const std::string key = "key" + std::to_string(i * 7 % 60);
    REQUIRE((i % 2 == 0 ? wide.put(key, key, precondition::absent) : narrow.put(key, key, precondition::absent)));
  }
  CHECK(all_keys(narrow, 7) == all_keys(wide, 1000));
  CHECK(all_keys(wide, 3).size() == 60);
  CHECK(wide.put("key3", "x", precondition::absent).error().code() == code::already_exists);
  for (int i = 0; i < 60; ++i) REQUIRE((i % 2 == 0 ? narrow : wide).remove("key" + std::to_string(i)));
  CHECK(all_keys(wide, 7).empty());
}

TEST_CASE("fs_store: a page costs no more than the page, however many keys there are") {
  counting_fs files;
  manual_clock clock;
  fs_store<counting_fs, manual_clock> store(files, "root", clock, {.writers = writers::only_this, .objects_per_directory = 16});
  REQUIRE(store.create_root());
  constexpr std::size_t keys = 1500;
  for (std::size_t i = 0; i < keys; ++i)
    REQUIRE(store.put("objects/" + std::to_string(i * 2654435761U % 1'000'003U), "", precondition::any));
  files.shown = 0;
  CHECK(all_keys(store, 100).size() == keys);
  CHECK(files.shown < keys * 20);  // and not keys * keys / 100
}

TEST_CASE("fs_store: a new object does not count those that are there, and a directory has about as many as it may") {
  counting_fs files;
  manual_clock clock;
  // Two of them, as two processes would.
  fs_store<counting_fs, manual_clock> one(files, "root", clock, {.writers = writers::only_this, .objects_per_directory = 512});
  fs_store<counting_fs, manual_clock> other(files, "root", clock, {.writers = writers::only_this, .objects_per_directory = 512});
  REQUIRE(one.create_root());
  for (int i = 0; i < 1400; ++i) REQUIRE((i % 2 == 0 ? one : other).put("k" + std::to_string(i), "", precondition::any));
  CHECK(files.shown < 1400 * 20);  // and not 1400 * 512 / 2
  std::size_t entries = 0;
  REQUIRE(files.for_each_entry("root", [&](const dir_entry&) { return ++entries, visit::go_on; }));
  CHECK(entries >= 512);
  CHECK(entries < 2 * 512);
}

TEST_CASE("fs_store: a directory that changes while it is listed is read again, and what one reading left out is there") {
  const std::string long_one(300, 'l');  // in a directory of its own
  const std::vector<std::string> keys{"a", "b", "c", long_one, long_one + "1", long_one + "2"};
  forgetful_fs files;
  manual_clock clock;
  fs_store<forgetful_fs, manual_clock> store(files, "root", clock, {.writers = writers::only_this});
  REQUIRE(store.create_root());
  for (const auto& key : keys) REQUIRE(store.put(key, "x", precondition::any));
  for (const int spoilt : {0, 1, 2, 3}) {
    files.spoilt = spoilt;
    files.listings = 0;
    CHECK(all_keys(store, 100) == keys);
  }
  // What changes all the time is not read for ever.
  files.spoilt = 1'000'000;
  files.listings = 0;
  CHECK(all_keys(store, 100).size() <= keys.size());
  CHECK(files.listings <= 4 + 4 * 4);
}

TEST_CASE("fs_store: a sweep takes away what a writer that died has left, in every directory") {
  const tests::temp_dir dir;
  posix_fs disk;
  fs_store store(disk, dir.path(), {.objects_per_directory = 1});
  for (const char* const key : {"a", "b", "bc", "bcd"}) REQUIRE(store.put(key, "x", precondition::any));
  const pid_t child = ::fork();
  if (child == 0) {
    const temp_name orphan(disk.nonce());
    const std::string name(orphan.data(), orphan.size());
    for (const char* const below : {"/", "/d%62/", "/d%62/d%63/"})
      (void)disk.open(dir.path() + below + name, {.access = access::write, .creation = creation::create_new});
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  const auto swept = store.sweep();
  REQUIRE(swept);
  CHECK(swept->removed == 3);
  CHECK(all_keys(store, 10).size() == 4);
}

TEST_CASE("fs_store: of eight processes that swap one value one wins each version, and none is undone") {
  each_version_has_one_winner(8, 200);
}
TEST_CASE("fs_store: of eight processes that swap one value 10,000 times one wins each version", "[.][long]") {
  each_version_has_one_winner(8, 10'000);
}

TEST_CASE("fs_store: a batch is what one put after another would be, whatever its size") {
  for (const std::size_t at_least : {std::size_t{1}, SIZE_MAX}) {
    mem_fs files;
    fs_store store(files, "root", {.volume_sync_at_least = at_least, .objects_per_directory = 8});
    std::vector<std::string> keys;
    std::vector<put_item> items;
    for (int i = 0; i < 300; ++i)
      keys.push_back(i % 50 == 0 ? std::string(500, '/') + std::to_string(i) : "k" + std::to_string(i));
    for (const std::string& key : keys) items.push_back({key, key});
    CHECK(store.put_many(items.data(), items.size()).error().code() == code::invalid_storage_root);
    REQUIRE(store.create_root());
    REQUIRE(store.put("k7", "old", precondition::any));
    REQUIRE(store.put_many(items.data(), items.size()));
    for (const std::string& key : keys) CHECK(read_text(store, key).value() == key);
    std::sort(keys.begin(), keys.end());
    CHECK(all_keys(store, 100) == keys);
    std::size_t in_root = 0;
    REQUIRE(
        files.for_each_entry("root", [&](const dir_entry& one) { return in_root += one.name[0] == 'k' ? 1 : 0, visit::go_on; }));
    CHECK((in_root == 7 || in_root == 8));  // one may be of several directories
    CHECK(store.sweep()->living == 0);
    const put_item bad[] = {{"new", "x"}, {"", "y"}};
    CHECK(store.put_many(bad, 2).error().code() == code::invalid_argument);
    CHECK_FALSE(store.head("new"));
  }
}

TEST_CASE("fs_store: a batch that fails leaves no temporary file, and says whether some of it was put") {
  for (const bool begun : {false, true}) {
    mem_fs memory;
    testing::fault_fs files(memory, begun ? "rename ** nth 3 io" : "write ** nth 3 no_space");
    manual_clock clock;
    fs_store<testing::fault_fs<mem_fs>, manual_clock> store(files, "root", clock);
    REQUIRE(store.create_root());
    const put_item items[] = {{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}};
    const auto put = store.put_many(items, 4);
    REQUIRE_FALSE(put);
    CHECK(put.error().doubt() == (begun ? doubt::visible : doubt::none));
    CHECK(testing::read_text(store, "b").has_value() == begun);
    CHECK(std::string(describe(put.error())).find("put of 'c'") == 0);
    std::size_t entries = 0;
    REQUIRE(
        memory.for_each_entry("root", [&](const dir_entry& one) { return entries += one.name[0] == '.' ? 1 : 0, visit::go_on; }));
    CHECK(entries == 0);
  }
}

TEST_CASE("fs_store: a batch costs two syncs of the volume, and one by one two syncs each") {
  mem_fs memory;
  testing::fault_fs files(memory);
  std::size_t syncs = 0;
  files.plan().before_each([&](enum operation called, path_view) {
    syncs += called == operation::sync || called == operation::sync_dir || called == operation::sync_all ? 1 : 0;
  });
  manual_clock clock;
  fs_store<testing::fault_fs<mem_fs>, manual_clock> store(files, "root", clock);
  REQUIRE(store.create_root());
  std::vector<std::string> keys;
  std::vector<put_item> items;
  for (int i = 0; i < 100; ++i) keys.push_back("k" + std::to_string(i));
  for (const std::string& key : keys) items.push_back({key, key});
  syncs = 0;
  REQUIRE(store.put_many(items.data(), 100));
  CHECK(syncs == 2);
  syncs = 0;
  const std::vector<key_view> met(keys.begin(), keys.end());
  REQUIRE(store.settle_many(met.data(), 100));
  CHECK(syncs == 1);
  syncs = 0;
  REQUIRE(store.settle_many(met.data(), 3));
  CHECK(syncs == 3);
  syncs = 0;
  REQUIRE(store.put_many(items.data(), 4));
  CHECK(syncs == 5);
  syncs = 0;
  for (const put_item& one : items) REQUIRE(store.put(one.key, one.content, precondition::any));
  CHECK(syncs == 200);
}

TEST_CASE("fs_store: what a batch has written is on its way before the sync that waits for all of it, or nobody sees any of it") {
  const tests::temp_dir dir;
  posix_fs disk;
  for (const bool fails : {false, true}) {
    testing::fault_fs files(disk);
    if (fails) files.plan().add("sync ** nth 5 io");
    std::string seen;
    files.plan().before_each([&](enum operation called, path_view) {
      seen += called == operation::sync ? "begun " : called == operation::sync_all ? "all " : "";
    });
    const std::string root = dir / (fails ? "fails" : "succeeds");
    REQUIRE(fs_store(disk, root).create_root());
    fs_store store(files, root);
    std::vector<std::string> keys;
    std::vector<put_item> items;
    for (int i = 0; i < 8; ++i) keys.push_back("k" + std::to_string(i));
    for (const std::string& key : keys) items.push_back({key, key});
    const auto put = store.put_many(items.data(), items.size());
    CHECK(seen == (fails ? "begun begun begun begun begun " : "begun begun begun begun begun begun begun begun all all "));
    CHECK(put.has_value() == !fails);
    if (fails) CHECK((put.error().code() == code::io && put.error().doubt() == doubt::none));
    std::set<std::string> names;
    for (const std::string& name : tests::names_in(root)) names.insert(name.substr(0, 1));
    CHECK(names == (fails ? std::set<std::string>{} : std::set<std::string>{"k", "s"}));
  }
}

TEST_CASE("fs_store: nobody waits for the content of a put without a condition, and the next one for its name") {
  mem_fs memory;
  manual_clock clock;
  fs_store<mem_fs, manual_clock> other(memory, "root", clock, {.lock_timeout_ns = 0});
  REQUIRE(other.create_root());
  testing::fault_fs files(memory);
  std::string seen;
  files.plan().before_each([&](enum operation called, path_view) {
    if (called != operation::sync && called != operation::sync_dir) return;
    seen += other.put("k", "theirs", precondition::any) ? "free " : "held ";
  });
  fs_store<testing::fault_fs<mem_fs>, manual_clock> store(files, "root", clock);
  REQUIRE(store.put("k", "ours", precondition::any));
  CHECK(seen == "free held ");
  CHECK(read_text(other, "k").value() == "ours");
}

TEST_CASE("fs_store: what the Fs cannot give is said") {
  mem_fs files;
  manual_clock clock;
  REQUIRE(files.make_dir("root"));
  testing::poorest_fs device(files);
  fs_store<testing::poorest_fs<mem_fs>, manual_clock> shared(device, "root", clock);
  CHECK(shared.put("k", "v", precondition::any).error().code() == code::unsupported);
  fs_store<testing::poorest_fs<mem_fs>, manual_clock> alone(device, "root", clock, {.writers = writers::only_this});
  CHECK(alone.put("k", "v", precondition::absent));
  CHECK(alone.put("k", "v", precondition::absent).error().code() == code::already_exists);
  using no_dir_sync = testing::poorest_fs<mem_fs, testing::dir_sync::unsupported>;
  no_dir_sync windows(files);
  fs_store<no_dir_sync, manual_clock> strict(windows, "root", clock, {.writers = writers::only_this});
  const auto put = strict.put("l", "v", precondition::any);
  CHECK((!put && put.error().code() == code::unsupported && put.error().doubt() == doubt::durable));
  fs_store<no_dir_sync, manual_clock> lenient(windows, "root", clock,
                                              {.writers = writers::only_this, .at_least = durability::ordered});
  CHECK(lenient.put("l", "w", precondition::any));
  CHECK(lenient.remove("l"));
}
