// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_CLUSTER_CTL_COMMANDS_HPP
#define EXAMPLES_CLUSTER_CTL_COMMANDS_HPP

// The commands. All that they store goes to the one Store that `open` gives; nothing is written in any other way.
//
// What fails for the moment is made again (retry_store.hpp), and that is right of everything here: of what is put with a
// condition, ledger and lock hold a nonce and are never removed, and a payload's key belongs to one operation; so does every
// other key, but for an approval's, which always has the same to say. What comes late by that is an object that nothing names,
// or a sidecar of what has ended, and goes as such.

#include <examples/cluster_ctl/config.hpp>
#include <examples/cluster_ctl/lease.hpp>
#include <examples/cluster_ctl/root.hpp>
#include <examples/cluster_ctl/state.hpp>

#include <perdure/cluster/serving_snapshot.hpp>
#include <perdure/cluster/sweep_cluster.hpp>
#include <perdure/store/retry_store.hpp>

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

struct environment {
  std::string home = ".";  // where cluster.yaml lies
  std::string store = {};  // --store, instead of what that says
  std::int64_t wait_ns = 0;
  std::int64_t lease_ns = 0;
  std::int64_t pause_ns = 10'000'000;
  int times = 1;
  opener open = [](const std::string& uri, const std::string& in, enum use how) { return open_root(uri, in, how); };
  std::string said = {};  // what the command says
};

using retrying = perdure::retry_store<perdure::any_store, perdure::native_clock>;
using cluster = perdure::cluster_store<retrying, perdure::native_clock>;

class commands {
 public:
  explicit commands(environment& all) : all_(all) {}

  int run(const std::vector<std::string>& words) {
    if (!is_command(words)) return say(verbs), usage;
    const std::string wrong = read_config(all_.home + "/cluster.yaml", config_);
    if (!wrong.empty()) return say(wrong), usage;
    const std::string uri = all_.store.empty() ? config_.storage : all_.store;
    const bool only_looks = words[0] == "plan" || words[0] == "status" || words[0] == "serve";
    auto opened = all_.open(uri, all_.home, only_looks ? use::only_looks : use::writes);
    if (!opened) return told_root(opened.error());
    base_ = std::make_unique<perdure::any_store>(*opened);
    const perdure::retry_options again = {.puts = perdure::in_doubt::is_made_again, .removes = perdure::in_doubt::is_made_again};
    store_ = std::make_unique<retrying>(*base_, clock_, again);
    const std::string& what = words[0];
    if (what == "import") return import(words[1], words[2]);
    if (what == "plan") return plan();
    if (what == "apply") return apply();
    if (what == "status") return status();
    if (what == "approve") return approve(words[1]);
    if (what == "sweep") return sweep();
    if (what == "force-unlock") return force_unlock(words[1]);
    return serve();
  }

 private:
  using digest = perdure::digest;
  // In front of the serial of the state that was there: a plan is for one state, so that an approval is void behind it.
  static constexpr const char* approval_at = "approved at ";
  static constexpr const char* verbs =
      "import NAME FILE | plan | approve DIGEST | apply | status | serve | sweep | force-unlock ID";

  // Asked before anything is opened: to see whether a bucket keeps conditions is to put something there.
  static bool is_command(const std::vector<std::string>& words) {
    const std::string what = words.empty() ? "" : words[0];
    for (const char* const one : {"plan", "apply", "status", "sweep", "serve"}) {
      if (what == one) return words.size() == 1;
    }
    return what == "import" ? words.size() == 3 : (what == "approve" || what == "force-unlock") && words.size() == 2;
  }

  void say(const std::string& line) { all_.said += line + "\n"; }
  int told(const failure& why) {
    if (why.code() == code::invalid_storage_root || why.code() == code::permission) return told_root(why);
    if (why.code() == code::conflict && why.operation() == operation::lock)
      return say("conflict: the lease ran out, and somebody else has the lock; ask for the status, and apply again"), conflict;
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
    return std::make_unique<cluster>(*store_, clock_, names_of, perdure::cluster_options{.lock = {.pause_ns = all_.pause_ns}});
  }

  // Under the lock, which is free again when this returns, whatever came of it.
  int with_lock(const char* name, const std::function<int(cluster&)>& work) {
    const auto mine = open();
    char host[96] = "";
    (void)::gethostname(host, sizeof(host) - 1);
    const std::int64_t begun_ns = clock_.elapsed_ns();
    const auto taken = mine->begin({.id = perdure::lock_id::of(store_->nonce()),
                                    .name = bytes(name),
                                    .host = bytes(static_cast<const char*>(host)),
                                    .process = static_cast<std::uint64_t>(::getpid()),
                                    .lease_ns = all_.lease_ns},
                                   all_.wait_ns);
    if (!taken) return told(taken.error());
    if (!taken->done) return say("busy: the lock is " + text_of_holder(taken->holder)), busy;
    int status = failed;
    {
      lease_keeper keeper(*mine, all_.lease_ns, clock_.elapsed_ns() - begun_ns);
      keeper_ = &keeper;
      status = work(*mine);
      keeper_ = nullptr;
    }
    const auto ended = mine->end();
    if (ended || status != done) return status;
    (void)told(ended.error());
    return say("it is done, but the lock may be held still: `status` tells its id, for force-unlock"), outcome_unknown;
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
    if (keeper_->lost()) return failure(code::conflict, operation::lock);
    PERDURE_TRY(mine.put(objects.edges));
    if (perdure::operation_of_root(graph.root) != mine.operation()) return {};
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
    const auto mine = open();
    const auto now = mine->observe();
    if (!now) return told(now.error());
    const auto put = mine->artifacts().approve(*of, approval_at + std::to_string(now->serial) + "\n");
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
    if (!listed) return told(listed.error());
    const auto approved = mine->artifacts().list_approvals(
        [&](const digest& of) -> result<perdure::visit> { return say("approval " + text_of_digest(of)), perdure::visit::go_on; });
    return approved ? static_cast<int>(done) : told(approved.error());
  }
  int sweep() {
    return with_lock("sweep", [&](cluster& mine) {
      const auto swept = sweep_cluster(mine);
      if (!swept) return told(swept.error());
      const auto approvals = sweep_approvals(mine);
      if (!approvals) return told(approvals.error());
      say("swept " + std::to_string(swept->payloads) + " payloads, " + std::to_string(swept->roots) + " roots, " +
          std::to_string(swept->sidecars) + " sidecars, " + std::to_string(*approvals) + " approvals");
      return static_cast<int>(done);
    });
  }
  // Those of plans for a state that has been replaced. What says nothing of a state is kept.
  result<int> sweep_approvals(cluster& mine) {
    int swept = 0;
    const std::string now = approval_at + std::to_string(mine.entry().serial) + "\n";
    const auto listed = mine.artifacts().list_approvals([&](const digest& of) -> result<perdure::visit> {
      std::string note;
      const auto read = mine.artifacts().approval(of, note);
      if (!read && read.error().code() != code::not_found) return read.error();
      if (!read || note == now || note.find(approval_at) != 0) return perdure::visit::go_on;
      PERDURE_TRY(mine.artifacts().retire_approval(of));
      return ++swept, perdure::visit::go_on;
    });
    return listed ? result<int>(swept) : listed.error();
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
    perdure::serving_snapshot<retrying> served(*store_, names_of);
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
  result<void> show(perdure::serving_snapshot<retrying>& served, std::string& lines) {
    const auto is = state::parse(text_of(served.entry().state));
    if (!is) return is.error();
    lines = "serving " + text_of_version(served.entry().version) + "\n";
    for (const auto& [name, graph] : is->graphs) {
      const auto edges = served.payload(graph.edges);
      if (!edges) return edges.error();
      graph_objects made;
      std::string nodes;
      std::string degrees;
      auto root = served.root(graph.root);
      PERDURE_TRY(read_object(root, "nodes", nodes, std::uint64_t{1} << 28));
      PERDURE_TRY(read_object(root, "degrees", degrees, std::uint64_t{1} << 28));
      if (!build_graph(text_of(*edges), made) || made.nodes != nodes || made.degrees != degrees)
        return failure(code::corrupt, operation::load).about(bytes(graph.root));
      lines += "graph " + name + ": " + std::to_string(std::count(made.edges.begin(), made.edges.end(), '\n')) + " edges, " +
               std::to_string(std::count(made.nodes.begin(), made.nodes.end(), '\n')) + " nodes\n";
    }
    return {};
  }

  environment& all_;
  config config_;
  perdure::native_clock clock_;
  std::unique_ptr<perdure::any_store> base_;
  std::unique_ptr<retrying> store_;
  const lease_keeper* keeper_ = nullptr;  // while a command has the lock
};

}  // namespace cluster_ctl

#endif  // EXAMPLES_CLUSTER_CTL_COMMANDS_HPP
