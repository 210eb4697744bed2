// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_POSIX_FS_HPP
#define PERDURE_FS_POSIX_FS_HPP

// posix_fs: the files of a POSIX system, and a model of Fs (fs.hpp). It has no state: every object is the same file system.
// posix_dir: a directory of it held open, from open_dir(). What is done through it happens in that directory, whatever its path
// names by then.
//
// One operation is one system call, but: open of a must_exist file with links::refuse and of a directory adds none; sync_dir
// opens and closes the directory (posix_dir syncs itself without); stat after a link is lstat; listing reads in blocks.
// No operation allocates but for_each_entry. Paths are copied to the stack to end them with a NUL: up to 4 KiB
// each.
//
// Not promised: of L12, on btrfs, that a name is shown which is renamed over while a directory of more than a block is listed:
// Linux leaves it out. That a child made by _Fork() or a bare clone(), which run no handlers of fork(), is another writer than
// its parent. More than the volume gives. A network or FUSE volume may rename without atomicity or answer sync_dir with
// `unsupported`; FAT has neither links nor an atomic rename; a disk may lie about its flushes. Linux, the BSDs and macOS by
// their own barriers (see posix_file.hpp); macOS and the BSDs are compiled against their declarations in the tests, not run.

#include <perdure/config.hpp>

#if PERDURE_HAS_POSIX

#include <dirent.h>

#include <perdure/fs/detail/posix_calls.hpp>
#include <perdure/fs/detail/posix_writer.hpp>
#include <perdure/fs/fs.hpp>
#include <perdure/fs/posix_file.hpp>

namespace perdure {
inline namespace v1 {

class posix_dir;

namespace detail {

// Every operation, relative to Self's own descriptor.
template <class Self>
class posix_operations {
 public:
  using file = posix_file;
  static constexpr std::size_t path_capacity = kernel_path::size_max;

  [[nodiscard]] PERDURE_FLAT result<posix_file> open(path_view path, const open_options& options) const noexcept {
    const kernel_path text(path, operation::open);
    if (!text) return text.error(path);
    int flags = O_CLOEXEC | O_NOCTTY;
    flags |= options.access == access::read ? O_RDONLY : options.access == access::write ? O_WRONLY : O_RDWR;
    if (options.creation != creation::must_exist) flags |= O_CREAT;
    if (options.creation == creation::create_new) flags |= O_EXCL;
    if (options.links == links::refuse) flags |= O_NOFOLLOW;
    const int descriptor = uninterrupted([&] { return ::openat(at(), text.c_str(), flags, static_cast<mode_t>(options.mode)); });
    if (descriptor >= 0) return posix_file(descriptor);
    const int error = options.links == links::refuse && is_refused_link(errno) ? ELOOP : errno;
    if (options.creation == creation::must_exist)
      return posix_query_failure(operation::open, error).about({path.data(), path.size()});
    return posix_failure(operation::open, error).about({path.data(), path.size()});
  }

  [[nodiscard]] result<file_info> stat(path_view path) const noexcept { return stat_by(path, 0); }
  [[nodiscard]] result<file_info> stat_link(path_view path) const noexcept { return stat_by(path, AT_SYMLINK_NOFOLLOW); }

  [[nodiscard]] PERDURE_FLAT result<void> rename(path_view from, path_view to) const noexcept {
    return rename_to(from, static_cast<const Self&>(*this), to);
  }
  [[nodiscard]] PERDURE_FLAT result<void> rename_to(path_view from, const Self& other, path_view to) const noexcept {
    auto done = two_paths(operation::rename, from, to,
                          [&](const char* a, const char* b) { return detail::posix_rename(at(), a, other.native_handle(), b); });
    // Onto a directory with entries: EEXIST and ENOTEMPTY are one to POSIX.
    if (!done && done.error().system_code() == EEXIST)
      return failure(code::not_empty, operation::rename, EEXIST).about({to.data(), to.size()});
    return done;
  }
  [[nodiscard]] result<void> rename_no_replace(path_view from, path_view to) const noexcept {
    return two_paths(operation::rename, from, to, [&](const char* a, const char* b) {
      const int answer = posix_rename_no_replace(at(), a, at(), b);
      // EINVAL: the volume does not know the flag. (Or a directory is to go into itself: then no other way would do either.)
      if (answer != 0 && errno == EINVAL) errno = ENOTSUP;
      return answer;
    });
  }

  [[nodiscard]] result<void> link(path_view from, path_view to) const noexcept {
    return link_to(from, static_cast<const Self&>(*this), to);
  }
  [[nodiscard]] result<void> link_to(path_view from, const Self& other, path_view to,
                                     links links = links::follow) const noexcept {
    if (links == links::refuse) {
      const auto info = stat_link(from);
      if (!info) return info.error();
      if (info->kind == file_kind::link)
        return failure(code::invalid_argument, operation::link).about({from.data(), from.size()});
    }
    auto done = two_paths(operation::link, from, to, [&](const char* a, const char* b) {
      return ::linkat(at(), a, other.native_handle(), b, links == links::follow ? AT_SYMLINK_FOLLOW : 0);
    });
    // EPERM is a volume without links, or a policy of the system against this one. EACCES stays what it is: not allowed.
    if (!done && done.error().system_code() == EPERM)
      return failure(code::unsupported, operation::link, EPERM).about({to.data(), to.size()});
    return done;
  }
  [[nodiscard]] result<void> make_link(path_view target, path_view path) const noexcept {
    return two_paths(operation::make_link, target, path, [&](const char* a, const char* b) { return ::symlinkat(a, at(), b); });
  }
  [[nodiscard]] result<std::size_t> read_link(path_view path, mutable_bytes buffer) const noexcept {
    const kernel_path text(path, operation::read_link);
    if (!text) return text.error(path);
    char target[4096];
    const ssize_t size = ::readlinkat(at(), text.c_str(), target, sizeof(target));
    if (size < 0) return posix_query_failure(operation::read_link, errno).about({path.data(), path.size()});
    const auto count = static_cast<std::size_t>(size);
    if (count == sizeof(target) || count > buffer.size())
      return failure(code::too_large, operation::read_link).about({path.data(), path.size()});
    if (count != 0) std::memcpy(buffer.data(), target, count);
    return count;
  }

  [[nodiscard]] result<void> remove(path_view path) const noexcept {
    auto done = one_path(operation::remove, path, [&](const char* text) { return ::unlinkat(at(), text, 0); });
    // POSIX lets unlink of a directory answer EPERM, and macOS does.
    if (!done && done.error().system_code() == EPERM) {
      const auto info = stat_link(path);
      if (info && info->kind == file_kind::directory)
        return failure(code::is_a_directory, operation::remove, EPERM).about({path.data(), path.size()});
    }
    return done;
  }
  [[nodiscard]] result<void> make_dir(path_view path) const noexcept {
    return one_path(operation::make_dir, path, [&](const char* text) { return ::mkdirat(at(), text, 0777); });
  }
  [[nodiscard]] result<void> remove_dir(path_view path) const noexcept {
    auto done = one_path(operation::remove_dir, path, [&](const char* text) { return ::unlinkat(at(), text, AT_REMOVEDIR); });
    if (!done && done.error().system_code() == EEXIST)
      return failure(code::not_empty, operation::remove_dir, EEXIST).about({path.data(), path.size()});
    return done;
  }

  [[nodiscard]] result<void> for_each_entry(path_view path, entry_visitor visitor) const noexcept {
    const auto descriptor = open_directory(operation::list, path, links::follow);
    if (!descriptor) return descriptor.error();
    DIR* const listing = ::fdopendir(*descriptor);
    if (listing == nullptr) {
      const int error = errno;
      ::close(*descriptor);
      return posix_query_failure(operation::list, error).about({path.data(), path.size()});
    }
    for (;;) {
      errno = 0;
      const struct dirent* const entry = ::readdir(listing);
      if (entry == nullptr) break;
      const path_view name(static_cast<const char*>(entry->d_name));
      if (name == path_view(".") || name == path_view("..")) continue;
      if (visitor(dir_entry{name, kind_of(entry->d_type)}) == visit::stop) {
        errno = 0;
        break;
      }
    }
    const int error = errno;
    ::closedir(listing);
    if (error != 0) return posix_query_failure(operation::list, error).about({path.data(), path.size()});
    return {};
  }

  [[nodiscard]] PERDURE_FLAT result<void> sync_dir(path_view path) const noexcept {
    if (at() != AT_FDCWD && path == path_view(".")) return posix_sync_dir(at());
    const auto descriptor = open_directory(operation::sync_dir, path, links::follow);
    if (!descriptor) return descriptor.error();
    const auto done = posix_sync_dir(*descriptor);
    ::close(*descriptor);
    if (!done) return done.error().about({path.data(), path.size()});
    return {};
  }

  [[nodiscard]] PERDURE_FLAT result<posix_dir> open_dir(path_view path, links links = links::follow) const noexcept;

  [[nodiscard]] result<void> sync_all(path_view path) const noexcept {
#if defined(PERDURE_OS_LINUX)
    const kernel_path text(path, operation::sync_all);
    if (!text) return text.error(path);
    const int descriptor = uninterrupted([&] { return ::openat(at(), text.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); });
    if (descriptor < 0) return posix_query_failure(operation::sync_all, errno).about({path.data(), path.size()});
    const int answer = ::syncfs(descriptor);
    const int error = errno;
    ::close(descriptor);
    if (answer == 0) return {};
    const enum code code = code_of_errno(error);
    const enum doubt doubt = code == code::unsupported || code == code::invalid_argument ? doubt::none : doubt::durable;
    return failure(code == code::io ? code::sync_lost : code, operation::sync_all, error)
        .with(doubt)
        .about({path.data(), path.size()});
#else
    return failure(code::unsupported, operation::sync_all).about({path.data(), path.size()});
#endif
  }

  [[nodiscard]] struct backend_id backend_id() const noexcept { return {0x706f736978, 0}; }
  [[nodiscard]] struct nonce nonce() const noexcept { return posix_nonce(); }
  [[nodiscard]] writer_state writer(const struct nonce& name) const noexcept { return posix_writer(name); }

 private:
  [[nodiscard]] int at() const noexcept { return static_cast<const Self&>(*this).native_handle(); }

  [[nodiscard]] PERDURE_FLAT result<int> open_directory(enum operation operation, path_view path, links links) const noexcept {
    const kernel_path text(path, operation);
    if (!text) return text.error(path);
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (links == links::refuse ? O_NOFOLLOW : 0);
    const int descriptor = uninterrupted([&] { return ::openat(at(), text.c_str(), flags); });
    if (descriptor >= 0) return descriptor;
    // A refused link: ENOTDIR on Linux, which looked at what O_DIRECTORY says first.
    if (links == links::refuse && (errno == ENOTDIR || is_refused_link(errno))) {
      const int error = errno;
      const auto info = stat_link(path);
      const bool is_link = info && info->kind == file_kind::link;
      return failure(is_link ? code::invalid_argument : code::not_a_directory, operation, is_link ? ELOOP : error)
          .about({path.data(), path.size()});
    }
    return posix_query_failure(operation, errno).about({path.data(), path.size()});
  }
  [[nodiscard]] result<file_info> stat_by(path_view path, int flags) const noexcept {
    const kernel_path text(path, operation::stat);
    if (!text) return text.error(path);
    struct ::stat info;
    if (uninterrupted([&] { return ::fstatat(at(), text.c_str(), &info, flags); }) == 0) return file_info_of(info);
    return posix_query_failure(operation::stat, errno).about({path.data(), path.size()});
  }
  [[nodiscard]] static file_kind kind_of(unsigned char type) noexcept {
    switch (type) {
      case DT_REG:
        return file_kind::file;
      case DT_DIR:
        return file_kind::directory;
      case DT_LNK:
        return file_kind::link;
      case DT_UNKNOWN:
        return file_kind::unknown;
      default:
        return file_kind::other;
    }
  }

  template <class Call>
  [[nodiscard]] result<void> one_path(enum operation operation, path_view path, Call&& call) const noexcept {
    const kernel_path text(path, operation);
    if (!text) return text.error(path);
    if (call(text.c_str()) == 0) return {};
    return posix_failure(operation, errno).about({path.data(), path.size()});
  }
  template <class Call>
  [[nodiscard]] PERDURE_FLAT result<void> two_paths(enum operation operation, path_view from, path_view to,
                                                    Call&& call) const noexcept {
    const kernel_path first(from, operation);
    if (!first) return first.error(from);
    const kernel_path second(to, operation);
    if (!second) return second.error(to);
    if (call(first.c_str(), second.c_str()) == 0) return {};
    return posix_failure(operation, errno).about({to.data(), to.size()});
  }
};

}  // namespace detail

class posix_fs : public detail::posix_operations<posix_fs> {
 public:
  using perdure_fs = posix_fs;

  [[nodiscard]] int native_handle() const noexcept { return AT_FDCWD; }
};

class posix_dir : public detail::posix_operations<posix_dir> {
 public:
  using perdure_fs = posix_dir;

  explicit posix_dir(int descriptor) noexcept : descriptor_(descriptor) {}
  posix_dir(posix_dir&& other) noexcept : descriptor_(detail::exchanged(other.descriptor_, -1)) {}
  posix_dir& operator=(posix_dir&& other) noexcept {
    detail::swapped(descriptor_, other.descriptor_);
    return *this;
  }
  ~posix_dir() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  [[nodiscard]] int native_handle() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

template <class Self>
PERDURE_FLAT result<posix_dir> detail::posix_operations<Self>::open_dir(path_view path, links links) const noexcept {
  const auto descriptor = open_directory(operation::open_dir, path, links);
  if (!descriptor) return descriptor.error();
  return posix_dir(*descriptor);
}

static_assert(Fs<posix_fs> && Fs<posix_dir>);

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_HAS_POSIX

#endif  // PERDURE_FS_POSIX_FS_HPP
