// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_S3_CREDENTIALS_HPP
#define PERDURE_STORE_S3_CREDENTIALS_HPP

// s3_credentials: who signs. parse_s3_credentials(text, profile): those of one profile of the shared credentials file, as other
// tools write it:
//
//   [default]
//   aws_access_key_id = AKIDEXAMPLE
//   aws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY
//   aws_session_token = ...               ; only of temporary ones
//
// s3_credentials_source: who signs from now on, where that changes while a store is open, for temporary credentials end, most of
// them after an hour. It is asked before each request, and once more when the gateway refused those that it gave: then it looks
// whether there are others by now. To ask it ahead of their end is its own affair.
//
// Success: what the last profile of that name says; empty members where it says nothing.
// Failure: not_found: no such profile; too_large: a value that is longer than it can be; invalid_argument: a value that no header
//   can carry. No failure shows any of it.
// Not promised: that what is copied is wiped from memory.

#include <perdure/core/result.hpp>
#include <perdure/fs/path.hpp>

namespace perdure {
inline namespace v1 {

struct s3_credentials {
  path_buffer<128> access_key;
  path_buffer<128> secret_key;
  path_buffer<4096> session_token;  // empty: they are lasting ones

  [[nodiscard]] bool complete() const noexcept { return access_key.size() != 0 && secret_key.size() != 0; }
  // Printable, without a space: what is signed, and sent in one line.
  [[nodiscard]] bool sendable() const noexcept {
    const auto good = [](path_view text) {
      for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] <= ' ' || text[i] > '~') return false;
      }
      return true;
    };
    return access_key.ok() && secret_key.ok() && session_token.ok() && good(access_key) && good(secret_key) &&
           good(session_token);
  }
};

[[nodiscard]] inline bool operator==(const s3_credentials& a, const s3_credentials& b) noexcept {
  return path_view(a.access_key) == path_view(b.access_key) && path_view(a.secret_key) == path_view(b.secret_key) &&
         path_view(a.session_token) == path_view(b.session_token);
}

// Called from any thread at any time. `refused`: null, or those that were; to give the same again ends it.
struct s3_credentials_source {
  result<s3_credentials> (*ask)(void* of, const s3_credentials* refused) = nullptr;
  void* of = nullptr;

  [[nodiscard]] bool is_set() const noexcept { return ask != nullptr; }
};

namespace detail {

[[nodiscard]] inline path_view trimmed(path_view text) noexcept {
  const auto white = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && white(text[0])) text = text.from(1);
  while (!text.empty() && white(text[text.size() - 1])) text = text.first(text.size() - 1);
  return text;
}

// Takes "name = value" lines of one section of an INI file, and says whether the section is there.
template <class Take>
[[nodiscard]] bool each_setting(path_view file, path_view section, Take&& take) {
  bool inside = false;
  bool found = false;
  while (!file.empty()) {
    std::size_t end = 0;
    while (end < file.size() && file[end] != '\n') ++end;
    const path_view line = trimmed(file.first(end));
    file = file.from(end + 1);
    if (line.empty() || line[0] == '#' || line[0] == ';') continue;
    if (line[0] == '[') {
      inside = line[line.size() - 1] == ']' && trimmed(line.first(line.size() - 1).from(1)) == section;
      found = found || inside;
      continue;
    }
    std::size_t sign = 0;
    while (sign < line.size() && line[sign] != '=') ++sign;
    if (inside && sign != line.size()) take(trimmed(line.first(sign)), trimmed(line.from(sign + 1)));
  }
  return found;
}

}  // namespace detail

[[nodiscard]] inline result<s3_credentials> parse_s3_credentials(bytes text, path_view profile) noexcept {
  s3_credentials all;
  const path_view file(reinterpret_cast<const char*>(text.data()), text.size());
  const bool found = detail::each_setting(file, profile, [&](path_view name, path_view value) {
    const auto put = [&](auto& into) {
      into.clear();
      into.append(value);
    };
    if (name == path_view("aws_access_key_id")) put(all.access_key);
    if (name == path_view("aws_secret_access_key")) put(all.secret_key);
    if (name == path_view("aws_session_token")) put(all.session_token);
  });
  if (!found) return failure(code::not_found, operation::open);
  if (!all.access_key.ok() || !all.secret_key.ok() || !all.session_token.ok()) return failure(code::too_large, operation::open);
  if (!all.sendable()) return failure(code::invalid_argument, operation::open);
  return all;
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_S3_CREDENTIALS_HPP
