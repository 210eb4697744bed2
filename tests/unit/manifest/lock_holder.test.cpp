// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/manifest/detail/lock_record.hpp>
#include <perdure/manifest/lock_holder.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/golden.hpp>

#include <string>

namespace {

using namespace perdure;

std::string text_of(bytes from) { return {reinterpret_cast<const char*>(from.data()), from.size()}; }

lock_holder holder() {
  lock_holder one;
  one.is_held = true;
  for (unsigned i = 0; i < 16; ++i) one.id.made[i] = static_cast<std::byte>(0xa0 + i);
  one.token = 0x18;
  one.process = 0x1234;
  one.taken_unix_ns = -2;
  one.lease_ns = 90;
  one.renewals = 1;
  one.set_name("apply");
  one.set_host("machine");
  return one;
}
std::string stored(const lock_holder& one) {
  const auto record = perdure::detail::encode_lock(one);
  return {reinterpret_cast<const char*>(&record), sizeof(record)};
}

TEST_CASE("lock_holder: no two nonces have one id, whichever part of them differs") {
  const nonce plain{1, 2, 3, 4};
  CHECK(lock_id::of(plain) == lock_id::of(plain));
  for (const nonce& other : {nonce{2, 2, 3, 4}, nonce{1, 3, 3, 4}, nonce{1, 2, 4, 4}, nonce{1, 2, 3, 5}, nonce{2, 1, 3, 4}})
    CHECK_FALSE(lock_id::of(plain) == lock_id::of(other));
  CHECK_FALSE(lock_id::of(nonce()) == lock_id());
}

TEST_CASE("lock_holder: the text of an id is read as the id, and no other text is one") {
  char room[40];
  CHECK(text_of(to_text(holder().id, room)) == "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf");
  const lock_id made = lock_id::of({1, 2, 3, 4});
  const std::string text = text_of(to_text(made, room));
  CHECK(*parse_lock_id(text) == made);
  for (const std::string& wrong : {std::string(), text.substr(1), text + "0", "A" + text.substr(1), "g" + text.substr(1),
                                   " " + text.substr(1), text.substr(1) + "/", text.substr(1) + ":"}) {
    const auto parsed = parse_lock_id(wrong);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code() == code::invalid_argument);
  }
}

TEST_CASE("lock_holder: a name or host that is too long is cut off") {
  lock_holder one;
  CHECK(one.name().empty());
  one.set_name(std::string(200, 'n'));
  one.set_host(std::string(200, 'h'));
  CHECK(text_of(one.name()) == std::string(128, 'n'));
  CHECK(text_of(one.host()) == std::string(96, 'h'));
  one.set_name("");
  CHECK(one.name().empty());
}

TEST_CASE("lock_holder: format 1, to the byte, there and back") {
  lock_holder one = holder();
  for (const bool is_held : {true, false}) {
    one.is_held = is_held;
    const std::string golden = tests::golden(is_held ? "slot_lock_v1_held" : "slot_lock_v1_free");
    CHECK(stored(one) == golden);
    const auto back = perdure::detail::decode_lock(golden);
    REQUIRE(back);
    CHECK(back->is_held == is_held);
    CHECK(stored(*back) == golden);
    CHECK(back->id == one.id);
    CHECK(back->taken_unix_ns == -2);
    CHECK(text_of(back->name()) == "apply");
    CHECK(text_of(back->host()) == "machine");
  }
}

TEST_CASE("lock_holder: every truncation and every flipped bit of a record is refused, and a later format is told as one") {
  const std::string whole = stored(holder());
  const auto refused = [](const std::string& record) {
    const auto decoded = perdure::detail::decode_lock(record);
    return decoded ? code::io : decoded.error().code();
  };
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK(refused(whole.substr(0, size)) == code::corrupt);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string turned = whole;
    turned[bit / 8] = static_cast<char>(turned[bit / 8] ^ (1 << bit % 8));
    const auto told = refused(turned);
    if (told != code::corrupt) CHECK((told == code::version_unsupported && (bit / 8 == 10 || bit / 8 == 11)));
  }
  CHECK(refused(whole + "x") == code::corrupt);
  CHECK(refused(std::string("perdureK\x02\0\x02\0", 12)) == code::version_unsupported);
  CHECK(refused(std::string("perdureK\x02\0\x02\0", 12) + std::string(700, 'x')) == code::version_unsupported);
  // Under a checksum that holds, what no lock writes.
  const auto changed = [&](auto change) {
    auto record = perdure::detail::encode_lock(holder());
    change(record);
    record.checksum = crc32c(perdure::detail::before_checksum(record));
    return refused({reinterpret_cast<const char*>(&record), sizeof(record)});
  };
  CHECK(changed([](auto&) {}) == code::io);
  CHECK(changed([](auto& record) { record.state = 0; }) == code::corrupt);
  CHECK(changed([](auto& record) { record.state = 3; }) == code::corrupt);
  CHECK(changed([](auto& record) { record.holder_size = 129; }) == code::corrupt);
  CHECK(changed([](auto& record) { record.host_size = 97; }) == code::corrupt);
  CHECK(changed([](auto& record) { record.token = 0; }) == code::corrupt);
  CHECK(changed([](auto& record) { record.lease_ns = std::uint64_t{1} << 63; }) == code::corrupt);
}

}  // namespace
