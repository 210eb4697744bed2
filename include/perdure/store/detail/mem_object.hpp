// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_MEM_OBJECT_HPP
#define PERDURE_STORE_DETAIL_MEM_OBJECT_HPP

// mem_object: one version of an object of mem_store, never changed once it is there. mem_store_core: what its copies share.

#include <new>

#include <perdure/core/sync.hpp>
#include <perdure/fs/detail/mem_file.hpp>
#include <perdure/store/store_types.hpp>

namespace perdure {
inline namespace v1 {

struct mem_store_options {
  std::uint64_t capacity_bytes = UINT64_MAX;  // of all objects' content
};

namespace detail {

class mem_object {
 public:
  // Header and content are one piece of memory, asked for without exceptions; nullptr where there is none.
  [[nodiscard]] static mem_object* make(gather content) noexcept {
    const std::uint64_t size = content.size();
    if (size > SIZE_MAX / 2) return nullptr;
    void* const room = ::operator new(sizeof(mem_object) + static_cast<std::size_t>(size), std::nothrow);
    if (room == nullptr) return nullptr;
    auto* const made = ::new (room) mem_object();
    made->size_ = static_cast<std::size_t>(size);
    auto* to = reinterpret_cast<std::byte*>(made + 1);
    for (const bytes& part : content) {
      if (!part.empty()) std::memcpy(to, part.data(), part.size());
      to += part.size();
    }
    return made;
  }
  static void destroy(mem_object* last) noexcept {
    last->~mem_object();
    ::operator delete(static_cast<void*>(last));
  }

  [[nodiscard]] bytes view() const noexcept { return {reinterpret_cast<const std::byte*>(this + 1), size_}; }
  [[nodiscard]] etag version() const noexcept { return *etag::of(bytes_of(generation)); }

  std::uint32_t references = 0;
  std::uint64_t generation = 0;

 private:
  mem_object() noexcept = default;
  std::size_t size_ = 0;
};

template <class S>
struct mem_store_core {
  explicit mem_store_core(const mem_store_options& options)
      : capacity_bytes(options.capacity_bytes), instance(__atomic_add_fetch(&mem_instances, 1U, __ATOMIC_RELAXED)) {}
  static void destroy(mem_store_core* core) noexcept { delete core; }

  std::uint32_t references = 0;
  typename S::mutex mutex;
  mem_names<mem_ref<mem_object>> objects;
  std::uint64_t capacity_bytes;
  std::uint64_t used_bytes = 0;
  std::uint64_t instance;
  std::uint64_t generation = 0;
  std::uint64_t serial = 0;
};

}  // namespace detail

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_MEM_OBJECT_HPP
