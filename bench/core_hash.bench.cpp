// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// CRC32C against ISA-L, SHA-256 against OpenSSL, each by its peer's fastest call. An iteration hashes with both, in an order that
// alternates, as often in a row as makes the clock's own time vanish, and counts the one that the row is about.

#include <benchmark/benchmark.h>

#include <perdure/core/crc32c.hpp>
#include <perdure/core/sha256.hpp>

#include <isa-l/crc.h>
// Since OpenSSL 3 the shorter SHA256() looks the algorithm up by its name, which takes longer than a small input itself.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

constexpr std::size_t chunks_max = 32;

// What is hashed: chunks that lie one after another.
struct input {
  input(std::size_t chunk_size, std::size_t chunk_count) : size(chunk_size), count(chunk_count), data(size * count) {
    std::uint32_t state = 1;
    for (auto& b : data) b = static_cast<unsigned char>((state = state * 1664525 + 1013904223) >> 24);
    for (std::size_t i = 0; i < count; ++i) chunks.push_back(perdure::bytes(data).from(i * size).first(size));
  }
  [[nodiscard]] const unsigned char* chunk(std::size_t i) const { return data.data() + i * size; }

  std::size_t size;
  std::size_t count;
  std::vector<unsigned char> data;
  std::vector<perdure::bytes> chunks;
};

struct answers {
  std::uint32_t crc = 0;
  perdure::digest digests[chunks_max];

  bool operator==(const answers&) const = default;
};

using way = void (*)(const input& from, answers& to);

void crc32c_ours(const input& from, answers& to) { to.crc = perdure::crc32c(from.chunks[0]); }

// ISA-L's function takes what it does not change as a pointer to what it may, and leaves both complements to the caller.
void crc32c_isal(const input& from, answers& to) {
  to.crc = ~::crc32_iscsi(const_cast<unsigned char*>(from.chunk(0)), static_cast<int>(from.size), ~0U);
}

void sha256_ours(const input& from, answers& to) { to.digests[0] = perdure::sha256_of(from.chunks[0]); }

void sha256_of_many_ours(const input& from, answers& to) { perdure::sha256_of_many(from.chunks.data(), to.digests, from.count); }

void sha256_openssl(const input& from, answers& to) {
  for (std::size_t i = 0; i < from.count; ++i) {
    SHA256_CTX context;
    ::SHA256_Init(&context);
    ::SHA256_Update(&context, from.chunk(i), from.size);
    ::SHA256_Final(reinterpret_cast<unsigned char*>(to.digests[i].bytes), &context);
  }
}

void run(benchmark::State& state, std::size_t size, std::size_t count, way ours, way peer, bool measure_ours) {
  const input from(size, count);
  answers by_us, by_peer;
  ours(from, by_us);
  peer(from, by_peer);
  if (by_us != by_peer) {
    std::fputs("the two hashes differ\n", stderr);
    std::abort();
  }
  const std::size_t in_a_row = size * count >= 65536 ? 1 : 65536 / (size * count);
  const auto timed = [&](way hash) {
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < in_a_row; ++i) {
      hash(from, by_us);
      benchmark::ClobberMemory();
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  benchmark::DoNotOptimize(&from);
  benchmark::DoNotOptimize(&by_us);
  bool ours_first = false;
  while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(in_a_row))) {
    double by[2] = {};
    ours_first = !ours_first;
    for (const bool now_ours : {ours_first, !ours_first}) by[now_ours ? 1 : 0] = timed(now_ours ? ours : peer);
    state.SetIterationTime(by[measure_ours ? 1 : 0]);
  }
}

struct comparison {
  const char* name;
  const char* peer_name;
  std::size_t count;
  way ours;
  way peer;
};

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const comparison comparisons[] = {
      {"core/crc32c/one", "isa-l", 1, crc32c_ours, crc32c_isal},
      {"core/sha256/one", "openssl", 1, sha256_ours, sha256_openssl},
      {"core/sha256/many", "openssl", chunks_max, sha256_of_many_ours, sha256_openssl},
  };
  for (const comparison& compared : comparisons) {
    for (const auto& [size, size_name] : {std::pair<std::size_t, const char*>{64, "64B"}, {4096, "4KiB"}, {1048576, "1MiB"}}) {
      for (const bool measure_ours : {true, false}) {
        const std::string name =
            std::string(compared.name) + "/" + (measure_ours ? "ours" : compared.peer_name) + "/" + size_name + "/1";
        benchmark::RegisterBenchmark(name.c_str(), run, size, compared.count, compared.ours, compared.peer, measure_ours)
            ->UseManualTime()
            ->Unit(benchmark::kNanosecond);
      }
    }
  }
  benchmark::RunSpecifiedBenchmarks();
}
