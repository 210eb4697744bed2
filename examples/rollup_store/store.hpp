// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_ROLLUP_STORE_STORE_HPP
#define EXAMPLES_ROLLUP_STORE_STORE_HPP

// A store of events over time, with sums by the hour.
//
//   log/          every event that was acknowledged and is not in a segment yet (record_log)
//   segments/     files of events, each written once
//   manifest/     `state`: which of the files count (file_slot, commit_manifest)
//
// Each verb is one actor's work, and may be called from any thread. What it read outside of the manifest's lock it holds against
// the newest state in commit_manifest_if, and declines where that has moved on: `false`, and nothing was changed.

#include <perdure/core/describe.hpp>
#include <perdure/core/sha256.hpp>
#include <perdure/fs/make_dirs.hpp>
#include <perdure/fs/record_log.hpp>
#include <perdure/fs/temp_sweep.hpp>
#include <perdure/manifest/commit_manifest.hpp>
#include <perdure/manifest/file_slot.hpp>

#include <examples/rollup_store/event.hpp>
#include <examples/rollup_store/gate.hpp>
#include <examples/rollup_store/state.hpp>

#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_set>

namespace rollup_store {

using perdure::code;
using perdure::failure;
using perdure::operation;
using perdure::result;

template <perdure::Fs F>
using state_slot = perdure::file_slot<F, perdure::manual_clock>;
template <perdure::Fs F, perdure::Sync Y>
using state_manifest = perdure::manifest<state, state_slot<F>, state_codec, Y>;

template <perdure::Fs F, perdure::Sync Y = perdure::native_sync, class M = state_manifest<F, Y>>
class store {
 public:
  store(F& fs, const std::string& root)
      : fs_(fs),
        root_(root),
        // The log's lock keeps other processes out, so that the slot needs none.
        manifest_(state_slot<F>(fs, root + "/manifest/state", clock_, {.writers = perdure::writers::only_this}),
                  {.invariant = check}) {}

  [[nodiscard]] result<void> open() {
    PERDURE_TRY(perdure::make_dirs(fs_, root_ + "/segments"));
    PERDURE_TRY(perdure::make_dirs(fs_, root_ + "/manifest"));
    std::vector<event> logged;
    std::vector<char> window(4096);
    auto log = perdure::record_log<F>::open(fs_, root_ + "/log", {.segment_bytes_max = 1 << 20}, window, [&](const auto& record) {
      event one;
      if (record.payload.size() == sizeof(one)) std::memcpy(&one, record.payload.data(), sizeof(one));
      one.sequence = record.sequence;
      logged.push_back(one);
      return perdure::visit::go_on;
    });
    if (!log) return log.error();
    log_.emplace(std::move(*log));
    PERDURE_TRY(manifest_.open());
    const auto now = manifest_.read();
    for (const segment& one : now->segments) {
      const auto events = read_segment(fs_, path_of(one.id));
      if (!events) return events.error();
      for (const event& known : *events) known_.insert(known.ingested);
    }
    // What is sealed is in a segment already; what was sent again because its answer was lost stands in the log twice; and what
    // is of a closed period was never acknowledged, for a period is closed when all that was is sealed.
    for (const event& one : logged) {
      const auto of = now->periods.find(one.period());
      const bool is_too_late = of != now->periods.end() && of->second.now == phase::closed;
      if (one.sequence > now->sealed && !is_too_late && known_.insert(one.ingested).second) unsealed_.push_back(one);
    }
    // The state has just been made durable, so that a file which it does not name is nobody's: its commit failed, or is undone.
    return remove_unnamed(*now);
  }

  // Success: it survives. A stamp that is known already is a success, too: its answer was lost, and it was sent again.
  // Failure: conflict, where its period is closed.
  [[nodiscard]] result<void> ingest(event one) {
    const typename gate<Y>::inside here(gate_);
    if (manifest_.read()->periods.contains(one.period())) return failure(code::conflict, operation::write).about("closed period");
    const perdure::scoped_lock lock(log_mutex_);
    if (known_.contains(one.ingested)) return {};
    const auto appended = log_->append(perdure::bytes_of(one));
    if (!appended) return appended.error();
    one.sequence = appended->last;
    known_.insert(one.ingested);
    unsealed_.push_back(one);
    return {};
  }

  // The flusher: what is in the log alone becomes a segment.
  [[nodiscard]] result<bool> flush() {
    std::vector<event> events;
    const std::uint64_t after = manifest_.read()->sealed;
    std::uint64_t last = 0;
    {
      const perdure::scoped_lock lock(log_mutex_);
      for (const event& one : unsealed_) {
        if (one.sequence > after) events.push_back(one);
      }
      if (!events.empty()) last = events.back().sequence;
    }
    if (events.empty()) return false;
    const auto made = add_file(events);
    if (!made) return made.error();
    const auto done = change({*made}, [&](state& next, perdure::after_commit&) {
      if (next.sealed != after) return false;  // another flusher was faster
      next.segments.push_back({*made, after + 1, last});
      next.sealed = last;
      ++next.generation;
      return true;
    });
    if (done && *done) forget_sealed();
    return done;
  }

  // The rollup tick: sums up what was sealed since the last one.
  [[nodiscard]] result<bool> tick() {
    const auto seen = manifest_.read();
    if (seen->watermark == seen->sealed) return false;
    std::map<std::int64_t, rollup> sums;
    for (const segment& one : seen->segments) {
      if (one.last <= seen->watermark) continue;
      const auto events = read_segment(fs_, path_of(one.id));
      if (!events) return out_of_date_or(events.error(), seen);
      for (const event& each : *events) {
        if (each.sequence <= seen->watermark) continue;
        rollup& sum = sums[each.period()];
        sum = {each.period(), seen->watermark, seen->sealed, sum.count + 1, sum.sum + each.value};
      }
    }
    return change({}, [&](state& next, perdure::after_commit&) {
      // Of another sealed number, generation or watermark these are not the sums.
      if (next.sealed != seen->sealed || next.generation != seen->generation || next.watermark != seen->watermark) return false;
      for (const auto& [number, sum] : sums) next.rollups.push_back(sum);
      next.watermark = next.sealed;
      return true;
    });
  }

  // Rollup rebuild: drops this period's sums, and what overlaps with them, and has the next tick make them anew.
  [[nodiscard]] result<bool> rebuild(std::int64_t number) {
    return change({}, [&](state& next, perdure::after_commit&) {
      std::uint64_t from = next.watermark;
      for (const rollup& one : next.rollups) {
        if (one.period == number && one.after < from) from = one.after;
      }
      if (from == next.watermark) return false;
      std::erase_if(next.rollups, [&](const rollup& one) { return one.last > from; });
      next.watermark = from;
      return true;
    });
  }

  // Compaction: two neighbours become one.
  [[nodiscard]] result<bool> compact() {
    const auto seen = manifest_.read();
    if (seen->segments.size() < 2) return false;
    std::size_t at = 0;  // of the two that cover the least
    for (std::size_t i = 0; i + 1 < seen->segments.size(); ++i) {
      const auto covers = [&](std::size_t first) { return seen->segments[first + 1].last - seen->segments[first].first; };
      if (covers(i) < covers(at)) at = i;
    }
    const segment old[] = {seen->segments[at], seen->segments[at + 1]};
    std::vector<event> events;
    for (const segment& one : old) {
      const auto part = read_segment(fs_, path_of(one.id));
      if (!part) return out_of_date_or(part.error(), seen);
      events.insert(events.end(), part->begin(), part->end());
    }
    const auto made = add_file(events);
    if (!made) return made.error();
    return change({*made}, [&](state& next, perdure::after_commit&) {
      const auto is_old = [&](const segment& one) { return one.id == old[0].id || one.id == old[1].id; };
      const auto first = std::find_if(next.segments.begin(), next.segments.end(), is_old);
      if (std::count_if(next.segments.begin(), next.segments.end(), is_old) != 2) return false;  // somebody else has replaced one
      *first = {*made, old[0].first, old[1].last};
      next.segments.erase(first + 1);
      for (const segment& one : old) next.garbage.push_back({one.id, false});
      ++next.generation;
      return true;
    });
  }

  // Drops what was replaced before the last sweep, and removes its files once that is certain.
  [[nodiscard]] result<bool> sweep() {
    std::vector<std::uint64_t> doubted;
    {
      const perdure::scoped_lock lock(doubted_mutex_);
      doubted.swap(doubted_);
    }
    const auto done = change({}, [&](state& next, perdure::after_commit& then) {
      if (next.garbage.empty()) return false;
      for (const replaced& one : next.garbage) {
        if (one.final) then.run([this, id = one.id] { (void)fs_.remove(path_of(id)); });
      }
      std::erase_if(next.garbage, [](const replaced& one) { return one.final; });
      for (replaced& one : next.garbage) one.final = true;
      return true;
    });
    // A commit that comes through, or declines, has ended every doubt from before it: what is not named now never will be.
    const auto now = manifest_.read();
    for (const std::uint64_t id : doubted) {
      if (!done) {
        const perdure::scoped_lock lock(doubted_mutex_);
        doubted_.push_back(id);
      } else if (!now->names(id)) {
        (void)fs_.remove(path_of(id));
      }
    }
    return done;
  }

  // open, closing, closed. Where it fails half way the period stays closing, takes no events, and close() goes on from there.
  [[nodiscard]] result<bool> close(std::int64_t number) {
    const perdure::scoped_lock one_at_a_time(closers_);
    const auto begun =
        change({}, [&](state& next, perdure::after_commit&) { return next.periods.emplace(number, period()).second; });
    if (!begun) return begun.error();
    gate_.wait_for_all_inside();
    std::uint64_t last = 0;
    {
      const perdure::scoped_lock lock(log_mutex_);
      if (!unsealed_.empty()) last = unsealed_.back().sequence;
    }
    while (manifest_.read()->sealed < last) {
      const auto flushed = flush();
      if (!flushed) return flushed.error();
    }
    // It takes no more events, so that its count stays what it is, whatever happens to the segments.
    const auto events = all();
    if (!events) return events.error();
    std::uint64_t count = 0;
    for (const event& one : *events) count += one.period() == number ? 1 : 0;
    return change({}, [&](state& next, perdure::after_commit&) {
      const auto there = next.periods.find(number);
      if (there == next.periods.end() || there->second.now != phase::closing) return false;
      there->second = {phase::closed, count};
      return true;
    });
  }
  [[nodiscard]] result<bool> reopen(std::int64_t number) {
    return change({}, [&](state& next, perdure::after_commit&) {
      const auto there = next.periods.find(number);
      if (there == next.periods.end() || there->second.now != phase::closed) return false;
      next.periods.erase(there);
      return true;
    });
  }

  // Every event that is in the store.
  [[nodiscard]] result<std::vector<event>> all() {
    for (;;) {
      std::vector<event> events;
      const auto seen = newest_with_unsealed(events);
      result<void> read;
      for (const segment& one : seen->segments) {
        const auto part = read_segment(fs_, path_of(one.id));
        if (!part) {
          read = part.error();
          break;
        }
        events.insert(events.end(), part->begin(), part->end());
      }
      if (read) return events;
      // Its file may have been swept meanwhile; but then there is a newer state, which does not name it.
      const auto again = out_of_date_or(read.error(), seen);
      if (!again) return again.error();
    }
  }

  [[nodiscard]] auto now() const { return manifest_.read(); }
  [[nodiscard]] result<void> refresh() { return manifest_.refresh(); }
  [[nodiscard]] std::string path_of(std::uint64_t id) const { return root_ + "/segments/" + std::to_string(id); }

  // Called with every state that is to be saved, and again with the last of them when it was: for tests.
  std::function<void(const state&)> on_commit;

 private:
  // Every change of the state. Where it is certain that the new files are not wanted they are removed, and only then.
  template <class Decide>
  [[nodiscard]] result<bool> change(const std::vector<std::uint64_t>& made, Decide decide) {
    state last;
    const auto done = perdure::commit_manifest_if(manifest_, [&](state& next, perdure::after_commit& then) {
      if (!decide(next, then)) return false;
      ++next.version;
      if (on_commit) last = next;
      return true;
    });
    const bool doubted = !done && done.error().outcome() == perdure::outcome::unknown;
    for (const std::uint64_t id : made) {
      if (doubted) {
        const perdure::scoped_lock lock(doubted_mutex_);
        doubted_.push_back(id);
      } else if (!done || !done->committed) {
        (void)fs_.remove(path_of(id));
      }
    }
    if (!done) return done.error();
    if (done->committed && on_commit) on_commit(last);
    return done->committed;
  }

  // A number that is never given twice, by any process: what was removed may come back after a crash, and must not be taken for
  // another one's.
  [[nodiscard]] result<std::uint64_t> add_file(const std::vector<event>& events) {
    const perdure::nonce one = fs_.nonce();
    std::uint64_t id = 0;
    std::memcpy(&id, perdure::sha256_of(perdure::bytes_of(one)).bytes, sizeof(id));
    const auto written = write_segment(fs_, path_of(id), events);
    if (written) return id;
    (void)fs_.remove(path_of(id));  // it may be there; nobody names it, or ever will
    return written.error();
  }
  // A file that a newer state no longer names: what was read is out of date, and the actor comes again.
  template <class Seen>
  [[nodiscard]] result<bool> out_of_date_or(const failure& why, const Seen& seen) const {
    if (why.code() == code::not_found && !manifest_.read().same_as(seen)) return false;
    return why;
  }

  void forget_sealed() {
    const perdure::scoped_lock lock(log_mutex_);
    const std::uint64_t sealed = manifest_.read()->sealed;
    std::erase_if(unsealed_, [&](const event& one) { return one.sequence <= sealed; });
    (void)log_->drop_before(sealed + 1);  // what stays is dropped the next time
  }
  // Both at one moment: nothing is in neither, and nothing in both.
  [[nodiscard]] auto newest_with_unsealed(std::vector<event>& events) {
    const perdure::scoped_lock lock(log_mutex_);
    auto seen = manifest_.read();
    for (const event& one : unsealed_) {
      if (one.sequence > seen->sealed) events.push_back(one);
    }
    return seen;
  }

  [[nodiscard]] result<void> remove_unnamed(const state& now) {
    std::vector<std::string> names;
    PERDURE_TRY(fs_.for_each_entry(root_ + "/segments", [&](const perdure::dir_entry& entry) {
      names.emplace_back(entry.name.data(), entry.name.size());
      return perdure::visit::go_on;
    }));
    for (const std::string& name : names) {
      const bool is_ours = !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
      if (is_ours && !now.names(std::strtoull(name.c_str(), nullptr, 10))) (void)fs_.remove(root_ + "/segments/" + name);
    }
    for (const char* const directory : {"/segments", "/manifest", "/log"})
      (void)perdure::temp_sweep(fs_, root_ + directory, clock_);
    return {};
  }

  F& fs_;
  std::string root_;
  perdure::manual_clock clock_;
  M manifest_;
  typename Y::mutex closers_;
  gate<Y> gate_;
  typename Y::mutex log_mutex_;  // the three that follow
  std::optional<perdure::record_log<F>> log_;
  std::vector<event> unsealed_;
  std::unordered_set<std::uint64_t> known_;  // a large store would forget those that nobody sends again
  typename Y::mutex doubted_mutex_;
  std::vector<std::uint64_t> doubted_;  // files of commits that nobody knows to have failed
};

}  // namespace rollup_store

#endif  // EXAMPLES_ROLLUP_STORE_STORE_HPP
