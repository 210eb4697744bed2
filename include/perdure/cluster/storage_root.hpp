// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_CLUSTER_STORAGE_ROOT_HPP
#define PERDURE_CLUSTER_STORAGE_ROOT_HPP

// open_storage_root(uri, home, options, openers...): the Store in which everything of a cluster lives, as its configuration says.
// open_storage_root(fs, clock, uri, home, options, openers...): the same with directories of any Fs.
//
//   auto root = perdure::open_storage_root(storage, "/etc/cluster", {}, perdure::s3_opener());
//   if (!root) return say(describe_storage_root(root.error()).c_str());
//
//   ""                nothing was said: the directory of the configuration itself, `home`, as file://home would have it
//   data, ./data      relative to `home`, wherever the program was started
//   all others        as open_store.hpp has them: file:///data, mem:, /data, and what an opener is for
//
// Effects: none, unless with store_root::make, which makes a missing directory or bucket.
// Success: an any_store that owns what it was made of. Whether it may be written to shows when somebody does.
// Failure: of all of them the old state stands.
//   invalid_storage_root: it cannot be understood; there is no such directory or bucket; nobody here opens this scheme; a user, a
//     password, a query or a fragment is in it, and none of them is told
//   not_a_directory: a file is there. permission: no credentials in the environment, or they, or the directory, are refused
//   else as open_store.hpp and the opener have it
// describe_storage_root(failure): what describe() says, and what to do about it.
// Crash: as open_store.hpp has it. Not promised: as there.

#include <perdure/core/describe.hpp>
#include <perdure/store/open_store.hpp>

namespace perdure {
inline namespace v1 {

namespace detail {

// Where a path of the configuration begins at its directory.
[[nodiscard]] inline result<path_buffer<4096>> rooted_at(path_view home, path_view uri) noexcept {
  path_buffer<4096> whole;
  const path_view scheme = scheme_of(uri);
  const bool is_drive = uri.size() > 1 && uri[1] == ':';
  if (uri.empty()) {
    whole.append(home.empty() ? path_view(".") : home);
  } else if (scheme.empty() && uri[0] != '/' && !is_drive) {
    whole.join(home, uri);
  } else {
    whole.append(uri);
  }
  // What has a scheme now began without one: "c:x" below a home of that name is the path that it was.
  const bool became_one = scheme.empty() && !scheme_of(whole).empty();
  if (became_one) {
    const path_buffer<4096> path = whole;
    whole.clear();
    whole.append("./").append(path);
  }
  if (!whole.ok()) return failure(code::too_large, operation::open);
  return whole;
}

[[nodiscard]] inline const char* advice_for_root(enum code code) noexcept {
  switch (code) {
    case code::invalid_storage_root:
      return " Name a directory or a bucket that is there: a path, file:///PATH or s3://BUCKET/PREFIX, without user, password, ? "
             "or #.";
    case code::not_a_directory:
      return " Name a directory: each part of the path has to be one.";
    case code::permission:
      return " Let this user write there; for s3:// set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.";
    case code::unsupported:
      return " Name a storage root that keeps conditions: a local directory, or S3 with conditional writes.";
    case code::too_large:
      return " Name a shorter path or prefix.";
    case code::busy:
    case code::timed_out:
    case code::io:
      return " See whether the volume is mounted or the endpoint answers, and try again.";
    default:
      return "";
  }
}

}  // namespace detail

[[nodiscard]] inline description describe_storage_root(const failure& why) noexcept {
  description text = describe(why);
  text.append(detail::advice_for_root(why.code()));
  return text;
}

template <Fs F, Clock C, class... Open>
[[nodiscard]] result<any_store> open_storage_root(F& fs, C& clock, path_view uri, path_view home,
                                                  const open_store_options& options, const store_opener<Open>&... openers) {
  const auto whole = detail::rooted_at(home, uri);
  if (!whole) return whole.error();
  auto opened = open_store(fs, clock, *whole, options, openers...);
  if (opened || opened.error().code() != code::unsupported || opened.error().operation() != operation::open) return opened;
  // That nobody opens it is not the store's answer but ours.
  const path_view scheme = detail::scheme_of(*whole);
  const bool is_opened = (detail::is_scheme(scheme, openers.scheme()) || ... || detail::is_scheme(scheme, "file"));
  if (is_opened || scheme.empty()) return opened;
  return failure(code::invalid_storage_root, operation::open).about(opened.error().path());
}

#if PERDURE_HAS_NATIVE_FS
template <class... Open>
[[nodiscard]] result<any_store> open_storage_root(path_view uri, path_view home, const open_store_options& options,
                                                  const store_opener<Open>&... openers) {
  static native_fs fs;
  static native_clock clock;
  return open_storage_root(fs, clock, uri, home, options, openers...);
}
template <class... Open>
[[nodiscard]] result<any_store> open_storage_root(path_view uri, path_view home, const store_opener<Open>&... openers) {
  return open_storage_root(uri, home, open_store_options(), openers...);
}
#endif

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_CLUSTER_STORAGE_ROOT_HPP
