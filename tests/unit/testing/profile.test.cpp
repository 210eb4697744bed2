// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/testing/explore.hpp>
#include <perdure/testing/profile.hpp>

#include <tests/support/catch.hpp>

#include <set>
#include <string>

using namespace perdure::testing;
using perdure::access;
using perdure::creation;

namespace {
// What a file may hold after a write over `old_size` bytes.
std::set<std::string> may_hold(const profile& rules, std::size_t old_size, std::uint64_t at, std::size_t size,
                               bool synced = false) {
  std::set<std::string> found;
  const auto report = explore({.profile = rules,
                               .setup =
                                   [=](world& world) {
                                     auto file = world.fs().open("f", {.access = access::write, .creation = creation::create});
                                     if (file) (void)file->write_at(0, std::string(old_size, 'o'));
                                   },
                               .workload =
                                   [=](world& world) {
                                     auto file = world.fs().open("f", {.access = access::write});
                                     if (!file) return;
                                     (void)file->write_at(at, std::string(size, 'n'));
                                     if (synced) (void)file->sync(perdure::sync_what::data);
                                     world.step("done", [] {});
                                   },
                               .check =
                                   [&](after_crash& after) {
                                     if (synced && !after.acknowledged("done")) return true;
                                     found.insert(perdure::testing::detail::quoted(read_text(after.fs(), "f").value_or("none")));
                                     return true;
                                   }});
  CHECK(report.exhaustive);
  return found;
}
using set = std::set<std::string>;
}  // namespace

TEST_CASE("profile: a page is torn after its first sector, in the middle and before its last") {
  const set torn{"\"o\" x 4,096", "\"n\" x 4,096", "\"n\" x 512 \"o\" x 3,584", "\"n\" x 2,048 \"o\" x 2,048",
                 "\"o\" x 3,584 \"n\" x 512"};
  CHECK(may_hold(profile::posix_minimum, 4096, 0, 4096) == torn);
  CHECK(may_hold(profile::xfs, 4096, 0, 4096) == torn);
  CHECK(may_hold(profile::sequential, 4096, 0, 4096) == set{"\"o\" x 4,096", "\"n\" x 4,096"});
  CHECK(may_hold(profile::posix_minimum, 4096, 0, 512) == set{"\"o\" x 4,096", "\"n\" x 512 \"o\" x 3,584"});
}

TEST_CASE("profile: torn is a page of each of two files, and of one file one") {
  const auto is_torn = [](const std::string& page) { return page != std::string(page.size(), page[0]); };
  std::set<std::string> torn;  // of a's first page, of its second, of b's and of c's
  const auto report = explore({.setup =
                                   [](world& world) {
                                     for (const char* name : {"a", "b", "c"}) {
                                       auto file = world.fs().open(name, {.access = access::write, .creation = creation::create});
                                       if (file) (void)file->write_at(0, std::string(8192, 'o'));
                                     }
                                   },
                               .workload =
                                   [](world& world) {
                                     for (const char* name : {"a", "b", "c"}) {
                                       auto file = world.fs().open(name, {.access = access::write});
                                       if (file) (void)file->write_at(0, std::string(*name == 'a' ? 8192 : 4096, 'n'));
                                     }
                                   },
                               .check =
                                   [&](after_crash& after) {
                                     const std::string a = read_text(after.fs(), "a").value_or("");
                                     std::string which;
                                     for (const std::string& page : {a.substr(0, 4096), a.substr(4096)})
                                       which += is_torn(page) ? 'T' : '.';
                                     for (const char* name : {"b", "c"})
                                       which += is_torn(read_text(after.fs(), name).value_or("").substr(0, 4096)) ? 'T' : '.';
                                     return torn.insert(which), true;
                                   }});
  CHECK(report.exhaustive);
  CHECK(torn == set{"....", "T...", ".T..", "..T.", "...T", "T.T.", "T..T", ".TT.", ".T.T", "..TT"});
}

TEST_CASE("profile: what a file has grown by and nobody wrote is zeros or garbage, until it is synced") {
  CHECK(may_hold(profile::posix_minimum, 4, 4, 4) ==
        set{"\"oooo\"", "\"oooonnnn\"", "\"oooo\\x00\\x00\\x00\\x00\"", "\"oooo\\xee\\xee\\xee\\xee\""});
  CHECK(may_hold(profile::ext4, 4, 4, 4) == set{"\"oooo\"", "\"oooonnnn\"", "\"oooo\\x00\\x00\\x00\\x00\""});
  CHECK(may_hold(profile::xfs, 4, 4, 4) == set{"\"oooo\"", "\"oooonnnn\""});
  CHECK(may_hold(profile::posix_minimum, 4, 8, 2, true) == set{"\"oooo\\x00\\x00\\x00\\x00nn\""});
}

TEST_CASE("profile: one of one's own is a copy with other values") {
  profile mine = profile::posix_minimum;
  mine.name = "mine";
  mine.tear_unit_bytes = 4096;
  CHECK(mine.garbage);
  CHECK(std::string(profile::posix_minimum.name) == "posix_minimum");
  CHECK(profile::posix_minimum.tear_unit_bytes == 512);
}
