// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Every allocation of this binary is counted: by the sanitizer where there is one, else by functions that stand in front of
// the C library's.

#include <perdure/engine/deletion_pause.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/temp_sweep.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/strace.hpp>

#include <cstdlib>

using namespace perdure;

namespace {
thread_local std::size_t allocations = 0;
}  // namespace

#if PERDURE_TESTS_SANITIZED

extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void*, std::size_t),
                                                         void (*on_free)(const volatile void*));
namespace {
const bool counting = __sanitizer_install_malloc_and_free_hooks([](const volatile void*, std::size_t) { ++allocations; },
                                                                [](const volatile void*) {}) != 0;
}  // namespace

#elif defined(__GLIBC__)

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t size) { return ++allocations, __libc_malloc(size); }
void* calloc(std::size_t count, std::size_t size) { return ++allocations, __libc_calloc(count, size); }
void* realloc(void* old, std::size_t size) { return ++allocations, __libc_realloc(old, size); }
void* aligned_alloc(std::size_t alignment, std::size_t size) { return ++allocations, __libc_memalign(alignment, size); }
}
namespace {
const bool counting = true;
}  // namespace

#else

namespace {
const bool counting = false;
}  // namespace

#endif

namespace {

bool skipped_without_a_count() {
  if (!counting) std::printf("SKIPPED: this C library's allocations cannot be counted\n");
  return !counting;
}

template <class Act>
std::size_t allocations_of(const Act& act) {
  const std::size_t before = allocations;
  act();
  return allocations - before;
}

}  // namespace

TEST_CASE("allocation: the count sees every kind") {
  if (skipped_without_a_count()) return;
#if !PERDURE_TESTS_SANITIZED  // whose hooks see operator new alone
  CHECK(allocations_of([] {
          void* volatile seen = std::malloc(100);  // which the compiler must not leave out
          std::free(seen);
        }) == 1);
  CHECK(allocations_of([] {
          void* volatile seen = std::aligned_alloc(64, 128);  // which the compiler must not leave out
          std::free(seen);
        }) == 1);
#endif
  CHECK(allocations_of([] {
          std::string* volatile seen = new std::string(100, 'x');
          delete seen;
        }) == 2);
  CHECK(allocations_of([] { (void)posix_fs().for_each_entry("/", [](const dir_entry&) { return visit::stop; }); }) >= 1);
}

TEST_CASE("allocation: an atomic_write makes none, in the first of a process and in any later one") {
  if (skipped_without_a_count()) return;
  const tests::temp_dir dir;
  const std::string path = dir / "file";
  const std::string deep = dir / "a/b/c/file";
  const std::string link = dir / "link";
  REQUIRE(::symlink("file", link.c_str()) == 0);
  const std::string text(100'000, 'x');
  const bytes parts[] = {"one", "two", "three"};
  // In a child, whose first nonce has yet to be worked out.
  const int counted = tests::in_child([&]() -> int {
    const bool none = allocations_of([&] { (void)atomic_write(path_view(path), bytes(text)).has_value(); }) == 0;
    return none ? 0 : 1;
  });
  CHECK(counted == 0);
  const auto none = [&](path_view target, gather content, const write_options& options) {
    bool done = false;
    const auto count = allocations_of([&] { done = atomic_write(target, content, options).has_value(); });
    CHECK(done);
    CHECK(count == 0);
  };
  none(path, text, {});
  none(path, gather(parts, 3), {});
  none(path, text, {.durability = durability::ordered});
  none(path, text, {.durability = durability::none});
  none(path, text, {.keep = keep::everything});
  none(path, text, {.content = content::skip_unchanged});
  none(path, text, {.set = attribute_set::mode, .attributes = {.mode = 0600}});
  none(link, text, {.target_link = target_link::follow});
  none(deep, text, {.parents = parents::make});
  none(dir / "created", "x", {.existing = existing::refuse});
}

TEST_CASE("allocation: a delete that does not wait makes none") {
  if (skipped_without_a_count()) return;
  const tests::temp_dir dir;
  const std::string path = dir / "file";
  REQUIRE(atomic_write(path_view(path), "x"));
  posix_fs fs;
  deletion_pause<> deletions;
  bool done = false;
  CHECK(allocations_of([&] { done = deletions.remove(fs, path).has_value(); }) == 0);
  CHECK(done);
  const auto pause = deletions.hold();
  CHECK(allocations_of([&] { done = deletions.remove(fs, path).has_value(); }) == 1);
  CHECK(done);
}

TEST_CASE("allocation: a failure makes none") {
  if (skipped_without_a_count()) return;
  const tests::temp_dir dir;
  const std::string missing = dir / "missing/file";
  const std::string directory = dir.path();
  for (const path_view path : {path_view(missing), path_view(directory), path_view(""), path_view("a\0b")}) {
    bool done = true;
    CHECK(allocations_of([&] { done = atomic_write(path, "text").has_value(); }) == 0);
    CHECK_FALSE(done);
  }
}
