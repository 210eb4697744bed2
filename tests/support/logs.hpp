// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_SUPPORT_LOGS_HPP
#define PERDURE_TESTS_SUPPORT_LOGS_HPP

// Logs of records as lists of strings.

#include <perdure/core/describe.hpp>
#include <perdure/fs/record_log.hpp>

#include <string>
#include <vector>

namespace tests {

struct replayed {
  std::vector<std::string> records;
  perdure::replay_report report;
  std::string refusal;  // "code: what and where"
};

inline std::string refusal_of(const perdure::failure& why) {
  const perdure::bytes where = why.path();
  return std::to_string(static_cast<int>(why.code())) + ": " +
         std::string(reinterpret_cast<const char*>(where.data()), where.size());
}

template <perdure::Fs F>
replayed replay(F& fs, const std::string& directory, const perdure::replay_options& options = {},
                std::size_t window_size = 4096) {
  replayed found;
  std::vector<char> window(window_size);
  const auto done =
      perdure::replay_log(fs, directory, options, perdure::mutable_bytes(window), [&](const perdure::log_record& record) {
        found.records.emplace_back(reinterpret_cast<const char*>(record.payload.data()), record.payload.size());
        return perdure::visit::go_on;
      });
  if (done) {
    found.report = *done;
  } else {
    found.refusal = refusal_of(done.error());
  }
  return found;
}

// Opens it, and forgets what it shows. The window has to outlive nothing.
template <perdure::Fs F>
perdure::result<perdure::record_log<F>> open_log(F& fs, const std::string& directory, const perdure::log_options& options = {}) {
  char window[4096];
  return perdure::record_log<F>::open(fs, directory, options, window,
                                      [](const perdure::log_record&) { return perdure::visit::go_on; });
}

}  // namespace tests

#endif  // PERDURE_TESTS_SUPPORT_LOGS_HPP
