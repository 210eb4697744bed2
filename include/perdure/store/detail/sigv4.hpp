// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_SIGV4_HPP
#define PERDURE_STORE_DETAIL_SIGV4_HPP

// AWS Signature Version 4, in a header of the request. The canonical request is hashed as it is put together, so that no request
// is too long to be signed. Path and query are those of the request line, encoded by percent.hpp: nothing is normalised, as S3
// has it.

#include <perdure/core/hmac_sha256.hpp>
#include <perdure/store/detail/http_time.hpp>
#include <perdure/store/http.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

struct sigv4_scope {
  path_view access_key;
  path_view secret_key;
  path_view region;
  path_view service;
};

struct sigv4_request {
  path_view method;
  path_view path;                        // encoded
  path_view query;                       // encoded and sorted
  const http_header* headers = nullptr;  // all of them are signed: with host; in any case and order
  std::size_t header_count = 0;
  path_view payload;  // the hexadecimal digest of the body
};

inline constexpr std::size_t sigv4_headers_max = 16;

class sigv4 {
 public:
  sigv4(const sigv4_request& request, const sigv4_scope& scope, const signing_time& now) noexcept
      : request_(request), scope_(scope), now_(now) {
    PERDURE_ASSERT(request.header_count <= sigv4_headers_max, "sigv4: more headers than are ever sent");
    for (std::size_t i = 0; i < request.header_count; ++i) {
      std::size_t at = i;
      for (; at != 0 && compare_names(request.headers[i].name, request.headers[order_[at - 1]].name) < 0; --at) {
        order_[at] = order_[at - 1];
      }
      order_[at] = i;
    }
  }

  [[nodiscard]] digest canonical_request() const noexcept {
    sha256 hash;
    hash_line(hash, request_.method);
    hash_line(hash, request_.path);
    hash_line(hash, request_.query);
    for (std::size_t i = 0; i < request_.header_count; ++i) {
      const http_header& header = request_.headers[order_[i]];
      if (repeats(i)) {
        hash.update(",");
      } else {
        if (i != 0) hash.update("\n");
        hash_lower(hash, header.name);
        hash.update(":");
      }
      hash_trimmed(hash, header.value);
    }
    hash.update("\n\n");
    each_name([&](path_view text) { hash_lower(hash, text); });
    hash.update("\n");
    hash.update(of(request_.payload));
    return hash.finish();
  }

  [[nodiscard]] digest signature() const noexcept {
    char room[digest::hex_size];
    path_buffer<256> text;
    text.append("AWS4-HMAC-SHA256\n").append(now_.view()).append("\n");
    append_scope(text).append("\n");
    text.append(characters(to_hex(canonical_request(), room)));
    path_buffer<256> secret;
    secret.append("AWS4").append(scope_.secret_key);
    PERDURE_ASSERT(text.ok() && secret.ok(), "sigv4: a key, a region or a service of more than 128 bytes");
    const digest of_day = hmac_sha256_of(of(secret), of(now_.day()));
    const digest of_region = hmac_sha256_of(of(of_day), of(scope_.region));
    const digest of_service = hmac_sha256_of(of(of_region), of(scope_.service));
    const digest of_request = hmac_sha256_of(of(of_service), "aws4_request");
    return hmac_sha256_of(of(of_request), of(text));
  }

  // The value of the header that carries all of it.
  template <std::size_t N>
  void append_authorization(path_buffer<N>& to) const noexcept {
    char room[digest::hex_size];
    to.append("AWS4-HMAC-SHA256 Credential=").append(scope_.access_key).append("/");
    append_scope(to).append(", SignedHeaders=");
    each_name([&](path_view text) {
      for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = lower_case(text[i]);
        to.append({&c, 1});
      }
    });
    to.append(", Signature=").append(characters(to_hex(signature(), room)));
  }

 private:
  [[nodiscard]] static constexpr char lower_case(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  [[nodiscard]] static int compare_names(path_view a, path_view b) noexcept {
    for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
      const int order = lower_case(a[i]) - lower_case(b[i]);
      if (order != 0) return order;
    }
    return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
  }
  [[nodiscard]] static bytes of(path_view text) noexcept { return {text.data(), text.size()}; }
  [[nodiscard]] static bytes of(const digest& value) noexcept { return {value.bytes, sizeof(value.bytes)}; }
  [[nodiscard]] static path_view characters(bytes text) noexcept {
    return {reinterpret_cast<const char*>(text.data()), text.size()};
  }

  [[nodiscard]] bool repeats(std::size_t i) const noexcept {
    return i != 0 && compare_names(request_.headers[order_[i]].name, request_.headers[order_[i - 1]].name) == 0;
  }
  template <class Take>
  void each_name(Take&& take) const noexcept {
    for (std::size_t i = 0; i < request_.header_count; ++i) {
      if (repeats(i)) continue;
      if (i != 0) take(path_view(";"));
      take(request_.headers[order_[i]].name);
    }
  }
  template <std::size_t N>
  path_buffer<N>& append_scope(path_buffer<N>& to) const noexcept {
    return to.append(now_.day()).append("/").append(scope_.region).append("/").append(scope_.service).append("/aws4_request");
  }
  static void hash_line(sha256& hash, path_view text) noexcept {
    hash.update(of(text));
    hash.update("\n");
  }
  static void hash_lower(sha256& hash, path_view text) noexcept {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = lower_case(text[i]);
      hash.update({&c, 1});
    }
  }
  // Without white space at its ends, and with one space for each run of it.
  static void hash_trimmed(sha256& hash, path_view text) noexcept {
    bool some = false;
    bool space = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        space = true;
        continue;
      }
      if (space && some) hash.update(" ");
      hash.update({&c, 1});
      some = true;
      space = false;
    }
  }

  sigv4_request request_;
  sigv4_scope scope_;
  signing_time now_;
  std::size_t order_[sigv4_headers_max] = {};
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_SIGV4_HPP
