// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_SLOT_HPP
#define PERDURE_MANIFEST_SLOT_HPP

// Slot: a place for one value, which is replaced whole. Heads, manifests, ledgers and locks are all values in slots: a file
// (file_slot), versions under a pointer (versioned_slot), two regions written in turn (twin_slot), an object (object_slot).
//
// A model is written against the laws below; testing/slot_laws.hpp checks those that a running program can see, the crash lab
// those that only a power cut shows. "Survives" means: a power cut or a crash of the system at any later moment, followed by a
// restart, shows it, or the value of a later `replace`.
//
// The laws
//  S1  Whole. `load` and `observe` show the bytes of one `replace`, all of them and no others, or nothing where there was none
//      yet.
//  S2  Done is durable. After `replace` succeeded its value survives.
//  S3  Compare and swap. `replace(expected, value)` installs the value only where what is there is what `expected` names; else it
//      fails with conflict and changes nothing. Of any callers that expect the same one, in any thread, process or machine that
//      the slot spans, one at most succeeds. A model that cannot keep others out is unsupported, unless its user declares to be
//      the only writer.
//  S4  Opening settles the past. What `load` showed survives: also where whoever wrote it was killed before it was durable, or
//      was told that a sync had failed. What could not be made durable is a failure of `load`.
//  S5  Honest outcomes. A `replace` that failed with doubt `none` changed nothing that anybody can see, now or after a crash.
//      With doubt `visible` or `durable` its value may be there, and may be lost again.
//  S6  A doubt ends with a load. After a `replace` failed in doubt, each further one through this slot fails with conflict, until
//      a `load` succeeded; and that says what became of it (slot_value::earlier). Where the model can, others are kept out so
//      long.
//  S7  A token names a value. Two equal tokens of one slot name equal bytes; the default one names that there is nothing. A token
//      of an earlier value may come back only with the same bytes.
//  S8  Looking changes nothing. `observe` takes no lock, waits for nobody and writes nothing. What it shows is visible, and need
//      not be durable.
//  S9  Damage is not absence. What is there and cannot be read whole is corrupt or io, never nothing, and no older value is
//      shown in its place unless the user asked for that.
//  S10 A value of no bytes is a value. One over the limit of the slot is too_large, and changes nothing.
//
// Threads: one slot object is used by one thread at a time. Several objects for one place may be used by several, and by several
// processes, as S3 has it.
//
// Required
//   S::token                              trivially copyable, with ==
//   load(slot_room) -> slot_value         for who will write, delete or answer on the strength of it (S4)
//   observe(slot_room) -> slot_value      for who will not (S8)
//   replace(token, bytes) -> token        of the new value
// The room is asked once it is known how many bytes there are; it answers with as much memory or more, or with the failure that
// the caller then gets. A model may ask more than once, and uses what it was given last.
//
// Not promised: that a value that was never loaded is durable; an order among callers who race; anything against a writer who
// does not go through a slot.

#include <perdure/core/function_ref.hpp>
#include <perdure/core/result.hpp>

namespace perdure {
inline namespace v1 {

using slot_room = function_ref<result<mutable_bytes>(std::uint64_t size_bytes)>;

// What became of a `replace` of this slot object that had failed in doubt.
enum class earlier : std::uint8_t {
  nothing,        // there was none
  took_effect,    // its value was installed; it, or one that replaced it since, is what is here
  had_no_effect,  // it is gone for good
  untold,         // it is over, but nobody can tell: too many others have written since
};

template <class Token>
struct slot_value {
  Token token = {};
  bytes value = {};  // in the room that was given
  enum earlier earlier = earlier::nothing;

  [[nodiscard]] bool exists() const noexcept { return !(token == Token{}); }
};

namespace detail {

template <class T>
concept HasToken = requires(const typename T::token& a) {
  requires is_trivially_copyable<typename T::token>;
  requires is_constructible<typename T::token>;
  { a == a } -> same_as<bool>;
};
template <class S>
concept HasLoad = requires(S& slot, slot_room room) {
  { slot.load(room) } -> same_as<result<slot_value<typename S::token>>>;
};
template <class S>
concept HasObserve = requires(S& slot, slot_room room) {
  { slot.observe(room) } -> same_as<result<slot_value<typename S::token>>>;
};
template <class S>
concept HasReplace = requires(S& slot, const typename S::token& expected, bytes value) {
  { slot.replace(expected, value) } -> same_as<result<typename S::token>>;
};

}  // namespace detail

// A model says that it keeps the laws: `using perdure_slot = my_slot;`. What derives from one has to say so again.
template <class S>
concept Slot = detail::same_as<typename S::perdure_slot, S> && detail::HasToken<S> && detail::HasLoad<S> &&
               detail::HasObserve<S> && detail::HasReplace<S>;

// Rooms of the usual kinds: memory that is there, and a container that grows as far as it may.
class fixed_room {
 public:
  explicit fixed_room(mutable_bytes memory) noexcept : memory_(memory) {}
  [[nodiscard]] result<mutable_bytes> operator()(std::uint64_t size_bytes) const noexcept {
    if (size_bytes > memory_.size()) return failure(code::too_large, operation::read);
    return memory_;
  }

 private:
  mutable_bytes memory_;
};

template <class C>
  requires(detail::mutable_byte_range<C> && requires(C& container, std::size_t size) { container.resize(size); })
class growing_room {
 public:
  growing_room(C& container, std::uint64_t size_bytes_max) noexcept : container_(container), size_bytes_max_(size_bytes_max) {}
  [[nodiscard]] result<mutable_bytes> operator()(std::uint64_t size_bytes) const {
    if (size_bytes > size_bytes_max_ || size_bytes > SIZE_MAX) return failure(code::too_large, operation::read);
    container_.resize(static_cast<std::size_t>(size_bytes));
    return mutable_bytes(container_);
  }

 private:
  C& container_;
  std::uint64_t size_bytes_max_;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_SLOT_HPP
