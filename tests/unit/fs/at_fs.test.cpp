// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/any_fs.hpp>
#include <perdure/fs/at_fs.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/posix_fs.hpp>
#include <perdure/testing/fs_archetypes.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/models.hpp>
#include <tests/support/temp_dir.hpp>

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

using namespace perdure;
using tests::get_from;
using tests::names_of;
using tests::put_into;

static_assert(Fs<at_fs<posix_fs>> && Fs<at_fs<posix_dir>> && Fs<at_fs<mem_fs>> && Fs<at_fs<any_fs>> && Fs<at_fs<at_fs<mem_fs>>>);
static_assert(Fs<at_fs<testing::poorest_fs<mem_fs>>> && Fs<at_fs<testing::windows_like_fs<mem_fs>>>);
static_assert(can_open_dir<at_fs<mem_fs>> && !can_open_dir<at_fs<testing::poorest_fs<mem_fs>>>);

namespace {

// A model with symbolic links that cannot hold directories.
struct flat_fs : mem_fs {
  using perdure_fs = flat_fs;

 private:
  using mem_fs::open_dir;
};
static_assert(Fs<flat_fs> && !can_open_dir<flat_fs> && !can_open_dir<at_fs<flat_fs>>);

template <class R>
enum code code_of(const R& answer) {
  return answer ? static_cast<enum code>(0) : answer.error().code();
}
constexpr auto done = static_cast<enum code>(0);

// Everything below a directory: names, kinds, what files hold and where links point.
template <Fs F>
std::map<std::string, std::string> tree_of(F& fs, const std::string& path) {
  std::map<std::string, std::string> all;
  for (const std::string& name : names_of(fs, path)) {
    const std::string whole = path + "/" + name;
    const auto info = stat_link(fs, whole);
    char target[4096];
    if (info && info->kind == file_kind::link) {
      const auto size = read_link(fs, whole, target);
      all[whole] = "-> " + std::string(target, size ? *size : 0);
    } else if (info && info->kind == file_kind::directory) {
      all[whole] = "a directory";
      all.merge(tree_of(fs, whole));
    } else {
      all[whole] = get_from(fs, whole);
    }
  }
  return all;
}

// <base>/root with links of every kind, and <base>/outside, where nobody may get.
template <Fs F>
struct prison {
  F& fs;
  std::string base;
  std::string top;  // the same, as an absolute path
  std::map<std::string, std::string> outside;

  prison(F& model, const std::string& where) : fs(model), base(where), top(where[0] == '/' ? where : "") {
    for (const char* dir : {"outside", "outside/d", "root", "root/a", "root/a/b"}) REQUIRE(fs.make_dir(base + "/" + dir));
    REQUIRE(put_into(fs, base + "/outside/secret", "secret"));
    REQUIRE(put_into(fs, base + "/root/a/f", "inside"));
    to("..", "up");
    to("../outside", "out");
    to("../outside/secret", "file");
    to("../outside/new", "dangling");
    to(top + "/outside", "absolute");
    to(top + "/outside/secret", "absolute_file");
    to("/", "top");
    to("chain1", "chain");
    to("./a/../chain2", "chain1");
    to("file", "chain2");
    to("../../../outside", "a/b/deep");
    to("../a/b", "a/around");
    to("loop", "loop");
    to("ping", "pong");
    to("pong", "ping");
    to("a", "in");
    to("a/f", "in_file");
    to("in/b/../f", "in_chain");
    to("a/made", "in_dangling");
    outside = tree_of(fs, base + "/outside");
  }
  void to(const std::string& target, const std::string& name) { REQUIRE(make_link(fs, target, base + "/root/" + name)); }
  at_fs<F> open() {
    auto at = at_fs<F>::open(fs, base + "/root");
    REQUIRE(at);
    return std::move(*at);
  }
  void check_outside() const {
    CHECK(tree_of(fs, base + "/outside") == outside);
    CHECK(names_of(fs, base) == std::set<std::string>{"outside", "root"});
  }
};

template <class Body>
void on_each_model_with_links(Body body) {
  const tests::temp_dir disk;
  posix_fs posix;
  SECTION("posix_fs") { body(posix, disk.path()); }
  mem_fs memory;
  REQUIRE(memory.make_dir("/base"));
  SECTION("mem_fs") { body(memory, std::string("/base")); }
  any_fs any(memory);
  SECTION("any_fs") { body(any, std::string("/base")); }
  flat_fs flat;
  REQUIRE(flat.make_dir("/base"));
  SECTION("a model that cannot hold directories") { body(flat, std::string("/base")); }
  auto outer = at_fs<mem_fs>::open(memory, "/base");
  REQUIRE(outer);
  SECTION("another at_fs") { body(*outer, std::string(".")); }
}

const auto list_nothing = [](const dir_entry&) { return visit::go_on; };

}  // namespace

TEST_CASE("at_fs: no path leads out, whatever is asked of it") {
  on_each_model_with_links([](auto& fs, const std::string& base) {
    prison in(fs, base);
    auto at = in.open();
    const std::vector<std::string> ways_out = {"..",
                                               "../",
                                               "../outside/secret",
                                               "../root/a/f",
                                               "./..",
                                               "a/../..",
                                               "a/../../outside/secret",
                                               "a/b/../../../outside/secret",
                                               "a/around/../../../outside/secret",
                                               "/",
                                               "//",
                                               in.top + "/outside/secret",
                                               in.top + "/root/a/f",
                                               "up/outside/secret",
                                               "up/root/a/f",
                                               "up/",
                                               "out/secret",
                                               "out/.",
                                               "out/d/",
                                               "out/",
                                               "absolute/secret",
                                               "top/outside",
                                               "a/b/deep/secret",
                                               "in/b/deep/secret",
                                               "in/../out/secret",
                                               "in/../..",
                                               "out/../a/f"};
    for (const std::string& path : ways_out) {
      INFO(path);
      // What moves or removes a name does not follow a link for the slash behind it, and has nowhere to be led.
      const enum code named = path == "up/" || path == "out/" ? code::not_a_directory : code::permission;
      char room[64];
      for (const auto access : {access::read, access::write, access::read_write}) {
        for (const auto creation : {creation::must_exist, creation::create, creation::create_new})
          CHECK(code_of(at.open(path, {.access = access, .creation = creation})) == code::permission);
      }
      CHECK(code_of(at.stat(path)) == code::permission);
      CHECK(code_of(at.stat_link(path)) == code::permission);
      CHECK(code_of(at.rename("a/f", path)) == named);
      CHECK(code_of(at.rename(path, "stolen")) == named);
      CHECK(code_of(at.rename_no_replace("a/f", path)) == named);
      CHECK(code_of(at.rename_no_replace(path, "stolen")) == named);
      CHECK(code_of(at.remove(path)) == named);
      CHECK(code_of(at.make_dir(path)) == code::permission);
      CHECK(code_of(at.remove_dir(path)) == named);
      CHECK(code_of(at.for_each_entry(path, list_nothing)) == code::permission);
      CHECK(code_of(at.sync_dir(path)) == code::permission);
      CHECK(code_of(at.sync_all(path)) == code::permission);
      CHECK(code_of(at.link(path, "stolen")) == code::permission);
      CHECK(code_of(at.link("a/f", path)) == code::permission);
      CHECK(code_of(at.make_link("x", path)) == code::permission);
      CHECK(code_of(at.read_link(path, room)) == code::permission);
      if constexpr (can_open_dir<std::remove_cvref_t<decltype(at)>>) {
        CHECK(code_of(at.open_dir(path)) == code::permission);
        CHECK(code_of(at.open_dir(path, links::refuse)) == code::permission);
      }
    }
    CHECK(get_from(at, "a/f") == "inside");
    CHECK(code_of(stat_link(at, "stolen")) == code::not_found);
    in.check_outside();
  });
}

TEST_CASE("at_fs: a link that points outside is a name that can be handled, and is never followed") {
  on_each_model_with_links([](auto& fs, const std::string& base) {
    prison in(fs, base);
    auto at = in.open();
    for (const std::string path : {"chain", "up", "out", "file", "dangling", "absolute", "absolute_file", "top", "a/b/deep"}) {
      INFO(path);
      char room[4096];
      for (const auto access : {access::read, access::write, access::read_write}) {
        CHECK(code_of(at.open(path, {.access = access})) == code::permission);
        CHECK(code_of(at.open(path, {.access = access, .creation = creation::create})) == code::permission);
        CHECK(code_of(at.open(path, {.access = access, .creation = creation::create_new})) == code::already_exists);
        CHECK(code_of(at.open(path, {.access = access, .links = links::refuse})) == code::invalid_argument);
      }
      CHECK(code_of(at.stat(path)) == code::permission);
      CHECK(at.stat_link(path)->kind == file_kind::link);
      CHECK(code_of(at.read_link(path, room)) == done);
      CHECK(code_of(at.make_dir(path)) == code::already_exists);
      CHECK(code_of(at.remove_dir(path)) == code::not_a_directory);
      CHECK(code_of(at.for_each_entry(path, list_nothing)) == code::permission);
      CHECK(code_of(at.sync_dir(path)) == code::permission);
      CHECK(code_of(at.sync_all(path)) == code::permission);
      CHECK(code_of(at.link(path, "stolen")) == code::permission);
      const auto linked = code_of(at.link("a/f", path));
      CHECK((linked == code::already_exists || linked == code::unsupported));
      if constexpr (can_open_dir<std::remove_cvref_t<decltype(at)>>) {
        CHECK(code_of(at.open_dir(path)) == code::permission);
        CHECK(code_of(at.open_dir(path, links::refuse)) == code::invalid_argument);
      }
      // The name is moved, replaced and removed, and what it points to is not.
      CHECK(code_of(at.rename(path, "moved")) == done);
      CHECK(at.stat_link("moved")->kind == file_kind::link);
      REQUIRE(put_into(at, "new", "new"));
      CHECK(code_of(at.rename("new", "moved")) == done);
      CHECK(get_from(at, "moved") == "new");
      CHECK(code_of(at.remove("moved")) == done);
      CHECK(code_of(at.make_link(in.top + "/outside/secret", path)) == done);
      CHECK(code_of(at.open(path, {})) == code::permission);
      CHECK(code_of(at.remove(path)) == done);
    }
    in.check_outside();
  });
}

TEST_CASE("at_fs: inside, links and .. lead where they would lead without it") {
  on_each_model_with_links([](auto& fs, const std::string& base) {
    prison in(fs, base);
    auto at = in.open();
    for (const char* path :
         {"a/f", "./a//./f", "a/b/../f", "a/../a/f", "in/f", "in_file", "in_chain", "a/around/../f", "in/b/../../a/f"}) {
      INFO(path);
      CHECK(get_from(at, path) == "inside");
      CHECK(at.stat(path)->size_bytes == 6);
    }
    for (const char* path : {"a", "a/", "in", "in/", "a/.", "a/b/..", "in/b/..", "./in/."}) {
      INFO(path);
      CHECK(at.stat(path)->kind == file_kind::directory);
      CHECK(names_of(at, path) == std::set<std::string>{"around", "b", "f"});
      CHECK(code_of(at.sync_dir(path)) == done);
      CHECK(code_of(at.sync_all(path)) == done);
    }
    CHECK(names_of(at, ".") == names_of(at, "a/.."));
    CHECK(at.stat_link("in")->kind == file_kind::link);
    CHECK(code_of(at.open("in_file", {.links = links::refuse})) == code::invalid_argument);
    REQUIRE(put_into(at, "in_dangling", "created behind the link"));
    CHECK(get_from(fs, in.base + "/root/a/made") == "created behind the link");
    CHECK(code_of(at.rename("in/made", "a/b/../b/moved")) == done);
    CHECK(get_from(at, "a/b/moved") == "created behind the link");
    CHECK(code_of(at.make_dir("in/b/new/")) == done);
    CHECK(code_of(at.rename("in/b/new/", "a/newer/")) == done);
    CHECK(code_of(at.remove_dir("in/newer")) == done);
    CHECK(code_of(rename_no_replace(at, "in/b/moved", "a/b/f")) == done);
    CHECK(code_of(rename_no_replace(at, "a/b/f", "a/b/deep")) == code::already_exists);
    CHECK(code_of(at.remove("in/b/f")) == done);
    in.check_outside();
  });
}

TEST_CASE("at_fs: what cannot be walked is refused with the code that the model would give, and the path that it was given") {
  on_each_model_with_links([](auto& fs, const std::string& base) {
    prison in(fs, base);
    auto at = in.open();
    const auto told = [](const auto& answer, enum code code, const char* path) {
      return !answer && answer.error().code() == code && answer.error().path() == bytes(path) &&
             answer.error().outcome() == outcome::unchanged;
    };
    CHECK(told(at.open("loop", {}), code::invalid_argument, "loop"));
    CHECK(told(at.open("ping/x", {}), code::invalid_argument, "ping/x"));
    CHECK(told(at.stat("pong"), code::invalid_argument, "pong"));
    CHECK(told(at.open("a/f/x", {}), code::not_a_directory, "a/f/x"));
    CHECK(told(at.open("in_file/x", {}), code::not_a_directory, "in_file/x"));
    CHECK(told(at.stat("a/f/.."), code::not_a_directory, "a/f/.."));
    CHECK(told(at.stat("a/f/"), code::not_a_directory, "a/f/"));
    CHECK(told(at.stat("no/.."), code::not_found, "no/.."));
    CHECK(told(at.open("no/x", {.access = access::write, .creation = creation::create}), code::not_found, "no/x"));
    CHECK(told(at.open("new/", {.access = access::write, .creation = creation::create}), code::not_found, "new/"));
    CHECK(told(at.rename("a/f", "new/"), code::not_a_directory, "new/"));
    CHECK(told(at.remove("."), code::is_a_directory, "."));
    CHECK(told(at.remove_dir("."), code::invalid_argument, "."));
    CHECK(told(at.remove_dir("a/b/.."), code::invalid_argument, "a/b/.."));
    CHECK(told(at.make_dir("a/."), code::already_exists, "a/."));
    CHECK(told(at.stat("../x"), code::permission, "../x"));
    CHECK(code_of(at.rename("a", ".")) == code::invalid_argument);
    CHECK(code_of(at.stat(std::string(70'000, 'x'))) == code::too_large);
    CHECK(code_of(at.stat("a/" + std::string(300, 'x'))) == code::too_large);
    CHECK(code_of(at.stat(path_view("a\0/f", 4))) == code::invalid_argument);

    // 40 links are walked, as the kernels do; one more is a loop, as far as anybody can tell.
    REQUIRE(put_into(at, "l0", "end"));
    for (int i = 1; i <= 41; ++i) REQUIRE(at.make_link("l" + std::to_string(i - 1), "l" + std::to_string(i)));
    CHECK(get_from(at, "l40") == "end");
    CHECK(code_of(at.open("l41", {})) == code::invalid_argument);
    // What links make of a path is limited, too.
    REQUIRE(at.make_link(std::string(2000, '/') + "x", "wide"));
    CHECK(code_of(at.open("wide", {})) == code::permission);
    std::string long_target;
    for (int i = 0; i < 1500; ++i) long_target += "./";
    REQUIRE(at.make_link(long_target + "more/more", "more"));
    CHECK_FALSE(at.open("more", {}));
    in.check_outside();
  });
}

TEST_CASE("at_fs: the root is a directory that is there") {
  mem_fs memory;
  REQUIRE(put_into(memory, "f", "x"));
  REQUIRE(memory.make_dir("d"));
  REQUIRE(make_link(memory, "d", "l"));
  CHECK(code_of(at_fs<mem_fs>::open(memory, "no")) == code::not_found);
  CHECK(code_of(at_fs<mem_fs>::open(memory, "f")) == code::not_a_directory);
  CHECK(code_of(at_fs<mem_fs>::open(memory, "l")) == done);
  testing::poorest_fs<mem_fs> device(memory);
  CHECK(code_of(at_fs<testing::poorest_fs<mem_fs>>::open(device, "no")) == code::not_found);
  CHECK(code_of(at_fs<testing::poorest_fs<mem_fs>>::open(device, "f")) == code::not_a_directory);
  auto flat = at_fs<testing::poorest_fs<mem_fs>>::open(device, "d");
  REQUIRE(flat);
  REQUIRE(put_into(*flat, "./new", "x"));
  CHECK(get_from(memory, "d/new") == "x");
  CHECK(code_of(flat->stat("../f")) == code::permission);
  CHECK(code_of(flat->stat("new/../../f")) == code::not_a_directory);
  CHECK(code_of(flat->stat(std::string(95, 'n'))) == code::too_large);
  testing::windows_like_fs<mem_fs> windows(memory);
  auto rooted = at_fs<testing::windows_like_fs<mem_fs>>::open(windows, "d");
  REQUIRE(rooted);
  CHECK(code_of(rooted->stat("..\\f")) == code::permission);
  CHECK(code_of(rooted->stat("\\f")) == code::permission);
  CHECK(code_of(rooted->stat(".\\new")) == done);
  flat_fs flat_memory;
  auto whole = at_fs<flat_fs>::open(flat_memory, "/");
  REQUIRE(whole);
  REQUIRE(put_into(*whole, "f", "x"));
  CHECK(get_from(flat_memory, "/f") == "x");
  CHECK(code_of(whole->stat("f/../..")) == code::not_a_directory);
  CHECK(whole->stat(".")->kind == file_kind::directory);
}

TEST_CASE("at_fs: a directory that it opens is a root of its own, and stays one when it is renamed") {
  mem_fs memory;
  prison in(memory, ".");
  auto at = in.open();
  auto below = at.open_dir("in");
  REQUIRE(below);
  CHECK(get_from(*below, "f") == "inside");
  CHECK(code_of(below->stat("../in_file")) == code::permission);
  CHECK(code_of(below->stat("b/deep/secret")) == code::permission);
  CHECK(code_of(below->stat("around")) == code::permission);  // -> ../a/b: out of this root, though not of the first
  REQUIRE(at.rename("a", "z"));
  CHECK(get_from(*below, "f") == "inside");
  CHECK(code_of(below->sync_dir(".")) == done);
  auto again = below->open_dir(".");
  REQUIRE(again);
  CHECK(names_of(*again, ".") == names_of(*below, "b/.."));
  REQUIRE(rename_to(*below, "f", at, "from_below"));
  CHECK(get_from(at, "from_below") == "inside");
  CHECK(code_of(rename_to(at, "up/outside/secret", *below, "stolen")) == code::permission);
  CHECK(same_backend(at, *below));
  CHECK(at.nonce().place == memory.nonce().place);
  CHECK(writer(at, at.nonce()) == writer_state::alive);
  in.check_outside();
}

TEST_CASE("at_fs: a link is made where no name is followed while it is made") {
  mem_fs memory;
  prison in(memory, ".");
  auto at = in.open();
  REQUIRE(perdure::link(at, "in_chain", "a/b/second"));
  CHECK(get_from(at, "a/b/second") == "inside");
  CHECK(at.stat_link("a/b/second")->kind == file_kind::file);
  CHECK(code_of(perdure::link(at, "a/f", "a/b/second")) == code::already_exists);
  CHECK(code_of(perdure::link(at, "file", "stolen")) == code::permission);
  auto below = at.open_dir("a");
  REQUIRE(below);
  REQUIRE(link_to(*below, "f", at, "third"));
  CHECK(get_from(at, "third") == "inside");
  CHECK(code_of(link_to(at, "in_chain", at, "fourth", links::refuse)) == code::invalid_argument);
  flat_fs flat;
  prison spelled(flat, ".");
  auto with = spelled.open();
  CHECK(code_of(perdure::link(with, "a/f", "second")) == done);
}

namespace {

// Directories and files below the root turn into links to the outside and back, while somebody works there.
template <Fs F>
void race(F& fs, const std::string& base) {
  const auto path = [&](const char* name) { return base + "/" + name; };
  for (const char* dir : {"outside", "outside/e", "root", "root/d", "root/d/e"}) REQUIRE(fs.make_dir(path(dir)));
  REQUIRE(put_into(fs, path("outside/f"), "secret"));
  REQUIRE(put_into(fs, path("outside/e/f"), "secret"));
  REQUIRE(put_into(fs, path("outside/marker"), "secret"));
  REQUIRE(put_into(fs, path("root/d/f"), "inside"));
  REQUIRE(put_into(fs, path("root/d/e/f"), "inside"));
  const auto outside = tree_of(fs, path("outside"));
  auto opened = at_fs<F>::open(fs, path("root"));
  REQUIRE(opened);
  auto& at = *opened;

  std::atomic<bool> stop = false;
  std::atomic<int> flips = 0;
  std::thread adversary([&] {
    while (!stop) {
      (void)fs.rename(path("root/d"), path("root/hidden"));
      (void)make_link(fs, "../outside", path("root/d"));
      std::this_thread::yield();
      (void)fs.remove(path("root/d"));
      (void)make_link(fs, "hidden", path("root/d"));
      (void)fs.remove(path("root/d"));
      (void)fs.rename(path("root/hidden"), path("root/d"));
      (void)fs.rename(path("root/d/e"), path("root/d/was_e"));
      (void)make_link(fs, "../../outside/e", path("root/d/e"));
      (void)make_link(fs, "../../outside/f", path("root/d/link"));
      (void)fs.rename(path("root/d/link"), path("root/d/f"));
      std::this_thread::yield();
      (void)fs.remove(path("root/d/e"));
      (void)fs.rename(path("root/d/was_e"), path("root/d/e"));
      (void)put_into(fs, path("root/d/plain"), "inside");
      (void)fs.rename(path("root/d/plain"), path("root/d/f"));
      ++flips;
    }
  });
  int reached = 0;
  int leaks = 0;
  for (int i = 0; i < 1500 || flips < 300; ++i) {
    for (const char* name : {"d/f", "d/e/f", "d/e/../f", "d/../d/e/../e/f"}) {
      const std::string text = get_from(at, name);
      leaks += text == "secret" ? 1 : 0;
      reached += text == "inside" ? 1 : 0;
      auto file = at.open(name, {.access = access::read_write, .creation = creation::create});
      if (file) {
        char room[16];
        const auto got = file->read_at(0, room);
        leaks += got && bytes(room, *got) == bytes("secret") ? 1 : 0;
        (void)file->truncate(0);
        (void)file->write_at(0, "inside");
      }
    }
    leaks += at.stat("d/marker") ? 1 : 0;
    leaks += at.stat("d/e/../marker") ? 1 : 0;
    for (const char* dir : {"d", "d/", "d/e/.."}) leaks += names_of(at, dir).count("marker") != 0 ? 1 : 0;
    (void)at.remove("d/marker");
    (void)at.rename("d/marker", "stolen");
    (void)at.rename_no_replace("d/marker", "stolen");
    (void)at.rename("d/f", "d/other");
    (void)perdure::link(at, "d/f", "stolen");
    (void)at.make_dir("d/made");
    (void)at.remove_dir("d/made");
    (void)at.make_link("x", "d/made");
    (void)at.remove("d/made");
    (void)atomic_write(at, "d/f", "inside");
    if (auto held = at.open_dir("d")) leaks += held->stat("marker") ? 1 : 0;
    leaks += get_from(at, "stolen") == "secret" ? 1 : 0;
    (void)at.remove("stolen");
  }
  stop = true;
  adversary.join();
  CHECK(leaks == 0);
  CHECK(reached > 0);
  CHECK(tree_of(fs, path("outside")) == outside);
}

}  // namespace

TEST_CASE("at_fs: who swaps directories and files for links meanwhile leads nobody outside") {
  SECTION("posix_fs") {
    const tests::temp_dir disk("/dev/shm");
    posix_fs fs;
    race(fs, disk.path());
  }
  SECTION("mem_fs") {
    mem_fs fs;
    REQUIRE(fs.make_dir("base"));
    race(fs, "base");
  }
  SECTION("any_fs") {
    const tests::temp_dir disk("/dev/shm");
    posix_fs posix;
    any_fs fs(posix);
    race(fs, disk.path());
  }
}
