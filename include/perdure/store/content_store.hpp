// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_CONTENT_STORE_HPP
#define PERDURE_STORE_CONTENT_STORE_HPP

// content_store(store, options): content of any size in a Store, kept once, under names that are digests.
//
//   perdure::content_store objects(store);
//   auto pin = objects.pin("indexer");                 // content_pin.hpp: what keeps a collector off
//   auto stored = objects.put(*pin, data);             // stored->id is "sha256:..."
//   auto size = objects.get(stored->id, [&](perdure::bytes piece) { return out.write(piece); });
//
// Content is cut into chunks (chunker.hpp), each of which is an object under its digest, with its bytes and nothing else; nodes
// above them name them by digest and size (detail/content_node.hpp), up to one root, whose digest is the id. Content of up to
// inline_max_bytes is in its root. So equal content has equal ids, what two contents have in common is kept once, and the id
// proves every byte below it.
//
// put(pin, bytes or source, {.watch}) -> stored_content
//   Effects: what is not there is put, a window at a time, in one put_many each; what is there, of the right size, is settled and
//     not sent again. Nothing is ever replaced by something else. Memory: the window, and what the pin knows.
//   Success: every object below the id is durable.
//   Failure: of the source, as it is; cancelled; invalid_argument: options that are none; no_space, also of memory; else as
//     the Store. Some objects may be there: putting the same content again goes on from there. Doubt is of them alone: nothing
//     names them, so that `unchanged` is told of what a reader may see.
//   Crash: as a failure. The next collection takes what is not named.
// get(id, sink) -> size; get_range(id, offset, buffer) -> how many bytes; size(id) -> size; verify(id) -> size
//   Success: each object on the way had its digest, before a byte of it was handed on. get_range fills the buffer with all that
//     there is from the offset on. verify is a get without a sink.
//   Failure: not_found and corrupt name the object: the root's, or another one's below; version_unsupported; too_large: a
//     content of more than size_max_bytes; of the sink, as it is. A copy that is altered is passed over where there is another.
//   Memory: a chunk, and a node for each level. What nodes say costs nothing until it is proved.
//
// Not promised: that an object which was there holds what its name says, where put met it: its size is looked at, scrub.hpp reads
//   it all. That ids are equal between options that cut differently. That anybody who has an id may not read its content.
//
// Threads: any number may call, each with a pin of its own.

#include <perdure/core/content_id.hpp>
#include <perdure/store/content_pin.hpp>
#include <perdure/store/detail/content_ingest.hpp>
#include <perdure/store/detail/content_reader.hpp>

namespace perdure {
inline namespace v1 {

struct content_options {
  chunking chunks;
  fan_out nodes;
  std::size_t inline_max_bytes = std::size_t{16} << 10;  // up to 64 KiB
  std::size_t window_bytes = std::size_t{32} << 20;      // two chunks at least
  std::uint64_t size_max_bytes = UINT64_MAX;             // of a content that is read
  std::size_t known_max = std::size_t{1} << 20;          // objects that a pin remembers, of 48 to 96 bytes each

  [[nodiscard]] constexpr bool is_valid() const noexcept {
    return chunks.is_valid() && nodes.is_valid() && inline_max_bytes <= detail::node_inline_limit;
  }
};

struct stored_content {
  content_id id;
  std::uint64_t size_bytes = 0;
  std::uint64_t objects = 0;      // as often as they occur
  std::uint64_t new_objects = 0;  // those that were put
  std::uint64_t new_bytes = 0;
};

struct put_content_options {
  progress_watch watch = unwatched;
};

template <Store S>
class content_store {
 public:
  using pin_type = content_pin<S>;

  explicit content_store(S& store, const content_options& options = {}) noexcept : store_(&store), options_(options) {}

  [[nodiscard]] const content_options& options() const noexcept { return options_; }
  [[nodiscard]] S& store() const noexcept { return *store_; }
  [[nodiscard]] result<pin_type> pin(bytes owner = {}) { return pin_type::take(*store_, owner); }

  [[nodiscard]] result<stored_content> put(pin_type& pin, byte_source source, const put_content_options& how = {}) {
    if (!options_.is_valid()) return failure(code::invalid_argument, operation::put);
    detail::content_ingest<content_store, pin_type> ingest(*this, pin, source, how.watch);
    const auto root = ingest.run();
    if (!root) {
      pin.known().clear();
      return root.error().with(doubt::none);
    }
    return stored_content{{*root}, ingest.size_bytes(), ingest.objects(), ingest.new_objects(), ingest.new_bytes()};
  }
  [[nodiscard]] result<stored_content> put(pin_type& pin, bytes content, const put_content_options& how = {}) {
    const auto source = [&](mutable_bytes into) -> result<std::size_t> {
      const bytes piece = content.first(into.size());
      if (!piece.empty()) std::memcpy(into.data(), piece.data(), piece.size());
      content = content.from(piece.size());
      return piece.size();
    };
    return put(pin, byte_source(source), how);
  }

  [[nodiscard]] result<std::uint64_t> size(const content_id& id) {
    detail::content_reader<content_store> reader(*this);
    return reader.open(id.root);
  }
  [[nodiscard]] result<std::uint64_t> get(const content_id& id, byte_sink sink) {
    detail::content_reader<content_store> reader(*this);
    const auto size = reader.open(id.root);
    if (!size) return size;
    if (*size > options_.size_max_bytes) return about(failure(code::too_large, operation::get), id.root);
    PERDURE_TRY(reader.read(0, *size, sink));
    return size;
  }
  [[nodiscard]] result<std::size_t> get_range(const content_id& id, std::uint64_t offset, mutable_bytes into) {
    detail::content_reader<content_store> reader(*this);
    const auto size = reader.open(id.root);
    if (!size) return size.error();
    std::size_t filled = 0;
    PERDURE_TRY(reader.read(offset, into.size(), [&](bytes piece) -> result<void> {
      std::memcpy(into.data() + filled, piece.data(), piece.size());
      filled += piece.size();
      return {};
    }));
    return filled;
  }
  [[nodiscard]] result<std::uint64_t> verify(const content_id& id) {
    return get(id, [](bytes) -> result<void> { return {}; });
  }

 private:
  template <class, class>
  friend class detail::content_ingest;
  template <class>
  friend class detail::content_reader;
  using content_copy = detail::content_copy;

  [[nodiscard]] static failure about(const failure& why, const digest& of) noexcept {
    const detail::content_key key = detail::object_key({of, 0});
    return why.about({key.data(), key.size()});
  }

  // Each of them is durable under its name, put or found.
  [[nodiscard]] result<void> store_all(pin_type& pin, const detail::new_object* all, std::size_t count, std::uint64_t& new_count,
                                       std::uint64_t& new_bytes) {
    detail::digest_set& known = pin.known();
    if (known.size() + count > options_.known_max) known.clear();
    detail::room<detail::content_key> keys;
    detail::room<put_item> items;
    if (!keys.reserve(count)) return detail::no_memory();
    for (std::size_t i = 0; i < count; ++i) {
      const auto added = known.add(all[i].of);
      if (added == detail::added::no_memory) return detail::no_memory();
      if (added == detail::added::before) continue;
      (void)keys.push(detail::object_key(pin.copy_of(all[i].of)));
      const key_view key = keys[keys.size() - 1];
      const auto there = store_->head(key);
      if (!there && there.error().code() != code::not_found) return there.error();
      if (there && there->size_bytes == all[i].content.size()) {
        PERDURE_TRY(settle(*store_, key));
        continue;
      }
      if (!items.push({key, all[i].content})) return detail::no_memory();
      ++new_count;
      new_bytes += all[i].content.size();
    }
    if (items.empty()) return {};
    return put_many(*store_, items.data(), items.size());
  }

  // One copy of an object, and the others where that one is missing or altered.
  template <class Read>
  [[nodiscard]] result<std::size_t> each_copy(const digest& of, Read&& read) {
    const auto first = read(detail::object_key({of, 0}));
    if (first) return first;
    failure why = first.error();
    if (why.code() != code::not_found && why.code() != code::corrupt) return why;
    detail::content_key prefix = detail::object_key({of, 0});
    prefix.append(".");
    result<std::size_t> found = about(why, of);
    PERDURE_TRY(detail::each_key(*store_, prefix, [&](const listed_object& one) -> result<void> {
      if (found) return {};
      const auto other = read(one.key);
      if (other || found.error().code() == code::not_found) found = other;
      return {};
    }));
    return found;
  }
  [[nodiscard]] result<std::size_t> fetch(const digest& of, mutable_bytes into) {
    return each_copy(of, [&](key_view key) -> result<std::size_t> {
      const auto got = store_->get(key, into);
      const bytes about = bytes(key.data(), key.size());
      if (!got) {
        const bool too_large = got.error().code() == code::too_large;
        return too_large ? failure(code::corrupt, operation::get).about(about) : got.error();
      }
      const auto size = static_cast<std::size_t>(got->size_bytes);
      if (!(sha256_of(into.first(size)) == of)) return failure(code::corrupt, operation::get).about(about);
      return size;
    });
  }
  // It fills the buffer.
  [[nodiscard]] result<void> fetch_chunk(const digest& of, mutable_bytes into) {
    const auto got = fetch(of, into);
    if (!got) return got.error();
    return *got == into.size() ? result<void>() : about(failure(code::corrupt, operation::get), of);
  }

  S* store_;
  content_options options_;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_CONTENT_STORE_HPP
