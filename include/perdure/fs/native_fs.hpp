// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_NATIVE_FS_HPP
#define PERDURE_FS_NATIVE_FS_HPP

// native_fs: the Fs of this platform, and what the verbs use when they are given none. Where there is none (a device without
// an OS; Windows, until its model is written), the name is missing and every verb takes the Fs it is given.

#include <perdure/config.hpp>
#include <perdure/fs/posix_fs.hpp>

namespace perdure {
inline namespace v1 {

#if PERDURE_HAS_POSIX
#define PERDURE_HAS_NATIVE_FS 1
using native_fs = posix_fs;
#else
#define PERDURE_HAS_NATIVE_FS 0
#endif

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_NATIVE_FS_HPP
