// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/engine/create_checkpoint.hpp>
#include <perdure/engine/download_checkpoint.hpp>
#include <perdure/engine/upload_checkpoint.hpp>
#include <perdure/engine/verify_checkpoint.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/store/counting_store.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/testing/fault_fs.hpp>

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
  for (const char* inside : {"d/.", "d/./", "d/tables/.."}) {
    const auto refused = download_checkpoint(at.objects, at.id, at.far, inside, {.target = download_target::resume});
    INFO(inside);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == code::invalid_argument);
  }
  put_file(at.far, "d/tables/1.table", "the first cable");
  put_file(at.far, "d/blobs/3.blob", "a");
  put_file(at.far, "d/checkpoint.perdure", "of somebody else");
  const auto made = at.download(download_target::resume);
  REQUIRE(made);
  CHECK(made->reused == 1);
  at.check_equal();
}

// What nobody of us would upload: files of any names, whose content is "one" and their number.
struct forged {
  mem_fs far;
  mem_store store;
  content_store<mem_store> objects{store};

  result<checkpoint_report> download(const std::vector<std::string>& names_there, enum download_target target) {
    using stored = detail::stored_file;
    auto pin = objects.pin();
    detail::file_list list;
    detail::byte_buffer contents;
    std::uint64_t size_bytes = 0;
    for (std::size_t i = 0; i < names_there.size(); ++i) {
      const std::string text = "one" + std::to_string(i);
      const unsigned current = i + 1 == names_there.size() ? stored::is_current : 0;
      list.add({names_there[i], text.size(), stored::has_digest | current, sha256_of(text)});
      contents.append(bytes(objects.put(*pin, text)->id.root.bytes, sizeof(digest)));
      size_bytes += text.size();
    }
    detail::byte_buffer record;
    REQUIRE(detail::encode_checkpoint({7, 42, names_there.size(), size_bytes, list.view(), {}}, record));
    detail::byte_buffer whole;
    REQUIRE(detail::encode_upload(record.view(), contents.view(), whole));
    return download_checkpoint(objects, objects.put(*pin, whole.view())->id, far, "d", {.target = target});
  }
};

TEST_CASE("download_checkpoint: files that cannot all have their names are corrupt, before there is a target") {
  for (const auto target : {download_target::claim, download_target::resume}) {
    forged at;
    const std::vector<std::vector<std::string>> wrong = {{"a", "b", "a", "current"},
                                                         {"t/a", "t/b", "t/a", "current"},
                                                         {"a", "a-", "a/b", "current"},
                                                         {"a/b", "a-", "a", "current"},
                                                         {"current", "a", "current"},
                                                         {"current/a", "current"},
                                                         {"a", "t/current"}};
    for (const auto& names_there : wrong) {
      const auto made = at.download(names_there, target);
      REQUIRE_FALSE(made);
      CHECK(made.error().code() == code::corrupt);
      CHECK(made.error().outcome() == outcome::unchanged);
      CHECK(at.far.stat("d").error().code() == code::not_found);
    }
    CHECK(at.download({"a-", "a/b", "a.b", "b/a", "a/c", "b/b", "current"}, target));
    CHECK(verify_checkpoint(at.far, "d"));
  }
}

TEST_CASE("download_checkpoint: of a content that is longer than the list says no more is written than that") {
  mem_fs far;
  mem_store store;
  content_store<mem_store> objects(store);
  auto pin = objects.pin();
  using stored = detail::stored_file;
  detail::file_list list;
  list.add({"a", 1000, 0, {}});
  list.add({"current", 2, stored::has_digest | stored::is_current, sha256_of("v7")});
  detail::byte_buffer record;
  REQUIRE(detail::encode_checkpoint({7, 42, 2, 1002, list.view(), {}}, record));
  detail::byte_buffer contents;
  for (const std::string& text : {std::string(std::size_t{1} << 20, 'x'), std::string("v7")})
    contents.append(bytes(objects.put(*pin, text)->id.root.bytes, sizeof(digest)));
  detail::byte_buffer whole;
  REQUIRE(detail::encode_upload(record.view(), contents.view(), whole));
  const auto id = objects.put(*pin, whole.view())->id;
  const auto made = download_checkpoint(objects, id, far, "d", {.target = download_target::resume});
  CHECK(made.error().code() == code::corrupt);
  CHECK(far.stat("d/a")->size_bytes <= 1000);
}

// Of a chunk that is there once, and named as often as a node may.
TEST_CASE("download_checkpoint: a list of more than 1 GiB is corrupt, and nothing but its root is read") {
  mem_fs far;
  mem_store store;
  counting_store<mem_store> counted(store);
  content_store<counting_store<mem_store>> objects(counted);
  const std::string chunk(std::size_t{1} << 20, '\0');
  const auto put = [&](const digest& of, bytes object) {
    REQUIRE(store.put(detail::object_key({of, 0}), object, precondition::any));
  };
  put(sha256_of(chunk), chunk);
  for (const std::size_t children : {std::size_t{1024}, std::size_t{1025}}) {
    std::string root;
    const auto head = detail::head_of(1, children << 20, children);
    root.assign(reinterpret_cast<const char*>(&head), sizeof(head));
    detail::node_child child{sha256_of(chunk), std::uint64_t{1} << 20};
    for (std::size_t i = 0; i < children; ++i) root.append(reinterpret_cast<const char*>(&child), sizeof(child));
    const content_id id{sha256_of(root)};
    put(id.root, root);
    if (children == 1024) {
      CHECK(*objects.size(id) == detail::uploaded_bytes_max);
      continue;
    }
    const auto before = counted.counts().gets;
    const auto made = download_checkpoint(objects, id, far, "d");
    CHECK(made.error().code() == code::corrupt);
    const auto after = counted.counts().gets;
    CHECK(after.calls - before.calls == 1);
    CHECK(after.size_bytes - before.size_bytes == root.size());
    CHECK(far.stat("d").error().code() == code::not_found);
  }
}

// Also when the target's own name is in doubt nothing is taken away; what is there by then is gone on with.
TEST_CASE("download_checkpoint: a resumed target whose making is in doubt is told so, and can be gone on with") {
  for (const char* rule : {"make_dir d io", "make_dir d io after", "stat d/current io", "make_dir d/tables io after"}) {
    place at;
    testing::fault_plan plan;
    plan.add(rule);
    testing::fault_fs<mem_fs> fs(at.far, plan);
    const auto failed = download_checkpoint(at.objects, at.id, fs, "d", {.target = download_target::resume});
    INFO(rule);
    REQUIRE_FALSE(failed);
    CHECK(plan.strikes(0) == 1);
    CHECK(failed.error().code() == code::io);
    const bool untouched = std::string(rule) == "make_dir d io";
    CHECK(failed.error().doubt() == (untouched ? doubt::none : doubt::visible));
    CHECK(at.far.stat("d").has_value() == !untouched);
    CHECK_FALSE(at.far.stat("d/current"));
    REQUIRE(at.download(download_target::resume));
    at.check_equal();
  }
}

}  // namespace
