// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/posix_fs.hpp>
#include <perdure/store/any_store.hpp>
#include <perdure/store/counting_store.hpp>
#include <perdure/store/fs_store.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/store/prefix_store.hpp>
#include <perdure/store/retry_store.hpp>
#include <perdure/store/s3_store.hpp>
#include <perdure/store/tracing_store.hpp>
#include <perdure/testing/crash_store.hpp>
#include <perdure/testing/fault_store.hpp>
#include <perdure/testing/store_archetypes.hpp>
#include <perdure/testing/store_laws.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/fake_s3.hpp>
#include <tests/support/temp_dir.hpp>

#include <cstdio>
#include <mutex>

using namespace perdure;

namespace {
// Each behind any_store, so that the laws are compiled once.
void holds(const char* model, any_store store) {
  const auto report = testing::check_store_laws(store, "laws/");
  std::printf("%-24s %s\n", model, report.text().c_str());
  INFO(report.text());
  CHECK(report.ok());
}

// For the laws about threads.
class shared_clock {
 public:
  shared_clock() = default;
  explicit shared_clock(std::int64_t unix_ns) : clock_(unix_ns) {}
  [[nodiscard]] std::int64_t elapsed_ns() const {
    const std::lock_guard lock(mutex_);
    return clock_.elapsed_ns();
  }
  [[nodiscard]] std::int64_t unix_ns() const {
    const std::lock_guard lock(mutex_);
    return clock_.unix_ns();
  }
  void sleep_ns(std::int64_t ns) {
    const std::lock_guard lock(mutex_);
    clock_.sleep_ns(ns);
  }

 private:
  mutable std::mutex mutex_;
  manual_clock clock_;
};

}  // namespace

TEST_CASE("store_laws: every model keeps them") {
  mem_store memory;
  holds("mem_store", memory);
  any_store any(memory);
  prefix_store behind(any, "behind/");
  holds("prefix_store", behind);
  counting_store counted(any);
  holds("counting_store", counted);
  CHECK(counted.counts().calls() > 1000);
  shared_clock clock;
  std::size_t calls = 0;
  tracing_store traced(any, clock, [&](const store_call&) { __atomic_add_fetch(&calls, 1U, __ATOMIC_RELAXED); });
  holds("tracing_store", traced);
  CHECK(calls > 1000);
  testing::fault_plan trouble("put ** chance 0.05 seed 1 busy\nget ** chance 0.05 seed 2 timed_out");
  testing::fault_store troubled(any, trouble);
  any_store troubled_any(troubled);
  retry_store retried(troubled_any, clock);
  holds("retry_store", retried);
  CHECK((trouble.ok() && trouble.strikes(0) > 0 && trouble.strikes(1) > 0));
  testing::poorest_store poorest(memory);
  holds("poorest_store", poorest);
  testing::poorest_store poorer(poorest);
  holds("poorest_store of one", poorer);
  testing::fault_store faultless(memory, "put ** nth 1000000 timed_out late 1");
  holds("fault_store", faultless);
  testing::crash_store crashable;
  holds("crash_store", crashable);

  tests::fake_s3 server;
  shared_clock of_server(server.unix_s * ns_per_second);
  auto bucket = s3_store<tests::fake_s3, shared_clock>::open(server, of_server, tests::fake_s3_options());
  REQUIRE(bucket);
  holds("s3_store", *bucket);
  server.if_match = tests::fake_s3::if_match::bare;
  server.is_virtual = true;
  server.page_max = 3;
  server.token = "session==";
  s3_options options = tests::fake_s3_options("s3://bucket/a b+c/");
  options.style = s3_style::virtual_host;
  options.credentials.session_token.append(server.token);
  auto part = s3_store<tests::fake_s3, shared_clock>::open(server, of_server, options);
  REQUIRE(part);
  holds("s3_store, virtual, bare etags", *part);
  CHECK(server.objects.empty());

  mem_fs files;
  REQUIRE(files.make_dir("flat"));
  fs_store flat(files, "flat");
  holds("fs_store over mem_fs", flat);
  REQUIRE(files.make_dir("deep"));
  fs_store deep(files, "deep", {.objects_per_directory = 2});
  holds("fs_store, 2 a directory", deep);
  REQUIRE(files.make_dir("alone"));
  fs_store alone(files, "alone", {.writers = writers::only_this, .objects_per_directory = 1});
  holds("fs_store, alone", alone);
  const tests::temp_dir memory_dir("/dev/shm");
  posix_fs disk;
  fs_store on_disk(disk, memory_dir.path(), {.objects_per_directory = 20});
  holds("fs_store over posix_fs", on_disk);
}
