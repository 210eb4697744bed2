// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_LAW_FS_HPP
#define PERDURE_TESTING_DETAIL_LAW_FS_HPP

// law_fs: any Fs behind one type, so that the laws are compiled once and not for each model. As any_fs, but for the paths: they
// are the model's own, so that a scratch directory may be "C:/scratch" where that is one.

#include <perdure/fs/any_fs.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

template <Fs F>
inline constexpr perdure::detail::fs_table law_table_of = [] {
  perdure::detail::fs_table table = perdure::detail::fs_table_of<F>;
  table.separates = nullptr;
  return table;
}();

class law_fs : public perdure::detail::any_operations<law_fs> {
 public:
  using perdure_fs = law_fs;

  template <Fs F>
  static law_fs over(F& model) noexcept {
    return law_fs(&model, &law_table_of<F>);
  }

  [[nodiscard]] const perdure::detail::fs_table& held_table() const noexcept { return *table_; }
  [[nodiscard]] void* held_object() const noexcept { return object_; }

 private:
  law_fs(void* object, const perdure::detail::fs_table* table) noexcept : object_(object), table_(table) {}

  void* object_;
  const perdure::detail::fs_table* table_;
};
static_assert(Fs<law_fs>);

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_LAW_FS_HPP
