# SPDX-License-Identifier: MIT
# Copyright (c) The perdure contributors
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Headers alone fit every architecture, so all of it goes under share/.
set(perdure_cmake_dir "${CMAKE_INSTALL_DATADIR}/cmake/perdure")
set(perdure_pkgconfig_dir "${CMAKE_INSTALL_DATADIR}/pkgconfig")

install(TARGETS perdure EXPORT perdure-targets
  FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILE_SET ext DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT perdure-targets NAMESPACE perdure:: DESTINATION "${perdure_cmake_dir}" FILE perdure-config.cmake)

# While the major number is 0, a minor version may break its users.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/perdure-config-version.cmake"
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES "${PROJECT_BINARY_DIR}/perdure-config-version.cmake" DESTINATION "${perdure_cmake_dir}")

# Relative to where the file lies, so that an installed tree can be moved.
file(RELATIVE_PATH perdure_pc_to_prefix "/prefix/${perdure_pkgconfig_dir}" "/prefix")
configure_file(cmake/perdure.pc.in "${PROJECT_BINARY_DIR}/perdure.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/perdure.pc" DESTINATION "${perdure_pkgconfig_dir}")
