// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
//
// A cluster of named graphs, whose whole state lives under one address: a directory, or s3://bucket/prefix.
//
//   cluster_ctl COMMAND [OPTION...]
//     import NAME FILE      puts a graph into the cluster, that cluster.yaml calls 'imported'
//     plan                  what apply would do, and its digest
//     approve DIGEST        of a plan
//     apply                 makes the cluster what cluster.yaml declares, or changes nothing
//     status                version, graphs, who has the lock, what waits for recovery
//     serve                 one version whole, read without the lock
//     sweep                 finishes or undoes what died, and deletes what nothing names
//     force-unlock ID       of the very lock that `busy` and `status` tell
//   --config DIR   where cluster.yaml lies (.)        --store URI   instead of its storage:
//   --wait SECONDS   for the lock                     --lease SECONDS   after which a dead holder is taken for one
//   --times N   apply so often
//
// Exit status: 0 done, 1 failed, 2 usage, 3 busy, 4 conflict, 5 bad storage root, 6 approval missing, 7 unknown.
//
//   cluster_ctl [accept [layout | elsewhere | counted [TIMES] | killed | told | roots | around | golden]]
//
// What has to hold, all of it or one; with --store, counted, killed and told there. Exit status 0 only if it did.

#include <examples/cluster_ctl/acceptance.hpp>
namespace {

using namespace cluster_ctl;

result<perdure::any_store> open_root(const std::string& uri, const std::string& home, enum use how) {
#ifdef EXAMPLES_HAVE_CURL
  const auto probe = how == use::writes ? perdure::s3_probe::conditions : perdure::s3_probe::nothing;
  return perdure::open_storage_root(uri, home, {}, perdure::s3_opener(probe));
#else
  (void)how;
  if (examples::is_s3(uri)) std::fputs("This was built without libcurl (Debian: libcurl4-openssl-dev).\n", stderr);
  return perdure::open_storage_root(uri, home);
#endif
}
// Of the acceptance: each place has a prefix of its own.
opener below(const std::string& base) {
  return [base](const std::string&, const std::string& home, enum use how) {
    return examples::open_uri(base + "/" + files::path(home).filename().string(), {.root = perdure::store_root::make}, how);
  };
}

bool show(const char* what, const std::string& wrong) {
  std::printf("%-10s %s\n", what, wrong.empty() ? "held" : wrong.c_str());
  return wrong.empty();
}

int accept(const std::string& only, int times, const std::string& store) {
  bool held = true;
  const auto wants = [&](const char* what) { return only.empty() || only == what; };
  if (!store.empty()) {
    elsewhere_than_home = below(store);
    if (wants("counted")) held = show("counted", counted(elsewhere_than_home, times)) && held;
    if (wants("killed")) held = show("killed", killed(elsewhere_than_home)) && held;
    if (wants("told")) held = show("told", told(elsewhere_than_home)) && held;
    files::remove_all("cluster_ctl.data");
    return held ? done : failed;
  }
  if (wants("layout")) held = show("layout", layout(open_root)) && held;
  if (wants("elsewhere")) held = show("elsewhere", elsewhere(open_root)) && held;
  if (wants("counted")) held = show("counted", counted(open_root, times)) && held;
  if (wants("killed")) held = show("killed", killed(open_root)) && held;
  if (wants("told")) held = show("told", told(open_root)) && held;
  if (wants("roots")) held = show("roots", roots(open_root)) && held;
  if (wants("around")) held = show("around", around(open_root)) && held;
  if (wants("golden")) held = show("golden", golden(open_root)) && held;
  files::remove_all("cluster_ctl.data");
  return held ? done : failed;
}

}  // namespace

int main(int argc, char** argv) {
  environment all;
  all.open = open_root;
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const char* const value = i + 1 < argc ? argv[i + 1] : nullptr;
    const bool is_option = word == "--config" || word == "--store" || word == "--wait" || word == "--lease" || word == "--times";
    if (!is_option) {
      words.push_back(word);
      continue;
    }
    if (value == nullptr) return std::fprintf(stderr, "%s wants a value\n", argv[i]), usage;
    if (word == "--config") all.home = value;
    if (word == "--store") all.store = value;
    if (word == "--wait") all.wait_seconds = std::atoll(value);
    if (word == "--lease") all.lease_seconds = std::atoll(value);
    if (word == "--times") all.times = std::atoi(value);
    ++i;
  }
  if (words.empty() || words[0] == "accept")
    return accept(words.size() > 1 ? words[1] : "", words.size() > 2 ? std::atoi(words[2].c_str()) : 10, all.store);
  const int status = commands(all).run(words);
  std::fputs(all.said.c_str(), status == done ? stdout : stderr);
  return status;
}
