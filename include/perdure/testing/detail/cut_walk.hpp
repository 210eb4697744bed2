// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_CUT_WALK_HPP
#define PERDURE_TESTING_DETAIL_CUT_WALK_HPP

// cut_walk: the disks that the cuts of one recorded run may leave, each checked, and cut again while it is recovered from.
//
// A recovery is a run like any other: it is recorded from each disk that the first cut left, and has a cut_walk of its own, one
// level down. What the levels have in common is the search.

#include <chrono>
#include <memory>
#include <string>

#include <perdure/testing/detail/lab_run.hpp>
#include <perdure/testing/detail/trace_text.hpp>
#include <perdure/testing/report.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

// What is known of the whole exploration.
struct search {
  search(const exploration& all, class report& into, std::uint64_t limit) : what(all), found(into), states_max(limit) {}

  const exploration& what;
  class report& found;
  seen_states seen;
  std::uint64_t run = 0;
  std::uint64_t states_max;
  static constexpr auto never = (std::chrono::steady_clock::time_point::max)();
  std::chrono::steady_clock::time_point end = never;
  std::uint32_t looks = 0;  // at a state, since the last one at the clock
  bool out_of_budget = false;
  std::uint32_t looked_in_vain = 0;                  // at states seen before, lately: everything was read there
  sync_site skip_sync = {};                          // this one silently does nothing, if a recovery does it
  std::vector<sync_site>* recovery_syncs = nullptr;  // where those of recoveries are noted

  // The best failure so far: the fewest digits that are not the first.
  bool failed = false;
  tape failure;
  std::size_t deviations = 0;
  std::uint64_t visits_left = 0;  // for a better one

  // In a replay.
  const tape* forced = nullptr;
  std::size_t forced_at = 0;
  bool differs = false;
  std::string text;

  void bound(choice_source& one) const noexcept {
    if (what.budget.depth != 0) one.go_no_deeper_than(what.budget.depth);
  }
  void look_at_clock() {
    if (end != never && std::chrono::steady_clock::now() >= end) out_of_budget = true;
  }
  void note_bound(const choice_source& one) noexcept {
    if (!one.left_out()) return;
    found.exhaustive = false;
    found.depth = what.budget.depth;
  }
  [[nodiscard]] bool stopped() const noexcept { return out_of_budget || (failed && visits_left == 0); }
  [[nodiscard]] std::uint32_t next_forced(std::uint32_t ways) noexcept {
    const std::uint32_t digit = forced_at < forced->size() ? (*forced)[forced_at] : 0;
    ++forced_at;
    differs = differs || digit >= ways;
    return digit < ways ? digit : ways - 1;
  }
};

class cut_walk final : private state_visitor, private digit_policy {
 public:
  cut_walk(search& all, const disk& recorded, const history& steps, tape before, std::uint32_t nested_left)
      : all_(all),
        recorded_(recorded),
        steps_(steps),
        before_(std::move(before)),
        nested_left_(all.what.recover ? nested_left : 0),
        shown_(show(recorded)),
        after_(shown_, steps),
        states_(*shown_, recorded.log),
        layout_(mixed(layout_of(recorded), all.run)) {}

  // At each cut from this one on, each disk.
  void every_state(std::size_t first_cut) {
    for (at_ = first_cut; at_ < recorded_.cuts.size() && !all_.failed && !all_.stopped(); ++at_) {
      begin_cut();
      how_ = ways_to_go::all;
      walk(all_.what.reductions.unread);
    }
  }
  // Some disks of each cut, those that differ least from nothing and from everything first.
  void some_states(std::size_t first_cut, std::uint64_t share) {
    for (at_ = first_cut; at_ < recorded_.cuts.size() && !all_.stopped(); ++at_) {
      begin_cut();
      if (all_.found.at_least < counted_max) count();
      for (const auto how : {ways_to_go::first, ways_to_go::last}) {
        how_ = how;
        deviate_at_ = SIZE_MAX;
        one();
        const std::size_t digits = asked_;
        for (std::size_t digit = 0; digit < digits && digit < share && !all_.stopped(); ++digit) {
          deviate_at_ = digit;
          for (deviate_to_ = 0, ways_there_ = 1; deviate_to_ < ways_there_ && !all_.stopped(); ++deviate_to_) one();
        }
      }
      how_ = ways_to_go::any;
      random_ = mixed(all_.what.seed, at_ + 1);
      for (std::uint64_t i = 0; i < share && !all_.stopped(); ++i) one();
    }
  }
  // The one that the tape says.
  void forced_state() {
    at_ = all_.next_forced(static_cast<std::uint32_t>(recorded_.cuts.size()));
    begin_cut();
    how_ = ways_to_go::forced;
    walk(false);
  }

 private:
  enum class ways_to_go : std::uint8_t { all, counted, first, last, any, forced };
  static constexpr std::uint64_t visits_after_failure = 20'000;
  static constexpr std::uint64_t counted_max = 3'000'000;
  static constexpr std::size_t digits_of_many = 3;
  static constexpr std::uint32_t looks_in_vain_max = 16;

  [[nodiscard]] static std::shared_ptr<disk> show(const disk& recorded) {
    auto shown = std::make_shared<disk>();
    shown->tree = recorded.tree;
    shown->boot = recorded.boot + 1;
    shown->clock = recorded.clock;
    shown->put_back = true;
    return shown;
  }
  // Which bit of what was read stands for what.
  [[nodiscard]] static std::uint64_t layout_of(const disk& recorded) {
    std::uint64_t all = 0;
    for (const chain& one : recorded.log.chains()) {
      const bool is_name = one.kind == chain_kind::entry;
      const std::uint64_t which = is_name ? recorded.tree[one.owner].entries[one.index].name_hash : one.index;
      all = mixed(all, mixed(std::uint64_t{one.owner} << 8 | static_cast<std::uint64_t>(one.kind), which));
    }
    return all;
  }
  void begin_cut() {
    const power_cut& cut = recorded_.cuts[at_];
    states_.begin_cut(cut);
    after_.begin_cut(cut.events);
    key_ = mixed(mixed(steps_.key(cut.events), nested_left_), cut.remote.hash());
    if (all_.forced == nullptr) ++all_.found.cuts;
  }
  void walk(bool skip_unread) {
    states_.walk(*this, *this, skip_unread, all_.what.reductions.few_mixtures);
    if (states_.left_out()) all_.found.mixtures_left_out = true;
  }
  void one() {
    asked_ = 0;
    walk(false);
  }
  void count() {
    how_ = ways_to_go::counted;
    counted_ = 0;
    walk(false);
    if (counted_ > all_.found.at_least) all_.found.at_least = counted_;
  }

  ways of(std::uint32_t count) override {
    std::uint32_t way = 0;
    switch (how_) {
      case ways_to_go::all:
      case ways_to_go::counted:
        return {0, count};
      case ways_to_go::first:
      case ways_to_go::last:
        way = how_ == ways_to_go::first ? 0 : count - 1;
        if (asked_ == deviate_at_) {
          ways_there_ = count;
          way = deviate_to_;
        }
        break;
      case ways_to_go::any:
        random_ = mixed(random_, asked_);
        way = static_cast<std::uint32_t>((random_ >> 32) * count >> 32);
        break;
      case ways_to_go::forced:
        way = all_.next_forced(count);
        break;
    }
    ++asked_;
    return {way, way + 1};
  }

  [[nodiscard]] bool done() const override { return all_.stopped() || (how_ == ways_to_go::counted && counted_ >= counted_max); }

  std::uint64_t visit(const state_sums& state) override {
    constexpr std::uint64_t everything = ~std::uint64_t{0};
    if (++all_.looks % 64 == 0) all_.look_at_clock();
    if (how_ == ways_to_go::counted) {
      ++counted_;
      return everything;
    }
    if (how_ == ways_to_go::forced) {
      replay();
      return everything;
    }
    ++all_.found.visited;
    if (all_.failed) --all_.visits_left;
    const std::uint64_t key = mixed(state.shown, key_);
    const std::uint64_t nodes = mixed(state.nodes, layout_);
    bool is_new = true;
    if (all_.what.reductions.same_disk) {
      const auto known = all_.seen.insert(key);
      is_new = known.is_new;
      // What was read there says what would be read here only if the same files stand behind the names, and the same chains
      // behind the bits: two recoveries that did different things may leave the same disk. Where there are many like it, it is
      // looked at again: what is not read here need not be varied here.
      if (!is_new && known.of->second == nodes) return known.of->first;
      const bool has_many_like_it =
          all_.what.reductions.unread && states_.digits().size() >= digits_of_many && all_.looked_in_vain < looks_in_vain_max;
      if (!is_new && (nested_left_ > 0 || !has_many_like_it)) return everything;
    }
    if (is_new) ++all_.found.states;
    if (all_.found.states >= all_.states_max) all_.out_of_budget = true;
    (void)shown_->tree.take_reads();
    bool failed = false;
    each_arrival([&](choice_source& arrivals) {
      const verdict said = examine(arrivals);
      arrived_ = arrivals.answers();
      failed = failed || !said;
      if (!said) note_failure();
    });
    std::uint64_t reads = shown_->tree.take_reads();
    const bool is_all_read = (reads & shown_->tree.all_reads()) == shown_->tree.all_reads();
    if (!is_new) all_.looked_in_vain = is_all_read ? all_.looked_in_vain + 1 : 0;
    if (!failed && nested_left_ > 0) {
      each_arrival([&](choice_source& arrivals) { cut_recovery(arrivals); });
      reads = everything;
    }
    arrived_.clear();
    if (all_.what.reductions.same_disk) *all_.seen.insert(key).of = {reads, nodes};
    return reads;
  }

  // What was on its way to the store when the power went may arrive between any two calls of whoever looks.
  template <class Use>
  void each_arrival(Use&& use) {
    choice_source arrivals;
    all_.bound(arrivals);
    do {
      use(arrivals);
    } while (!all_.stopped() && arrivals.next());
    all_.note_bound(arrivals);
  }
  void let_arrive(disk& there, choice_source& arrivals) {
    there.remote = recorded_.cuts[at_].remote;
    there.ask = [&arrivals](std::uint32_t count) { return arrivals.choose(count); };
  }

  [[nodiscard]] verdict examine(choice_source& arrivals) {
    shown_->clock = recorded_.clock;
    let_arrive(*shown_, arrivals);
    if (all_.what.recover) all_.what.recover(after_);
    verdict said = all_.what.check(after_);
    shown_->restore();
    return said;
  }

  [[nodiscard]] tape digits() const {
    tape all = before_;
    all.push_back(static_cast<std::uint32_t>(at_));
    all.insert(all.end(), states_.digits().begin(), states_.digits().end());
    if (recorded_.cuts[at_].remote.flying.empty()) return all;
    all.push_back(static_cast<std::uint32_t>(arrived_.size()));
    all.insert(all.end(), arrived_.begin(), arrived_.end());
    return all;
  }
  void note_failure() {
    tape here = digits();
    std::size_t deviations = 0;
    for (const std::uint32_t digit : here) deviations += digit != 0 ? 1 : 0;
    if (!all_.failed) {
      all_.visits_left = all_.what.reductions.nearest_first && how_ == ways_to_go::all ? visits_after_failure : 0;
    } else if (deviations >= all_.deviations) {
      return;
    }
    all_.failed = true;
    all_.failure = std::move(here);
    all_.deviations = deviations;
  }

  // The recovery from the disk that is shown, recorded.
  [[nodiscard]] std::shared_ptr<disk> recovered(choice_source& arrivals, bool tracing) {
    auto again = std::make_shared<disk>();
    again->tree = shown_->tree.settled();
    again->boot = shown_->boot + 1;
    again->clock = shown_->clock;
    again->tracing = tracing;
    let_arrive(*again, arrivals);
    again->syncs.skipped = all_.skip_sync;
    again->syncs.tells_texts = tracing || all_.recovery_syncs != nullptr;
    again->syncs.note_recovery();
    again->begin_recording(all_.what.profile);
    after_crash found(again, steps_);
    found.begin_cut(recorded_.cuts[at_].events);
    all_.what.recover(found);
    again->note_cut();
    again->ask = nullptr;
    for (power_cut& cut : again->cuts) cut.events = recorded_.cuts[at_].events;
    return again;
  }
  void cut_recovery(choice_source& arrivals) {
    const auto again = recovered(arrivals, false);
    arrived_ = arrivals.answers();
    if (all_.recovery_syncs != nullptr) merge(*all_.recovery_syncs, again->syncs.all());
    if (again->cuts.size() <= 1 && again->log.chains().empty()) return;  // nothing was done
    cut_walk below(all_, *again, steps_, digits(), nested_left_ - 1);
    below.every_state(0);
  }

  void replay() {
    all_.text += trace_text(recorded_.trace, recorded_.cuts[at_], states_, shown_->tree).text();
    const remote_objects& remote = recorded_.cuts[at_].remote;
    all_.text += "the disk that it leaves:\n" + disk_text(shown_->tree).of(root_inode, "  ");
    if (remote.was_used()) all_.text += "the store:\n" + remote.text("  ");
    choice_source arrivals(forced_arrivals());
    all_.bound(arrivals);
    if (all_.forced_at < all_.forced->size() && nested_left_ > 0) {
      const auto again = recovered(arrivals, true);
      all_.text += "the recovery from it:\n";
      cut_walk below(all_, *again, steps_, {}, nested_left_ - 1);
      below.forced_state();
      return;
    }
    shown_->tracing = true;
    const verdict said = examine(arrivals);
    all_.differs = all_.differs || arrivals.differs();
    if (!remote.flying.empty()) all_.text += "what is done then:\n" + trace_tail(shown_->trace);
    all_.failed = !said;
    all_.found.complaint = said.complaint();
  }
  [[nodiscard]] tape forced_arrivals() {
    tape answers;
    if (recorded_.cuts[at_].remote.flying.empty()) return answers;
    const std::uint32_t count = all_.next_forced(UINT32_MAX);
    for (std::uint32_t i = 0; i < count && all_.forced_at < all_.forced->size(); ++i)
      answers.push_back(all_.next_forced(UINT32_MAX));
    return answers;
  }

  search& all_;
  const disk& recorded_;
  const history& steps_;
  tape before_;
  std::uint32_t nested_left_;
  std::shared_ptr<disk> shown_;
  after_crash after_;
  disk_states states_;
  std::uint64_t layout_;
  std::size_t at_ = 0;  // which cut
  std::uint64_t key_ = 0;
  tape arrived_;  // which of what was on its way to the store arrived when

  ways_to_go how_ = ways_to_go::all;
  std::size_t asked_ = 0;
  std::size_t deviate_at_ = SIZE_MAX;
  std::uint32_t deviate_to_ = 0;
  std::uint32_t ways_there_ = 0;
  std::uint64_t random_ = 0;
  std::uint64_t counted_ = 0;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_CUT_WALK_HPP
