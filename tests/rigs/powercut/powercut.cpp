// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// powercut DIRECTORY FILE_SYSTEM [PROFILE]: cuts the power of the kernel that runs, on a file system that was made in
// DIRECTORY/template, with DIRECTORY/recorder to watch its disk. With a PROFILE that is not that of the file system the litmus
// programs alone are held against it, and the exit status says whether something was seen that it forbids.

#include <tests/crash/programs.hpp>
#include <tests/rigs/powercut/helpers.hpp>
#include <tests/rigs/powercut/model.hpp>

#include <cstdio>
#include <ctime>

using namespace powercut;

namespace {

struct share {
  std::uint64_t random_programs;
  cut_budget litmus;
  cut_budget random;
  cut_budget helper;
};

// By how long one image takes to mount, so that each file system has about the same time.
share share_of(const file_system& fs) {
  if (fs.name == "ext4") return {120, {7, 40, 150}, {5, 12, 50}, {5, 12, 60}};
  if (fs.name == "btrfs") return {80, {6, 20, 80}, {5, 8, 35}, {5, 8, 35}};
  return {60, {6, 20, 50}, {4, 8, 25}, {4, 8, 25}};
}

const profile* profile_named(const std::string& name) {
  for (const profile* one : {&profile::ext4, &profile::xfs, &profile::btrfs, &profile::sequential, &profile::posix_minimum}) {
    if (name == one->name) return one;
  }
  return nullptr;
}

constexpr writeback every_writeback[] = {writeback::none, writeback::journal, writeback::data, writeback::data_and_journal,
                                         writeback::everything};

schedule always(writeback what) {
  return [=](std::size_t) { return what; };
}
schedule drawn(std::uint64_t seed) {
  return [=](std::size_t step) {
    const std::uint64_t draw = perdure::testing::detail::mixed(seed, step);
    return draw % 3 != 0 ? writeback::none : every_writeback[1 + (draw >> 8) % 4];
  };
}

posix_step over_posix(const tests::fs_step& step) {
  return [=](posix_fs& fs) {
    any_fs any(fs);
    step(any);
    return true;
  };
}
program over_posix(const std::string& name, const std::vector<tests::fs_step>& setup, const std::vector<tests::fs_step>& steps) {
  program all{name, {}, {}};
  for (const tests::fs_step& one : setup) all.setup.push_back(over_posix(one));
  for (const tests::fs_step& one : steps) all.steps.push_back(over_posix(one));
  return all;
}

int failed = 0;
void law(bool holds, const std::string& text) {
  std::printf("%s %s\n", holds ? "ok" : "FAILED:", text.c_str());
  std::fflush(stdout);
  failed += holds ? 0 : 1;
}

class rig {
 public:
  rig(const std::string& directory, const file_system& fs, const profile& rules)
      : fs_(fs), rules_(rules), machine_(directory, fs), share_(share_of(fs)) {}

  // Every tree is one that the lab knows, too.
  void litmus_programs() {
    tally count;
    std::uint64_t programs = 0;
    for (const tests::litmus* one : tests::every_litmus) {
      std::vector<schedule> beside;
      for (const writeback what : every_writeback) beside.push_back(always(what));
      compare(one->name, one->setup.steps(), one->work.steps(), beside, share_.litmus, ++programs, count);
    }
    tell("litmus programs", programs, count);
  }
  void random_programs() {
    tally count;
    for (std::uint64_t seed = 1; seed <= share_.random_programs; ++seed) {
      std::vector<tests::fs_step> steps;
      for (const tests::instruction& one : tests::program(seed, 4 + static_cast<std::uint32_t>(seed % 6)))
        steps.push_back([=](any_fs& fs) { tests::run_one(fs, one); });
      compare("program " + std::to_string(seed), {[](any_fs& fs) { tests::make_files(fs); }}, steps,
              {seed % 3 == 0 ? always(every_writeback[seed / 3 % 5]) : drawn(seed)}, share_.random, seed, count);
    }
    tell("random programs", share_.random_programs, count);
  }

  void helpers() {
    tally count;
    const auto all = kept_promises::all();
    for (std::size_t i = 0; i < all.size(); ++i) promised(all[i], {always(writeback::none), drawn(i)}, count);
    law(count.violations == 0 && count.mounted > 100, numbers("the verbs keep their promises", all.size(), count));
  }
  // The rig can fail.
  void lies() {
    std::printf("-- what follows is to be found out: saves that promise more than they do\n");
    bool all_found = true;
    std::size_t images = 0;
    for (const promised_program& one : kept_promises::none()) {
      tally count;
      promised(one, {always(writeback::none), always(writeback::journal)}, count);
      all_found = all_found && count.violations != 0;
      images += count.violations;
    }
    law(all_found, fs_.name + ": a save without its syncs is found out, on " + std::to_string(images) + " images");
  }

 private:
  void compare(const std::string& name, const std::vector<tests::fs_step>& setup, const std::vector<tests::fs_step>& steps,
               const std::vector<schedule>& beside, const cut_budget& budget, std::uint64_t seed, tally& count) {
    const model expected(rules_, setup, steps);
    if (!expected.exhaustive()) law(false, name + ": too much for the lab");
    std::set<std::string> seen;
    for (std::size_t i = 0; i < beside.size(); ++i) {
      machine_.cut(
          over_posix(name + ", schedule " + std::to_string(i), setup, steps), beside[i], budget, seed,
          [&](const tree&, const std::string& text, const progress& when) {
            return expected.allows(text, when) ? std::string() : "the profile has no such disk, but\n" + expected.told(when, 4);
          },
          seen, count);
    }
    count.trees += seen.size();
    for (const std::string& one : expected.all()) count.model_only += seen.count(one) == 0 ? 1U : 0U;
  }
  void promised(const promised_program& one, const std::vector<schedule>& beside, tally& count) {
    std::set<std::string> seen;
    for (const schedule& some : beside) machine_.cut(one.what, some, share_.helper, 1, one.check, seen, count);
    count.trees += seen.size();
  }

  void tell(const std::string& kind, std::uint64_t programs, const tally& count) {
    std::string text = numbers("the profile " + std::string(rules_.name) + " knows all that " + kind + " leave", programs, count);
    text += "; " + std::to_string(count.model_only) + " trees are the model's alone";
    law(count.violations == 0 && count.mounted > 100, text);
  }
  [[nodiscard]] std::string numbers(const std::string& what, std::uint64_t programs, const tally& count) const {
    return fs_.name + ": " + what + ": " + std::to_string(programs) + " programs, " + std::to_string(count.recordings) +
           " recordings, " + std::to_string(count.flushes) + " flushes, " + std::to_string(count.mounted) + " of " +
           std::to_string(count.found) + " kernel states, " + std::to_string(count.trees) + " distinct trees, " +
           std::to_string(count.violations) + " violations";
  }

  file_system fs_;
  const profile& rules_;
  cutting machine_;
  share share_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return 2;
  const std::string directory = arguments[1];
  const file_system fs{arguments[2]};
  const profile* const rules = profile_named(count > 3 ? arguments[3] : fs.name);
  if (rules == nullptr) return 2;
  rig all(directory, fs, *rules);
  all.litmus_programs();
  if (count > 3) return failed == 0 ? 0 : 1;
  all.random_programs();
  all.helpers();
  all.lies();
  return failed == 0 ? 0 : 1;
}
