// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CLUSTER_DETAIL_NAME_SET_HPP
#define PERDURE_CLUSTER_DETAIL_NAME_SET_HPP

// name_set: the payloads and roots that a state names, by the digests of their keys; and, where they were added so, the keys.

#include <perdure/cluster/detail/cluster_keys.hpp>
#include <perdure/core/detail/byte_buffer.hpp>
#include <perdure/store/detail/digest_set.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

class name_set {
 public:
  void clear() {
    set_.clear();
    text_.clear();
  }
  [[nodiscard]] bool has(const named_key& name) const noexcept { return set_.has(of(name)); }
  // false: no memory.
  [[nodiscard]] bool add(const named_key& name) noexcept { return set_.add(of(name)) != added::no_memory; }
  [[nodiscard]] bool add_named(const named_key& name) {
    const auto size = static_cast<std::byte>(name.size());
    text_.append({&size, 1});
    text_.append({name.data(), name.size()});
    return add(name);
  }
  // Those that were added with their names, until one fails.
  [[nodiscard]] result<void> for_each(function_ref<result<void>(const named_key&)> visitor) const {
    for (bytes rest = text_.view(); !rest.empty();) {
      const auto size = static_cast<std::size_t>(*rest.data());
      named_key name;
      name.append({reinterpret_cast<const char*>(rest.data()) + 1, size});
      PERDURE_TRY(visitor(name));
      rest = rest.from(1 + size);
    }
    return {};
  }
  [[nodiscard]] bool has_all_payloads_of(const name_set& others) const {
    bool all = true;
    (void)others.for_each([&](const named_key& name) -> result<void> {
      all = all && (payload_of(name).operation == 0 || has(name));
      return {};
    });
    return all;
  }

 private:
  [[nodiscard]] static digest of(const named_key& name) noexcept { return sha256_of(bytes(name.data(), name.size())); }

  digest_set set_;
  byte_buffer text_;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CLUSTER_DETAIL_NAME_SET_HPP
