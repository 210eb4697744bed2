// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DURABILITY_LINT_HPP
#define PERDURE_TESTING_DURABILITY_LINT_HPP

// durability_lint<F>: any Fs, the real one included, that watches what a program does with it and tells which of that a crash may
// punish. No crash is needed for it: it belongs into ordinary unit tests. A model of Fs itself, with every optional operation
// that F has.
//
//   perdure::mem_fs memory;
//   perdure::testing::durability_lint fs(memory);
//   if (save(fs, "cfg", text)) fs.acknowledge("cfg");   // here the program says that it is saved
//   REQUIRE(fs.ok());                                   // or, of any framework: if (!fs.ok()) fail(fs.text())
//
// Effects: every call is F's, and so is its answer. In between it may ask F's stat_link and read_link, once for each new name, to
//   see through symbolic links, and stat whether a temporary file is really left.
// findings(): what lint_finding.hpp lists. Asked at the end: what is open or temporary then was left behind. findings_so_far()
//   leaves those two out.
// acknowledge(path, promised): the program tells somebody that path is durable: its bytes, its name, and the names of the
//   directories above it. A directory stands for all that is in it, a removed name for its removal. With durability::ordered,
//   that its bytes came before its name; with none, nothing. Without a path: all that was done through this lint.
//
// A copy shares what is known. It refers to the Fs it watches, which must outlive it. To see it fail, put it over a fault_fs.
//
// Not promised: that what it does not complain of is right, for it sees the calls and not what they mean: that is proved by
// explore(). Anything about what reaches the same files by another way. That a file is known again under a path that is relative
// once and absolute another time, or by a hard link that was there before.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <perdure/fs/fs_optional.hpp>
#include <perdure/fs/write_options.hpp>
#include <perdure/testing/detail/lint_file.hpp>
#include <perdure/testing/lint_finding.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

template <Fs F>
class durability_lint {
 public:
  using perdure_fs = durability_lint;
  using file = detail::lint_file<typename F::file>;
  static constexpr std::size_t path_capacity = perdure::detail::path_capacity<F>();
  static constexpr bool is_separator(char c) noexcept { return perdure::detail::is_separator<F>(c); }

  explicit durability_lint(F& base, lint_options options = {})
      : base_(std::shared_ptr<void>(), &base),
        log_(std::make_shared<detail::lint_log>(std::move(options),
                                                [&base](const std::string& path) { return static_cast<bool>(base.stat(path)); })),
        start_(log_->start()) {}

  [[nodiscard]] bool ok() const { return findings().empty(); }
  [[nodiscard]] std::vector<lint_finding> findings() const { return log_->findings(); }
  [[nodiscard]] std::vector<lint_finding> findings_so_far() const { return log_->findings_so_far(); }
  // A line for each of them.
  [[nodiscard]] std::string text() const {
    const auto all = findings();
    if (all.empty()) return "durability_lint: no findings in " + std::to_string(log_->calls()) + " operations\n";
    std::string lines;
    for (const lint_finding& one : all) lines += one.text() + "\n";
    return lines;
  }

  void acknowledge(path_view path, enum durability promised = durability::full) {
    const auto at = find(path, links::refuse);
    const auto behind = find(path, links::follow);
    const auto there = base_->stat(path);
    log_->acknowledged(at, behind, !there && there.error().code() == code::not_found, promised);
  }
  void acknowledge() { log_->acknowledged_all(durability::full); }

  [[nodiscard]] result<file> open(path_view path, const open_options& options) {
    const bool follows = options.links == links::follow && options.creation != creation::create_new;
    const auto at = find(path, follows ? links::follow : links::refuse);
    auto opened = base_->open(path, options);
    if (!opened) {
      log_->not_opened(at, options.creation, opened.error());
      return opened.error();
    }
    return file(std::move(*opened), log_, log_->opened(at, options.creation));
  }
  [[nodiscard]] result<file_info> stat(path_view path) { return base_->stat(path); }
  [[nodiscard]] result<file_info> stat_link(path_view path) { return perdure::stat_link(*base_, path); }
  [[nodiscard]] result<void> rename(path_view from, path_view to) {
    return renamed(from, *this, to, [&] { return base_->rename(from, to); });
  }
  [[nodiscard]] result<void> rename_no_replace(path_view from, path_view to) {
    return renamed(from, *this, to, [&] { return perdure::rename_no_replace(*base_, from, to); });
  }
  [[nodiscard]] result<void> rename_to(path_view from, durability_lint& other, path_view to) {
    return renamed(from, other, to, [&] { return perdure::rename_to(*base_, from, *other.base_, to); });
  }
  [[nodiscard]] result<void> link(path_view from, path_view to) {
    return linked(from, *this, to, links::follow, [&] { return perdure::link(*base_, from, to); });
  }
  [[nodiscard]] result<void> link_to(path_view from, durability_lint& other, path_view to, links links = links::follow) {
    return linked(from, other, to, links, [&] { return perdure::link_to(*base_, from, *other.base_, to, links); });
  }
  [[nodiscard]] result<void> make_link(path_view target, path_view path) {
    const auto at = find(path, links::refuse);
    const auto done = perdure::make_link(*base_, target, path);
    log_->made_name(at, "make link ", plain(target), done);
    return done;
  }
  [[nodiscard]] result<std::size_t> read_link(path_view path, mutable_bytes buffer) {
    return perdure::read_link(*base_, path, buffer);
  }
  [[nodiscard]] result<void> remove(path_view path) {
    const auto at = find(path, links::refuse);
    const auto done = base_->remove(path);
    log_->removed(at, "remove ", done);
    return done;
  }
  [[nodiscard]] result<void> make_dir(path_view path) {
    const auto at = find(path, links::refuse);
    const auto done = base_->make_dir(path);
    log_->made_name(at, "make directory ", "", done);
    return done;
  }
  [[nodiscard]] result<void> remove_dir(path_view path) {
    const auto at = find(path, links::refuse);
    const auto done = base_->remove_dir(path);
    log_->removed(at, "remove directory ", done);
    return done;
  }
  [[nodiscard]] result<void> for_each_entry(path_view path, entry_visitor visitor) {
    return base_->for_each_entry(path, visitor);
  }
  [[nodiscard]] result<void> sync_dir(path_view path) {
    const auto at = find(path, links::follow);
    const std::uint64_t begun = log_->calls();
    const auto done = base_->sync_dir(path);
    log_->synced_dir(at, begun, done);
    return done;
  }
  [[nodiscard]] result<void> sync_all(path_view path) {
    const std::uint64_t begun = log_->calls();
    const auto done = perdure::sync_all(*base_, path);
    log_->synced_all(begun, done);
    return done;
  }
  [[nodiscard]] auto open_dir(path_view path, links links = links::follow)
    requires can_open_dir<F>
  {
    using dir = typename decltype(perdure::open_dir(*base_, path, links))::value_type;
    const auto at = find(path, links);
    auto held = perdure::open_dir(*base_, path, links);
    if (!held) return result<durability_lint<dir>>(held.error());
    return result<durability_lint<dir>>(durability_lint<dir>(std::make_shared<dir>(std::move(*held)), log_, at));
  }

  [[nodiscard]] perdure::nonce nonce() { return base_->nonce(); }
  [[nodiscard]] result<struct backend_id> backend_id() { return perdure::backend_id_of(*base_); }
  [[nodiscard]] writer_state writer(const perdure::nonce& name) { return perdure::writer(*base_, name); }

 private:
  template <Fs>
  friend class durability_lint;

  durability_lint(std::shared_ptr<F> held, std::shared_ptr<detail::lint_log> log, const detail::lint_place& at)
      : base_(std::move(held)),
        log_(std::move(log)),
        start_(log_->directory(at)),
        held_(std::make_shared<detail::lint_handle>(log_, log_->held(at))) {}

  [[nodiscard]] static std::string plain(path_view path) {
    std::string text(path.data(), path.size());
    for (char& c : text) c = is_separator(c) ? '/' : c;
    return text;
  }
  [[nodiscard]] detail::lint_place find(path_view path, links last) { return log_->find(*base_, start_, plain(path), last); }

  template <class Call>
  [[nodiscard]] result<void> renamed(path_view from, durability_lint& other, path_view to, Call&& call) {
    const auto source = find(from, links::refuse);
    const auto target = other.find(to, links::refuse);
    const auto done = call();
    log_->renamed(source, target, done);
    return done;
  }
  template <class Call>
  [[nodiscard]] result<void> linked(path_view from, durability_lint& other, path_view to, links links, Call&& call) {
    const auto source = find(from, links);
    const auto target = other.find(to, perdure::links::refuse);
    const auto done = call();
    log_->linked(source, target, done);
    return done;
  }

  std::shared_ptr<F> base_;
  std::shared_ptr<detail::lint_log> log_;
  detail::lint_node_ref start_;
  std::shared_ptr<detail::lint_handle> held_;  // of a directory
};

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DURABILITY_LINT_HPP
