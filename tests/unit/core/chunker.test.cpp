// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/chunker.hpp>
#include <perdure/core/sha256.hpp>

#include <tests/support/catch.hpp>

#include <set>
#include <string>
#include <vector>

using namespace perdure;

namespace {

std::string noise(std::size_t size, std::uint32_t seed = 1) {
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24);
  return text;
}
std::vector<std::string> chunks(const std::string& text, const chunking& how) {
  std::vector<std::string> all;
  for (std::size_t at = 0; at != text.size();) {
    // A window that ends where it may, and never one that shows more.
    const std::size_t size = chunk_size(bytes(text).from(at).first(how.max_bytes), how);
    all.push_back(text.substr(at, size));
    at += size;
  }
  return all;
}
constexpr chunking small{cut_by::content, 64, 256, 1024};

}  // namespace

TEST_CASE("chunker: every chunk but the last has a size within the limits, and all of them are the content") {
  const std::string text = noise(200000);
  std::string joined;
  const auto all = chunks(text, small);
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK((all[i].size() <= 1024 && (all[i].size() >= 64 || i + 1 == all.size())));
    joined += all[i];
  }
  CHECK(joined == text);
  CHECK((all.size() > 200000 / 400 && all.size() < 200000 / 180));
}

TEST_CASE("chunker: a cut is where the hash of the last 64 bytes says, whatever their place") {
  const auto plain = [](bytes window, const chunking& how) -> std::size_t {
    const std::size_t most = window.size() < how.max_bytes ? window.size() : how.max_bytes;
    for (std::size_t size = how.min_bytes + 1; size < most; ++size) {
      std::uint64_t hash = 0;
      for (std::size_t i = size > 64 ? size - 64 : 0; i < size; ++i) {
        if (i + 64 < how.min_bytes) continue;  // behind that the hash begins
        hash = hash * 2 + perdure::detail::gear.of[std::to_integer<std::size_t>(window.data()[i])];
      }
      const std::uint64_t average = UINT64_MAX / how.average_bytes;
      if (hash < (size <= how.average_bytes ? average / 4 : average * 4)) return size;
    }
    return most;
  };
  const std::string text = noise(60000);
  for (const chunking& how : {chunking{cut_by::content, 1, 4, 9}, chunking{cut_by::content, 2, 7, 50},
                              chunking{cut_by::content, 64, 66, 400}, chunking{cut_by::content, 67, 129, 1021},
                              chunking{cut_by::content, 300, 5000, 30000}, chunking{cut_by::content, 10, 9000, 9500}}) {
    for (std::size_t at = 0; at < text.size(); at += how.average_bytes < 1000 ? 37 : 997) {
      const bytes window = bytes(text).from(at);
      if (chunk_size(window, how) != plain(window, how)) FAIL(how.min_bytes << " at " << at);
    }
  }
}

TEST_CASE("chunker: what is cut does not depend on what comes behind the window") {
  const std::string text = noise(4096);
  CHECK(chunk_size(text, small) == chunk_size(bytes(text).first(1024), small));
  CHECK(chunk_size(bytes(), small) == 0);
  CHECK(chunk_size(bytes(text).first(64), small) == 64);
}

TEST_CASE("chunker: an insertion changes the chunks around it alone") {
  std::string text = noise(200000);
  const auto before = chunks(text, small);
  text.insert(100000, "something new");
  const auto after = chunks(text, small);
  const std::set<std::string> known(before.begin(), before.end());
  std::size_t changed = 0;
  for (const std::string& one : after) changed += known.count(one) == 0;
  CHECK((changed >= 1 && changed <= 6));
  const chunking fixed{cut_by::size, 64, 256, 1024};
  CHECK(chunks(text, fixed).front().size() == 256);
  CHECK(chunks(text, fixed).size() == (text.size() + 255) / 256);
}

TEST_CASE("chunker: the longest chunk ends where nothing else ends it") {
  const std::string zeros(100000, '\0');
  const auto all = chunks(zeros, small);
  for (std::size_t i = 1; i + 2 < all.size(); ++i) CHECK(all[i].size() == all[0].size());
}

TEST_CASE("chunker: cuts are where they were when names were first given") {
  const std::string text = noise(3 << 20, 7);
  sha256 sizes;
  for (const std::string& one : chunks(text, {})) sizes.update(std::to_string(one.size()) + " ");
  char hex[digest::hex_size];
  CHECK(to_hex(sizes.finish(), hex) == bytes("3ae9004e7231e6c0cb5aa9a77ed293b07c9cc0a52190e74aa66cdb7cdf0672a3"));
}

TEST_CASE("chunker: options that mean nothing are told") {
  CHECK(chunking{}.is_valid());
  CHECK(small.is_valid());
  CHECK_FALSE(chunking{cut_by::content, 0, 4, 8}.is_valid());
  CHECK_FALSE(chunking{cut_by::content, 5, 4, 8}.is_valid());
  CHECK_FALSE(chunking{cut_by::content, 2, 9, 8}.is_valid());
  CHECK_FALSE(chunking{cut_by::content, 1, 2, 8}.is_valid());
  CHECK_FALSE(chunking{cut_by::content, 1, 4, chunking::limit_bytes + 1}.is_valid());
}
