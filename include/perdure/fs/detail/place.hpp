// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_DETAIL_PLACE_HPP
#define PERDURE_FS_DETAIL_PLACE_HPP

// place: the directory that a file is written in, and names in it.

#include <perdure/fs/fs_optional.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

// The same failure, told of the path that the caller named, and with the doubt that there is about that path.
[[nodiscard, gnu::cold, gnu::noinline]] inline failure retold(const failure& why, path_view path,
                                                              enum doubt doubt = doubt::none) noexcept {
  return failure(why.code(), why.operation(), why.system_code()).with(doubt).about({path.data(), path.size()});
}

template <class F>
struct held_dir {
  struct type {};
};
template <class F>
  requires can_open_dir<F>
struct held_dir<F> {
  using type = typename decltype(detail::some<F&>().open_dir(path_view(), links::follow))::value_type;
};

// Names in one directory: held open where that closes a race and saves path walks, spelled out where it is not.
template <Fs F>
class place {
 public:
  static constexpr std::size_t path_size_max = path_capacity<F>();

  [[nodiscard]] PERDURE_FLAT result<void> settle(F& fs, path_view directory, bool hold) {
    fs_ = &fs;
    if (!spelled_.join(directory, "").ok()) return failure(code::too_large, operation::open);
    prefix_size_ = spelled_.size();
    directory_size_ = prefix_size_ == 0 ? 0 : directory.size();
    if constexpr (can_open_dir<F>) {
      if (hold) {
        held_ = perdure::open_dir(fs, directory);
        if (!held_ && held_.error().code() != code::unsupported) return held_.error();
      }
    }
    return {};
  }

  // Calls `use` with an Fs and the name as that Fs has to be told it.
  template <class Use>
  PERDURE_FLAT auto with(path_view name, Use&& use) -> decltype(use(detail::some<F&>(), name)) {
    if constexpr (can_open_dir<F>) {
      if (held_) return use(*held_, name);
    }
    spelled_.truncate(prefix_size_);
    if (name.size() > path_size_max - prefix_size_) return failure(code::too_large, operation::open);
    return use(*fs_, path_view(spelled_.append(name)));
  }
  // The same for two names.
  template <class Use>
  PERDURE_FLAT result<void> with(path_view first, path_view second, Use&& use) {
    if constexpr (can_open_dir<F>) {
      if (held_) return use(*held_, first, second);
    }
    path_buffer<path_size_max> other;
    if (!other.join(directory(), second).ok()) return failure(code::too_large, operation::rename);
    return with(first, [&](auto& in, path_view name) { return use(in, name, path_view(other)); });
  }
  [[nodiscard]] PERDURE_FLAT result<void> sync() {
    if constexpr (can_open_dir<F>) {
      if (held_) return held_->sync_dir(".");
    }
    return fs_->sync_dir(directory());
  }

 private:
  [[nodiscard]] path_view directory() const noexcept {
    return directory_size_ == 0 ? path_view(".") : path_view(spelled_).first(directory_size_);
  }

  using held_type = detail::conditional<can_open_dir<F>, result<typename held_dir<F>::type>, failure>;

  F* fs_ = nullptr;
  held_type held_ = failure(code::unsupported, operation::open_dir);
  path_buffer<path_size_max> spelled_;  // "d/", or nothing for ".", and behind it the name that was asked for last
  std::size_t prefix_size_ = 0;
  std::size_t directory_size_ = 0;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_DETAIL_PLACE_HPP
