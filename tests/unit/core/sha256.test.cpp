// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/sha256.hpp>

#include <tests/support/catch.hpp>

#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace perdure;

namespace {
std::string hex(const digest& value) {
  char room[64];
  const bytes text = to_hex(value, room);
  return {reinterpret_cast<const char*>(text.data()), text.size()};
}

std::uint32_t rotated(std::uint32_t word, unsigned right) { return word >> right | word << (32 - right); }

// The first 32 bits of the fraction.
std::uint32_t fraction(double root) { return static_cast<std::uint32_t>((root - std::floor(root)) * 4294967296.0); }

// FIPS 180-4 as it is written: the constants from the primes, the message padded as a whole, all 64 words of a schedule. Nothing
// of it is the library's.
digest by_definition(bytes data) {
  std::vector<double> primes;
  for (unsigned n = 2; primes.size() < 64; ++n) {
    bool divided = false;
    for (unsigned by = 2; by * by <= n; ++by) divided = divided || n % by == 0;
    if (!divided) primes.push_back(n);
  }
  std::vector<std::uint32_t> constants, hash;
  for (std::size_t i = 0; i < 64; ++i) constants.push_back(fraction(std::cbrt(primes[i])));
  for (std::size_t i = 0; i < 8; ++i) hash.push_back(fraction(std::sqrt(primes[i])));

  std::vector<unsigned char> message;
  for (const std::byte b : data) message.push_back(static_cast<unsigned char>(b));
  message.push_back(0x80);
  while (message.size() % 64 != 56) message.push_back(0);
  const std::uint64_t bits = 8 * static_cast<std::uint64_t>(data.size());
  for (int shift = 56; shift >= 0; shift -= 8) message.push_back(static_cast<unsigned char>(bits >> shift & 0xff));

  for (std::size_t block = 0; block < message.size(); block += 64) {
    std::uint32_t w[64] = {};
    for (std::size_t i = 0; i < 64; ++i) w[i / 4 % 16] = w[i / 4 % 16] << 8 | message[block + i];
    for (std::size_t t = 16; t < 64; ++t) {
      const std::uint32_t sigma_0 = rotated(w[t - 15], 7) ^ rotated(w[t - 15], 18) ^ w[t - 15] >> 3;
      const std::uint32_t sigma_1 = rotated(w[t - 2], 17) ^ rotated(w[t - 2], 19) ^ w[t - 2] >> 10;
      w[t] = sigma_1 + w[t - 7] + sigma_0 + w[t - 16];
    }
    std::vector<std::uint32_t> v = hash;  // a to h
    for (std::size_t t = 0; t < 64; ++t) {
      const std::uint32_t sum_1 = rotated(v[4], 6) ^ rotated(v[4], 11) ^ rotated(v[4], 25);
      const std::uint32_t sum_0 = rotated(v[0], 2) ^ rotated(v[0], 13) ^ rotated(v[0], 22);
      const std::uint32_t t1 = v[7] + sum_1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + constants[t] + w[t];
      const std::uint32_t t2 = sum_0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
      v = {t1 + t2, v[0], v[1], v[2], v[3] + t1, v[4], v[5], v[6]};
    }
    for (std::size_t i = 0; i < 8; ++i) hash[i] += v[i];
  }
  digest out;
  for (std::size_t i = 0; i < 32; ++i) out.bytes[i] = static_cast<std::byte>(hash[i / 4] >> (24 - 8 * (i % 4)) & 0xff);
  return out;
}

std::vector<detail::sha256_path> paths_here() {
  std::vector<detail::sha256_path> found;
  for (const auto path : detail::sha256_paths) {
    if (detail::sha256_runs_here(path)) found.push_back(path);
  }
  return found;
}

// While it lives, everything takes the path of that name. Where there is but one path, it is taken anyway.
class taking {
 public:
  explicit taking(detail::sha256_path path) : before_(detail::sha256_chosen()) { choose(path); }
  taking(const taking&) = delete;
  taking& operator=(const taking&) = delete;
  ~taking() { choose(before_); }

 private:
  static void choose(detail::sha256_path path) {
#if PERDURE_CPU_X86 || PERDURE_CPU_ARM
    detail::sha256_choice = static_cast<std::uint8_t>(path);
#else
    static_cast<void>(path);
#endif
  }
  detail::sha256_path before_;
};

std::string random_bytes(std::mt19937& random, std::size_t size) {
  std::string data(size, '\0');
  for (auto& c : data) c = static_cast<char>(random());
  return data;
}

digest in_pieces(bytes whole, std::mt19937& random, std::size_t step_max) {
  sha256 streamed;
  for (bytes rest = whole; !rest.empty();) {
    const std::size_t step = random() % step_max;
    streamed.update(rest.first(step));
    rest = rest.from(step);
  }
  return streamed.finish();
}
}  // namespace

TEST_CASE("sha256: the published vectors come out, on every path that runs here, alone and among many") {
  const std::pair<std::string, const char*> vectors[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
       "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
      {"\xbd", "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"},
      {"\xc9\x8c\x8e\x55", "7abc22c0ae5af26ce93dbb94433a0e0b2e119d014f8e7f65bd56c61ccccd9504"},
      {std::string(55, '\0'), "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7"},
      {std::string(56, '\0'), "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb"},
      {std::string(57, '\0'), "65a16cb7861335d5ace3c60718b5052e44660726da4cd13bb745381b235a1785"},
      {std::string(64, '\0'), "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"},
      {std::string(1000, '\0'), "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53"},
      {std::string(1000, 'A'), "c2e686823489ced2017f6059b8b239318b6364f6dcd835d0a519105a1eadd6e4"},
      {std::string(1005, 'U'), "f4d62ddec0f3dd90ea1380fa16a5ff8dc4c54b21740650f24afc4120903552b0"},
      {std::string(1'000'000, '\0'), "d29751f2649b32ff572b5e0a9f541ea660a50f94ff0beedfb0b692b924cc8025"},
      {std::string(1'000'000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
  };
  std::vector<bytes> inputs;
  for (const auto& vector : vectors) inputs.push_back(vector.first);
  REQUIRE_FALSE(paths_here().empty());
  for (const auto path : paths_here()) {
    CAPTURE(static_cast<int>(path));
    const taking chosen(path);
    std::vector<digest> out(inputs.size());
    sha256_of_many(inputs.data(), out.data(), inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      CHECK(hex(sha256_of(inputs[i])) == vectors[i].second);
      CHECK(hex(out[i]) == vectors[i].second);
    }
  }
}

TEST_CASE("sha256: the path that is taken is one that runs here, and the fastest of them") {
  CHECK(detail::sha256_runs_here(detail::sha256_path::portable));
  CHECK(detail::sha256_chosen() == paths_here().back());
}

TEST_CASE("sha256: every path gives the digest of the definition at each length of up to five blocks, whole and in pieces") {
  std::mt19937 random(9);
  std::vector<std::vector<unsigned char>> data;  // each in an allocation of exactly its size
  std::vector<bytes> inputs;
  std::vector<digest> expected;
  for (std::size_t size = 0; size <= 300; ++size) {
    std::vector<unsigned char> one(size);
    for (auto& b : one) b = static_cast<unsigned char>(random());
    data.push_back(std::move(one));
  }
  for (const auto& one : data) {
    inputs.push_back(one);
    expected.push_back(by_definition(one));
  }
  for (const auto path : paths_here()) {
    CAPTURE(static_cast<int>(path));
    const taking chosen(path);
    std::vector<digest> out(inputs.size());
    sha256_of_many(inputs.data(), out.data(), inputs.size());
    for (std::size_t size = 0; size < inputs.size(); ++size) {
      CAPTURE(size);
      CHECK(sha256_of(inputs[size]) == expected[size]);
      CHECK(in_pieces(inputs[size], random, 80) == expected[size]);
      CHECK(out[size] == expected[size]);
    }
  }
}

TEST_CASE("sha256: every path gives the digest of the definition for large inputs of any alignment, split anywhere") {
  std::mt19937 random(10);
  const std::string data = random_bytes(random, 300'000);
  for (int round = 0; round < 40; ++round) {
    const bytes whole = bytes(data).from(random() % 64).first(random() % (round < 36 ? 9'000 : 290'000));
    const digest expected = by_definition(whole);
    CAPTURE(round, whole.size());
    for (const auto path : paths_here()) {
      CAPTURE(static_cast<int>(path));
      const taking chosen(path);
      CHECK(sha256_of(whole) == expected);
      CHECK(in_pieces(whole, random, 300) == expected);
      CHECK(in_pieces(whole, random, whole.size() + 1) == expected);
    }
  }
}

TEST_CASE("sha256: of many inputs at once each gets its own digest, whatever their number and lengths, on every path") {
  std::mt19937 random(11);
  const std::string data = random_bytes(random, 40'000);
  // Of one length; of short ones; of short ones among which some are long, so that the streams end at different times.
  for (const int kind : {0, 1, 2}) {
    for (const std::size_t count : {0U, 1U, 2U, 3U, 7U, 8U, 9U, 15U, 16U, 17U, 18U, 31U, 33U, 50U}) {
      std::vector<bytes> inputs;
      std::vector<digest> expected;
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t size = kind == 0 ? 1000 : kind == 2 && random() % 5 == 0 ? random() % 20'000 : random() % 200;
        inputs.push_back(bytes(data).from(random() % 999).first(size));
        expected.push_back(by_definition(inputs.back()));
      }
      for (const auto path : paths_here()) {
        CAPTURE(kind, count, static_cast<int>(path));
        std::vector<digest> out(count);
        detail::sha256_of_many_with(path, inputs.data(), out.data(), count);
        CHECK(out == expected);
      }
    }
  }
}

TEST_CASE("sha256: a digest in the middle is that of what came so far, and more may follow") {
  for (const auto path : paths_here()) {
    CAPTURE(static_cast<int>(path));
    const taking chosen(path);
    const std::string data(200, 'x');
    sha256 streamed;
    for (std::size_t size = 0; size <= data.size(); ++size) {
      CAPTURE(size);
      CHECK(streamed.finish() == sha256_of(bytes(data).first(size)));
      streamed.update(bytes(data).from(size).first(1));
    }
  }
}

TEST_CASE("sha256: a digest is read back from its 64 characters, and from nothing else") {
  const digest value = sha256_of("abc");
  const auto parsed = parse_digest(hex(value));
  REQUIRE(parsed);
  CHECK(*parsed == value);
  CHECK_FALSE(parse_digest(""));
  CHECK_FALSE(parse_digest(hex(value).substr(1)));
  CHECK_FALSE(parse_digest(hex(value) + "0"));
  CHECK_FALSE(parse_digest(std::string(64, 'g')));
}
