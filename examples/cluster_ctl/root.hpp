// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_CLUSTER_CTL_ROOT_HPP
#define EXAMPLES_CLUSTER_CTL_ROOT_HPP

// open_root(uri, home, how): the Store that the configuration in `home` names: a directory, or s3://bucket/prefix where there is
// libcurl (EXAMPLES_HAVE_CURL, which CMake defines). Where the endpoint is, and by whom, is in the environment
// (perdure/ext/s3_opener.hpp).

#include <perdure/cluster/storage_root.hpp>
#ifdef EXAMPLES_HAVE_CURL
#include <perdure/ext/s3_opener.hpp>
#endif

#include <cstdio>
#include <functional>
#include <string>

namespace cluster_ctl {

enum class use : std::uint8_t {
  writes,
  only_looks,  // then nothing is put there, not even to see whether conditions are kept
};

// Commands take it as a function, so that a test can give them another store.
using opener = std::function<perdure::result<perdure::any_store>(const std::string& uri, const std::string& home, enum use how)>;

inline perdure::result<perdure::any_store> open_root(const std::string& uri, const std::string& home, enum use how,
                                                     const perdure::open_store_options& options = {}) {
#ifdef EXAMPLES_HAVE_CURL
  const auto probe = how == use::writes ? perdure::s3_probe::conditions : perdure::s3_probe::nothing;
  return perdure::open_storage_root(uri, home, options, perdure::s3_opener(probe));
#else
  (void)how;
  const bool is_s3 = uri.size() >= 3 && (uri[0] == 's' || uri[0] == 'S') && uri[1] == '3' && uri[2] == ':';
  if (is_s3) std::fputs("This was built without libcurl (Debian: libcurl4-openssl-dev): s3:// cannot be opened.\n", stderr);
  return perdure::open_storage_root(uri, home, options);
#endif
}

}  // namespace cluster_ctl

#endif  // EXAMPLES_CLUSTER_CTL_ROOT_HPP
