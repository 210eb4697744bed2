// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/cluster/storage_root.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/posix_fs.hpp>
#include <perdure/store/s3_options.hpp>
#include <perdure/testing/read_text.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>
#include <tests/support/temp_dir.hpp>

#include <sys/stat.h>

#include <string>

using namespace perdure;

namespace {

struct bad_root {
  path_view uri;
  enum code code;
};

// Each has this code, and the old state stands.
const bad_root bad_roots[] = {
    {"s3:/x", code::invalid_storage_root},
    {"s3:", code::invalid_storage_root},
    {"s3://", code::invalid_storage_root},
    {"s3://BUCKET/x", code::invalid_storage_root},
    {"s3://there-is-none/x", code::invalid_storage_root},
    {"s3://nobody-may/x", code::permission},
    {"s3://ignores-conditions/x", code::unsupported},
    {"s3://key:secret@bucket/x", code::invalid_storage_root},
    {"s3://bucket/x?key=secret", code::invalid_storage_root},
    {"s3://bucket/x#secret", code::invalid_storage_root},
    {"ftp://host/x", code::invalid_storage_root},
    {"ftp://user:secret@host/x", code::invalid_storage_root},
    {"http://host/x", code::invalid_storage_root},
    {"file:data", code::invalid_storage_root},
    {"file://host/data", code::invalid_storage_root},
    {"file:///missing", code::invalid_storage_root},
    {"missing", code::invalid_storage_root},
    {"/missing", code::invalid_storage_root},
    {"cluster.yaml", code::not_a_directory},
    {"cluster.yaml/x", code::not_a_directory},
};

// As the opener of ext/ answers, without a network.
auto scripted_s3() {
  return store_opener("s3", [](path_view uri, const open_store_options& asked) -> result<any_store> {
    s3_options options;
    PERDURE_TRY(set_s3_address(options, uri));
    if (path_view(options.bucket) == path_view("there-is-none")) return failure(code::invalid_storage_root, operation::put, 404);
    if (path_view(options.bucket) == path_view("nobody-may")) return failure(code::permission, operation::open);
    if (path_view(options.bucket) == path_view("ignores-conditions")) return failure(code::unsupported, operation::open);
    return any_store::make<mem_store>(asked.memory);
  });
}

struct place {
  mem_fs files;
  manual_clock clock;
  place() {
    (void)files.make_dir("etc");
    (void)files.make_dir("etc/data");
    (void)files.make_dir("data");
    (void)atomic_write(files, "etc/cluster.yaml", "storage:");
  }
  result<any_store> open(path_view uri, path_view home = "etc") {
    return open_storage_root(files, clock, uri, home, {}, scripted_s3());
  }
  std::size_t entries(path_view directory) {
    std::size_t count = 0;
    (void)files.for_each_entry(directory, [&](const dir_entry&) { return ++count, visit::go_on; });
    return count;
  }
};

// Where an object that is put ends up.
std::string lands_in(path_view uri, path_view home = "etc") {
  place here;
  const auto root = here.open(uri, home);
  if (!root) return describe_storage_root(root.error());
  if (!root->put("lock", "x", precondition::absent)) return "it cannot be put";
  for (const char* const directory : {".", "etc", "etc/data", "data"}) {
    if (here.files.stat(std::string(directory) + "/klock")) return directory;
  }
  return "nowhere";
}

}  // namespace

TEST_CASE("open_storage_root: each bad root has the one code, the old state stands, it is told what to do, and nothing is made") {
  for (const bad_root& one : bad_roots) {
    INFO(std::string(one.uri.data(), one.uri.size()));
    place here;
    const auto opened = here.open(one.uri);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code() == one.code);
    CHECK(opened.error().outcome() == outcome::unchanged);
    const std::string told = describe_storage_root(opened.error());
    CHECK(told.size() > std::string(describe(opened.error())).size());
    CHECK(told.size() < description::size_max);
    CHECK(told.find(" Name ") + told.find(" Let ") != 2 * std::string::npos);
    for (const char* const secret : {"secret", "user:", "key"}) CHECK(told.find(secret) == std::string::npos);
    CHECK(here.entries(".") == 2);
    CHECK(here.entries("etc") == 2);
  }
}

TEST_CASE("open_storage_root: a path is the configuration's, and where none is named its own directory is it") {
  CHECK(lands_in("") == "etc");
  CHECK(lands_in("", "etc/") == "etc");
  CHECK(lands_in("", "") == ".");
  CHECK(lands_in("data") == "etc/data");
  CHECK(lands_in("./data") == "etc/data");
  CHECK(lands_in("../data") == "data");
  CHECK(lands_in("data", ".") == "data");
  CHECK(lands_in("data", "") == "data");
  CHECK(lands_in("/data") == "data");
  CHECK(lands_in("file:///data") == "data");
  CHECK(lands_in("file:///etc") == "etc");
  CHECK(lands_in("mem:") == "nowhere");
  CHECK(lands_in("s3://bucket/x") == "nowhere");
}

TEST_CASE("open_storage_root: what follows from a home that looks like a scheme is a path nevertheless") {
  place here;
  REQUIRE(here.files.make_dir("s3:x"));
  REQUIRE(here.files.make_dir("s3:x/data"));
  for (const path_view uri : {path_view(""), path_view("data")}) {
    const auto root = here.open(uri, "s3:x");
    REQUIRE(root);
    CHECK(root->put("lock", "x", precondition::absent));
  }
  CHECK(here.files.stat("s3:x/klock"));
  CHECK(here.files.stat("s3:x/data/klock"));
  CHECK(here.open(std::string(5000, 'x')).error().code() == code::too_large);
}

TEST_CASE("open_storage_root: of a directory that may not be written to the first put is a permission, and nothing is made") {
  const tests::temp_dir home;
  posix_fs files;
  native_clock clock;
  const auto try_it = [&]() -> int {
    const auto root = open_storage_root(files, clock, "", home.path(), {});
    if (!root) return 2;
    const auto put = root->put("lock", "x", precondition::absent);
    if (put) return 3;
    return put.error().code() == code::permission && put.error().outcome() == outcome::unchanged ? 0 : 4;
  };
  REQUIRE(::chmod(home.path().c_str(), 0555) == 0);
  CHECK(tests::as_nobody(try_it) == 0);
  CHECK(tests::names_in(home.path()).empty());
}
