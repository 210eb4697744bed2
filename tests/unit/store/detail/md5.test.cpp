// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/store/detail/md5.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;

namespace {
std::string hex(const std::string& data) {
  const detail::md5 sum(data);
  std::string text;
  for (const std::byte b : sum.value) {
    text += "0123456789abcdef"[std::to_integer<unsigned>(b) >> 4];
    text += "0123456789abcdef"[std::to_integer<unsigned>(b) & 15];
  }
  return text;
}
}  // namespace

TEST_CASE("md5: the figures of RFC 1321") {
  CHECK(hex("") == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(hex("a") == "0cc175b9c0f1b6a831c399e269772661");
  CHECK(hex("message digest") == "f96b697d7cb7938d525a2f31aaf161d0");
  CHECK(hex("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") == "d174ab98d277d9f5a5611c2c9f419d9f");
  std::string digits;
  for (int i = 0; i < 8; ++i) digits += "1234567890";
  CHECK(hex(digits) == "57edf4a22be3c955ac49da2e2107b67a");
}

TEST_CASE("md5: a message of any size around that of a block") {
  CHECK(hex(std::string(55, 'a')) == "ef1772b6dff9a122358552954ad0df65");
  CHECK(hex(std::string(56, 'a')) == "3b0c8ac703f828b04c6c197006d17218");
  CHECK(hex(std::string(63, 'a')) == "b06521f39153d618550606be297466d5");
  CHECK(hex(std::string(64, 'a')) == "014842d480b571495a4a0363793f7367");
  CHECK(hex(std::string(128, 'a')) == "e510683b3f5ffe4093d021808bc6ff70");
}

TEST_CASE("content_md5: in base64") {
  CHECK(std::string(detail::content_md5("").c_str()) == "1B2M2Y8AsgTpgAmY7PhCfg==");
  CHECK(std::string(detail::content_md5("a").c_str()) == "DMF1ucDxtqgxw5niaXcmYQ==");
}
