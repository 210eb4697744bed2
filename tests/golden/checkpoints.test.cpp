// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// The golden file of a checkpoint's list, byte for byte. tests/golden/make.py made it, from the byte table.

#include <perdure/engine/detail/checkpoint_record.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/golden.hpp>

#include <string>

using namespace perdure;

TEST_CASE("golden: the list of a checkpoint, version 1, is written and read to the byte") {
  using stored = detail::stored_file;
  const std::string file = tests::golden("checkpoint_v1");
  detail::file_list list;
  list.add({"tables/1.table", 3, stored::has_digest, sha256_of("one")});
  list.add({"log", 9, stored::is_growing, {}});
  list.add({"blobs/2.blob", 0, 0, {}});
  list.add({"current", 2, stored::has_digest | stored::is_current, sha256_of("v7")});
  detail::byte_buffer whole;
  REQUIRE(detail::encode_checkpoint({7, 42, 4, 14, list.view(), {}}, whole));
  CHECK(whole.view() == bytes(file));

  const auto read = detail::decode_checkpoint(file);
  REQUIRE(read);
  CHECK(read->version == 7);
  CHECK(read->watermark == 42);
  CHECK(read->files == 4);
  CHECK(read->total_bytes == 14);
  CHECK(read->list == list.view());
  CHECK(read->current.name == path_view("current"));
  for (std::size_t size = 0; size < file.size(); ++size) CHECK_FALSE(detail::decode_checkpoint(bytes(file).first(size)));
  for (std::size_t at = 0; at < file.size(); ++at) {
    std::string altered = file;
    altered[at] = static_cast<char>(altered[at] ^ 0x10);
    CHECK_FALSE(detail::decode_checkpoint(altered));
  }
}
