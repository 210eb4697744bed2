// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_VECTOR_SERVICE_KEEPER_HPP
#define EXAMPLES_VECTOR_SERVICE_KEEPER_HPP

// keeper: where a service keeps its indexes, _vectors/<name>.lhv1 in any Store.

#include <perdure/engine/persistor.hpp>

#include <string>
#include <utility>

namespace vector_service {

using perdure::code;
using perdure::failure;
using perdure::operation;
using perdure::result;

inline perdure::persistor_options how_indexes_are_kept() {
  return {.prefix = "_vectors/",
          .suffix = ".lhv1",
          .format = {.layout = perdure::engine_layout::framed, .kind = "LHV1", .object_bytes_max = std::uint64_t{1} << 33}};
}

template <perdure::Store S, perdure::Clock C>
class keeper {
 public:
  keeper(S& store, C& clock, std::int64_t load_ns_max)
      : objects_(store, how_indexes_are_kept()), clock_(clock), load_ns_max_(load_ns_max) {}

  template <class View>
  [[nodiscard]] result<void> save(const std::string& name, const View& view) {
    const auto kept = objects_.save(name, view);
    return kept ? result<void>() : kept.error();
  }
  [[nodiscard]] result<void> remove(const std::string& name) { return objects_.remove(name); }

  template <class Index, class Take>
  [[nodiscard]] result<void> load_all(Take&& take) {
    const auto done = objects_.template load_all<Index>(
        clock_, {.item_ns_max = load_ns_max_}, [&](perdure::path_view at, result<perdure::loaded_engine<Index>>& one) {
          const std::string name(at.data(), at.size());
          // A whole file that was put in place of another one.
          if (one && one->name() != name)
            return take(name, failure(code::corrupt, operation::load).about("envelope: another index's name"));
          return one ? take(name, std::move(*one)) : take(name, one.error());
        });
    return done ? result<void>() : done.error();
  }

 private:
  perdure::persistor<S> objects_;
  C& clock_;
  std::int64_t load_ns_max_;
};

}  // namespace vector_service

#endif  // EXAMPLES_VECTOR_SERVICE_KEEPER_HPP
