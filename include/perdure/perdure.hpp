// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_PERDURE_HPP
#define PERDURE_PERDURE_HPP

// Everything but the crash lab (testing/) and the bridges to other libraries (ext/).

#include <perdure/config.hpp>
#include <perdure/core/basics.hpp>
#include <perdure/core/bytes.hpp>
#include <perdure/core/clock.hpp>
#include <perdure/core/codec.hpp>
#include <perdure/core/crc32c.hpp>
#include <perdure/core/describe.hpp>
#include <perdure/core/failure.hpp>
#include <perdure/core/four_bytes.hpp>
#include <perdure/core/frame.hpp>
#include <perdure/core/function_ref.hpp>
#include <perdure/core/native_clock.hpp>
#include <perdure/core/native_sync.hpp>
#include <perdure/core/posix_clock.hpp>
#include <perdure/core/pthread_sync.hpp>
#include <perdure/core/record_format.hpp>
#include <perdure/core/result.hpp>
#include <perdure/core/sealed_format.hpp>
#include <perdure/core/sealed_reader.hpp>
#include <perdure/core/sealed_view.hpp>
#include <perdure/core/sealed_writer.hpp>
#include <perdure/core/sha256.hpp>
#include <perdure/core/sync.hpp>
#include <perdure/fs/any_fs.hpp>
#include <perdure/fs/at_fs.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/atomic_writer.hpp>
#include <perdure/fs/create_new.hpp>
#include <perdure/fs/file_lock.hpp>
#include <perdure/fs/framed_file.hpp>
#include <perdure/fs/fs.hpp>
#include <perdure/fs/fs_optional.hpp>
#include <perdure/fs/fs_types.hpp>
#include <perdure/fs/link_or_copy.hpp>
#include <perdure/fs/make_dirs.hpp>
#include <perdure/fs/mem_fs.hpp>
#include <perdure/fs/native_fs.hpp>
#include <perdure/fs/path.hpp>
#include <perdure/fs/posix_file.hpp>
#include <perdure/fs/posix_fs.hpp>
#include <perdure/fs/read_file.hpp>
#include <perdure/fs/record_log.hpp>
#include <perdure/fs/replay_log.hpp>
#include <perdure/fs/sealed_file.hpp>
#include <perdure/fs/temp_name.hpp>
#include <perdure/fs/temp_sweep.hpp>
#include <perdure/fs/write_options.hpp>
#include <perdure/fwd.hpp>
#include <perdure/manifest/after_commit.hpp>
#include <perdure/manifest/block_device.hpp>
#include <perdure/manifest/commit_manifest.hpp>
#include <perdure/manifest/file_blocks.hpp>
#include <perdure/manifest/file_slot.hpp>
#include <perdure/manifest/flash.hpp>
#include <perdure/manifest/flash_blocks.hpp>
#include <perdure/manifest/manifest.hpp>
#include <perdure/manifest/object_slot.hpp>
#include <perdure/manifest/slot.hpp>
#include <perdure/manifest/snapshot.hpp>
#include <perdure/manifest/twin_slot.hpp>
#include <perdure/manifest/versioned_slot.hpp>
#include <perdure/store/fs_store.hpp>
#include <perdure/store/key.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/store/read_object.hpp>
#include <perdure/store/store.hpp>
#include <perdure/store/store_optional.hpp>
#include <perdure/store/store_types.hpp>

#endif  // PERDURE_PERDURE_HPP
