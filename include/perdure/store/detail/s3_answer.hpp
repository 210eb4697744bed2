// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_S3_ANSWER_HPP
#define PERDURE_STORE_DETAIL_S3_ANSWER_HPP

// s3_answer: what an object store said to one request. s3_failure: what that means for the caller, and what is in doubt after it.
//
//   not sent                            io or timed_out, doubt none; permission where nobody could be had who signs
//   no whole answer                     io or timed_out, doubt visible: it may come late
//   304, 412                            conflict, doubt none
//   409, 429                            busy, doubt none: it decides nothing
//   503                                 busy; 504, 408: timed_out; 507: no_space; else 5xx: io. Doubt visible
//   401, 403                            permission; 404: not_found; 413: too_large; 405: unsupported; 3xx: invalid_storage_root
//   what names a known <Code>           as the table in the code has it
// A doubt is of what changes something: who only looked has none. system_code() is the status, or the transport's own number.

#include <perdure/store/detail/http_time.hpp>
#include <perdure/store/detail/xml_reader.hpp>
#include <perdure/store/http.hpp>
#include <perdure/store/store_types.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

// size_unknown where it is no number.
[[nodiscard]] inline std::uint64_t number_of(path_view text) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] < '0' || text[i] > '9' || value > (UINT64_MAX - 10) / 10) return size_unknown;
    value = value * 10 + static_cast<std::uint64_t>(text[i] - '0');
  }
  return text.empty() ? size_unknown : value;
}

[[nodiscard]] inline bool is_header(path_view name, path_view lower) noexcept {
  if (name.size() != lower.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i] >= 'A' && name[i] <= 'Z' ? static_cast<char>(name[i] - 'A' + 'a') : name[i];
    if (c != lower[i]) return false;
  }
  return true;
}

// An etag without its quotes. A weak one ("W/") names no bytes, and is none.
[[nodiscard]] inline etag bare_etag(path_view text) noexcept {
  if (text.size() >= 2 && text[0] == '"' && text[text.size() - 1] == '"') text = text.first(text.size() - 1).from(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] <= ' ' || text[i] > '~' || text[i] == '"') return {};
  }
  return etag::of(bytes(text.data(), text.size())).value_or(etag());
}

struct s3_answer {
  http_outcome outcome;
  path_buffer<128> etag_text;
  std::uint64_t length = size_unknown;  // Content-Length
  std::uint64_t total = size_unknown;   // of Content-Range: the size of the object
  std::uint64_t range_at = 0;           // where the part begins
  std::int64_t date = -1;
  std::uint64_t body_size = 0;
  bool stopped = false;  // by who took it
  bool has_no_signer = false;
  path_buffer<64> code;    // of an <Error>
  path_buffer<32> region;  // where the bucket is, if that is told
  char text[1024];         // the beginning of a body that is no success's
  std::size_t text_size = 0;

  [[nodiscard]] int status() const noexcept { return outcome.end == http_end::answered ? outcome.status : 0; }
  [[nodiscard]] bool is_success() const noexcept { return status() >= 200 && status() < 300; }
  [[nodiscard]] bool says(path_view known) const noexcept { return path_view(code) == known; }
  [[nodiscard]] etag version() const noexcept { return etag_text.ok() ? bare_etag(etag_text) : etag(); }

  void header(const http_header& one) noexcept {
    if (is_header(one.name, "etag")) {
      etag_text.clear();
      etag_text.append(one.value);
    } else if (is_header(one.name, "content-length")) {
      length = number_of(one.value);
    } else if (is_header(one.name, "content-range")) {
      content_range(one.value);
    } else if (is_header(one.name, "date")) {
      date = unix_of_http_date(one.value);
    } else if (is_header(one.name, "x-amz-bucket-region")) {
      region.clear();
      region.append(one.value);
    }
  }
  void keep(bytes piece) noexcept {
    const bytes part = piece.first(sizeof(text) - text_size);
    if (!part.empty()) std::memcpy(text + text_size, part.data(), part.size());
    text_size += part.size();
  }
  void ended(bool is_head) noexcept {
    const bool whole = is_head || stopped || length == size_unknown || length == body_size;
    if (outcome.end == http_end::answered && !whole) outcome.end = http_end::unanswered;
    read_code(bytes(text, text_size));
  }
  void read_code(bytes document) noexcept {
    const xml_child found(document, "Error", "Code");
    if (found.is_found) code.append(found.text);
    if (!code.ok()) code.clear();
    if (!says("AuthorizationHeaderMalformed") || region.size() != 0) return;
    const xml_child other(document, "Error", "Region");
    if (other.is_found) region.append(other.text);
  }

 private:
  // "bytes 0-9/100", "bytes */100"
  void content_range(path_view value) noexcept {
    constexpr path_view begin = "bytes ";
    if (!(value.first(begin.size()) == begin)) return;
    value = value.from(begin.size());
    std::size_t slash = 0;
    while (slash < value.size() && value[slash] != '/') ++slash;
    total = number_of(value.from(slash + 1));
    std::size_t dash = 0;
    while (dash < slash && value[dash] != '-') ++dash;
    if (dash != slash) range_at = number_of(value.first(dash));
  }
};

struct s3_known_code {
  const char* name;
  enum code code;
};
// All of these are refusals: nothing has happened, unless the status says that something broke.
inline constexpr s3_known_code s3_known_codes[] = {
    {"NoSuchBucket", code::invalid_storage_root},
    {"InvalidBucketName", code::invalid_storage_root},
    {"BucketAlreadyExists", code::invalid_storage_root},           // somebody else's
    {"AuthorizationHeaderMalformed", code::invalid_storage_root},  // another region
    {"PermanentRedirect", code::invalid_storage_root},
    {"ExpiredToken", code::permission},
    {"InvalidToken", code::permission},
    {"TokenRefreshRequired", code::permission},
    {"NoSuchKey", code::not_found},
    {"EntityTooLarge", code::too_large},
    {"KeyTooLongError", code::too_large},
    {"QuotaExceeded", code::no_space},
    {"NotImplemented", code::unsupported},
    {"RequestTimeout", code::timed_out},
    {"BadDigest", code::io},  // the body was damaged on its way
    {"XAmzContentSHA256Mismatch", code::io},
    {"IncompleteBody", code::io},
};

enum class s3_effect : std::uint8_t { looks, changes };

[[nodiscard]] inline failure s3_failure(const s3_answer& answer, enum operation operation, s3_effect effect) noexcept {
  const doubt unsure = effect == s3_effect::changes ? doubt::visible : doubt::none;
  const http_outcome& out = answer.outcome;
  const enum code silent = out.timed_out ? code::timed_out : code::io;
  if (answer.has_no_signer) return failure(code::permission, operation);
  if (out.end == http_end::not_sent) return failure(silent, operation, out.system_code);
  if (out.end == http_end::unanswered) return failure(silent, operation, out.system_code).with(unsure);
  const auto refused = [&](enum code code) { return failure(code, operation, out.status); };
  for (const s3_known_code& known : s3_known_codes) {
    if (answer.says(known.name)) return refused(known.code).with(out.status >= 500 && out.status != 501 ? unsure : doubt::none);
  }
  switch (out.status) {
    case 304:
    case 412:
      return refused(code::conflict);
    case 401:
    case 403:
      return refused(code::permission);
    case 404:
      return refused(code::not_found);
    case 405:
      return refused(code::unsupported);
    case 408:
    case 504:
      return refused(code::timed_out).with(unsure);
    case 409:
    case 429:
      return refused(code::busy);
    case 413:
      return refused(code::too_large);
    case 503:
      return refused(code::busy).with(unsure);
    case 507:
      return refused(code::no_space).with(unsure);
    default:
      break;
  }
  if (out.status >= 300 && out.status < 400) return refused(code::invalid_storage_root);
  if (out.status >= 400 && out.status < 500) return refused(code::invalid_argument);
  return refused(code::io).with(unsure);
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_S3_ANSWER_HPP
