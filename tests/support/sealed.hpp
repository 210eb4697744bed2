// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_SUPPORT_SEALED_HPP
#define PERDURE_TESTS_SUPPORT_SEALED_HPP

// Sealed files as strings, written and read in every way there is.

#include <perdure/core/sealed_reader.hpp>
#include <perdure/core/sealed_view.hpp>
#include <perdure/core/sealed_writer.hpp>

#include <string>
#include <utility>
#include <vector>

namespace tests {

using sections = std::vector<std::pair<std::string, std::string>>;

inline std::string text_of(perdure::bytes view) { return {reinterpret_cast<const char*>(view.data()), view.size()}; }
inline std::string told(const perdure::failure& why) {
  return std::to_string(static_cast<int>(why.code())) + ": " + text_of(why.path());
}
inline std::string told(enum perdure::code code, const std::string& what) {
  return std::to_string(static_cast<int>(code)) + ": " + what;
}

// With the sizes announced, or patched in afterwards.
inline std::string sealed(const perdure::sealed_format& format, const sections& all, bool announced = true) {
  perdure::sealed_writer frame(format);
  std::string file = text_of(*frame.head());
  for (const auto& [name, data] : all) {
    file += text_of(*(announced ? frame.begin(name, data.size()) : frame.begin(name)));
    const std::size_t half = data.size() / 2;
    if (!frame.add(data.substr(0, half)) || !frame.add(data.substr(half))) return "a piece was refused";
    file += data + text_of(*frame.end());
    const auto patch = frame.patch();
    if (!patch.content.empty())
      file.replace(static_cast<std::size_t>(patch.offset), patch.content.size(), text_of(patch.content));
  }
  file += text_of(*frame.seal());
  return frame.size_bytes() == file.size() ? file : "its size is wrong";
}

struct unsealed {
  sections all;
  std::string refusal;
  perdure::failure why{perdure::code::io, perdure::operation::none};
};

inline unsealed read_in_place(const std::string& file, const perdure::sealed_reading& how) {
  unsealed found;
  const auto view = perdure::sealed_view::open(file, how);
  if (!view) {
    found.why = view.error();
    found.refusal = told(view.error());
    return found;
  }
  for (const auto& section : *view) {
    const auto checked = section.check();
    if (!checked) found.why = checked.error(), found.refusal = told(checked.error());
    found.all.emplace_back(text_of(section.name), text_of(section.data));
  }
  return found;
}

// In pieces of this size, the last one excepted.
inline unsealed read_in_pieces(const std::string& file, const perdure::sealed_reading& how, std::size_t piece_size) {
  unsealed found;
  perdure::sealed_reader reader(how);
  const auto refused = [&](const perdure::failure& why) {
    found.why = why;
    found.refusal = told(why);
    return found;
  };
  for (std::size_t at = 0; at < file.size(); at += piece_size) {
    const std::string copy = file.substr(at, piece_size);
    perdure::bytes piece = copy;
    while (!piece.empty()) {
      const auto event = reader.next(piece);
      if (!event) return refused(event.error());
      if (*event == perdure::sealed_event::section) found.all.emplace_back(text_of(reader.name()), "");
      if (*event == perdure::sealed_event::data) found.all.back().second += text_of(reader.data());
    }
  }
  const auto finished = reader.finish();
  if (!finished) return refused(finished.error());
  return found;
}

}  // namespace tests

#endif  // PERDURE_TESTS_SUPPORT_SEALED_HPP
