// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_STORE_URI_HPP
#define EXAMPLES_STORE_URI_HPP

// open_uri(uri, options): open_store, with s3://bucket/prefix where there is libcurl: EXAMPLES_HAVE_CURL, which CMake defines.
// Where and by whom is in the environment (perdure/ext/s3_opener.hpp).

#include <perdure/store/open_store.hpp>
#ifdef EXAMPLES_HAVE_CURL
#include <perdure/ext/s3_opener.hpp>
#endif

#include <cstdio>
#include <string>

namespace examples {

enum class use : std::uint8_t {
  writes,
  only_looks,  // then nothing is put there, not even to see whether conditions are kept
};

[[nodiscard]] inline bool is_s3(const std::string& uri) {
  return uri.size() >= 3 && (uri[0] == 's' || uri[0] == 'S') && uri[1] == '3' && uri[2] == ':';
}

[[nodiscard]] inline perdure::result<perdure::any_store> open_uri(const std::string& uri,
                                                                  const perdure::open_store_options& options = {},
                                                                  enum use use = use::writes) {
#ifdef EXAMPLES_HAVE_CURL
  const auto probe = use == use::writes ? perdure::s3_probe::conditions : perdure::s3_probe::nothing;
  return perdure::open_store(uri, options, perdure::s3_opener(probe));
#else
  (void)use;
  if (is_s3(uri)) std::fputs("This was built without libcurl (Debian: libcurl4-openssl-dev): s3:// cannot be opened.\n", stderr);
  return perdure::open_store(uri, options);
#endif
}

}  // namespace examples

#endif  // EXAMPLES_STORE_URI_HPP
