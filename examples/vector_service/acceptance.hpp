// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_VECTOR_SERVICE_ACCEPTANCE_HPP
#define EXAMPLES_VECTOR_SERVICE_ACCEPTANCE_HPP

// What the service promises, over HTTP: of servers that are processes and are killed, and of some in this process whose store is
// slow or fails when it is told to. Each answers with nothing, or with what is wrong.

#include <examples/store_uri.hpp>
#include <examples/vector_service/client.hpp>
#include <examples/vector_service/gate_store.hpp>
#include <examples/vector_service/serve.hpp>

#include <perdure/store/read_object.hpp>
#include <perdure/testing/fault_store.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <random>
#include <set>
#include <thread>

#include <tests/support/golden.hpp>

namespace vector_service {

inline const std::string data = "vector_service.data";
// The address of a store in which all of it is done, below a prefix of its own; none: in a directory.
inline std::string& elsewhere() {
  static std::string uri;
  return uri;
}
inline std::string where() { return elsewhere().empty() ? data : elsewhere() + "/" + data; }
inline bool is_remote() { return examples::is_s3(elsewhere()); }

// Each follows from its number, so that any that is wrong is seen; whole numbers, so that every machine measures the same.
inline std::vector<float> vector_of(std::uint64_t number) {
  std::vector<float> values;
  for (std::uint64_t i = 0; i < 4; ++i) values.push_back(static_cast<float>((number * 2'654'435'761 + i * 40'503) % 997) + 1);
  values[0] = static_cast<float>(number);
  return values;
}
inline json vectors_of(std::uint64_t first, std::uint64_t count) {
  json all = json::array();
  for (std::uint64_t i = first; i < first + count; ++i) all.push_back({{"id", i}, {"values", vector_of(i)}});
  return all;
}
inline const json four_dimensions = {{"dimension", 4}};
// An index is approximate: of thousands of vectors some are not found by themselves, unless it is asked to be this thorough.
inline const json thorough = {{"dimension", 4}, {"ef_construction", 600}};

inline std::string told(const char* what, const answer& got) {
  return std::string(what) + ": " + std::to_string(got.status) + " " + got.body.dump();
}

// Is each of these vectors found, at the distance 0?
inline std::string missing(const client& ask, const std::string& name, std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t i = first; i < first + count; ++i) {
    const answer found = ask.search(name, vector_of(i));
    if (found.status != 200) return told("a search fails", found);
    if (found.body["hits"].size() != 1 || found.body["hits"][0]["id"] != i || found.body["hits"][0]["distance"] != 0.0)
      return told(("vector " + std::to_string(i) + " is not what is nearest to itself").c_str(), found);
  }
  return "";
}

// What a server that was killed left.
class left_behind {
 public:
  left_behind() : store_(examples::open_uri(where(), {.root = perdure::store_root::make})) {}
  [[nodiscard]] std::string text(const std::string& key) {
    std::string all;
    return store_ && perdure::read_object(*store_, key, all, 1 << 28) ? all : "nothing";
  }
  void put(const std::string& key, const std::string& text) {
    if (store_) (void)store_->put(key, text, perdure::precondition::any);
  }
  void remove_all() {
    for (const std::string& key : keys()) (void)store_->remove(key);
  }
  [[nodiscard]] std::set<std::string> keys() {
    std::set<std::string> all;
    if (!store_) return {"nothing, for there is no store"};
    (void)store_->list("", "", 1000, [&](const perdure::listed_object& one) {
      all.emplace(one.key.data(), one.key.size());
      return perdure::visit::go_on;
    });
    return all;
  }

 private:
  result<perdure::any_store> store_;
};

// What a server is told so that it keeps its indexes there.
inline std::vector<std::string> kept() { return {"--store", where()}; }
inline void start_anew() {
  std::filesystem::remove_all(data);
  if (!elsewhere().empty()) left_behind().remove_all();
}

inline std::string restart() {
  start_anew();
  {
    const server_process server(kept());
    const client ask = server.ask();
    if (ask.create("cats", four_dimensions).status != 201 || ask.create("dogs", four_dimensions).status != 201)
      return "no index can be made";
    if (const answer again = ask.create("cats", four_dimensions); again.status != 409) return told("made twice", again);
    if (ask.add("cats", vectors_of(0, 100)).status != 200 || ask.add("dogs", vectors_of(500, 10)).status != 200)
      return "nothing can be added";
    if (const auto bad = missing(ask, "cats", 0, 100); !bad.empty()) return bad;
  }
  {
    const server_process server(kept());
    const client ask = server.ask();
    const json all = ask.list();
    if (all.size() != 2 || all["cats"]["count"] != 100 || all["dogs"]["count"] != 10 || all["cats"]["kept"] != true)
      return "after the kill: " + all.dump();
    if (const auto bad = missing(ask, "cats", 0, 100); !bad.empty()) return bad;
    if (ask.erase("cats", {0, 1, 2}).status != 200) return "nothing can be erased";
    if (ask.add("cats", vectors_of(200, 5)).status != 200) return "nothing can be added after a restart";
  }
  {
    const server_process server(kept());
    const client ask = server.ask();
    if (ask.list()["cats"]["count"] != 102) return "after the second kill: " + ask.list().dump();
    if (const auto bad = missing(ask, "cats", 3, 97) + missing(ask, "cats", 200, 5); !bad.empty()) return bad;
    if (ask.search("cats", vector_of(1)).body["hits"][0]["id"] == 1) return "what was erased is found";
    if (ask.remove("cats").status != 200 || ask.remove("cats").status != 200) return "it cannot be removed, and once more";
    // Where answers may be late there is a gravestone.
    if (!is_remote() && left_behind().keys() != std::set<std::string>{"_vectors/dogs.lhv1"}) return "its object is there still";
    if (const answer gone = ask.search("cats", vector_of(5)); gone.status != 404 || gone.body["error"]["code"] != "not_found")
      return told("removed", gone);
    if (ask.erase("dogs", {500, 501, 502, 503, 504, 505, 506, 507, 508, 509}).status != 200) return "nothing can be erased";
  }
  const server_process server(kept());
  const json all = server.ask().list();
  return all.size() == 1 && all["dogs"]["count"] == 0 ? "" : "after the last kill: " + all.dump();
}

inline std::string names() {
  start_anew();
  const std::vector<std::string> all = {"a/b",   "%2F", "with spaces", "Grüße 猫", "..", "a//b",
                                        "+&?=#", ".",   "CON",         "A",        "a",  "\x01"};
  {
    const server_process server(kept());
    for (std::uint64_t i = 0; i < all.size(); ++i) {
      if (server.ask().create(all[i], four_dimensions).status != 201 || server.ask().add(all[i], vectors_of(i, 1)).status != 200)
        return "cannot be made: " + all[i];
    }
    for (const std::string& bad : {std::string(), std::string("a\0b", 3), std::string("\xff"), std::string(161, 'x')}) {
      const int status = server.ask().create(bad, four_dimensions).status;
      if (status != 400 && status != 413) return "a name that is none is taken";
    }
  }
  left_behind().put("_vectors/foreign", "of somebody else");
  left_behind().put("_vectors/below/x.lhv1", "of somebody else");
  left_behind().put("elsewhere/x.lhv1", "of somebody else");
  const server_process server(kept());
  const json found = server.ask().list();
  if (found.size() != all.size()) return "other names came back: " + found.dump();
  for (std::uint64_t i = 0; i < all.size(); ++i) {
    if (!found.contains(all[i])) return "a name did not come back: " + all[i];
    if (const auto bad = missing(server.ask(), all[i], i, 1); !bad.empty()) return all[i] + ": " + bad;
  }
  return "";
}

// A neighbour that is damaged is told, by what is wrong with it, and stops nobody.
inline std::string damaged() {
  start_anew();
  {
    const server_process server(kept());
    if (server.ask().create("good", four_dimensions).status != 201 || server.ask().add("good", vectors_of(0, 8)).status != 200)
      return "it cannot be made";
  }
  const std::string whole = left_behind().text("_vectors/good.lhv1");
  const std::size_t body = 8 + static_cast<unsigned char>(whole[6]) * 256U + static_cast<unsigned char>(whole[7]);
  const auto with = [&](std::size_t at, char bits) {
    std::string other = whole;
    other[at] = static_cast<char>(other[at] ^ bits);
    return other;
  };
  // A member of the envelope is changed, and its checksum is right again.
  const auto saying = [&](const char* member, const json& value, const std::string& rest) {
    json told = json::parse(whole.substr(8, body - 8));
    told.erase("crc32c");
    told[member] = value;
    told["crc32c"] = detail::hex_of(perdure::crc32c(told.dump()));
    const std::string text = told.dump();
    const auto head = perdure::frame_head::of("LHV1", text.size());
    return std::string(reinterpret_cast<const char*>(head->data()), head->size()) + text + rest;
  };
  struct one {
    const char* name;
    std::string bytes;
    const char* code;
    const char* where;
  };
  std::vector<one> all = {
      {"magic", with(0, 1), "corrupt", "magic at byte 0"},
      {"later magic", "LHV2" + whole.substr(4), "version_unsupported", "magic at byte 0"},
      {"later version", saying("version", 2, whole.substr(body)), "version_unsupported", "version 2"},
      {"empty", "", "corrupt", "frame head at byte 0"},
      {"no body", whole.substr(0, body), "corrupt", "too short"},
      {"short body", whole.substr(0, whole.size() - 1), "corrupt", "too short"},
      {"long body", whole + "x", "corrupt", "too long"},
      {"long envelope", with(5, 4), "corrupt", "envelope size at byte 4"},
      {"huge envelope", with(4, 0x7f), "corrupt", "envelope size at byte 4"},
      {"rot in the envelope", with(12, 1), "corrupt", "envelope at byte 8"},
      {"rot in the body", with(body + 700, 8), "corrupt", "crc32c"},
      {"no json", "LHV1" + std::string("\0\0\0\x02{]", 6), "corrupt", "envelope at byte 8"},
      {"another's", whole, "corrupt", "another index's name"},
  };
  for (const one& each : all) {
    std::string bytes = each.bytes;
    left_behind().put(std::string("_vectors/") + each.name + ".lhv1", bytes);
  }
  {
    const server_process server(kept());
    const client ask = server.ask();
    if (!server.serves()) return "a bad neighbour stops it";
    if (const auto bad = missing(ask, "good", 0, 8); !bad.empty()) return bad;
    json found = ask.list();
    for (const one& each : all) {
      const json error = found[each.name]["error"];
      if (error.is_null()) return std::string(each.name) + ": was loaded";
      if (error["code"] != each.code || error["text"].get<std::string>().find(each.where) == std::string::npos)
        return std::string(each.name) + ": " + error.dump();
      if (server.said().find(std::string("not loaded: ") + each.name) == std::string::npos)
        return std::string(each.name) + ": was not reported";
      // What could not be read is not written over: somebody may want it.
      if (ask.create(each.name, four_dimensions).status != 409) return std::string(each.name) + ": is written over";
      if (left_behind().text(std::string("_vectors/") + each.name + ".lhv1") != each.bytes)
        return std::string(each.name) + ": was changed";
    }
    if (ask.remove("magic").status != 200 || ask.create("magic", four_dimensions).status != 201)
      return "a bad one cannot be replaced";
  }
  // No bit of it can turn unseen.
  left_behind().put("_vectors/good.lhv1", whole);
  const perdure::engine_format format = how_indexes_are_kept().format;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      if (at > body && bit != static_cast<int>(at % 8)) continue;  // there the checksum is all that looks
      const std::string rotten = with(at, static_cast<char>(1 << bit));
      if (perdure::decode_engine<vector_index>(rotten, format))
        return "bit " + std::to_string(bit) + " of byte " + std::to_string(at) + " turns unseen";
    }
    if (perdure::decode_engine<vector_index>(whole.substr(0, at), format))
      return "what is cut at " + std::to_string(at) + " is loaded";
  }
  // Nor does it follow a link that leads nowhere, where the checksums were made to fit.
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) {
    std::string graph = whole.substr(body);
    for (int j = 0; j < 3; ++j) graph[random() % graph.size()] = static_cast<char>(random());
    const json fits = {{"bytes", graph.size()}, {"crc32c", detail::hex_of(perdure::crc32c(graph))}};
    auto read = perdure::decode_engine<vector_index>(saying("body", fits, graph), format);
    if (read) (void)read->search(vector_of(3), 5);
  }
  return "";
}

// One item that is wrong, in the middle: nothing of its batch is applied, in memory or on disk.
inline std::string batches() {
  start_anew();
  const server_process server(kept());
  const client ask = server.ask();
  if (ask.create("all", four_dimensions).status != 201 || ask.add("all", vectors_of(0, 10)).status != 200)
    return "it cannot be made";
  const std::string before = left_behind().text("_vectors/all.lhv1");
  const json good = vectors_of(100, 1)[0];
  const std::vector<std::pair<const char*, const char*>> bad = {
      {"another dimension", R"({"id": 5, "values": [1, 2, 3]})"},
      {"NaN", R"({"id": 5, "values": [1, NaN, 3, 4]})"},
      {"null", R"({"id": 5, "values": [1, null, 3, 4]})"},
      {"infinity", R"({"id": 5, "values": [1, 1e39, 3, 4]})"},
      {"beyond a double", R"({"id": 5, "values": [1, 1e999, 3]})"},
      {"zero norm", R"({"id": 5, "values": [0, 0, 0, -0.0]})"},
      {"no id", R"({"values": [1, 2, 3, 4]})"},
      {"negative id", R"({"id": -1, "values": [1, 2, 3, 4]})"},
      {"text as id", R"({"id": "5", "values": [1, 2, 3, 4]})"},
      {"fraction as id", R"({"id": 1.5, "values": [1, 2, 3, 4]})"},
      {"too large an id", R"({"id": 18446744073709551616, "values": [1, 2, 3, 4]})"},
      {"an id twice", R"({"id": 100, "values": [1, 2, 3, 4]})"},
      {"too large a value", R"({"id": 5, "values": [1, 1e30, 3, 4]})"},
  };
  for (const auto& [name, text] : bad) {
    const answer got =
        ask.post("/vectors", "all", R"({"vectors": [)" + good.dump() + "," + text + "," + vectors_of(101, 1)[0].dump() + "]}");
    if (got.status != 400 || got.body["error"]["code"] != "invalid_argument") return told(name, got);
    if (ask.list()["all"]["count"] != 10) return std::string(name) + ": half of its batch was applied";
    if (left_behind().text("_vectors/all.lhv1") != before) return std::string(name) + ": was saved";
  }
  for (const char* const text : {"", "[", R"({"vectors": 5})", R"({"vectors": [5]})"}) {
    if (const answer got = ask.post("/vectors", "all", std::string(text)); got.status != 400) return told(text, got);
  }
  if (ask.create("deep", {{"dimension", 4}, {"metadata", json::parse(std::string(100, '[') + std::string(100, ']'))}}).status !=
      400)
    return "depth";
  return ask.add("all", vectors_of(100, 2)).body["count"] == 12 ? "" : "a good batch is refused";
}

inline std::string hang_up() {
  start_anew();
  {
    const server_process server(kept());
    const client ask = server.ask();
    if (ask.create("all", four_dimensions).status != 201) return "it cannot be made";
    ask.hang_up_on("/vectors", "all", {{"vectors", vectors_of(0, 500)}});
    for (int i = 0; i < 3000 && ask.list()["all"] != json{{"name", "all"}, {"count", 500}, {"kept", true}}; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  const server_process server(kept());
  const json all = server.ask().list();
  return all["all"]["count"] == 500 ? "" : "whoever hangs up takes the save along: " + all.dump();
}

// Not kept by anything.
inline std::string ephemeral() {
  {
    const server_process server({});
    if (server.ask().create("all", four_dimensions).status != 201 ||
        server.ask().add("all", vectors_of(0, 5)).body["kept"] != true)
      return "it cannot be made";
    if (const auto bad = missing(server.ask(), "all", 0, 5); !bad.empty()) return bad;
  }
  if (!server_process({}).ask().list().empty()) return "it was kept";
  if (server_process({"--store", "file://user:secret@host/x"}).serves()) return "a bad address is taken";
  served<> one(perdure::any_store::make<perdure::mem_store>().value());
  served<> other(perdure::any_store::make<perdure::mem_store>().value());
  const int port = one.bind("127.0.0.1", 0);
  if (port == 0 || other.bind("127.0.0.1", port) != 0) return "two servers have one port";
  return "";
}

// The file, and how it is read, byte by byte what it was in version 1.
inline std::string golden() {
  start_anew();
  const std::string wanted = tests::golden("vector_service_v1");
  {
    const server_process server(kept());
    const json parameters = {{"dimension", 4}, {"m", 4}, {"ef_construction", 16}, {"metadata", {{"of", "Grüße"}, {"n", 1}}}};
    (void)server.ask().create("golden/1", parameters);
    (void)server.ask().add("golden/1", vectors_of(0, 12));
    (void)server.ask().erase("golden/1", {7});
  }
  const std::string found = left_behind().text("_vectors/golden%2F1.lhv1");
  // Where answers may be late no two saves are the same.
  if (found != wanted && !is_remote()) {
    std::string text;
    for (std::size_t i = 0; i < found.size(); ++i)
      text += detail::hex_of(static_cast<unsigned char>(found[i])).substr(6) + (i % 32 == 31 ? "\n" : " ");
    return "it is written otherwise than it was:\n" + text;
  }
  start_anew();
  {
    const server_process makes_the_root(kept());
  }
  left_behind().put("_vectors/golden%2F1.lhv1", wanted);
  const server_process server(kept());
  if (server.ask().about("golden/1").body["metadata"]["of"] != "Grüße")
    return told("it is read otherwise", server.ask().about("golden/1"));
  if (server.ask().list()["golden/1"]["count"] != 11) return "it is read otherwise: " + server.ask().list().dump();
  return missing(server.ask(), "golden/1", 0, 7) + missing(server.ask(), "golden/1", 8, 4);
}

// While the store takes its time, others search and add.
inline std::string slow() {
  gate_store store;
  served<> all{perdure::any_store(store)};
  if (!all.start([](const auto&, const auto&) {})) return "it does not start";
  const client ask(all.bind("127.0.0.1", 0));
  all.listen_in_background();
  if (ask.create("all", four_dimensions).status != 201 || ask.create("other", four_dimensions).status != 201)
    return "it cannot be made";
  if (ask.add("all", vectors_of(0, 10)).status != 200) return "nothing can be added";
  store.shut();
  std::vector<std::thread> adders;
  std::atomic<int> added = 0;
  for (std::uint64_t i = 0; i < 3; ++i) {
    adders.emplace_back([&, i] { added += ask.add("all", vectors_of(100 + 10 * i, 10)).body["kept"] == true ? 1 : 0; });
  }
  store.wait_for(1);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  std::string wrong = missing(ask, "all", 0, 10);  // not a moment of which waits for the store
  while (wrong.empty() && ask.list()["all"]["count"] != 40) {
    if (std::chrono::steady_clock::now() > end) wrong = "who adds waits for the store before it is there";
  }
  if (wrong.empty()) wrong = missing(ask, "all", 100, 30) + missing(ask, "all", 0, 10);
  if (wrong.empty() && ask.list()["all"]["kept"] != false) wrong = "it is said to be kept, and is not";
  store.open();
  for (std::thread& one : adders) one.join();
  if (!wrong.empty()) return wrong;
  return added == 3 && ask.list()["all"]["kept"] == true ? "" : "in the end it is not kept";
}

// What is loaded of a store of some other process, now.
template <perdure::Store S>
json kept_in(S& store) {
  json all = json::object();
  perdure::manual_clock clock;
  keeper<S, perdure::manual_clock> kept(store, clock, INT64_MAX);
  (void)kept.template load_all<vector_index>([&](const std::string& name, result<vector_index> one) {
    all[name] = one ? json(one->count()) : json(describe(one.error()).c_str());
  });
  return all;
}
inline json counts_of(const client& ask) {
  json all = json::object();
  const json listed = ask.list();
  for (const auto& [name, one] : listed.items()) all[name] = one["count"];
  return all;
}

// A removal comes while a change is under way, whose save has its turn behind that of the removal.
inline std::string overtaken() {
  gate_store store;
  perdure::any_store objects(store);
  perdure::native_clock clock;
  using kept_there = keeper<perdure::any_store, perdure::native_clock>;
  kept_there kept(objects, clock, INT64_MAX);
  service<vector_index, kept_there> all(kept);
  auto made = vector_index::make("one", {.dimension = 4});
  if (!made || !all.create("one", std::move(*made))) return "it cannot be made";
  store.shut();
  std::atomic<bool> under_way = false, removed = false;
  const auto add = [&](std::uint64_t id, bool waits) {
    return all.apply("one", [&](vector_index& index) {
      for (under_way = waits; waits && !removed;) std::this_thread::yield();
      return index.add({{id, vector_of(id)}});
    });
  };
  std::thread first([&] { (void)add(1, false); });  // has the turn, and hangs
  store.wait_for(1);
  std::thread second([&] { (void)add(2, true); });
  while (!under_way) std::this_thread::yield();
  std::thread third([&] { (void)all.remove("one"); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // not needed, but what is meant comes about more often
  removed = true;
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  store.open();
  for (std::thread* const one : {&first, &second, &third}) one->join();
  return kept_in(store.behind()).empty() ? "" : "what was removed returned: " + kept_in(store.behind()).dump();
}

// Of one name, whatever comes in whatever order, what is kept in the end is what is in memory in the end.
inline std::string order() {
  if (const std::string wrong = overtaken(); !wrong.empty()) return wrong;
  gate_store store;
  served<> all{perdure::any_store(store)};
  if (!all.start([](const auto&, const auto&) {})) return "it does not start";
  const client ask(all.bind("127.0.0.1", 0));
  all.listen_in_background();
  // A save that hangs, and the index is removed meanwhile, and made again, and removed.
  for (const bool again : {false, true}) {
    if (ask.create("one", four_dimensions).status != 201) return "it cannot be made";
    store.shut();
    std::vector<std::thread> threads;
    const auto later = [&](auto work) {
      threads.emplace_back(work);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));  // not needed, but what is meant comes about more often
    };
    later([&] { (void)ask.add("one", vectors_of(0, 3)); });
    later([&] { (void)ask.remove("one"); });
    if (again) later([&] { (void)ask.create("one", four_dimensions); });
    if (again) later([&] { (void)ask.add("one", vectors_of(10, 5)); });
    store.open();
    for (std::thread& one : threads) one.join();
    if (kept_in(store.behind()) != counts_of(ask))
      return "memory has " + counts_of(ask).dump() + ", and kept is " + kept_in(store.behind()).dump();
    (void)ask.remove("one");
    if (!kept_in(store.behind()).empty()) return "what was removed returned: " + kept_in(store.behind()).dump();
  }
  for (int round = 0; round < 20; ++round) {
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 6; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937 random(static_cast<unsigned>(round) * 6 + t);
        for (int i = 0; i < 10; ++i) {
          const std::string name = random() % 2 == 0 ? "a" : "b";
          switch (random() % 4) {
            case 0:
              (void)ask.remove(name);
              break;
            case 1:
              (void)ask.create(name, four_dimensions);
              break;
            default:
              (void)ask.add(name, vectors_of(random() % 100, 3));
          }
        }
      });
    }
    for (std::thread& one : threads) one.join();
    if (kept_in(store.behind()) != counts_of(ask))
      return "memory has " + counts_of(ask).dump() + ", and kept is " + kept_in(store.behind()).dump();
  }
  return "";
}

// A store that refuses: it is told, serving goes on, and the next save keeps what the last one could not.
inline std::string refusing() {
  perdure::mem_store objects;
  perdure::testing::fault_store<perdure::mem_store> store(objects);
  served<> all{perdure::any_store(store)};
  if (!all.start([](const auto&, const auto&) {})) return "it does not start";
  const client ask(all.bind("127.0.0.1", 0));
  all.listen_in_background();
  if (ask.create("all", four_dimensions).status != 201) return "it cannot be made";
  store.plan().add("put ** no_space");
  const answer got = ask.add("all", vectors_of(0, 10));
  if (got.status != 500 || got.body["kept"] != false || got.body["error"]["code"] != "no_space")
    return told("of a failed save", got);
  if (const auto bad = missing(ask, "all", 0, 10); !bad.empty()) return bad;
  if (ask.list()["all"] != json{{"name", "all"}, {"count", 10}, {"kept", false}}) return "it does not know: " + ask.list().dump();
  if (const answer lost = ask.create("lost", four_dimensions); lost.status != 500 || lost.body["kept"] != false)
    return told("of a failed first save", lost);
  store.plan().clear();
  if (ask.add("all", vectors_of(10, 1)).body["kept"] != true || kept_in(objects)["all"] != 11)
    return "the next save keeps too little";
  store.plan().add("remove_object ** io");
  if (const answer gone = ask.remove("all"); gone.status != 500 || gone.body["kept"] != false)
    return told("of a failed removal", gone);
  store.plan().clear();
  if (ask.remove("all").status != 200 || kept_in(objects).contains("all")) return "it cannot be removed again";
  return "";
}

// A store whose answers are lost, and in which what was given up arrives later on.
inline std::string network() {
  perdure::mem_store objects;
  perdure::testing::fault_store<perdure::mem_store> store(objects);
  served<> all(perdure::any_store(store), {}, perdure::ns_per_second, answers::may_be_late);
  if (!all.start([](const auto&, const auto&) {})) return "it does not start";
  const client ask(all.bind("127.0.0.1", 0));
  all.listen_in_background();
  const auto until_all_arrived = [&] {
    for (int i = 0; i < 10; ++i) (void)store.head("_vectors/one.lhv1");
  };
  for (const char* const fault :
       {"put ** nth 1 timed_out late 4", "put ** nth 1 timed_out after", "put ** nth 1 timed_out late 1"}) {
    if (ask.create("one", four_dimensions).body["kept"] != true) return "it cannot be made";
    store.plan().add(fault);
    if (ask.add("one", vectors_of(0, 3)).body["kept"] != false) return "it is not told of a lost answer";
    store.plan().clear();
    if (ask.add("one", vectors_of(3, 3)).body["kept"] != true) return "it cannot be saved after a lost answer";
    until_all_arrived();
    if (kept_in(objects)["one"] != 6) return std::string(fault) + ": an older save landed last: " + kept_in(objects).dump();
    store.plan().add(fault);
    if (ask.add("one", vectors_of(6, 3)).body["kept"] != false) return "it is not told of a lost answer";
    store.plan().clear();
    if (ask.remove("one").status != 200) return "it cannot be removed";
    until_all_arrived();
    if (!kept_in(objects).empty()) return std::string(fault) + ": what was removed returned: " + kept_in(objects).dump();
  }
  return "";
}

// Of an index that takes too long to load: time goes on with every look at the clock.
struct hurrying_clock {
  std::int64_t step_ns = perdure::ns_per_second;
  std::int64_t now_ns = 0;
  std::int64_t elapsed_ns() { return now_ns += step_ns; }
  std::int64_t unix_ns() { return elapsed_ns(); }
  void sleep_ns(std::int64_t more) { now_ns += more; }
};
inline std::string time_limit() {
  perdure::mem_store objects;
  {
    perdure::manual_clock clock;
    keeper<perdure::mem_store, perdure::manual_clock> kept(objects, clock, INT64_MAX);
    for (const char* const name : {"a", "large", "z"}) {
      const bool is_large = name[1] != '\0';
      auto made = vector_index::make(name, {.dimension = is_large ? 4096U : 4U, .m = 2, .ef_construction = 4});
      batch items;
      for (std::uint64_t i = 0; i < (is_large ? 300 : 5); ++i) {
        items.push_back({i, vector_of(i)});
        items.back().values.resize(made->about().dimension, 1);
      }
      if (!made->add(std::move(items)) || !kept.save(name, made->view())) return "it cannot be made";
    }
  }
  served<hurrying_clock> all(perdure::any_store(objects), {}, 3 * perdure::ns_per_second);
  std::string bad;
  const auto started =
      all.start([&](const std::string& name, const failure& why) { bad += name + " " + name_of(why.code()) + "\n"; });
  if (!started || bad != "large timed_out\n") return "told: " + bad;
  const client ask(all.bind("127.0.0.1", 0));
  all.listen_in_background();
  return missing(ask, "a", 0, 5) + missing(ask, "z", 0, 5);
}

// Killed at any moment: each batch that was answered is there, none is there by half, and nothing that was removed is.
inline std::string killed(int seconds) {
  start_anew();
  constexpr std::uint64_t batch_size = 7;
  std::mt19937 random(std::random_device{}());
  std::uint64_t next = 0, answered = 0, kills = 0;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  {
    if (server_process(kept()).ask().create("all", thorough).status != 201) return "it cannot be made";
  }
  for (bool briefly = true; std::chrono::steady_clock::now() < end || kills < 5; ++kills) {
    server_process server(kept());
    if (!server.serves()) return "it does not start: " + server.said();
    const client ask = server.ask();
    json now = ask.list();
    const std::uint64_t count = now["all"]["count"];
    // One batch may be there whose answer was lost; `next` is of the first that was not sent.
    if (count < answered || count > next || count % batch_size != 0)
      return std::to_string(count) + " are there, of " + std::to_string(answered);
    if (const auto bad = missing(ask, "all", count < 20 ? 0 : count - 20, count < 20 ? count : 20); !bad.empty()) return bad;
    if (now.contains("brief") != briefly && kills != 0) {
      if (!briefly) return "what was removed returned";
      return "what was made is gone";
    }
    answered = next = count;
    briefly = !briefly;
    const bool done =
        briefly ? ask.create("brief", four_dimensions).status == 201 || kills == 0 : ask.remove("brief").status == 200;
    if (!done) return "it cannot be made or removed";
    std::thread killer([&, after = std::chrono::microseconds(random() % 60'000)] {
      std::this_thread::sleep_for(after);
      server.kill();
    });
    while (true) {
      next += batch_size;
      if (ask.add("all", vectors_of(answered, batch_size)).status != 200) break;
      answered = next;
    }
    killer.join();
    // It would take ever longer to load and save.
    if (answered > 3000) {
      const server_process again(kept());
      if (again.ask().remove("all").status != 200 || again.ask().create("all", thorough).status != 201)
        return "it cannot be made again";
      answered = next = 0;
    }
  }
  std::printf("%llu kills; ", static_cast<unsigned long long>(kills));
  return "";
}

struct shown {
  const char* name;
  const char* says;
  std::function<std::string()> run;
};
inline std::vector<shown> acceptance(int seconds) {
  return {
      {"restart", "killed and started again: the same count, distance 0; what was removed is gone", restart},
      {"names", "names with /, %, spaces and unicode come back as they went in; foreign keys are no names", names},
      {"damaged", "a bad neighbour is told by what and where, stops nobody, and is not written over", damaged},
      {"batches", "a batch with one bad vector changes nothing", batches},
      {"hang_up", "who hangs up does not cancel the save that was caused", hang_up},
      {"ephemeral", "without a store nothing is kept", ephemeral},
      {"golden", "the file is byte by byte the golden one, and is read", golden},
      {"slow", "a slow store holds up no search and no add", slow},
      {"order", "no older save lands last, and nothing that was removed returns", order},
      {"refusing", "a failed save is told, serving goes on, and the next save keeps all of it", refusing},
      {"network", "where answers are lost, and come late, no older save lands last and nothing that was removed returns",
       network},
      {"time_limit", "an index that takes too long to load is left out, and stops nobody", time_limit},
      {"killed", "killed at random: all that was answered is there, and no batch by half", [=] { return killed(seconds); }},
  };
}

}  // namespace vector_service

#endif  // EXAMPLES_VECTOR_SERVICE_ACCEPTANCE_HPP
