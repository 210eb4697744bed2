// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_VECTOR_SERVICE_KEEPER_HPP
#define EXAMPLES_VECTOR_SERVICE_KEEPER_HPP

// keeper: where a service keeps its indexes, _vectors/<name>.lhv1 in any Store. Calls for one name are made one at a time.
//
// On a network a put that was given up may arrive at any later moment (law S6 of store.hpp), and so may a removal: behind a newer
// save, or behind a later index of the same name. With answers::may_be_late each put has a condition, that there is still what
// was there last, so that what is late is refused; no two puts are of the same bytes, so that a condition never comes true again;
// and a removal, which can have no condition, is a put of a gravestone.

#include <perdure/core/native_sync.hpp>
#include <perdure/engine/persistor.hpp>

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace vector_service {

using perdure::code;
using perdure::failure;
using perdure::operation;
using perdure::result;

enum class answers : std::uint8_t {
  come_or_never,  // files, memory: what failed has happened, or never will
  may_be_late,
};

inline perdure::persistor_options how_indexes_are_kept() {
  return {.prefix = "_vectors/",
          .suffix = ".lhv1",
          .format = {.layout = perdure::engine_layout::framed, .kind = "LHV1", .object_bytes_max = std::uint64_t{1} << 33}};
}

namespace detail {

struct gravestone {
  static constexpr char text[] = "{\"removed\":";
  std::string mark;

  [[nodiscard]] result<void> save(perdure::engine_sink& to) const { return to.envelope(text + ('"' + mark + "\"}")); }
  [[nodiscard]] static bool is_one(perdure::bytes envelope) {
    const perdure::bytes begins(text, sizeof(text) - 1);
    return envelope.size() >= begins.size() && envelope.first(begins.size()) == begins;
  }
};

// An index, or where one was.
template <class Index>
struct kept_index {
  using perdure_engine = kept_index;
  std::optional<Index> index;

  [[nodiscard]] result<void> save(perdure::engine_sink& to) const { return index ? index->save(to) : gravestone().save(to); }
  [[nodiscard]] static result<kept_index> load(const perdure::engine_source& from) {
    if (gravestone::is_one(from.envelope())) return kept_index();
    auto one = Index::load(from);
    if (!one) return one.error();
    return kept_index{std::move(*one)};
  }
};

}  // namespace detail

template <perdure::Store S, perdure::Clock C, perdure::Sync Y = perdure::native_sync>
class keeper {
 public:
  keeper(S& store, C& clock, std::int64_t load_ns_max, enum answers answers = answers::come_or_never)
      : store_(store), objects_(store, how_indexes_are_kept()), clock_(clock), load_ns_max_(load_ns_max), answers_(answers) {}

  // Sets the view's `mark`, where one is needed, by which no two saves are the same.
  template <class View>
  [[nodiscard]] result<void> save(const std::string& name, View view) {
    if (answers_ == answers::may_be_late) view.mark = new_mark();
    return put(name, view);
  }
  [[nodiscard]] result<void> remove(const std::string& name) {
    if (answers_ == answers::come_or_never) return objects_.remove(name);
    return put(name, detail::gravestone{new_mark()});
  }

  // take(name, result<Index>) of each. Failure: it is not known what there is.
  template <class Index, class Take>
  [[nodiscard]] result<void> load_all(Take&& take) {
    using kept = detail::kept_index<Index>;
    const auto done =
        objects_.template load_all<kept>(clock_, {.item_ns_max = load_ns_max_}, [&](perdure::path_view at, result<kept>& one) {
          const std::string name(at.data(), at.size());
          if (!one) return take(name, one.error());
          if (!one->index) return;
          // A whole object that was put in place of another one.
          if (one->index->name() != name)
            return take(name, failure(code::corrupt, operation::load).about("envelope: another index's name"));
          take(name, std::move(*one->index));
        });
    return done ? result<void>() : done.error();
  }

 private:
  // What was there when it was last known. What was in doubt since is refused from the next put on, or has made that one lose.
  using last_known = std::optional<perdure::precondition>;

  template <class E>
  [[nodiscard]] result<void> put(const std::string& name, const E& what) {
    const auto image = objects_.encode(name, what);
    if (!image) return image.error();
    last_known last = answers_ == answers::come_or_never ? perdure::precondition::any : known(name);
    constexpr int tries_max = 8;  // each is lost to one put that was late, and of those there are not many
    for (int tries = 0; tries < tries_max; ++tries) {
      if (!last) {
        const auto there = look(name);
        if (!there) return there.error();
        last = *there;
      }
      const auto kept = objects_.save(name, *image, *last);
      if (answers_ == answers::come_or_never) return kept ? result<void>() : kept.error();
      if (kept) return know(name, *kept), result<void>();
      if (!perdure::is_lost(kept.error())) return kept.error();
      last.reset();
    }
    return failure(code::busy, operation::put).about(perdure::bytes(name));
  }

  // What a put has to match now.
  [[nodiscard]] result<perdure::precondition> look(const std::string& name) {
    const auto there = objects_.version(name);
    if (there) return perdure::precondition::matches(*there);
    if (there.error().code() == code::not_found) return perdure::precondition::absent;
    return there.error();
  }

  [[nodiscard]] std::string new_mark() {
    std::string text;
    constexpr char digits[] = "0123456789abcdef";
    const perdure::nonce one = store_.nonce();
    for (const std::byte b : perdure::bytes_of(one)) {
      text += digits[std::to_integer<unsigned>(b) >> 4];
      text += digits[std::to_integer<unsigned>(b) & 15U];
    }
    return text;
  }
  [[nodiscard]] last_known known(const std::string& name) {
    const perdure::scoped_lock lock(mutex_);
    const auto found = known_.find(name);
    return found == known_.end() ? last_known() : found->second;
  }
  void know(const std::string& name, const perdure::etag& version) {
    const perdure::scoped_lock lock(mutex_);
    known_.insert_or_assign(name, perdure::precondition::matches(version));
  }

  S& store_;
  perdure::persistor<S> objects_;
  C& clock_;
  std::int64_t load_ns_max_;
  enum answers answers_;
  typename Y::mutex mutex_;  // what follows
  std::map<std::string, perdure::precondition> known_;
};

}  // namespace vector_service

#endif  // EXAMPLES_VECTOR_SERVICE_KEEPER_HPP
