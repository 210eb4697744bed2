// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef TESTS_RIGS_POWERCUT_CUTTING_HPP
#define TESTS_RIGS_POWERCUT_CUTTING_HPP

// cutting: records one run of a program on a real file system, then mounts what power cuts may have left of it, one image after
// another, and hands each tree to a judge.

#include <functional>

#include <perdure/fs/posix_fs.hpp>

#include <tests/rigs/powercut/power_cuts.hpp>
#include <tests/rigs/powercut/tree.hpp>

namespace powercut {

// What goes on beside a program between two of its steps. Nothing of it is a promise about its files; it makes some of what is in
// the cache reach the disk early.
enum class writeback : std::uint8_t { none, journal, data, data_and_journal, everything };
// One of these after each step.
using schedule = std::function<writeback(std::size_t step)>;

using posix_step = std::function<bool(posix_fs&)>;

struct program {
  std::string name;
  std::vector<posix_step> setup;
  std::vector<posix_step> steps;  // false: it failed where it must not
};

// What is wrong with this tree; empty: nothing. One that is known for what it is says so, and is counted apart.
inline const std::string known_bug = "a bug of this kernel";
using judge = std::function<std::string(const tree& left, const std::string& text, const progress& when)>;

struct tally {
  std::size_t recordings = 0;
  std::size_t flushes = 0;
  std::size_t found = 0;    // images that power cuts may have left
  std::size_t mounted = 0;  // and those that were looked at
  std::size_t violations = 0;
  std::size_t known_bugs = 0;
  std::size_t trees = 0;       // distinct ones, summed over programs
  std::size_t model_only = 0;  // trees of the lab that no image showed
};

class cutting {
 public:
  // `directory` holds the template.
  cutting(const std::string& directory, const std::string& recorder, const file_system& fs)
      : directory_(directory), recorder_(recorder), fs_(fs), base_(directory + "/template"), work_(base_, directory + "/work") {
    for (const char* name : {"/recorder.mount", "/recorded", "/replayed"}) {
      if (::mkdir((directory + name).c_str(), 0700) != 0 && errno != EEXIST) give_up(directory + name);
    }
  }

  // On a machine that is busy with something else: a third of the images of each recording, those that matter most.
  void hurry(bool now) noexcept { hurried_ = now; }

  // The trees that were seen are added to `seen`. Complaints are printed, the first few of each program.
  void cut(const program& what, const schedule& beside, const cut_budget& budget, std::uint64_t seed, const judge& check,
           std::set<std::string>& seen, tally& count) {
    record(what, beside);
    const block_log log(directory_ + "/log");
    cut_budget least = budget;
    least.images_max = (budget.images_max + 2) / 3;
    const power_cuts cuts(base_, log, hurried_ ? least : budget, seed);
    ++count.recordings;
    count.flushes += log.flushes();
    count.found += cuts.found();
    std::size_t told = 0;
    cuts.each([&](const image& one, const overlay& disk) {
      work_.hold(disk);
      ++count.mounted;
      tree left;
      const int refused = mount_disk(work_.device(), fs_, directory_ + "/replayed");
      if (refused == 0) {
        left = read(directory_ + "/replayed");
        unmount(directory_ + "/replayed");
      }
      const std::string text = text_of(left);
      if (refused == 0) seen.insert(text);
      for (const progress& when : one.when) {
        const std::string wrong =
            refused != 0 ? std::string("it cannot be mounted: ") + std::strerror(refused) : check(left, text, when);
        if (wrong.empty()) continue;
        if (wrong == known_bug) {
          if (count.known_bugs++ == 0 && budget.told_max != 0)
            std::printf("known bug: %s, %s\n%s", fs_.name.c_str(), what.name.c_str(), text.c_str());
          break;
        }
        ++count.violations;
        if (told++ < budget.told_max) tell(what, seed, one, when, text, wrong);
        break;
      }
    });
  }

 private:
  void record(const program& what, const schedule& beside) {
    const std::string mounted = directory_ + "/recorder.mount";
    const recorder recording(recorder_, directory_ + "/template", directory_ + "/log", mounted);
    const int marks = ::open((mounted + "/marks").c_str(), O_WRONLY | O_CLOEXEC);
    if (marks < 0) give_up("opening the marks");
    {
      const loop_device device(mounted + "/image");
      if (const int refused = mount_disk(device, fs_, directory_ + "/recorded"); refused != 0) {
        errno = refused;
        give_up("mounting the recorded disk");
      }
      const int failed = in_child(directory_ + "/recorded", [&] { return run(what, beside, marks); });
      unmount(directory_ + "/recorded");
      if (failed != 0) give_up("running " + what.name);
    }
    ::close(marks);
  }

  static int run(const program& what, const schedule& beside, int marks) {
    posix_fs fs;
    const auto mark = [&](char letter) {
      if (::write(marks, &letter, 1) != 1) give_up("marking");
    };
    const int noise = ::open(noise_name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (noise < 0) give_up("creating a file");
    for (const posix_step& step : what.setup) {
      if (!step(fs)) give_up("the setup of " + what.name);
    }
    if (::syncfs(noise) != 0) give_up("syncfs");
    mark('S');
    bool right = true;
    for (std::size_t i = 0; i < what.steps.size(); ++i) {
      mark('B');
      const bool done = what.steps[i](fs);
      right = right && done;
      mark('D');
      write_back(fs, beside(i), noise);
    }
    return right ? 0 : 1;
  }
  static void write_back(posix_fs& fs, writeback what, int noise) {
    if (what == writeback::data || what == writeback::data_and_journal) {
      for (const auto& [path, is] : tree_of(fs)) {
        const int file = is.kind == file_kind::file ? ::open(path.c_str(), O_RDONLY | O_CLOEXEC) : -1;
        if (file < 0) continue;
        constexpr unsigned all = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
        (void)::sync_file_range(file, 0, 0, all);
        ::close(file);
      }
    }
    if (what == writeback::journal || what == writeback::data_and_journal) {
      // A changed size is in the journal, and with it what was there before.
      const off_t end = ::lseek(noise, 0, SEEK_END);
      if (::pwrite(noise, "noise", 5, end) != 5 || ::fsync(noise) != 0) give_up("fsync");
    }
    if (what == writeback::everything && ::syncfs(noise) != 0) give_up("syncfs");
  }

  // It goes back to where it was, for what somebody stands on cannot be unmounted.
  [[nodiscard]] static tree read(const std::string& directory) {
    const int was = ::open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (::chdir(directory.c_str()) != 0) give_up(directory);
    posix_fs fs;
    tree all = tree_of(fs);
    if (::fchdir(was) != 0) give_up("going back");
    ::close(was);
    return all;
  }

  void tell(const program& what, std::uint64_t seed, const image& one, const progress& when, const std::string& text,
            const std::string& wrong) const {
    std::printf("VIOLATION: %s, %s, seed %llu: %zu steps acknowledged, %zu begun, between flushes %zu and %zu, of %zu blocks ",
                fs_.name.c_str(), what.name.c_str(), static_cast<unsigned long long>(seed), when.acknowledged, when.begun,
                one.epoch, one.epoch + 1, one.survives.size());
    for (const bool survives : one.survives) std::putchar(survives ? '+' : '-');
    std::printf("\n%s  %s\n", text.c_str(), wrong.c_str());
    std::fflush(stdout);
  }

  bool hurried_ = false;
  std::string directory_;
  std::string recorder_;
  file_system fs_;
  disk_template base_;
  work_disk work_;
};

}  // namespace powercut

#endif  // TESTS_RIGS_POWERCUT_CUTTING_HPP
