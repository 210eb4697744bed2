// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef TESTS_CRASH_PROOF_HPP
#define TESTS_CRASH_PROOF_HPP

// What the proofs of the helpers have in common.

#include <perdure/fs/temp_name.hpp>
#include <perdure/testing/audit_syncs.hpp>

#include <tests/support/catch.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace tests {

using namespace perdure;
using namespace perdure::testing;

// posix_minimum and what allows less than it.
inline const profile* const provable[] = {&profile::posix_minimum, &profile::ext4,       &profile::ext4_strict,
                                          &profile::btrfs,         &profile::xfs,        &profile::apfs,
                                          &profile::ntfs,          &profile::sequential, &profile::process_kill};

// On each of them, every state. Returns how many there were on posix_minimum.
inline std::uint64_t prove(const std::string& what, exploration all) {
  std::uint64_t states = 0;
  for (const profile* one : provable) {
    all.profile = *one;
    const auto report = explore(all);
    INFO(what << "\n" << report.text());
    CHECK(report.ok());
    CHECK(report.exhaustive);
    if (one == provable[0]) states = report.states;
  }
  return states;
}
// It is found, with all its syncs, that something is wrong.
inline std::string refuted(exploration all) {
  const auto report = explore(all);
  CHECK_FALSE(report.ok());
  return report.complaint;
}

// In a directory there is nothing but these names, and temporary files.
template <Fs F>
[[nodiscard]] verdict only_temps_beside(F& fs, path_view directory, const std::vector<std::string>& names) {
  std::string stranger;
  const auto listed = fs.for_each_entry(directory, [&](const dir_entry& entry) {
    bool known = static_cast<bool>(temp_name::parse(entry.name));
    for (const std::string& name : names) known = known || entry.name == path_view(name);
    if (!known) stranger = "beside the file there is " + std::string(entry.name.data(), entry.name.size());
    return visit::go_on;
  });
  return listed ? verdict(stranger) : verdict(listed);
}
inline verdict both(verdict one, verdict other) { return one ? other : one; }

// Without the library's own protocol.
template <Fs F>
void put(F& fs, const std::string& path, const std::string& text, permissions mode = 0666) {
  auto file = fs.open(path, {.access = access::write, .creation = creation::create, .mode = mode});
  if (file) (void)file->write_at(0, text);
}

}  // namespace tests

#endif  // TESTS_CRASH_PROOF_HPP
