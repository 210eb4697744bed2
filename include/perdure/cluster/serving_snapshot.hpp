// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CLUSTER_SERVING_SNAPSHOT_HPP
#define PERDURE_CLUSTER_SERVING_SNAPSHOT_HPP

// serving_snapshot<S>: a cluster's state and every payload that it names, of one version, in memory; for who only reads.
//
//   perdure::serving_snapshot served(store, names_of);
//   auto now = served.refresh();                        // again whenever it likes; *now is whether there is a newer state
//   served.entry().state, served.payload(id)            // and with root(name), the objects under a root
//
// refresh()
//   1  observes the ledger, without a lock. Where it is the version that is served already, that is all
//   2  reads each payload, verified
//   3  where one is gone, and the ledger has moved meanwhile: from 1, tries_max times
//   Success: true: another state is served from now on, whole. false: the same; where there is none yet, one of serial 0.
//   Failure: what was served is served on. corrupt: a payload is damaged, or gone though the state names it; too_large: over a
//     limit; busy: the ledger moved tries_max times; else as S and the state_names have it.
// A root that has moved is found where the state that is served says. Its objects are not in memory: when a later operation has
//   replaced it they go, a read of them says not_found, and the next refresh() tells where they are now.
// Crash: it writes nothing.
// Not promised: that what is served survives: it is what is visible. A commit that is in doubt may be taken back by a crash.
//
// One object is used by one thread at a time. The Store must outlive it.

#include <perdure/cluster/catalog.hpp>
#include <perdure/cluster/detail/payload_index.hpp>
#include <perdure/manifest/ledger.hpp>
#include <perdure/manifest/object_slot.hpp>
#include <perdure/store/prefix_store.hpp>

namespace perdure {
inline namespace v1 {

struct serving_options {
  std::uint64_t state_bytes_max = std::uint64_t{1} << 26;
  std::uint64_t payloads_bytes_max = std::uint64_t{1} << 32;  // all of them
  std::uint32_t tries_max = 64;
};

template <Store S>
class serving_snapshot {
 public:
  serving_snapshot(S& store, state_names names, const serving_options& options = {})
      : store_(&store),
        names_(names),
        options_(options),
        ledger_(object_slot<S>(store, detail::ledger_key, {.size_bytes_max = detail::ledger_bytes_max(limit_of(options))}),
                limit_of(options)),
        catalog_(store, {.payload_bytes_max = options.payloads_bytes_max}) {}

  [[nodiscard]] result<bool> refresh() {
    ledger_version tried;
    for (std::uint32_t tries = 0; tries < options_.tries_max; ++tries) {
      const auto now = ledger_.observe();  // 1
      if (!now) return now.error();
      const bool is_served = now->serial == entry_.serial && now->version == entry_.version;
      if (is_served) return false;
      image next;
      const auto read = load(*now, next);  // 2
      if (read) {
        served_ = detail::moved(next);
        entry_ = *now;
        entry_.state = served_.state.view();
        return true;
      }
      if (read.error().code() != code::not_found) return read.error();
      // 3: of a state that stands still it is gone for good.
      if (tries != 0 && tried == now->version) return failure(code::corrupt, operation::load).about(read.error().path());
      tried = now->version;
    }
    return failure(code::busy, operation::load);
  }

  // All of them until the next refresh() that says true.
  [[nodiscard]] const ledger_entry& entry() const noexcept { return entry_; }
  [[nodiscard]] std::size_t payloads() const noexcept { return served_.parts.size(); }
  // not_found: the state does not name it.
  [[nodiscard]] result<bytes> payload(const payload_id& id) const noexcept {
    const auto* const found = served_.index.find(id);
    if (found == nullptr) return failure(code::not_found, operation::get);
    const part& one = served_.parts[found->at];
    return served_.content.view().from(one.offset).first(one.size_bytes);
  }
  [[nodiscard]] prefix_store<S> root(path_view name) { return prefix_store<S>(*store_, detail::prefix_of_root(name)); }

 private:
  struct part {
    std::size_t offset;
    std::size_t size_bytes;
  };
  struct image {
    detail::byte_buffer state;
    detail::byte_buffer content;
    detail::room<part> parts;
    detail::payload_index index;
  };

  [[nodiscard]] static ledger_options limit_of(const serving_options& options) noexcept {
    return {.state_bytes_max = options.state_bytes_max};
  }
  [[nodiscard]] result<void> load(const ledger_entry& now, image& next) {
    next.state.append(now.state);
    if (!now.version.exists) return {};
    detail::byte_buffer one;
    return names_(next.state.view(), [&](const cluster_name& name) -> result<void> {
      if (!name.root.empty()) return {};
      if (next.index.find(name.payload) != nullptr) return {};
      PERDURE_TRY(catalog_.get(name.payload, one, options_.payloads_bytes_max - next.content.size()));
      const std::size_t at = next.parts.size();
      if (!next.parts.push({next.content.size(), one.size()}) || !next.index.add(name.payload, at)) return detail::no_memory();
      next.content.append(one.view());
      return {};
    });
  }

  S* store_;
  state_names names_;
  serving_options options_;
  ledger<object_slot<S>> ledger_;
  catalog<S> catalog_;
  image served_;
  ledger_entry entry_;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CLUSTER_SERVING_SNAPSHOT_HPP
