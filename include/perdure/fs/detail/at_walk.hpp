// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_FS_DETAIL_AT_WALK_HPP
#define PERDURE_FS_DETAIL_AT_WALK_HPP

// at_walk: how at_fs goes from its root to what a path names, without ever being led outside.

#include <perdure/fs/detail/place.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

template <class F, class D = typename held_dir<F>::type>
concept walks_by_hand =
    can_open_dir<F> && can_open_dir<D> && same_as<typename held_dir<D>::type, D> && same_as<typename D::file, typename F::file> &&
    requires(D& dir, path_view name) { dir.rename_to(name, dir, name); };

// Where the walks start: a held directory, or its path where F cannot hold one.
template <Fs F>
struct at_root {
  static constexpr bool walks = walks_by_hand<F>;
  static_assert(walks || !can_open_dir<F>,
                "at_fs: what F::open_dir opens must open directories of its own type, share F's file type and have rename_to");
  using dir = typename held_dir<F>::type;
  static constexpr std::size_t path_capacity = detail::path_capacity<F>();
  static constexpr bool is_separator(char c) noexcept { return detail::is_separator<F>(c) || detail::is_separator<dir>(c); }

  F* fs;
  result<dir> held = failure(code::unsupported, operation::open_dir);
  path_buffer<path_capacity> path{};
};

// One path on its way: the directory that was reached, the name of the next component in it, and what is still to be walked.
template <Fs F>
class at_walk {
  using root = at_root<F>;
  using dir = typename root::dir;
  static constexpr bool walks = root::walks;
  static constexpr std::size_t path_capacity = root::path_capacity;

 public:
  enum class if_missing : std::uint8_t { fail, go_on };

  at_walk(root& from, enum operation operation, path_view path) noexcept : root_(from), path_(path), operation_(operation) {}

  // To the last component, which is not looked at. has_name() is false where the path ends in "." or "..".
  [[nodiscard]] result<void> begin() {
    if (path_.empty() || std::memchr(path_.data(), '\0', path_.size()) != nullptr) return refused(code::invalid_argument);
    if (root::is_separator(path_[0])) return refused(code::permission);
    if (path_.size() > path_capacity) return refused(code::too_large);
    if (!held()) {
      done_.append(root_.path);
      floor_ = done_.size();
    }
    PERDURE_TRY(put_before_rest(path_));
    return go_on();
  }
  [[nodiscard]] result<void> begin_at_name(enum code without_name, if_missing missing = if_missing::fail) {
    PERDURE_TRY(begin());
    PERDURE_TRY(need_name(without_name));
    return settle(missing);
  }
  // Into the directory that the path names.
  [[nodiscard]] result<void> begin_inside(links links) {
    PERDURE_TRY(begin());
    return inside(links);
  }
  [[nodiscard]] result<void> inside(links links) {
    while (has_name_) {
      const bool refuses = links == links::refuse && !ends_in_separator_;
      PERDURE_TRY(enter(refuses ? links::refuse : links::follow));
      if (has_name_) PERDURE_TRY(go_on());
    }
    return {};
  }
  // `use` fails with invalid_argument where the name is that of a link; then it is called on what the link points to.
  template <class Use>
  auto follow(links links, Use&& use) -> decltype(use(detail::some<F&>(), path_view())) {
    PERDURE_TRY(begin());
    PERDURE_TRY(settle(if_missing::fail));
    for (;;) {
      auto done = with(use);
      if (done || !has_name_ || links == links::refuse || done.error().code() != code::invalid_argument)
        return told(detail::moved(done));
      PERDURE_TRY(expand(done.error()));
      PERDURE_TRY(go_on());
      PERDURE_TRY(settle(if_missing::fail));
    }
  }
  [[nodiscard]] result<file_info> look(links links = links::follow) {
    return follow(links, [this](auto& fs, path_view name) -> result<file_info> {
      if (!has_name_) return fs.stat(name);
      const result<file_info> info = stat_or_link(fs, name);
      if (info && info->kind == file_kind::link) return failure(code::invalid_argument, operation::stat);
      return info;
    });
  }
  [[nodiscard]] result<void> need_name(enum code otherwise) const {
    return has_name_ ? result<void>() : result<void>(refused(otherwise));
  }
  // What a separator at the end asks for: a directory, also behind a link.
  [[nodiscard]] result<void> settle(if_missing missing) {
    while (has_name_ && ends_in_separator_) {
      const auto info = with([](auto& fs, path_view name) { return stat_or_link(fs, name); });
      if (!info && info.error().code() == code::not_found && missing == if_missing::go_on) return {};
      if (!info) return refused(info.error());
      if (info->kind == file_kind::directory) return {};
      if (info->kind != file_kind::link || takes_the_name(operation_)) return refused(code::not_a_directory);
      PERDURE_TRY(expand(failure(code::not_a_directory, operation_)));
      PERDURE_TRY(go_on());
    }
    return {};
  }

  // Calls `use` with the directory that is held and the name in it, or else with F and the whole path.
  template <class Use>
  auto with(Use&& use) -> decltype(use(detail::some<F&>(), path_view())) {
    if constexpr (walks) {
      if (held()) return use(here(), has_name_ ? name() : path_view("."));
    }
    return use(*root_.fs, whole());
  }
  [[nodiscard]] bool held() const noexcept { return root_.held.has_value(); }
  [[nodiscard]] dir& here() noexcept { return below_root_ ? *held_ : *root_.held; }
  [[nodiscard]] result<dir> take() {
    if (!below_root_) return here().open_dir(".", links::refuse);
    return detail::moved(held_);
  }
  [[nodiscard]] path_view name() const noexcept { return path_view(done_).from(name_at_); }
  [[nodiscard]] path_view parent() const noexcept { return path_view(done_).first(parent_size_); }
  [[nodiscard]] path_view whole() const noexcept { return done_; }
  [[nodiscard]] bool ends_in_separator() const noexcept { return ends_in_separator_; }

  // The same answer, told of the path and the operation that the caller knows.
  template <class T>
  [[nodiscard]] result<T> told(result<T> answer) const {
    if (!answer) return refused(answer.error());
    return answer;
  }
  [[nodiscard]] failure refused(const failure& why) const noexcept {
    return failure(why.code(), operation_, why.system_code()).with(why.doubt()).about({path_.data(), path_.size()});
  }
  [[nodiscard]] failure refused(enum code code) const noexcept { return refused(failure(code, operation_)); }

  // What is there, which is no link on a model that has none.
  template <class Any>
  [[nodiscard]] static result<file_info> stat_or_link(Any& fs, path_view name) {
    const result<file_info> info = perdure::stat_link(fs, name);
    return info || info.error().code() != code::unsupported ? info : fs.stat(name);
  }

 private:
  static constexpr int links_max = 40;

  [[nodiscard]] result<void> go_on() {
    for (;;) {
      skip_separators();
      std::size_t end = rest_at_;
      while (end < path_capacity && !root::is_separator(rest_[end])) ++end;
      const path_view component(rest_ + rest_at_, end - rest_at_);
      rest_at_ = end;
      skip_separators();
      const bool is_last = rest_at_ == path_capacity;
      if (component.empty() || component == path_view(".")) {
        has_name_ = false;
        if (is_last) return {};
      } else if (component == path_view("..")) {
        PERDURE_TRY(climb(is_last));
      } else {
        PERDURE_TRY(push(component));
        if (is_last) {
          ends_in_separator_ = ends_in_separator_ || end != path_capacity;
          return {};
        }
        PERDURE_TRY(enter(links::follow));
      }
    }
  }

  // Into the directory of this name, or its link is put in front of the rest, and then it still has a name.
  [[nodiscard]] result<void> enter(links links) {
    if constexpr (walks) {
      if (held()) {
        result<dir> next = here().open_dir(name(), links::refuse);
        if (!next) return links == links::refuse ? result<void>(refused(next.error())) : expand(next.error());
        held_ = detail::moved(next);
        below_root_ = true;
        has_name_ = false;
        return {};
      }
    }
    const auto info = perdure::stat_link(*root_.fs, whole());
    if (info && info->kind == file_kind::link) {
      const failure is_link = failure(code::invalid_argument, operation_);
      return links == links::refuse ? result<void>(refused(is_link)) : expand(is_link);
    }
    if (info && info->kind != file_kind::directory && info->kind != file_kind::unknown) return refused(code::not_a_directory);
    if (!info && info.error().code() != code::unsupported) return refused(info.error());
    has_name_ = false;
    return {};
  }

  // Never by the system's own "..", which somebody could have moved: the names above are walked again from the root.
  [[nodiscard]] result<void> climb(bool is_last) {
    if (done_.size() == floor_) return refused(code::permission);
    if (!held()) {
      const result<file_info> info = root_.fs->stat(whole());
      if (!info) return refused(info.error());
      if (info->kind != file_kind::directory) return refused(code::not_a_directory);
    }
    std::size_t end = done_.size();
    while (end > floor_ && done_.data()[end - 1] != '/') --end;
    if (end > floor_) --end;
    done_.truncate(end);
    if (is_last) PERDURE_TRY(put_before_rest("."));
    if (!held()) return {};
    if (done_.size() != 0) PERDURE_TRY(put_before_rest(done_));
    done_.clear();
    below_root_ = false;
    return {};
  }

  [[nodiscard]] result<void> push(path_view component) {
    parent_size_ = done_.size();
    if (done_.size() != 0 && done_.data()[done_.size() - 1] != '/') done_.append("/");
    name_at_ = done_.size();
    has_name_ = true;
    return done_.append(component).ok() ? result<void>() : result<void>(refused(code::too_large));
  }

  // What the link of this name points to goes in front of the rest. If it is no link, `why` is what the caller is told.
  [[nodiscard]] result<void> expand(const failure& why) {
    if (why.code() != code::invalid_argument && why.code() != code::not_a_directory) return refused(why);
    char target[path_capacity];
    const auto size = with([&](auto& fs, path_view path) { return perdure::read_link(fs, path, mutable_bytes(target)); });
    if (!size) {
      const bool no_link = size.error().code() == code::invalid_argument || size.error().code() == code::unsupported;
      return refused(no_link ? why : size.error());
    }
    if (links_left_-- == 0) return refused(code::invalid_argument);
    if (*size == 0) return refused(code::not_found);
    if (root::is_separator(target[0])) return refused(code::permission);
    done_.truncate(parent_size_);
    return put_before_rest({target, *size});
  }

  [[nodiscard]] result<void> put_before_rest(path_view text) {
    const bool separates = rest_at_ != path_capacity;
    if (text.size() + (separates ? 1U : 0U) > rest_at_) return refused(code::too_large);
    if (separates) rest_[--rest_at_] = '/';
    rest_at_ -= text.size();
    std::memcpy(rest_ + rest_at_, text.data(), text.size());
    return {};
  }
  void skip_separators() noexcept {
    while (rest_at_ < path_capacity && root::is_separator(rest_[rest_at_])) ++rest_at_;
  }

  root& root_;
  path_view path_;
  enum operation operation_;
  int links_left_ = links_max;
  bool below_root_ = false;
  bool has_name_ = false;
  bool ends_in_separator_ = false;
  result<dir> held_ = failure(code::unsupported, operation::open_dir);
  std::size_t floor_ = 0;                // of done_: what belongs to the root
  std::size_t parent_size_ = 0;          // of done_: without the name
  std::size_t name_at_ = 0;              // in done_
  path_buffer<path_capacity> done_;      // the names walked so far, none of them a link, and the name at last
  std::size_t rest_at_ = path_capacity;  // in rest_, which is filled from its end
  char rest_[path_capacity];
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_FS_DETAIL_AT_WALK_HPP
