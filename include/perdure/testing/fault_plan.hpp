// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_FAULT_PLAN_HPP
#define PERDURE_TESTING_FAULT_PLAN_HPP

// fault_plan: the rules by which calls go wrong, and what has come of them. fault_fs asks it at every call.
//
//   fault_plan plan("sync ** nth 2 sync_lost drop");   // rules, one a line; or fault_rule values
//   plan.add("capacity 4096");
//   fault_fs fs(disk, plan);
//   ...
//   plan.strikes(0)   // how often the first rule struck: a test whose fault never happened has shown nothing
//   plan.text()       // all of it, to be pasted into the next test
//
// A copy is the same plan. Of several rules that concern a call the first that fails it or lies decides; delays add up, and so
// does what reads wrong. Calls may come from any thread; which is the n-th of several at once is then up to them, while a
// chance is a matter of the path and of how often that path was called, and so the same in every run.
//
// A rule that makes no sense is refused: ok() turns false and complaint() says why; a plan that is not ok fails every call with
// invalid_argument, so that a spelling mistake is not a test that passes.

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <perdure/testing/fault_rule.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

// What happens to one call.
struct fault_verdict {
  std::optional<failure> fails;
  bool after = false;
  bool lie = false;
  bool drop = false;
  bool clean = false;
  std::optional<std::uint64_t> short_bytes;
  std::optional<std::uint64_t> late_calls;
  std::uint64_t stale_keys = 0;
};

class fault_plan {
 public:
  fault_plan() : shared_(std::make_shared<state>()) {}
  fault_plan(const char* lines) : fault_plan() { add(lines); }
  fault_plan(const std::string& lines) : fault_plan() { add(lines); }
  fault_plan(std::initializer_list<fault_rule> rules) : fault_plan() {
    for (const fault_rule& rule : rules) add(rule);
  }

  void add(const fault_rule& rule) {
    const std::lock_guard lock(shared_->mutex);
    shared_->is_busy = true;
    if (const char* objection = rule.objection()) shared_->complaint = rule.text() + ": " + objection;
    shared_->rules.push_back({rule, 0, 0});
    if (rule.capacity_bytes) shared_->room_bytes = *rule.capacity_bytes;
    if (rule.drop) shared_->undoes = true;
  }
  void add(const std::string& lines) {
    for (std::size_t begin = 0; begin <= lines.size();) {
      std::size_t end = lines.find('\n', begin);
      if (end == std::string::npos) end = lines.size();
      const std::string line = lines.substr(begin, end - begin);
      begin = end + 1;
      if (line.substr(0, line.find('#')).find_first_not_of(" \t\r") == std::string::npos) continue;
      std::string why;
      if (const auto rule = fault_rule::parse(line, why)) {
        add(*rule);
      } else {
        const std::lock_guard lock(shared_->mutex);
        shared_->is_busy = true;
        shared_->complaint = line + ": " + why;
      }
    }
  }
  // No more faults; what was counted is forgotten.
  void clear() {
    const std::lock_guard lock(shared_->mutex);
    shared_->is_busy = false;
    shared_->rules.clear();
    shared_->calls.clear();
    shared_->chooser = nullptr;
    shared_->complaint.clear();
    shared_->room_bytes.reset();
    shared_->undoes = false;
  }
  // Asked at every call that no rule decides: what is to happen to it, if anything? For whoever tries faults one after another.
  void ask(std::function<std::optional<fault_rule>(enum operation, path_view)> chooser) {
    const std::lock_guard lock(shared_->mutex);
    shared_->is_busy = true;
    shared_->chooser = std::move(chooser);
    shared_->undoes = true;
  }
  // Called before every call, whatever the rules say: for whoever decides whose turn it is. An empty one takes it away.
  void before_each(std::function<void(enum operation, path_view)> watcher) {
    const std::lock_guard lock(shared_->mutex);
    shared_->is_watched = static_cast<bool>(watcher);
    shared_->watcher = std::move(watcher);
  }
  // How delays are spent. By default they only add up, in delayed_ms().
  void sleep_with(std::function<void(std::uint64_t milliseconds)> sleep) {
    const std::lock_guard lock(shared_->mutex);
    shared_->sleep = std::move(sleep);
  }

  [[nodiscard]] bool ok() const { return complaint().empty(); }
  [[nodiscard]] std::string complaint() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->complaint;
  }
  [[nodiscard]] std::string text() const {
    const std::lock_guard lock(shared_->mutex);
    std::string lines;
    for (const counted& one : shared_->rules) lines += one.rule.text() + "\n";
    return lines;
  }
  [[nodiscard]] std::uint64_t strikes(std::size_t rule) const {
    const std::lock_guard lock(shared_->mutex);
    return rule < shared_->rules.size() ? shared_->rules[rule].struck : 0;
  }
  // Of all of them, by their text.
  [[nodiscard]] std::map<std::string, std::uint64_t> strikes() const {
    const std::lock_guard lock(shared_->mutex);
    std::map<std::string, std::uint64_t> all;
    for (const counted& one : shared_->rules) all[one.rule.text()] += one.struck;
    return all;
  }
  [[nodiscard]] std::uint64_t delayed_ms() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->delayed_ms;
  }

  // Has it nothing to say?
  [[nodiscard]] bool idle() const noexcept {
    return !shared_->is_busy.load(std::memory_order_relaxed) && !shared_->is_watched.load(std::memory_order_relaxed);
  }

  // What follows is for fault_fs, and for whoever writes its like.

  [[nodiscard]] fault_verdict judge(enum operation called, path_view path) {
    std::unique_lock lock(shared_->mutex);
    if (const auto watcher = shared_->watcher) {
      lock.unlock();
      watcher(called, path);
      lock.lock();
    }
    fault_verdict verdict;
    if (!shared_->complaint.empty()) {
      verdict.fails = failure(code::invalid_argument, called);
      return verdict;
    }
    std::uint64_t slow_ms = 0;
    const std::uint64_t call = ++shared_->calls[{called, std::string(path.data(), path.size())}];
    for (counted& one : shared_->rules) {
      const fault_rule& rule = one.rule;
      if (!rule.concerns(called, path) || !one.strikes(called, path, call)) continue;
      ++one.struck;
      slow_ms += rule.slow_ms;
      if (rule.stale_keys > verdict.stale_keys) verdict.stale_keys = rule.stale_keys;
      if (verdict.fails || verdict.lie) continue;
      verdict.lie = rule.lie;
      if (rule.fails) verdict = failing(rule, called, path);
    }
    shared_->delayed_ms += slow_ms;
    const auto sleep = shared_->sleep;
    const auto chooser = shared_->chooser;
    lock.unlock();
    if (slow_ms != 0 && sleep) sleep(slow_ms);
    if (verdict.fails || verdict.lie || !chooser) return verdict;
    const auto chosen = chooser(called, path);
    return chosen && chosen->fails ? failing(*chosen, called, path) : verdict;
  }
  // Is anything of this file to read wrong?
  [[nodiscard]] bool damages(path_view path) const {
    const std::lock_guard lock(shared_->mutex);
    for (const counted& one : shared_->rules) {
      if ((one.rule.flip_bit || one.rule.zero) && one.rule.concerns(operation::read, path)) return true;
    }
    return false;
  }
  // Makes what was read from `offset` read wrong.
  void damage(path_view path, std::uint64_t offset, mutable_bytes read) const {
    const std::lock_guard lock(shared_->mutex);
    for (const counted& one : shared_->rules) {
      if (!one.rule.concerns(operation::read, path)) continue;
      if (const auto bit = one.rule.flip_bit; bit && *bit / 8 >= offset && *bit / 8 - offset < read.size())
        read.data()[*bit / 8 - offset] ^= static_cast<std::byte>(1U << (*bit % 8));
      if (!one.rule.zero) continue;
      for (std::size_t i = 0; i < read.size(); ++i) {
        const std::uint64_t at = offset + i;
        if (at >= one.rule.zero->offset && at - one.rule.zero->offset < one.rule.zero->size_bytes) read.data()[i] = std::byte{0};
      }
    }
  }
  [[nodiscard]] bool undoes() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->undoes;
  }
  // Takes up to so many bytes of the room that is left, and says how many there were.
  [[nodiscard]] std::uint64_t take_room(std::uint64_t wanted) {
    const std::lock_guard lock(shared_->mutex);
    if (!shared_->room_bytes) return wanted;
    const std::uint64_t taken = wanted < *shared_->room_bytes ? wanted : *shared_->room_bytes;
    *shared_->room_bytes -= taken;
    for (counted& one : shared_->rules) one.struck += taken < wanted && one.rule.capacity_bytes ? 1 : 0;
    return taken;
  }
  void give_room(std::uint64_t bytes) {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->room_bytes) *shared_->room_bytes += bytes;
  }
  [[nodiscard]] bool has_capacity() const {
    const std::lock_guard lock(shared_->mutex);
    return shared_->room_bytes.has_value();
  }

 private:
  [[nodiscard]] static fault_verdict failing(const fault_rule& rule, enum operation called, path_view path) {
    return {rule.answer(called, path), rule.after, false, rule.drop, rule.clean, rule.short_bytes, rule.late_calls, 0};
  }

  struct counted {
    fault_rule rule;
    std::uint64_t matched;
    std::uint64_t struck;

    // `call`: how often this operation has been called on this path.
    [[nodiscard]] bool strikes(enum operation called, path_view path, std::uint64_t call) {
      ++matched;
      if (rule.nth != 0 && matched != rule.nth) return false;
      if (rule.from != 0 && matched < rule.from) return false;
      if (rule.times != 0 && struck >= rule.times) return false;
      return rule.chance_ppm == 1'000'000 || dice(called, path, call) < rule.chance_ppm;
    }
    [[nodiscard]] std::uint32_t dice(enum operation called, path_view path, std::uint64_t call) const {
      std::uint64_t thrown = rule.seed * 0x9e3779b97f4a7c15U + static_cast<std::uint64_t>(called) * 0xbf58476d1ce4e5b9U + call;
      for (std::size_t i = 0; i < path.size(); ++i) thrown = stirred(thrown ^ static_cast<unsigned char>(path[i]));
      return static_cast<std::uint32_t>(stirred(thrown) % 1'000'000);
    }
    [[nodiscard]] static std::uint64_t stirred(std::uint64_t x) {
      x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
      x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
      return x ^ (x >> 31);
    }
  };
  struct state {
    std::mutex mutex;
    std::atomic<bool> is_busy = false;  // there are rules, or somebody to ask, or a complaint
    std::atomic<bool> is_watched = false;
    std::function<void(enum operation, path_view)> watcher;
    std::vector<counted> rules;
    std::map<std::pair<enum operation, std::string>, std::uint64_t> calls;
    std::string complaint;
    std::function<void(std::uint64_t)> sleep;
    std::function<std::optional<fault_rule>(enum operation, path_view)> chooser;
    std::uint64_t delayed_ms = 0;
    std::optional<std::uint64_t> room_bytes;
    bool undoes = false;
  };
  std::shared_ptr<state> shared_;
};

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_FAULT_PLAN_HPP
