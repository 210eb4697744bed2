// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
//
// disks NAME=DIRECTORY...: checkpoints of the tree of examples/lsm_checkpoint, between any two of these directories. NAME is the
// kind of volume it is, and with that, what can be shared on it. And in each a store, listed beside somebody who replaces.

#include <perdure/engine/create_checkpoint.hpp>
#include <perdure/engine/discard_checkpoint.hpp>
#include <perdure/engine/restore_checkpoint.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/posix_fs.hpp>
#include <perdure/store/fs_store.hpp>

#include <examples/lsm_checkpoint/judge.hpp>
#include <tests/support/child.hpp>

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace {

using lsm_checkpoint::result;
using perdure::checkpoint_links;
using perdure::checkpoint_report;
using perdure::placed;
using perdure::posix_fs;
using tree = lsm_checkpoint::tree<posix_fs>;

struct volume {
  std::string name;
  std::string path;
  [[nodiscard]] bool shares() const { return name == "xfs" || name == "btrfs" || name == "subvolume"; }
  [[nodiscard]] std::string pool() const { return name == "subvolume" ? "btrfs" : name; }
};

// The tree, and a log beside it, which grows while it is captured.
struct logged_tree {
  using perdure_checkpoint_source = logged_tree;
  tree& of;
  posix_fs& fs;
  std::string log;
  std::uint64_t log_bytes;

  struct pinned {
    tree::pinned_version tables;
    const logged_tree* of;
    [[nodiscard]] std::uint64_t version() const { return tables.version(); }
    template <class Visit>
    [[nodiscard]] result<void> for_each_file(const Visit& visit) const {
      PERDURE_TRY(tables.for_each_file(visit));
      return visit(of->fs, perdure::pinned_file{of->log, "log", of->log_bytes, perdure::pinned::growing, nullptr});
    }
    template <class Visit>
    [[nodiscard]] result<void> for_each_metadata(const Visit& visit) const {
      return tables.for_each_metadata(visit);
    }
    [[nodiscard]] perdure::checkpoint_current current() const { return tables.current(); }
  };
  std::uint64_t visible_watermark() { return of.visible_watermark(); }
  auto hold_deletions() { return of.hold_deletions(); }
  result<void> flush() { return of.flush(); }
  result<pinned> pin() { return pinned{std::move(*of.pin()), this}; }
};

bool all_held = true;
void say(const std::string& what, const std::string& wrong) {
  std::printf("%s %s%s%s\n", wrong.empty() ? "ok" : "FAILED:", what.c_str(), wrong.empty() ? "" : ": ", wrong.c_str());
  std::fflush(stdout);
  all_held = all_held && wrong.empty();
}
std::string text_of(const perdure::failure& why) { return perdure::describe(why).c_str(); }

const char* word(enum placed how) { return how == placed::linked ? "linked" : how == placed::shared ? "shared" : "copied"; }

// How a file that never changes is to be placed, and which answer stood against a link.
struct expected {
  enum placed how;
  int refusal;  // errno, or 0 where no link was tried, or one was made
};
expected between(const volume& from, const volume& to, enum checkpoint_links links) {
  const bool tried = links == checkpoint_links::allow;
  if (tried && from.path == to.path) return {placed::linked, 0};
  const bool shared = from.shares() && from.pool() == to.pool();
  return {shared ? placed::shared : placed::copied, tried ? EXDEV : 0};
}

// Makes the source anew: tables in both places, blobs, and a log. What was appended to that after it was pinned is left out.
struct source {
  posix_fs hot_fs;
  posix_fs cold_fs;  // another one over the same kernel: they link
  std::string hot;
  std::string cold;
  tree of;
  std::uint64_t hot_files = 0;
  std::uint64_t cold_files = 0;

  source(const volume& hot_on, const volume& cold_on)
      : hot(hot_on.path + "/db"), cold(cold_on.path + "/cold"), of(hot_fs, hot, cold_fs, cold) {}

  std::string fill() {
    if (const auto opened = of.open(lsm_checkpoint::opening::create); !opened) return text_of(opened.error());
    for (int i = 0; i < 8; ++i) {
      lsm_checkpoint::write_next(of);
      if (i % 2 == 1 && !of.flush()) return "flush";
      if (i == 3 && !of.compact()) return "compact";
    }
    for (const auto& one : of.now()->files) ++(one.place == lsm_checkpoint::place::hot ? hot_files : cold_files);
    lsm_checkpoint::write_next(of);  // what the checkpoint's own flush writes: one table, and a blob with each third record
    hot_files += 2;
    if (!perdure::atomic_write(hot_fs, hot + "/log", std::string(10'000, 'l') + "and what came later")) return "log";
    return hot_files > 2 && cold_files > 0 ? "" : "nothing is in one of the places, so that nothing is shown";
  }
  [[nodiscard]] logged_tree logged() { return {of, hot_fs, hot + "/log", 10'000}; }
  ~source() {
    std::filesystem::remove_all(hot);
    std::filesystem::remove_all(cold);
  }
};

// Each file by how it was placed and why, and the report's counts of them.
std::string wrong_places(const volume& hot, const volume& cold, const volume& to, enum checkpoint_links links, source& from,
                         const std::string& target, std::uint64_t& watermark) {
  posix_fs fs;
  std::string wrong;
  std::map<enum placed, std::uint64_t> counted;
  std::uint64_t told_bytes = 0;
  auto logged = from.logged();
  perdure::checkpoint_options how;
  how.links = links;
  const auto made = perdure::create_checkpoint(logged, fs, target, how, [&](const perdure::checkpoint_progress& one) {
    const std::string name(one.to.data(), one.to.size());
    ++counted[one.placed];
    told_bytes = one.bytes;
    if (name == "log") {
      // Its end is within what was appended to it, and within a block: no extents can be shared of that.
      if (one.placed != placed::copied || !one.link_refused) wrong = "log: " + std::string(word(one.placed));
      return perdure::visit::go_on;
    }
    bool is_cold = false;
    for (const auto& file : from.of.now()->files) {
      const bool same = name.ends_with("/" + file.name());
      is_cold = is_cold || (same && file.place == lsm_checkpoint::place::cold);
    }
    const expected must = between(is_cold ? cold : hot, to, links);
    const int refusal = one.link_refused ? 0 : static_cast<int>(one.link_refused.error().system_code());
    if (one.placed != must.how) wrong = name + " is " + word(one.placed) + ", not " + word(must.how);
    if (refusal != must.refusal) wrong = name + ": against a link stood " + std::to_string(refusal);
    return perdure::visit::go_on;
  });
  if (!made) return text_of(made.error());
  if (!wrong.empty()) return wrong;
  if (made->linked != counted[placed::linked] || made->shared != counted[placed::shared] ||
      made->copied != counted[placed::copied])
    return "the report counts otherwise than what was told of each file";
  if (made->linked + made->shared + made->copied != from.hot_files + from.cold_files + 1) return "the number of files";
  if (made->files != from.hot_files + from.cold_files + 3) return "the number of all files";
  if (made->durability != perdure::durability::full) return "it does not survive";
  if (told_bytes == 0 || made->total_bytes < told_bytes) return "the number of bytes";
  watermark = made->watermark;
  return watermark == 10 ? "" : "the watermark";
}

// What is alone there: it proves itself, opens, and holds all below its watermark. Restored onto `back`, too, where what
// can be shared with it is; and half of it goes for good.
std::string wrong_alone(const volume& on, const volume& back, const std::string& target, std::uint64_t watermark) {
  posix_fs fs;
  const auto info = perdure::verify_checkpoint(fs, target);
  if (!info) return text_of(info.error());
  const std::string restored = back.path + "/restored";
  const auto again = perdure::restore_checkpoint(fs, target, fs, restored);
  if (!again) return text_of(again.error());
  const expected must = between(on, back, checkpoint_links::allow);
  const std::uint64_t so = must.how == placed::linked   ? again->linked
                           : must.how == placed::shared ? again->shared
                                                        : again->copied;
  // Of the log its first bytes are all there are. It and the metadata are no links.
  const std::uint64_t copies = must.how == placed::linked ? 2 : 0;
  if (so != info->files - 1 - copies) return std::to_string(so) + " files are " + word(must.how) + " when it is restored";
  std::string wrong = lsm_checkpoint::wrong_with_checkpoint(fs, restored, fs, watermark);
  if (wrong.empty()) wrong = lsm_checkpoint::wrong_with_checkpoint(fs, target, fs, watermark);
  if (!wrong.empty()) return wrong;
  if (perdure::discard_checkpoint(fs, target, "current")) return "a whole one is discarded";
  if (!fs.remove(target + "/current")) return "remove";
  const auto half = perdure::verify_checkpoint(fs, target);
  if (half || half.error().code() != perdure::code::corrupt) return "half of one is not refused";
  if (const auto gone = perdure::discard_checkpoint(fs, target, "current"); !gone) return text_of(gone.error());
  std::filesystem::remove_all(restored);
  std::filesystem::remove_all(restored + ".cold");
  std::filesystem::remove_all(target + ".cold");
  return fs.stat(target) ? "it is discarded, and there" : "";
}

void try_one(const volume& hot, const volume& cold, const volume& to, enum checkpoint_links links) {
  const std::string target = to.path + "/checkpoint";
  std::uint64_t watermark = 0;
  std::string wrong;
  {
    source from(hot, cold);
    wrong = from.fill();
    if (wrong.empty()) wrong = wrong_places(hot, cold, to, links, from, target, watermark);
  }
  // The source is gone now.
  if (wrong.empty()) wrong = wrong_alone(to, hot, target, watermark);
  std::filesystem::remove_all(target);
  say(hot.name + " and " + cold.name + " onto " + to.name + (links == checkpoint_links::allow ? "" : ", without links"), wrong);
}

// A file has as many names as its volume allows: what is one too many is a copy, and told why.
void try_too_many(const volume& on) {
  std::filesystem::create_directories(on.path + "/names");
  std::string wrong;
  {
    source from(on, on);
    wrong = from.fill();
    std::string full;
    for (const auto& file : from.of.now()->files) {
      if (full.empty() && file.place == lsm_checkpoint::place::hot && file.kind == lsm_checkpoint::kind::table)
        full = file.name();
    }
    const std::string named = from.hot + "/tables/" + full;
    int names = 0;
    while (names < 100'000 && ::link(named.c_str(), (on.path + "/names/" + std::to_string(names)).c_str()) == 0) ++names;
    if (errno != EMLINK && wrong.empty()) wrong = "no end of names";
    posix_fs fs;
    std::uint64_t refused = 0;
    const auto made = perdure::create_checkpoint(from.of, fs, on.path + "/checkpoint", {}, [&](const auto& one) {
      if (!one.link_refused) {
        ++refused;
        const std::string name(one.to.data(), one.to.size());
        if (name != "tables/" + full || one.link_refused.error().system_code() != EMLINK) wrong = name;
      }
      return perdure::visit::go_on;
    });
    if (wrong.empty() && !made) wrong = text_of(made.error());
    if (wrong.empty() && (refused != 1 || made->copied + made->shared != 1)) wrong = std::to_string(refused) + " are copies";
    if (wrong.empty() && !perdure::verify_checkpoint(fs, on.path + "/checkpoint")) wrong = "it is not whole";
  }
  std::filesystem::remove_all(on.path + "/names");
  std::filesystem::remove_all(on.path + "/checkpoint");
  say(on.name + ", a file with as many names as there can be", wrong);
}

// Linux leaves out of a listing what is renamed over meanwhile, on btrfs; a store does not. (Of Linux 6.5 to 6.12 that is not
// promised, and may fail here: a directory's times are too coarse there.)
void try_listing(const volume& on) {
  constexpr int keys = 3000;
  const std::string root = on.path + "/store";
  posix_fs fs;
  perdure::fs_store store(fs, {root.data(), root.size()}, {.at_least = perdure::durability::none});
  std::string wrong = store.create_root() ? "" : "no root";
  std::vector<perdure::put_item> all;
  std::vector<std::string> names;
  for (int i = 0; i < keys; ++i) names.push_back("k" + std::to_string(i));
  for (const auto& name : names) all.push_back({name, "x"});
  if (wrong.empty() && !store.put_many(all.data(), all.size())) wrong = "no put";
  // As another writer would, who need not wait for the disk.
  const pid_t other = tests::start_child([&]() -> int {
    std::mt19937 random(1);
    for (;;) {
      const auto files = std::filesystem::directory_iterator(root);
      std::vector<std::string> there;
      for (const auto& one : files) {
        if (one.is_regular_file() && one.path().filename().string()[0] == 'k') there.push_back(one.path());
      }
      for (int i = 0; i < 10'000; ++i) {
        const std::string fresh = root + "/fresh";
        std::FILE* const file = std::fopen(fresh.c_str(), "w");
        if (file == nullptr || std::fclose(file) != 0) return 1;
        if (::rename(fresh.c_str(), there[random() % there.size()].c_str()) != 0) return 2;
      }
    }
  });
  int listings = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (wrong.empty() && std::chrono::steady_clock::now() < end) {
    int shown = 0;
    std::string cursor;
    for (result<perdure::listed> page = perdure::listed::more; page && *page == perdure::listed::more;) {
      page = store.list("k", cursor, 1000, [&](const perdure::listed_object& one) {
        cursor.assign(one.key.data(), one.key.size());
        ++shown;
        return perdure::visit::go_on;
      });
      if (!page) wrong = text_of(page.error());
    }
    if (shown != keys && wrong.empty()) wrong = std::to_string(keys - shown) + " keys were left out";
    ++listings;
  }
  (void)::kill(other, SIGKILL);
  if (tests::end_of(other) != tests::was_killed && wrong.empty()) wrong = "nobody replaced anything";
  std::filesystem::remove_all(root);
  say(on.name + ", a store that is listed while its objects are replaced",
      listings > 1 || !wrong.empty() ? wrong : "one listing");
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<volume> volumes;
  for (int i = 1; i < argc; ++i) {
    const std::string one = argv[i];
    volumes.push_back({one.substr(0, one.find('=')), one.substr(one.find('=') + 1)});
  }
  for (const volume& from : volumes) {
    for (const volume& to : volumes) {
      for (const auto links : {checkpoint_links::allow, checkpoint_links::refuse}) {
        try_one(from, from, to, links);
        // Levels on two volumes come to lie in one directory.
        if (from.path != to.path) try_one(to, from, to, links);
      }
    }
    if (from.name == "ext4") try_too_many(from);
    try_listing(from);
  }
  return all_held ? 0 : 1;
}
