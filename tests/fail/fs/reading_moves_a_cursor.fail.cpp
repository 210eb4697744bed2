// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Reading does not change a handle: several threads may do it at once.
// expect: HasReadAt
#include <perdure/fs/fs.hpp>

class my_fs {
 public:
  using perdure_fs = my_fs;

  class file {
   public:
    file(file&&) noexcept;
    file& operator=(file&&) noexcept;
#ifdef PERDURE_FAIL
    perdure::result<std::size_t> read_at(std::uint64_t offset, perdure::mutable_bytes into);
#else
    perdure::result<std::size_t> read_at(std::uint64_t offset, perdure::mutable_bytes into) const;
#endif
    perdure::result<void> write_at(std::uint64_t offset, perdure::gather from);
    perdure::result<std::uint64_t> size() const;
    perdure::result<void> truncate(std::uint64_t size_bytes);
    perdure::result<void> sync(perdure::sync_what what);
    perdure::result<void> close();
  };

  perdure::result<file> open(perdure::path_view path, const perdure::open_options& options);
  perdure::result<perdure::file_info> stat(perdure::path_view path);
  perdure::result<void> rename(perdure::path_view from, perdure::path_view to);
  perdure::result<void> remove(perdure::path_view path);
  perdure::result<void> make_dir(perdure::path_view path);
  perdure::result<void> remove_dir(perdure::path_view path);
  perdure::result<void> for_each_entry(perdure::path_view path, perdure::entry_visitor visitor);
  perdure::result<void> sync_dir(perdure::path_view path);
  struct perdure::nonce nonce();
};
static_assert(perdure::Fs<my_fs>);
