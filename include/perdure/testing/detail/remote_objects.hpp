// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_REMOTE_OBJECTS_HPP
#define PERDURE_TESTING_DETAIL_REMOTE_OBJECTS_HPP

// remote_objects: what is in a store that some other machine keeps, and the requests that are still on their way to it. Copies
// share the objects until one of them changes. An etag is a digest of the bytes: it comes back when they do.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <perdure/store/store_types.hpp>
#include <perdure/testing/detail/disk_quoted.hpp>
#include <perdure/testing/detail/lab_hash.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

// A put or a remove, as it was sent.
struct sent_request {
  enum operation operation = operation::put;
  std::string key;
  std::string content;
  precondition when = precondition::any;
  std::uint64_t passes = 0;  // how many calls that concern the key it lets pass before it may arrive

  [[nodiscard]] std::string text() const {
    if (operation == operation::remove_object) return "remove " + key + " from the store";
    std::string all = "put " + key + ": " + detail::quoted(content);
    if (when.is_absent()) all += ", if absent";
    if (!when.is_any() && !when.is_absent()) all += ", if it matches " + told(when.version());
    return all;
  }
  [[nodiscard]] std::uint64_t hash() const noexcept {
    const bytes version = when.version().view();
    std::uint64_t all = mixed(hash_of(key.data(), key.size()), hash_of(content.data(), content.size()));
    all = mixed(all, hash_of(version.data(), version.size()) + (when.is_absent() ? 1 : 0));
    return mixed(all, passes << 8 | static_cast<std::uint64_t>(operation));
  }
  [[nodiscard]] static std::string told(const etag& version) {
    const bytes text = version.view();
    return {reinterpret_cast<const char*>(text.data()), text.size()};
  }
};

[[nodiscard]] inline std::string all_of(gather content) {
  std::string all;
  for (const bytes& part : content) all.append(reinterpret_cast<const char*>(part.data()), part.size());
  return all;
}

class remote_objects {
 public:
  using object_map = std::map<std::string, std::string, std::less<>>;

  std::vector<sent_request> flying;

  [[nodiscard]] const object_map& all() const noexcept {
    static const object_map none;
    return objects_ ? *objects_ : none;
  }
  [[nodiscard]] bool was_used() const noexcept { return objects_ || !flying.empty(); }
  [[nodiscard]] const std::string* find(key_view key) const {
    const auto at = all().find(std::string_view(key.data(), key.size()));
    return at == all().end() ? nullptr : &at->second;
  }
  [[nodiscard]] static etag version_of(const std::string& content) noexcept {
    char text[8];
    std::uint64_t hash = hash_of(content.data(), content.size());
    for (char& digit : text) {
      digit = "0123456789abcdefghijklmnopqrstuv"[hash & 31];
      hash >>= 5;
    }
    return *etag::of(bytes(text, sizeof(text)));
  }

  // It takes effect now, or not.
  result<etag> apply(const sent_request& one) {
    const std::string* const there = find(one.key);
    if (one.operation == operation::remove_object) {
      if (there != nullptr) own().erase(own().find(one.key));
      return etag();
    }
    const auto no = [&](enum code code, std::int32_t http) { return failure(code, operation::put, http).about(one.key); };
    if (one.when.is_absent() && there != nullptr) return no(code::already_exists, 412);
    if (!one.when.is_any() && !one.when.is_absent()) {
      if (there == nullptr) return no(code::not_found, 404);
      if (!(version_of(*there) == one.when.version())) return no(code::conflict, 412);
    }
    own()[one.key] = one.content;
    return version_of(one.content);
  }

  [[nodiscard]] std::uint64_t hash() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& [key, content] : all())
      sum = mixed(sum, mixed(hash_of(key.data(), key.size()), hash_of(content.data(), content.size())));
    for (const sent_request& one : flying) sum = mixed(sum, one.hash() + 1);
    return sum;
  }

  // For people: one line for each object and request.
  [[nodiscard]] std::string text(const std::string& indent) const {
    std::string lines;
    for (const auto& [key, content] : all()) lines += indent + key + "  " + detail::quoted(content) + "\n";
    for (const sent_request& one : flying) lines += indent + "(on its way: " + one.text() + ")\n";
    return lines.empty() ? indent + "(nothing)\n" : lines;
  }

 private:
  [[nodiscard]] object_map& own() {
    if (!objects_) objects_ = std::make_shared<object_map>();
    if (objects_.use_count() > 1) objects_ = std::make_shared<object_map>(*objects_);
    return *objects_;
  }

  std::shared_ptr<object_map> objects_;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_REMOTE_OBJECTS_HPP
