// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/describe.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/manifest/object_slot.hpp>
#include <perdure/store/any_store.hpp>
#include <perdure/store/counting_store.hpp>
#include <perdure/store/fs_store.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/store/prefix_store.hpp>
#include <perdure/store/read_object.hpp>
#include <perdure/store/retry_store.hpp>
#include <perdure/testing/fault_store.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/golden.hpp>

#include <string>

namespace {

using namespace perdure;
using namespace perdure::testing;

// One in which all that can be seen is durable.
struct store : fault_store<mem_store> {
  using perdure_store = store;
  using fault_store<mem_store>::fault_store;
  void settle(key_view) = delete;
};
using slot = object_slot<store>;
static_assert(Slot<slot>);

struct place {
  mem_store memory;
  store objects{memory};
  std::string text;

  slot open(object_slot_options options = {}) { return slot(objects, "head", options); }
  auto room() { return growing_room(text, 100'000); }
  std::string object() {
    std::string found;
    return read_object(memory, "head", found, 1 << 20) ? found : "absent";
  }
  result<slot::token> put(slot& one, const std::string& value) {
    const auto now = one.load(room());
    if (!now) return now.error();
    return one.replace(now->token, value);
  }
  std::string seen() {
    slot other(objects, "head");
    const auto now = other.observe(room());
    if (!now) return describe(now.error()).c_str();
    return std::string(reinterpret_cast<const char*>(now->value.data()), now->value.size());
  }
};

TEST_CASE("object_slot: a replace of what this slot has seen is one put, and a load one get") {
  place at;
  auto one = at.open();
  auto last = at.put(one, "a");
  REQUIRE(last);
  at.objects.plan().add("get ** io");
  at.objects.plan().add("head ** io");
  for (const char* const value : {"b", "c"}) {
    last = one.replace(*last, value);
    REQUIRE(last);
  }
  at.objects.plan().clear();
  at.objects.plan().add("put ** io");
  at.objects.plan().add("head ** io");
  auto other = at.open();
  const auto now = other.load(at.room());
  REQUIRE(now);
  CHECK(now->token == *last);
}

TEST_CASE("object_slot: a put whose answer was lost is found, whoever has written since; one that never came cannot come later") {
  for (const char* const rule : {"put ** nth 1 timed_out after", "put ** nth 1 timed_out", "put ** nth 1 timed_out late 1"}) {
    for (const int others : {0, 1, 15, 16}) {
      for (const bool first : {true, false}) {
        place at;
        auto one = at.open();
        result<slot::token> before = slot::token();
        if (!first) before = at.put(one, "old");
        REQUIRE(before);
        at.objects.plan().add(rule);
        const auto lost = one.replace(*before, "new");
        at.objects.plan().clear();
        REQUIRE_FALSE(lost);
        CHECK(lost.error().outcome() == outcome::unknown);
        CHECK(one.replace(*before, "wrong").error().code() == code::conflict);
        auto other = at.open();
        for (int i = 0; i < others; ++i) {
          const auto done = at.put(other, "other");
          // What comes late is a conflict to whoever it overtakes.
          if (!done) REQUIRE(done.error().code() == code::conflict);
          if (!done) REQUIRE(at.put(other, "other"));
        }
        const auto now = one.load(at.room());
        REQUIRE(now);
        INFO(rule << ", and " << others << " others" << (first ? ", first" : ""));
        const std::string there(reinterpret_cast<const char*>(now->value.data()), now->value.size());
        CHECK(there == (others != 0 ? "other" : now->earlier == earlier::took_effect ? "new" : first ? "" : "old"));
        const bool told = now->earlier == earlier::took_effect || now->earlier == earlier::had_no_effect;
        CHECK((told || others == 16));
        if (std::string(rule).ends_with("after")) CHECK(now->earlier == (others == 16 ? earlier::untold : earlier::took_effect));
        if (std::string(rule).ends_with("timed_out") && others < 15) CHECK(now->earlier == earlier::had_no_effect);
        // Whatever was still on its way has nothing to match.
        for (int i = 0; i < 4; ++i) CHECK(at.seen() == there);
        CHECK(one.replace(now->token, "next"));
      }
    }
  }
}

TEST_CASE("object_slot: what is in nobody's way costs no one a turn") {
  place at;
  auto one = at.open();
  auto other = at.open();
  REQUIRE(at.put(one, "a"));
  const auto seen = other.load(at.room());
  REQUIRE(seen);
  // One puts the same value again, to end its doubt: the token of the other is as good as before.
  at.objects.plan().add("put ** nth 1 timed_out");
  CHECK_FALSE(one.replace(seen->token, "b"));
  at.objects.plan().clear();
  REQUIRE(one.load(at.room()));
  const auto done = other.replace(seen->token, "c");
  REQUIRE(done);
  at.objects.plan().add("put ** nth 1 busy");
  CHECK(other.replace(*done, "d"));
}

TEST_CASE("object_slot: a value that was replaced meanwhile is a conflict, and stands") {
  place at;
  auto one = at.open();
  auto other = at.open();
  const auto first = at.put(one, "first");
  REQUIRE(first);
  REQUIRE(at.put(other, "second"));
  for (int i = 0; i < 2; ++i) {
    const auto lost = one.replace(*first, "third");
    REQUIRE_FALSE(lost);
    CHECK(lost.error().code() == code::conflict);
    CHECK(lost.error().outcome() == outcome::unchanged);
    CHECK(at.seen() == "second");
  }
  CHECK(one.replace({}, "third").error().code() == code::conflict);
  CHECK(at.put(one, "third"));
}

TEST_CASE("object_slot: a load that cannot end a doubt has changed nothing, and the doubt stays") {
  place at;
  auto one = at.open({.tries_max = 3});
  const auto first = at.put(one, "first");
  REQUIRE(first);
  at.objects.plan().add("put ** timed_out");
  CHECK(one.replace(*first, "second").error().outcome() == outcome::unknown);
  const auto refused = one.load(at.room());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == code::timed_out);
  CHECK(refused.error().outcome() == outcome::unchanged);
  CHECK(one.replace(*first, "third").error().code() == code::conflict);
  at.objects.plan().clear();
  const auto settled = one.load(at.room());
  REQUIRE(settled);
  CHECK(settled->earlier == earlier::had_no_effect);
}

TEST_CASE("object_slot: a Store that stays busy is busy, and nothing is in doubt") {
  place at;
  auto one = at.open({.tries_max = 3});
  const auto last = at.put(one, "a");
  REQUIRE(last);
  at.objects.plan().add("put ** busy");
  const auto refused = one.replace(*last, "b");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == code::busy);
  CHECK(refused.error().outcome() == outcome::unchanged);
  at.objects.plan().clear();
  CHECK(one.replace(*last, "b"));
}

TEST_CASE("object_slot: every truncation and every flipped bit is refused, and so is what no slot wrote") {
  place at;
  auto one = at.open();
  REQUIRE(at.put(one, "a value"));
  const std::string whole = at.object();
  auto other = at.open();
  const auto refused = [&](const std::string& object) {
    REQUIRE(at.memory.put("head", object, precondition::any));
    const auto loaded = other.load(at.room());
    const auto replaced = other.replace({}, "x");
    return !loaded && !replaced && loaded.error().outcome() == outcome::unchanged ? loaded.error().code() : code::io;
  };
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK(refused(whole.substr(0, size)) == code::corrupt);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string turned = whole;
    turned[bit / 8] = static_cast<char>(turned[bit / 8] ^ (1 << bit % 8));
    const auto told = refused(turned);
    if (told != code::corrupt) CHECK((told == code::version_unsupported && bit / 8 == 5));
  }
  CHECK(refused(whole + "x") == code::corrupt);
  CHECK(refused("written by hand") == code::corrupt);
}

TEST_CASE("object_slot: a value larger than the last one is asked for again, and one over the limit is refused") {
  place at;
  auto one = at.open();
  const std::string large(50'000, 'l');
  REQUIRE(at.put(one, large));
  CHECK(at.seen() == large);
  auto small = at.open({.size_bytes_max = 100});
  CHECK(small.load(at.room()).error().code() == code::too_large);
  CHECK(small.replace({}, std::string(101, 'x')).error().code() == code::too_large);
}

TEST_CASE("object_slot: where the Store has to be asked for durability, what is loaded is put again, once") {
  mem_fs memory;
  manual_clock clock;
  fs_store<mem_fs, manual_clock> objects(memory, "objects", clock);
  REQUIRE(objects.create_root());
  std::string text;
  using disk_slot = object_slot<fs_store<mem_fs, manual_clock>>;
  disk_slot one(objects, "head");
  REQUIRE(one.replace({}, "value"));
  const auto version = [&] {
    char room[1000];
    const auto got = objects.get("head", room);
    REQUIRE(got);
    return got->etag;
  };
  const auto written = version();
  REQUIRE(one.load(growing_room(text, 100)));
  CHECK(version() == written);
  disk_slot next(objects, "head");
  REQUIRE(next.observe(growing_room(text, 100)));
  CHECK(version() == written);
  const auto loaded = next.load(growing_room(text, 100));
  REQUIRE(loaded);
  const auto settled = version();
  CHECK_FALSE(settled == written);
  REQUIRE(next.load(growing_room(text, 100)));
  CHECK(version() == settled);
  CHECK(one.replace(loaded->token, "next"));
}

TEST_CASE("object_slot: a Store that wraps another settles where that one does, and only there") {
  struct settled_store : mem_store {
    using perdure_store = settled_store;
    result<void> settle(key_view) { return {}; }
  };
  // How many puts it takes to load what another slot wrote.
  const auto puts_of_a_load = [](auto& store, const auto& counted) {
    std::string text;
    object_slot writer(store, "head");
    REQUIRE(writer.replace({}, "value"));
    const auto puts = counted.counts().puts.calls;
    object_slot reader(store, "head");
    REQUIRE(reader.load(growing_room(text, 1000)));
    return counted.counts().puts.calls - puts;
  };
  const auto check = [&](auto model, std::uint64_t puts) {
    counting_store counted(model);
    any_store any(counted);
    prefix_store below(any, "below/");
    manual_clock clock;
    prefix_store beside(counted, "beside/");
    retry_store tried(beside, clock);
    CHECK(puts_of_a_load(counted, counted) == puts);
    CHECK(puts_of_a_load(below, counted) == puts);
    CHECK(puts_of_a_load(tried, counted) == puts);
  };
  check(mem_store(), 0);
  check(settled_store(), 1);
}

TEST_CASE("object_slot: what somebody else wrote since is made durable again, and so is it that there is nothing") {
  struct asked_store : mem_store {
    using perdure_store = asked_store;
    int settled = 0;
    result<void> settle(key_view) { return ++settled, result<void>(); }
  };
  asked_store memory;
  counting_store objects(memory);
  std::string text;
  object_slot reader(objects, "head");
  const auto nothing = reader.load(growing_room(text, 1000));
  REQUIRE(nothing);
  CHECK(memory.settled == 1);
  object_slot writer(objects, "head");
  auto last = writer.replace(nothing->token, "value");
  for (int i = 0; i < 3; ++i) {
    REQUIRE(last);
    const auto puts = objects.counts().puts.calls;
    REQUIRE(reader.load(growing_room(text, 1000)));
    CHECK(objects.counts().puts.calls == puts + 1);
    REQUIRE(reader.load(growing_room(text, 1000)));
    CHECK(objects.counts().puts.calls == puts + 1);
    last = writer.replace(*last, "next");
  }
}

TEST_CASE("object_slot: format 1, to the byte") {
  perdure::detail::object_record record;
  for (unsigned char i = 1; i <= 17; ++i) {
    perdure::detail::object_mark mark;
    for (auto& byte : mark.made) byte = std::byte{i};
    record = record.followed_by(mark);
  }
  perdure::detail::object_mark put;
  for (auto& byte : put.made) byte = std::byte{0xee};
  const auto head = record.encoded(put, "value");
  std::string made(reinterpret_cast<const char*>(&head), sizeof(head));
  made += "value";
  CHECK(made == tests::golden("object_slot_v1"));
  const auto nothing = perdure::detail::object_record().encoded(put, {});
  CHECK(std::string(reinterpret_cast<const char*>(&nothing), sizeof(nothing)) == tests::golden("object_slot_v1_nothing"));
}

}  // namespace
