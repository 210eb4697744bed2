# SPDX-License-Identifier: MIT
# Copyright (c) The perdure contributors

# What our own builds add, and no user ever sees: warnings, sanitizers, coverage. The tests, examples and benchmarks link
# to perdure_dev; perdure::perdure does not.
set(PERDURE_SANITIZE "" CACHE STRING "Sanitizers of the development build, for example address,undefined")
option(PERDURE_COVERAGE "Count the executed lines of the development build" OFF)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

find_package(Threads REQUIRED)

add_library(perdure_dev INTERFACE)
target_link_libraries(perdure_dev INTERFACE Threads::Threads)
if(MSVC)
  target_compile_options(perdure_dev INTERFACE /W4 /WX /permissive- /utf-8)
else()
  target_compile_options(perdure_dev INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
endif()
if(PERDURE_SANITIZE)
  set(perdure_sanitize_flags -fsanitize=${PERDURE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_compile_options(perdure_dev INTERFACE ${perdure_sanitize_flags})
  target_link_options(perdure_dev INTERFACE ${perdure_sanitize_flags})
endif()
if(PERDURE_COVERAGE)
  # Threads count, too.
  target_compile_options(perdure_dev INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(perdure_dev INTERFACE --coverage)
endif()

# CMake makes this target while it generates, and leaves it out of `all`.
if(CMAKE_VERIFY_INTERFACE_HEADER_SETS)
  add_custom_target(perdure_headers_are_self_contained ALL)
  add_dependencies(perdure_headers_are_self_contained all_verify_interface_header_sets)
endif()
