// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/describe.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/manifest/file_slot.hpp>
#include <perdure/manifest/ledger.hpp>
#include <perdure/manifest/object_slot.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/store/read_object.hpp>
#include <perdure/testing/fault_fs.hpp>
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
using book = ledger<object_slot<store>>;

std::string text_of(bytes from) { return {reinterpret_cast<const char*>(from.data()), from.size()}; }
const ledger_version none;
ledger_version version_of(const std::string& state) { return ledger_version::of_state(state); }

struct place {
  mem_store memory;
  store objects{memory};

  book open(const ledger_options& options = {}) { return book(object_slot(objects, "ledger"), options); }
  std::string state() {
    book other = open();
    const auto seen = other.observe();
    return seen ? text_of(seen->state) + " " + std::to_string(seen->serial) + " " + std::to_string(seen->fence)
                : std::string(describe(seen.error().code()));
  }
};

TEST_CASE("ledger: of nothing the version is none, and the first state is put over that") {
  place at;
  book one = at.open();
  const auto nothing = one.read();
  REQUIRE(nothing);
  CHECK(nothing->version == none);
  CHECK(nothing->serial == 0);
  CHECK(nothing->state.empty());
  CHECK(one.replace(version_of(""), "x")->answer == ledger_answer::conflict);
  const auto done = one.replace(none, "first");
  REQUIRE(done);
  CHECK(done->answer == ledger_answer::won);
  CHECK(done->serial == 1);
  CHECK(done->found == version_of("first"));
  const auto now = one.read();
  REQUIRE(now);
  CHECK(now->version == version_of("first"));
  CHECK(now->serial == 1);
  CHECK(text_of(now->state) == "first");
}

TEST_CASE("ledger: of two who come from one version one wins, and the other is told both versions") {
  place at;
  book one = at.open();
  book other = at.open();
  REQUIRE(one.replace(none, "start"));
  REQUIRE(other.read());
  REQUIRE(one.replace(version_of("start"), "one")->answer == ledger_answer::won);
  const auto lost = other.replace(version_of("start"), "other");
  REQUIRE(lost);
  CHECK(lost->answer == ledger_answer::conflict);
  CHECK(lost->expected == version_of("start"));
  CHECK(lost->found == version_of("one"));
  CHECK(lost->serial == 2);
  CHECK(at.state() == "one 2 0");
  CHECK(other.replace(none, "other")->answer == ledger_answer::conflict);
}

TEST_CASE("ledger: the version is of the state alone, which may come back, and be none of its bytes") {
  place at;
  book one = at.open();
  CHECK(one.replace(none, "a")->serial == 1);
  CHECK(one.replace(version_of("a"), "")->serial == 2);
  CHECK(one.read()->version == version_of(""));
  CHECK(one.read()->version.exists);
  CHECK(one.replace(version_of(""), "a", 3)->serial == 3);
  CHECK(one.read()->version == version_of("a"));
  CHECK(one.replace(version_of("a"), "a", 3)->serial == 4);
  place elsewhere;
  book other = elsewhere.open();
  CHECK(other.replace(none, "a")->found == version_of("a"));
}

TEST_CASE("ledger: what read() shows may be put again as it is, in whole or in part") {
  place at;
  book one = at.open();
  REQUIRE(one.replace(none, "state"));
  auto now = one.read();
  REQUIRE(now);
  book other = at.open();
  // The ledger has to load, which writes over what it has shown.
  REQUIRE(other.replace(version_of("state"), "other"));
  CHECK(one.replace(version_of("other"), now->state.first(4))->answer == ledger_answer::won);
  CHECK(at.state() == "stat 3 0");
}

TEST_CASE("ledger: a replace of what this object has seen is one put, and the loser's is looked up") {
  place at;
  book one = at.open();
  REQUIRE(one.replace(none, "a"));
  at.objects.plan().add("get ** io");
  at.objects.plan().add("head ** io");
  CHECK(one.replace(version_of("a"), "b")->answer == ledger_answer::won);
  CHECK(one.raise(7)->answer == ledger_answer::won);
  CHECK(one.replace(version_of("b"), "c", 7)->answer == ledger_answer::won);
  // It never answers from memory that somebody is too late.
  CHECK_FALSE(one.replace(version_of("b"), "d", 7));
  CHECK_FALSE(one.replace(version_of("c"), "d", 6));
  CHECK_FALSE(one.raise(7));
  CHECK_FALSE(one.raise(6));
}

TEST_CASE("ledger: what was only observed is loaded before anything is put over it") {
  place at;
  book one = at.open();
  REQUIRE(one.replace(none, "a"));
  at.objects.plan().add("put ** io");
  const auto seen = one.observe();
  REQUIRE(seen);
  CHECK(text_of(seen->state) == "a");
  at.objects.plan().clear();
  at.objects.plan().add("get ** io");
  CHECK_FALSE(one.replace(version_of("a"), "b"));
}

TEST_CASE("ledger: from a raise on nobody with a lower token wins, and the state and its version stay") {
  place at;
  book late = at.open();
  REQUIRE(late.replace(none, "state", 4));
  book one = at.open();
  const auto raised = one.raise(5);
  REQUIRE(raised);
  CHECK(raised->answer == ledger_answer::won);
  CHECK(raised->serial == 1);
  CHECK(raised->expected == version_of("state"));
  CHECK(raised->found == version_of("state"));
  CHECK(raised->fence_found == 5);
  CHECK(at.state() == "state 1 5");
  for (const std::uint64_t token : {0U, 4U}) {
    const auto told = late.replace(version_of("state"), "late", token);
    REQUIRE(told);
    CHECK(told->answer == ledger_answer::fenced);
    CHECK(told->found == version_of("state"));
    CHECK(told->fence_found == 5);
    CHECK(late.raise(token)->answer == ledger_answer::fenced);
  }
  CHECK(late.replace(version_of("another"), "late", 4)->answer == ledger_answer::conflict);
  CHECK(at.state() == "state 1 5");
  CHECK(one.raise(5)->answer == ledger_answer::won);
  // What another one has raised since is seen.
  CHECK(late.raise(6)->answer == ledger_answer::won);
  const auto told = one.raise(5);
  CHECK(told->answer == ledger_answer::fenced);
  CHECK(told->fence_found == 6);
  CHECK(one.replace(version_of("state"), "next", 6)->answer == ledger_answer::won);
  CHECK(at.state() == "next 2 6");
  CHECK(one.replace(version_of("next"), "last", 9)->fence_found == 9);
}

TEST_CASE("ledger: a fence may be there before the first state") {
  place at;
  book one = at.open();
  CHECK(one.raise(3)->answer == ledger_answer::won);
  const auto nothing = one.read();
  REQUIRE(nothing);
  CHECK(nothing->version == none);
  CHECK(nothing->serial == 0);
  CHECK(nothing->fence == 3);
  CHECK(one.replace(none, "first", 2)->answer == ledger_answer::fenced);
  CHECK(one.replace(none, "first", 3)->serial == 1);
}

TEST_CASE("ledger: a put whose answer was lost, that never came or comes late, is won once") {
  for (const char* const rule : {"put ** nth 1 timed_out after", "put ** nth 1 timed_out", "put ** nth 1 timed_out late 1",
                                 "put ** nth 1 busy", "put ** nth 1 conflict after"}) {
    INFO(rule);
    place at;
    book one = at.open();
    at.objects.plan().add(rule);
    const auto first = one.replace(none, "a");
    REQUIRE(first);
    CHECK(first->answer == ledger_answer::won);
    CHECK(first->serial == 1);
    at.objects.plan().clear();
    at.objects.plan().add(rule);
    CHECK(one.raise(1)->answer == ledger_answer::won);
    at.objects.plan().clear();
    at.objects.plan().add(rule);
    CHECK(one.replace(version_of("a"), "b", 1)->serial == 2);
    for (int i = 0; i < 4; ++i) CHECK(at.state() == "b 2 1");
  }
}

TEST_CASE("ledger: where it cannot be told what became of a put it is unknown, and the next read tells") {
  for (const bool kept : {true, false}) {
    place at;
    book one = at.open();
    REQUIRE(one.replace(none, "a"));
    at.objects.plan().add(kept ? "put ** nth 1 timed_out after" : "put ** nth 1 timed_out");
    at.objects.plan().add("get ** nth 1 io");
    const auto lost = one.replace(version_of("a"), "b");
    REQUIRE_FALSE(lost);
    CHECK(lost.error().code() == code::timed_out);
    CHECK(lost.error().outcome() == outcome::unknown);
    at.objects.plan().clear();
    const auto now = one.read();
    REQUIRE(now);
    CHECK(now->version == version_of(kept ? "b" : "a"));
    CHECK(one.replace(now->version, "c")->serial == (kept ? 3 : 2));
  }
}

TEST_CASE("ledger: a put that is past the memory of the slot is unknown, and is not made again") {
  for (const bool kept : {true, false}) {
    place at;
    book one = at.open();
    book other = at.open();
    REQUIRE(one.replace(none, "a"));
    at.objects.plan().add(kept ? "put ** nth 1 timed_out after" : "put ** nth 1 timed_out");
    bool is_over = false;
    at.objects.plan().before_each([&](operation called, path_view) {
      if (called != operation::get || is_over) return;
      is_over = true;
      for (int i = 0; i < 17; ++i) {
        const auto now = other.read();
        REQUIRE(now);
        REQUIRE(other.replace(now->version, i == 16 ? "a" : std::to_string(i))->answer == ledger_answer::won);
      }
    });
    const auto lost = one.replace(version_of("a"), "b");
    at.objects.plan().before_each({});
    REQUIRE_FALSE(lost);
    CHECK(lost.error().outcome() == outcome::unknown);
    CHECK(at.state() == (kept ? "a 19 0" : "a 18 0"));
  }
}

TEST_CASE("ledger: who is refused is told why, and nothing has changed") {
  place at;
  book one = at.open({.state_bytes_max = 4, .tries_max = 3});
  REQUIRE(one.replace(none, "1234"));
  const auto large = one.replace(version_of("1234"), "12345");
  REQUIRE_FALSE(large);
  CHECK(large.error().code() == code::too_large);
  CHECK(large.error().outcome() == outcome::unchanged);
  at.objects.plan().add("put ** busy");
  const auto busy = one.replace(version_of("1234"), "x");
  REQUIRE_FALSE(busy);
  CHECK(busy.error().code() == code::busy);
  CHECK(busy.error().outcome() == outcome::unchanged);
  at.objects.plan().clear();
  at.objects.plan().add("put ** permission");
  CHECK(one.replace(version_of("1234"), "x").error().code() == code::permission);
  at.objects.plan().clear();
  CHECK(at.state() == "1234 1 0");
  CHECK(at.open({.state_bytes_max = 3}).read().error().code() == code::too_large);
  CHECK(at.open({.state_bytes_max = 3}).replace(version_of("1234"), "x").error().code() == code::too_large);
  CHECK(one.replace(version_of("1234"), "x")->answer == ledger_answer::won);
}

TEST_CASE("ledger: one that is moved goes on") {
  place at;
  book one = at.open();
  REQUIRE(one.replace(none, "a"));
  book other(std::move(one));
  CHECK(other.replace(version_of("a"), "b")->answer == ledger_answer::won);
  CHECK(at.state() == "b 2 0");
}

TEST_CASE("ledger: in a file, a sync that fails is made good within the same call, or told") {
  mem_fs memory;
  fault_fs<mem_fs> fs(memory);
  manual_clock clock;
  using on_file = file_slot<fault_fs<mem_fs>, manual_clock>;
  ledger<on_file> one(on_file(fs, "ledger", clock));
  ledger<on_file> other(on_file(fs, "ledger", clock, {.lock_timeout_ns = 0}));
  REQUIRE(one.replace(none, "a"));
  REQUIRE(other.read());
  fs.plan().add("sync_dir ** nth 1 io");
  CHECK(one.replace(version_of("a"), "b")->answer == ledger_answer::won);
  fs.plan().clear();
  CHECK(other.replace(version_of("a"), "c")->answer == ledger_answer::conflict);
  fs.plan().add("sync_dir ** io");
  const auto lost = one.replace(version_of("b"), "c");
  REQUIRE_FALSE(lost);
  CHECK(lost.error().outcome() == outcome::unknown);
  // Nobody builds on what may not last.
  CHECK(other.read().error().code() == code::timed_out);
  fs.plan().clear();
  CHECK(one.read()->version == version_of("c"));
  CHECK(other.replace(version_of("c"), "d")->serial == 4);
}

TEST_CASE("ledger: every truncation and every flipped bit of a record is refused, and a later format is told as one") {
  const auto head = perdure::detail::encode_ledger(2, 3, sha256_of("state"), 5);
  const std::string whole = std::string(reinterpret_cast<const char*>(&head), sizeof(head)) + "state";
  place at;
  object_slot slot(at.objects, "ledger");
  std::string room;
  const auto refused = [&](const std::string& record) {
    const auto now = slot.load(growing_room(room, 10'000));
    REQUIRE(slot.replace(now->token, record));
    book one = at.open();
    const auto read = one.read();
    const auto put = one.replace(version_of("state"), "x");
    const auto raised = one.raise(9);
    CHECK((!read && !put && !raised && put.error().code() == raised.error().code()));
    return read ? code::io : read.error().code();
  };
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK(refused(whole.substr(0, size)) == code::corrupt);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string turned = whole;
    turned[bit / 8] = static_cast<char>(turned[bit / 8] ^ (1 << bit % 8));
    const auto told = refused(turned);
    if (told != code::corrupt) CHECK((told == code::version_unsupported && (bit / 8 == 10 || bit / 8 == 11)));
  }
  CHECK(refused(whole + "x") == code::corrupt);
  CHECK(refused("") == code::corrupt);
  CHECK(refused("perdureL\x02\x01" + whole.substr(10)) == code::corrupt);
  CHECK(refused(std::string("perdureL\x02\0\x02\0", 12)) == code::version_unsupported);
  // Sound, but of no ledger's making: another state's version, and a version without a state.
  const auto other = perdure::detail::encode_ledger(2, 3, sha256_of("other"), 5);
  CHECK(refused(std::string(reinterpret_cast<const char*>(&other), sizeof(other)) + "state") == code::corrupt);
  const auto unborn = perdure::detail::encode_ledger(0, 3, sha256_of(""), 0);
  CHECK(refused(std::string(reinterpret_cast<const char*>(&unborn), sizeof(unborn))) == code::corrupt);
  const auto now = slot.load(growing_room(room, 10'000));
  REQUIRE(slot.replace(now->token, whole));
  CHECK(at.state() == "state 2 3");
}

TEST_CASE("ledger: format 1, to the byte") {
  place at;
  book one = at.open();
  object_slot slot(at.objects, "ledger");
  std::string room;
  REQUIRE(one.raise(0x0807060504030201));
  REQUIRE(slot.load(growing_room(room, 1000)));
  CHECK(room == tests::golden("ledger_v1_nothing"));
  REQUIRE(one.replace(none, "before", 0x1807060504030201));
  REQUIRE(one.replace(version_of("before"), "state", 0x1807060504030201));
  REQUIRE(slot.load(growing_room(room, 1000)));
  CHECK(room == tests::golden("ledger_v1"));
}

TEST_CASE("ledger: the text of a version is read as what it was written for, and no other text is") {
  char room[71];
  CHECK(text_of(to_text(none, room)) == "none");
  CHECK(text_of(to_text(version_of("abc"), room)) == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  for (const auto& one : {none, version_of(""), version_of("abc")}) CHECK(*parse_ledger_version(to_text(one, room)) == one);
  for (const char* const wrong : {"", "None", "none ", "sha256:", "sha256:00"})
    CHECK(parse_ledger_version(bytes(std::string(wrong))).error().code() == code::invalid_argument);
  CHECK_FALSE(none == version_of(""));
}

TEST_CASE("ledger: a serial that nothing can follow is damage, not a state") {
  const std::string state = "state";
  const auto record = [&](std::uint64_t serial) {
    const auto head = perdure::detail::encode_ledger(serial, 0, sha256_of(state), state.size());
    return std::string(reinterpret_cast<const char*>(&head), sizeof(head)) + state;
  };
  CHECK(perdure::detail::decode_ledger(record(UINT64_MAX - 1)));
  CHECK(perdure::detail::decode_ledger(record(UINT64_MAX)).error().code() == code::corrupt);
}

}  // namespace
