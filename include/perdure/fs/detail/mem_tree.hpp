// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_DETAIL_MEM_TREE_HPP
#define PERDURE_FS_DETAIL_MEM_TREE_HPP

// mem_tree: the inodes of a mem_fs and how a path finds one. Without a lock of its own: mem_fs holds its one around each call.

#include <map>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include <perdure/fs/fs.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

// How much all files of one mem_fs hold, and may.
struct mem_space {
  std::uint64_t used = 0;
  std::uint64_t capacity = UINT64_MAX;
};

// Content in a buffer that grows geometrically. Its memory is asked for without exceptions: a full memory is a full disk.
class mem_content {
 public:
  explicit mem_content(std::shared_ptr<mem_space> space) noexcept : space_(std::move(space)) {}
  mem_content(const mem_content&) = delete;
  mem_content& operator=(const mem_content&) = delete;
  ~mem_content() {
    space_->used -= size_;
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
  std::shared_ptr<mem_space> space_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

struct mem_inode {
  mem_inode(file_kind its_kind, permissions mode, const std::shared_ptr<mem_space>& space) : kind(its_kind), content(space) {
    about.mode = mode;
  }
  file_kind kind;
  attributes about;
  bool removed = false;  // a directory without a name: nothing can be created in it any more
  int shared_locks = 0;
  bool exclusive_lock = false;
  mem_content content;                                        // of a file
  std::string target;                                         // of a link
  std::map<std::string, std::shared_ptr<mem_inode>> entries;  // of a directory; "." and ".." are not among them
  std::map<std::string, std::string> xattrs;
  std::weak_ptr<mem_inode> parent;  // of a directory
};
using mem_node = std::shared_ptr<mem_inode>;

// Where a path leads: the directory that holds its last component, that component, and what it names, if anything.
struct mem_place {
  mem_node parent;
  std::string name;           // empty where the path names a directory by "/", "." or ".."
  mem_node node;              // none where nothing has that name
  bool as_directory = false;  // the path ends in '/', "." or "..": only a directory will do
};

class mem_tree {
 public:
  explicit mem_tree(std::uint64_t capacity_bytes) : space_(std::make_shared<mem_space>()) {
    space_->capacity = capacity_bytes;
    root_ = make(file_kind::directory, 0777, {});
  }

  [[nodiscard]] const mem_node& root() const noexcept { return root_; }
  [[nodiscard]] std::uint64_t used_bytes() const noexcept { return space_->used; }

  [[nodiscard]] mem_node make(file_kind kind, permissions mode, const mem_node& parent) const {
    auto node = std::make_shared<mem_inode>(kind, mode, space_);
    node->parent = parent;
    return node;
  }

  // Walks from `start` (the root for an absolute path). Links on the way are followed; the last component's, if asked.
  [[nodiscard]] result<mem_place> find(const mem_node& start, path_view path, links links, enum operation operation) const {
    const bytes told(path.data(), path.size());
    if (path.empty() || std::memchr(path.data(), '\0', path.size()) != nullptr)
      return failure(code::invalid_argument, operation).about(told);
    if (path.size() > path_size_max) return failure(code::too_large, operation).about(told);
    auto found = walk(start, std::string(path.data(), path.size()), links, operation);
    if (!found) return found.error().about(told);
    return found;
  }

  // Is `node` this directory, or below it?
  [[nodiscard]] static bool is_within(mem_node node, const mem_node& directory) {
    while (node != nullptr) {
      if (node == directory) return true;
      node = node->parent.lock();
    }
    return false;
  }

 private:
  static constexpr std::size_t path_size_max = 4095;
  static constexpr std::size_t name_size_max = 255;
  static constexpr int links_max = 40;

  [[nodiscard]] result<mem_place> walk(const mem_node& start, std::string rest, links links, enum operation operation) const {
    mem_place at;
    at.node = rest[0] == '/' ? root_ : start;
    int links_left = links_max;
    std::size_t from = 0;
    while (true) {
      while (from < rest.size() && rest[from] == '/') ++from;
      if (from == rest.size()) break;
      std::size_t end = rest.find('/', from);
      if (end == std::string::npos) end = rest.size();
      const std::string name = rest.substr(from, end - from);
      const bool slash_after = end < rest.size();
      const bool is_last = rest.find_first_not_of('/', end) == std::string::npos;
      from = end;
      if (at.node == nullptr) return failure(code::not_found, operation);
      if (at.node->kind != file_kind::directory) return failure(code::not_a_directory, operation);
      if (name.size() > name_size_max) return failure(code::too_large, operation);
      if (name == "." || name == "..") {
        if (at.node->removed) return failure(code::not_found, operation);
        if (name == "..") {
          const mem_node up = at.node->parent.lock();
          if (up != nullptr) at.node = up;
        }
        at.name.clear();
        at.as_directory = true;
        continue;
      }
      const auto entry = at.node->entries.find(name);
      mem_node next = entry == at.node->entries.end() ? nullptr : entry->second;
      if (next != nullptr && next->kind == file_kind::link && (!is_last || slash_after || links == links::follow)) {
        if (links_left-- == 0) return failure(code::invalid_argument, operation);
        rest = next->target + rest.substr(end);
        from = 0;
        if (rest[0] == '/') at.node = root_;
        at.name.clear();
        at.as_directory = false;
        continue;
      }
      at.parent = at.node;
      at.name = name;
      at.node = next;
      at.as_directory = slash_after;
    }
    if (at.node != nullptr && at.as_directory && at.node->kind != file_kind::directory)
      return failure(code::not_a_directory, operation);
    return at;
  }

  std::shared_ptr<mem_space> space_;
  mem_node root_;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_DETAIL_MEM_TREE_HPP
