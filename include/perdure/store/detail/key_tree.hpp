// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_DETAIL_KEY_TREE_HPP
#define PERDURE_STORE_DETAIL_KEY_TREE_HPP

// key_tree: where fs_store keeps what. A directory has at most so many objects; when it is full, a new key goes into a directory
// below it, by its next byte. (About so many: they are not counted each time, and several processes may put some at once.)
// Nothing is ever moved: so a key is looked for in the deepest directory that there is for it and then upwards, and what is
// deeper is newer. A listing reads the directories on the way to its cursor, and then those that it shows; in memory it has the
// keys of one page.

#include <perdure/core/sha256.hpp>
#include <perdure/fs/detail/mem_names.hpp>
#include <perdure/fs/fs.hpp>
#include <perdure/store/detail/key_names.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

template <Fs F>
class key_tree {
 public:
  static constexpr std::size_t path_max = path_capacity<F>();
  static constexpr std::size_t key_size_max = 1024;
  static constexpr std::size_t page_max = 1024;  // of one listing, whatever its limit
  static constexpr int reads_max = 4;            // of a directory that changes while it is listed
  using path = path_buffer<path_max>;
  using key_text = path_buffer<key_size_max>;

  key_tree(F& fs, path_view root, std::size_t objects_per_directory) noexcept : fs_(&fs), per_directory_(objects_per_directory) {
    root_.append(root);
  }
  [[nodiscard]] const path& root() const noexcept { return root_; }

  // The directory of the keys that share their first `depth` bytes with this one.
  [[nodiscard]] path directory(key_view key, std::size_t depth) const noexcept {
    path at = root_;
    for (std::size_t i = 0; i < depth; ++i) append_child(at, key[i]);
    return at;
  }
  // The object's file if it is kept at this depth, and how much of that is its directory.
  [[nodiscard]] path file(key_view key, std::size_t depth, std::size_t& directory_size) const noexcept {
    path at = directory(key, depth);
    directory_size = append_key_name(at, key.from(depth));
    return at;
  }

  // How many bytes of the key lead to the deepest directory that there is for it. All above that are there, too: so it is found
  // in steps that grow, and then by halves.
  [[nodiscard]] result<std::size_t> depth_of(key_view key) {
    std::size_t there = 0;
    std::size_t missing = key.size() + 1;
    for (std::size_t step = 1; missing - there > 1; step *= 2) {
      const std::size_t half = there + (missing - there) / 2;
      const std::size_t depth = missing > key.size() && step < half - there ? there + step : half;
      const path at = directory(key, depth);
      const auto found = at.ok() ? fs_->stat(at) : result<file_info>(failure(code::not_found, operation::stat));
      if (!found && found.error().code() != code::not_found) return found.error();
      (found ? there : missing) = depth;
    }
    return there;
  }
  // How deep the key's object lies, if there is one: not_found.
  [[nodiscard]] result<std::size_t> find_depth(key_view key, std::size_t deepest) {
    for (std::size_t depth = deepest;; --depth) {
      std::size_t directory_size = 0;
      const path at = file(key, depth, directory_size);
      const auto there = at.ok() ? fs_->stat(at) : result<file_info>(failure(code::not_found, operation::stat));
      if (there) return depth;
      const enum code code = there.error().code();
      if (code != code::not_found && code != code::not_a_directory && code != code::too_large) return there.error();
      if (depth == 0) return failure(code::not_found, operation::stat);
    }
  }
  // Where a new key goes: one directory deeper than the deepest there is, if that is full.
  [[nodiscard]] result<std::size_t> place(key_view key, std::size_t deepest) {
    if (deepest == key.size()) return deepest;
    const path at = directory(key, deepest);
    if (takes_one_more(at)) return deepest;
    const auto objects = count_objects(at);
    if (!objects) return objects.error();
    if (*objects < per_directory_ || !directory(key, deepest + 1).ok()) return deepest;
    PERDURE_TRY(make_dir(directory(key, deepest + 1)));
    return deepest + 1;
  }
  [[nodiscard]] result<void> make_dir(path_view directory) {
    const auto made = fs_->make_dir(directory);
    return made || made.error().code() == code::already_exists ? result<void>() : made;
  }
  [[nodiscard]] result<listed> list(key_view prefix, key_view cursor, std::size_t limit, object_visitor visitor) {
    page wanted{prefix, cursor, limit < page_max ? limit : page_max, {}, 0, true};
    path at = root_;
    key_text begins;
    PERDURE_TRY(collect(wanted, at, begins));
    std::size_t left = wanted.most;
    for (const auto* one = wanted.keys.after({}); one != nullptr; one = wanted.keys.after(one->name())) {
      if (left-- == 0 || visitor({one->name(), size_unknown}) == visit::stop) return listed::more;
    }
    return listed::all;
  }

  // Calls with every directory of the tree, and goes on whatever it answers.
  [[nodiscard]] result<void> each_directory(path& at, function_ref<void(const path&)> use) {
    use(at);
    // One at a time: the names of a directory need not fit in memory, and what is made meanwhile needs no visit.
    path_buffer<255> last;
    for (bool more = true; more;) {
      more = false;
      path_buffer<255> next;
      PERDURE_TRY(fs_->for_each_entry(at, [&](const dir_entry& entry) {
        const bool below = !entry.name.empty() && (entry.name[0] == 'd' || entry.name[0] == 'x');
        if (!below || compare_keys(entry.name, last) <= 0) return visit::go_on;
        if (more && compare_keys(entry.name, next) >= 0) return visit::go_on;
        more = true;
        next.clear();
        next.append(entry.name);
        return visit::go_on;
      }));
      if (!more) break;
      last = next;
      const std::size_t size = at.size();
      at.append("/").append(next);
      if (at.ok()) PERDURE_TRY(each_directory(at, use));
      at.truncate(size);
    }
    return {};
  }

  [[nodiscard]] static path copy_of(path_view text) noexcept {
    path copy;
    copy.append(text);
    return copy;
  }
  // Eight bytes of a digest: no two names of directories have the same.
  [[nodiscard]] static std::uint64_t name_of(path_view text) noexcept {
    std::uint64_t name = 0;
    std::memcpy(&name, sha256_of(bytes(text.data(), text.size())).bytes, sizeof(name));
    return name;
  }

 private:
  using object_use = function_ref<visit(path_view)>;

  // The first keys of a listing, and one more, which tells that there are more. It is all that is held in memory.
  struct page {
    key_view prefix;
    key_view cursor;
    std::size_t most;
    mem_names<bool> keys;
    std::size_t count;
    bool fits;

    // Is nothing wanted any more that is not in front of the last one?
    [[nodiscard]] bool ends_before(key_view key) const noexcept {
      return count > most && compare_keys(key, keys.last()->name()) >= 0;
    }
    // Can there be a key that is wanted among those that begin so?
    [[nodiscard]] bool wants_some_of(key_view begin) const noexcept {
      if (!begins_with(begin, prefix) && !begins_with(prefix, begin)) return false;
      return (compare_keys(begin, cursor) >= 0 || begins_with(cursor, begin)) && !ends_before(begin);
    }
    void keep(key_view key) {
      if (!begins_with(key, prefix) || compare_keys(key, cursor) <= 0 || ends_before(key) || keys.find(key) != nullptr) return;
      if (!is_utf8_without_nul(key)) return;  // no key: somebody else's
      fits = keys.insert(key, true) && fits;
      if (!fits || ++count <= most + 1) return;
      keys.erase(keys.last()->name());
      --count;
    }
  };

  static void append_child(path& at, char next) noexcept {
    const char* const digits = "0123456789abcdef";
    const auto value = static_cast<unsigned char>(next);
    const char text[5] = {'/', 'd', '%', digits[value >> 4], digits[value & 15]};
    at.append({text, sizeof(text)});
  }
  // The byte of such a name, or -1.
  [[nodiscard]] static int child_of(path_view name) noexcept {
    if (name.size() != 4 || name[0] != 'd' || name[1] != '%') return -1;
    const int high = hex_value(name[2]);
    const int low = hex_value(name[3]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
  }

  // To count the objects for each new one would cost as much as all of them. Of the room that was seen half is given away; then
  // they are counted again.
  [[nodiscard]] bool takes_one_more(const path& directory) noexcept {
    const std::uint64_t name = name_of(directory) & ~vacancies_max;
    std::uint64_t& known = vacancies_[name_of(directory) % vacancies_known];
    std::uint64_t seen = __atomic_load_n(&known, __ATOMIC_RELAXED);
    while ((seen & ~vacancies_max) == name && (seen & vacancies_max) != 0) {
      if (__atomic_compare_exchange_n(&known, &seen, seen - 1, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) return true;
    }
    return false;
  }
  // No more than a directory may have.
  [[nodiscard]] result<std::size_t> count_objects(const path& directory) {
    std::size_t objects = 0;
    PERDURE_TRY(each_object(directory, [&](path_view) { return ++objects < per_directory_ ? visit::go_on : visit::stop; }));
    if (objects >= per_directory_) return objects;
    const std::size_t half = (per_directory_ - objects - 1) / 2;
    const std::uint64_t name = name_of(directory);
    __atomic_store_n(&vacancies_[name % vacancies_known], (name & ~vacancies_max) | (half < vacancies_max ? half : vacancies_max),
                     __ATOMIC_RELAXED);
    return objects;
  }

  // Every object that a directory keeps itself, by what its key goes on with.
  [[nodiscard]] result<void> each_object(const path& directory, object_use use) {
    path at = directory;
    key_text rest;
    const auto done = each_object_below(at, rest, 1, use, [](int) {});
    return done ? result<void>() : done.error();
  }
  // With the names of directories that go on with what they begin with. Some volumes (btrfs) leave out a name that is replaced
  // while they list it: so one that has changed meanwhile is read again, where that matters, and what it shows may come again.
  [[nodiscard]] result<visit> each_object_below(path& at, key_text& rest, int reads, object_use use,
                                                function_ref<void(int)> child) {
    for (;; --reads) {
      const auto before = reads > 1 ? fs_->stat(at) : file_info();
      if (!before) return before.error();
      const auto read = read_objects(at, rest, reads, use, child);
      if (!read || *read == visit::stop || before->modified_ns == time_unknown) return read;
      const auto after = fs_->stat(at);
      if (!after) return after.error();
      if (after->modified_ns == before->modified_ns) return read;
    }
  }
  [[nodiscard]] result<visit> read_objects(path& at, key_text& rest, int reads, object_use use, function_ref<void(int)> child) {
    visit goes = visit::go_on;
    result<void> below;
    const auto listed_all = fs_->for_each_entry(at, [&](const dir_entry& entry) {
      const std::size_t rest_size = rest.size();
      const std::size_t at_size = at.size();
      const char kind = entry.name.empty() ? '\0' : entry.name[0];
      if (kind == 'd') child(child_of(entry.name));
      const bool is_ours = kind == 'k' || (kind == 'x' && entry.name.size() > key_name_max - 3);
      if (is_ours && append_unescaped(rest, entry.name.from(1))) {
        if (kind == 'k') {
          goes = use(path_view(rest));
        } else if (at.append("/").append(entry.name).ok()) {
          const auto more = each_object_below(at, rest, reads, use, [](int) {});
          if (more) goes = *more;
          if (!more && more.error().code() != code::not_found) below = more.error();
        }
      }
      restore(rest, rest_size);
      restore(at, at_size);
      return below ? goes : visit::stop;
    });
    if (!listed_all) return listed_all.error();
    if (!below) return below.error();
    return goes;
  }
  template <std::size_t N>
  static void restore(path_buffer<N>& text, std::size_t size) noexcept {
    if (text.ok()) return text.truncate(size);
    // What did not fit was not written.
    path_buffer<N> same;
    same.append(path_view(text.data(), size));
    text = same;
  }

  // What is at `at` and below it, whose keys all begin so. In ascending order, so that what is behind the page is not read.
  [[nodiscard]] result<void> collect(page& wanted, path& at, key_text& begins) {
    bool has_child[256] = {};
    const auto keep = [&](path_view key) {
      wanted.keep(key);
      return wanted.fits ? visit::go_on : visit::stop;
    };
    const auto read = each_object_below(at, begins, reads_max, keep, [&](int byte) {
      if (byte >= 0) has_child[byte] = true;
    });
    // A directory that is gone has nothing to show.
    if (!read && !(read.error().code() == code::not_found && begins.size() != 0)) return read.error();
    if (!wanted.fits) return failure(code::no_space, operation::list_objects);
    const std::size_t at_size = at.size();
    const std::size_t depth = begins.size();
    for (int byte = 0; byte < 256; ++byte) {
      if (!has_child[byte]) continue;
      const char c = static_cast<char>(byte);
      append_child(at, c);
      begins.append({&c, 1});
      if (at.ok() && begins.ok() && wanted.wants_some_of(begins)) PERDURE_TRY(collect(wanted, at, begins));
      restore(begins, depth);
      restore(at, at_size);
    }
    return {};
  }

  static constexpr std::uint64_t vacancies_max = 0xffff;
  static constexpr std::size_t vacancies_known = 64;

  F* fs_;
  std::size_t per_directory_;
  path root_;
  std::uint64_t vacancies_[vacancies_known] = {};  // of some directories: the first bits are of its name
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_DETAIL_KEY_TREE_HPP
