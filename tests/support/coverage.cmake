# SPDX-License-Identifier: MIT
# Copyright (c) The perdure contributors

# The last test of this build: too few executed lines in the floors that everything rests on are a failure. Counters of an
# earlier run are removed first, so that a deleted test no longer counts.
find_program(GCOVR gcovr REQUIRED)
get_property(all_tests DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" PROPERTY TESTS)
set_tests_properties(${all_tests} PROPERTIES FIXTURES_REQUIRED empty_counters)

add_test(NAME coverage/empty_counters
  COMMAND find "${PROJECT_BINARY_DIR}" -name *.gcda -delete)
set_tests_properties(coverage/empty_counters PROPERTIES FIXTURES_SETUP empty_counters)

add_test(NAME coverage/core_and_fs
  COMMAND "${GCOVR}" --root "${PROJECT_SOURCE_DIR}" --object-directory "${PROJECT_BINARY_DIR}"
    --filter "${PROJECT_SOURCE_DIR}/include/perdure/(core|fs)/" --fail-under-line 95 --sort-uncovered
  WORKING_DIRECTORY "${PROJECT_BINARY_DIR}")
set_tests_properties(coverage/core_and_fs PROPERTIES DEPENDS "${all_tests}")
