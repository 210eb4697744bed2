// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/describe.hpp>
#include <perdure/store/s3_store.hpp>
#include <perdure/store/tracing_store.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/fake_s3.hpp>
#include <tests/support/scripted_http.hpp>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

using namespace perdure;

namespace {

using bucket = s3_store<tests::scripted_http, manual_clock>;

struct place {
  tests::scripted_http http;
  manual_clock clock{1'440'938'160 * ns_per_second};
  s3_options options = tests::fake_s3_options("s3://bucket/below");
  place() {
    options.credentials.session_token.append("the-token");
    options.part_size_bytes = 4;
    options.part_tries_max = 1;
  }
  result<bucket> open(enum s3_probe probe) {
    options.probe = probe;
    return bucket::open(http, clock, options, [] { return nonce{1, 2, 3, 4}; });
  }
};

struct eight_bytes {
  int left = 8;
  result<std::size_t> operator()(mutable_bytes into) {
    if (left == 0) return std::size_t{0};
    --left;
    return std::memset(into.data(), 'x', 1), std::size_t{1};
  }
};

using told = std::function<void(const failure&)>;

template <class S>
void each_operation(S& store, const told& tell) {
  const auto failed = [&](const auto& answer) {
    if (!answer) tell(answer.error());
  };
  char room[16];
  failed(store.put("k", "content", precondition::any));
  failed(store.get("k", room));
  failed(store.get_range("k", 2, mutable_bytes(room).first(3)));
  failed(store.head("k"));
  failed(store.list("", "", 10, [](const listed_object&) { return visit::go_on; }));
  failed(store.remove("k"));
}

}  // namespace

TEST_CASE("s3_failure: whatever is answered, no failure and no trace shows a secret, and no request but in its signature") {
  // Servers tell what they got, in the parts of an error that are for people; some of a secret may be in there.
  const std::string echo =
      "<AWSAccessKeyId>AKIDEXAMPLE</AWSAccessKeyId><StringToSign>the-secret "
      "the-token</StringToSign><Message>the-secret</Message>";
  const auto shows = [](const std::string& text) {
    return text.find("the-secret") != std::string::npos || text.find("the-token") != std::string::npos ||
           text.find("AKIDEXAMPLE") != std::string::npos;
  };
  int failures = 0;
  const told check = [&](const failure& why) {
    ++failures;
    char raw[sizeof(failure)];
    std::memcpy(raw, &why, sizeof(raw));
    CHECK(!shows(std::string(raw, sizeof(raw))));
    CHECK(!shows(describe(why).c_str()));
  };
  for (const int status : {301, 400, 401, 403, 404, 409, 412, 413, 429, 500, 503}) {
    for (const char* const name : {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "RequestTimeTooSkewed",
                                   "AuthorizationHeaderMalformed", "AccessDenied", "AKIDEXAMPLE", "the-secret"}) {
      const tests::scripted_answer answer = {
          status,
          std::string("<Error><Code>") + name + "</Code>" + echo + "<Region>the-secret AKIDEXAMPLE</Region></Error>",
          {{"etag", "the-secret"}, {"x-amz-bucket-region", "AKIDEXAMPLE"}, {"location", "http://the-secret"}}};
      place here;
      here.http.answers.assign(4, answer);
      const auto opened = here.open(s3_probe::conditions);
      if (!opened) check(opened.error());
      auto store = here.open(s3_probe::nothing);
      REQUIRE(store);
      std::string trace;
      const auto observe = [&](const store_call& call) {
        trace += describe(call.operation) + std::string(call.key.data(), call.key.size());
      };
      tracing_store traced(*store, here.clock, observe);
      here.http.answers.assign(40, answer);
      each_operation(traced, check);
      const auto streamed = store->put_stream("k", eight_bytes());
      if (!streamed) check(streamed.error());
      CHECK((!trace.empty() && !shows(trace)));
      for (const auto& asked : here.http.asked) {
        CHECK(!shows(asked.line + asked.body));
        for (const auto& [header, value] : asked.headers) {
          const bool is_its_place = header == "x-amz-security-token" || header == "authorization";
          CHECK((is_its_place ? value.find("the-secret") == std::string::npos : !shows(value)));
        }
      }
    }
  }
  CHECK(failures > 300);
}

TEST_CASE("s3_answer: of a body that is cut off anywhere, only a failure comes, with the doubt that it leaves") {
  const std::string begun = "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";
  const std::string done = "<CompleteMultipartUploadResult><ETag>&quot;e&quot;</ETag></CompleteMultipartUploadResult>";
  const std::string page =
      "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>below/a</Key></Contents></ListBucketResult>";
  const std::string removed = "<DeleteResult></DeleteResult>";
  const tests::scripted_answer part = {200, "", {{"ETag", "e"}}};
  place here;
  auto store = here.open(s3_probe::nothing);
  REQUIRE(store);
  here.http.answers = {{200, begun}, part, part, {200, done}};
  CHECK(store->put_stream("k", eight_bytes()));
  for (std::size_t size = 0; size < begun.size(); ++size) {
    here.http.answers = {{200, begun.substr(0, size)}, part, part, {200, done}};
    const auto put = store->put_stream("k", eight_bytes());
    // The element that is read may be whole: nothing was put by that, in any case.
    if (!put && put.error().doubt() != doubt::none) FAIL(size);
    if (!put && put.error().code() != code::io) FAIL(size);
    if (size < begun.find("</UploadId>") && put) FAIL(size);
  }
  for (std::size_t size = 0; size < done.size(); ++size) {
    here.http.answers = {{200, begun}, part, part, {200, done.substr(0, size)}};
    const auto put = store->put_stream("k", eight_bytes());
    if (put || put.error().doubt() != doubt::visible) FAIL(size);
  }
  here.http.answers = {{200, page}, {200, removed}};
  CHECK(perdure::remove_prefix(*store, "a"));
  for (std::size_t size = 0; size < removed.size(); ++size) {
    here.http.answers = {{200, page}, {200, removed.substr(0, size)}};
    const auto gone = perdure::remove_prefix(*store, "a");
    if (gone || gone.error().doubt() != doubt::visible) FAIL(size);
  }
  // Of an error what is left is its status.
  const std::string error = "<Error><Code>NoSuchBucket</Code><Message>m</Message></Error>";
  for (std::size_t size = 0; size <= error.size(); ++size) {
    here.http.answers = {{404, error.substr(0, size)}};
    char room[4];
    const auto got = store->get("k", room);
    const bool is_known = size >= error.find("</Code>") + 7;
    if (got || got.error().code() != (is_known ? code::invalid_storage_root : code::not_found)) FAIL(size);
  }
}
