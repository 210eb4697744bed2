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
  long_path,
  rename_copies,
  rename_to_itself_removes,
  create_truncates,
  create_new_opens_directories,
  size_is_zero,
  kinds_are_wrong,
  syncs_what_is_missing,
  always_in_doubt,
  ignores_access
};
bug planted = bug::none;  // a template of it would make the suite as often as there are bugs

class buggy_fs {
 public:
  using perdure_fs = buggy_fs;

  class file {
   public:
    explicit file(mem_fs::file base) : base_(std::move(base)) {}
    result<std::size_t> read_at(std::uint64_t offset, mutable_bytes into) const { return base_.read_at(offset, into); }
    result<void> write_at(std::uint64_t offset, gather from) {
      if (planted == bug::short_write) {
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
      if (planted == bug::dirty_truncate) {
        if (done && had && size > *had) return base_.write_at(*had, "dirt");
      }
      return done;
    }
    result<void> sync(sync_what what) { return base_.sync(what); }
    result<void> close() {
      const auto closed = base_.close();
      return planted == bug::stale_close ? result<void>() : closed;
    }
    result<void> try_lock(lock_mode mode) {
      const auto locked = base_.try_lock(mode);
      return planted == bug::lock_always ? result<void>() : locked;
    }

   private:
    mem_fs::file base_;
  };

  result<file> open(path_view path, const open_options& options) {
    open_options how = options;
    if (planted == bug::ignores_access) how.access = access::read_write;
    auto opened = base_.open(path, how);
    if (planted == bug::create_new_opens_directories && options.creation == creation::create_new && !opened) {
      const auto there = base_.stat(path);
      if (there && there->kind == file_kind::directory) return failure(code::is_a_directory, operation::open);
    }
    if (!opened) return told(opened.error());
    if (planted == bug::create_truncates && options.creation == creation::create) (void)opened->truncate(0);
    return file(std::move(*opened));
  }
  result<file_info> stat(path_view path) {
    auto info = base_.stat(path);
    if (!info) return told(info.error());
    if (planted == bug::size_is_zero) info->size_bytes = 0;
    return info;
  }
  result<void> rename(path_view from, path_view to) {
    if (planted == bug::rename_removes_first && base_.stat(from)) {
      (void)base_.remove(to);
      std::this_thread::yield();
    }
    if (planted == bug::rename_to_itself_removes && from == to) return base_.remove(from);
    if (planted == bug::rename_copies) {
      const auto source = base_.stat(from);
      const auto target = base_.stat(to);
      if (source && target && source->kind == file_kind::file && target->kind == file_kind::file && !(from == to)) {
        std::string text(source->size_bytes, '\0');
        (void)base_.open(from, {})->read_at(0, text);
        auto onto = base_.open(to, {.access = access::write});
        (void)onto->write_at(0, text);
        (void)onto->truncate(text.size());
        return base_.remove(from);
      }
    }
    return told(base_.rename(from, to));
  }
  result<void> rename_no_replace(path_view from, path_view to) {
    return planted == bug::replaces_on_no_replace ? base_.rename(from, to) : base_.rename_no_replace(from, to);
  }
  result<void> link(path_view from, path_view to) {
    const auto linked = base_.link(from, to);
    if (planted == bug::link_copies && linked) {
      (void)base_.remove(to);
      (void)base_.open(to, {.access = access::write, .creation = creation::create});
    }
    return linked;
  }
  result<void> remove(path_view path) { return base_.remove(path); }
  result<void> make_dir(path_view path) {
    const auto made = base_.make_dir(path);
    return planted == bug::make_dir_always && !made && made.error().code() == code::already_exists ? result<void>() : made;
  }
  result<void> remove_dir(path_view path) { return base_.remove_dir(path); }
  result<void> for_each_entry(path_view path, entry_visitor visitor) {
    if (planted == bug::lists_dot) visitor({".", file_kind::directory});
    if (planted == bug::kinds_are_wrong)
      return base_.for_each_entry(path, [&](const dir_entry& entry) { return visitor({entry.name, file_kind::link}); });
    return base_.for_each_entry(path, visitor);
  }
  result<void> sync_dir(path_view path) {
    const auto synced = base_.sync_dir(path);
    return planted == bug::syncs_what_is_missing && !synced && synced.error().code() == code::not_found ? result<void>() : synced;
  }
  struct nonce nonce() {
    struct nonce made = base_.nonce();
    if (planted == bug::nonce_repeats) made.serial /= 2;
    return made;
  }

 private:
  static failure told(const failure& why) {
    if (planted == bug::missing_is_not_a_directory && why.code() == code::not_a_directory)
      return failure(code::not_found, why.operation());
    if (planted == bug::long_path && why.code() == code::too_large) return failure(code::not_found, why.operation());
    return planted == bug::always_in_doubt ? why.with(doubt::visible) : why;
  }
  static result<void> told(const result<void>& done) { return done ? done : told(done.error()); }
  mem_fs base_;
};

std::string broken_laws(bug one_of_them) {
  planted = one_of_them;
  buggy_fs fs;
  std::string all;
  for (const auto& one : testing::check_fs_laws(fs, ".").broken) all += one.substr(0, one.find(':')) + " ";
  return all;
}

}  // namespace

TEST_CASE("fs_laws: a model without a bug keeps them, and what it cannot do is counted apart") {
  planted = bug::none;
  buggy_fs fs;
  const auto report = testing::check_fs_laws(fs, ".");
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.not_applicable.size() == 5);
  CHECK(report.text().find("0 are broken") != std::string::npos);
}

TEST_CASE("fs_laws: each bug breaks the law that it is against, and no other") {
  CHECK(broken_laws(bug::none).empty());
  CHECK(broken_laws(bug::short_write) == "L9 ");
  CHECK(broken_laws(bug::rename_removes_first).find("L2 ") != std::string::npos);
  CHECK(broken_laws(bug::make_dir_always) == "L7 L8 ");
  CHECK(broken_laws(bug::missing_is_not_a_directory) == "L11 L11 ");
  CHECK(broken_laws(bug::lists_dot).find("L12 ") != std::string::npos);
  CHECK(broken_laws(bug::stale_close) == "L10 ");
  CHECK(broken_laws(bug::dirty_truncate) == "L9 ");
  CHECK(broken_laws(bug::nonce_repeats) == "L13 ");
  CHECK(broken_laws(bug::replaces_on_no_replace) == "rename_no_replace ");
  CHECK(broken_laws(bug::link_copies) == "link ");
  CHECK(broken_laws(bug::lock_always) == "try_lock ");
  CHECK(broken_laws(bug::long_path) == "L11 ");
  CHECK(broken_laws(bug::rename_copies).find("L2 ") != std::string::npos);
  CHECK(broken_laws(bug::rename_to_itself_removes) == "L2 ");
  CHECK(broken_laws(bug::create_truncates) == "L1 ");
  CHECK(broken_laws(bug::create_new_opens_directories) == "L1 ");
  CHECK(broken_laws(bug::size_is_zero) == "L1 ");
  CHECK(broken_laws(bug::kinds_are_wrong) == "L1 ");
  CHECK(broken_laws(bug::syncs_what_is_missing) == "L4 ");
  CHECK(broken_laws(bug::always_in_doubt) == "L8 ");
  CHECK(broken_laws(bug::ignores_access).find("L1 ") != std::string::npos);
}

TEST_CASE("fs_laws: a scratch directory that is not there is said, once") {
  mem_fs fs;
  const auto report = testing::check_fs_laws(fs, "no");
  CHECK_FALSE(report.ok());
  CHECK(report.held == 0);
  CHECK(report.broken.size() == 1);
  CHECK(report.text().find("scratch directory is not there") != std::string::npos);
}
