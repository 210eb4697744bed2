// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// expect: .
int broken = ;
