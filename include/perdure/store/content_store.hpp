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
// put(pin, bytes or source, content_work) -> stored_content
//   Effects: what is not there is put, a window at a time, in one put_many each; what is there, of the right size, is settled and
//     not sent again, unless a call of this content_store failed over it and the Store has something to settle
//     (store_optional.hpp). Nothing is ever replaced by something else. Memory: three windows, or one where there is one worker,
//     and what the pin knows.
//   Success: every object below the id is durable.
//   Failure: of the source, as it is; cancelled; invalid_argument: options that are none, a pin that has ended; no_space, also of
//     memory; else as the Store. Some objects may be there: putting the same content again goes on from there. Doubt is of them
//     alone: nothing names them, so that `unchanged` is told of what a reader may see.
//   Crash: as a failure. The next collection takes what is not named.
// writer(pin, content_work) -> content_writer: the same for content that comes in pieces (content_writer.hpp).
// get(id, sink) -> size; get_range(id, offset, buffer) -> how many bytes; size(id) -> size; verify(id) -> size; walk(id, walker)
//   Success: each object on the way had its digest, before a byte of it was handed on. get_range fills the buffer with all that
//     there is from the offset on. verify is a get without a sink.
//   Failure: not_found and corrupt name the object: the root's, or another one's below; version_unsupported; too_large, of get
//     and verify: a content of more than size_max_bytes; of the sink, as it is. A copy that is altered is passed over where there
//     is another; where that one could not be read, it is told as the Store has it.
//   Memory: 8 MiB of chunks, or one that is larger, and a node for each level. What nodes say costs nothing until it is proved.
//
// Not promised: that an object which was there holds what its name says, where put met it: its size is looked at, scrub.hpp reads
//   it all. That another content_store in the same process knows what a call of this one failed over: a program has one for a
//   Store, for as long as it runs. That ids are equal between options that cut differently. That anybody who has an id may not
//   read its content.
//
// Threads: any number may call, each with a pin of its own.

#include <perdure/core/content_id.hpp>
#include <perdure/store/content_writer.hpp>
#include <perdure/store/detail/content_reader.hpp>

namespace perdure {
inline namespace v1 {

struct content_options {
  chunking chunks = {};
  fan_out nodes = {};
  std::size_t inline_max_bytes = std::size_t{16} << 10;  // up to 64 KiB
  std::size_t window_bytes = std::size_t{16} << 20;      // two chunks at least; three windows are in memory
  std::uint64_t size_max_bytes = UINT64_MAX;             // of a content that is read
  std::size_t known_max = std::size_t{1} << 20;          // objects that a pin remembers, of 48 to 96 bytes each

  [[nodiscard]] constexpr bool is_valid() const noexcept {
    return chunks.is_valid() && nodes.is_valid() && inline_max_bytes <= detail::node_inline_limit;
  }
};

template <Store S, Compressor C = no_compressor, Sync Threads = native_sync>
class content_store {
 public:
  using pin_type = content_pin<S>;
  using writer_type = content_writer<content_store>;

  explicit content_store(S& store, const content_options& options = {}, const C& compressor = {})
      : objects_(store, compressor), options_(options) {}

  [[nodiscard]] const content_options& options() const noexcept { return options_; }
  [[nodiscard]] S& store() const noexcept { return objects_.store(); }
  [[nodiscard]] result<pin_type> pin(bytes owner = {}) { return pin_type::take(store(), owner); }

  [[nodiscard]] result<stored_content> put(pin_type& pin, byte_source source, const content_work& how = {}) {
    writer_type all(*this, pin, how);
    return all.put(source);
  }
  [[nodiscard]] result<stored_content> put(pin_type& pin, bytes content, const content_work& how = {}) {
    const auto source = [&](mutable_bytes into) -> result<std::size_t> {
      const bytes piece = content.first(into.size());
      if (!piece.empty()) std::memcpy(into.data(), piece.data(), piece.size());
      content = content.from(piece.size());
      return piece.size();
    };
    return put(pin, byte_source(source), how);
  }
  [[nodiscard]] writer_type writer(pin_type& pin, const content_work& how = {}) { return writer_type(*this, pin, how); }

  [[nodiscard]] result<std::uint64_t> size(const content_id& id) {
    reader_type reader(objects_);
    return reader.open(id.root);
  }
  [[nodiscard]] result<std::uint64_t> get(const content_id& id, byte_sink sink, const content_work& how = {}) {
    reader_type reader(objects_);
    const auto size = reader.open(id.root);
    if (!size) return size;
    if (*size > options_.size_max_bytes) return detail::about_copy(failure(code::too_large, operation::get), {id.root, 0});
    PERDURE_TRY(reader.read(0, *size, sink, how));
    return size;
  }
  [[nodiscard]] result<std::size_t> get_range(const content_id& id, std::uint64_t offset, mutable_bytes into,
                                              const content_work& how = {}) {
    reader_type reader(objects_);
    const auto size = reader.open(id.root);
    if (!size) return size.error();
    std::size_t filled = 0;
    const auto fill = [&](bytes piece) -> result<void> {
      std::memcpy(into.data() + filled, piece.data(), piece.size());
      filled += piece.size();
      return {};
    };
    PERDURE_TRY(reader.read(offset, into.size(), fill, how));
    return filled;
  }
  [[nodiscard]] result<std::uint64_t> verify(const content_id& id, const content_work& how = {}) {
    return get(id, [](bytes) -> result<void> { return {}; }, how);
  }
  // Calls with the name of every object that the content consists of; one that occurs several times, several times.
  [[nodiscard]] result<void> walk(const content_id& id, object_walker walker) {
    reader_type reader(objects_);
    return reader.walk(id.root, walker);
  }
  // For scrub().
  [[nodiscard]] result<detail::copy_state> look_at(const detail::content_copy& copy, mutable_bytes room) {
    return objects_.look_at(copy, room);
  }

 private:
  static constexpr bool puts_at_once = requires(S& store, const put_item* items) { store.put_many(items, std::size_t{}); };
  using reader_type = detail::content_reader<detail::content_objects<S, C, Threads>>;
  template <class, class>
  friend class detail::content_ingest;

  [[nodiscard]] result<void> store_some(const detail::new_object* all, std::size_t count, detail::ingest_count& counted) {
    return objects_.store_some(all, count, counted);
  }

  detail::content_objects<S, C, Threads> objects_;
  content_options options_;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_CONTENT_STORE_HPP
