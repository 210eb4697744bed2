// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/engine/create_checkpoint.hpp>
#include <perdure/engine/download_checkpoint.hpp>
#include <perdure/engine/upload_checkpoint.hpp>
#include <perdure/engine/verify_checkpoint.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/store/mem_store.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/checkpoints.hpp>

#include <string>
#include <vector>

using namespace perdure;
using tests::put_file;

namespace {

using source_type = tests::listed_source<mem_fs, mem_fs>;
const std::string names[] = {"tables/1.table", "tables/2.table", "blobs/3.blob", "log", "v7", "checkpoint.perdure", "current"};

// A checkpoint that was uploaded, and another Fs.
struct place {
  mem_fs fs;
  mem_fs far;
  mem_store store;
  content_store<mem_store> objects{store};
  content_id id;

  explicit place(enum checkpoint_digests digests = checkpoint_digests::all) {
    auto source = source_type::usual(fs, fs);
    REQUIRE(create_checkpoint(source, fs, "c", {.digests = digests}));
    auto pin = objects.pin();
    const auto sent = upload_checkpoint(fs, "c", objects, *pin);
    REQUIRE(sent);
    id = sent->id;
  }
  result<checkpoint_report> download(enum download_target target = download_target::claim, int stop_at = 0) {
    int shown = 0;
    return download_checkpoint(objects, id, far, "d", {.target = target}, [&](const checkpoint_progress& told) {
      CHECK(told.files == static_cast<std::uint64_t>(++shown));
      return shown == stop_at ? visit::stop : visit::go_on;
    });
  }
  static std::string text_of(mem_fs& on, const std::string& path) {
    std::string text;
    return read_file(on, path, text, 1 << 20) ? text : "missing";
  }
  void check_equal() {
    CHECK(verify_checkpoint(far, "d"));
    for (const std::string& name : names) CHECK(text_of(far, "d/" + name) == text_of(fs, "c/" + name));
  }
};

TEST_CASE("download_checkpoint: it is the one that was uploaded, byte for byte") {
  for (const auto digests : {checkpoint_digests::all, checkpoint_digests::known}) {
    place at(digests);
    const auto made = at.download();
    REQUIRE(made);
    CHECK(made->version == 7);
    CHECK(made->watermark == 42);
    CHECK(made->files == 6);
    CHECK(made->copied == 5);
    CHECK(made->written == 1);
    CHECK(made->reused == 0);
    CHECK(made->total_bytes == verify_checkpoint(at.fs, "c")->total_bytes);
    at.check_equal();
    CHECK(at.download().error().code() == code::already_exists);
    CHECK(at.download(download_target::resume).error().code() == code::already_exists);
    CHECK(verify_checkpoint(at.far, "d"));
  }
}

TEST_CASE("download_checkpoint: what is missing or altered in the store is corrupt, and no target is left") {
  place at;
  std::vector<std::string> keys;
  REQUIRE(at.store.list({}, {}, 1000, [&](const listed_object& one) {
    keys.emplace_back(one.key.data(), one.key.size());
    return visit::go_on;
  }));
  std::size_t needed = 0;
  for (const std::string& key : keys) {
    std::string content(1 << 17, '\0');
    const auto got = at.store.get(key, content);
    REQUIRE(got);
    content.resize(static_cast<std::size_t>(got->size_bytes));
    const auto fails = [&] {
      const auto made = at.download();
      CHECK_FALSE(at.far.stat("d"));
      return !made && made.error().code() == code::corrupt && made.error().outcome() == outcome::unchanged;
    };
    REQUIRE(at.store.remove(key));
    if (!fails()) continue;
    ++needed;
    std::string altered = content;
    altered.back() = static_cast<char>(altered.back() ^ 1);
    REQUIRE(at.store.put(key, altered, precondition::any));
    CHECK(fails());
    REQUIRE(at.store.put(key, content, precondition::any));
  }
  CHECK(needed == keys.size());
  CHECK(at.download());
}

TEST_CASE("download_checkpoint: where it ended it goes on, and keeps only what is right") {
  place at;
  CHECK(at.download(download_target::claim, 3).error().code() == code::cancelled);
  CHECK_FALSE(at.far.stat("d"));
  const auto stopped = at.download(download_target::resume, 3);
  CHECK(stopped.error().code() == code::cancelled);
  CHECK(stopped.error().doubt() == doubt::visible);
  CHECK(verify_checkpoint(at.far, "d").error().code() == code::corrupt);
  CHECK(at.download().error().code() == code::already_exists);
  put_file(at.far, "d/tables/1.table", "the first cable");
  put_file(at.far, "d/blobs/3.blob", "a");
  put_file(at.far, "d/checkpoint.perdure", "of somebody else");
  const auto made = at.download(download_target::resume);
  REQUIRE(made);
  CHECK(made->reused == 1);
  at.check_equal();
}

}  // namespace
