// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/engine/load_snapshot.hpp>
#include <perdure/engine/persist_snapshot.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/store/counting_store.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/testing/engine_archetypes.hpp>
#include <perdure/testing/read_text.hpp>
#include <perdure/testing/slot_archetypes.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/contents.hpp>
#include <tests/support/engines.hpp>

#include <random>

using namespace perdure;
using testing::poorest_slot;
using testing::read_text;
using testing::slot_memory;
using tests::notes;

namespace {

std::string noise(std::size_t size_bytes) {
  std::mt19937 random(1);
  std::string text(size_bytes, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

// Does not read what it saved, but for a part of it.
class lazy {
 public:
  using perdure_engine = lazy;
  std::string text;
  [[nodiscard]] std::uint64_t generation() const { return 1; }
  [[nodiscard]] result<void> save(engine_sink& to) const {
    PERDURE_TRY(to.section("small"));
    PERDURE_TRY(to.write("small"));
    PERDURE_TRY(to.section("large"));
    return to.write(text);
  }
  [[nodiscard]] static result<lazy> load(const engine_source& from) {
    char part[100];
    const auto large = from.find("large");
    if (!large) return large.error();
    const auto got = large->read_at(300'000, part);
    if (!got) return got.error();
    return lazy{std::string(part, *got)};
  }
};

}  // namespace

TEST_CASE("load_snapshot: an object that is missing, short or altered is found, whichever it is, and is never nothing yet") {
  mem_store store;
  content_store<mem_store> objects(store);
  slot_memory slot;
  poorest_slot head(slot);
  const lazy engine{noise(700'000)};
  REQUIRE(persist_snapshot(engine, objects, head));
  const auto loaded = load_snapshot<lazy>(objects, head);
  REQUIRE(loaded);
  CHECK(detail::moved(*loaded).snapshot().generation == 1);
  std::vector<std::string> keys;
  REQUIRE(store.list("", {}, 1000, [&](const listed_object& one) {
    keys.emplace_back(one.key.data(), one.key.size());
    return visit::go_on;
  }));
  REQUIRE(keys.size() > 4);
  for (const std::string& key : keys) {
    const std::string whole = read_text(store, key).value();
    for (int damage = 0; damage < 4; ++damage) {
      std::string altered = whole;
      if (damage == 1) altered.pop_back();
      if (damage == 2) altered[altered.size() / 2] = static_cast<char>(altered[altered.size() / 2] ^ 1);
      if (damage == 3) altered += "x";
      if (damage == 0) REQUIRE(store.remove(key));
      if (damage != 0) REQUIRE(store.put(key, altered, precondition::any));
      const auto refused = load_snapshot<lazy>(objects, head);
      INFO(key << " " << damage);
      CHECK((!refused && refused.error().code() == code::corrupt));
    }
    REQUIRE(store.put(key, whole, precondition::any));
  }
  CHECK(load_snapshot<lazy>(objects, head));
}

TEST_CASE("load_snapshot: a head that is foreign, later, or names another generation or content is refused") {
  mem_store store;
  content_store<mem_store> objects(store);
  slot_memory slot;
  poorest_slot head(slot);
  REQUIRE(persist_snapshot(notes("text", 1), objects, head));
  std::string text;
  const auto now = head.load(growing_room(text, 1 << 16));
  REQUIRE(now);
  snapshot_head told = *decode_head(text);
  auto token = now->token;
  const auto with = [&](const std::string& value) {
    token = *head.replace(token, value);
    const auto refused = load_snapshot<notes>(objects, head);
    return refused ? code::already_exists : refused.error().code();
  };
  const auto text_of = [](const snapshot_head& one) {
    char room[snapshot_head::size_bytes_max];
    const bytes encoded = encode_head(one, room);
    return std::string(reinterpret_cast<const char*>(encoded.data()), encoded.size());
  };
  CHECK(with("{\"version\":1}") == code::corrupt);
  CHECK(with("{\"perdure_head\":2}") == code::version_unsupported);
  CHECK(with("") == code::corrupt);
  CHECK(persist_snapshot(notes("more", 9), objects, head).error().code() == code::corrupt);
  told.entries[0].generation = 2;
  CHECK(with(text_of(told)) == code::corrupt);
  told.entries[0].manifest.root = sha256_of("nobody");
  CHECK(with(text_of(told)) == code::corrupt);
  auto pin = objects.pin();
  REQUIRE(pin);
  told.entries[0].manifest = objects.put(*pin, "a content that is no manifest")->id;
  CHECK(with(text_of(told)) == code::corrupt);
}

TEST_CASE("load_snapshot: a size that is not that of the content is found, also where the engine does not read so far") {
  mem_store store;
  content_store<mem_store> objects(store);
  slot_memory slot;
  poorest_slot head(slot);
  auto pin = objects.pin();
  REQUIRE(pin);
  const auto large = objects.put(*pin, noise(400'000));
  REQUIRE(large);
  auto token = poorest_slot::token();
  for (const int off : {0, 1, -1}) {
    perdure::detail::byte_buffer text;
    perdure::detail::manifest_encoder encoder(text);
    REQUIRE(encoder.begin(1, ""));
    REQUIRE(encoder.add({"large", large->id, large->size_bytes + static_cast<std::uint64_t>(off)}));
    REQUIRE(encoder.finish());
    snapshot_head told;
    told.add({1, objects.put(*pin, text.view())->id}, 1);
    char room[snapshot_head::size_bytes_max];
    token = *head.replace(token, encode_head(told, room));
    const auto loaded = load_snapshot<lazy>(objects, head);
    CHECK(loaded.has_value() == (off == 0));
    if (off != 0) CHECK((!loaded && loaded.error().code() == code::corrupt));
  }
}

TEST_CASE("load_snapshot: the base file is put right, whatever is in it; an engine that cannot be decoded leaves it alone") {
  mem_store store;
  content_store<mem_store> objects(store);
  slot_memory slot;
  poorest_slot head(slot);
  mem_fs fs;
  const base_file<mem_fs> base(fs, "base.bin", "body");
  REQUIRE(persist_snapshot(notes("text", 1), objects, head, base));
  for (const char* const was : {"", "tex", "texts", "other", "next"}) {
    REQUIRE(atomic_write(fs, "base.bin", was));
    const auto loaded = load_snapshot<notes>(objects, head, base);
    REQUIRE(loaded);
    CHECK(read_text(fs, "base.bin").value() == "text");
  }
  REQUIRE(fs.remove("base.bin"));
  REQUIRE(load_snapshot<notes>(objects, head, base, {.head = head_access::observed}));
  CHECK(read_text(fs, "base.bin").value() == "text");
  REQUIRE(atomic_write(fs, "base.bin", "other"));
  const auto refused = load_snapshot<testing::poorest_engine>(objects, head, base);
  REQUIRE_FALSE(refused);
  CHECK((refused.error().code() == code::corrupt && refused.error().operation() == operation::read));
  CHECK(load_snapshot<notes>(objects, head, base_file<mem_fs>(fs, "base.bin", "no such")).error().code() == code::corrupt);
  CHECK(read_text(fs, "base.bin").value() == "other");
}

TEST_CASE("load_snapshot: an engine may read in pieces of any size, and each chunk is got but a few times") {
  // Reads its section in pieces of so many bytes, and some of it twice.
  struct sips {
    using perdure_engine = sips;
    std::string text;
    static std::size_t& size() {
      static std::size_t bytes_at_a_time = 0;
      return bytes_at_a_time;
    }
    [[nodiscard]] std::uint64_t generation() const { return 1; }
    [[nodiscard]] result<void> save(engine_sink& to) const {
      PERDURE_TRY(to.section("body"));
      PERDURE_TRY(to.write(text));
      PERDURE_TRY(to.section("beside"));
      return to.write(std::string(text.rbegin(), text.rend()));
    }
    static result<sips> load(const engine_source& from) {
      const auto body = from.find("body");
      if (!body) return body.error();
      sips loaded;
      std::string piece(size(), '\0');
      for (;;) {
        const auto got = body->read_at(loaded.text.size(), piece);
        if (!got) return got.error();
        if (*got == 0) break;
        loaded.text += piece.substr(0, *got);
      }
      const auto beside = from.find("beside");
      for (const std::size_t at : {std::size_t{0}, std::size_t{3}}) {
        const auto again = body->read_at(at, piece);
        if (!again || piece.substr(0, *again) != loaded.text.substr(at, *again)) return failure(code::io, operation::read);
        const std::string turned(loaded.text.rbegin(), loaded.text.rend());
        const auto other = beside->read_at(at, piece);
        if (!other || piece.substr(0, *other) != turned.substr(at, *other)) return failure(code::io, operation::read);
      }
      return loaded;
    }
  };
  sips engine;
  engine.text = tests::noise(std::size_t{5} << 19);
  mem_store memory;
  counting_store<mem_store> store(memory);
  content_options how;
  how.chunks = {cut_by::size, 1 << 16, 1 << 16, 1 << 16};
  content_store<counting_store<mem_store>> objects(store, how);
  slot_memory slot;
  poorest_slot head(slot);
  REQUIRE(persist_snapshot(engine, objects, head));
  for (const std::size_t size : {std::size_t{1000}, (std::size_t{1} << 20) - 1, std::size_t{1} << 20, std::size_t{3} << 20}) {
    sips::size() = size;
    const auto before = store.counts().gets.calls;
    auto loaded = load_snapshot<sips>(objects, head);
    REQUIRE((loaded && loaded->exists()));
    CHECK(loaded->engine().text == engine.text);
    CHECK(store.counts().gets.calls - before < 400);  // of 80 chunks
  }
}

TEST_CASE("load_snapshot: an engine that finds nothing in what is there is damage, and not nothing yet") {
  struct shy {
    using perdure_engine = shy;
    [[nodiscard]] std::uint64_t generation() const { return 1; }
    [[nodiscard]] result<void> save(engine_sink& to) const { return to.section("body"); }
    static result<shy> load(const engine_source&) { return failure(code::not_found, operation::read).about("key"); }
  };
  mem_store store;
  content_store<mem_store> objects(store);
  slot_memory slot;
  poorest_slot head(slot);
  REQUIRE(persist_snapshot(shy{}, objects, head));
  const auto loaded = load_snapshot<shy>(objects, head);
  REQUIRE_FALSE(loaded);
  CHECK((loaded.error().code() == code::corrupt && loaded.error().operation() == operation::read));
}
