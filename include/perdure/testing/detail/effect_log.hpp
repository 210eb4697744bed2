// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_EFFECT_LOG_HPP
#define PERDURE_TESTING_DETAIL_EFFECT_LOG_HPP

// effect_log: what was done to a disk and is not durable yet, and which part of it a power cut may keep.
//
// Each thing that can survive by itself (a name in a directory, a page, a size, one attribute) is a chain of versions; the first
// is what was there when the recording began. A legal disk has of each chain one version, not older than the durable one, such
// that what each version needs of other chains is there. All that tells one profile from another is what needs what, and how far
// a sync reaches. Needs are kept closed (what is needed by what is needed is needed), so that choosing chain by chain has no dead
// ends.

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <perdure/fs/fs_types.hpp>
#include <perdure/testing/detail/disk_page.hpp>
#include <perdure/testing/detail/remote_objects.hpp>
#include <perdure/testing/profile.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

using inode = std::uint32_t;  // 0: none
using chain_id = std::uint32_t;
inline constexpr chain_id no_chain = UINT32_MAX;

enum class chain_kind : std::uint8_t { entry, size, page, mode, owner, times, xattrs, presence };
inline constexpr std::size_t attribute_kinds = 4;  // mode to xattrs

struct need {
  chain_id chain;
  std::uint32_t count;
};

struct file_attributes {
  attributes about;
  std::map<std::string, std::string> xattrs;
};

// The bytes of one page that somebody wrote.
class extents {
 public:
  void add(std::uint16_t from, std::uint16_t to) {
    if (from <= to_ && from_ <= to && from_ != to_) {
      from_ = from < from_ ? from : from_;
      to_ = to > to_ ? to : to_;
    } else if (from_ == to_) {
      from_ = from;
      to_ = to;
    } else {
      more_.emplace_back(from, to);
    }
  }
  void cut(std::uint16_t end) {
    const auto shorten = [end](std::uint16_t& from, std::uint16_t& to) {
      to = to < end ? to : end;
      from = from < to ? from : to;
    };
    shorten(from_, to_);
    for (auto& [from, to] : more_) shorten(from, to);
  }
  // Calls with each gap in [begin, end).
  template <class Use>
  void gaps(std::uint32_t begin, std::uint32_t end, Use&& use) const {
    while (begin < end) {
      std::uint32_t next = end;
      bool inside = false;
      const auto look = [&](std::uint32_t from, std::uint32_t to) {
        if (from <= begin && begin < to) {
          begin = to;
          inside = true;
        } else if (from > begin && from < next && from != to) {
          next = from;
        }
      };
      look(from_, to_);
      for (const auto& [from, to] : more_) look(from, to);
      if (inside) continue;
      use(begin, next);
      begin = next;
    }
  }

 private:
  std::uint16_t from_ = 0;
  std::uint16_t to_ = 0;
  std::vector<std::pair<std::uint16_t, std::uint16_t>> more_;
};

struct version {
  std::uint32_t op = 0;                          // which operation made it
  inode target = 0;                              // entry: what the name leads to
  std::uint64_t size = 0;                        // size
  std::uint64_t settled = 0;                     // size: bytes before this are known, written or zero ...
  std::uint32_t settled_since = UINT32_MAX;      // ... and from this operation on, all of them
  std::uint16_t from = 0;                        // page: the bytes that this version wrote
  std::uint16_t to = 0;                          //
  extents written;                               // page: and that were ever written
  disk_page page;                                // page
  std::shared_ptr<const file_attributes> about;  // attributes
  std::vector<need> needs;                       // sorted by chain, closed

  [[nodiscard]] std::uint64_t settled_at(std::uint32_t at_op) const noexcept { return at_op > settled_since ? size : settled; }
};

struct chain {
  chain_kind kind = chain_kind::entry;
  bool entangled = false;   // needs another chain, or is needed by one
  bool crossing = false;    // of anything but its own file's size or pages
  inode owner = 0;          // the directory of an entry, else the file
  std::uint32_t index = 0;  // which entry, which page
  std::uint32_t durable = 0;
  std::uint32_t lost = 0;  // versions up to this one are taken for written, and are not
  std::vector<version> versions;
  [[nodiscard]] std::uint32_t top() const noexcept { return static_cast<std::uint32_t>(versions.size()) - 1; }
};

// A moment at which the power may go.
struct power_cut {
  std::uint32_t op = 0;    // before this operation
  std::size_t events = 0;  // how much of the history had happened
  std::size_t lines = 0;   // and of the trace
  std::vector<std::uint32_t> tops;
  std::vector<std::uint32_t> durable;
  remote_objects remote;  // what the store of another machine held
};

class effect_log {
 public:
  enum class effect_kind : std::uint8_t { data, metadata, growth };

  effect_log() = default;
  explicit effect_log(const profile& rules) noexcept : rules_(rules) {}

  [[nodiscard]] const profile& rules() const noexcept { return rules_; }
  [[nodiscard]] const std::vector<chain>& chains() const noexcept { return chains_; }
  [[nodiscard]] chain& at(chain_id id) noexcept { return chains_[id]; }

  [[nodiscard]] chain_id begin_chain(chain_kind kind, inode owner, std::uint32_t index, version was) {
    chain& fresh = chains_.emplace_back();
    fresh.kind = kind;
    fresh.owner = owner;
    fresh.index = index;
    fresh.versions.reserve(4);
    fresh.versions.push_back(std::move(was));
    return static_cast<chain_id>(chains_.size() - 1);
  }

  void begin_operation(std::uint32_t op) {
    op_ = op;
    fresh_.clear();
    before_ = after_;
  }
  need append(chain_id id, effect_kind kind, version next) {
    chain& at = chains_[id];
    next.op = op_;
    next.needs = at.versions.back().needs;
    const need itself{id, static_cast<std::uint32_t>(at.versions.size())};
    merge(next.needs, barrier_);
    const bool journalled = kind != effect_kind::data && rules_.metadata_order == metadata_order::journal;
    if (journalled && last_metadata_.chain != no_chain) merge_closed(next.needs, last_metadata_);
    if (rules_.in_order) merge(next.needs, before_);
    std::erase_if(next.needs, [this](const need& one) { return is_lost(one); });
    at.versions.push_back(std::move(next));
    if (kind == effect_kind::metadata) last_metadata_ = itself;
    fresh_.push_back(itself);
    note_entangled(itself);
    return itself;
  }
  // `one` is there only where `other` is.
  void require(need one, need other) {
    std::vector<need> more = needs_of(other);
    merge_one(more, other);
    merge(needs_of(one), more);
    note_entangled(one);
  }
  // All of them are there, or none.
  void join(const std::vector<need>& group) {
    std::vector<need> all;
    for (const need& one : group) {
      merge(all, needs_of(one));
      merge_one(all, one);
    }
    for (const need& one : group) {
      needs_of(one) = all;
      note_entangled(one);
    }
  }
  void end_operation() {
    if (!rules_.in_order) return;
    if (fresh_.size() > 1) join(fresh_);
    for (const need& one : fresh_) {
      merge(after_, needs_of(one));
      merge_one(after_, one);
    }
  }

  // Everything in this chain so far survives, and all that it needs.
  void settle(chain_id id) {
    if (id != no_chain) settle({id, chains_[id].top()});
  }
  void settle(need what) {
    chain& at = chains_[what.chain];
    if (at.durable >= what.count || at.lost >= what.count) return;
    at.durable = what.count;
    for (const need& one : at.versions[what.count].needs) {
      if (chains_[one.chain].durable < one.count) chains_[one.chain].durable = one.count;
    }
  }
  // What is in this chain and not durable may survive, as before; no sync sees to it any more, and nothing waits for it.
  void lose(chain_id id) {
    if (id == no_chain || chains_[id].durable == chains_[id].top()) return;
    chains_[id].lost = chains_[id].top();
    for (chain& other : chains_) {
      for (version& one : other.versions) forget_lost(one.needs, id);
    }
    forget_lost_later(id);
  }
  // The same of names. A rename that is lost may survive as before: whole.
  void lose_names(const std::vector<chain_id>& ids) {
    for (const chain_id id : ids) {
      if (id != no_chain && chains_[id].durable < chains_[id].top()) chains_[id].lost = chains_[id].top();
    }
    // In another directory, the old name of what was renamed goes with the new one alone.
    for (chain& one : chains_) {
      for (std::uint32_t count = one.lost + 1; one.kind == chain_kind::entry && count <= one.top(); ++count) {
        if (one.versions[count].target == 0 && needs_lost_of_its_own(one.versions[count])) one.lost = count;
      }
    }
    for (const chain_id id : ids) {
      if (!is_lost(id)) continue;
      for (chain& other : chains_) {
        for (std::uint32_t count = other.lost == 0 ? 0 : other.lost + 1; count <= other.top(); ++count)
          forget_lost(other.versions[count].needs, id);
      }
      forget_lost_later(id);
    }
  }
  [[nodiscard]] bool is_lost(chain_id id) const noexcept { return id != no_chain && chains_[id].durable < chains_[id].lost; }
  // Nothing that is done from now on survives without this.
  void hold_back_for(chain_id id) {
    if (id == no_chain || chains_[id].top() == chains_[id].durable || chains_[id].top() == chains_[id].lost) return;
    merge_closed(barrier_, {id, chains_[id].top()});
  }

  [[nodiscard]] power_cut cut(std::uint32_t op, std::size_t events) const {
    power_cut now;
    now.op = op;
    now.events = events;
    now.tops.reserve(chains_.size());
    now.durable.reserve(chains_.size());
    for (const chain& one : chains_) {
      now.tops.push_back(one.top());
      now.durable.push_back(rules_.everything_survives ? one.top() : one.durable);
    }
    return now;
  }

 private:
  [[nodiscard]] std::vector<need>& needs_of(need one) noexcept { return chains_[one.chain].versions[one.count].needs; }

  [[nodiscard]] bool is_lost(need one) const noexcept { return is_lost(one.chain) && one.count <= chains_[one.chain].lost; }
  [[nodiscard]] bool needs_lost_of_its_own(const version& one) const noexcept {
    for (const need& other : one.needs) {
      if (is_lost(other) && chains_[other.chain].versions[other.count].op == one.op) return true;
    }
    return false;
  }
  void forget_lost(std::vector<need>& needs, chain_id id) const {
    std::erase_if(needs, [&](const need& one) { return one.chain == id && one.count <= chains_[id].lost; });
  }
  void forget_lost_later(chain_id id) {
    for (std::vector<need>* needs : {&barrier_, &before_, &after_}) forget_lost(*needs, id);
  }

  static void merge_one(std::vector<need>& into, need one) {
    std::size_t at = 0;
    while (at < into.size() && into[at].chain < one.chain) ++at;
    if (at < into.size() && into[at].chain == one.chain) {
      if (into[at].count < one.count) into[at].count = one.count;
    } else {
      into.insert(into.begin() + static_cast<std::ptrdiff_t>(at), one);
    }
  }
  static void merge(std::vector<need>& into, const std::vector<need>& more) {
    if (into.empty()) {
      into = more;
    } else {
      for (const need& one : more) merge_one(into, one);
    }
  }
  void merge_closed(std::vector<need>& into, need one) {
    merge(into, needs_of(one));
    merge_one(into, one);
  }
  void note_entangled(need one) {
    chain& at = chains_[one.chain];
    for (const need& other : needs_of(one)) {
      chain& there = chains_[other.chain];
      if (&there == &at) continue;
      const bool size_and_page = (at.kind == chain_kind::size && there.kind == chain_kind::page) ||
                                 (at.kind == chain_kind::page && there.kind == chain_kind::size);
      const bool crosses = at.owner != there.owner || !size_and_page;
      at.entangled = there.entangled = true;
      at.crossing = at.crossing || crosses;
      there.crossing = there.crossing || crosses;
    }
  }

  profile rules_;
  std::vector<chain> chains_;
  std::vector<need> barrier_;
  std::vector<need> before_;  // in_order: all that came before this operation
  std::vector<need> after_;
  std::vector<need> fresh_;  // what this operation has done so far
  need last_metadata_{no_chain, 0};
  std::uint32_t op_ = 0;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_EFFECT_LOG_HPP
