# SPDX-License-Identifier: MIT
# Copyright (c) The perdure contributors
# Sourced by tests/run, examples/run and bench/run: what a machine with nothing but the base system lacks.

# need PACKAGE COMMAND-OR-FILE REASON: remembers the package where the command, or the file, is missing.
missing_packages=()
need() {
  case "$2" in
    /*) [ -e "$2" ] && return ;;
    *) command -v "$2" >/dev/null 2>&1 && return ;;
  esac
  printf 'missing: %-22s %s\n' "$1" "$3"
  missing_packages+=("$1")
}

# install_missing: installs what was remembered, through the system's package manager, or says what to type.
install_missing() {
  [ ${#missing_packages[@]} -gt 0 ] || return 0
  local as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  if ! command -v apt-get >/dev/null 2>&1 || { [ ${#as_root[@]} -gt 0 ] && ! command -v sudo >/dev/null 2>&1; }; then
    printf 'Install these, then call this again: %s\n' "${missing_packages[*]}" >&2
    exit 1
  fi
  printf 'installing: %s\n' "${missing_packages[*]}"
  local log
  log=$(mktemp)
  if ! { "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300 -q update &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -q -y --no-install-recommends \
      install "${missing_packages[@]}"; } >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    rm -f "$log"
    exit 1
  fi
  rm -f "$log"
  missing_packages=()
}

need_compiler() {
  need g++ g++ 'compiles'
  need cmake cmake 'configures the build'
  need ninja-build ninja 'runs the build'
}
