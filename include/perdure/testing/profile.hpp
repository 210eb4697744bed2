// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_PROFILE_HPP
#define PERDURE_TESTING_PROFILE_HPP

// profile: what a power cut may do to what was not synced, as a set of properties. The fewer of them a disk has, the more
// states it may be left in.
//
//   profile::posix_minimum   what every POSIX system promises and nothing more. The default, and what to write for: each of the
//                            profiles below it allows a subset of its states, so that a protocol that is right here is right
//                            there
//   profile::ext4, ext4_strict (dioread_lock), xfs, btrfs, apfs (every sync a full one), ntfs
//                            what these were seen to keep, or are documented to keep; for "why does it usually work?" Those of
//                            ext4, xfs and btrfs are held against real power cuts by tests/rigs/powercut
//   profile::sequential      everything reaches the disk in order, whole operation by whole operation
//   profile::process_kill    the process dies, the system lives: nothing that was done is lost
//   profile::alice_harsh     allows more than posix_minimum: a rename over a file may leave neither, an entry may lead nowhere.
//                            FAT, ext2. No atomic_write can stand it
//
// A profile of one's own is a copy with other values.

#include <cstdint>

namespace perdure {
inline namespace v1 {
namespace testing {

enum class metadata_order : std::uint8_t {
  none,     // names, truncations and attributes may survive one without another
  journal,  // as a prefix of what was done
};
enum class rename_order : std::uint8_t {
  none,          // the new name may be there without the old one gone, and the other way round
  set_first,     // the old name goes only where the new one is there
  all_or_none,   // both or neither
  delete_first,  // even the name that is replaced may go before the new one is there
};
enum class growth_order : std::uint8_t {
  none,            // a file may have grown without the bytes that made it grow
  new_pages_last,  // only within a page that held something before
  data_first,      // no
};
enum class sync_reach : std::uint8_t {
  content,      // the sync of a file saves no name
  own_names,    // it saves the file's names and their directories
  journal,      // it saves everything that the journal took up to the last change of that file's own
  all_metadata  // it saves every name
};

struct profile {
  const char* name = "";
  enum metadata_order metadata_order = metadata_order::none;
  enum rename_order rename_same_dir = rename_order::none;
  enum rename_order rename_across_dirs = rename_order::none;
  enum growth_order growth_order = growth_order::none;
  enum sync_reach sync_reach = sync_reach::content;
  bool data_sync_saves_names = false;   // a sync(data) reaches as far as one of everything
  bool truncates_whole = false;         // the rest of the last page is not zeroed before the file is shorter
  bool garbage = true;                  // bytes of a grown file that were not written may be anything, and not only zeros
  bool dangling_entries = false;        // a name may survive without the file behind it
  bool in_order = false;                // whole operations survive, and only with all before them
  bool everything_survives = false;     // there is no power cut
  std::uint32_t tear_unit_bytes = 512;  // what of a page is written whole or not at all; 4096: pages do not tear

  static const profile alice_harsh, posix_minimum, ext4, ext4_strict, btrfs, xfs, apfs, ntfs, sequential, process_kill;
};

inline constexpr profile profile::posix_minimum{.name = "posix_minimum"};
inline constexpr profile profile::alice_harsh{.name = "alice_harsh",
                                              .rename_same_dir = rename_order::delete_first,
                                              .rename_across_dirs = rename_order::delete_first,
                                              .dangling_entries = true};
inline constexpr profile profile::ext4{.name = "ext4",
                                       .metadata_order = metadata_order::journal,
                                       .rename_same_dir = rename_order::all_or_none,
                                       .rename_across_dirs = rename_order::all_or_none,
                                       .sync_reach = sync_reach::journal,
                                       .garbage = false};
inline constexpr profile profile::ext4_strict{.name = "ext4_strict",
                                              .metadata_order = metadata_order::journal,
                                              .rename_same_dir = rename_order::all_or_none,
                                              .rename_across_dirs = rename_order::all_or_none,
                                              .growth_order = growth_order::new_pages_last,
                                              .sync_reach = sync_reach::journal,
                                              .garbage = false};
inline constexpr profile profile::btrfs{.name = "btrfs",
                                        .rename_same_dir = rename_order::all_or_none,
                                        .rename_across_dirs = rename_order::set_first,
                                        .growth_order = growth_order::data_first,
                                        .sync_reach = sync_reach::own_names,
                                        .data_sync_saves_names = true,
                                        .truncates_whole = true,
                                        .garbage = false};
inline constexpr profile profile::xfs{.name = "xfs",
                                      .metadata_order = metadata_order::journal,
                                      .rename_same_dir = rename_order::all_or_none,
                                      .rename_across_dirs = rename_order::all_or_none,
                                      .growth_order = growth_order::data_first,
                                      .sync_reach = sync_reach::journal,
                                      .data_sync_saves_names = true,
                                      .garbage = false};
inline constexpr profile profile::apfs{.name = "apfs",
                                       .metadata_order = metadata_order::journal,
                                       .rename_same_dir = rename_order::all_or_none,
                                       .rename_across_dirs = rename_order::all_or_none,
                                       .sync_reach = sync_reach::own_names,
                                       .garbage = false,
                                       .tear_unit_bytes = 4096};
inline constexpr profile profile::ntfs{.name = "ntfs",
                                       .metadata_order = metadata_order::journal,
                                       .rename_same_dir = rename_order::all_or_none,
                                       .rename_across_dirs = rename_order::all_or_none,
                                       .sync_reach = sync_reach::own_names,
                                       .garbage = false};
inline constexpr profile profile::sequential{.name = "sequential",
                                             .metadata_order = metadata_order::journal,
                                             .rename_same_dir = rename_order::all_or_none,
                                             .rename_across_dirs = rename_order::all_or_none,
                                             .growth_order = growth_order::data_first,
                                             .sync_reach = sync_reach::all_metadata,
                                             .data_sync_saves_names = true,
                                             .truncates_whole = true,
                                             .garbage = false,
                                             .in_order = true,
                                             .tear_unit_bytes = 4096};
inline constexpr profile profile::process_kill{.name = "process_kill",
                                               .metadata_order = metadata_order::journal,
                                               .rename_same_dir = rename_order::all_or_none,
                                               .rename_across_dirs = rename_order::all_or_none,
                                               .growth_order = growth_order::data_first,
                                               .sync_reach = sync_reach::all_metadata,
                                               .data_sync_saves_names = true,
                                               .truncates_whole = true,
                                               .garbage = false,
                                               .in_order = true,
                                               .everything_survives = true,
                                               .tear_unit_bytes = 4096};

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_PROFILE_HPP
