// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/content_gc.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/testing/fault_store.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/contents.hpp>

#include <iterator>
#include <string>
#include <utility>
#include <vector>

using namespace perdure;
using tests::noise;
using tests::small_contents;

namespace {

std::size_t count(mem_store& store, const char* prefix) {
  std::size_t all = 0;
  (void)store.list(prefix, {}, 100000, [&](const listed_object&) { return ++all, visit::go_on; });
  return all;
}
std::string text_of(key_view key) { return {key.data(), key.size()}; }

struct place {
  mem_store store;
  testing::fault_store<mem_store> faulty{store};
  content_store<testing::fault_store<mem_store>> objects{faulty, small_contents()};
  std::vector<content_id> roots;

  content_id put(const std::string& content) {
    auto pin = *objects.pin();
    return objects.put(pin, content)->id;
  }
  auto source() {
    return [this](root_visitor keep) -> result<void> {
      for (const content_id& root : roots) PERDURE_TRY(keep(root));
      return {};
    };
  }
  result<collected> collect(const gc_options& how = {}) { return content_gc(objects, source(), how); }
};

}  // namespace

TEST_CASE("content_gc: what no root reaches goes, and what one reaches stays") {
  place here;
  const std::string shared = noise(3000, 1);
  const auto a = here.put(shared + noise(2000, 2));
  const auto b = here.put(shared + noise(2000, 3));
  const auto c = here.put("small");
  here.roots = {a, c};
  const auto before = count(here.store, "objects/");
  const auto gone = here.collect();
  REQUIRE(gone);
  CHECK((gone->met == before && gone->deleted > 10 && gone->deleted == gone->condemned && gone->spared == 0));
  CHECK(count(here.store, "objects/") == gone->reached);
  CHECK(here.objects.verify(a));
  CHECK(here.objects.verify(c));
  CHECK(here.objects.verify(b).error().code() == code::not_found);
  CHECK(count(here.store, "condemned/") == 0);
  CHECK(here.collect()->deleted == 0);
  CHECK(here.put(shared + noise(2000, 3)) == b);
  CHECK(here.objects.verify(b));
  here.roots.clear();
  CHECK(here.collect());
  CHECK(count(here.store, "") == 0);
}

TEST_CASE("content_gc: a chunk with the bytes of a node hides nothing of what is below that") {
  place here;
  const auto inner = here.put(noise(300, 1));
  std::string node;
  (void)here.store.list("objects/", {}, 100, [&](const listed_object& one) {
    if (text_of(one.key) == text_of(detail::object_key({inner.root, 0}))) node.resize(one.size_bytes);
    return visit::go_on;
  });
  REQUIRE(here.store.get(detail::object_key({inner.root, 0}), node));
  REQUIRE((node.size() > 32 && node.size() < 500));
  auto whole = small_contents();
  whole.chunks = {cut_by::size, 1, 500, 500};
  content_store outer(here.faulty, whole);
  auto pin = *outer.pin();
  const auto id = outer.put(pin, node)->id;
  REQUIRE(pin.end());
  here.roots = {id, inner};
  CHECK(here.collect()->deleted == 0);
  CHECK(here.objects.verify(inner));
}

TEST_CASE("content_gc: while a pin is there nothing is deleted, and what it published is spared") {
  place here;
  const auto a = here.put(noise(2000, 1));
  auto pin = *here.objects.pin("writer");
  const auto busy = here.collect();
  CHECK(busy.error().code() == code::busy);
  CHECK(busy.error().path() == bytes(pin.key().data(), pin.key().size()).from(pin.key().size() - failure::path_size_max));
  CHECK(here.objects.verify(a));
  CHECK(count(here.store, "condemned/") == 0);
  int waits = 0;
  const auto gone = here.collect({.wait = [&](key_view) {
    if (++waits == 3) {
      CHECK(here.objects.put(pin, noise(2000, 1))->new_objects == 0);
      here.roots = {a};
      REQUIRE(pin.end());
    }
    return proceed::go_on;
  }});
  REQUIRE(gone);
  CHECK((waits == 3 && gone->deleted == 0 && gone->spared == gone->condemned && gone->condemned != 0));
  CHECK(here.objects.verify(a));
}

TEST_CASE("content_gc: whoever comes while something is condemned makes another copy of it") {
  place here;
  const std::string text = noise(2000, 1);
  const auto a = here.put(text);
  auto first = *here.objects.pin("first");
  const auto gone = here.collect({.wait = [&](key_view) {
    auto second = *here.objects.pin("second");
    const auto again = here.objects.put(second, text);
    CHECK((again->id == a && again->new_objects == again->objects));
    here.roots = {a};
    REQUIRE(first.end());
    return proceed::go_on;
  }});
  REQUIRE(gone);
  CHECK(here.objects.verify(a));
  // By now nothing is condemned, and the first copies count again where they are.
  auto third = *here.objects.pin("third");
  CHECK(here.objects.put(third, text)->new_objects == 0);
}

TEST_CASE("content_gc: where a root cannot be read nothing is deleted") {
  place here;
  const auto a = here.put(noise(2000, 1));
  const auto b = here.put(noise(2000, 2));
  here.roots = {a, content_id{}};
  CHECK(here.collect().error().code() == code::not_found);
  CHECK(here.objects.verify(b));
  const auto fails = [](root_visitor) -> result<void> { return failure(code::permission, operation::load); };
  CHECK(content_gc(here.objects, fails).error().code() == code::permission);
  CHECK(here.objects.verify(b));
  here.roots = {a};
  int left = 3;
  CHECK(here.collect({.watch = [&](const progress&) { return --left < 0 ? proceed::cancel : proceed::go_on; }}).error().code() ==
        code::cancelled);
  CHECK(here.objects.verify(b));
  CHECK(here.collect());
  CHECK(here.objects.verify(b).error().code() == code::not_found);
}

TEST_CASE("content_gc: where a remove may come late, its copy is never counted on again") {
  place here;
  const std::string text = noise(2000, 1);
  const auto a = here.put(text);
  here.faulty.plan().add("remove_object objects/** nth 3 timed_out");
  REQUIRE(here.faulty.plan().ok());
  const auto gone = here.collect();
  REQUIRE(gone);
  CHECK((gone->in_doubt == 1 && gone->lists_left == 1 && gone->deleted + 1 == gone->condemned));
  CHECK(count(here.store, "objects/") == 1);
  CHECK(here.put(text) == a);
  here.roots = {a};
  // It arrives, so to speak, with all the others.
  std::vector<std::string> late;
  (void)here.store.list("objects/", {}, 1000, [&](const listed_object& one) {
    if (text_of(one.key).find('.') == std::string::npos) late.push_back(text_of(one.key));
    return visit::go_on;
  });
  for (const std::string& key : late) REQUIRE(here.store.remove(key));
  CHECK(here.objects.verify(a));
  CHECK(here.collect()->lists_left == 1);
  CHECK(here.objects.verify(a));
  const auto retired = here.collect({.abandoned = abandoned::retire});
  CHECK((retired->lists_left == 0 && retired->deleted == 0));
  CHECK(count(here.store, "condemned/") == 0);
  CHECK(here.objects.verify(a));
}

TEST_CASE("content_gc: of two collectors, one gives up what the other had condemned, and that one lets it be") {
  place here;
  const auto a = here.put(noise(2000, 1));
  auto pin = *here.objects.pin("writer");
  const auto gone = here.collect({.wait = [&](key_view) {
    REQUIRE(pin.end());
    here.roots = {a};
    CHECK(here.collect()->deleted == 0);
    here.roots.clear();
    return proceed::go_on;
  }});
  REQUIRE(gone);
  CHECK(gone->deleted == 0);
  CHECK(here.objects.verify(a));
  CHECK(here.collect()->deleted != 0);
  CHECK(count(here.store, "") == 0);
}

TEST_CASE("content_gc: of one that gives up a list while another begins to delete by it, one wins") {
  place here;
  const auto a = here.put(noise(2000, 1));
  bool is_given_up = false;
  testing::fault_plan plan;
  plan.before_each([&](enum operation called, key_view key) {
    // The list is condemned, and read again; now it is to say that deleting has begun.
    if (called != operation::put || text_of(key).find("condemned/") != 0 || count(here.store, "condemned/") == 0) return;
    if (std::exchange(is_given_up, true)) return;
    here.roots = {a};
    CHECK(here.collect()->deleted == 0);
  });
  testing::fault_store<mem_store> watched(here.store, plan);
  content_store objects(watched, small_contents());
  const auto gone = content_gc(objects, [](root_visitor) -> result<void> { return {}; });
  REQUIRE(gone);
  CHECK((is_given_up && gone->deleted == 0));
  CHECK(here.objects.verify(a));
}

TEST_CASE("content_gc: a list that is given up says so, for what is only removed may come back") {
  place here;
  const auto a = here.put(noise(300, 1));
  here.faulty.plan().add("remove_object condemned/** timed_out");
  REQUIRE(here.faulty.plan().ok());
  auto pin = *here.objects.pin();
  CHECK(here.collect().error().code() == code::busy);
  REQUIRE(count(here.store, "condemned/") == 1);
  CHECK(here.objects.pin()->copy_of(a.root).generation == 0);
  REQUIRE(pin.end());
  // Nobody deletes by it.
  here.roots = {a};
  CHECK_FALSE(here.collect());
  CHECK(here.objects.verify(a));
}

TEST_CASE("content_gc: what a scrub has condemned is the scrub's, and what has another name is nobody's") {
  place here;
  const auto a = here.put(noise(300, 1));
  here.roots = {a};
  detail::condemned_list list;
  list.why = detail::condemned_why::altered;
  REQUIRE(list.copies.push({a.root, 0}));
  const auto key = detail::key_of(detail::condemned_prefix, here.store.nonce());
  REQUIRE(detail::put_condemned(here.store, key, list, precondition::absent));
  for (const char* const other : {"condemned/README", "pins/README", "objects/README"})
    REQUIRE(here.store.put(other, "what is this?", precondition::any));
  // None of ours, though they look like it.
  const std::string hex(64, 'a');
  const std::string others[] = {"objects/" + std::string(200, 'x'), "objects/" + hex + ".0",  "objects/" + hex + ".01",
                                "objects/" + hex + ".4294967296",   "objects/" + hex + ".1x", "objects/" + std::string(64, 'A')};
  for (const std::string& other : others) REQUIRE(here.store.put(other, "and this?", precondition::any));
  here.put("garbage, of more than 32 bytes each");
  const auto strangers = std::size(others) + 1;
  const auto before = count(here.store, "objects/");
  const auto gone = here.collect();
  REQUIRE(gone);
  CHECK((gone->deleted != 0 && gone->lists_left == 0 && gone->met == before - strangers));
  CHECK(detail::read_condemned(here.store, key)->list.stage == detail::condemned_stage::condemned);
  CHECK(count(here.store, "objects/") == gone->reached + strangers);
  CHECK(count(here.store, "condemned/") == 2);
  CHECK(count(here.store, "pins/") == 1);
}

TEST_CASE("content_gc: of more than a list or a page holds, all that is garbage goes") {
  place here;
  for (int i = 0; i < 5000; ++i)
    REQUIRE(here.store.put(detail::object_key({sha256_of(std::to_string(i)), 0}), "", precondition::any));
  const auto gone = here.collect();
  REQUIRE(gone);
  CHECK((gone->met == 5000 && gone->deleted == 5000));
  CHECK(count(here.store, "") == 0);
}
