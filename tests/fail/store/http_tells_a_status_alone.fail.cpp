// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Of a request that has no status it has to be told whether it may have arrived.
// expect: HasExchange
#include <perdure/store/http.hpp>

class my_http {
 public:
  using perdure_http = my_http;
#ifdef PERDURE_FAIL
  int exchange(const perdure::http_request& request, const perdure::http_receiver& receiver);
#else
  perdure::http_outcome exchange(const perdure::http_request& request, const perdure::http_receiver& receiver);
#endif
};
static_assert(perdure::Http<my_http>);
