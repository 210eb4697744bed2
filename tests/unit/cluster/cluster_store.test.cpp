// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/cluster/cluster_store.hpp>
#include <perdure/store/any_store.hpp>
#include <perdure/store/mem_store.hpp>
#include <perdure/testing/fault_store.hpp>
#include <perdure/testing/read_text.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/clusters.hpp>

#include <atomic>
#include <thread>

using namespace tests;
using testing::read_text;
using key_list = std::vector<std::string>;

namespace {

template <class T>
bool fails(const result<T>& answer, enum code code) {
  return !answer && answer.error().code() == code;
}

struct place {
  mem_store objects;
  testing::fault_store<mem_store> faulty;
  any_store store;
  manual_clock clock;
  explicit place(const char* rules = "") : faulty(objects, rules), store(faulty) {}

  using cluster_type = cluster_store<any_store, manual_clock>;
  cluster_type open() { return cluster_type(store, clock, names_of); }
  // A whole command.
  result<ledger_reply> run(const wanted& want) {
    cluster_type cluster(store, clock, names_of);
    const auto mine = cluster.begin(claim_of(store));
    if (!mine) return mine.error();
    if (!mine->done) return failure(code::busy, operation::lock);
    const auto done = commit(cluster, want);
    PERDURE_TRY(cluster.end());
    return done;
  }
  std::string state() {
    auto cluster = open();
    const auto now = cluster.observe();
    return now ? std::string(reinterpret_cast<const char*>(now->state.data()), now->state.size()) : "(failed)";
  }
};

}  // namespace

TEST_CASE("cluster_store: a commit makes what the state names, drops what only the old one named, and keeps no sidecar") {
  place here;
  REQUIRE(here.run({"one", {"a", "b"}, "social"}));
  const auto first = here.state();
  CHECK(first.find("root social-1\n") != std::string::npos);
  CHECK(incomplete(here.store, first).empty());
  CHECK(keys_in(here.store, "catalog/").size() == 2);
  REQUIRE(here.run({"two", {"b", "c"}, "social"}));
  const auto second = here.state();
  CHECK(incomplete(here.store, second).empty());
  // What both name is not put again.
  CHECK(second.find("payload " + text_of({sha256_of("b"), 1})) != std::string::npos);
  CHECK(second.find("payload " + text_of({sha256_of("c"), 2})) != std::string::npos);
  CHECK(keys_in(here.store, "catalog/").size() == 2);
  CHECK(keys_in(here.store, "graphs/") == key_list{"graphs/social-2/a"});
  CHECK(keys_in(here.store, "recovery/").empty());
  REQUIRE(here.run({"three"}));
  CHECK(here.state() == "note three\n");
  CHECK(keys_in(here.store, "") == key_list{"ledger", "lock"});
}

TEST_CASE("cluster_store: a second one is told who holds the lock, and gets it when that ends, on an error path, too") {
  place here;
  auto first = here.open();
  REQUIRE(first.begin({.id = lock_id::of(here.store.nonce()), .name = "apply", .host = "h", .process = 12})->done);
  {
    auto second = here.open();
    const auto told = second.begin(claim_of(here.store));
    REQUIRE(told);
    CHECK_FALSE(told->done);
    CHECK(told->holder.name() == bytes("apply"));
    CHECK(told->holder.process == 12);
    CHECK(fails(second.commit("note x\n"), code::invalid_argument));
    lock_id other = told->holder.id;
    other.made[0] ^= std::byte{1};
    CHECK_FALSE(second.force_unlock(other)->done);
    CHECK(first.end());
  }
  {
    auto third = here.open();
    REQUIRE(third.begin(claim_of(here.store))->done);
    CHECK(fails(third.commit("nonsense\n"), code::corrupt));  // and it goes out of scope
  }
  auto fourth = here.open();
  const auto mine = fourth.begin(claim_of(here.store));
  REQUIRE(mine->done);
  CHECK(here.open().force_unlock(mine->holder.id)->done);
  CHECK(here.run({"forced"}));
}

TEST_CASE("cluster_store: whoever was forced out, or outlasted his lease, before he began to commit, commits no more") {
  for (const std::int64_t lease_ns : {std::int64_t{0}, ns_per_second}) {
    place here;
    REQUIRE(here.run({"one", {"a"}}));
    auto late = here.open();
    auto claim = claim_of(here.store);
    claim.lease_ns = lease_ns;
    REQUIRE(late.begin(claim)->done);
    auto next = here.open();
    if (lease_ns == 0) REQUIRE(next.force_unlock(claim.id)->done);
    REQUIRE(next.begin(claim_of(here.store), 2 * lease_ns)->done);
    const auto refused = commit(late, {"late", {"b"}});
    REQUIRE(refused);
    CHECK(refused->answer == ledger_answer::fenced);
    const auto ended = late.end();
    CHECK((ended && !*ended));
    const auto done = commit(next, {"two", {"a"}});
    REQUIRE(done);
    CHECK(done->answer == ledger_answer::won);
    REQUIRE(next.end());
    CHECK(keys_in(here.store, "catalog/").size() == 1);
    CHECK(keys_in(here.store, "recovery/").empty());
  }
}

TEST_CASE("cluster_store: whoever was overtaken while he began commits nothing, whatever fence he has seen") {
  int overtaken = 0;
  for (int nth = 1; nth <= 4; ++nth) {
    INFO("call " << nth);
    place here;
    REQUIRE(here.run({"one", {"a"}}));
    auto late = here.open();
    auto next = here.open();
    const auto claim = claim_of(here.store);
    bool is_over = false;
    here.faulty.plan().add("get ledger nth " + std::to_string(nth) + " slow 1");
    here.faulty.plan().sleep_with([&](std::uint64_t) {
      const auto forced = next.force_unlock(claim.id);
      const auto taken = next.begin(claim_of(here.store));
      is_over = forced && forced->done && taken && taken->done;
    });
    const auto begun = late.begin(claim);
    if (!is_over) continue;
    ++overtaken;
    if (begun && begun->done) {
      const auto refused = commit(late, {"late", {"b"}});
      CHECK((!refused || refused->answer != ledger_answer::won));
    }
    const auto done = commit(next, {"two", {"a"}});
    REQUIRE(done);
    CHECK(done->answer == ledger_answer::won);
    CHECK(here.state().find("note two\n") == 0);
  }
  CHECK(overtaken >= 2);  // before it raised the fence, and behind that
}

namespace {
int times_read = 0;
result<void> counted_names_of(bytes state, cluster_name_visitor visitor) {
  ++times_read;
  return names_of(state, visitor);
}
}  // namespace

TEST_CASE("cluster_store: a state is not read again for each payload of the next one") {
  place here;
  cluster_store<any_store, manual_clock> cluster(here.store, here.clock, counted_names_of);
  int most = 0;
  for (const int count : {3, 300}) {
    wanted want = {std::to_string(count)};
    for (int i = 0; i < count; ++i) want.payloads.push_back("payload " + std::to_string(i));
    for (const char* const note : {"new", "the same again"}) {
      want.note = note;
      times_read = 0;
      REQUIRE(cluster.begin(claim_of(here.store))->done);
      REQUIRE(commit(cluster, want)->answer == ledger_answer::won);
      REQUIRE(cluster.end());
      if (count == 3) most = times_read > most ? times_read : most;
      CHECK(times_read <= most);
    }
    CHECK(keys_in(here.store, "catalog/").size() == static_cast<std::size_t>(count));
    CHECK(incomplete(here.store, here.state()).empty());
  }
}

TEST_CASE("cluster_store: another thread renews the lease while a long commit runs") {
  place here;
  auto cluster = here.open();
  auto claim = claim_of(here.store);
  claim.lease_ns = 100 * ns_per_second;
  REQUIRE(cluster.begin(claim)->done);
  std::atomic<bool> is_over = false;
  std::atomic<int> renewed = 0;
  std::atomic<int> refused = 0;
  std::thread keeper([&] {
    while (!is_over) {
      const auto done = cluster.renew();
      ++(done && done->done ? renewed : refused);
    }
  });
  const std::string state = "note long\n";
  const auto done = cluster.commit(state, [&]() -> result<void> {
    for (int before = renewed; renewed == before && refused == 0;) (void)cluster.artifacts().put_sidecar(99, "x");
    return cluster.artifacts().retire_sidecar(99);
  });
  is_over = true;
  keeper.join();
  CHECK(refused == 0);
  REQUIRE(done);
  CHECK(done->answer == ledger_answer::won);
  const auto holder = cluster.holder();
  REQUIRE(holder);
  CHECK(holder->renewals >= 1);
  CHECK(holder->id == claim.id);
  const auto ended = cluster.end();
  CHECK((ended && *ended));
}

TEST_CASE("cluster_store: a new name has to be of the operation that commits it, and has to be put") {
  place here;
  REQUIRE(here.run({"one", {"a"}}));
  auto cluster = here.open();
  const payload_id dropped{sha256_of("old"), 1};
  const auto refused = [&](const std::string& state) {
    REQUIRE(cluster.begin(claim_of(here.store))->done);
    const auto done = cluster.commit(state);
    CHECK(cluster.end());
    return fails(done, code::invalid_argument);
  };
  CHECK(refused("payload " + text_of(dropped) + "\n"));
  CHECK(refused("root social-1\n"));
  CHECK(refused("payload " + text_of({sha256_of("never put"), 4}) + "\n"));
  REQUIRE(cluster.begin(claim_of(here.store))->done);
  CHECK(fails(cluster.put("too early"), code::invalid_argument));
  CHECK(fails(cluster.new_root("a/b"), code::invalid_argument));
  CHECK(cluster.commit("note two\n"));
  CHECK(fails(cluster.commit("note three\n"), code::invalid_argument));
  CHECK(fails(cluster.begin(claim_of(here.store)), code::invalid_argument));
  CHECK(cluster.end());
  CHECK(keys_in(here.store, "") == key_list{"ledger", "lock"});
}

TEST_CASE("cluster_store: whichever call fails, the old state or the new one is there, whole, and the next command tidies up") {
  // The calls of a command that makes and replaces, one after another; each fails before it is made, or loses its answer.
  for (const char* const how : {"", " after"}) {
    int failed = 0;
    for (int nth = 1;; ++nth) {
      place here;
      REQUIRE(here.run({"one", {"a", "b"}, "social"}));
      int calls = 0;
      here.faulty.plan().before_each([&](enum operation, key_view) { ++calls; });
      for (const char* const call : {"put", "get", "head", "remove_object", "list_objects"})
        here.faulty.plan().add(std::string(call) + " ** nth " + std::to_string(nth) + " timed_out" + how);
      const auto done = here.run({"two", {"b", "c"}, "social"});
      here.faulty.plan().clear();
      here.faulty.plan().before_each({});
      INFO(nth << how << ": " << here.state());
      const std::string is = here.state().substr(5, 3);
      CHECK(incomplete(here.store, here.state()).empty());
      if (done) CHECK(is == (done->answer == ledger_answer::won ? "two" : "one"));
      // Whatever the lock is after an answer that was lost: its holder is known.
      const auto holder = here.open().holder();
      REQUIRE(holder);
      if (holder->is_held) CHECK(here.open().force_unlock(holder->id)->done);
      const auto next = here.run({"three", {"b"}});
      REQUIRE(next);
      CHECK(next->answer == ledger_answer::won);
      CHECK(incomplete(here.store, here.state()).empty());
      CHECK(keys_in(here.store, "catalog/").size() == 1);
      CHECK(keys_in(here.store, "graphs/").empty());
      CHECK(keys_in(here.store, "recovery/").empty());
      if (nth > calls) break;
      ++failed;
    }
    CHECK(failed > 10);
  }
}

TEST_CASE("cluster_store: what cannot be read is nothing to delete by") {
  place here;
  REQUIRE(here.run({"one", {"a"}}));
  // A sidecar that would have the ledger deleted, one that is damaged, and one of a later version.
  detail::recovery_record record;
  record.begin(1);
  detail::named_key evil;
  record.add(evil.append("ledger"));
  REQUIRE(here.store.put("recovery/1", record.finish(), precondition::any));
  REQUIRE(here.run({"two", {"a"}}));
  CHECK(incomplete(here.store, here.state()).empty());
  CHECK(keys_in(here.store, "recovery/").size() == 1);
  record.begin(1);
  record.add(detail::key_of(payload_id{sha256_of("a"), 1}));
  std::string sound(reinterpret_cast<const char*>(record.finish().data()), record.finish().size());
  for (std::size_t at = 0; at < sound.size(); ++at) {
    std::string damaged = sound;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    int shown = 0;
    CHECK_FALSE(detail::for_each_recovered(damaged, 1,
                                           [&](const detail::named_key&) -> result<void> { return ++shown, result<void>(); }));
    CHECK_FALSE(detail::for_each_recovered(sound.substr(0, at), 1,
                                           [&](const detail::named_key&) -> result<void> { return ++shown, result<void>(); }));
    CHECK(shown == 0);
  }
  CHECK_FALSE(detail::for_each_recovered(sound, 2, [](const detail::named_key&) -> result<void> { return {}; }));
  sound[10] = 2;
  REQUIRE(here.store.put("recovery/1", sound, precondition::any));
  CHECK(fails(here.run({"three"}), code::version_unsupported));
  CHECK(here.state().substr(5, 3) == "two");
}

TEST_CASE("cluster_store: a lock that was lost gives no token a second time") {
  place here;
  REQUIRE(here.run({"one", {"a"}}));
  REQUIRE(here.run({"two", {"b"}}));
  REQUIRE(here.store.remove("lock"));
  auto cluster = here.open();
  REQUIRE(cluster.begin(claim_of(here.store))->done);
  CHECK(cluster.operation() == 3);
}

TEST_CASE("cluster_store: after a commit that nobody knows of nothing is deleted, until the next command knows") {
  for (const char* const how : {"", " after"}) {
    place here;
    REQUIRE(here.run({"one", {"a"}}));
    auto cluster = here.open();
    REQUIRE(cluster.begin(claim_of(here.store))->done);
    const auto id = cluster.id_of("b");
    const auto done = cluster.commit("note two\npayload " + text_of(*id) + "\n", [&]() -> result<void> {
      PERDURE_TRY(cluster.put("b"));
      for (const char* const call : {"put ledger timed_out", "get ledger timed_out", "head ledger timed_out"})
        here.faulty.plan().add(std::string(call) + (call[0] == 'p' ? how : ""));
      return {};
    });
    REQUIRE_FALSE(done);
    CHECK(done.error().doubt() == doubt::visible);
    here.faulty.plan().clear();
    CHECK(keys_in(here.store, "catalog/").size() == 2);
    CHECK(keys_in(here.store, "recovery/").size() == 1);
    CHECK(cluster.end());
    CHECK(incomplete(here.store, here.state()).empty());
    CHECK(here.state().substr(5, 3) == (std::string(how).empty() ? "one" : "two"));
    REQUIRE(here.run({"three"}));
    CHECK(keys_in(here.store, "") == key_list{"ledger", "lock"});
  }
}

TEST_CASE("cluster_store: a sidecar is, in format 1, these bytes") {
  // Made by hand from the table in detail/recovery_record.hpp.
  const std::string head = "7065726475726552010001000200000007000000000000006300000000000000b695e197";
  detail::recovery_record record;
  record.begin(7);
  record.add(detail::key_of(payload_id{sha256_of("abc"), 7}));
  record.add(detail::prefix_of_root("social-7"));
  const std::string whole(reinterpret_cast<const char*>(record.finish().data()), record.finish().size());
  std::string hex;
  for (const char c : whole.substr(0, 36)) {
    hex += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    hex += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  CHECK(hex == head);
  CHECK(whole.substr(36) ==
        "\x51"
        "catalog/sha256/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad/7"
        "\x10"
        "graphs/social-7/");
}

// The put of the lock whose answer is lost, and the get after it; removes that arrive when they are told to.
class late_store {
 public:
  using perdure_store = late_store;
  bool removes_late = false;
  int locks_lost = 0;

  result<object_info> get(key_view key, mutable_bytes into) {
    if (text(key) == "lock" && gets_lost_ > 0) return --gets_lost_, failure(code::timed_out, operation::get);
    return all_.get(key, into);
  }
  result<range_info> get_range(key_view key, std::uint64_t offset, mutable_bytes into) {
    return all_.get_range(key, offset, into);
  }
  result<object_info> head(key_view key) { return all_.head(key); }
  result<etag> put(key_view key, gather content, const precondition& when) {
    if (text(key) == "lock" && locks_lost > 0) {
      --locks_lost;
      gets_lost_ = 1;
      return failure(code::timed_out, operation::put).with(doubt::visible);
    }
    return all_.put(key, content, when);
  }
  result<void> remove(key_view key) {
    if (!removes_late) return all_.remove(key);
    late_.push_back(text(key));
    return failure(code::timed_out, operation::remove_object).with(doubt::visible);
  }
  result<listed> list(key_view prefix, key_view cursor, std::size_t limit, object_visitor visitor) {
    return all_.list(prefix, cursor, limit, visitor);
  }
  struct nonce nonce() { return all_.nonce(); }
  void arrive() {
    for (const std::string& key : late_) (void)all_.remove(key);
    late_.clear();
  }

 private:
  static std::string text(key_view key) { return {key.data(), key.size()}; }
  mem_store all_;
  int gets_lost_ = 0;
  std::vector<std::string> late_;
};

TEST_CASE("cluster_store: a lock that could not be given back is not gone on with: its number was used") {
  late_store late;
  any_store store(late);
  manual_clock clock;
  cluster_store<any_store, manual_clock> cluster(store, clock, names_of);
  REQUIRE(cluster.begin(claim_of(store))->done);
  const std::uint64_t first = cluster.operation();
  late.removes_late = true;
  const auto id = cluster.id_of("a");
  REQUIRE(id);
  const std::string failing = "payload " + text_of(*id) + "\n";
  const auto undone = cluster.commit(failing, [&]() -> result<void> {
    PERDURE_TRY(cluster.put("a"));
    return failure(code::cancelled, operation::commit);
  });
  CHECK(fails(undone, code::cancelled));
  late.removes_late = false;
  late.locks_lost = 1;
  CHECK_FALSE(cluster.end());
  REQUIRE(cluster.begin(claim_of(store))->done);
  CHECK(cluster.operation() > first);
  REQUIRE(commit(cluster, {"", {"a"}})->answer == ledger_answer::won);
  REQUIRE(cluster.end());
  late.arrive();
  const auto now = cluster.observe();
  REQUIRE(now);
  CHECK(incomplete(store, std::string(reinterpret_cast<const char*>(now->state.data()), now->state.size())).empty());
}

TEST_CASE("cluster_store: a state that names what no operation can have made is damage, and nothing is deleted by it") {
  place here;
  REQUIRE(here.run({"one", {}, "social"}));
  ledger<object_slot<any_store>> book(object_slot(here.store, "ledger"));
  const auto now = book.read();
  REQUIRE(now);
  REQUIRE(book.replace(now->version, "root " + std::string(200, 'a') + "\n", now->fence));
  CHECK(fails(here.run({"two"}), code::corrupt));
  CHECK(keys_in(here.store, "graphs/") == key_list{"graphs/social-1/a"});
}

TEST_CASE("cluster_store: what is no root has no objects among those that are") {
  place here;
  auto cluster = here.open();
  const std::string name(200, 'a');
  auto root = cluster.root(name);
  REQUIRE(root.put("x", "1", precondition::any));
  CHECK(keys_in(here.store, "graphs/") == key_list{"graphs//x"});
}

TEST_CASE("cluster_store: whose fence was refused sees no state any more, and commits none") {
  place here;
  REQUIRE(here.run({"one", {"a"}}));
  auto cluster = here.open();
  REQUIRE(cluster.begin(claim_of(here.store))->done);
  REQUIRE(cluster.entry().version.exists);
  ledger<object_slot<any_store>> later(object_slot(here.store, "ledger"));
  REQUIRE(later.raise(cluster.operation() + 1)->answer == ledger_answer::won);
  CHECK(fails(cluster.fence(), code::conflict));
  CHECK_FALSE(cluster.entry().version.exists);
  CHECK(cluster.entry().state.empty());
  CHECK(fails(cluster.commit("note two\n"), code::invalid_argument));
}

TEST_CASE("cluster_store: an object that says that it is large asks for no memory") {
  place here;
  for (const char* const key : {"lock", "ledger"})
    REQUIRE(here.store.put(key, std::string(std::size_t{1} << 16, 'x'), precondition::any));
  cluster_store<any_store, manual_clock> cluster(here.store, here.clock, names_of, {.ledger = {.state_bytes_max = 1000}});
  CHECK(fails(cluster.holder(), code::too_large));
  CHECK(fails(cluster.observe(), code::too_large));
}
