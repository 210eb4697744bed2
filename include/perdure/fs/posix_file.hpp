// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_POSIX_FILE_HPP
#define PERDURE_FS_POSIX_FILE_HPP

// posix_file: an open file of posix_fs, and a model of File (fs.hpp). A descriptor, and whether a sync of it ever failed.
//
// Durability. Linux and the BSDs: sync(data) is fdatasync, sync(all) is fsync, sync(order) is fdatasync, for there is nothing
// weaker that orders. macOS: fsync reaches the device and not its platters, so data and all are F_FULLFSYNC, and order is
// F_BARRIERFSYNC; a volume that knows neither falls back to fsync, which is then all it can give.
// No operation allocates, but map() (address space) and for_each_xattr() (up to 20 KiB of stack).

#include <perdure/config.hpp>

#if PERDURE_HAS_POSIX

#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>
#if defined(PERDURE_OS_LINUX)
#include <sys/ioctl.h>
#endif

#include <perdure/fs/detail/posix_error.hpp>
#include <perdure/fs/detail/posix_xattr.hpp>
#include <perdure/fs/fs.hpp>

namespace perdure {
inline namespace v1 {

namespace detail {

// Calls until it is not interrupted.
template <class Call>
PERDURE_FLAT auto uninterrupted(Call&& call) noexcept {
  for (;;) {
    const auto answer = call();
    if (answer != -1 || errno != EINTR) return answer;
  }
}

[[nodiscard]] inline std::int64_t modified_ns_of(const struct stat& info) noexcept {
#if defined(PERDURE_OS_DARWIN)
  const auto& at = info.st_mtimespec;
#else
  const auto& at = info.st_mtim;
#endif
  // Anybody may give a file a time outside of the 292 years around 1970 that 64 bits of nanoseconds can tell.
  constexpr std::int64_t seconds_max = INT64_MAX / 1'000'000'000 - 1;
  const auto seconds = static_cast<std::int64_t>(at.tv_sec);
  if (seconds > seconds_max || seconds < -seconds_max) return time_unknown;
  return seconds * 1'000'000'000 + static_cast<std::int64_t>(at.tv_nsec);
}

// The largest count that one read or write call may be given: Linux transfers no more, and macOS refuses more.
inline constexpr std::size_t transfer_size_max = 0x40000000;

[[nodiscard]] PERDURE_FLAT int posix_sync(int descriptor, sync_what what) noexcept {
#if defined(PERDURE_OS_DARWIN)
  const int strength = what == sync_what::order ? F_BARRIERFSYNC : F_FULLFSYNC;
  if (uninterrupted([&] { return ::fcntl(descriptor, strength); }) != -1) return 0;
  if (errno != ENOTSUP && errno != EINVAL && errno != ENOTTY) return -1;
  return uninterrupted([&] { return ::fsync(descriptor); });
#else
  if (what == sync_what::all) return uninterrupted([&] { return ::fsync(descriptor); });
  return uninterrupted([&] { return ::fdatasync(descriptor); });
#endif
}

}  // namespace detail

class posix_file {
 public:
  posix_file() noexcept = default;
  explicit posix_file(int descriptor) noexcept : descriptor_(descriptor) {}
  posix_file(posix_file&& other) noexcept
      : descriptor_(detail::exchanged(other.descriptor_, -1)),
        sync_failed_(detail::exchanged(other.sync_failed_, false)),
        shares_lock_(detail::exchanged(other.shares_lock_, false)) {}
  posix_file& operator=(posix_file&& other) noexcept {
    if (this != &other) {
      abandon();
      descriptor_ = detail::exchanged(other.descriptor_, -1);
      sync_failed_ = detail::exchanged(other.sync_failed_, false);
      shares_lock_ = detail::exchanged(other.shares_lock_, false);
    }
    return *this;
  }
  ~posix_file() { abandon(); }

  [[nodiscard]] int native_handle() const noexcept { return descriptor_; }

  [[nodiscard]] result<std::size_t> read_at(std::uint64_t offset, mutable_bytes into) const noexcept {
    if (descriptor_ < 0) return detail::posix_query_failure(operation::read, EBADF);
    std::size_t done = 0;
    while (done < into.size() && offset <= offset_max && done < offset_max - offset) {
      // A range that reaches beyond the last offset there can be is refused by the kernel, and not cut.
      const std::uint64_t there = offset_max - offset - done;
      std::size_t count = into.size() - done < detail::transfer_size_max ? into.size() - done : detail::transfer_size_max;
      if (count > there) count = static_cast<std::size_t>(there);
      const ssize_t got = detail::uninterrupted(
          [&] { return ::pread(descriptor_, into.data() + done, count, static_cast<off_t>(offset + done)); });
      if (got < 0) return detail::posix_query_failure(operation::read, errno);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  [[nodiscard]] PERDURE_FLAT result<void> write_at(std::uint64_t offset, gather from) noexcept {
    if (from.size() > offset_max || offset > offset_max - from.size()) return failure(code::too_large, operation::write, EFBIG);
    if (descriptor_ < 0) return detail::posix_query_failure(operation::write, EBADF);
    if (from.count() == 1) return write_one(offset, *from.begin());
    return write_many(offset, from);
  }

  [[nodiscard]] result<std::uint64_t> size() const noexcept {
    struct stat info;
    if (detail::uninterrupted([&] { return ::fstat(descriptor_, &info); }) != 0)
      return detail::posix_query_failure(operation::size, errno);
    if (S_ISDIR(info.st_mode)) return failure(code::is_a_directory, operation::size, EISDIR);
    return static_cast<std::uint64_t>(info.st_size);
  }

  [[nodiscard]] result<void> truncate(std::uint64_t size_bytes) noexcept {
    if (size_bytes > offset_max) return failure(code::too_large, operation::truncate, EFBIG);
    if (detail::uninterrupted([&] { return ::ftruncate(descriptor_, static_cast<off_t>(size_bytes)); }) != 0) {
      return detail::posix_failure(operation::truncate, errno);
    }
    return {};
  }

  [[nodiscard]] PERDURE_FLAT result<void> sync(sync_what what) noexcept {
    if (descriptor_ < 0) return detail::posix_query_failure(operation::sync, EBADF);
    // L6: the kernel reports a lost page once and then calls it clean, so a second sync would succeed over lost bytes.
    if (sync_failed_) return failure(code::sync_lost, operation::sync).with(doubt::durable);
    if (detail::posix_sync(descriptor_, what) == 0) return {};
    return sync_failure(errno);
  }
#if defined(PERDURE_OS_LINUX)
  [[nodiscard]] result<void> begin_sync() noexcept {
    if (detail::uninterrupted([&] { return ::sync_file_range(descriptor_, 0, 0, SYNC_FILE_RANGE_WRITE); }) == 0) return {};
    return sync_failure(errno == ESPIPE ? EINVAL : errno);
  }
#endif

  [[nodiscard]] PERDURE_FLAT result<void> close() noexcept {
    if (descriptor_ < 0) return failure(code::invalid_argument, operation::close, EBADF);
    // The descriptor is gone whatever close answers, an interruption included: calling again could close somebody else's.
    const int answer = ::close(detail::exchanged(descriptor_, -1));
    if (answer == 0 || errno == EINTR) return {};
    return failure(errno == EIO ? code::sync_lost : detail::code_of_errno(errno), operation::close, errno).with(doubt::durable);
  }

  // flock, not fcntl: its locks belong to the handle, so two handles of one process exclude each other, too.
  [[nodiscard]] result<void> try_lock(lock_mode mode) noexcept {
    const int how = (mode == lock_mode::shared ? LOCK_SH : LOCK_EX) | LOCK_NB;
    if (detail::uninterrupted([&] { return ::flock(descriptor_, how); }) == 0) {
      shares_lock_ = mode == lock_mode::shared;
      return {};
    }
    const failure why = detail::posix_query_failure(operation::lock, errno);
    // To convert a lock the kernel lets go of it first. Somebody else may have come in between, and then it is gone.
    if (!shares_lock_ || mode == lock_mode::shared) return why;
    shares_lock_ = detail::uninterrupted([&] { return ::flock(descriptor_, LOCK_SH | LOCK_NB); }) == 0;
    return shares_lock_ ? why : why.with(doubt::visible);
  }

  [[nodiscard]] result<mapping> map() const noexcept {
    const auto bytes_there = size();
    if (!bytes_there) return failure(bytes_there.error().code(), operation::map, bytes_there.error().system_code());
    if (*bytes_there == 0) return mapping();
    if (*bytes_there > SIZE_MAX) return failure(code::too_large, operation::map);
    const auto length = static_cast<std::size_t>(*bytes_there);
    void* memory = ::mmap(nullptr, length, PROT_READ, MAP_SHARED, descriptor_, 0);
    if (memory == MAP_FAILED) return detail::posix_query_failure(operation::map, errno);
    return mapping(bytes(static_cast<const std::byte*>(memory), length),
                   [](bytes view) { ::munmap(const_cast<std::byte*>(view.data()), view.size()); });
  }

  [[nodiscard]] result<clone_report> clone_range(std::uint64_t to_offset, const posix_file& from, std::uint64_t from_offset,
                                                 std::uint64_t size_bytes) noexcept {
#if defined(PERDURE_OS_LINUX)
    if (size_bytes == 0) return clone_report{cloned::copied, 0};  // to FICLONERANGE it means all there is
    // FICLONERANGE, written out: <linux/fs.h> defines macros that programs trip over.
    struct {
      std::int64_t descriptor;
      std::uint64_t offset, size, to_offset;
    } range = {from.descriptor_, from_offset, size_bytes, to_offset};
    if (::ioctl(descriptor_, _IOW(0x94, 13, decltype(range)), &range) == 0) return clone_report{cloned::shared, size_bytes};
    auto in = static_cast<off64_t>(from_offset);
    auto out = static_cast<off64_t>(to_offset);
    const auto count = static_cast<std::size_t>(size_bytes < detail::transfer_size_max ? size_bytes : detail::transfer_size_max);
    const ssize_t copied =
        detail::uninterrupted([&] { return ::copy_file_range(from.descriptor_, &in, descriptor_, &out, count, 0); });
    if (copied > 0) return clone_report{cloned::copied, static_cast<std::uint64_t>(copied)};
    // Nothing copied and no error: the end of the file, or a kernel that copies nothing from such a file (procfs).
    if (copied == 0) return failure(code::unsupported, operation::clone);
    if (errno == EINVAL || errno == EPERM) return failure(code::unsupported, operation::clone, errno);
    return detail::posix_failure(operation::clone, errno);
#else
    (void)to_offset, (void)from, (void)from_offset, (void)size_bytes;
    return failure(code::unsupported, operation::clone);
#endif
  }

  [[nodiscard]] result<attributes> get_attributes() const noexcept {
    struct stat info;
    if (detail::uninterrupted([&] { return ::fstat(descriptor_, &info); }) != 0)
      return detail::posix_query_failure(operation::get_attributes, errno);
    return attributes{static_cast<permissions>(info.st_mode & 07777), info.st_uid, info.st_gid, detail::modified_ns_of(info)};
  }

  // The owner first: until it is right, the mode of the new file must not open it to the old one's group. And chown takes
  // set-user-id bits away, so the mode has to come after it anyway.
  [[nodiscard]] result<void> set_attributes(const attributes& values, attribute_set set) noexcept {
    if (contains(set, attribute_set::modified) && values.modified_ns == time_unknown)
      return failure(code::invalid_argument, operation::set_attributes);
    if (contains(set, attribute_set::owner) && ::fchown(descriptor_, values.user, values.group) != 0) {
      return detail::posix_failure(operation::set_attributes, errno);
    }
    // What was set before a failure is set.
    enum doubt doubt = contains(set, attribute_set::owner) ? doubt::visible : doubt::none;
    if (contains(set, attribute_set::mode)) {
      if (::fchmod(descriptor_, static_cast<mode_t>(values.mode)) != 0) return attributes_failure(errno, doubt);
      doubt = doubt::visible;
    }
    if (contains(set, attribute_set::modified)) {
      struct timespec times[2] = {};
      times[0].tv_nsec = UTIME_OMIT;
      std::int64_t seconds = values.modified_ns / 1'000'000'000;
      std::int64_t rest = values.modified_ns % 1'000'000'000;
      if (rest < 0) {
        rest += 1'000'000'000;
        --seconds;
      }
      times[1].tv_sec = static_cast<time_t>(seconds);
      times[1].tv_nsec = static_cast<decltype(times[1].tv_nsec)>(rest);
      if (::futimens(descriptor_, times) != 0) return attributes_failure(errno, doubt);
    }
    return {};
  }

#if defined(PERDURE_OS_LINUX) || defined(PERDURE_OS_DARWIN)
  [[nodiscard]] result<void> for_each_xattr(xattr_visitor visitor) const noexcept {
    char names[4096];
    const ssize_t names_size = detail::xattr_list(descriptor_, names, sizeof(names));
    if (names_size < 0) return xattr_failure(operation::get_attributes, errno);
    for (const char* name = names; name < names + names_size; name += std::strlen(name) + 1) {
      char value[16384];
      const ssize_t size = detail::xattr_get(descriptor_, name, value, sizeof(value));
      if (size < 0 && errno == detail::xattr_gone) continue;  // removed since it was listed
      if (size < 0) return xattr_failure(operation::get_attributes, errno);
      if (visitor(path_view(name), bytes(value, static_cast<std::size_t>(size))) == visit::stop) break;
    }
    return {};
  }
  [[nodiscard]] result<void> set_xattr(path_view name, bytes value) noexcept {
    path_buffer<255> text;
    PERDURE_TRY(take_name(text, name));
    if (detail::xattr_set(descriptor_, text.c_str(), value) != 0) return xattr_failure(operation::set_attributes, errno);
    return {};
  }
  [[nodiscard]] result<void> remove_xattr(path_view name) noexcept {
    path_buffer<255> text;
    PERDURE_TRY(take_name(text, name));
    if (detail::xattr_remove(descriptor_, text.c_str()) != 0 && errno != detail::xattr_gone)
      return xattr_failure(operation::set_attributes, errno);
    return {};
  }
#endif

 private:
  static constexpr std::uint64_t offset_max = static_cast<std::uint64_t>((sizeof(off_t) == 8) ? INT64_MAX : INT32_MAX);

  void abandon() noexcept {
    if (descriptor_ >= 0) ::close(detail::exchanged(descriptor_, -1));
  }

  // After a failed write the range holds no one knows what: the file, unlike its name, has changed.
  [[nodiscard, gnu::cold, gnu::noinline]] static failure write_failure(int error) noexcept {
    const enum code code = detail::code_of_errno(error);
    return failure(code, operation::write, error).with(code == code::invalid_argument ? doubt::none : doubt::visible);
  }

  [[nodiscard]] PERDURE_FLAT result<void> write_one(std::uint64_t offset, bytes from) noexcept {
    while (!from.empty()) {
      const std::size_t count = from.size() < detail::transfer_size_max ? from.size() : detail::transfer_size_max;
      const ssize_t put =
          detail::uninterrupted([&] { return ::pwrite(descriptor_, from.data(), count, static_cast<off_t>(offset)); });
      if (put < 0) return write_failure(errno);
      if (put == 0) return write_failure(EIO);
      from = from.from(static_cast<std::size_t>(put));
      offset += static_cast<std::uint64_t>(put);
    }
    return {};
  }

  [[nodiscard]] result<void> write_many(std::uint64_t offset, gather from) noexcept {
    constexpr std::size_t batch_max = 16;
    const bytes* part = from.begin();
    std::size_t skip = 0;  // how much of *part is written already
    while (part != from.end()) {
      struct iovec batch[batch_max];
      int filled = 0;
      std::size_t total = 0;
      for (const bytes* next = part; next != from.end() && static_cast<std::size_t>(filled) < batch_max; ++next) {
        const bytes rest = next == part ? next->from(skip) : *next;
        if (rest.empty()) continue;
        if (rest.size() > detail::transfer_size_max - total) break;
        batch[filled].iov_base = const_cast<std::byte*>(rest.data());
        batch[filled].iov_len = rest.size();
        total += rest.size();
        ++filled;
      }
      if (filled == 0) {  // nothing but empty parts, or one that is too large for a batch
        PERDURE_TRY(write_one(offset, part->from(skip)));
        offset += part->size() - skip;
        skip = 0;
        ++part;
        continue;
      }
      const ssize_t put =
          detail::uninterrupted([&] { return ::pwritev(descriptor_, batch, filled, static_cast<off_t>(offset)); });
      if (put < 0) return write_failure(errno);
      if (put == 0) return write_failure(EIO);
      offset += static_cast<std::uint64_t>(put);
      auto left = static_cast<std::size_t>(put);
      while (part != from.end() && left >= part->size() - skip) {
        left -= part->size() - skip;
        skip = 0;
        ++part;
      }
      skip += left;
    }
    return {};
  }

  [[nodiscard]] static failure xattr_failure(enum operation operation, int error) noexcept {
    if (error == ERANGE || error == E2BIG) return failure(code::too_large, operation, error);
    return operation == operation::get_attributes ? detail::posix_query_failure(operation, error)
                                                  : detail::posix_failure(operation, error);
  }
  [[nodiscard]] static failure attributes_failure(int error, enum doubt before) noexcept {
    const failure why = detail::posix_failure(operation::set_attributes, error);
    return before == doubt::none ? why : why.with(before);
  }
  [[nodiscard]] static result<void> take_name(path_buffer<255>& text, path_view name) noexcept {
    if (name.empty() || std::memchr(name.data(), '\0', name.size()) != nullptr)
      return failure(code::invalid_argument, operation::set_attributes);
    if (!text.append(name).ok()) return failure(code::too_large, operation::set_attributes);
    return {};
  }
  [[nodiscard, gnu::cold, gnu::noinline]] failure sync_failure(int error) noexcept {
    enum code code = detail::code_of_errno(error);
    if (error == EBADF) return failure(code, operation::sync, error);
    if (code == code::io) code = code::sync_lost;
    if (code == code::invalid_argument) code = code::unsupported;  // EINVAL: this kind of file cannot be synced
    const failure why(code, operation::sync, error);
    if (code == code::unsupported) return why;
    sync_failed_ = true;
    return why.with(doubt::durable);
  }

  int descriptor_ = -1;
  bool sync_failed_ = false;
  bool shares_lock_ = false;
};
static_assert(File<posix_file>);

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_HAS_POSIX

#endif  // PERDURE_FS_POSIX_FILE_HPP
