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
// Its paths are separated by '/' alone: one with another character that the model would take for a separator (a Windows model:
// '\\', ':') is an invalid_argument, for nobody above could know of it.
//
// Not promised: clone_range, rename_to and link_to between files or directories of two different models: unsupported.

#include <perdure/fs/detail/any_file.hpp>
#include <perdure/fs/fs_optional.hpp>

namespace perdure {
inline namespace v1 {

class any_dir;

namespace detail {

// Does a model of Fs separate by more than '/'?
template <class F>
[[nodiscard]] constexpr bool separates_by_more() noexcept {
  for (int c = 1; c < 256; ++c) {
    if (c != '/' && is_separator<F>(static_cast<char>(c))) return true;
  }
  return false;
}

struct fs_table {
  using box = any_box<fs_table, 64>;
  bool (*separates)(char);  // where that is more than '/'
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
    separates_by_more<F>() ? [](char c) { return is_separator<F>(c); } : static_cast<bool (*)(char)>(nullptr),
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
    return with(operation::open, p, [&](const fs_table& t, void* fs) { return t.open(fs, p, options); });
  }
  [[nodiscard]] result<file_info> stat(path_view p) const {
    return with(operation::stat, p, [&](const fs_table& t, void* fs) { return t.stat(fs, p); });
  }
  [[nodiscard]] result<file_info> stat_link(path_view p) const {
    return with(operation::stat, p, [&](const fs_table& t, void* fs) { return t.stat_link(fs, p); });
  }
  [[nodiscard]] result<void> rename(path_view a, path_view b) const {
    return with(operation::rename, a, b, [&](const fs_table& t, void* fs) { return t.rename(fs, a, b); });
  }
  [[nodiscard]] result<void> rename_no_replace(path_view a, path_view b) const {
    return with(operation::rename, a, b, [&](const fs_table& t, void* fs) { return t.rename_no_replace(fs, a, b); });
  }
  [[nodiscard]] result<void> rename_to(path_view a, const Self& to, path_view b) const {
    if (&to.table() != &table()) return failure(code::unsupported, operation::rename).about({b.data(), b.size()});
    return with(operation::rename, a, b, [&](const fs_table& t, void* fs) { return t.rename_to(fs, a, to.object(), b); });
  }
  [[nodiscard]] result<void> link(path_view a, path_view b) const {
    return with(operation::link, a, b, [&](const fs_table& t, void* fs) { return t.link(fs, a, b); });
  }
  [[nodiscard]] result<void> link_to(path_view a, const Self& to, path_view b, links links = links::follow) const {
    if (&to.table() != &table()) return failure(code::unsupported, operation::link).about({b.data(), b.size()});
    return with(operation::link, a, b, [&](const fs_table& t, void* fs) { return t.link_to(fs, a, to.object(), b, links); });
  }
  [[nodiscard]] result<void> make_link(path_view target, path_view p) const {
    return with(operation::make_link, p, [&](const fs_table& t, void* fs) { return t.make_link(fs, target, p); });
  }
  [[nodiscard]] result<std::size_t> read_link(path_view p, mutable_bytes into) const {
    return with(operation::read_link, p, [&](const fs_table& t, void* fs) { return t.read_link(fs, p, into); });
  }
  [[nodiscard]] result<void> remove(path_view p) const {
    return with(operation::remove, p, [&](const fs_table& t, void* fs) { return t.remove(fs, p); });
  }
  [[nodiscard]] result<void> make_dir(path_view p) const {
    return with(operation::make_dir, p, [&](const fs_table& t, void* fs) { return t.make_dir(fs, p); });
  }
  [[nodiscard]] result<void> remove_dir(path_view p) const {
    return with(operation::remove_dir, p, [&](const fs_table& t, void* fs) { return t.remove_dir(fs, p); });
  }
  [[nodiscard]] result<void> for_each_entry(path_view p, entry_visitor visitor) const {
    return with(operation::list, p, [&](const fs_table& t, void* fs) { return t.for_each_entry(fs, p, visitor); });
  }
  [[nodiscard]] result<void> sync_dir(path_view p) const {
    return with(operation::sync_dir, p, [&](const fs_table& t, void* fs) { return t.sync_dir(fs, p); });
  }
  [[nodiscard]] result<void> sync_all(path_view p) const {
    return with(operation::sync_all, p, [&](const fs_table& t, void* fs) { return t.sync_all(fs, p); });
  }
  [[nodiscard]] result<any_dir> open_dir(path_view p, links links = links::follow) const;
  [[nodiscard]] result<struct backend_id> backend_id() const { return table().backend_id(object()); }
  [[nodiscard]] struct nonce nonce() const { return table().nonce(object()); }
  [[nodiscard]] writer_state writer(const struct nonce& name) const { return table().writer(object(), name); }

 private:
  // Whoever takes an any_fs's paths apart takes them apart at '/'. The model would go on taking them apart.
  [[nodiscard]] bool misread(path_view p) const noexcept {
    if (table().separates == nullptr) return false;
    for (std::size_t i = 0; i < p.size(); ++i) {
      if (p[i] != '/' && table().separates(p[i])) return true;
    }
    return false;
  }
  template <class Call>
  [[nodiscard]] auto with(enum operation operation, path_view p, Call&& call) const
      -> decltype(call(detail::some<const fs_table&>(), nullptr)) {
    if (misread(p)) return failure(code::invalid_argument, operation).about({p.data(), p.size()});
    return call(table(), object());
  }
  template <class Call>
  [[nodiscard]] result<void> with(enum operation operation, path_view a, path_view b, Call&& call) const {
    if (misread(a)) return failure(code::invalid_argument, operation).about({a.data(), a.size()});
    return with(operation, b, call);
  }
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

  [[nodiscard]] static result<any_dir> of(any_dir&& model) noexcept { return detail::moved(model); }
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
  return with(operation::open_dir, p, [&](const fs_table& t, void* fs) -> result<any_dir> { return t.open_dir(fs, p, links); });
}

static_assert(Fs<any_fs> && Fs<any_dir>);

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_ANY_FS_HPP
