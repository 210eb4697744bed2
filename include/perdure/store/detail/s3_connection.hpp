// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_S3_CONNECTION_HPP
#define PERDURE_STORE_DETAIL_S3_CONNECTION_HPP

// s3_connection: one bucket, to which signed requests go, each sent once. There are two exceptions, which can do no harm, for
// what was refused has not happened: where the server's clock is far from ours, ours is put right by it, and the request is made
// again; where the credentials were refused, and their source has others by now, it is made again with those. A time that is
// refused, too, is forgotten: it may have been that of something in between.

#include <perdure/core/clock.hpp>
#include <perdure/store/detail/percent.hpp>
#include <perdure/store/detail/s3_answer.hpp>
#include <perdure/store/detail/sigv4.hpp>
#include <perdure/store/s3_options.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

inline constexpr std::size_t s3_key_size_max = 1024;
using s3_key = path_buffer<s3_key_size_max>;  // with the prefix

struct s3_call {
  path_view method;
  path_view key;  // whole; empty: the bucket
  query_pair* pairs = nullptr;
  std::size_t pair_count = 0;
  const http_header* headers = nullptr;  // besides those of every request; three at most
  std::size_t header_count = 0;
  gather body = bytes();
  http_sending sending = http_sending::once;
};

// Takes the body of a success, with what is known of it by then.
using s3_sink = function_ref<visit(const s3_answer&, bytes)>;

// Of a body that nobody reads no more is waited for than this.
inline constexpr std::uint64_t s3_unread_max = 65536;
[[nodiscard]] inline visit ignore_body(const s3_answer& answer, bytes) noexcept {
  return answer.body_size <= s3_unread_max ? visit::go_on : visit::stop;
}

template <Http H, Clock C>
class s3_connection {
 public:
  s3_connection(H& http, C& clock, const s3_options& options) noexcept : http_(&http), clock_(&clock), options_(options) {
    if (options.style == s3_style::virtual_host) host_.append(options.bucket).append(".");
    host_.append(options.host);
  }

  [[nodiscard]] const s3_options& options() const noexcept { return options_; }
  [[nodiscard]] C& clock() const noexcept { return *clock_; }

  [[nodiscard]] s3_answer send(const s3_call& call, s3_sink sink) {
    path_buffer<8 * s3_key_size_max> target;
    if (options_.style == s3_style::path) target.append("/").append(options_.bucket);
    if (options_.style == s3_style::virtual_host || !call.key.empty()) target.append("/");
    append_percent(target, call.key, slashes::stay);
    const std::size_t path_size = target.size();
    if (call.pair_count != 0) target.append("?");
    append_query(target, call.pairs, call.pair_count);
    const path_view whole = target;
    const path_view path = whole.first(path_size);
    const path_view query = whole.from(path_size + 1);

    char room[digest::hex_size];
    sha256 hash;
    for (const bytes& part : call.body) hash.update(part);
    (void)to_hex(hash.finish(), room);
    const path_view payload(room, sizeof(room));

    s3_credentials given;
    if (options_.source.is_set() && !ask_for(given, nullptr)) {
      s3_answer unsigned_answer;
      unsigned_answer.has_no_signer = true;
      return unsigned_answer;
    }
    const s3_credentials& who = options_.source.is_set() ? given : options_.credentials;
    std::int64_t before_ns = 0;
    for (bool corrected = false, renewed = false;;) {
      const std::int64_t now_ns = clock_->unix_ns() + __atomic_load_n(&skew_ns_, __ATOMIC_RELAXED);
      s3_answer answer = send_at(call, sink, whole, {call.method, path, query, nullptr, 0, payload}, who, signing_time(now_ns));
      const std::int64_t ahead_s = answer.date - now_ns / ns_per_second;
      const bool skewed = answer.date > 0 && answer.date < date_max && (ahead_s > skew_max_s || ahead_s < -skew_max_s);
      if (answer.status() == 403 && skewed && !corrected) {
        before_ns = __atomic_exchange_n(&skew_ns_, answer.date * ns_per_second - clock_->unix_ns(), __ATOMIC_RELAXED);
        corrected = true;
      } else if (refuses_signer(answer, call) && options_.source.is_set() && !renewed && ask_for(given, &who)) {
        renewed = true;
      } else {
        if (answer.status() == 403 && corrected) __atomic_store_n(&skew_ns_, before_ns, __ATOMIC_RELAXED);
        return answer;
      }
    }
  }

 private:
  static constexpr std::int64_t skew_max_s = 300;
  static constexpr std::int64_t date_max = 9'000'000'000;  // whose nanoseconds are still a number

  // Others than those that were refused.
  [[nodiscard]] bool ask_for(s3_credentials& given, const s3_credentials* refused) {
    const auto got = options_.source.ask(options_.source.of, refused);
    if (!got || !got->complete() || !got->sendable() || (refused != nullptr && *got == *refused)) return false;
    given = *got;
    return true;
  }
  // An answer to HEAD has no body that could say why.
  [[nodiscard]] static bool refuses_signer(const s3_answer& answer, const s3_call& call) noexcept {
    if (answer.status() == 401 || answer.status() == 403) return true;
    if (answer.status() != 400) return false;
    return call.method == path_view("HEAD") || answer.says("ExpiredToken") || answer.says("InvalidToken") ||
           answer.says("TokenRefreshRequired");
  }

  [[nodiscard]] s3_answer send_at(const s3_call& call, s3_sink sink, path_view target, sigv4_request to_sign,
                                  const s3_credentials& who, const signing_time& now) {
    http_header headers[8] = {{"host", host_}, {"x-amz-content-sha256", to_sign.payload}, {"x-amz-date", now.view()}};
    std::size_t count = 3;
    if (who.session_token.size() != 0) headers[count++] = {"x-amz-security-token", who.session_token};
    for (std::size_t i = 0; i < call.header_count && count < 7; ++i) headers[count++] = call.headers[i];
    to_sign.headers = headers;
    to_sign.header_count = count;
    const sigv4_scope scope = {who.access_key, who.secret_key, options_.region, "s3"};
    path_buffer<768> authorization;
    sigv4(to_sign, scope, now).append_authorization(authorization);
    headers[count] = {"authorization", authorization};

    // Host goes out by itself.
    const http_request request = {call.method, options_.scheme, host_, target, headers + 1, count, call.body, call.sending};
    s3_answer answer;
    int status = 0;
    const auto take = [&](bytes piece) {
      answer.body_size += piece.size();
      const bool is_success = status >= 200 && status < 300;
      if (!is_success) answer.keep(piece);
      const visit next = is_success ? sink(answer, piece) : ignore_body(answer, piece);
      answer.stopped = next == visit::stop;
      return next;
    };
    answer.outcome =
        http_->exchange(request, {[&](int told) { status = told; }, [&](const http_header& one) { answer.header(one); }, take});
    answer.ended(call.method == path_view("HEAD"));
    return answer;
  }

  H* http_;
  C* clock_;
  s3_options options_;
  path_buffer<320> host_;
  std::int64_t skew_ns_ = 0;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_S3_CONNECTION_HPP
