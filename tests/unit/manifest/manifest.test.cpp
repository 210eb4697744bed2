// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/mem_fs.hpp>
#include <perdure/manifest/commit_manifest.hpp>
#include <perdure/manifest/file_slot.hpp>
#include <perdure/testing/read_text.hpp>

#include <tests/support/catch.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace perdure;

using slot = file_slot<mem_fs, manual_clock>;

struct place {
  mem_fs fs;
  manual_clock clock;
  slot at() { return slot(fs, "value", clock); }
};

struct counters {
  std::uint64_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t c = 0;
};

TEST_CASE("manifest: a plain struct needs no codec, and a device no threads") {
  place here;
  manifest<counters, slot, default_codec<counters>, no_sync> all(here.at());
  REQUIRE(all.open({1, 2, 3}));
  REQUIRE(commit_manifest(all, [](counters& next) { next.b += 40; }));
  manifest<counters, slot> again(here.at());
  REQUIRE(again.open());
  CHECK(again.read()->a == 1);
  CHECK(again.read()->b == 42);
  CHECK(again.read()->c == 3);
}

// As somebody writes it for a format of their own.
struct numbers {
  std::vector<int> all;
};
struct numbers_as_text {
  [[nodiscard]] result<void> encode(const numbers& value, byte_sink sink) const {
    for (const int one : value.all) PERDURE_TRY(sink(std::to_string(one) + "\n"));
    return {};
  }
  [[nodiscard]] result<numbers> decode(bytes from) const {
    numbers value;
    std::string word;
    for (const std::byte one : from) {
      const char c = static_cast<char>(one);
      if (c != '\n') {
        if (c < '0' || c > '9') return failure(code::corrupt, operation::load);
        word += c;
      } else {
        value.all.push_back(std::stoi(word));
        word.clear();
      }
    }
    return value;
  }
};

TEST_CASE("manifest: a codec of one's own is a struct with two functions") {
  place here;
  manifest<numbers, slot, numbers_as_text> all(here.at());
  REQUIRE(all.open());
  REQUIRE(commit_manifest(all, [](numbers& next) { next.all = {1, 20, 300}; }));
  CHECK(*testing::read_text(here.fs, "value") == "1\n20\n300\n");
  manifest<numbers, slot, numbers_as_text> again(here.at());
  REQUIRE(again.open());
  CHECK(again.read()->all == std::vector<int>{1, 20, 300});
}

TEST_CASE("manifest: what cannot be decoded is told, and the initial value is what there is") {
  place here;
  REQUIRE(atomic_write(here.fs, "value", "not a number"));
  manifest<numbers, slot, numbers_as_text> all(here.at());
  CHECK(all.open({{5}}).error().code() == code::corrupt);
  CHECK(all.read()->all == std::vector<int>{5});
  CHECK(*testing::read_text(here.fs, "value") == "not a number");
}

TEST_CASE("manifest: a value that has gone is an error, and not an empty one") {
  place here;
  manifest<std::string, slot> all(here.at());
  REQUIRE(all.open());
  REQUIRE(commit_manifest(all, [](std::string& next) { next = "x"; }));
  REQUIRE(here.fs.remove("value"));
  CHECK(all.refresh().error().code() == code::not_found);
  CHECK(commit_manifest(all, [](std::string& next) { next += "y"; }).error().code() == code::not_found);
  CHECK(*all.read() == "x");
  // Whoever knows better opens it again.
  REQUIRE(all.open("new"));
  REQUIRE(commit_manifest(all, [](std::string& next) { next += "y"; }));
  CHECK(*testing::read_text(here.fs, "value") == "newy");
}

TEST_CASE("manifest: parts that are shared are not copied") {
  place here;
  struct part {
    int copies = 0;
  };
  struct shares {
    std::vector<std::shared_ptr<const part>> parts;
  };
  struct codec {
    [[nodiscard]] result<void> encode(const shares& value, byte_sink sink) const {
      return sink(std::to_string(value.parts.size()));
    }
    [[nodiscard]] result<shares> decode(bytes) const { return shares{}; }
  };
  manifest<shares, slot, codec> all(here.at());
  REQUIRE(all.open());
  const auto one = std::make_shared<const part>();
  REQUIRE(commit_manifest(all, [&](shares& next) { next.parts.push_back(one); }));
  REQUIRE(commit_manifest(all, [&](shares& next) { next.parts.push_back(one); }));
  CHECK(all.read()->parts[0] == one);
  CHECK(one.use_count() == 3);
}

TEST_CASE("manifest: a snapshot outlives the manifest") {
  place here;
  std::optional<snapshot<std::string>> kept;
  {
    manifest<std::string, slot> all(here.at());
    REQUIRE(all.open("value"));
    kept = all.read();
  }
  CHECK(**kept == "value");
}

}  // namespace
