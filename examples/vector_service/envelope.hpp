// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_VECTOR_SERVICE_ENVELOPE_HPP
#define EXAMPLES_VECTOR_SERVICE_ENVELOPE_HPP

// envelope: the JSON in front of a graph, version 1. LHV1 has no checksum and no size of its body: this says both, and has a
// checksum of its own, so that a flipped bit anywhere, a body that was cut or has something behind it, and the file of another
// index under this name are seen.
//
//   {"body":{"bytes":96,"crc32c":"0a1b2c3d"},"crc32c":"...","dimension":4,"ef_construction":200,"m":16,"metadata":{...},
//    "metric":"l2","name":"a/b","version":1}
//
// A "mark" tells apart two saves of the same content (keeper.hpp). "crc32c" is that of the same text without this member. Every
// later version keeps "version" and "crc32c" as they are, so that a reader can tell a later version from damage.

#include <perdure/core/crc32c.hpp>
#include <perdure/ext/json_codec.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace vector_service {

using json = nlohmann::json;
using perdure::code;
using perdure::failure;
using perdure::operation;
using perdure::result;

// What is nested deeper than this is nothing that anybody meant, and would be written by a recursion as deep.
inline constexpr int json_depth_max = 32;

// Discarded where it is none, or is nested too deep.
inline json parse_json(const char* text, std::size_t size) {
  int depth = 0;
  bool inside_text = false;
  for (std::size_t i = 0; i < size; ++i) {
    if (inside_text) {
      if (text[i] == '\\')
        ++i;
      else if (text[i] == '"')
        inside_text = false;
    } else if (text[i] == '"') {
      inside_text = true;
    } else if (text[i] == '[' || text[i] == '{') {
      if (++depth > json_depth_max) return json::value_t::discarded;
    } else if (text[i] == ']' || text[i] == '}') {
      --depth;
    }
  }
  return json::parse(text, text + size, nullptr, false);
}

struct parameters {
  std::uint32_t dimension = 0;
  std::uint32_t m = 16;
  std::uint32_t ef_construction = 200;
  std::string metric = "l2";  // or "cosine"
  json metadata = json::object();
};

// Of what a client asks for, and of what an envelope says.
inline result<void> check(const parameters& of) {
  const auto wrong = [](const char* what) {
    return failure(code::invalid_argument, operation::none).about({what, std::strlen(what)});
  };
  if (of.dimension < 1 || of.dimension > 4096) return wrong("dimension: from 1 to 4096");
  if (of.m < 2 || of.m > 100) return wrong("m: from 2 to 100");
  if (of.ef_construction < 1 || of.ef_construction > 2000) return wrong("ef_construction: from 1 to 2000");
  if (of.metric != "l2" && of.metric != "cosine") return wrong("metric: l2 or cosine");
  if (!of.metadata.is_object() || !perdure::detail::json_keeps(of.metadata)) return wrong("metadata: an object");
  return {};
}

struct envelope {
  static constexpr std::uint32_t version_now = 1;

  std::string name;
  parameters of;
  std::uint64_t body_bytes = 0;
  std::uint32_t body_crc32c = 0;
  std::string mark;  // in the text where it is not empty
};

namespace detail {

inline std::string hex_of(std::uint32_t number) {
  char text[9];
  std::snprintf(text, sizeof(text), "%08x", number);
  return text;
}
inline failure damaged(enum code code, const std::string& what) {
  return failure(code, operation::read).about(perdure::bytes(what));
}

}  // namespace detail

inline std::string text_of(const envelope& one) {
  json all = {{"body", {{"bytes", one.body_bytes}, {"crc32c", detail::hex_of(one.body_crc32c)}}},
              {"dimension", one.of.dimension},
              {"ef_construction", one.of.ef_construction},
              {"m", one.of.m},
              {"metadata", one.of.metadata},
              {"metric", one.of.metric},
              {"name", one.name},
              {"version", envelope::version_now}};
  if (!one.mark.empty()) all["mark"] = one.mark;
  all["crc32c"] = detail::hex_of(perdure::crc32c(all.dump()));
  return all.dump();
}

// Failure: corrupt or version_unsupported, with the member that says so.
inline result<envelope> read_envelope(perdure::bytes text) {
  const char* const first = reinterpret_cast<const char*>(text.data());
  const json all = parse_json(first, text.size());
  if (!all.is_object()) return detail::damaged(code::corrupt, "envelope at byte 8: not an object of JSON");
  // What was written here is what dump() makes of it: a bit that JSON does not care for is seen, too.
  if (all.dump() != std::string(first, text.size()))
    return detail::damaged(code::corrupt, "envelope at byte 8: not as it was written");
  std::string told;
  PERDURE_TRY(perdure::json_member(all, "crc32c", told));
  json rest = all;
  rest.erase("crc32c");
  if (told != detail::hex_of(perdure::crc32c(rest.dump())))
    return detail::damaged(code::corrupt, "envelope at byte 8: its crc32c");
  std::uint64_t version = 0;
  PERDURE_TRY(perdure::json_member(all, "version", version));
  if (version > envelope::version_now)
    return detail::damaged(code::version_unsupported, "envelope at byte 8: version " + std::to_string(version));
  envelope one;
  PERDURE_TRY(perdure::json_member(all, "name", one.name));
  PERDURE_TRY(perdure::json_member(all, "dimension", one.of.dimension));
  PERDURE_TRY(perdure::json_member(all, "m", one.of.m));
  PERDURE_TRY(perdure::json_member(all, "ef_construction", one.of.ef_construction));
  PERDURE_TRY(perdure::json_member(all, "metric", one.of.metric));
  if (!all.contains("metadata") || !all.contains("body"))
    return detail::damaged(code::corrupt, "envelope at byte 8: a member is missing");
  one.of.metadata = all["metadata"];
  PERDURE_TRY(perdure::json_member(all["body"], "bytes", one.body_bytes));
  std::string body;
  PERDURE_TRY(perdure::json_member(all["body"], "crc32c", body));
  one.body_crc32c = static_cast<std::uint32_t>(std::strtoul(body.c_str(), nullptr, 16));
  if (body != detail::hex_of(one.body_crc32c)) return detail::damaged(code::corrupt, "envelope at byte 8: body.crc32c");
  if (const auto fine = check(one.of); !fine) return detail::damaged(code::corrupt, "envelope at byte 8: a parameter");
  return one;
}

// Is this the body that the envelope is of?
inline result<void> check_body(const envelope& one, std::uint64_t at, perdure::bytes body) {
  const std::string where = "body at byte " + std::to_string(at) + ": ";
  if (body.size() < one.body_bytes) return detail::damaged(code::corrupt, where + "too short");
  if (body.size() > one.body_bytes) return detail::damaged(code::corrupt, where + "too long");
  if (perdure::crc32c(body) != one.body_crc32c) return detail::damaged(code::corrupt, where + "crc32c");
  return {};
}

}  // namespace vector_service

#endif  // EXAMPLES_VECTOR_SERVICE_ENVELOPE_HPP
