// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/mem_fs.hpp>
#include <perdure/testing/fs_laws.hpp>

#include <tests/support/catch.hpp>

#include <string>

using namespace perdure;

namespace {

// mem_fs with one bug, by number: a suite of laws that lets one of them pass is worth nothing.
enum class bug {
  none,
  short_write,
  rename_removes_first,
  make_dir_always,
  missing_is_not_a_directory,
  lists_dot,
  stale_close,
  dirty_truncate,
  nonce_repeats,
  replaces_on_no_replace,
  link_copies,
  lock_always,
  long_path
};

template <bug Bug>
class buggy_fs {
 public:
  using perdure_fs = buggy_fs;

  class file {
   public:
    explicit file(mem_fs::file base) : base_(std::move(base)) {}
    result<std::size_t> read_at(std::uint64_t offset, mutable_bytes into) const { return base_.read_at(offset, into); }
    result<void> write_at(std::uint64_t offset, gather from) {
      if constexpr (Bug == bug::short_write) {
        std::string all;
        for (const bytes& part : from) all.append(reinterpret_cast<const char*>(part.data()), part.size());
        return base_.write_at(offset, bytes(all).first(5000));
      }
      return base_.write_at(offset, from);
    }
    result<std::uint64_t> size() const { return base_.size(); }
    result<void> truncate(std::uint64_t size) {
      const auto had = base_.size();
      const auto done = base_.truncate(size);
      if constexpr (Bug == bug::dirty_truncate) {
        if (done && had && size > *had) return base_.write_at(*had, "dirt");
      }
      return done;
    }
    result<void> sync(sync_what what) { return base_.sync(what); }
    result<void> close() {
      const auto closed = base_.close();
      return Bug == bug::stale_close ? result<void>() : closed;
    }
    result<void> try_lock(lock_mode mode) {
      const auto locked = base_.try_lock(mode);
      return Bug == bug::lock_always ? result<void>() : locked;
    }

   private:
    mem_fs::file base_;
  };

  result<file> open(path_view path, const open_options& options) {
    auto opened = base_.open(path, options);
    if (!opened) return told(opened.error());
    return file(std::move(*opened));
  }
  result<file_info> stat(path_view path) {
    const auto info = base_.stat(path);
    if (!info) return told(info.error());
    return info;
  }
  result<void> rename(path_view from, path_view to) {
    if (Bug == bug::rename_removes_first && base_.stat(from)) {
      (void)base_.remove(to);
      std::this_thread::yield();
    }
    return base_.rename(from, to);
  }
  result<void> rename_no_replace(path_view from, path_view to) {
    return Bug == bug::replaces_on_no_replace ? base_.rename(from, to) : base_.rename_no_replace(from, to);
  }
  result<void> link(path_view from, path_view to) {
    const auto linked = base_.link(from, to);
    if (Bug == bug::link_copies && linked) {
      (void)base_.remove(to);
      (void)base_.open(to, {.access = access::write, .creation = creation::create});
    }
    return linked;
  }
  result<void> remove(path_view path) { return base_.remove(path); }
  result<void> make_dir(path_view path) {
    const auto made = base_.make_dir(path);
    return Bug == bug::make_dir_always && !made && made.error().code() == code::already_exists ? result<void>() : made;
  }
  result<void> remove_dir(path_view path) { return base_.remove_dir(path); }
  result<void> for_each_entry(path_view path, entry_visitor visitor) {
    if (Bug == bug::lists_dot) visitor({".", file_kind::directory});
    return base_.for_each_entry(path, visitor);
  }
  result<void> sync_dir(path_view path) { return base_.sync_dir(path); }
  struct nonce nonce() {
    struct nonce made = base_.nonce();
    if (Bug == bug::nonce_repeats) made.serial /= 2;
    return made;
  }

 private:
  static failure told(const failure& why) {
    if (Bug == bug::missing_is_not_a_directory && why.code() == code::not_a_directory)
      return failure(code::not_found, why.operation());
    if (Bug == bug::long_path && why.code() == code::too_large) return failure(code::not_found, why.operation());
    return why;
  }
  mem_fs base_;
};

template <bug Bug>
std::string broken_laws() {
  buggy_fs<Bug> fs;
  std::string all;
  for (const auto& one : testing::check_fs_laws(fs, ".").broken) all += one.substr(0, one.find(':')) + " ";
  return all;
}

}  // namespace

TEST_CASE("fs_laws: a model without a bug keeps them, and what it cannot do is counted apart") {
  buggy_fs<bug::none> fs;
  const auto report = testing::check_fs_laws(fs, ".");
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.not_applicable.size() == 5);
  CHECK(report.text().find("0 are broken") != std::string::npos);
}

TEST_CASE("fs_laws: each bug breaks the law that it is against, and no other") {
  CHECK(broken_laws<bug::none>().empty());
  CHECK(broken_laws<bug::short_write>() == "L9 ");
  CHECK(broken_laws<bug::rename_removes_first>().find("L2 ") != std::string::npos);
  CHECK(broken_laws<bug::make_dir_always>() == "L7 ");
  CHECK(broken_laws<bug::missing_is_not_a_directory>() == "L11 ");
  CHECK(broken_laws<bug::lists_dot>().find("L12 ") != std::string::npos);
  CHECK(broken_laws<bug::stale_close>() == "L10 ");
  CHECK(broken_laws<bug::dirty_truncate>() == "L9 ");
  CHECK(broken_laws<bug::nonce_repeats>() == "L13 ");
  CHECK(broken_laws<bug::replaces_on_no_replace>() == "rename_no_replace ");
  CHECK(broken_laws<bug::link_copies>() == "link ");
  CHECK(broken_laws<bug::lock_always>() == "try_lock ");
  CHECK(broken_laws<bug::long_path>() == "L11 ");
}

TEST_CASE("fs_laws: a scratch directory that is not there breaks every law") {
  mem_fs fs;
  const auto report = testing::check_fs_laws(fs, "no");
  CHECK_FALSE(report.ok());
  CHECK(report.held == 0);
  CHECK(report.text().find("broken: L1") != std::string::npos);
}
