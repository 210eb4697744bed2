// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CLUSTER_CLUSTER_STORE_HPP
#define PERDURE_CLUSTER_CLUSTER_STORE_HPP

// cluster_store<S, Clock>: the state of a cluster, and what it names, in one Store. Where each lies: detail/cluster_keys.hpp.
//
//   perdure::cluster_store cluster(store, clock, names_of);                 // names_of: see cluster_names.hpp, state_names
//   const auto mine = cluster.begin({.id = perdure::lock_id::of(store.nonce()), .name = "apply"});
//   if (mine && !mine->done) ...                                            // busy: mine->holder is who has the lock
//   const auto id = cluster.id_of(payload);                                 // for the new state to name it
//   const auto done = cluster.commit(next_state, [&]() -> result<void> {    // what the new state names is put here
//     PERDURE_TRY(cluster.put(payload));
//     return {};
//   });
//   PERDURE_TRY(cluster.end());                                             // the lock is free when the command ends
//
// begin(claim, wait_ns)
//   1  takes the lock; its token is the number of this operation. (Where the ledger has outlived its lock it takes it twice, and
//      then it is held under another id than the claim's: holder() tells it.)
//   2  raises the ledger's fence, so that no earlier operation can commit any more: whoever had the lock may have been forced
//      out, or stood still for longer than his lease, and not know it yet. Reads the state
//   3  where sidecars of earlier operations lie there: deletes all that they tell and the state does not name; retires them. That
//      finishes those which had committed, and undoes the others
// commit(state, build): once between begin and end
//   1  compares what the old state names and the new one. Each name that is new has to be of this operation (id_of, new_root)
//   2  writes the sidecar: what will be made, and what the old state alone names
//   3  build(): put() each new payload, and what belongs under each new root(name)
//   4  replaces the state in the ledger, where it still is the version that begin read, with this token
//   5  deletes what the old state alone named; where 3 failed or 4 was refused, what was made
//   6  retires the sidecar. Where 5 or 6 fail, the next begin does it
//   Success: as ledger::replace has it. Where it is `won`, all that the state names survives: nothing is deleted that it names.
//   Failure: `unchanged`: the old state stands; a sidecar may be left. `unknown`: of 4 alone: begin again, and look.
//     invalid_argument: no begin, a second commit, a new name of another operation, a new payload that was not put. Else as the
//     Store, the state_names and build() have it.
// id_of(payload), new_root(name): how the new state names what is put; the same for the same.
// end(): frees the lock, and so does the destructor, in the foreground. force_unlock(id), holder(): slot_lock.hpp.
// renew(): the lease begins again; that it was lost is told, and then no commit of this operation wins once somebody else has
//   begun. While a commit or a sweep runs, another thread may call it (see below).
// observe(): the state, without a lock, in memory that lasts until the next observe().
// Crash: the old state or the new one, and all of what it names; a sidecar; the lock, until force_unlock or its lease ends it.
// Not promised: that a reader who still serves an older state finds what that named: serving_snapshot.hpp follows. That what lies
//   under a root is what its operation put there, if anybody changes it later. That 3 of begin is over before the lease is: who
//   takes the lock over meanwhile goes on with it.
//
// One object is used by one thread at a time; but for renew(), which one other thread may call between begin and end, beside all
// calls but those two, holder() and force_unlock(). The Store and the clock must outlive it.

#include <perdure/cluster/artifacts.hpp>
#include <perdure/cluster/detail/name_set.hpp>
#include <perdure/cluster/detail/payload_index.hpp>
#include <perdure/cluster/detail/recovery_record.hpp>
#include <perdure/manifest/ledger.hpp>
#include <perdure/manifest/object_slot.hpp>
#include <perdure/manifest/slot_lock.hpp>
#include <perdure/store/prefix_store.hpp>

namespace perdure {
inline namespace v1 {

struct cluster_options {
  ledger_options ledger = {.state_bytes_max = std::uint64_t{1} << 26};
  lock_options lock = {};
  catalog_options catalog = {};
  artifacts_options artifacts = {};
};

template <Store S, Clock C>
class cluster_store {
  // By other names, for two members are called as their classes are.
  using catalog_type = perdure::catalog<S>;
  using artifacts_type = perdure::artifacts<S>;

 public:
  cluster_store(S& store, C& clock, state_names names, const cluster_options& options = {})
      : store_(&store),
        names_(names),
        options_(options),
        ledger_(slot(detail::ledger_key, detail::ledger_bytes_max(options.ledger)), options.ledger),
        seen_(slot(detail::ledger_key, detail::ledger_bytes_max(options.ledger)), options.ledger),
        lock_(slot(detail::lock_key, lock_bytes_max), clock, options.lock),
        catalog_(store, options.catalog),
        artifacts_(store, options.artifacts) {}

  [[nodiscard]] result<lock_reply> begin(lock_claim claim, std::int64_t wait_ns = 0) {
    if (operation_ != 0) return failure(code::invalid_argument, operation::lock);
    // What an end() could not give back would be taken again with the same token, which is this operation's number.
    PERDURE_TRY(lock_.release());
    for (int tries = 0;; ++tries) {
      const auto taken = lock_.take(claim, wait_ns);  // 1
      if (!taken || !taken->done) return taken;
      operation_ = taken->holder.token;
      const auto ready = prepare();
      if (ready && *ready == started::yes) return taken;
      (void)end();
      if (!ready) return ready.error().with(doubt::none);
      // The ledger has outlived its lock, and knows of tokens that this one does not.
      if (tries != 0) return failure(code::busy, operation::lock);
      claim.id = lock_id::of(store_->nonce());
      claim.token_above = entry_.fence;
    }
  }
  [[nodiscard]] result<lock_reply> renew() { return lock_.renew(); }
  [[nodiscard]] result<bool> end() {
    operation_ = 0;
    step_ = step::none;
    return lock_.release();
  }

  // From begin to commit or end.
  [[nodiscard]] std::uint64_t operation() const noexcept { return operation_; }
  [[nodiscard]] const ledger_entry& entry() const noexcept { return entry_; }
  // What the old state calls these bytes, if it names them; else what this operation will.
  [[nodiscard]] result<payload_id> id_of(bytes payload) {
    PERDURE_TRY(index_named());
    const digest of = sha256_of(payload);
    const auto* const named = named_.find(of);
    return named != nullptr ? named->id : payload_id{of, operation_};
  }
  // "social-7", of "social".
  [[nodiscard]] result<path_buffer<detail::root_name_max>> new_root(path_view name) const {
    path_buffer<detail::root_name_max> root;
    root.append(name).append("-");
    detail::append_number(root, operation_);
    if (!root.ok()) return failure(code::too_large, operation::none);
    PERDURE_TRY(check_root_name(root));
    return root;
  }

  // Of build(): what is named already, or was put already, is not put again.
  [[nodiscard]] result<payload_id> put(bytes payload) {
    if (step_ != step::building) return failure(code::invalid_argument, operation::put);
    const auto id = id_of(payload);
    if (!id || id->operation != operation_) return id;
    const auto done = catalog_.put(payload, operation_);
    if (done && !put_.add(detail::key_of(*done))) return detail::no_memory();
    return done;
  }
  // The objects under a root: to be read by anybody, to be written by build() alone.
  [[nodiscard]] prefix_store<S> root(path_view name) { return prefix_store<S>(*store_, detail::prefix_of_root(name)); }

  [[nodiscard]] result<ledger_reply> commit(bytes state, function_ref<result<void>()> build) {
    if (operation_ == 0 || step_ != step::open) return failure(code::invalid_argument, operation::commit);
    step_ = step::building;
    const auto done = commit_steps(state, build);
    step_ = step::over;
    return done;
  }
  // Of a state that names nothing new.
  [[nodiscard]] result<ledger_reply> commit(bytes state) {
    return commit(state, []() -> result<void> { return {}; });
  }

  [[nodiscard]] result<ledger_entry> observe() { return seen_.observe(); }
  [[nodiscard]] result<lock_holder> holder() { return lock_.observe(); }
  [[nodiscard]] result<lock_reply> force_unlock(const lock_id& id) { return lock_.force_unlock(id); }
  [[nodiscard]] catalog_type& catalog() noexcept { return catalog_; }
  [[nodiscard]] artifacts_type& artifacts() noexcept { return artifacts_; }
  [[nodiscard]] S& store() noexcept { return *store_; }
  [[nodiscard]] const cluster_options& options() const noexcept { return options_; }

  // Of a state.
  [[nodiscard]] result<void> for_each_name(const ledger_entry& of, cluster_name_visitor visitor) const {
    if (!of.version.exists) return {};
    return names_(of.state, [&](const cluster_name& one) -> result<void> {
      return detail::operation_of(one) != 0 ? visitor(one) : failure(code::corrupt, operation::load);
    });
  }
  // That no later operation has begun, or conflict; the state is read again. Nobody may delete what he has not made before.
  [[nodiscard]] result<void> fence() {
    if (operation_ == 0 || step_ != step::open) return failure(code::invalid_argument, operation::commit);
    const auto fenced = raise_and_read();
    if (!fenced) {
      show({});  // it was in memory that may be another one's now
      step_ = step::over;
    }
    return fenced;
  }
  // What a state does not name any more, or not yet: a payload's key, or a root's prefix.
  [[nodiscard]] result<void> discard(const detail::named_key& name) {
    if (detail::payload_of(name).operation != 0) return store_->remove(name);
    return remove_prefix(*store_, name);
  }

 private:
  enum class step : std::uint8_t { none, open, building, over };
  enum class started : std::uint8_t { yes, with_too_low_a_token };
  using slot_type = object_slot<S>;

  static constexpr std::uint64_t lock_bytes_max = 1024;

  [[nodiscard]] slot_type slot(key_view key, std::uint64_t size_bytes_max) {
    return slot_type(*store_, key, {.size_bytes_max = size_bytes_max});
  }
  [[nodiscard]] result<void> read() {
    const auto now = ledger_.read();
    if (!now) return now.error();
    show(*now);
    return {};
  }
  void show(const ledger_entry& now) noexcept {
    entry_ = now;
    named_.clear();
    is_indexed_ = false;
  }
  [[nodiscard]] result<void> index_named() {
    if (is_indexed_) return {};
    named_.clear();
    PERDURE_TRY(for_each_name(entry_, [&](const cluster_name& one) -> result<void> {
      const bool is_new = one.root.empty() && named_.find(one.payload.of) == nullptr;
      return !is_new || named_.add(one.payload, 0) ? result<void>() : detail::no_memory();
    }));
    is_indexed_ = true;
    return {};
  }

  [[nodiscard]] result<void> raise_and_read() {
    const auto raised = ledger_.raise(operation_);
    if (!raised) return raised.error();
    if (raised->answer != ledger_answer::won) return failure(code::conflict, operation::commit);
    return read();
  }

  [[nodiscard]] result<started> prepare() {
    PERDURE_TRY(read());  // 2
    if (entry_.fence >= operation_) return started::with_too_low_a_token;
    step_ = step::open;
    put_.clear();
    PERDURE_TRY(fence());
    bool is_collected = false;
    detail::name_set kept;
    const auto end_other = [&](std::uint64_t other) -> result<visit> {  // 3
      // Not of this one, nor of who took the lock over while this one stood still.
      if (other >= operation_) return visit::go_on;
      if (!is_collected) PERDURE_TRY(collect(kept));
      is_collected = true;
      PERDURE_TRY(recover(other, kept));
      return visit::go_on;
    };
    PERDURE_TRY(artifacts_.list_sidecars(end_other));
    return started::yes;
  }
  [[nodiscard]] result<void> collect(detail::name_set& names) const {
    return for_each_name(entry_, [&](const cluster_name& one) -> result<void> {
      return names.add(detail::key_of(one)) ? result<void>() : detail::no_memory();
    });
  }
  [[nodiscard]] result<void> recover(std::uint64_t other, const detail::name_set& kept) {
    detail::byte_buffer record;
    const auto read = artifacts_.sidecar(other, record);
    if (!read) {
      const enum code code = read.error().code();
      return code == code::not_found || code == code::too_large ? result<void>() : read;
    }
    const auto done = detail::for_each_recovered(record.view(), other, [&](const detail::named_key& name) -> result<void> {
      return kept.has(name) ? result<void>() : discard(name);
    });
    // What it has left, a sweep finds without it.
    if (!done && done.error().code() == code::corrupt) return {};
    if (!done) return done;
    return artifacts_.retire_sidecar(other);
  }

  [[nodiscard]] result<ledger_reply> commit_steps(bytes state, function_ref<result<void>()> build) {
    detail::name_set made;
    detail::name_set replaced;
    PERDURE_TRY(compare(state, made, replaced));  // 1
    if (record_.count() != 0) {
      const auto told = artifacts_.put_sidecar(operation_, record_.finish());  // 2
      if (!told) return told.error().with(doubt::none);
    }
    const auto built = build();  // 3
    const bool is_built = built && put_.has_all_payloads_of(made);
    if (!is_built) {
      tidy(made);
      return built ? failure(code::invalid_argument, operation::commit) : built.error().with(doubt::none);
    }
    const auto done = ledger_.replace(entry_.version, state, operation_);  // 4
    if (!done && done.error().doubt() != doubt::none) return done;
    tidy(done && done->answer == ledger_answer::won ? replaced : made);
    return done;
  }
  [[nodiscard]] result<void> compare(bytes state, detail::name_set& made, detail::name_set& replaced) {
    record_.begin(operation_);
    detail::name_set before;
    detail::name_set after;
    PERDURE_TRY(collect(before));
    PERDURE_TRY(names_(state, [&](const cluster_name& one) -> result<void> {
      const auto name = detail::key_of(one);
      if (!after.add(name)) return detail::no_memory();
      if (before.has(name) || made.has(name)) return {};
      // Any other one may be under a delete that has yet to arrive.
      if (detail::operation_of(one) != operation_)
        return failure(code::invalid_argument, operation::commit).about({name.data(), name.size()});
      return added(made, name);
    }));
    return for_each_name(entry_, [&](const cluster_name& one) -> result<void> {
      const auto name = detail::key_of(one);
      return after.has(name) || replaced.has(name) ? result<void>() : added(replaced, name);
    });
  }
  [[nodiscard]] result<void> added(detail::name_set& to, const detail::named_key& name) {
    if (!to.add_named(name)) return detail::no_memory();
    record_.add(name);
    return {};
  }
  // What cannot be deleted now is in the sidecar, for the next begin.
  void tidy(const detail::name_set& garbage) {
    if (record_.count() == 0) return;
    const auto gone = garbage.for_each([&](const detail::named_key& name) { return discard(name); });  // 5
    if (gone) (void)artifacts_.retire_sidecar(operation_);                                             // 6
  }

  S* store_;
  state_names names_;
  cluster_options options_;
  ledger<slot_type> ledger_;
  ledger<slot_type> seen_;
  slot_lock<slot_type, C> lock_;
  catalog_type catalog_;
  artifacts_type artifacts_;
  ledger_entry entry_;
  detail::payload_index named_;  // of entry_, where is_indexed_
  bool is_indexed_ = false;
  detail::recovery_record record_;
  detail::name_set put_;
  std::uint64_t operation_ = 0;
  enum step step_ = step::none;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CLUSTER_CLUSTER_STORE_HPP
