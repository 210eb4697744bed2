// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/testing/fault_store.hpp>

#include <perdure/store/mem_store.hpp>
#include <perdure/testing/natural_faults.hpp>
#include <perdure/testing/read_text.hpp>

#include <tests/support/catch.hpp>

#include <string>
#include <vector>

using namespace perdure;
using namespace perdure::testing;

namespace {

struct rig {
  mem_store objects;
  fault_store<mem_store> store;
  explicit rig(const char* rules) : store(objects, rules) { REQUIRE(store.plan().ok()); }

  [[nodiscard]] std::string in(const char* key) {
    const auto text = read_text(objects, key);
    return text ? *text : "(none)";
  }
  [[nodiscard]] std::vector<std::string> keys(std::size_t limit = 10) {
    std::vector<std::string> all;
    std::string cursor;
    for (result<listed> page = listed::more; page && *page == listed::more;) {
      page = store.list("", cursor, limit, [&](const listed_object& one) {
        all.emplace_back(one.key.data(), one.key.size());
        return visit::go_on;
      });
      if (!all.empty()) cursor = all.back();
    }
    return all;
  }
};
bool failed(const result<etag>& put, enum code code, enum doubt doubt) {
  return !put && put.error().code() == code && put.error().doubt() == doubt;
}

}  // namespace

TEST_CASE("fault_store: a put is lost, or its answer is, and nobody can tell") {
  rig lost("put ** timed_out");
  CHECK(failed(lost.store.put("k", "v", precondition::any), code::timed_out, doubt::visible));
  CHECK(lost.in("k") == "(none)");
  rig kept("put ** timed_out after");
  CHECK(failed(kept.store.put("k", "v", precondition::absent), code::timed_out, doubt::visible));
  CHECK(kept.in("k") == "v");
  CHECK(failed(kept.store.put("k", "w", precondition::absent), code::timed_out, doubt::visible));
  CHECK(kept.in("k") == "v");
}

TEST_CASE("fault_store: what is throttled, and what a 409 answers, has not happened") {
  rig busy("put ** nth 1 busy errno 409\nremove_object ** busy errno 503");
  const auto put = busy.store.put("k", "v", precondition::any);
  CHECK((failed(put, code::busy, doubt::none) && put.error().system_code() == 409));
  CHECK(busy.store.put("k", "v", precondition::any));
  const auto removed = busy.store.remove("k");
  CHECK((!removed && removed.error().outcome() == outcome::unchanged));
  CHECK(busy.in("k") == "v");
}

TEST_CASE("fault_store: a 412 against itself is in doubt, and a true one is not") {
  rig resent("put ** conflict errno 412 after");
  CHECK(failed(resent.store.put("k", "v", precondition::absent), code::conflict, doubt::visible));
  CHECK(resent.in("k") == "v");
  CHECK(failed(resent.store.put("k", "w", precondition::absent), code::already_exists, doubt::none));
  CHECK(resent.store.put("k", "w", precondition::any));
}

TEST_CASE("fault_store: a late put arrives when it is time, and its precondition is judged then") {
  rig late("put k nth 1 timed_out late 2");
  CHECK(failed(late.store.put("k", "late", precondition::absent), code::timed_out, doubt::visible));
  CHECK_FALSE(late.store.head("k"));
  CHECK(late.store.put("other", "x", precondition::any));
  CHECK(late.keys() == std::vector<std::string>{"other"});
  CHECK(late.keys() == std::vector<std::string>{"k", "other"});
  CHECK(late.in("k") == "late");
  rig beaten("put k nth 1 timed_out late 1");
  CHECK_FALSE(beaten.store.put("k", "late", precondition::absent));
  CHECK(beaten.store.put("k", "new", precondition::absent));
  CHECK(beaten.store.head("k"));
  CHECK(beaten.in("k") == "new");
  rig anyhow("put k nth 1 timed_out late 1");
  CHECK_FALSE(anyhow.store.put("k", "late", precondition::any));
  CHECK(anyhow.store.put("k", "new", precondition::any));
  CHECK(anyhow.store.head("k")->size_bytes == 4);
}

TEST_CASE("fault_store: a remove is lost, kept, or late") {
  rig on("remove_object a timed_out\nremove_object b timed_out after\nremove_object c timed_out late 0");
  for (const char* const key : {"a", "b", "c"}) REQUIRE(on.store.put(key, "x", precondition::any));
  for (const char* const key : {"a", "b", "c"}) {
    const auto removed = on.store.remove(key);
    CHECK((!removed && removed.error().doubt() == doubt::visible));
  }
  CHECK((on.in("a") == "x" && on.in("b") == "(none)" && on.in("c") == "x"));
  CHECK_FALSE(on.store.head("c"));
}

TEST_CASE("fault_store: an answer that ends early is a failure, and leaves rubbish behind what came") {
  rig cut("get ** nth 1 io short 2\nlist_objects ** nth 1 io short 1");
  REQUIRE(cut.store.put("k", "text", precondition::any));
  REQUIRE(cut.store.put("l", "text", precondition::any));
  std::string room(4, '?');
  const auto got = cut.store.get("k", room);
  CHECK((!got && got.error().code() == code::io && got.error().doubt() == doubt::none));
  CHECK(room.substr(0, 2) == "te");
  CHECK(room.substr(2) == "\xdd\xdd");
  int shown = 0;
  CHECK_FALSE(cut.store.list("", {}, 10, [&](const listed_object&) { return ++shown, visit::go_on; }));
  CHECK(shown == 1);
  CHECK(cut.keys().size() == 2);
}

TEST_CASE("fault_store: a stale listing leaves out the newest keys, and still comes to its end") {
  rig stale("list_objects ** stale 2");
  for (const char* const key : {"a", "b", "c", "d"}) REQUIRE(stale.store.put(key, "x", precondition::any));
  REQUIRE(stale.store.put("d", "again", precondition::any));
  CHECK(stale.keys() == std::vector<std::string>{"a", "b"});
  CHECK(stale.keys(1) == std::vector<std::string>{"a", "b"});
  CHECK(stale.store.head("d"));
}

TEST_CASE("fault_store: a bit that reads wrong reads wrong in every get") {
  rig flipped("read k flip 8");
  REQUIRE(flipped.store.put("k", "text", precondition::any));
  char room[4];
  REQUIRE(flipped.store.get("k", room));
  CHECK(room[1] == ('e' ^ 1));
  REQUIRE(flipped.store.get_range("k", 1, room));
  CHECK(room[0] == ('e' ^ 1));
  CHECK(flipped.in("k") == "text");
}

TEST_CASE("fault_store: each natural fault at each call of a put is told as it is") {
  const auto count = each_natural_fault([](fault_plan plan) {
    mem_store objects;
    const auto first = objects.put("k", "old", precondition::any);
    fault_store store(objects, plan);
    const auto put = store.put("k", "new", precondition::matches(*first));
    const std::string now = *read_text(objects, "k");
    INFO(plan.text());
    CHECK((now == "old" || now == "new"));
    if (put) CHECK(now == "new");
    if (!put && put.error().doubt() == doubt::none) CHECK(now == "old");
  });
  CHECK((count.calls == 1 && count.faults == 5));
}
