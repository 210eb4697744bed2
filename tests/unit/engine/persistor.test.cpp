// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/engine/persistor.hpp>
#include <perdure/store/any_store.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/store/open_store.hpp>
#include <perdure/testing/engine_archetypes.hpp>
#include <perdure/testing/fault_store.hpp>
#include <perdure/testing/read_text.hpp>
#include <perdure/testing/store_archetypes.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/engines.hpp>

#include <algorithm>

using namespace perdure;
using testing::fault_store;
using testing::poorest_engine;
using testing::poorest_store;
using tests::notes;

namespace {

using names = std::vector<std::string>;
const persistor_options vectors{
    .prefix = "_vectors/", .suffix = ".lhv1", .format = {.layout = engine_layout::framed, .kind = "LHV1"}};

template <class S>
names listed_names(persistor<S>& keeper) {
  names all;
  const auto done = keeper.list([&](path_view name) {
    all.emplace_back(name.data(), name.size());
    return visit::go_on;
  });
  if (!done) all.push_back("failed");
  return all;
}

template <class T>
bool fails(const result<T>& answer, enum code code) {
  return !answer && answer.error().code() == code;
}

std::string path_of(const failure& why) { return {reinterpret_cast<const char*>(why.path().data()), why.path().size()}; }

// Reading takes a second of it.
class slow_clock {
 public:
  [[nodiscard]] std::int64_t elapsed_ns() { return now_ += ns_per_second; }
  [[nodiscard]] std::int64_t unix_ns() { return now_; }
  void sleep_ns(std::int64_t) {}

 private:
  std::int64_t now_ = 0;
};

}  // namespace

TEST_CASE("persistor: names come back as they went in, sorted, and each is one object under the prefix") {
  mem_store memory;
  poorest_store store(memory);
  persistor keeper(store, vectors);
  names all{"a",    "a b",  "a.lhv1", "a/b", "a%2Fb", "..",    ".",  "A",   "\xc3\xa4\xe2\x82\xac", "%", "a-b", "%00", "a%", " ",
            "a\nb", "a\\b", "CON",    "a.b", "a!",    "z/../", "//", "\x7f"};
  for (const auto& name : all) {
    INFO(name);
    REQUIRE(keeper.save(name, notes("of " + name, 1)));
  }
  std::sort(all.begin(), all.end());
  CHECK(listed_names(keeper) == all);
  for (const auto& name : all) {
    INFO(name);
    const auto loaded = keeper.load<notes>(name);
    REQUIRE(loaded);
    CHECK(loaded->text() == "of " + name);
  }
  CHECK(testing::read_text(store, "_vectors/a%2Fb.lhv1").value() == std::string("LHV1\0\0\0\x0cgeneration 1of a/b", 26));
  CHECK(memory.head("_vectors/%25.lhv1"));
  for (const char* const bad : {"", "\xff"}) CHECK(fails(keeper.save(bad, notes()), code::invalid_argument));
  CHECK(fails(keeper.load<notes>(path_view("a\0b", 3)), code::invalid_argument));
  CHECK(fails(keeper.save(std::string(900, '/'), notes()), code::too_large));
}

TEST_CASE("persistor: what others keep under the prefix is no name, is not touched, and hides none") {
  mem_store store;
  persistor keeper(store, vectors);
  REQUIRE(keeper.save("mine", notes("mine", 1)));
  const names foreign{"_vectors",
                      "_vectors/",
                      "_vectors/.lhv1",
                      "_vectors/a",
                      "_vectors/a.lhv2",
                      "_vectors/a/b.lhv1",
                      "_vectors/%2f.lhv1",
                      "_vectors/%61.lhv1",
                      "_vectors/%.lhv1",
                      "_vectors/%4.lhv1",
                      "_vectors/%00.lhv1",
                      "_vectors2/a.lhv1",
                      "a.lhv1",
                      std::string("_vectors/") + std::string(400, 'x')};
  for (const auto& key : foreign) REQUIRE(store.put(key, "foreign", precondition::any));
  CHECK(listed_names(keeper) == names{"mine"});
  slow_clock clock;
  const auto report = keeper.load_all<notes>(clock, {}, [](path_view, const auto&) {});
  REQUIRE(report);
  CHECK((report->loaded == 1 && report->bad == 0));
  for (const auto& key : foreign) CHECK(testing::read_text(store, key).value() == "foreign");
}

TEST_CASE("persistor: missing, damaged and later are told apart, with what and where") {
  mem_store store;
  persistor keeper(store, vectors);
  CHECK(fails(keeper.load<notes>("a"), code::not_found));
  CHECK(path_of(keeper.load<notes>("a").error()) == "_vectors/a.lhv1");
  const struct {
    std::string content;
    enum code code;
    std::string where;
  } all[] = {{"LHV", code::corrupt, "frame head at byte 0"},
             {std::string("NOPE\0\0\0\0", 8), code::corrupt, "magic at byte 0"},
             {std::string("LHV2\0\0\0\0", 8), code::version_unsupported, "magic at byte 0"},
             {std::string("LHV1\0\0\0\x09", 8), code::corrupt, "envelope size at byte 4"},
             {std::string("LHV1\xff\xff\xff\xff", 8), code::corrupt, "envelope size at byte 4"},
             {std::string("LHV1\0\x20\0\0", 8) + std::string(0x200000, ' '), code::too_large, "envelope size at byte 4"}};
  for (const auto& one : all) {
    REQUIRE(store.put("_vectors/a.lhv1", one.content, precondition::any));
    const auto loaded = keeper.load<notes>("a");
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code() == one.code);
    CHECK(path_of(loaded.error()) == "_vectors/a.lhv1: " + one.where);
  }
  CHECK(fails(persistor(store, {.prefix = "_vectors/", .suffix = ".lhv1", .format = {.object_bytes_max = 7}}).load<notes>("a"),
              code::too_large));
  CHECK(keeper.remove("a"));
  CHECK(keeper.remove("a"));
  CHECK(fails(keeper.load<notes>("a"), code::not_found));
  CHECK(listed_names(keeper).empty());
}

TEST_CASE("persistor: load_all goes on behind the bad ones, and gives up those that take too long") {
  mem_store memory;
  any_store store(memory);
  persistor keeper(store);
  for (const char* const name : {"1", "2", "3"}) REQUIRE(keeper.save(name, poorest_engine(name)));
  REQUIRE(memory.put("2.engine", "damaged", precondition::any));
  std::string told;
  const auto note = [&](path_view name, auto& one) {
    told +=
        std::string(name.data(), name.size()) + (one ? "=" + (*one)->text : "!" + std::to_string(int(one.error().code()))) + " ";
  };
  slow_clock clock;
  const auto report = keeper.load_all<poorest_engine>(clock, {.item_ns_max = 10 * ns_per_second}, note);
  REQUIRE(report);
  CHECK((report->loaded == 2 && report->bad == 1));
  CHECK(told == "1=1 2!" + std::to_string(int(code::corrupt)) + " 3=3 ");
  told.clear();
  // It reads twice, and the second time it is too late.
  const auto late = keeper.load_all<poorest_engine>(clock, {.item_ns_max = ns_per_second}, note);
  REQUIRE(late);
  CHECK((late->loaded == 0 && late->bad == 3));
  CHECK(told.substr(0, 4) == "1!" + std::to_string(int(code::timed_out)));
  // One that somebody else removes meanwhile is none.
  told.clear();
  const auto fewer = keeper.load_all<poorest_engine>(clock, {}, [&](path_view name, auto& one) {
    note(name, one);
    (void)keeper.remove("2");
  });
  REQUIRE(fewer);
  CHECK((told == "1=1 3=3 " && fewer->bad == 0));
}

TEST_CASE("persistor: load makes durable what it shows, observe leaves it; a failure of that is one") {
  mem_store memory;
  fault_store store(memory);
  persistor keeper(store);
  REQUIRE(keeper.save("a", notes("a", 1)));
  store.plan().add("settle ** io");
  CHECK(keeper.observe<notes>("a"));
  CHECK(fails(keeper.load<notes>("a"), code::io));
  store.plan().add("list_objects ** io");
  CHECK(listed_names(keeper) == names{"failed"});
}

TEST_CASE("persistor: an image is saved under a condition, and one that lost changes nothing") {
  mem_store store;
  persistor keeper(store);
  const auto one = keeper.encode("a", notes("one", 1));
  const auto two = keeper.encode("a", notes("two", 2));
  REQUIRE((one && two));
  const auto first = keeper.save("a", *one, precondition::absent);
  REQUIRE(first);
  CHECK(fails(keeper.save("a", *two, precondition::absent), code::already_exists));
  REQUIRE(keeper.save("a", *two, precondition::matches(*first)));
  CHECK(fails(keeper.save("a", *one, precondition::matches(*first)), code::conflict));
  CHECK(keeper.load<notes>("a")->text() == "two");
  notes large(std::string(100, 'x'), 1);
  persistor small(store, {.format = {.object_bytes_max = 150}});
  const auto refused = small.save("a", large);
  REQUIRE_FALSE(refused);
  CHECK((refused.error().code() == code::too_large && refused.error().operation() == operation::write));
  CHECK(path_of(refused.error()) == "a.engine");
  CHECK(keeper.load<notes>("a")->text() == "two");
}

TEST_CASE("persistor: the version of what is there is told, so that a save can match it that knows of none before it") {
  mem_store memory;
  poorest_store poor(memory);  // whose head tells no etag
  persistor keeper(poor, vectors);
  CHECK(fails(keeper.version("one"), code::not_found));
  REQUIRE(keeper.save("one", notes("old", 1)));
  const auto there = keeper.version("one");
  REQUIRE(there);
  const auto image = keeper.encode("one", notes("new", 2));
  REQUIRE(image);
  CHECK(keeper.save("one", *image, precondition::matches(*there)));
  CHECK(fails(keeper.save("one", *image, precondition::matches(*there)), code::conflict));
}

TEST_CASE("persistor: without an address nothing is kept, and all of it works") {
  auto store = open_store("", {});
  REQUIRE(store);
  persistor keeper(*store, vectors);
  REQUIRE(keeper.save("a", notes("a", 1)));
  CHECK(keeper.load<notes>("a")->text() == "a");
  auto other = open_store("", {});
  REQUIRE(other);
  CHECK(fails(persistor(*other, vectors).load<notes>("a"), code::not_found));
}
