// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// quota VOLUME: what perdure makes of a subvolume of btrfs that may hold 2 MiB. Prints a line for each law, and ends with how
// many did not hold.

#include <perdure/core/describe.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/atomic_writer.hpp>
#include <perdure/fs/link_or_copy.hpp>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

using namespace perdure;

namespace {

int failed = 0;

void law(const char* text, bool holds) {
  std::printf("%s: %s\n", holds ? "ok" : "FAILED", text);
  failed += holds ? 0 : 1;
}

std::string get(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
std::set<std::string> names_in(const std::string& path) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path)) names.insert(entry.path().filename());
  return names;
}

// The quota counts what was written; content that differs everywhere is never shared or squeezed.
std::string noise(std::size_t size) {
  std::string text(size, '\0');
  std::uint64_t state = 88172645463325252ULL;
  for (char& c : text) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    c = static_cast<char>(state);
  }
  return text;
}

bool is_over_quota(const failure& why) {
  if (why.code() == code::no_space && why.system_code() == EDQUOT && why.outcome() == outcome::unchanged) return true;
  const auto text = describe(why);
  std::printf("   %s\n", std::string(text).c_str());
  return false;
}

}  // namespace

int main(int, char** arguments) {
  const std::string volume = arguments[1];
  const std::string path = volume + "/f";
  const std::string big = noise(4'000'000);

  law("a file is written within the quota", atomic_write(path, "old").has_value());
  for (const auto durability : {durability::full, durability::ordered, durability::none}) {
    const auto over = atomic_write(path, big, {.durability = durability, .keep = keep::everything});
    law("one over the quota is no_space, EDQUOT, unchanged", !over && is_over_quota(over.error()));
    law("the old file stands", get(path) == "old");
    law("nothing is left beside it", names_in(volume) == std::set<std::string>{"f"});
  }
  {
    auto writer = atomic_writer<>::open(path);
    bool streamed = writer.has_value();
    failure why(code::cancelled, operation::none);
    for (std::size_t at = 0; streamed && at < big.size(); at += 100'000) {
      const auto done = writer->write(bytes(big).from(at).first(100'000));
      streamed = done.has_value();
      if (!done) why = done.error();
    }
    law("a stream that passes the quota is told so", !streamed && why.code() == code::no_space && why.system_code() == EDQUOT);
  }
  law("a stream that was given up leaves nothing", names_in(volume) == std::set<std::string>{"f"} && get(path) == "old");
  law("what fits is written again afterwards", atomic_write(path, noise(1'000'000)).has_value() && get(path) == noise(1'000'000));

  posix_fs fs;
  const std::string copy = volume + "/copy";
  auto from = fs.open(path, {});
  auto to = fs.open(copy, {.access = access::read_write, .creation = creation::create_new});
  law("a clone of nothing is nothing, where a clone of no length would be one of all",
      from && to && to->clone_range(0, *from, 0, 0) && to->size().value_or(1U) == 0U);
  const auto shared = to->clone_range(0, *from, 0, 1'000'000);
  law("a clone shares its storage here", shared && shared->cloned == cloned::shared && shared->size_bytes == 1'000'000);
  law("a clone has the content, and costs no quota", get(copy) == noise(1'000'000));
  return failed == 0 ? 0 : 1;
}
