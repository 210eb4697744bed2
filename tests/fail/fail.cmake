# SPDX-License-Identifier: MIT
# Copyright (c) The perdure contributors

# tests/fail/<floor>/<name>.fail.cpp holds one mistake between `#ifdef PERDURE_FAIL` and `#endif`. Without it the file must
# compile; with it the compiler must refuse the file, in words that match each `// expect: <regex>` of the file (a regular
# expression of CMake; `// expect-gcc:` and `// expect-clang:` are for one family of compilers alone).
file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE "${CMAKE_CURRENT_LIST_DIR}" "${CMAKE_CURRENT_LIST_DIR}/*.fail.cpp")
foreach(file IN LISTS files)
  string(REGEX REPLACE "\\.fail\\.cpp$" "" name "${file}")
  add_test(NAME "fail/${name}" COMMAND "${CMAKE_COMMAND}"
    "-DCOMPILER=${CMAKE_CXX_COMPILER}" "-DCOMPILER_ID=${CMAKE_CXX_COMPILER_ID}" "-DFLAGS=${CMAKE_CXX_FLAGS}"
    "-DINCLUDE=${PROJECT_SOURCE_DIR}/include" "-DSOURCE=${CMAKE_CURRENT_LIST_DIR}/${file}"
    -P "${CMAKE_CURRENT_LIST_DIR}/must_not_compile.cmake")
endforeach()

# The harness itself: it must refuse a case whose mistake compiles, one that is broken without it, and one with other words.
foreach(broken compiles never_compiles other_words expects_nothing)
  add_test(NAME "fail/harness/${broken}" COMMAND "${CMAKE_COMMAND}"
    "-DCOMPILER=${CMAKE_CXX_COMPILER}" "-DCOMPILER_ID=${CMAKE_CXX_COMPILER_ID}" "-DFLAGS=${CMAKE_CXX_FLAGS}"
    "-DINCLUDE=${PROJECT_SOURCE_DIR}/include" "-DSOURCE=${CMAKE_CURRENT_LIST_DIR}/harness/${broken}.cpp"
    -P "${CMAKE_CURRENT_LIST_DIR}/must_not_compile.cmake")
  set_tests_properties("fail/harness/${broken}" PROPERTIES WILL_FAIL ON)
endforeach()
