// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_READ_TEXT_HPP
#define PERDURE_TESTING_READ_TEXT_HPP

// read_text(fs, path), read_text(store, key): a whole file, or object, as a string, for checks. What fails stays a failure: a
// file that is not there is not an empty one, and one that cannot be read is neither.

#include <string>

#include <perdure/fs/fs.hpp>
#include <perdure/store/read_object.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

template <Fs F>
[[nodiscard]] result<std::string> read_text(F& fs, path_view path) {
  auto file = fs.open(path, {});
  if (!file) return file.error();
  const auto size = file->size();
  if (!size) return size.error();
  std::string text(static_cast<std::size_t>(*size), '\0');
  const auto got = file->read_at(0, mutable_bytes(reinterpret_cast<std::byte*>(text.data()), text.size()));
  if (!got) return got.error();
  text.resize(*got);
  return text;
}

template <Store S>
[[nodiscard]] result<std::string> read_text(S& store, key_view key) {
  std::string text;
  const auto got = read_object(store, key, text, 1 << 30);
  if (!got) return got.error();
  return text;
}

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_READ_TEXT_HPP
