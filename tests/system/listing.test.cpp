// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// What a listing of fs_store costs: names that it reads, and memory. A sanitizer has operators of its own, and then the names
// alone are counted.

#include <perdure/fs/mem_fs.hpp>
#include <perdure/store/fs_store.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/counting_fs.hpp>
#include <tests/system/held_memory.hpp>

#include <cstdlib>
#include <string>

using namespace perdure;
using tests::counting_fs;
using tests::live_bytes;
using tests::most_bytes;

#if !PERDURE_TESTS_SANITIZED

namespace {

void* take(std::size_t size) {
  auto* const made = static_cast<std::max_align_t*>(std::malloc(sizeof(std::max_align_t) + size));
  if (made == nullptr) return nullptr;
  std::memcpy(static_cast<void*>(made), &size, sizeof(size));
  const std::size_t now = __atomic_add_fetch(&live_bytes, size, __ATOMIC_RELAXED);
  if (now > most_bytes) most_bytes = now;
  return made + 1;
}
void give(void* gone) {
  if (gone == nullptr) return;
  auto* const made = static_cast<std::max_align_t*>(gone) - 1;
  std::size_t size = 0;
  std::memcpy(&size, made, sizeof(size));
  __atomic_sub_fetch(&live_bytes, size, __ATOMIC_RELAXED);
  std::free(made);
}

}  // namespace

void* operator new(std::size_t size) {
  void* const made = take(size);
  if (made == nullptr) std::abort();
  return made;
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return take(size); }
void operator delete(void* gone) noexcept { give(gone); }
void operator delete(void* gone, std::size_t) noexcept { give(gone); }
void operator delete(void* gone, const std::nothrow_t&) noexcept { give(gone); }

#endif

namespace {

struct cost {
  std::size_t keys = 0;
  std::size_t names = 0;  // read, for all pages
  std::size_t bytes = 0;  // held, at most
};

// Of listing so many keys, page after page. The keys have a long beginning in common: each byte of it is a directory.
cost cost_of(std::size_t keys, const std::string& beginning, std::size_t limit) {
  counting_fs files;
  manual_clock clock;
  fs_store<counting_fs, manual_clock> store(files, "root", clock, {.writers = writers::only_this, .objects_per_directory = 4});
  (void)store.create_root();
  for (std::size_t i = 0; i < keys; ++i)
    (void)store.put(beginning + std::to_string(i * 2654435761U % 1'000'003U), "", precondition::any);
  cost all;
  std::string cursor;
  cursor.reserve(100);  // before memory is counted
  const std::size_t names_before = files.shown;
  const std::size_t bytes_before = live_bytes;
  most_bytes = live_bytes;
  for (bool more = true; more;) {
    const auto page = store.list("", cursor, limit, [&](const listed_object& one) {
      ++all.keys;
      cursor.assign(one.key.data(), one.key.size());
      return visit::go_on;
    });
    more = page && *page == listed::more;
  }
  all.names = files.shown - names_before;
  all.bytes = most_bytes - bytes_before;
  return all;
}

}  // namespace

TEST_CASE("fs_store: listing twice as many keys costs twice as much, and no more memory") {
  for (const char* const beginning : {"", "tenants/0123456789abcdef/objects/"}) {
    const cost some = cost_of(300, beginning, 16);
    const cost twice = cost_of(600, beginning, 16);
    CHECK((some.keys == 300 && twice.keys == 600));
    CHECK(twice.names < some.names * 5 / 2);
    CHECK(twice.names < 600U * 40);
    CHECK(some.bytes < 8192);
    CHECK(twice.bytes < 8192);
  }
}

TEST_CASE("fs_store: a listing without a limit is cut into pages, too") {
  const cost all = cost_of(1300, "", SIZE_MAX);
  CHECK(all.keys == 1300);
  CHECK((PERDURE_TESTS_SANITIZED || all.bytes > 0));
  CHECK(all.bytes < 1024U * 200);
}
