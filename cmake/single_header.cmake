# SPDX-License-Identifier: MIT
# Copyright (c) The perdure contributors
cmake_minimum_required(VERSION 3.23)

# cmake -DOUT=<file> -P single_header.cmake: the whole library, without testing/ and ext/, in one file.
#
# Every header follows the headers that it includes, each once, and its own includes of <perdure/...> are taken out. That is
# exact because every header is self-contained, guards itself against platforms it is not for, and includes downwards alone.
cmake_path(SET include_dir NORMALIZE "${CMAKE_CURRENT_LIST_DIR}/../include")
set(marker "#include <perdure/")
string(LENGTH "${marker}" marker_length)
set(seen "")
set(whole "// perdure, in one file. Generated from its headers by cmake/single_header.cmake; change those.\n")

macro(next_include)  # splits ${rest} into ${before}, the header's ${name}, and the rest behind its line
  string(FIND "${rest}" "${marker}" at)
  if(NOT at EQUAL -1)
    string(SUBSTRING "${rest}" 0 ${at} before)
    math(EXPR at "${at} + ${marker_length}")
    string(SUBSTRING "${rest}" ${at} -1 rest)
    string(FIND "${rest}" ">" end)
    string(SUBSTRING "${rest}" 0 ${end} name)
    string(FIND "${rest}" "\n" end)
    math(EXPR end "${end} + 1")
    string(SUBSTRING "${rest}" ${end} -1 rest)
    set(at 0)
  endif()
endmacro()

function(expand header)
  if(header IN_LIST seen)
    return()
  endif()
  list(APPEND seen "${header}")
  file(READ "${include_dir}/perdure/${header}" text)
  set(own "")
  set(rest "${text}")
  while(TRUE)
    next_include()
    if(at EQUAL -1)
      break()
    endif()
    string(APPEND own "${before}")
    set(kept_rest "${rest}")
    set(kept_own "${own}")
    expand("${name}")
    set(rest "${kept_rest}")
    set(own "${kept_own}")
  endwhile()
  string(APPEND whole "\n// " "perdure/${header}\n${own}${rest}")
  set(whole "${whole}" PARENT_SCOPE)
  set(seen "${seen}" PARENT_SCOPE)
endfunction()

expand(perdure.hpp)
file(WRITE "${OUT}" "${whole}")
