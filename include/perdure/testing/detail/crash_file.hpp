// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_CRASH_FILE_HPP
#define PERDURE_TESTING_DETAIL_CRASH_FILE_HPP

// crash_file: an open file of crash_fs. It belongs to the process that opened it: when that is killed, its locks are free and
// every call on it fails.

#include <algorithm>
#include <memory>
#include <new>
#include <string>

#include <perdure/testing/detail/disk.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

namespace detail {
class bare_crash_fs;
}

class crash_file {
 public:
  crash_file(crash_file&& other) noexcept
      : disk_(std::move(other.disk_)),
        node_(other.node_),
        process_(other.process_),
        access_(other.access_),
        locked_(std::exchange(other.locked_, nothing)) {}
  crash_file& operator=(crash_file&& other) noexcept {
    if (this != &other) {
      (void)close();
      disk_ = std::move(other.disk_);
      node_ = other.node_;
      process_ = other.process_;
      access_ = other.access_;
      locked_ = std::exchange(other.locked_, nothing);
    }
    return *this;
  }
  ~crash_file() { (void)close(); }

  [[nodiscard]] result<std::size_t> read_at(std::uint64_t offset, mutable_bytes into) const {
    if (!usable() || access_ == access::write) return closed(operation::read);
    const std::lock_guard lock(disk_->mutex);
    if (!disk_->is_alive(process_)) return dead(operation::read);
    const detail::disk_node& node = disk_->tree[node_];
    disk_->tree.looked_at(node.size_pending);
    if (offset >= node.size) return 0U;
    const std::uint64_t left = node.size - offset;
    const std::size_t count = into.size() < left ? into.size() : static_cast<std::size_t>(left);
    std::byte* to = into.data();
    for (std::size_t done = 0; done < count;) {
      const auto page = static_cast<std::size_t>((offset + done) / detail::page_size);
      const auto in_page = static_cast<std::size_t>((offset + done) % detail::page_size);
      const std::size_t piece = count - done < detail::page_size - in_page ? count - done : detail::page_size - in_page;
      disk_->tree.looked_at(node.page_pending(page));
      if (page < node.pages.size()) {
        node.pages[page].read(in_page, to + done, piece);
      } else {
        std::memset(to + done, 0, piece);
      }
      done += piece;
    }
    return count;
  }

  [[nodiscard]] result<void> write_at(std::uint64_t offset, gather from) {
    if (!usable() || access_ == access::read) return closed(operation::write);
    if (offset + from.size() < offset || offset + from.size() > written_max) return failure(code::too_large, operation::write);
    const std::lock_guard lock(disk_->mutex);
    const auto text = [&] { return "write " + bytes_at(offset, from.size()) + " of " + name(); };
    if (!disk_->begin(process_, text)) return dead(operation::write);
    const std::uint64_t first = detail::page_size - offset % detail::page_size;
    if (from.size() > first && disk_->stops_inside()) return write_in_two(offset, from, first);
    disk_->write(node_, offset, from);
    disk_->end();
    return {};
  }

  [[nodiscard]] result<std::uint64_t> size() const {
    if (!usable()) return closed(operation::size);
    const std::lock_guard lock(disk_->mutex);
    if (!disk_->is_alive(process_)) return dead(operation::size);
    disk_->tree.looked_at(disk_->tree[node_].size_pending);
    return disk_->tree[node_].size;
  }

  [[nodiscard]] result<void> truncate(std::uint64_t size_bytes) {
    if (!usable() || access_ == access::read) return closed(operation::truncate);
    if (size_bytes > INT64_MAX) return failure(code::too_large, operation::truncate);
    const std::lock_guard lock(disk_->mutex);
    const auto text = [&] { return "truncate " + name() + " to " + std::to_string(size_bytes) + " bytes"; };
    if (!disk_->begin(process_, text)) return dead(operation::truncate);
    disk_->truncate(node_, size_bytes);
    disk_->end();
    return {};
  }

  [[nodiscard]] result<void> sync(sync_what what) {
    if (!usable()) return closed(operation::sync);
    const std::lock_guard lock(disk_->mutex);
    const auto text = [&] {
      return std::string(what == sync_what::order  ? "sync(order)"
                         : what == sync_what::data ? "sync(data)"
                                                   : "sync(all)") +
             " of " + name();
    };
    if (!disk_->begin(process_, text)) return dead(operation::sync);
    if (disk_->begin_sync(text)) disk_->sync_file(node_, what);
    disk_->end();
    return {};
  }

  // A sync has failed in the way of fault_rule::clean.
  void mark_clean() {
    if (!usable()) return;
    const std::lock_guard lock(disk_->mutex);
    if (disk_->is_alive(process_)) disk_->lose(node_);
  }

  [[nodiscard]] result<void> close() {
    if (disk_ == nullptr) return closed(operation::close);
    const std::shared_ptr<detail::disk> disk = std::move(disk_);
    const std::lock_guard lock(disk->mutex);
    if (!disk->is_alive(process_)) return dead(operation::close);
    unlock(disk->tree[node_]);
    return {};
  }

  [[nodiscard]] result<void> try_lock(lock_mode mode) {
    if (!usable()) return closed(operation::lock);
    const std::lock_guard lock(disk_->mutex);
    if (!disk_->is_alive(process_)) return dead(operation::lock);
    detail::disk_node& node = disk_->tree[node_];
    const std::size_t others_sharing = node.shared_locks.size() - (locked_ == sharing ? 1 : 0);
    const bool other_excludes = node.exclusive_lock != 0 && locked_ != excluding;
    if (other_excludes || (mode == lock_mode::exclusive && others_sharing > 0)) {
      disk_->asked_in_vain = true;
      return failure(code::busy, operation::lock);
    }
    unlock(node);
    locked_ = mode == lock_mode::shared ? sharing : excluding;
    if (locked_ == sharing) node.shared_locks.push_back(process_);
    if (locked_ == excluding) node.exclusive_lock = process_;
    return {};
  }

  // A copy: what is mapped must not change with the disk.
  [[nodiscard]] result<mapping> map() const {
    const auto size = this->size();
    if (!size) return failure(size.error().code(), operation::map);
    if (*size == 0) return mapping();
    const auto count = static_cast<std::size_t>(*size);
    void* const copy = ::operator new(count, std::nothrow);
    if (copy == nullptr) return failure(code::no_space, operation::map);
    crash_file reader(disk_, node_, process_, access::read);
    (void)reader.read_at(0, mutable_bytes(static_cast<std::byte*>(copy), count));
    return mapping(bytes(static_cast<const std::byte*>(copy), count),
                   [](bytes view) { ::operator delete(const_cast<std::byte*>(view.data())); });
  }

  [[nodiscard]] result<clone_report> clone_range(std::uint64_t to_offset, const crash_file& from, std::uint64_t from_offset,
                                                 std::uint64_t size_bytes) {
    if (!usable() || !from.usable()) return closed(operation::clone);
    if (from.disk_ != disk_) return failure(code::unsupported, operation::clone);
    const auto view = from.map();
    if (!view) return view.error();
    if (from_offset >= view->view().size()) return failure(code::unsupported, operation::clone);  // nothing there to clone
    const bytes range = view->view().from(static_cast<std::size_t>(from_offset));
    const bytes part = size_bytes < range.size() ? range.first(static_cast<std::size_t>(size_bytes)) : range;
    PERDURE_TRY(write_at(to_offset, part));
    return clone_report{cloned::copied, part.size()};
  }

  [[nodiscard]] result<attributes> get_attributes() const {
    if (!usable()) return closed(operation::get_attributes);
    const std::lock_guard lock(disk_->mutex);
    if (!disk_->is_alive(process_)) return dead(operation::get_attributes);
    const detail::disk_node& node = disk_->tree[node_];
    for (const detail::chain_id id : node.attributes_pending) disk_->tree.looked_at(id);
    return node.about;
  }
  [[nodiscard]] result<void> set_attributes(const attributes& values, attribute_set set) {
    if (!usable()) return closed(operation::set_attributes);
    const std::lock_guard lock(disk_->mutex);
    if (!disk_->begin(process_, [&] { return "set attributes of " + name(); })) return dead(operation::set_attributes);
    detail::disk_node& node = disk_->tree[node_];
    const attributes was = node.about;
    if (contains(set, attribute_set::owner)) {
      node.about.user = values.user;
      node.about.group = values.group;
      disk_->changed_attributes(node_, was, node.xattrs, detail::chain_kind::owner);
    }
    if (contains(set, attribute_set::mode)) {
      node.about.mode = values.mode & 07777;
      disk_->changed_attributes(node_, was, node.xattrs, detail::chain_kind::mode);
    }
    if (contains(set, attribute_set::modified)) {
      node.about.modified_ns = values.modified_ns;
      disk_->changed_attributes(node_, was, node.xattrs, detail::chain_kind::times);
    }
    disk_->end();
    return {};
  }

  [[nodiscard]] result<void> for_each_xattr(xattr_visitor visitor) const {
    if (!usable()) return closed(operation::get_attributes);
    std::map<std::string, std::string> seen;
    {
      const std::lock_guard lock(disk_->mutex);
      if (!disk_->is_alive(process_)) return dead(operation::get_attributes);
      for (const detail::chain_id id : disk_->tree[node_].attributes_pending) disk_->tree.looked_at(id);
      seen = disk_->tree[node_].xattrs;
    }
    for (const auto& [name, value] : seen) {
      if (visitor(name, value) == visit::stop) break;
    }
    return {};
  }
  [[nodiscard]] result<void> set_xattr(path_view attribute, bytes value) {
    if (!usable()) return closed(operation::set_attributes);
    if (attribute.empty()) return failure(code::invalid_argument, operation::set_attributes);
    if (attribute.size() > 255 || value.size() > 65536) return failure(code::too_large, operation::set_attributes);
    const std::lock_guard lock(disk_->mutex);
    if (!disk_->begin(process_, [&] { return "set an extended attribute of " + name(); })) return dead(operation::set_attributes);
    detail::disk_node& node = disk_->tree[node_];
    const auto had = node.xattrs;
    node.xattrs[std::string(attribute.data(), attribute.size())] =
        std::string(reinterpret_cast<const char*>(value.data()), value.size());
    disk_->changed_attributes(node_, node.about, had, detail::chain_kind::xattrs);
    disk_->end();
    return {};
  }
  [[nodiscard]] result<void> remove_xattr(path_view attribute) {
    if (!usable()) return closed(operation::set_attributes);
    if (attribute.empty()) return failure(code::invalid_argument, operation::set_attributes);
    const std::lock_guard lock(disk_->mutex);
    if (!disk_->is_alive(process_)) return dead(operation::set_attributes);
    detail::disk_node& node = disk_->tree[node_];
    const auto had = node.xattrs;
    if (had.find(std::string(attribute.data(), attribute.size())) == had.end()) return {};
    if (!disk_->begin(process_, [&] { return "remove an extended attribute of " + name(); }))
      return dead(operation::set_attributes);
    node.xattrs.erase(std::string(attribute.data(), attribute.size()));
    disk_->changed_attributes(node_, node.about, had, detail::chain_kind::xattrs);
    disk_->end();
    return {};
  }

 private:
  friend class detail::bare_crash_fs;
  static constexpr std::uint64_t written_max = std::uint64_t{1} << 34;  // there is a pointer for each page before the last one
  enum lock_state : std::uint8_t { nothing, sharing, excluding };

  crash_file(std::shared_ptr<detail::disk> disk, detail::inode node, std::uint32_t process, access access) noexcept
      : disk_(std::move(disk)), node_(node), process_(process), access_(access) {}

  [[nodiscard]] bool usable() const noexcept { return disk_ != nullptr; }
  [[nodiscard]] static failure closed(enum operation operation) noexcept { return failure(code::invalid_argument, operation); }
  [[nodiscard]] static failure dead(enum operation operation) noexcept { return failure(code::io, operation); }
  [[nodiscard]] std::string name() const { return disk_->name_of(node_); }
  [[nodiscard]] static std::string bytes_at(std::uint64_t offset, std::uint64_t count) {
    return std::to_string(count) + (count == 1 ? " byte at " : " bytes at ") + std::to_string(offset);
  }
  // A process that is killed may leave a write of several pages half done.
  [[nodiscard]] result<void> write_in_two(std::uint64_t offset, gather from, std::uint64_t first) {
    std::vector<bytes> head;
    std::vector<bytes> tail;
    for (bytes part : from) {
      const bytes before = part.first(first < part.size() ? static_cast<std::size_t>(first) : part.size());
      first -= before.size();
      head.push_back(before);
      tail.push_back(part.from(before.size()));
    }
    const gather begun(head.data(), head.size());
    disk_->write(node_, offset, begun);
    if (disk_->dies_inside()) {
      disk_->end();
      disk_->kill();
      return dead(operation::write);
    }
    disk_->note_cut();
    disk_->write(node_, offset + begun.size(), gather(tail.data(), tail.size()));
    disk_->end();
    return {};
  }
  void unlock(detail::disk_node& node) noexcept {
    const auto mine = std::find(node.shared_locks.begin(), node.shared_locks.end(), process_);
    if (locked_ == sharing && mine != node.shared_locks.end()) node.shared_locks.erase(mine);
    if (locked_ == excluding) node.exclusive_lock = 0;
    locked_ = nothing;
  }

  std::shared_ptr<detail::disk> disk_;
  detail::inode node_;
  std::uint32_t process_;
  enum access access_;
  lock_state locked_ = nothing;
};

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_CRASH_FILE_HPP
