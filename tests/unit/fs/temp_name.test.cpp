// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/temp_name.hpp>

#include <tests/support/catch.hpp>

#include <string>

using perdure::nonce;
using perdure::temp_name;

namespace {
std::string text(const nonce& of) {
  const temp_name name(of);
  return {name.data(), name.size()};
}
}  // namespace

TEST_CASE("temp_name: a name gives back the nonce that it was made of") {
  const std::uint64_t numbers[] = {0, 1, 31, 32, 0xabcdef, UINT64_MAX >> 4, UINT64_MAX};
  for (const auto a : numbers) {
    for (const auto b : numbers) {
      const nonce made{a, b, b ^ a, a + b};
      const auto parsed = temp_name::parse(text(made));
      REQUIRE(parsed);
      CHECK(*parsed == made);
    }
  }
  CHECK(text({63, 2, 3, 0}) == ".perdure-1v-2-3-0.tmp");
  CHECK(text({UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}).size() <= 96);
}

TEST_CASE("temp_name: no other name is taken for one") {
  for (const char* name :
       {"", ".perdure-", ".perdure-.tmp", ".perdure-1-2-3.tmp", ".perdure-1-2-3-4-5.tmp", ".perdure-1-2-3-4.tmpx",
        "x.perdure-1-2-3-4.tmp", ".perdure-01-2-3-4.tmp", ".perdure-1-2-3-A.tmp", ".perdure-1-2-3-w.tmp",
        ".perdure-1-2-3-g000000000000.tmp", ".perdure-1--3-4.tmp", ".perdure-1-2-3-12345678901234.tmp", ".perdure-1-2-3- 4.tmp",
        ".perdure-1-2-3-4", "perdure-1-2-3-4.tmp"}) {
    INFO(name);
    CHECK_FALSE(temp_name::parse(name));
  }
}

TEST_CASE("temp_name: the longest one is a name that any volume takes, and leaves the target's alone") {
  CHECK(text({UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}).size() == temp_name::size_max);
  CHECK(temp_name::size_max <= 143);  // the shortest limit in use, of file systems that encrypt names
  for (const char c : text({UINT64_MAX, 0, 0xabcdef, 42})) CHECK((c > ' ' && c < 127 && c != '/' && c != '\\' && c != ':'));
}

TEST_CASE("temp_name: a name with one byte changed, added or taken away is another one, or none") {
  const nonce of{0xa1, 0xb2, 0xc3, 0xd4};
  const std::string name = text(of);
  for (std::size_t at = 0; at < name.size(); ++at) {
    for (const char c : std::string("\0 /-.0aAvw", 10)) {
      std::string other = name;
      other[at] = c;
      if (other == name) continue;
      const auto parsed = temp_name::parse(other);
      CHECK((!parsed || (!(*parsed == of) && text(*parsed) == other)));
    }
    const auto shorter = temp_name::parse(name.substr(0, at) + name.substr(at + 1));
    CHECK((!shorter || !(*shorter == of)));
    const auto longer = temp_name::parse(name.substr(0, at) + "0" + name.substr(at));
    CHECK((!longer || !(*longer == of)));
  }
}
