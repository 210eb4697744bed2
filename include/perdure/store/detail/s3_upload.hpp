// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_S3_UPLOAD_HPP
#define PERDURE_STORE_DETAIL_S3_UPLOAD_HPP

// s3_upload: an object by parts. Until the last request nothing of it is an object, so that a part may be sent as often as one
// likes, and a failure before that is in no doubt. What fails for certain is abandoned; what may have been completed is not.

#include <perdure/store/detail/s3_body.hpp>
#include <perdure/store/detail/s3_connection.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

// As much as there is, up to all of the room.
[[nodiscard]] inline result<std::size_t> fill(byte_source source, mutable_bytes room) {
  std::size_t at = 0;
  while (at < room.size()) {
    const auto got = source(room.from(at));
    if (!got) return got.error();
    if (*got == 0) break;
    PERDURE_ASSERT(*got <= room.size() - at, "a byte_source gave more than there was room for");
    at += *got;
  }
  return at;
}

template <class Connection>
class s3_upload {
 public:
  static constexpr std::uint64_t parts_max = 10'000;

  s3_upload(Connection& connection, path_view key) noexcept : connection_(connection), key_(key) {}

  // The room is full of the first part.
  [[nodiscard]] result<etag> run(byte_source source, mutable_bytes room) {
    const auto begun = begin();
    if (!begun) return begun.error().with(doubt::none);
    const auto sent = send_parts(source, room);
    if (!sent) return abandon(), sent.error().with(doubt::none);
    auto done = complete();
    if (!done && done.error().doubt() == doubt::none) abandon();
    return done;
  }

 private:
  [[nodiscard]] s3_answer ask(path_view method, query_pair* pairs, std::size_t count, gather content, s3_body& into) {
    return connection_.send({method, key_, pairs, count, nullptr, 0, content},
                            [&](const s3_answer&, bytes piece) { return into.append(piece).ok() ? visit::go_on : visit::stop; });
  }

  [[nodiscard]] result<void> begin() {
    query_pair uploads = {"uploads", ""};
    s3_body body(answer_size_max);
    const auto answer = ask("POST", &uploads, 1, bytes(), body);
    if (answer.status() != 200) return s3_failure(answer, operation::put, s3_effect::changes);
    const xml_child id(body.view(), "InitiateMultipartUploadResult", "UploadId");
    if (!id.is_found || id.text.empty() || !append_xml_text(id_, id.text)) return failure(code::io, operation::put, 200);
    return {};
  }

  [[nodiscard]] result<void> send_parts(byte_source source, mutable_bytes room) {
    list_.append("<CompleteMultipartUpload>");
    std::size_t size = room.size();
    for (std::uint64_t number = 1; size != 0; ++number) {
      if (number > parts_max) return failure(code::too_large, operation::put);
      PERDURE_TRY(send_part(number, bytes(room).first(size)));
      const auto next = fill(source, room);
      if (!next) return next.error();
      size = *next;
    }
    list_.append("</CompleteMultipartUpload>");
    if (!list_.ok()) return failure(code::no_space, operation::put);
    return {};
  }
  [[nodiscard]] result<void> send_part(std::uint64_t number, bytes content) {
    path_buffer<8> digits;
    append_number(digits, number);
    std::int64_t wait_ns = connection_.options().part_wait_ns;
    for (std::uint32_t tries = 1;; ++tries) {
      query_pair pairs[] = {{"partNumber", digits}, {"uploadId", id_}};
      const s3_answer answer = connection_.send({"PUT", key_, pairs, 2, nullptr, 0, content}, ignore_body);
      const etag version = answer.version();
      if (answer.is_success() && !version.empty()) {
        const bytes told = version.view();
        list_.append("<Part><PartNumber>").append(path_view(digits)).append("</PartNumber><ETag>\"");
        (void)append_xml_escaped({reinterpret_cast<const char*>(told.data()), told.size()},
                                 [&](path_view text) { list_.append(text); });
        list_.append("\"</ETag></Part>");
        return {};
      }
      const failure why = s3_failure(answer, operation::put, s3_effect::changes);
      const bool passes = why.code() == code::io || why.code() == code::timed_out || why.code() == code::busy;
      if (!passes || tries >= connection_.options().part_tries_max) return why;
      connection_.clock().sleep_ns(wait_ns);
      wait_ns *= 2;
    }
  }

  [[nodiscard]] result<etag> complete() {
    query_pair which = {"uploadId", id_};
    s3_body body(answer_size_max);
    s3_answer answer = ask("POST", &which, 1, list_.view(), body);
    const failure unsure = failure(code::io, operation::put, answer.outcome.status).with(doubt::visible);
    if (answer.status() != 200) return s3_failure(answer, operation::put, s3_effect::changes);
    // The status is sent before the work is done: a body may tell that it failed after all.
    const xml_child version(body.view(), "CompleteMultipartUploadResult", "ETag");
    path_buffer<128> text;
    if (!version.is_found || !is_whole_xml(body.view()) || !append_xml_text(text, version.text)) return unsure;
    return bare_etag(text);
  }

  // As well as it goes: a rule of the bucket ends what is left.
  void abandon() {
    query_pair which = {"uploadId", id_};
    (void)connection_.send({"DELETE", key_, &which, 1}, ignore_body);
  }

  static constexpr std::size_t answer_size_max = 16 * 1024;

  Connection& connection_;
  path_view key_;
  path_buffer<1024> id_;
  s3_body list_{parts_max * 256};
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_S3_UPLOAD_HPP
