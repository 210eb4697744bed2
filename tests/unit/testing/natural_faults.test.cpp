// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/testing/natural_faults.hpp>

#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/atomic_writer.hpp>
#include <perdure/fs/create_new.hpp>
#include <perdure/fs/link_or_copy.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/read_file.hpp>
#include <perdure/testing/fault_fs.hpp>

#include <tests/support/catch.hpp>

using namespace perdure;
using namespace perdure::testing;

namespace {

std::string text_in(mem_fs& fs, const char* path) {
  std::string text;
  const auto read = read_file(fs, path, text, 1 << 20);
  return read ? text : "(none)";
}
std::size_t names_in(mem_fs& fs) {
  std::size_t names = 0;
  REQUIRE(fs.for_each_entry(".", [&](const dir_entry&) { return ++names, visit::go_on; }));
  return names;
}

// What law L8 and the contract of every verb say of any fault: unchanged is unchanged, a success is one, and nothing is left
// behind unless the removal itself was what failed.
template <class Save>
natural_fault_count hold_outcomes(const char* had, Save save) {
  const natural_fault_count count = each_natural_fault([&](fault_plan plan) {
    mem_fs memory;
    if (had != nullptr) REQUIRE(atomic_write(memory, "f", had));
    const std::size_t names = names_in(memory);
    fault_fs fs(memory, plan);
    const result<void> saved = save(fs);
    INFO(plan.text());
    const std::string now = text_in(memory, "f");
    const std::string before = had != nullptr ? had : "(none)";
    if (saved) {
      CHECK(now == "new");
      return;
    }
    CHECK((now == before || now == "new"));
    if (saved.error().outcome() == outcome::unchanged) {
      CHECK(now == before);
      CHECK(names_in(memory) == names);
    }
    if (saved.error().doubt() == doubt::durable) CHECK(now == "new");
  });
  CHECK(count.calls >= 4);
  CHECK(count.faults >= 20);
  return count;
}

}  // namespace

TEST_CASE("natural_faults: every operation has some, each of them one that a plan accepts") {
  // What is done to a slot fails as the Fs or Store under it does.
  for (std::size_t i = 1; i < static_cast<std::size_t>(operation::load); ++i) {
    const auto faults = natural_faults(static_cast<enum operation>(i));
    CHECK_FALSE(faults.empty());
    for (const fault_rule& rule : faults) CHECK(fault_plan{rule}.ok());
  }
}

TEST_CASE("natural_faults: each of them at each call of a save is told as it is") {
  for (const char* had : {static_cast<const char*>(nullptr), "old", "new"}) {
    for (const auto wanted : {durability::none, durability::ordered, durability::full}) {
      for (const auto existing : {existing::replace, existing::refuse}) {
        if (existing == existing::refuse && had != nullptr) continue;
        (void)hold_outcomes(had, [&](auto& fs) -> result<void> {
          const auto done = atomic_write(fs, "f", "new", {.durability = wanted, .existing = existing});
          return done ? result<void>() : done.error();
        });
      }
    }
  }
}

TEST_CASE("natural_faults: each of them at each call of a save with everything asked for is told as it is") {
  const auto count = hold_outcomes("old", [&](auto& fs) -> result<void> {
    const auto done = atomic_write(fs, "f", "new",
                                   {.at_least = durability::full,
                                    .target_link = target_link::follow,
                                    .content = content::skip_unchanged,
                                    .keep = keep::mode | keep::modified});
    return done ? result<void>() : done.error();
  });
  CHECK(count.calls >= 12);
}

TEST_CASE("natural_faults: each of them at each call of a stream, and of a copy, is told as it is") {
  (void)hold_outcomes("old", [&](auto& fs) -> result<void> {
    auto writer = atomic_writer<std::remove_reference_t<decltype(fs)>>::open(fs, "f");
    if (!writer) return writer.error();
    PERDURE_TRY(writer->write("ne"));
    PERDURE_TRY(writer->write("w"));
    const auto done = writer->commit();
    return done ? result<void>() : done.error();
  });
  mem_fs elsewhere;
  REQUIRE(atomic_write(elsewhere, "source", "new"));
  (void)hold_outcomes(nullptr, [&](auto& fs) -> result<void> {
    const auto done = link_or_copy(elsewhere, "source", fs, "f");
    return done ? result<void>() : done.error();
  });
}
