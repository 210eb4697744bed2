// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_PERSISTOR_HPP
#define PERDURE_ENGINE_PERSISTOR_HPP

// persistor<S>: one object for each named engine, under a prefix of a Store.
//
//   auto objects = perdure::open_store(uri, {.root = perdure::store_root::make});     // "" and "mem:" keep nothing
//   perdure::persistor keeper(*objects, {.prefix = "_vectors/", .suffix = ".lhv1",
//                                        .format = {.layout = perdure::engine_layout::framed, .kind = "LHV1"}});
//   keeper.save("cats", engine) -> etag             encodes it, its view where it has one, and puts it
//   keeper.encode("cats", engine) -> engine_image   the first half, in memory: what needs the engine to stand still
//   keeper.save("cats", image, when) -> etag        the second half, under a condition where one is given
//   keeper.load<E>("cats") -> loaded_engine<E>      an engine that survives from now on
//   keeper.observe<E>("cats") -> loaded_engine<E>   the same for who never writes: it may be lost again
//   keeper.version("cats") -> etag                  of what is there now: what a save can match that knows of no save before it
//   keeper.remove("cats")                           what is absent is removed already
//   keeper.list([&](path_view name) { return visit::go_on; })                          sorted, byte by byte
//   keeper.load_all<E>(clock, {.item_ns_max = 5 * ns_per_second}, [&](path_view name, result<loaded_engine<E>>& one) {...})
//                                                   each of them in that order, the bad ones, too, and goes on
//
// Names are UTF-8 without a NUL, not empty. The key is the prefix, the name with '/', '%' and control characters as %XX, and the
//   suffix. Whatever else there is under the prefix is nobody's name: it is not shown, and not touched.
// Effects: save puts one object, whole. load makes durable what it shows (settle). list and load_all hold all names in memory;
//   encode, save and load one engine's bytes.
// Success: of save: the engine survives, as S has it. Of remove: its absence does. Of load_all: the counts; each name of the list
//   was shown once, but for those that were removed meanwhile.
// Failure: not_found: there is no engine of this name; corrupt: wrong magic, short, damaged; version_unsupported: of a later
//   version; too_large: over a limit of the format, or a name that no key can hold; invalid_argument: such a name; with the key,
//   what and where in failure::path(). Of what is encoded: operation `write`. timed_out, of an item of load_all: its engine read
//   on when item_ns_max had passed since the get began. Else as S has them. A save or remove in doubt is ended by another one
//   that succeeds.
// Crash: the old object or the new one, whole.
// Not promised: that a call of the Store which does not return is given up: give it a limit of its own. On a Store whose unknowns
//   may come late (law S6), that a save in doubt does not land after later ones: have each save match the etag of the last one
//   (`when`), and let every content be new. An order among savers of one name. In a frame, what core/frame.hpp cannot see.
//
// Threads: any, as S has it. The Store must outlive it.

#include <perdure/core/clock.hpp>
#include <perdure/engine/detail/name_list.hpp>
#include <perdure/engine/engine_image.hpp>
#include <perdure/store/read_object.hpp>
#include <perdure/store/store_optional.hpp>

namespace perdure {
inline namespace v1 {

struct persistor_options {
  path_view prefix = {};  // both are copied
  path_view suffix = ".engine";
  engine_format format = {};
};

struct load_all_options {
  std::int64_t item_ns_max = INT64_MAX;
};

struct load_all_report {
  std::size_t loaded = 0;
  std::size_t bad = 0;
};

using name_visitor = function_ref<visit(path_view name)>;

template <Store S>
class persistor {
  static constexpr std::size_t key_size_max = key_size_portable + 1024;
  using key = path_buffer<key_size_max>;

 public:
  explicit persistor(S& store, const persistor_options& options = {}) noexcept : store_(&store), format_(options.format) {
    prefix_.append(options.prefix);
    suffix_.append(options.suffix);
  }

  template <detail::HasSave E>
  [[nodiscard]] result<engine_image> encode(path_view name, const E& engine) const {
    key at;
    PERDURE_TRY(compose(at, name, operation::write));
    auto image = encode_engine(engine, format_);
    if (!image) return in(at, image.error());
    return image;
  }
  [[nodiscard]] result<etag> save(path_view name, const engine_image& image, const precondition& when = precondition::any) {
    key at;
    PERDURE_TRY(compose(at, name, operation::put));
    return store_->put(at, image.view(), when);
  }
  template <detail::HasSave E>
  [[nodiscard]] result<etag> save(path_view name, const E& engine) {
    const auto image = encode(name, engine);
    if (!image) return image.error();
    return save(name, *image);
  }

  template <Engine E>
  [[nodiscard]] result<loaded_engine<E>> load(path_view name) {
    return get<E>(name, past::is_settled, detail::never_stops());
  }
  template <Engine E>
  [[nodiscard]] result<loaded_engine<E>> observe(path_view name) {
    return get<E>(name, past::is_left, detail::never_stops());
  }

  [[nodiscard]] result<etag> version(path_view name) const {
    key at;
    PERDURE_TRY(compose(at, name, operation::head));
    const auto there = store_->head(at);
    if (!there) return there.error();
    if (!there->etag.empty()) return there->etag;
    detail::byte_buffer whole;
    const auto got = read_object(*store_, at, whole, format_.object_bytes_max);
    if (!got) return got.error();
    return got->etag;
  }

  [[nodiscard]] result<void> remove(path_view name) {
    key at;
    PERDURE_TRY(compose(at, name, operation::remove_object));
    return store_->remove(at);
  }

  [[nodiscard]] result<void> list(name_visitor visitor) {
    detail::name_list names;
    PERDURE_TRY(collect(names));
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (visitor(names[i]) == visit::stop) break;
    }
    return {};
  }

  template <Engine E, Clock C, class Take>
  [[nodiscard]] result<load_all_report> load_all(C& clock, const load_all_options& options, Take&& take) {
    detail::name_list names;
    PERDURE_TRY(collect(names));
    load_all_report report;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const std::int64_t begin_ns = clock.elapsed_ns();
      auto one = get<E>(names[i], past::is_settled, [&]() -> result<void> {
        if (clock.elapsed_ns() - begin_ns <= options.item_ns_max) return {};
        return failure(code::timed_out, operation::load);
      });
      if (!one && one.error().code() == code::not_found) continue;
      ++(one ? report.loaded : report.bad);
      take(names[i], one);
    }
    return report;
  }

 private:
  enum class past : std::uint8_t { is_settled, is_left };

  [[nodiscard]] static failure in(const key& at, const failure& why) noexcept {
    return detail::in_file(why, bytes(at.data(), at.size()));
  }
  [[nodiscard]] result<void> compose(key& whole, path_view name, enum operation operation) const {
    if (!prefix_.ok() || !suffix_.ok()) return failure(code::too_large, operation);
    PERDURE_TRY(check_key(name, operation, SIZE_MAX));
    whole.append(prefix_);
    detail::append_name(whole, name);
    whole.append(suffix_);
    return whole.ok() ? result<void>() : failure(code::too_large, operation).about(bytes(name.data(), name.size()));
  }

  template <Engine E, class Stop>
  [[nodiscard]] result<loaded_engine<E>> get(path_view name, past earlier, const Stop& stop) {
    key at;
    PERDURE_TRY(compose(at, name, operation::get));
    detail::byte_buffer whole;
    const auto got = read_object(*store_, at, whole, format_.object_bytes_max);
    if (!got) return got.error();
    if (earlier == past::is_settled) PERDURE_TRY(settle(*store_, at));
    auto loaded = decode_engine<E>(whole.view(), format_, stop);
    if (!loaded) return in(at, loaded.error());
    return loaded;
  }

  // Page by page: a suffix and what is escaped sort otherwise than the names do.
  [[nodiscard]] result<void> collect(detail::name_list& names) const {
    if (!prefix_.ok() || !suffix_.ok()) return failure(code::too_large, operation::list_objects);
    key cursor;
    for (;;) {
      key last;
      const auto page = store_->list(prefix_, cursor, page_max, [&](const listed_object& one) {
        last.clear();
        last.append(one.key);
        key name;
        if (is_ours(one.key) && detail::append_name_of(name, escaped_name(one.key))) names.add(name);
        return last.ok() ? visit::go_on : visit::stop;
      });
      if (!page) return page.error();
      if (*page == listed::all) break;
      if (!last.ok() || last.size() == 0) return failure(code::too_large, operation::list_objects);
      cursor = last;
    }
    names.sort();
    return {};
  }
  [[nodiscard]] bool is_ours(path_view whole) const noexcept {
    return whole.size() > prefix_.size() + suffix_.size() && whole.from(whole.size() - suffix_.size()) == path_view(suffix_);
  }
  [[nodiscard]] path_view escaped_name(path_view whole) const noexcept {
    return whole.from(prefix_.size()).first(whole.size() - prefix_.size() - suffix_.size());
  }

  static constexpr std::size_t page_max = 256;

  S* store_;
  engine_format format_;
  path_buffer<key_size_portable> prefix_;
  path_buffer<key_size_portable> suffix_;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_PERSISTOR_HPP
