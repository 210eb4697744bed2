// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_BARE_CRASH_FS_HPP
#define PERDURE_TESTING_DETAIL_BARE_CRASH_FS_HPP

// bare_crash_fs: crash_fs (see there) without the faults.

#include <perdure/fs/fs_optional.hpp>
#include <perdure/testing/detail/crash_file.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

class bare_crash_fs {
 public:
  using perdure_fs = bare_crash_fs;
  using file = crash_file;

  bare_crash_fs() : bare_crash_fs(std::make_shared<detail::disk>()) {}
  // As the process that now runs on this disk.
  explicit bare_crash_fs(std::shared_ptr<detail::disk> disk) noexcept : bare_crash_fs(disk, root_inode, disk->process) {}
  bare_crash_fs(std::shared_ptr<detail::disk> disk, detail::inode start, std::uint32_t process) noexcept
      : disk_(std::move(disk)), start_(start), process_(process) {}

  [[nodiscard]] result<file> open(path_view path, const open_options& options) {
    const std::lock_guard lock(disk_->mutex);
    if (!alive()) return dead(operation::open);
    // An exclusive creation never follows: a link is a name that is taken.
    const bool follow = options.links == links::follow && options.creation != creation::create_new;
    std::string room;
    const auto at = find(path, follow ? links::follow : links::refuse, operation::open, room);
    if (!at) return at.error();
    if (at->node != 0) {
      const file_kind kind = disk_->tree[at->node].kind;
      if (options.creation == creation::create_new) return no(code::already_exists, operation::open, path);
      if (kind == file_kind::link) return no(code::invalid_argument, operation::open, path);
      if (kind == file_kind::directory) return no(code::is_a_directory, operation::open, path);
      return file(disk_, at->node, process_, options.access);
    }
    if (options.creation == creation::must_exist) return no(code::not_found, operation::open, path);
    if (at->as_directory) return no(code::is_a_directory, operation::open, path);
    if (disk_->tree[at->parent].removed) return no(code::not_found, operation::open, path);
    if (!disk_->begin(process_, [&] { return "create " + told(path); })) return dead(operation::open);
    const detail::inode made = disk_->make(file_kind::file, options.mode & 07777, 0);
    disk_->set_entry(at->parent, at->name, made);
    disk_->end();
    return file(disk_, made, process_, options.access);
  }

  [[nodiscard]] result<file_info> stat(path_view path) const { return stat_by(path, links::follow); }
  [[nodiscard]] result<file_info> stat_link(path_view path) const { return stat_by(path, links::refuse); }

  [[nodiscard]] result<void> rename(path_view from, path_view to) { return rename_to(from, *this, to); }
  [[nodiscard]] result<void> rename_to(path_view from, const bare_crash_fs& other, path_view to) {
    return move(from, other, to, existing_name::replace);
  }
  [[nodiscard]] result<void> rename_no_replace(path_view from, path_view to) {
    return move(from, *this, to, existing_name::refuse);
  }

  [[nodiscard]] result<void> link(path_view from, path_view to) { return link_to(from, *this, to); }
  [[nodiscard]] result<void> link_to(path_view from, const bare_crash_fs& other, path_view to, links links = links::follow) {
    if (other.disk_ != disk_) return no(code::unsupported, operation::link, to);
    const std::lock_guard lock(disk_->mutex);
    if (!alive()) return dead(operation::link);
    std::string rooms[2];
    const auto source = find(from, links, operation::link, rooms[0]);
    if (!source) return source.error();
    if (source->node == 0) return no(code::not_found, operation::link, from);
    if (disk_->tree[source->node].kind == file_kind::link) return no(code::invalid_argument, operation::link, from);
    const auto target = other.free_place(to, operation::link, rooms[1]);
    if (!target) return target.error();
    if (disk_->tree[source->node].kind == file_kind::directory) return no(code::unsupported, operation::link, to);
    if (target->as_directory) return no(code::not_found, operation::link, to);
    if (!disk_->begin(process_, [&] { return "link " + told(from) + " -> " + other.told(to); })) return dead(operation::link);
    disk_->set_entry(target->parent, target->name, source->node);
    disk_->end();
    return {};
  }

  [[nodiscard]] result<void> make_link(path_view target, path_view path) {
    if (target.empty() || std::memchr(target.data(), '\0', target.size()) != nullptr)
      return no(code::invalid_argument, operation::make_link, target);
    const std::lock_guard lock(disk_->mutex);
    if (!alive()) return dead(operation::make_link);
    std::string room;
    const auto at = free_place(path, operation::make_link, room);
    if (!at) return at.error();
    if (at->as_directory) return no(code::not_found, operation::make_link, path);
    const std::string leads_to(target.data(), target.size());
    if (!disk_->begin(process_, [&] { return "make link " + told(path) + " to " + leads_to; })) return dead(operation::make_link);
    const detail::inode made = disk_->make(file_kind::link, 0777, 0);
    disk_->tree[made].target = leads_to;
    disk_->set_entry(at->parent, at->name, made);
    disk_->end();
    return {};
  }
  [[nodiscard]] result<std::size_t> read_link(path_view path, mutable_bytes buffer) const {
    const std::lock_guard lock(disk_->mutex);
    if (!alive()) return dead(operation::read_link);
    std::string room;
    const auto at = find(path, links::refuse, operation::read_link, room);
    if (!at) return at.error();
    if (at->node == 0) return no(code::not_found, operation::read_link, path);
    if (disk_->tree[at->node].kind != file_kind::link) return no(code::invalid_argument, operation::read_link, path);
    const std::string& target = disk_->tree[at->node].target;
    if (target.size() > buffer.size()) return no(code::too_large, operation::read_link, path);
    std::memcpy(buffer.data(), target.data(), target.size());
    return target.size();
  }

  [[nodiscard]] result<void> remove(path_view path) {
    const std::lock_guard lock(disk_->mutex);
    if (!alive()) return dead(operation::remove);
    std::string room;
    const auto at = find(path, links::refuse, operation::remove, room);
    if (!at) return at.error();
    if (at->node == 0) return no(code::not_found, operation::remove, path);
    if (disk_->tree[at->node].kind == file_kind::directory) return no(code::is_a_directory, operation::remove, path);
    if (!disk_->begin(process_, [&] { return "remove " + told(path); })) return dead(operation::remove);
    disk_->set_entry(at->parent, at->name, 0);
    disk_->end();
    return {};
  }
  [[nodiscard]] result<void> make_dir(path_view path) {
    const std::lock_guard lock(disk_->mutex);
    if (!alive()) return dead(operation::make_dir);
    std::string room;
    const auto at = free_place(path, operation::make_dir, room);
    if (!at) return at.error();
    if (!disk_->begin(process_, [&] { return "make directory " + told(path); })) return dead(operation::make_dir);
    disk_->set_entry(at->parent, at->name, disk_->make(file_kind::directory, 0777, at->parent));
    disk_->end();
    return {};
  }
  [[nodiscard]] result<void> remove_dir(path_view path) {
    const std::lock_guard lock(disk_->mutex);
    if (!alive()) return dead(operation::remove_dir);
    std::string room;
    const auto at = find(path, links::refuse, operation::remove_dir, room);
    if (!at) return at.error();
    if (at->node == 0) return no(code::not_found, operation::remove_dir, path);
    if (disk_->tree[at->node].kind != file_kind::directory) return no(code::not_a_directory, operation::remove_dir, path);
    if (!disk_->tree.is_empty(at->node)) return no(code::not_empty, operation::remove_dir, path);
    if (at->name.empty()) return no(code::invalid_argument, operation::remove_dir, path);  // the root, "." or ".."
    if (!disk_->begin(process_, [&] { return "remove directory " + told(path); })) return dead(operation::remove_dir);
    disk_->tree[at->node].removed = true;
    disk_->set_entry(at->parent, at->name, 0);
    disk_->end();
    return {};
  }

  [[nodiscard]] result<void> for_each_entry(path_view path, entry_visitor visitor) const {
    std::vector<std::pair<std::string, file_kind>> seen;
    {
      const std::lock_guard lock(disk_->mutex);
      if (!alive()) return dead(operation::list);
      const auto at = directory(path, links::follow, operation::list);
      if (!at) return at.error();
      const detail::disk_node& node = disk_->tree[*at];
      for (const std::uint32_t index : node.sorted) {
        const detail::disk_entry& entry = node.entries[index];
        disk_->tree.looked_at(entry.pending);
        if (entry.target != 0) seen.emplace_back(entry.name, disk_->tree[entry.target].kind);
      }
    }
    for (const auto& [name, kind] : seen) {
      if (visitor({name, kind}) == visit::stop) break;
    }
    return {};
  }

  [[nodiscard]] result<void> sync_dir(path_view path) {
    const std::lock_guard lock(disk_->mutex);
    if (!alive()) return dead(operation::sync_dir);
    const auto at = directory(path, links::follow, operation::sync_dir);
    if (!at) return at.error();
    const auto text = [&] { return "sync_dir " + told(path); };
    if (!disk_->begin(process_, text)) return dead(operation::sync_dir);
    if (disk_->begin_sync(text)) disk_->sync_entries(*at);
    disk_->end();
    return {};
  }
  // A sync_dir has failed in the way of fault_rule::clean.
  void mark_clean(path_view path) {
    const std::lock_guard lock(disk_->mutex);
    if (!alive()) return;
    if (const auto at = directory(path, links::follow, operation::sync_dir)) disk_->lose_entries(*at);
  }
  // And a sync_all.
  void mark_all_clean() {
    const std::lock_guard lock(disk_->mutex);
    if (alive()) disk_->lose_everything();
  }
  [[nodiscard]] result<void> sync_all(path_view path) {
    const auto there = stat(path);
    if (!there) return there.error();
    const std::lock_guard lock(disk_->mutex);
    const auto text = [] { return std::string("sync_all"); };
    if (!disk_->begin(process_, text)) return dead(operation::sync_all);
    if (disk_->begin_sync(text)) disk_->sync_everything();
    disk_->end();
    return {};
  }

  [[nodiscard]] result<bare_crash_fs> open_dir(path_view path, links links = links::follow) const {
    const std::lock_guard lock(disk_->mutex);
    if (!alive()) return dead(operation::open_dir);
    const auto at = directory(path, links, operation::open_dir);
    if (!at) return at.error();
    return bare_crash_fs(disk_, *at, process_);
  }

  [[nodiscard]] struct backend_id backend_id() const noexcept {
    return {0x6372617368, static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(disk_.get()))};
  }
  [[nodiscard]] struct nonce nonce() {
    const std::lock_guard lock(disk_->mutex);
    return {disk_->boot, process_, 1, ++disk_->serial};
  }
  [[nodiscard]] writer_state writer(const struct nonce& name) const noexcept {
    if (name.place != disk_->boot) return writer_state::unknown;
    return disk_->is_alive(static_cast<std::uint32_t>(name.process)) ? writer_state::alive : writer_state::gone;
  }

 private:
  enum class existing_name : std::uint8_t { replace, refuse };

  [[nodiscard]] bool alive() const noexcept { return disk_->is_alive(process_); }
  [[nodiscard]] static failure dead(enum operation operation) noexcept { return failure(code::io, operation); }
  [[nodiscard]] static failure no(enum code code, enum operation operation, path_view path) noexcept {
    return detail::disk_tree::no(code, operation, path);
  }
  [[nodiscard]] std::string told(path_view path) const {
    const std::string text(path.data(), path.size());
    if (start_ == detail::root_inode || path[0] == '/') return text;
    return path == path_view(".") ? disk_->name_of(start_) : disk_->name_of(start_) + "/" + text;
  }
  [[nodiscard]] result<detail::disk_place> find(path_view path, links links, enum operation operation, std::string& room) const {
    return disk_->tree.find(start_, path, links, operation, room);
  }
  // Where a new name can go: nothing is there, and its directory is.
  [[nodiscard]] result<detail::disk_place> free_place(path_view path, enum operation operation, std::string& room) const {
    const auto at = find(path, links::refuse, operation, room);
    if (!at) return at;
    if (at->node != 0) return no(code::already_exists, operation, path);
    if (disk_->tree[at->parent].removed) return no(code::not_found, operation, path);
    return at;
  }
  [[nodiscard]] result<detail::inode> directory(path_view path, links links, enum operation operation) const {
    std::string room;
    const auto at = find(path, links, operation, room);
    if (!at) return at.error();
    if (at->node == 0) return no(code::not_found, operation, path);
    const file_kind kind = disk_->tree[at->node].kind;
    if (kind == file_kind::link) return no(code::invalid_argument, operation, path);
    if (kind != file_kind::directory) return no(code::not_a_directory, operation, path);
    return at->node;
  }
  [[nodiscard]] result<file_info> stat_by(path_view path, links links) const {
    const std::lock_guard lock(disk_->mutex);
    if (!alive()) return dead(operation::stat);
    std::string room;
    const auto at = find(path, links, operation::stat, room);
    if (!at) return at.error();
    if (at->node == 0) return no(code::not_found, operation::stat, path);
    const detail::disk_node& node = disk_->tree[at->node];
    disk_->tree.looked_at(node.size_pending);
    disk_->tree.looked_at(node.attributes_pending[2]);
    return file_info{node.kind, node.kind == file_kind::link ? node.target.size() : node.size, node.about.modified_ns};
  }

  [[nodiscard]] result<void> move(path_view from, const bare_crash_fs& other, path_view to, existing_name existing) {
    if (other.disk_ != disk_) return no(code::unsupported, operation::rename, to);
    const std::lock_guard lock(disk_->mutex);
    if (!alive()) return dead(operation::rename);
    detail::disk_tree& tree = disk_->tree;
    std::string rooms[2];
    const auto source = find(from, links::refuse, operation::rename, rooms[0]);
    if (!source) return source.error();
    const auto target = other.find(to, links::refuse, operation::rename, rooms[1]);
    if (!target) return target.error();
    if (source->node == 0) return no(code::not_found, operation::rename, from);
    if (source->name.empty() || (target->node != 0 && target->name.empty())) return no(code::busy, operation::rename, to);
    if (tree[target->parent].removed) return no(code::not_found, operation::rename, to);
    const bool moves_directory = tree[source->node].kind == file_kind::directory;
    if (target->node != 0) {
      if (existing == existing_name::refuse) return no(code::already_exists, operation::rename, to);
      if (target->node == source->node) return {};
      const bool onto_directory = tree[target->node].kind == file_kind::directory;
      if (!moves_directory && onto_directory) return no(code::is_a_directory, operation::rename, to);
      if (moves_directory && !onto_directory) return no(code::not_a_directory, operation::rename, to);
      if (onto_directory && !tree.is_empty(target->node)) return no(code::not_empty, operation::rename, to);
    }
    if (!moves_directory && target->as_directory) return no(code::not_a_directory, operation::rename, to);
    if (moves_directory && tree.is_within(target->parent, source->node)) return no(code::invalid_argument, operation::rename, to);
    if (!disk_->begin(process_, [&] { return "rename " + told(from) + " -> " + other.told(to); })) return dead(operation::rename);
    if (target->node != 0 && tree[target->node].kind == file_kind::directory) tree[target->node].removed = true;
    disk_->rename(source->parent, source->name, target->parent, target->name, source->node);
    if (moves_directory) tree[source->node].parent = target->parent;
    disk_->end();
    return {};
  }

  std::shared_ptr<detail::disk> disk_;
  detail::inode start_;
  std::uint32_t process_;
};

static_assert(Fs<bare_crash_fs>);

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_BARE_CRASH_FS_HPP
