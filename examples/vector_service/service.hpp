// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_VECTOR_SERVICE_SERVICE_HPP
#define EXAMPLES_VECTOR_SERVICE_SERVICE_HPP

// service: indexes in memory, by name, each kept as one object. Memory is the truth: a change is made there, and kept then; one
// that could not be kept is told so, serving goes on, and the next one keeps it, too.
//
// Of one name, saves and removals happen one at a time, in turns. Whoever has the turn looks what the truth is *now*: a save
// writes the newest state, and none where its index has been removed meanwhile; a removal leaves alone what a later index of the
// same name has written since. So no older state lands behind a newer one, and none behind the removal. One save is enough for
// all who waited while the one before it went on.
//
// Nobody who looks at an index or changes it waits for a store: a save copies the index's view while it holds the index's lock,
// for looking, and encodes and writes without it.

#include <perdure/core/native_sync.hpp>
#include <perdure/engine/persistor.hpp>

#include <examples/vector_service/shared_mutex.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vector_service {

using perdure::code;
using perdure::failure;
using perdure::operation;
using perdure::result;

// A change that was made. Is it kept?
struct change {
  std::size_t count = 0;  // of what is in the index now
  result<void> kept;      // a failure: in memory alone, until a later save succeeds
};

struct listed_index {
  std::string name;
  std::size_t count = 0;
  bool kept = false;           // is what is in memory what is kept?
  std::optional<failure> bad;  // there is an object of this name that could not be loaded
};

// `Kept` saves, loads and removes by name: over a persistor, or nothing where nothing is kept.
template <class Index, class Kept, perdure::Sync Y = perdure::native_sync>
class service {
  struct entry {
    explicit entry(Index&& made) : index(std::move(made)) {}
    shared_mutex<Y> lock;  // the three that follow
    Index index;
    std::uint64_t changes = 1;
    std::uint64_t kept = 0;
  };
  // All that is known of a name; there while somebody needs it.
  struct name_state {
    typename Y::mutex turn;  // held while its object is written or removed
    std::shared_ptr<entry> live;
    std::optional<failure> bad;
    unsigned users = 0;
  };
  using looking = typename shared_mutex<Y>::looking;

 public:
  explicit service(Kept& kept) : kept_(kept) {}

  // Loads what is kept: each by itself, so that one that cannot be loaded stops nobody. `told` is called with each of those.
  // Failure: it is not known what there is.
  template <class Tell>
  [[nodiscard]] result<void> start(Tell&& told) {
    return kept_.template load_all<Index>([&](const std::string& name, result<Index> loaded) {
      const perdure::scoped_lock lock(mutex_);
      name_state& state = names_[name];
      if (loaded) {
        state.live = std::make_shared<entry>(std::move(*loaded));
        state.live->kept = state.live->changes;
      } else {
        state.bad = loaded.error();
        told(name, loaded.error());
      }
    });
  }

  // Failure: already_exists; conflict, where there is an object that could not be loaded: it is not written over, remove it
  //   first.
  [[nodiscard]] result<change> create(const std::string& name, Index made) {
    const use of(*this, name);
    const auto one = std::make_shared<entry>(std::move(made));
    {
      const perdure::scoped_lock lock(mutex_);
      if (of->bad) return failure(code::conflict, operation::none).about(perdure::bytes(name));
      if (of->live) return failure(code::already_exists, operation::none).about(perdure::bytes(name));
      of->live = one;
    }
    return change{0, save(of, one, 1)};
  }

  // `apply(index) -> result<void>` changes it or fails and leaves it as it was.
  template <class Apply>
  [[nodiscard]] result<change> apply(const std::string& name, Apply&& apply) {
    const use of(*this, name);
    const auto one = find(of);
    if (!one) return nothing(name);
    std::uint64_t mine = 0;
    change made;
    {
      const perdure::scoped_lock lock(one->lock);
      PERDURE_TRY(apply(one->index));
      mine = ++one->changes;
      made.count = one->index.count();
    }
    made.kept = save(of, one, mine);
    return made;
  }
  // `look(const index&)`; what it returns is what this returns.
  template <class Look>
  [[nodiscard]] auto look(const std::string& name, Look&& look) -> decltype(look(std::declval<const Index&>())) {
    const use of(*this, name);
    const auto one = find(of);
    if (!one) return nothing(name);
    const looking lock(one->lock);
    return look(std::as_const(one->index));
  }

  // What is not there is removed already; so is an object that could not be loaded. Failure: the object may be there still, and
  // the index with it after the next start: remove it again.
  [[nodiscard]] result<void> remove(const std::string& name) {
    const use of(*this, name);
    {
      const perdure::scoped_lock lock(mutex_);
      of->live.reset();
    }
    const perdure::scoped_lock turn(of->turn);
    if (const auto later = find(of)) {
      const looking lock(later->lock);
      if (later->kept != 0) return {};
    }
    PERDURE_TRY(kept_.remove(name));
    const perdure::scoped_lock lock(mutex_);
    of->bad.reset();
    return {};
  }

  [[nodiscard]] std::vector<listed_index> list() {
    std::vector<listed_index> all;
    std::vector<std::shared_ptr<entry>> live;
    {
      const perdure::scoped_lock lock(mutex_);
      for (const auto& [name, state] : names_) {
        if (!state.live && !state.bad) continue;
        all.push_back({name, 0, false, state.bad});
        live.push_back(state.live);
      }
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!live[i]) continue;
      const looking lock(live[i]->lock);
      all[i].count = live[i]->index.count();
      all[i].kept = live[i]->kept == live[i]->changes;
    }
    return all;
  }

 private:
  // Keeps what is known of a name while it is used.
  class use {
   public:
    use(service& of, const std::string& name) : of_(of) {
      const perdure::scoped_lock lock(of_.mutex_);
      at_ = of_.names_.try_emplace(name).first;
      ++at_->second.users;
    }
    use(const use&) = delete;
    use& operator=(const use&) = delete;
    ~use() {
      const perdure::scoped_lock lock(of_.mutex_);
      if (--at_->second.users == 0 && !at_->second.live && !at_->second.bad) of_.names_.erase(at_);
    }
    [[nodiscard]] name_state* operator->() const { return &at_->second; }
    [[nodiscard]] const std::string& name() const { return at_->first; }

   private:
    service& of_;
    typename std::map<std::string, name_state>::iterator at_;
  };

  [[nodiscard]] static failure nothing(const std::string& name) {
    return failure(code::not_found, operation::none).about(perdure::bytes(name));
  }
  [[nodiscard]] std::shared_ptr<entry> find(const use& of) {
    const perdure::scoped_lock lock(mutex_);
    return of->live;
  }

  // Success: what was changed by `mine` is kept, by this save or by one that came later.
  [[nodiscard]] result<void> save(const use& of, const std::shared_ptr<entry>& one, std::uint64_t mine) {
    const perdure::scoped_lock turn(of->turn);
    if (find(of) != one) return nothing(of.name());
    std::uint64_t seen = 0;
    std::optional<decltype(one->index.view())> view;
    {
      const looking lock(one->lock);
      if (one->kept >= mine) return {};
      seen = one->changes;
      view.emplace(one->index.view());
    }
    PERDURE_TRY(kept_.save(of.name(), std::move(*view)));
    const perdure::scoped_lock lock(one->lock);
    one->kept = seen;
    return {};
  }

  Kept& kept_;
  typename Y::mutex mutex_;  // what follows
  std::map<std::string, name_state> names_;
};

}  // namespace vector_service

#endif  // EXAMPLES_VECTOR_SERVICE_SERVICE_HPP
