// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_DETAIL_CHECKPOINT_TARGET_HPP
#define PERDURE_ENGINE_DETAIL_CHECKPOINT_TARGET_HPP

// checkpoint_target: the directory that create_checkpoint, restore_checkpoint and download_checkpoint fill, one function a step.
// Until the `current` is there, failed() takes all of it away again, but of one that is resumed.

#include <perdure/engine/detail/placing_window.hpp>
#include <perdure/engine/detail/previous_checkpoint.hpp>
#include <perdure/fs/detail/staged_file.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

template <Fs To>
class checkpoint_target {
 public:
  checkpoint_target(To& fs, path_view root, const checkpoint_options& options) noexcept
      : fs_(fs),
        root_(root),
        options_(options),
        previous_(fs, options.previous, options.list_bytes_max),
        window_(options.workers) {}

  checkpoint_report report;

  // The name is ours, and with it everything below it, if nobody had it.
  [[nodiscard]] result<void> claim() {
    PERDURE_TRY(previous_.open());
    const auto made = fs_.make_dir(root_);
    if (!made) return retold(made.error(), root_, made.error().doubt());
    claimed_ = true;
    return {};
  }

  // Or it is there, as somebody left it who was not done; nothing of it is removed when this one fails, too.
  [[nodiscard]] result<void> claim_or_resume(path_view current) {
    // Of a directory under its own "." nobody knows which one has its name, to be synced.
    std::size_t size = root_.size();
    while (size > 1 && is_separator<To>(root_[size - 1])) --size;
    const path_view name = split_path<To>(root_.first(size)).name;
    if (name == path_view(".") || name == path_view(".."))
      return failure(code::invalid_argument, operation::make_dir).about({root_.data(), root_.size()});
    const auto made = fs_.make_dir(root_);
    if (!made && made.error().code() != code::already_exists) return retold(made.error(), root_, made.error().doubt());
    const doubt left = made ? doubt::visible : doubt::none;
    const auto named = at(current);
    if (!named) return named.error().with(left);
    const auto complete = fs_.stat(at_);
    if (complete) return failure(code::already_exists, operation::make_dir).about({root_.data(), root_.size()});
    if (complete.error().code() != code::not_found) return retold(complete.error(), root_, left);
    resumes_ = true;
    return {};
  }

  // A file that is not copied: `pour` gives all of it to a sink.
  template <class Pour, class Progress>
  [[nodiscard]] result<void> fill(const file_list::entry& one, Pour&& pour, Progress& progress) {
    PERDURE_TRY(begin(one.name));
    placing told;
    told.size_bytes = one.size_bytes;
    told.of = one.of;
    told.has_digest = (one.flags & stored_file::has_digest) != 0;
    const unsigned flags = one.flags & stored_file::is_growing;
    told.syncs = !by_volume();
    if (resumes_) {
      const auto kept = keep(one, told.syncs);
      if (!kept) return kept.error();
      told.reused = *kept;
      if (*kept) return end(one.name, flags, told, progress);
    }
    open_options how;
    how.access = access::write;
    how.creation = creation::create_new;
    auto file = fs_.open(at_, how);
    if (!file) return about_path(file.error(), at_);
    sha256 hash;
    std::uint64_t done = 0;
    PERDURE_TRY(pour([&](bytes piece) -> result<void> {
      if (piece.size() > one.size_bytes - done) return shorter_than_pinned(at_);  // before it takes the room of others
      const auto written = file->write_at(done, piece);
      if (!written) return about_path(written.error(), at_);
      hash.update(piece);
      done += piece.size();
      return {};
    }));
    if (done != one.size_bytes || (told.has_digest && !(hash.finish() == one.of))) return shorter_than_pinned(at_);
    PERDURE_TRY(finish_file(*file, at_, told.syncs, done));
    return end(one.name, flags, told, progress);
  }

  // At once, or together with those that come after it, until place_waiting().
  template <Fs From, class Progress>
  [[nodiscard]] result<void> place(From& from_fs, const pinned_file& file, Progress& progress) {
    PERDURE_TRY(begin(file.to));
    placing one;
    one.from = file.from;
    one.to = at_;
    one.size_bytes = file.size_bytes;
    one.may_link = file.pinned == pinned::immutable && options_.links == checkpoint_links::allow;
    one.has_digest = file.of != nullptr;
    if (one.has_digest) one.of = *file.of;
    one.is_hashed = !one.has_digest && options_.digests == checkpoint_digests::all;
    one.syncs = !by_volume();
    previous_.look_up(file, options_.same, one);
    const unsigned flags = file.pinned == pinned::growing ? stored_file::is_growing : 0;
    if (!window_.is_wanted()) {
      one.buffer = options_.buffer;
      PERDURE_TRY(file_placement(from_fs, fs_, one).run());
      return end(file.to, flags, one, progress);
    }
    pending_ = false;
    if (window_.is_full()) PERDURE_TRY(place_waiting(progress));
    return window_.add(from_fs, one, file.to, flags);
  }
  // In the order in which they came. After the first that failed all of them are ours still, to be removed.
  template <class Progress>
  [[nodiscard]] result<void> place_waiting(Progress& progress) {
    window_.run(fs_, options_.jobs);
    result<void> done;
    for (auto& one : window_) {
      if (done) done = one.done;
      if (done) {
        done = end(one.name, one.flags, one.what, progress);
      } else {
        list_.add({one.name, 0, 0, {}});
      }
    }
    window_.clear();
    return done;
  }

  [[nodiscard]] result<void> put(path_view to, bytes content) {
    PERDURE_TRY(begin(to));
    PERDURE_TRY(write_new(to, content));
    ++report.written;
    // The engine did not call it immutable: whoever restores it has a file of its own.
    end({to, content.size(), stored_file::has_digest | stored_file::is_growing, sha256_of(content)});
    return {};
  }

  // What the checkpoint says of itself, the `current` to come included, which would take the place of a file of its name.
  [[nodiscard]] result<void> describe_self(const checkpoint_current& current) {
    for (bytes rest = list_.view(); !rest.empty();) {
      const auto one = file_list::next(rest);
      if (!one) return one.error();
      if (one->name == current.name)
        return failure(code::already_exists, operation::open).about({current.name.data(), current.name.size()});
    }
    list_.add(
        {current.name, current.content.size(), stored_file::has_digest | stored_file::is_current, sha256_of(current.content)});
    const checkpoint_record record{
        report.version, report.watermark, files_ + 1, bytes_ + current.content.size(), list_.view(), {}};
    byte_buffer whole;
    PERDURE_TRY(encode_checkpoint(record, whole));
    return describe_self(whole.view());
  }
  [[nodiscard]] result<void> describe_self(bytes whole) {
    PERDURE_TRY(at(checkpoint_record_name));
    pending_ = true;
    if (resumes_) PERDURE_TRY(remove_at());
    PERDURE_TRY(write_new(checkpoint_record_name, whole));
    report.total_bytes += whole.size();
    return {};
  }

  // Everything by a sync of the volume, the `current` under a temporary name with it; else what is not synced yet, and all names
  // in it, the deepest first, and the `current` behind them. Its own name is all that is left then.
  [[nodiscard]] result<void> settle(const checkpoint_current& current) {
    const bool together = by_volume();
    if (together) {
      PERDURE_TRY(stage(current));
      const auto all = sync_all(fs_, root_);
      settled_all_ = all.has_value();
      if (all) return about_staged(staged_.close(), current);
      if (all.error().code() != code::unsupported) return all;
    }
    result<void> done;
    each_name(unsynced_, [&](path_view name) {
      if (done) done = at(name);
      if (done) done = sync_file();
    });
    each_name(children_, [&](path_view child) {
      if (done) done = at(child);
      if (done) done = sync_dir(at_);
    });
    PERDURE_TRY(done);
    PERDURE_TRY(sync_dir(root_));
    if (!together) PERDURE_TRY(stage(current));
    return about_staged(staged_.finish(), current);
  }

  // From here on there may be a checkpoint, and nothing is taken away. The parent is synced last, for a name without all of that
  // behind it would be a target that somebody else claimed; unless it was with the volume.
  [[nodiscard]] result<void> publish(const checkpoint_current& current) {
    PERDURE_TRY(at(current.name));
    const auto written = staged_.publish(at_);
    if (!written) {
      published_ = written.error().outcome() == outcome::unknown;
      return written.error();
    }
    published_ = true;
    if (written->durability != durability::full) report.durability = durability::none;
    const path_view parent = prefix_of<To>(root_);
    const auto synced = settled_all_ ? result<void>() : sync_dir(parent.empty() ? path_view(".") : parent);
    if (!synced) return synced.error().with(doubt::durable);
    ++report.written;
    report.files = files_ + 1;
    report.total_bytes += bytes_ + current.content.size();
    return {};
  }

  // Why it failed, with the doubt that is left about the target after what was made is taken away.
  [[nodiscard, gnu::noinline]] failure failed(const failure& why) {
    staged_.abandon();
    if (published_) return why;
    if (resumes_) return why.with(doubt::visible);
    if (!claimed_) return why;
    if (pending_) (void)fs_.remove(at_);
    for (bytes rest = list_.view(); !rest.empty();) {
      const auto one = file_list::next(rest);
      if (!one) break;
      if (at(one->name)) (void)fs_.remove(at_);
    }
    if (at(checkpoint_record_name)) (void)fs_.remove(at_);
    each_name(children_, [&](path_view child) {
      if (at(child)) (void)fs_.remove_dir(at_);
    });
    return why.with(fs_.remove_dir(root_) ? doubt::none : doubt::visible);
  }

 private:
  [[nodiscard]] result<void> at(path_view name) {
    pending_ = false;
    return at_.join(root_, name).ok() ? result<void>()
                                      : failure(code::too_large, operation::open).about({name.data(), name.size()});
  }
  // at_ is the file's path then, in a directory that is there, and failed() will remove it.
  [[nodiscard]] result<void> begin(path_view to) {
    if (!is_checkpoint_name(to)) return failure(code::invalid_argument, operation::open).about({to.data(), to.size()});
    const path_parts parts = split_path<To>(to);
    if (!(parts.parent == path_view(".")) && !(parts.parent == child_) && !has_child(parts.parent)) {
      PERDURE_TRY(at(parts.parent));
      add_name(children_, parts.parent);
      const auto made = fs_.make_dir(at_);
      if (!made && !(resumes_ && made.error().code() == code::already_exists)) return retold(made.error(), at_);
    }
    child_.clear();
    child_.append(parts.parent);
    PERDURE_TRY(at(to));
    pending_ = true;
    return {};
  }
  void end(const file_list::entry& entry) {
    pending_ = false;
    list_.add(entry);
    ++files_;
    bytes_ += entry.size_bytes;
  }

  template <class Progress>
  [[nodiscard]] result<void> end(path_view name, unsigned flags, const placing& one, Progress& progress) {
    ++(one.placed == placed::linked ? report.linked : one.placed == placed::shared ? report.shared : report.copied);
    if (one.reused) ++report.reused;
    if (one.placed != placed::linked && !one.syncs) add_name(unsynced_, name);
    end({name, one.size_bytes, flags | (one.has_digest ? stored_file::has_digest : 0), one.of});
    const checkpoint_progress told{name, one.placed, one.link_refused, files_, bytes_};
    if (progress(told) == visit::go_on) return {};
    return failure(code::cancelled, operation::none).about({root_.data(), root_.size()});
  }

  static void add_name(byte_buffer& names, path_view name) {
    const little<std::uint16_t> size = static_cast<std::uint16_t>(name.size());
    names.append(stored_bytes(size));
    names.append(bytes(name.data(), name.size()));
  }
  template <class Use>
  static void each_name(const byte_buffer& names, Use&& use) {
    for (bytes rest = names.view(); !rest.empty();) {
      const std::size_t size = stored_at<little<std::uint16_t>>(rest.data());
      const bytes name = rest.from(2).first(size);
      use(path_view(reinterpret_cast<const char*>(name.data()), name.size()));
      rest = rest.from(2 + size);
    }
  }
  [[nodiscard]] bool has_child(path_view name) const {
    bool found = false;
    each_name(children_, [&](path_view child) { found = found || child == name; });
    return found;
  }

  [[nodiscard]] result<void> sync_dir(path_view path) {
    const auto synced = fs_.sync_dir(path);
    if (synced) return {};
    if (synced.error().code() != code::unsupported) return synced;
    report.durability = durability::none;
    return {};
  }
  // Is the file there, all of it? Then it is durable from now on, or will be with its volume. Else it is not there any more.
  [[nodiscard]] result<bool> keep(const file_list::entry& one, bool syncs) {
    open_options how;
    how.access = access::read_write;
    auto file = fs_.open(at_, how);
    if (!file) return file.error().code() == code::not_found ? result<bool>(false) : about_path(file.error(), at_);
    const auto size = file->size();
    if (!size) return about_path(size.error(), at_);
    if (*size == one.size_bytes && (one.flags & stored_file::has_digest) != 0) {
      sha256 hash;
      std::byte own[piece_size<To>];
      PERDURE_TRY(hash_file(*file, one.size_bytes, own, hash, at_));
      if (hash.finish() == one.of) {
        PERDURE_TRY(finish_file(*file, at_, syncs));
        return true;
      }
    }
    PERDURE_TRY(remove_at());
    return false;
  }
  [[nodiscard]] result<void> remove_at() {
    const auto removed = fs_.remove(at_);
    return removed || removed.error().code() == code::not_found ? result<void>() : about_path(removed.error(), at_);
  }
  [[nodiscard]] bool by_volume() const noexcept { return report.shared + report.copied >= options_.volume_sync_at_least; }
  // Where the Fs has no sync of the volume. Some systems sync no file that was opened to be read.
  [[nodiscard]] result<void> sync_file() {
    open_options how;
    how.access = access::read_write;
    auto file = fs_.open(at_, how);
    if (!file && file.error().code() == code::permission) file = fs_.open(at_, {});
    if (!file) return about_path(file.error(), at_);
    return finish_file(*file, at_, true);
  }
  [[nodiscard]] result<void> stage(const checkpoint_current& current) {
    if (!is_checkpoint_name(current.name) || !is_one_component(current.name))
      return failure(code::invalid_argument, operation::open).about({current.name.data(), current.name.size()});
    PERDURE_TRY(at(current.name));
    write_options how;
    how.at_least = durability::ordered;
    result<void> done = staged_.locate(fs_, at_, how);
    if (done) done = staged_.create();
    if (done) done = staged_.write(0, current.content);
    return about_staged(done, current);
  }
  [[nodiscard]] result<void> about_staged(const result<void>& done, const checkpoint_current& current) {
    if (done) return {};
    PERDURE_TRY(at(current.name));
    return about_path(done.error(), at_);
  }
  [[nodiscard]] result<void> write_new(path_view name, bytes content) {
    open_options how;
    how.access = access::write;
    how.creation = creation::create_new;
    auto file = fs_.open(at_, how);
    if (!file) return about_path(file.error(), at_);
    const auto written = file->write_at(0, content);
    if (!written) return about_path(written.error(), at_);
    if (by_volume()) add_name(unsynced_, name);
    return finish_file(*file, at_, !by_volume());
  }

  To& fs_;
  path_view root_;
  checkpoint_options options_;
  bool claimed_ = false;
  bool resumes_ = false;
  bool published_ = false;
  bool settled_all_ = false;  // what there was before the current: the target's own name, too
  bool pending_ = false;      // at_ may be there, and is not in the list
  std::uint64_t files_ = 0;
  std::uint64_t bytes_ = 0;
  file_list list_;
  previous_checkpoint<To> previous_;
  placing_window<To> window_;
  byte_buffer children_;  // names, each behind its size
  byte_buffer unsynced_;
  staged_file<To> staged_;  // the current
  path_buffer<255> child_;
  path_buffer<path_capacity<To>()> at_;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_DETAIL_CHECKPOINT_TARGET_HPP
