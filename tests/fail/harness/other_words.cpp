// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// expect: this is not what a compiler says
#ifdef PERDURE_FAIL
int broken = ;
#endif
