// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef TESTS_CRASH_CONTENTS_HPP
#define TESTS_CRASH_CONTENTS_HPP

// A writer of contents in the lab, and the store as it, a collector or a scrub would have it with one of their usual mistakes.

#include <perdure/store/content_store.hpp>
#include <perdure/testing/lab_sync.hpp>

#include <tests/crash/proof.hpp>

#include <map>

namespace tests {

enum class bug : std::uint8_t {
  none,
  no_pin,
  no_list,
  same_copy,
  one_look,
  no_hold,
  no_wait,      // of a scrub: nobody is waited for
  not_kept,     // what is altered is not put into quarantine
  looks_once,   // what an object held at the first look is believed at the second
  wrong_once,   // no bug of a scrub: the first reading of each object is not what it holds
  wrong_always  // nor can any scrub do without a reading that is right
};

// The store as a writer, a collector or a scrub with this bug would have it.
class flawed_store {
 public:
  using perdure_store = flawed_store;
  flawed_store(crash_store store, bug planted) : store_(std::move(store)), bug_(planted) {}

  result<object_info> get(key_view key, mutable_bytes into) {
    auto got = store_.get(meant(key), into);
    if (got && begins(key, "objects/")) misread(key, into, *got);
    return got;
  }
  result<range_info> get_range(key_view key, std::uint64_t at, mutable_bytes into) {
    return store_.get_range(meant(key), at, into);
  }
  result<object_info> head(key_view key) { return store_.head(meant(key)); }
  result<etag> put(key_view key, gather content, const precondition& when) {
    if (bug_ == bug::no_pin && begins(key, "pins/")) return etag();
    if (bug_ == bug::not_kept && begins(key, "quarantine/")) return etag();
    return store_.put(meant(key), content, when);
  }
  result<void> remove(key_view key) { return store_.remove(meant(key)); }
  result<listed> list(key_view prefix, key_view cursor, std::size_t limit, object_visitor visitor) {
    if (bug_ == bug::no_list && begins(prefix, "condemned/")) return listed::all;
    if (bug_ == bug::no_wait && begins(prefix, "pins/")) return listed::all;
    return store_.list(prefix, cursor, limit, visitor);
  }
  struct nonce nonce() { return store_.nonce(); }

 private:
  static bool begins(key_view key, const char* with) { return std::string(key.data(), key.size()).rfind(with, 0) == 0; }
  std::string meant(key_view key) const {
    const std::string text(key.data(), key.size());
    return bug_ == bug::same_copy && begins(key, "objects/") ? text.substr(0, text.find('.')) : text;
  }

  void misread(key_view key, mutable_bytes into, object_info& got) {
    const std::string name(key.data(), key.size());
    const bool is_first = read_.find(name) == read_.end();
    std::string& first = read_[name];
    if (is_first) first.assign(reinterpret_cast<const char*>(into.data()), got.size_bytes);
    if (bug_ == bug::looks_once) {
      std::memcpy(into.data(), first.data(), first.size());
      got.size_bytes = first.size();
    }
    if (bug_ == bug::wrong_always || (bug_ == bug::wrong_once && is_first)) into.data()[0] ^= std::byte{1};
  }

  crash_store store_;
  bug bug_;
  std::map<std::string, std::string> read_;
};

inline content_options tiny() {
  content_options options;
  options.chunks = {cut_by::size, 4, 4, 4};
  options.nodes = {2, 2, 4};
  options.inline_max_bytes = 8;
  options.window_bytes = 16;
  return options;
}
template <class S>
using lab_objects = content_store<S, no_compressor, lab_sync>;

template <class S>
result<content_id> head_in(S& store) {
  const auto text = read_text(store, "head");
  if (!text) return text.error();
  return parse_content_id(*text);
}
// Puts the content, and then its name as the head.
template <class S>
result<void> publish(lab_objects<S>& objects, const std::string& content, bug planted = bug::none) {
  S& store = objects.store();
  auto pin = objects.pin();
  if (!pin) return pin.error();
  const auto stored = objects.put(*pin, content);
  if (!stored) return stored.error();
  char text[content_id::text_size];
  if (planted != bug::no_hold) pin->hold();
  const auto done = store.put("head", to_text(stored->id, text), precondition::any);
  if (!done && done.error().doubt() != doubt::none) return done.error();
  (void)pin->end();
  return done ? result<void>() : done.error();
}
template <class S>
result<void> publish(S& store, const std::string& content, bug planted = bug::none) {
  lab_objects<S> objects(store, tiny());
  return publish(objects, content, planted);
}
// Whatever the head names is there, whole.
template <class S>
verdict whole(S& store) {
  const auto head = head_in(store);
  if (!head) return head.error().code() == code::not_found ? verdict(true) : verdict(head);
  lab_objects<S> objects(store, tiny());
  return verdict(objects.verify(*head));
}

}  // namespace tests

#endif  // TESTS_CRASH_CONTENTS_HPP
