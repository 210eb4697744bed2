// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_S3_LISTING_HPP
#define PERDURE_STORE_DETAIL_S3_LISTING_HPP

// s3_listing: one page of a listing, as S3 tells it (list-type=2, encoding-type=url). It is looked over as a whole before the
// first key of it is believed: also whether its keys go on from where they should, in order. Of a server that begins again with
// each page whoever asks for the next one would do so for ever.

#include <perdure/store/detail/percent.hpp>
#include <perdure/store/detail/s3_answer.hpp>
#include <perdure/store/key.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

// A '+' is a space: one that is meant is %2B, from every server.
template <std::size_t N>
[[nodiscard]] bool append_query_decoded(path_buffer<N>& to, path_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i] == '+' ? ' ' : text[i];
    if (c == '%') {
      const int byte = text.size() - i >= 3 ? hex_byte(text[i + 1], text[i + 2]) : -1;
      if (byte < 0) return false;
      c = static_cast<char>(static_cast<unsigned char>(byte));
      i += 2;
    }
    to.append({&c, 1});
  }
  return to.ok();
}

class s3_listing {
 public:
  explicit s3_listing(bytes document) noexcept : document_(document) {
    bool is_list = false;
    bool told = false;
    const xml_event last = walk([&](path_view path_name, std::size_t depth, path_view text) {
      if (depth == 1) is_list = path_name == path_view("ListBucketResult");
      if (depth == 2 && path_name == path_view("IsTruncated")) {
        told = text == path_view("true") || text == path_view("false");
        truncated_ = text == path_view("true");
      }
      if (depth == 2 && path_name == path_view("EncodingType")) encoded_ = text == path_view("url");
      return true;
    });
    good_ = last == xml_event::done && is_list && told;
  }

  [[nodiscard]] bool good() const noexcept { return good_; }
  [[nodiscard]] bool truncated() const noexcept { return truncated_; }

  // take(key, size) -> visit. False where a key cannot be read; what came before it was taken.
  template <class Take>
  [[nodiscard]] bool each(Take&& take) const {
    path_buffer<4 * 1024> raw;
    path_buffer<1024> key;
    bool readable = true;
    bool has_key = false;
    std::uint64_t size = size_unknown;
    (void)walk([&](path_view name, std::size_t depth, path_view text) {
      if (depth == 3 && name == path_view("Key")) {
        raw.clear();
        key.clear();
        readable = append_xml_text(raw, text) && (encoded_ ? append_query_decoded(key, raw) : key.append(raw).ok());
        has_key = true;
        return readable;
      }
      if (depth == 3 && name == path_view("Size")) size = number_of(text);
      if (depth == 2 && name == path_view("Contents")) {
        readable = has_key;
        has_key = false;
        if (!readable || take(key_view(key), size) == visit::stop) return false;
        size = size_unknown;
      }
      return true;
    });
    return readable;
  }

  // Are all of them keys that begin so, in ascending order, and behind `last`? The prefix of the store itself, as some tools make
  // it, is no key, and may be anywhere.
  [[nodiscard]] bool goes_on(path_view begin, path_view last, std::size_t prefix_size) const {
    path_buffer<1024> behind;
    behind.append(last);
    bool fits = true;
    const bool readable = each([&](key_view whole, std::uint64_t) {
      fits = begins_with(whole, begin);
      if (fits && whole.size() == prefix_size) return visit::go_on;
      fits = fits && compare_keys(whole, behind) > 0 && is_utf8_without_nul(whole);
      behind.clear();
      behind.append(whole);
      return fits ? visit::go_on : visit::stop;
    });
    return readable && fits;
  }

 private:
  // seen(name, depth, text) for each element that ends, until it says false; the text is what stood last before that. A text in
  // pieces, or beside elements, is of no listing.
  template <class Seen>
  xml_event walk(Seen&& seen) const {
    xml_reader reader(document_);
    path_view text;
    bool is_behind_child = false;
    for (;;) {
      const xml_event event = reader.next();
      if (event == xml_event::done || event == xml_event::bad) return event;
      if (event != xml_event::end && !is_white_xml(text)) return xml_event::bad;
      if (event == xml_event::text) {
        text = reader.text();
        if (is_behind_child && !is_white_xml(text)) return xml_event::bad;
        continue;
      }
      is_behind_child = event == xml_event::end;
      if (event == xml_event::end && !seen(reader.name(), reader.depth() + 1, text)) return event;
      text = {};
    }
  }

  bytes document_;
  bool good_ = false;
  bool truncated_ = false;
  bool encoded_ = false;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_S3_LISTING_HPP
