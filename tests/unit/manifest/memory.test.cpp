// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/manifest/commit_manifest.hpp>
#include <perdure/manifest/flash_blocks.hpp>
#include <perdure/manifest/memory.hpp>
#include <perdure/manifest/object_slot.hpp>
#include <perdure/manifest/twin_slot.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/testing/flash_sim.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/child.hpp>

#include <atomic>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace perdure;

struct counters {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
};
using chip = testing::flash_sim<512, 64>;
using blocks = flash_blocks<chip>;
using slot = twin_slot<blocks>;
template <std::size_t Values>
using on_device = manifest<counters, slot, memory_codec<counters>, no_sync, fixed_memory<Values, sizeof(counters)>>;

struct device {
  chip flash{3};
  blocks regions{flash};
};

TEST_CASE("memory: two values are enough for one commit after the other") {
  device here;
  on_device<2> all{slot(here.regions)};
  REQUIRE(all.open({1, 1}));
  CHECK(all.read()->a == 1);
  for (std::uint32_t i = 0; i < 10; ++i) {
    REQUIRE(commit_manifest(all, [](counters& next) { ++next.a; }));
    const auto declined = commit_manifest_if(all, [](counters& next) {
      next.b = 7;
      return false;
    });
    CHECK((declined && !declined->committed));
    CHECK(commit_manifest(all, [](counters&) -> result<void> { return failure(code::cancelled, operation::commit); })
              .error()
              .code() == code::cancelled);
    REQUIRE(all.refresh());
  }
  on_device<2> again{slot(here.regions)};
  REQUIRE(again.open());
  CHECK(again.read()->a == 11);
  CHECK(again.read()->b == 1);
}

TEST_CASE("memory: a call that fails, and its doubt, need no more") {
  // Every way in which a call to the chip can fail; and then every one in which the load can that is to tell what became of it,
  // so that the doubt stays until the next commit.
  const auto report = testing::explore_flash<chip>({.cuts = 0, .failures = 2}, [](chip& flash) -> std::string {
    blocks regions(flash);
    on_device<2> all{slot(regions)};
    for (int tries = 0; !all.open(); ++tries) {
      if (tries == 2) return "it does not open";
    }
    for (int tries = 0; all.read()->a < 2; ++tries) {
      if (tries == 6) return "it does not go on";
      const auto done = commit_manifest(all, [](counters& next) { ++next.a; });
      if (!done && done.error().code() == code::busy) return "its memory is used up";
    }
    const std::uint32_t made = all.read()->a;
    on_device<2> again{slot(regions)};
    for (int tries = 0; !again.open(); ++tries) {
      if (tries == 2) return "it does not open again";
    }
    return again.read()->a == made ? "" : "memory is not what the chip is";
  });
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.lives > 1000);
}

TEST_CASE("memory: while snapshots hold all of it a commit is busy, and nothing changes") {
  device here;
  on_device<3> all{slot(here.regions)};
  REQUIRE(all.open());
  const auto add = [&] { return commit_manifest(all, [](counters& next) { ++next.a; }); };
  {
    const auto first = all.read();
    REQUIRE(add());
    const auto second = all.read();
    REQUIRE(add());
    const auto refused = add();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == code::busy);
    CHECK(refused.error().outcome() == outcome::unchanged);
    CHECK(first->a == 0);
    CHECK(second->a == 1);
    CHECK(all.read()->a == 2);
  }
  REQUIRE(add());
  CHECK(all.read()->a == 3);
}

TEST_CASE("memory: what somebody else wrote needs a value of its own, and is read once there is one") {
  mem_store store;
  const auto at = [&] { return object_slot(store, "value"); };
  using remote = manifest<counters, object_slot<mem_store>, memory_codec<counters>, no_sync, fixed_memory<3, sizeof(counters)>>;
  remote one(at()), other(at());
  REQUIRE(one.open());
  {
    const auto held = one.read();
    REQUIRE(commit_manifest(one, [](counters& next) { next.a = 1; }));
    REQUIRE(other.open());
    REQUIRE(commit_manifest(other, [](counters& next) { next.a = 2; }));
    const auto refused = commit_manifest(one, [](counters& next) { next.b = 1; });
    CHECK((!refused && refused.error().code() == code::busy && refused.error().outcome() == outcome::unchanged));
    CHECK((held->a == 0 && one.read()->a == 1));
  }
  REQUIRE(commit_manifest(one, [](counters& next) { next.b = 1; }));
  CHECK((one.read()->a == 2 && one.read()->b == 1));
}

TEST_CASE("memory: a value over the bytes that there are is too large, to save and to load") {
  device here;
  using texts = manifest<std::string, slot, bytes_codec<std::string>, no_sync, fixed_memory<2, 4>>;
  texts all{slot(here.regions)};
  REQUIRE(all.open("abcd"));
  CHECK(commit_manifest(all, [](std::string& next) { next += "e"; }).error().code() == code::too_large);
  CHECK(*all.read() == "abcd");
  slot other(here.regions);
  REQUIRE(other.replace({}, "abcde"));
  texts again{slot(here.regions)};
  CHECK(again.open().error().code() == code::too_large);
}

struct in_pieces {
  [[nodiscard]] result<void> encode(const std::string& value, byte_sink sink) const {
    for (const char one : value) PERDURE_TRY(sink(bytes(&one, 1)));
    return {};
  }
  [[nodiscard]] result<std::string> decode(bytes from) const { return bytes_codec<std::string>().decode(from); }
};

TEST_CASE("memory: a codec that encodes piece by piece has a buffer, of as many bytes") {
  device here;
  manifest<std::string, slot, in_pieces, no_sync, fixed_memory<2, 4>> all{slot(here.regions)};
  REQUIRE(all.open());
  REQUIRE(commit_manifest(all, [](std::string& next) { next = "abcd"; }));
  CHECK(commit_manifest(all, [](std::string& next) { next = "abcde"; }).error().code() == code::too_large);
  CHECK(*all.read() == "abcd");
}

TEST_CASE("memory: a snapshot that outlives the manifest it is a part of is a programmer's error") {
  CHECK(tests::in_child([] {
          std::signal(SIGILL, SIG_DFL);  // the test framework's would tell of a test that failed
          std::signal(SIGTRAP, SIG_DFL);
          device here;
          std::optional<on_device<3>> all(std::in_place, slot(here.regions));
          const auto held = all->read();
          all.reset();
          return 0;
        }) != 0);
}

#if defined(__cpp_exceptions)
struct sometimes {
  sometimes() = default;
  sometimes(const sometimes&) {
    if (throws) throw std::runtime_error("no");
  }
  static inline bool throws = false;
};

TEST_CASE("memory: a copy that leaves by an exception takes no memory along") {
  fixed_memory<2, 1>::values<sometimes> memory;
  const sometimes one;
  auto* const first = memory.make(one);
  REQUIRE(first != nullptr);
  for (int i = 0; i < 3; ++i) {
    sometimes::throws = true;
    CHECK_THROWS_AS(memory.make(one), std::runtime_error);
    sometimes::throws = false;
  }
  auto* const second = memory.make(one);
  CHECK(second != nullptr);
  CHECK(memory.make(one) == nullptr);
  memory.drop(first);
  memory.drop(second);
}
#endif

TEST_CASE("memory: threads take and give back, and no place is anybody's twice") {
  fixed_memory<3, 1>::values<std::uint32_t> memory;
  std::atomic<int> wrong = 0;
  const auto work = [&](std::uint32_t mark) {
    for (int i = 0; i < 5000; ++i) {
      auto* const mine = memory.make(mark);
      if (mine == nullptr) continue;
      if (mine->value != mark) ++wrong;
      mine->value = mark + 1;
      if (mine->value != mark + 1) ++wrong;
      memory.drop(mine);
    }
  };
  std::vector<std::thread> threads;
  for (std::uint32_t t = 0; t < 4; ++t) threads.emplace_back(work, t * 16);
  for (auto& one : threads) one.join();
  CHECK(wrong == 0);
}

}  // namespace
