// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_DETAIL_STAGED_FILE_HPP
#define PERDURE_FS_DETAIL_STAGED_FILE_HPP

// staged_file: the protocol that atomic_write and atomic_writer share, one function a step. The numbers are those of the
// contract in atomic_write.hpp. Any failure before step 6 takes the temporary file away and leaves the target untouched.

#include <perdure/fs/detail/place.hpp>
#include <perdure/fs/fs_optional.hpp>
#include <perdure/fs/make_dirs.hpp>
#include <perdure/fs/temp_name.hpp>
#include <perdure/fs/write_options.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

// Does this file hold these bytes? Compared in pieces, so that it costs no memory.
template <File H>
[[nodiscard]] bool holds(const H& file, gather content) {
  const auto size = file.size();
  if (!size || *size != content.size()) return false;
  std::uint64_t offset = 0;
  for (bytes part : content) {
    while (!part.empty()) {
      std::byte piece[1024];
      const bytes expected = part.first(sizeof(piece));
      const auto got = file.read_at(offset, mutable_bytes(piece, expected.size()));
      if (!got || !(bytes(piece, *got) == expected)) return false;
      offset += expected.size();
      part = part.from(expected.size());
    }
  }
  return true;
}

template <Fs F>
class staged_file {
 public:
  staged_file() noexcept = default;
  staged_file(staged_file&&) noexcept = default;
  staged_file& operator=(staged_file&&) = delete;

  // 1. Where the target is. What cannot be a file's name is refused before anything is touched.
  [[nodiscard]] PERDURE_FLAT result<void> locate(F& fs, path_view path, const write_options& options) {
    fs_ = &fs;
    options_ = options;
    if (options_.durability < options_.at_least) options_.durability = options_.at_least;
    reached_ = options_.durability;
    if (path.empty() || std::memchr(path.data(), '\0', path.size()) != nullptr) {
      return failure(code::invalid_argument, operation::open);
    }
    if (contains(options_.set, attribute_set::owner) && !contains(options_.set, attribute_set::mode)) {
      return failure(code::invalid_argument, operation::set_attributes);
    }
    if (path.size() > path_size_max) return failure(code::too_large, operation::open);
    path_buffer<path_size_max> followed;
    if (options_.target_link != target_link::replace) {
      followed.append(path);
      PERDURE_TRY(look_for_link(followed));
      path = followed;
    }
    const path_parts parts = split_path<F>(path);
    if (parts.name.empty() || parts.name == path_view(".") || parts.name == path_view("..")) {
      return failure(code::is_a_directory, operation::open);
    }
    if (!target_.append(parts.name).ok()) return failure(code::too_large, operation::open);
    if (options_.parents == parents::make && !(parts.parent == path_view("."))) {
      const auto made = make_dirs(fs, parts.parent, options_.durability);
      if (!made) return made.error();
      reached_ = *made;
      if (reached_ < options_.at_least) return failure(code::unsupported, operation::sync_dir);
    }
    // A directory so deep that the temporary name does not fit behind it has to be held, too.
    const bool deep = parts.parent.size() + 1 + temp_name::size_max > path_size_max;
    PERDURE_TRY(place_.settle(fs, parts.parent, deep || options_.durability == durability::full));
    return {};
  }

  // options.at_least, asked of the system before anything is written. Durably it does nothing.
  [[nodiscard]] PERDURE_FLAT result<void> probe() {
    return options_.at_least == durability::full ? place_.sync() : result<void>();
  }

  // content::skip_unchanged. Being there is not being durable, so what is skipped is synced first; where that cannot be had of it
  // (a link, a file that may not be read, a sync that fails), the answer is no, and the file is written like any other.
  [[nodiscard, gnu::noinline]] bool settle_unchanged(gather content) {
    if (options_.content != content::skip_unchanged || options_.existing == existing::refuse) return false;
    if (options_.set != attribute_set::none) return false;
    // Asked before it is opened: to open a pipe is to wait for somebody at its other end.
    const auto info = look_at_target();
    if (!info || info->kind != file_kind::file || info->size_bytes != content.size()) return false;
    open_options how;
    how.links = links::refuse;
    auto there = place_.with(path_view(target_), [&](auto& in, path_view name) { return in.open(name, how); });
    if (!there || !holds(*there, content)) return false;
    if (options_.durability == durability::none) return true;
    if (!there->sync(sync_what::all)) return false;
    if (options_.durability == durability::ordered) return true;
    const auto synced = place_.sync();
    if (synced) return true;
    if (synced.error().code() != code::unsupported || options_.at_least == durability::full) return false;
    if (reached_ == durability::full) reached_ = durability::ordered;
    return true;
  }
  [[nodiscard]] write_report unchanged_report() const noexcept { return {reached_, true, options_.keep}; }

  // 2. The file that will be replaced, as far as something of it is to be kept. Nothing there: nothing to keep.
  [[nodiscard]] result<void> look_at_replaced() {
    if (options_.keep == keep::nothing || options_.existing == existing::refuse) return {};
    auto looked = read_replaced();
    if (looked || looked.error().code() == code::not_found) return {};
    replaced_ = failure(code::not_found, operation::open);
    if (options_.keeping == keeping::attempt) return {};
    return looked;
  }

  // 3. A file of our own beside it, which nobody may read, even for a moment, who may not read the final one.
  [[nodiscard]] PERDURE_FLAT result<void> create() {
    open_options how;
    how.access = access::write;
    how.creation = creation::create_new;
    const bool takes_mode = replaced_.has_value() && contains(options_.keep, keep::mode);
    const bool closed_first = takes_mode || contains(options_.set, attribute_set::mode);
    how.mode = closed_first ? 0600 : options_.mode;
    // A name that is taken is somebody else's, or an orphan, and never ours to touch. On a device whose nonces start again
    // with every boot there may be some to skip.
    for (int tries_left = 64; tries_left > 0; --tries_left) {
      temp_ = temp_name(fs_->nonce());
      file_ = place_.with(path_view(temp_), [&](auto& in, path_view name) { return in.open(name, how); });
      // A creation in doubt may have left the file: its name is nobody else's, so it is removed either way.
      made_.yes = file_ || file_.error().doubt() != doubt::none;
      if (file_) return {};
      if (file_.error().code() != code::already_exists) return file_.error();
    }
    return failure(code::busy, operation::open);
  }

  // The same under the target's own name, for a caller who can tell half a file when a crash leaves one.
  [[nodiscard]] result<void> create_in_place() {
    open_options how;
    how.access = access::write;
    how.creation = creation::create_new;
    how.mode = contains(options_.set, attribute_set::mode) ? 0600 : options_.mode;
    file_ = place_.with(path_view(target_), [&](auto& in, path_view name) { return in.open(name, how); });
    in_place_ = true;
    made_.yes = file_.has_value();
    if (file_) return {};
    left_ = file_.error().doubt();  // it may be there, and may as well be another's: not ours to remove
    return file_.error();
  }

  [[nodiscard]] typename F::file& file() noexcept { return *file_; }

  [[nodiscard]] PERDURE_FLAT result<void> write(std::uint64_t offset, gather content) {
    if (!file_) return failure(code::invalid_argument, operation::write);
    return file_->write_at(offset, content);
  }

  // 4. Everything of the file but its name: attributes (after the last write, for writing changes times and takes set-user-id
  //    bits away), the sync, and the close. A file is closed before it is renamed (L10).
  [[nodiscard]] PERDURE_FLAT result<void> finish() {
    if (!file_) return failure(code::invalid_argument, operation::write);
    const bool dressed = replaced_.has_value() || options_.set != attribute_set::none;
    if (replaced_) PERDURE_TRY(take_over());
    if (options_.set != attribute_set::none) PERDURE_TRY(set_attributes(*file_, options_.attributes, options_.set));
    if (options_.durability != durability::none) {
      // A barrier is enough for the content where the name comes after it: once the directory is synced the name survives, and
      // what came before it with it.
      const auto synced = file_->sync(dressed ? sync_what::all : in_place_ ? sync_what::data : sync_what::order);
      if (!synced && synced.error().code() != code::unsupported) return synced;
      if (!synced && options_.at_least != durability::none) return synced;
      if (!synced) reached_ = durability::none;
    }
    if (replaced_) {
      PERDURE_TRY(replaced_->close());
      replaced_ = failure(code::not_found, operation::open);
    }
    return close();
  }
  // Without the rest of it, for a caller whose content survives by a sync of the volume.
  [[nodiscard]] PERDURE_FLAT result<void> close() {
    const auto closed = file_->close();
    file_ = failure(code::not_found, operation::open);
    return closed;
  }

  // 5. and 6. The name, and its durability. From here on a failure may leave the new file in place, and says so.
  [[nodiscard]] PERDURE_FLAT result<write_report> publish(path_view path) {
    const auto renamed = in_place_ ? result<void>() : take_name();
    if (!renamed) {
      remove_made();
      return retold(renamed.error(), path, renamed.error().doubt());
    }
    made_.yes = false;
    if (options_.durability == durability::full) {
      const auto synced = place_.sync();
      const bool required = options_.at_least == durability::full;
      if (!synced && (required || synced.error().code() != code::unsupported))
        return retold(synced.error(), path, doubt::durable);
      if (!synced && reached_ == durability::full) reached_ = durability::ordered;
    }
    return write_report{reached_, false, kept_};
  }

  // Closed before it is removed (L10). Does nothing where there is nothing of ours, as after a move. Answers the doubt that is
  // left about the target: none, unless it was to be written in place.
  enum doubt abandon() {
    if (!made_.yes) return left_;
    if (file_) (void)file_->close();
    file_ = failure(code::not_found, operation::open);
    remove_made();
    return left_;
  }

 private:
  // There is a file of ours to remove. It moves with the file, so that only one object removes it.
  struct armed {
    bool yes = false;
    armed() noexcept = default;
    armed(armed&& other) noexcept : yes(detail::exchanged(other.yes, false)) {}
  };

  static constexpr std::size_t path_size_max = path_capacity<F>();
  static constexpr int links_max = 40;

  // The target behind a chain of links, spelled relative to each link's own directory.
  [[nodiscard, gnu::noinline]] result<void> look_for_link(path_buffer<path_size_max>& path) {
    for (int links_left = links_max; links_left > 0; --links_left) {
      const auto info = stat_link(*fs_, path);
      const bool first = links_left == links_max;
      if (!info && info.error().code() == code::unsupported) return {};  // no links here
      if (!info && first && info.error().code() == code::not_found) return {};
      if (!info) return info.error();
      if (info->kind != file_kind::link) return {};
      if (options_.target_link == target_link::refuse) return failure(code::invalid_argument, operation::open);
      char target[path_size_max];
      target[0] = '\0';  // for compilers that lose sight of who fills it
      const auto size = read_link(*fs_, path, target);
      if (!size) return size.error();
      const path_view to(target, *size);
      path.truncate(!to.empty() && is_separator<F>(to[0]) ? 0 : directory_size(path));
      if (!path.append(to).ok()) return failure(code::too_large, operation::read_link);
    }
    return failure(code::invalid_argument, operation::read_link);  // a loop
  }
  [[nodiscard]] static std::size_t directory_size(path_view path) noexcept {
    std::size_t size = path.size();
    while (size > 0 && !is_separator<F>(path[size - 1])) --size;
    return size;
  }

  [[nodiscard]] result<file_info> look_at_target() {
    return place_.with(path_view(target_), [](auto& in, path_view name) {
      auto there = stat_link(in, name);
      return !there && there.error().code() == code::unsupported ? in.stat(name) : there;
    });
  }

  [[nodiscard, gnu::noinline]] result<void> read_replaced() {
    const auto info = look_at_target();
    if (!info) return info.error();
    if (info->kind != file_kind::file)
      return failure(code::not_found, operation::open);  // a link or a device has nothing to hand on
    open_options how;
    how.links = links::refuse;
    const auto open = [&](auto& in, path_view name) { return in.open(name, how); };
    replaced_ = place_.with(path_view(target_), open);
    if (!replaced_ && replaced_.error().code() == code::permission) {
      how.access = access::write;
      replaced_ = place_.with(path_view(target_), open);
    }
    if (!replaced_) return replaced_.error();
    const auto had = get_attributes(*replaced_);
    if (!had) return had.error();
    had_ = *had;
    return {};
  }

  [[nodiscard, gnu::noinline]] result<void> take_over() {
    const bool must = options_.keeping == keeping::require;
    attributes wanted = had_;
    bool foreign = false;
    if (contains(options_.keep, keep::owner)) {
      const auto owned = set_attributes(*file_, wanted, attribute_set::owner);
      if (!owned && must) return owned;
      if (owned) kept_ = kept_ | keep::owner;
      // A group that could not be kept must not gain what was meant for another one, nor anybody the old owner's powers.
      if (!owned) wanted.mode = (wanted.mode & 0707) | ((wanted.mode & 0007) << 3);
      foreign = !owned;
    }
    if (contains(options_.keep, keep::xattrs)) {
      const auto copied = copy_xattrs(must, foreign);
      if (!copied && must) return copied;
      if (copied) kept_ = kept_ | keep::xattrs;
    }
    if (contains(options_.keep, keep::mode)) {
      const auto set = set_attributes(*file_, wanted, attribute_set::mode);
      if (!set && must) return set;
      if (set && wanted.mode == had_.mode) kept_ = kept_ | keep::mode;
    }
    if (contains(options_.keep, keep::modified)) {
      const auto set = set_attributes(*file_, wanted, attribute_set::modified);
      if (!set && must) return set;
      if (set) kept_ = kept_ | keep::modified;
    }
    return {};
  }

  [[nodiscard]] result<void> copy_xattrs(bool must, bool foreign) {
    result<void> done;
    const auto note = [&](const result<void>& one) {
      if (!one && done) done = one;
      return one || !must ? visit::go_on : visit::stop;
    };
    const auto dropped = drop_inherited_xattrs(note);
    if (!dropped || (!done && must)) return dropped ? done : dropped;
    const auto listed = for_each_xattr(*replaced_, [&](path_view name, bytes value) {
      // An access control list that speaks of an owner and a group which the new file does not have would let others in.
      if (foreign && name.first(7) == path_view("system.")) return note(failure(code::permission, operation::set_attributes));
      return note(set_xattr(*file_, name, value));
    });
    return listed ? done : listed;
  }

  // What a directory hands to every new file in it, an access control list above all, the replaced file may not have had.
  template <class Note>
  [[nodiscard]] result<void> drop_inherited_xattrs(Note&& note) {
    return for_each_xattr(*file_, [&](path_view name, bytes) {
      bool had = false;
      const auto listed = for_each_xattr(*replaced_, [&](path_view other, bytes) {
        had = other == name;
        return had ? visit::stop : visit::go_on;
      });
      if (!listed) return note(listed);
      return had ? visit::go_on : note(remove_xattr(*file_, name));
    });
  }

  [[nodiscard]] PERDURE_FLAT result<void> take_name() {
    const path_view temp(temp_);
    const path_view target(target_);
    if (options_.existing == existing::replace) {
      return place_.with(temp, target, [](auto& in, path_view from, path_view to) { return in.rename(from, to); });
    }
    auto done = place_.with(temp, target, [](auto& in, path_view from, path_view to) { return rename_no_replace(in, from, to); });
    if (done || done.error().code() != code::unsupported) return done;
    done = place_.with(temp, target, [](auto& in, path_view from, path_view to) { return link(in, from, to); });
    if (done) remove_made();
    return done;
  }

  [[gnu::noinline]] void remove_made() {
    if (!made_.yes) return;
    made_.yes = false;
    const auto removed =
        place_.with(in_place_ ? path_view(target_) : path_view(temp_), [](auto& in, path_view name) { return in.remove(name); });
    if (!removed && in_place_) left_ = doubt::visible;
  }

  F* fs_ = nullptr;
  write_options options_;
  enum durability reached_ = durability::none;
  enum keep kept_ = keep::nothing;
  bool in_place_ = false;
  enum doubt left_ = doubt::none;
  armed made_;
  attributes had_;
  place<F> place_;
  path_buffer<255> target_;
  temp_name temp_;
  result<typename F::file> file_ = failure(code::not_found, operation::open);
  result<typename F::file> replaced_ = failure(code::not_found, operation::open);
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_DETAIL_STAGED_FILE_HPP
