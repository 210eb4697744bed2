// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_EXT_JSON_CODEC_HPP
#define PERDURE_EXT_JSON_CODEC_HPP

// json_codec<T>: a value as JSON, by nlohmann-json 3 (Debian: nlohmann-json3-dev). A Codec, for a manifest and for what is kept
// otherwise.
//
//   void to_json(nlohmann::json& to, const settings& from) { to = {{"volume", from.volume}, {"files", from.files}}; }
//   perdure::result<void> read_json(const nlohmann::json& from, settings& into) {
//     PERDURE_TRY(perdure::json_member(from, "volume", into.volume));
//     return perdure::json_member(from, "files", into.files);
//   }
//   perdure::manifest<settings, slot_type, perdure::json_codec<settings>> all(...);
//
// Both are found beside T. Without a read_json T's own from_json is used, which has no other way to refuse than an exception, so
// that this does not compile without exceptions. bool, numbers, strings, and containers of them, need neither.
//
// json_value(from, into) and json_member(from, name, into) read without exceptions and take nothing for what it is not: 300 is no
// std::uint8_t, 1 no bool, 1.5 no int, and what is not there is not 0. `into` is then anything, and the failure names the member.
//
// encode: what JSON cannot hold, and would come back as something else, is an invalid_argument: text that is not UTF-8, a number
//   that is infinite or none, bytes. So is an exception of to_json.
// decode: what is no JSON, or is not what read_json wants, is corrupt. So is an exception of from_json.
// Needs memory; to run out of it is no_space where that throws. Not promised: that text which was edited by hand comes back as it
// was (order, spaces, members that nobody reads); that of two members of one name both are seen.

#include <cmath>
#include <limits>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

#include <perdure/core/codec.hpp>
#include <perdure/store/key.hpp>

namespace perdure {
inline namespace v1 {

template <class J, class T>
[[nodiscard]] result<void> json_value(const J& from, T& into);

namespace detail {

// Whatever passes through here ends here.
template <class Work>
[[nodiscard]] result<void> json_guarded(enum code told, enum operation doing, Work&& work) {
#if defined(__cpp_exceptions)
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return failure(code::no_space, doing);
  } catch (...) {
    return failure(told, doing);
  }
#else
  (void)told, (void)doing;
  return work();
#endif
}

[[nodiscard]] inline failure not_that_json() noexcept { return failure(code::corrupt, operation::read); }

template <class T>
concept JsonMap = requires(T& map, typename T::key_type key, typename T::mapped_type value) {
  requires std::is_convertible_v<std::string, typename T::key_type>;
  map.emplace(std::move(key), std::move(value));
};
template <class T>
concept JsonList = requires(T& list, typename T::value_type value) { list.push_back(std::move(value)); };

template <class T, class J>
[[nodiscard]] result<void> json_integer(const J& from, T& into) noexcept {
  if (const auto* const positive = from.template get_ptr<const typename J::number_unsigned_t*>()) {
    if (*positive > static_cast<std::make_unsigned_t<T>>(std::numeric_limits<T>::max())) return not_that_json();
    into = static_cast<T>(*positive);
    return {};
  }
  const auto* const number = from.template get_ptr<const typename J::number_integer_t*>();
  if (number == nullptr) return not_that_json();
  if (*number < 0 ? !std::is_signed_v<T> || *number < static_cast<std::int64_t>(std::numeric_limits<T>::min())
                  : static_cast<std::uint64_t>(*number) > static_cast<std::uint64_t>(std::numeric_limits<T>::max()))
    return not_that_json();
  into = static_cast<T>(*number);
  return {};
}
template <class T, class J>
[[nodiscard]] result<void> json_list(const J& from, T& into) {
  if (!from.is_array()) return not_that_json();
  into.clear();
  for (const J& one : from) {
    typename T::value_type value{};
    PERDURE_TRY(json_value(one, value));
    into.push_back(std::move(value));
  }
  return {};
}
template <class T, class J>
[[nodiscard]] result<void> json_map(const J& from, T& into) {
  if (!from.is_object()) return not_that_json();
  into.clear();
  for (auto one = from.begin(); one != from.end(); ++one) {
    typename T::mapped_type value{};
    PERDURE_TRY(json_value(one.value(), value));
    into.emplace(one.key(), std::move(value));
  }
  return {};
}

// Would it come back as it is?
[[nodiscard]] inline bool is_json_text(const std::string& text) noexcept {
  const auto* const at = reinterpret_cast<const unsigned char*>(text.data());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = utf8_size(at + i, text.size() - i);
    if (size == 0) return false;
    i += size;
  }
  return true;
}
template <class J>
[[nodiscard]] bool json_keeps(const J& one) {
  if (const auto* const text = one.template get_ptr<const typename J::string_t*>()) return is_json_text(*text);
  if (const auto* const number = one.template get_ptr<const typename J::number_float_t*>()) return std::isfinite(*number);
  if (one.is_binary() || one.is_discarded()) return false;
  if (!one.is_structured()) return true;
  for (auto part = one.begin(); part != one.end(); ++part) {
    if (one.is_object() && !is_json_text(part.key())) return false;
    if (!json_keeps(part.value())) return false;
  }
  return true;
}

}  // namespace detail

template <class J, class T>
[[nodiscard]] result<void> json_value(const J& from, T& into) {
  if constexpr (requires { requires std::is_same_v<decltype(read_json(from, into)), result<void>>; }) {
    return read_json(from, into);
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!from.is_boolean()) return detail::not_that_json();
    into = *from.template get_ptr<const typename J::boolean_t*>();
    return {};
  } else if constexpr (std::is_integral_v<T>) {
    return detail::json_integer(from, into);
  } else if constexpr (std::is_floating_point_v<T>) {
    if (!from.is_number()) return detail::not_that_json();
    const auto wide = from.template get<double>();
    if (!(std::fabs(wide) <= static_cast<double>(std::numeric_limits<T>::max()))) return detail::not_that_json();
    into = static_cast<T>(wide);
    return {};
  } else if constexpr (std::is_same_v<T, typename J::string_t>) {
    if (!from.is_string()) return detail::not_that_json();
    into = *from.template get_ptr<const typename J::string_t*>();
    return {};
  } else if constexpr (detail::JsonMap<T>) {
    return detail::json_map(from, into);
  } else if constexpr (detail::JsonList<T>) {
    return detail::json_list(from, into);
  } else {
#if defined(__cpp_exceptions)
    from.get_to(into);
    return {};
#else
    static_assert(sizeof(T) == 0, "json_codec: without exceptions T needs a result<void> read_json(const json&, T&)");
#endif
  }
}

template <class J, class T>
[[nodiscard]] result<void> json_member(const J& from, const char* name, T& into) {
  const auto about = [&](const failure& why) { return why.about({name, std::strlen(name)}); };
  if (!from.is_object()) return about(detail::not_that_json());
  const auto member = from.find(name);
  if (member == from.end()) return about(detail::not_that_json());
  const auto done = json_value(*member, into);
  if (!done) return about(done.error());
  return {};
}

template <class T, class J = nlohmann::json>
struct json_codec {
  [[nodiscard]] result<void> encode(const T& value, byte_sink sink) const {
    typename J::string_t text;
    PERDURE_TRY(detail::json_guarded(code::invalid_argument, operation::write, [&]() -> result<void> {
      const J made = value;
      if (!detail::json_keeps(made)) return failure(code::invalid_argument, operation::write);
      text = made.dump();
      return {};
    }));
    return sink(text);
  }
  [[nodiscard]] result<T> decode(bytes from) const {
    T value{};
    PERDURE_TRY(detail::json_guarded(code::corrupt, operation::read, [&] {
      const auto* const text = reinterpret_cast<const char*>(from.data());
      const J parsed = J::parse(text, text + from.size(), nullptr, false);
      return parsed.is_discarded() ? result<void>(detail::not_that_json()) : json_value(parsed, value);
    }));
    return value;
  }
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_EXT_JSON_CODEC_HPP
