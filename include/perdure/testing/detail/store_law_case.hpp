// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_STORE_LAW_CASE_HPP
#define PERDURE_TESTING_DETAIL_STORE_LAW_CASE_HPP

// store_law_case: one law of Store being checked, and what helps to say it in few words.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <perdure/store/read_object.hpp>
#include <perdure/store/store_optional.hpp>
#include <perdure/testing/detail/law_check.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

inline constexpr std::size_t scratch_size_max = 128;

// With the model, and the law's own prefix.
template <Store S>
struct store_law_case : law_check {
  S& store;
  std::string prefix;

  store_law_case(S& model, std::string own_prefix) : store(model), prefix(std::move(own_prefix)) {}

  [[nodiscard]] std::string operator/(const std::string& name) const { return prefix + name; }

  bool put(const std::string& name, const std::string& content) {
    return succeeds(store.put(*this / name, content, precondition::any), "put " + name);
  }
  [[nodiscard]] std::string get(const std::string& name) {
    std::string text;
    const auto got = read_object(store, *this / name, text, 1 << 24);
    return got ? text : got.error().code() == code::not_found ? "(none)" : "(" + std::string(describe(got.error())) + ")";
  }
  // The version that is there now.
  [[nodiscard]] etag version(const std::string& name) {
    std::string text;
    const auto got = read_object(store, *this / name, text, 1 << 24);
    if (!succeeds(got, "get " + name)) return {};
    expect(!got->etag.empty(), "a get tells an etag");
    return got->etag;
  }
  // A put that did not happen because of its precondition.
  bool loses(const result<etag>& put, enum code code, const std::string& what) {
    return fails(put, code, what) && expect(put.error().doubt() == doubt::none, what + ": it is in doubt") &&
           expect(is_lost(put.error()), what + ": of which operation?");
  }
  // All keys with this prefix, page after page, in the order in which they came.
  [[nodiscard]] std::vector<std::string> keys(const std::string& begin, std::size_t limit = 1000) {
    std::vector<std::string> all;
    std::string cursor;
    for (;;) {
      const std::size_t before = all.size();
      const auto shown = store.list(*this / begin, cursor, limit, [&](const listed_object& one) {
        all.emplace_back(one.key.data(), one.key.size());
        return visit::go_on;
      });
      if (!succeeds(shown, "list")) return all;
      expect(all.size() - before <= limit, "S10: a page of more than the limit");
      if (*shown == listed::all) return all;
      if (!expect(all.size() > before, "S10: a page that says more and shows nothing") || all.size() > 100'000) return all;
      cursor = all.back();
    }
  }
  [[nodiscard]] std::vector<std::string> names(const std::string& begin = "", std::size_t limit = 1000) {
    std::vector<std::string> all = keys(begin, limit);
    for (std::string& key : all) key = key.compare(0, prefix.size(), prefix) == 0 ? key.substr(prefix.size()) : "(" + key + ")";
    return all;
  }
};

template <Store S>
struct store_law {
  const char* name;
  std::function<void(store_law_case<S>&)> check;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_STORE_LAW_CASE_HPP
