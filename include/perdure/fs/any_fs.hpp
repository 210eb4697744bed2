// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_ANY_FS_HPP
#define PERDURE_FS_ANY_FS_HPP

// any_fs: some Fs, which one is known when the program runs. A model of Fs itself.
//
//   perdure::any_fs where = on_disk ? perdure::any_fs(disk) : perdure::any_fs(memory);
//
// It refers to the model, which must outlive it, and is as cheap to copy as two pointers. Every optional operation is there, and
// is `unsupported` where the model does not have it. A directory that open_dir() holds is owned by the any_dir it returns. An
// any_file holds handles of up to 64 bytes in place; a larger one is allocated, and `busy` if that fails.
//
// Not promised: clone_range, rename_to and link_to between files or directories of two different models: unsupported.

#include <new>

#include <perdure/fs/fs_optional.hpp>

namespace perdure {
inline namespace v1 {

class any_dir;

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
  result<mapping> (*map)(const void*);
  result<clone_report> (*clone_range)(void*, std::uint64_t, const void*, std::uint64_t, std::uint64_t);
  result<attributes> (*get_attributes)(const void*);
  result<void> (*set_attributes)(void*, const attributes&, attribute_set);
  result<void> (*for_each_xattr)(const void*, xattr_visitor);
  result<void> (*set_xattr)(void*, path_view, bytes);
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
};

}  // namespace detail

class any_file {
 public:
  any_file(any_file&&) noexcept = default;
  any_file& operator=(any_file&&) noexcept = default;

  // Takes over a handle of any model.
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

namespace detail {

struct fs_table {
  using box = any_box<fs_table, 64>;
  void (*move)(box&, box&) noexcept;
  void (*destroy)(void*) noexcept;
  result<any_file> (*open)(void*, path_view, const open_options&);
  result<file_info> (*stat)(void*, path_view);
  result<file_info> (*stat_link)(void*, path_view);
  result<void> (*rename)(void*, path_view, path_view);
  result<void> (*rename_no_replace)(void*, path_view, path_view);
  result<void> (*rename_to)(void*, path_view, void*, path_view);
  result<void> (*link)(void*, path_view, path_view);
  result<void> (*link_to)(void*, path_view, void*, path_view, links);
  result<void> (*make_link)(void*, path_view, path_view);
  result<std::size_t> (*read_link)(void*, path_view, mutable_bytes);
  result<void> (*remove)(void*, path_view);
  result<void> (*make_dir)(void*, path_view);
  result<void> (*remove_dir)(void*, path_view);
  result<void> (*for_each_entry)(void*, path_view, entry_visitor);
  result<void> (*sync_dir)(void*, path_view);
  result<void> (*sync_all)(void*, path_view);
  result<any_dir> (*open_dir)(void*, path_view, links);
  result<struct backend_id> (*backend_id)(void*);
  struct nonce (*nonce)(void*);
  writer_state (*writer)(void*, const struct nonce&);
};

template <class F>
result<any_dir> open_any_dir(void* fs, path_view path, links links);

template <class F>
inline constexpr fs_table fs_table_of = {
    // A model that is only referred to is never moved, and need not be movable.
    [](fs_table::box& from, fs_table::box& to) noexcept {
      if constexpr (detail::is_constructible<F, F&&>) fs_table::box::move<F>(from, to);
    },
    &fs_table::box::destroy<F>,
    [](void* fs, path_view path, const open_options& options) -> result<any_file> {
      auto opened = static_cast<F*>(fs)->open(path, options);
      if (!opened) return opened.error();
      return any_file::of(detail::moved(*opened));
    },
    [](void* fs, path_view p) { return static_cast<F*>(fs)->stat(p); },
    [](void* fs, path_view p) { return perdure::stat_link(*static_cast<F*>(fs), p); },
    [](void* fs, path_view a, path_view b) { return static_cast<F*>(fs)->rename(a, b); },
    [](void* fs, path_view a, path_view b) { return perdure::rename_no_replace(*static_cast<F*>(fs), a, b); },
    [](void* fs, path_view a, void* to, path_view b) {
      return perdure::rename_to(*static_cast<F*>(fs), a, *static_cast<F*>(to), b);
    },
    [](void* fs, path_view a, path_view b) { return perdure::link(*static_cast<F*>(fs), a, b); },
    [](void* fs, path_view a, void* to, path_view b, links links) {
      return perdure::link_to(*static_cast<F*>(fs), a, *static_cast<F*>(to), b, links);
    },
    [](void* fs, path_view target, path_view p) { return perdure::make_link(*static_cast<F*>(fs), target, p); },
    [](void* fs, path_view p, mutable_bytes into) { return perdure::read_link(*static_cast<F*>(fs), p, into); },
    [](void* fs, path_view p) { return static_cast<F*>(fs)->remove(p); },
    [](void* fs, path_view p) { return static_cast<F*>(fs)->make_dir(p); },
    [](void* fs, path_view p) { return static_cast<F*>(fs)->remove_dir(p); },
    [](void* fs, path_view p, entry_visitor visitor) { return static_cast<F*>(fs)->for_each_entry(p, visitor); },
    [](void* fs, path_view p) { return static_cast<F*>(fs)->sync_dir(p); },
    [](void* fs, path_view p) { return perdure::sync_all(*static_cast<F*>(fs), p); },
    &open_any_dir<F>,
    [](void* fs) { return backend_id_of(*static_cast<F*>(fs)); },
    [](void* fs) { return static_cast<F*>(fs)->nonce(); },
    [](void* fs, const struct nonce& name) { return perdure::writer(*static_cast<F*>(fs), name); },
};

// What any_fs and any_dir do alike; they differ in whether they own the model.
template <class Self>
class any_operations {
 public:
  using file = any_file;

  [[nodiscard]] result<any_file> open(path_view p, const open_options& options) const {
    return table().open(object(), p, options);
  }
  [[nodiscard]] result<file_info> stat(path_view p) const { return table().stat(object(), p); }
  [[nodiscard]] result<file_info> stat_link(path_view p) const { return table().stat_link(object(), p); }
  [[nodiscard]] result<void> rename(path_view a, path_view b) const { return table().rename(object(), a, b); }
  [[nodiscard]] result<void> rename_no_replace(path_view a, path_view b) const {
    return table().rename_no_replace(object(), a, b);
  }
  [[nodiscard]] result<void> rename_to(path_view a, const Self& to, path_view b) const {
    if (&to.table() != &table()) return failure(code::unsupported, operation::rename).about({b.data(), b.size()});
    return table().rename_to(object(), a, to.object(), b);
  }
  [[nodiscard]] result<void> link(path_view a, path_view b) const { return table().link(object(), a, b); }
  [[nodiscard]] result<void> link_to(path_view a, const Self& to, path_view b, links links = links::follow) const {
    if (&to.table() != &table()) return failure(code::unsupported, operation::link).about({b.data(), b.size()});
    return table().link_to(object(), a, to.object(), b, links);
  }
  [[nodiscard]] result<void> make_link(path_view target, path_view p) const { return table().make_link(object(), target, p); }
  [[nodiscard]] result<std::size_t> read_link(path_view p, mutable_bytes into) const {
    return table().read_link(object(), p, into);
  }
  [[nodiscard]] result<void> remove(path_view p) const { return table().remove(object(), p); }
  [[nodiscard]] result<void> make_dir(path_view p) const { return table().make_dir(object(), p); }
  [[nodiscard]] result<void> remove_dir(path_view p) const { return table().remove_dir(object(), p); }
  [[nodiscard]] result<void> for_each_entry(path_view p, entry_visitor visitor) const {
    return table().for_each_entry(object(), p, visitor);
  }
  [[nodiscard]] result<void> sync_dir(path_view p) const { return table().sync_dir(object(), p); }
  [[nodiscard]] result<void> sync_all(path_view p) const { return table().sync_all(object(), p); }
  [[nodiscard]] result<any_dir> open_dir(path_view p, links links = links::follow) const;
  [[nodiscard]] result<struct backend_id> backend_id() const { return table().backend_id(object()); }
  [[nodiscard]] struct nonce nonce() const { return table().nonce(object()); }
  [[nodiscard]] writer_state writer(const struct nonce& name) const { return table().writer(object(), name); }

 private:
  [[nodiscard]] const fs_table& table() const noexcept { return static_cast<const Self&>(*this).held_table(); }
  [[nodiscard]] void* object() const noexcept { return static_cast<const Self&>(*this).held_object(); }
};

}  // namespace detail

class any_fs : public detail::any_operations<any_fs> {
 public:
  using perdure_fs = any_fs;

  template <class F>
    requires(!detail::is_same<detail::remove_cv<F>, any_fs> && !detail::is_const<F> && Fs<F>)
  any_fs(F& model) noexcept : object_(&model), table_(&detail::fs_table_of<F>) {}

  [[nodiscard]] const detail::fs_table& held_table() const noexcept { return *table_; }
  [[nodiscard]] void* held_object() const noexcept { return object_; }

 private:
  void* object_;
  const detail::fs_table* table_;
};

class any_dir : public detail::any_operations<any_dir> {
 public:
  using perdure_fs = any_dir;

  template <class F>
    requires(!detail::is_same<F, any_dir> && Fs<F>)
  [[nodiscard]] static result<any_dir> of(F&& model) noexcept {
    any_dir held;
    if (!held.box_.emplace(detail::moved(model), &detail::fs_table_of<F>)) return failure(code::busy, operation::open_dir);
    return held;
  }

  [[nodiscard]] const detail::fs_table& held_table() const noexcept {
    PERDURE_ASSERT(box_.table() != nullptr, "any_dir: used after it was moved from");
    return *box_.table();
  }
  [[nodiscard]] void* held_object() const noexcept { return box_.object(); }

 private:
  any_dir() noexcept = default;
  detail::fs_table::box box_;
};

template <class F>
result<any_dir> detail::open_any_dir(void* fs, path_view path, links links) {
  if constexpr (can_open_dir<F>) {
    auto opened = perdure::open_dir(*static_cast<F*>(fs), path, links);
    if (!opened) return opened.error();
    return any_dir::of(detail::moved(*opened));
  } else {
    (void)fs, (void)links;
    return failure(code::unsupported, operation::open_dir).about({path.data(), path.size()});
  }
}

template <class Self>
result<any_dir> detail::any_operations<Self>::open_dir(path_view p, links links) const {
  return table().open_dir(object(), p, links);
}

static_assert(Fs<any_fs> && Fs<any_dir>);

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_ANY_FS_HPP
