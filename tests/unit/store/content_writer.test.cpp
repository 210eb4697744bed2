// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/content_store.hpp>
#include <perdure/store/content_writer.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/testing/fault_store.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/contents.hpp>

#include <string>
#include <vector>

using namespace perdure;
using tests::keys_below;
using tests::noise;
using tests::small_contents;

namespace {

template <class Writer>
result<stored_content> written(Writer& writer, const std::string& content, std::size_t piece_size) {
  for (std::size_t at = 0; at < content.size(); at += piece_size) PERDURE_TRY(writer.write(content.substr(at, piece_size)));
  return writer.finish();
}

}  // namespace

TEST_CASE("content_writer: content has the objects that put makes of it, in pieces of any size, by any number of workers") {
  for (const std::size_t workers : {1U, 3U}) {
    mem_store store;
    content_store<mem_store> objects(store, small_contents());
    auto pin = *objects.pin();
    auto writer = objects.writer(pin, {.workers = workers});  // one for all of them, one after another
    for (const std::size_t size : {0U, 1U, 32U, 33U, 999U, 1000U, 1001U, 2000U, 5000U, 30000U}) {
      for (const std::size_t piece_size : {1U, 77U, 1000U, 100000U}) {
        INFO(workers << " workers, " << size << " bytes in pieces of " << piece_size);
        const std::string content = noise(size, static_cast<std::uint32_t>(size + piece_size));
        mem_store other_store;
        content_store<mem_store> other(other_store, small_contents());
        auto other_pin = *other.pin();
        const auto expected = other.put(other_pin, content);
        const auto stored = written(writer, content, piece_size);
        REQUIRE((stored && expected));
        CHECK((stored->id == expected->id && stored->size_bytes == size && stored->objects == expected->objects));
        std::string got;
        CHECK(objects.get(stored->id, [&](bytes piece) -> result<void> {
          got.append(reinterpret_cast<const char*>(piece.data()), piece.size());
          return {};
        }));
        CHECK(got == content);
      }
    }
  }
}

TEST_CASE("content_writer: after a content comes another, whether it is written or read from a source") {
  mem_store store;
  content_store<mem_store> objects(store, small_contents());
  auto pin = *objects.pin();
  for (const std::size_t workers : {1U, 3U}) {
    auto writer = objects.writer(pin, {.workers = workers});
    const std::string text = noise(5000);
    bytes left;
    const auto source = [&](mutable_bytes into) -> result<std::size_t> {
      const bytes piece = left.first(into.size());
      if (!piece.empty()) std::memcpy(into.data(), piece.data(), piece.size());
      left = left.from(piece.size());
      return piece.size();
    };
    for (int round = 0; round < 3; ++round) {
      const auto first = written(writer, text, 300);
      left = text;
      const auto second = writer.put(source);
      REQUIRE((first && second));
      CHECK((first->id == second->id && second->size_bytes == 5000 && second->new_objects == 0));
    }
  }
}

TEST_CASE("content_writer: a failure is told by every call after it, and what was not finished has no name") {
  mem_store memory;
  testing::fault_store<mem_store> store(memory, testing::fault_plan("put objects/** nth 9 no_space"));
  content_store<testing::fault_store<mem_store>> objects(store, small_contents());
  auto pin = *objects.pin();
  const std::string text = noise(30000);
  for (const std::size_t workers : {1U, 3U}) {
    auto writer = objects.writer(pin, {.workers = workers});
    const auto refused = written(writer, text, 500);
    if (workers == 1) {
      REQUIRE_FALSE(refused);
      CHECK((refused.error().code() == code::no_space && refused.error().doubt() == doubt::none));
      CHECK(writer.write("more").error().code() == code::no_space);
      CHECK(writer.finish().error().code() == code::no_space);
    } else {
      REQUIRE(refused);  // there was one fault, and what the first one had put is found or put again
      CHECK(objects.verify(refused->id));
    }
  }
  content_options wrong = small_contents();
  wrong.chunks.min_bytes = 0;
  content_store<testing::fault_store<mem_store>> none(store, wrong);
  CHECK(none.writer(pin).finish().error().code() == code::invalid_argument);
}

TEST_CASE("content_writer: what one has not finished no other one of its pin counts on") {
  for (const std::size_t workers : {1U, 3U}) {
    INFO(workers);
    const std::string text = noise(5000);
    {
      mem_store store;
      content_store<mem_store> objects(store, small_contents());
      auto pin = *objects.pin();
      {
        auto dropped = objects.writer(pin, {.workers = workers});
        REQUIRE(dropped.write(text));
      }
      CHECK(objects.verify(objects.put(pin, text)->id));
    }
    mem_store store;
    content_store<mem_store> objects(store, small_contents());
    auto pin = *objects.pin();
    auto first = objects.writer(pin, {.workers = workers});
    auto second = objects.writer(pin, {.workers = workers});
    REQUIRE(first.write(text));
    REQUIRE(second.write(text));
    const auto of_second = second.finish();
    REQUIRE(of_second);
    CHECK(objects.verify(of_second->id));
    CHECK(first.finish()->id == of_second->id);
    // What is finished is known, to every one of them.
    CHECK(objects.put(pin, text)->new_objects == 0);
  }
}

TEST_CASE("content_writer: what a source has goes behind what was written") {
  const std::string text = noise(5000);
  for (const std::size_t workers : {1U, 3U}) {
    mem_store store;
    content_store<mem_store> objects(store, small_contents());
    auto pin = *objects.pin();
    const content_id whole = objects.put(pin, text)->id;
    auto writer = objects.writer(pin, {.workers = workers});
    for (const std::size_t written : {1U, 999U, 1000U, 1500U, 2500U, 5000U}) {
      INFO(workers << " workers, " << written << " bytes written");
      REQUIRE(writer.write(bytes(text).first(written)));
      bytes left = bytes(text).from(written);
      const auto stored = writer.put([&](mutable_bytes into) -> result<std::size_t> {
        const bytes piece = left.first(into.size());
        if (!piece.empty()) std::memcpy(into.data(), piece.data(), piece.size());
        left = left.from(piece.size());
        return piece.size();
      });
      REQUIRE(stored);
      CHECK((stored->id == whole && stored->size_bytes == 5000));
    }
  }
}
