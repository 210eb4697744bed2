// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/engine/create_checkpoint.hpp>
#include <perdure/engine/verify_checkpoint.hpp>
#include <perdure/fs/mem_fs.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/checkpoints.hpp>

#include <string>

using namespace perdure;
using tests::put_file;

namespace {

using source_type = tests::listed_source<mem_fs, mem_fs>;
const std::string names[] = {"tables/1.table", "tables/2.table", "blobs/3.blob", "log", "v7", "checkpoint.perdure", "current"};

enum code refusal(mem_fs& fs, const verify_options& options = {}) {
  const auto info = verify_checkpoint(fs, "c", options);
  return info ? code() : info.error().code();
}
mem_fs made() {
  mem_fs fs;
  auto source = source_type::usual(fs, fs);
  REQUIRE(create_checkpoint(source, fs, "c", {.links = checkpoint_links::refuse}));
  return fs;
}

TEST_CASE("verify_checkpoint: one that lacks any of its files is corrupt, and says which") {
  for (const std::string& name : names) {
    mem_fs fs = made();
    CHECK(refusal(fs) == code());
    REQUIRE(fs.remove("c/" + name));
    const auto info = verify_checkpoint(fs, "c");
    REQUIRE_FALSE(info);
    CHECK(info.error().code() == code::corrupt);
    CHECK(info.error().path() == bytes("c/" + name));
  }
}

TEST_CASE("verify_checkpoint: no byte of any of its files can be another one, missing or added") {
  for (const std::string& name : names) {
    mem_fs fs = made();
    const std::string path = "c/" + name;
    std::string text;
    REQUIRE(read_file(fs, path, text, 1 << 20));
    const std::size_t step = text.size() > 2000 ? 1009 : 1;
    for (std::size_t at = 0; at < text.size(); at += step) {
      std::string altered = text;
      altered[at] = static_cast<char>(altered[at] ^ 1);
      put_file(fs, path, altered);
      const auto why = refusal(fs);
      if (why != code::corrupt) CHECK(why == code::version_unsupported);
    }
    put_file(fs, path, text + "x");
    CHECK(refusal(fs) == code::corrupt);
    put_file(fs, path, text.substr(0, text.size() - 1));
    CHECK(refusal(fs) == code::corrupt);
    put_file(fs, path, text);
    CHECK(refusal(fs) == code());
  }
}

TEST_CASE("verify_checkpoint: what is not there is not_found, a file not_a_directory, and limits are kept") {
  mem_fs fs = made();
  CHECK(verify_checkpoint(fs, "d").error().code() == code::not_found);
  CHECK(verify_checkpoint(fs, "log").error().code() == code::not_a_directory);
  REQUIRE(fs.make_dir("d"));
  CHECK(verify_checkpoint(fs, "d").error().code() == code::corrupt);
  CHECK(refusal(fs, {.list_bytes_max = 100}) == code::too_large);
  // Sizes alone: the content of the current is looked at all the same.
  put_file(fs, "c/log", "one 2wo");
  CHECK(refusal(fs, {.checks = checkpoint_checks::sizes}) == code());
  put_file(fs, "c/current", "v8");
  CHECK(refusal(fs, {.checks = checkpoint_checks::sizes}) == code::corrupt);
}

TEST_CASE("verify_checkpoint: names that lead elsewhere, or to the current, are damage, whoever sealed them") {
  mem_fs fs = made();
  for (const char* name : {"../log", "/log", "a/b/c", ".", "", "current"}) {
    detail::file_list list;
    list.add({name, 2, 0, {}});
    list.add({"current", 2, detail::stored_file::has_digest | detail::stored_file::is_current, sha256_of("v7")});
    detail::byte_buffer whole;
    REQUIRE(detail::encode_checkpoint({7, 42, 2, 4, list.view(), {}}, whole));
    put_file(fs, "c/checkpoint.perdure", std::string(reinterpret_cast<const char*>(whole.view().data()), whole.view().size()));
    CHECK(refusal(fs) == code::corrupt);
  }
}

}  // namespace
