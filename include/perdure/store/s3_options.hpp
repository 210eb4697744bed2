// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_S3_OPTIONS_HPP
#define PERDURE_STORE_S3_OPTIONS_HPP

// s3_options: which bucket, where, and by whom. set_s3_address, set_s3_endpoint: from texts.
//
//   perdure::s3_options options;
//   PERDURE_TRY(perdure::set_s3_address(options, "s3://bucket/team-a"));           // keys begin with team-a/
//   PERDURE_TRY(perdure::set_s3_endpoint(options, "http://127.0.0.1:7480"));       // "": AWS itself
//
// An address is a bucket and a prefix, which ends with a '/' where it does not say so itself; percent signs mean themselves. An
// endpoint is a scheme, a host and a port: of AWS (also where none is given) the bucket becomes a part of the host's name,
// unless it has a dot, which no certificate covers; elsewhere it is the first part of the path. options.style says otherwise.
// Failure: invalid_storage_root, for whatever cannot be understood, or holds what has no place there: a user, a query, a
//   fragment. too_large: a prefix of more than 512 bytes. No failure shows any of it.

#include <perdure/core/clock.hpp>
#include <perdure/store/detail/percent.hpp>
#include <perdure/store/http.hpp>
#include <perdure/store/key.hpp>
#include <perdure/store/s3_credentials.hpp>

namespace perdure {
inline namespace v1 {

enum class s3_style : std::uint8_t {
  path,          // endpoint/bucket/key
  virtual_host,  // bucket.endpoint/key
};
enum class s3_bucket_is : std::uint8_t {
  there,
  made,  // where it is missing
};
enum class s3_probe : std::uint8_t {
  conditions,  // made sure of at open, under a key of their own: needs the right to put and to remove
  nothing,     // not asked, and every put with a condition is unsupported: for who only reads, or puts without conditions
};

struct s3_options {
  path_buffer<255> host;  // of the endpoint, with its port where that is not the scheme's own
  http_scheme scheme = http_scheme::tls;
  path_buffer<63> region;
  path_buffer<63> bucket;
  path_buffer<512> prefix;
  enum s3_style style = s3_style::path;
  s3_credentials credentials;
  s3_credentials_source source;  // where one is set, it is asked instead; what it is of outlives the store
  enum s3_bucket_is bucket_is = s3_bucket_is::there;
  enum s3_probe probe = s3_probe::conditions;
  std::size_t part_size_bytes = std::size_t{8} << 20;  // of a put_stream: held in memory; S3 takes 10,000 parts of 5 MiB or more
  std::uint32_t part_tries_max = 4;                    // of each: to send one twice does no harm
  std::int64_t part_wait_ns = ns_per_second / 4;       // before the second time; then twice as long
};

namespace detail {

[[nodiscard]] constexpr bool is_bucket_name(path_view name) noexcept {
  if (name.size() < 3 || name.size() > 63) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool inner = c == '-' || c == '.';
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (inner && i != 0 && i + 1 != name.size()))) return false;
    if (c == '.' && name[i - 1] == '.') return false;
  }
  return true;
}
[[nodiscard]] inline bool contains_char(path_view text, char c) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == c) return true;
  }
  return false;
}
[[nodiscard]] inline bool ends_with(path_view text, path_view end) noexcept {
  return text.size() >= end.size() && text.from(text.size() - end.size()) == end;
}
// "eu-central-1" of "s3.eu-central-1.amazonaws.com"; empty where the host does not say.
[[nodiscard]] inline path_view region_of_host(path_view host) noexcept {
  constexpr path_view begin = "s3.";
  constexpr path_view ends[] = {".amazonaws.com", ".amazonaws.com.cn"};
  for (const path_view end : ends) {
    if (!begins_with(host, begin) || !ends_with(host, end) || host.size() <= begin.size() + end.size()) continue;
    const path_view region = host.first(host.size() - end.size()).from(begin.size());
    if (!contains_char(region, '.')) return region;
  }
  return {};
}

}  // namespace detail

[[nodiscard]] inline result<void> set_s3_address(s3_options& options, path_view uri) noexcept {
  const failure bad(code::invalid_storage_root, operation::open);
  constexpr path_view begin = "s3://";
  for (std::size_t i = 0; i < begin.size(); ++i) {
    const char c = i < uri.size() && uri[i] == 'S' ? 's' : i < uri.size() ? uri[i] : '\0';
    if (c != begin[i]) return bad;
  }
  const path_view rest = uri.from(begin.size());
  if (detail::contains_char(rest, '?') || detail::contains_char(rest, '#')) return bad;
  std::size_t end = 0;
  while (end < rest.size() && rest[end] != '/') ++end;
  const path_view prefix = rest.from(end + 1);
  if (!detail::is_bucket_name(rest.first(end)) || !detail::is_utf8_without_nul(prefix)) return bad;
  options.bucket.clear();
  options.bucket.append(rest.first(end));
  options.prefix.clear();
  options.prefix.append(prefix);
  if (!prefix.empty() && prefix[prefix.size() - 1] != '/') options.prefix.append("/");
  if (!options.prefix.ok()) return failure(code::too_large, operation::open);
  return {};
}

// Sets host, scheme and style; the region, too, where the host says it and none is set. After the address.
[[nodiscard]] inline result<void> set_s3_endpoint(s3_options& options, path_view endpoint) noexcept {
  const failure bad(code::invalid_storage_root, operation::open);
  options.host.clear();
  options.scheme = http_scheme::tls;
  path_view host;
  if (!endpoint.empty()) {
    constexpr path_view plain = "http://";
    constexpr path_view tls = "https://";
    const bool is_plain = detail::begins_with(endpoint, plain);
    if (!is_plain && !detail::begins_with(endpoint, tls)) return bad;
    options.scheme = is_plain ? http_scheme::plain : http_scheme::tls;
    host = endpoint.from(is_plain ? plain.size() : tls.size());
    if (detail::ends_with(host, "/")) host = host.first(host.size() - 1);
    if (host.empty()) return bad;
    for (std::size_t i = 0; i < host.size(); ++i) {
      const char c = host[i];
      const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                        c == ':' || c == '[' || c == ']' || c == '_';
      if (!good) return bad;
    }
    if (options.region.size() == 0) options.region.append(detail::region_of_host(host));
  }
  if (options.region.size() == 0) options.region.append("us-east-1");
  // It is a part of a header, and of the host of AWS.
  for (std::size_t i = 0; i < options.region.size(); ++i) {
    if (!detail::is_unreserved(options.region.data()[i])) return bad;
  }
  if (host.empty()) {
    options.host.append("s3.").append(options.region).append(".amazonaws.com");
  } else {
    options.host.append(host);
  }
  if (!options.host.ok() || !options.region.ok()) return bad;
  const bool is_aws = detail::ends_with(options.host, ".amazonaws.com") || detail::ends_with(options.host, ".amazonaws.com.cn");
  options.style = is_aws && !detail::contains_char(options.bucket, '.') ? s3_style::virtual_host : s3_style::path;
  return {};
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_S3_OPTIONS_HPP
