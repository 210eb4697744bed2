// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_DETAIL_VERSION_DIR_HPP
#define PERDURE_MANIFEST_DETAIL_VERSION_DIR_HPP

// version_dir: the files of a versioned_slot: `current`, which names versions; the versions; and what a writer that died has
// left. Whoever changes anything here holds the lock, or is the only writer.

#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/read_file.hpp>
#include <perdure/manifest/detail/owned_path.hpp>
#include <perdure/manifest/detail/version_pointer.hpp>
#include <perdure/manifest/slot.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

// A version that `current` names and that is not there is damage, too, and never an absence.
[[nodiscard]] inline bool is_damage(const failure& why) noexcept {
  return why.code() == code::corrupt || why.code() == code::not_found;
}
[[nodiscard]] inline failure damaged(const failure& why) noexcept {
  return failure(code::corrupt, operation::load, why.system_code()).about(why.path());
}

template <Fs F>
class version_dir {
 public:
  version_dir(F& fs, path_view directory, permissions mode) : fs_(&fs), mode_(mode), path_(directory, "") {}

  [[nodiscard]] F& fs() const noexcept { return *fs_; }
  [[nodiscard]] path_view path() const noexcept { return path_.view(); }
  [[nodiscard]] failure about(const failure& why) const noexcept { return about_path(why, path_.view()); }

  // Nothing there: a pointer to none, but never where the directory itself is missing. What is no pointer is corrupt.
  [[nodiscard]] result<version_pointer> pointer() const {
    std::byte text[version_pointer::size_max + 1];
    const auto got = with("current", [&](path_view path) { return read_file(*fs_, path, text); });
    if (got) {
      const auto found = version_pointer::decode(bytes(text, *got));
      return found ? found : about(found.error());
    }
    // Longer than any: a path that is too long fails to open.
    if (got.error().code() == code::too_large && got.error().operation() == operation::read)
      return about(failure(code::corrupt, operation::load));
    if (got.error().code() != code::not_found) return got.error();
    const auto directory = fs_->stat(path_.view());
    if (!directory) return about(directory.error());
    return version_pointer();
  }

  // Success: these bytes are that version. corrupt where they are not, not_found where the file is not there at all.
  [[nodiscard]] result<bytes> read(const version_entry& version, slot_room room) const {
    return with(version_name(version.number).view(), [&](path_view path) -> result<bytes> {
      const failure other = about_path(failure(code::corrupt, operation::load), path);
      auto file = fs_->open(path, {});
      if (!file) return about_path(file.error(), path);
      const auto size = file->size();
      if (!size) return about_path(size.error(), path);
      if (*size != version.size_bytes) return other;
      const auto memory = room(*size);
      if (!memory) return memory.error();
      PERDURE_ASSERT(memory->size() >= *size, "a slot_room answers with as much memory as was asked for");
      const mutable_bytes into = memory->first(static_cast<std::size_t>(*size));
      const auto got = file->read_at(0, into);
      if (!got) return about_path(got.error(), path);
      if (*got != into.size() || !(sha256_of(into) == version.of)) return other;
      return bytes(into);
    });
  }

  // A version after the last one, durable with its name. Nobody points to it yet, so that no failure is in doubt.
  // A number that is taken is that of somebody who died, or came back from the dead, and is passed over.
  [[nodiscard]] result<version_entry> add(std::uint64_t& last, bytes value) const {
    open_options how;
    how.access = access::write;
    how.creation = creation::create_new;
    how.mode = mode_;
    const digest of = sha256_of(value);
    while (last != UINT64_MAX) {
      const version_name name(++last);
      bool made = false;
      const auto put = with(name.view(), [&](path_view path) -> result<void> {
        auto file = fs_->open(path, how);
        made = file || file.error().doubt() != doubt::none;
        if (!file) return file.error();
        PERDURE_TRY(file->write_at(0, value));
        PERDURE_TRY(file->sync(sync_what::data));
        PERDURE_TRY(file->close());
        return fs_->sync_dir(path_.view());
      });
      if (put) return version_entry{last, value.size(), of};
      if (made) remove(name.view());
      if (made || put.error().code() != code::already_exists) return retold(put.error(), path_.view());
    }
    return about(failure(code::too_large, operation::replace));
  }

  // Its failure is in doubt as that of an atomic_write is.
  [[nodiscard]] result<void> point(const version_pointer& to) const {
    std::byte text[version_pointer::size_max];
    write_options how;
    how.mode = mode_;
    how.at_least = durability::ordered;  // that the directory can be synced was seen when the version was added
    const auto done = with("current", [&](path_view path) { return atomic_write(*fs_, path, to.encode(text), how); });
    if (!done) return done.error();
    if (done->durability == durability::full) return {};
    return about(failure(code::unsupported, operation::sync_dir).with(doubt::durable));
  }

  // Garbage: what no pointer can name any more, now or after a crash. Not being able to remove it harms nobody.
  bool remove(std::uint64_t number) const { return remove(version_name(number).view()); }

  // What this pointer, which is durable, does not name: older versions, and what writers that died have left. What has a greater
  // number stays until a pointer has passed it, so that its number is never given again.
  [[nodiscard]] bool sweep(const version_pointer& durable) const {
    bool all = true;
    const auto listed = fs_->for_each_entry(path_.view(), [&](const dir_entry& entry) {
      const std::uint64_t number = version_name::parse(entry.name);
      const bool is_garbage = number != 0 ? number < durable.newest().number && !durable.names(number)
                                          : static_cast<bool>(temp_name::parse(entry.name));
      if (is_garbage && entry.kind != file_kind::directory) all = remove(entry.name) && all;
      return visit::go_on;
    });
    return listed && all;
  }

 private:
  template <class Use>
  auto with(path_view name, Use&& use) const -> decltype(use(name)) {
    path_buffer<path_capacity<F>()> path;
    if (!path.join(path_.view(), name).ok()) return about(failure(code::too_large, operation::open));
    return use(path_view(path));
  }
  bool remove(path_view name) const {
    const auto removed = with(name, [&](path_view path) { return fs_->remove(path); });
    return removed || removed.error().code() == code::not_found;
  }

  F* fs_;
  permissions mode_;
  owned_path path_;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_DETAIL_VERSION_DIR_HPP
