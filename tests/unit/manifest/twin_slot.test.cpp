// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/mem_fs.hpp>
#include <perdure/manifest/file_blocks.hpp>
#include <perdure/manifest/flash_blocks.hpp>
#include <perdure/manifest/twin_slot.hpp>
#include <perdure/testing/block_archetype.hpp>
#include <perdure/testing/flash_sim.hpp>

#include <tests/support/catch.hpp>

#include <algorithm>
#include <string>

using namespace perdure;
using namespace perdure::testing;

namespace {

using chip = flash_sim<256, 8>;
using chip_blocks = flash_blocks<chip>;
using chip_slot = twin_slot<chip_blocks>;
using poor_slot = twin_slot<poorest_device>;
static_assert(Slot<poor_slot> && Slot<chip_slot> && Slot<twin_slot<file_blocks<mem_fs>>>);

struct shown {
  std::string text;
  bool exists = false;
  enum earlier earlier = earlier::nothing;
};
template <class Token>
shown told(const result<slot_value<Token>>& now) {
  if (!now) return {"failed: " + std::to_string(static_cast<int>(now.error().code()))};
  return {std::string(reinterpret_cast<const char*>(now->value.data()), now->value.size()), now->exists(), now->earlier};
}
template <class Slot>
shown load(Slot& slot) {
  static std::string room;
  return told(slot.load(growing_room(room, 1 << 20)));
}
template <class Slot>
shown observe(Slot& slot) {
  static std::string room;
  return told(slot.observe(growing_room(room, 1 << 20)));
}
template <class Slot>
result<typename Slot::token> save(Slot& slot, const std::string& value) {
  std::string room;
  const auto now = slot.load(growing_room(room, 1 << 20));
  if (!now) return now.error();
  return slot.replace(now->token, value);
}
std::string failed(enum code code) { return "failed: " + std::to_string(static_cast<int>(code)); }

// A region as a commit would have left it.
void put_record(chip& flash, std::uint32_t region, std::uint64_t sequence, const std::string& value,
                perdure::detail::twin_kind kind = perdure::detail::twin_kind::value) {
  perdure::detail::twin_record record;
  record.kind = kind;
  record.sequence = record.number = sequence;
  record.region = region;
  record.size_bytes = static_cast<std::uint32_t>(value.size());
  record.value_checksum = crc32c(value);
  const perdure::detail::twin_head head = record.encoded();
  chip_blocks blocks(flash);
  CHECK(blocks.write(region, bytes(reinterpret_cast<const std::byte*>(&head), sizeof(head)), value));
}

// What a cut may have left.
void put_garbage(chip& flash, std::uint32_t region) { flash.cells()[region * 256] = std::byte{0x55}; }
perdure::detail::twin_kind kind_in(chip& flash, std::uint32_t region) {
  return static_cast<perdure::detail::twin_kind>(flash.cells()[region * 256 + 6]);
}

// Writes down what is done to a chip.
class traced_device {
 public:
  using perdure_block_device = traced_device;
  explicit traced_device(chip& flash) : base_(flash) {}
  std::string calls;

  [[nodiscard]] result<void> acquire() { return base_.acquire(); }
  void release() noexcept { base_.release(); }
  [[nodiscard]] result<void> look() { return base_.look(); }
  [[nodiscard]] block_shape shape() const noexcept { return base_.shape(); }
  [[nodiscard]] std::uint64_t capacity(std::uint32_t region) const noexcept { return base_.capacity(region); }
  [[nodiscard]] result<void> read(std::uint32_t region, std::uint64_t at, mutable_bytes into) {
    return base_.read(region, at, into);
  }
  [[nodiscard]] result<void> write(std::uint32_t region, bytes head, bytes body) {
    calls += "write " + std::to_string(region) + ", ";
    return base_.write(region, head, body);
  }
  [[nodiscard]] result<void> sync() {
    calls += "sync, ";
    return base_.sync();
  }
  [[nodiscard]] result<bool> confirmed(std::uint32_t region) { return base_.confirmed(region); }
  [[nodiscard]] result<void> confirm(std::uint32_t region) {
    calls += "confirm " + std::to_string(region) + ", ";
    return base_.confirm(region);
  }

 private:
  chip_blocks base_;
};
static_assert(BlockDevice<traced_device>);

// Of which a write, a sync or a growth can be made to fail.
class failing_device {
 public:
  using perdure_block_device = failing_device;
  enum class fails { nothing, write_unseen, write, sync, sync_after, grow };
  fails next = fails::nothing;

  [[nodiscard]] result<void> acquire() { return base_.acquire(); }
  void release() noexcept { base_.release(); }
  [[nodiscard]] result<void> look() { return base_.look(); }
  [[nodiscard]] block_shape shape() const noexcept { return base_.shape(); }
  [[nodiscard]] std::uint64_t capacity(std::uint32_t region) const noexcept { return base_.capacity(region); }
  [[nodiscard]] result<void> read(std::uint32_t region, std::uint64_t at, mutable_bytes into) {
    return base_.read(region, at, into);
  }
  [[nodiscard]] result<void> write(std::uint32_t region, bytes head, bytes body) {
    if (next == fails::write_unseen) return failure(code::no_space, operation::write);
    if (next == fails::write) return failure(code::io, operation::write).with(doubt::visible);
    return base_.write(region, head, body);
  }
  [[nodiscard]] result<void> sync() {
    if (next == fails::sync_after) (void)base_.sync();
    if (next == fails::sync || next == fails::sync_after) return failure(code::sync_lost, operation::sync);
    return base_.sync();
  }
  [[nodiscard]] result<bool> confirmed(std::uint32_t region) { return base_.confirmed(region); }
  [[nodiscard]] result<void> confirm(std::uint32_t region) { return base_.confirm(region); }
  [[nodiscard]] result<void> grow(std::uint64_t) {
    if (next == fails::grow) return failure(code::no_space, operation::write).with(doubt::visible);
    return failure(code::unsupported, operation::write);
  }

 private:
  poorest_device base_;
};

}  // namespace

TEST_CASE("twin_slot: nothing, then a value, then another, on the poorest device") {
  poorest_device device;
  poor_slot slot(device);
  CHECK_FALSE(load(slot).exists);
  for (int i = 0; i < 10; ++i) {
    const std::string value = "value " + std::to_string(i);
    const auto saved = save(slot, value);
    CHECK(saved);
    CHECK(load(slot).text == value);
    poor_slot other(device);
    CHECK(observe(other).text == value);
    if (i % 3 == 0) CHECK(load(other).text == value);
    if (i % 3 == 0) slot.release();
  }
}

TEST_CASE("twin_slot: a value of no bytes is one, and one over the limit changes nothing") {
  poorest_device device;
  poor_slot slot(device);
  CHECK(save(slot, ""));
  CHECK((load(slot).exists && load(slot).text.empty()));
  CHECK(save(slot, std::string(64, 'x')));
  for (const std::size_t size : {std::size_t{65}, std::size_t{5000}}) {
    const auto large = save(slot, std::string(size, 'y'));
    CHECK((!large && large.error().code() == code::too_large && large.error().outcome() == outcome::unchanged));
  }
  CHECK(load(slot).text == std::string(64, 'x'));
  poor_slot limited(device, {.size_bytes_max = 3});
  CHECK_FALSE(save(limited, "four"));
  CHECK(save(limited, "tri"));
}

TEST_CASE("twin_slot: replaces what is expected and nothing else; nothing may be expected unseen") {
  poorest_device device;
  poor_slot slot(device);
  const auto first = slot.replace({}, "a");
  CHECK(first);
  CHECK(slot.replace({}, "b").error().code() == code::conflict);
  const auto second = slot.replace(*first, "b");
  CHECK(second);
  CHECK(slot.replace(*first, "c").error().code() == code::conflict);
  poor_slot other(device);
  CHECK(other.replace({}, "d").error().code() == code::conflict);
  CHECK(other.replace(*second, "d").error().code() == code::conflict);  // it was not loaded
  CHECK(load(slot).text == "b");
}

TEST_CASE("twin_slot: the token of a value is the same to whoever loads it") {
  poorest_device device;
  poor_slot slot(device);
  const auto token = slot.replace({}, "a");
  CHECK(token);
  slot.release();
  for (int i = 0; i < 4; ++i) {
    poor_slot other(device);
    std::string room;
    const auto now = other.load(growing_room(room, 100));
    CHECK((now && now->token == *token));
  }
  CHECK_FALSE(*save(slot, "a") == *token);
}

TEST_CASE("twin_slot: after a doubt there are conflicts until a load tells what became of it") {
  using fails = failing_device::fails;
  for (const fails how : {fails::write, fails::sync, fails::sync_after}) {
    failing_device device;
    twin_slot slot(device);
    const auto first = slot.replace({}, "a");
    CHECK(first);
    device.next = how;
    const auto lost = slot.replace(*first, "b");
    CHECK((!lost && lost.error().outcome() == outcome::unknown));
    device.next = fails::nothing;
    CHECK(slot.replace(*first, "c").error().code() == code::conflict);
    const shown now = load(slot);
    const bool took_effect = now.text == "b";
    CHECK((took_effect || now.text == "a"));
    CHECK(now.earlier == (took_effect ? earlier::took_effect : earlier::had_no_effect));
    CHECK(load(slot).earlier == earlier::nothing);
    CHECK(save(slot, "d"));
  }
  failing_device device;
  twin_slot slot(device);
  const auto first = slot.replace({}, "a");
  device.next = fails::write_unseen;
  CHECK(slot.replace(*first, "b").error().outcome() == outcome::unchanged);
  device.next = fails::nothing;
  CHECK(slot.replace(*first, "b"));
}

TEST_CASE("twin_slot: a doubt about the first value of all is one, too, though nothing is there") {
  failing_device device;
  twin_slot slot(device);
  device.next = failing_device::fails::write;
  CHECK(slot.replace({}, "a").error().outcome() == outcome::unknown);
  device.next = failing_device::fails::nothing;
  CHECK(slot.replace({}, "b").error().code() == code::conflict);
  CHECK(load(slot).earlier == earlier::had_no_effect);
  CHECK(slot.replace({}, "b"));
}

TEST_CASE("twin_slot: a doubt that outlives the ownership may stay untold") {
  failing_device device;
  twin_slot slot(device);
  const auto first = slot.replace({}, "a");
  device.next = failing_device::fails::write;
  CHECK_FALSE(slot.replace(*first, "b"));
  device.next = failing_device::fails::nothing;
  slot.release();
  twin_slot other(device);
  CHECK(save(other, "c"));
  CHECK(load(slot).earlier == earlier::untold);
}

TEST_CASE("twin_slot: what goes wrong while loading is told, and changes nothing") {
  failing_device device;
  twin_slot slot(device);
  CHECK(slot.replace({}, "a"));
  for (const auto how : {failing_device::fails::write, failing_device::fails::sync}) {
    twin_slot other(device);
    device.next = how;
    std::string room;
    const auto now = other.load(growing_room(room, 100));
    CHECK((!now && now.error().outcome() == outcome::unchanged));
    device.next = failing_device::fails::nothing;
    CHECK(load(other).text == "a");
  }
  std::byte small[2];
  CHECK(twin_slot(device).replace({}, "long").error().code() == code::conflict);
  CHECK(save(slot, "long"));
  const auto narrow = slot.load(fixed_room(small));
  CHECK((!narrow && narrow.error().code() == code::too_large));
}

TEST_CASE("twin_slot: a device that could not grow has changed nothing, whatever it says of itself") {
  failing_device device;
  twin_slot slot(device);
  const auto first = slot.replace({}, "a");
  REQUIRE(first);
  const std::string large(100, 'x');
  CHECK(slot.replace(*first, large).error().code() == code::too_large);
  device.next = failing_device::fails::grow;
  const auto refused = slot.replace(*first, large);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == code::no_space);
  CHECK(refused.error().outcome() == outcome::unchanged);
  CHECK(slot.replace(*first, "b"));
}

TEST_CASE("twin_slot: a record that would end behind its region is none") {
  using record = perdure::detail::twin_record;
  record one;
  one.kind = perdure::detail::twin_kind::value;
  one.sequence = one.number = 1;
  one.size_bytes = 5;
  record read;
  CHECK(read.decode(one.encoded(), 0, 0, record::head_size + 5) == record::found::record);
  CHECK(read.decode(one.encoded(), 0, 0, record::head_size + 4) == record::found::invalid);
}

TEST_CASE("twin_slot: where a load copies what it found, and what it does in which order") {
  using kind = perdure::detail::twin_kind;
  const auto calls_of_a_load = [](chip& flash, const std::string& value) {
    traced_device device(flash);
    twin_slot slot(device);
    CHECK(load(slot).text == value);
    CHECK(slot.replace({}, "unseen").error().code() == code::conflict);
    return device.calls;
  };
  {
    // A commit, and the copy of it, whose mark may be half made.
    chip flash(3);
    put_record(flash, 0, 1, "older");
    put_record(flash, 1, 2, "newer");
    CHECK(calls_of_a_load(flash, "newer") == "write 2, sync, confirm 2, ");
    CHECK(calls_of_a_load(flash, "newer") == "confirm 2, write 0, sync, confirm 0, ");
  }
  {
    // A copy that nobody has shown: the one after it may be all that survives.
    chip flash(3);
    put_record(flash, 2, 1, "value");
    put_record(flash, 1, 3, "value", kind::copy);
    CHECK(calls_of_a_load(flash, "value") == "write 1, sync, confirm 1, ");
    CHECK(kind_in(flash, 2) == kind::value);
  }
  {
    // The same, and one that nobody can read.
    chip flash(3);
    put_record(flash, 1, 1, "value");
    put_record(flash, 2, 3, "value", kind::copy);
    put_garbage(flash, 0);
    CHECK(calls_of_a_load(flash, "value") == "write 0, sync, confirm 0, ");
  }
  {
    // What nobody can read may turn into a record yet, and is written over.
    chip flash(3);
    put_record(flash, 0, 2, "newer");
    put_record(flash, 1, 1, "older");
    put_garbage(flash, 2);
    CHECK(calls_of_a_load(flash, "newer") == "write 1, sync, confirm 1, write 2, sync, ");
    CHECK(kind_in(flash, 2) == kind::obsolete);
  }
}

TEST_CASE("twin_slot: what a cut left of the first write is no damage, and there is nothing yet") {
  chip flash(3);
  put_garbage(flash, 0);
  traced_device device(flash);
  twin_slot slot(device);
  CHECK_FALSE(observe(slot).exists);
  const shown now = load(slot);
  CHECK((now.text.empty() && !now.exists));
  CHECK(device.calls == "write 0, sync, confirm 0, ");
  CHECK(kind_in(flash, 0) == perdure::detail::twin_kind::nothing);
  CHECK(slot.replace({}, "first"));
}

TEST_CASE("twin_slot: what was loaded once is looked at again, and damage since then is told") {
  for (const std::size_t at : {std::size_t{0}, std::size_t{16}, std::size_t{64}}) {
    chip flash(3);
    chip_blocks blocks(flash);
    chip_slot slot(blocks);
    CHECK(slot.replace({}, "value"));
    CHECK(load(slot).text == "value");
    flash.cells()[at] ^= std::byte{1};
    CHECK(load(slot).text == failed(code::corrupt));
    flash.cells()[at] ^= std::byte{1};
    CHECK(load(slot).text == "value");
  }
}

TEST_CASE("twin_slot: before a device grows for a first value it says that there is nothing yet") {
  mem_fs fs;
  file_blocks blocks(fs, "value", {.region_size_bytes = 4096});
  twin_slot slot(blocks);
  CHECK(slot.replace({}, std::string(50'000, 'x')));
  char head[8];
  CHECK(blocks.read(0, 0, mutable_bytes(head, 8)));
  CHECK((std::string(head, 4) == "PdTw" && head[6] == static_cast<char>(perdure::detail::twin_kind::nothing)));
  CHECK(load(slot).text == std::string(50'000, 'x'));
}

TEST_CASE("twin_slot: sequence numbers wrap around, past 0, and the newest is the newest") {
  for (std::uint64_t before = 0; before < 8; ++before) {
    chip flash(3);
    const std::uint64_t last = UINT64_MAX - before;
    put_record(flash, 0, last - 1, "old");
    put_record(flash, 1, last, "new");
    std::uint64_t number = 0;
    for (int i = 0; i < 6; ++i) {
      chip_blocks blocks(flash);
      chip_slot slot(blocks);
      CHECK(observe(slot).text == (i == 0 ? "new" : std::to_string(i - 1)));
      CHECK(load(slot).text == (i == 0 ? "new" : std::to_string(i - 1)));
      const auto token = save(slot, std::to_string(i));
      CHECK(token);
      CHECK((token && token->number != 0 && token->number != number));
      if (token) number = token->number;
    }
    CHECK(flash.complaint().empty());
  }
}

TEST_CASE("twin_slot: half the circle behind is older, and half ahead newer") {
  using perdure::detail::is_later;
  CHECK((is_later(2, 1) && !is_later(1, 2) && !is_later(1, 1)));
  CHECK((is_later(1, UINT64_MAX) && !is_later(UINT64_MAX, 1)));
  CHECK(is_later((std::uint64_t{1} << 63) - 1, 0));
  CHECK(perdure::detail::advanced(UINT64_MAX, 1) == 1);
  CHECK(perdure::detail::advanced(UINT64_MAX - 1, 2) == 1);
  CHECK(perdure::detail::advanced(UINT64_MAX, 2) == 2);
  CHECK(perdure::detail::advanced(UINT64_MAX - 2, 2) == UINT64_MAX);
}

TEST_CASE("twin_slot: the wear is spread over all regions there are") {
  for (const std::uint32_t sectors : {3U, 5U}) {
    chip flash(sectors);
    chip_blocks blocks(flash, {.sectors = sectors});
    chip_slot slot(blocks);
    for (int i = 0; i < 60; ++i) CHECK(save(slot, "v"));
    for (std::uint32_t sector = 0; sector < sectors; ++sector) CHECK(flash.erases(sector) == 60 / sectors);
  }
}

TEST_CASE("twin_slot: of the bytes of format version 1 none is left to chance") {
  chip flash(3);
  chip_blocks blocks(flash, {.identity = 0x1122334455667788});
  chip_slot slot(blocks);
  CHECK(slot.replace({}, "a"));
  CHECK(save(slot, "value"));
  const char expected[] =
      "PdTw\x01\x01\x01\x00"
      "\x88\x77\x66\x55\x44\x33\x22\x11"
      "\x02\x00\x00\x00\x00\x00\x00\x00"
      "\x00\x00\x00\x00\x00\x00\x00\x00"
      "\x02\x00\x00\x00\x00\x00\x00\x00"
      "\x05\x00\x00\x00\x01\x00\x00\x00";
  const bytes head(flash.cells().data() + 256, 48);
  CHECK(head == bytes(expected, 48));
  const bytes rest(flash.cells().data() + 256 + 48, 24);
  const std::uint32_t value_crc = crc32c("value");
  const std::uint32_t head_crc = crc32c(bytes(flash.cells().data() + 256, 60));
  for (unsigned i = 0; i < 4; ++i) {
    CHECK(std::to_integer<std::uint32_t>(rest.data()[i]) == (value_crc >> (8 * i) & 0xff));
    CHECK(rest.data()[4 + i] == std::byte{0});
    CHECK(rest.data()[8 + i] == std::byte{0});
    CHECK(std::to_integer<std::uint32_t>(rest.data()[12 + i]) == (head_crc >> (8 * i) & 0xff));
  }
  CHECK(rest.from(16) == bytes("value\xff\xff\xff", 8));
  // Its copy, in the region after it: past the number of a commit that nobody can see, and of the same value.
  chip_slot other(blocks);
  CHECK(load(other).text == "value");
  const std::byte* const copy = flash.cells().data() + 2 * 256;
  CHECK((copy[6] == std::byte{2} && copy[16] == std::byte{4} && copy[32] == std::byte{2}));
}

TEST_CASE("twin_slot: no flipped bit is ever shown, of the head or the value") {
  for (std::size_t bit = 0; bit < 8 * (64 + 5); ++bit) {
    chip flash(3);
    put_record(flash, 0, 1, "older");
    put_record(flash, 1, 2, "newer");
    flash.cells()[256 + bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    chip_blocks blocks(flash);
    chip_slot slot(blocks);
    CHECK(observe(slot).text == "older");
    CHECK(load(slot).text == "older");
    CHECK(flash.complaint().empty());
  }
}

TEST_CASE("twin_slot: a damaged length is found though the checksum of the value would be the same") {
  // Any four bytes behind a text that bring its checksum back to what it was: tried by the inverse of four steps.
  const std::string text = "value";
  const std::uint32_t state = ~crc32c(text);
  std::uint32_t back = state;
  for (int i = 0; i < 32; ++i) back = (back & 0x80000000U) != 0 ? (back ^ 0x82f63b78U) << 1 | 1U : back << 1;
  const std::uint32_t four = back ^ state;
  std::string longer = text;
  for (unsigned i = 0; i < 4; ++i) longer.push_back(static_cast<char>(four >> (8 * i) & 0xff));
  REQUIRE(crc32c(longer) == crc32c(text));
  chip flash(3);
  put_record(flash, 0, 1, "older");
  put_record(flash, 1, 2, longer);
  flash.cells()[256 + 40] = std::byte{5};
  chip_blocks blocks(flash);
  chip_slot slot(blocks);
  CHECK(load(slot).text == "older");
}

TEST_CASE("twin_slot: damage to all there was is no absence, and a later version is no damage") {
  chip flash(3);
  put_record(flash, 0, 1, "a");
  put_record(flash, 1, 2, "b");
  put_record(flash, 2, 3, "c");
  for (const std::size_t region : {0U, 1U, 2U}) flash.cells()[region * 256 + 64] ^= std::byte{1};
  chip_blocks blocks(flash);
  chip_slot slot(blocks);
  CHECK(load(slot).text == failed(code::corrupt));
  CHECK(observe(slot).text == failed(code::corrupt));

  chip newer(3);
  put_record(newer, 0, 1, "a");
  put_record(newer, 1, 2, "b");
  std::byte* const head = newer.cells().data() + 256;
  head[4] = head[5] = std::byte{2};
  const std::uint32_t checksum = crc32c(bytes(head, 60));
  for (unsigned i = 0; i < 4; ++i) head[60 + i] = static_cast<std::byte>(checksum >> (8 * i) & 0xff);
  chip_blocks later(newer);
  chip_slot reader(later);
  CHECK(load(reader).text == failed(code::version_unsupported));
  CHECK(observe(reader).text == failed(code::version_unsupported));
}

TEST_CASE("twin_slot: records of another device, or of another region, are none") {
  chip flash(3);
  chip_blocks first(flash, {.identity = 1});
  chip_slot slot(first);
  CHECK(save(slot, "a"));
  chip_blocks second(flash, {.identity = 2});
  chip_slot other(second);
  CHECK_FALSE(observe(other).exists);
  std::copy_n(flash.cells().begin(), 256, flash.cells().begin() + 256);
  flash.cells()[0] ^= std::byte{1};
  CHECK_FALSE(observe(slot).exists);
}
