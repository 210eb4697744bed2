// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/engine/checkpoint_roots.hpp>
#include <perdure/engine/create_checkpoint.hpp>
#include <perdure/engine/upload_checkpoint.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/store/mem_store.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/checkpoints.hpp>

using namespace perdure;

namespace {

TEST_CASE("checkpoint_roots: all of an uploaded checkpoint, so that nothing of it is collected") {
  mem_fs fs;
  mem_store store;
  content_store<mem_store> objects(store);
  auto source = tests::listed_source<mem_fs, mem_fs>::usual(fs, fs);
  REQUIRE(create_checkpoint(source, fs, "c"));
  auto pin = objects.pin();
  const auto sent = upload_checkpoint(fs, "c", objects, *pin);
  REQUIRE(sent);
  REQUIRE(pin->end());
  std::size_t shown = 0;
  std::size_t walked = 0;
  REQUIRE(checkpoint_roots(objects, sent->id, [&](const content_id& id) -> result<void> {
    ++shown;
    return objects.walk(id, [&](const digest&, object_kind) -> result<below> {
      ++walked;
      return below::enter;
    });
  }));
  CHECK(shown == 7);
  std::size_t objects_there = 0;
  REQUIRE(store.list({}, {}, 1000, [&](const listed_object&) {
    ++objects_there;
    return visit::go_on;
  }));
  CHECK(walked == objects_there);
  const auto nothing = checkpoint_roots(objects, {}, [](const content_id&) -> result<void> { return {}; });
  CHECK(nothing.error().code() == code::corrupt);
}

}  // namespace
