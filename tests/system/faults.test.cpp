// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// What a sound kernel rarely answers, given by strace in its place: the code above must take each answer for what it is.

#include <perdure/core/describe.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/temp_sweep.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/shared.hpp>
#include <tests/support/strace.hpp>

#include <sys/stat.h>
#include <algorithm>
#include <cerrno>
#include <optional>

using namespace perdure;

namespace {

// What a child reports: success, or why not.
struct answer {
  bool done = false;
  enum durability reached = durability::none;
  failure why = failure(code::cancelled, operation::none);
};
answer answer_of(const result<write_report>& done) {
  if (!done) return {false, durability::none, done.error()};
  return {true, done->durability, failure(code::cancelled, operation::none)};
}
template <class T>
answer answer_of(const result<T>& done) {
  return done ? answer{true} : answer{false, durability::none, done.error()};
}

// Does `act` with these injections, having worked out who this process is.
template <class Act>
answer with_faults(const std::vector<std::string>& injections, const Act& act, std::vector<std::string>* calls = nullptr) {
  const tests::shared<answer> told;
  std::string traced = "trace=";
  std::vector<std::string> options;
  for (const auto& injection : injections) {
    traced += (traced.back() == '=' ? "" : ",") + injection.substr(0, injection.find(':'));
    options.insert(options.end(), {"-e", "inject=" + injection});
  }
  options.insert(options.end(), {"-e", traced});
  const auto seen = tests::under_strace(
      options, [] { (void)posix_fs().nonce(); },
      [&]() -> int {
        *told = act();
        return 0;
      });
  CHECK(seen.status == 0);
  const auto injected = [](const std::string& line) { return line.find("INJECTED") != std::string::npos; };
  CHECK(std::any_of(seen.calls.begin(), seen.calls.end(), injected));
  if (calls != nullptr) *calls = seen.calls;
  return *told;
}

std::size_t count_of(const std::vector<std::string>& calls, const std::string& name) {
  return static_cast<std::size_t>(
      std::count_if(calls.begin(), calls.end(), [&](const std::string& line) { return line.rfind(name + "(", 0) == 0; }));
}

struct fault {
  const char* injection;
  write_options options;
  std::optional<enum code> code;  // none: it succeeds
  enum doubt doubt = doubt::none;
  int system_code = 0;
  const char* content = "old";
  enum durability reached = durability::full;
};

}  // namespace

TEST_CASE("atomic_write: each answer of the kernel is taken for what it is") {
  if (tests::skipped_without_strace()) return;
  const write_options full;
  const write_options refuse{.existing = existing::refuse};
  const write_options at_least_full{.at_least = durability::full};
  const fault faults[] = {
      // The directory is opened first, then the temporary file.
      {"openat:error=EMFILE:when=1", full, code::busy, doubt::none, EMFILE},
      {"openat:error=EINTR:when=1", full, {}, {}, 0, "new"},
      {"openat:error=EINTR:when=2", full, {}, {}, 0, "new"},
      {"openat:error=EEXIST:when=2", full, {}, {}, 0, "new"},
      {"openat:error=EEXIST:when=2+", full, code::busy, doubt::none, 0},
      {"openat:error=ENFILE:when=2", full, code::busy, doubt::none, ENFILE},
      {"openat:error=ENOMEM:when=2", full, code::busy, doubt::none, ENOMEM},
      {"openat:error=ENOSPC:when=2", full, code::no_space, doubt::none, ENOSPC},
      {"openat:error=EDQUOT:when=2", full, code::no_space, doubt::none, EDQUOT},
      {"openat:error=EROFS:when=2", full, code::permission, doubt::none, EROFS},
      {"openat:error=EIO:when=2", full, code::io, doubt::none, EIO},
      {"pwrite64:error=EINTR:when=1..3", full, {}, {}, 0, "new"},
      {"pwrite64:error=EIO", full, code::io, doubt::none, EIO},
      {"pwrite64:error=EDQUOT", full, code::no_space, doubt::none, EDQUOT},
      {"pwrite64:retval=0", full, code::io, doubt::none, EIO},
      {"fdatasync:error=EINTR:when=1", full, {}, {}, 0, "new"},
      {"fdatasync:error=EIO:when=1", full, code::sync_lost, doubt::none, EIO},
      {"fdatasync:error=ENOSPC:when=1", full, code::no_space, doubt::none, ENOSPC},
      {"fdatasync:error=EDQUOT:when=1", full, code::no_space, doubt::none, EDQUOT},
      {"fdatasync:error=EINVAL", full, {}, {}, 0, "new", durability::none},
      {"fdatasync:error=EINVAL", {.at_least = durability::ordered}, code::unsupported, doubt::none, EINVAL},
      {"close:error=EIO:when=1", full, code::sync_lost, doubt::none, EIO},
      {"close:error=ENOSPC:when=1", full, code::no_space, doubt::none, ENOSPC},
      {"close:error=EDQUOT:when=1", full, code::no_space, doubt::none, EDQUOT},
      {"close:error=EINTR:when=1", full, {}, {}, 0, "new"},
      {"renameat:error=EIO", full, code::io, doubt::visible, EIO},
      {"renameat:error=ESTALE", full, code::io, doubt::visible, ESTALE},
      {"renameat:error=EINTR", full, code::io, doubt::visible, EINTR},
      {"renameat:error=ETIMEDOUT", full, code::timed_out, doubt::visible, ETIMEDOUT},
      {"renameat:error=EBUSY", full, code::busy, doubt::none, EBUSY},
      {"renameat:error=ENOSPC", full, code::no_space, doubt::none, ENOSPC},
      {"renameat:error=EXDEV", full, code::unsupported, doubt::none, EXDEV},
      {"renameat2:error=EIO", refuse, code::io, doubt::visible, EIO},
      {"renameat2:error=ENOSYS", refuse, code::already_exists, doubt::none, EEXIST},
      {"renameat2:error=EINVAL", refuse, code::already_exists, doubt::none, EEXIST},
      {"fsync:error=EIO", full, code::sync_lost, doubt::durable, EIO, "new"},
      {"fsync:error=ENOSPC", full, code::no_space, doubt::durable, ENOSPC, "new"},
      {"fsync:error=EDQUOT", full, code::no_space, doubt::durable, EDQUOT, "new"},
      {"fsync:error=EINTR:when=1", full, {}, {}, 0, "new"},
      {"fsync:error=EINVAL", full, {}, {}, 0, "new", durability::ordered},
      {"fsync:error=ENOSYS", full, {}, {}, 0, "new", durability::ordered},
      {"fsync:error=EINVAL", at_least_full, code::unsupported, doubt::none, EINVAL},
      {"fsync:error=EIO", at_least_full, code::sync_lost, doubt::none, EIO},
      {"close:error=EIO:when=2", full, {}, {}, 0, "new"},  // of the directory, which is synced by then
  };
  for (const fault& f : faults) {
    INFO(f.injection);
    const tests::temp_dir dir;
    const tests::temp_dir beside;  // strace's own log lies elsewhere
    tests::put(dir / "f", "old");
    const answer told = with_faults({f.injection}, [&] { return answer_of(atomic_write(dir / "f", "new", f.options)); });
    INFO((told.done ? std::string("done") : std::string(describe(told.why))));
    CHECK(told.done == !f.code.has_value());
    if (f.code) {
      CHECK(told.why.code() == *f.code);
      CHECK(told.why.doubt() == f.doubt);
      CHECK(told.why.system_code() == f.system_code);
      CHECK(told.why.outcome() == (f.doubt == doubt::none ? outcome::unchanged : outcome::unknown));
    } else {
      CHECK(told.reached == f.reached);
    }
    CHECK(tests::get(dir / "f") == f.content);
    CHECK(tests::names_in(dir.path()) == std::set<std::string>{"f"});
  }
}

TEST_CASE("atomic_write: at_least full is refused before anything is created, where a directory cannot be synced") {
  if (tests::skipped_without_strace()) return;
  const tests::temp_dir dir;
  std::vector<std::string> calls;
  const answer told = with_faults(
      {"fsync:error=EINVAL", "openat:when=64:delay_enter=0", "mkdirat:when=64:delay_enter=0"},
      [&] { return answer_of(atomic_write(dir / "f", "new", {.at_least = durability::full})); }, &calls);
  CHECK((!told.done && told.why.code() == code::unsupported));
  CHECK(count_of(calls, "openat") == 1);
  CHECK(std::none_of(calls.begin(), calls.end(), [](const std::string& line) { return line.find("O_CREAT") != line.npos; }));
}

TEST_CASE("atomic_write: creation goes by a link where there is no such rename, and leaves one name") {
  if (tests::skipped_without_strace()) return;
  for (const char* injection : {"renameat2:error=ENOSYS", "renameat2:error=EINVAL", "renameat2:error=EOPNOTSUPP"}) {
    INFO(injection);
    const tests::temp_dir dir;
    const auto write = [&] { return answer_of(atomic_write(dir / "f", "new", {.existing = existing::refuse})); };
    CHECK(with_faults({injection}, write).done);
    CHECK(tests::get(dir / "f") == "new");
    CHECK(tests::names_in(dir.path()) == std::set<std::string>{"f"});
    struct stat info;
    REQUIRE(::stat((dir / "f").c_str(), &info) == 0);
    CHECK(info.st_nlink == 1);
  }
  const tests::temp_dir dir;
  const answer told = with_faults({"renameat2:error=EINVAL", "linkat:error=EPERM"},
                                  [&] { return answer_of(atomic_write(dir / "f", "new", {.existing = existing::refuse})); });
  CHECK((!told.done && told.why.code() == code::unsupported && told.why.outcome() == outcome::unchanged));
  CHECK(tests::names_in(dir.path()).empty());
}

TEST_CASE("atomic_write: a short write is gone on with where it stopped") {
  if (tests::skipped_without_strace()) return;
  const tests::temp_dir dir;
  std::string text;
  for (int i = 0; i < 4000; ++i) text += static_cast<char>('a' + i % 26);
  // strace writes nothing of what it says was written, so that the first hundred bytes are a gap.
  std::vector<std::string> calls;
  const answer told =
      with_faults({"pwrite64:retval=100:when=1"}, [&] { return answer_of(atomic_write(dir / "f", text)); }, &calls);
  CHECK(told.done);
  CHECK(count_of(calls, "pwrite64") == 2);
  CHECK(tests::get(dir / "f") == std::string(100, '\0') + text.substr(100));

  // In the middle of a piece, of an empty one and at an edge.
  const bytes parts[] = {bytes(text).first(50), "", bytes(text).from(50).first(50), "", bytes(text).from(100)};
  for (const std::size_t at : {1U, 49U, 50U, 51U, 99U, 100U, 101U, 3999U}) {
    INFO(at);
    const std::string injection = "pwritev:retval=" + std::to_string(at) + ":when=1";
    const answer gathered = with_faults({injection}, [&] { return answer_of(atomic_write(dir / "g", gather(parts, 5))); });
    CHECK(gathered.done);
    CHECK(tests::get(dir / "g") == std::string(at, '\0') + text.substr(at));
  }
  const answer nothing = with_faults({"pwritev:retval=0"}, [&] { return answer_of(atomic_write(dir / "g", gather(parts, 5))); });
  CHECK((!nothing.done && nothing.why.code() == code::io));
  const answer interrupted =
      with_faults({"pwritev:error=EINTR:when=1"}, [&] { return answer_of(atomic_write(dir / "g", gather(parts, 5))); });
  CHECK(interrupted.done);
  const answer full = with_faults({"pwritev:error=ENOSPC"}, [&] { return answer_of(atomic_write(dir / "h", gather(parts, 5))); });
  CHECK((!full.done && full.why.code() == code::no_space));
  CHECK(tests::names_in(dir.path()) == std::set<std::string>{"f", "g"});
}

TEST_CASE("posix_file: after a failed sync every later one on that handle fails, and the kernel is not asked again") {
  if (tests::skipped_without_strace()) return;
  const tests::temp_dir dir;
  const auto open = [&] { return *posix_fs().open(dir / "f", {.access = access::write, .creation = creation::create}); };
  std::vector<std::string> calls;
  const answer second = with_faults(
      {"fdatasync:error=EIO:when=1", "fsync:when=64:delay_enter=0"},
      [&] {
        auto file = open();
        if (!file.write_at(0, "x")) return answer{};
        const auto first = file.sync(sync_what::data);
        if (first || first.error().code() != code::sync_lost || first.error().doubt() != doubt::durable) return answer{};
        posix_file moved = detail::moved(file);  // the handle's fate goes with it
        if (moved.sync(sync_what::all)) return answer{true};
        posix_file assigned;
        assigned = detail::moved(moved);
        return answer_of(assigned.sync(sync_what::data));
      },
      &calls);
  CHECK_FALSE(second.done);
  CHECK(second.why.code() == code::sync_lost);
  CHECK(second.why.doubt() == doubt::durable);
  CHECK(count_of(calls, "fdatasync") == 1);
  CHECK(count_of(calls, "fsync") == 0);
  const answer fresh = with_faults({"fdatasync:error=EIO:when=1"}, [&] {
    auto bad = open();
    if (bad.sync(sync_what::data)) return answer{};
    auto good = open();
    return answer_of(good.sync(sync_what::data));
  });
  CHECK(fresh.done);
}

TEST_CASE("posix_file: a handle is closed once, whatever close answers") {
  if (tests::skipped_without_strace()) return;
  const tests::temp_dir dir;
  for (const char* error : {"EIO", "EINTR", "ENOSPC"}) {
    INFO(error);
    std::vector<std::string> calls;
    const answer told = with_faults(
        {std::string("close:error=") + error + ":when=1"},
        [&] {
          auto file = posix_fs().open(dir / "f", {.access = access::write, .creation = creation::create});
          const answer first = answer_of(file->close());
          return !file->close() ? first : answer{};
        },
        &calls);
    CHECK(count_of(calls, "close") == 1);
    CHECK(told.done == (std::string(error) == "EINTR"));
    if (!told.done) CHECK(told.why.doubt() == doubt::durable);
  }
}

TEST_CASE("posix_fs: no interruption of a question, or of what may be done twice, reaches the caller") {
  if (tests::skipped_without_strace()) return;
  const tests::temp_dir dir;
  tests::put(dir / "f", "12345");
  const auto on_file = [&](auto act) {
    return [&dir, act] {
      auto file = posix_fs().open(dir / "f", {.access = access::read_write});
      return answer_of(act(*file));
    };
  };
  char room[8];
  CHECK(with_faults({"pread64:error=EINTR:when=1"}, on_file([&](auto& f) { return f.read_at(0, room); })).done);
  CHECK(with_faults({"ftruncate:error=EINTR:when=1"}, on_file([](auto& f) { return f.truncate(5); })).done);
  CHECK(with_faults({"fsync:error=EINTR:when=1..2"}, on_file([](auto& f) { return f.sync(sync_what::all); })).done);
  CHECK(with_faults({"flock:error=EINTR:when=1"}, on_file([](auto& f) { return f.try_lock(lock_mode::shared); })).done);
  CHECK(with_faults({"newfstatat,fstat:error=EINTR:when=1"}, on_file([](auto& f) { return f.size(); })).done);
  CHECK(with_faults({"newfstatat,fstat:error=EINTR:when=1"}, on_file([](auto& f) { return f.get_attributes(); })).done);
  CHECK(with_faults({"newfstatat,fstat:error=EINTR:when=1"}, [&] { return answer_of(posix_fs().stat(dir / "f")); }).done);
  CHECK(with_faults({"openat:error=EINTR:when=1"}, [&] { return answer_of(posix_fs().sync_dir(dir.path())); }).done);
  CHECK(with_faults({"fsync:error=EINTR:when=1"}, [&] { return answer_of(posix_fs().sync_dir(dir.path())); }).done);
}

TEST_CASE("posix_file: an error of the device is told, and what it leaves in doubt") {
  if (tests::skipped_without_strace()) return;
  const tests::temp_dir dir;
  tests::put(dir / "f", std::string(5000, 'x'));
  const auto on_file = [&](auto act) {
    return [&dir, act] {
      auto file = posix_fs().open(dir / "f", {.access = access::read_write});
      return answer_of(act(*file));
    };
  };
  struct row {
    const char* injection;
    answer told;
    enum code code;
    enum doubt doubt;
  };
  char room[8];
  const attributes some{.mode = 0600, .modified_ns = 0};
  const row rows[] = {
      {"pread64", with_faults({"pread64:error=EIO"}, on_file([&](auto& f) { return f.read_at(0, room); })), code::io,
       doubt::none},
      {"pwrite64", with_faults({"pwrite64:error=EIO"}, on_file([](auto& f) { return f.write_at(0, "x"); })), code::io,
       doubt::visible},
      {"pwrite64 full", with_faults({"pwrite64:error=ENOSPC"}, on_file([](auto& f) { return f.write_at(0, "x"); })),
       code::no_space, doubt::visible},
      {"ftruncate", with_faults({"ftruncate:error=EIO"}, on_file([](auto& f) { return f.truncate(5); })), code::io,
       doubt::visible},
      {"flock", with_faults({"flock:error=ENOLCK"}, on_file([](auto& f) { return f.try_lock(lock_mode::shared); })), code::busy,
       doubt::none},
      {"mmap", with_faults({"mmap:error=ENODEV"}, on_file([](auto& f) { return f.map(); })), code::io, doubt::none},
      {"fchmod",
       with_faults({"fchmod:error=EROFS"}, on_file([&](auto& f) { return f.set_attributes(some, attribute_set::mode); })),
       code::permission, doubt::none},
      {"utimensat",
       with_faults({"utimensat:error=EPERM"}, on_file([&](auto& f) { return f.set_attributes(some, attribute_set::modified); })),
       code::permission, doubt::none},
      {"flistxattr", with_faults({"flistxattr:error=EIO"}, on_file([](auto& f) {
                                   return f.for_each_xattr([](path_view, bytes) { return visit::go_on; });
                                 })),
       code::io, doubt::none},
      {"flistxattr long", with_faults({"flistxattr:error=ERANGE"}, on_file([](auto& f) {
                                        return f.for_each_xattr([](path_view, bytes) { return visit::go_on; });
                                      })),
       code::too_large, doubt::none},
      {"fremovexattr", with_faults({"fremovexattr:error=EIO"}, on_file([](auto& f) { return f.remove_xattr("user.a"); })),
       code::io, doubt::visible},
      {"syncfs", with_faults({"syncfs:error=EIO"}, [&] { return answer_of(posix_fs().sync_all(dir.path())); }), code::sync_lost,
       doubt::durable},
      {"fsync of a directory", with_faults({"fsync:error=EIO"}, [&] { return answer_of(posix_fs().sync_dir(dir.path())); }),
       code::sync_lost, doubt::durable},
      {"getdents64",
       with_faults(
           {"getdents64:error=EIO:when=1"},
           [&] { return answer_of(posix_fs().for_each_entry(dir.path(), [](const dir_entry&) { return visit::go_on; })); }),
       code::io, doubt::none},
      {"openat of what is there", with_faults({"openat:error=EIO"}, [&] { return answer_of(posix_fs().open(dir / "f", {})); }),
       code::io, doubt::none},
      {"openat of what is made",
       with_faults({"openat:error=EIO"},
                   [&] { return answer_of(posix_fs().open(dir / "h", {access::write, creation::create_new})); }),
       code::io, doubt::visible},
      {"mkdirat", with_faults({"mkdirat:error=EIO"}, [&] { return answer_of(posix_fs().make_dir(dir / "d")); }), code::io,
       doubt::visible},
      {"unlinkat", with_faults({"unlinkat:error=EIO"}, [&] { return answer_of(posix_fs().remove(dir / "f")); }), code::io,
       doubt::visible},
      {"unlinkat of a file", with_faults({"unlinkat:error=EPERM"}, [&] { return answer_of(posix_fs().remove(dir / "f")); }),
       code::permission, doubt::none},
      {"unlinkat of a directory", with_faults({"unlinkat:error=EPERM"}, [&] { return answer_of(posix_fs().remove(dir.path())); }),
       code::is_a_directory, doubt::none},
      {"unlinkat, not empty",
       with_faults({"unlinkat:error=EEXIST"}, [&] { return answer_of(posix_fs().remove_dir(dir.path())); }), code::not_empty,
       doubt::none},
      {"renameat, not empty",
       with_faults({"renameat:error=EEXIST"}, [&] { return answer_of(posix_fs().rename(dir / "f", dir / "g")); }),
       code::not_empty, doubt::none},
      {"linkat", with_faults({"linkat:error=EMLINK"}, [&] { return answer_of(posix_fs().link(dir / "f", dir / "g")); }),
       code::unsupported, doubt::none},
      {"linkat, not allowed",
       with_faults({"linkat:error=EACCES"}, [&] { return answer_of(posix_fs().link(dir / "f", dir / "g")); }), code::permission,
       doubt::none},
  };
  for (const row& r : rows) {
    INFO(r.injection);
    CHECK_FALSE(r.told.done);
    CHECK(r.told.why.code() == r.code);
    CHECK(r.told.why.doubt() == r.doubt);
  }
}

TEST_CASE("posix_file: an attribute that is removed between the listing and the look is passed over") {
  if (tests::skipped_without_strace()) return;
  const tests::temp_dir dir;
  auto file = posix_fs().open(dir / "f", {.access = access::read_write, .creation = creation::create});
  REQUIRE((file->set_xattr("user.a", "1") && file->set_xattr("user.b", "2")));
  const tests::shared<int> seen;
  const answer told = with_faults({"fgetxattr:error=ENODATA:when=1"}, [&] {
    return answer_of(file->for_each_xattr([&](path_view, bytes) { return ++*seen, visit::go_on; }));
  });
  CHECK(told.done);
  CHECK(*seen == 1);
}

TEST_CASE("atomic_write: a process killed at any call leaves the old file or the new one, and an orphan that is swept") {
  if (tests::skipped_without_strace()) return;
  struct row {
    const char* call;
    const char* content;
    std::size_t orphans;
  };
  for (const row& r : {row{"openat:signal=SIGKILL:when=2", "old", 0}, row{"pwrite64:signal=SIGKILL", "old", 1},
                       row{"fdatasync:signal=SIGKILL", "old", 1}, row{"close:signal=SIGKILL:when=1", "old", 1},
                       row{"renameat:signal=SIGKILL", "old", 1}, row{"fsync:signal=SIGKILL", "new", 0}}) {
    INFO(r.call);
    const tests::temp_dir dir;
    tests::put(dir / "f", "old");
    const std::string name = std::string(r.call).substr(0, std::string(r.call).find(':'));
    const auto killed = tests::under_strace(
        {"-e", "trace=" + name, "-e", std::string("inject=") + r.call}, [] { (void)posix_fs().nonce(); },
        [&]() -> int { return atomic_write(dir / "f", "new") ? 0 : 1; });
    CHECK(killed.status == tests::was_killed);
    CHECK(tests::get(dir / "f") == r.content);
    std::size_t orphans = 0;
    for (const auto& entry : tests::names_in(dir.path())) {
      if (entry == "f") continue;
      ++orphans;
      const auto who = temp_name::parse(entry);
      REQUIRE(who);
      CHECK(posix_fs().writer(*who) == writer_state::gone);
    }
    CHECK(orphans == r.orphans);
    const auto swept = temp_sweep(dir.path());
    REQUIRE(swept);
    CHECK(swept->removed == r.orphans);
    CHECK(tests::names_in(dir.path()) == std::set<std::string>{"f"});
  }
}
