// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_RIGS_S3_RIG_HPP
#define PERDURE_TESTS_RIGS_S3_RIG_HPP

// What the laws of this rig are made of: a law that is told, a place of its own in the bucket, and a process that counts.

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <perdure/core/describe.hpp>
#include <perdure/ext/curl_http.hpp>
#include <perdure/ext/s3_opener.hpp>
#include <perdure/manifest/commit_manifest.hpp>
#include <perdure/manifest/object_slot.hpp>
#include <perdure/store/read_object.hpp>
#include <perdure/store/retry_store.hpp>
#include <perdure/store/s3_store.hpp>

namespace rig {

using namespace perdure;

using bucket = s3_store<curl_http>;

inline int gateway = 0;
inline pid_t osd = 0;
inline std::string only;
inline int failed = 0;

// Why the law that is being tried is broken; the first reason stays.
inline std::string broken;
inline void expect(bool holds, const std::string& what) {
  if (!holds && broken.empty()) broken = what;
}
template <class Answer>
bool succeeds(const Answer& answer, const std::string& what) {
  expect(answer.has_value(), what + (answer ? "" : std::string(": ") + describe(answer.error()).c_str()));
  return answer.has_value();
}

template <class Body>
void law(const std::string& name, Body body) {
  if (name.find(only) == std::string::npos) return;
  broken.clear();
  const auto begun = std::chrono::steady_clock::now();
  const std::string told = body();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  if (broken.empty()) {
    std::printf("ok %s%s%s (%.1f s)\n", name.c_str(), told.empty() ? "" : ": ", told.c_str(), seconds);
  } else {
    std::printf("FAILED: %s: %s; %s (%.1f s)\n", name.c_str(), broken.c_str(), told.c_str(), seconds);
    ++failed;
  }
  std::fflush(stdout);
}

inline s3_options options_of(int port, const std::string& prefix, const char* host = "127.0.0.1") {
  s3_options options;
  (void)set_s3_address(options, "s3://perdure-rig/" + prefix);
  const std::string endpoint = std::string("http://") + host + ":" + std::to_string(port);
  (void)set_s3_environment(
      options, [&](const char* name) { return std::string(name) == "AWS_ENDPOINT_URL" ? endpoint.c_str() : std::getenv(name); });
  options.bucket_is = s3_bucket_is::made;
  return options;
}

struct place {
  curl_http http;
  native_clock clock;
  result<bucket> store;
  explicit place(const std::string& prefix, int port = gateway, curl_http_options limits = {})
      : http(limits), store(bucket::open(http, clock, options_of(port, prefix))) {
    (void)succeeds(store, "open");
  }
};

inline std::size_t objects_below(bucket& store, const std::string& prefix) {
  std::size_t count = 0;
  std::string cursor;
  for (bool more = true; more;) {
    const auto page = store.list(prefix, cursor, 1000, [&](const listed_object& one) {
      cursor.assign(one.key.data(), one.key.size());
      ++count;
      return visit::go_on;
    });
    if (!succeeds(page, "list")) return count;
    more = *page == listed::more;
  }
  return count;
}

// --- one value, many processes

inline constexpr std::size_t processes = 8;
struct counters {
  std::uint64_t total = 0;
  std::uint64_t of[processes] = {};
};
using retried = retry_store<bucket, native_clock>;
using counter = manifest<counters, object_slot<retried>>;

// Its own increments, each until it is known that it happened. Exit status 0: all of them did, as far as this process knows. How
// many that are is told as it goes, also to who comes after it where it was killed: one more may have happened.
inline int count_up(std::size_t who, int port, const std::string& prefix, std::uint64_t times,
                    volatile std::uint64_t& told_so_far) {
  curl_http_options limits;
  limits.whole_timeout_ms = 10'000;
  curl_http http(limits);
  native_clock clock;
  s3_options options = options_of(port, prefix);
  // A proxy that spoils the probe says nothing about the engine.
  auto store = bucket::open(http, clock, options);
  for (int tries = 0; !store && tries < 100; ++tries) store = bucket::open(http, clock, options);
  if (!store) return 10;
  // What is in doubt is the slot's to settle; reads are made again.
  retry_options again;
  again.conditional_puts = in_doubt::is_told;
  again.attempts_max = 20;
  again.first_wait_ns = ns_per_second / 500;
  retried objects(*store, clock, again);
  counter all{object_slot(objects, "counter")};
  bool opened = false;
  for (int tries = 0; !opened && tries < 100; ++tries) opened = all.open().has_value();
  if (!opened) return 11;
  std::uint64_t done = all.read()->of[who];
  if (done != told_so_far && done != told_so_far + 1) return 14;
  told_so_far = done;
  while (done < times) {
    const auto told = commit_manifest(all, [&](counters& next) {
      ++next.total;
      ++next.of[who];
    });
    if (told) {
      told_so_far = ++done;
      continue;
    }
    if (told.error().doubt() == doubt::none) continue;
    // Nobody else counts for this process: what it finds of its own is what has happened.
    bool known = false;
    for (int tries = 0; !known && tries < 100; ++tries) {
      known = all.refresh().has_value();
      if (!known) ::usleep(20'000);
    }
    if (!known) return 12;
    const std::uint64_t found = all.read()->of[who];
    if (found != done && found != done + 1) return 13;
    told_so_far = done = found;
  }
  return 0;
}

}  // namespace rig

#endif  // PERDURE_TESTS_RIGS_S3_RIG_HPP
