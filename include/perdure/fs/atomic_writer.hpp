// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_ATOMIC_WRITER_HPP
#define PERDURE_FS_ATOMIC_WRITER_HPP

// atomic_writer: atomic_write for content that comes in pieces. commit(), or nothing happened.
//
//   auto writer = perdure::atomic_writer<>::open("report.csv");
//   if (!writer) return writer.error();
//   for (const auto& row : rows) PERDURE_TRY(writer->write(row));
//   auto report = writer->commit();
//
// Effects: open() does steps 1 to 3 of atomic_write, write() appends to the temporary file, rewrite() overwrites a part of what
//   was written, commit() does the rest.
// Success: of commit(), as of atomic_write.
// Failure: as atomic_write. A failed write() or rewrite() makes commit() fail with the same failure. After commit(), whatever it
//   answered, and after abandon(), the writer is spent: invalid_argument. content::skip_unchanged is an invalid_argument, for
//   there is no content yet; so is a rewrite() of what was not written.
// Crash: until commit() returned success, the old file or the new one, whole; a temporary file may be left.
// Not promised: see atomic_write. The Fs must outlive the writer. One thread at a time.

#include <perdure/fs/detail/staged_file.hpp>
#include <perdure/fs/native_fs.hpp>

namespace perdure {
inline namespace v1 {

#if PERDURE_HAS_NATIVE_FS
template <Fs F = native_fs>
#else
template <Fs F>
#endif
class atomic_writer {
 public:
  [[nodiscard]] static result<atomic_writer> open(F& fs, path_view path, const write_options& options = {}) {
    if (options.content == content::skip_unchanged)
      return failure(code::invalid_argument, operation::open).about({path.data(), path.size()});
    result<atomic_writer> writer(in_place, atomic_writer());
    const auto prepared = writer->prepare(fs, path, options);
    if (!prepared) return detail::retold(prepared.error(), path);
    return writer;
  }
#if PERDURE_HAS_NATIVE_FS
  [[nodiscard]] static result<atomic_writer> open(path_view path, const write_options& options = {})
    requires detail::is_same<F, native_fs>
  {
    static native_fs fs;
    return open(fs, path, options);
  }
#endif

  // The other one is spent: what is left of its file is not to be asked anything.
  atomic_writer(atomic_writer&& other) noexcept
      : staged_(detail::moved(other.staged_)),
        size_bytes_(other.size_bytes_),
        good_(detail::exchanged(other.good_, failure(code::invalid_argument, operation::write))),
        path_(other.path_) {}
  atomic_writer& operator=(atomic_writer&&) = delete;
  ~atomic_writer() { staged_.abandon(); }

  [[nodiscard]] result<void> write(gather content) {
    if (!good_) return good_;
    good_ = staged_.write(size_bytes_, content);
    if (!good_) good_ = detail::retold(good_.error(), path_);
    size_bytes_ += content.size();
    return good_;
  }

  // Once more, bytes that were written already: a size that stands in front of what it counts.
  [[nodiscard]] result<void> rewrite(std::uint64_t offset, gather content) {
    if (!good_) return good_;
    const bool inside = offset <= size_bytes_ && content.size() <= size_bytes_ - offset;
    good_ = inside ? staged_.write(offset, content) : failure(code::invalid_argument, operation::write);
    if (!good_) good_ = detail::retold(good_.error(), path_);
    return good_;
  }

  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_bytes_; }

  [[nodiscard]] result<write_report> commit() {
    if (good_) {
      good_ = staged_.finish();
      if (good_) {
        good_ = failure(code::invalid_argument, operation::write);
        return staged_.publish(path_);
      }
      good_ = detail::retold(good_.error(), path_);
    }
    const failure why = good_.error();
    abandon();
    return why;
  }

  void abandon() {
    staged_.abandon();
    good_ = failure(code::invalid_argument, operation::write);
  }

 private:
  atomic_writer() noexcept = default;

  [[nodiscard]] result<void> prepare(F& fs, path_view path, const write_options& options) {
    path_.append(path.from(path.size() > tail_size_max ? path.size() - tail_size_max : 0));
    PERDURE_TRY(staged_.locate(fs, path, options));
    PERDURE_TRY(staged_.probe());
    PERDURE_TRY(staged_.look_at_replaced());
    return staged_.create();
  }

  detail::staged_file<F> staged_;
  std::uint64_t size_bytes_ = 0;
  result<void> good_;
  // As much of it as a failure shows, and a character more, by which the failure sees that it was cut.
  static constexpr std::size_t tail_size_max = failure::path_size_max + 4;
  path_buffer<tail_size_max> path_;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_ATOMIC_WRITER_HPP
