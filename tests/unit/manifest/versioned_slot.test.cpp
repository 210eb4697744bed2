// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/describe.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/manifest/versioned_slot.hpp>
#include <perdure/testing/fault_fs.hpp>
#include <perdure/testing/fs_archetypes.hpp>
#include <perdure/testing/read_text.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/models.hpp>

#include <set>
#include <string>

namespace {

using namespace perdure;
using namespace perdure::testing;
using perdure::detail::version_entry;
using perdure::detail::version_name;
using perdure::detail::version_pointer;

using slot = versioned_slot<fault_fs<mem_fs>, manual_clock>;
static_assert(Slot<slot>);
static_assert(Slot<versioned_slot<mem_fs>>);

using names = std::set<std::string>;

struct place {
  mem_fs memory;
  fault_fs<mem_fs> fs{memory};
  manual_clock clock;
  std::string text;

  place() { REQUIRE(memory.make_dir("d")); }
  slot open(const versioned_slot_options& options = {}) { return slot(fs, "d", clock, options); }
  auto room() { return growing_room(text, 100'000); }
  names there() { return tests::names_of(memory, "d"); }
  std::string file(const std::string& name) {
    const auto got = read_text(memory, "d/" + name);
    return got ? *got : "(" + std::string(describe(got.error())) + ")";
  }
  void put(const std::string& name, const std::string& content) {
    auto onto = memory.open("d/" + name, {.access = access::write, .creation = creation::create});
    const bool done = onto && onto->truncate(0) && onto->write_at(0, content);
    REQUIRE(done);
  }
  slot::token save(slot& to, const std::string& value) {
    const auto now = to.load(room());
    REQUIRE(now);
    const auto next = to.replace(now->token, value);
    REQUIRE(next);
    return *next;
  }
};

template <class T>
enum code code_of(const result<T>& answer) {
  return answer ? static_cast<enum code>(0) : answer.error().code();
}

version_pointer three() {
  version_pointer all;
  for (const std::uint64_t number : {2U, 7U, 300U}) all = all.with({number, number * 1000, sha256_of(bytes_of(number))}, 3);
  return all;
}
std::string encoded(const version_pointer& pointer) {
  std::byte text[version_pointer::size_max];
  const bytes all = pointer.encode(text);
  return {reinterpret_cast<const char*>(all.data()), all.size()};
}

}  // namespace

TEST_CASE("versioned_slot: a version holds its value and nothing else, and the last few are kept") {
  place at;
  slot one = at.open({.keep = 3});
  for (const char* const value : {"one", "two", "", "four", "five"}) at.save(one, value);
  CHECK(at.there() == names{"current", "lock", "v3", "v4", "v5"});
  CHECK(at.file("v3").empty());
  CHECK(at.file("v4") == "four");
  CHECK(at.file("v5") == "five");
  const auto now = one.load(at.room());
  REQUIRE(now);
  CHECK(now->token.number == 5);
  CHECK(now->token.of == sha256_of("five"));
  slot fewer = at.open({.keep = 1});
  at.save(fewer, "six");
  CHECK(at.there() == names{"current", "lock", "v6"});
}

TEST_CASE("versioned_slot: the pointer is, byte by byte, what its table says") {
  const std::string text = encoded(three());
  REQUIRE(text.size() == 16 + 3 * 48 + 4);
  CHECK(text.substr(0, 16) == std::string("perdureV\1\0\0\0\3\0\0\0", 16));
  CHECK(text.substr(16, 16) == std::string("\x2c\1\0\0\0\0\0\0\xe0\x93\x04\0\0\0\0\0", 16));
  CHECK(bytes(text).from(32).first(32) == bytes(three()[0].of.bytes));
  CHECK(text.substr(64, 2) == std::string("\7\0", 2));
  const std::uint32_t sum = crc32c(bytes(text).first(text.size() - 4));
  CHECK(bytes(text).from(text.size() - 4) == bytes_of(sum));
  CHECK(encoded({}).size() == 20);
}

TEST_CASE("versioned_slot: a pointer comes back, and cut, longer or with any bit turned it is corrupt") {
  for (const version_pointer& all : {version_pointer(), three()}) {
    const std::string text = encoded(all);
    const auto back = version_pointer::decode(text);
    REQUIRE(back);
    REQUIRE(back->count() == all.count());
    for (std::size_t i = 0; i < all.count(); ++i) CHECK((*back)[i] == all[i]);
    CHECK(code_of(version_pointer::decode(text + '\0')) == code::corrupt);
    std::size_t refused = 0;
    for (std::size_t size = 0; size < text.size(); ++size)
      refused += code_of(version_pointer::decode(text.substr(0, size))) == code::corrupt ? 1 : 0;
    CHECK(refused == text.size());
    refused = 0;
    for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
      std::string turned = text;
      turned[bit / 8] = static_cast<char>(turned[bit / 8] ^ (1 << bit % 8));
      refused += code_of(version_pointer::decode(turned)) == code::corrupt ? 1 : 0;
    }
    CHECK(refused == 8 * text.size());
  }
}

TEST_CASE("versioned_slot: a pointer that lies with a good checksum is corrupt, and one of a later format is not ours to read") {
  const auto sealed = [](std::string text) {
    const std::uint32_t sum = crc32c(text);
    const bytes four = bytes_of(sum);
    return text.append(reinterpret_cast<const char*>(four.data()), four.size());
  };
  const std::string head("perdureV", 8);
  const auto number = [](std::uint32_t value) { return std::string(reinterpret_cast<const char*>(&value), 4); };
  CHECK(version_pointer::decode(sealed(head + number(1) + number(0))));
  CHECK(code_of(version_pointer::decode(sealed(head + number(2) + number(0)))) == code::version_unsupported);
  CHECK(code_of(version_pointer::decode(sealed(head + number(0) + number(0)))) == code::corrupt);
  CHECK(code_of(version_pointer::decode(sealed(head + number(1) + number(1)))) == code::corrupt);
  CHECK(code_of(version_pointer::decode(sealed(head + number(1) + number(UINT32_MAX)))) == code::corrupt);
  const std::string zero(48, '\0');
  CHECK(code_of(version_pointer::decode(sealed(head + number(1) + number(1) + zero))) == code::corrupt);
  const std::string entry = number(5) + std::string(44, '\0');
  CHECK(version_pointer::decode(sealed(head + number(1) + number(1) + entry)));
  CHECK(code_of(version_pointer::decode(sealed(head + number(1) + number(2) + entry + entry))) == code::corrupt);
  std::string many;
  for (std::uint32_t i = 33; i > 0; --i) many += number(i) + std::string(44, '\0');
  CHECK(code_of(version_pointer::decode(sealed(head + number(1) + number(33) + many))) == code::corrupt);
}

TEST_CASE("versioned_slot: a version has one name, and no other name is a version's") {
  for (const std::uint64_t number : {std::uint64_t{1}, std::uint64_t{10}, std::uint64_t{UINT64_MAX}}) {
    const version_name name(number);
    CHECK(version_name::parse(name.view()) == number);
  }
  CHECK(version_name(UINT64_MAX).view() == path_view("v18446744073709551615"));
  for (const char* const other : {"", "v", "v0", "v01", "v1 ", "v-1", "V1", "1", "vv1", "v18446744073709551616",
                                  "v99999999999999999999", "v1.tmp", "v184467440737095516150"})
    CHECK(version_name::parse(other) == 0);
}

TEST_CASE("versioned_slot: damage is corrupt, never absent, and nothing is built on it") {
  for (const char* const what : {"current", "v2", "v2 is short", "v2 is gone"}) {
    INFO(what);
    place at;
    slot one = at.open();
    at.save(one, "first");
    const auto last = at.save(one, "second");
    const std::string name = std::string(what).substr(0, what[0] == 'v' ? 2 : 7);
    std::string content = at.file(name);
    content.back() ^= 1;
    if (std::string(what) == "v2 is short") content.pop_back();
    at.put(name, content);
    if (std::string(what) == "v2 is gone") REQUIRE(at.memory.remove("d/v2"));
    CHECK(code_of(one.load(at.room())) == code::corrupt);
    CHECK(code_of(one.observe(at.room())) == code::corrupt);
    CHECK_FALSE(one.replace({}, "wrong"));
    if (name == "current") CHECK(code_of(one.replace(last, "wrong")) == code::corrupt);
    if (name == "current") at.put("current", std::string(5000, 'x'));
    if (name == "current") CHECK(code_of(one.observe(at.room())) == code::corrupt);
    if (name == "current") CHECK(code_of(one.load_or_older(at.room())) == code::corrupt);
  }
}

TEST_CASE("versioned_slot: an older value is shown to whoever asks for it, who is told, and it becomes the value") {
  place at;
  slot one = at.open({.keep = 3});
  for (const char* const value : {"first", "second", "third"}) at.save(one, value);
  const auto whole = one.load_or_older(at.room());
  REQUIRE(whole);
  CHECK_FALSE(whole->is_older());
  CHECK((whole->wanted == 3 && whole->found == 3 && at.text == "third"));
  REQUIRE(at.memory.remove("d/v3"));
  at.put("v2", "sekond");
  const auto older = one.load_or_older(at.room());
  REQUIRE(older);
  CHECK(older->is_older());
  CHECK((older->wanted == 3 && older->found == 1 && at.text == "first"));
  CHECK(older->now.token.number == 4);
  // What is damaged stays while its turn lasts: somebody may want to see what is left of it.
  CHECK(at.there() == names{"current", "lock", "v2", "v4"});
  CHECK(one.load(at.room())->token == older->now.token);
  CHECK(at.text == "first");
  CHECK(one.replace(older->now.token, "fifth"));
  slot other = at.open();
  CHECK(other.load(at.room())->token.number == 5);
}

TEST_CASE("versioned_slot: where no older one is whole there is none to fall back to, and a room that refuses is no damage") {
  place at;
  slot one = at.open({.keep = 2});
  for (const char* const value : {"first", "second"}) at.save(one, value);
  const auto full = [](std::uint64_t) -> result<mutable_bytes> { return failure(code::corrupt, operation::map); };
  CHECK(one.load_or_older(full).error().operation() == operation::map);
  CHECK(one.observe(full).error().operation() == operation::map);
  at.put("v1", "x");
  at.put("v2", "x");
  CHECK(code_of(one.load_or_older(at.room())) == code::corrupt);
  CHECK(at.there() == names{"current", "lock", "v1", "v2"});
}

TEST_CASE("versioned_slot: an older value that cannot be written again is a failure, and the damage stands") {
  place at;
  slot one = at.open();
  for (const char* const value : {"first", "second"}) at.save(one, value);
  REQUIRE(at.memory.remove("d/v2"));
  at.fs.plan().add("rename ** nth 1 no_space");
  const auto refused = one.load_or_older(at.room());
  CHECK(code_of(refused) == code::no_space);
  CHECK(refused.error().outcome() == outcome::unchanged);
  CHECK(code_of(one.load(at.room())) == code::corrupt);
  at.fs.plan().clear();
  at.fs.plan().add("sync_dir ** nth 2 io");
  CHECK(one.load_or_older(at.room()).error().outcome() == outcome::unknown);
  at.fs.plan().clear();
  CHECK(one.load_or_older(at.room()));
  CHECK(at.text == "first");
}

TEST_CASE("versioned_slot: a number that is on the disk is passed over, and what nobody names is swept once it is passed") {
  place at;
  slot one = at.open({.keep = 1});
  at.save(one, "first");
  at.put("v2", "of somebody who died");
  at.put("v3", "");
  at.put(".perdure-1-1-1-77.tmp", "");
  at.put("v9", "a stranger's");
  at.put("notes.txt", "a stranger's");
  // The number of an orphan is remembered by nothing but the orphan.
  slot next = at.open({.keep = 1});
  REQUIRE(next.load(at.room()));
  CHECK(at.there() == names{"current", "lock", "notes.txt", "v1", "v2", "v3", "v9"});
  CHECK(at.save(next, "second").number == 4);
  CHECK(at.there() == names{"current", "lock", "notes.txt", "v4", "v9"});
  // One that was removed, and came back.
  at.put("v1", "first");
  slot later = at.open({.keep = 1});
  REQUIRE(later.load(at.room()));
  CHECK(at.there() == names{"current", "lock", "notes.txt", "v4", "v9"});
  for (int i = 0; i < 5; ++i) CHECK(at.save(later, "more").number != 9);
  CHECK(at.there() == names{"current", "lock", "notes.txt", "v10"});
}

TEST_CASE("versioned_slot: what cannot be removed stays until it can, and harms nobody") {
  place at;
  slot one = at.open({.keep = 1});
  at.save(one, "first");
  at.fs.plan().add("remove ** busy");
  const auto next = at.save(one, "second");
  CHECK(at.there() == names{"current", "lock", "v1", "v2"});
  CHECK(one.load(at.room())->token == next);
  at.fs.plan().clear();
  CHECK(one.load(at.room())->token == next);
  CHECK(at.there() == names{"current", "lock", "v2"});
}

TEST_CASE("versioned_slot: a full disk while current is being replaced leaves the old value, and the next try works") {
  place at;
  slot one = at.open();
  const auto first = at.save(one, "first");
  for (const char* const rule :
       {"write **.tmp no_space", "write d/v* no_space", "sync **.tmp no_space", "rename ** no_space", "open **.tmp no_space",
        "sync d/v* no_space", "write d/v* no_space short 3", "truncate d/lock io", "sync_dir ** nth 1 sync_lost"}) {
    INFO(rule);
    at.fs.plan().add(rule);
    REQUIRE(at.fs.plan().ok());
    const auto refused = one.replace(first, "second");
    at.fs.plan().clear();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().outcome() == outcome::unchanged);
    CHECK(at.there() == names{"current", "lock", "v1"});
    CHECK(at.open().observe(at.room())->token == first);
  }
  const auto second = one.replace(first, "second");
  REQUIRE(second);
  CHECK(second->number > 9);
  CHECK(one.load(at.room())->earlier == earlier::nothing);
}

TEST_CASE("versioned_slot: a directory sync that fails after the rename leaves a doubt, which a load ends by writing again") {
  place at;
  slot one = at.open({.keep = 1});
  slot other = at.open({.lock_timeout_ns = 0});
  const auto first = at.save(one, "first");
  at.fs.plan().add("sync_dir ** nth 2 io");
  const auto second = one.replace(first, "second");
  REQUIRE_FALSE(second);
  CHECK(second.error().doubt() == doubt::durable);
  // Both may be the value, so that both are there.
  CHECK(at.there() == names{"current", "lock", "v1", "v2"});
  CHECK(code_of(one.replace(first, "third")) == code::conflict);
  CHECK(code_of(other.load(at.room())) == code::timed_out);
  CHECK(other.observe(at.room())->token.number == 2);
  at.fs.plan().clear();
  at.fs.plan().add("rename ** io");
  CHECK_FALSE(one.load(at.room()));
  CHECK(code_of(one.replace(first, "third")) == code::conflict);
  CHECK(code_of(other.load(at.room())) == code::timed_out);
  at.fs.plan().clear();
  const auto settled = one.load(at.room());
  REQUIRE(settled);
  CHECK(settled->earlier == earlier::took_effect);
  CHECK(at.text == "second");
  CHECK(at.there() == names{"current", "lock", "v2"});
  CHECK(other.load(at.room()));
  CHECK(one.load(at.room())->earlier == earlier::nothing);
}

TEST_CASE("versioned_slot: a rename that may have happened and did not had no effect, and its number is gone") {
  place at;
  slot one = at.open({.keep = 1});
  const auto first = at.save(one, "first");
  at.fs.plan().add("rename ** nth 1 io doubt visible");
  CHECK(one.replace(first, "second").error().doubt() == doubt::visible);
  const auto settled = one.load(at.room());
  REQUIRE(settled);
  CHECK(settled->earlier == earlier::had_no_effect);
  CHECK(settled->token == first);
  CHECK(at.there() == names{"current", "lock", "v1", "v2"});
  CHECK(one.replace(first, "third")->number == 3);
  CHECK(at.there() == names{"current", "lock", "v3"});
}

TEST_CASE("versioned_slot: a doubt about a value that was damaged since took effect all the same") {
  place at;
  slot one = at.open();
  const auto first = at.save(one, "first");
  at.fs.plan().add("sync_dir ** nth 2 io");
  REQUIRE_FALSE(one.replace(first, "second"));
  at.fs.plan().clear();
  REQUIRE(at.memory.remove("d/v2"));
  CHECK(code_of(one.load(at.room())) == code::corrupt);
  CHECK(code_of(one.replace(first, "third")) == code::conflict);
  const auto older = one.load_or_older(at.room());
  REQUIRE(older);
  CHECK(older->now.earlier == earlier::took_effect);
  CHECK(at.text == "first");
}

TEST_CASE("versioned_slot: what is known to be durable is not written again, and what is not is") {
  place at;
  for (const auto who : {writers::any, writers::only_this}) {
    slot one = at.open({.writers = who});
    at.save(one, "value");
    at.fs.plan().add("rename ** io");
    CHECK(one.load(at.room()));
    at.fs.plan().clear();
  }
  REQUIRE(at.memory.remove("d/lock"));
  at.fs.plan().add("rename ** io");
  const auto refused = at.open().load(at.room());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().outcome() == outcome::unchanged);
  at.fs.plan().clear();
  CHECK(at.open().load(at.room()));
  at.fs.plan().add("rename ** io");
  CHECK(at.open().load(at.room()));
}

TEST_CASE("versioned_slot: to observe takes no lock and changes nothing") {
  place at;
  slot one = at.open({.lock_timeout_ns = 0});
  CHECK_FALSE(one.observe(at.room())->exists());
  CHECK(at.there().empty());
  at.save(one, "first");
  const auto held = file_lock<fault_fs<mem_fs>>::try_take(at.fs, "d/lock");
  REQUIRE(held);
  for (const char* const rule :
       {"write ** io", "truncate ** io", "rename ** io", "remove ** io", "sync ** io", "sync_dir ** io", "lock ** io"})
    at.fs.plan().add(rule);
  CHECK(one.observe(at.room())->token.number == 1);
  at.fs.plan().clear();
  CHECK(code_of(one.load(at.room())) == code::timed_out);
  CHECK(code_of(one.replace({}, "x")) == code::timed_out);
}

TEST_CASE("versioned_slot: in a directory that is not there nothing is missing") {
  place at;
  slot lost(at.fs, "no", at.clock);
  CHECK(code_of(lost.load(at.room())) == code::not_found);
  CHECK(code_of(lost.observe(at.room())) == code::not_found);
  CHECK(code_of(lost.replace({}, "x")) == code::not_found);
  slot alone(at.fs, "no", at.clock, {.writers = writers::only_this});
  CHECK(code_of(alone.load(at.room())) == code::not_found);
  CHECK(code_of(alone.replace({}, "x")) == code::not_found);
  at.put("file", "");
  slot in_file(at.fs, "d/file", at.clock);
  CHECK(code_of(in_file.observe(at.room())) == code::not_a_directory);
}

TEST_CASE("versioned_slot: what an Fs cannot give is unsupported, and nothing is left behind") {
  mem_fs memory;
  poorest_fs<mem_fs> no_locks(memory);
  manual_clock clock;
  std::string text;
  REQUIRE(memory.make_dir("d"));
  versioned_slot locked(no_locks, "d", clock);
  CHECK(code_of(locked.load(growing_room(text, 10))) == code::unsupported);
  CHECK(code_of(locked.replace({}, "x")) == code::unsupported);
  poorest_fs<mem_fs, dir_sync::unsupported> no_sync(memory);
  versioned_slot alone(no_sync, "d", clock, {.writers = writers::only_this});
  const auto refused = alone.replace({}, "x");
  CHECK(code_of(refused) == code::unsupported);
  CHECK(refused.error().outcome() == outcome::unchanged);
  CHECK_FALSE(alone.load(growing_room(text, 10)));
  versioned_slot device(no_locks, "d", clock, {.writers = writers::only_this});
  CHECK(device.replace({}, "x"));
  CHECK(code_of(versioned_slot(no_locks, std::string(95, 'd'), clock, {.writers = writers::only_this}).replace({}, "x")) ==
        code::too_large);
}

TEST_CASE("versioned_slot: a limit is told before anything is touched, and when all numbers are used there is none") {
  place at;
  slot one = at.open({.size_bytes_max = 4});
  CHECK(code_of(one.replace({}, "12345")) == code::too_large);
  CHECK(at.there().empty());
  at.save(one, "1234");
  CHECK(code_of(at.open({.size_bytes_max = 3}).load(at.room())) == code::too_large);
  char small[3];
  CHECK(code_of(one.load(fixed_room(mutable_bytes(small)))) == code::too_large);
  version_pointer last;
  last = last.with({UINT64_MAX, 1, sha256_of("x")}, 1);
  at.put("current", encoded(last));
  at.put("v18446744073709551615", "x");
  const auto now = one.load(at.room());
  REQUIRE(now);
  CHECK(code_of(one.replace(now->token, "y")) == code::too_large);
  CHECK(at.text == "x");
}

TEST_CASE("versioned_slot: a path of its own") {
  place at;
  auto moved = [&] {
    std::string path = "d";
    slot made(at.fs, path, at.clock);
    path = "x";
    return made;
  }();
  REQUIRE(moved.replace({}, "x"));
  CHECK(at.file("v1") == "x");
}
