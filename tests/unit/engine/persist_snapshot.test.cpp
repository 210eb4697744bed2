// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/engine/load_snapshot.hpp>
#include <perdure/engine/persist_snapshot.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/manifest/file_slot.hpp>
#include <perdure/store/counting_store.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/testing/read_text.hpp>
#include <perdure/testing/slot_archetypes.hpp>
#include <perdure/testing/store_archetypes.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/engines.hpp>

#include <functional>
#include <random>

using namespace perdure;
using testing::poorest_slot;
using testing::poorest_store;
using testing::read_text;
using testing::slot_memory;
using tests::notes;

namespace {

// On the poorest Store and Slot that there may be.
struct place {
  mem_store memory;
  poorest_store<mem_store> store{memory};
  content_store<poorest_store<mem_store>> objects{store};
  slot_memory slot;
  poorest_slot head{slot};
  mem_fs fs;
  base_file<mem_fs> base{fs, "data/base.bin", "body"};
  place() { (void)fs.make_dir("data"); }

  result<persisted_snapshot> persist(const notes& engine, std::size_t keep = 1) {
    return persist_snapshot(engine, objects, head, base, {.keep = keep});
  }
  result<loaded_snapshot<notes>> load(std::uint64_t generation = newest_generation) {
    return load_snapshot<notes>(objects, head, base, {.generation = generation});
  }
  std::string head_text() {
    std::string text;
    return head.observe(growing_room(text, 1 << 20))->exists() ? text : "";
  }
  std::vector<std::string> keys(key_view prefix = {}) {
    std::vector<std::string> all;
    REQUIRE(memory.list(prefix, {}, 1000, [&](const listed_object& one) {
      all.emplace_back(one.key.data(), one.key.size());
      return visit::go_on;
    }));
    return all;
  }
};

std::string noise(std::size_t size_bytes, unsigned seed) {
  std::mt19937 random(seed);
  std::string text(size_bytes, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}
template <class T>
bool fails(const result<T>& answer, enum code code, enum doubt doubt = doubt::none) {
  return !answer && answer.error().code() == code && answer.error().doubt() == doubt;
}

// Does something in the middle of its save.
struct interrupted {
  notes of;
  std::function<void()> meanwhile;
  [[nodiscard]] std::uint64_t generation() const { return of.generation(); }
  [[nodiscard]] result<void> save(engine_sink& to) const {
    const auto saved = of.save(to);
    meanwhile();
    return saved;
  }
};

}  // namespace

TEST_CASE("persist_snapshot: what was persisted is loaded, and the base file holds its section") {
  place on;
  const std::string text = noise(900'000, 1);
  const auto nothing = on.load();
  REQUIRE(nothing);
  CHECK_FALSE(nothing->exists());
  const auto done = on.persist(notes(text, 5));
  REQUIRE(done);
  CHECK((done->snapshot.generation == 5 && !done->was_there && !done->pin_is_left && done->new_objects > 3));
  CHECK(done->size_bytes == text.size());
  auto loaded = on.load();
  REQUIRE((loaded && loaded->exists()));
  CHECK((loaded->engine().text() == text && loaded->engine().generation() == 5 && loaded->snapshot() == done->snapshot));
  CHECK(read_text(on.fs, "data/base.bin").value() == text);
  CHECK(on.keys("pins/").empty());
}

TEST_CASE("persist_snapshot: the same data gives the same head, byte for byte, and sends nothing again") {
  place on;
  const std::string text = noise(900'000, 1);
  const auto first = on.persist(notes(text, 5));
  REQUIRE(first);
  const std::string head = on.head_text();
  const auto again = on.persist(notes(text, 5));
  REQUIRE(again);
  CHECK((again->was_there && again->snapshot == first->snapshot && again->new_objects == 0 && on.head_text() == head));
  CHECK(on.slot.changes() == 1);
  place other;
  REQUIRE(other.persist(notes(text, 5)));
  CHECK(other.head_text() == head);
  CHECK(other.keys() == on.keys());
  // One byte more is few new objects.
  const auto more = on.persist(notes(text + "x", 6));
  REQUIRE(more);
  CHECK((more->new_objects <= 3 && more->objects == first->objects && on.head_text() != head));
}

TEST_CASE("persist_snapshot: a head never goes back, and of two contents of one generation the second loses") {
  place on;
  REQUIRE(on.persist(notes("five", 5)));
  const auto keys = on.keys();
  const auto older = on.persist(notes("four", 4));
  CHECK(fails(older, code::conflict));
  CHECK(on.keys() == keys);
  CHECK(read_text(on.fs, "data/base.bin").value() == "five");
  CHECK(fails(on.persist(notes("other five", 5)), code::conflict));
  CHECK(on.load()->engine().text() == "five");
  CHECK(on.keys("pins/").empty());
}

TEST_CASE("persist_snapshot: the head keeps as many as it was asked to, and each of them is loaded") {
  place on;
  for (std::uint64_t generation = 1; generation <= 4; ++generation)
    REQUIRE(on.persist(notes("text " + std::to_string(generation), generation), 3));
  CHECK(on.load()->engine().text() == "text 4");
  CHECK(on.load(2)->engine().text() == "text 2");
  CHECK(read_text(on.fs, "data/base.bin").value() == "text 2");
  CHECK(fails(on.load(1), code::not_found));
  REQUIRE(on.persist(notes("text 5", 5), 1));
  CHECK(fails(on.load(4), code::not_found));
}

TEST_CASE("persist_snapshot: another writer meanwhile is an older one, a newer one or the same, and no doubt remains") {
  for (const std::uint64_t theirs : {4U, 5U, 6U}) {
    place on;
    REQUIRE(on.persist(notes("three", 3)));
    poorest_slot other_head(on.slot);
    const interrupted mine{
        notes("mine", 5),
        [&] { REQUIRE(persist_snapshot(notes("theirs", theirs), on.objects, other_head, no_base_file(), {.keep = 3})); }};
    const auto done = persist_snapshot(mine, on.objects, on.head, on.base, {.keep = 3});
    INFO(theirs);
    CHECK(done.has_value() == (theirs < 5));
    if (!done) CHECK(fails(done, code::conflict));
    CHECK(on.load()->engine().text() == (theirs < 5 ? "mine" : "theirs"));
    CHECK(on.load(3)->engine().text() == "three");
    CHECK(on.keys("pins/").empty());
  }
}

TEST_CASE("persist_snapshot: a replace in doubt is asked about; what cannot be told stays unknown, with its pin") {
  for (const bool took_effect : {false, true}) {
    place on;
    on.slot.fail_next(failure(code::timed_out, operation::put).with(doubt::visible), took_effect);
    const auto done = on.persist(notes("text", 1));
    REQUIRE(done);
    CHECK((!done->was_there && on.slot.changes() == 1 && on.load()->engine().text() == "text"));
    CHECK(on.keys("pins/").empty());
  }
  place on;
  on.slot.fail_next(failure(code::no_space, operation::put), false);
  CHECK(fails(on.persist(notes("text", 1)), code::no_space));
  CHECK(on.keys("pins/").empty());
  CHECK_FALSE(on.load()->exists());
  // It can no longer be read.
  struct lost_slot {
    using perdure_slot = lost_slot;
    using token = poorest_slot::token;
    place* on;
    result<slot_value<token>> load(slot_room room) { return on->head.load(room); }
    result<slot_value<token>> observe(slot_room room) { return on->head.observe(room); }
    result<token> replace(const token& expected, bytes value) {
      on->slot.fail_next(failure(code::timed_out, operation::put).with(doubt::visible), true);
      const auto done = on->head.replace(expected, value);
      on->slot.damage();
      return done;
    }
  } lost{.on = &on};
  CHECK(fails(persist_snapshot(notes("text", 1), on.objects, lost), code::corrupt, doubt::visible));
  CHECK(on.keys("pins/").size() == 1);
}

TEST_CASE(
    "persist_snapshot: what a later one has replaced since was a success where the slot can tell, and is unknown where it "
    "cannot") {
  // Its answer is lost, and somebody else is faster than the question what became of it.
  struct overtaken_slot {
    using perdure_slot = overtaken_slot;
    using token = poorest_slot::token;
    place* on;
    bool tells;
    bool overtaken = false;
    result<slot_value<token>> load(slot_room room) {
      auto found = on->head.load(room);
      if (found && overtaken && tells) found->earlier = earlier::took_effect;
      return found;
    }
    result<slot_value<token>> observe(slot_room room) { return on->head.observe(room); }
    result<token> replace(const token& expected, bytes value) {
      on->slot.fail_next(failure(code::timed_out, operation::put).with(doubt::visible), true);
      const auto done = on->head.replace(expected, value);
      poorest_slot other(on->slot);
      overtaken = persist_snapshot(notes("nine", 9), on->objects, other).has_value();
      return done;
    }
  };
  for (const bool tells : {true, false}) {
    place on;
    overtaken_slot slot{.on = &on, .tells = tells};
    const auto done = persist_snapshot(notes("text", 1), on.objects, slot);
    CHECK(slot.overtaken);
    if (tells) CHECK((done && !done->was_there));
    if (!tells) CHECK(fails(done, code::io, doubt::visible));
    CHECK(on.keys("pins/").size() == (tells ? 0 : 1));
    CHECK(on.load()->engine().text() == "nine");
  }
}

TEST_CASE("persist_snapshot: an engine that cannot be encoded, or has no section for the base file, changes nothing") {
  place on;
  struct engine {
    int mistake;
    [[nodiscard]] std::uint64_t generation() const { return 1; }
    [[nodiscard]] result<void> save(engine_sink& to) const {
      if (mistake == 0) return failure(code::too_large, operation::write, 7);
      if (mistake == 1) return to.envelope(std::string((1 << 20) + 1, 'e'));
      PERDURE_TRY(to.section("a"));
      return mistake == 2 ? result<void>() : to.section("a");
    }
  };
  const enum code codes[] = {code::too_large, code::too_large, code::invalid_argument, code::invalid_argument};
  for (int mistake = 0; mistake < 4; ++mistake) {
    const auto refused = mistake == 3 ? persist_snapshot(engine{mistake}, on.objects, on.head)
                                      : persist_snapshot(engine{mistake}, on.objects, on.head, on.base);
    INFO(mistake);
    CHECK(fails(refused, codes[mistake]));
    CHECK(refused.error().operation() == operation::write);
  }
  CHECK((!on.load()->exists() && on.keys("pins/").empty() && !on.fs.stat("data/base.bin")));
}

TEST_CASE("persist_snapshot: a missing data directory is an error, and not the place of a new one") {
  place on;
  const base_file<mem_fs> elsewhere(on.fs, "nowhere/base.bin", "body");
  CHECK(fails(persist_snapshot(notes("text", 1), on.objects, on.head, elsewhere), code::invalid_storage_root));
  CHECK(on.keys().empty());
  CHECK(fails(load_snapshot<notes>(on.objects, on.head, elsewhere), code::invalid_storage_root));
  REQUIRE(atomic_write(on.fs, "file", "x"));
  const base_file<mem_fs> in_a_file(on.fs, "file/base.bin", "body");
  CHECK(fails(load_snapshot<notes>(on.objects, on.head, in_a_file), code::not_a_directory));
  manual_clock clock;
  file_slot missing(on.fs, "nowhere/head.json", clock);
  CHECK(fails(load_snapshot<notes>(on.objects, missing), code::invalid_storage_root));
  CHECK(fails(persist_snapshot(notes("text", 1), on.objects, missing), code::invalid_storage_root));
  file_slot present(on.fs, "data/head.json", clock);
  REQUIRE(persist_snapshot(notes("text", 1), on.objects, present, on.base));
  CHECK(load_snapshot<notes>(on.objects, present, on.base)->engine().text() == "text");
  REQUIRE(on.fs.remove("data/head.json"));
  CHECK_FALSE(load_snapshot<notes>(on.objects, present, on.base)->exists());
}
