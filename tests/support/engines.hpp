// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_SUPPORT_ENGINES_HPP
#define PERDURE_TESTS_SUPPORT_ENGINES_HPP

// notes: an engine with a view and a generation, and with each bug that the laws of engine.hpp know, at run time.

#include <perdure/engine/engine.hpp>

#include <string>

namespace tests {

enum class engine_bug {
  none,
  forgets,         // E1: half of it is not saved
  counts_saves,    // E2
  stops_quietly,   // E4: a failure of the sink is a success
  calls_it_io,     // E4: a failure of the source is another one
  trusts,          // E5: what is too short is an empty one, which cannot be saved
  says_not_found,  // E5: the wrong word for damage
  stale_view,
  loses_generation,
};

class notes {
 public:
  using perdure_engine = notes;

  notes() = default;
  notes(std::string text, std::uint64_t generation, engine_bug bug = engine_bug::none)
      : text_(std::move(text)), generation_(generation), bug_(bug) {}

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

  struct view_type {
    const notes* of;
    [[nodiscard]] std::uint64_t generation() const { return of->generation(); }
    [[nodiscard]] perdure::result<void> save(perdure::engine_sink& to) const {
      return of->bug_ == engine_bug::stale_view ? notes("stale", 7).save(to) : of->save(to);
    }
  };
  [[nodiscard]] view_type view() const { return {this}; }

  [[nodiscard]] perdure::result<void> save(perdure::engine_sink& to) const {
    if (broken_) return perdure::failure(perdure::code::io, perdure::operation::write);
    ++saves_;
    PERDURE_TRY(to.envelope("generation " + std::to_string(bug_ == engine_bug::counts_saves ? saves_ : generation_)));
    PERDURE_TRY(to.section("body"));
    const auto written = to.write(bug_ == engine_bug::forgets ? text_.substr(0, text_.size() / 2) : text_);
    return bug_ == engine_bug::stops_quietly ? perdure::result<void>() : written;
  }

  static perdure::result<notes> load(const perdure::engine_source& from) { return load_with(from, engine_bug::none); }

  static perdure::result<notes> load_with(const perdure::engine_source& from, engine_bug bug) {
    const perdure::failure damaged(bug == engine_bug::says_not_found ? perdure::code::not_found : perdure::code::corrupt,
                                   perdure::operation::read);
    notes loaded;
    loaded.bug_ = bug;
    const std::string head(reinterpret_cast<const char*>(from.envelope().data()), from.envelope().size());
    const std::string words = "generation ";
    if (head.substr(0, words.size()) != words || head.size() == words.size() || head.size() > words.size() + 18) {
      if (bug != engine_bug::trusts) return damaged;
      loaded.broken_ = true;
      return loaded;
    }
    for (const char c : head.substr(words.size())) {
      if (c < '0' || c > '9') return damaged;
      loaded.generation_ = loaded.generation_ * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (bug == engine_bug::loses_generation) loaded.generation_ = 0;
    const auto body = from.find("body");
    if (!body) return bug == engine_bug::says_not_found ? damaged : body.error();
    const auto read = body->read_all(loaded.text_, 1 << 20);
    if (!read)
      return bug == engine_bug::calls_it_io ? perdure::failure(perdure::code::io, perdure::operation::read) : read.error();
    return loaded;
  }

 private:
  std::string text_;
  std::uint64_t generation_ = 0;
  mutable std::uint64_t saves_ = 0;
  engine_bug bug_ = engine_bug::none;
  bool broken_ = false;
};
static_assert(perdure::Engine<notes>);

}  // namespace tests

#endif  // PERDURE_TESTS_SUPPORT_ENGINES_HPP
