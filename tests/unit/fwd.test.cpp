// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fwd.hpp>

namespace {
// Names alone must do for this.
perdure::result<perdure::write_report>* reports = nullptr;
perdure::bytes* views = nullptr;
}  // namespace

#include <perdure/fs/write_options.hpp>

#include <tests/support/catch.hpp>

TEST_CASE("fwd: a name declared ahead is the class defined later") {
  perdure::result<perdure::write_report> report(perdure::in_place);
  perdure::bytes view("a");
  reports = &report;
  views = &view;
  CHECK(reports->value().skipped == false);
  CHECK(views->size() == 1);
}
