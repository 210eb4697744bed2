// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/testing/engine_laws.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/engines.hpp>

using namespace perdure;
using testing::poorest_engine;
using tests::engine_bug;
using tests::notes;

namespace {

engine_bug planted = engine_bug::none;

// notes, with the bug that is planted at the moment.
class buggy {
 public:
  using perdure_engine = buggy;
  explicit buggy(notes of) : of_(std::move(of)) {}
  [[nodiscard]] std::uint64_t generation() const { return of_.generation(); }
  [[nodiscard]] notes::view_type view() const { return of_.view(); }
  [[nodiscard]] result<void> save(engine_sink& to) const { return of_.save(to); }
  [[nodiscard]] static result<buggy> load(const engine_source& from) {
    auto loaded = notes::load_with(from, planted);
    if (!loaded) return loaded.error();
    return buggy(detail::moved(*loaded));
  }

 private:
  notes of_;
};

std::string entry_text(std::uint32_t number) {
  return number == 0 ? "" : std::string(40 * number, static_cast<char>('a' + number));
}

}  // namespace

TEST_CASE("engine_laws: hold of a sound engine, and of the poorest legal one") {
  planted = engine_bug::none;
  const auto sound = testing::check_engine_laws<buggy>([](std::uint32_t number) { return buggy({entry_text(number), number}); });
  INFO(sound.text());
  CHECK((sound.ok() && sound.held == 6));
  const auto poorest = testing::check_engine_laws<poorest_engine>(
      [](std::uint32_t number) { return std::make_unique<poorest_engine>(entry_text(number)); });
  INFO(poorest.text());
  CHECK((poorest.ok() && poorest.held == 4 && poorest.not_applicable.size() == 2));
}

TEST_CASE("engine_laws: each bug breaks the law that it is against") {
  const struct {
    engine_bug bug;
    const char* law;
  } all[] = {{engine_bug::forgets, "E1"},       {engine_bug::counts_saves, "E2"},
             {engine_bug::stops_quietly, "E4"}, {engine_bug::calls_it_io, "E4"},
             {engine_bug::trusts, "E5"},        {engine_bug::says_not_found, "E5"},
             {engine_bug::stale_view, "view"},  {engine_bug::loses_generation, "generation"}};
  for (const auto& one : all) {
    planted = one.bug;
    const auto report =
        testing::check_engine_laws<buggy>([&](std::uint32_t number) { return buggy({entry_text(number), number, one.bug}); });
    INFO(one.law << ": " << report.text());
    CHECK_FALSE(report.ok());
    CHECK(report.text().find(std::string("broken: ") + one.law) != std::string::npos);
  }
  planted = engine_bug::none;
}
