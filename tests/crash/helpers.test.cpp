// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/file_lock.hpp>
#include <perdure/fs/link_or_copy.hpp>
#include <perdure/fs/make_dirs.hpp>
#include <perdure/fs/temp_sweep.hpp>
#include <perdure/testing/fs_archetypes.hpp>

#include <tests/crash/proof.hpp>

#include <cstdio>
#include <string>

namespace proofs_of_helpers {

using namespace tests;

namespace {

const std::string whole(6000, 'w');

bool is_whole(after_crash& after, const std::string& path) {
  return read_text(after.fs(), path).value_or(std::string()) == whole;
}
bool is_there(after_crash& after, const std::string& path) { return static_cast<bool>(after.fs().stat(path)); }
bool is_directory(after_crash& after, const std::string& path) {
  const auto info = after.fs().stat(path);
  return info && info->kind == file_kind::directory;
}

}  // namespace

TEST_CASE("make_dirs: what was acknowledged survives, whoever made it") {
  for (const char* there : {"", "a", "a/b", "a/b/c"}) {
    exploration what{.workload =
                         [=](world& world) {
                           // Made by somebody who did not sync it.
                           for (const char* dir : {"a", "a/b", "a/b/c"}) {
                             if (std::string(there).compare(0, std::string(dir).size(), dir) == 0) (void)world.fs().make_dir(dir);
                           }
                           world.step("made", [&] { return make_dirs(world.fs(), "a/b/c"); });
                         },
                     .check = [](after_crash& after) -> verdict {
                       const bool all = is_directory(after, "a/b/c");
                       return all || !after.acknowledged("made");
                     }};
    prove("make_dirs", what);
    const auto audit = audit_syncs(what);
    INFO(there << "\n" << audit.text());
    CHECK(audit.ok());
    CHECK(audit.syncs.size() == 3);
    what.workload = [](world& world) { world.step("made", [&] { return make_dirs(world.fs(), "a/b/c", durability::ordered); }); };
    CHECK(refuted(what) == "it says no");
  }
}

TEST_CASE("make_dirs: killed anywhere and called again, it is there") {
  const auto make = [](world& world) { world.step("made", [&] { return make_dirs(world.fs(), "a/b/c"); }); };
  prove("make_dirs, killed", {.workload = make, .restart = make, .check = [](after_crash& after) -> verdict {
                                return is_directory(after, "a/b/c") || !after.acknowledged("made");
                              }});
}

TEST_CASE("link_or_copy: no name or the whole file under it, and with durability::full it survives, by a link and by a copy") {
  std::uint64_t states = 0;
  for (const bool links : {true, false}) {
    for (const durability how : {durability::full, durability::ordered}) {
      for (const bool synced : {true, false}) {
        for (const placement placement : {placement::atomic, placement::direct}) {
          // A device without links has no way to place a copy atomically.
          if (!links && placement == placement::atomic) continue;
          exploration what{.setup =
                               [=](world& world) {
                                 (void)world.fs().make_dir("d");
                                 if (synced) put(world.fs(), "a", whole);
                               },
                           .workload =
                               [=](world& world) {
                                 if (!synced) put(world.fs(), "a", whole);
                                 world.step("placed", [&] {
                                   const link_options options{.durability = how, .placement = placement};
                                   if (links) return link_or_copy(world.fs(), "a", world.fs(), "d/b", options);
                                   poorest_fs<crash_fs> device(world.fs());
                                   return link_or_copy(device, "a", device, "d/b", options);
                                 });
                               },
                           .check = [=](after_crash& after) -> verdict {
                             if (is_whole(after, "d/b")) return true;
                             if (how == durability::full && after.acknowledged("placed")) return "it was acknowledged";
                             const bool partial = !links && placement == placement::direct;
                             if (is_there(after, "d/b") && !(partial)) return "a part of it";
                             return only_temps_beside(after.fs(), "d", {"b"});
                           }};
          states += prove("link_or_copy", what);
          if (how != durability::full) continue;
          const auto audit = audit_syncs(what);
          INFO(links << synced << "\n" << audit.text());
          CHECK(audit.report.ok());
          // A link syncs what it shares, for nobody can see whether that was durable before.
          CHECK(audit.idle() == (links && synced ? 1U : 0U));
        }
      }
    }
  }
  std::printf("link_or_copy: %llu states\n", static_cast<unsigned long long>(states));
}

TEST_CASE("link_or_copy: what a link shares is durable with its attributes") {
  prove("attributes", {.setup = [](world& world) { put(world.fs(), "a", whole, 0600); },
                       .workload =
                           [](world& world) {
                             auto file = world.fs().open("a", {.access = access::write});
                             if (file) (void)set_attributes(*file, {.mode = 0640}, attribute_set::mode);
                             world.step("placed", [&] { return link_or_copy(world.fs(), "a", world.fs(), "b"); });
                           },
                       .check = [](after_crash& after) -> verdict {
                         if (!after.acknowledged("placed")) return true;
                         auto file = after.fs().open("b", {});
                         if (!file) return file;
                         return get_attributes(*file)->mode == 0640;
                       }});
}

TEST_CASE("link_or_copy: a copy onto another file system is whole, too, and never replaces") {
  for (const durability how : {durability::full, durability::ordered}) {
    for (const bool taken : {false, true}) {
      exploration what{.setup =
                           [=](world& world) {
                             (void)world.fs().make_dir("d");
                             if (taken) put(world.fs(), "d/b", "another's");
                           },
                       .workload =
                           [=](world& world) {
                             crash_fs elsewhere;
                             put(elsewhere, "a", whole);
                             world.step("placed",
                                        [&] { return link_or_copy(elsewhere, "a", world.fs(), "d/b", {.durability = how}); });
                           },
                       .check = [=](after_crash& after) -> verdict {
                         const verdict beside = only_temps_beside(after.fs(), "d", {"b"});
                         if (taken) return both(read_text(after.fs(), "d/b").value_or(std::string()) == "another's", beside);
                         const bool lost = how == durability::full && after.acknowledged("placed");
                         return is_whole(after, "d/b") ? beside : both(!is_there(after, "d/b") && !lost, beside);
                       }};
      prove("link_or_copy", what);
      if (taken) continue;
      const auto audit = audit_syncs(what);
      INFO(audit.text());
      CHECK(audit.ok());
      CHECK(audit.syncs.size() == (how == durability::full ? 2U : 1U));
    }
  }
}

TEST_CASE("temp_sweep: after any kill it leaves no orphan, and the file is what it was") {
  exploration what{.workload =
                       [](world& world) {
                         for (const char* value : {"1", "2"})
                           world.step(value, [&] { return atomic_write(world.fs(), "cfg", std::string(value)); });
                       },
                   .restart =
                       [](world& world) {
                         const auto swept = temp_sweep(world.fs(), ".", world.clock());
                         if (!swept || swept->failed != 0 || swept->unjudged != 0) world.note("it did not sweep");
                         bool orphan = false;
                         (void)world.fs().for_each_entry(".", [&](const dir_entry& entry) {
                           orphan = orphan || temp_name::parse(entry.name);
                           return visit::go_on;
                         });
                         if (orphan) put(world.fs(), "orphan", "");
                       },
                   .check =
                       [](after_crash& after) {
                         return both(after.latest_is(read_text(after.fs(), "cfg"), "absent"),
                                     only_temps_beside(after.fs(), ".", {"cfg"}));
                       }};
  std::printf("temp_sweep: %llu states\n", static_cast<unsigned long long>(prove("temp_sweep", what)));
}

TEST_CASE("temp_sweep: after a power cut it takes what is old, may be cut itself, and never what is in use") {
  const auto sweep = [](after_crash& after) {
    after.clock().advance_ns(48 * 3600 * ns_per_second);
    (void)temp_sweep(after.fs(), ".", after.clock());
  };
  exploration what{.workload =
                       [](world& world) {
                         for (const char* value : {"1", "2"})
                           world.step(value, [&] { return atomic_write(world.fs(), "cfg", std::string(value)); });
                       },
                   .recover = sweep,
                   .check = [](after_crash& after) -> verdict {
                     std::string orphan;
                     (void)after.fs().for_each_entry(".", [&](const dir_entry& entry) {
                       if (temp_name::parse(entry.name)) orphan = "an orphan is left";
                       return visit::go_on;
                     });
                     return both(after.latest_is(read_text(after.fs(), "cfg"), "absent"), orphan);
                   },
                   .budget = {.nested_cuts = 2}};
  std::printf("temp_sweep, nested: %llu states\n", static_cast<unsigned long long>(prove("temp_sweep, nested", what)));
  what.recover = {};
  CHECK(refuted(what) == "an orphan is left");
}

TEST_CASE("temp_sweep: the file of a writer that lives is not swept") {
  prove("temp_sweep", {.workload =
                           [](world& world) {
                             world.step("1", [&]() -> result<void> {
                               auto writer = world.fs().open(temp_name(world.fs().nonce()),
                                                             {.access = access::write, .creation = creation::create_new});
                               if (!writer) return writer.error();
                               world.clock().advance_ns(48 * 3600 * ns_per_second);
                               const auto swept = temp_sweep(world.fs(), ".", world.clock());
                               if (!swept) return swept.error();
                               if (swept->living != 1 || swept->removed != 0) put(world.fs(), "swept", "");
                               return {};
                             });
                           },
                       .check = [](after_crash& after) { return only_temps_beside(after.fs(), ".", {}); }});
}

TEST_CASE("file_lock: held by one, free after a kill and after a power cut") {
  const auto guarded = [](world& world) {
    auto lock = file_lock<crash_fs>::try_take(world.fs(), "lock");
    if (!lock) put(world.fs(), "refused", "");
    const auto other = file_lock<crash_fs>::try_take(world.fs(), "lock");
    if (other || other.error().code() != code::busy) put(world.fs(), "held twice", "");
    world.step("1", [&] { return atomic_write(world.fs(), "cfg", "1"); });
  };
  prove("file_lock", {.workload = guarded,
                      .restart =
                          [](world& world) {
                            // The one before left its lock to the kernel, which took it back.
                            auto lock = file_lock<crash_fs>::try_take(world.fs(), "lock");
                            if (!lock) put(world.fs(), "refused", "");
                            world.step("2", [&] { return atomic_write(world.fs(), "cfg", "2"); });
                          },
                      .check = [](after_crash& after) -> verdict {
                        auto lock = file_lock<crash_fs>::try_take(after.fs(), "lock");
                        if (!lock) return lock;
                        return both(after.latest_is(read_text(after.fs(), "cfg"), "absent"),
                                    only_temps_beside(after.fs(), ".", {"cfg", "lock"}));
                      }});
}

TEST_CASE("file_lock: a check that writes under a lock leaves the next disk without it") {
  const auto write_locked = [](world& world) {
    auto lock = file_lock<crash_fs>::try_take(world.fs(), "lock");
    if (lock) world.step("1", [&] { return atomic_write(world.fs(), "cfg", "1"); });
  };
  prove("file_lock", {.workload = write_locked, .check = [](after_crash& after) -> verdict {
                        auto lock = file_lock<crash_fs>::try_take(after.fs(), "lock");
                        if (!lock) return lock;
                        return atomic_write(after.fs(), "cfg", "2");
                      }});
}

}  // namespace proofs_of_helpers
