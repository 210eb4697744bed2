// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/describe.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/store/open_store.hpp>
#include <perdure/testing/read_text.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/temp_dir.hpp>

#include <string>

using namespace perdure;
using testing::read_text;

namespace {

struct refused {
  path_view uri;
  enum code code;
};

// "secret" stands for what must not be shown.
const refused bad[] = {
    {"mem:x", code::invalid_storage_root},
    {"mem://", code::invalid_storage_root},
    {"mem:secret", code::invalid_storage_root},
    {"file:", code::invalid_storage_root},
    {"file://", code::invalid_storage_root},
    {"file:data", code::invalid_storage_root},
    {"file://data", code::invalid_storage_root},
    {"file://data/x", code::invalid_storage_root},
    {"file:///data%2", code::invalid_storage_root},
    {"file:///data%zz", code::invalid_storage_root},
    {"file:///data%00", code::invalid_storage_root},
    {"file:///data%2Fx", code::invalid_storage_root},
    {"file:///data?x=secret", code::invalid_storage_root},
    {"file:///data#secret", code::invalid_storage_root},
    {"file://user@/data", code::invalid_storage_root},
    {"file://user:secret@localhost/data", code::invalid_storage_root},
    {"file://user%3asecret%40localhost/data", code::invalid_storage_root},
    {"FILE://user:secret@/data", code::invalid_storage_root},
    {"//user:secret@host/data", code::invalid_storage_root},
    {"user_1:secret@host", code::invalid_storage_root},
    {"secret:secret@host", code::unsupported},
    {"s4://bucket/prefix", code::unsupported},
    {"s4:secret", code::unsupported},
    {"s4://key:secret@bucket/prefix", code::invalid_storage_root},
    {"s4://secret@bucket", code::invalid_storage_root},
    {"s4://bucket/prefix?X-Amz-Signature=secret", code::invalid_storage_root},
    {"s4://bucket/prefix#secret", code::invalid_storage_root},
    {"https://secret@host/", code::invalid_storage_root},
    // With an opener, too.
    {"s3://key:secret@bucket/prefix", code::invalid_storage_root},
    {"s3://bucket/?key=secret", code::invalid_storage_root},
    // What could be a directory, and is none.
    {"missing", code::invalid_storage_root},
    {"file:///missing", code::invalid_storage_root},
    {"data/missing", code::invalid_storage_root},
    {"./mem:", code::invalid_storage_root},
    {":x", code::invalid_storage_root},
    {"C:", code::invalid_storage_root},
    {"1s:x", code::invalid_storage_root},
    {path_view("data\0x", 6), code::invalid_storage_root},
    {"a_file", code::not_a_directory},
    {"a_file/x", code::not_a_directory},
    {"file:///a_file", code::not_a_directory},
};

struct place {
  mem_fs files;
  manual_clock clock;
  int opened = 0;

  place() {
    (void)files.make_dir("data");
    (void)files.make_dir("a b");
    (void)atomic_write(files, "a_file", "x");
  }
  result<any_store> open(path_view uri, enum store_root root = store_root::must_exist) {
    open_store_options how;
    how.root = root;
    const auto open_s3 = [this](path_view, const open_store_options& options) {
      ++opened;
      return any_store::make<mem_store>(options.memory);
    };
    return open_store(files, clock, uri, how, store_opener("s3", open_s3), store_opener("gs", open_s3));
  }
};

}  // namespace

TEST_CASE("open_store: an address that names no store is refused, with nothing made and no secret told") {
  for (const enum store_root root : {store_root::must_exist, store_root::make}) {
    place here;
    for (const refused& one : bad) {
      const std::string text(one.uri.data(), one.uri.size());
      INFO(text);
      // What may be made is made: but for these, all of them are refused in the same way.
      const bool is_missing = text.find("missing") != std::string::npos || text == "./mem:" || text == ":x" || text == "C:" ||
                              text == "1s:x" || text == "user_1:secret@host";
      if (root == store_root::make && is_missing) continue;
      const auto opened = here.open(one.uri, root);
      REQUIRE_FALSE(opened);
      CHECK(opened.error().code() == one.code);
      const std::string told = describe(opened.error());
      CHECK(told.find("secret") == std::string::npos);
      CHECK(told.find("user") == std::string::npos);
    }
    CHECK(here.opened == 0);
    std::size_t entries = 0;
    REQUIRE(here.files.for_each_entry("/", [&](const dir_entry&) { return ++entries, visit::go_on; }));
    CHECK(entries == 3);
  }
  place here;
  CHECK(here.open(std::string(5000, 'x')).error().code() == code::too_large);
  CHECK(here.open("file:///" + std::string(5000, 'x')).error().code() == code::too_large);
  CHECK(std::string(describe(here.open("data/missing").error())).find("data/missing") != std::string::npos);
}

TEST_CASE("open_store: a directory is named by its path or by a file address") {
  place here;
  for (const char* const uri : {"data", "data/", "./data", "/data", "file:///data", "file:/data", "FILE://LocalHost/data",
                                "file:///d%61ta", "file:///a%20b/../data"}) {
    INFO(uri);
    auto store = here.open(uri);
    REQUIRE(store);
    REQUIRE(store->put("from", uri, precondition::any));
    CHECK(read_text(here.files, "data/kfrom").value() == uri);
  }
  auto store = here.open("file:///a%20b");
  REQUIRE(store);
  REQUIRE(store->put("k", "v", precondition::any));
  CHECK(read_text(here.files, "a b/kk").value() == "v");
}

TEST_CASE("open_store: a root is made only when that is asked, with those above it") {
  place here;
  CHECK(here.open("new/root").error().code() == code::invalid_storage_root);
  CHECK_FALSE(here.files.stat("new"));
  auto store = here.open("file:///new/root", store_root::make);
  REQUIRE(store);
  CHECK(store->put("k", "v", precondition::absent));
  store = here.open("new/root");
  REQUIRE(store);
  CHECK(read_text(*store, "k").value() == "v");
}

TEST_CASE("open_store: what is only in memory is new each time") {
  place here;
  for (const char* const uri : {"", "mem:", "MEM:"}) {
    auto store = here.open(uri);
    REQUIRE(store);
    CHECK(store->put("k", "v", precondition::absent));
  }
}

TEST_CASE("open_store: another scheme is opened by whoever was passed for it") {
  place here;
  REQUIRE(here.open("s3://bucket/prefix"));
  REQUIRE(here.open("GS://bucket"));
  CHECK(here.opened == 2);
}

TEST_CASE("open_store: without an Fs it is the system's own") {
  const tests::temp_dir dir;
  const std::string path = dir.path();
  auto made = open_store(path + "/store", {.root = store_root::make});
  REQUIRE(made);
  REQUIRE(made->put("k", "v", precondition::absent));
  auto again = open_store("file://" + path + "/store");
  REQUIRE(again);
  CHECK(read_text(*again, "k").value() == "v");
  CHECK(open_store(path + "/other").error().code() == code::invalid_storage_root);
  const failure no_opener = open_store("s3://bucket").error();
  CHECK(no_opener.code() == code::unsupported);
  CHECK(std::string(no_opener.path()) == "s3: without perdure/ext/s3_opener.hpp");
  CHECK(open_store("secret://bucket").error().path().empty());
  auto empty = open_store("");
  REQUIRE(empty);
  CHECK(empty->put("k", "v", precondition::absent));
}
