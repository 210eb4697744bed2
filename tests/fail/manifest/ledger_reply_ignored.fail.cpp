// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Whoever does not look at the reply does not know whether his state is there.
// expect: nodiscard|unused
#include <perdure/manifest/ledger.hpp>
#include <perdure/testing/slot_archetypes.hpp>

// The poorest slot is enough for all of it.
template class perdure::ledger<perdure::testing::poorest_slot>;

void change(perdure::ledger<perdure::testing::poorest_slot>& book, const perdure::ledger_version& seen) {
#ifdef PERDURE_FAIL
  book.replace(seen, "next");
#else
  (void)book.replace(seen, "next");
#endif
}
