// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/ext/curl_http.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>
#include <tests/support/loopback_server.hpp>

#include <cerrno>
#include <string>
#include <vector>

using namespace perdure;
using tests::loopback_server;
using then = tests::loopback_server::then;

namespace {

// What came of one request, in one line.
struct asked {
  http_outcome outcome;
  std::string told;

  asked(curl_http& http, const http_request& request, std::size_t stops_at = SIZE_MAX) {
    std::string body;
    outcome = http.exchange(request, {[&](int status) { told += std::to_string(status) + " "; },
                                      [&](const http_header& one) {
                                        told += std::string(one.name.data(), one.name.size()) + "=" +
                                                std::string(one.value.data(), one.value.size()) + ";";
                                      },
                                      [&](bytes piece) {
                                        body.append(reinterpret_cast<const char*>(piece.data()), piece.size());
                                        return body.size() < stops_at ? visit::go_on : visit::stop;
                                      }});
    told += " " + body;
  }
  [[nodiscard]] bool is(http_end end, const std::string& text) const { return outcome.end == end && told == text; }
};

http_request request_to(path_view method, path_view target, const std::string& host, gather body = bytes()) {
  http_request one;
  one.method = method;
  one.scheme = http_scheme::plain;
  one.host = host;
  one.target = target;
  one.body = body;
  return one;
}

const std::string good = "HTTP/1.1 200 OK\r\nETag: \"e\" \r\nContent-Length: 3\r\n\r\nabc";
const std::string good_told = "200 ETag=\"e\";Content-Length=3; abc";
const std::string nothing = "HTTP/1.1 204 No Content\r\n\r\n";

}  // namespace

TEST_CASE("curl_http: H5: a request goes out byte for byte, and with nothing that was not asked for") {
  loopback_server server({{good}, {nothing}, {nothing}, {nothing}, {nothing}});
  REQUIRE(server.good());
  curl_http http;
  const std::string host = server.host();
  const http_header headers[] = {{"x-amz-date", "now"}, {"if-match", "\"a\""}};
  http_request get = request_to("GET", "/b/../a//./%2B%20%C3%BC?x=%2F&y=", host);
  get.headers = headers;
  get.header_count = 2;
  CHECK(asked(http, get).is(http_end::answered, good_told));
  const std::string big(100'000, 'x');
  const bytes parts[] = {"con", bytes(), "tent", big};
  CHECK(asked(http, request_to("PUT", "/k", host, gather(parts, 4))).is(http_end::answered, "204  "));
  CHECK(asked(http, request_to("PUT", "/k", host)).is(http_end::answered, "204  "));
  CHECK(asked(http, request_to("POST", "/k?delete=", host, "<D/>")).is(http_end::answered, "204  "));
  CHECK(asked(http, request_to("DELETE", "/k", host)).is(http_end::answered, "204  "));
  const auto seen = server.requests();
  REQUIRE(seen.size() == 5);
  const std::string common = "\r\nHost: " + host + "\r\nAccept: */*\r\n";
  CHECK(seen[0] == "GET /b/../a//./%2B%20%C3%BC?x=%2F&y= HTTP/1.1" + common + "x-amz-date: now\r\nif-match: \"a\"\r\n\r\n");
  CHECK(seen[1] == "PUT /k HTTP/1.1" + common + "Content-Length: 100007\r\n\r\ncontent" + big);
  CHECK(seen[2] == "PUT /k HTTP/1.1" + common + "Content-Length: 0\r\n\r\n");
  CHECK(seen[3] == "POST /k?delete= HTTP/1.1" + common + "Content-Length: 4\r\n\r\n<D/>");
  CHECK(seen[4] == "DELETE /k HTTP/1.1" + common + "\r\n");
  CHECK(server.connections() == 1);
}

TEST_CASE("curl_http: H3, H7: an answer is all of it, without what is said on the way, and no redirect is followed") {
  loopback_server server(
      {{"HTTP/1.1 100 Continue\r\nX: no\r\n\r\n" + good},
       {"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"},
       {"HTTP/1.1 307 T\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"},
       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nX-Trailer: no\r\n\r\n"},
       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde", then::be_silent},
       {good}});
  curl_http http;
  const std::string host = server.host();
  CHECK(asked(http, request_to("GET", "/", host)).is(http_end::answered, good_told));
  CHECK(asked(http, request_to("HEAD", "/", host)).is(http_end::answered, "200 Content-Length=7; "));
  CHECK(asked(http, request_to("GET", "/", host)).is(http_end::answered, "307 Location=/elsewhere;Content-Length=0; "));
  CHECK(asked(http, request_to("GET", "/", host)).is(http_end::answered, "200 Transfer-Encoding=chunked; abc"));
  CHECK(asked(http, request_to("GET", "/", host), 1).outcome.end == http_end::answered);
  CHECK(asked(http, request_to("GET", "/", host)).is(http_end::answered, good_told));
  CHECK(server.requests().size() == 6);
}

TEST_CASE("curl_http: H1, H2: what may have arrived is unanswered, and what cannot have is not sent") {
  std::string gone;
  {
    loopback_server server({});
    gone = server.host();
  }
  loopback_server server({{"", then::close},
                          {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", then::close},
                          {"HTTP/1.1 200 O", then::close},
                          {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", then::close},
                          {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: \"e", then::close},
                          {"HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n", then::close},
                          {"no http\r\n\r\n", then::close},
                          {"", then::be_silent},
                          {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", then::be_silent}});
  curl_http_options options;
  options.whole_timeout_ms = 150;
  curl_http http(options);
  const http_outcome refused = asked(http, request_to("GET", "/", gone)).outcome;
  CHECK(refused.end == http_end::not_sent);
  CHECK(refused.system_code == ECONNREFUSED);
  CHECK_FALSE(refused.reason.empty());
  const std::string host = server.host();
  for (int i = 0; i < 7; ++i) {
    INFO(i);
    const asked one(http, request_to("PUT", "/", host, "x"));
    CHECK((one.outcome.end == http_end::unanswered && !one.outcome.timed_out));
    CHECK((one.outcome.system_code != 0) == (i < 3 || i == 6));  // of those in between libcurl complains of nothing
  }
  for (int i = 0; i < 2; ++i) {
    const asked one(http, request_to("PUT", "/", host, "x"));
    CHECK((one.outcome.end == http_end::unanswered && one.outcome.timed_out));
  }
  CHECK(server.requests().size() == 9);
  // Where the end of the connection is the end of the body nobody knows whether there was more. Of what is no success the status
  // is enough.
  for (const path_view method : {path_view("GET"), path_view("PUT"), path_view("HEAD")}) {
    loopback_server endless({{"HTTP/1.1 200 OK\r\nETag: e\r\nConnection: close\r\n\r\n", then::close},
                             {"HTTP/1.1 200 OK\r\nETag: e\r\n\r\nabc", then::close},
                             {"HTTP/1.0 403 Forbidden\r\n\r\nabc", then::close},
                             {"HTTP/1.1 204 No Content\r\n\r\n", then::close}});
    const std::string its_host = endless.host();
    const bool is_head = method == path_view("HEAD");
    for (int i = 0; i < 4; ++i) {
      INFO(i);
      curl_http anew(options);  // a connection that was kept may be one that is just being closed
      const http_end end = asked(anew, request_to(method, "/", its_host)).outcome.end;
      CHECK(end == (is_head || i >= 2 ? http_end::answered : http_end::unanswered));
    }
  }
  http_request secret = request_to("GET", "/", gone);
  secret.scheme = http_scheme::tls;
  CHECK(asked(http, secret).outcome.end == http_end::not_sent);
}

TEST_CASE("curl_http: H4: a request that goes out once does so also where the connection that was kept breaks") {
  for (const path_view method : {path_view("PUT"), path_view("DELETE"), path_view("POST")}) {
    for (const bool repeatable : {false, true}) {
      loopback_server server({{good}, {"", then::close}, {good}});
      curl_http http;
      const std::string host = server.host();
      CHECK(asked(http, request_to("GET", "/", host)).is(http_end::answered, good_told));
      http_request second = request_to(method, "/second", host);
      second.sending = repeatable ? http_sending::repeatable : http_sending::once;
      const asked one(http, second);
      CHECK(one.outcome.end == (repeatable ? http_end::answered : http_end::unanswered));
      CHECK(server.requests().size() == (repeatable ? 3 : 2));
    }
  }
}

TEST_CASE("curl_http: a child of fork() uses none of its parent's connections") {
  loopback_server server({{good}, {nothing}, {good}});
  const std::string host = server.host();
  curl_http http;
  CHECK(asked(http, request_to("GET", "/", host)).is(http_end::answered, good_told));
  const int end =
      tests::in_child([&] { return asked(http, request_to("GET", "/child", host)).is(http_end::answered, "204  ") ? 0 : 1; });
  CHECK(end == 0);
  CHECK(server.connections() == 2);
  CHECK(asked(http, request_to("GET", "/", host)).is(http_end::answered, good_told));
  CHECK(server.connections() == 2);
}
