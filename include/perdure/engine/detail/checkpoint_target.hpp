// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_DETAIL_CHECKPOINT_TARGET_HPP
#define PERDURE_ENGINE_DETAIL_CHECKPOINT_TARGET_HPP

// checkpoint_target: the directory that create_checkpoint and restore_checkpoint fill, one function a step. Until the `current` is
// there, failed() takes all of it away again.

#include <perdure/engine/checkpoint_source.hpp>
#include <perdure/engine/checkpoint_types.hpp>
#include <perdure/engine/detail/checkpoint_record.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/read_file.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

[[nodiscard]] inline failure shorter_than_pinned(path_view path) noexcept {
  return failure(code::corrupt, operation::read).about({path.data(), path.size()});
}

// The digest of the first so many bytes of a file, which it must have.
template <File H>
[[nodiscard]] result<void> hash_file(const H& file, std::uint64_t size_bytes, mutable_bytes piece, sha256& hash, path_view path) {
  for (std::uint64_t done = 0; done < size_bytes;) {
    const std::uint64_t left = size_bytes - done;
    const auto got = file.read_at(done, left < piece.size() ? piece.first(static_cast<std::size_t>(left)) : piece);
    if (!got) return about_path(got.error(), path);
    if (*got == 0) return shorter_than_pinned(path);
    hash.update(piece.first(*got));
    done += *got;
  }
  return {};
}

template <Fs To>
class checkpoint_target {
 public:
  checkpoint_target(To& fs, path_view root, const checkpoint_options& options) noexcept
      : fs_(fs), root_(root), options_(options) {}

  checkpoint_report report;

  // The name is ours, and with it everything below it, if nobody had it.
  [[nodiscard]] result<void> claim() {
    const auto made = fs_.make_dir(root_);
    if (!made) return retold(made.error(), root_, made.error().doubt());
    claimed_ = true;
    return {};
  }

  template <Fs From>
  [[nodiscard]] result<void> place(From& from_fs, const pinned_file& file, checkpoint_progress& told) {
    PERDURE_TRY(begin(file.to));
    file_list::entry entry{file.to, file.size_bytes, file.pinned == pinned::growing ? stored_file::is_growing : 0, {}};
    told.placed = placed::copied;
    told.link_refused = {};
    sha256 hash;
    const bool wanted = file.of == nullptr && options_.digests == checkpoint_digests::all;
    bool hashed = wanted;
    if (file.pinned == pinned::immutable && options_.links == checkpoint_links::allow) {
      const auto linked = try_link(from_fs, file.from, fs_, at_);
      if (linked) told.placed = placed::linked;
      if (!linked && linked.error().code() != code::unsupported) return retold(linked.error(), at_);
      told.link_refused = linked;
    }
    if (told.placed != placed::linked) {
      PERDURE_TRY(copy(from_fs, file, told, hash, hashed));
    } else if (wanted) {
      auto source = from_fs.open(file.from, {});
      if (!source) return about_path(source.error(), file.from);
      std::byte own[piece_size<To>];
      PERDURE_TRY(
          hash_file(*source, file.size_bytes, options_.buffer.empty() ? mutable_bytes(own) : options_.buffer, hash, file.from));
    }
    if (hashed || file.of != nullptr) {
      entry.flags |= stored_file::has_digest;
      entry.of = file.of != nullptr ? *file.of : hash.finish();
    }
    ++(told.placed == placed::linked ? report.linked : told.placed == placed::shared ? report.shared : report.copied);
    end(entry);
    told.to = file.to;
    told.files = files_;
    told.bytes = bytes_;
    return {};
  }

  [[nodiscard]] result<void> put(path_view to, bytes content) {
    PERDURE_TRY(begin(to));
    PERDURE_TRY(write_new(content));
    ++report.written;
    end({to, content.size(), stored_file::has_digest, sha256_of(content)});
    return {};
  }

  // What the checkpoint says of itself, the `current` to come included.
  [[nodiscard]] result<void> describe_self(const checkpoint_current& current) {
    list_.add(
        {current.name, current.content.size(), stored_file::has_digest | stored_file::is_current, sha256_of(current.content)});
    const checkpoint_record record{
        report.version, report.watermark, files_ + 1, bytes_ + current.content.size(), list_.view(), {}};
    byte_buffer whole;
    PERDURE_TRY(encode_checkpoint(record, whole));
    PERDURE_TRY(at(checkpoint_record_name));
    pending_ = true;
    PERDURE_TRY(write_new(whole.view()));
    report.total_bytes += whole.view().size();
    return {};
  }

  // All names in it, the deepest first.
  [[nodiscard]] result<void> settle() {
    result<void> done;
    each_child([&](path_view child) {
      if (done) done = at(child);
      if (done) done = sync_dir(at_);
    });
    PERDURE_TRY(done);
    return sync_dir(root_);
  }

  // From here on there may be a checkpoint, and nothing is taken away. The parent is synced last: a name without all of that
  // behind it would be a target that somebody else claimed.
  [[nodiscard]] result<void> publish(const checkpoint_current& current) {
    if (!is_checkpoint_name(current.name) || !(split_path<To>(current.name).parent == path_view(".")))
      return failure(code::invalid_argument, operation::open).about({current.name.data(), current.name.size()});
    PERDURE_TRY(at(current.name));
    write_options how;
    how.at_least = durability::ordered;
    const auto written = atomic_write(fs_, at_, current.content, how);
    if (!written) {
      published_ = written.error().outcome() == outcome::unknown;
      return written.error();
    }
    published_ = true;
    if (written->durability != durability::full) report.durability = durability::none;
    const path_view parent = prefix_of<To>(root_);
    const auto synced = sync_dir(parent.empty() ? path_view(".") : parent);
    if (!synced) return synced.error().with(doubt::durable);
    ++report.written;
    report.files = files_ + 1;
    report.total_bytes += bytes_ + current.content.size();
    return {};
  }

  // Why it failed, with the doubt that is left about the target after what was made is taken away.
  [[nodiscard, gnu::noinline]] failure failed(const failure& why) {
    if (published_ || !claimed_) return why;
    if (pending_) (void)fs_.remove(at_);
    for (bytes rest = list_.view(); !rest.empty();) {
      const auto one = file_list::next(rest);
      if (!one) break;
      if (at(one->name)) (void)fs_.remove(at_);
    }
    if (at(checkpoint_record_name)) (void)fs_.remove(at_);
    each_child([&](path_view child) {
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
      const little<std::uint16_t> size = static_cast<std::uint16_t>(parts.parent.size());
      children_.append(stored_bytes(size));
      children_.append(bytes(parts.parent.data(), parts.parent.size()));
      const auto made = fs_.make_dir(at_);
      if (!made) return retold(made.error(), at_);
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

  template <class Use>
  void each_child(Use&& use) const {
    for (bytes rest = children_.view(); !rest.empty();) {
      const std::size_t size = stored_at<little<std::uint16_t>>(rest.data());
      const bytes name = rest.from(2).first(size);
      use(path_view(reinterpret_cast<const char*>(name.data()), name.size()));
      rest = rest.from(2 + size);
    }
  }
  [[nodiscard]] bool has_child(path_view name) const {
    bool found = false;
    each_child([&](path_view child) { found = found || child == name; });
    return found;
  }

  [[nodiscard]] result<void> sync_dir(path_view path) {
    const auto synced = fs_.sync_dir(path);
    if (synced) return {};
    if (synced.error().code() != code::unsupported) return synced;
    report.durability = durability::none;
    return {};
  }
  // A barrier is enough: its directory is synced behind it.
  [[nodiscard]] result<void> finish(typename To::file& file) {
    const auto synced = file.sync(sync_what::order);
    if (!synced) return about_path(synced.error(), at_);
    const auto closed = file.close();
    return closed ? result<void>() : about_path(closed.error(), at_);
  }
  [[nodiscard]] result<void> write_new(bytes content) {
    open_options how;
    how.access = access::write;
    how.creation = creation::create_new;
    auto file = fs_.open(at_, how);
    if (!file) return about_path(file.error(), at_);
    const auto written = file->write_at(0, content);
    if (!written) return about_path(written.error(), at_);
    return finish(*file);
  }

  // With the permissions of the source, which it is created with. `hashed`: is the digest wanted, and is it in `hash` then?
  template <Fs From>
  [[nodiscard]] result<void> copy(From& from_fs, const pinned_file& file, checkpoint_progress& told, sha256& hash, bool& hashed) {
    auto source = from_fs.open(file.from, {});
    if (!source) return about_path(source.error(), file.from);
    open_options how;
    how.access = access::write;
    how.creation = creation::create_new;
    const auto has = get_attributes(*source);
    if (!has && has.error().code() != code::unsupported) return about_path(has.error(), file.from);
    if (has) how.mode = has->mode & 0777;
    auto onto = fs_.open(at_, how);
    if (!onto) return about_path(onto.error(), at_);
    std::uint64_t done = 0;
    if constexpr (is_same<typename From::file, typename To::file>) {
      bool all_shared = true;
      while (done < file.size_bytes) {
        const auto cloned = clone_range(*onto, done, *source, done, file.size_bytes - done);
        if (!cloned) break;  // whatever the reason: reading and writing tells better what is wrong
        all_shared = all_shared && cloned->cloned == cloned::shared;
        done += cloned->size_bytes;
      }
      if (done != 0 && all_shared) told.placed = placed::shared;
    }
    std::byte own[piece_size<To>];
    const mutable_bytes piece = options_.buffer.empty() ? mutable_bytes(own) : options_.buffer;
    if (hashed) PERDURE_TRY(hash_file(*source, done, piece, hash, file.from));
    hashed = hashed || (done == 0 && file.of == nullptr);
    while (done < file.size_bytes) {
      const std::uint64_t left = file.size_bytes - done;
      const auto got = source->read_at(done, left < piece.size() ? piece.first(static_cast<std::size_t>(left)) : piece);
      if (!got) return about_path(got.error(), file.from);
      if (*got == 0) return shorter_than_pinned(file.from);
      const auto written = onto->write_at(done, bytes(piece.first(*got)));
      if (!written) return about_path(written.error(), at_);
      if (hashed) hash.update(piece.first(*got));
      told.placed = placed::copied;
      done += *got;
    }
    return finish(*onto);
  }

  To& fs_;
  path_view root_;
  checkpoint_options options_;
  bool claimed_ = false;
  bool published_ = false;
  bool pending_ = false;  // at_ may be there, and is not in the list
  std::uint64_t files_ = 0;
  std::uint64_t bytes_ = 0;
  file_list list_;
  byte_buffer children_;  // names, each behind its size
  path_buffer<255> child_;
  path_buffer<path_capacity<To>()> at_;
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_DETAIL_CHECKPOINT_TARGET_HPP
