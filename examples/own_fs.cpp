// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
//
// A file system of one's own: everything that a model of Fs must have, and nothing that it may leave out. This one keeps one
// level of files in a map. A real one puts a device, a database or a protocol in its place, and keeps the laws of fs.hpp about
// crashes, too.

#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/fs.hpp>
#include <perdure/fs/read_file.hpp>
#include <perdure/testing/fs_laws.hpp>

#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

using perdure::code;
using perdure::failure;
using perdure::operation;
using perdure::path_view;
using perdure::result;

// What a path names; and a lock, for operations may be called from any thread.
struct shelf {
  struct entry {
    bool is_directory = false;
    std::string text;
  };
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<entry>> entries;  // by their paths, without a '/' at the end
  std::uint64_t nonces = 0;
};

class shelf_file {
 public:
  shelf_file(std::shared_ptr<shelf> all, std::shared_ptr<shelf::entry> mine, perdure::access access)
      : all_(std::move(all)), mine_(std::move(mine)), access_(access) {}
  shelf_file(shelf_file&&) noexcept = default;
  shelf_file& operator=(shelf_file&&) noexcept = default;

  result<std::size_t> read_at(std::uint64_t offset, perdure::mutable_bytes into) const {
    const std::lock_guard lock(all_lock());
    if (!mine_ || access_ == perdure::access::write) return failure(code::invalid_argument, operation::read);
    if (offset >= mine_->text.size()) return std::size_t{0};
    return mine_->text.copy(reinterpret_cast<char*>(into.data()), into.size(), static_cast<std::size_t>(offset));
  }
  result<void> write_at(std::uint64_t offset, perdure::gather from) {
    const std::lock_guard lock(all_lock());
    if (!writable()) return failure(code::invalid_argument, operation::write);
    std::string& text = mine_->text;
    for (const perdure::bytes& part : from) {
      if (part.empty()) continue;
      if (text.size() < offset + part.size()) text.resize(static_cast<std::size_t>(offset) + part.size());
      text.replace(static_cast<std::size_t>(offset), part.size(), reinterpret_cast<const char*>(part.data()), part.size());
      offset += part.size();
    }
    return {};
  }
  result<std::uint64_t> size() const {
    const std::lock_guard lock(all_lock());
    if (!mine_) return failure(code::invalid_argument, operation::size);
    return std::uint64_t{mine_->text.size()};
  }
  result<void> truncate(std::uint64_t size) {
    const std::lock_guard lock(all_lock());
    if (!writable()) return failure(code::invalid_argument, operation::truncate);
    mine_->text.resize(static_cast<std::size_t>(size));
    return {};
  }
  result<void> sync(perdure::sync_what) {
    if (!mine_) return failure(code::invalid_argument, operation::sync);
    return {};  // memory: there is no crash that it could survive
  }
  result<void> close() {
    if (!mine_) return failure(code::invalid_argument, operation::close);
    mine_.reset();
    return {};
  }

 private:
  std::mutex& all_lock() const { return all_->mutex; }
  bool writable() const { return mine_ && access_ != perdure::access::read; }

  std::shared_ptr<shelf> all_;
  std::shared_ptr<shelf::entry> mine_;
  perdure::access access_;
};

class shelf_fs {
 public:
  using perdure_fs = shelf_fs;  // "it keeps the laws": without this it is no Fs
  using file = shelf_file;

  result<file> open(path_view path, const perdure::open_options& options) {
    const std::lock_guard lock(all_->mutex);
    const auto at = look(path, operation::open);
    if (!at) return at.error();
    auto& mine = at->there;
    if (mine && options.creation == perdure::creation::create_new) return no(code::already_exists, operation::open, path);
    if (mine && mine->is_directory) return no(code::is_a_directory, operation::open, path);
    if (!mine && options.creation == perdure::creation::must_exist) return no(code::not_found, operation::open, path);
    return file(all_, mine ? mine : all_->entries[at->name] = std::make_shared<shelf::entry>(), options.access);
  }
  result<perdure::file_info> stat(path_view path) {
    const std::lock_guard lock(all_->mutex);
    const auto at = look(path, operation::stat);
    if (!at) return at.error();
    if (!at->there) return no(code::not_found, operation::stat, path);
    return perdure::file_info{at->there->is_directory ? perdure::file_kind::directory : perdure::file_kind::file,
                              at->there->text.size()};
  }
  result<void> rename(path_view from, path_view to) {
    const std::lock_guard lock(all_->mutex);
    const auto source = look(from, operation::rename);
    if (!source) return source.error();
    const auto target = look(to, operation::rename);
    if (!target) return target.error();
    if (!source->there) return no(code::not_found, operation::rename, from);
    if (source->there == target->there) return {};
    const bool directory = source->there->is_directory;
    if (target->there && target->there->is_directory != directory)
      return no(directory ? code::not_a_directory : code::is_a_directory, operation::rename, to);
    if (directory && target->there) return no(code::not_empty, operation::rename, to);
    if (target->name.rfind(source->name + "/", 0) == 0) return no(code::invalid_argument, operation::rename, to);
    // Everything whose path begins with it moves along.
    std::vector<std::string> moved;
    for (const auto& [name, entry] : all_->entries) {
      if (name == source->name || name.rfind(source->name + "/", 0) == 0) moved.push_back(name);
    }
    for (const std::string& name : moved) {
      auto entry = std::move(all_->entries[name]);
      all_->entries.erase(name);
      all_->entries[target->name + name.substr(source->name.size())] = std::move(entry);
    }
    return {};
  }
  result<void> remove(path_view path) {
    const std::lock_guard lock(all_->mutex);
    const auto at = look(path, operation::remove);
    if (!at) return at.error();
    if (!at->there) return no(code::not_found, operation::remove, path);
    if (at->there->is_directory) return no(code::is_a_directory, operation::remove, path);
    all_->entries.erase(at->name);  // who has it open goes on with it
    return {};
  }
  result<void> make_dir(path_view path) {
    const std::lock_guard lock(all_->mutex);
    const auto at = look(path, operation::make_dir);
    if (!at) return at.error();
    if (at->there) return no(code::already_exists, operation::make_dir, path);
    all_->entries[at->name] = std::make_shared<shelf::entry>(shelf::entry{true, {}});
    return {};
  }
  result<void> remove_dir(path_view path) {
    const std::lock_guard lock(all_->mutex);
    const auto at = look(path, operation::remove_dir);
    if (!at) return at.error();
    if (!at->there) return no(code::not_found, operation::remove_dir, path);
    if (!at->there->is_directory) return no(code::not_a_directory, operation::remove_dir, path);
    if (!names_in(at->name).empty()) return no(code::not_empty, operation::remove_dir, path);
    all_->entries.erase(at->name);
    return {};
  }
  result<void> for_each_entry(path_view path, perdure::entry_visitor visitor) {
    std::vector<std::pair<std::string, perdure::file_kind>> names;
    {
      const std::lock_guard lock(all_->mutex);
      const auto at = look(path, operation::list);
      if (!at) return at.error();
      if (!at->there) return no(code::not_found, operation::list, path);
      if (!at->there->is_directory) return no(code::not_a_directory, operation::list, path);
      names = names_in(at->name);
    }
    // Without the lock: the visitor may call us.
    for (const auto& [name, kind] : names) {
      if (visitor({name, kind}) == perdure::visit::stop) break;
    }
    return {};
  }
  result<void> sync_dir(path_view path) {
    const auto at = stat(path);
    if (!at) return no(at.error().code(), operation::sync_dir, path);
    return at->kind == perdure::file_kind::directory ? result<void>() : no(code::not_a_directory, operation::sync_dir, path);
  }
  perdure::nonce nonce() {
    const std::lock_guard lock(all_->mutex);
    return {.serial = ++all_->nonces};  // on a device: a counter that outlives the power
  }

 private:
  struct place {
    std::string name;
    std::shared_ptr<shelf::entry> there;
  };

  static failure no(code why, operation what, path_view path) { return failure(why, what).about({path.data(), path.size()}); }

  // Law L11: what is no path is refused first, then what leads nowhere.
  result<place> look(path_view path, operation what) const {
    const std::string text(path.data(), path.size());
    if (text.empty() || text.find('\0') != std::string::npos) return no(code::invalid_argument, what, path);
    if (text.size() > 4096) return no(code::too_large, what, path);
    std::shared_ptr<shelf::entry> there = root_;
    std::string name;
    for (std::size_t begin = 0; begin < text.size();) {
      std::size_t end = text.find('/', begin);
      if (end == std::string::npos) end = text.size();
      const std::string part = text.substr(begin, end - begin);
      begin = end + 1;
      if (part.empty() || part == ".") continue;
      if (!there) return no(code::not_found, what, path);
      if (!there->is_directory) return no(code::not_a_directory, what, path);
      name += "/" + part;
      const auto found = all_->entries.find(name);
      there = found == all_->entries.end() ? nullptr : found->second;
    }
    return place{name, there};
  }
  std::vector<std::pair<std::string, perdure::file_kind>> names_in(const std::string& directory) const {
    std::vector<std::pair<std::string, perdure::file_kind>> names;
    for (const auto& [name, entry] : all_->entries) {
      if (name.rfind(directory + "/", 0) == 0 && name.find('/', directory.size() + 1) == std::string::npos)
        names.emplace_back(name.substr(directory.size() + 1),
                           entry->is_directory ? perdure::file_kind::directory : perdure::file_kind::file);
    }
    return names;
  }

  std::shared_ptr<shelf> all_ = std::make_shared<shelf>();
  std::shared_ptr<shelf::entry> root_ = std::make_shared<shelf::entry>(shelf::entry{true, {}});
};
static_assert(perdure::Fs<shelf_fs>);  // where it is none, the compiler names the operation that is missing

int main() {
  shelf_fs fs;
  const auto report = perdure::testing::check_fs_laws(fs, ".");
  std::printf("%s\n", report.text().c_str());
  std::string text;
  const bool saved =
      perdure::atomic_write(fs, "settings.txt", "volume = 11\n") && perdure::read_file(fs, "settings.txt", text, 100);
  return report.ok() && saved && text == "volume = 11\n" ? 0 : 1;
}
