// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// include/perdure/testing/README.md: its code is compiled here, and its reports are those that it gives.

#include <perdure/fs/fs.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/testing/audit_syncs.hpp>
#include <perdure/testing/durability_lint.hpp>

#include <tests/support/catch.hpp>

#include <cstdio>
#include <string>
#include <vector>

namespace proofs_of_readme {

namespace {

// clang-format off
template <perdure::Fs F>
perdure::result<void> save(F& fs, const std::string& text) {
  auto file = fs.open("cfg.tmp", {.access = perdure::access::write, .creation = perdure::creation::create});
  if (!file) return file.error();
  PERDURE_TRY(file->truncate(0));
  PERDURE_TRY(file->write_at(0, text));
  PERDURE_TRY(file->close());
  return fs.rename("cfg.tmp", "cfg");
}

template <perdure::Fs F>
perdure::result<void> save_for_good(F& fs, const std::string& text) {
  auto file = fs.open("cfg.tmp", {.access = perdure::access::write, .creation = perdure::creation::create});
  if (!file) return file.error();
  PERDURE_TRY(file->truncate(0));
  PERDURE_TRY(file->write_at(0, text));
  PERDURE_TRY(file->sync(perdure::sync_what::data));
  PERDURE_TRY(file->close());
  PERDURE_TRY(fs.rename("cfg.tmp", "cfg"));
  const auto named = fs.sync_dir(".");   // the new name shows by now, whatever this says: a failure may not tell that nothing changed
  return named ? named : named.error().with(perdure::doubt::durable);
}

perdure::testing::report readme() {
auto report = perdure::testing::explore({
    .workload = [](auto& world) {
      world.step("version 1", [&] { return save(world.fs(), "version 1"); });
      world.step("v2", [&] { return save(world.fs(), "v2"); });
    },
    .check = [](auto& after) {
      return after.latest_is(perdure::testing::read_text(after.fs(), "cfg"), "absent");
    }});
return report;
}

perdure::testing::report readme_of_stores() {
const auto add = [](auto& store) -> perdure::result<void> {     // naive: it adds again after a timeout
  for (;;) {
    std::string text = "0";
    const auto there = perdure::read_object(store, "count", text, 100);
    const std::string next = std::to_string((there ? std::stoi(text) : 0) + 1);
    const auto put = store.put("count", next, there ? perdure::precondition::matches(there->etag) : perdure::precondition::absent);
    if (put) return {};
  }
};
auto report = perdure::testing::explore({
    .workload = [&](auto& world) { world.step("1", [&] { return add(world.store()); }); },
    .check = [](auto& after) { return after.latest_is(perdure::testing::read_text(after.store(), "count"), "absent"); },
    .faults = 1});
return report;
}

std::string linted() {
perdure::mem_fs memory;
perdure::testing::durability_lint fs(memory);
if (save(fs, "v1")) fs.acknowledge("cfg");   // here the program says that it is saved
return fs.text();
}
// clang-format on

std::string contents(const std::string& path) {
  std::string all;
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return all;
  char piece[4096];
  for (std::size_t got; (got = std::fread(piece, 1, sizeof(piece), file)) != 0;) all.append(piece, got);
  (void)std::fclose(file);
  return all;
}
const std::string tests_dir = PERDURE_TESTS_DIR;

// What stands between ```kind and ```.
std::vector<std::string> blocks(const std::string& page, const std::string& kind) {
  std::vector<std::string> all;
  bool inside = false;
  bool wanted = false;
  for (std::size_t at = 0; at < page.size();) {
    const std::size_t end = page.find('\n', at) == std::string::npos ? page.size() : page.find('\n', at);
    const std::string line = page.substr(at, end - at);
    at = end + 1;
    if (line.compare(0, 3, "```") == 0) {
      inside = !inside;
      wanted = inside && line.substr(3) == kind;
      if (wanted) all.emplace_back();
    } else if (wanted) {
      all.back() += line + "\n";
    }
  }
  return all;
}

}  // namespace

TEST_CASE("the lab's page: its code is what is compiled here") {
  const std::string page = contents(tests_dir + "/../include/perdure/testing/README.md");
  const std::string here = contents(tests_dir + "/crash/readme.test.cpp");
  const auto code = blocks(page, "cpp");
  CHECK(code.size() == 5);
  for (const std::string& block : code) {
    for (std::size_t at = 0; at < block.size();) {
      const std::size_t end = block.find('\n', at);
      const std::string line = block.substr(at, end - at);
      INFO(line);
      if (line.compare(0, 8, "#include") != 0 && line.compare(0, 7, "REQUIRE") != 0 && line.compare(0, 4, "INFO") != 0)
        CHECK(here.find("\n" + line + "\n") != std::string::npos);
      at = end + 1;
    }
  }
}

TEST_CASE("the lab's page: its report is what its code gives, and the two syncs that it names mend it") {
  const std::string page = contents(tests_dir + "/../include/perdure/testing/README.md");
  const auto report = readme();
  CHECK_FALSE(report.ok());
  bool told = false;
  for (const std::string& block : blocks(page, "")) told = told || block == report.text();
  INFO(report.text());
  CHECK(told);
  CHECK(page.find("`.replay = \"" + report.replay + "\"`") != std::string::npos);
  perdure::testing::exploration what{
      .workload =
          [](auto& world) {
            world.step("version 1", [&] { return save_for_good(world.fs(), "version 1"); });
            world.step("v2", [&] { return save_for_good(world.fs(), "v2"); });
          },
      .check = [](auto& after) { return after.latest_is(perdure::testing::read_text(after.fs(), "cfg"), "absent"); }};
  const auto mended = perdure::testing::audit_syncs(what);
  CHECK(mended.ok());
  INFO(mended.report.text());
  CHECK(page.find("`" + mended.report.text() + "`") != std::string::npos);
  what.faults = 1;
  CHECK(perdure::testing::explore(what).ok());
  what.restart = [](auto& world) { world.step("the third", [&] { return save_for_good(world.fs(), "the third"); }); };
  CHECK(perdure::testing::explore(what).ok());
}

TEST_CASE("the lab's page: what the lint tells is what its code gives") {
  const std::string page = contents(tests_dir + "/../include/perdure/testing/README.md");
  const std::string text = linted();
  INFO(text);
  bool told = false;
  for (const std::string& block : blocks(page, "")) told = told || block == text;
  CHECK(told);
}

TEST_CASE("the lab's page: its report of a store is what its code gives") {
  const std::string page = contents(tests_dir + "/../include/perdure/testing/README.md");
  const auto report = readme_of_stores();
  CHECK_FALSE(report.ok());
  bool told = false;
  for (const std::string& block : blocks(page, "")) told = told || block == report.text();
  INFO(report.text());
  CHECK(told);
}

}  // namespace proofs_of_readme
