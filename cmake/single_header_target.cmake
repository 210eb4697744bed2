# SPDX-License-Identifier: MIT
# Copyright (c) The perdure contributors

# perdure_single: the generated single header, behind one-line headers of the usual names, so that the whole suite can be
# built against it. testing/ and ext/ are not part of it and come from the tree.
set(single_dir "${PROJECT_BINARY_DIR}/single")
set(single_header "${single_dir}/perdure.hpp")
set(single_sources ${PERDURE_HEADERS})
list(TRANSFORM single_sources PREPEND "${PROJECT_SOURCE_DIR}/include/")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${single_sources} "${PROJECT_SOURCE_DIR}/cmake/single_header.cmake")
execute_process(COMMAND "${CMAKE_COMMAND}" "-DOUT=${single_header}" -P "${PROJECT_SOURCE_DIR}/cmake/single_header.cmake" COMMAND_ERROR_IS_FATAL ANY)

foreach(header IN LISTS PERDURE_HEADERS PERDURE_EXT_HEADERS)
  if(header MATCHES "^perdure/(testing|ext)/")
    configure_file("${PROJECT_SOURCE_DIR}/include/${header}" "${single_dir}/${header}" COPYONLY)
  else()
    file(CONFIGURE OUTPUT "${single_dir}/${header}" CONTENT "#include \"${single_header}\"\n" @ONLY)
  endif()
endforeach()

add_library(perdure_single INTERFACE)
target_compile_features(perdure_single INTERFACE cxx_std_20)
target_include_directories(perdure_single INTERFACE "${single_dir}")
