# SPDX-License-Identifier: MIT
# Copyright (c) The perdure contributors
cmake_minimum_required(VERSION 3.23)

set(ENV{LC_ALL} C)
separate_arguments(flags NATIVE_COMMAND "${FLAGS}")
set(command "${COMPILER}" ${flags} -std=c++20 -fsyntax-only -Wall -Wextra -Werror "-I${INCLUDE}" "${SOURCE}")

execute_process(COMMAND ${command} RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${SOURCE} does not compile even without its mistake:\n${text}")
endif()

execute_process(COMMAND ${command} -DPERDURE_FAIL RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
if(status EQUAL 0)
  message(FATAL_ERROR "${SOURCE} compiles with its mistake")
endif()

if(COMPILER_ID STREQUAL "GNU")
  set(family gcc)
else()
  set(family clang)
endif()
file(STRINGS "${SOURCE}" expectations REGEX "^ *// expect(-${family})?: ")
if(NOT expectations)
  message(FATAL_ERROR "${SOURCE} says nothing to expect of ${COMPILER}")
endif()
foreach(expectation IN LISTS expectations)
  string(REGEX REPLACE "^ *// expect[a-z-]*: " "" expectation "${expectation}")
  if(NOT text MATCHES "${expectation}")
    message(FATAL_ERROR "${SOURCE} was refused, but not with '${expectation}':\n${text}")
  endif()
endforeach()
