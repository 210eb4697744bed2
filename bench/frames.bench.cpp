// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A sealed file in memory, with one section: what it costs to seal it and to look whether it is whole, against the copy and the
// CRC that nobody can do without.

#include <benchmark/benchmark.h>

#include <perdure/core/crc32c.hpp>
#include <perdure/core/sealed_view.hpp>
#include <perdure/core/sealed_writer.hpp>

#include <cstdlib>
#include <cstring>
#include <string>

namespace {

struct page {
  std::string data;
  std::string sealed;
  std::size_t sealed_bytes = 0;

  explicit page(std::size_t size) : data(size, 'x'), sealed(size + 1024, '\0') {}
  void put(perdure::bytes piece) {
    std::memcpy(sealed.data() + sealed_bytes, piece.data(), piece.size());
    sealed_bytes += piece.size();
  }
  void seal() {
    sealed_bytes = 0;
    perdure::sealed_writer frame({.kind = "TEST", .version = 1});
    put(*frame.head());
    put(*frame.begin("data", data.size()));
    if (!frame.add(data)) std::abort();
    put(data);
    put(*frame.end());
    put(*frame.seal());
  }
};

template <class Work>
void add(const std::string& name, std::size_t size, Work work) {
  benchmark::RegisterBenchmark(name.c_str(), [size, work](benchmark::State& state) {
    page one(size);
    one.seal();
    for (auto unused : state) {
      (void)unused;
      work(one);
      benchmark::DoNotOptimize(one.sealed.data());
      benchmark::ClobberMemory();
    }
  });
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  for (const auto& [size, name] : {std::pair<std::size_t, const char*>{4096, "4KiB"}, {262144, "256KiB"}, {16777216, "16MiB"}}) {
    const std::string tail = std::string("/") + name;
    const auto copy = [](page& one) { std::memcpy(one.sealed.data(), one.data.data(), one.data.size()); };
    const auto crc = [](page& one) { benchmark::DoNotOptimize(perdure::crc32c(one.data)); };
    add("core/seal/ours" + tail, size, [](page& one) { one.seal(); });
    add("core/seal/crc_and_memcpy" + tail, size, [=](page& one) { crc(one), copy(one); });
    add("core/seal/memcpy" + tail, size, copy);
    add("core/verify/ours" + tail, size, [](page& one) {
      const perdure::bytes whole = perdure::bytes(one.sealed).first(one.sealed_bytes);
      if (!perdure::sealed_view::open(whole, {.kind = "TEST", .version = 1, .file_bytes_max = 1 << 30})) std::abort();
    });
    add("core/verify/crc" + tail, size, crc);
    add("core/verify/memcpy" + tail, size, copy);
  }
  benchmark::RunSpecifiedBenchmarks();
}
