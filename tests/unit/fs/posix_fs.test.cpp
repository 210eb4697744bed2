// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/posix_fs.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>
#include <tests/support/temp_dir.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <algorithm>
#include <cerrno>
#include <set>
#include <thread>
#include <vector>

using namespace perdure;
using tests::get;
using tests::put;

namespace {
enum code code_of(const result<void>& done) { return done ? static_cast<enum code>(0) : done.error().code(); }
template <class T>
enum code code_of(const result<T>& done) {
  return done ? static_cast<enum code>(0) : done.error().code();
}
constexpr auto good = static_cast<enum code>(0);
}  // namespace

TEST_CASE("posix_fs: open does what each creation says") {
  const tests::temp_dir dir;
  const posix_fs fs;
  CHECK(code_of(fs.open(dir / "f", {})) == code::not_found);
  CHECK(code_of(fs.open(dir / "f", {.access = access::write, .creation = creation::create_new})) == good);
  CHECK(code_of(fs.open(dir / "f", {.access = access::write, .creation = creation::create_new})) == code::already_exists);
  CHECK(code_of(fs.open(dir / "f", {.access = access::write, .creation = creation::create})) == good);
  CHECK(code_of(fs.open(dir / "f/g", {})) == code::not_a_directory);
  CHECK(code_of(fs.open(dir.path(), {.access = access::write})) == code::is_a_directory);
  auto directory = fs.open(dir.path(), {});
  char room[4];
  CHECK((!directory || code_of(directory->read_at(0, room)) == code::is_a_directory));
  REQUIRE(fs.make_link("f", dir / "link"));
  CHECK(code_of(fs.open(dir / "link", {})) == good);
  const auto refused = fs.open(dir / "link", {.links = links::refuse});
  CHECK((code_of(refused) == code::invalid_argument && refused.error().system_code() == ELOOP));
}

TEST_CASE("posix_fs: a file that is created is closed to whoever its mode closes it to, from the first moment") {
  const tests::temp_dir dir;
  for (const std::uint32_t mode : {0600U, 0640U, 0400U}) {
    const std::string path = dir / std::to_string(mode);
    REQUIRE(posix_fs().open(path, {.access = access::write, .creation = creation::create_new, .mode = mode}));
    struct stat info = {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 07777U & ~mode) == 0);
    CHECK((info.st_mode & 0600U) == (mode & 0600U));
  }
}

TEST_CASE("posix_fs: every call refuses a path that is empty, has a NUL or is too long, and touches nothing") {
  const tests::temp_dir dir;
  posix_fs fs;
  char room[8];
  const std::string long_path = dir / std::string(5000, 'x');
  const std::string long_name = dir / std::string(256, 'x');
  const std::string with_nul = dir / std::string("a\0b", 3);
  struct row {
    std::string path;
    enum code code;
  };
  for (const row& r : {row{"", code::invalid_argument}, row{with_nul, code::invalid_argument}, row{long_path, code::too_large},
                       row{long_name, code::too_large}}) {
    INFO(r.path.size());
    const std::string& p = r.path;
    const std::string fine = dir / "fine";
    CHECK(code_of(fs.open(p, {.access = access::write, .creation = creation::create})) == r.code);
    CHECK(code_of(fs.stat(p)) == r.code);
    CHECK(code_of(fs.stat_link(p)) == r.code);
    CHECK(code_of(fs.rename(p, fine)) == r.code);
    CHECK(code_of(fs.remove(p)) == r.code);
    CHECK(code_of(fs.make_dir(p)) == r.code);
    CHECK(code_of(fs.remove_dir(p)) == r.code);
    CHECK(code_of(fs.for_each_entry(p, [](const dir_entry&) { return visit::go_on; })) == r.code);
    CHECK(code_of(fs.sync_dir(p)) == r.code);
    CHECK(code_of(fs.open_dir(p)) == r.code);
    CHECK(code_of(fs.link(p, fine)) == r.code);
    CHECK(code_of(fs.make_link("t", p)) == r.code);
    CHECK(code_of(fs.read_link(p, room)) == r.code);
    CHECK(code_of(fs.sync_all(p)) == r.code);
    put(fine, "x");
    CHECK(code_of(fs.rename(fine, p)) == r.code);
    CHECK(code_of(fs.rename_no_replace(fine, p)) == r.code);
    CHECK(code_of(fs.link(fine, p)) == r.code);
    CHECK(tests::names_in(dir.path()) == std::set<std::string>{"fine"});
    REQUIRE(fs.remove(fine));
  }
}

TEST_CASE("posix_fs: names are renamed, linked and removed as POSIX says, and failures are told apart") {
  const tests::temp_dir dir;
  posix_fs fs;
  put(dir / "a", "a");
  put(dir / "b", "b");
  REQUIRE(fs.make_dir(dir / "d"));
  REQUIRE(fs.make_dir(dir / "full"));
  put(dir / "full/x", "x");
  CHECK(code_of(fs.make_dir(dir / "d")) == code::already_exists);
  CHECK(code_of(fs.make_dir(dir / "a")) == code::already_exists);
  CHECK(code_of(fs.make_dir(dir / "no/d")) == code::not_found);
  CHECK(code_of(fs.make_dir(dir / "a/d")) == code::not_a_directory);
  CHECK(code_of(fs.rename(dir / "no", dir / "c")) == code::not_found);
  CHECK(code_of(fs.rename(dir / "a", dir / "d")) == code::is_a_directory);
  CHECK(code_of(fs.rename(dir / "d", dir / "a")) == code::not_a_directory);
  CHECK(code_of(fs.rename(dir / "d", dir / "full")) == code::not_empty);
  CHECK(code_of(fs.rename(dir / "d", dir / "d/e")) == code::invalid_argument);
  CHECK(code_of(fs.rename_no_replace(dir / "a", dir / "b")) == code::already_exists);
  CHECK(get(dir / "b") == "b");
  CHECK(code_of(fs.rename(dir / "a", dir / "b")) == good);
  CHECK(get(dir / "b") == "a");
  CHECK(code_of(fs.rename_no_replace(dir / "b", dir / "c")) == good);
  CHECK(code_of(fs.link(dir / "c", dir / "c2")) == good);
  CHECK(code_of(fs.link(dir / "c", dir / "c2")) == code::already_exists);
  CHECK(code_of(fs.link(dir / "d", dir / "d2")) == code::unsupported);
  CHECK(code_of(fs.link(dir / "no", dir / "d2")) == code::not_found);
  CHECK(code_of(fs.remove(dir / "d")) == code::is_a_directory);
  CHECK(code_of(fs.remove(dir / "no")) == code::not_found);
  CHECK(code_of(fs.remove_dir(dir / "full")) == code::not_empty);
  CHECK(code_of(fs.remove_dir(dir / "c")) == code::not_a_directory);
  CHECK(code_of(fs.remove_dir(dir / "no")) == code::not_found);
  CHECK(code_of(fs.remove_dir(dir / "d")) == good);
  CHECK(code_of(fs.remove(dir / "c2")) == good);
  CHECK(get(dir / "c") == "a");
  if (!tests::skipped_without_root("another volume")) {
    const tests::temp_dir other("/dev/shm");
    CHECK(code_of(fs.rename(dir / "c", other / "c")) == code::unsupported);
    CHECK(code_of(fs.link(dir / "c", other / "c")) == code::unsupported);
  }
}

TEST_CASE("posix_fs: stat tells kinds, sizes and times, and follows links unless asked not to") {
  const tests::temp_dir dir;
  posix_fs fs;
  put(dir / "f", "12345");
  REQUIRE(fs.make_link("f", dir / "l"));
  REQUIRE(fs.make_link("gone", dir / "dangling"));
  CHECK(fs.stat(dir / "f")->kind == file_kind::file);
  CHECK(fs.stat(dir / "f")->size_bytes == 5);
  CHECK(fs.stat(dir / "f")->modified_ns > 1'600'000'000'000'000'000);
  CHECK(fs.stat(dir.path())->kind == file_kind::directory);
  CHECK(fs.stat("/dev/null")->kind == file_kind::other);
  CHECK(fs.stat(dir / "l")->kind == file_kind::file);
  CHECK(fs.stat_link(dir / "l")->kind == file_kind::link);
  CHECK(code_of(fs.stat(dir / "dangling")) == code::not_found);
  CHECK(fs.stat_link(dir / "dangling")->kind == file_kind::link);
  CHECK(code_of(fs.stat(dir / "f/x")) == code::not_a_directory);
  char room[8];
  CHECK(*fs.read_link(dir / "dangling", room) == 4);
  CHECK(bytes(room, 4) == bytes("gone"));
  char small[3];
  CHECK(code_of(fs.read_link(dir / "dangling", small)) == code::too_large);
  CHECK(code_of(fs.read_link(dir / "f", room)) == code::invalid_argument);
  CHECK(code_of(fs.make_link("x", dir / "l")) == code::already_exists);
}

TEST_CASE("posix_fs: a listing shows every entry once, may be stopped, and its visitor may remove what it is shown") {
  const tests::temp_dir dir;
  posix_fs fs;
  for (int i = 0; i < 1000; ++i) put(dir / std::to_string(i), "");
  REQUIRE(fs.make_dir(dir / "d"));
  REQUIRE(fs.make_link("d", dir / "l"));
  std::multiset<std::string> seen;
  REQUIRE(fs.for_each_entry(dir.path(), [&](const dir_entry& entry) {
    const std::string name(entry.name.data(), entry.name.size());
    seen.insert(name);
    if (entry.kind != file_kind::unknown) {
      CHECK(entry.kind == (name == "d" ? file_kind::directory : name == "l" ? file_kind::link : file_kind::file));
    }
    if (name != "d" && name != "l") (void)fs.remove(dir / name);
    return visit::go_on;
  }));
  CHECK(seen.size() == 1002);
  CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == 1002);
  CHECK(tests::names_in(dir.path()) == std::set<std::string>{"d", "l"});
  int visits = 0;
  REQUIRE(fs.for_each_entry(dir.path(), [&](const dir_entry&) { return ++visits, visit::stop; }));
  CHECK(visits == 1);
  // What the visitor met with is none of the listing's business.
  CHECK(fs.for_each_entry(dir.path(), [](const dir_entry&) {
    errno = EIO;
    return visit::stop;
  }));
  CHECK(code_of(fs.for_each_entry(dir / "no", [](const dir_entry&) { return visit::go_on; })) == code::not_found);
  put(dir / "f", "");
  CHECK(code_of(fs.for_each_entry(dir / "f", [](const dir_entry&) { return visit::go_on; })) == code::not_a_directory);
}

TEST_CASE("posix_fs: directories and volumes are synced") {
  const tests::temp_dir dir;
  posix_fs fs;
  CHECK(code_of(fs.sync_dir(dir.path())) == good);
  CHECK(code_of(fs.sync_dir(dir / "no")) == code::not_found);
  put(dir / "f", "");
  CHECK(code_of(fs.sync_dir(dir / "f")) == code::not_a_directory);
  CHECK(code_of(fs.sync_all(dir.path())) == good);
  CHECK(code_of(fs.sync_all(dir / "no")) == code::not_found);
}

TEST_CASE("posix_fs: a held directory stays the same one, whatever it is called") {
  const tests::temp_dir dir;
  posix_fs fs;
  REQUIRE(fs.make_dir(dir / "d"));
  REQUIRE(fs.make_dir(dir / "e"));
  auto held = fs.open_dir(dir / "d");
  auto other = fs.open_dir(dir / "e");
  REQUIRE((held && other));
  REQUIRE(fs.rename(dir / "d", dir / "moved"));
  {
    auto file = held->open("f", {.access = access::write, .creation = creation::create_new});
    REQUIRE(file);
    REQUIRE(file->write_at(0, "held"));
  }
  CHECK(get(dir / "moved/f") == "held");
  CHECK(code_of(held->sync_dir(".")) == good);
  CHECK(code_of(held->link_to("f", *other, "g")) == good);
  CHECK(code_of(held->rename_to("f", *other, "f")) == good);
  CHECK(tests::names_in(dir / "e") == std::set<std::string>{"f", "g"});
  REQUIRE(fs.make_link("moved", dir / "l"));
  CHECK(code_of(fs.open_dir(dir / "l", links::refuse)) == code::invalid_argument);
  CHECK(code_of(fs.open_dir(dir / "l")) == good);
  CHECK(code_of(fs.open_dir(dir / "e/f")) == code::not_a_directory);
  CHECK(code_of(fs.open_dir(dir / "e/f", links::refuse)) == code::not_a_directory);
  CHECK(code_of(fs.open_dir(dir / "no")) == code::not_found);
  *held = detail::moved(*other);
  CHECK(held->stat("g"));
}

TEST_CASE("posix_fs: of racing creators exactly one wins") {
  const tests::temp_dir dir;
  std::vector<std::thread> threads;
  std::vector<int> files(4);
  std::vector<int> dirs(4);
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      posix_fs fs;
      for (int i = 0; i < 200; ++i) {
        files[t] += fs.open(dir / ("f" + std::to_string(i)), {.access = access::write, .creation = creation::create_new}) ? 1 : 0;
        dirs[t] += fs.make_dir(dir / ("d" + std::to_string(i))) ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(files[0] + files[1] + files[2] + files[3] == 200);
  CHECK(dirs[0] + dirs[1] + dirs[2] + dirs[3] == 200);
}

TEST_CASE("posix_fs: nonces are given once, and name a writer that lives or not") {
  posix_fs fs;
  std::vector<std::thread> threads;
  std::vector<std::vector<std::uint64_t>> serials(4);
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 1000; ++i) serials[t].push_back(posix_fs().nonce().serial);
    });
  }
  for (auto& thread : threads) thread.join();
  std::set<std::uint64_t> all;
  for (const auto& some : serials) all.insert(some.begin(), some.end());
  CHECK(all.size() == 4000);

  const nonce mine = fs.nonce();
  CHECK(mine.process == static_cast<std::uint64_t>(::getpid()));
  CHECK(fs.writer(mine) == writer_state::alive);
  nonce another = mine;
  another.started += 1;
  CHECK(fs.writer(another) == writer_state::gone);
  another = mine;
  another.place += 1;
  CHECK(fs.writer(another) == writer_state::unknown);
  CHECK(fs.writer({}) == writer_state::unknown);

  // A child names itself, lives while it runs, and is gone afterwards.
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  int hold[2];
  REQUIRE(::pipe(hold) == 0);
  const pid_t child = tests::start_child([&]() -> int {
    const nonce own = posix_fs().nonce();
    char byte = 0;
    ::close(hold[1]);
    return ::write(ends[1], &own, sizeof(own)) == sizeof(own) && ::read(hold[0], &byte, 1) == 0 ? 0 : 1;
  });
  ::close(hold[0]);
  nonce childs;
  REQUIRE(::read(ends[0], &childs, sizeof(childs)) == sizeof(childs));
  CHECK(childs.process == static_cast<std::uint64_t>(child));
  CHECK(childs.place == mine.place);
  CHECK(fs.writer(childs) == writer_state::alive);
  ::close(hold[1]);
  CHECK(tests::end_of(child) == 0);
  CHECK(fs.writer(childs) == writer_state::gone);
  ::close(ends[0]);
  ::close(ends[1]);
  // A living process with another start time: the number was given again.
  childs.process = static_cast<std::uint64_t>(::getppid());
  childs.started = 1;
  CHECK(fs.writer(childs) != writer_state::unknown);
}

TEST_CASE("posix_fs: every errno is a code that can be acted on, and doubt is for the device alone") {
  using detail::posix_failure;
  CHECK(posix_failure(operation::rename, EIO).doubt() == doubt::visible);
  CHECK(posix_failure(operation::rename, ESTALE).doubt() == doubt::visible);
  CHECK(posix_failure(operation::rename, ETIMEDOUT).doubt() == doubt::visible);
  const std::pair<int, enum code> rows[] = {{ENOENT, code::not_found},
                                            {EEXIST, code::already_exists},
                                            {ENOTEMPTY, code::not_empty},
                                            {ENOTDIR, code::not_a_directory},
                                            {EISDIR, code::is_a_directory},
                                            {ENOSPC, code::no_space},
                                            {EDQUOT, code::no_space},
                                            {EACCES, code::permission},
                                            {EPERM, code::permission},
                                            {EROFS, code::permission},
                                            {EINVAL, code::invalid_argument},
                                            {ELOOP, code::invalid_argument},
                                            {ENAMETOOLONG, code::too_large},
                                            {EFBIG, code::too_large},
                                            {EBUSY, code::busy},
                                            {EMFILE, code::busy},
                                            {EXDEV, code::unsupported},
                                            {EMLINK, code::unsupported},
                                            {ENOSYS, code::unsupported},
                                            {ECANCELED, code::cancelled}};
  for (const auto& [error, expected] : rows) {
    CHECK(posix_failure(operation::rename, error).code() == expected);
    CHECK(posix_failure(operation::rename, error).doubt() == doubt::none);
  }
}

TEST_CASE("posix_fs: a listing of 10,000 entries shows each of them once") {
  const tests::temp_dir dir;
  posix_fs fs;
  std::set<std::string> made;
  for (int i = 0; i < 10'000; ++i) {
    const std::string name = "entry-" + std::to_string(i) + std::string(static_cast<std::size_t>(i % 200), 'n');
    REQUIRE(fs.open(dir / name, {.access = access::write, .creation = creation::create_new}));
    made.insert(name);
  }
  std::multiset<std::string> seen;
  REQUIRE(fs.for_each_entry(dir.path(), [&](const dir_entry& entry) {
    seen.emplace(entry.name.data(), entry.name.size());
    return visit::go_on;
  }));
  CHECK(seen.size() == made.size());
  CHECK(std::set<std::string>(seen.begin(), seen.end()) == made);
}

TEST_CASE("posix_fs: names of 255 bytes and paths of 4095 are good, and one byte more is too_large") {
  const tests::temp_dir dir;
  posix_fs fs;
  const open_options create{.access = access::write, .creation = creation::create};
  CHECK(fs.open(dir / std::string(255, 'n'), create));
  CHECK(code_of(fs.open(dir / std::string(256, 'n'), create)) == code::too_large);
  // Any bytes but a NUL and the separator are a name.
  std::string odd;
  for (int c = 1; c < 256; ++c) {
    if (c != '/') odd += static_cast<char>(c);
  }
  CHECK(fs.open(dir / odd, create));
  CHECK(fs.stat(dir / odd)->kind == file_kind::file);

  std::string deep = dir.path();
  while (deep.size() + 201 < 4000) REQUIRE(fs.make_dir(deep += "/" + std::string(200, 'd')));
  const auto of_size = [&](std::size_t size) { return deep + "/" + std::string(size - deep.size() - 1, 'n'); };
  if (of_size(4095).size() - deep.size() > 256) REQUIRE(fs.make_dir(deep += "/" + std::string(50, 'd')));
  CHECK(fs.open(of_size(4095), create));
  CHECK(fs.stat(of_size(4095)));
  CHECK(code_of(fs.open(of_size(4096), create)) == code::too_large);
  CHECK(fs.open(of_size(4096), create).error().system_code() == ENAMETOOLONG);
  CHECK(code_of(fs.rename(of_size(4095), of_size(4096))) == code::too_large);
  CHECK(fs.remove(of_size(4095)));
}

TEST_CASE("posix_fs: without rights every call says permission, and changes nothing") {
  if (tests::skipped_without_root("another user")) return;
  const tests::temp_dir dir;
  posix_fs fs;
  REQUIRE(fs.make_dir(dir / "closed"));
  REQUIRE(fs.make_dir(dir / "closed/d"));
  put(dir / "closed/f", "f");
  REQUIRE(fs.make_link("f", dir / "closed/l"));
  REQUIRE(::chmod(dir.path().c_str(), 0755) == 0);
  const auto refused_where = [&](mode_t mode, int wanted) {
    REQUIRE(::chmod((dir / "closed").c_str(), mode) == 0);
    const int status = tests::as_nobody([&]() -> int {
      const std::string in = dir / "closed/";
      char room[8];
      const auto no_entry = [](const dir_entry&) { return visit::go_on; };
      const enum code answers[] = {code_of(fs.open(in + "new", {.access = access::write, .creation = creation::create})),
                                   code_of(fs.open(in + "f", {.access = access::write})), code_of(fs.rename(in + "f", in + "g")),
                                   code_of(fs.rename_no_replace(in + "f", in + "g")), code_of(fs.link(in + "f", in + "g")),
                                   code_of(fs.make_link("f", in + "m")), code_of(fs.remove(in + "f")),
                                   code_of(fs.make_dir(in + "new")), code_of(fs.remove_dir(in + "d")),
                                   // From here on what the mode decides.
                                   code_of(fs.stat(in + "f")), code_of(fs.stat_link(in + "l")),
                                   code_of(fs.read_link(in + "l", room)), code_of(fs.sync_all(in + "f")),
                                   code_of(fs.for_each_entry(in, no_entry)), code_of(fs.sync_dir(in)), code_of(fs.open_dir(in))};
      int refused = 0;
      // A system may forbid the link itself before it looks at the directory: that is unsupported (EPERM).
      for (const enum code answer : answers) refused += answer == code::permission || answer == code::unsupported ? 1 : 0;
      return refused;
    });
    CHECK(status == wanted);
  };
  refused_where(0000, 16);
  refused_where(0755, 9);
  refused_where(0711, 12);  // not to be listed, held or synced
  REQUIRE(::chmod((dir / "closed").c_str(), 0755) == 0);
  CHECK(tests::names_in(dir / "closed") == std::set<std::string>{"d", "f", "l"});
}

TEST_CASE("posix_fs: on a read-only volume every change says permission") {
  if (tests::skipped_without_root("a mount")) return;
  const tests::temp_dir dir;
  CHECK(tests::with_tmpfs(dir.path(), "size=1m", [&]() -> int {
          posix_fs fs;
          put(dir / "f", "f");
          if (!fs.make_dir(dir / "d")) return 1;
          if (::mount(nullptr, dir.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0) return tests::could_not_mount;
          for (const enum code answer :
               {code_of(fs.open(dir / "g", {.access = access::write, .creation = creation::create})),
                code_of(fs.open(dir / "f", {.access = access::write})), code_of(fs.rename(dir / "f", dir / "g")),
                code_of(fs.link(dir / "f", dir / "g")), code_of(fs.make_link("f", dir / "l")), code_of(fs.remove(dir / "f")),
                code_of(fs.make_dir(dir / "e")), code_of(fs.remove_dir(dir / "d"))}) {
            if (answer != code::permission) return 2;
          }
          return fs.sync_dir(dir.path()) && fs.open(dir / "f", {}) ? 0 : 3;
        }) == 0);
}

TEST_CASE("posix_fs: without a free descriptor it is busy, and nothing is created") {
  const tests::temp_dir dir;
  CHECK(tests::in_child([&]() -> int {
          const struct rlimit none = {0, 0};
          posix_fs fs;
          (void)fs.nonce();
          if (::setrlimit(RLIMIT_NOFILE, &none) != 0) return 1;
          if (code_of(fs.open(dir / "f", {.access = access::write, .creation = creation::create})) != code::busy) return 2;
          if (code_of(fs.open_dir(dir.path())) != code::busy || code_of(fs.sync_dir(dir.path())) != code::busy) return 3;
          if (code_of(fs.sync_all(dir.path())) != code::busy) return 4;
          return code_of(fs.for_each_entry(dir.path(), [](const dir_entry&) { return visit::go_on; })) == code::busy ? 0 : 5;
        }) == 0);
  CHECK(tests::names_in(dir.path()).empty());
}

TEST_CASE("posix_fs: links that lead around in circles are an invalid_argument, and a link is removed, not its file") {
  const tests::temp_dir dir;
  posix_fs fs;
  REQUIRE(fs.make_link("b", dir / "a"));
  REQUIRE(fs.make_link("a", dir / "b"));
  CHECK(code_of(fs.stat(dir / "a")) == code::invalid_argument);
  CHECK(code_of(fs.open(dir / "a", {})) == code::invalid_argument);
  CHECK(code_of(fs.open_dir(dir / "a")) == code::invalid_argument);
  put(dir / "f", "f");
  REQUIRE(fs.make_link("f", dir / "l"));
  CHECK(code_of(fs.open(dir / "l", {.access = access::write, .creation = creation::create_new})) == code::already_exists);
  REQUIRE(fs.remove(dir / "l"));
  CHECK(get(dir / "f") == "f");
  REQUIRE(fs.make_link("f", dir / "l"));
  put(dir / "g", "g");
  REQUIRE(fs.rename(dir / "g", dir / "l"));
  CHECK(get(dir / "f") == "f");
  CHECK(get(dir / "l") == "g");
}

TEST_CASE("posix_fs: a held directory that was moved from, or removed, refuses, and leaks nothing") {
  const tests::temp_dir dir;
  posix_fs fs;
  REQUIRE(fs.make_dir(dir / "d"));
  auto held = fs.open_dir(dir / "d");
  REQUIRE(held);
  REQUIRE(fs.remove_dir(dir / "d"));
  CHECK(code_of(held->open("f", {.access = access::write, .creation = creation::create})) == code::not_found);
  posix_dir other = detail::moved(*held);
  CHECK(code_of(held->stat("f")) == code::invalid_argument);
  CHECK(code_of(held->sync_dir(".")) == code::invalid_argument);
  CHECK(held->stat("/"));  // an absolute path starts nowhere else
  // Of the lowest one that is free nobody can tell: what is let go of late makes room for what leaks.
  const auto open_handles = [] {
    int count = 0;
    for (int handle = 0; handle < 256; ++handle) count += ::fcntl(handle, F_GETFD) != -1 ? 1 : 0;
    return count;
  };
  const int before = open_handles();
  for (int i = 0; i < 10; ++i) {
    auto again = fs.open_dir(dir.path());
    REQUIRE(again);
    other = detail::moved(*again);
    CHECK(fs.sync_dir(dir.path()));
    CHECK_FALSE(fs.open_dir(dir / "no"));
    CHECK(fs.for_each_entry(dir.path(), [](const dir_entry&) { return visit::stop; }));
    const auto volume = fs.sync_all(dir.path());
    CHECK((volume || volume.error().code() == code::unsupported));
  }
  CHECK(open_handles() == before);
}
