// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_DETAIL_MEM_FILE_HPP
#define PERDURE_FS_DETAIL_MEM_FILE_HPP

// basic_mem_file: an open file of mem_fs, and what it shares with it. The handle keeps the files alive, so that it may outlive
// the mem_fs that opened it.

#include <perdure/core/sync.hpp>
#include <perdure/fs/detail/mem_tree.hpp>

namespace perdure {
inline namespace v1 {

struct mem_fs_options {
  std::uint64_t capacity_bytes = UINT64_MAX;  // of all files' content
  std::int64_t (*unix_ns)() = nullptr;        // the time of modifications; time_unknown without
};

namespace detail {

inline std::uint64_t mem_instances = 0;  // of any Sync

template <class S>
struct mem_core {
  explicit mem_core(const mem_fs_options& options)
      : tree(options.capacity_bytes),
        unix_ns(options.unix_ns),
        instance(__atomic_add_fetch(&mem_instances, 1U, __ATOMIC_RELAXED)) {}
  static void destroy(mem_core* core) noexcept { delete core; }
  [[nodiscard]] std::int64_t now() const { return unix_ns != nullptr ? unix_ns() : time_unknown; }

  std::uint32_t references = 0;
  typename S::mutex mutex;
  mem_tree tree;
  std::int64_t (*unix_ns)();
  std::uint64_t instance;
  std::uint64_t serial = 0;
};

}  // namespace detail

template <Sync S>
class basic_mem_file {
 public:
  basic_mem_file(basic_mem_file&& other) noexcept
      : core_(detail::moved(other.core_)),
        node_(detail::moved(other.node_)),
        access_(other.access_),
        locked_(detail::exchanged(other.locked_, nothing)) {}
  basic_mem_file& operator=(basic_mem_file&& other) noexcept {
    if (this != &other) {
      (void)close();
      core_ = detail::moved(other.core_);
      node_ = detail::moved(other.node_);
      access_ = other.access_;
      locked_ = detail::exchanged(other.locked_, nothing);
    }
    return *this;
  }
  ~basic_mem_file() { (void)close(); }

  [[nodiscard]] result<std::size_t> read_at(std::uint64_t offset, mutable_bytes into) const {
    if (node_ == nullptr || access_ == access::write) return closed(operation::read);
    const scoped_lock lock(core_->mutex);
    const detail::mem_content& content = node_->content;
    if (offset >= content.size()) return 0U;
    const bytes there = bytes(content.data(), content.size()).from(static_cast<std::size_t>(offset)).first(into.size());
    if (!there.empty()) std::memcpy(into.data(), there.data(), there.size());
    return there.size();
  }

  [[nodiscard]] result<void> write_at(std::uint64_t offset, gather from) {
    if (node_ == nullptr || access_ == access::read) return closed(operation::write);
    const std::uint64_t size = from.size();
    if (offset > INT64_MAX - size) return failure(code::too_large, operation::write);
    const scoped_lock lock(core_->mutex);
    detail::mem_content& content = node_->content;
    if (size != 0 && offset + size > content.size() && !content.resize(offset + size))
      return failure(code::no_space, operation::write);
    auto at = static_cast<std::size_t>(offset);
    for (const bytes& part : from) {
      if (!part.empty()) std::memcpy(content.data() + at, part.data(), part.size());
      at += part.size();
    }
    node_->about.modified_ns = core_->now();
    return {};
  }

  [[nodiscard]] result<std::uint64_t> size() const {
    if (node_ == nullptr) return closed(operation::size);
    const scoped_lock lock(core_->mutex);
    return static_cast<std::uint64_t>(node_->content.size());
  }

  [[nodiscard]] result<void> truncate(std::uint64_t size_bytes) {
    if (node_ == nullptr || access_ == access::read) return closed(operation::truncate);
    if (size_bytes > INT64_MAX) return failure(code::too_large, operation::truncate);
    const scoped_lock lock(core_->mutex);
    if (!node_->content.resize(size_bytes)) return failure(code::no_space, operation::truncate);
    node_->about.modified_ns = core_->now();
    return {};
  }

  [[nodiscard]] result<void> sync(sync_what) {
    if (node_ == nullptr) return closed(operation::sync);
    return {};
  }

  [[nodiscard]] result<void> close() {
    if (node_ == nullptr) return closed(operation::close);
    // The last handle of a removed file gives its space back: under the lock, and the lock itself ends after it.
    const detail::mem_ref<detail::mem_core<S>> core = detail::moved(core_);
    const scoped_lock lock(core->mutex);
    unlock();
    node_ = nullptr;
    return {};
  }

  [[nodiscard]] result<void> try_lock(lock_mode mode) {
    if (node_ == nullptr) return closed(operation::lock);
    const scoped_lock lock(core_->mutex);
    const int others_sharing = node_->shared_locks - (locked_ == sharing ? 1 : 0);
    const bool other_excludes = node_->exclusive_lock && locked_ != excluding;
    if (other_excludes || (mode == lock_mode::exclusive && others_sharing > 0)) return failure(code::busy, operation::lock);
    unlock();
    locked_ = mode == lock_mode::shared ? sharing : excluding;
    if (locked_ == sharing) ++node_->shared_locks;
    node_->exclusive_lock = locked_ == excluding;
    return {};
  }

  // A copy: the content may move when it grows.
  [[nodiscard]] result<mapping> map() const {
    if (node_ == nullptr) return closed(operation::map);
    const scoped_lock lock(core_->mutex);
    const std::size_t size = node_->content.size();
    if (size == 0) return mapping();
    void* const copy = ::operator new(size, std::nothrow);
    if (copy == nullptr) return failure(code::no_space, operation::map);
    std::memcpy(copy, node_->content.data(), size);
    return mapping(bytes(static_cast<const std::byte*>(copy), size),
                   [](bytes view) { ::operator delete(const_cast<std::byte*>(view.data())); });
  }

  [[nodiscard]] result<clone_report> clone_range(std::uint64_t to_offset, const basic_mem_file& from, std::uint64_t from_offset,
                                                 std::uint64_t size_bytes) {
    if (node_ == nullptr || from.node_ == nullptr) return closed(operation::clone);
    if (from.core_ != core_) return failure(code::unsupported, operation::clone);
    const auto view = from.map();
    if (!view) return view.error();
    if (from_offset >= view->view().size()) return failure(code::unsupported, operation::clone);  // nothing there to clone
    const bytes range = view->view().from(static_cast<std::size_t>(from_offset));
    const bytes part = size_bytes < range.size() ? range.first(static_cast<std::size_t>(size_bytes)) : range;
    PERDURE_TRY(write_at(to_offset, part));
    return clone_report{cloned::copied, part.size()};
  }

  [[nodiscard]] result<attributes> get_attributes() const {
    if (node_ == nullptr) return closed(operation::get_attributes);
    const scoped_lock lock(core_->mutex);
    return node_->about;
  }
  [[nodiscard]] result<void> set_attributes(const attributes& values, attribute_set set) {
    if (node_ == nullptr) return closed(operation::set_attributes);
    const scoped_lock lock(core_->mutex);
    if (contains(set, attribute_set::owner)) {
      node_->about.user = values.user;
      node_->about.group = values.group;
    }
    if (contains(set, attribute_set::mode)) node_->about.mode = values.mode & 07777;
    if (contains(set, attribute_set::modified)) node_->about.modified_ns = values.modified_ns;
    return {};
  }

  // The visitor is called without the lock, with a copy, and the next name is looked for after it.
  [[nodiscard]] result<void> for_each_xattr(xattr_visitor visitor) const {
    if (node_ == nullptr) return closed(operation::get_attributes);
    for (path_buffer<255> name;;) {
      detail::mem_space unlimited;
      detail::mem_content value(unlimited);
      {
        const scoped_lock lock(core_->mutex);
        const auto* const next = node_->xattrs.after(name);
        if (next == nullptr) return {};
        name.clear();
        name.append(next->name());
        const detail::mem_content& there = next->value->content;
        if (!value.resize(there.size())) return failure(code::no_space, operation::get_attributes);
        if (there.size() != 0) std::memcpy(value.data(), there.data(), there.size());
      }
      if (visitor(name, bytes(value.data(), value.size())) == visit::stop) return {};
    }
  }
  [[nodiscard]] result<void> set_xattr(path_view name, bytes value) {
    if (node_ == nullptr) return closed(operation::set_attributes);
    if (name.empty()) return failure(code::invalid_argument, operation::set_attributes);
    if (name.size() > 255 || value.size() > 65536) return failure(code::too_large, operation::set_attributes);
    const scoped_lock lock(core_->mutex);
    auto made = core_->tree.make(file_kind::other, 0);
    if (made == nullptr || !made->content.resize(value.size())) return failure(code::no_space, operation::set_attributes);
    if (!value.empty()) std::memcpy(made->content.data(), value.data(), value.size());
    if (auto* const there = node_->xattrs.find(name)) {
      there->value = detail::moved(made);
    } else if (!node_->xattrs.insert(name, detail::moved(made))) {
      return failure(code::no_space, operation::set_attributes);
    }
    return {};
  }
  [[nodiscard]] result<void> remove_xattr(path_view name) {
    if (node_ == nullptr) return closed(operation::set_attributes);
    if (name.empty()) return failure(code::invalid_argument, operation::set_attributes);
    const scoped_lock lock(core_->mutex);
    node_->xattrs.erase(name);
    return {};
  }

 private:
  template <Sync>
  friend class basic_mem_fs;
  enum lock_state : std::uint8_t { nothing, sharing, excluding };

  basic_mem_file(detail::mem_ref<detail::mem_core<S>> core, detail::mem_node node, access access) noexcept
      : core_(detail::moved(core)), node_(detail::moved(node)), access_(access) {}

  [[nodiscard]] static failure closed(enum operation operation) noexcept { return failure(code::invalid_argument, operation); }
  void unlock() noexcept {
    if (locked_ == sharing) --node_->shared_locks;
    if (locked_ == excluding) node_->exclusive_lock = false;
    locked_ = nothing;
  }

  detail::mem_ref<detail::mem_core<S>> core_;
  detail::mem_node node_;
  enum access access_;
  lock_state locked_ = nothing;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_DETAIL_MEM_FILE_HPP
