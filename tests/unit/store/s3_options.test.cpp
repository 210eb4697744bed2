// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/describe.hpp>
#include <perdure/store/s3_options.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;

namespace {
std::string address(path_view uri) {
  s3_options options;
  const auto set = set_s3_address(options, uri);
  if (!set) return std::string(describe(set.error()).c_str()).find("secret") == std::string::npos ? "refused" : "shown";
  return std::string(options.bucket.c_str()) + "|" + options.prefix.c_str();
}
std::string endpoint(path_view text, path_view bucket = "bucket", path_view region = "") {
  s3_options options;
  options.bucket.append(bucket);
  options.region.append(region);
  const auto set = set_s3_endpoint(options, text);
  if (!set) return std::string(describe(set.error()).c_str()).find("secret") == std::string::npos ? "refused" : "shown";
  return std::string(options.scheme == http_scheme::tls ? "https " : "http ") + options.host.c_str() + " " +
         options.region.c_str() + (options.style == s3_style::path ? " path" : " virtual");
}
}  // namespace

TEST_CASE("set_s3_address: a bucket and a prefix that ends") {
  CHECK(address("s3://bucket") == "bucket|");
  CHECK(address("S3://bucket/") == "bucket|");
  CHECK(address("s3://my.bucket-1/a/b") == "my.bucket-1|a/b/");
  CHECK(address("s3://bucket/a/") == "bucket|a/");
  CHECK(address("s3://bucket/a%20b c") == "bucket|a%20b c/");
  CHECK(address("s3://bucket/user@x") == "bucket|user@x/");
  CHECK(address("s3://bucket/" + std::string(511, 'x')) == "bucket|" + std::string(511, 'x') + "/");
}

TEST_CASE("set_s3_address: what is no bucket is refused, and not shown") {
  for (const path_view bad : {path_view("s3:/secret"),
                              path_view("s3:"),
                              path_view("s3://"),
                              path_view("s3:///secret"),
                              path_view("s3:secret"),
                              path_view("s3://se"),
                              path_view("s3://Secret/x"),
                              path_view("s3://secret_1"),
                              path_view("s3://-secret"),
                              path_view("s3://secret."),
                              path_view("s3://sec..secret"),
                              path_view("s3://user:secret@bucket/x"),
                              path_view("s3://secret@bucket"),
                              path_view("s3://bucket/x?secret"),
                              path_view("s3://bucket?secret"),
                              path_view("s3://bucket/#secret"),
                              path_view("http://secret/x"),
                              path_view("s3://bucket/\xff"),
                              path_view("s3://secret\0x", 13),
                              path_view("")}) {
    INFO(std::string(bad.data(), bad.size()));
    CHECK(address(bad) == "refused");
  }
  CHECK(address("s3://bucket/" + std::string(512, 'x')) == "refused");
  CHECK(address("s3://" + std::string(64, 'x')) == "refused");
}

TEST_CASE("set_s3_endpoint: AWS has the bucket in the host's name, others have it in the path") {
  CHECK(endpoint("") == "https s3.us-east-1.amazonaws.com us-east-1 virtual");
  CHECK(endpoint("", "bucket", "eu-west-1") == "https s3.eu-west-1.amazonaws.com eu-west-1 virtual");
  CHECK(endpoint("https://s3.eu-central-1.amazonaws.com/") == "https s3.eu-central-1.amazonaws.com eu-central-1 virtual");
  CHECK(endpoint("https://s3.cn-north-1.amazonaws.com.cn") == "https s3.cn-north-1.amazonaws.com.cn cn-north-1 virtual");
  CHECK(endpoint("https://s3.amazonaws.com") == "https s3.amazonaws.com us-east-1 virtual");
  CHECK(endpoint("", "my.bucket") == "https s3.us-east-1.amazonaws.com us-east-1 path");
  CHECK(endpoint("http://127.0.0.1:7480") == "http 127.0.0.1:7480 us-east-1 path");
  CHECK(endpoint("http://[::1]:7480", "bucket", "here") == "http [::1]:7480 here path");
  CHECK(endpoint("https://minio.example") == "https minio.example us-east-1 path");
}

TEST_CASE("set_s3_endpoint: an endpoint is a scheme and a host, and nothing else") {
  for (const path_view bad :
       {path_view("secret"), path_view("ftp://secret"), path_view("http://"), path_view("http://user:secret@host"),
        path_view("http://host/secret"), path_view("http://host?secret"), path_view("http://host\r\nx: secret"),
        path_view("https:// secret")}) {
    INFO(std::string(bad.data(), bad.size()));
    CHECK(endpoint(bad) == "refused");
  }
  CHECK(endpoint("http://" + std::string(256, 'h')) == "refused");
  for (const path_view bad : {path_view("us-east-1\r\nx: secret"), path_view("secret "), path_view("evil.example/secret"),
                              path_view("us-east-1@secret"), path_view("\xff")}) {
    INFO(std::string(bad.data(), bad.size()));
    CHECK(endpoint("", "bucket", bad) == "refused");
    CHECK(endpoint("http://127.0.0.1", "bucket", bad) == "refused");
  }
  CHECK(endpoint("http://here", "bucket", "Region_1.a~b") == "http here Region_1.a~b path");
}
