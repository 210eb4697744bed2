// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_CLUSTER_CTL_ACCEPTANCE_HPP
#define EXAMPLES_CLUSTER_CTL_ACCEPTANCE_HPP

// What cluster_ctl has to hold, in processes of its own: each answers what was wrong, or nothing. The tool does without this
// file.
//
//   cluster_ctl [accept [layout | elsewhere | counted [TIMES] | killed | told | leased | served | roots | around | golden]]
//
// All of it, or one; with --store, counted, killed, told, leased and served there. Exit status 0 only if it did hold.

#include <examples/cluster_ctl/commands.hpp>

#include <perdure/store/mem_store.hpp>
#include <perdure/testing/fault_store.hpp>

#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace cluster_ctl {

namespace files = std::filesystem;

inline void write_text(const files::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }
inline std::string read_text(const files::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
// Every file below a directory, with its bytes.
inline std::map<std::string, std::string> tree(const files::path& root) {
  std::map<std::string, std::string> all;
  for (const auto& one : files::recursive_directory_iterator(root)) {
    if (one.is_regular_file()) all[one.path().lexically_relative(root).string()] = read_text(one.path());
  }
  return all;
}
inline const std::string roads = "a b\nb c\n";
inline const std::string social = "x y\ny z\nz x\n";

// Where it is not the directory of the configuration that everything is kept in.
inline opener elsewhere_than_home;

// A configuration's directory, made anew; and its store.
struct place {
  std::string home;
  place(const std::string& name, const std::string& more = "") : home(files::absolute("cluster_ctl.data/" + name)) {
    files::remove_all(home);
    files::create_directories(home);
    write_text(home + "/cluster.yaml", more + "graphs:\n  roads: roads.txt   # declared\n  social: imported\n");
    write_text(home + "/roads.txt", roads);
    write_text(home + "/social.txt", social);
    if (!elsewhere_than_home) return;
    const auto store = elsewhere_than_home("", home, use::writes);
    for (const char* const prefix : {"lock", "ledger", "catalog/", "graphs/", "recovery/", "approvals/"}) {
      if (store) (void)remove_prefix(*store, prefix);
    }
  }
};
struct answer {
  int status = failed;
  std::string said;
};
inline answer run(const place& at, const std::vector<std::string>& words, const opener& open, environment with = {}) {
  with.home = at.home;
  with.open = open;
  const int status = commands(with).run(words);
  return {status, with.said};
}
// In a process of its own. Killed: -1.
inline pid_t start(const std::function<int()>& work) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) std::_Exit(work());
  return child;
}
inline int end_of(pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, 0) != child) return failed;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
inline std::string expect(const answer& got, int status, const std::string& part = "") {
  if (got.status == status && got.said.find(part) != std::string::npos) return "";
  return "exit status " + std::to_string(got.status) + " and not " + std::to_string(status) + " with '" + part + "': " + got.said;
}
#define CLUSTER_CTL_EXPECT(...)                                                      \
  do {                                                                               \
    if (const std::string unmet = expect(__VA_ARGS__); !unmet.empty()) return unmet; \
  } while (false)

// The same directory, unnamed and as file://, is the same cluster; and what two clusters store has the same names and contents,
// but for what says who held the lock, and when.
inline std::string layout(const opener& open) {
  place one("default");
  place other("explicit");
  const std::string uri = "file://" + other.home;
  CLUSTER_CTL_EXPECT(run(one, {"import", "social", "social.txt"}, open), done);
  CLUSTER_CTL_EXPECT(run(one, {"apply"}, open, {.store = "file://" + one.home}), done, "applied 1");
  CLUSTER_CTL_EXPECT(run(one, {"serve"}, open), done, "graph roads: 2 edges, 3 nodes");
  CLUSTER_CTL_EXPECT(run(other, {"import", "social", "social.txt"}, open, {.store = uri}), done);
  CLUSTER_CTL_EXPECT(run(other, {"apply"}, open, {.store = "."}), done, "applied 1");
  const auto a = tree(one.home);
  const auto b = tree(other.home);
  for (const auto& [name, content] : a) {
    const auto there = b.find(name);
    if (there == b.end()) return name + " is in one alone";
    const bool names_its_writer = name == "kledger" || name == "klock";
    if (!names_its_writer && there->second != content) return name + " differs";
  }
  return a.size() == b.size() ? "" : "they have not the same files";
}

inline std::string elsewhere(const opener& open) {
  place at("elsewhere", "storage: ../storage\n");
  files::create_directories(at.home + "/../storage");
  const auto before = tree(at.home);
  CLUSTER_CTL_EXPECT(run(at, {"import", "social", "social.txt"}, open), done);
  CLUSTER_CTL_EXPECT(run(at, {"apply"}, open), done);
  CLUSTER_CTL_EXPECT(run(at, {"sweep"}, open), done, "swept 0 payloads, 0 roots, 0 sidecars, 0 approvals");
  CLUSTER_CTL_EXPECT(run(at, {"serve"}, open), done, "graph social: 3 edges, 3 nodes");
  if (tree(at.home) != before) return "something was left in the configuration's directory";
  // Moved with all it holds, it is found where the configuration says now.
  files::rename(at.home + "/../storage", at.home + "/../moved");
  CLUSTER_CTL_EXPECT(run(at, {"serve"}, open), bad_root);
  write_text(at.home + "/cluster.yaml", "storage: ../moved\ngraphs:\n  social: imported\n");
  const std::string wrong = expect(run(at, {"serve"}, open), done, "graph social: 3 edges, 3 nodes");
  files::remove_all(at.home + "/../moved");
  return wrong;
}

// Eight processes: none of what was applied is lost.
inline std::string counted(const opener& open, int times) {
  place at("counted");
  CLUSTER_CTL_EXPECT(run(at, {"import", "social", "social.txt"}, open), done);
  std::vector<pid_t> all;
  for (int i = 0; i < 8; ++i)
    all.push_back(start([&] {
      return run(at, {"apply"}, open, {.wait_ns = 600 * perdure::ns_per_second, .pause_ns = 1'000'000, .times = times}).status;
    }));
  for (const pid_t one : all) {
    if (const int status = end_of(one); status != done) return "one of them ended with " + std::to_string(status);
  }
  CLUSTER_CTL_EXPECT(run(at, {"status"}, open), done, "applied " + std::to_string(8 * times) + "\n");
  std::printf("%d counted\n", 8 * times);
  return expect(run(at, {"status"}, open), done, "lock free");
}

// What is in the store and no state names.
inline std::string leftovers(const place& at, const opener& open) {
  const auto store = open("", at.home, use::only_looks);
  std::string all;
  (void)store->list("", {}, 1000, [&](const perdure::listed_object& one) {
    all += std::string(one.key.data(), one.key.size()) + "\n";
    return perdure::visit::go_on;
  });
  std::istringstream lines(all);
  std::string left;
  const std::string now = run(at, {"status"}, open).said;
  for (std::string key; std::getline(lines, key);) {
    const std::size_t slash = key.find('/', 7);
    const bool is_root = key.find("graphs/") == 0 && now.find(" " + key.substr(7, slash - 7) + "\n") != std::string::npos;
    const bool is_payload = key.find("catalog/sha256/") == 0 && now.find("sha256:" + key.substr(15)) != std::string::npos;
    if (!is_root && !is_payload && key != "ledger" && key != "lock") left += " " + key;
  }
  return left;
}

// The stores of one command, each call of which is told before it is made.
inline opener watched(const opener& open, const std::function<void(const std::string& key)>& before) {
  return [&open, before](const std::string& uri, const std::string& home, enum use how) -> result<perdure::any_store> {
    auto opened = open(uri, home, how);
    if (!opened) return opened;
    auto* const base = new perdure::any_store(*opened);
    auto* const gate = new perdure::testing::fault_store<perdure::any_store>(*base);
    gate->plan().before_each([before](enum operation, perdure::key_view key) { before({key.data(), key.size()}); });
    return perdure::any_store(*gate);
  };
}

// Killed before each call of the Store, which is after each one before it, of a command that makes and replaces.
inline std::string killed(const opener& open) {
  for (int nth = 1;; ++nth) {
    place at("killed");
    CLUSTER_CTL_EXPECT(run(at, {"import", "social", "social.txt"}, open), done);
    CLUSTER_CTL_EXPECT(run(at, {"apply"}, open), done);
    write_text(at.home + "/roads.txt", "a b\nb c\nc d\n");
    const pid_t child = start([&] {
      int calls = 0;
      const opener killing = watched(open, [&](const std::string&) {
        if (++calls == nth) ::kill(::getpid(), SIGKILL);
      });
      return run(at, {"apply"}, killing).status;
    });
    const int status = end_of(child);
    const std::string where = "killed at call " + std::to_string(nth) + ": ";
    CLUSTER_CTL_EXPECT(run(at, {"serve"}, open), done, "graph social: 3 edges, 3 nodes");
    auto next = run(at, {"apply"}, open);
    if (next.status == busy) {
      const std::string id = next.said.substr(next.said.find(" is ") + 4, 32);
      CLUSTER_CTL_EXPECT(run(at, {"force-unlock", std::string(32, '0')}, open), busy, "another one has the lock");
      CLUSTER_CTL_EXPECT(run(at, {"force-unlock", id}, open), done);
      next = run(at, {"apply"}, open);
    }
    if (next.status != done) return where + next.said;
    CLUSTER_CTL_EXPECT(run(at, {"serve"}, open), done, "graph roads: 3 edges, 4 nodes");
    if (const auto left = leftovers(at, open); !left.empty()) return where + "garbage is left:" + left;
    if (status == done) return std::printf("killed before and after each of %d calls\n", nth - 1), "";
    if (status != -1) return where + "it ended with " + std::to_string(status);
  }
}

inline std::string told(const opener& open) {
  place at("told", "approval: required\n");
  // The lock is free after each way to fail.
  CLUSTER_CTL_EXPECT(run(at, {"apply"}, open), approval_missing, "nobody has approved plan ");
  CLUSTER_CTL_EXPECT(run(at, {"import", "social", "missing.txt"}, open), failed);
  CLUSTER_CTL_EXPECT(run(at, {"import", "social", "social.txt"}, open), done);
  bool is_opened = false;  // by a word that is none: on S3 something would be put to see what the endpoint keeps
  const opener told = [&](const std::string&, const std::string&, enum use) -> result<perdure::any_store> {
    is_opened = true;
    return failure(code::io, operation::open);
  };
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"nonsense"}, {"apply", "twice"}, {"import", "roads"}, {"approve"}, {}})
    CLUSTER_CTL_EXPECT(run(at, words, told), usage);
  if (is_opened) return "a word that is no command opens the store";
  CLUSTER_CTL_EXPECT(run(at, {"status"}, open), done, "lock free");
  const std::string plan = run(at, {"plan"}, open).said;
  if (plan.find("add roads to ") == std::string::npos) return "the plan is: " + plan;
  const std::string of = plan.substr(plan.find("\nplan ") + 6, 64);
  CLUSTER_CTL_EXPECT(run(at, {"approve", "x"}, open), usage);
  CLUSTER_CTL_EXPECT(run(at, {"approve", of}, open), done);
  CLUSTER_CTL_EXPECT(run(at, {"apply"}, open), done, "applied 1");
  CLUSTER_CTL_EXPECT(run(at, {"apply"}, open), approval_missing);  // it was for one version
  if (const auto left = leftovers(at, open); !left.empty()) return "the approval is left:" + left;
  // One of a plan that came to nothing stands until the state is another one, and goes with the next sweep then.
  const std::string other = run(at, {"plan"}, open).said;
  const std::string void_one = other.substr(other.find("plan ") == 0 ? 5 : other.find("\nplan ") + 6, 64);
  CLUSTER_CTL_EXPECT(run(at, {"approve", void_one}, open), done);
  CLUSTER_CTL_EXPECT(run(at, {"status"}, open), done, "approval " + void_one + "\n");
  CLUSTER_CTL_EXPECT(run(at, {"sweep"}, open), done, " 0 approvals");
  CLUSTER_CTL_EXPECT(run(at, {"import", "social", "roads.txt"}, open), done);
  CLUSTER_CTL_EXPECT(run(at, {"apply"}, open), approval_missing);
  CLUSTER_CTL_EXPECT(run(at, {"sweep"}, open), done, " 1 approvals");
  if (const auto left = leftovers(at, open); !left.empty()) return "a void approval is left:" + left;
  // Somebody holds the lock, is forced out, and comes back: he is told both versions.
  place shared("conflict");
  CLUSTER_CTL_EXPECT(run(shared, {"import", "social", "social.txt"}, open), done);
  std::string wrong;
  bool met = false;
  const opener slow = watched(open, [&](const std::string& key) {
    if (met || key.find("catalog/") != 0) return;
    met = true;
    const auto refused = run(shared, {"apply"}, open);
    wrong = expect(refused, busy, "apply by process " + std::to_string(::getpid()));
    if (!wrong.empty()) return;
    const std::string id = refused.said.substr(refused.said.find(" is ") + 4, 32);
    wrong = expect(run(shared, {"force-unlock", id}, open), done);
    if (wrong.empty()) wrong = expect(run(shared, {"apply"}, open), done, "applied 1");
  });
  const auto late = run(shared, {"apply"}, slow);
  if (!wrong.empty()) return wrong;
  const std::string version = run(shared, {"status"}, open).said.substr(8, 71);
  CLUSTER_CTL_EXPECT(late, conflict, "found " + version);
  CLUSTER_CTL_EXPECT(late, conflict, "expected sha256:");
  CLUSTER_CTL_EXPECT(run(shared, {"sweep"}, open), done);
  if (const auto left = leftovers(shared, open); !left.empty()) return "garbage is left:" + left;
  return expect(run(shared, {"serve"}, open), done, "graph roads: 2 edges, 3 nodes");
}

// A lease ends with its holder, and not before: of one who works for longer than it the lock is taken by nobody.
inline std::string leased(const opener& open) {
  place at("leased");
  constexpr std::int64_t lease_ns = 2 * perdure::ns_per_second;
  const environment with_lease = {.lease_ns = lease_ns};
  const environment patient = {.wait_ns = 2 * lease_ns};
  CLUSTER_CTL_EXPECT(run(at, {"import", "social", "social.txt"}, open), done);
  std::string wrong = "it put no payload";
  const opener slow = watched(open, [&](const std::string& key) {
    if (key.find("catalog/") != 0 || wrong != "it put no payload") return;
    wrong = "";
    wrong = expect(run(at, {"apply"}, open, patient), busy, "apply by process");
  });
  const auto worked = run(at, {"apply"}, slow, with_lease);
  if (!wrong.empty()) return wrong;
  if (const std::string failed = expect(worked, done, "applied 1"); !failed.empty()) return failed;
  const pid_t dies = start([&] {
    const opener dying = watched(open, [&](const std::string& key) {
      if (key.find("recovery/") == 0) ::kill(::getpid(), SIGKILL);
    });
    return run(at, {"apply"}, dying, with_lease).status;
  });
  if (end_of(dies) != -1) return "it was not killed";
  CLUSTER_CTL_EXPECT(run(at, {"apply"}, open), busy, "apply by process");
  CLUSTER_CTL_EXPECT(run(at, {"apply"}, open, patient), done, "applied 2");
  return leftovers(at, open);
}

// Whoever serves while another one writes sees one version after another, each of them whole.
inline std::string served(const opener& open) {
  place at("served");
  CLUSTER_CTL_EXPECT(run(at, {"import", "social", "social.txt"}, open), done);
  CLUSTER_CTL_EXPECT(run(at, {"apply"}, open), done);
  const pid_t writer = start([&] {
    std::string edges = roads;
    for (int i = 0; i < 40; ++i) {
      edges += "c n" + std::to_string(i) + "\n";
      write_text(at.home + "/roads.txt", edges);
      if (const int status = run(at, {"apply"}, open).status; status != done) return status;
    }
    return static_cast<int>(done);
  });
  std::string wrong;
  int status = 0;
  int times = 0;
  while (::waitpid(writer, &status, WNOHANG) == 0) {
    if (wrong.empty()) wrong = expect(run(at, {"serve"}, open), done, "graph social: 3 edges, 3 nodes");
    ++times;
  }
  if (!wrong.empty()) return wrong;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != done) return "the writer ended with " + std::to_string(status);
  std::printf("served %d times beside a writer\n", times);
  CLUSTER_CTL_EXPECT(run(at, {"serve"}, open), done, "graph roads: 42 edges, 43 nodes");

  // Of what is served no object may be another one.
  const auto store = open("", at.home, use::writes);
  if (!store) return "the store cannot be opened";
  std::vector<std::string> keys;
  for (const char* const prefix : {"catalog/", "graphs/"}) {
    const auto listed = store->list(prefix, {}, 100, [&](const perdure::listed_object& one) {
      return keys.emplace_back(one.key.data(), one.key.size()), perdure::visit::go_on;
    });
    if (!listed) return "the store cannot be listed";
  }
  if (keys.size() != 6) return std::to_string(keys.size()) + " objects are there of two graphs";
  for (const std::string& key : keys) {
    std::string whole;
    if (!read_object(*store, key, whole, 1 << 20)) return key + " cannot be read";
    std::string other = whole;
    other[other.size() / 2] = static_cast<char>(other[other.size() / 2] ^ 1);
    if (!store->put(key, other, perdure::precondition::any)) return key + " cannot be altered";
    if (run(at, {"serve"}, open).status != failed) return key + " is altered, and served";
    if (!store->put(key, whole, perdure::precondition::any)) return key + " cannot be put back";
  }
  return expect(run(at, {"serve"}, open), done, "graph roads: 42 edges, 43 nodes");
}

inline std::string roots(const opener& open) {
  for (const char* const uri : {"s3:/x", "s3://", "ftp://host/x", "http://host/", "s3://key:secret@bucket/x", "missing",
                                "file:///missing/x", "file:x", "roads.txt"}) {
    place at("roots");
    const auto before = tree(at.home);
    for (const char* const command : {"apply", "status", "sweep", "serve"}) {
      const auto got = run(at, {command}, open, {.store = uri});
      const bool is_file = std::string(uri) == "roads.txt";
      if (got.status != bad_root && !is_file) return std::string(uri) + ": " + expect(got, bad_root);
      if (is_file && got.status == done) return "a file is taken for a directory";
      if (got.said.find("secret") != std::string::npos) return "a secret is told";
      if (got.said.find(" Name ") == std::string::npos) return "nobody is told what to do: " + got.said;
    }
    if (tree(at.home) != before) return std::string(uri) + ": something was made";
  }
  return "";
}

// With all that is stored in memory, no file is touched by any command.
inline std::string around(const opener&) {
  place at("around");
  perdure::mem_store objects;
  const opener in_memory = [&](const std::string&, const std::string&, enum use) -> result<perdure::any_store> {
    return perdure::any_store(objects);
  };
  const auto before = tree(at.home);
  const auto beside = tree("cluster_ctl.data").size();
  CLUSTER_CTL_EXPECT(run(at, {"import", "social", "social.txt"}, in_memory), done);
  CLUSTER_CTL_EXPECT(run(at, {"plan"}, in_memory), done);
  CLUSTER_CTL_EXPECT(run(at, {"approve", std::string(64, '0')}, in_memory), done);
  CLUSTER_CTL_EXPECT(run(at, {"apply"}, in_memory), done);
  CLUSTER_CTL_EXPECT(run(at, {"sweep"}, in_memory), done);
  CLUSTER_CTL_EXPECT(run(at, {"serve"}, in_memory), done, "graph roads: 2 edges, 3 nodes");
  if (tree(at.home) != before || tree("cluster_ctl.data").size() != beside) return "a file was touched";
  // And none of the commands knows how.
  for (const char* const source : {"commands.hpp", "state.hpp", "config.hpp", "lease.hpp", "root.hpp", "main.cpp"}) {
    const std::string text = read_text(std::string(CLUSTER_CTL_DIR) + "/" + source);
    if (text.empty()) return std::string(source) + " cannot be read";
    for (const char* const word : {"ofstream", "fopen", "atomic_write", "filesystem", "::open(", "::write(", "_fs", "rename("}) {
      if (text.find(word) != std::string::npos) return std::string(source) + " has " + word;
    }
  }
  return "";
}

// A cluster that was written once, each file a line of its name and its bytes in hexadecimal, is read and goes on for ever.
inline std::string golden(const opener& open) {
  place at("golden");
  std::istringstream lines(read_text(std::string(PERDURE_TESTS_DIR) + "/golden/cluster_v1.hex"));
  int number = 0;
  for (std::string name, hex; lines >> name >> hex; ++number) {
    std::string content;
    for (std::size_t i = 0; hex != "-" && i + 1 < hex.size(); i += 2)
      content += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    write_text(at.home + "/" + name, content);
  }
  if (number == 0) return "there is no golden cluster";
  CLUSTER_CTL_EXPECT(run(at, {"serve"}, open), done, "graph roads: 2 edges, 3 nodes\ngraph social: 3 edges, 3 nodes\n");
  CLUSTER_CTL_EXPECT(run(at, {"status"}, open), done, "serial 2 applied 1\n");
  CLUSTER_CTL_EXPECT(run(at, {"apply"}, open), done, "applied 2");
  return leftovers(at, open);
}

// Each place has a prefix of its own.
inline opener below(const std::string& base) {
  return [base](const std::string&, const std::string& home, enum use how) {
    return open_root(base + "/" + files::path(home).filename().string(), "", how, {.root = perdure::store_root::make});
  };
}

inline int accept(const std::vector<std::string>& words, const std::string& store) {
  const std::string only = words.size() > 1 ? words[1] : "";
  const int times = words.size() > 2 ? std::atoi(words[2].c_str()) : 10;
  const opener at_home = environment().open;
  const opener open = store.empty() ? at_home : below(store);
  if (!store.empty()) elsewhere_than_home = open;
  struct law {
    const char* what;
    bool is_of_files;
    std::function<std::string()> wrong;
  };
  const law laws[] = {{"layout", true, [&] { return layout(open); }},
                      {"elsewhere", true, [&] { return elsewhere(open); }},
                      {"counted", false, [&] { return counted(open, times); }},
                      {"killed", false, [&] { return killed(open); }},
                      {"told", false, [&] { return told(open); }},
                      {"leased", false, [&] { return leased(open); }},
                      {"served", false, [&] { return served(open); }},
                      {"roots", true, [&] { return roots(open); }},
                      {"around", true, [&] { return around(open); }},
                      {"golden", true, [&] { return golden(open); }}};
  int held = 0;
  int asked = 0;
  for (const law& one : laws) {
    if ((!only.empty() && only != one.what) || (one.is_of_files && !store.empty())) continue;
    const std::string wrong = one.wrong();
    std::printf("%-10s %s\n", one.what, wrong.empty() ? "held" : wrong.c_str());
    held += wrong.empty() ? 1 : 0;
    ++asked;
  }
  files::remove_all("cluster_ctl.data");
  if (asked == 0) return std::fprintf(stderr, "accept: %s is not among what is shown there\n", only.c_str()), cluster_ctl::usage;
  return held == asked ? done : failed;
}

}  // namespace cluster_ctl

#endif  // EXAMPLES_CLUSTER_CTL_ACCEPTANCE_HPP
