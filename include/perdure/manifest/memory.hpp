// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_MEMORY_HPP
#define PERDURE_MANIFEST_MEMORY_HPP

// Memory: where a manifest has its values and its buffers. There are two:
//
//   heap_memory                        as much as it takes; the default
//   fixed_memory<ValuesMax, BytesMax>  inside of the manifest, for a device that has no heap: so many values at a time, and
//                                      none of them over so many bytes when it is encoded
//
// ValuesMax: the value that is published and the one that a commit changes are two. One more for each older value that somebody
//   holds a snapshot of while others commit; one more where other processes or machines write to the slot, too; and with threads
//   two more, for the next commits do not wait for a save. Where all are in use a commit or a load fails with busy, and nothing
//   has changed. A snapshot must be let go of before its manifest ends: else it is a programmer's error.

#include <cstdint>
#include <new>

#include <perdure/core/detail/byte_buffer.hpp>

namespace perdure {
inline namespace v1 {

// make(arguments of a T) -> a node with the value and one user, or null; drop(node) is for who was its last user.
template <class M>
concept Memory = requires(typename M::template values<int>& values, typename M::buffer& buffer) {
  typename M::template values<int>::node;
  { values.make(1) } -> detail::same_as<typename M::template values<int>::node*>;
  M::template values<int>::drop(values.make(1));
  { buffer.sized(std::size_t{1}) } -> detail::same_as<mutable_bytes>;
  { buffer.view() } -> detail::same_as<bytes>;
  buffer.append(bytes());
  buffer.clear();
};

struct heap_memory {
  template <class T>
  struct values {
    struct node {
      std::uint32_t users;  // in any thread
      std::uint64_t generation;
      T value;
    };
    template <class... Args>
    [[nodiscard]] node* make(Args&&... args) {
      return new node{1, 0, T(detail::forwarded<Args>(args)...)};
    }
    static void drop(node* unused) noexcept { delete unused; }
  };
  using buffer = detail::byte_buffer;
  static constexpr std::size_t size_bytes_max = SIZE_MAX;  // of an encoded value
};
static_assert(Memory<heap_memory>);

template <std::size_t ValuesMax, std::size_t BytesMax>
struct fixed_memory {
  static_assert(ValuesMax >= 2, "fixed_memory: a commit changes a copy of the value that is published, which makes two");

  template <class T>
  class values {
   public:
    struct node {
      node() noexcept {}
      ~node() {}
      bool is_taken = false;
      std::uint32_t users = 0;
      std::uint64_t generation = 0;
      union {
        T value;
      };
    };

    values() = default;
    values(const values&) = delete;
    values& operator=(const values&) = delete;
    ~values() {
      for (node& one : nodes_) {
        PERDURE_ASSERT(!__atomic_load_n(&one.is_taken, __ATOMIC_ACQUIRE), "fixed_memory: a snapshot outlives its manifest");
        static_cast<void>(one);
      }
    }

    template <class... Args>
    [[nodiscard]] node* make(Args&&... args) {
      for (node& one : nodes_) {
        if (__atomic_exchange_n(&one.is_taken, true, __ATOMIC_ACQUIRE)) continue;
        taking mine(one);
        ::new (static_cast<void*>(__builtin_addressof(one.value))) T(detail::forwarded<Args>(args)...);
        one.users = 1;
        return mine.kept();
      }
      return nullptr;
    }
    static void drop(node* unused) noexcept {
      unused->value.~T();
      __atomic_store_n(&unused->is_taken, false, __ATOMIC_RELEASE);
    }

   private:
    // The constructor of a T may leave by an exception.
    class taking {
     public:
      explicit taking(node& one) noexcept : node_(&one) {}
      taking(const taking&) = delete;
      taking& operator=(const taking&) = delete;
      ~taking() {
        if (node_ != nullptr) __atomic_store_n(&node_->is_taken, false, __ATOMIC_RELEASE);
      }
      [[nodiscard]] node* kept() noexcept { return detail::exchanged(node_, nullptr); }

     private:
      node* node_;
    };

    node nodes_[ValuesMax];
  };

  class buffer {
   public:
    [[nodiscard]] bytes view() const noexcept { return {data_, size_}; }
    void clear() noexcept { size_ = 0; }
    // Neither is asked for more than size_bytes_max in all.
    [[nodiscard]] mutable_bytes sized(std::size_t size) noexcept {
      PERDURE_ASSERT(size <= BytesMax, "fixed_memory: a buffer that is too small");
      size_ = size;
      return {data_, size_};
    }
    void append(bytes more) noexcept {
      PERDURE_ASSERT(more.size() <= BytesMax - size_, "fixed_memory: a buffer that is too small");
      if (!more.empty()) std::memcpy(data_ + size_, more.data(), more.size());
      size_ += more.size();
    }

   private:
    std::size_t size_ = 0;
    std::byte data_[BytesMax == 0 ? 1 : BytesMax];
  };

  static constexpr std::size_t size_bytes_max = BytesMax;
};
static_assert(Memory<fixed_memory<2, 1>>);

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_MEMORY_HPP
