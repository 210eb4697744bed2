// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_ENGINE_HPP
#define PERDURE_ENGINE_ENGINE_HPP

// Engine: something in memory that is worth keeping. An index, a graph, a table of columns. It never touches I/O: it writes
// itself into a sink and is made of a source, and where those lead is its caller's business (persistor.hpp,
// persist_snapshot.hpp).
//
//   class index {
//    public:
//     using perdure_engine = index;
//     perdure::result<void> save(perdure::engine_sink& to) const {
//       PERDURE_TRY(to.envelope(parameters()));                              // small, and first
//       PERDURE_TRY(to.section("graph"));
//       for (const auto& node : nodes) PERDURE_TRY(to.write(node.bytes()));  // in pieces of any size
//       return {};
//     }
//     static perdure::result<index> load(const perdure::engine_source& from);
//   };
//
// The laws
//  E1  The same again. What `load` makes of what `save` wrote answers every question as the one that was saved did then.
//  E2  Deterministic. Engines of one content write the same envelope and the same sections, names and order included: no time, no
//      address, no random number, no order of a hash table. Where pieces end need not be the same.
//  E3  Saving only looks. It may be done at any time that a question may be asked, as often as one likes.
//  E4  A failure of the sink or of the source is answered as it is, and at once. One of the engine's own has the operation
//      `write` where it cannot be encoded, and `read` where it cannot be decoded, and so they are told apart.
//  E5  Nothing is believed. Of any bytes at all `load` makes an engine, or it fails: corrupt, version_unsupported or too_large.
//      It takes no memory on the strength of a number in them, beyond what the size of a section bears out. What fails leaves
//      nothing.
//  E6  Few names. At most one envelope, before the first section; at most 64 sections; names of 1 to 128 bytes, all different,
//      and none is "envelope". All else is an invalid_argument of the sink, and is never taken for a success.
//
// Threads: as the engine says. A save calls its sink from one thread.
//
// Required
//   E::load(const engine_source&) -> result<E>, or a result of what points to one (std::unique_ptr<E>), where E cannot move
//   save(engine_sink&) const -> result<void>
// Optional
//   view() const          a cheap, consistent view with a `save` of its own, which is saved while the engine moves on
//   generation() const -> std::uint64_t, of an engine and of its views: grows with every change that is worth keeping, and is
//                         saved and loaded with the rest (persist_snapshot)
//
// Not promised: anything about bytes that an engine of another kind wrote, but E5.

#include <perdure/core/function_ref.hpp>
#include <perdure/core/result.hpp>

namespace perdure {
inline namespace v1 {

inline constexpr std::size_t engine_sections_max = 64;
inline constexpr std::size_t engine_section_name_max = 128;

// Where an engine is written to: any object with envelope(bytes), section(bytes name) and write(bytes), each -> result<void>. It
// sees them in order, with one envelope at the front always.
class engine_sink {
 public:
  template <class Target>
    requires(!detail::is_same<detail::remove_cv<Target>, engine_sink>)
  explicit engine_sink(Target& target) noexcept : target_(&target), table_(&table_of<Target>) {}

  result<void> envelope(bytes content) {
    if (stage_ != stage::start) return fails(failure(code::invalid_argument, operation::write));
    stage_ = stage::between;
    return kept(table_->envelope(target_, content));
  }
  // Begins one, and ends the one before it.
  result<void> section(bytes name) {
    if (stage_ == stage::start) PERDURE_TRY(envelope({}));
    const bool named = !name.empty() && name.size() <= engine_section_name_max && !(name == bytes("envelope"));
    if (stage_ == stage::failed || !named || sections_ == engine_sections_max)
      return fails(failure(code::invalid_argument, operation::write).about(name));
    stage_ = stage::inside;
    ++sections_;
    return kept(table_->section(target_, name));
  }
  result<void> write(bytes piece) {
    if (stage_ != stage::inside) return fails(failure(code::invalid_argument, operation::write));
    return piece.empty() ? result<void>() : kept(table_->write(target_, piece));
  }

  // For whoever made the sink, when `save` has returned: the first failure, whatever the engine made of it.
  [[nodiscard]] result<void> finish() {
    if (stage_ == stage::start) (void)envelope({});
    return failed_;
  }

 private:
  enum class stage : std::uint8_t { start, between, inside, failed };
  struct table {
    result<void> (*envelope)(void*, bytes);
    result<void> (*section)(void*, bytes);
    result<void> (*write)(void*, bytes);
  };
  template <class T>
  static constexpr table table_of = {
      [](void* to, bytes content) { return static_cast<T*>(to)->envelope(content); },
      [](void* to, bytes name) { return static_cast<T*>(to)->section(name); },
      [](void* to, bytes piece) { return static_cast<T*>(to)->write(piece); },
  };

  result<void> kept(const result<void>& answer) { return answer ? answer : fails(answer.error()); }
  result<void> fails(const failure& why) {
    if (failed_) failed_ = why;
    stage_ = stage::failed;
    return failed_;
  }

  void* target_;
  const table* table_;
  std::size_t sections_ = 0;
  result<void> failed_;
  stage stage_ = stage::start;
};

// What an engine is loaded from: any object with envelope() -> bytes, sections() -> count, section_name(i) -> bytes,
// section_bytes(i) -> std::uint64_t and read_section(i, offset, mutable_bytes) -> result<std::size_t>, all const. It is a
// reference, for the time of one load.
class engine_source {
 public:
  class section_type {
   public:
    [[nodiscard]] bytes name() const { return from_->table_->section_name(from_->object_, number_); }
    [[nodiscard]] std::uint64_t size_bytes() const { return from_->table_->section_bytes(from_->object_, number_); }
    // Fills the buffer, or stops at the end of the section.
    [[nodiscard]] result<std::size_t> read_at(std::uint64_t offset, mutable_bytes into) const {
      return from_->table_->read_section(from_->object_, number_, offset, into);
    }
    // All of it, into a std::string or std::vector of bytes: too_large where it has more.
    template <class C>
      requires(detail::mutable_byte_range<C> && requires(C& container, std::size_t size) { container.resize(size); })
    [[nodiscard]] result<void> read_all(C& into, std::uint64_t size_bytes_max) const {
      const std::uint64_t size = size_bytes();
      if (size > size_bytes_max || size > SIZE_MAX) return failure(code::too_large, operation::read).about(name());
      into.resize(static_cast<std::size_t>(size));
      const auto got = read_at(0, into);
      if (!got) return got.error();
      return *got == size ? result<void>() : failure(code::corrupt, operation::read).about(name());
    }

   private:
    friend engine_source;
    section_type(const engine_source* from, std::size_t number) noexcept : from_(from), number_(number) {}
    const engine_source* from_;
    std::size_t number_;
  };

  template <class Object>
    requires(!detail::is_same<detail::remove_cv<Object>, engine_source>)
  explicit engine_source(const Object& object) noexcept : object_(&object), table_(&table_of<Object>) {}

  [[nodiscard]] bytes envelope() const { return table_->envelope(object_); }
  [[nodiscard]] std::size_t sections() const { return table_->sections(object_); }
  // In the order in which they were written.
  [[nodiscard]] section_type section(std::size_t number) const noexcept { return {this, number}; }
  [[nodiscard]] bool has(bytes name) const { return index_of(name) != sections(); }
  // Corrupt, and not not_found, where there is none of this name: that a part is missing does not mean that nothing was saved.
  [[nodiscard]] result<section_type> find(bytes name) const {
    const std::size_t number = index_of(name);
    if (number == sections()) return failure(code::corrupt, operation::read).about(name);
    return section(number);
  }

 private:
  struct table {
    bytes (*envelope)(const void*);
    std::size_t (*sections)(const void*);
    bytes (*section_name)(const void*, std::size_t);
    std::uint64_t (*section_bytes)(const void*, std::size_t);
    result<std::size_t> (*read_section)(const void*, std::size_t, std::uint64_t, mutable_bytes);
  };
  template <class T>
  static constexpr table table_of = {
      [](const void* from) { return static_cast<const T*>(from)->envelope(); },
      [](const void* from) { return static_cast<const T*>(from)->sections(); },
      [](const void* from, std::size_t number) { return static_cast<const T*>(from)->section_name(number); },
      [](const void* from, std::size_t number) { return static_cast<const T*>(from)->section_bytes(number); },
      [](const void* from, std::size_t number, std::uint64_t offset, mutable_bytes into) {
        return static_cast<const T*>(from)->read_section(number, offset, into);
      },
  };

  [[nodiscard]] std::size_t index_of(bytes name) const {
    const std::size_t count = sections();
    for (std::size_t i = 0; i < count; ++i) {
      if (section(i).name() == name) return i;
    }
    return count;
  }

  const void* object_;
  const table* table_;
};

namespace detail {

template <class E>
concept HasSave = requires(const E& engine, engine_sink& to) {
  { engine.save(to) } -> results_in<void>;
};
template <class E>
concept HasGeneration = requires(const E& engine) {
  { engine.generation() } -> same_as<std::uint64_t>;
};
// The engine itself, or what points to it.
template <class T, class E>
concept HoldsEngine = same_as<T, E> || requires(T& held) {
  { *held } -> same_as<E&>;
};
template <class E>
concept HasEngineLoad = requires(const engine_source& from) {
  E::load(from);
  requires is_result<decltype(E::load(from))>;
  requires HoldsEngine<typename decltype(E::load(from))::value_type, E>;
};
// Conformance is declared, and with the class's own name, so that what derives from a model is not one by accident.
template <class E>
concept DeclaresEngine = requires { typename E::perdure_engine; } && same_as<typename E::perdure_engine, remove_cv<E>>;

}  // namespace detail

template <class E>
concept Engine = detail::DeclaresEngine<E> && detail::HasSave<E> && detail::HasEngineLoad<E>;

// What E::load gives: an E, or what points to one.
template <Engine E>
using loaded_engine = typename decltype(E::load(detail::some<const engine_source&>()))::value_type;

template <Engine E>
[[nodiscard]] E& engine_in(loaded_engine<E>& loaded) {
  if constexpr (detail::same_as<loaded_engine<E>, E>) {
    return loaded;
  } else {
    return *loaded;
  }
}

// What is saved of an engine: its view, where it has one, else itself. What is a view already is saved as it is.
template <detail::HasSave E>
[[nodiscard]] decltype(auto) view_of(const E& engine) {
  static_assert(detail::DeclaresEngine<E> || !detail::HasEngineLoad<E>,
                "An engine says that it is one, by its own name: using perdure_engine = my_engine;");
  if constexpr (requires { engine.view(); }) {
    return engine.view();
  } else {
    return (engine);
  }
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_ENGINE_HPP
