# SPDX-License-Identifier: MIT
# Copyright (c) The perdure contributors

# cmake -DPROGRAM=... -DWRONGLY="word word|word|..." [-DSAYS=...] -P called.cmake
# Whoever asks PROGRAM by --help is told how it is called, on stdout, with 0. Each of the other calls, which are parted by "|", is refused
# with 2, on stderr alone, by the same words, or by what SAYS matches.
function(called status said silent)
  execute_process(COMMAND "${PROGRAM}" ${ARGN} RESULT_VARIABLE got OUTPUT_VARIABLE stdout ERROR_VARIABLE stderr TIMEOUT 60)
  string(REPLACE ";" " " call "${ARGN}")
  if(NOT got STREQUAL status)
    message(SEND_ERROR "'${call}': ${got} instead of ${status}; it said: ${stdout}${stderr}")
  endif()
  if(NOT ${silent} STREQUAL "")
    message(SEND_ERROR "'${call}': said on ${silent}: ${${silent}}")
  endif()
  set(said "${${said}}" PARENT_SCOPE)
endfunction()

cmake_path(GET PROGRAM STEM name)
called(0 stdout stderr --help)
set(usage "${said}")
if(NOT usage MATCHES "${name}")
  message(SEND_ERROR "--help does not say how ${name} is called: ${usage}")
endif()
string(REPLACE "|" ";" calls "${WRONGLY}")
list(LENGTH calls count)
if(count EQUAL 0)
  message(SEND_ERROR "nothing is called wrongly")
endif()
foreach(call IN LISTS calls)
  separate_arguments(words UNIX_COMMAND "${call}")
  called(2 stderr stdout ${words})
  if(SAYS AND NOT said MATCHES "${SAYS}")
    message(SEND_ERROR "'${call}': ${said}")
  elseif(NOT SAYS AND NOT said STREQUAL usage)
    message(SEND_ERROR "'${call}': ${said}")
  endif()
endforeach()
