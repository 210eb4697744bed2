// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_XML_READER_HPP
#define PERDURE_STORE_DETAIL_XML_READER_HPP

// xml_reader: the XML that object stores answer with, element by element: no document types, no CDATA, few levels. It allocates
// nothing, reads nothing outside of the document, and what is cut off or badly nested is `bad`, never half believed.
// xml_child: the text of one element right below the root. append_xml_text: a text as it was before it was escaped.
// append_xml_escaped: the other way.

#include <perdure/fs/path.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

enum class xml_event : std::uint8_t {
  start,
  text,  // as it stands there, escaped; may be white space, and may come in several pieces
  end,
  done,  // the root was closed, and nothing is behind it
  bad,   // and stays so
};

[[nodiscard]] constexpr bool is_space_xml(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
[[nodiscard]] inline bool is_white_xml(path_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_space_xml(text[i])) return false;
  }
  return true;
}

class xml_reader {
 public:
  static constexpr std::size_t depth_max = 8;

  explicit xml_reader(bytes document) noexcept : left_(reinterpret_cast<const char*>(document.data()), document.size()) {
    if (begins("\xef\xbb\xbf")) skip(3);
  }

  [[nodiscard]] path_view name() const noexcept { return name_; }
  [[nodiscard]] path_view text() const noexcept { return text_; }
  // How many elements are open; the one that just started counts, the one that just ended does not.
  [[nodiscard]] std::size_t depth() const noexcept { return depth_; }

  [[nodiscard]] xml_event next() noexcept {
    if (bad_) return xml_event::bad;
    if (ends_at_once_) {
      ends_at_once_ = false;
      return ended();
    }
    for (;;) {
      if (left_.empty()) return depth_ == 0 && had_root_ ? xml_event::done : failed();
      if (left_[0] != '<') {
        text_ = left_.first(find("<"));
        skip(text_.size());
        if (depth_ != 0) return xml_event::text;
        if (!is_white_xml(text_)) return failed();
      } else if (begins("<?")) {
        if (had_root_ || !skip_behind("?>")) return failed();
      } else if (begins("<!--")) {
        skip(4);
        if (!skip_behind("-->")) return failed();
      } else if (begins("</")) {
        return closed();
      } else {
        return started();
      }
    }
  }

 private:
  [[nodiscard]] xml_event failed() noexcept {
    bad_ = true;
    return xml_event::bad;
  }
  [[nodiscard]] bool begins(path_view with) const noexcept { return left_.first(with.size()) == with; }
  void skip(std::size_t count) noexcept { left_ = left_.from(count); }
  [[nodiscard]] std::size_t find(path_view what) const noexcept {
    for (std::size_t at = 0; at + what.size() <= left_.size(); ++at) {
      if (left_.from(at).first(what.size()) == what) return at;
    }
    return left_.size();
  }
  [[nodiscard]] bool skip_behind(path_view what) noexcept {
    const std::size_t at = find(what);
    if (at == left_.size()) return false;
    skip(at + what.size());
    return true;
  }
  [[nodiscard]] path_view take_name() noexcept {
    std::size_t size = 0;
    while (size < left_.size()) {
      const char c = left_[size];
      const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
                        static_cast<unsigned char>(c) >= 0x80 || (size != 0 && ((c >= '0' && c <= '9') || c == '-' || c == '.'));
      if (!good) break;
      ++size;
    }
    const path_view name = left_.first(size);
    skip(size);
    return name;
  }

  [[nodiscard]] xml_event started() noexcept {
    skip(1);
    name_ = take_name();
    if (name_.empty() || depth_ == depth_max || (depth_ == 0 && had_root_)) return failed();
    // Attributes are not looked at, but a '>' may stand in a value.
    char quote = '\0';
    bool slash = false;
    for (std::size_t i = 0; i < left_.size(); ++i) {
      const char c = left_[i];
      if (quote != '\0') {
        if (c == quote) quote = '\0';
      } else if (c == '<') {
        return failed();
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == '>') {
        skip(i + 1);
        had_root_ = true;
        open_[depth_++] = name_;
        ends_at_once_ = slash;
        return xml_event::start;
      }
      slash = quote == '\0' && c == '/';
    }
    return failed();
  }
  [[nodiscard]] xml_event closed() noexcept {
    skip(2);
    const path_view name = take_name();
    while (!left_.empty() && is_space_xml(left_[0])) skip(1);
    if (!begins(">") || depth_ == 0 || !(open_[depth_ - 1] == name)) return failed();
    skip(1);
    return ended();
  }
  [[nodiscard]] xml_event ended() noexcept {
    name_ = open_[--depth_];
    return xml_event::end;
  }

  path_view left_;
  path_view name_;
  path_view text_;
  path_view open_[depth_max];
  std::size_t depth_ = 0;
  bool had_root_ = false;
  bool ends_at_once_ = false;
  bool bad_ = false;
};

[[nodiscard]] inline bool is_whole_xml(bytes document) noexcept {
  xml_reader reader(document);
  for (;;) {
    const xml_event event = reader.next();
    if (event == xml_event::done || event == xml_event::bad) return event == xml_event::done;
  }
}

// One element of a document: of which only what stood before it need be whole. A text in pieces is none.
struct xml_child {
  bool is_root = false;   // the root has that name
  bool is_found = false;  // and this element
  path_view text;         // as it stands there, escaped

  xml_child(bytes document, path_view root, path_view child) noexcept {
    xml_reader reader(document);
    if (reader.next() != xml_event::start || !(reader.name() == root)) return;
    is_root = true;
    bool inside = false;
    std::size_t pieces = 0;
    for (;;) {
      switch (reader.next()) {
        case xml_event::start:
          if (reader.depth() == 2) inside = reader.name() == child;
          break;
        case xml_event::text:
          if (!inside || reader.depth() != 2) break;
          text = pieces++ == 0 ? reader.text() : path_view();
          break;
        case xml_event::end:
          is_found = inside && reader.depth() == 1;
          if (is_found || reader.depth() == 0) return;
          break;
        case xml_event::done:
        case xml_event::bad:
          return;
      }
    }
  }
};

template <std::size_t N>
void append_utf8(path_buffer<N>& to, std::uint32_t point) noexcept {
  char text[4];
  std::size_t size = 0;
  const auto put = [&](std::uint32_t value) { text[size++] = static_cast<char>(static_cast<unsigned char>(value)); };
  if (point < 0x80) {
    put(point);
  } else {
    if (point < 0x800) {
      put(0xc0 | point >> 6);
    } else {
      if (point < 0x10000) {
        put(0xe0 | point >> 12);
      } else {
        put(0xf0 | point >> 18);
        put(0x80 | (point >> 12 & 0x3f));
      }
      put(0x80 | (point >> 6 & 0x3f));
    }
    put(0x80 | (point & 0x3f));
  }
  to.append({text, size});
}

// False where it is not XML's, or does not fit.
template <std::size_t N>
[[nodiscard]] bool append_xml_text(path_buffer<N>& to, path_view escaped) noexcept {
  while (!escaped.empty()) {
    std::size_t plain = 0;
    while (plain < escaped.size() && escaped[plain] != '&') ++plain;
    to.append(escaped.first(plain));
    escaped = escaped.from(plain);
    if (escaped.empty()) break;
    std::size_t end = 1;
    while (end < escaped.size() && end < 12 && escaped[end] != ';') ++end;
    if (end == escaped.size() || escaped[end] != ';') return false;
    const path_view name = escaped.first(end).from(1);
    escaped = escaped.from(end + 1);
    constexpr struct {
      const char* name;
      const char* text;
    } known[] = {{"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}};
    bool done = false;
    for (const auto& one : known) {
      if (!done && name == path_view(one.name)) {
        to.append(one.text);
        done = true;
      }
    }
    if (done) continue;
    const bool hex = name.size() > 2 && name[1] == 'x';
    if (name.size() < 2 || name[0] != '#') return false;
    std::uint32_t point = 0;
    for (std::size_t i = hex ? 2 : 1; i < name.size(); ++i) {
      const char c = name[i];
      const std::uint32_t digit = c >= '0' && c <= '9'          ? static_cast<std::uint32_t>(c - '0')
                                  : hex && c >= 'a' && c <= 'f' ? static_cast<std::uint32_t>(c - 'a') + 10
                                  : hex && c >= 'A' && c <= 'F' ? static_cast<std::uint32_t>(c - 'A') + 10
                                                                : 99;
      if (digit == 99 || point > 0x10ffff) return false;
      point = point * (hex ? 16 : 10) + digit;
    }
    if (point == 0 || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return false;
    append_utf8(to, point);
  }
  return to.ok();
}

// Hands over the pieces of an escaped text; false, and nothing handed over, for characters that XML 1.0 has no way to write.
template <class Take>
[[nodiscard]] bool append_xml_escaped(path_view text, Take&& take) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 && text[i] != '\t' && text[i] != '\n' && text[i] != '\r') return false;
    if (byte == 0xef && text.size() - i >= 3 &&
        (text.from(i).first(3) == path_view("\xef\xbf\xbe") || text.from(i).first(3) == path_view("\xef\xbf\xbf")))
      return false;
  }
  std::size_t taken = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char* with = nullptr;
    switch (text[i]) {
      case '&':
        with = "&amp;";
        break;
      case '<':
        with = "&lt;";
        break;
      case '>':
        with = "&gt;";
        break;
      case '\t':
        with = "&#9;";
        break;
      case '\n':
        with = "&#10;";
        break;
      case '\r':
        with = "&#13;";
        break;
      default:
        continue;
    }
    take(text.first(i).from(taken));
    take(path_view(with));
    taken = i + 1;
  }
  take(text.from(taken));
  return true;
}

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_XML_READER_HPP
