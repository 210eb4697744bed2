// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// expect: .
#ifdef PERDURE_FAIL
int fine = 0;
#endif
