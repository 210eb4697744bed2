// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_CLUSTER_CTL_COMMANDS_HPP
#define EXAMPLES_CLUSTER_CTL_COMMANDS_HPP

// The commands. All that they store goes to the one Store that `open` gives; nothing is written in any other way.

#include <examples/cluster_ctl/config.hpp>
#include <examples/cluster_ctl/state.hpp>
#include <examples/store_uri.hpp>

#include <perdure/cluster/serving_snapshot.hpp>
#include <perdure/cluster/storage_root.hpp>
#include <perdure/cluster/sweep_cluster.hpp>

#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

namespace cluster_ctl {

// For scripts.
enum exit_status : int {
  done = 0,
  failed = 1,
  usage = 2,
  busy = 3,              // somebody else has the lock; the message says who
  conflict = 4,          // another version is there; the message says both
  bad_root = 5,          // of the storage
  approval_missing = 6,  // the message says of what
  outcome_unknown = 7,   // it may have happened: `status` tells
};

// Of an address, or none, for the configuration in this directory.
using opener = std::function<result<perdure::any_store>(const std::string& uri, const std::string& home, enum examples::use use)>;

struct environment {
  std::string home = ".";  // where cluster.yaml lies
  std::string store = {};  // --store, instead of what that says
  long long wait_seconds = 0;
  long long lease_seconds = 0;
  int times = 1;
  opener open = {};
  std::string said = {};  // what the command says
};

using cluster = perdure::cluster_store<perdure::any_store, perdure::native_clock>;

class commands {
 public:
  explicit commands(environment& all) : all_(all) {}

  int run(const std::vector<std::string>& words) {
    const std::string wrong = read_config(all_.home + "/cluster.yaml", config_);
    if (!wrong.empty()) return say(wrong), usage;
    const std::string uri = all_.store.empty() ? config_.storage : all_.store;
    const bool only_looks = words[0] == "plan" || words[0] == "status" || words[0] == "serve";
    auto opened = all_.open(uri, all_.home, only_looks ? examples::use::only_looks : examples::use::writes);
    if (!opened) return told_root(opened.error());
    store_ = std::make_unique<perdure::any_store>(*opened);
    const std::string& what = words[0];
    const std::size_t more = words.size() - 1;
    if (what == "import" && more == 2) return import(words[1], words[2]);
    if (what == "plan" && more == 0) return plan();
    if (what == "apply" && more == 0) return apply();
    if (what == "status" && more == 0) return status();
    if (what == "approve" && more == 1) return approve(words[1]);
    if (what == "sweep" && more == 0) return sweep();
    if (what == "force-unlock" && more == 1) return force_unlock(words[1]);
    if (what == "serve" && more == 0) return serve();
    return say("import NAME FILE | plan | apply | status | approve DIGEST | sweep | force-unlock ID | serve"), usage;
  }

 private:
  using digest = perdure::digest;

  void say(const std::string& line) { all_.said += line + "\n"; }
  int told(const failure& why) {
    if (why.code() == code::invalid_storage_root || why.code() == code::permission) return told_root(why);
    say(std::string(describe(why)));
    return why.doubt() == perdure::doubt::none ? failed : outcome_unknown;
  }
  int told_root(const failure& why) {
    say(std::string(describe_storage_root(why)));
    return bad_root;
  }
  static std::string text_of_version(const perdure::ledger_version& version) {
    std::byte buffer[perdure::content_id::text_size];
    return text_of(to_text(version, buffer));
  }
  static std::string text_of_holder(const perdure::lock_holder& holder) {
    std::byte id[perdure::lock_id::text_size];
    return text_of(to_text(holder.id, id)) + ", " + text_of(holder.name()) + " by process " + std::to_string(holder.process) +
           " on " + text_of(holder.host()) + " since " + std::to_string(holder.taken_unix_ns / perdure::ns_per_second);
  }
  std::unique_ptr<cluster> open() {
    return std::make_unique<cluster>(*store_, clock_, names_of, perdure::cluster_options{.lock = {.pause_ns = 1'000'000}});
  }

  // Under the lock, which is free again when this returns, whatever came of it.
  int with_lock(const char* name, const std::function<int(cluster&)>& work) {
    const auto mine = open();
    char host[96] = "";
    (void)::gethostname(host, sizeof(host) - 1);
    const auto taken = mine->begin({.id = perdure::lock_id::of(store_->nonce()),
                                    .name = perdure::path_view(name).size() != 0 ? bytes(name) : bytes(),
                                    .host = bytes(static_cast<const char*>(host)),
                                    .process = static_cast<std::uint64_t>(::getpid()),
                                    .lease_ns = all_.lease_seconds * perdure::ns_per_second},
                                   all_.wait_seconds * perdure::ns_per_second);
    if (!taken) return told(taken.error());
    if (!taken->done) return say("busy: the lock is " + text_of_holder(taken->holder)), busy;
    const int status = work(*mine);
    const auto ended = mine->end();
    if (!ended && status == done) return told(ended.error());
    return status;
  }
  int committed(const result<perdure::ledger_reply>& answer, const std::string& what) {
    if (!answer) return told(answer.error());
    if (answer->answer == perdure::ledger_answer::won) return say(what + ": " + text_of_version(answer->found)), done;
    if (answer->answer == perdure::ledger_answer::fenced)
      return say("conflict: whoever has taken the lock since has been here; ask for the status, and apply again"), conflict;
    say("conflict: expected " + text_of_version(answer->expected) + ", found " + text_of_version(answer->found));
    return conflict;
  }

  // The graph's edges and root, as the next state names them; what it is made of is put by the commit.
  result<kept_graph> named(cluster& mine, const std::string& name, const std::string& edges) {
    const auto id = mine.id_of(edges);
    if (!id) return id.error();
    const auto before = state::parse(text_of(mine.entry().state));
    if (!before) return before.error();
    const auto old = before->graphs.find(name);
    if (old != before->graphs.end() && old->second.edges == *id) return old->second;
    const auto root = mine.new_root(name);
    if (!root) return root.error();
    return kept_graph{*id, std::string(root->data(), root->size())};
  }
  result<void> build(cluster& mine, const kept_graph& graph, const graph_objects& objects) {
    PERDURE_TRY(mine.put(objects.edges));
    if (perdure::detail::operation_of_root(graph.root) != mine.operation()) return {};
    auto root = mine.root(graph.root);
    PERDURE_TRY(root.put("nodes", objects.nodes, perdure::precondition::any));
    PERDURE_TRY(root.put("degrees", objects.degrees, perdure::precondition::any));
    return {};
  }
  int read_graph(const std::string& path, graph_objects& objects) {
    std::string text;
    const auto read = perdure::read_file(path[0] == '/' ? path : all_.home + "/" + path, text, std::uint64_t{1} << 28);
    if (!read) return say(std::string(describe(read.error()))), failed;
    if (!build_graph(text, objects)) return say(path + ": each line is an edge, of two nodes"), failed;
    return done;
  }

  int import(const std::string& name, const std::string& path) {
    graph_objects objects;
    if (!is_graph_name(name)) return say("a graph has small letters, digits and '_'"), usage;
    if (const int read = read_graph(path, objects); read != done) return read;
    return with_lock("import", [&](cluster& mine) {
      auto next = state::parse(text_of(mine.entry().state));
      if (!next) return told(next.error());
      const auto graph = named(mine, name, objects.edges);
      if (!graph) return told(graph.error());
      next->graphs[name] = *graph;
      return committed(mine.commit(next->text(), [&] { return build(mine, *graph, objects); }), "imported " + name);
    });
  }

  // What the configuration declares; false where a file is missing or is no graph.
  int read_declared(std::map<std::string, graph_objects>& declared) {
    for (const auto& [name, file] : config_.graphs) {
      if (file.empty()) continue;
      if (const int read = read_graph(file, declared[name]); read != done) return read;
    }
    return done;
  }
  // In words, and with the version that it is for: so no two plans have one digest.
  std::string plan_for(const perdure::ledger_entry& now, const state& before,
                       const std::map<std::string, graph_objects>& declared) {
    std::string words = "from " + text_of_version(now.version) + " " + std::to_string(now.serial) + "\n";
    for (const auto& [name, file] : config_.graphs) {
      const auto old = before.graphs.find(name);
      const bool is_there = old != before.graphs.end();
      if (file.empty()) {
        words += (is_there ? "keep " : "missing ") + name + "\n";
        continue;
      }
      const digest of = perdure::sha256_of(declared.at(name).edges);
      if (is_there && old->second.edges.of == of) continue;
      std::byte hex[digest::hex_size];
      words += (is_there ? "change " : "add ") + name + " to " + text_of(to_hex(of, hex)) + "\n";
    }
    for (const auto& [name, graph] : before.graphs) words += config_.graphs.count(name) == 0 ? "drop " + name + "\n" : "";
    return words;
  }
  static std::string text_of_digest(const digest& of) {
    std::byte hex[digest::hex_size];
    return text_of(to_hex(of, hex));
  }

  int plan() {
    std::map<std::string, graph_objects> declared;
    if (const int read = read_declared(declared); read != done) return read;
    const auto mine = open();
    const auto now = mine->observe();
    if (!now) return told(now.error());
    const auto before = state::parse(text_of(now->state));
    if (!before) return told(before.error());
    const std::string words = plan_for(*now, *before, declared);
    say(words + "plan " + text_of_digest(perdure::sha256_of(words)));
    return done;
  }
  int approve(const std::string& text) {
    const auto of = perdure::parse_digest(text);
    if (!of) return say("an approval is of 64 hexadecimal digits, which `plan` says"), usage;
    const auto put = open()->artifacts().approve(*of, "approved\n");
    if (!put) return told(put.error());
    return say("approved " + text), done;
  }
  int apply() {
    for (int left = all_.times; left > 0; --left) {
      if (const int status = apply_once(); status != done) return status;
    }
    return done;
  }
  int apply_once() {
    std::map<std::string, graph_objects> declared;
    if (const int read = read_declared(declared); read != done) return read;
    return with_lock("apply", [&](cluster& mine) {
      const auto before = state::parse(text_of(mine.entry().state));
      if (!before) return told(before.error());
      const digest of = perdure::sha256_of(plan_for(mine.entry(), *before, declared));
      if (config_.wants_approval) {
        std::string note;
        const auto approved = mine.artifacts().approval(of, note);
        if (!approved && approved.error().code() != code::not_found) return told(approved.error());
        if (!approved) return say("nobody has approved plan " + text_of_digest(of)), static_cast<int>(approval_missing);
      }
      state next;
      next.applied = before->applied + 1;
      for (const auto& [name, file] : config_.graphs) {
        const auto old = before->graphs.find(name);
        if (file.empty()) {
          if (old == before->graphs.end()) return say(name + " was never imported"), static_cast<int>(failed);
          next.graphs[name] = old->second;
          continue;
        }
        const auto graph = named(mine, name, declared.at(name).edges);
        if (!graph) return told(graph.error());
        next.graphs[name] = *graph;
      }
      const auto answer = mine.commit(next.text(), [&]() -> result<void> {
        for (const auto& [name, objects] : declared) PERDURE_TRY(build(mine, next.graphs[name], objects));
        return {};
      });
      // Its plan names a version that is gone: an approval that stays behind approves nothing.
      if (answer && config_.wants_approval) (void)mine.artifacts().retire_approval(of);
      return committed(answer, "applied " + std::to_string(next.applied));
    });
  }

  int status() {
    const auto mine = open();
    const auto now = mine->observe();
    if (!now) return told(now.error());
    const auto is = state::parse(text_of(now->state));
    if (!is) return told(is.error());
    say("version " + text_of_version(now->version) + " serial " + std::to_string(now->serial) + " applied " +
        std::to_string(is->applied));
    for (const auto& [name, graph] : is->graphs) say("graph " + name + " " + text_of(graph.edges) + " " + graph.root);
    const auto holder = mine->holder();
    if (!holder) return told(holder.error());
    say(holder->is_held ? "lock " + text_of_holder(*holder) : "lock free");
    const auto listed = mine->artifacts().list_sidecars([&](std::uint64_t operation) -> result<perdure::visit> {
      return say("recovery " + std::to_string(operation)), perdure::visit::go_on;
    });
    return listed ? static_cast<int>(done) : told(listed.error());
  }
  int sweep() {
    return with_lock("sweep", [&](cluster& mine) {
      const auto swept = sweep_cluster(mine);
      if (!swept) return told(swept.error());
      say("swept " + std::to_string(swept->payloads) + " payloads, " + std::to_string(swept->roots) + " roots, " +
          std::to_string(swept->sidecars) + " sidecars");
      return static_cast<int>(done);
    });
  }
  int force_unlock(const std::string& text) {
    const auto id = perdure::parse_lock_id(text);
    if (!id) return say("the id of a lock is 32 hexadecimal digits, which `busy` and `status` say"), usage;
    const auto freed = open()->force_unlock(*id);
    if (!freed) return told(freed.error());
    if (freed->done) return say("unlocked"), done;
    if (!freed->holder.is_held) return say("the lock is free"), failed;
    return say("another one has the lock: " + text_of_holder(freed->holder)), busy;
  }
  // One version whole. Where its roots have gone meanwhile, the one that is there now.
  int serve() {
    perdure::serving_snapshot<perdure::any_store> served(*store_, names_of);
    for (int tries = 0;; ++tries) {
      const auto moved = served.refresh();
      if (!moved) return told(moved.error());
      std::string lines;
      const auto shown = show(served, lines);
      if (shown) return all_.said += lines, done;
      const bool may_have_moved = shown.error().code() == code::not_found && tries < 8;
      if (!may_have_moved || (tries != 0 && !*moved)) return told(shown.error());
    }
  }
  result<void> show(perdure::serving_snapshot<perdure::any_store>& served, std::string& lines) {
    const auto is = state::parse(text_of(served.entry().state));
    if (!is) return is.error();
    lines = "serving " + text_of_version(served.entry().version) + "\n";
    for (const auto& [name, graph] : is->graphs) {
      const auto edges = served.payload(graph.edges);
      if (!edges) return edges.error();
      graph_objects made;
      std::string degrees;
      auto root = served.root(graph.root);
      PERDURE_TRY(read_object(root, "degrees", degrees, std::uint64_t{1} << 28));
      if (!build_graph(text_of(*edges), made) || made.degrees != degrees)
        return failure(code::corrupt, operation::load).about(bytes(graph.root));
      lines += "graph " + name + ": " + std::to_string(std::count(made.edges.begin(), made.edges.end(), '\n')) + " edges, " +
               std::to_string(std::count(made.nodes.begin(), made.nodes.end(), '\n')) + " nodes\n";
    }
    return {};
  }

  environment& all_;
  config config_;
  perdure::native_clock clock_;
  std::unique_ptr<perdure::any_store> store_;
};

}  // namespace cluster_ctl

#endif  // EXAMPLES_CLUSTER_CTL_COMMANDS_HPP
