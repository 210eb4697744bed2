# SPDX-License-Identifier: MIT
# Copyright (c) The perdure contributors

# Every public header. The style test asserts that this list and the tree are equal, so a header that was forgotten here
# can neither be installed nor go untested.
set(PERDURE_HEADERS
  perdure/config.hpp
  perdure/fwd.hpp
  perdure/perdure.hpp

  perdure/core/basics.hpp
  perdure/core/bytes.hpp
  perdure/core/clock.hpp
  perdure/core/crc32c.hpp
  perdure/core/describe.hpp
  perdure/core/failure.hpp
  perdure/core/four_bytes.hpp
  perdure/core/frame.hpp
  perdure/core/function_ref.hpp
  perdure/core/native_clock.hpp
  perdure/core/native_sync.hpp
  perdure/core/posix_clock.hpp
  perdure/core/pthread_sync.hpp
  perdure/core/record_format.hpp
  perdure/core/result.hpp
  perdure/core/sealed_format.hpp
  perdure/core/sealed_reader.hpp
  perdure/core/sealed_view.hpp
  perdure/core/sealed_writer.hpp
  perdure/core/sha256.hpp
  perdure/core/sync.hpp

  perdure/core/detail/byte_order.hpp
  perdure/core/detail/cpu.hpp
  perdure/core/detail/crc32c_algebra.hpp
  perdure/core/detail/crc32c_hardware.hpp
  perdure/core/detail/damage.hpp
  perdure/core/detail/sha256_constants.hpp
  perdure/core/detail/sha256_hardware.hpp
  perdure/core/detail/sha256_paths.hpp
  perdure/core/detail/sha256_wide.hpp

  perdure/fs/any_fs.hpp
  perdure/fs/at_fs.hpp
  perdure/fs/atomic_write.hpp
  perdure/fs/atomic_writer.hpp
  perdure/fs/create_new.hpp
  perdure/fs/file_lock.hpp
  perdure/fs/framed_file.hpp
  perdure/fs/fs.hpp
  perdure/fs/fs_optional.hpp
  perdure/fs/fs_types.hpp
  perdure/fs/link_or_copy.hpp
  perdure/fs/make_dirs.hpp
  perdure/fs/mem_fs.hpp
  perdure/fs/native_fs.hpp
  perdure/fs/path.hpp
  perdure/fs/posix_file.hpp
  perdure/fs/posix_fs.hpp
  perdure/fs/read_file.hpp
  perdure/fs/record_log.hpp
  perdure/fs/replay_log.hpp
  perdure/fs/sealed_file.hpp
  perdure/fs/temp_name.hpp
  perdure/fs/temp_sweep.hpp
  perdure/fs/write_options.hpp

  perdure/fs/detail/any_file.hpp
  perdure/fs/detail/at_walk.hpp
  perdure/fs/detail/log_chain.hpp
  perdure/fs/detail/log_segment.hpp
  perdure/fs/detail/log_writer.hpp
  perdure/fs/detail/mem_file.hpp
  perdure/fs/detail/mem_names.hpp
  perdure/fs/detail/mem_tree.hpp
  perdure/fs/detail/place.hpp
  perdure/fs/detail/posix_calls.hpp
  perdure/fs/detail/posix_error.hpp
  perdure/fs/detail/posix_writer.hpp
  perdure/fs/detail/posix_xattr.hpp
  perdure/fs/detail/staged_file.hpp

  perdure/testing/audit_syncs.hpp
  perdure/testing/choose.hpp
  perdure/testing/crash_fs.hpp
  perdure/testing/exploration.hpp
  perdure/testing/explore.hpp
  perdure/testing/fault_fs.hpp
  perdure/testing/fault_plan.hpp
  perdure/testing/fault_rule.hpp
  perdure/testing/fs_archetypes.hpp
  perdure/testing/fs_laws.hpp
  perdure/testing/natural_faults.hpp
  perdure/testing/profile.hpp
  perdure/testing/read_text.hpp
  perdure/testing/report.hpp
  perdure/testing/world.hpp

  perdure/testing/detail/bare_crash_fs.hpp
  perdure/testing/detail/crash_file.hpp
  perdure/testing/detail/cut_walk.hpp
  perdure/testing/detail/disk.hpp
  perdure/testing/detail/disk_node.hpp
  perdure/testing/detail/disk_page.hpp
  perdure/testing/detail/disk_states.hpp
  perdure/testing/detail/disk_text.hpp
  perdure/testing/detail/disk_tree.hpp
  perdure/testing/detail/effect_log.hpp
  perdure/testing/detail/fault_file.hpp
  perdure/testing/detail/fault_words.hpp
  perdure/testing/detail/history.hpp
  perdure/testing/detail/honest_fs_laws.hpp
  perdure/testing/detail/lab_hash.hpp
  perdure/testing/detail/lab_run.hpp
  perdure/testing/detail/law_case.hpp
  perdure/testing/detail/optional_fs_laws.hpp
  perdure/testing/detail/page_options.hpp
  perdure/testing/detail/page_run.hpp
  perdure/testing/detail/required_fs_laws.hpp
  perdure/testing/detail/sized_files.hpp
  perdure/testing/detail/sync_names.hpp
  perdure/testing/detail/trace_text.hpp
)

# Bridges to other libraries: installed, but compiled only where their library is at hand.
set(PERDURE_EXT_HEADERS
)
