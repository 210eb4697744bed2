// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_CONTENT_WRITER_HPP
#define PERDURE_STORE_CONTENT_WRITER_HPP

// content_writer: content of a content_store that comes in pieces of any size, one content after another.
//
//   auto writer = objects.writer(*pin, work);
//   for (const auto& row : rows) PERDURE_TRY(writer.write(row));
//   auto stored = writer.finish();                    // and write() then begins the next one
//
// Effects, Success, Failure, Crash: as content_store's put, of write() and of finish(); equal content has the same id, however it
//   came. What was not finished is named by nobody. After a failure every call fails so.
// What is written, and not finished, no other writer counts on, one of the same pin neither: it puts that once more.
// Memory: that of put; with several workers two windows, kept from one content to the next.
// Not promised: that a piece is stored when write() returns.
//
// It refers to the content_store and to the pin. One thread at a time; work.jobs, where it is several, are its own.

#include <perdure/core/content_id.hpp>
#include <perdure/store/content_pin.hpp>
#include <perdure/store/detail/content_ingest.hpp>

namespace perdure {
inline namespace v1 {

struct stored_content {
  content_id id;
  std::uint64_t size_bytes = 0;
  std::uint64_t objects = 0;      // as often as they occur
  std::uint64_t new_objects = 0;  // those that were put
  std::uint64_t new_bytes = 0;
};

// Of put, get and verify: who is told how far it is, and the threads that it may use (jobs.hpp). The source, the sink and the
// watch are called by one thread at a time. With one worker, put holds one window, else three.
struct content_work {
  progress_watch watch = unwatched;
  job_runner jobs = in_turn;
  std::size_t workers = 1;
};

template <class Objects>
class content_writer {
  using pin_type = typename Objects::pin_type;

 public:
  content_writer(Objects& objects, pin_type& pin, const content_work& how) noexcept : pin_(pin), ingest_(objects, pin, how) {
    good_ = objects.options().is_valid() ? pin.check() : failure(code::invalid_argument, operation::put);
  }

  [[nodiscard]] result<void> write(bytes piece) {
    if (good_) good_ = kept(ingest_.write(piece));
    return good_;
  }
  [[nodiscard]] result<stored_content> finish() {
    if (!good_) return good_.error();
    return ended(ingest_.finish());
  }
  // All that the source has, at once, behind what was written of this content: it is read while what was read before is hashed
  // and stored.
  [[nodiscard]] result<stored_content> put(byte_source source) {
    if (!good_) return good_.error();
    return ended(ingest_.run(source));
  }

 private:
  template <class T>
  [[nodiscard]] result<void> kept(const result<T>& answer) {
    return answer ? result<void>() : answer.error().with(doubt::none);
  }
  [[nodiscard]] result<stored_content> ended(const result<digest>& root) {
    good_ = kept(root);
    if (good_) good_ = kept(pin_.check());  // else a collector may have taken what was only found
    if (!good_) return good_.error();
    const detail::ingest_count made = ingest_.count();
    const stored_content stored{{*root}, ingest_.size_bytes(), ingest_.objects(), made.new_objects, made.new_bytes};
    ingest_.restart();
    return stored;
  }

  pin_type& pin_;
  detail::content_ingest<Objects, pin_type> ingest_;
  result<void> good_;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_CONTENT_WRITER_HPP
