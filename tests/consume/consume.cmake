# SPDX-License-Identifier: MIT
# Copyright (c) The perdure contributors

# A stranger's project, built by each way that the README offers. `ctest --preset consume` runs these.
foreach(way add_subdirectory find_package pkg_config single_header)
  add_test(NAME "consume/${way}" COMMAND "${CMAKE_COMMAND}" "-DWAY=${way}" "-DCOMPILER=${CMAKE_CXX_COMPILER}"
    "-DSOURCE=${PROJECT_SOURCE_DIR}" "-DWORK=${PROJECT_BINARY_DIR}/consume/${way}"
    -P "${CMAKE_CURRENT_LIST_DIR}/as_a_stranger.cmake")
  set_tests_properties("consume/${way}" PROPERTIES LABELS consume TIMEOUT 300)
endforeach()
