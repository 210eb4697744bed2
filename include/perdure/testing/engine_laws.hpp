// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_ENGINE_LAWS_HPP
#define PERDURE_TESTING_ENGINE_LAWS_HPP

// engine_laws: does a model of Engine keep the laws of engine.hpp? For whoever writes a model, from any test framework.
//
//   auto report = perdure::testing::check_engine_laws<my_engine>([](std::uint32_t number) { return my_engine::of(number); });
//   REQUIRE(report.ok());                        // else report.text() says which law, and where
//
// `make` gives an engine of the content of that number: 0 is an empty one, each other number is another content. It returns an
// engine or what points to one, as the model's own load does. What is loaded of damaged bytes is saved again, and has to bear
// that. Run it under the address sanitizer as well, and it shows the reads behind the end.
//
// That the engine answers questions as before (E1) is seen by what it saves: what is not saved is for a test of your own.

#include <string>

#include <perdure/testing/detail/law_check.hpp>
#include <perdure/testing/engine_archetypes.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

template <Engine E, class Make>
struct engine_law_case : law_check {
  Make& make;
  explicit engine_law_case(Make& makes) : make(makes) {}

  template <class V>
  static result<void> save(const V& engine, engine_text& to) {
    engine_sink sink(to);
    const result<void> saved = engine.save(sink);
    PERDURE_TRY(sink.finish());
    return saved;
  }
  engine_text text_of(const E& engine, const std::string& what) {
    engine_text text;
    succeeds(save(engine, text), "save of " + what);
    return text;
  }
  engine_text text_of(std::uint32_t number) {
    auto made = make(number);
    return text_of(engine_in<E>(made), "content " + std::to_string(number));
  }

  // What is made of these bytes, if anything is, can be saved, and that can be loaded.
  void bears(const engine_text& text, const std::string& what) {
    auto loaded = E::load(engine_source(text));
    if (!loaded) {
      const auto code = loaded.error().code();
      expect(code == code::corrupt || code == code::version_unsupported || code == code::too_large,
             what + ": " + std::string(describe(loaded.error())));
      expect(loaded.error().operation() == operation::read, what + ": the operation of the failure is not `read`");
      return;
    }
    const engine_text again = text_of(engine_in<E>(*loaded), what);
    succeeds(E::load(engine_source(again)), what + ": what was loaded of it and saved cannot be loaded");
  }
};

inline constexpr std::uint32_t engine_contents = 4;
inline constexpr std::size_t engine_damages_max = 512;  // of one section

template <Engine E, class Make>
void check_engine_round_trip(engine_law_case<E, Make>& law) {
  for (std::uint32_t number = 0; number < engine_contents; ++number) {
    const engine_text saved = law.text_of(number);
    const std::string what = "content " + std::to_string(number);
    auto loaded = E::load(engine_source(saved));
    if (!law.succeeds(loaded, "load of " + what)) return;
    law.expect(law.text_of(engine_in<E>(*loaded), what) == saved, what + ": what was loaded saves other bytes");
    for (std::uint32_t other = 0; other < number; ++other)
      law.expect(!(law.text_of(other) == saved), what + " and " + std::to_string(other) + " save the same bytes");
  }
}

template <Engine E, class Make>
void check_engine_determinism(engine_law_case<E, Make>& law) {
  for (std::uint32_t number = 0; number < engine_contents; ++number) {
    auto one = law.make(number);
    const engine_text first = law.text_of(engine_in<E>(one), "one");
    law.expect(first == law.text_of(engine_in<E>(one), "one"), "a second save of one engine writes other bytes");
    law.expect(first == law.text_of(number), "two engines of one content save other bytes");
  }
}

template <Engine E, class Make>
void check_engine_passes_failures(engine_law_case<E, Make>& law) {
  const failure why = failure(code::no_space, operation::put, 77);
  const auto same = [&](const failure& told) { return told.code() == why.code() && told.system_code() == why.system_code(); };
  auto one = law.make(engine_contents - 1);
  const engine_text whole = law.text_of(engine_in<E>(one), "one");
  for (std::uint64_t call = 0; call < whole.calls; ++call) {
    engine_text text;
    text.fails_from = call;
    text.why = why;
    engine_sink sink(text);
    const auto saved = engine_in<E>(one).save(sink);
    const std::string what = "save, where call " + std::to_string(call) + " of the sink fails";
    law.expect(call == 0 || (!saved && same(saved.error())), what);  // the first one may be that of an envelope that was left out
    const auto finished = sink.finish();
    law.expect(!finished && same(finished.error()), what + ", finish");
  }
  engine_text reads = whole;
  reads.calls = 0;
  if (!law.succeeds(E::load(engine_source(reads)), "load")) return;
  for (std::uint64_t call = 0; call < reads.calls; ++call) {
    engine_text text = whole;
    text.calls = 0;
    text.fails_from = call;
    text.why = why;
    const auto loaded = E::load(engine_source(text));
    law.expect(!loaded && same(loaded.error()), "load, where read " + std::to_string(call) + " fails");
  }
}

template <Engine E, class Make>
void check_engine_believes_nothing(engine_law_case<E, Make>& law) {
  const engine_text whole = law.text_of(engine_contents - 1);
  const auto each = [&](const std::string& name, auto&& part) {
    const std::string full = part(whole);
    const std::size_t step = full.size() / engine_damages_max + 1;
    for (std::size_t at = 0; at < full.size(); at += step) {
      engine_text cut = whole;
      part(cut) = full.substr(0, at);
      law.bears(cut, name + " cut at " + std::to_string(at));
      for (const char flip : {'\x01', '\x7f', '\xff'}) {
        engine_text flipped = whole;
        part(flipped)[at] = static_cast<char>(full[at] ^ flip);
        law.bears(flipped, name + " altered at " + std::to_string(at));
      }
    }
    engine_text longer = whole;
    part(longer) += std::string(9, '\xff');
    law.bears(longer, name + " with nine bytes more");
  };
  each("envelope", [](auto& text) -> auto& { return text.saved_envelope; });
  for (std::size_t i = 0; i < whole.saved.size(); ++i) {
    each(whole.saved[i].first, [i](auto& text) -> auto& { return text.saved[i].second; });
    engine_text without = whole;
    without.saved.erase(without.saved.begin() + static_cast<std::ptrdiff_t>(i));
    law.bears(without, "without " + whole.saved[i].first);
  }
  law.bears({}, "nothing at all");
}

template <Engine E, class Make>
void check_engine_view(engine_law_case<E, Make>& law) {
  if constexpr (requires(const E& engine) { engine.view(); }) {
    auto one = law.make(engine_contents - 1);
    const auto& seen = view_of(std::as_const(engine_in<E>(one)));
    engine_text text;
    if (!law.succeeds(law.save(seen, text), "save of the view")) return;
    law.expect(text == law.text_of(engine_in<E>(one), "one"), "the view saves other bytes than its engine");
  } else {
    law.not_applicable = "view";
  }
}

template <Engine E, class Make>
void check_engine_generation(engine_law_case<E, Make>& law) {
  if constexpr (perdure::detail::HasGeneration<E>) {
    for (std::uint32_t number = 0; number < engine_contents; ++number) {
      auto one = law.make(number);
      const E& engine = engine_in<E>(one);
      auto loaded = E::load(engine_source(law.text_of(number)));
      if (!law.succeeds(loaded, "load")) return;
      law.expect(engine_in<E>(*loaded).generation() == engine.generation(), "the generation is not saved and loaded");
      const auto& seen = view_of(engine);
      if constexpr (perdure::detail::HasGeneration<perdure::detail::remove_cvref<decltype(seen)>>) {
        law.expect(seen.generation() == engine.generation(), "the view has another generation");
      } else {
        law.expect(false, "the view has no generation");
      }
    }
  } else {
    law.not_applicable = "generation";
  }
}

}  // namespace detail

template <Engine E, class Make>
[[nodiscard]] law_report check_engine_laws(Make&& make) {
  using makes = std::remove_reference_t<Make>;
  struct one_law {
    const char* name;
    void (*check)(detail::engine_law_case<E, makes>&);
  };
  law_report report;
  for (const one_law& law : {one_law{"E1 the same again", detail::check_engine_round_trip<E, makes>},
                             one_law{"E2 E3 deterministic, and saving only looks", detail::check_engine_determinism<E, makes>},
                             one_law{"E4 failures are answered as they are", detail::check_engine_passes_failures<E, makes>},
                             one_law{"E5 nothing is believed", detail::check_engine_believes_nothing<E, makes>},
                             one_law{"view: is what its engine is", detail::check_engine_view<E, makes>},
                             one_law{"generation: is kept", detail::check_engine_generation<E, makes>}}) {
    detail::engine_law_case<E, makes> one(make);
    law.check(one);
    report.add(law.name, one);
  }
  return report;
}

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_ENGINE_LAWS_HPP
