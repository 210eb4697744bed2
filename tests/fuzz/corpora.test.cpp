// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// The corpora of the fuzzers, and each of their files with every byte changed and cut off at every length.

#include <tests/fuzz/objects.hpp>
#include <tests/fuzz/targets.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/golden.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

using namespace tests;

namespace {

std::vector<std::string> corpus(const std::string& target) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(PERDURE_TESTS_DIR) + "/fuzz/corpus/" + target)) {
    names.push_back("../fuzz/corpus/" + target + "/" + entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  std::vector<std::string> files;
  for (const std::string& name : names) files.push_back(golden(name));
  return files;
}

void replay_corpus(const std::string& name, fuzz_target target) {
  const auto files = corpus(name);
  CHECK(files.size() >= 3);
  for (const std::string& file : files) {
    CHECK(target(file) == "");
    for (std::size_t at = 0; at < file.size(); at += 1) {
      CHECK(target(file.substr(0, at)) == "");
      for (const int change : {1, 0x80, 0xff}) {
        std::string other = file;
        other[at] = static_cast<char>(other[at] ^ change);
        CHECK(target(other) == "");
      }
    }
  }
}

}  // namespace

TEST_CASE("fuzz: the corpus of the frame") { replay_corpus("frame", fuzz_frame); }
TEST_CASE("fuzz: the corpus of the sealed layout") { replay_corpus("sealed", fuzz_sealed); }
TEST_CASE("fuzz: the corpus of the log") { replay_corpus("log", fuzz_log); }
TEST_CASE("fuzz: the corpus of the node of a content") { replay_corpus("node", fuzz_node); }
TEST_CASE("fuzz: the corpus of the condemned list") { replay_corpus("condemned", fuzz_condemned); }
TEST_CASE("fuzz: the corpus of the head of snapshots") { replay_corpus("head", fuzz_head); }
TEST_CASE("fuzz: the corpus of the manifest of a snapshot") { replay_corpus("manifest", fuzz_manifest); }
TEST_CASE("fuzz: the corpus of the record of a checkpoint") { replay_corpus("checkpoint", fuzz_checkpoint); }
