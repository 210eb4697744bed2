// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/engine/snapshot_manifest.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;

namespace {

std::string manifest_text(std::uint64_t generation, std::size_t sections, bytes envelope = "e") {
  detail::byte_buffer into;
  detail::manifest_encoder encoder(into);
  bool done = encoder.begin(generation, envelope).has_value();
  for (std::size_t i = 0; i < sections; ++i) done = done && encoder.add({std::to_string(i), {sha256_of("x")}, i});
  REQUIRE((done && encoder.finish()));
  return {reinterpret_cast<const char*>(into.data()), into.size()};
}

}  // namespace

TEST_CASE("snapshot_manifest: comes back as it was written, and equal ones are equal bytes") {
  const std::string text = manifest_text(7, 3);
  CHECK(text == manifest_text(7, 3));
  const auto manifest = decode_manifest(text);
  REQUIRE(manifest);
  CHECK((manifest->generation == 7 && manifest->envelope == bytes("e") && manifest->count == 3));
  REQUIRE(manifest->find("2") != nullptr);
  CHECK((manifest->find("2")->size_bytes == 2 && manifest->find("2")->id == content_id{sha256_of("x")}));
  CHECK(manifest->find("3") == nullptr);
  CHECK(decode_manifest(manifest_text(UINT64_MAX, engine_sections_max))->count == engine_sections_max);
  CHECK(decode_manifest(manifest_text(0, 0, ""))->count == 0);
  CHECK(decode_manifest(manifest_text(0, 0, std::string(snapshot_envelope_bytes_max, 'e'))));
}

TEST_CASE("snapshot_manifest: no byte can be altered or cut off unseen, and it is not taken for another kind of file") {
  const std::string whole = manifest_text(7, 2);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string altered = whole;
    altered[at] = static_cast<char>(whole[at] ^ 1);
    if (decode_manifest(altered) || decode_manifest(whole.substr(0, at))) FAIL(at);
  }
  const auto sealed = [](sealed_format format, std::initializer_list<std::pair<const char*, std::size_t>> sections) {
    sealed_writer frame(format);
    std::string text;
    const auto put = [&](const result<bytes>& piece) {
      text.append(reinterpret_cast<const char*>(piece->data()), piece->size());
    };
    put(frame.head());
    for (const auto& [name, size] : sections) {
      put(frame.begin(name, size));
      REQUIRE(frame.add(std::string(size, '\0')));
      text.append(size, '\0');
      put(frame.end());
    }
    put(frame.seal());
    return decode_manifest(text);
  };
  CHECK(sealed({.kind = "SNAP"}, {{"snapshot", 8}, {"envelope", 0}, {"a", 40}}));
  CHECK(sealed({.kind = "SNAP", .version = 2, .reader_version_min = 2}, {{"snapshot", 8}, {"envelope", 0}}).error().code() ==
        code::version_unsupported);
  CHECK(sealed({.kind = "SNAP", .version = 2, .reader_version_min = 1}, {{"snapshot", 8}, {"envelope", 0}}));
  CHECK_FALSE(sealed({.kind = "OTHR"}, {{"snapshot", 8}, {"envelope", 0}}));
  CHECK_FALSE(sealed({.kind = "SNAP"}, {{"snapshot", 7}, {"envelope", 0}}));
  CHECK_FALSE(sealed({.kind = "SNAP"}, {{"snapshot", 8}}));
  CHECK_FALSE(sealed({.kind = "SNAP"}, {{"envelope", 0}, {"snapshot", 8}}));
  CHECK_FALSE(sealed({.kind = "SNAP"}, {{"snapshot", 8}, {"envelope", 0}, {"a", 39}}));
  CHECK_FALSE(sealed({.kind = "SNAP"}, {{"snapshot", 8}, {"envelope", 0}, {"a", 40}, {"a", 40}}));
}
