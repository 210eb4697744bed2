// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_LSM_CHECKPOINT_VERSION_HPP
#define EXAMPLES_LSM_CHECKPOINT_VERSION_HPP

// What a tree is at one time: which of its files count. And its text, which the file v<N> holds; `current` says "v<N> <digest>".

#include <perdure/core/sha256.hpp>

#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace lsm_checkpoint {

enum class place : char { hot = 'h', cold = 'c' };
enum class kind : char { table = 't', blob = 'b' };

struct file {
  std::uint64_t number = 0;  // never given twice, to whatever kind of file
  enum kind kind = kind::table;
  enum place place = place::hot;
  std::uint64_t size_bytes = 0;
  perdure::digest of = {};

  [[nodiscard]] std::string name() const { return std::to_string(number) + (kind == kind::table ? ".table" : ".blob"); }
};

struct version {
  std::uint64_t number = 0;
  std::uint64_t watermark = 1;  // every record with a lower number is in these files
  std::uint64_t next_file = 1;
  std::vector<file> files;  // of tables, the newest first

  [[nodiscard]] std::string name() const { return "v" + std::to_string(number); }
  [[nodiscard]] std::string text() const {
    std::ostringstream out;
    out << number << ' ' << watermark << ' ' << next_file << ' ' << files.size() << '\n';
    char hex[perdure::digest::hex_size];
    for (const file& one : files) {
      const perdure::bytes digest = perdure::to_hex(one.of, hex);
      out << one.number << ' ' << static_cast<char>(one.kind) << ' ' << static_cast<char>(one.place) << ' ' << one.size_bytes
          << ' ' << std::string(reinterpret_cast<const char*>(digest.data()), digest.size()) << '\n';
    }
    return out.str();
  }
  [[nodiscard]] static std::optional<version> parse(const std::string& text) {
    std::istringstream in(text);
    version all;
    std::size_t count = 0;
    if (!(in >> all.number >> all.watermark >> all.next_file >> count)) return std::nullopt;
    for (std::size_t i = 0; i < count; ++i) {
      file one;
      char kind = 0;
      char place = 0;
      std::string digest;
      if (!(in >> one.number >> kind >> place >> one.size_bytes >> digest)) return std::nullopt;
      const auto of = perdure::parse_digest(digest);
      if (!of || (kind != 't' && kind != 'b') || (place != 'h' && place != 'c')) return std::nullopt;
      one.kind = static_cast<enum kind>(kind);
      one.place = static_cast<enum place>(place);
      one.of = *of;
      all.files.push_back(one);
    }
    return all;
  }
  // The text of `current` for it. Of a new tree there is no version yet.
  [[nodiscard]] std::string current() const { return number == 0 ? "v0 -\n" : name() + " " + digest_of(text()) + "\n"; }
  [[nodiscard]] static std::string digest_of(const std::string& text) {
    char hex[perdure::digest::hex_size];
    const perdure::bytes digest = perdure::to_hex(perdure::sha256_of(text), hex);
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
  }
};

}  // namespace lsm_checkpoint

#endif  // EXAMPLES_LSM_CHECKPOINT_VERSION_HPP
