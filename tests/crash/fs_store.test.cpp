// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Each call of fs_store, cut, killed and failing at every moment.

#include <perdure/store/fs_store.hpp>
#include <perdure/store/store_optional.hpp>

#include <tests/crash/proof.hpp>

namespace proofs_of_fs_store {

using namespace tests;

namespace {

using lab_store = fs_store<crash_fs, manual_clock>;

// A directory is full with one object, so that the next one goes below it.
template <class Lab>
lab_store in(Lab& lab) {
  return lab_store(lab.fs(), "s", lab.clock(), {.objects_per_directory = 1});
}
result<void> done(const result<etag>& put) { return put ? result<void>() : put.error(); }

exploration holding(const std::string& key, const std::string& had, std::function<void(world&)> work) {
  exploration what;
  what.setup = [had, key](world& world) {
    lab_store store = in(world);
    (void)store.create_root();
    (void)store.put("a", "in the way", precondition::any);
    if (!had.empty()) (void)store.put(key, had, precondition::any);
  };
  what.workload = std::move(work);
  what.check = [had, key](after_crash& after) {
    lab_store store = in(after);
    return both(after.latest_is(read_text(store, key), had.empty() ? "absent" : had), read_text(store, "a"));
  };
  return what;
}
auto putting(const std::string& key, std::vector<std::string> values) {
  return [=](world& world) {
    lab_store store = in(world);
    for (const std::string& value : values) world.step(value, [&] { return done(store.put(key, value, precondition::any)); });
  };
}
void clean(const std::string& what, const exploration& all) {
  const auto audit = audit_syncs(all);
  INFO(what << "\n" << audit.text());
  CHECK(audit.ok());
}

// Two objects in one call, one of which replaces another.
exploration batching(std::size_t volume_sync_at_least) {
  const auto store_in = [volume_sync_at_least](auto& lab) {
    return lab_store(lab.fs(), "s", lab.clock(), {.volume_sync_at_least = volume_sync_at_least, .objects_per_directory = 1});
  };
  exploration what;
  what.setup = [=](world& world) {
    lab_store store = store_in(world);
    (void)store.create_root();
    (void)store.put("b", "old", precondition::any);
  };
  what.workload = [=](world& world) {
    const put_item items[] = {{"c", "2"}, {"b", "1"}};
    lab_store store = store_in(world);
    world.step("both", [&] { return store.put_many(items, 2); });
  };
  // Whoever goes on after a kill may make sure of what it finds.
  what.restart = [=](world& world) {
    lab_store store = store_in(world);
    const auto c = read_text(store, "c");
    if (c && settle(store, "c")) world.step("settled", [] {});
  };
  what.check = [=](after_crash& after) -> verdict {
    lab_store store = store_in(after);
    const auto b = read_text(store, "b");
    const auto c = read_text(store, "c");
    if (!b) return b;
    if (!c && c.error().code() != code::not_found) return c;
    const step_outcome became = after.outcome_of("both");
    if (after.outcome_of("settled") == step_outcome::acknowledged && !c) return "settled, and not there";
    if (became == step_outcome::acknowledged && (*b != "1" || !c)) return "acknowledged, and not there";
    if ((became == step_outcome::unchanged || became == step_outcome::not_begun) && (*b != "old" || c))
      return "nothing was put, and it is there";
    if ((*b != "old" && *b != "1") || (c && *c != "2")) return "half an object: " + *b + (c ? *c : "");
    return true;
  };
  return what;
}

}  // namespace

TEST_CASE("fs_store: a put is there whole, or the old object is, on every disk") {
  for (const char* const had : {"", "old"}) {
    CHECK(prove("put", holding("b", had, putting("b", {"1", "2"}))) > 1);
  }
  clean("put", holding("b", "", putting("b", {"1", "2"})));
}

TEST_CASE("fs_store: a key of several directories is named durably in all of them") {
  const std::string key(400, '/');
  CHECK(prove("long", holding(key, "", putting(key, {"1"}))) > 1);
  clean("long", holding(key, "", putting(key, {"1"})));
}

TEST_CASE("fs_store: a directory whose name could not be synced is made anew by the next put") {
  exploration what = holding("b", "", putting("b", {"1", "2"}));
  what.faults = 1;
  const auto report = explore(what);
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
}

TEST_CASE("fs_store: what was removed stays removed") {
  const auto removing = [](world& world) { world.step("absent", [&] { return in(world).remove("b"); }); };
  CHECK(prove("remove", holding("b", "old", removing)) > 1);
  exploration what = holding("b", "old", removing);
  what.restart = [](world& world) {
    world.step("new", [&] { return done(in(world).put("b", "new", precondition::any)); });
    world.step("absent", [&] { return in(world).remove("b"); });
  };
  CHECK(prove("remove, killed, put, remove", what) > 1);
  what.restart = [](world& world) { world.step("absent", [&] { return in(world).remove("b"); }); };
  CHECK(prove("remove, killed, remove", what) > 1);
}

TEST_CASE("fs_store: a remove and a settle have no sync too many, and none too few") {
  // Kept twice, as a crash may leave it, and removed by somebody who may be killed.
  exploration what;
  what.setup = [](world& world) {
    lab_store store = in(world);
    (void)store.create_root();
    (void)world.fs().make_dir("s/d%62");
    put(world.fs(), "s/kb", "old");
    put(world.fs(), "s/d%62/k", "newer");
  };
  what.workload = [](world& world) { world.step("absent", [&] { return in(world).remove("b"); }); };
  what.check = [](after_crash& after) {
    lab_store store = in(after);
    return after.latest_is(read_text(store, "b"), "newer");
  };
  clean("remove", what);
  what.restart = what.workload;
  CHECK(prove("remove, killed, remove", what) > 1);
  clean("remove, killed, remove", what);
  what.workload = [](world& world) {
    lab_store store = in(world);
    world.step("absent", [&] { return store.remove("b"); });
    world.step("1", [&] { return done(store.put("b", "1", precondition::any)); });
  };
  what.restart = [](world& world) {
    lab_store store = in(world);
    const auto there = read_text(store, "b");
    const std::string value = there ? *there : "absent";
    if (settle(store, "b")) world.step(value, [] {});
  };
  CHECK(prove("remove, put, killed, settle", what) > 1);
  const auto audit = audit_syncs(what);
  INFO(audit.text());
  CHECK(audit.report.ok());
  for (const auto& one : audit.syncs) CHECK((one.needed || !one.after_kill));
}

TEST_CASE("fs_store: an old object in a directory above does not come back when the newer one is removed") {
  exploration what;
  what.setup = [](world& world) {
    lab_store store = in(world);
    (void)store.create_root();
    (void)store.put("b", "old", precondition::any);  // in the root, which is full from now on
    (void)store.put("bc", "x", precondition::any);   // below it: and so will the next "b" be
  };
  what.workload = [](world& world) { world.step("absent", [&] { return in(world).remove("b"); }); };
  what.restart = [](world& world) {
    lab_store store = in(world);
    world.step("new", [&] { return done(store.put("b", "new", precondition::any)); });
    world.step("absent", [&] { return store.remove("b"); });
  };
  what.check = [](after_crash& after) {
    lab_store store = in(after);
    return after.latest_is(read_text(store, "b"), "old");
  };
  CHECK(prove("kept twice", what) > 1);
}

TEST_CASE("fs_store: whoever goes on after a kill puts, settles and compares on what is durable by then") {
  exploration what = holding("b", "", putting("b", {"1"}));
  what.restart = [](world& world) { world.step("2", [&] { return done(in(world).put("b", "2", precondition::any)); }); };
  CHECK(prove("put, killed, put", what) > 1);
  what.restart = [](world& world) {
    lab_store store = in(world);
    const auto there = read_text(store, "b");
    if (there && settle(store, "b")) world.step(*there, [] {});
  };
  CHECK(prove("put, killed, settle", what) > 1);
  what.restart = [](world& world) {
    lab_store store = in(world);
    const auto there = read_text(store, "b");
    if (there) world.step(*there, [] {});
  };
  CHECK_FALSE(refuted(what).empty());
  what.restart = [](world& world) {
    lab_store store = in(world);
    char room[8];
    const auto there = store.get("b", room);
    const auto when = there ? precondition::matches(there->etag) : precondition::absent;
    world.step("2", [&] { return done(store.put("b", "2", when)); });
  };
  CHECK(prove("put, killed, compare and swap", what) > 1);
}

TEST_CASE("fs_store: of a batch each object is there whole or the old one is, and all of them once it is acknowledged") {
  for (const std::size_t volume_sync_at_least : {std::size_t{1}, SIZE_MAX}) {
    exploration what = batching(volume_sync_at_least);
    CHECK(prove("batch", what) > 1);
    clean("batch", what);
    what.restart = {};
    what.faults = 1;
    CHECK(prove("batch with faults", what) > 10);
  }
}

TEST_CASE("fs_store: a stream is there whole, or the old object is") {
  const auto streaming = [](world& world) {
    lab_store store = in(world);
    world.step("first second", [&] {
      const char* pieces[] = {"first ", "second", ""};
      std::size_t at = 0;
      return done(store.put_stream("b", [&](mutable_bytes into) -> result<std::size_t> {
        const bytes piece(pieces[at++]);
        std::memcpy(into.data(), piece.data(), piece.size());
        return piece.size();
      }));
    });
  };
  clean("stream", holding("b", "", streaming));
  exploration what = holding("b", "old", streaming);
  CHECK(prove("stream", what) > 1);
  what.faults = 1;
  CHECK(prove("stream with faults", what) > 10);
}

TEST_CASE("fs_store: whatever call goes wrong, the outcome is told as it is") {
  exploration what = holding("b", "old", putting("b", {"1"}));
  what.faults = 1;
  CHECK(prove("put", what) > 10);
  what = holding("b", "old", [](world& world) { world.step("absent", [&] { return in(world).remove("b"); }); });
  what.faults = 1;
  CHECK(prove("remove", what) > 5);
}

}  // namespace proofs_of_fs_store
