// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// No byte of examples/cluster_ctl goes around its store: which files its commands ask the kernel for, as strace sees it.

#include <examples/cluster_ctl/commands.hpp>

#include <perdure/store/s3_store.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/fake_s3.hpp>
#include <tests/support/strace.hpp>

#include <filesystem>

using namespace perdure;

namespace {

struct place {
  tests::temp_dir dir;
  std::string home = std::filesystem::canonical(dir.path()).string() + "/home";
  std::string store = std::filesystem::canonical(dir.path()).string() + "/store";
  place() {
    std::filesystem::create_directories(home);
    std::filesystem::create_directories(store);
    tests::put(home + "/cluster.yaml", "storage: ../store\napproval: required\ngraphs:\n  roads: roads.txt\n  social: imported\n");
    tests::put(home + "/roads.txt", "a b\nb c\n");
    tests::put(home + "/social.txt", "x y\n");
  }
};

// Every command, between two marks. Which one did not end as it should, counted from 1; else 0.
int all_commands(const place& at, const cluster_ctl::opener& open) {
  int number = 0;
  std::string said;
  const auto run = [&](const std::vector<std::string>& words, int status) {
    ++number;
    cluster_ctl::environment all;
    all.home = at.home;
    if (open) all.open = open;
    const int got = cluster_ctl::commands(all).run(words);
    said = all.said;
    return got == status;
  };
  tests::mark();
  bool ok = run({"import", "social", "social.txt"}, cluster_ctl::done) && run({"plan"}, cluster_ctl::done);
  const std::string plan = ok ? said.substr(said.find("\nplan ") + 6, 64) : "";
  ok = ok && run({"apply"}, cluster_ctl::approval_missing) && run({"approve", plan}, cluster_ctl::done) &&
       run({"apply"}, cluster_ctl::done) && run({"status"}, cluster_ctl::done) && run({"serve"}, cluster_ctl::done) &&
       run({"import", "social", "roads.txt"}, cluster_ctl::done) && run({"sweep"}, cluster_ctl::done) &&
       run({"force-unlock", std::string(32, '0')}, cluster_ctl::failed);
  tests::mark();
  return ok ? 0 : number;
}

// The calls between the marks that name a file, but for those in the store's directory and those that only read what the
// configuration's directory and /proc hold.
std::vector<std::string> strangers(const tests::traced& seen, const place& at, int& in_store) {
  namespace files = std::filesystem;
  static const std::regex named(R"((?:(AT_FDCWD|\d+)(?:<([^>]*)>)?, )?"([^"]*)\")");
  const auto is_below = [](const std::string& path, const std::string& directory) {
    return path == directory || path.rfind(directory + "/", 0) == 0;
  };
  std::vector<std::string> all;
  int marks = 0;
  for (const std::string& line : seen.calls) {
    marks += line.rfind("close(-1000)", 0) == 0 ? 1 : 0;
    if (marks != 1 || line.rfind("---", 0) == 0) continue;
    for (std::sregex_iterator one(line.begin(), line.end(), named), end; one != end; ++one) {
      const std::string base = (*one)[2].str();
      const files::path whole = files::path(base.empty() ? files::current_path().string() : base) / (*one)[3].str();
      const std::string path = whole.lexically_normal().string();
      const bool may_write = line.find("O_WRONLY") != std::string::npos || line.find("O_RDWR") != std::string::npos ||
                             line.find("O_CREAT") != std::string::npos;
      const bool only_reads = !may_write && (line.rfind("openat(", 0) == 0 || line.rfind("newfstatat(", 0) == 0 ||
                                             line.rfind("readlink", 0) == 0);
      const bool is_known = is_below(path, at.home) || is_below(path, "/proc");  // which tells a process who it is
      if (is_below(path, at.store)) {
        ++in_store;
      } else if (!only_reads || !is_known) {
        all.push_back(line);
      }
    }
  }
  if (marks != 2) all.push_back("there are not two marks");
  return all;
}

template <class Body>
std::vector<std::string> traced_strangers(const place& at, int& in_store, Body body) {
  const auto seen = tests::under_strace({"-y", "-e", "trace=%file,close"}, [] {}, body);
  CHECK(seen.status == 0);
  return strangers(seen, at, in_store);
}

}  // namespace

TEST_CASE("cluster_ctl: on a directory no command opens, makes or removes anything outside of it") {
  if (tests::skipped_without_strace()) return;
  const place at;
  int in_store = 0;
  CHECK(traced_strangers(at, in_store, [&] { return all_commands(at, {}); }) == std::vector<std::string>());
  CHECK(in_store > 100);
  // And a byte that goes around it would be seen.
  const auto around = traced_strangers(at, in_store, [&] {
    tests::mark();
    tests::put(at.home + "/beside", "x");
    tests::mark();
    return 0;
  });
  CHECK(around.size() == 1);
}

TEST_CASE("cluster_ctl: on S3 no command touches a local file, but for reading its configuration") {
  if (tests::skipped_without_strace()) return;
  const place at;
  int in_store = 0;
  const auto seen = traced_strangers(at, in_store, [&] {
    tests::fake_s3 server;
    manual_clock clock{server.unix_s * ns_per_second};
    auto opened = s3_store<tests::fake_s3, manual_clock>::open(server, clock, tests::fake_s3_options());
    if (!opened) return 100;
    const cluster_ctl::opener open = [&](const std::string&, const std::string&, enum cluster_ctl::use) -> result<any_store> {
      return any_store(*opened);
    };
    return all_commands(at, open);
  });
  CHECK(seen == std::vector<std::string>());
  CHECK(in_store == 0);
}
