// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Whoever derives from a model may have changed what a call means, so that the tag is not inherited.
// expect: DeclaresHttp
#include <perdure/store/http.hpp>

class my_http {
 public:
  using perdure_http = my_http;
  perdure::http_outcome exchange(const perdure::http_request& request, const perdure::http_receiver& receiver);
};
static_assert(perdure::Http<my_http>);

class retrying_http : public my_http {
 public:
#ifndef PERDURE_FAIL
  using perdure_http = retrying_http;
#endif
  perdure::http_outcome exchange(const perdure::http_request& request, const perdure::http_receiver& receiver);
};
static_assert(perdure::Http<retrying_http>);
