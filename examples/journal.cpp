// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A list of notes that loses none: `journal "buy milk"` adds one, `journal` shows them all. They are kept in the directory
// `notes`, in the order in which they were taken; kill it, or cut the power, whenever you like.

#include <perdure/core/describe.hpp>
#include <perdure/fs/record_log.hpp>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

// README:begin
template <perdure::Fs F>
perdure::result<std::uint64_t> note(F& fs, std::string_view text, std::vector<std::string>& notes) {
  char window[64 * 1024];  // all the memory that reading takes, and as large as a record may be
  auto log = perdure::record_log<F>::open(fs, "notes", {}, window, [&](const perdure::log_record& record) {
    notes.emplace_back(record.payload);
    return perdure::visit::go_on;
  });
  if (!log) return log.error();
  const auto done = log->append(text);  // on success the note survives a power cut, and so do all before it
  if (!done) return done.error();
  return done->last;
}
// README:end

int main(int count, char** arguments) {
  perdure::posix_fs fs;
  std::vector<std::string> notes;
  const std::string text = count > 1 ? arguments[1] : "looked at the notes";
  const auto number = note(fs, text, notes);
  if (!number) {
    std::puts(describe(number.error()).c_str());
    return 1;
  }
  notes.push_back(text);
  for (std::size_t i = 0; i < notes.size(); ++i) std::printf("%zu  %s\n", i + 1, notes[i].c_str());
  return *number == notes.size() ? 0 : 1;
}
