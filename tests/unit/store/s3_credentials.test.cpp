// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/describe.hpp>
#include <perdure/store/s3_credentials.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;

namespace {
const std::string file =
    "# of a person\n[default]\naws_access_key_id=AKID\n aws_secret_access_key = a/b+c=d  \r\n\n; more\n[ team ]\n"
    "aws_access_key_id = T\naws_secret_access_key\t=\tS\naws_session_token = tok==\nregion = eu-west-1\nno sign here\n[empty]\n";
}  // namespace

TEST_CASE("parse_s3_credentials: one profile of the file, and no other") {
  const auto first = parse_s3_credentials(file, "default");
  REQUIRE(first);
  CHECK(std::string(first->access_key.c_str()) == "AKID");
  CHECK(std::string(first->secret_key.c_str()) == "a/b+c=d");
  CHECK((first->session_token.size() == 0 && first->complete()));
  const auto team = parse_s3_credentials(file, "team");
  REQUIRE(team);
  CHECK((path_view(team->access_key) == path_view("T") && path_view(team->secret_key) == path_view("S")));
  CHECK(path_view(team->session_token) == path_view("tok=="));
  const auto none = parse_s3_credentials(file, "empty");
  CHECK((none && !none->complete()));
  CHECK(parse_s3_credentials(file, "Default").error().code() == code::not_found);
  CHECK(parse_s3_credentials("", "default").error().code() == code::not_found);
}

TEST_CASE("parse_s3_credentials: what no header can carry is refused, and shown by no failure") {
  const auto refused = [](const std::string& value, enum code code) {
    const auto parsed = parse_s3_credentials("[p]\naws_secret_access_key = secret" + value, "p");
    return !parsed && parsed.error().code() == code &&
           std::string(describe(parsed.error()).c_str()).find("secret") == std::string::npos;
  };
  CHECK(refused(" x", code::invalid_argument));
  CHECK(refused("\x01", code::invalid_argument));
  CHECK(refused("\xc3\xbc", code::invalid_argument));
  CHECK(refused(std::string(123, 'x'), code::too_large));
  CHECK(parse_s3_credentials("[p]\naws_secret_access_key = " + std::string(128, 'x'), "p"));
}

TEST_CASE("parse_s3_credentials: a file that is cut off anywhere gives what is there, or a failure") {
  for (std::size_t size = 0; size <= file.size(); ++size) {
    const auto parsed = parse_s3_credentials(bytes(file).first(size), "team");
    if (parsed && parsed->complete() && size < file.find("=\tS")) FAIL("credentials out of nothing");
  }
}
