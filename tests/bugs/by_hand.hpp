// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef TESTS_BUGS_BY_HAND_HPP
#define TESTS_BUGS_BY_HAND_HPP

// Files as programs write them that have no library for it: whole, at the end, in place, with a checksum and without.

#include <perdure/core/crc32c.hpp>
#include <perdure/fs/fs_optional.hpp>
#include <perdure/testing/explore.hpp>

#include <cstring>
#include <string>
#include <vector>

namespace tests {

using namespace perdure;
using namespace perdure::testing;

enum class flushed : bool { no, yes };  // was fsync called before close?

inline result<crash_fs::file> opened(crash_fs& fs, const std::string& path) {
  return fs.open(path, {.access = access::read_write, .creation = creation::create});
}
// What failed behind a write that was done leaves that in doubt, whatever it says of itself.
inline result<void> after_write(const result<void>& done) {
  return done || done.error().doubt() != doubt::none ? done : done.error().with(doubt::visible);
}
// pwrite, fdatasync if so, close.
inline result<void> overwrite(crash_fs& fs, const std::string& path, std::uint64_t at, const std::string& text, flushed how) {
  auto file = opened(fs, path);
  if (!file) return file.error();
  PERDURE_TRY(file->write_at(at, text));
  if (how == flushed::yes) PERDURE_TRY(after_write(file->sync(sync_what::data)));
  return after_write(file->close());
}
// open(O_CREAT | O_TRUNC), write, fsync if so, close.
inline result<void> save(crash_fs& fs, const std::string& path, const std::string& text, flushed how) {
  auto file = opened(fs, path);
  if (!file) return file.error();
  const auto size = file->size();
  if (!size) return size.error();
  if (*size != 0) PERDURE_TRY(file->truncate(0));
  PERDURE_TRY(file->write_at(0, text));
  if (how == flushed::yes) PERDURE_TRY(after_write(file->sync(sync_what::all)));
  return after_write(file->close());
}
// open(O_CREAT | O_APPEND), write, fdatasync if so, close.
inline result<void> append(crash_fs& fs, const std::string& path, const std::string& text, flushed how) {
  auto file = opened(fs, path);
  if (!file) return file.error();
  const auto end = file->size();
  if (!end) return end.error();
  PERDURE_TRY(file->write_at(*end, text));
  if (how == flushed::yes) PERDURE_TRY(after_write(file->sync(sync_what::data)));
  return after_write(file->close());
}
inline result<void> sync(crash_fs& fs, const std::string& path, sync_what what = sync_what::all) {
  auto file = fs.open(path, {.access = access::read_write});
  return file ? file->sync(what) : result<void>(file.error());
}

// Of a file that is not there, or cannot be read: nothing.
inline std::string text_in(crash_fs& fs, const std::string& path) { return read_text(fs, path).value_or(std::string()); }
inline bool is_there(crash_fs& fs, const std::string& path) { return static_cast<bool>(fs.stat(path)); }
inline std::vector<std::string> names_in(crash_fs& fs, const std::string& directory) {
  std::vector<std::string> names;
  (void)fs.for_each_entry(directory, [&](const dir_entry& entry) {
    names.emplace_back(entry.name.data(), entry.name.size());
    return visit::go_on;
  });
  return names;
}

inline std::string bytes_of_word(std::uint32_t number) {
  std::string all(4, '\0');
  for (std::size_t i = 0; i < 4; ++i) all[i] = static_cast<char>(number >> (8 * i) & 0xff);
  return all;
}
inline std::uint32_t number_at(const std::string& all, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 4; i-- > 0;) number = number << 8 | static_cast<unsigned char>(all[at + i]);
  return number;
}

// A record: its length, a checksum over that, the value and the number of the log it belongs to, and the value.
inline std::string framed(const std::string& value, std::uint32_t log = 0) {
  const std::string size = bytes_of_word(static_cast<std::uint32_t>(value.size()));
  return size + bytes_of_word(crc32c(size + bytes_of_word(log) + value)) + value;
}
struct frames {
  std::vector<std::string> values;
  std::size_t end = 0;    // behind the last good one
  bool is_clean = true;   // nothing follows it
  bool is_zeros = false;  // nothing but zeros does
};
inline frames unframed(const std::string& all, std::uint32_t log = 0, std::size_t from = 0) {
  frames found;
  for (found.end = from; found.end + 8 <= all.size();) {
    const std::size_t size = number_at(all, found.end);
    if (size == 0 || size > all.size() - found.end - 8) break;
    std::string value = all.substr(found.end + 8, size);
    if (number_at(all, found.end + 4) != crc32c(bytes_of_word(static_cast<std::uint32_t>(size)) + bytes_of_word(log) + value)) break;
    found.values.push_back(std::move(value));
    found.end += 8 + size;
  }
  found.is_clean = found.end >= all.size();
  found.is_zeros = found.is_clean || all.find_first_not_of('\0', found.end) == std::string::npos;
  return found;
}

// What follows the last good record is cut off first: nothing behind it would be found.
inline result<void> append_record(crash_fs& fs, const std::string& path, const std::string& value) {
  auto file = opened(fs, path);
  if (!file) return file.error();
  const frames found = unframed(text_in(fs, path));
  if (!found.is_clean) PERDURE_TRY(file->truncate(found.end));
  PERDURE_TRY(file->write_at(found.end, framed(value)));
  return after_write(file->sync(sync_what::data));
}

// What a log has to be after a crash: of what was appended, in that order, everything that was acknowledged.
inline verdict is_log_of(const after_crash& after, const std::vector<std::string>& found,
                         const std::vector<std::string>& appended) {
  std::size_t next = 0;
  for (const std::string& value : appended) {
    if (next < found.size() && found[next] == value) {
      ++next;
    } else if (after.acknowledged(value)) {
      return perdure::testing::detail::quoted(value) + " was acknowledged and is not found";
    }
  }
  return next == found.size() ? verdict(true)
                              : "found " + perdure::testing::detail::quoted(found[next]) + ", which does not belong there";
}

}  // namespace tests

#endif  // TESTS_BUGS_BY_HAND_HPP
