// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/sealed_file.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/golden.hpp>
#include <tests/support/models.hpp>
#include <tests/support/sealed.hpp>

using namespace perdure;
using tests::for_each_model;
using tests::get_from;
using tests::text_of;
using tests::told;

namespace {
const sealed_format format{.kind = "TEST", .version = 3, .reader_version_min = 2};
const tests::sections three{{"meta", "{}"}, {"graph", std::string(9000, 'g')}, {"none", ""}};
sealed_reading reading() { return {.kind = "TEST", .version = 3, .file_bytes_max = 1 << 20}; }

template <Fs F>
tests::unsealed streamed(F& fs, const std::string& path, std::size_t buffer_size) {
  tests::unsealed found;
  std::vector<char> buffer(buffer_size);
  const auto done = stream_sealed(fs, path, reading(), buffer, [&](sealed_event event, const sealed_reader& reader) {
    if (event == sealed_event::section) found.all.emplace_back(text_of(reader.name()), "");
    if (event == sealed_event::data) found.all.back().second += text_of(reader.data());
    return visit::go_on;
  });
  if (!done) found.refusal = told(done.error());
  return found;
}
}  // namespace

TEST_CASE("sealed_file: sections come back on every model, read in each way") {
  for_each_model([](auto& fs, const std::string& dir, const auto& model) {
    INFO(model.name);
    const std::string path = dir + "/f";
    std::vector<named_bytes> sections;
    for (const auto& [name, data] : three) sections.push_back({name, data});
    const auto written = write_sealed(fs, path, format, sections.data(), sections.size());
    REQUIRE(written);
    CHECK(written->durability == model.best);
    CHECK(get_from(fs, path) == tests::sealed(format, three));

    std::string memory;
    const auto read = read_sealed(fs, path, reading(), memory);
    REQUIRE(read);
    CHECK(text_of(*read->find("graph")) == three[1].second);
    std::vector<char> buffer(10000);
    const auto in_buffer = read_sealed(fs, path, reading(), mutable_bytes(buffer));
    REQUIRE(in_buffer);
    CHECK(text_of(*in_buffer->find("meta")) == "{}");
    for (const std::size_t size : {1U, 64U, 4096U, 100000U}) CHECK(streamed(fs, path, size).all == three);

    const auto mapped = map_sealed(fs, path, reading());
    if (mapped) {
      CHECK(text_of(*mapped->view.find("graph")) == three[1].second);
      const bool aligned = reinterpret_cast<std::uintptr_t>(mapped->file.view().data()) % 64 == 0;
      CHECK((!aligned || reinterpret_cast<std::uintptr_t>(mapped->view.find("graph")->data()) % 64 == 0));
    } else {
      CHECK(mapped.error().code() == code::unsupported);
    }
  });
}

TEST_CASE("sealed_file: written in pieces, with no size known before, it is the same file") {
  mem_fs fs;
  auto writer = sealed_file_writer<mem_fs>::open(fs, "f", format);
  REQUIRE(writer);
  for (const auto& [name, data] : three) {
    REQUIRE(writer->begin(name));
    for (const char c : data) REQUIRE(writer->write(bytes(&c, 1)));
  }
  CHECK_FALSE(fs.stat("f"));
  REQUIRE(writer->commit());
  CHECK(get_from(fs, "f") == tests::sealed(format, three));
}

TEST_CASE("sealed_file: what has no seal is not published") {
  mem_fs fs;
  REQUIRE(write_sealed(fs, "f", format, nullptr, 0));
  const std::string old = get_from(fs, "f");
  {
    auto writer = sealed_file_writer<mem_fs>::open(fs, "f", format);
    REQUIRE(writer->begin("a"));
    REQUIRE(writer->write("data"));
  }
  CHECK(get_from(fs, "f") == old);
  auto writer = sealed_file_writer<mem_fs>::open(fs, "f", format);
  CHECK_FALSE(writer->write("outside of any section"));
  CHECK_FALSE(writer->commit());
  CHECK(get_from(fs, "f") == old);
  CHECK_FALSE(sealed_file_writer<mem_fs>::open(fs, "f", {.kind = "TEST", .version = 1, .reader_version_min = 2}));
  const std::string long_name(129, 'n');
  const named_bytes named{long_name, {}};
  CHECK(write_sealed(fs, "f", format, &named, 1).error().code() == code::too_large);
  CHECK(get_from(fs, "f") == old);
  std::size_t names = 0;
  REQUIRE(fs.for_each_entry(".", [&](const dir_entry&) { return ++names, visit::go_on; }));
  CHECK(names == 1);
}

TEST_CASE("sealed_file: damage is told with the file, what and where, in each way of reading") {
  mem_fs fs;
  std::string file = tests::sealed(format, three);
  const auto at = static_cast<std::size_t>(sealed_view::open(file, reading())->begin()->data_offset);
  file[at] ^= 1;
  REQUIRE(tests::put_into(fs, "f", file));
  const std::string expected = told(code::corrupt, "f: section data at byte " + std::to_string(at));
  std::string memory;
  CHECK(told(read_sealed(fs, "f", reading(), memory).error()) == expected);
  CHECK(told(map_sealed(fs, "f", reading()).error()) == expected);
  CHECK(streamed(fs, "f", 100).refusal == expected);
  REQUIRE(tests::put_into(fs, "f", ""));
  CHECK(told(read_sealed(fs, "f", reading(), memory).error()) == told(code::corrupt, "f: file head at byte 0"));
  CHECK(told(map_sealed(fs, "f", reading()).error()) == told(code::corrupt, "f: file head at byte 0"));
  CHECK(streamed(fs, "f", 100).refusal == told(code::corrupt, "f: file head at byte 0"));
  CHECK(streamed(fs, "g", 100).refusal == told(code::not_found, "g"));
}

TEST_CASE("sealed_file: a visitor that stops is cancelled, and limits hold") {
  mem_fs fs;
  REQUIRE(tests::put_into(fs, "f", tests::sealed(format, three)));
  char buffer[100];
  int events = 0;
  const auto stopped = stream_sealed(
      fs, "f", reading(), buffer, [&](sealed_event, const sealed_reader&) { return ++events == 2 ? visit::stop : visit::go_on; });
  CHECK(stopped.error().code() == code::cancelled);
  CHECK(events == 2);
  sealed_reading how = reading();
  how.file_bytes_max = 1000;
  std::string memory;
  CHECK(read_sealed(fs, "f", how, memory).error().code() == code::too_large);
  CHECK(map_sealed(fs, "f", how).error().code() == code::too_large);
  CHECK(stream_sealed(fs, "f", how, buffer, [](sealed_event, const sealed_reader&) { return visit::go_on; }).error().code() ==
        code::too_large);
}
