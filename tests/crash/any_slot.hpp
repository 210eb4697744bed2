// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef TESTS_CRASH_ANY_SLOT_HPP
#define TESTS_CRASH_ANY_SLOT_HPP

// any_slot: the kinds of slots behind one type, so that what is proved of all of them is compiled once.

#include <perdure/manifest/file_blocks.hpp>
#include <perdure/manifest/file_slot.hpp>
#include <perdure/manifest/twin_slot.hpp>
#include <perdure/manifest/versioned_slot.hpp>
#include <perdure/testing/crash_fs.hpp>

#include <cstring>
#include <memory>
#include <string>

namespace tests {

using namespace perdure;
using namespace perdure::testing;

enum class slot_kind : std::uint8_t { file, versioned, twin };
inline constexpr slot_kind slot_kinds[] = {slot_kind::file, slot_kind::versioned, slot_kind::twin};
inline const char* name_of(slot_kind kind) {
  return kind == slot_kind::file ? "file_slot" : kind == slot_kind::versioned ? "versioned_slot" : "twin_slot";
}

class any_slot {
 public:
  using perdure_slot = any_slot;
  struct token {
    std::byte of_kind[48] = {};  // zeros: of nothing
    friend bool operator==(const token&, const token&) = default;
  };

  // At "value": a file, or the directory of the versions, which has to be there.
  any_slot(slot_kind kind, crash_fs& fs, manual_clock& clock, writers who) {
    if (kind == slot_kind::file) slot_ = std::make_unique<kept<file_slot<crash_fs, manual_clock>>>(fs, clock, who);
    if (kind == slot_kind::versioned) slot_ = std::make_unique<kept<versioned_slot<crash_fs, manual_clock>>>(fs, clock, who);
    if (kind == slot_kind::twin) slot_ = std::make_unique<kept<twin_slot<file_blocks<crash_fs>>>>(fs, clock, who);
  }

  [[nodiscard]] result<slot_value<token>> load(slot_room room) { return slot_->load(room); }
  [[nodiscard]] result<slot_value<token>> observe(slot_room room) { return slot_->observe(room); }
  [[nodiscard]] result<token> replace(const token& expected, bytes value) { return slot_->replace(expected, value); }

 private:
  struct any {
    any() = default;
    any(const any&) = delete;
    any& operator=(const any&) = delete;
    virtual ~any() = default;
    virtual result<slot_value<token>> load(slot_room room) = 0;
    virtual result<slot_value<token>> observe(slot_room room) = 0;
    virtual result<token> replace(const token& expected, bytes value) = 0;
  };

  // Field by field: what lies between them is not a part of a token.
  static token packed(const file_slot<crash_fs, manual_clock>::token& from) {
    token to;
    to.of_kind[0] = static_cast<std::byte>(from.exists ? 1 : 0);
    std::memcpy(to.of_kind + 1, from.of.bytes, sizeof(from.of.bytes));
    return to;
  }
  static token packed(const versioned_slot<crash_fs, manual_clock>::token& from) {
    token to;
    std::memcpy(to.of_kind, &from.number, sizeof(from.number));
    std::memcpy(to.of_kind + sizeof(from.number), from.of.bytes, sizeof(from.of.bytes));
    return to;
  }
  static token packed(const twin_slot<file_blocks<crash_fs>>::token& from) {
    token to;
    std::memcpy(to.of_kind, &from.number, sizeof(from.number));
    std::memcpy(to.of_kind + sizeof(from.number), &from.checksum, sizeof(from.checksum));
    return to;
  }
  static void unpack(const token& from, file_slot<crash_fs, manual_clock>::token& to) {
    to.exists = from.of_kind[0] != std::byte{0};
    std::memcpy(to.of.bytes, from.of_kind + 1, sizeof(to.of.bytes));
  }
  static void unpack(const token& from, versioned_slot<crash_fs, manual_clock>::token& to) {
    std::memcpy(&to.number, from.of_kind, sizeof(to.number));
    std::memcpy(to.of.bytes, from.of_kind + sizeof(to.number), sizeof(to.of.bytes));
  }
  static void unpack(const token& from, twin_slot<file_blocks<crash_fs>>::token& to) {
    std::memcpy(&to.number, from.of_kind, sizeof(to.number));
    std::memcpy(&to.checksum, from.of_kind + sizeof(to.number), sizeof(to.checksum));
  }

  template <class S>
  struct place {
    template <class Options>
    place(crash_fs& fs, manual_clock& clock, const Options& options) : slot(fs, "value", clock, options) {}
    S slot;
  };
  template <class D>
  struct place<twin_slot<D>> {
    place(crash_fs& fs, manual_clock&, const file_blocks_options& options) : device(fs, "value", options), slot(device) {}
    D device;
    twin_slot<D> slot;
  };
  static file_slot_options options_for(const file_slot<crash_fs, manual_clock>*, writers who) { return {.writers = who}; }
  static versioned_slot_options options_for(const versioned_slot<crash_fs, manual_clock>*, writers who) {
    return {.keep = 1, .writers = who};
  }
  static file_blocks_options options_for(const twin_slot<file_blocks<crash_fs>>*, writers who) {
    return {.region_size_bytes = 4096, .writers = who};
  }

  template <class S>
  struct kept : any {
    kept(crash_fs& fs, manual_clock& clock, writers who) : in(fs, clock, options_for(static_cast<S*>(nullptr), who)) {}
    static result<slot_value<token>> told(const result<slot_value<typename S::token>>& now) {
      if (!now) return now.error();
      return slot_value<token>{packed(now->token), now->value, now->earlier};
    }
    result<slot_value<token>> load(slot_room room) override { return told(in.slot.load(room)); }
    result<slot_value<token>> observe(slot_room room) override { return told(in.slot.observe(room)); }
    result<token> replace(const token& expected, bytes value) override {
      typename S::token of_kind;
      unpack(expected, of_kind);
      const auto next = in.slot.replace(of_kind, value);
      if (!next) return next.error();
      return packed(*next);
    }
    place<S> in;
  };

  std::unique_ptr<any> slot_;
};
static_assert(Slot<any_slot>);

// What a process finds that starts, or that only looks; nothing is an empty text.
inline result<std::string> loaded(slot_kind kind, crash_fs& fs, manual_clock& clock) {
  any_slot one(kind, fs, clock, writers::only_this);
  std::string found;
  const auto now = one.load(growing_room(found, 10'000));
  if (!now) return now.error();
  return now->exists() ? found : std::string();
}
inline result<std::string> observed(slot_kind kind, crash_fs& fs, manual_clock& clock) {
  any_slot one(kind, fs, clock, writers::only_this);
  std::string found;
  const auto now = one.observe(growing_room(found, 10'000));
  if (!now) return now.error();
  return now->exists() ? found : std::string();
}

}  // namespace tests

#endif  // TESTS_CRASH_ANY_SLOT_HPP
