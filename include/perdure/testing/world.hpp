// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_WORLD_HPP
#define PERDURE_TESTING_WORLD_HPP

// world: what a workload lives in. process: one of several that run in it, side by side. after_crash: what its check finds.
// verdict: what the check says of it.

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <perdure/core/describe.hpp>
#include <perdure/testing/choose.hpp>
#include <perdure/testing/crash_fs.hpp>
#include <perdure/testing/crash_store.hpp>
#include <perdure/testing/detail/disk_text.hpp>
#include <perdure/testing/detail/history.hpp>
#include <perdure/testing/detail/turns.hpp>
#include <perdure/testing/natural_faults.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

// Fine, or what is wrong. From a bool, a text (an empty one is fine) or a result.
class verdict {
 public:
  template <class B>
    requires std::is_same_v<B, bool>
  verdict(B ok) : complaint_(ok ? "" : "it says no") {}
  verdict(std::string complaint) : complaint_(std::move(complaint)) {}
  verdict(const char* complaint) : complaint_(complaint) {}
  template <class T>
  verdict(const result<T>& done) : complaint_(done ? std::string() : std::string(describe(done.error()))) {}

  [[nodiscard]] explicit operator bool() const noexcept { return complaint_.empty(); }
  [[nodiscard]] const std::string& complaint() const noexcept { return complaint_; }

 private:
  std::string complaint_;
};

namespace detail {
// What one run may still do that is not its own doing.
struct run_limits {
  std::uint32_t faults = 0;
  std::uint32_t preemptions = 0;
  std::uint32_t kill = 0;   // see run_options
  std::uint32_t kills = 0;  // of one process alone
};
}  // namespace detail

class world;

// One of several processes, as world::processes() hands it to its work. What it opens by its own fs() and store() is its own:
// when it is killed its locks are free, its handles are dead, and what it still calls fails, as in crash_fs.hpp. The others go
// on.
class process {
 public:
  [[nodiscard]] crash_fs& fs() noexcept { return fs_; }
  [[nodiscard]] crash_store& store() noexcept { return store_; }
  // As world::step, by this one: what it was about when it was killed is unknown.
  template <class Work>
  step_outcome step(std::string value, Work&& work);

 private:
  friend class world;
  process(world& all, const std::shared_ptr<detail::disk>& disk, std::uint32_t number)
      : world_(all), number_(number), fs_(disk, number), store_(disk, number) {}

  world& world_;
  std::uint32_t number_;
  crash_fs fs_;
  crash_store store_;
};

// Where a workload may go two ways by itself, it asks choose(), and every way is gone. It must do the same thing again when it is
// run again: it has no other source of time, chance or names than this and its file system.
class world {
 public:
  world(std::shared_ptr<detail::disk> disk, detail::history& history, choice_source& source, detail::run_limits& left)
      : disk_(disk), history_(history), source_(source), left_(left), fs_(disk), store_(std::move(disk)) {
    history_.end_all();
    disk_->ask = [this](std::uint32_t ways) { return asked(ways); };
    ask_for_faults(fs_, store_, process_);
  }
  ~world() { disk_->ask = nullptr; }
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  // Its plan takes rules of the workload's own, too: world.fs().plan().add("capacity 4096").
  [[nodiscard]] crash_fs& fs() noexcept { return fs_; }
  // Objects that another machine keeps: they outlive power cuts and kills here.
  [[nodiscard]] crash_store& store() noexcept { return store_; }
  [[nodiscard]] manual_clock& clock() noexcept { return disk_->clock; }
  [[nodiscard]] std::uint32_t choose(std::uint32_t ways) {
    if (turns_) turns_->hold();
    const std::uint32_t way = asked(ways);
    note("goes way " + std::to_string(way) + " of " + std::to_string(ways));
    return way;
  }

  // One change, named by the value that it installs. What work() returns says what became of it: a result; true or false (which
  // is: it cannot say), or what converts to that; a std::error_code; or nothing where it cannot fail. A success with a report of
  // less than full durability may have happened.
  template <class Work>
  step_outcome step(std::string value, Work&& work) {
    return step_of(process_, std::move(value), work);
  }

  // Runs these side by side, as threads of which one goes at a time, to their ends. At each call of fs(), each lock() of a
  // lab_sync::mutex and each yield() another one may go on: every way is gone, with at most .preemptions switches away from a
  // thread that could have gone on. A deadlock or livelock fails the exploration.
  template <class... Work>
  void together(Work&&... work) {
    side_by_side({std::function<void()>(std::forward<Work>(work))...}, {});
  }
  // As together(), with a process of its own for each: work(process&). Up to .kills of them are killed, each before any of its
  // operations that change or sync something, while the others go on. They share the disk, the store and the clock, and are
  // otherwise to keep to themselves: what they share in memory no processes share.
  template <class... Work>
  void processes(Work&&... work) {
    const std::function<void(process&)> works[] = {std::function<void(process&)>(std::forward<Work>(work))...};
    std::vector<std::unique_ptr<process>> all;
    std::vector<std::function<void()>> calls;
    for (const auto& one : works) {
      all.push_back(std::unique_ptr<process>(new process(*this, disk_, disk_->beside.begin())));
      process& mine = *all.back();
      ask_for_faults(mine.fs_, mine.store_, mine.number_);
      calls.push_back([&one, &mine] { one(mine); });
    }
    disk_->beside.kills_left = left_.kills;
    side_by_side(std::move(calls), all);
    left_.kills = std::exchange(disk_->beside.kills_left, 0);
    for (const auto& one : all) disk_->end_process(one->number_);
  }
  // Between two calls, a place where another thread may go on.
  void yield() {
    if (turns_) turns_->turn([] { return std::string("yield"); });
  }

  // A line in the trace of a failure.
  void note(const std::string& text) {
    if (!disk_->tracing || is_dead()) return;
    if (turns_) turns_->hold();
    disk_->trace.push_back({0, disk_->speaker + text});
  }

 private:
  friend class process;
  template <class Work>
  step_outcome step_of(std::uint32_t process, std::string value, Work& work) {
    const auto is_dead = [&] { return !disk_->is_alive(process); };
    if (turns_) turns_->hold();
    if (is_dead()) return step_outcome::not_begun;
    if (!disk_->recording) return outcome_of(work);
    disk_->note_begin();
    note("step " + detail::quoted(value));
    const std::size_t number = history_.begin(std::move(value));
    step_outcome outcome = outcome_of(work);
    if (turns_) turns_->hold();
    if (is_dead()) {  // nobody heard what it returned
      history_.abandon(number);
      return step_outcome::unknown;
    }
    history_.end(number, outcome);
    disk_->note_end();
    if (disk_->tracing) note("step " + detail::quoted(history_.value(number)) + told(outcome));
    return outcome;
  }

  void side_by_side(std::vector<std::function<void()>> works, const std::vector<std::unique_ptr<process>>& processes) {
    if (turns_) detail::panic("world: together() or processes() within another one");
    turns_ = std::make_shared<detail::turns>(
        disk_, [this](std::uint32_t ways) { return asked(ways); }, [this] { return replay_so_far(); }, left_.preemptions);
    // Its report may have to be printed by a run that nobody meant to trace.
    disk_->tracing = true;
    watch(fs_, store_, process_);
    for (const auto& one : processes) watch(one->fs_, one->store_, one->number_);
    detail::turns::run(turns_, std::move(works));
    fs_.plan().before_each({});
    store_.plan().before_each({});
    turns_.reset();
  }
  // A thread that has slept may ask this before it has its turn.
  [[nodiscard]] bool lives(std::uint32_t process) const {
    const std::lock_guard lock(disk_->mutex);
    return disk_->is_alive(process);
  }
  void watch(crash_fs& fs, crash_store& store, std::uint32_t process) {
    const auto before = [this, turns = turns_, process](enum operation called, path_view path) {
      if (process != process_ && !lives(process)) return turns->turn_of_dead();
      const auto text = [&] { return detail::word_of(called) + (" " + std::string(path.data(), path.size())); };
      turns->turn(text);
      if (tells_of(called)) turns->say(text());
    };
    fs.plan().before_each(before);
    store.plan().before_each(before);
  }
  void ask_for_faults(crash_fs& fs, crash_store& store, std::uint32_t process) {
    if (left_.faults == 0) return;
    fs.plan().ask([this, process](enum operation called, path_view path) { return next_fault(process, called, path); });
    store.plan().ask([this, process](enum operation called, key_view key) { return next_fault(process, called, key); });
  }
  [[nodiscard]] bool is_dead() const noexcept { return process_ != disk_->process; }
  // With how many cuts there were by then: they are those of every path that parts from this one here.
  [[nodiscard]] std::uint32_t asked(std::uint32_t ways) {
    if (ways > 1 && disk_->cuts_at_choice.size() >= detail::disk::steps_max) {
      disk_->hang_for_good("choices");
      return ways - 1;  // what was 0 so often may be waited for
    }
    if (ways > 1) disk_->cuts_at_choice.push_back(disk_->cuts.size());
    return source_.choose(ways);
  }
  // What changes something is in the trace in any case. Of what only looks, this is what another thread can make look otherwise.
  [[nodiscard]] static constexpr bool tells_of(enum operation one) noexcept {
    return one == operation::open || one == operation::read || one == operation::stat || one == operation::list ||
           one == operation::lock || one == operation::map || one == operation::read_link;
  }
  [[nodiscard]] std::string replay_so_far() const {
    replay_token token{{left_.kill}, 0};
    for (const std::uint32_t answer : source_.answers()) token.digits.push_back(answer);
    return token.text();
  }
  [[nodiscard]] std::optional<fault_rule> next_fault(std::uint32_t process, enum operation called, path_view path) {
    if (left_.faults == 0 || !disk_->is_alive(process)) return std::nullopt;
    const auto faults = natural_faults(called);
    const std::uint32_t way = asked(1 + static_cast<std::uint32_t>(faults.size()));
    if (way == 0) return std::nullopt;
    --left_.faults;
    fault_rule fault = faults[way - 1];
    fault.path.assign(path.data(), path.size());
    fault.nth = 0;
    note("fault: " + fault.text());
    return fault;
  }
  template <class Work>
  [[nodiscard]] step_outcome outcome_of(Work& work) {
    using returned = std::remove_cvref_t<decltype(work())>;
    if constexpr (std::is_void_v<returned>) {
      work();
      return step_outcome::acknowledged;
    } else if constexpr (requires(returned& done) { done.error().outcome(); }) {
      const auto done = work();
      if constexpr (requires { done->durability == std::remove_cvref_t<decltype(done->durability)>::full; }) {
        if (done && done->durability != std::remove_cvref_t<decltype(done->durability)>::full) {
          note("it is done, and reports that it may not last: less than full durability");
          return step_outcome::unknown;
        }
      }
      if (done) return step_outcome::acknowledged;
      return done.error().outcome() == outcome::unchanged ? step_outcome::unchanged : step_outcome::unknown;
    } else if constexpr (requires(returned& done) { done.category(); }) {
      return work() ? step_outcome::unknown : step_outcome::acknowledged;  // a std::error_code: true is a failure
    } else {
      static_assert(!std::is_arithmetic_v<returned> || std::is_same_v<returned, bool>, "step: is 0 a success or a failure?");
      return static_cast<bool>(work()) ? step_outcome::acknowledged : step_outcome::unknown;
    }
  }
  [[nodiscard]] static const char* told(step_outcome outcome) noexcept {
    return outcome == step_outcome::acknowledged ? ": acknowledged"
           : outcome == step_outcome::unchanged  ? ": failed, and changed nothing"
                                                 : ": failed, and may have happened";
  }

  std::shared_ptr<detail::disk> disk_;
  detail::history& history_;
  choice_source& source_;
  detail::run_limits& left_;
  std::shared_ptr<detail::turns> turns_;
  crash_fs fs_;
  crash_store store_;
  std::uint32_t process_ = disk_->process;
};

template <class Work>
step_outcome process::step(std::string value, Work&& work) {
  return world_.step_of(number_, std::move(value), work);
}

class after_crash {
 public:
  after_crash(std::shared_ptr<detail::disk> disk, const detail::history& history)
      : disk_(disk), history_(history), fs_(disk), store_(std::move(disk)) {}

  // One legal disk, after the restart. It may be written to: what is done to one is not seen in another.
  [[nodiscard]] crash_fs& fs() noexcept { return fs_; }
  // The objects as they were when the power went; what was on its way to them then may still arrive, in every way.
  [[nodiscard]] crash_store& store() noexcept { return store_; }
  [[nodiscard]] manual_clock& clock() noexcept { return disk_->clock; }

  // Is this the value of the last step that was acknowledged, or of a later one that may have happened? Before any, `initial`. A
  // file that was not found is "absent"; what could not be read is nothing at all.
  [[nodiscard]] verdict latest_is(const result<std::string>& found, const std::string& initial) const {
    history_.note_asked();
    if (!found && found.error().code() != code::not_found) return verdict(found);
    static const std::string absent = "absent";
    const std::string& is = found ? *found : absent;
    for (const std::size_t step : allowed_) {
      if (is == history_.value(step)) return true;
    }
    if (initial_allowed_ && is == initial) return true;
    return "found " + detail::quoted(is) + ", which may only be " + allowed_text(initial) +
           (history_.steps() == 0 ? ": the workload has no step() that names another value" : "");
  }

  // What was known of a step when the power went; of several with one value, of the last.
  [[nodiscard]] step_outcome outcome_of(const std::string& value) const {
    for (std::size_t step = history_.steps(); step-- > 0;) {
      if (history_.value(step) == value && outcomes_[step] != step_outcome::not_begun) return outcomes_[step];
    }
    return step_outcome::not_begun;
  }
  [[nodiscard]] bool acknowledged(const std::string& value) const { return outcome_of(value) == step_outcome::acknowledged; }

  void begin_cut(std::size_t events) {
    initial_allowed_ = history_.allowed(events, allowed_);
    history_.outcomes(events, outcomes_);
  }

 private:
  [[nodiscard]] std::string allowed_text(const std::string& initial) const {
    std::string all = initial_allowed_ ? detail::quoted(initial) : "";
    for (const std::size_t step : allowed_) all += (all.empty() ? "" : " or ") + detail::quoted(history_.value(step));
    return all;
  }

  std::shared_ptr<detail::disk> disk_;
  const detail::history& history_;
  crash_fs fs_;
  crash_store store_;
  bool initial_allowed_ = true;
  std::vector<std::size_t> allowed_;
  std::vector<step_outcome> outcomes_;
};

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_WORLD_HPP
