// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_CHECKPOINT_SOURCE_LAWS_HPP
#define PERDURE_TESTING_CHECKPOINT_SOURCE_LAWS_HPP

// checkpoint_source_laws: does an engine keep the laws of checkpoint_source.hpp, as far as a running program can see? For whoever
// writes one, from any test framework.
//
//   auto report = perdure::testing::check_checkpoint_source_laws(engine, [&] {
//     engine.put(...); engine.flush(); engine.compact();
//   });
//   REQUIRE(report.ok());                        // else report.text() says which law, and where
//
// `change` does what the engine does when it runs: it is called while a version is pinned and deletions are held, and should
// write, flush, and get rid of files. That a version has what lies below its watermark is seen by opening a checkpoint, with a
// test of your own; that what is pinned is durable is for the crash lab.

#include <functional>
#include <map>
#include <string>

#include <perdure/engine/detail/checkpoint_target.hpp>
#include <perdure/testing/detail/law_check.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

// What a pin tells, and what its files hold.
struct pinned_text {
  std::map<std::string, std::string> files;  // by their names in the checkpoint
  std::string current;
  std::uint64_t version = 0;
  friend bool operator==(const pinned_text&, const pinned_text&) = default;
};

struct source_law_case : law_check {
  void name(pinned_text& all, path_view to, std::string content) {
    const std::string text(to.data(), to.size());
    expect(perdure::detail::is_checkpoint_name(to), "a name that no checkpoint may have: \"" + text + "\"");
    expect(all.files.emplace(text, std::move(content)).second, "two files have the name \"" + text + "\"");
  }
  template <class P>
  pinned_text look(const P& pin) {
    pinned_text all;
    all.version = pin.version();
    const result<void> shown = pin.for_each_file([&](auto& fs, const pinned_file& file) -> result<void> {
      const std::string to(file.to.data(), file.to.size());
      auto opened = fs.open(file.from, {});
      if (!succeeds(opened, "open of what is pinned as " + to)) return {};
      sha256 hash;
      std::byte piece[4096];
      if (!succeeds(perdure::detail::hash_file(*opened, file.size_bytes, piece, hash, file.from), "all bytes of " + to))
        return {};
      const auto size = opened->size();
      if (file.pinned == pinned::immutable) expect(size && *size == file.size_bytes, "the size of " + to);
      const digest found = hash.finish();
      if (file.of != nullptr) expect(found == *file.of, "the digest of " + to);
      name(all, file.to, std::string(reinterpret_cast<const char*>(found.bytes), sizeof(found.bytes)));
      return {};
    });
    succeeds(shown, "for_each_file");
    succeeds(pin.for_each_metadata([&](path_view to, bytes content) -> result<void> {
      name(all, to, std::string(reinterpret_cast<const char*>(content.data()), content.size()));
      return {};
    }),
             "for_each_metadata");
    const checkpoint_current current = pin.current();
    const std::string content(reinterpret_cast<const char*>(current.content.data()), current.content.size());
    expect(std::string(current.name.data(), current.name.size()).find('/') == std::string::npos, "the current is in a directory");
    name(all, current.name, content);
    all.current = content;
    return all;
  }
};

}  // namespace detail

template <CheckpointSource E>
[[nodiscard]] law_report check_checkpoint_source_laws(E& engine, const std::function<void()>& change) {
  law_report report;
  const auto law = [&](const char* name, const auto& check) {
    detail::source_law_case one;
    check(one);
    report.add(name, one);
  };
  law("C1 a watermark never goes back", [&](auto& one) {
    std::uint64_t before = engine.visible_watermark();
    for (int i = 0; i < 3; ++i) {
      change();
      const std::uint64_t now = engine.visible_watermark();
      one.expect(now >= before, std::to_string(now) + " after " + std::to_string(before));
      one.succeeds(engine.flush(), "flush");
      before = now;
    }
  });
  law("C3, C4, C5 what is pinned stays and stays the same", [&](auto& one) {
    const auto held = engine.hold_deletions();
    const auto another = engine.hold_deletions();
    if (!one.succeeds(held, "hold_deletions") || !one.succeeds(another, "hold_deletions, twice")) return;
    if (!one.succeeds(engine.flush(), "flush")) return;
    const auto pin = engine.pin();
    if (!one.succeeds(pin, "pin")) return;
    const auto first = one.look(*pin);
    for (int i = 0; i < 3; ++i) {
      change();
      one.expect(one.look(*pin) == first, "after a change the pin tells something else");
    }
  });
  law("C5 a pin is of the version that counts", [&](auto& one) {
    change();
    const auto held = engine.hold_deletions();
    if (!one.succeeds(held, "hold_deletions") || !one.succeeds(engine.flush(), "flush")) return;
    const auto pin = engine.pin();
    const auto again = engine.pin();
    if (!one.succeeds(pin, "pin") || !one.succeeds(again, "pin, twice")) return;
    one.expect(one.look(*pin) == one.look(*again), "two pins of one version differ");
  });
  law("C6 names are relative, and differ", [&](auto& one) {
    const auto held = engine.hold_deletions();
    const auto pin = engine.pin();
    if (one.succeeds(held, "hold_deletions") && one.succeeds(pin, "pin")) (void)one.look(*pin);
  });
  return report;
}

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_CHECKPOINT_SOURCE_LAWS_HPP
