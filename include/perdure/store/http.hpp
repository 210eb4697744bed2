// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_HTTP_HPP
#define PERDURE_STORE_HTTP_HPP

// Http: one request sent, and its answer taken in, piece by piece. What s3_store speaks through; ext/curl_http.hpp is a model.
//
// The laws
//  H1  not_sent: no server has got this request, nor will.
//  H2  unanswered: a server may have got it, wholly or in part, and may act on it at ANY later moment. So ends whatever has no
//      whole answer: a timeout, a reset, a body that is shorter than announced, a success whose end nothing announced.
//  H3  answered: the status, the headers and the whole body came; or as much of the body as the receiver took before it
//      stopped. Of interim answers (1xx) nothing is told.
//  H4  Sent once, unless the request says that it may be repeated: no connection that broke is a reason to send it again.
//  H5  Method, target, headers and body go out byte for byte as they are given, with Host and Content-Length, and with no other
//      header that begins with "x-amz-". The target is not normalised ("/../" stays), nothing is asked first ("Expect:"), no
//      redirect is followed, nothing is decompressed.
//  H6  It ends: in a time that the model states, whatever the server does.
//  H7  An answer to HEAD has headers and no body.
//
// The receiver is called on the caller's thread, the status first, then the headers, then the body, whose pieces may be of any
// size. Threads: exchange() may be called from any thread at any time.

#include <perdure/fs/fs_types.hpp>

namespace perdure {
inline namespace v1 {

struct http_header {
  path_view name;  // of a request: in lower case; of an answer: in any
  path_view value;
};

enum class http_scheme : std::uint8_t { plain, tls };
enum class http_sending : std::uint8_t {
  once,
  repeatable,  // it only looks, or does the same as often as it is done
};

struct http_request {
  path_view method;
  http_scheme scheme = http_scheme::tls;
  path_view host;    // with its port, unless that is the scheme's own
  path_view target;  // path and query, encoded
  const http_header* headers = nullptr;
  std::size_t header_count = 0;
  gather body = bytes();
  http_sending sending = http_sending::once;
};

// Refers to what it is made of: made of lambdas in place, it is good for that one expression.
struct http_receiver {
  function_ref<void(int)> status;
  function_ref<void(const http_header&)> header;  // valid during the call
  function_ref<visit(bytes)> body;
};

enum class http_end : std::uint8_t { not_sent, unanswered, answered };

struct http_outcome {
  http_end end = http_end::not_sent;
  int status = 0;                // where it was answered
  bool timed_out = false;        // why it was not
  std::int32_t system_code = 0;  // the system's own number for that, or the model's
  path_view reason = {};         // and in the model's own words, which are there as long as the program
};

namespace detail {

template <class H>
concept DeclaresHttp = requires { typename H::perdure_http; } && detail::same_as<typename H::perdure_http, detail::remove_cv<H>>;

template <class H>
concept HasExchange = requires(H& http, const http_request& request, const http_receiver& receiver) {
  { http.exchange(request, receiver) } -> detail::same_as<http_outcome>;
};

}  // namespace detail

template <class H>
concept Http = detail::DeclaresHttp<H> && detail::HasExchange<H>;

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_HTTP_HPP
