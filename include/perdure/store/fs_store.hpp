// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_FS_STORE_HPP
#define PERDURE_STORE_FS_STORE_HPP

// fs_store(fs, root): objects in a directory of any Fs, and a model of Store (store.hpp).
//
//   perdure::posix_fs disk;
//   perdure::fs_store store(disk, "data/objects");
//   auto made = store.create_root();
//   auto put = store.put("state/head", value, perdure::precondition::absent);
//
// An object is a file with its bytes and nothing else, under an escaped name (detail/key_names.hpp), replaced by atomic_write.
// Its etag is the digest of its bytes, worked out when it is got or compared: conditions are for small values, get_range for
// large ones.
//
// Effects: a put or remove holds the kernel lock of one of 16 lock files, chosen by the key, so that conditions hold between all
//   processes of this machine. The files are never removed. What only looks takes no lock. A put without a condition takes it
//   when its content is durable, to give it its name; put_many and put_stream, too. A listing holds one page, of 1,024 keys.
// Success: as store.hpp has it. A put has synced the object, its directory and every directory above it up to the root whose name
//   this fs_store does not know to be durable; a remove, each directory in which the key may be kept.
// Failure: invalid_storage_root: there is no root; timed_out: the lock was not free in lock_timeout_ns; unsupported: the Fs has
//   no locks (writers::any), or, with the object visible and in doubt, less than options.at_least; else as atomic_write and
//   store.hpp have it. An unknown never comes late here.
// Crash: the old object or the new one, whole; temporary files, which sweep() removes; empty directories, which stay.
// Not promised: that locks reach other machines, on a network volume. That the root is another Store's, too, or that somebody
//   else changes what is in it. That after a sync that failed in a process that died, settle() brings back what was lost; that a
//   sync of a directory covers what another writer's, which failed just before, should have. S10 of what is replaced meanwhile,
//   on btrfs with Linux 6.5 to 6.12, whose times are too coarse to tell of it.

#include <perdure/core/native_clock.hpp>
#include <perdure/core/native_sync.hpp>
#include <perdure/core/sha256.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/file_lock.hpp>
#include <perdure/fs/temp_sweep.hpp>
#include <perdure/store/detail/key_tree.hpp>
#include <perdure/store/detail/object_batch.hpp>
#include <perdure/store/store.hpp>

namespace perdure {
inline namespace v1 {

struct fs_store_options {
  enum writers writers = writers::any;
  enum durability at_least = durability::full;  // what the system must be able to give
  permissions mode = 0666;                      // of the objects' files, less what the process masks out
  std::int64_t lock_timeout_ns = 30 * ns_per_second;
  std::size_t volume_sync_at_least = 8;     // so many in one put_many or settle_many are synced with their volume, if that can be
  std::size_t objects_per_directory = 512;  // about; then new ones go below. May differ from one process to another
};

template <Fs F, Clock C = native_clock, Sync S = native_sync>
class fs_store {
  using tree_type = detail::key_tree<F>;
  using path = typename tree_type::path;

 public:
  using perdure_store = fs_store;
  static constexpr std::size_t key_size_max = tree_type::key_size_max;

  fs_store(F& fs, path_view root, C& clock, const fs_store_options& options = {})
      : fs_(&fs), clock_(&clock), options_(options), tree_(fs, root, options.objects_per_directory) {}
#if PERDURE_HAS_NATIVE_FS
  explicit fs_store(F& fs, path_view root, const fs_store_options& options = {})
    requires detail::is_same<C, native_clock>
      : fs_store(fs, root, the_clock(), options) {}
#endif

  // Makes the root and its missing ancestors, durably. A store is not made by accident: nothing else does.
  [[nodiscard]] result<void> create_root() {
    const auto made = make_dirs(*fs_, tree_.root());
    if (!made) return made.error();
    return *made < options_.at_least ? result<void>(failure(code::unsupported, operation::sync_dir)) : result<void>();
  }

  [[nodiscard]] result<object_info> get(key_view key, mutable_bytes into) {
    PERDURE_TRY(check_key(key, operation::get, key_size_max));
    auto file = open(key, operation::get);
    if (!file) return file.error();
    const auto size = file->size();
    if (size && *size > into.size()) return told(failure(code::too_large, operation::get), operation::get, key);
    const mutable_bytes whole = into.first(static_cast<std::size_t>(size.value_or(0)));
    const auto got = size ? file->read_at(0, whole) : size.error();
    if (!got) return told(got.error(), operation::get, key);
    if (*got != whole.size()) return told(failure(code::corrupt, operation::get), operation::get, key);
    return object_info{*size, version_of(sha256_of(whole))};
  }
  [[nodiscard]] result<range_info> get_range(key_view key, std::uint64_t offset, mutable_bytes into) {
    PERDURE_TRY(check_key(key, operation::get, key_size_max));
    auto file = open(key, operation::get);
    if (!file) return file.error();
    const auto size = file->size();
    if (!size) return told(size.error(), operation::get, key);
    if (offset >= *size) return range_info{0, *size};
    const auto got = file->read_at(offset, into);
    if (!got) return told(got.error(), operation::get, key);
    return range_info{*got, *size};
  }
  [[nodiscard]] result<object_info> head(key_view key) {
    PERDURE_TRY(check_key(key, operation::head, key_size_max));
    const auto there = find(key, operation::head, [&](const path& file) { return fs_->stat(file); });
    return there ? result<object_info>(object_info{there->size_bytes, {}}) : there.error();
  }

  [[nodiscard]] result<etag> put(key_view key, gather content, const precondition& when) {
    PERDURE_TRY(check_key(key, operation::put, key_size_max));
    if (when.is_void()) return told(failure(code::invalid_argument, operation::put), operation::put, key);
    if (when.is_any()) {
      const put_item item{key, content};
      PERDURE_TRY(put_many(&item, 1));
      return etag();
    }
    const held lock(*this, key);
    if (!lock.ok()) return told(lock.error(), operation::put, key);
    // Where it is; or, in the end, where it is to be.
    const auto deepest = tree_.depth_of(key);
    if (!deepest) return told(deepest.error(), operation::put, key);
    auto depth = tree_.find_depth(key, *deepest);
    if (!depth && depth.error().code() != code::not_found) return told(depth.error(), operation::put, key);
    const bool is_there = depth.has_value();
    PERDURE_TRY(judge(key, is_there, is_there ? *depth : 0, when));
    if (!is_there) depth = tree_.place(key, *deepest);
    if (!depth) return told(depth.error(), operation::put, key);
    std::size_t directory_size = 0;
    const path file = tree_.file(key, *depth, directory_size);
    if (!file.ok()) return told(failure(code::too_large, operation::put), operation::put, key);
    const auto named = make_durable(path_view(file).first(directory_size));
    if (!named) return told(named.error(), operation::put, key);
    write_options how;
    how.at_least = options_.at_least < durability::ordered ? options_.at_least : durability::ordered;
    how.mode = options_.mode;
    const auto written = atomic_write(*fs_, file, content, how);
    if (!written) return told(written.error(), operation::put, key, written.error().doubt());
    // Not asked before, for that costs a sync of its own each time.
    if (written->durability < options_.at_least)
      return told(failure(code::unsupported, operation::put), operation::put, key, doubt::durable);
    sha256 all;
    for (const bytes& part : content) all.update(part);
    return version_of(all.finish());
  }

  [[nodiscard]] result<void> remove(key_view key) {
    PERDURE_TRY(check_key(key, operation::remove_object, key_size_max));
    const held lock(*this, key);
    if (!lock.ok()) return told(lock.error(), operation::remove_object, key);
    bool changed = false;
    const auto done = each_place(key, [&](const path& file, path_view directory) -> result<void> {
      const auto removed = fs_->remove(file);
      if (!removed && removed.error().code() != code::not_found && removed.error().code() != code::not_a_directory)
        return removed;
      changed = changed || removed;
      const auto synced = sync(directory);
      if (!synced && synced.error().code() == code::not_found) return {};
      return synced || !changed ? synced : synced.error().with(doubt::durable);
    });
    if (done) return {};
    const enum doubt left = done.error().doubt();
    return told(done.error(), operation::remove_object, key, changed && left == doubt::none ? doubt::visible : left);
  }

  [[nodiscard]] result<listed> list(key_view prefix, key_view cursor, std::size_t limit, object_visitor visitor) {
    PERDURE_TRY(check_prefix(prefix, operation::list_objects, key_size_max));
    PERDURE_TRY(check_prefix(cursor, operation::list_objects, key_size_max));
    if (limit == 0) return told(failure(code::invalid_argument, operation::list_objects), operation::list_objects, prefix);
    const auto shown = tree_.list(prefix, cursor, limit, visitor);
    return shown ? shown : told(shown.error(), operation::list_objects, prefix);
  }
  [[nodiscard]] struct nonce nonce() { return fs_->nonce(); }

  // What is there, or not, survives from now on.
  [[nodiscard]] result<void> settle(key_view key) {
    PERDURE_TRY(check_key(key, operation::settle, key_size_max));
    const held lock(*this, key);
    if (!lock.ok()) return told(lock.error(), operation::settle, key);
    const auto done = settle_place(key);
    return done ? done : told(done.error(), operation::settle, key);
  }

  // By one sync of the volume, where there are many and the Fs can: it covers every name that somebody sees.
  [[nodiscard]] result<void> settle_many(const key_view* keys, std::size_t count) {
    const bool by_volume = count != 0 && count >= options_.volume_sync_at_least;
    const auto synced = by_volume ? sync_all(*fs_, tree_.root()) : failure(code::unsupported, operation::sync_all);
    if (!synced && synced.error().code() != code::unsupported) return told(synced.error(), operation::settle, keys[0]);
    for (std::size_t i = 0; i < count; ++i)
      PERDURE_TRY(synced ? check_key(keys[i], operation::settle, key_size_max) : settle(keys[i]));
    return {};
  }

  // Durability is bought once for up to 128 of them: some syncs for all, where the Fs can sync a volume.
  [[nodiscard]] result<void> put_many(const put_item* items, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) PERDURE_TRY(check_key(items[i].key, operation::put, key_size_max));
    for (std::size_t at = 0; at < count;) {
      const std::size_t left = count - at;
      const std::size_t size = left < batch::size_max ? left : batch::size_max;
      batch some(*this, items + at, size);
      const auto done = some.put();
      if (!done) return told_of(some, done.error(), at == 0, left == size);
      at += size;
    }
    return {};
  }
  // No lock is held while the source is read.
  [[nodiscard]] result<etag> put_stream(key_view key, byte_source source) {
    PERDURE_TRY(check_key(key, operation::put, key_size_max));
    const put_item item{key, bytes()};
    batch one(*this, item, source);
    const auto done = one.put();
    return done ? result<etag>(etag()) : told_of(one, done.error(), true, true);
  }

  // Removes what writers that died have left in all of its directories.
  [[nodiscard]] result<sweep_report> sweep(const sweep_options& options = {}) {
    sweep_report all;
    path at = tree_.root();
    PERDURE_TRY(tree_.each_directory(at, [&](const path& directory) {
      const auto swept = temp_sweep(*fs_, directory, *clock_, options);
      if (!swept) return;
      all.removed += swept->removed;
      all.living += swept->living;
      all.unjudged += swept->unjudged;
      all.failed += swept->failed;
    }));
    return all;
  }

 private:
  friend class detail::object_batch<fs_store>;
  using batch = detail::object_batch<fs_store>;
  using fs_file = typename F::file;
  static constexpr std::size_t locks = 16;
  static constexpr std::size_t known_max = 1024;

#if PERDURE_HAS_NATIVE_FS
  [[nodiscard]] static native_clock& the_clock() noexcept {
    static native_clock clock;
    return clock;
  }
#endif

  // The lock of a key: by the kernel, or, where nobody else writes, between the threads of this one.
  class held {
   public:
    held(fs_store& store, key_view key) : store_(store) {
      if (store.options_.writers == writers::only_this) {
        store.alone_.lock();
        return;
      }
      path file = store.tree_.root();
      if (file.size() == 0) return;  // without a path all would lie in the root of the system
      const auto which = static_cast<unsigned>(sha256_of(bytes(key.data(), key.size())).bytes[0]) % locks;
      const char name[] = {'/', 's', '-', 'l', 'o', 'c', 'k', '-', "0123456789abcdef"[which]};
      file.append({name, sizeof(name)});
      lock_ = file_lock<F>::take(*store.fs_, file, *store.clock_, store.options_.lock_timeout_ns);
    }
    held(const held&) = delete;
    held& operator=(const held&) = delete;
    ~held() {
      if (store_.options_.writers == writers::only_this) store_.alone_.unlock();
    }
    [[nodiscard]] bool ok() const noexcept {
      return store_.tree_.root().size() != 0 && (store_.options_.writers == writers::only_this || lock_.has_value());
    }
    // The lock files lie in the root.
    [[nodiscard]] failure error() const noexcept {
      const enum code code = lock_.error().code();
      return failure(code == code::not_found || code == code::not_a_directory ? code::invalid_storage_root : code,
                     lock_.error().operation(), lock_.error().system_code());
    }

   private:
    fs_store& store_;
    result<file_lock<F>> lock_ = failure(code::invalid_storage_root, operation::lock);
  };

  [[nodiscard]] static etag version_of(const digest& of) noexcept { return *etag::of(bytes(of.bytes, sizeof(of.bytes))); }
  // About the key, and not about one of the files behind it.
  [[nodiscard]] static failure told(const failure& why, enum operation called, key_view key,
                                    enum doubt left = doubt::none) noexcept {
    return failure(why.code(), called, why.system_code()).with(left).about({key.data(), key.size()});
  }

  // Some that were put, and some not, are worse than all that may not be durable.
  [[nodiscard]] failure told_of(const batch& some, const failure& why, bool is_first, bool is_last) {
    const enum code code = why.code() == code::not_found ? no_object().code() : why.code();
    const bool none = why.doubt() == doubt::none && is_first && !some.is_begun();
    const enum doubt left = none ? doubt::none : why.doubt() == doubt::durable && is_last ? doubt::durable : doubt::visible;
    return told(failure(code, operation::put, why.system_code()), operation::put, some.key(), left);
  }

  // Calls with the object's file, the newest first where a crash has left several, until one is there.
  template <class Look>
  [[nodiscard]] auto find(key_view key, enum operation called, Look&& look) -> decltype(look(detail::some<const path&>())) {
    const auto deepest = tree_.depth_of(key);
    if (!deepest) return told(deepest.error(), called, key);
    for (std::size_t depth = *deepest;; --depth) {
      std::size_t directory_size = 0;
      const path file = tree_.file(key, depth, directory_size);
      if (file.ok()) {
        auto found = look(file);
        if (found) return found;
        const enum code code = found.error().code();
        // A name that the Fs cannot take has never been given.
        const bool none = code == code::not_found || code == code::not_a_directory || code == code::too_large;
        if (!none) return told(found.error(), called, key);
      }
      if (depth == 0) return told(no_object(), called, key);
    }
  }
  // Of nothing under a key it matters whether there is a store at all.
  [[nodiscard]] failure no_object() {
    const auto root = fs_->stat(tree_.root());
    return failure(root || root.error().code() != code::not_found ? code::not_found : code::invalid_storage_root,
                   operation::none);
  }
  [[nodiscard]] result<typename F::file> open(key_view key, enum operation called) {
    return find(key, called, [&](const path& file) { return fs_->open(file, {}); });
  }
  [[nodiscard]] result<void> judge(key_view key, bool is_there, std::size_t depth, const precondition& when) {
    const auto no = [&](enum code code) { return told(failure(code, operation::put), operation::put, key); };
    if (when.is_absent()) return is_there ? result<void>(no(code::already_exists)) : result<void>();
    if (!is_there) return no(code::not_found);
    std::size_t directory_size = 0;
    auto file = fs_->open(tree_.file(key, depth, directory_size), {});
    if (!file) return told(file.error(), operation::put, key);
    const auto content = detail::digest_of_file(*file);
    if (!content) return told(content.error(), operation::put, key);
    return version_of(*content) == when.version() ? result<void>() : result<void>(no(code::conflict));
  }

  // The directory is there, and so are its name and all names above it up to the root. One that is known was noted behind those.
  [[nodiscard]] result<void> make_durable(path_view directory) {
    if (is_known(tree_type::name_of(directory))) return {};
    for (std::size_t end = tree_.root().size(); end < directory.size();) {
      std::size_t next = end + 1;
      while (next < directory.size() && directory[next] != '/') ++next;
      const path_view one = directory.first(next);
      const std::uint64_t name = tree_type::name_of(one);
      if (!is_known(name)) {
        PERDURE_TRY(tree_.make_dir(tree_type::copy_of(one)));
        const auto synced = sync(directory.first(end));
        if (!synced) return (void)fs_->remove_dir(one), synced;  // no later sync can tell of this name: it is to be a new one
        __atomic_store_n(&known_[name % known_max], name, __ATOMIC_RELEASE);
      }
      end = next;
    }
    return {};
  }
  [[nodiscard]] bool is_known(std::uint64_t name) const noexcept {
    return __atomic_load_n(&known_[name % known_max], __ATOMIC_ACQUIRE) == name;
  }
  [[nodiscard]] result<void> sync(path_view directory) {
    const auto synced = fs_->sync_dir(tree_type::copy_of(directory));
    const bool is_enough = !synced && synced.error().code() == code::unsupported && options_.at_least != durability::full;
    return is_enough ? result<void>() : synced;
  }

  // Each file in which the key's object may be kept, the oldest first, so that what is newest is there to the last.
  template <class Use>
  [[nodiscard]] result<void> each_place(key_view key, Use&& use) {
    const auto deepest = tree_.depth_of(key);
    if (!deepest) return deepest.error();
    for (std::size_t depth = 0; depth <= *deepest; ++depth) {
      std::size_t directory_size = 0;
      const path file = tree_.file(key, depth, directory_size);
      if (file.ok()) PERDURE_TRY(use(file, path_view(file).first(directory_size)));
    }
    return {};
  }

  // An object was whole and its directory durable before it got its name. Of none, any name of it may have been removed by
  // somebody who was killed then.
  [[nodiscard]] result<void> settle_place(key_view key) {
    const auto deepest = tree_.depth_of(key);
    if (!deepest) return deepest.error();
    const auto there = tree_.find_depth(key, *deepest);
    if (!there && there.error().code() != code::not_found) return there.error();
    if (there) {
      std::size_t directory_size = 0;
      const path file = tree_.file(key, *there, directory_size);
      return sync(path_view(file).first(directory_size));
    }
    return each_place(key, [&](const path&, path_view directory) -> result<void> {
      const auto synced = sync(directory);
      return !synced && synced.error().code() == code::not_found ? result<void>() : synced;
    });
  }

  F* fs_;
  C* clock_;
  fs_store_options options_;
  tree_type tree_;
  typename S::mutex alone_;
  std::uint64_t known_[known_max] = {};
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_FS_STORE_HPP
