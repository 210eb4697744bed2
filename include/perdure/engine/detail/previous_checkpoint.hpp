// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_ENGINE_DETAIL_PREVIOUS_CHECKPOINT_HPP
#define PERDURE_ENGINE_DETAIL_PREVIOUS_CHECKPOINT_HPP

// previous_checkpoint: the files of a checkpoint that is there already, by name, for one that is made after it.

#include <perdure/core/detail/room.hpp>
#include <perdure/engine/checkpoint_source.hpp>
#include <perdure/engine/detail/checkpoint_reader.hpp>

namespace perdure {
inline namespace v1 {
namespace detail {

template <Fs F>
class previous_checkpoint {
 public:
  previous_checkpoint(F& fs, path_view root, std::uint64_t list_bytes_max) noexcept
      : root_(root), reader_(fs, root, {.list_bytes_max = list_bytes_max}) {}

  // One that was not finished is none: nobody knows that its files are durable.
  [[nodiscard]] result<void> open() {
    if (root_.empty()) return {};
    const auto record = reader_.open();
    if (!record) return record.error();
    PERDURE_TRY(reader_.check(record->current));
    list_ = record->list;
    std::size_t slots = 4;
    while (slots < 2 * record->files) slots *= 2;
    if (!index_.resize(slots)) return no_memory();
    for (std::size_t& slot : index_) slot = nothing;
    for (bytes rest = list_; !rest.empty();) {
      const std::size_t at = list_.size() - rest.size();
      const auto one = file_list::next(rest);
      if (!one) return one.error();
      slot_of(one->name) = at;
    }
    return {};
  }

  // What it has of that name and size, and whether that is the same file.
  void look_up(const pinned_file& file, enum same_file how, placing& into) {
    if (index_.empty() || file.pinned != pinned::immutable) return;
    const std::size_t at = slot_of(file.to);
    if (at == nothing) return;
    bytes rest = list_.from(at);
    const auto one = file_list::next(rest);
    const unsigned changes = stored_file::is_growing | stored_file::is_current;
    if (!one || one->size_bytes != file.size_bytes || (one->flags & changes) != 0) return;
    into.previous_has_digest = (one->flags & stored_file::has_digest) != 0;
    into.previous_of = one->of;
    if (file.of != nullptr && into.previous_has_digest) {
      if (*file.of == one->of) into.same = same_as_previous::yes;
    } else if (how == same_file::by_name) {
      into.same = same_as_previous::yes;
    } else if (into.is_hashed && into.previous_has_digest) {
      into.same = same_as_previous::if_equal;
    }
    if (into.same == same_as_previous::no) return;
    const auto path = reader_.path_of(file.to);
    if (path) into.previous = *path;
    if (!path) into.same = same_as_previous::no;
  }

 private:
  static constexpr std::size_t nothing = SIZE_MAX;

  // Where it is, or would be.
  [[nodiscard]] std::size_t& slot_of(path_view name) {
    std::uint64_t hash = 14695981039346656037U;  // FNV-1a
    for (std::size_t i = 0; i < name.size(); ++i) hash = (hash ^ static_cast<unsigned char>(name[i])) * 1099511628211U;
    for (std::size_t at = static_cast<std::size_t>(hash);; ++at) {
      std::size_t& slot = index_[at & (index_.size() - 1)];
      if (slot == nothing) return slot;
      bytes rest = list_.from(slot);
      const auto there = file_list::next(rest);
      if (there && there->name == name) return slot;
    }
  }

  path_view root_;
  checkpoint_reader<F> reader_;
  bytes list_;
  room<std::size_t> index_;  // where in the list, by the hash of the name
};

}  // namespace detail
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_ENGINE_DETAIL_PREVIOUS_CHECKPOINT_HPP
