// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A writer of contents and a collector, side by side and one after another, over a store that loses requests and answers and lets
// them come late, and over the files of a machine that crashes.

#include <perdure/store/content_gc.hpp>
#include <perdure/store/fs_store.hpp>

#include <tests/crash/contents.hpp>

namespace proofs_of_content_store {

using namespace tests;

namespace {

template <class S>
result<void> collect(S& store, bug planted = bug::none) {
  lab_objects<S> objects(store, tiny());
  int looks = 0;
  result<content_id> first = failure(code::not_found, operation::get);
  const auto roots = [&](root_visitor keep) -> result<void> {
    const auto now = planted == bug::one_look && looks != 0 ? first : head_in(store);
    if (++looks == 1) first = now;
    if (!now) return now.error().code() == code::not_found ? result<void>() : now.error();
    return keep(*now);
  };
  int waits_left = 8;
  const auto wait = [&](key_view) { return --waits_left > 0 ? proceed::go_on : proceed::cancel; };
  const auto gone = content_gc(objects, roots, {.wait = wait});
  return gone ? result<void>() : gone.error();
}

// A content is there that nothing names, and a writer puts it again while a collector is at work.
exploration beside(bug planted, std::uint32_t faults, std::uint32_t preemptions) {
  exploration what;
  what.setup = [](world& world) {
    flawed_store store(world.store(), bug::none);
    lab_objects<flawed_store> objects(store, tiny());
    auto pin = objects.pin();
    if (pin) (void)objects.put(*pin, "content");
  };
  what.workload = [planted](world& world) {
    world.processes(
        [planted](process& one) {
          flawed_store store(one.store(), planted);
          one.step("published", [&] { return publish(store, "content", planted); });
        },
        [planted](process& one) {
          flawed_store store(one.store(), planted);
          one.step("collected", [&] { return collect(store, planted); });
        });
  };
  what.check = [](after_crash& after) -> verdict {
    if (after.acknowledged("published") && !head_in(after.store())) return "published, and there is no head";
    return whole(after.store());
  };
  what.faults = faults;
  what.preemptions = preemptions;
  return what;
}

}  // namespace

TEST_CASE("content_gc: beside a writer nothing goes that it publishes, whoever is killed, wherever they take turns") {
  const auto report = explore(beside(bug::none, 0, 2));
  INFO(report.text());
  CHECK((report.ok() && report.exhaustive));
  CHECK(report.runs > 500);
}

TEST_CASE("content_gc: two collectors and a writer take nothing from one another") {
  exploration what = beside(bug::none, 0, 1);
  what.workload = [](world& world) {
    const auto collector = [](const char* name) {
      return [name](process& one) {
        flawed_store store(one.store(), bug::none);
        one.step(name, [&] { return collect(store); });
      };
    };
    world.processes(
        [](process& one) {
          flawed_store store(one.store(), bug::none);
          one.step("published", [&] { return publish(store, "content"); });
        },
        collector("first"), collector("second"));
  };
  const auto report = explore(what);
  INFO(report.text());
  CHECK((report.ok() && report.exhaustive));
  CHECK(report.runs > 500);
}

TEST_CASE("content_gc: without a pin, a list, a copy of another name or a second look, what is published is lost") {
  for (const bug planted : {bug::no_pin, bug::no_list, bug::same_copy, bug::one_look}) {
    INFO(static_cast<int>(planted));
    const auto report = explore(beside(planted, 0, 2));
    CHECK_FALSE(report.ok());
    CHECK(report.complaint.find("is not there") != std::string::npos);
  }
}

TEST_CASE("content_gc: a remove that comes late hits no copy that anybody counts on") {
  exploration what = beside(bug::none, 1, 0);
  what.workload = [](world& world) {
    flawed_store store(world.store(), bug::none);
    world.step("collected", [&] { return collect(store); });
    world.step("published", [&] { return publish(store, "content"); });
    world.step("again", [&] { return collect(store); });
    world.step("published", [&] { return publish(store, "content"); });
  };
  auto report = explore(what);
  INFO(report.text());
  CHECK((report.ok() && report.exhaustive));
  what.restart = [](world& world) {
    flawed_store store(world.store(), bug::none);
    world.step("collected", [&] { return collect(store); });
    world.step("published", [&] { return publish(store, "content"); });
  };
  report = explore(what);
  CHECK((report.ok() && report.exhaustive));
  what.restart = {};
  what.workload = [](world& world) {
    flawed_store store(world.store(), bug::same_copy);
    world.step("collected", [&] { return collect(store); });
    world.step("published", [&] { return publish(store, "content", bug::same_copy); });
  };
  CHECK(refuted(what).find("is not there") != std::string::npos);
}

TEST_CASE("content_gc: beside a writer and with one call that goes wrong, late or never") {
  exploration what = beside(bug::none, 1, 1);
  what.kills = 0;
  const auto report = explore(what);
  INFO(report.text());
  CHECK((report.ok() && report.exhaustive));
  CHECK_FALSE(refuted(beside(bug::no_hold, 1, 1)).empty());
}

namespace {

using lab_store = fs_store<crash_fs, manual_clock>;
template <class Lab>
lab_store in(Lab& lab) {
  return lab_store(lab.fs(), "s", lab.clock(), {.volume_sync_at_least = 3, .objects_per_directory = 1});
}
result<std::string> content_in(lab_store& store) {
  const auto head = head_in(store);
  if (!head) return head.error();
  lab_objects<lab_store> objects(store, tiny());
  std::string text;
  const auto got = objects.get(*head, [&](bytes piece) -> result<void> {
    text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return {};
  });
  if (!got) return failure(code::corrupt, operation::get);  // a head without its content is no absence
  return text;
}
// With chunks that the two have in common, and that one of them has twice.
constexpr const char* first_content = "aaaabbbbaaaa";
constexpr const char* second_content = "bbbbccccaaaa";

exploration publishing(std::uint32_t faults) {
  exploration what;
  what.setup = [](world& world) { (void)in(world).create_root(); };
  what.workload = [](world& world) {
    lab_store store = in(world);
    lab_objects<lab_store> objects(store, tiny());
    world.step(first_content, [&] { return publish(objects, first_content); });
    world.step(second_content, [&] { return publish(objects, second_content); });
  };
  what.check = [](after_crash& after) {
    lab_store store = in(after);
    return after.latest_is(content_in(store), "absent");
  };
  what.faults = faults;
  return what;
}

}  // namespace

TEST_CASE("content_store: what is published is whole, wherever the power goes, and whoever goes on after a kill") {
  exploration what = publishing(0);
  CHECK(prove("publish", what) > 10);
  what.workload = [](world& world) {
    lab_store store = in(world);
    world.step(first_content, [&] { return publish(store, first_content); });
  };
  what.restart = [](world& world) {
    lab_store store = in(world);
    world.step(first_content, [&] { return publish(store, first_content); });
    world.step("collected", [&] { return collect(store); });
  };
  what.check = [](after_crash& after) -> verdict {
    lab_store store = in(after);
    const auto content = content_in(store);
    if (after.acknowledged("collected") && !content) return verdict(content);
    return !content && content.error().code() != code::not_found ? verdict(content)
                                                                 : verdict(!content || *content == first_content);
  };
  CHECK(prove("publish, killed, publish, collect", what) > 10);
}

TEST_CASE("content_store: a call that fails, also a sync, costs nothing that is acknowledged, before or after it") {
  exploration what = publishing(1);
  const auto report = explore(what);
  INFO(report.text());
  CHECK((report.ok() && report.exhaustive));
}

}  // namespace proofs_of_content_store
