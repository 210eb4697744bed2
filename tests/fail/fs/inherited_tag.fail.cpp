// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Whoever derives from a model may have changed what a call means, so that the tag is not inherited.
// expect: DeclaresFs
#include <perdure/fs/fs.hpp>

class my_fs {
 public:
  using perdure_fs = my_fs;

  class file {
   public:
    file(file&&) noexcept;
    file& operator=(file&&) noexcept;
    perdure::result<std::size_t> read_at(std::uint64_t offset, perdure::mutable_bytes into) const;
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

class faster_fs : public my_fs {
 public:
#ifndef PERDURE_FAIL
  using perdure_fs = faster_fs;
#endif
  perdure::result<void> sync_dir(perdure::path_view) { return {}; }
};
static_assert(perdure::Fs<faster_fs>);
