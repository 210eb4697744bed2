// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_TWIN_SLOT_HPP
#define PERDURE_MANIFEST_TWIN_SLOT_HPP

// twin_slot(device): a Slot (see slot.hpp) whose value is written to the regions of a BlockDevice in turn, over the oldest one. A
// commit is one write and one sync. No heap, no system: for devices, too.
//
//   perdure::file_blocks blocks(fs, "value");                 // or flash_blocks, on a chip
//   perdure::twin_slot slot(blocks);
//   auto now = slot.load(perdure::fixed_room(memory));        // from here on nobody else may
//   auto next = slot.replace(now->token, value);
//
// Two regions would do for commits alone: the newest value that is durable stands in one, and the next is written to the other. A
// third is there for who finds a value, and cannot know that it is durable: then it must be copied, and neither it nor the one
// before it, which may be all that survives, may be written over. Which region that leaves:
//   1. The newest record is a commit, and so the one it was based on, in the region before it, is durable: the region after it.
//
//   2. It is a copy, and confirmed (B6): the region after it.
//
//   3. It is a copy that is not, so that no load has shown it yet: one that is unreadable, or else its own.
//
// A copy is confirmed before it is shown. What reads as no record may yet turn into one (B3): there the value is copied to, or
// else it is written over before the load ends. So a doubt has an end, however often the power goes meanwhile.
//
// Sequence numbers go up by 1 for a commit and by 2 for a copy, past the number of a commit that failed and cannot be seen.
//
// Effects: the first `load` acquires the device and keeps it until release() or the end of the device. It writes what it found
//   once more; later ones do not, until there was a doubt. A `replace` before any load succeeds only where nothing is there.
// Failure: busy while somebody else owns the device; too_large where the value fits into no region and the device does not
//   grow, no_space where it cannot; version_unsupported; corrupt where nothing can be read though more was written than one cut
//   explains; else as the device. Where growing failed, nothing has changed.
// Crash: as slot.hpp has it.
// Not promised: that damage to the newest record, by anything but a cut, is told from a cut that left it half written: then the
//   one before it is shown. Wear is spread evenly over the regions, not over more than the device has.

#include <perdure/manifest/block_device.hpp>
#include <perdure/manifest/detail/twin_record.hpp>
#include <perdure/manifest/slot.hpp>

namespace perdure {
inline namespace v1 {

struct twin_slot_options {
  std::uint32_t size_bytes_max = UINT32_MAX;  // of a value
};

template <BlockDevice D>
class twin_slot {
  using record = detail::twin_record;

 public:
  using perdure_slot = twin_slot;
  struct token {
    std::uint64_t number = 0;
    std::uint32_t checksum = 0;
    friend bool operator==(const token&, const token&) = default;
  };

  explicit twin_slot(D& device, const twin_slot_options& options = {}) noexcept : device_(&device), options_(options) {}

  [[nodiscard]] result<slot_value<token>> load(slot_room room) {
    if (is_settled_) return show_current(room);
    auto shown = settle(room);
    // It looked, and wrote what is there again: if anything is in doubt it is what was so before.
    if (!shown) return shown.error().with(doubt::none);
    is_settled_ = true;
    if (in_doubt_) {
      const bool is_it = shown->token == doubted_;
      shown->earlier = is_it ? earlier::took_effect : was_released_ ? earlier::untold : earlier::had_no_effect;
    }
    in_doubt_ = was_released_ = false;
    return shown;
  }

  [[nodiscard]] result<slot_value<token>> observe(slot_room room) {
    const auto there = device_->look();
    if (!there && there.error().code() == code::not_found) return slot_value<token>{};
    if (!there) return there.error();
    // Whoever writes meanwhile may be faster than this reads.
    for (int tries = 0; tries < observations_max; ++tries) {
      auto seen = look_over(0);
      if (!seen) return seen.error();
      if (seen->is_damaged()) continue;
      const auto shown = show(seen->newest, room);
      if (shown || !is_unreadable(shown.error())) return shown;
    }
    return failure(code::corrupt, operation::read);
  }

  [[nodiscard]] result<token> replace(const token& expected, bytes value) {
    if (in_doubt_) return failure(code::conflict, operation::replace);
    if (value.size() > options_.size_bytes_max) return failure(code::too_large, operation::replace);
    if (!is_settled_) {
      // Who expects nothing has nothing to load.
      if (!(expected == token{})) return failure(code::conflict, operation::replace);
      PERDURE_TRY(load([](std::uint64_t) -> result<mutable_bytes> { return failure(code::conflict, operation::replace); }));
    }
    if (!(expected == token_of(current_))) return failure(code::conflict, operation::replace);
    PERDURE_TRY(make_room(value.size()));
    record next;
    next.kind = detail::twin_kind::value;
    next.sequence = next.number = detail::advanced(current_.sequence, 1);
    next.region = current_.counts() ? after(current_.region) : device_->shape().first;
    next.size_bytes = static_cast<std::uint32_t>(value.size());
    next.value_checksum = crc32c(value);
    const auto written = write(next, value);
    if (!written && written.error().doubt() == doubt::none) return written.error();
    const auto synced = written ? device_->sync() : written;
    if (!synced) {
      in_doubt_ = true;
      doubted_ = token_of(next);
      is_settled_ = false;
      return written ? synced.error().with(doubt::durable) : written.error();
    }
    current_ = next;
    return token_of(next);
  }

  // Others may load; this one has to load again.
  void release() noexcept {
    was_released_ = in_doubt_;
    is_settled_ = false;
    device_->release();
  }

 private:
  static constexpr int observations_max = 16;
  using found = typename record::found;

  struct overview {
    record newest;              // that is whole
    std::uint64_t invalid = 0;  // a bit for each region that holds neither a record nor nothing
    bool is_young = false;      // of those that are written, one never was

    [[nodiscard]] bool is_invalid(std::uint32_t region) const noexcept { return (invalid >> region & 1) != 0; }
    // Until each region has been written once, cuts alone may have left no record that is whole.
    [[nodiscard]] bool is_damaged() const noexcept { return !newest.counts() && invalid != 0 && !is_young; }
  };

  [[nodiscard]] static token token_of(const record& of) noexcept {
    return of.number == 0 ? token{} : token{of.number, of.value_checksum};
  }
  [[nodiscard]] std::uint32_t regions() const noexcept {
    const std::uint32_t count = device_->shape().regions;
    return count < block_shape::regions_max ? count : block_shape::regions_max;
  }
  [[nodiscard]] std::uint32_t after(std::uint32_t region) const noexcept {
    const std::uint32_t first = device_->shape().first;
    return region < first || region + 1 >= regions() ? first : region + 1;
  }

  // What a cut left may be told as that.
  [[nodiscard]] static bool is_unreadable(const failure& why) noexcept { return why.code() == code::corrupt; }

  [[nodiscard]] result<found> read_head(std::uint32_t region, record& into) {
    detail::twin_head head;
    const auto read = device_->read(region, 0, mutable_bytes(reinterpret_cast<std::byte*>(&head), sizeof(head)));
    if (!read) return is_unreadable(read.error()) ? result<found>(found::invalid) : read.error();
    return into.decode(head, device_->shape().identity, region, device_->capacity(region));
  }
  [[nodiscard]] result<bool> is_whole(const record& one) {
    std::byte piece[256];
    std::uint32_t checksum = 0;
    for (std::uint32_t at = 0; at < one.size_bytes;) {
      const std::uint32_t size = one.size_bytes - at < sizeof(piece) ? one.size_bytes - at : sizeof(piece);
      const auto read = device_->read(one.region, record::head_size + at, mutable_bytes(piece, size));
      if (!read) return is_unreadable(read.error()) ? result<bool>(false) : read.error();
      checksum = crc32c(bytes(piece, size), checksum);
      at += size;
    }
    return checksum == one.value_checksum;
  }

  // What there is, but for the regions that were seen not to hold what they say.
  [[nodiscard]] result<overview> look_over(std::uint64_t invalid) {
    for (;;) {
      overview all{{}, invalid, false};
      for (std::uint32_t region = 0; region < regions(); ++region) {
        if ((invalid >> region & 1) != 0) continue;
        record one;
        const auto is = read_head(region, one);
        if (!is) return is.error();
        if (*is == found::of_later_version) return failure(code::version_unsupported, operation::read);
        if (*is == found::invalid) all.invalid |= std::uint64_t{1} << region;
        if (*is == found::blank && region >= device_->shape().first) all.is_young = true;
        if (*is != found::record || !one.counts()) continue;
        if (!all.newest.counts() || detail::is_later(one.sequence, all.newest.sequence)) all.newest = one;
      }
      if (!all.newest.counts()) return all;
      const auto whole = is_whole(all.newest);
      if (!whole) return whole.error();
      if (*whole) return all;
      invalid |= std::uint64_t{1} << all.newest.region;
    }
  }

  [[nodiscard]] result<slot_value<token>> show(const record& one, slot_room room) {
    if (one.number == 0) return slot_value<token>{};
    const auto memory = room(one.size_bytes);
    if (!memory) return memory.error();
    const mutable_bytes value = memory->first(one.size_bytes);
    PERDURE_TRY(device_->read(one.region, record::head_size, value));
    if (value.size() != one.size_bytes || crc32c(value) != one.value_checksum) return failure(code::corrupt, operation::read);
    return slot_value<token>{token_of(one), value};
  }
  [[nodiscard]] result<slot_value<token>> show_current(slot_room room) {
    // A record that was durable a moment ago and is another one now is damaged, or somebody wrote who does not own the device.
    record is;
    if (current_.counts()) {
      const auto read = read_head(current_.region, is);
      if (!read) return read.error();
      if (is.sequence != current_.sequence) return failure(code::corrupt, operation::read);
    }
    return show(current_, room);
  }

  [[nodiscard]] result<void> write(record& one, bytes value) {
    one.identity = device_->shape().identity;
    const detail::twin_head head = one.encoded();
    return device_->write(one.region, bytes(reinterpret_cast<const std::byte*>(&head), sizeof(head)), value);
  }
  [[nodiscard]] result<void> write_and_confirm(record& one, bytes value) {
    PERDURE_TRY(write(one, value));
    PERDURE_TRY(device_->sync());
    return device_->confirm(one.region);
  }

  [[nodiscard]] result<slot_value<token>> settle(slot_room room) {
    PERDURE_TRY(device_->acquire());
    if (regions() < device_->shape().first + 3) return failure(code::invalid_argument, operation::open);
    std::uint64_t unstable = 0;
    for (;;) {
      const auto seen = look_over(unstable);
      if (!seen) return seen.error();
      current_ = {};
      if (!seen->newest.counts() && seen->invalid == 0) return slot_value<token>{};
      if (seen->is_damaged()) return failure(code::corrupt, operation::read);
      auto shown = show(seen->newest, room);
      if (!shown && is_unreadable(shown.error())) {
        unstable |= std::uint64_t{1} << seen->newest.region;
        continue;
      }
      if (!shown) return shown;
      const auto target = target_for(*seen);
      if (!target) return target.error();
      record copy = seen->newest;
      copy.kind = copy.number != 0 ? detail::twin_kind::copy : detail::twin_kind::nothing;
      copy.sequence = detail::advanced(copy.sequence, 2);
      copy.region = *target;
      PERDURE_TRY(write_and_confirm(copy, shown->value));
      PERDURE_TRY(bury(*seen, copy));
      current_ = copy;
      return shown;
    }
  }

  // Where the newest record may be copied to: see above.
  [[nodiscard]] result<std::uint32_t> target_for(const overview& seen) {
    const record& newest = seen.newest;
    const std::uint32_t first = device_->shape().first;
    std::uint32_t unreadable = first;
    while (unreadable < regions() && !seen.is_invalid(unreadable)) ++unreadable;
    if (!newest.counts()) return unreadable < regions() ? unreadable : first;
    if (newest.kind == detail::twin_kind::value) return after(newest.region);  // 1
    const auto confirmed = device_->confirmed(newest.region);
    if (!confirmed) return confirmed.error();
    if (*confirmed) {  // 2
      // By a mark that may have been left half made: nothing is written over on the strength of that.
      PERDURE_TRY(device_->confirm(newest.region));
      return after(newest.region);
    }
    return unreadable < regions() ? unreadable : newest.region < first ? first : newest.region;  // 3
  }

  // What could still be read as newer than the copy is written over.
  [[nodiscard]] result<void> bury(const overview& seen, const record& copy) {
    bool is_any = false;
    for (std::uint32_t region = device_->shape().first; region < regions(); ++region) {
      if (region == copy.region) continue;
      record there;
      const auto is = read_head(region, there);
      if (!is) return is.error();
      const bool is_later = *is == found::record && !detail::is_later(copy.sequence, there.sequence);
      if (!seen.is_invalid(region) && *is != found::invalid && !is_later) continue;
      record nothing = copy;
      nothing.kind = detail::twin_kind::obsolete;
      nothing.region = region;
      nothing.size_bytes = nothing.value_checksum = 0;
      PERDURE_TRY(write(nothing, {}));
      is_any = true;
    }
    return is_any ? device_->sync() : result<void>();
  }

  [[nodiscard]] result<void> make_room(std::size_t size_bytes) {
    const std::uint64_t needed = record::head_size + std::uint64_t{size_bytes};
    if (device_->capacity(device_->shape().first) >= needed) return {};
    if (!current_.counts()) {
      // What a cut leaves of new regions is anything, and must not look like damage to what was there.
      record nothing;
      nothing.kind = detail::twin_kind::nothing;
      nothing.sequence = detail::advanced(0, 2);
      nothing.region = device_->shape().first;
      const auto begun = write_and_confirm(nothing, {});
      if (!begun) {
        is_settled_ = false;
        return begun.error().with(doubt::none);
      }
      current_ = nothing;
    }
    const auto grown = grow(*device_, needed);
    if (grown) return {};
    if (grown.error().code() == code::unsupported) return failure(code::too_large, operation::replace);
    return grown.error().with(doubt::none);
  }

  D* device_;
  twin_slot_options options_;
  bool is_settled_ = false;
  bool in_doubt_ = false;
  bool was_released_ = false;  // while in doubt: others may have written since
  token doubted_ = {};
  record current_ = {};  // if is_settled_: the newest one, which is durable
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_TWIN_SLOT_HPP
