// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#ifdef PERDURE_FAIL
int broken = ;
#endif
