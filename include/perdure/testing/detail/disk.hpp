// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_DISK_HPP
#define PERDURE_TESTING_DETAIL_DISK_HPP

// disk: the files behind every crash_fs and crash_file that share them, and the record of what was done to them. It changes the
// tree, appends to the effect_log what that means for a power cut, and notes the moments at which the power may go. Whoever calls
// holds `mutex`.

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <perdure/core/clock.hpp>
#include <perdure/testing/detail/disk_quoted.hpp>
#include <perdure/testing/detail/disk_syncs.hpp>
#include <perdure/testing/detail/live_processes.hpp>
#include <perdure/testing/detail/sync_sites.hpp>
#include <perdure/testing/detail/trace_line.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

class disk {
 public:
  std::mutex mutex;
  disk_tree tree;
  effect_log log;
  manual_clock clock{std::int64_t{1'000'000'000} * ns_per_second};
  std::uint64_t boot = 1;
  std::uint32_t process = 1;  // which process may touch it: handles of earlier ones are dead
  live_processes beside;      // and those that run beside it
  std::uint64_t serial = 0;
  bool recording = false;
  bool tracing = false;
  bool cut_everywhere = false;         // at every operation, not only where the set of legal disks can have grown most
  std::uint32_t ops = 0;               // how many there were
  std::uint32_t kill_at = UINT32_MAX;  // the operation before which the process dies
  bool kill_inside = false;            // or within it, where it is a write of several pages
  std::size_t events = 0;              // of the history that goes along with the cuts
  std::vector<power_cut> cuts;
  std::vector<std::size_t> cuts_at_choice;  // how many there were when a way was chosen
  std::vector<trace_line> trace;
  bool asked_in_vain = false;  // whoever has its turn wanted a lock that is held
  std::string speaker;         // which thread it is, in the trace; of one alone nothing
  std::string hang;            // if the workload hangs, or a thread does what it must not: how
  bool hangs = true;           // which of the two
  sync_sites syncs;
  remote_objects remote;                            // a store, which no power cut here concerns
  std::function<std::uint32_t(std::uint32_t)> ask;  // which way to go, of so many; whoever shows this disk sets it
  std::unique_ptr<disk_tree> untouched;             // of a disk that is to be put back: what it was before the first change
  bool put_back = false;

  // What is there now is durable.
  void begin_recording(const profile& rules) {
    log = effect_log(rules);
    recording = true;
    ops = 0;
    cut_everywhere = cut_everywhere || rules.everything_survives;
  }

  // Before each operation that changes or syncs something. False: the process is dead.
  template <class Text>
  [[nodiscard]] bool begin(std::uint32_t caller, Text&& text) {
    if (is_alive(caller) && ops == kill_at && !kill_inside) kill();
    if (!is_alive(caller) || dies_alone(caller)) return false;
    if (put_back && !untouched) {
      // The copy is what changes: whoever shows this disk refers to the nodes that are there.
      untouched = std::make_unique<disk_tree>(std::move(tree));
      tree = *untouched;
      tree.forget_behind_ends();
    }
    if (recording && cut_everywhere) note_cut();
    if (++ops > steps_max && recording) {
      hang_for_good("operations");
      return false;
    }
    if (tracing) trace.push_back({ops, speaker + text()});
    log.begin_operation(ops);
    return true;
  }
  // Of the operation that has begun.
  [[nodiscard]] bool dies_inside() const noexcept { return kill_inside && ops == kill_at + 1; }
  [[nodiscard]] bool stops_inside() const noexcept { return dies_inside() || (recording && log.rules().everything_survives); }
  [[nodiscard]] bool is_alive(std::uint32_t one) const noexcept { return one == process || beside.has(one); }
  // A run that does so much has no end of its own. What it still calls fails.
  static constexpr std::uint32_t steps_max = 200'000;
  void hang_for_good(const char* what) {
    if (hang.empty()) hang = "it has no end: more than " + with_commas(steps_max) + " " + what + " in one run\n";
    end_processes();
  }
  // Whoever still runs fails from here on.
  void end_processes() noexcept {
    ++process;
    beside.end_all();
  }
  // Of those that run beside one another, this one is gone, with its locks.
  void end_process(std::uint32_t one) {
    beside.end(one);
    tree.free_locks_of(one);
  }
  // The cuts before it were those of the run without a kill.
  void kill() {
    end_processes();
    syncs.note_kill();
    cuts.clear();
    cuts_at_choice.assign(cuts_at_choice.size(), 0);
    changes_at_cut_ = 0;
    if (tracing) trace.push_back({0, dies_inside() ? "the process is killed within it" : "the process is killed"});
    tree.free_locks();
  }
  // Takes back what was done to a disk that is to be put back.
  void restore() noexcept {
    if (untouched) {
      const std::uint64_t reads = tree.take_reads();
      tree = std::move(*untouched);
      tree.looked_at_bits(reads);
      untouched.reset();
      tree.free_locks();  // one may have been held when the copy was made
    }
    serial = 0;
  }
  void end() {
    if (recording) log.end_operation();
  }

  // The power may go now. Nothing new since the last time: there is no disk that was not possible then.
  void note_cut() {
    if (!recording || (!cuts.empty() && changes_ == changes_at_cut_)) return;
    add_cut(ops + 1, trace.size());
  }
  // Of what is not in the log.
  void changed() noexcept { ++changes_; }
  // A step begins: from here on more is allowed, so what is not allowed without it has to be looked for now.
  void note_begin() {
    note_cut();
    ++events;
  }
  // A step ends, and less is allowed than while it went on.
  void note_end() {
    if (cut_everywhere) note_cut();
    ++events;
    ++changes_;
  }

  // For people: what it is called now.
  [[nodiscard]] std::string name_of(inode number) const {
    if (number == root_inode) return "/";
    for (inode parent = root_inode; parent < tree.count(); ++parent) {
      for (const disk_entry& entry : tree[parent].entries) {
        if (entry.target == number) return parent == root_inode ? entry.name : name_of(parent) + "/" + entry.name;
      }
    }
    return "a file without a name";
  }

  [[nodiscard]] std::int64_t now_ns() const noexcept { return clock.unix_ns(); }

  [[nodiscard]] inode make(file_kind kind, permissions mode, inode parent) {
    const inode made = tree.make(kind, mode, parent, now_ns());
    if (recording && log.rules().dangling_entries && kind != file_kind::directory) {
      const chain_id id = begin_chain(chain_kind::presence, made, 0, {});
      tree[made].presence_pending = id;
      version there;
      there.target = 1;
      append(id, effect_log::effect_kind::data, std::move(there));
    }
    return made;
  }

  need set_entry(inode directory, path_view name, inode target) {
    disk_entry& entry = tree[directory].entry(name);
    const inode was = std::exchange(entry.target, target);
    if (!recording) return {no_chain, 0};
    if (entry.pending == no_chain) {
      version before;
      before.target = was;
      const auto index = static_cast<std::uint32_t>(&entry - tree[directory].entries.data());
      entry.pending = begin_chain(chain_kind::entry, directory, index, std::move(before));
    }
    version next;
    next.target = target;
    return append(entry.pending, effect_log::effect_kind::metadata, std::move(next));
  }

  void rename(inode from, path_view old_name, inode to, path_view new_name, inode moved) {
    const rename_order order = from == to ? log.rules().rename_same_dir : log.rules().rename_across_dirs;
    const disk_entry* const replaced = tree[to].find(new_name);
    if (recording && order == rename_order::delete_first) {
      if (replaced != nullptr && replaced->target != 0) set_entry(to, new_name, 0);
      set_entry(from, old_name, 0);
      set_entry(to, new_name, moved);
      return;
    }
    const need set = set_entry(to, new_name, moved);
    const need cleared = set_entry(from, old_name, 0);
    if (!recording) return;
    if (order == rename_order::all_or_none) log.join({set, cleared});
    if (order == rename_order::set_first) log.require(cleared, set);
  }

  void write(inode file, std::uint64_t offset, gather from) {
    const std::uint64_t end = offset + from.size();
    if (end == offset) return;
    const auto first = static_cast<std::size_t>(offset / page_size);
    const auto last = static_cast<std::size_t>((end - 1) / page_size);
    disk_node& node = tree[file];
    if (node.pages.size() <= last) node.pages.resize(last + 1);
    std::vector<bool> had_content(recording ? last - first + 1 : 0);
    for (std::size_t i = 0; i < had_content.size(); ++i) {
      had_content[i] = node.pages[first + i].size() != 0;
      (void)page_chain(file, first + i);
    }
    std::uint64_t at = offset;
    for (bytes part : from) {
      while (!part.empty()) {
        const auto in_page = static_cast<std::size_t>(at % page_size);
        const bytes piece = part.first(page_size - in_page);
        node.pages[static_cast<std::size_t>(at / page_size)].write(in_page, piece);
        at += piece.size();
        part = part.from(piece.size());
      }
    }
    node.about.modified_ns = now_ns();
    std::vector<need> written;
    for (std::size_t page = first; recording && page <= last; ++page) {
      const std::uint64_t start = std::uint64_t{page} * page_size;
      const auto begin = static_cast<std::uint16_t>(offset > start ? offset - start : 0);
      const auto stop = static_cast<std::uint16_t>(end - start < page_size ? end - start : page_size);
      const need one = append_page(file, page, begin, stop);
      const bool waits = log.rules().growth_order == growth_order::data_first ||
                         (log.rules().growth_order == growth_order::new_pages_last && !had_content[page - first]);
      if (waits) written.push_back(one);
      // What is written page by page may have grown page by page. Of many pages the first, the middle one and the last tell
      // enough.
      const bool shown = page == first || page == (first + last) / 2 || page + 1 == last;
      if (page < last && shown && start + page_size > node.size)
        resize(file, start + page_size, effect_log::effect_kind::growth, written);
    }
    if (end > node.size) resize(file, end, effect_log::effect_kind::growth, written);
  }

  void truncate(inode file, std::uint64_t size) {
    disk_node& node = tree[file];
    const std::uint64_t was = node.size;
    node.about.modified_ns = now_ns();
    if (size == was) return;
    const need sized = resize(file, size, size < was ? effect_log::effect_kind::metadata : effect_log::effect_kind::growth, {});
    std::vector<need> group{sized};
    for (auto page = static_cast<std::size_t>(size / page_size); size < was && page < node.pages.size(); ++page) {
      const std::uint64_t start = std::uint64_t{page} * page_size;
      const auto end = static_cast<std::uint16_t>(size > start ? size - start : 0);
      if (node.pages[page].size() <= end) continue;
      const chain_id id = recording ? page_chain(file, page) : no_chain;
      node.pages[page].cut(end);
      if (!recording) continue;
      version shorter;
      shorter.page = node.pages[page];
      shorter.written = log.at(id).versions.back().written;
      shorter.written.cut(end);
      const need cut = append(id, effect_log::effect_kind::data, std::move(shorter));
      // The end of the last page is zeroed by a write of its own, which may be there before the file is shorter. Where what is
      // unwritten is not known to be zero, the old bytes are back when the file grows again before that was done.
      if (end != 0 && !log.rules().truncates_whole) {
        if (!log.rules().garbage) log.require(sized, cut);
      } else if (log.rules().garbage) {
        log.require(cut, sized);
      } else {
        group.push_back(cut);
      }
    }
    if (group.size() > 1) log.join(group);
  }

  // After the node was changed: which of its attributes are to be taken from there.
  void changed_attributes(inode file, const attributes& was, const std::map<std::string, std::string>& had, chain_kind kind) {
    if (!recording) return;
    const disk_node& node = tree[file];
    chain_id& id = tree[file].attributes_pending[static_cast<std::size_t>(kind) - static_cast<std::size_t>(chain_kind::mode)];
    if (id == no_chain) {
      version before;
      before.about = std::make_shared<const file_attributes>(file_attributes{was, had});
      id = begin_chain(kind, file, 0, std::move(before));
    }
    version next;
    next.about = std::make_shared<const file_attributes>(file_attributes{node.about, node.xattrs});
    append(id, effect_log::effect_kind::metadata, std::move(next));
  }

  // Is this sync the one that is to do nothing? Each is counted, and the power may go before it.
  template <class Text>
  [[nodiscard]] bool begin_sync(Text&& text) {
    if (!recording) return false;
    if (changes_ != changes_at_cut_) {
      add_cut(ops, trace.empty() ? 0 : trace.size() - 1);  // without the sync itself
    }
    const bool skipped = syncs.skips_next(text);
    if (skipped && tracing) trace.back().text += "  (it silently does nothing)";
    return !skipped;
  }

  void sync_file(inode file, sync_what what) { disk_syncs(log, tree, ops).file(file, what); }
  void sync_entries(inode directory) { disk_syncs(log, tree, ops).entries(directory); }
  void sync_everything() { disk_syncs(log, tree, ops).everything(); }
  void lose(inode file) {
    if (recording) disk_syncs(log, tree, ops).lose(file);
    changed();
  }
  void lose_entries(inode directory) {
    if (recording) disk_syncs(log, tree, ops).lose_entries(directory);
    changed();
  }
  void lose_everything() {
    if (recording) disk_syncs(log, tree, ops).lose_everything();
    changed();
  }

 private:
  [[nodiscard]] bool dies_alone(std::uint32_t caller) {
    if (beside.kills_left == 0 || !beside.has(caller) || !recording || !ask || ask(2) == 0) return false;
    --beside.kills_left;
    end_process(caller);
    if (tracing) trace.push_back({0, speaker + "this process is killed"});
    return true;
  }
  void add_cut(std::uint32_t op, std::size_t lines) {
    cuts.push_back(log.cut(op, events));
    cuts.back().lines = lines;
    cuts.back().remote = remote;
    changes_at_cut_ = changes_;
  }
  need append(chain_id id, effect_log::effect_kind kind, version next) {
    ++changes_;
    return log.append(id, kind, std::move(next));
  }

  [[nodiscard]] chain_id begin_chain(chain_kind kind, inode owner, std::uint32_t index, version was) {
    tree.begin_chain(kind, owner, index);
    return log.begin_chain(kind, owner, index, std::move(was));
  }
  [[nodiscard]] chain_id page_chain(inode file, std::size_t page) {
    disk_node& node = tree[file];
    if (node.pages_pending.size() <= page) node.pages_pending.resize(page + 1, no_chain);
    if (node.pages_pending[page] == no_chain) {
      version before;
      if (page < node.pages.size()) before.page = node.pages[page];
      node.pages_pending[page] = begin_chain(chain_kind::page, file, static_cast<std::uint32_t>(page), std::move(before));
    }
    return node.pages_pending[page];
  }
  need append_page(inode file, std::size_t page, std::uint16_t from, std::uint16_t to) {
    const chain_id id = page_chain(file, page);
    version next;
    next.page = tree[file].pages[page];
    next.from = from;
    next.to = to;
    next.written = log.at(id).versions.back().written;
    next.written.add(from, to);
    return append(id, effect_log::effect_kind::data, std::move(next));
  }
  need resize(inode file, std::uint64_t size, effect_log::effect_kind kind, const std::vector<need>& waits_for) {
    disk_node& node = tree[file];
    const std::uint64_t was = std::exchange(node.size, size);
    if (!recording) return {no_chain, 0};
    if (node.size_pending == no_chain) {
      version before;
      before.size = before.settled = was;
      node.size_pending = begin_chain(chain_kind::size, file, 0, std::move(before));
    }
    version next;
    next.size = size;
    next.settled = log.at(node.size_pending).versions.back().settled_at(ops + 1);
    if (next.settled > size) next.settled = size;
    const need sized = append(node.size_pending, kind, std::move(next));
    for (const need& one : waits_for) log.require(sized, one);
    return sized;
  }
  std::uint64_t changes_ = 1;
  std::uint64_t changes_at_cut_ = 0;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_DISK_HPP
