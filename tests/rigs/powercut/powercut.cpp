// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// powercut DIRECTORY FILE_SYSTEM WORKERS SECONDS [PROFILE]: cuts the power of the kernel that runs, on a file system that was
// made in DIRECTORY/0/template and so on, for each worker another one, with DIRECTORY/recorder to watch their disks. For so many
// seconds random programs are begun, beside all that is always done; after half of them it hurries. With a PROFILE, which is not
// that of the file system, the litmus programs alone are held against it, and the exit status says whether something was seen
// that it forbids.

#include <tests/crash/programs.hpp>
#include <tests/rigs/powercut/helpers.hpp>
#include <tests/rigs/powercut/model.hpp>

#include <sys/mman.h>

#include <atomic>
#include <cstdio>
#include <ctime>

using namespace powercut;

namespace {

constexpr std::size_t random_programs_min = 20;
constexpr std::size_t random_programs_max = 1000;
constexpr cut_budget litmus_budget{6, 16, 25};
constexpr cut_budget helper_budget{5, 8, 16};
constexpr cut_budget random_budget{5, 12, 32};

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

enum class kind : std::uint8_t { litmus, helper, lie, random };

struct task {
  enum kind kind;
  std::function<void(cutting& machine, tally& count)> work;
};

void promised(const promised_program& one, cutting& machine, const std::vector<schedule>& beside, const cut_budget& budget,
              tally& count) {
  std::set<std::string> seen;
  for (const schedule& some : beside) machine.cut(one.what, some, budget, 1, one.check, seen, count);
  count.trees += seen.size();
}

using rename_list = std::vector<std::pair<std::string, std::string>>;

// Every tree is one that the lab knows, too.
task compared(enum kind kind, const profile& rules, const std::string& name, const std::vector<tests::fs_step>& setup,
              const std::vector<tests::fs_step>& steps, const rename_list& renames, const std::vector<schedule>& beside,
              std::uint64_t seed) {
  return {kind, [=, &rules](cutting& machine, tally& count) {
            const model expected(rules, setup, steps);
            if (!expected.exhaustive()) give_up(name + " is too much for the lab");
            std::set<std::string> seen;
            for (std::size_t i = 0; i < beside.size(); ++i) {
              machine.cut(
                  over_posix(name + ", schedule " + std::to_string(i), setup, steps), beside[i],
                  kind == kind::litmus ? litmus_budget : random_budget, seed,
                  [&](const tree& left, const std::string& text, const progress& when) -> std::string {
                    if (expected.allows(text, when)) return "";
                    for (const auto& [from, to] : renames) {
                      const bool moved_back = left.count(from) == 1 && left.count(to) == 0;
                      if (&rules == &profile::btrfs && moved_back && expected.allows_but_for(to, left, when)) return known_bug;
                    }
                    return "the profile has no such disk, but\n" + expected.told(when, 4);
                  },
                  seen, count);
            }
            count.trees += seen.size();
            for (const std::string& one : expected.all()) count.model_only += seen.count(one) == 0 ? 1U : 0U;
          }};
}

void add_litmus(const profile& rules, bool quick, std::vector<task>& all) {
  std::vector<schedule> beside;
  for (const writeback what : every_writeback) {
    if (!quick || what == writeback::none || what == writeback::data_and_journal) beside.push_back(always(what));
  }
  for (const tests::litmus* one : tests::every_litmus)
    all.push_back(
        compared(kind::litmus, rules, one->name, one->setup.steps(), one->work.steps(), one->work.renames(), beside, all.size()));
}
// The rig can fail.
void add_lies(std::vector<task>& all) {
  for (const promised_program& one : kept_promises::none()) {
    all.push_back({kind::lie, [=](cutting& machine, tally& count) {
                     cut_budget silent = helper_budget;
                     silent.told_max = 0;
                     promised(one, machine, {always(writeback::none), always(writeback::journal)}, silent, count);
                   }});
  }
}
// Each with a random program beside it, and then all the others.
void add_helpers(const std::vector<task>& random, std::vector<task>& all) {
  std::size_t seed = 0;
  for (const promised_program& one : kept_promises::all()) {
    all.push_back({kind::helper, [=](cutting& machine, tally& count) {
                     promised(one, machine, {always(writeback::none), drawn(seed)}, helper_budget, count);
                   }});
    all.push_back(random[seed++]);
  }
  all.insert(all.end(), random.begin() + static_cast<std::ptrdiff_t>(seed), random.end());
}
void add_random(const profile& rules, std::vector<task>& all) {
  for (std::uint64_t seed = 1; seed <= random_programs_max; ++seed) {
    std::vector<tests::fs_step> steps;
    rename_list renames;
    std::string text = "program " + std::to_string(seed) + " (";
    for (const tests::instruction& one : tests::program(seed, 4 + static_cast<std::uint32_t>(seed % 6))) {
      text += (steps.empty() ? "" : "; ") + tests::told(one);
      steps.push_back([=](any_fs& fs) { tests::run_one(fs, one); });
      if (one.what == 8 || one.what == 9) renames.emplace_back(one.first, one.second);
    }
    const schedule beside = seed % 3 == 0 ? always(every_writeback[seed / 3 % 5]) : drawn(seed);
    all.push_back(
        compared(kind::random, rules, text + ")", {[](any_fs& fs) { tests::make_files(fs); }}, steps, renames, {beside}, seed));
  }
}

// What the workers share: which task is next, and what became of each.
struct board {
  std::atomic<std::size_t> next;
  std::atomic<std::size_t> random;  // how many of those were begun
  tally counts[2000];
};

int failed = 0;
void law(bool holds, const std::string& text) {
  std::printf("%s %s\n", holds ? "ok" : "FAILED:", text.c_str());
  std::fflush(stdout);
  failed += holds ? 0 : 1;
}

// To do them takes waiting more than work: mounting waits for every processor to have done something else.
void do_all(const std::vector<task>& all, board& shared, const std::string& directory, const file_system& fs, int workers,
            std::time_t seconds) {
  const std::time_t end = std::time(nullptr) + seconds;
  std::vector<pid_t> children;
  for (int worker = 0; worker < workers; ++worker) {
    const pid_t child = forked();
    if (child != 0) {
      children.push_back(child);
      continue;
    }
    {
      cutting machine(directory + "/" + std::to_string(worker), directory + "/recorder", fs);
      for (std::size_t i = shared.next++; i < all.size(); i = shared.next++) {
        const std::time_t now = std::time(nullptr);
        if (all[i].kind == kind::random && shared.random++ >= random_programs_min && now >= end) continue;
        machine.hurry(now >= end - seconds / 2);
        all[i].work(machine, shared.counts[i]);
      }
    }
    std::_Exit(0);
  }
  bool well = true;
  for (const pid_t child : children) {
    int status = 0;
    well = ::waitpid(child, &status, 0) == child && status == 0 && well;
  }
  if (!well) law(false, fs.name + ": a worker gave up");
}

void tell(const std::string& what, enum kind kind, const std::vector<task>& all, const board& shared) {
  tally sum;
  std::size_t programs = 0;
  std::size_t unharmed = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const tally& one = shared.counts[i];
    if (all[i].kind != kind || one.recordings == 0) continue;
    ++programs;
    unharmed += one.violations == 0 ? 1U : 0U;
    sum.recordings += one.recordings;
    sum.flushes += one.flushes;
    sum.found += one.found;
    sum.mounted += one.mounted;
    sum.violations += one.violations;
    sum.known_bugs += one.known_bugs;
    sum.trees += one.trees;
    sum.model_only += one.model_only;
  }
  const auto number = [](std::size_t count, const char* of) { return std::to_string(count) + of; };
  std::string text = what + ": " + number(programs, " programs, ") + number(sum.recordings, " recordings, ") +
                     number(sum.flushes, " flushes, ") + number(sum.mounted, " of ") + number(sum.found, " kernel states, ") +
                     number(sum.trees, " distinct trees, ") + number(sum.violations, " violations");
  if (kind == kind::litmus || kind == kind::random)
    text += number(sum.model_only, " trees are the model's alone").insert(0, ", ");
  if (sum.known_bugs != 0) text += number(sum.known_bugs, " with a known bug of the kernel").insert(0, ", ");
  law(programs != 0 && (kind == kind::lie ? unharmed == 0 : sum.violations == 0), text);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 5) return 2;
  const std::string directory = arguments[1];
  const file_system fs{arguments[2]};
  const profile* const rules = profile_named(count > 5 ? arguments[5] : fs.name);
  if (rules == nullptr) return 2;
  std::vector<task> all;
  add_litmus(*rules, count > 5, all);
  if (count <= 5) {
    std::vector<task> random;
    add_lies(all);
    add_random(*rules, random);
    add_helpers(random, all);
  }
  void* const memory = ::mmap(nullptr, sizeof(board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) give_up("mmap");
  board& shared = *new (memory) board{};
  do_all(all, shared, directory, fs, std::atoi(arguments[3]), std::atoi(arguments[4]));
  const std::string known = fs.name + ": the profile " + rules->name + " knows all that ";
  tell(known + "litmus programs leave", kind::litmus, all, shared);
  if (count <= 5) {
    tell(known + "random programs leave", kind::random, all, shared);
    tell(fs.name + ": the verbs keep their promises", kind::helper, all, shared);
    tell(fs.name + ": saves that promise more than they do are found out", kind::lie, all, shared);
  }
  return failed == 0 ? 0 : 1;
}
