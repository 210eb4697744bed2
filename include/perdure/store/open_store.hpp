// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_OPEN_STORE_HPP
#define PERDURE_STORE_OPEN_STORE_HPP

// open_store(uri, options, openers...): the Store that one address names, where a program keeps everything.
// open_store(fs, clock, uri, options, openers...): the same with directories of any Fs.
//
//   auto objects = perdure::open_store(argv[1], {.root = perdure::store_root::make});
//
//   ""                    a mem_store of its own: nothing is kept
//   mem:                  the same
//   file:///data/x        an fs_store in this directory; %20 is a space. Also file:/data/x and file://localhost/data/x
//   data/x                an fs_store in this directory, as it is spelled. What looks like a scheme is one, so say ./s3:x for a
//                         directory of that name; a single letter is none, but a drive
//   s3://...              what the opener makes of it that was passed for this scheme:
//                         open_store(uri, {}, store_opener("s3", [&](path_view uri, const open_store_options&) {...}))
//
// Effects: makes the directory, and those above it, durably, with store_root::make; else touches nothing.
// Success: an any_store that owns what it was made of. Whether what is there can be used, permissions included, shows later.
// Failure: invalid_storage_root: the address cannot be understood, its directory is not there (store_root::must_exist), or it
//   holds what has no place in one: a user or a password, a query, a fragment. Credentials come from the environment or from
//   whoever made the opener, never from an address, which ends up in logs: no failure shows any of it but a directory's path
//   without an '@'.
//   unsupported: no opener for this scheme was passed (of s3: it says which one is missing); not_a_directory; too_large; else as
//   make_dirs and the opener have it.
// Crash: of store_root::make, any leading part of the missing directories may be there.
// Not promised: that two addresses which name one directory in different ways are seen to be one.

#include <perdure/fs/make_dirs.hpp>
#include <perdure/store/any_store.hpp>
#include <perdure/store/fs_store.hpp>
#include <perdure/store/mem_store.hpp>

namespace perdure {
inline namespace v1 {

enum class store_root : std::uint8_t {
  must_exist,
  make,  // where it is missing
};

struct open_store_options {
  enum store_root root = store_root::must_exist;
  fs_store_options files = {};
  mem_store_options memory = {};
};

// For a scheme that is not built in. `open` gets the whole address, in which there are no credentials.
template <class Open>
class store_opener {
 public:
  store_opener(path_view scheme, Open open) : scheme_(scheme), open_(detail::moved(open)) {}
  [[nodiscard]] path_view scheme() const noexcept { return scheme_; }
  [[nodiscard]] result<any_store> open(path_view uri, const open_store_options& options) const { return open_(uri, options); }

 private:
  path_view scheme_;
  Open open_;
};

namespace detail {

[[nodiscard]] constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
[[nodiscard]] constexpr bool is_scheme(path_view text, path_view scheme) noexcept {
  for (std::size_t i = 0; i < scheme.size() && i < text.size(); ++i) {
    if (lower(text[i]) != lower(scheme[i])) return false;
  }
  return text.size() == scheme.size();
}
[[nodiscard]] constexpr std::size_t find_char(path_view text, char c) noexcept {
  std::size_t at = 0;
  while (at < text.size() && text[at] != c) ++at;
  return at;
}

struct storage_address {
  enum class kind : std::uint8_t { memory, directory, other };
  enum kind kind = kind::directory;
  path_view scheme;
  path_buffer<4096> path;
};

// "file" of "file:///x"; empty where it has none.
[[nodiscard]] constexpr path_view scheme_of(path_view uri) noexcept {
  const std::size_t size = find_char(uri, ':');
  if (size < 2 || size == uri.size()) return {};
  for (std::size_t i = 0; i < size; ++i) {
    const char c = lower(uri[i]);
    const bool letter = c >= 'a' && c <= 'z';
    if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'))) return {};
  }
  return uri.first(size);
}
// What stands between "//" and the path.
[[nodiscard]] constexpr path_view authority_of(path_view behind_scheme) noexcept {
  if (behind_scheme.size() < 2 || behind_scheme[0] != '/' || behind_scheme[1] != '/') return {};
  const path_view rest = behind_scheme.from(2);
  return rest.first(find_char(rest, '/'));
}

// The path of a file: address, without its %xx. A separator that was escaped was not meant to be one.
[[nodiscard]] inline bool append_decoded(path_buffer<4096>& to, path_view path) noexcept {
  for (std::size_t at = 0; at < path.size(); ++at) {
    char c = path[at];
    if (c == '%') {
      if (path.size() - at < 3) return false;
      const auto digit = [](char h) {
        return h >= '0' && h <= '9' ? h - '0' : lower(h) >= 'a' && lower(h) <= 'f' ? lower(h) - 'a' + 10 : -1;
      };
      const int high = digit(path[at + 1]);
      const int low = digit(path[at + 2]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high << 4 | low);
      if (c == '/' || c == '\0') return false;
      at += 2;
    }
    to.append({&c, 1});
  }
  return true;
}

[[nodiscard]] inline result<storage_address> parse_storage_address(path_view uri) noexcept {
  const failure bad(code::invalid_storage_root, operation::open);
  storage_address address;
  if (find_char(uri, '\0') != uri.size()) return bad;
  address.scheme = scheme_of(uri);
  if (uri.empty() || is_scheme(uri, "mem:")) {
    address.kind = storage_address::kind::memory;
    return address;
  }
  const path_view rest = address.scheme.empty() ? uri : uri.from(address.scheme.size() + 1);
  const path_view authority = authority_of(rest);
  if (find_char(authority, '@') != authority.size()) return bad;
  if (address.scheme.empty()) {
    if (!address.path.append(uri).ok()) return failure(code::too_large, operation::open);
    return address;
  }
  if (find_char(rest, '?') != rest.size() || find_char(rest, '#') != rest.size()) return bad;
  if (is_scheme(address.scheme, "file")) {
    if (!authority.empty() && !is_scheme(authority, "localhost")) return bad;
    const bool has_authority = rest.size() >= 2 && rest[0] == '/' && rest[1] == '/';
    const path_view path = has_authority ? rest.from(2 + authority.size()) : rest;
    if (path.empty() || path[0] != '/' || !append_decoded(address.path, path)) return bad;
    if (!address.path.ok()) return failure(code::too_large, operation::open);
    return address;
  }
  if (is_scheme(address.scheme, "mem")) return bad;
  address.kind = storage_address::kind::other;
  return address;
}

template <Fs F, Clock C>
[[nodiscard]] result<any_store> open_directory(F& fs, C& clock, path_view path, const open_store_options& options) {
  const auto told = [&](const failure& why, enum code code) {
    const failure bare(code, operation::open, why.system_code());
    return find_char(path, '@') != path.size() ? bare : bare.about({path.data(), path.size()});
  };
  if (options.root == store_root::make) {
    fs_store<F, C> maker(fs, path, clock, options.files);
    const auto made = maker.create_root();
    if (!made) return told(made.error(), made.error().code());
  } else {
    const auto there = fs.stat(path);
    if (!there && there.error().code() == code::not_found) return told(there.error(), code::invalid_storage_root);
    if (!there) return told(there.error(), there.error().code());
    if (there->kind != file_kind::directory) return told(failure(code::not_a_directory, operation::open), code::not_a_directory);
  }
  return any_store::make<fs_store<F, C>>(fs, path, clock, options.files);
}

[[nodiscard]] inline result<any_store> open_other(path_view, const storage_address& address, const open_store_options&) {
  const failure none(code::unsupported, operation::open);
  return is_scheme(address.scheme, "s3") ? none.about("s3: without perdure/ext/s3_opener.hpp") : none;
}
template <class First, class... Rest>
[[nodiscard]] result<any_store> open_other(path_view uri, const storage_address& address, const open_store_options& options,
                                           const First& first, const Rest&... rest) {
  if (is_scheme(address.scheme, first.scheme())) return first.open(uri, options);
  return open_other(uri, address, options, rest...);
}

}  // namespace detail

template <Fs F, Clock C, class... Open>
[[nodiscard]] result<any_store> open_store(F& fs, C& clock, path_view uri, const open_store_options& options,
                                           const store_opener<Open>&... openers) {
  const auto address = detail::parse_storage_address(uri);
  if (!address) return address.error();
  switch (address->kind) {
    case detail::storage_address::kind::memory:
      return any_store::make<mem_store>(options.memory);
    case detail::storage_address::kind::directory:
      return detail::open_directory(fs, clock, address->path, options);
    case detail::storage_address::kind::other:
      break;
  }
  return detail::open_other(uri, *address, options, openers...);
}

#if PERDURE_HAS_NATIVE_FS
template <class... Open>
[[nodiscard]] result<any_store> open_store(path_view uri, const open_store_options& options,
                                           const store_opener<Open>&... openers) {
  static native_fs fs;
  static native_clock clock;
  return open_store(fs, clock, uri, options, openers...);
}
template <class... Open>
[[nodiscard]] result<any_store> open_store(path_view uri, const store_opener<Open>&... openers) {
  return open_store(uri, open_store_options(), openers...);
}
#endif

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_OPEN_STORE_HPP
