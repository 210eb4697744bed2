// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/hmac_sha256.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;

namespace {
std::string hmac(const std::string& key, const std::string& data) {
  char room[64];
  const bytes text = to_hex(hmac_sha256_of(key, data), room);
  return {reinterpret_cast<const char*>(text.data()), text.size()};
}
}  // namespace

TEST_CASE("hmac_sha256_of: the published figures (RFC 4231, cases 1 to 4, 6 and 7)") {
  CHECK(hmac(std::string(20, '\x0b'), "Hi There") == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hmac("Jefe", "what do ya want for nothing?") == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hmac(std::string(20, '\xaa'), std::string(50, '\xdd')) ==
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  std::string counted;
  for (char c = 1; c <= 25; ++c) counted += c;
  CHECK(hmac(counted, std::string(50, '\xcd')) == "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
  CHECK(hmac(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First") ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  CHECK(hmac(std::string(131, '\xaa'),
             "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed "
             "before being used by the HMAC algorithm.") == "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

TEST_CASE("hmac_sha256_of: a key of one block is taken as it is, and one of a byte more is not") {
  const std::string block(64, 'k');
  const std::string longer(65, 'k');
  const digest hashed = sha256_of(longer);
  CHECK(hmac(longer, "x") == hmac(std::string(reinterpret_cast<const char*>(hashed.bytes), 32), "x"));
  CHECK(hmac(block, "x") != hmac(longer, "x"));
  CHECK(hmac("k", "x") == hmac(std::string("k\0", 2), "x"));  // a key is padded with zeros
  CHECK(hmac("", "") == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}
