// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/describe.hpp>
#include <perdure/store/s3_store.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/fake_s3.hpp>
#include <tests/support/scripted_http.hpp>

#include <string>
#include <vector>

using namespace perdure;

namespace {

// What open says where its first request is answered so.
std::string opened(const tests::scripted_answer& answer, enum s3_bucket_is bucket_is = s3_bucket_is::there) {
  tests::scripted_http http;
  manual_clock clock(1'440'938'160 * ns_per_second);
  s3_options options = tests::fake_s3_options("s3://bucket/below");
  options.bucket_is = bucket_is;
  // A clock is put right once.
  http.answers.assign(2, answer);
  const auto store = s3_store<tests::scripted_http, manual_clock>::open(http, clock, options, [] { return nonce{1, 2, 3, 4}; });
  return store ? "opened" : std::string(describe(store.error()).c_str());
}
std::string error(const std::string& code, const std::string& more = "") {
  return "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code>" + more + "</Error>";
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("s3_advised: whoever opens is told the region in which the bucket is") {
  const std::string right = "open of 'a bucket of the region eu-west-1' failed";
  CHECK(has(opened({301, error("PermanentRedirect"), {{"x-amz-bucket-region", "eu-west-1"}}}), right));
  CHECK(has(opened({307, "", {{"X-Amz-Bucket-Region", "eu-west-1"}}}), right));
  CHECK(has(opened({400, error("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>")}), right));
  CHECK(has(opened({400, error("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>")}, s3_bucket_is::made), right));
  for (const char* const odd : {"", "EU", "eu west", "a&amp;b", "x\ny", "aaaaaaaaaaaaaaaaaaaaaaaaa",
                                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    INFO(odd);
    CHECK(!has(opened({301, "", {{"x-amz-bucket-region", odd}}}), "region"));
    CHECK(!has(opened({400, error("AuthorizationHeaderMalformed", std::string("<Region>") + odd + "</Region>")}), "region"));
  }
}

TEST_CASE("s3_advised: of a server that does not answer, what the transport says") {
  struct silent_http {
    using perdure_http = silent_http;
    http_outcome outcome;
    http_outcome exchange(const http_request&, const http_receiver&) { return outcome; }
  };
  const auto told = [](const http_outcome& outcome) {
    silent_http http{outcome};
    manual_clock clock;
    const s3_options options = tests::fake_s3_options();
    const auto store = s3_store<silent_http, manual_clock>::open(http, clock, options, [] { return nonce{1, 2, 3, 4}; });
    return store ? "opened" : std::string(describe(store.error()).c_str());
  };
  const char* const words = "Couldn't connect to server";
  CHECK(has(told({http_end::not_sent, 0, false, 111, words}), "open of 'a server: Couldn't connect to server' failed"));
  CHECK(has(told({http_end::not_sent, 0, false, 111, words}), "(system code 111)"));
  CHECK(has(told({http_end::unanswered, 0, true, 28, words}),
            "'a server: Couldn't connect to server' failed: no answer came in time"));
  CHECK(has(told({http_end::not_sent, 0, false, 0}), "open of 'a server' failed"));
  const std::string longest(100, 'w');
  CHECK(has(told({http_end::not_sent, 0, false, 0, {longest.data(), longest.size()}}), "open of 'a server: w"));
}

TEST_CASE("s3_advised: whose clock it is that is wrong") {
  const std::string skewed = error("RequestTimeTooSkewed");
  CHECK(has(opened({403, skewed, {{"Date", "Sun, 30 Aug 2020 12:36:00 GMT"}}}), "'a server whose time is 20200830T123600Z'"));
  CHECK(has(opened({403, skewed}), "'a server whose time is not that of this machine'"));
}

TEST_CASE("s3_advised: each trouble with keys and buckets is told in words of ours, and they fit") {
  for (const auto& known : detail::s3_known_troubles) {
    for (const auto made : {s3_bucket_is::there, s3_bucket_is::made}) {
      const std::string told = opened({403, error(known.code)}, made);
      CHECK(has(told, std::string("open of '") + known.text + "' failed"));
    }
  }
  CHECK(has(opened({403, error("SomethingElse")}), "open failed"));
  tests::scripted_http http;
  manual_clock clock;
  s3_options options = tests::fake_s3_options();
  options.credentials = {};
  const auto open = [&] {
    return s3_store<tests::scripted_http, manual_clock>::open(http, clock, options, [] { return nonce{1, 2, 3, 4}; });
  };
  const std::string nobody = "'a bucket for which there are no credentials'";
  CHECK(has(describe(open().error()).c_str(), nobody));
  options.source.ask = [](void*, const s3_credentials*) -> result<s3_credentials> { return failure(code::io, operation::read); };
  CHECK(has(describe(open().error()).c_str(), nobody));
  CHECK(http.asked.empty());
}
