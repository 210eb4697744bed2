// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/describe.hpp>
#include <perdure/core/pthread_jobs.hpp>
#include <perdure/engine/create_checkpoint.hpp>
#include <perdure/engine/verify_checkpoint.hpp>
#include <perdure/fs/any_fs.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/posix_fs.hpp>
#include <perdure/testing/fault_fs.hpp>
#include <perdure/testing/fs_archetypes.hpp>
#include <perdure/testing/natural_faults.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/checkpoints.hpp>
#include <tests/support/child.hpp>
#include <tests/support/temp_dir.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <string>

using namespace perdure;
using tests::listed_source;
using tests::put_file;

namespace {

// Every file below a directory with its content.
template <class F>
std::map<std::string, std::string> tree_of(F& fs, const std::string& root, const std::string& below = "") {
  std::map<std::string, std::string> all;
  const std::string at = below.empty() ? root : root + "/" + below;
  std::vector<std::string> dirs;
  (void)fs.for_each_entry(at, [&](const dir_entry& entry) {
    const std::string name = (below.empty() ? "" : below + "/") + std::string(entry.name.data(), entry.name.size());
    const auto info = fs.stat(root + "/" + name);
    if (info && info->kind == file_kind::directory) {
      dirs.push_back(name);
    } else {
      std::string text = "cannot be read";
      (void)read_file(fs, root + "/" + name, text, 1 << 20);
      all[name] = text;
    }
    return visit::go_on;
  });
  for (const std::string& dir : dirs) all.merge(tree_of(fs, root, dir));
  return all;
}
std::uint64_t bytes_of_all(const std::map<std::string, std::string>& files) {
  std::uint64_t total = 0;
  for (const auto& [name, text] : files) total += text.size();
  return total;
}
const std::map<std::string, std::string> usual_files = {{"tables/1.table", "the first table"},
                                                        {"tables/2.table", std::string(40'000, '2')},
                                                        {"blobs/3.blob", "a blob"},
                                                        {"log", "one two"},
                                                        {"v7", "1.table 2.table 3.blob"},
                                                        {"current", "v7"}};

template <class To, class Hot, class Cold>
void holds_the_usual(To& fs, const std::string& target, listed_source<Hot, Cold>& source, std::uint64_t linked) {
  std::vector<std::string> refused;
  const auto made = create_checkpoint(source, fs, target, {}, [&](const checkpoint_progress& told) {
    CHECK(told.files == refused.size() + 1);
    refused.push_back(told.placed == placed::linked ? "" : told.link_refused ? "not tried" : "refused");
    return visit::go_on;
  });
  INFO(target << ": " << (made ? "" : describe(made.error()).c_str()));
  REQUIRE(made);
  CHECK(source.asked == "w(fp)");
  CHECK(made->version == 7);
  CHECK(made->watermark == 42);
  CHECK(made->files == 6);
  CHECK(made->linked == linked);
  CHECK(made->linked + made->shared + made->copied == 4);
  CHECK(made->written == 2);
  CHECK(refused.size() == 4);
  CHECK(refused.back() == "not tried");  // it grows
  auto files = tree_of(fs, target);
  CHECK(bytes_of_all(files) == made->total_bytes);
  CHECK(files.erase("checkpoint.perdure") == 1);
  CHECK((files == usual_files));
  const auto info = verify_checkpoint(fs, target);
  REQUIRE(info);
  CHECK(info->total_bytes == made->total_bytes);
  CHECK(info->files == made->files);
  CHECK(info->undigested == 0);
}

TEST_CASE("create_checkpoint: what can be linked is, the rest is copied, and every file is there under its own name") {
  const tests::temp_dir dir;
  posix_fs disk;
  posix_fs another;  // made by itself, over the same kernel
  mem_fs memory;
  const std::string at = dir.path() + "/";
  {
    auto source = listed_source<posix_fs, posix_fs>::usual(disk, another, at);
    holds_the_usual(disk, at + "one", source, 3);
  }
  {
    auto source = listed_source<posix_fs, mem_fs>::usual(disk, memory, at);
    source.files[1].from = "2.table";
    put_file(memory, "2.table", std::string(40'000, '2'));
    holds_the_usual(disk, at + "two", source, 2);
  }
  {
    mem_fs cold;
    auto source = listed_source<mem_fs, mem_fs>::usual(memory, cold);
    holds_the_usual(memory, "./three", source, 2);
  }
  {
    any_fs hot(disk);
    any_fs cold(memory);
    auto source = listed_source<any_fs, any_fs>::usual(hot, cold, at);
    source.files[1].from = "2.table";
    holds_the_usual(hot, at + "four", source, 2);
  }
  {
    testing::poorest_fs<mem_fs> poor(memory);
    auto source = listed_source<testing::poorest_fs<mem_fs>, mem_fs>::usual(poor, memory);
    holds_the_usual(poor, "five/", source, 0);
  }
}

TEST_CASE("create_checkpoint: links refused are copies of their own, and digests the engine knows are not worked out") {
  mem_fs fs;
  auto source = listed_source<mem_fs, mem_fs>::usual(fs, fs);
  const auto made = create_checkpoint(source, fs, "copies", {.links = checkpoint_links::refuse});
  REQUIRE(made);
  CHECK(made->linked == 0);
  put_file(fs, "1.table", "somebody writes");
  CHECK(verify_checkpoint(fs, "copies"));
  const digest known = sha256_of("another content");
  source.files[0].of = &known;
  REQUIRE(create_checkpoint(source, fs, "believed"));
  CHECK(verify_checkpoint(fs, "believed").error().code() == code::corrupt);
  source.files[0].of = nullptr;
  REQUIRE(create_checkpoint(source, fs, "sizes", {.digests = checkpoint_digests::known}));
  CHECK(verify_checkpoint(fs, "sizes")->undigested == 4);  // what was cloned, too
}

TEST_CASE("create_checkpoint: a target that is there is already_exists, and stays as it is") {
  mem_fs fs;
  auto source = listed_source<mem_fs, mem_fs>::usual(fs, fs);
  REQUIRE(fs.make_dir("there"));
  put_file(fs, "there/file", "x");
  for (const char* target : {"there", "1.table", "there/../there"}) {
    const auto made = create_checkpoint(source, fs, target);
    REQUIRE_FALSE(made);
    CHECK(made.error().code() == code::already_exists);
    CHECK(made.error().outcome() == outcome::unchanged);
  }
  CHECK(tree_of(fs, "there").size() == 1);
  CHECK(source.asked.empty());
  CHECK(create_checkpoint(source, fs, "missing/target").error().code() == code::not_found);
  CHECK(create_checkpoint(source, fs, "1.table/target").error().code() == code::not_a_directory);
}

TEST_CASE("create_checkpoint: an empty engine has one, too") {
  mem_fs fs;
  listed_source<mem_fs, mem_fs> source(fs, fs);
  const auto made = create_checkpoint(source, fs, "c");
  REQUIRE(made);
  CHECK(made->files == 1);
  CHECK(verify_checkpoint(fs, "c"));
}

TEST_CASE("create_checkpoint: what fails leaves no target, and deletions go on") {
  mem_fs fs;
  const auto usual = listed_source<mem_fs, mem_fs>::usual(fs, fs);
  const auto fails = [&](listed_source<mem_fs, mem_fs> source, enum code code) {
    const auto made = create_checkpoint(source, fs, "c");
    REQUIRE_FALSE(made);
    CHECK(made.error().code() == code);
    CHECK(made.error().outcome() == outcome::unchanged);
    CHECK(fs.stat("c").error().code() == code::not_found);
    CHECK((source.asked.find('(') == std::string::npos || source.asked.back() == ')'));
  };
  auto one = usual;
  one.held = failure(code::busy, operation::none);
  fails(one, code::busy);
  one = usual;
  one.flushed = failure(code::no_space, operation::write);
  fails(one, code::no_space);
  one = usual;
  one.pinned = failure(code::io, operation::open);
  fails(one, code::io);
  one = usual;
  one.files[2].from = "gone";
  fails(one, code::not_found);
  one = usual;
  one.files[3].size_bytes = 1000;
  fails(one, code::corrupt);
  one = usual;
  one.files[2].to = "tables/1.table";
  fails(one, code::already_exists);
  for (const char* name : {"log", "v7"}) {
    one = usual;
    one.current_name = name;
    fails(one, code::already_exists);
  }
  one = usual;
  one.current_name = "tables";
  fails(one, code::is_a_directory);
  const temp_name temporary(fs.nonce());
  const path_view swept = temporary;
  const std::vector<std::string> refused = {"",
                                            ".",
                                            "../x",
                                            "/x",
                                            "a/b/c",
                                            "a//b",
                                            "a/",
                                            "checkpoint.perdure",
                                            "checkpoint.perdure/x",
                                            "a\\b",
                                            "c:x",
                                            std::string(swept.data(), swept.size()),
                                            "tables/" + std::string(swept.data(), swept.size())};
  for (const std::string& name : refused) {
    one = usual;
    one.files[1].to = name;
    fails(one, code::invalid_argument);
    one = usual;
    one.metadata[0].first = name;
    fails(one, code::invalid_argument);
    one = usual;
    one.current_name = name;
    fails(one, code::invalid_argument);
  }
  one = usual;
  one.current_name = "a/b";
  fails(one, code::invalid_argument);
  auto source = usual;
  int shown = 0;
  const auto made = create_checkpoint(source, fs, "c", {},
                                      [&](const checkpoint_progress&) { return ++shown == 3 ? visit::stop : visit::go_on; });
  CHECK(made.error().code() == code::cancelled);
  CHECK(shown == 3);
  CHECK_FALSE(fs.stat("c"));
}

TEST_CASE("create_checkpoint: a link that is not allowed is no reason to copy; one that there cannot be is") {
  for (const char* answer : {"permission", "unsupported", "already_exists"}) {
    mem_fs memory;
    auto usual = listed_source<mem_fs, mem_fs>::usual(memory, memory);
    testing::fault_plan plan;
    plan.add(std::string("link ** nth 2 ") + answer);
    testing::fault_fs<mem_fs> fs(memory, plan);
    listed_source<testing::fault_fs<mem_fs>, testing::fault_fs<mem_fs>> source(fs, fs);
    for (const auto& file : usual.files)
      source.files.push_back({file.from, file.to, file.size_bytes, file.cold, file.pinned, nullptr});
    const auto made = create_checkpoint(source, fs, "c");
    CHECK(plan.strikes(0) == 1);
    if (std::string(answer) == "unsupported") {
      REQUIRE(made);
      CHECK(made->linked == 2);
      CHECK(verify_checkpoint(fs, "c"));
    } else {
      REQUIRE_FALSE(made);
      CHECK(made.error().outcome() == outcome::unchanged);
      CHECK_FALSE(memory.stat("c"));
    }
  }
}

TEST_CASE("create_checkpoint: who may not reach a file is told so by the system, and has no target") {
  const tests::temp_dir dir;
  posix_fs fs;
  const std::string at = dir.path() + "/";
  REQUIRE(fs.make_dir(at + "db"));
  auto source = listed_source<posix_fs, posix_fs>::usual(fs, fs, at + "db/");
  REQUIRE(::chmod(dir.path().c_str(), 0777) == 0);
  REQUIRE(::chmod((at + "db").c_str(), 0) == 0);
  const int answer = tests::as_nobody([&]() -> int {
    const auto made = create_checkpoint(source, fs, at + "c");
    if (made) return 1;
    if (made.error().code() != code::permission) return 2;
    return made.error().outcome() == outcome::unchanged && !fs.stat(at + "c") ? 0 : 3;
  });
  CHECK(answer == 0);
  REQUIRE(::chmod((at + "db").c_str(), 0700) == 0);
}

TEST_CASE("create_checkpoint: after a call that fails the target is absent, or refused, or whole, and that is what is told") {
  std::uint64_t whole = 0;
  std::uint64_t absent = 0;
  for (const int how : {0, 1, 2, 3}) {
    checkpoint_options options;
    if (how != 0) options.links = checkpoint_links::refuse;
    if (how == 2) options.workers = 2;
    if (how == 3) options.volume_sync_at_least = 1;
    testing::each_natural_fault([&](testing::fault_plan& plan) {
      mem_fs memory;
      auto source = listed_source<mem_fs, mem_fs>::usual(memory, memory);
      testing::fault_fs<mem_fs> fs(memory, plan);
      listed_source<testing::fault_fs<mem_fs>, testing::fault_fs<mem_fs>> through(fs, fs);
      for (const auto& file : source.files)
        through.files.push_back({file.from, file.to, file.size_bytes, file.cold, file.pinned, nullptr});
      through.metadata = source.metadata;
      const auto made = create_checkpoint(through, fs, "c", options);
      const auto found = verify_checkpoint(memory, "c");
      const bool there = memory.stat("c").has_value();
      if (made) {
        CHECK(found);
        return void(++whole);
      }
      INFO(describe(made.error()).c_str());
      if (made.error().outcome() == outcome::unchanged) {
        CHECK_FALSE(there);
        ++absent;
      } else if (!found) {
        CHECK((found.error().code() == code::corrupt || found.error().code() == code::not_found));
        CHECK_FALSE(memory.stat("c/current"));
      }
      CHECK(tree_of(memory, ".").size() >= 4);
    });
  }
  CHECK(whole > 10);
  CHECK(absent > 100);
}

TEST_CASE("create_checkpoint: several workers make the same one, told in the same order, and end where they are told to") {
  mem_fs fs;
  auto source = listed_source<mem_fs, mem_fs>::usual(fs, fs);
  for (int i = 0; i < 100; ++i) {
    const std::string name = std::to_string(i) + ".more";
    put_file(fs, name, name);
    source.files.push_back({name, "more/" + name, name.size(), false, i % 3 == 0 ? pinned::growing : pinned::immutable});
  }
  const pthread_jobs jobs(4);
  checkpoint_options how;
  std::vector<std::string> order[2];
  checkpoint_report reports[2];
  for (const std::size_t at : {std::size_t{0}, std::size_t{1}}) {
    if (at == 1) how.jobs = jobs, how.workers = 4;
    const std::string target = "target " + std::to_string(at);
    const auto made = create_checkpoint(source, fs, target, how, [&](const checkpoint_progress& told) {
      order[at].emplace_back(told.to.data(), told.to.size());
      CHECK(told.files == order[at].size());
      return visit::go_on;
    });
    REQUIRE(made);
    reports[at] = *made;
    CHECK(verify_checkpoint(fs, target)->undigested == 0);
  }
  CHECK(order[0].size() == 104);
  CHECK(order[0] == order[1]);
  CHECK(reports[0].linked == reports[1].linked);
  CHECK(reports[0].copied + reports[0].shared == reports[1].copied + reports[1].shared);
  CHECK(reports[0].total_bytes == reports[1].total_bytes);
  CHECK((tree_of(fs, "target 0") == tree_of(fs, "target 1")));
  int shown = 0;
  const auto stopped = create_checkpoint(source, fs, "c", how,
                                         [&](const checkpoint_progress&) { return ++shown == 50 ? visit::stop : visit::go_on; });
  CHECK(stopped.error().code() == code::cancelled);
  CHECK(shown == 50);
  CHECK(fs.stat("c").error().code() == code::not_found);
  source.files[60].from = "gone";
  const auto failed = create_checkpoint(source, fs, "c", how);
  CHECK(failed.error().code() == code::not_found);
  CHECK(failed.error().outcome() == outcome::unchanged);
  CHECK(fs.stat("c").error().code() == code::not_found);
}

// For a checker of races above all: every way to place a file, from several Fs, by threads that exist.
TEST_CASE("create_checkpoint: several workers place real files, in every way that there is, after a checkpoint before them") {
  const tests::temp_dir dir;
  const std::string at = dir.path() + "/";
  posix_fs disk;
  mem_fs memory;
  listed_source<posix_fs, mem_fs> source(disk, memory);
  for (int i = 0; i < 40; ++i) {
    const std::string name = std::to_string(i);
    const std::string text(static_cast<std::size_t>(i) * 500, static_cast<char>('a' + i % 20));
    const bool cold = i % 4 == 1;
    if (cold) put_file(memory, name, text);
    if (!cold) put_file(disk, at + name, text);
    source.files.push_back({(cold ? "" : at) + name, (i % 2 == 0 ? "tables/" : "blobs/") + name, text.size(), cold,
                            i % 5 == 0 ? pinned::growing : pinned::immutable});
  }
  const pthread_jobs jobs(4);
  const checkpoint_options ways[] = {{},
                                     {.links = checkpoint_links::refuse},
                                     {.links = checkpoint_links::refuse, .volume_sync_at_least = 3},
                                     {.digests = checkpoint_digests::known},
                                     {.same = same_file::by_digest},
                                     {.same = same_file::by_name}};
  std::byte room[1000];  // of one worker: nobody else may use it
  const std::string first = at + "c0";
  std::map<std::string, std::string> files[std::size(ways)];
  for (std::size_t i = 0; i < std::size(ways); ++i) {
    INFO(i);
    checkpoint_options how = ways[i];
    if (i > 3) how.previous = first;
    how.buffer = room;
    how.jobs = jobs;
    how.workers = 4;
    const std::string target = at + "c" + std::to_string(i);
    const auto made = create_checkpoint(source, disk, target, how);
    REQUIRE(made);
    CHECK(made->linked + made->shared + made->copied == 40);
    CHECK(made->reused == (i > 3 ? (i == 5 ? 32U : 8U) : 0U));
    CHECK(verify_checkpoint(disk, target));
    files[i] = tree_of(disk, target);
    CHECK(files[i].erase("checkpoint.perdure") == 1);
    CHECK((files[i] == files[0]));
  }
  any_fs hot(disk);
  any_fs cold(memory);
  listed_source<any_fs, any_fs> through(hot, cold);
  for (const auto& file : source.files)
    through.files.push_back({file.from, file.to, file.size_bytes, file.cold, file.pinned, nullptr});
  REQUIRE(create_checkpoint(through, cold, "c", {.previous = "", .jobs = jobs, .workers = 3}));
  auto copies = tree_of(memory, "c");
  CHECK(copies.erase("checkpoint.perdure") == 1);
  CHECK((copies == files[0]));
}

TEST_CASE("create_checkpoint: many copies are synced with their volume, once, and one by one where it cannot be") {
  for (const char* answer : {"", "unsupported", "io"}) {
    mem_fs memory;
    const auto usual = listed_source<mem_fs, mem_fs>::usual(memory, memory);
    testing::fault_plan plan;
    plan.add(std::string("sync_all ** ") + (*answer == '\0' ? "lie" : answer));
    plan.add("sync ** lie");
    testing::fault_fs<mem_fs> fs(memory, plan);
    listed_source<testing::fault_fs<mem_fs>, testing::fault_fs<mem_fs>> source(fs, fs);
    for (const auto& file : usual.files)
      source.files.push_back({file.from, file.to, file.size_bytes, file.cold, file.pinned, nullptr});
    source.metadata = usual.metadata;
    const auto made = create_checkpoint(source, fs, "c", {.links = checkpoint_links::refuse, .volume_sync_at_least = 2});
    CHECK(plan.strikes(0) == 1);
    // Two of the files before that, and where it cannot be the other two, the metadata, the list and the current.
    CHECK(plan.strikes(1) == (std::string(answer) == "unsupported" ? 7U : 2U));
    CHECK(made.has_value() == (std::string(answer) != "io"));
    if (made) CHECK(verify_checkpoint(memory, "c"));
    if (!made) CHECK(made.error().outcome() == outcome::unchanged);
    if (!made) CHECK_FALSE(memory.stat("c"));
  }
}

TEST_CASE("create_checkpoint: a large copy is on its way before the volume's sync that waits for it, or there is no target") {
  const tests::temp_dir dir;
  posix_fs disk;
  const std::string at = dir.path() + "/";
  for (const bool fails : {false, true}) {
    testing::fault_fs files(disk);
    if (fails) files.plan().add("sync ** nth 2 io");
    listed_source<testing::fault_fs<posix_fs>, testing::fault_fs<posix_fs>> source(files, files);
    for (const unsigned size : {300U << 10, 100U, 400U << 10}) {
      const std::string name = std::to_string(size);
      put_file(disk, at + name, std::string(size, 'x'));
      source.files.push_back({at + name, name, size, false, pinned::growing});
    }
    std::string seen;
    files.plan().before_each([&](enum operation called, path_view) {
      seen += called == operation::sync ? "begun " : called == operation::sync_all ? "all " : "";
    });
    const auto made = create_checkpoint(source, files, at + "c", {.volume_sync_at_least = 0});
    CHECK(made.has_value() == !fails);
    CHECK(seen == (fails ? "begun begun " : "begun begun all "));
    CHECK(disk.stat(at + "c").has_value() == !fails);
    if (fails) CHECK((made.error().code() == code::io && made.error().outcome() == outcome::unchanged));
    if (!fails) CHECK(verify_checkpoint(disk, at + "c"));
    if (!fails) std::filesystem::remove_all(at + "c");
  }
}

// What the previous checkpoint has is linked from there, where the source is on another Fs.
TEST_CASE("create_checkpoint: what the previous one has is taken from there if it is the same, and only then") {
  mem_fs far;
  mem_fs fs;
  auto source = listed_source<mem_fs, mem_fs>::usual(far, far);
  REQUIRE(create_checkpoint(source, fs, "1"));
  std::size_t tries = 0;
  const auto reused = [&](enum same_file same, enum checkpoint_digests digests = checkpoint_digests::all) {
    (void)fs.remove("c/current");
    for (const auto& [name, text] : tree_of(fs, "c")) (void)fs.remove("c/" + name);
    for (const char* dir : {"c/tables", "c/blobs", "c"}) (void)fs.remove_dir(dir);
    const auto made =
        create_checkpoint(source, fs, "c", {.digests = digests, .previous = "1", .same = same, .workers = ++tries % 2 + 1});
    if (!made) return std::string(describe(made.error()).c_str());
    if (!verify_checkpoint(fs, "c")) return std::string("altered");
    std::string blob;
    if (!read_file(fs, "c/blobs/3.blob", blob, 100)) return std::string("missing");
    return std::to_string(made->linked) + " linked, " + std::to_string(made->reused) + " reused: " + blob;
  };
  CHECK(reused(same_file::by_digest) == "3 linked, 3 reused: a blob");
  CHECK(reused(same_file::by_name) == "3 linked, 3 reused: a blob");
  // Nobody reads the source to find out.
  CHECK(reused(same_file::by_digest, checkpoint_digests::known) == "0 linked, 0 reused: a blob");
  CHECK(reused(same_file::by_name, checkpoint_digests::known) == "3 linked, 3 reused: a blob");
  // Another content of the same name and size.
  put_file(far, "3.blob", "a bomb");
  CHECK(reused(same_file::by_digest) == "2 linked, 2 reused: a bomb");
  CHECK(reused(same_file::by_name) == "3 linked, 3 reused: a blob");  // at the caller's word
  const digest of = sha256_of("a bomb");
  source.files[2].of = &of;
  CHECK(reused(same_file::by_name) == "2 linked, 2 reused: a bomb");  // but not against the engine's
  // Of another size, or one that grows.
  source.files[2].of = nullptr;
  put_file(far, "3.blob", "a long blob");
  source.files[2].size_bytes = 11;
  CHECK(reused(same_file::by_name) == "2 linked, 2 reused: a long blob");
  source.files[1].pinned = pinned::growing;
  CHECK(reused(same_file::by_name) == "1 linked, 1 reused: a long blob");
  // Gone from the previous one: copied.
  REQUIRE(fs.remove("1/tables/1.table"));
  CHECK(reused(same_file::by_name) == "0 linked, 0 reused: a long blob");
  REQUIRE(fs.remove("1/current"));
  CHECK(create_checkpoint(source, fs, "d", {.previous = "1"}).error().code() == code::corrupt);
  CHECK(create_checkpoint(source, fs, "d", {.previous = "2"}).error().code() == code::not_found);
  CHECK(fs.stat("d").error().code() == code::not_found);
}

TEST_CASE("create_checkpoint: beside its source, only the digests of the previous one are taken, and no file is read") {
  mem_fs memory;
  const auto usual = listed_source<mem_fs, mem_fs>::usual(memory, memory);
  testing::fault_plan plan;
  plan.add("open *.table from 3 io");
  testing::fault_fs<mem_fs> fs(memory, plan);
  listed_source<testing::fault_fs<mem_fs>, testing::fault_fs<mem_fs>> source(fs, fs);
  for (const auto& file : usual.files)
    source.files.push_back({file.from, file.to, file.size_bytes, file.cold, file.pinned, nullptr});
  REQUIRE(create_checkpoint(source, fs, "1"));
  const auto made = create_checkpoint(source, fs, "2", {.previous = "1", .same = same_file::by_name});
  REQUIRE(made);
  CHECK(made->reused == 3);
  CHECK(verify_checkpoint(memory, "2")->undigested == 0);
  CHECK(create_checkpoint(source, fs, "3").error().code() == code::io);
}

}  // namespace
