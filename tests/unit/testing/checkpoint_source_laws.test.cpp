// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/mem_fs.hpp>
#include <perdure/testing/checkpoint_source_laws.hpp>

#include <examples/lsm_checkpoint/tree.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/checkpoints.hpp>

using namespace perdure;
using testing::check_checkpoint_source_laws;

namespace {

TEST_CASE("checkpoint_source_laws: a tree that is written to, flushed and compacted keeps them") {
  mem_fs fs;
  lsm_checkpoint::tree<mem_fs> tree(fs, "db", fs, "cold");
  REQUIRE(tree.open(lsm_checkpoint::opening::create));
  int changes = 0;
  const auto report = check_checkpoint_source_laws(tree, [&] {
    for (int i = 0; i < 2; ++i) {
      tree.write("key " + std::to_string(++changes), std::string(static_cast<std::size_t>(50 * i + 30), 'x'));
      CHECK(tree.flush());
    }
    CHECK(tree.compact());
  });
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.held == 4);
  CHECK(changes > 10);
}

TEST_CASE("checkpoint_source_laws: who breaks one is told which") {
  using source_type = tests::listed_source<mem_fs, mem_fs>;
  mem_fs fs;
  const auto usual = source_type::usual(fs, fs);
  const digest wrong = sha256_of("wrong");
  const auto broken = [&](source_type source, const std::function<void(source_type&)>& change) {
    const auto report = check_checkpoint_source_laws(source, [&] { change(source); });
    (void)source_type::usual(fs, fs);
    return report.text();
  };
  const auto nothing = [](source_type&) {};
  const auto names = [](const std::string& text, const char* what) { return text.find(what) != std::string::npos; };
  CHECK(names(broken(usual, nothing), "4 laws held"));
  CHECK(names(broken(usual, [&](auto&) { tests::put_file(fs, "log", "one two three four"); }), "4 laws held"));
  int n = 10;
  CHECK(
      names(broken(usual, [&](auto&) { tests::put_file(fs, "1.table", "something els" + std::to_string(++n)); }), "C3, C4, C5"));
  CHECK(names(broken(usual, [&](auto&) { tests::put_file(fs, "log", "two"); }), "all bytes of log"));
  CHECK(names(broken(usual, [&](auto&) { (void)fs.remove("3.blob"); }), "open of what is pinned as blobs/3.blob"));
  CHECK(names(broken(usual, [](source_type& source) { source.current += "x"; }), "the pin tells something else"));
  auto one = usual;
  one.files[0].of = &wrong;
  CHECK(names(broken(one, nothing), "the digest of tables/1.table"));
  one = usual;
  one.files[0].size_bytes = 3;
  CHECK(names(broken(one, nothing), "the size of tables/1.table"));
  one = usual;
  one.files[0].to = "tables/2.table";
  CHECK(names(broken(one, nothing), "C6 names are relative, and differ; two files"));
  one = usual;
  one.metadata[0].first = "../v7";
  CHECK(names(broken(one, nothing), "no checkpoint may have"));
  one = usual;
  one.held = failure(code::busy, operation::none);
  CHECK(names(broken(one, nothing), "hold_deletions"));
}

}  // namespace
