// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// The golden files of a checkpoint's list, and of what names an uploaded one, byte for byte. tests/golden/make.py made them, from
// the byte tables.

#include <perdure/engine/download_checkpoint.hpp>
#include <perdure/engine/upload_checkpoint.hpp>
#include <perdure/engine/verify_checkpoint.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/store/mem_store.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/checkpoints.hpp>
#include <tests/support/golden.hpp>

#include <string>
#include <utility>

using namespace perdure;

namespace {

const std::pair<std::string, std::string> files[] = {
    {"tables/1.table", "one"}, {"log", "two three"}, {"blobs/2.blob", ""}, {"current", "v7"}};

template <class F>
std::string text_at(F& fs, const std::string& path) {
  std::string text;
  return read_file(fs, path, text, 1 << 20) ? text : "missing";
}

}  // namespace

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

TEST_CASE("golden: an uploaded checkpoint, version 1, is written to the byte, and one that is old comes back") {
  const std::string file = tests::golden("uploaded_checkpoint_v1");
  mem_fs fs;
  mem_store old;
  content_store<mem_store> olds(old);
  const content_id id = *parse_content_id("sha256:f0006f9bd254c8af5fe816713d2dc0b44da80dcec270962eb9a40eed63cb4776");
  {  // as it lay in a store
    auto pin = olds.pin();
    for (const auto& [name, text] : files) REQUIRE(olds.put(*pin, text));
    REQUIRE(olds.put(*pin, file)->id == id);
  }
  const auto made = download_checkpoint(olds, id, fs, "c");
  REQUIRE(made);
  CHECK(made->version == 7);
  CHECK(made->watermark == 42);
  CHECK(made->files == 4);
  for (const auto& [name, text] : files) CHECK(text_at(fs, "c/" + name) == text);
  CHECK(text_at(fs, "c/checkpoint.perdure") == tests::golden("checkpoint_v1"));
  CHECK(verify_checkpoint(fs, "c")->undigested == 2);

  mem_store store;
  content_store<mem_store> objects(store);
  auto pin = objects.pin();
  const auto sent = upload_checkpoint(fs, "c", objects, *pin);
  REQUIRE(sent);
  CHECK(sent->id == id);
  std::string written;
  REQUIRE(objects.get(sent->id, [&](bytes piece) -> result<void> {
    written.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return {};
  }));
  CHECK(written == file);

  CHECK(detail::decode_upload(file));
  for (std::size_t size = 0; size < file.size(); ++size) CHECK_FALSE(detail::decode_upload(bytes(file).first(size)));
  for (std::size_t at = 0; at < file.size(); ++at) {
    std::string altered = file;
    altered[at] = static_cast<char>(altered[at] ^ 0x10);
    CHECK_FALSE(detail::decode_upload(altered));
  }
}
