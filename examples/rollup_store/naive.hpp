// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_ROLLUP_STORE_NAIVE_HPP
#define EXAMPLES_ROLLUP_STORE_NAIVE_HPP

// How it is usually written, to show what that does: the value in memory is changed, and then saved. When the save fails memory
// is ahead of the disk, and whoever cleans up after the failure removes files that memory names.

#include <examples/rollup_store/store.hpp>

namespace rollup_store {

template <perdure::Fs F>
class naive_manifest {
 public:
  using value_type = state;
  struct seen {
    std::shared_ptr<const state> value;
    const state& operator*() const { return *value; }
    const state* operator->() const { return value.get(); }
    [[nodiscard]] bool same_as(const seen& other) const { return value == other.value; }
  };
  struct answer {
    bool committed;
    std::uint64_t generation;
  };

  naive_manifest(state_slot<F> slot, const perdure::manifest_options<state>&) : slot_(std::move(slot)) {}

  result<void> open() {
    std::string text;
    const auto now = slot_.load(perdure::growing_room(text, 1 << 28));
    if (!now) return now.error();
    token_ = now->token;
    if (!now->exists()) return {};
    const auto value = state_codec().decode(now->value);
    if (!value) return value.error();
    value_ = *value;
    return {};
  }
  seen read() const { return {std::make_shared<const state>(value_)}; }

  template <class Decide>
  result<answer> commit(Decide& decide, bool) {
    perdure::after_commit then;
    const result<bool> wants = decide(value_, then);
    if (!wants) return wants.error();
    if (!*wants) return answer{false, 0};
    std::string text;
    PERDURE_TRY(state_codec().encode(value_, [&](perdure::bytes piece) -> result<void> {
      text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
      return {};
    }));
    const auto saved = slot_.replace(token_, text);
    if (!saved) return saved.error();
    token_ = *saved;
    then.run_all();
    return answer{true, 0};
  }

 private:
  state_slot<F> slot_;
  typename state_slot<F>::token token_ = {};
  state value_;
};

}  // namespace rollup_store

#endif  // EXAMPLES_ROLLUP_STORE_NAIVE_HPP
