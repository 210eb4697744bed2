// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// The durability lint does not complain of our own helpers: in any mode, on any model, whatever goes wrong. And it tells in the
// crash lab what it tells elsewhere.

#include <perdure/fs/any_fs.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/atomic_writer.hpp>
#include <perdure/fs/create_new.hpp>
#include <perdure/fs/file_lock.hpp>
#include <perdure/fs/link_or_copy.hpp>
#include <perdure/fs/make_dirs.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/temp_sweep.hpp>
#include <perdure/testing/durability_lint.hpp>
#include <perdure/testing/fs_archetypes.hpp>
#include <perdure/testing/natural_faults.hpp>

#include <tests/crash/proof.hpp>

#include <cstdio>
#include <string>

namespace proofs_of_lint {

using namespace tests;

namespace {

const write_options modes[] = {
    {},
    {.at_least = durability::full},
    {.existing = existing::refuse},
    {.target_link = target_link::follow},
    {.target_link = target_link::refuse},
    {.content = content::skip_unchanged},
    {.parents = parents::make},
    {.keep = keep::mode},
    {.keep = keep::everything},
    {.keep = keep::everything, .keeping = keeping::attempt},
    {.set = attribute_set::mode, .attributes = {.mode = 0600}},
    {.set = attribute_set::mode | attribute_set::owner | attribute_set::modified, .attributes = {.mode = 0600}},
};

template <Fs F>
void set_up(F& fs) {
  (void)fs.make_dir("d");
  put(fs, "d/cfg", "old");
  put(fs, "source", "source");
  (void)make_link(fs, "cfg", "d/link");
}
// What succeeded is acknowledged, as far as it says that it is durable.
template <class L, class T>
bool said(L& fs, path_view path, const result<T>& done) {
  if (!done) return false;
  if constexpr (requires { done->durability; }) {
    fs.acknowledge(path, done->durability);
  } else {
    fs.acknowledge(path, *done);
  }
  return true;
}

template <class L>
void write_it(L& fs, path_view path, const write_options& options) {
  for (const char* text : {"one", "two", "two"}) (void)said(fs, path, atomic_write(fs, path, text, options));
}
template <class L>
void write_in_pieces(L& fs, path_view path, const write_options& options) {
  for (const bool commits : {true, false}) {
    auto writer = atomic_writer<L>::open(fs, path, options);
    if (!writer) continue;
    (void)writer->write("one");
    (void)writer->write("two");
    if (commits) (void)said(fs, path, writer->commit());
  }
}
template <class L>
void place_it(L& fs, const durability how) {
  (void)said(fs, "d/atomic", link_or_copy(fs, "source", fs, "d/atomic", {.durability = how}));
  (void)said(fs, "d/direct", link_or_copy(fs, "source", fs, "d/direct", {.durability = how, .placement = placement::direct}));
  mem_fs elsewhere;
  put(elsewhere, "a", "a");
  (void)said(fs, "d/copy", link_or_copy(elsewhere, "a", fs, "d/copy", {.durability = how}));
  (void)said(fs, "d/part", link_or_copy(elsewhere, "a", fs, "d/part", {.durability = how, .placement = placement::direct}));
}
template <class L>
void make_and_lock(L& fs, const durability how) {
  (void)said(fs, "new/and/deep", make_dirs(fs, "new/and/deep", how));
  manual_clock clock;
  (void)temp_sweep(fs, "d", clock);
  auto lock = file_lock<L>::try_take(fs, "lock");
  const auto other = file_lock<L>::try_take(fs, "lock");
}

// All of these, each on a lint of its own. Returns how often it was asked.
template <Fs F, class Check>
void each_helper(F& fs, Check&& check) {
  const auto use = [&](auto&& run) {
    durability_lint lint(fs);
    run(lint);
    INFO(lint.text());
    check(lint.ok());
  };
  for (const durability how : {durability::full, durability::ordered}) {
    for (write_options options : modes) {
      options.durability = how;
      if (options.existing == existing::refuse) {
        use([&](auto& lint) { write_it(lint, "d/new", options); });
        use([&](auto& lint) { write_in_pieces(lint, "d/newer", options); });
        continue;
      }
      for (const char* path : {"d/cfg", "d/link", "none/deep/cfg", "here"}) {
        use([&](auto& lint) { write_it(lint, path, options); });
        use([&](auto& lint) { write_in_pieces(lint, path, options); });
      }
    }
    use([&](auto& lint) { place_it(lint, how); });
    use([&](auto& lint) { make_and_lock(lint, how); });
  }
}
void is_true(bool ok) { CHECK(ok); }

}  // namespace

TEST_CASE("durability_lint: it does not complain of our helpers, in any mode, on any model") {
  crash_fs crashable;
  set_up(crashable);
  each_helper(crashable, is_true);
  mem_fs memory;
  set_up(memory);
  any_fs any(memory);
  each_helper(any, is_true);
  for (int i = 0; i < 3; ++i) {
    mem_fs plain;
    set_up(plain);
    poorest_fs<mem_fs> device(plain);
    poorest_fs<mem_fs, dir_sync::unsupported> without_sync(plain);
    windows_like_fs<mem_fs> windows(plain);
    if (i == 0) each_helper(device, is_true);
    if (i == 1) each_helper(without_sync, is_true);
    if (i == 2) each_helper(windows, is_true);
  }
}

TEST_CASE("durability_lint: nor of what they do when a call fails, each of them in every way") {
  std::uint64_t faults = 0;
  const auto each = [&](auto&& run) {
    const auto count = each_natural_fault([&](fault_plan& plan) {
      crash_fs disk;
      set_up(disk);
      fault_fs failing(disk, plan);
      durability_lint lint(failing);
      run(lint);
      INFO(plan.text() << lint.text());
      CHECK(lint.ok());
    });
    faults += count.faults;
  };
  for (const durability how : {durability::full, durability::ordered}) {
    for (write_options options : modes) {
      options.durability = how;
      // After a sync that failed, what was there and is found there again is made durable by nobody; so these are tried once.
      const bool once = options.parents == parents::make || options.content == content::skip_unchanged;
      for (const char* path : {"d/cfg", "d/link", "a/b/cfg"}) {
        if (!once) each([&](auto& lint) { write_it(lint, path, options); });
        if (!once) each([&](auto& lint) { write_in_pieces(lint, path, options); });
        if (once) each([&](auto& lint) { (void)said(lint, path, atomic_write(lint, path, "old", options)); });
      }
      each([&](auto& lint) { (void)said(lint, "d/new", create_new(lint, "d/new", "text", options)); });
    }
    each([&](auto& lint) { place_it(lint, how); });
    each([&](auto& lint) { make_and_lock(lint, how); });
  }
  std::printf("durability_lint: %llu faults\n", static_cast<unsigned long long>(faults));
  CHECK(faults > 1000);
}

TEST_CASE("durability_lint: in the crash lab it says what is wrong, beside what that leads to") {
  for (const bool right : {true, false}) {
    std::string complaints;
    exploration what{.workload =
                         [&](world& world) {
                           durability_lint fs(world.fs());
                           for (const char* value : {"v1", "v2"}) {
                             world.step(value, [&]() -> result<void> {
                               auto file = fs.open("cfg.tmp", {.access = access::write, .creation = creation::create});
                               if (!file) return file.error();
                               PERDURE_TRY(file->write_at(0, std::string(value)));
                               if (right) PERDURE_TRY(file->sync(sync_what::data));
                               PERDURE_TRY(file->close());
                               PERDURE_TRY(fs.rename("cfg.tmp", "cfg"));
                               PERDURE_TRY(fs.sync_dir("."));
                               fs.acknowledge("cfg");
                               return {};
                             });
                           }
                           if (!fs.ok()) complaints = fs.text();
                         },
                     .check = [](after_crash& after) { return after.latest_is(read_text(after.fs(), "cfg"), "absent"); }};
    const auto report = explore(what);
    INFO(complaints);
    CHECK(report.ok() == right);
    CHECK(complaints.empty() == right);
    CHECK((right || complaints.find("operation 2 (write 2 bytes at 0 of cfg.tmp) was not synced before") != std::string::npos));
  }
}

TEST_CASE("durability_lint: in the crash lab, with a call failing or a kill at any moment, it does not complain of our helpers") {
  for (const durability how : {durability::full, durability::ordered}) {
    for (const bool killed : {true, false}) {
      std::string complaints;
      const auto save = [&](world& world) {
        durability_lint fs(world.fs());
        for (const char* value : {"v1", "v2"}) {
          world.step(value, [&] {
            const auto done = atomic_write(fs, "d/cfg", value, {.durability = how, .keep = keep::mode});
            (void)said(fs, "d/cfg", done);
            return done;
          });
        }
        if (!fs.ok()) complaints = fs.text();
      };
      exploration what{.setup = [](world& world) { set_up(world.fs()); },
                       .workload = save,
                       .check = [](after_crash&) -> verdict { return true; },
                       .faults = killed ? 0U : 1U};
      if (killed) what.restart = save;
      const auto report = explore(what);
      INFO(complaints << report.text());
      CHECK((report.ok() && report.runs > 10));
      CHECK(complaints.empty());
    }
  }
}

}  // namespace proofs_of_lint
