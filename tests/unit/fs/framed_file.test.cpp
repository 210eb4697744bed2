// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/framed_file.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/golden.hpp>
#include <tests/support/models.hpp>
#include <tests/support/sealed.hpp>

using namespace perdure;
using tests::for_each_model;
using tests::get_from;
using tests::told;

namespace {
const frame_limits roomy{1 << 16, 1 << 20};
}

TEST_CASE("framed_file: envelope and body come back on every model, read in each way") {
  for_each_model([](auto& fs, const std::string& dir, const auto& model) {
    INFO(model.name);
    using fs_type = std::remove_reference_t<decltype(fs)>;
    const std::string path = dir + "/f";
    for (const std::string& body : {std::string(), std::string("body"), std::string(70000, 'b')}) {
      const auto written = write_framed(fs, path, "LHV1", "envelope", body);
      REQUIRE(written);
      CHECK(written->durability == model.best);
      CHECK(get_from(fs, path) == std::string("LHV1\0\0\0\10envelope", 16) + body);

      std::string memory;
      const auto read = read_framed(fs, path, "LHV1", roomy, memory);
      REQUIRE(read);
      CHECK(read->envelope == bytes("envelope"));
      CHECK(read->body == bytes(body));
      std::vector<char> buffer(16 + body.size());
      const auto in_buffer = read_framed(fs, path, "LHV1", roomy, mutable_bytes(buffer));
      REQUIRE(in_buffer);
      CHECK(in_buffer->body == bytes(body));

      char envelope[100];
      const auto file = framed_file<fs_type>::open(fs, path, "LHV1", roomy, envelope);
      REQUIRE(file);
      CHECK(file->envelope() == bytes("envelope"));
      CHECK(file->body_bytes() == body.size());
      std::string piece(50000, '?');
      const auto first = file->read_at(1, piece);
      REQUIRE(first);
      CHECK(bytes(piece).first(*first) == bytes(body).from(1).first(50000));
      CHECK(*file->read_at(body.size(), piece) == 0);

      const auto mapped = map_framed(fs, path, "LHV1", roomy);
      if (mapped) {
        CHECK(mapped->parts.body == bytes(body));
      } else {
        CHECK(mapped.error().code() == code::unsupported);
      }
    }
  });
}

TEST_CASE("framed_file: a body in pieces is the same file, and nothing before the commit") {
  mem_fs fs;
  REQUIRE(write_framed(fs, "f", "LHV1", "e", "old"));
  {
    auto writer = framed_writer<mem_fs>::open(fs, "f", "LHV1", "envelope");
    REQUIRE(writer);
    REQUIRE(writer->write("one, "));
    CHECK(get_from(fs, "f") == std::string("LHV1\0\0\0\1eold", 12));
    REQUIRE(writer->write("two"));
    REQUIRE(writer->commit());
  }
  CHECK(get_from(fs, "f") == std::string("LHV1\0\0\0\10envelopeone, two", 24));
  {
    auto left = framed_writer<mem_fs>::open(fs, "f", "LHV1", "never");
    REQUIRE(left->write("committed"));
  }
  CHECK(get_from(fs, "f").size() == 24);
}

TEST_CASE("framed_file: what is refused is told with the file, what and where") {
  mem_fs fs;
  std::string memory;
  char envelope[4];
  const auto every_way = [&](const frame_limits& limits, const std::string& expected) {
    CHECK(told(read_framed(fs, "d/f", "LHV1", limits, memory).error()) == expected);
    CHECK(told(map_framed(fs, "d/f", "LHV1", limits).error()) == expected);
    CHECK(told(framed_file<mem_fs>::open(fs, "d/f", "LHV1", limits, envelope).error()) == expected);
  };
  every_way(roomy, told(code::not_found, "d/f"));
  REQUIRE(fs.make_dir("d"));
  const std::string whole = tests::golden("lhv1");
  REQUIRE(tests::put_into(fs, "d/f", whole.substr(0, 7)));
  every_way(roomy, told(code::corrupt, "d/f: frame head at byte 0"));
  REQUIRE(tests::put_into(fs, "d/f", ""));
  every_way(roomy, told(code::corrupt, "d/f: frame head at byte 0"));
  REQUIRE(tests::put_into(fs, "d/f", whole.substr(0, 30)));
  every_way(roomy, told(code::corrupt, "d/f: envelope size at byte 4"));
  every_way({9, 100}, told(code::corrupt, "d/f: envelope size at byte 4"));
  REQUIRE(tests::put_into(fs, "d/f", "LHV2" + whole.substr(4)));
  every_way(roomy, told(code::version_unsupported, "d/f: magic at byte 0"));
  REQUIRE(tests::put_into(fs, "d/f", whole));
  every_way({22, 100}, told(code::too_large, "d/f: envelope size at byte 4"));
  CHECK(told(framed_file<mem_fs>::open(fs, "d/f", "LHV1", roomy, envelope).error()) ==
        told(code::too_large, "d/f: envelope size at byte 4"));
  CHECK(read_framed(fs, "d/f", "LHV1", {23, 40}, memory));
  CHECK(read_framed(fs, "d/f", "LHV1", {23, 39}, memory).error().code() == code::too_large);
  CHECK(told(read_framed(fs, "d/f", "LHV1", {24, 39}, memory).error()) == told(code::too_large, "d/f: body at byte 31"));
  CHECK(map_framed(fs, "d/f", "LHV1", {23, 39}).error().code() == code::too_large);
}

TEST_CASE("framed_file: a long path is cut in front, so that what and where stay") {
  mem_fs fs;
  const std::string path(200, 'p');
  REQUIRE(tests::put_into(fs, path, "not a frame"));
  std::string memory;
  const auto refused = read_framed(fs, path, "LHV1", roomy, memory);
  REQUIRE_FALSE(refused);
  const std::string text = tests::text_of(refused.error().path());
  CHECK(refused.error().path_cut());
  CHECK(text.size() == failure::path_size_max);
  CHECK(text.substr(text.size() - 20) == "ppp: magic at byte 0");
}
