// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Writers that race, fork, die and are judged: always as processes of their own.

#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/temp_sweep.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>
#include <tests/support/shared.hpp>
#include <tests/support/temp_dir.hpp>

#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <csignal>
#include <thread>
#include <vector>

using namespace perdure;
using tests::get;
using tests::names_in;
using tests::put;

namespace {

// Waits until every one of `count` processes has come this far.
struct barrier {
  int arrived = 0;
};
void meet(barrier& at, int count) {
  __atomic_add_fetch(&at.arrived, 1, __ATOMIC_ACQ_REL);
  while (__atomic_load_n(&at.arrived, __ATOMIC_ACQUIRE) < count) ::sched_yield();
}

bool as_one_of_many(const nonce& name) { return name.place != 0 && name.process != 0 && name.started != 0; }

// A process that ended and that nobody has asked for its exit status.
pid_t ended_child(nonce& name) {
  const tests::shared<nonce> told;
  const pid_t child = tests::start_child([&]() -> int { return *told = posix_fs().nonce(), 0; });
  siginfo_t info;
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) == 0);
  name = *told;
  return child;
}

}  // namespace

TEST_CASE("atomic_write: of processes that race to create one name, exactly one wins, and the file is its") {
  constexpr int processes = 8;
  constexpr int rounds = 50;
  struct race {
    barrier at[rounds];
    int wins[rounds] = {};
    int winner[rounds] = {};
    int others[rounds] = {};
  };
  const tests::temp_dir dir;
  const tests::shared<race> told;
  std::vector<pid_t> children;
  for (int p = 0; p < processes; ++p) {
    children.push_back(tests::start_child([&, p]() -> int {
      for (int r = 0; r < rounds; ++r) {
        meet(told->at[r], processes);
        const auto done =
            atomic_write(dir / ("f" + std::to_string(r)), std::string(10'000, static_cast<char>('a' + p)),
                         {.durability = r % 2 == 0 ? durability::none : durability::ordered, .existing = existing::refuse});
        if (done) {
          __atomic_add_fetch(&told->wins[r], 1, __ATOMIC_ACQ_REL);
          told->winner[r] = p;
        } else if (done.error().code() != code::already_exists || done.error().outcome() != outcome::unchanged) {
          __atomic_add_fetch(&told->others[r], 1, __ATOMIC_ACQ_REL);
        }
      }
      return 0;
    }));
  }
  for (const pid_t child : children) CHECK(tests::end_of(child) == 0);
  for (int r = 0; r < rounds; ++r) {
    INFO(r);
    CHECK(told->wins[r] == 1);
    CHECK(told->others[r] == 0);
    CHECK(get(dir / ("f" + std::to_string(r))) == std::string(10'000, static_cast<char>('a' + told->winner[r])));
  }
  CHECK(names_in(dir.path()).size() == static_cast<std::size_t>(rounds));
}

TEST_CASE("atomic_write: threads and processes that replace one file leave it whole at every moment") {
  constexpr std::size_t size = 64 * 1024;
  const tests::temp_dir dir;
  const tests::shared<bool> stop;
  const auto value_of = [](int writer, int round) {
    std::string text = std::to_string(writer) + ":" + std::to_string(round) + ":";
    for (std::size_t i = 0; text.size() < size; ++i)
      text += static_cast<char>('a' + (static_cast<std::size_t>(writer + round) + i) % 26);
    text.resize(size);
    return text;
  };
  const auto is_whole = [&](const std::string& text) {
    int writer = 0;
    int round = 0;
    return std::sscanf(text.c_str(), "%d:%d:", &writer, &round) == 2 && text == value_of(writer, round);
  };
  put(dir / "f", value_of(0, 0));
  const auto write_some = [&](int writer) {
    for (int round = 0; round < 20; ++round) {
      if (!atomic_write(dir / "f", value_of(writer, round), {.durability = round % 4 == 0 ? durability::full : durability::none}))
        return 1;
    }
    return 0;
  };
  std::vector<pid_t> processes;
  for (int p = 0; p < 4; ++p) processes.push_back(tests::start_child([&, p] { return write_some(p); }));
  const pid_t reader = tests::start_child([&]() -> int {
    while (!__atomic_load_n(&*stop, __ATOMIC_ACQUIRE)) {
      if (!is_whole(get(dir / "f"))) return 1;
    }
    return 0;
  });
  std::vector<std::thread> threads;
  std::vector<int> failed(4);
  for (std::size_t t = 0; t < 4; ++t) threads.emplace_back([&, t] { failed[t] = write_some(static_cast<int>(4 + t)); });
  for (auto& thread : threads) thread.join();
  for (const pid_t process : processes) CHECK(tests::end_of(process) == 0);
  __atomic_store_n(&*stop, true, __ATOMIC_RELEASE);
  CHECK(tests::end_of(reader) == 0);
  CHECK(failed == std::vector<int>(4));
  CHECK(is_whole(get(dir / "f")));
  CHECK(names_in(dir.path()) == std::set<std::string>{"f"});
}

TEST_CASE("nonce: parent, child and grandchild name themselves, and no name is given twice") {
  const nonce mine = posix_fs().nonce();
  struct names {
    nonce child, grandchild;
  };
  const tests::shared<names> told;
  CHECK(tests::in_child([&]() -> int {
          told->child = posix_fs().nonce();
          return tests::in_child([&]() -> int { return told->grandchild = posix_fs().nonce(), 0; });
        }) == 0);
  const nonce child = told->child;
  const nonce grandchild = told->grandchild;
  CHECK(as_one_of_many(mine));
  CHECK((as_one_of_many(child) && as_one_of_many(grandchild)));
  CHECK((mine.process != child.process && child.process != grandchild.process && mine.process != grandchild.process));
  CHECK((mine.place == child.place && mine.place == grandchild.place));
  CHECK(posix_fs().nonce().process == mine.process);
}

TEST_CASE("nonce: a child that was forked while its parent worked out who it is does not wait for it") {
  // What the child of such a parent finds: the parent's number, and no thread that will ever replace it.
  CHECK(tests::in_child([]() -> int {
          ::alarm(20);
          detail::this_writer.state = -static_cast<int>(::getppid());
          return posix_fs().nonce().process == static_cast<std::uint64_t>(::getpid()) ? 0 : 1;
        }) == 0);
}

TEST_CASE("nonce: threads that ask first at the same time get one identity and different serials") {
  CHECK(tests::in_child([]() -> int {
          std::vector<nonce> names(8);
          barrier at;
          std::vector<std::thread> threads;
          for (auto& name : names) {
            threads.emplace_back([&] {
              meet(at, 8);
              name = posix_fs().nonce();
            });
          }
          for (auto& thread : threads) thread.join();
          std::set<std::uint64_t> serials;
          for (const auto& name : names) {
            serials.insert(name.serial);
            if (name.process != static_cast<std::uint64_t>(::getpid()) || name.started != names[0].started) return 1;
          }
          return serials.size() == 8 ? 0 : 2;
        }) == 0);
}

TEST_CASE("writer: one that ended is gone, though nobody has asked for its exit status") {
  nonce name;
  const pid_t child = ended_child(name);
  CHECK(posix_fs().writer(name) == writer_state::gone);
  CHECK(tests::end_of(child) == 0);
  CHECK(posix_fs().writer(name) == writer_state::gone);
}

TEST_CASE("writer: one whose first thread alone has ended is alive") {
  const tests::shared<nonce> told;
  int hold[2];
  REQUIRE(::pipe(hold) == 0);
  const pid_t child = tests::start_child([&]() -> int {
    ::close(hold[1]);
    *told = posix_fs().nonce();
    static int wait_on = -1;
    wait_on = hold[0];
    pthread_t other;
    ::pthread_create(
        &other, nullptr,
        [](void*) -> void* {
          char byte;
          ::_exit(::read(wait_on, &byte, 1) == 0 ? 0 : 1);
        },
        nullptr);
    ::syscall(SYS_exit, 0);  // this thread alone
    return 1;
  });
  ::close(hold[0]);
  const std::string stat = "/proc/" + std::to_string(child) + "/stat";
  while (get(stat).find(") Z ") == std::string::npos) ::sched_yield();
  CHECK(posix_fs().writer(*told) == writer_state::alive);
  ::close(hold[1]);
  CHECK(tests::end_of(child) == 0);
  CHECK(posix_fs().writer(*told) == writer_state::gone);
}

TEST_CASE("writer: a number that was given again names another process") {
  const tests::shared<nonce> told;
  const tests::shared<bool> stop;
  const pid_t child = tests::start_child([&]() -> int {
    *told = posix_fs().nonce();
    while (!__atomic_load_n(&*stop, __ATOMIC_ACQUIRE)) ::sched_yield();
    return 0;
  });
  while (__atomic_load_n(&told->serial, __ATOMIC_ACQUIRE) == 0) ::sched_yield();
  const nonce living = *told;
  CHECK(posix_fs().writer(living) == writer_state::alive);
  nonce earlier = living;
  earlier.started -= 1;
  CHECK(posix_fs().writer(earlier) == writer_state::gone);
  nonce untold = living;
  untold.started = 0;
  CHECK(posix_fs().writer(untold) == writer_state::alive);
  nonce elsewhere = living;
  elsewhere.place ^= 1;
  CHECK(posix_fs().writer(elsewhere) == writer_state::unknown);
  nonce impossible = living;
  impossible.process = 0x80000000;
  CHECK(posix_fs().writer(impossible) == writer_state::unknown);
  __atomic_store_n(&*stop, true, __ATOMIC_RELEASE);
  CHECK(tests::end_of(child) == 0);
}

TEST_CASE("writer: another user's process lives, too") {
  if (tests::skipped_without_root("another user")) return;
  const nonce mine = posix_fs().nonce();
  CHECK(tests::as_nobody([&]() -> int { return posix_fs().writer(mine) == writer_state::alive ? 0 : 1; }) == 0);
}

TEST_CASE("writer: in a namespace of processes whose procfs shows another one, no living process is called gone") {
  if (tests::skipped_without_root("a namespace")) return;
  const nonce outside = posix_fs().nonce();
  CHECK(tests::in_child([&]() -> int {
          if (::unshare(CLONE_NEWPID) != 0) return tests::could_not_mount;
          return tests::in_child([&]() -> int {  // number 1 of its own namespace, which procfs says is somebody else
            const nonce mine = posix_fs().nonce();
            if (mine.process != 1 || mine.place == outside.place || mine.started != 0) return 1;
            if (posix_fs().writer(mine) != writer_state::alive) return 2;
            if (posix_fs().writer(outside) != writer_state::unknown) return 3;
            return tests::in_child([&]() -> int {
              nonce parent = mine;
              if (posix_fs().nonce().process == 1 || posix_fs().writer(parent) != writer_state::alive) return 4;
              parent.started = 12345;  // as it would be named where procfs is right
              if (posix_fs().writer(parent) != writer_state::alive) return 5;
              parent.process = 30'000;
              return posix_fs().writer(parent) == writer_state::gone ? 0 : 6;
            });
          });
        }) == 0);
}

TEST_CASE("writer: without procfs nobody is judged, and nonces are still given once") {
  if (tests::skipped_without_root("a mount")) return;
  CHECK(tests::with_tmpfs("/proc", "size=64k", []() -> int {
          posix_fs fs;
          const nonce a = fs.nonce();
          const nonce b = fs.nonce();
          if (a.place != 0 || a == b) return 1;
          return fs.writer(a) == writer_state::unknown ? 0 : 2;
        }) == 0);
}

TEST_CASE("temp_sweep: what killed writers left is removed, what a living one writes is not, however many there are") {
  const tests::temp_dir dir;
  put(dir / "f", "old");
  std::vector<pid_t> children;
  const tests::shared<int> ready;
  for (int p = 0; p < 3; ++p) {
    children.push_back(tests::start_child([&]() -> int {
      posix_fs fs;
      const temp_name name(fs.nonce());
      put(dir / std::string(name.data(), name.size()), "half");
      __atomic_add_fetch(&*ready, 1, __ATOMIC_ACQ_REL);
      for (;;) ::pause();
    }));
  }
  while (__atomic_load_n(&*ready, __ATOMIC_ACQUIRE) < 3) ::sched_yield();
  const auto before = temp_sweep(dir.path());
  REQUIRE(before);
  CHECK((before->removed == 0 && before->living == 3));
  ::kill(children[0], SIGKILL);
  ::kill(children[1], SIGKILL);
  CHECK(tests::end_of(children[0]) == tests::was_killed);
  siginfo_t info;
  REQUIRE(::waitid(P_PID, static_cast<id_t>(children[1]), &info, WEXITED | WNOWAIT) == 0);
  const auto after = temp_sweep(dir.path());
  REQUIRE(after);
  CHECK((after->removed == 2 && after->living == 1));
  CHECK(tests::end_of(children[1]) == tests::was_killed);
  ::kill(children[2], SIGKILL);
  CHECK(tests::end_of(children[2]) == tests::was_killed);
  CHECK(temp_sweep(dir.path())->removed == 1);
  CHECK(names_in(dir.path()) == std::set<std::string>{"f"});
}
