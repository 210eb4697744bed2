// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/pthread_jobs.hpp>
#include <perdure/store/content_store.hpp>
#include <perdure/store/counting_store.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/testing/fault_store.hpp>
#include <perdure/testing/read_text.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/contents.hpp>

#include <set>
#include <string>
#include <vector>

using namespace perdure;
using tests::keys_below;
using tests::noise;
using tests::small_contents;

namespace {

template <class Objects>
result<std::string> read_all(Objects& objects, const content_id& id) {
  std::string text;
  const auto got = objects.get(id, [&](bytes piece) -> result<void> {
    text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return {};
  });
  if (!got) return got.error();
  return *got == text.size() ? result<std::string>(text) : result<std::string>(failure(code::io, operation::none));
}

struct place {
  mem_store store;
  content_store<mem_store> objects{store, small_contents()};
  content_pin<mem_store> pin = *objects.pin("the test");
};

}  // namespace

TEST_CASE("content_store: what was put is read back, whole and in part, at every size") {
  place here;
  const std::string text = noise(20000);
  for (const std::size_t size : {0U, 1U, 32U, 33U, 256U, 257U, 999U, 1000U, 1001U, 5000U, 20000U}) {
    INFO(size);
    const auto stored = here.objects.put(here.pin, bytes(text).first(size));
    REQUIRE(stored);
    CHECK(stored->size_bytes == size);
    CHECK(here.objects.size(stored->id).value() == size);
    CHECK(here.objects.verify(stored->id).value() == size);
    CHECK(read_all(here.objects, stored->id).value() == text.substr(0, size));
    std::string part(100, '\0');
    for (const std::size_t from : {std::size_t{0}, std::size_t{31}, size / 2, size, size + 7}) {
      const std::string wanted = from < size ? text.substr(0, size).substr(from, 100) : "";
      const auto got = here.objects.get_range(stored->id, from, part);
      REQUIRE(got);
      CHECK(part.substr(0, *got) == wanted);
    }
  }
  CHECK(here.objects.get_range(here.objects.put(here.pin, text)->id, 5, mutable_bytes()).value() == 0);
}

TEST_CASE("content_store: the same content has the same id, however it comes and wherever it is kept") {
  place here;
  place other;
  const std::string text = noise(7000);
  const auto whole = here.objects.put(here.pin, text);
  for (const std::size_t piece : {1U, 7U, 4096U}) {
    std::size_t at = 0;
    const auto pieces = other.objects.put(other.pin, [&](mutable_bytes into) -> result<std::size_t> {
      const bytes next = bytes(text).from(at).first(piece).first(into.size());
      if (!next.empty()) std::memcpy(into.data(), next.data(), next.size());
      at += next.size();
      return next.size();
    });
    CHECK(pieces->id == whole->id);
  }
  CHECK(keys_below(here.store, "objects/") == keys_below(other.store, "objects/"));
  CHECK_FALSE(here.objects.put(here.pin, noise(7000, 2))->id == whole->id);
}

TEST_CASE("content_store: names are those that were first given") {
  place here;
  char room[content_id::text_size];
  const auto name = [&](const std::string& text) {
    const bytes id = to_text(here.objects.put(here.pin, text)->id, room);
    return std::string(reinterpret_cast<const char*>(id.data()), id.size());
  };
  CHECK(name("") == "sha256:720b1ee252b7fcb3643cf08a88f6ebca60242b487e4f7bb42be0cb32743bf838");
  CHECK(name(noise(20000)) == "sha256:bb4feed99a161b8abb1cc54ed5a15220a315451a78b11375e4db2f1db13177bf");
}

TEST_CASE("content_store: what is there is not put again, by the same writer or the next one") {
  place here;
  std::string text = noise(20000);
  const auto first = here.objects.put(here.pin, text);
  CHECK((first->new_objects != 0 && first->new_bytes > 20000));
  counting_store counted(here.store);
  content_store<counting_store<mem_store>> again(counted, small_contents());
  auto pin = *again.pin();
  const auto second = again.put(pin, text);
  CHECK(second->id == first->id);
  CHECK(second->new_objects == 0);
  CHECK(counted.counts().puts.objects == 1);  // the pin
  const auto asked = counted.counts().heads.calls;
  CHECK(again.put(pin, text)->id == first->id);
  CHECK(counted.counts().heads.calls == asked);
  // An insertion is a few chunks, and a few nodes above them.
  text.insert(10000, "something new");
  const auto third = again.put(pin, text);
  CHECK((third->new_objects >= 2 && third->new_objects < first->new_objects / 4));
  CHECK(read_all(again, third->id).value() == text);
}

TEST_CASE("content_store: whatever is altered, missing or cut in an object is found, and named") {
  place here;
  const std::string text = noise(3000);
  const auto id = here.objects.put(here.pin, text)->id;
  for (const std::string& key : keys_below(here.store, "objects/")) {
    INFO(key);
    const std::string was = *testing::read_text(here.store, key);
    std::vector<std::string> bad = {was.substr(0, was.size() - 1), was + "x", ""};
    for (std::size_t at = 0; at < was.size(); at += 7) {
      bad.push_back(was);
      bad.back()[at] = static_cast<char>(bad.back()[at] ^ 1);
    }
    for (const std::string& one : bad) {
      REQUIRE(here.store.put(key, one, precondition::any));
      const auto read = here.objects.verify(id);
      REQUIRE_FALSE(read);
      CHECK(read.error().code() == code::corrupt);
      CHECK(read.error().path() == bytes(key).from(key.size() - failure::path_size_max));
    }
    REQUIRE(here.store.remove(key));
    const auto read = here.objects.verify(id);
    REQUIRE_FALSE(read);
    CHECK(read.error().code() == code::not_found);
    CHECK(read.error().path() == bytes(key).from(key.size() - failure::path_size_max));
    // Another copy is as good.
    REQUIRE(here.store.put(key + ".3", was, precondition::any));
    CHECK(here.objects.verify(id));
    REQUIRE(here.store.put(key, "x", precondition::any));
    CHECK(here.objects.verify(id));
    REQUIRE(here.store.put(key, was, precondition::any));
  }
  CHECK(here.objects.verify(id).value() == 3000);
}

TEST_CASE("content_store: a node that says what is not so is refused, whoever made its name") {
  place here;
  const auto kept = [&](const std::string& object) {
    const digest of = sha256_of(object);
    (void)here.store.put(detail::object_key({of, 0}), object, precondition::any);
    return of;
  };
  const auto node = [&](int level, std::uint64_t size, const std::vector<std::pair<digest, std::uint64_t>>& children) {
    const auto head = detail::head_of(static_cast<std::uint8_t>(level), size, children.size());
    std::string object(reinterpret_cast<const char*>(&head), sizeof(head));
    for (const auto& [of, bytes_below] : children) {
      const detail::node_child child{of, bytes_below};
      object.append(reinterpret_cast<const char*>(&child), sizeof(child));
    }
    return kept(object);
  };
  const digest chunk = kept("chunk");
  const digest good = node(1, 5, {{chunk, 5}});
  CHECK(read_all(here.objects, {good}).value() == "chunk");
  CHECK(read_all(here.objects, {node(2, 10, {{good, 5}, {good, 5}})}).value() == "chunkchunk");
  const digest bad[] = {
      chunk,                                          // no node at all
      node(1, 6, {{chunk, 5}}),                       // sizes that do not add up
      node(1, 6, {{chunk, 6}}),                       // a chunk of another size
      node(1, 0, {}),                                 // no child
      node(1, 5, {{chunk, 0}, {chunk, 5}}),           // an empty one
      node(1, 4, {{chunk, 5}, {chunk, UINT64_MAX}}),  // a sum that wraps
      node(2, 6, {{good, 6}}),                        // a node of another size
      node(2, 5, {{chunk, 5}}),                       // no node below
      node(3, 5, {{good, 5}}),                        // a level that is left out
      node(17, 5, {{good, 5}}),                       // too high
      node(1, UINT64_MAX, {{chunk, UINT64_MAX}}),     // a chunk for which nobody has the memory
  };
  for (const digest& one : bad) CHECK(here.objects.verify({one}).error().code() == code::corrupt);
  auto later = detail::head_of(1, 5, 0);
  later.version = 2;
  const digest of_later = kept(std::string(reinterpret_cast<const char*>(&later), sizeof(later)));
  CHECK(here.objects.verify({of_later}).error().code() == code::version_unsupported);
  // Few objects may stand for more than anybody wants to read.
  digest bomb = good;
  std::uint64_t size = 5;
  for (int level = 2; level <= 16; ++level, size *= 8) bomb = node(level, size * 8, {8, {bomb, size}});
  CHECK(here.objects.size({bomb}).value() == size);
  auto options = small_contents();
  options.size_max_bytes = 1000;
  content_store careful(here.store, options);
  CHECK(careful.verify({bomb}).error().code() == code::too_large);
  std::string part(3, '\0');
  CHECK(here.objects.get_range({bomb}, size - 3, part).value() == 3);
  CHECK(part == "unk");
}

TEST_CASE("content_store: whoever watches may end it, and putting again goes on from there") {
  place here;
  const std::string text = noise(20000);
  std::uint64_t seen = 0;
  const auto ended = here.objects.put(here.pin, bytes(text), {.watch = [&](const progress& far) {
                                        seen = far.done_bytes;
                                        return seen > 9000 ? proceed::cancel : proceed::go_on;
                                      }});
  CHECK(ended.error().code() == code::cancelled);
  CHECK(ended.error().outcome() == outcome::unchanged);
  CHECK((seen > 9000 && seen < 12000));
  const auto whole = here.objects.put(here.pin, text);
  CHECK((whole->new_bytes > 8000 && whole->new_bytes < 20000));
  CHECK(read_all(here.objects, whole->id).value() == text);
}

TEST_CASE("content_store: what the source and the sink fail with is what is told") {
  place here;
  const failure why(code::permission, operation::read);
  CHECK(here.objects.put(here.pin, [&](mutable_bytes) -> result<std::size_t> { return why; }).error().code() == code::permission);
  const auto id = here.objects.put(here.pin, noise(500))->id;
  CHECK(here.objects.get(id, [&](bytes) -> result<void> { return why; }).error().code() == code::permission);
  auto options = small_contents();
  options.inline_max_bytes = (64 << 10) + 1;
  content_store odd(here.store, options);
  CHECK(odd.put(here.pin, "text").error().code() == code::invalid_argument);
  CHECK(here.objects.verify({}).error().code() == code::not_found);
}

TEST_CASE("content_store: several workers give the same names, and read the same bytes") {
  place here;
  const std::string text = noise(20000);
  for (const std::size_t size : {10U, 300U, 1000U, 1900U, 20000U}) {
    place other;
    const auto one = here.objects.put(here.pin, bytes(text).first(size));
    for (const std::size_t workers : {2U, 3U, 100U}) {
      const pthread_jobs threads(3);
      const auto some = other.objects.put(other.pin, bytes(text).first(size), {.jobs = threads, .workers = workers});
      REQUIRE(some);
      CHECK(some->id == one->id);
      std::string back;
      const auto sink = [&](bytes piece) -> result<void> {
        back.append(reinterpret_cast<const char*>(piece.data()), piece.size());
        return {};
      };
      CHECK(other.objects.get(some->id, sink, {.jobs = threads, .workers = workers}).value() == size);
      CHECK(back == text.substr(0, size));
    }
    CHECK(read_all(other.objects, one->id));
  }
}

TEST_CASE("content_store: what a call failed over is put again, and not believed when it is met") {
  mem_store store;
  testing::fault_store<mem_store> faulty(store);
  faulty.plan().add("put objects/** nth 30 after timed_out");
  REQUIRE(faulty.plan().ok());
  counting_store counted(faulty);
  content_store objects(counted, small_contents());
  auto pin = *objects.pin();
  const std::string text = noise(5000);
  CHECK_FALSE(objects.put(pin, text));
  const auto before = counted.counts().puts.objects;
  CHECK(keys_below(store, "objects/").size() == before);  // one of them is the pin, and one was put although it failed
  const auto again = objects.put(pin, text);
  REQUIRE(again);
  // Those of its window, which are there.
  CHECK(again->new_objects > keys_below(store, "objects/").size() - before);
}

TEST_CASE("content_store: where what is visible is durable, what is there is never sent again, whatever failed") {
  struct lasting : testing::fault_store<mem_store> {
    using perdure_store = lasting;
    using fault_store::fault_store;
    [[nodiscard]] bool settles() const noexcept { return false; }
  };
  for (const char* const fails : {"timed_out", "after timed_out"}) {
    mem_store store;
    lasting faulty(store);
    faulty.plan().add(std::string("put objects/** nth 30 ") + fails);
    REQUIRE(faulty.plan().ok());
    content_store objects(faulty, small_contents());
    auto pin = *objects.pin();
    const std::string text = noise(5000);
    CHECK_FALSE(objects.put(pin, text));
    const std::size_t before = keys_below(store, "objects/").size();
    CHECK(before >= 29);
    const auto again = objects.put(pin, text);
    REQUIRE(again);
    CHECK(again->new_objects == keys_below(store, "objects/").size() - before);
    CHECK(read_all(objects, again->id).value() == text);
  }
}

TEST_CASE("content_store: a chunk that a compressor makes smaller is kept so, under the same name") {
  struct halves {  // of text whose second half is as the first one
    std::size_t compress(bytes from, mutable_bytes into) const {
      const bytes half = from.first(from.size() / 2);
      if (from.size() % 2 != 0 || !(from.from(half.size()) == half)) return 0;
      std::memcpy(into.data(), half.data(), half.size());
      return half.size();
    }
    result<void> expand(bytes from, mutable_bytes into) const {
      if (from.size() * 2 != into.size()) return failure(code::corrupt, operation::get);
      std::memcpy(into.data(), from.data(), from.size());
      std::memcpy(into.data() + from.size(), from.data(), from.size());
      return {};
    }
    result<std::uint64_t> expanded_size(bytes from) const { return from.size() * 2; }
  };
  place here;
  auto options = small_contents();
  options.chunks.cut_by = cut_by::size;
  mem_store store;
  content_store<mem_store, halves> objects(store, options);
  content_store plain(store, options);
  auto pin = *objects.pin();
  std::string text = std::string(32, 'a') + std::string(32, 'a') + noise(64);
  const auto stored = objects.put(pin, text);
  const auto id = plain.put(here.pin, text)->id;  // elsewhere it would be 32 bytes more
  CHECK(stored->id == id);
  const std::string key = [&] {
    const auto of = detail::object_key({sha256_of(std::string(64, 'a')), 0});
    return std::string(of.data(), of.size());
  }();
  CHECK(read_all(objects, id).value() == text);
  REQUIRE(store.put(key, std::string(32, 'a'), precondition::any));
  CHECK(read_all(objects, id).value() == text);
  CHECK(plain.verify(id).error().code() == code::corrupt);
  // Met, it is there for whoever compresses; the other one puts it.
  CHECK(objects.put(pin, text)->new_objects == 0);
  auto second = *objects.pin();
  CHECK(objects.put(second, text)->new_objects == 0);
  CHECK(plain.put(second, text)->new_objects == 0);  // the pin knows
  auto third = *plain.pin();
  CHECK(plain.put(third, text)->new_objects == 1);
  CHECK(plain.verify(id));
  for (const char* const bad : {"", "a", "ab"}) {
    REQUIRE(store.put(key, std::string(32, 'b') + bad, precondition::any));
    CHECK(objects.verify(id).error().code() == code::corrupt);
  }
}

TEST_CASE("content_store: of a copy that could not be read nobody says that it is damaged") {
  mem_store store;
  testing::fault_store<mem_store> faulty(store);
  content_store objects(faulty, small_contents());
  auto pin = *objects.pin();
  const auto id = objects.put(pin, noise(3000))->id;
  for (const std::string& key : keys_below(store, "objects/")) {
    const std::string was = *testing::read_text(store, key);
    REQUIRE(store.put(key, std::string(was.size(), 'x'), precondition::any));
    REQUIRE(store.put(key + ".1", "altered, too", precondition::any));
    REQUIRE(store.put(key + ".2", was, precondition::any));
    REQUIRE(store.put(key + ".3", "and this one", precondition::any));
  }
  CHECK(objects.verify(id));
  faulty.plan().add("get objects/**.2 nth 3 timed_out");
  REQUIRE(faulty.plan().ok());
  const auto unknown = objects.verify(id);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code() == code::timed_out);
  CHECK(objects.verify(id));
}

TEST_CASE("content_store: what is there is settled, and its size looked at, before it counts") {
  mem_store store;
  const std::string text = noise(3000);
  {
    content_store<mem_store> objects(store, small_contents());
    auto pin = *objects.pin();
    REQUIRE(objects.put(pin, text));
  }
  testing::fault_store<mem_store> faulty(store);
  content_store objects(faulty, small_contents());
  auto pin = *objects.pin();
  faulty.plan().add("settle objects/** nth 5 sync_lost");
  REQUIRE(faulty.plan().ok());
  CHECK(objects.put(pin, text).error().code() == code::sync_lost);
  content_store again(faulty, small_contents());
  auto second = *again.pin();
  const std::string key = keys_below(store, "objects/")[4];
  const std::string was = *testing::read_text(store, key);
  REQUIRE(store.put(key, was.substr(1), precondition::any));
  const auto mended = again.put(second, text);
  REQUIRE(mended);
  CHECK(mended->new_objects == 1);
  CHECK(testing::read_text(store, key).value() == was);
}
