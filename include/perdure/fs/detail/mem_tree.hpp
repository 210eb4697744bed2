// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_DETAIL_MEM_TREE_HPP
#define PERDURE_FS_DETAIL_MEM_TREE_HPP

// mem_tree: the inodes of a mem_fs and how a path finds one. Without a lock of its own: mem_fs holds its one around each call.

#include <perdure/fs/detail/mem_names.hpp>
#include <perdure/fs/fs.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

// A counted pointer to what counts its own references. Not <memory>: that alone would cost more than the whole library.
template <class T>
class mem_ref {
 public:
  mem_ref() noexcept = default;
  mem_ref(std::nullptr_t) noexcept {}
  explicit mem_ref(T* object) noexcept : object_(object) {
    if (object_ != nullptr) __atomic_add_fetch(&object_->references, 1U, __ATOMIC_RELAXED);
  }
  mem_ref(const mem_ref& other) noexcept : mem_ref(other.object_) {}
  mem_ref(mem_ref&& other) noexcept : object_(detail::exchanged(other.object_, nullptr)) {}
  mem_ref& operator=(mem_ref other) noexcept {
    detail::swapped(object_, other.object_);
    return *this;
  }
  ~mem_ref() {
    if (T* const last = let_go(); last != nullptr) T::destroy(last);
  }
  // Refers to nothing any more. The object, if this was the last reference to it.
  [[nodiscard]] T* let_go() noexcept {
    T* const object = detail::exchanged(object_, nullptr);
    return object != nullptr && __atomic_sub_fetch(&object->references, 1U, __ATOMIC_ACQ_REL) == 0 ? object : nullptr;
  }
  [[nodiscard]] T* get() const noexcept { return object_; }
  [[nodiscard]] T* operator->() const noexcept { return object_; }
  [[nodiscard]] T& operator*() const noexcept { return *object_; }
  friend bool operator==(const mem_ref& a, const mem_ref& b) noexcept { return a.object_ == b.object_; }

 private:
  T* object_ = nullptr;
};

// How much all files of one mem_fs hold, and may. It outlives them.
struct mem_space {
  std::uint64_t used = 0;
  std::uint64_t capacity = UINT64_MAX;
};

// Content in a buffer that grows geometrically. Its memory is asked for without exceptions: a full memory is a full disk.
class mem_content {
 public:
  explicit mem_content(mem_space& space) noexcept : space_(&space) {}
  mem_content(const mem_content&) = delete;
  mem_content& operator=(const mem_content&) = delete;
  ~mem_content() {
    if (size_ != 0) space_->used -= size_;
    ::operator delete(data_);
  }

  [[nodiscard]] const std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::byte* data() noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  // What is added reads as zeros. False, and nothing changed, where there is no room for it.
  [[nodiscard]] bool resize(std::uint64_t wanted) noexcept {
    if (wanted > SIZE_MAX / 2 || (wanted > size_ && wanted - size_ > space_->capacity - space_->used)) return false;
    const auto size = static_cast<std::size_t>(wanted);
    if (size > capacity_) {
      const std::size_t twice = capacity_ < SIZE_MAX / 2 ? capacity_ * 2 : size;
      const std::size_t capacity = size > twice ? size : twice;
      auto* const grown = static_cast<std::byte*>(::operator new(capacity, std::nothrow));
      if (grown == nullptr) return false;
      if (size_ != 0) std::memcpy(grown, data_, size_);
      ::operator delete(data_);
      data_ = grown;
      capacity_ = capacity;
    }
    if (size > size_) std::memset(data_ + size_, 0, size - size_);
    space_->used = space_->used - size_ + size;
    size_ = size;
    return true;
  }

 private:
  mem_space* space_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

struct mem_inode {
  mem_inode(file_kind its_kind, permissions mode, mem_space& space) noexcept : kind(its_kind), content(space) {
    about.mode = mode;
  }

  // With all that only it held. One after another, for a tree may be deeper than a stack.
  static void destroy(mem_inode* last) noexcept {
    last->parent = nullptr;  // from here on: the next to be destroyed
    while (last != nullptr) {
      mem_inode* const node = last;
      last = node->parent;
      for (auto* entry = node->entries.after(""); entry != nullptr; entry = node->entries.after(entry->name())) {
        mem_inode* const child = entry->value.let_go();
        if (child == nullptr) continue;
        child->parent = last;
        last = child;
      }
      delete node;
    }
  }

  std::uint32_t references = 0;
  file_kind kind;
  bool removed = false;  // a directory without a name: nothing can be created in it any more
  bool exclusive_lock = false;
  int shared_locks = 0;
  attributes about;
  mem_content content;                    // of a file; what a link points to
  mem_names<mem_ref<mem_inode>> entries;  // of a directory; "." and ".." are not among them
  mem_names<mem_ref<mem_inode>> xattrs;   // each value an inode of its own
  mem_inode* parent = nullptr;            // of a directory that is not removed: it is held by its parent, and never outlives it
};
using mem_node = mem_ref<mem_inode>;

// Where a path leads: the directory that holds its last component, that component, and what it names, if anything.
struct mem_place {
  mem_node parent;
  path_buffer<255> name;      // empty where the path names a directory by "/", "." or ".."
  mem_node node;              // none where nothing has that name
  bool as_directory = false;  // the path ends in '/', "." or "..": only a directory will do
};

class mem_tree {
 public:
  // Without memory for a single directory there is no mem_fs, so that here alone `new` ends as it does elsewhere.
  explicit mem_tree(std::uint64_t capacity_bytes) : root_(new mem_inode(file_kind::directory, 0777, space_)) {
    space_.capacity = capacity_bytes;
  }

  [[nodiscard]] const mem_node& root() const noexcept { return root_; }
  [[nodiscard]] std::uint64_t used_bytes() const noexcept { return space_.used; }

  // None where there is no memory.
  [[nodiscard]] mem_node make(file_kind kind, permissions mode) noexcept {
    return mem_node(new (std::nothrow) mem_inode(kind, mode, space_));
  }

  // Walks from `start` (the root for an absolute path). Links on the way are followed; the last component's, if asked.
  [[nodiscard]] result<mem_place> find(const mem_node& start, path_view path, links links, enum operation operation) const {
    const bytes told(path.data(), path.size());
    if (path.empty() || std::memchr(path.data(), '\0', path.size()) != nullptr)
      return failure(code::invalid_argument, operation).about(told);
    if (path.size() > path_size_max) return failure(code::too_large, operation).about(told);
    auto found = walk(start, path, links, operation);
    if (!found) return found.error().about(told);
    return found;
  }

  // Is `node` this directory, or below it?
  [[nodiscard]] static bool is_within(const mem_inode* node, const mem_inode* directory) noexcept {
    while (node != nullptr && node != directory) node = node->parent;
    return node != nullptr;
  }

 private:
  static constexpr std::size_t path_size_max = 4095;
  static constexpr std::size_t name_size_max = 255;
  static constexpr int links_max = 40;

  [[nodiscard]] result<mem_place> walk(const mem_node& start, path_view rest, links links, enum operation operation) const {
    mem_place at;
    at.node = rest[0] == '/' ? root_ : start;
    char expanded[path_size_max];  // at its end, the rest once a link was met
    int links_left = links_max;
    for (rest = without_slashes(rest); !rest.empty(); rest = without_slashes(rest)) {
      std::size_t end = 0;
      while (end < rest.size() && rest[end] != '/') ++end;
      const path_view name = rest.first(end);
      rest = rest.from(end);
      const bool slash_after = !rest.empty();
      const bool is_last = without_slashes(rest).empty();
      if (at.node == nullptr) return failure(code::not_found, operation);
      if (at.node->kind != file_kind::directory) return failure(code::not_a_directory, operation);
      if (name.size() > name_size_max) return failure(code::too_large, operation);
      if (name == path_view(".") || name == path_view("..")) {
        if (at.node->removed) return failure(code::not_found, operation);
        if (name.size() == 2 && at.node->parent != nullptr) at.node = mem_node(at.node->parent);
        at.name.clear();
        at.as_directory = true;
        continue;
      }
      const auto* const entry = at.node->entries.find(name);
      mem_node next = entry == nullptr ? mem_node() : entry->value;
      const bool follows_slash = slash_after && !takes_the_name(operation);
      if (next != nullptr && next->kind == file_kind::link && (!is_last || follows_slash || links == links::follow)) {
        const path_view target(reinterpret_cast<const char*>(next->content.data()), next->content.size());
        if (links_left-- == 0) return failure(code::invalid_argument, operation);
        if (target.size() + rest.size() > path_size_max) return failure(code::too_large, operation);
        char* const behind = expanded + (path_size_max - rest.size());
        if (!rest.empty()) std::memmove(behind, rest.data(), rest.size());
        std::memcpy(behind - target.size(), target.data(), target.size());
        rest = {behind - target.size(), target.size() + rest.size()};
        if (rest[0] == '/') at.node = root_;
        at.name.clear();
        at.as_directory = false;
        continue;
      }
      at.parent = at.node;
      at.name.clear();
      at.name.append(name);
      at.node = detail::moved(next);
      at.as_directory = slash_after;
    }
    if (at.node != nullptr && at.as_directory && at.node->kind != file_kind::directory)
      return failure(code::not_a_directory, operation);
    return at;
  }
  [[nodiscard]] static path_view without_slashes(path_view path) noexcept {
    std::size_t at = 0;
    while (at < path.size() && path[at] == '/') ++at;
    return path.from(at);
  }

  mem_space space_;
  mem_node root_;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_DETAIL_MEM_TREE_HPP
