// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_S3_ADVICE_HPP
#define PERDURE_STORE_DETAIL_S3_ADVICE_HPP

// s3_advised: a failure to open a bucket, about what whoever set it up has to look at:
//
//   open of 'a bucket of the region eu-west-1' failed: the address of the storage root is wrong, or leads to nothing (system
//   code 301).
//   open of 'a server: Couldn't connect to server' failed: the device or the system failed (system code 111).
//
// What a server says is not repeated, for some servers repeat what they were sent: but for a region and a date, each of which is
// looked at before. What the transport says is its own words, not the server's.

#include <perdure/store/detail/s3_answer.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

struct s3_known_trouble {
  const char* code;
  const char* text;
};
inline constexpr s3_known_trouble s3_known_troubles[] = {
    {"NoSuchBucket", "a bucket that is not there"},
    {"InvalidBucketName", "a bucket of a name that is none"},
    {"BucketAlreadyExists", "a bucket that is somebody else's"},
    {"InvalidAccessKeyId", "an access key that is not known there"},
    {"SignatureDoesNotMatch", "a secret key that is not that access key's"},
    {"AccessDenied", "a bucket to which these credentials may not write"},
    {"ExpiredToken", "credentials that have expired"},
    {"TokenRefreshRequired", "credentials that have expired"},
    {"InvalidToken", "a session token that is not one of theirs"},
};

// "eu-west-1": nothing else is shown as one.
[[nodiscard]] inline bool is_region(path_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
  }
  return !text.empty() && text.size() <= 24;
}

[[nodiscard]] inline failure s3_advised(const failure& why, const s3_answer& answer) noexcept {
  path_buffer<64> text;
  const bool is_redirected = answer.status() / 100 == 3 || answer.says("AuthorizationHeaderMalformed");
  if (answer.has_no_signer) {
    text.append("a bucket for which there are no credentials");
  } else if (answer.outcome.end != http_end::answered) {
    text.append("a server").append(answer.outcome.reason.empty() ? "" : ": ").append(answer.outcome.reason.first(44));
  } else if (is_redirected && answer.region.ok() && is_region(answer.region)) {
    text.append("a bucket of the region ").append(answer.region);
  } else if (answer.says("RequestTimeTooSkewed")) {
    text.append("a server whose time is ");
    if (answer.date >= 0) {
      text.append(signing_time(answer.date * ns_per_second).view());
    } else {
      text.append("not that of this machine");
    }
  }
  for (const s3_known_trouble& known : s3_known_troubles) {
    if (text.size() == 0 && answer.says(known.code)) text.append(known.text);
  }
  return why.about({text.data(), text.size()});
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_S3_ADVICE_HPP
