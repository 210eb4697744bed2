// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
//
// A save function of one's own, before the crash lab: the usual one, which loses what it acknowledged, and the right one.

#include <perdure/fs/atomic_write.hpp>
#include <perdure/testing/explore.hpp>

#include <cstdio>
#include <string>

template <perdure::Fs F>
perdure::result<void> save(F& fs, const std::string& text) {
  auto file = fs.open("cfg.tmp", {.access = perdure::access::write, .creation = perdure::creation::create});
  if (!file) return file.error();
  PERDURE_TRY(file->write_at(0, text));
  PERDURE_TRY(file->close());
  return fs.rename("cfg.tmp", "cfg");  // nobody synced anything
}

// README:begin
template <class Save>
perdure::testing::report prove(Save save) {
  return perdure::testing::explore({
      .workload =
          [=](auto& world) {
            world.step("v1", [&] { return save(world.fs(), "v1"); });
            world.step("v2", [&] { return save(world.fs(), "v2"); });
          },
      .check =
          [](auto& after) {  // on every disk that a power cut may leave: the last acknowledged step, or a later one
            return after.latest_is(perdure::testing::read_text(after.fs(), "cfg"), "absent");
          },
  });
}
// README:end

int main() {
  const auto usual = prove([](auto& fs, const char* text) { return save(fs, text); });
  std::printf("%s\n", usual.text().c_str());
  const auto right = prove([](auto& fs, const char* text) { return perdure::atomic_write(fs, "cfg", text); });
  std::printf("atomic_write: %s\n", right.text().c_str());
  return !usual.ok() && right.ok() ? 0 : 1;
}
