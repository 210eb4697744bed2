// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_DETAIL_ANY_FILE_HPP
#define PERDURE_FS_DETAIL_ANY_FILE_HPP

// any_file: the handles of any_fs, and the box that they and any_dir are kept in.

#include <new>

#include <perdure/fs/fs_optional.hpp>

namespace perdure {
inline namespace v1 {

namespace detail {

// Something movable, in place where it is small. What can be done with it is in a table of the type it was made of.
template <class Table, std::size_t Size>
class any_box {
 public:
  any_box() noexcept = default;
  any_box(any_box&& other) noexcept { take(other); }
  any_box& operator=(any_box&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  ~any_box() { reset(); }

  // False where the value is too large to hold and there is no memory for it.
  template <class T>
  [[nodiscard]] bool emplace(T&& value, const Table* table) noexcept {
    using held = detail::remove_cvref<T>;
    if constexpr (fits<held>) {
      object_ = ::new (static_cast<void*>(room_)) held(detail::forwarded<T>(value));
    } else {
      object_ = new (std::nothrow) held(detail::forwarded<T>(value));
      if (object_ == nullptr) return false;
    }
    table_ = table;
    return true;
  }

  [[nodiscard]] void* object() const noexcept { return object_; }
  [[nodiscard]] const Table* table() const noexcept { return table_; }

  template <class T>
  static void move(any_box& from, any_box& to) noexcept {
    if constexpr (fits<T>) {
      auto* const value = static_cast<T*>(from.object_);
      to.object_ = ::new (static_cast<void*>(to.room_)) T(detail::moved(*value));
      value->~T();
    } else {
      to.object_ = from.object_;
    }
  }
  template <class T>
  static void destroy(void* object) noexcept {
    if constexpr (fits<T>) {
      static_cast<T*>(object)->~T();
    } else {
      delete static_cast<T*>(object);
    }
  }

 private:
  template <class T>
  static constexpr bool fits = sizeof(T) <= Size && alignof(T) <= alignof(std::max_align_t);

  void take(any_box& other) noexcept {
    if (other.table_ == nullptr) return;
    other.table_->move(other, *this);
    table_ = detail::exchanged(other.table_, nullptr);
    other.object_ = nullptr;
  }
  void reset() noexcept {
    if (table_ != nullptr) table_->destroy(object_);
    table_ = nullptr;
    object_ = nullptr;
  }

  alignas(std::max_align_t) std::byte room_[Size];
  void* object_ = nullptr;
  const Table* table_ = nullptr;
};

struct file_table {
  using box = any_box<file_table, 64>;
  void (*move)(box&, box&) noexcept;
  void (*destroy)(void*) noexcept;
  result<std::size_t> (*read_at)(const void*, std::uint64_t, mutable_bytes);
  result<void> (*write_at)(void*, std::uint64_t, gather);
  result<std::uint64_t> (*size)(const void*);
  result<void> (*truncate)(void*, std::uint64_t);
  result<void> (*sync)(void*, sync_what);
  result<void> (*close)(void*);
  result<void> (*try_lock)(void*, lock_mode);
  result<void> (*begin_sync)(void*);
  result<mapping> (*map)(const void*);
  result<clone_report> (*clone_range)(void*, std::uint64_t, const void*, std::uint64_t, std::uint64_t);
  result<attributes> (*get_attributes)(const void*);
  result<void> (*set_attributes)(void*, const attributes&, attribute_set);
  result<void> (*for_each_xattr)(const void*, xattr_visitor);
  result<void> (*set_xattr)(void*, path_view, bytes);
  result<void> (*remove_xattr)(void*, path_view);
};

template <class H>
inline constexpr file_table file_table_of = {
    &file_table::box::move<H>,
    &file_table::box::destroy<H>,
    [](const void* f, std::uint64_t at, mutable_bytes into) { return static_cast<const H*>(f)->read_at(at, into); },
    [](void* f, std::uint64_t at, gather from) { return static_cast<H*>(f)->write_at(at, from); },
    [](const void* f) { return static_cast<const H*>(f)->size(); },
    [](void* f, std::uint64_t size) { return static_cast<H*>(f)->truncate(size); },
    [](void* f, sync_what what) { return static_cast<H*>(f)->sync(what); },
    [](void* f) { return static_cast<H*>(f)->close(); },
    [](void* f, lock_mode mode) { return perdure::try_lock(*static_cast<H*>(f), mode); },
    [](void* f) { return perdure::begin_sync(*static_cast<H*>(f)); },
    [](const void* f) { return perdure::map(*static_cast<const H*>(f)); },
    [](void* to, std::uint64_t to_at, const void* from, std::uint64_t from_at, std::uint64_t size) {
      return perdure::clone_range(*static_cast<H*>(to), to_at, *static_cast<const H*>(from), from_at, size);
    },
    [](const void* f) { return perdure::get_attributes(*static_cast<const H*>(f)); },
    [](void* f, const attributes& values, attribute_set set) {
      return perdure::set_attributes(*static_cast<H*>(f), values, set);
    },
    [](const void* f, xattr_visitor visitor) { return perdure::for_each_xattr(*static_cast<const H*>(f), visitor); },
    [](void* f, path_view name, bytes value) { return perdure::set_xattr(*static_cast<H*>(f), name, value); },
    [](void* f, path_view name) { return perdure::remove_xattr(*static_cast<H*>(f), name); },
};

}  // namespace detail

class any_file {
 public:
  any_file(any_file&&) noexcept = default;
  any_file& operator=(any_file&&) noexcept = default;

  // Takes over a handle of any model.
  [[nodiscard]] static result<any_file> of(any_file&& handle) noexcept { return detail::moved(handle); }
  template <class H>
    requires(!detail::is_same<H, any_file> && File<H>)
  [[nodiscard]] static result<any_file> of(H&& handle) noexcept {
    any_file file;
    if (!file.box_.emplace(detail::moved(handle), &detail::file_table_of<H>)) return failure(code::busy, operation::open);
    return file;
  }

  [[nodiscard]] result<std::size_t> read_at(std::uint64_t at, mutable_bytes into) const {
    return call(operation::read, [&](const auto& t, void* f) { return t.read_at(f, at, into); });
  }
  [[nodiscard]] result<void> write_at(std::uint64_t at, gather from) {
    return call(operation::write, [&](const auto& t, void* f) { return t.write_at(f, at, from); });
  }
  [[nodiscard]] result<std::uint64_t> size() const {
    return call(operation::size, [](const auto& t, void* f) { return t.size(f); });
  }
  [[nodiscard]] result<void> truncate(std::uint64_t size) {
    return call(operation::truncate, [&](const auto& t, void* f) { return t.truncate(f, size); });
  }
  [[nodiscard]] result<void> sync(sync_what what) {
    return call(operation::sync, [&](const auto& t, void* f) { return t.sync(f, what); });
  }
  [[nodiscard]] result<void> close() {
    return call(operation::close, [](const auto& t, void* f) { return t.close(f); });
  }
  [[nodiscard]] result<void> try_lock(lock_mode mode) {
    return call(operation::lock, [&](const auto& t, void* f) { return t.try_lock(f, mode); });
  }
  [[nodiscard]] result<void> begin_sync() {
    return call(operation::sync, [](const auto& t, void* f) { return t.begin_sync(f); });
  }
  [[nodiscard]] result<mapping> map() const {
    return call(operation::map, [](const auto& t, void* f) { return t.map(f); });
  }
  [[nodiscard]] result<clone_report> clone_range(std::uint64_t to_at, const any_file& from, std::uint64_t from_at,
                                                 std::uint64_t size) {
    if (from.box_.table() != box_.table()) return failure(code::unsupported, operation::clone);
    return call(operation::clone,
                [&](const auto& t, void* f) { return t.clone_range(f, to_at, from.box_.object(), from_at, size); });
  }
  [[nodiscard]] result<attributes> get_attributes() const {
    return call(operation::get_attributes, [](const auto& t, void* f) { return t.get_attributes(f); });
  }
  [[nodiscard]] result<void> set_attributes(const attributes& values, attribute_set set) {
    return call(operation::set_attributes, [&](const auto& t, void* f) { return t.set_attributes(f, values, set); });
  }
  [[nodiscard]] result<void> for_each_xattr(xattr_visitor visitor) const {
    return call(operation::get_attributes, [&](const auto& t, void* f) { return t.for_each_xattr(f, visitor); });
  }
  [[nodiscard]] result<void> set_xattr(path_view name, bytes value) {
    return call(operation::set_attributes, [&](const auto& t, void* f) { return t.set_xattr(f, name, value); });
  }
  [[nodiscard]] result<void> remove_xattr(path_view name) {
    return call(operation::set_attributes, [&](const auto& t, void* f) { return t.remove_xattr(f, name); });
  }

 private:
  any_file() noexcept = default;

  // A handle that was moved from has no table.
  template <class Call>
  auto call(enum operation operation, Call&& how) const -> decltype(how(detail::some<const detail::file_table&>(), nullptr)) {
    if (box_.table() == nullptr) return failure(code::invalid_argument, operation);
    return how(*box_.table(), box_.object());
  }

  detail::file_table::box box_;
};
static_assert(File<any_file>);

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_DETAIL_ANY_FILE_HPP
