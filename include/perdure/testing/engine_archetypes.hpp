// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_ENGINE_ARCHETYPES_HPP
#define PERDURE_TESTING_ENGINE_ARCHETYPES_HPP

// poorest_engine: a legal model of Engine that is as unhelpful as the law allows. An algorithm over Engine that is instantiated
// with it, and tested on it, needs no more than the concept gives.
//
//   perdure::testing::poorest_engine engine("text");
//
// It cannot move, and is loaded as what points to it; no view, no generation, no envelope; sections of the longest name and of no
// bytes, written a byte at a time; and it asks its source again for what it has read already.
//
// poorest_checkpoint_source: the same of CheckpointSource (checkpoint_source.hpp), with the files that it is given.
//
//   perdure::testing::poorest_checkpoint_source<mem_fs> source(fs, {{"1.table", 15}});
//
// Nothing can be copied, and a pin only moved; no digest is known; each path is gone when its visit is over; names are as long as
// there may be; a file of metadata is empty; version and watermark are the least.
//
// engine_text: what an engine writes, in memory: a target of engine_sink, and what an engine_source shows.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <perdure/engine/checkpoint_source.hpp>
#include <perdure/engine/engine.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

class poorest_engine {
 public:
  using perdure_engine = poorest_engine;

  explicit poorest_engine(std::string content) : text(std::move(content)) {}
  poorest_engine(const poorest_engine&) = delete;
  poorest_engine& operator=(const poorest_engine&) = delete;

  [[nodiscard]] result<void> save(engine_sink& to) const {
    PERDURE_TRY(to.section("empty"));
    PERDURE_TRY(to.section(long_name()));
    for (const char& c : text) PERDURE_TRY(to.write(bytes(&c, 1)));
    return to.section("end");
  }
  [[nodiscard]] static result<std::unique_ptr<poorest_engine>> load(const engine_source& from) {
    for (const char* const empty : {"empty", "end"}) {
      const auto section = from.find(empty);
      if (!section) return section.error();
      if (section->size_bytes() != 0) return failure(code::corrupt, operation::read).about(empty);
    }
    const auto section = from.find(long_name());
    if (!section) return section.error();
    std::string content;
    for (int again = 0; again < 2; ++again) PERDURE_TRY(section->read_all(content, size_max));
    return std::make_unique<poorest_engine>(std::move(content));
  }

  std::string text;

 private:
  static constexpr std::uint64_t size_max = 1 << 20;
  [[nodiscard]] static std::string long_name() { return std::string(engine_section_name_max, 'n'); }
};
static_assert(Engine<poorest_engine>);

template <Fs F>
class poorest_checkpoint_source {
 public:
  using perdure_checkpoint_source = poorest_checkpoint_source;
  using file_sizes = std::vector<std::pair<std::string, std::uint64_t>>;

  // All of them immutable.
  poorest_checkpoint_source(F& fs, file_sizes of) : files(std::move(of)), fs_(fs) {}
  poorest_checkpoint_source(const poorest_checkpoint_source&) = delete;
  poorest_checkpoint_source& operator=(const poorest_checkpoint_source&) = delete;

  // Of the file of that number, in a checkpoint.
  [[nodiscard]] static std::string name_of(std::size_t number) {
    const std::string digits = std::to_string(number);
    return std::string(255, 'd') + "/" + digits + std::string(255 - digits.size(), 'f');
  }

  class held_deletions {
   public:
    held_deletions() = default;
    held_deletions(held_deletions&&) noexcept = default;
    held_deletions& operator=(held_deletions&&) = delete;
  };
  class pinned_files {
   public:
    explicit pinned_files(poorest_checkpoint_source& of) : of_(&of) {}
    pinned_files(pinned_files&&) noexcept = default;
    pinned_files& operator=(pinned_files&&) = delete;

    [[nodiscard]] std::uint64_t version() { return 0; }
    template <class Visit>
    [[nodiscard]] result<void> for_each_file(const Visit& visit) {
      std::string from;
      std::string to;
      for (std::size_t i = 0; i < of_->files.size(); ++i) {
        from = of_->files[i].first;
        to = name_of(i);
        const result<void> seen = visit(of_->fs_, pinned_file{from, to, of_->files[i].second, pinned::immutable, nullptr});
        for (std::string* const path : {&from, &to}) path->assign(path->size(), '?');
        if (!seen) return seen;
      }
      return {};
    }
    template <class Visit>
    [[nodiscard]] result<void> for_each_metadata(const Visit& visit) {
      return visit(path_view("empty"), bytes());
    }
    [[nodiscard]] checkpoint_current current() { return {"current", bytes()}; }

   private:
    poorest_checkpoint_source* of_;
  };

  [[nodiscard]] std::uint64_t visible_watermark() { return 0; }
  [[nodiscard]] result<held_deletions> hold_deletions() { return held_deletions(); }
  [[nodiscard]] result<void> flush() { return {}; }
  [[nodiscard]] result<pinned_files> pin() { return pinned_files(*this); }

  file_sizes files;

 private:
  F& fs_;
};

struct engine_text {
  std::string saved_envelope;
  std::vector<std::pair<std::string, std::string>> saved;
  // The call of this number fails, counted from 0 over all of them, and those after it.
  std::uint64_t fails_from = UINT64_MAX;
  failure why = failure(code::io, operation::none);
  mutable std::uint64_t calls = 0;

  friend bool operator==(const engine_text& a, const engine_text& b) {
    return a.saved_envelope == b.saved_envelope && a.saved == b.saved;
  }

  [[nodiscard]] result<void> envelope(bytes content) {
    PERDURE_TRY(called());
    saved_envelope = string_of(content);
    return {};
  }
  [[nodiscard]] result<void> section(bytes name) {
    PERDURE_TRY(called());
    saved.emplace_back(string_of(name), "");
    return {};
  }
  [[nodiscard]] result<void> write(bytes piece) {
    PERDURE_TRY(called());
    saved.back().second += string_of(piece);
    return {};
  }

  [[nodiscard]] bytes envelope() const { return saved_envelope; }
  [[nodiscard]] std::size_t sections() const { return saved.size(); }
  [[nodiscard]] bytes section_name(std::size_t number) const { return saved[number].first; }
  [[nodiscard]] std::uint64_t section_bytes(std::size_t number) const { return saved[number].second.size(); }
  [[nodiscard]] result<std::size_t> read_section(std::size_t number, std::uint64_t offset, mutable_bytes into) const {
    PERDURE_TRY(called());
    const bytes data = saved[number].second;
    const bytes some = data.from(offset < data.size() ? static_cast<std::size_t>(offset) : data.size()).first(into.size());
    if (!some.empty()) std::memcpy(into.data(), some.data(), some.size());
    return some.size();
  }

 private:
  [[nodiscard]] static std::string string_of(bytes text) { return {reinterpret_cast<const char*>(text.data()), text.size()}; }
  [[nodiscard]] result<void> called() const { return calls++ < fails_from ? result<void>() : why; }
};

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_ENGINE_ARCHETYPES_HPP
