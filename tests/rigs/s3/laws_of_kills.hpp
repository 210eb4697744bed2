// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_RIGS_S3_LAWS_OF_KILLS_HPP
#define PERDURE_TESTS_RIGS_S3_LAWS_OF_KILLS_HPP

// Processes that count are killed, and so is a gateway; and each request of a process that counts is spoilt, one by one.

#include <sys/mman.h>
#include <sys/wait.h>

#include <fstream>
#include <new>
#include <random>
#include <vector>

#include <tests/rigs/s3/fault_proxy.hpp>
#include <tests/rigs/s3/rig.hpp>
#include <tests/support/child.hpp>

namespace rig {

// Zeros that child processes see, too.
template <class T>
T* shared_memory() {
  void* const where = ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (where == MAP_FAILED) std::abort();
  return new (where) T();
}

// What is counted is what was told; of a process that was killed before it could tell, perhaps one more.
enum class last_one : std::uint8_t { was_told, may_be_untold };
inline std::string check_count(const std::string& prefix, const std::vector<std::uint64_t>& told, enum last_one last_one) {
  place here(prefix);
  if (!here.store) return {};
  retried objects(*here.store, here.clock);
  counter all{object_slot(objects, "counter")};
  if (!succeeds(all.open(), "the counter")) return {};
  const auto value = all.read();
  std::uint64_t sum = 0;
  for (std::size_t who = 0; who < told.size(); ++who) {
    const std::uint64_t own = value->of[who];
    expect(own == told[who] || (own == told[who] + 1 && last_one == last_one::may_be_untold),
           std::to_string(told[who]) + " were told to one process, and counted are " + std::to_string(own));
    sum += own;
  }
  expect(value->total == sum, "counted are " + std::to_string(value->total) + " of all and " + std::to_string(sum) + " of each");
  return std::to_string(sum) + " counted";
}

struct telling {
  volatile std::uint64_t of[processes] = {};
};

// Until it has come about; a machine may be slow, but not for ever.
template <class Condition>
bool comes_about(Condition condition) {
  constexpr int at_most_ms = 60'000;
  for (int ms = 0; ms < at_most_ms; ms += 10) {
    if (condition()) return true;
    ::usleep(10'000);
  }
  return condition();
}

inline void start_anew(const std::string& prefix) {
  place here(prefix);
  if (here.store) (void)succeeds(here.store->remove("counter"), "remove");
}

inline std::string processes_are_killed(int kills) {
  const std::string prefix = "killed-writers/";
  constexpr std::size_t writers = 4;
  start_anew(prefix);
  auto* const told = shared_memory<telling>();
  std::vector<pid_t> children(writers);
  const auto start = [&](std::size_t who) {
    children[who] =
        tests::start_child([&] { return count_up(who, gateway + static_cast<int>(who % 2), prefix, UINT64_MAX, told->of[who]); });
  };
  for (std::size_t who = 0; who < writers; ++who) start(who);
  std::mt19937 random(7);
  for (int i = 0; i < kills; ++i) {
    ::usleep(static_cast<useconds_t>(20'000 + random() % 100'000));
    const std::size_t who = random() % writers;
    (void)::kill(children[who], SIGKILL);
    const int end = tests::end_of(children[who]);
    expect(end == tests::was_killed, "a process ended by itself, with " + std::to_string(end));
    start(who);
  }
  // Those that were started last are behind all of the kills: what each of them counts, it counts on top of what was left.
  std::vector<std::uint64_t> each(told->of, told->of + writers);
  for (std::size_t who = 0; who < writers; ++who) {
    expect(comes_about([&] { return told->of[who] > each[who]; }), "a process that is not killed does not count");
  }
  for (const pid_t child : children) (void)::kill(child, SIGKILL);
  for (const pid_t child : children) (void)tests::end_of(child);
  each.assign(told->of, told->of + writers);
  return check_count(prefix, each, last_one::may_be_untold) + ", " + std::to_string(kills) + " kills";
}

inline std::string a_gateway_is_killed() {
  const std::string prefix = "killed-gateway/";
  constexpr std::size_t writers = 4;
  start_anew(prefix);
  auto* const told = shared_memory<telling>();
  std::vector<pid_t> children;
  for (std::size_t who = 0; who < writers; ++who) {
    children.push_back(tests::start_child(
        [&, who] { return count_up(who, gateway + static_cast<int>(who % 2), prefix, UINT64_MAX, told->of[who]); }));
  }
  for (std::size_t who = 0; who < writers; ++who) expect(comes_about([&] { return told->of[who] > 4; }), "not all of them count");
  const std::string conf = std::getenv("CEPH_CONF");
  const std::string pid_file = conf.substr(0, conf.rfind('/')) + "/run/client.rgw2.pid";
  pid_t second = 0;
  std::ifstream(pid_file) >> second;
  expect(second > 0 && ::kill(second, SIGKILL) == 0, "the second gateway cannot be killed");
  ::usleep(300'000);
  const std::uint64_t before = told->of[0] + told->of[2];
  expect(comes_about([&] { return told->of[0] + told->of[2] > before; }), "who has another gateway cannot go on");
  (void)::unlink(pid_file.c_str());
  const std::string again =
      "bash -c '. tests/rigs/s3/cluster.bash && start_second_gateway " + std::to_string(gateway) + "' >/dev/null 2>&1";
  expect(std::system(again.c_str()) == 0, "the second gateway cannot be started again");
  const std::uint64_t meanwhile = told->of[1] + told->of[3];
  expect(comes_about([&] { return told->of[1] + told->of[3] > meanwhile; }),
         "who had that gateway does not go on when it is back");
  for (const pid_t child : children) (void)::kill(child, SIGKILL);
  for (const pid_t child : children) {
    const int end = tests::end_of(child);
    expect(end == tests::was_killed, "a process ended by itself, with " + std::to_string(end));
  }
  return check_count(prefix, {told->of[0], told->of[1], told->of[2], told->of[3]}, last_one::may_be_untold);
}

inline void law_of_killed_processes() {
  law("commit_manifest: processes are killed and started again, and nothing that was told is lost or counted twice",
      [] { return processes_are_killed(60); });
}

// While it is away nobody else can ask it.
inline void law_of_a_killed_gateway() {
  law("commit_manifest: a gateway is killed under its writers, the other one's go on, and all of them when it is back",
      [] { return a_gateway_is_killed(); });
}

inline void laws_of_each_request() {
  law("commit_manifest: each request is spoilt in each of ten ways, and nothing is lost or counted twice", [] {
    auto* const which = shared_memory<one_request>();
    const listening proxy;
    const pid_t child = tests::start_child([&]() -> int { serve_with_faults(proxy.socket, gateway, spoil_one(which)); });
    int runs = 0;
    for (unsigned way = 1; way <= ways; ++way) {
      for (unsigned number = 0;; ++number, ++runs) {
        const std::string prefix = "each/" + std::to_string(way) + "." + std::to_string(number) + "/";
        *which = {0, number, way};
        std::uint64_t told = 0;
        const int end = tests::in_child([&] { return count_up(0, proxy.port, prefix, 2, told); });
        expect(end == 0, prefix + ": it ended with " + std::to_string(end));
        const bool was_spoilt = which->seen > number;
        (void)check_count(prefix, {2}, last_one::was_told);
        if (!was_spoilt || !broken.empty()) break;
      }
    }
    (void)::kill(child, SIGKILL);
    (void)tests::end_of(child);
    ::close(proxy.socket);
    place all("");
    if (all.store) succeeds(perdure::remove_prefix(*all.store, "each/"), "remove_prefix");
    return std::to_string(runs) + " requests";
  });
}

}  // namespace rig

#endif  // PERDURE_TESTS_RIGS_S3_LAWS_OF_KILLS_HPP
