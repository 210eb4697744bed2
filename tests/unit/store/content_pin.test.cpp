// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/content_store.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/testing/fault_store.hpp>
#include <perdure/testing/read_text.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;

namespace {
std::size_t pins(mem_store& store) {
  std::size_t count = 0;
  (void)store.list("pins/", {}, 100, [&](const listed_object&) { return ++count, visit::go_on; });
  return count;
}
}  // namespace

TEST_CASE("content_pin: it is there for as long as it is needed, and says whose it is") {
  mem_store store;
  {
    auto pin = content_pin<mem_store>::take(store, "me");
    REQUIRE(pin);
    CHECK(pins(store) == 1);
    CHECK(testing::read_text(store, pin->key()).value() == "me");
    const auto other = std::move(*pin);
    CHECK(pins(store) == 1);
  }
  CHECK(pins(store) == 0);
  auto pin = content_pin<mem_store>::take(store, {});
  CHECK(pin->end());
  CHECK(pins(store) == 0);
  CHECK(pin->end());
  CHECK(content_pin<mem_store>::take(store, std::string(257, 'x')).error().code() == code::too_large);
}

TEST_CASE("content_pin: one that has ended protects nothing, and what is put with it is refused") {
  mem_store memory;
  testing::fault_store<mem_store> store(memory);
  content_store objects(store);
  const auto refused = [&](auto& pin) {
    const auto put = objects.put(pin, "content");
    return !put && put.error().code() == code::invalid_argument && put.error().doubt() == doubt::none;
  };
  {
    auto pin = objects.pin();
    REQUIRE(objects.put(*pin, "content"));
    auto writer = objects.writer(*pin);
    REQUIRE(writer.write("content"));
    REQUIRE(pin->end());
    CHECK(refused(*pin));  // although it knows that all of it was there
    CHECK(writer.finish().error().code() == code::invalid_argument);
  }
  {
    auto pin = objects.pin();
    const auto other = std::move(*pin);
    CHECK(refused(*pin));
  }
  auto pin = objects.pin();
  store.plan().add("remove_object pins/** times 1 busy");
  CHECK_FALSE(pin->end());
  CHECK(objects.put(*pin, "content"));  // for certain it is there
  store.plan().add("remove_object pins/** times 1 after timed_out doubt visible");
  CHECK_FALSE(pin->end());
  CHECK(refused(*pin));
  CHECK(pin->end());
}

TEST_CASE("content_pin: one that is held stays, until somebody who knows better ends it") {
  mem_store store;
  std::string key;
  {
    auto pin = content_pin<mem_store>::take(store, "me");
    pin->hold();
    key.assign(pin->key().data(), pin->key().size());
  }
  CHECK(pins(store) == 1);
  CHECK(end_pin(store, "objects/x").error().code() == code::invalid_argument);
  CHECK(end_pin(store, key));
  CHECK(pins(store) == 0);
}

TEST_CASE("content_pin: what is condemned counts as absent, and the next copy is another one") {
  mem_store store;
  const digest of = sha256_of("x");
  detail::condemned_list list;
  REQUIRE(list.copies.push({of, 0}));
  REQUIRE(list.copies.push({of, 1}));
  const auto key = detail::key_of(detail::condemned_prefix, store.nonce());
  REQUIRE(detail::put_condemned(store, key, list, precondition::absent));
  CHECK(content_pin<mem_store>::take(store, {})->copy_of(of).generation == 2);
  CHECK(content_pin<mem_store>::take(store, {})->copy_of(sha256_of("y")).generation == 0);
  list.stage = detail::condemned_stage::deleting;
  REQUIRE(detail::put_condemned(store, key, list, precondition::any));
  CHECK(content_pin<mem_store>::take(store, {})->copy_of(of).generation == 2);
  list.stage = detail::condemned_stage::given_up;
  REQUIRE(detail::put_condemned(store, key, list, precondition::any));
  CHECK(content_pin<mem_store>::take(store, {})->copy_of(of).generation == 0);
  // What has another name is none of ours, whatever it holds.
  REQUIRE(store.put("condemned/README", "what is this?", precondition::any));
  CHECK(content_pin<mem_store>::take(store, {}));
  // Of a list that cannot be read nobody knows what it condemns.
  std::string object = *testing::read_text(store, key);
  object[20] = static_cast<char>(object[20] ^ 1);
  REQUIRE(store.put(key, object, precondition::any));
  CHECK(content_pin<mem_store>::take(store, {}).error().code() == code::corrupt);
  CHECK(pins(store) == 0);
}

TEST_CASE("content_pin: a list that is replaced while it is looked for is seen, also where a listing leaves it out") {
  struct replacing : mem_store {  // as a directory of btrfs may be
    using perdure_store = replacing;
    int listings = 0;
    result<listed> list(key_view prefix, key_view cursor, std::size_t limit, object_visitor visitor) {
      return mem_store::list(prefix, cursor, limit, [&](const listed_object& one) {
        if (listings++ != 0) return visitor(one);
        auto kept = detail::read_condemned(*this, one.key);
        kept->list.stage = detail::condemned_stage::deleting;
        CHECK(detail::put_condemned(*this, one.key, kept->list, precondition::matches(kept->etag)));
        return visit::go_on;
      });
    }
  } store;
  const digest of = sha256_of("x");
  detail::condemned_list list;
  REQUIRE(list.copies.push({of, 0}));
  REQUIRE(detail::put_condemned(store, detail::key_of(detail::condemned_prefix, store.nonce()), list, precondition::absent));
  const auto pin = content_pin<replacing>::take(store, {});
  REQUIRE(pin);
  CHECK(pin->copy_of(of).generation == 1);
}

TEST_CASE("content_pin: a pin that may have been put is taken away again, as far as that can be") {
  mem_store store;
  testing::fault_store<mem_store> faulty(store);
  faulty.plan().add("put pins/** nth 1 after timed_out");
  REQUIRE(faulty.plan().ok());
  CHECK_FALSE(content_pin<testing::fault_store<mem_store>>::take(faulty, {}));
  CHECK(pins(store) == 0);
}

TEST_CASE("content_pin: a list that comes before the pin is there is seen") {
  mem_store store;
  const digest of = sha256_of("x");
  testing::fault_plan plan;
  plan.before_each([&](enum operation called, key_view) {
    if (called != operation::put) return;
    detail::condemned_list list;
    REQUIRE(list.copies.push({of, 0}));
    REQUIRE(detail::put_condemned(store, detail::key_of(detail::condemned_prefix, store.nonce()), list, precondition::absent));
  });
  testing::fault_store<mem_store> watched(store, plan);
  const auto pin = content_pin<testing::fault_store<mem_store>>::take(watched, {});
  REQUIRE(pin);
  CHECK(pin->copy_of(of).generation == 1);
}
