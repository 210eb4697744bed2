// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A scrub, cut, killed and failing at every call of the Store, by itself and beside a writer who mends what it is about to
// delete.

#include <perdure/store/mem_store.hpp>
#include <perdure/store/scrub.hpp>

#include <tests/crash/contents.hpp>
#include <tests/support/contents.hpp>

namespace proofs_of_scrub {

using namespace tests;

namespace {

// Three chunks, and their node.
constexpr const char* content = "aaaabbbbcccc";

// Every object of it, as it should be.
const std::map<std::string, std::string>& objects_of_content() {
  static const std::map<std::string, std::string> all = [] {
    mem_store store;
    (void)publish(store, content);
    std::map<std::string, std::string> made;
    for (const std::string& key : keys_below(store, "objects/")) made[key] = read_text(store, key).value_or("");
    return made;
  }();
  return all;
}
std::string key_of_altered(const char* prefix = "objects/") {
  const auto key = perdure::detail::key_of(prefix, {sha256_of("bbbb"), 0});
  return {key.data(), key.size()};
}

// What scrubs said that is not so, in whatever run.
struct said {
  std::string wrong;
  int finished = 0;

  template <class S>
  result<void> scrub_in(S& store, bool is_first) {
    lab_objects<S> objects(store, tiny());
    std::vector<std::string> told;
    int waits_left = 8;
    const auto found = [&](key_view key) { told.emplace_back(key.data(), key.size()); };
    const auto wait = [&](key_view) { return --waits_left > 0 ? proceed::go_on : proceed::cancel; };
    const auto done = scrub(objects, {.on_altered = on_altered::quarantine, .found = found, .wait = wait});
    if (!done) return done.error();
    ++finished;
    if (is_first && told != std::vector<std::string>{key_of_altered()}) wrong = "not told, or not it alone";
    if (done->altered != told.size()) wrong = "told otherwise than counted";
    return {};
  }
};

// Nothing goes that was as it should be, and what was not goes only when it is kept elsewhere.
verdict kept(after_crash& after, const std::string& altered) {
  for (const auto& [key, text] : objects_of_content()) {
    const auto now = read_text(after.store(), key);
    if (key != key_of_altered()) {
      if (!now || *now != text) return "an object that was not altered is lost";
      continue;
    }
    if (now && (*now == altered || *now == text)) continue;
    if (now || now.error().code() != code::not_found) return "it was altered once more";
    if (read_text(after.store(), key_of_altered("quarantine/")).value_or("") != altered)
      return "what was altered is gone, and kept nowhere";
  }
  return true;
}

exploration scrubbing(said& told, const std::string& altered, std::uint32_t faults, bug planted = bug::none) {
  exploration what;
  what.setup = [altered](world& world) {
    flawed_store store(world.store(), bug::none);
    lab_objects<flawed_store> objects(store, tiny());
    auto pin = objects.pin();
    if (pin) (void)objects.put(*pin, content);
    (void)store.put(key_of_altered(), altered, precondition::any);
  };
  what.workload = [&told, planted](world& world) {
    flawed_store store(world.store(), planted);
    const int before = told.finished;
    world.step("scrubbed", [&] { return told.scrub_in(store, true); });
    world.step("again", [&] { return told.scrub_in(store, false); });
    if (told.finished == before) told.wrong = "neither of two finished";
    world.step("published", [&] { return publish(store, content); });
  };
  what.check = [altered, faults](after_crash& after) {
    if (after.acknowledged("scrubbed") && faults == 0 && read_text(after.store(), key_of_altered()).value_or("") == altered)
      return verdict("it was scrubbed, and what is altered is there");
    return both(kept(after, altered), whole(after.store()));
  };
  what.faults = faults;
  return what;
}
// A writer publishes the same content meanwhile, and puts what it finds too short.
exploration beside(said& told, bug planted) {
  exploration what = scrubbing(told, "bbb", 0);
  what.workload = [&told, planted](world& world) {
    world.processes(
        [planted](process& one) {
          flawed_store store(one.store(), planted);
          one.step("published", [&] { return publish(store, content); });
        },
        [&told, planted](process& one) {
          flawed_store store(one.store(), planted);
          one.step("scrubbed", [&] { return told.scrub_in(store, false); });
        });
  };
  what.check = [](after_crash& after) -> verdict {
    if (after.acknowledged("published") && !head_in(after.store())) return "published, and there is no head";
    return both(kept(after, "bbb"), whole(after.store()));
  };
  what.preemptions = 2;
  return what;
}

}  // namespace

TEST_CASE(
    "scrub: whichever call fails, or is late, what is altered is told, kept and gone, and nothing else; a second one finishes") {
  for (const std::uint32_t faults : {0U, 1U}) {
    said told;
    const auto report = explore(scrubbing(told, "bbxb", faults));
    INFO(report.text());
    CHECK((report.ok() && report.exhaustive));
    CHECK(told.wrong == "");
    if (faults == 1) CHECK(report.runs > 80);
  }
}

TEST_CASE("scrub: killed at any moment it has lost nothing, and the next one finishes what it began") {
  said told;
  exploration what = scrubbing(told, "bbxb", 0);
  what.workload = [&told](world& world) {
    flawed_store store(world.store(), bug::none);
    world.step("scrubbed", [&] { return told.scrub_in(store, true); });
  };
  what.restart = [&told](world& world) {
    flawed_store store(world.store(), bug::none);
    const int before = told.finished;
    world.step("again", [&] { return told.scrub_in(store, false); });
    if (told.finished == before) told.wrong = "what a killed one has left stops the next one";
    world.step("published", [&] { return publish(store, content); });
  };
  const auto report = explore(what);
  INFO(report.text());
  CHECK((report.ok() && report.exhaustive));
  CHECK(told.wrong == "");
}

TEST_CASE("scrub: beside a writer it takes away nothing that is mended, whoever is killed, wherever they take turns") {
  said told;
  const auto report = explore(beside(told, bug::none));
  INFO(report.text());
  CHECK((report.ok() && report.exhaustive));
  CHECK(report.runs > 500);
  CHECK(told.wrong == "");
}

TEST_CASE("scrub: one reading that is wrong costs nothing") {
  said told;
  exploration what = scrubbing(told, "bbxb", 0, bug::wrong_once);
  what.workload = [&told](world& world) {
    flawed_store store(world.store(), bug::wrong_once);
    world.step("scrubbed", [&] { return told.scrub_in(store, false); });
  };
  CHECK(explore(what).ok());
  what.workload = [&told](world& world) {
    flawed_store store(world.store(), bug::wrong_always);
    world.step("scrubbed", [&] { return told.scrub_in(store, false); });
  };
  CHECK(refuted(what).find("not altered is lost") != std::string::npos);
}

TEST_CASE("scrub: without a quarantine, a second look, the end of pins or a copy of another name, something is lost") {
  said told;
  CHECK(refuted(scrubbing(told, "bbxb", 0, bug::not_kept)).find("kept nowhere") != std::string::npos);
  for (const bug planted : {bug::looks_once, bug::no_wait}) {
    INFO(static_cast<int>(planted));
    CHECK_FALSE(refuted(beside(told, planted)).empty());
  }
  CHECK(refuted(scrubbing(told, "bbxb", 1, bug::same_copy)).find("is not there") != std::string::npos);
}

}  // namespace proofs_of_scrub
