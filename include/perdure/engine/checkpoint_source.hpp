// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_CHECKPOINT_SOURCE_HPP
#define PERDURE_ENGINE_CHECKPOINT_SOURCE_HPP

// CheckpointSource: an engine that keeps itself in files, and can be captured while it runs (create_checkpoint.hpp).
//
// The laws
//  C1  A watermark is lowest-excluded. Every record with a number below what visible_watermark() returns is visible by then; a
//      flush that begins later puts it into files. It never goes back.
//  C2  A flush drops nothing that who reads the source, of an earlier version, still needs. After it succeeded, the version that
//      a later pin names, or its metadata, has what was visible when it began.
//  C3  While the result of hold_deletions() lives, no file that a pin names goes. A version is published before the deletes of
//      what it does without reach the pause, under a mutex that pin() takes, too.
//  C4  What a pin names is durable: the files with their sizes and names. Of an `immutable` one no byte is ever changed again,
//      under any of its names; of a `growing` one the first size_bytes are not.
//  C5  A pin is one version, for as long as it lives, whatever the engine does meanwhile: each call tells the same again. Its
//      files and its metadata, under the names that it gives them, and its `current`, are an engine that opens; without the
//      `current` the engine does not open, and takes nothing for new where there are files.
//  C6  Names in a checkpoint are relative, of one component or two; no two are equal. Levels on several Fs come to lie in one
//      directory.
//  C7  What waits for deletion when a process dies are orphans, and opening removes them.
//
// Threads: all of it may be called from any thread, beside whatever else the engine does. A pin is used by one at a time.
//
// Conformance is declared: `using perdure_checkpoint_source = X;` in class X.
//
// Required
//   visible_watermark() -> std::uint64_t
//   hold_deletions() -> result<G>       G's destructor lets them go; see deletion_pause.hpp
//   flush() -> result<void>
//   pin() -> result<P>
// and of a pin, whose destructor unpins
//   version() -> std::uint64_t
//   for_each_file(visit) -> result<void>       calls visit(fs, const pinned_file&) -> result<void> with each file and the Fs it
//                                              lives on, which may be of several types: so it is a template; stops at the first
//                                              failure, and returns it
//   for_each_metadata(visit) -> result<void>   the same with visit(path_view to, bytes content): what is written anew
//   current() -> checkpoint_current            the name and the content of what makes it an engine. Valid as long as the pin

#include <perdure/core/sha256.hpp>
#include <perdure/fs/fs.hpp>

namespace perdure {
inline namespace v1 {

enum class pinned : std::uint8_t {
  immutable,  // may be shared by a link
  growing,    // is appended to: a copy of what it has now
};

struct pinned_file {
  path_view from;  // in its Fs
  path_view to;    // in the checkpoint
  std::uint64_t size_bytes = 0;
  enum pinned pinned = pinned::immutable;
  const digest* of = nullptr;  // SHA-256 of those bytes, where the engine knows it
};

struct checkpoint_current {
  path_view name;  // one component
  bytes content;
};

namespace detail {

// Any visitor of files: the Fs of a source are of whatever types it has.
struct file_visitor {
  template <Fs F>
  result<void> operator()(F&, const pinned_file&) const {
    return {};
  }
};
struct metadata_visitor {
  result<void> operator()(path_view, bytes) const { return {}; }
};

template <class P>
concept HasPinVersion = requires(P& pin) {
  { pin.version() } -> same_as<std::uint64_t>;
};
template <class P>
concept HasForEachFile = requires(P& pin, const file_visitor& visit) {
  { pin.for_each_file(visit) } -> results_in<void>;
};
template <class P>
concept HasForEachMetadata = requires(P& pin, const metadata_visitor& visit) {
  { pin.for_each_metadata(visit) } -> results_in<void>;
};
template <class P>
concept HasCurrent = requires(P& pin) {
  { pin.current() } -> same_as<checkpoint_current>;
};
template <class P>
concept Pin = HasPinVersion<P> && HasForEachFile<P> && HasForEachMetadata<P> && HasCurrent<P>;

template <class E>
concept HasVisibleWatermark = requires(E& engine) {
  { engine.visible_watermark() } -> same_as<std::uint64_t>;
};
template <class E>
concept HasHoldDeletions = requires(E& engine) {
  engine.hold_deletions();
  requires is_result<decltype(engine.hold_deletions())>;
};
template <class E>
concept HasFlush = requires(E& engine) {
  { engine.flush() } -> results_in<void>;
};
template <class E>
concept HasPin = requires(E& engine) {
  engine.pin();
  requires is_result<decltype(engine.pin())>;
  requires Pin<typename decltype(engine.pin())::value_type>;
};
// Conformance is declared, with the class's own name, so that what derives from a model is not one by accident.
template <class E>
concept DeclaresCheckpointSource =
    requires { typename E::perdure_checkpoint_source; } && same_as<typename E::perdure_checkpoint_source, remove_cv<E>>;

}  // namespace detail

template <class E>
concept CheckpointSource = detail::DeclaresCheckpointSource<E> && detail::HasVisibleWatermark<E> && detail::HasHoldDeletions<E> &&
                           detail::HasFlush<E> && detail::HasPin<E>;

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_CHECKPOINT_SOURCE_HPP
