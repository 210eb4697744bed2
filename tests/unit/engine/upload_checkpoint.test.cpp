// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/posix_clock.hpp>
#include <perdure/core/pthread_jobs.hpp>
#include <perdure/engine/create_checkpoint.hpp>
#include <perdure/engine/download_checkpoint.hpp>
#include <perdure/engine/upload_checkpoint.hpp>
#include <perdure/engine/verify_checkpoint.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/posix_fs.hpp>
#include <perdure/store/fs_store.hpp>
#include <perdure/store/mem_store.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/checkpoints.hpp>
#include <tests/support/contents.hpp>
#include <tests/support/temp_dir.hpp>

#include <string>

using namespace perdure;
using tests::put_file;

namespace {

using source_type = tests::listed_source<mem_fs, mem_fs>;

struct place {
  mem_fs fs;
  source_type source = source_type::usual(fs, fs);
  mem_store store;
  content_store<mem_store> objects{store};

  result<uploaded_checkpoint> upload(const char* checkpoint) {
    auto pin = objects.pin();
    return upload_checkpoint(fs, checkpoint, objects, *pin);
  }
};

TEST_CASE("upload_checkpoint: only what is new travels, and equal checkpoints are equal") {
  place at;
  REQUIRE(create_checkpoint(at.source, at.fs, "1"));
  const auto first = at.upload("1");
  REQUIRE(first);
  CHECK(first->version == 7);
  CHECK(first->watermark == 42);
  CHECK(first->files == 6);
  CHECK(first->size_bytes == 40'052);
  CHECK(first->new_bytes > first->size_bytes);
  const auto again = at.upload("1");
  REQUIRE(again);
  CHECK(again->id == first->id);
  CHECK(again->new_objects == 0);
  put_file(at.fs, "4.table", "one more");
  at.source.files.push_back({"4.table", "tables/4.table", 8});
  REQUIRE(create_checkpoint(at.source, at.fs, "2"));
  const auto second = at.upload("2");
  REQUIRE(second);
  CHECK_FALSE(second->id == first->id);
  CHECK(second->new_objects == 2);  // the table, and the list
  CHECK(second->new_bytes < 1000);
}

TEST_CASE("upload_checkpoint: what is altered or half is refused, and where it ended it goes on") {
  place at;
  REQUIRE(create_checkpoint(at.source, at.fs, "c", {.links = checkpoint_links::refuse}));
  put_file(at.fs, "c/blobs/3.blob", "a bomb");
  const auto altered = at.upload("c");
  REQUIRE_FALSE(altered);
  CHECK(altered.error().code() == code::corrupt);
  CHECK(altered.error().outcome() == outcome::unchanged);
  CHECK(altered.error().path() == bytes("c/blobs/3.blob"));
  put_file(at.fs, "c/blobs/3.blob", "a blob");
  const auto whole = at.upload("c");
  REQUIRE(whole);
  CHECK(whole->new_bytes < 10'000);  // the large table is there
  REQUIRE(at.fs.remove("c/current"));
  CHECK(at.upload("c").error().code() == code::corrupt);
  CHECK(at.upload("d").error().code() == code::not_found);
}

// Of small chunks, so that each file is many of them; over real files, for a checker of races.
TEST_CASE("upload_checkpoint: several workers send the same as one, and bring it back") {
  const tests::temp_dir dir;
  posix_fs fs;
  posix_clock clock;
  fs_store<posix_fs> directory(fs, dir / "s", clock, {});
  REQUIRE(directory.create_root());
  content_store<fs_store<posix_fs>> objects(directory, tests::small_contents());
  mem_store memory;
  content_store<mem_store> in_turn_objects(memory, tests::small_contents());
  auto source = tests::listed_source<posix_fs, posix_fs>::usual(fs, fs, dir / "");
  REQUIRE(create_checkpoint(source, fs, dir / "c"));
  const pthread_jobs jobs(4);
  auto pin = objects.pin();
  auto other = in_turn_objects.pin();
  const auto sent = upload_checkpoint(fs, dir / "c", objects, *pin, {.work = {.jobs = jobs, .workers = 4}});
  const auto in_turn_sent = upload_checkpoint(fs, dir / "c", in_turn_objects, *other);
  REQUIRE(sent);
  REQUIRE(in_turn_sent);
  CHECK(sent->id == in_turn_sent->id);
  CHECK(sent->new_objects == in_turn_sent->new_objects);
  const auto made = download_checkpoint(objects, sent->id, fs, dir / "d", {.work = {.jobs = jobs, .workers = 4}});
  REQUIRE(made);
  CHECK(verify_checkpoint(fs, dir / "d"));
  for (const char* name : {"tables/1.table", "tables/2.table", "blobs/3.blob", "log", "v7", "checkpoint.perdure", "current"})
    CHECK(tests::get(dir / "d/" + name) == tests::get(dir / "c/" + name));
}

TEST_CASE("upload_checkpoint: a current that nobody would download is too_large, and is not read") {
  place at;
  for (const std::uint64_t size : {detail::uploaded_bytes_max, detail::uploaded_bytes_max + 1}) {
    detail::file_list list;
    list.add({"current", size, detail::stored_file::has_digest | detail::stored_file::is_current, {}});
    detail::byte_buffer whole;
    REQUIRE(detail::encode_checkpoint({7, 42, 1, size, list.view(), {}}, whole));
    (void)at.fs.make_dir("c");
    put_file(at.fs, "c/checkpoint.perdure", std::string(reinterpret_cast<const char*>(whole.data()), whole.size()));
    CHECK(at.upload("c").error().code() == (size == detail::uploaded_bytes_max ? code::corrupt : code::too_large));
  }
}

}  // namespace
