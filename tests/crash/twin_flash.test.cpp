// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// twin_slot on flash: the power goes within each program and each erase, and again while the next life loads.

#include <perdure/core/describe.hpp>
#include <perdure/manifest/flash_blocks.hpp>
#include <perdure/manifest/twin_slot.hpp>
#include <perdure/testing/flash_sim.hpp>

#include <tests/support/catch.hpp>

#include <cstdio>
#include <string>

namespace proofs_of_twin_flash {

namespace {

using namespace perdure;
using namespace perdure::testing;

constexpr const char* nothing = "(nothing)";

// What may be found: the value that was acknowledged or shown last, or one that was tried since.
struct known {
  std::string is = nothing;
  std::string tried;  // empty: none
  [[nodiscard]] bool allows(const std::string& found) const { return found == is || (!tried.empty() && found == tried); }
};

template <class Slot>
std::string text_of(const result<slot_value<typename Slot::token>>& now) {
  if (!now->exists()) return nothing;
  return std::string(reinterpret_cast<const char*>(now->value.data()), now->value.size());
}

struct life_plan {
  int commits_in_first = 4;
  int commits_later = 1;
  flash_blocks_options layout = {};
};

// Life after life, until one ends in peace.
template <class Chip>
std::string live(Chip& chip, const life_plan& plan) {
  using blocks = flash_blocks<Chip>;
  using slot = twin_slot<blocks>;
  known so_far;
  int number = 0;
  for (int lives = 0;; ++lives) {
    chip.restart();
    blocks file(chip, plan.layout);
    slot one(file);
    std::string room;
    const auto look = [&](bool doubted) -> std::string {
      const auto seen = one.observe(growing_room(room, 1000));
      if (!seen) return "observe: " + std::string(describe(seen.error()));
      if (!so_far.allows(text_of<slot>(seen))) return "observed " + text_of<slot>(seen) + " and not " + so_far.is;
      const auto now = one.load(growing_room(room, 1000));
      if (!now) return chip.is_on() ? "load: " + std::string(describe(now.error())) : "";
      const std::string found = text_of<slot>(now);
      if (!so_far.allows(found)) return "loaded " + found + " and not " + so_far.is + " or " + so_far.tried;
      if (doubted && now->earlier != (found == so_far.tried ? earlier::took_effect : earlier::had_no_effect))
        return "it was wrong about the doubt";
      so_far = {found, ""};
      return "";
    };
    // A load that fails with the power on has met a failing call, and is tried again.
    std::string complaint = look(false);
    for (int tries = 0; tries < 2 && complaint.find("load:") == 0; ++tries) complaint = look(false);
    if (!complaint.empty()) return complaint;
    typename slot::token token;
    if (chip.is_on()) {
      const auto now = one.load(growing_room(room, 1000));
      if (now) token = now->token;
    }
    const int commits = lives == 0 ? plan.commits_in_first : plan.commits_later;
    for (int i = 0; i < commits && chip.is_on(); ++i) {
      const std::string value = "v" + std::to_string(++number);
      so_far.tried = value;
      const auto next = one.replace(token, value);
      if (next) {
        so_far = {value, ""};
        token = *next;
        continue;
      }
      if (!chip.is_on()) break;
      const bool doubted = next.error().outcome() == outcome::unknown;
      complaint = look(doubted);
      if (complaint.find("load:") == 0) complaint = look(doubted);
      if (!complaint.empty()) return complaint;
      if (!chip.is_on()) break;
      const auto now = one.load(growing_room(room, 1000));
      if (now) token = now->token;
    }
    if (!chip.is_on()) continue;
    // It is durable, whoever looks.
    chip.restart();
    blocks again(chip, plan.layout);
    slot other(again);
    auto last = other.load(growing_room(room, 1000));
    for (int tries = 0; tries < 2 && !last && chip.is_on(); ++tries) last = other.load(growing_room(room, 1000));
    if (!chip.is_on()) continue;
    if (!last) return "at last: " + std::string(describe(last.error()));
    if (text_of<slot>(last) != so_far.is) return "at last " + text_of<slot>(last) + " and not " + so_far.is;
    return "";
  }
}

template <class Chip>
std::uint64_t prove_flash(const char* what, const flash_exploration& how, const life_plan& plan) {
  const auto report = explore_flash<Chip>(how, [&](Chip& chip) { return live(chip, plan); });
  INFO(what << ": " << report.text());
  CHECK(report.ok());
  std::printf("twin_slot on flash, %s: %s\n", what, report.text().c_str());
  return report.lives;
}

}  // namespace

TEST_CASE("twin_slot on flash: the power goes within each unit and each erase, once", "[crash]") {
  CHECK(prove_flash<flash_sim<256, 8>>("units of 8", {.sectors = 3, .cuts = 1}, {}) > 200);
  CHECK(prove_flash<flash_sim<256, 1>>("bytes", {.sectors = 3, .cuts = 1}, {}) > 1000);
  CHECK(prove_flash<flash_sim<512, 64>>("units of 64", {.sectors = 4, .cuts = 1}, {}) > 50);
  CHECK(prove_flash<flash_sim<128, 8>>("regions of two sectors", {.sectors = 8, .cuts = 1},
                                       {.layout = {.first_sector = 2, .sectors = 6, .sectors_per_region = 2}}) > 200);
}

TEST_CASE("twin_slot on flash: and again in the life after it, and in the one after that", "[crash]") {
  CHECK(prove_flash<flash_sim<256, 8>>("twice", {.sectors = 3, .cuts = 2}, {.commits_in_first = 2}) > 10000);
  CHECK(prove_flash<flash_sim<512, 64>>("twice, units of 64", {.sectors = 3, .cuts = 2}, {.commits_in_first = 5}) > 5000);
  CHECK(prove_flash<flash_sim<512, 64>>("twice, and nothing is written after", {.sectors = 3, .cuts = 2},
                                        {.commits_in_first = 2, .commits_later = 0}) > 5000);
  CHECK(prove_flash<flash_sim<512, 64>>("twice, four regions", {.sectors = 4, .cuts = 2}, {.commits_in_first = 5}) > 5000);
}

TEST_CASE("twin_slot on flash: again and again", "[.][long]") {
  for (const std::uint32_t sectors : {3U, 4U}) {
    CHECK(prove_flash<flash_sim<512, 64>>("three times", {.sectors = sectors, .cuts = 3}, {.commits_in_first = 2}) > 100000);
  }
}

TEST_CASE("twin_slot on flash: calls that fail with the power on, and then it goes", "[crash]") {
  CHECK(prove_flash<flash_sim<512, 64>>("two failures", {.sectors = 3, .cuts = 0, .failures = 2}, {.commits_in_first = 4}) > 100);
  CHECK(prove_flash<flash_sim<512, 64>>("a failure and a cut", {.sectors = 3, .cuts = 1, .failures = 1},
                                        {.commits_in_first = 3}) > 1000);
}

}  // namespace proofs_of_twin_flash
