// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_CONTENT_PIN_HPP
#define PERDURE_STORE_CONTENT_PIN_HPP

// content_pin: while it is there, content_gc deletes nothing that its holder may have met. Whoever puts content takes one first,
// puts, publishes the ids where the collector's roots are read, and ends it.
//
//   auto pin = objects.pin("indexer");
//   auto stored = objects.put(*pin, data);
//   pin->hold();                               // from here on the ids may be seen by somebody
//   auto published = slot.replace(...);
//   if (published || is known not to have happened) pin->end();
//
// Effects: taking one puts a durable object, and then reads which copies are condemned: those count as absent for this holder.
//   What it has put or found, it knows, and does not ask for again. The destructor ends a pin that is not held; one that is held
//   stays in the store until end(), or until somebody who knows better ends it with end_pin().
// Success of end(): the pin is gone, durably. Failure: as the Store; the pin may be there, and hinders a collector, which is
//   all that it can do. It protects nothing any more, unless the failure has doubt none: who puts with it is told
//   invalid_argument.
// Crash: a pin stays, and so does every object that was put.
// Not promised: that a pin ends by itself. A pin of a process that died may have published something that is only now on its
//   way: whoever ends it says that this is not so.
//
// A pin is used by one call at a time. It refers to the Store, which must outlive it.

#include <perdure/store/detail/condemned_list.hpp>
#include <perdure/store/detail/digest_set.hpp>

namespace perdure {
inline namespace v1 {

template <Store S>
class content_pin {
 public:
  static constexpr std::size_t owner_size_max = 256;

  // `owner` is kept for people who wonder whose it is.
  [[nodiscard]] static result<content_pin> take(S& store, bytes owner) {
    if (owner.size() > owner_size_max) return failure(code::too_large, operation::put);
    content_pin pin(store);
    const auto put = store.put(pin.key_, owner, precondition::any);
    if (!put) {
      pin.is_there_ = put.error().doubt() != doubt::none;
      return put.error();
    }
    // Not before: a list that is not seen here belongs to a collector that will see the pin. And twice: on some volumes (btrfs) a
    // listing leaves out a name that is replaced meanwhile, as that of a list is when deleting begins. It is seen then the second
    // time; or is given up by that, and nothing is deleted by it any more.
    for (int look = 0; look < 2; ++look) PERDURE_TRY(pin.read_condemned_copies());
    return pin;
  }
  content_pin(content_pin&& other) noexcept
      : store_(other.store_),
        key_(other.key_),
        condemned_(detail::moved(other.condemned_)),
        known_(detail::moved(other.known_)),
        writers_(other.writers_),
        unfinished_(other.unfinished_),
        is_there_(detail::exchanged(other.is_there_, false)),
        is_held_(other.is_held_),
        protects_(detail::exchanged(other.protects_, false)) {}
  content_pin& operator=(content_pin&&) = delete;
  ~content_pin() {
    if (is_there_ && !is_held_) (void)store_->remove(key_);
  }

  // Under which it is kept.
  [[nodiscard]] key_view key() const noexcept { return key_; }
  void hold() noexcept { is_held_ = true; }
  [[nodiscard]] result<void> end() {
    if (!is_there_) return {};
    const auto removed = store_->remove(key_);
    if (removed || removed.error().doubt() != doubt::none) protects_ = false;
    is_there_ = !removed;
    return removed;
  }

  // For content_store.
  [[nodiscard]] result<void> check() const noexcept {
    if (protects_) return {};
    return failure(code::invalid_argument, operation::put).about({key_.data(), key_.size()});
  }
  [[nodiscard]] detail::content_copy copy_of(const digest& of) const noexcept {
    detail::content_copy copy{of, 0};
    while (condemned_.has(mixed(copy))) ++copy.generation;
    return copy;
  }
  [[nodiscard]] std::uint64_t next_writer() noexcept { return ++writers_; }
  // What one writer has named it may have yet to put, or never will, also because it failed: to another one it is not known.
  [[nodiscard]] detail::digest_set& known_to(std::uint64_t writer) noexcept {
    if (unfinished_ != 0 && unfinished_ != writer) known_.clear();
    unfinished_ = writer;
    return known_;
  }
  // What it has named is there.
  void finished(std::uint64_t writer) noexcept {
    if (unfinished_ == writer) unfinished_ = 0;
  }

 private:
  explicit content_pin(S& store) : store_(&store), key_(detail::key_of(detail::pins_prefix, store.nonce())) {}

  // One name for both parts of a copy's.
  [[nodiscard]] static digest mixed(const detail::content_copy& copy) noexcept {
    digest name = copy.of;
    for (int i = 0; i < 4; ++i) name.bytes[28 + i] ^= static_cast<std::byte>(copy.generation >> (8 * i));
    return name;
  }
  [[nodiscard]] result<void> read_condemned_copies() {
    return detail::each_key(*store_, detail::condemned_prefix, [&](const listed_object& one) -> result<void> {
      if (!detail::parse_nonce(detail::condemned_prefix, one.key)) return {};  // none of ours
      const auto read = detail::read_condemned(*store_, one.key);
      // A list goes when all that it named is gone, and nothing that was sent is on its way.
      if (!read) return read.error().code() == code::not_found ? result<void>() : read.error();
      if (read->list.stage == detail::condemned_stage::given_up) return {};
      for (std::size_t i = 0; i < read->list.copies.size(); ++i) {
        if (condemned_.add(mixed(read->list.copy(i))) == detail::added::no_memory) return detail::no_memory();
      }
      return {};
    });
  }

  S* store_;
  detail::content_key key_;
  detail::digest_set condemned_;
  detail::digest_set known_;
  std::uint64_t writers_ = 0;
  std::uint64_t unfinished_ = 0;  // by this one of them what is known was named, and may not be there yet; 0: all of it is
  bool is_there_ = true;
  bool is_held_ = false;
  bool protects_ = true;  // it is there, for all that is known
};

// Of somebody else, by the key under which it is kept: see above what that says.
template <Store S>
[[nodiscard]] result<void> end_pin(S& store, key_view key) {
  if (!detail::parse_nonce(detail::pins_prefix, key)) return failure(code::invalid_argument, operation::remove_object);
  return store.remove(key);
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_CONTENT_PIN_HPP
