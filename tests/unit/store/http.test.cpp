// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/http.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/scripted_http.hpp>

#include <string>

using namespace perdure;

namespace {

struct untagged {
  http_outcome exchange(const http_request&, const http_receiver&) { return {}; }
};
struct derived : tests::scripted_http {};
struct says_little {
  using perdure_http = says_little;
  int exchange(const http_request&, const http_receiver&) { return 200; }
};

}  // namespace

TEST_CASE("Http: a model is declared, and is what its own class says") {
  CHECK(Http<tests::scripted_http>);
  CHECK(!Http<untagged>);
  CHECK(!Http<derived>);
  CHECK(!Http<says_little>);
}

TEST_CASE("Http: a receiver that stops is asked no more, and what came until then is an answer") {
  tests::scripted_http http;
  http.answers = {{200, "0123456789", {{"X", "y"}}}, {200, "0123456789", {}, http_end::unanswered, false, 3}};
  std::string body;
  std::string headers;
  int status = 0;
  std::size_t most = 7;
  const auto on_status = [&](int told) { status = told; };
  const auto on_header = [&](const http_header& one) { headers.append(one.name.data(), one.name.size()); };
  const auto on_body = [&](bytes piece) {
    body.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return body.size() < most ? visit::go_on : visit::stop;
  };
  const http_receiver receiver = {on_status, on_header, on_body};
  CHECK(http.exchange({"GET", http_scheme::plain, "h", "/"}, receiver).end == http_end::answered);
  CHECK((status == 200 && headers == "X" && body == "0123456"));
  body.clear();
  CHECK(http.exchange({"GET", http_scheme::plain, "h", "/"}, receiver).end == http_end::unanswered);
  CHECK(body == "012");
  CHECK(http.exchange({"GET", http_scheme::plain, "h", "/"}, receiver).end == http_end::not_sent);
  CHECK(http.asked.size() == 3);
  CHECK(http.asked[0].line == "GET http://h/");
}
