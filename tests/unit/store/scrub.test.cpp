// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/mem_fs.hpp>
#include <perdure/store/content_gc.hpp>
#include <perdure/store/fs_store.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/store/scrub.hpp>
#include <perdure/testing/fault_store.hpp>
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
  CHECK((read_text(here.store, "quarantine/" + key.substr(8)).value() == bad));  // not to be printed: 16 MiB, when it is wrong
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

TEST_CASE("scrub: sizes are told, also of a store whose listing does not tell them") {
  mem_fs files;
  fs_store store(files, "root");
  REQUIRE(store.create_root());
  content_store objects(store, place::options());
  place other;
  auto pin = *objects.pin();
  REQUIRE(objects.put(pin, other.text));
  const auto done = scrub(objects);
  REQUIRE(done);
  CHECK((done->objects == 5 && done->size_bytes == scrub(other.objects)->size_bytes));
}

TEST_CASE("scrub: one that only reports leaves the lists of others, and one that quarantines gives them up") {
  place here;
  detail::condemned_list list;
  list.why = detail::condemned_why::altered;
  REQUIRE(list.copies.push({here.id.root, 0}));
  REQUIRE(detail::put_condemned(here.store, detail::key_of(detail::condemned_prefix, here.store.nonce()), list,
                                precondition::absent));
  REQUIRE(scrub(here.objects));
  CHECK(keys_below(here.store, "condemned/").size() == 1);
  REQUIRE(scrub(here.objects, {.on_altered = on_altered::quarantine}));
  CHECK(keys_below(here.store, "condemned/").empty());
}

TEST_CASE("scrub: what goes while it is read is not altered") {
  place here;
  std::string gone;
  testing::fault_plan plan;
  plan.before_each([&](enum operation called, key_view key) {
    if (called != operation::get || !gone.empty()) return;
    gone.assign(key.data(), key.size());
    CHECK(here.store.remove(key));
  });
  testing::fault_store<mem_store> watched(here.store, plan);
  content_store objects(watched, place::options());
  const auto done = scrub(objects);
  REQUIRE(done);
  CHECK((!gone.empty() && done->altered == 0));
}

TEST_CASE("scrub: a chunk is read as its compressor has kept it, and what says that it is huge takes no memory") {
  struct shorter {  // of text that is one letter, its number
    std::size_t compress(bytes from, mutable_bytes into) const {
      for (std::size_t i = 0; i < from.size(); ++i) {
        if (from.data()[i] != from.data()[0]) return 0;
      }
      into.data()[0] = from.data()[0];
      into.data()[1] = static_cast<std::byte>(from.size());
      return 2;
    }
    result<std::uint64_t> expanded_size(bytes from) const {
      if (from.size() != 2) return failure(code::corrupt, operation::get);
      return from.data()[1] == std::byte{255} ? UINT64_MAX / 4 : static_cast<std::uint64_t>(from.data()[1]);
    }
    result<void> expand(bytes from, mutable_bytes into) const {
      const auto size = expanded_size(from);
      if (!size || *size != into.size()) return failure(code::corrupt, operation::get);
      std::memset(into.data(), static_cast<int>(from.data()[0]), into.size());
      return {};
    }
  };
  mem_store store;
  content_store<mem_store, shorter> objects(store, place::options());
  auto pin = *objects.pin();
  const auto stored = objects.put(pin, std::string(16, 'a') + "as it is, really");
  REQUIRE(stored);
  const auto key = detail::object_key({sha256_of(std::string(16, 'a')), 0});
  REQUIRE(read_text(store, key).value().size() == 2);
  CHECK(scrub(objects)->altered == 0);
  for (const char* const bad : {"b\x10", "a\xff", "a", ""}) {
    REQUIRE(store.put(key, bad, precondition::any));
    const auto done = scrub(objects);
    REQUIRE(done);
    CHECK(done->altered == 1);
  }
}
