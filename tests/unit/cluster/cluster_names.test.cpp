// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/cluster/cluster_names.hpp>
#include <perdure/cluster/detail/cluster_keys.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;

namespace {

std::string text_of(const payload_id& id) {
  std::byte buffer[payload_id::text_size_max];
  const bytes text = to_text(id, buffer);
  return {reinterpret_cast<const char*>(text.data()), text.size()};
}
std::string text_of(path_view text) { return {text.data(), text.size()}; }
const std::string hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";  // of "abc"

}  // namespace

TEST_CASE("payload_id: its text is taken back exactly, and no other one is") {
  for (const std::uint64_t operation : {std::uint64_t{1}, std::uint64_t{10}, UINT64_MAX}) {
    const payload_id id{sha256_of("abc"), operation};
    CHECK(text_of(id) == "sha256:" + hex + "/" + std::to_string(operation));
    const auto back = parse_payload_id(text_of(id));
    REQUIRE(back);
    CHECK(*back == id);
  }
  for (const char* const tail :
       {"", "/", "/0", "/01", "/-1", "/1 ", "/18446744073709551616", "/99999999999999999999", "1", "//1"})
    CHECK_FALSE(parse_payload_id("sha256:" + hex + tail));
  for (const std::string& text : {std::string(), hex + "/1", "sha256:" + hex.substr(1) + "/1", "SHA256:" + hex + "/1"})
    CHECK_FALSE(parse_payload_id(text));
}

TEST_CASE("check_root_name: a root tells the operation that made it, and is one plain name") {
  CHECK(check_root_name("social-7"));
  CHECK(check_root_name("Social.Graph_2-x-18446744073709551615"));
  CHECK(check_root_name(std::string(118, 'x') + "-7"));
  CHECK(operation_of_root("a-1-23") == 23);
  for (const char* const bad : {"", "-7", "social", "social-", "social-0", "social-07", "social-7x", "a/b-7", "../x-7", "a b-7",
                                "\xc3\xa4-7", "social-18446744073709551616"})
    CHECK(check_root_name(bad).error().code() == code::invalid_argument);
  CHECK_FALSE(check_root_name(std::string(119, 'x') + "-7"));
}

TEST_CASE("cluster_keys: each key leads back to what it is of, and a stranger's to nothing") {
  const payload_id id{sha256_of("abc"), 7};
  CHECK(text_of(detail::key_of(id)) == "catalog/sha256/" + hex + "/7");
  CHECK(detail::payload_of(detail::key_of(id)) == id);
  CHECK(text_of(detail::prefix_of_root("social-7")) == "graphs/social-7/");
  CHECK(text_of(detail::root_of("graphs/social-7/a/b")) == "social-7");
  CHECK(text_of(detail::key_of_recovery(7)) == "recovery/7");
  CHECK(text_of(detail::key_of_approval(id.of)) == "approvals/" + hex);
  CHECK(detail::prefix_of_root(std::string(118, 'x') + "-7").ok());
  for (const std::string& stranger :
       {std::string("catalog/"), "catalog/sha256/" + hex, "catalog/sha256/" + hex + "/", "catalog/sha256/" + hex + "/07",
        "catalog/sha256/" + hex + "/7/x", "catalog/sha512/" + hex + "/7", "catalog/sha256/" + hex.substr(1) + "/7", "x" + hex})
    CHECK(detail::payload_of(stranger).operation == 0);
  for (const char* const stranger : {"graphs/", "graphs/social-7", "graphs/social/x", "graphs//x", "ledger", "graphs/../x-7/"})
    CHECK(detail::root_of(stranger).empty() == (std::string(stranger) != "graphs/social-7/"));
}
