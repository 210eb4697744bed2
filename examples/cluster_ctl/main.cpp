// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
//
// A cluster of named graphs, whose whole state lives under one address: a directory, or s3://bucket/prefix. README.md tells more.
//
//   cluster_ctl COMMAND [OPTION...]
//     import NAME FILE      puts a graph into the cluster, that cluster.yaml calls 'imported'
//     plan                  what apply would do, and its digest
//     approve DIGEST        of a plan
//     apply                 makes the cluster what cluster.yaml declares, or changes nothing
//     status                version, graphs, who has the lock, what waits for recovery, what is approved
//     serve                 one version whole, read without the lock
//     sweep                 finishes or undoes what died, and deletes what nothing names
//     force-unlock ID       of the very lock that `busy` and `status` tell
//   --config DIR     where cluster.yaml lies (.)      --store URI      instead of its storage:
//   --wait SECONDS   for the lock                     --lease SECONDS  after which a dead holder is taken for one
//   --pause SECONDS  between two looks at a lock that is held, at first (0.01); up to 64 times as long, later
//   --times N        apply so often
//
// Exit status: 0 done, 1 failed, 2 usage, 3 busy, 4 conflict, 5 bad storage root, 6 approval missing, 7 unknown.

#include <examples/cluster_ctl/commands.hpp>
#ifdef CLUSTER_CTL_ACCEPTANCE
#include <examples/cluster_ctl/acceptance.hpp>
#endif

#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr char called_so[] =
    "cluster_ctl import NAME FILE | plan | approve DIGEST | apply | status | serve | sweep | force-unlock ID\n"
    "  [--config DIR] [--store URI] [--wait SECONDS] [--lease SECONDS] [--pause SECONDS] [--times N]\n";

// Of a number of seconds, which may have a fraction.
bool parse_seconds(const char* text, std::int64_t& into_ns) {
  char* end = nullptr;
  const double seconds = std::strtod(text, &end);
  if (end == text || *end != '\0' || !(seconds >= 0 && seconds <= 1e9)) return false;
  into_ns = static_cast<std::int64_t>(seconds * 1e9);
  return true;
}
// 1 or more, and nothing behind it.
bool parse_times(const std::string& text, int& into) {
  const auto read = std::from_chars(text.data(), text.data() + text.size(), into);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() && into > 0;
}
// An empty place is a variable that was never set, and not the one that is meant where nothing is said.
bool parse_option(const std::string& name, const char* value, cluster_ctl::environment& all) {
  if (name == "--config") return all.home = value, !all.home.empty();
  if (name == "--store") return all.store = value, !all.store.empty();
  if (name == "--wait") return parse_seconds(value, all.wait_ns);
  if (name == "--lease") return parse_seconds(value, all.lease_ns);
  if (name == "--pause") return parse_seconds(value, all.pause_ns) && all.pause_ns != 0;
  if (name == "--times") return parse_times(value, all.times);
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  cluster_ctl::environment all;
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--help" || word == "-h") return std::fputs(called_so, stdout), cluster_ctl::done;
    if (word.rfind("--", 0) != 0) {
      words.push_back(word);
    } else if (++i == argc || !parse_option(word, argv[i], all)) {
      std::fprintf(stderr, "%s: there is no such option, or it wants another value\n%s", word.c_str(), called_so);
      return cluster_ctl::usage;
    }
  }
#ifdef CLUSTER_CTL_ACCEPTANCE
  if (words.empty() || words[0] == "accept") return cluster_ctl::accept(words, all.store);
#endif
  const int status = cluster_ctl::commands(all).run(words);
  std::fputs(all.said.c_str(), status == cluster_ctl::done ? stdout : stderr);
  return status;
}
