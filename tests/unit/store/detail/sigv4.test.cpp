// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/detail/percent.hpp>
#include <perdure/store/detail/sigv4.hpp>

#include <tests/support/catch.hpp>

#include <string>
#include <vector>

using namespace perdure;
using namespace perdure::detail;

namespace {

// AWS's published suite, signing in a header, without the six cases in which a path is normalised: S3 normalises none. All are of
// one moment, one key and the region us-east-1.
struct published {
  const char* name;
  path_view method;
  path_view path;  // not encoded
  std::vector<query_pair> query;
  std::vector<http_header> headers;
  const char* body;
  const char* signature;
};

const published suite[] = {
    {"get-header-key-duplicate",
     "GET",
     "/",
     {},
     {{"Host", "example.amazonaws.com"},
      {"My-Header1", "value2"},
      {"My-Header1", "value2"},
      {"My-Header1", "value1"},
      {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
    {"get-header-value-multiline",
     "GET",
     "/",
     {},
     {{"Host", "example.amazonaws.com"}, {"My-Header1", "value1\n  value2\n     value3"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd"},
    {"get-header-value-order",
     "GET",
     "/",
     {},
     {{"Host", "example.amazonaws.com"},
      {"My-Header1", "value4"},
      {"My-Header1", "value1"},
      {"My-Header1", "value3"},
      {"My-Header1", "value2"},
      {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
    {"get-header-value-trim",
     "GET",
     "/",
     {},
     {{"Host", "example.amazonaws.com"},
      {"My-Header1", " value1"},
      {"My-Header2", " \"a   b   c\""},
      {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
    {"get-relative-relative-unnormalized",
     "GET",
     "/example1/example2/../..",
     {},
     {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "dc33e0856fd4baca4d7aa2146c38958283844764f38c74252a333df5e613003b"},
    {"get-relative-unnormalized",
     "GET",
     "/example/..",
     {},
     {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "eca7ead57bb5aa5c8e28007acd4ff04e1ff9a0ff3b237ec1554a184887ff9282"},
    {"get-slash-dot-slash-unnormalized",
     "GET",
     "/./",
     {},
     {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "68714168e6557f8f2de0ef956fc24dc2593a4bd2961f8df51898d8a134695145"},
    {"get-slash-pointless-dot-unnormalized",
     "GET",
     "/./example",
     {},
     {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "beb03f223f7deae4146464f06e29eebbee9c8afbe15c290cf07aa8b119e14cff"},
    {"get-slash-unnormalized",
     "GET",
     "//",
     {},
     {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "c88bcd3d312d75078c0cd961d6deae3f4c754924b01669efcfcb439fd5e5b76e"},
    {"get-slashes-unnormalized",
     "GET",
     "//example//",
     {},
     {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5"},
    {"get-space-normalized",
     "GET",
     "/example space/",
     {},
     {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {"get-space-unnormalized",
     "GET",
     "/example space/",
     {},
     {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"},
    {"get-unreserved",
     "GET",
     "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
     {},
     {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
    {"get-utf8",
     "GET",
     "/\341\210\264",
     {},
     {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
    {"get-vanilla",
     "GET",
     "/",
     {},
     {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla-empty-query-key",
     "GET",
     "/",
     {{"Param1", "value1"}},
     {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
    {"get-vanilla-query",
     "GET",
     "/",
     {},
     {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
    {"get-vanilla-query-order-encoded",
     "GET",
     "/",
     {{"Param-3", "Value3"}, {"Param", "Value2"}, {"\341\210\264", "Value1"}},
     {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"},
    {"get-vanilla-query-order-key-case",
     "GET",
     "/",
     {{"Param2", "value2"}, {"Param1", "value1"}},
     {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
    {"get-vanilla-query-unreserved",
     "GET",
     "/",
     {{"-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
       "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"}},
     {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"},
    {"get-vanilla-utf8-query",
     "GET",
     "/",
     {{"\341\210\264", "bar"}},
     {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
    {"get-vanilla-with-session-token",
     "GET",
     "/",
     {},
     {{"Host", "example.amazonaws.com"},
      {"X-Amz-Security-Token", "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"},
      {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"},
    {"post-header-key-case",
     "POST",
     "/",
     {},
     {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-header-key-sort",
     "POST",
     "/",
     {},
     {{"Host", "example.amazonaws.com"}, {"My-Header1", "value1"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
    {"post-header-value-case",
     "POST",
     "/",
     {},
     {{"Host", "example.amazonaws.com"}, {"My-Header1", "VALUE1"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
    {"post-sts-header-after",
     "POST",
     "/",
     {},
     {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-sts-header-before",
     "POST",
     "/",
     {},
     {{"Host", "example.amazonaws.com"},
      {"X-Amz-Security-Token",
       "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/"
       "qkPpKPi/"
       "kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+"
       "xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="},
      {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
    {"post-vanilla",
     "POST",
     "/",
     {},
     {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
    {"post-vanilla-empty-query-value",
     "POST",
     "/",
     {{"Param1", "value1"}},
     {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
    {"post-vanilla-query",
     "POST",
     "/",
     {{"Param1", "value1"}},
     {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}},
     "",
     "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"},
    {"post-x-www-form-urlencoded",
     "POST",
     "/",
     {},
     {{"Content-Type", "application/x-www-form-urlencoded"},
      {"Host", "example.amazonaws.com"},
      {"Content-Length", "13"},
      {"X-Amz-Date", "20150830T123600Z"},
      {"x-amz-content-sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"}},
     "Param1=value1",
     "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"},
    {"post-x-www-form-urlencoded-parameters",
     "POST",
     "/",
     {},
     {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"},
      {"Host", "example.amazonaws.com"},
      {"Content-Length", "13"},
      {"X-Amz-Date", "20150830T123600Z"},
      {"x-amz-content-sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"}},
     "Param1=value1",
     "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422"},
};

std::string hex(const digest& value) {
  char room[64];
  const bytes text = to_hex(value, room);
  return {reinterpret_cast<const char*>(text.data()), text.size()};
}

const sigv4_scope of_suite = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "service"};
const signing_time time_of_suite(1'440'938'160 * ns_per_second);

struct encoded {
  path_buffer<1024> path;
  path_buffer<1024> query;
  std::string payload;
  sigv4_request request;

  explicit encoded(const published& one) : payload(hex(sha256_of(bytes(one.body)))) {
    append_percent(path, one.path, slashes::stay);
    std::vector<query_pair> pairs = one.query;
    append_query(query, pairs.data(), pairs.size());
    request = {one.method, path, query, one.headers.data(), one.headers.size(), payload};
  }
};

}  // namespace

TEST_CASE("sigv4: the published suite") {
  int cases = 0;
  for (const published& one : suite) {
    INFO(one.name);
    const encoded input(one);
    CHECK(hex(sigv4(input.request, of_suite, time_of_suite).signature()) == one.signature);
    ++cases;
  }
  CHECK(cases == 32);
}

TEST_CASE("sigv4: the examples of S3's own reference") {
  const sigv4_scope scope = {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1", "s3"};
  const signing_time now(1'369'353'600 * ns_per_second);
  const std::string empty = hex(sha256_of(""));
  const http_header host = {"host", "examplebucket.s3.amazonaws.com"};
  const http_header date = {"x-amz-date", "20130524T000000Z"};
  const http_header nothing = {"x-amz-content-sha256", empty};

  const http_header get[] = {{"range", "bytes=0-9"}, host, nothing, date};
  CHECK(hex(sigv4({"GET", "/test.txt", "", get, 4, empty}, scope, now).signature()) ==
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");

  const std::string welcome = hex(sha256_of("Welcome to Amazon S3."));
  const http_header put[] = {{"date", "Fri, 24 May 2013 00:00:00 GMT"},
                             host,
                             {"x-amz-content-sha256", welcome},
                             date,
                             {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
  path_buffer<64> path;
  append_percent(path, "/test$file.text", slashes::stay);
  const sigv4 of_put({"PUT", path, "", put, 5, welcome}, scope, now);
  CHECK(hex(of_put.signature()) == "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  path_buffer<512> header;
  of_put.append_authorization(header);
  CHECK(std::string(header.c_str()) ==
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=date;host;"
        "x-amz-content-sha256;x-amz-date;x-amz-storage-class, "
        "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");

  const http_header plain[] = {nothing, date, host};
  CHECK(hex(sigv4({"GET", "/", "lifecycle=", plain, 3, empty}, scope, now).signature()) ==
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  CHECK(hex(sigv4({"GET", "/", "max-keys=2&prefix=J", plain, 3, empty}, scope, now).signature()) ==
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST_CASE("sigv4: what is signed counts, and the order in which it is given does not") {
  const http_header headers[] = {{"host", "h"}, {"if-match", "\"a\""}, {"x-amz-date", "d"}};
  const http_header turned[] = {{"x-amz-date", "d"}, {"If-Match", " \"a\" "}, {"Host", "h"}};
  const sigv4_request request = {"PUT", "/k", "a=1", headers, 3, "00"};
  const digest signature = sigv4(request, of_suite, time_of_suite).signature();
  const auto of = [](const sigv4_request& other, const sigv4_scope& scope, std::int64_t seconds) {
    return sigv4(other, scope, signing_time(seconds * ns_per_second)).signature();
  };
  constexpr std::int64_t then = 1'440'938'160;
  CHECK(of({"PUT", "/k", "a=1", turned, 3, "00"}, of_suite, then) == signature);
  CHECK(!(of({"GET", "/k", "a=1", headers, 3, "00"}, of_suite, then) == signature));
  CHECK(!(of({"PUT", "/l", "a=1", headers, 3, "00"}, of_suite, then) == signature));
  CHECK(!(of({"PUT", "/k", "a=2", headers, 3, "00"}, of_suite, then) == signature));
  CHECK(!(of({"PUT", "/k", "a=1", headers, 2, "00"}, of_suite, then) == signature));
  CHECK(!(of({"PUT", "/k", "a=1", headers, 3, "01"}, of_suite, then) == signature));
  CHECK(!(of(request, of_suite, then + 1) == signature));
  CHECK(!(of(request, {"AKIDEXAMPLE", "other", "us-east-1", "service"}, then) == signature));
  CHECK(!(of(request, {"AKIDEXAMPLE", of_suite.secret_key, "eu-west-1", "service"}, then) == signature));
}
