// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// object_slot over a store that loses requests and answers and lets them come late, and over the files of a machine that crashes.

#include <perdure/manifest/commit_manifest.hpp>
#include <perdure/manifest/object_slot.hpp>
#include <perdure/store/fs_store.hpp>
#include <perdure/testing/lab_sync.hpp>

#include <tests/crash/proof.hpp>

#include <algorithm>

namespace {

using namespace tests;

// One in which all that can be seen is durable: what a doubt left is put again there, and nothing else.
struct remote_store : crash_store {
  using perdure_store = remote_store;
  explicit remote_store(const crash_store& other) : crash_store(other) {}
  void settle(key_view) = delete;
};
using remote = object_slot<remote_store>;
using lab_store = fs_store<crash_fs, manual_clock>;
using local = object_slot<lab_store>;

template <class S>
result<std::string> text_in(S& store) {
  object_slot<S> one(store, "value");
  std::string text;
  const auto now = one.observe(growing_room(text, 1000));
  if (!now) return now.error();
  if (!now->exists()) return failure(code::not_found, operation::load);
  return text;
}

// Adds a letter, which is the name of the step, and says what became of it: by law 7 no try is repeated in doubt.
template <class S>
result<void> append(S& one, char letter) {
  std::string found;
  for (int tries_left = 6; tries_left > 0; --tries_left) {
    const auto now = one.load(growing_room(found, 1000));
    if (!now) continue;
    if (now->earlier == earlier::took_effect) return {};
    if (now->earlier == earlier::untold) return failure(code::io, operation::replace).with(doubt::visible);
    const auto next = one.replace(now->token, (now->exists() ? found : std::string()) + letter);
    if (next) return {};
  }
  const auto now = one.load(growing_room(found, 1000));
  if (now && now->earlier == earlier::took_effect) return {};
  const failure never(code::busy, operation::replace);
  return now && now->earlier != earlier::untold ? never : never.with(doubt::visible);
}
// Each letter that was acknowledged is there once, none that was refused is, and none twice.
verdict letters(after_crash& after, const result<std::string>& text, const std::string& all) {
  if (!text && text.error().code() != code::not_found) return verdict(text);
  const std::string there = text ? *text : "";
  for (const char letter : all) {
    const auto outcome = after.outcome_of(std::string(1, letter));
    const auto count = std::count(there.begin(), there.end(), letter);
    if (count > 1) return std::string(1, letter) + " is there twice: " + there;
    if (outcome == step_outcome::acknowledged && count == 0) return std::string(1, letter) + " is lost: " + there;
    if (outcome == step_outcome::unchanged && count == 1) return std::string(1, letter) + " was refused, and is there: " + there;
    if (outcome == step_outcome::not_begun && count == 1) return "there is an " + std::string(1, letter) + " that nobody put";
  }
  return "";
}
verdict letters_of(after_crash& after, const std::string& all) { return letters(after, text_in(after.store()), all); }

void step(world& world, remote& one, char letter) {
  world.step(std::string(1, letter), [&] { return append(one, letter); });
}

exploration in_turn(std::uint32_t faults) {
  return {.workload =
              [](world& world) {
                remote_store store(world.store());
                remote one(store, "value");
                for (const char letter : {'a', 'b'}) step(world, one, letter);
              },
          .check = [](after_crash& after) { return letters_of(after, "abc"); },
          .faults = faults};
}
void exhaustive(const exploration& all) {
  const auto report = explore(all);
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
}

TEST_CASE("object_slot: whatever request or answer is lost or late, what was said is what is there", "[crash]") {
  CHECK(prove("one after another", in_turn(0)) > 2);
  CHECK(prove("and one call fails", in_turn(1)) > 10);
  exhaustive(in_turn(2));
}

TEST_CASE("object_slot: a process that was killed is followed by one that goes on, and meets what was on its way", "[crash]") {
  auto all = in_turn(1);
  all.restart = [](world& world) {
    remote_store store(world.store());
    remote next(store, "value");
    step(world, next, 'c');
  };
  exhaustive(all);
}

TEST_CASE("object_slot: two machines at once lose no update, whatever is lost or late", "[crash]") {
  for (const std::uint32_t faults : {0U, 1U}) {
    exhaustive({.workload =
                    [](world& world) {
                      const auto machine = [&](char letter) {
                        remote_store store(world.store());
                        remote mine(store, "value");
                        step(world, mine, letter);
                      };
                      world.together([&] { machine('a'); }, [&] { machine('b'); });
                    },
                .check = [](after_crash& after) { return letters_of(after, "ab"); },
                .faults = faults,
                .preemptions = 2});
  }
}

TEST_CASE("object_slot: under a manifest, of two threads and two machines none loses an update", "[crash]") {
  using text_manifest = manifest<std::string, remote, bytes_codec<std::string>, lab_sync>;
  for (const bool together : {true, false}) {
    exhaustive({.workload =
                    [=](world& world) {
                      const auto commit = [&](text_manifest& all, char letter) {
                        world.step(std::string(1, letter), [&]() -> result<void> {
                          PERDURE_TRY(commit_manifest(all, [&](std::string& next) { next += letter; }));
                          return {};
                        });
                      };
                      remote_store store(world.store());
                      text_manifest shared(remote(store, "value"));
                      const auto one = [&](char letter) {
                        if (together) return commit(shared, letter);
                        text_manifest own(remote(store, "value"));
                        if (own.open()) commit(own, letter);
                      };
                      if (together && !shared.open()) return;
                      world.together([&] { one('a'); }, [&] { one('b'); });
                    },
                .check = [](after_crash& after) { return letters_of(after, "ab"); },
                .faults = 1,
                .preemptions = 1});
  }
}

local on_disk(lab_store& store) { return local(store, "value"); }
lab_store files(world& world) { return lab_store(world.fs(), "s", world.clock()); }

exploration on_files(std::uint32_t faults) {
  return {.setup = [](world& world) { (void)files(world).create_root(); },
          .workload =
              [](world& world) {
                lab_store store = files(world);
                local one = on_disk(store);
                for (const char letter : {'a', 'b'}) world.step(std::string(1, letter), [&] { return append(one, letter); });
              },
          // What a process that starts may answer with survives whatever comes.
          .restart =
              [](world& world) {
                lab_store store = files(world);
                local one = on_disk(store);
                std::string text;
                const auto now = one.load(growing_room(text, 100));
                if (now && now->exists()) world.step("seen " + text, [] {});
              },
          .check = [](after_crash& after) -> verdict {
            lab_store store(after.fs(), "s", after.clock());
            const auto text = text_in(store);
            for (const char* const seen : {"a", "ab", "b"}) {
              if (after.acknowledged(std::string("seen ") + seen) && (!text || *text != seen)) return "what was loaded is gone";
            }
            return letters(after, text, "ab");
          },
          .faults = faults};
}

TEST_CASE("object_slot: over files, what was acknowledged or loaded no crash takes back", "[crash]") {
  CHECK(prove("killed, loaded, cut", on_files(0)) > 20);
  exhaustive(on_files(1));
}

}  // namespace
