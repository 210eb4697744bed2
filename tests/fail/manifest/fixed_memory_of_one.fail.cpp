// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// expect: which makes two
#include <perdure/manifest/memory.hpp>

#ifdef PERDURE_FAIL
perdure::fixed_memory<1, 64>::values<int> memory;
#else
perdure::fixed_memory<2, 64>::values<int> memory;
#endif
