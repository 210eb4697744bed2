// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/content_gc.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/store/scrub.hpp>
#include <perdure/testing/read_text.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/contents.hpp>

#include <string>
#include <vector>

using namespace perdure;
using testing::read_text;
using tests::keys_below;

namespace {

struct place {
  mem_store store;
  content_store<mem_store> objects{store, options()};
  content_id id;
  std::string text = "one chunk of it, and another one, and so on until it is enough";

  place() { put(); }
  static content_options options() {
    content_options how;
    how.chunks = {cut_by::size, 16, 16, 16};
    how.inline_max_bytes = 8;
    return how;
  }
  void put() {
    auto pin = *objects.pin();
    id = objects.put(pin, text)->id;
  }
  std::string alter(std::size_t which) {
    const std::string key = keys_below(store, "objects/")[which];
    std::string object = *read_text(store, key);
    object[object.size() / 2] = static_cast<char>(object[object.size() / 2] ^ 1);
    (void)store.put(key, object, precondition::any);
    return key;
  }
};

}  // namespace

TEST_CASE("scrub: of a store in which nothing is altered, everything was read") {
  place here;
  const auto done = scrub(here.objects);
  REQUIRE(done);
  CHECK((done->objects == 5 && done->altered == 0 && done->size_bytes > 62));
}

TEST_CASE("scrub: every object that is altered is told, and nothing is changed unless that was asked") {
  place here;
  for (std::size_t i = 0; i < 5; ++i) {
    const std::string key = here.alter(i);
    std::vector<std::string> told;
    const auto done = scrub(here.objects, {.found = [&](key_view one) { told.emplace_back(one.data(), one.size()); }});
    CHECK((done->altered == 1 && done->deleted == 0));
    CHECK(told == std::vector<std::string>{key});
    CHECK(here.alter(i) == key);  // back again
  }
  CHECK(here.store.put(keys_below(here.store, "objects/")[0], std::string(17 << 20, 'x'), precondition::any));
  CHECK(scrub(here.objects)->altered == 1);
  CHECK(keys_below(here.store, "condemned/").empty());
}

TEST_CASE("scrub: what is altered is put in quarantine and deleted, and mended by putting the content again") {
  place here;
  const std::string key = here.alter(2);
  const std::string bad = *read_text(here.store, key);
  const auto done = scrub(here.objects, {.on_altered = on_altered::quarantine});
  REQUIRE(done);
  CHECK((done->altered == 1 && done->deleted == 1 && done->lists_left == 0));
  CHECK(read_text(here.store, "quarantine/" + key.substr(8)).value() == bad);
  CHECK(here.objects.verify(here.id).error().code() == code::not_found);
  CHECK(keys_below(here.store, "condemned/").empty());
  here.put();
  CHECK(here.objects.verify(here.id));
}

TEST_CASE("scrub: beside a writer it waits for its end, and spares what that has mended") {
  place here;
  const std::string key = here.alter(2);
  auto pin = *here.objects.pin();
  CHECK(scrub(here.objects, {.on_altered = on_altered::quarantine}).error().code() == code::busy);
  CHECK(here.store.head(key));
  const auto done = scrub(here.objects, {.on_altered = on_altered::quarantine, .wait = [&](key_view) {
                                           auto other = *here.objects.pin();
                                           CHECK(here.objects.put(other, here.text)->new_objects == 1);
                                           here.alter(2);
                                           (void)pin.end();
                                           return proceed::go_on;
                                         }});
  REQUIRE(done);
  CHECK((done->altered == 1 && done->deleted == 0));
  CHECK(here.objects.verify(here.id));
}

TEST_CASE("scrub: whoever watches may end it") {
  place here;
  int left = 2;
  const auto done =
      scrub(here.objects, {.watch = [&](const progress&) { return --left > 0 ? proceed::go_on : proceed::cancel; }});
  CHECK(done.error().code() == code::cancelled);
}
