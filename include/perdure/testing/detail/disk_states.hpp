// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_DISK_STATES_HPP
#define PERDURE_TESTING_DETAIL_DISK_STATES_HPP

// disk_states: every disk that a power cut may leave, each for a moment, in one tree that is changed from each to the next.
//
// First the names, directory by directory from the root, as far as they can be reached; then of each file that has a name its
// size, its attributes and its pages. Every choice is a digit of the tape, the values of which are counted among those that the
// choices before it allow. What a state hashes to is summed up on the way, so that one more state costs what it changed.

#include <vector>

#include <perdure/testing/choose.hpp>
#include <perdure/testing/detail/disk.hpp>
#include <perdure/testing/detail/page_run.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

// Which values a digit takes.
class digit_policy {
 public:
  struct ways {
    std::uint32_t from;
    std::uint32_t to;
  };
  virtual ways of(std::uint32_t count) = 0;

 protected:
  ~digit_policy() = default;
};

struct state_sums {
  std::uint64_t shown = 0;  // the hash of all that can be seen
  std::uint64_t nodes = 0;  // and of which inode stands behind each name
};

// What is done with each disk. Answers what of it was read, as disk_tree::take_reads() says it.
class state_visitor {
 public:
  virtual std::uint64_t visit(const state_sums& state) = 0;
  [[nodiscard]] virtual bool done() const = 0;

 protected:
  ~state_visitor() = default;
};

class disk_states {
 public:
  // `there` shows the states; its tree is a copy of the one that `log` was recorded for.
  disk_states(disk& there, const effect_log& log) : there_(there), log_(log), files_known_(log) {
    for (inode i = root_inode; i < tree().count(); ++i) {
      disk_node& node = tree()[i];
      node.removed = false;
      if (node.pages.size() < node.pages_pending.size()) node.pages.resize(node.pages_pending.size());
    }
    tree().free_locks();
    reached_.resize(tree().count());
  }

  void begin_cut(const power_cut& cut) {
    cut_ = &cut;
    const std::size_t chains = log_.chains().size();
    chosen_.assign(chains, unchosen);
    least_.assign(chains, 0);
    files_known_.begin_cut(cut);
    for (chain_id id = 0; id < chains; ++id) {
      const std::uint32_t low = id < cut.durable.size() ? cut.durable[id] : 0;
      least_[id] = low;
      show(id, low);
      if (low == top(id)) chosen_[id] = low;
    }
  }
  // Visits what the policy picks. `skip_unread`: what no visitor read is not varied. `few_mixtures`: many pages are not mixed in
  // every way.
  void walk(digit_policy& policy, state_visitor& visitor, bool skip_unread, bool few_mixtures) {
    few_mixtures_ = few_mixtures;
    policy_ = &policy;
    visitor_ = &visitor;
    skip_unread_ = skip_unread;
    torn_count_ = 0;
    digits_.clear();
    directories_.assign(1, {root_inode, 0x726f6f74});
    files_.clear();
    reached_[root_inode] = directories_[0].path;
    names(0, 0, {});
    for (const place& one : directories_) reached_[one.node] = 0;
  }
  [[nodiscard]] const tape& digits() const noexcept { return digits_; }
  [[nodiscard]] bool left_out() const noexcept { return left_out_; }  // a mixture of pages, by some walk
  [[nodiscard]] const power_cut& cut() const noexcept { return *cut_; }

  // Of a state that is being visited: calls with each chain, how much of it was durable, how much there was, how much of it
  // survived, and whether a part of the next version did. Of what nobody can reach any more, nothing_chosen did.
  static constexpr std::uint32_t nothing_chosen = UINT32_MAX;
  template <class Use>
  void each_choice(Use&& use) const {
    for (chain_id id = 0; id < chosen_.size(); ++id) {
      const std::uint32_t low = id < cut_->durable.size() ? cut_->durable[id] : 0;
      const chain& one = log_.chains()[id];
      std::uint32_t chosen = chosen_[id];
      // A page that was not asked for lies behind the end of its file, or looks the same whatever survived.
      if (chosen == unchosen && reached_[one.owner] != 0)
        chosen = std::uint64_t{one.index} * page_size < tree()[one.owner].size ? top(id) : low;
      use(one, low, top(id), chosen, is_torn(id));
    }
  }

 private:
  static constexpr std::uint32_t unchosen = nothing_chosen;

  struct place {
    inode node;
    std::uint64_t path;
  };
  [[nodiscard]] disk_tree& tree() const noexcept { return there_.tree; }
  [[nodiscard]] std::uint32_t top(chain_id id) const noexcept { return id < cut_->tops.size() ? cut_->tops[id] : 0; }
  [[nodiscard]] std::uint64_t bit(chain_id id) const noexcept { return tree().bit_of(id); }

  void show(chain_id id, std::uint32_t count) {
    const chain& one = log_.chains()[id];
    const version& is = one.versions[count];
    disk_node& node = tree()[one.owner];
    switch (one.kind) {
      case chain_kind::entry:
        node.entries[one.index].target = is.target;
        break;
      case chain_kind::size:
        node.size = is.size;
        break;
      case chain_kind::page:
        node.pages[one.index] = is.page;
        break;
      case chain_kind::mode:
        node.about.mode = is.about->about.mode;
        break;
      case chain_kind::owner:
        node.about.user = is.about->about.user;
        node.about.group = is.about->about.group;
        break;
      case chain_kind::times:
        node.about.modified_ns = is.about->about.modified_ns;
        break;
      case chain_kind::xattrs:
        node.xattrs = is.about->xattrs;
        break;
      case chain_kind::presence:
        node.dangling = is.target == 0;
        break;
    }
  }

  // A page of one file and a page of another, so that a copy may be torn with what it is a copy of.
  [[nodiscard]] bool may_tear(inode file) const noexcept {
    return torn_count_ == 0 || (torn_count_ == 1 && log_.chains()[torn_[0]].owner != file);
  }
  [[nodiscard]] bool is_torn(chain_id id) const noexcept {
    return (torn_count_ > 0 && torn_[0] == id) || (torn_count_ > 1 && torn_[1] == id);
  }

  // Is this much of a chain allowed by what was chosen before it?
  [[nodiscard]] bool allowed(chain_id id, std::uint32_t whole, std::uint32_t part) const noexcept {
    if (whole < least_[id]) return false;
    const chain& one = log_.chains()[id];
    if (!one.entangled) return true;
    for (const need& other : one.versions[part].needs) {
      if (chosen_[other.chain] != unchosen && chosen_[other.chain] < other.count) return false;
    }
    return true;
  }
  // Chooses, and returns what to undo it with.
  [[nodiscard]] std::size_t take(chain_id id, std::uint32_t whole, std::uint32_t part) {
    const std::size_t mark = raised_.size();
    const chain& one = log_.chains()[id];
    chosen_[id] = whole;
    if (!one.entangled) return mark;
    for (const need& other : one.versions[part].needs) {
      if (least_[other.chain] >= other.count) continue;
      raised_.push_back({other.chain, least_[other.chain]});
      least_[other.chain] = other.count;
    }
    return mark;
  }
  void give_back(chain_id id, std::size_t mark) {
    chosen_[id] = unchosen;
    while (raised_.size() > mark) {
      least_[raised_.back().chain] = raised_.back().count;
      raised_.pop_back();
    }
  }

  // One digit: calls with each count of this chain that is allowed and asked for.
  template <class Go>
  std::uint64_t each_count(chain_id id, Go&& go) {
    const std::uint32_t last = top(id);
    std::uint32_t ways = 0;
    for (std::uint32_t count = least_[id]; count <= last; ++count) ways += allowed(id, count, count) ? 1U : 0U;
    const auto asked = ask(ways);
    std::uint64_t read = 0;
    std::uint32_t way = 0;
    for (std::uint32_t count = least_[id]; count <= last && way < asked.to; ++count) {
      if (!allowed(id, count, count) || way++ < asked.from) continue;
      const std::size_t mark = take(id, count, count);
      show(id, count);
      push(ways, way - 1);
      read |= go();
      pop(ways);
      give_back(id, mark);
      if (visitor_->done() || unread(id, read)) break;
    }
    return read;
  }
  [[nodiscard]] digit_policy::ways ask(std::uint32_t ways) {
    if (ways <= 1) return {0, ways};
    return policy_->of(ways);
  }
  void push(std::uint32_t ways, std::uint32_t way) {
    if (ways > 1) digits_.push_back(way);
  }
  void pop(std::uint32_t ways) {
    if (ways > 1) digits_.pop_back();
  }
  // Nobody looked, in any state below this digit, so that its other values show nobody anything new. Where it limits what other
  // files or names may be, it has to be tried all the same.
  [[nodiscard]] bool unread(chain_id id, std::uint64_t read) const noexcept {
    return skip_unread_ && (read & bit(id)) == 0 && !log_.chains()[id].crossing;
  }

  std::uint64_t names(std::size_t directory, std::size_t slot, state_sums sum) {
    const std::size_t directories_before = directories_.size();
    const std::size_t files_before = files_.size();
    std::uint64_t read = 0;
    for (;;) {
      if (directory == directories_.size()) {
        read = contents(0, sum);
        break;
      }
      const disk_node& node = tree()[directories_[directory].node];
      if (slot == node.sorted.size()) {
        ++directory;
        slot = 0;
        continue;
      }
      const std::uint32_t index = node.sorted[slot];
      const chain_id id = node.entries[index].pending;
      if (id == no_chain || chosen_[id] != unchosen) {
        sum = reach(directory, index, sum);
        ++slot;
        continue;
      }
      read = each_count(id, [&] {
        const std::size_t directories_here = directories_.size();
        const std::size_t files_here = files_.size();
        const std::uint64_t below = names(directory, slot + 1, reach(directory, index, sum));
        forget(directories_here, files_here);
        return below;
      });
      break;
    }
    forget(directories_before, files_before);
    return read;
  }
  // With what this name adds to the hashes; what it leads to is there from now on.
  [[nodiscard]] state_sums reach(std::size_t directory, std::uint32_t index, state_sums sum) {
    const disk_entry& entry = tree()[directories_[directory].node].entries[index];
    if (entry.target == 0) return sum;
    const std::uint64_t path = mixed(directories_[directory].path, entry.name_hash);
    sum.nodes += mixed(path, entry.target);
    std::uint64_t& first = reached_[entry.target];
    if (first != 0) {
      sum.shown += mixed(path, first ^ 0x616c736f);
      return sum;
    }
    first = path;
    disk_node& node = tree()[entry.target];
    if (node.kind != file_kind::directory) {
      files_.push_back({entry.target, path});
      return sum;
    }
    node.parent = directories_[directory].node;
    directories_.push_back({entry.target, path});
    sum.shown += mixed(path, 0x646972);
    return sum;
  }
  void forget(std::size_t directories, std::size_t files) {
    for (; directories_.size() > directories; directories_.pop_back()) reached_[directories_.back().node] = 0;
    for (; files_.size() > files; files_.pop_back()) reached_[files_.back().node] = 0;
  }

  std::uint64_t contents(std::size_t file, const state_sums& sum) {
    if (file == files_.size()) return visitor_->visit(sum);
    const disk_node& node = tree()[files_[file].node];
    const auto go_on = [&] {
      return node.dangling ? contents(file + 1, with(sum, mixed(files_[file].path, 0x6c6f7374))) : sizes(file, sum);
    };
    const chain_id presence = node.presence_pending;
    return presence != no_chain && chosen_[presence] == unchosen ? each_count(presence, go_on) : go_on();
  }
  [[nodiscard]] static state_sums with(state_sums sum, std::uint64_t more) noexcept {
    sum.shown += more;
    return sum;
  }

  std::uint64_t sizes(std::size_t file, const state_sums& sum) {
    const chain_id id = tree()[files_[file].node].size_pending;
    if (id == no_chain || chosen_[id] != unchosen) return attributes_of(file, 0, sum);
    return each_count(id, [&] { return attributes_of(file, 0, sum); });
  }
  std::uint64_t attributes_of(std::size_t file, std::size_t kind, const state_sums& sum) {
    const disk_node& node = tree()[files_[file].node];
    for (; kind < attribute_kinds; ++kind) {
      const chain_id id = node.attributes_pending[kind];
      if (id != no_chain && chosen_[id] == unchosen) return each_count(id, [&] { return attributes_of(file, kind + 1, sum); });
    }
    disk_node& shown = tree()[files_[file].node];
    const sized_file& sized =
        files_known_.of(files_[file].node, shown, shown.size_pending == no_chain ? 0 : chosen_[shown.size_pending]);
    for (const auto& [index, page] : sized.certain) shown.pages[index] = page;
    return pages(file, sized, 0, {}, sized.fixed ^ mixed(node.size, hash_of_attributes(node)), sum);
  }
  std::uint64_t pages(std::size_t file, const sized_file& sized, std::size_t at, const page_run& run, std::uint64_t hash,
                      const state_sums& sum) {
    if (at == sized.open.size()) return contents(file + 1, with(sum, mixed(files_[file].path, hash)));
    const open_page& page = sized.open[at];
    const bool entangled = page.id != no_chain && log_.chains()[page.id].entangled;
    const bool many = few_mixtures_ && !entangled && sized.open.size() > page_run::mixed_pages_max;
    const bool tears = may_tear(files_[file].node);
    const auto fits = [&](const page_option& option) {
      if (option.torn && !tears) return false;
      return many ? run.may_go_on(page, option) : !entangled || allowed(page.id, option.whole, option.needs);
    };
    std::uint32_t ways = tears ? static_cast<std::uint32_t>(page.options.size()) : page.whole;
    if (entangled || many) {
      const std::uint32_t all = ways;
      ways = 0;
      for (const page_option& option : page.options) ways += fits(option) ? 1U : 0U;
      left_out_ = left_out_ || (many && ways < all);
    }
    const bool astray = many && ways == 0;  // the pages are not alike: this one has nothing of what was begun with
    if (astray) ways = 1;
    const auto asked = ask(ways);
    std::uint64_t read = 0;
    std::uint32_t way = 0;
    for (const page_option& option : page.options) {
      if (way == asked.to) break;
      if (!(fits(option) || astray) || way++ < asked.from) continue;
      const std::size_t mark = page.id == no_chain ? 0 : take(page.id, option.whole, option.needs);
      if (option.torn) torn_[torn_count_++] = page.id;
      tree()[files_[file].node].pages[page.index] = option.page;
      push(ways, way - 1);
      const page_run next = many && !astray ? run.with(page, option) : run;
      read |= pages(file, sized, at + 1, next, hash ^ mixed(option.hash, page.index + 1), sum);
      pop(ways);
      torn_count_ -= option.torn ? 1 : 0;
      if (page.id != no_chain) give_back(page.id, mark);
      if (visitor_->done()) break;
      if (page.id != no_chain ? unread(page.id, read) : skip_unread_ && read == 0) break;
    }
    // Nothing else says what a page held that has no chain.
    if (page.id == no_chain) tree()[files_[file].node].pages[page.index] = page.options[0].page;
    return read;
  }

  [[nodiscard]] static std::uint64_t hash_of_attributes(const disk_node& node) {
    std::uint64_t all = mixed(node.about.mode, std::uint64_t{node.about.user} << 32 | node.about.group);
    if (node.attributes_pending[2] != no_chain) all = mixed(all, static_cast<std::uint64_t>(node.about.modified_ns));
    for (const auto& [name, value] : node.xattrs)
      all = mixed(all, hash_of(name.data(), name.size()) ^ mixed(hash_of(value.data(), value.size())));
    return node.target.empty() ? all : mixed(all, hash_of(node.target.data(), node.target.size()));
  }

  disk& there_;
  const effect_log& log_;
  const power_cut* cut_ = nullptr;
  digit_policy* policy_ = nullptr;
  state_visitor* visitor_ = nullptr;
  bool skip_unread_ = false;
  bool few_mixtures_ = false;
  bool left_out_ = false;
  chain_id torn_[2] = {};  // the pages that are
  std::size_t torn_count_ = 0;
  tape digits_;
  std::vector<std::uint32_t> chosen_;  // how many versions of each chain are there
  std::vector<std::uint32_t> least_;   // how many have to be
  std::vector<need> raised_;
  std::vector<place> directories_;  // those reached, in the order in which they were
  std::vector<place> files_;
  std::vector<std::uint64_t> reached_;  // by which path first
  sized_files files_known_;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_DISK_STATES_HPP
