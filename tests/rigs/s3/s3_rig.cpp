// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// What s3_store, object_slot, commit_manifest, ledger and slot_lock promise, against a real engine with two gateways, and through
// a proxy that spoils requests. s3_rig PORT OSD_PID GROUP [PART]: the gateways at PORT and PORT + 1; of this group the laws whose
// name has this part. Groups may be tried at the same time, each by a process of its own, but for "alone".
//   s3_rig PORT write FILE    puts and commits until something fails; how often both succeeded is in FILE
//   s3_rig PORT verify FILE   none of these is lost

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <perdure/ext/s3_opener.hpp>
#include <perdure/testing/store_laws.hpp>

#include <tests/rigs/s3/fault_proxy.hpp>
#include <tests/rigs/s3/laws_of_kills.hpp>
#include <tests/rigs/s3/ledger_races.hpp>
#include <tests/support/child.hpp>
#include <tests/support/shared.hpp>
#include <tests/support/temp_dir.hpp>

using namespace perdure;
using namespace rig;

namespace {

// All that ended otherwise are told: the first one that failed may have made the others give up.
void expect_to_end(const std::vector<pid_t>& children) {
  std::string others;
  for (const pid_t child : children) {
    const int end = tests::end_of(child);
    if (end != 0) others += " " + std::to_string(end);
  }
  expect(others.empty(), "processes ended with" + others);
}

std::string race(const std::string& prefix, std::uint64_t times, int first_port, int second_port) {
  {
    place here(prefix);
    if (!here.store || !succeeds(perdure::remove_prefix(*here.store, "counter"), "remove")) return {};
  }
  std::vector<pid_t> children;
  for (std::size_t who = 0; who < processes; ++who) {
    children.push_back(tests::start_child([&] {
      std::uint64_t told = 0;
      return count_up(who, who % 2 == 0 ? first_port : second_port, prefix, times, told);
    }));
  }
  expect_to_end(children);
  place here(prefix);
  if (!here.store) return {};
  retried objects(*here.store, here.clock);
  counter all{object_slot(objects, "counter")};
  if (!succeeds(all.open(), "the counter")) return {};
  const auto value = all.read();
  expect(value->total == processes * times, "counted " + std::to_string(value->total));
  for (const std::uint64_t own : value->of) expect(own == times, "of one process " + std::to_string(own));
  return std::to_string(value->total) + " counted";
}

// --- the laws

void laws_of_opening() {
  law("open: bad roots are refused, each by its code, and nothing is made", [] {
    curl_http http;
    native_clock clock;
    const auto refused = [&](const char* what, enum code code, auto change) {
      s3_options options = options_of(gateway, "bad/");
      options.bucket_is = s3_bucket_is::there;
      change(options);
      const auto opened = bucket::open(http, clock, options);
      expect(!opened && opened.error().code() == code,
             std::string(what) + ": " + (opened ? "opened" : describe(opened.error().code())));
    };
    refused("a missing bucket", code::invalid_storage_root, [](s3_options& o) {
      o.bucket.clear();
      o.bucket.append("no-such-bucket");
    });
    refused("a wrong secret", code::permission, [](s3_options& o) { o.credentials.secret_key.append("x"); });
    refused("an unknown key", code::permission, [](s3_options& o) { o.credentials.access_key.append("x"); });
    refused("no credentials", code::permission, [](s3_options& o) { o.credentials = {}; });
    refused("no server", code::io, [](s3_options& o) {
      o.host.clear();
      o.host.append("127.0.0.1:1");
    });
    place here("bad/");
    if (here.store) expect(objects_below(*here.store, "") == 0, "something is left");
    return std::string();
  });
  law("open_store: s3:// by the environment", [] {
    ::setenv("AWS_ENDPOINT_URL_S3", ("http://127.0.0.1:" + std::to_string(gateway)).c_str(), 1);
    auto store = open_store("s3://perdure-rig/opened", s3_opener());
    expect(!open_store("s3://perdure-missing/x", s3_opener()), "a missing bucket was opened");
    if (!succeeds(store, "open_store")) return std::string();
    expect(store->put("k", "x", precondition::absent).has_value(), "put");
    expect(!store->put("k", "x", precondition::absent).has_value(), "a second put");
    expect(perdure::remove_prefix(*store, "k").has_value(), "remove");
    ::unsetenv("AWS_ENDPOINT_URL_S3");
    return std::string();
  });
  law("TLS: a certificate that nobody vouches for is refused before anything is sent, and one that is trusted is not", [] {
    native_clock clock;
    s3_options options = options_of(gateway + 3, "tls/");
    options.scheme = http_scheme::tls;
    curl_http doubting;
    const auto refused = bucket::open(doubting, clock, options);
    expect(!refused && refused.error().system_code() == CURLE_PEER_FAILED_VERIFICATION && refused.error().doubt() == doubt::none,
           "it is not refused");
    curl_http_options trust;
    trust.ca_file = std::getenv("RIG_CERTIFICATE");
    curl_http trusting(trust);
    auto store = bucket::open(trusting, clock, options);
    if (!succeeds(store, "open")) return std::string();
    succeeds(store->put("k", std::string(3'000'000, 'x'), precondition::absent), "put");
    std::string content;
    succeeds(read_object(*store, "k", content, 4'000'000), "get");
    expect(content == std::string(3'000'000, 'x'), "it came back changed");
    return std::string();
  });
  law("credentials that are refused are asked for again, and what was asked is done", [] {
    struct keys {
      s3_credentials now;
      int asked_again = 0;
    } all{options_of(gateway, "renewed/").credentials};
    s3_options options = options_of(gateway, "renewed/");
    options.source = {[](void* of, const s3_credentials* those) -> result<s3_credentials> {
                        auto& own = *static_cast<keys*>(of);
                        own.asked_again += those != nullptr ? 1 : 0;
                        s3_credentials given = own.now;
                        if (own.asked_again == 0) given.secret_key.append("-ended");
                        return given;
                      },
                      &all};
    curl_http http;
    native_clock clock;
    auto store = bucket::open(http, clock, options);
    if (!succeeds(store, "open")) return std::string();
    succeeds(store->put("k", "x", precondition::any), "put");
    succeeds(store->remove("k"), "remove");
    expect(all.asked_again == 1, "asked again " + std::to_string(all.asked_again) + " times");
    return std::string();
  });
  law("a clock that is two hours wrong is put right", [] {
    struct wrong_clock {
      native_clock right;
      [[nodiscard]] std::int64_t elapsed_ns() const { return right.elapsed_ns(); }
      [[nodiscard]] std::int64_t unix_ns() const { return right.unix_ns() - 7200 * ns_per_second; }
      void sleep_ns(std::int64_t ns) const { right.sleep_ns(ns); }
    };
    curl_http http;
    wrong_clock clock;
    (void)succeeds(s3_store<curl_http, wrong_clock>::open(http, clock, options_of(gateway, "clock/")), "open");
    return std::string();
  });
}

std::string laws_on(place& here) {
  if (!here.store) return {};
  any_store any(*here.store);
  const auto report = testing::check_store_laws(any, "laws/");
  expect(report.ok(), report.text());
  expect(objects_below(*here.store, "laws/") == 0, "something is left");
  return report.text();
}

void laws_of_the_store() {
  law("store_laws: path style", [] {
    place here("laws a+b/");
    return laws_on(here);
  });
  law("store_laws: virtual hosts", [] {
    curl_http http;
    native_clock clock;
    s3_options options = options_of(gateway, "virtual/", "localhost");
    options.style = s3_style::virtual_host;
    auto store = bucket::open(http, clock, options);
    if (!succeeds(store, "open")) return std::string();
    any_store any(*store);
    const auto report = testing::check_store_laws(any, "laws/");
    expect(report.ok(), report.text());
    return report.text();
  });
  law("prefixes: any comes back as it was, alone and with every key", [] {
    int count = 0;
    for (const char* const prefix :
         {"a+b", "a b", "a%2Fb", "%", "~", "a//b", "a=b&c", ";:@", "'()*!", "$,", "\xc3\xbc", "a/./b", "a/.."}) {
      place here("prefixes/" + std::string(prefix));
      if (!here.store) return std::string();
      const std::string key = std::string(prefix) + "/k +%";
      std::string content;
      succeeds(here.store->put(key, prefix, precondition::absent), std::string("put below ") + prefix);
      expect(!here.store->put(key, prefix, precondition::absent), std::string("put twice below ") + prefix);
      succeeds(read_object(*here.store, key, content, 100), std::string("get below ") + prefix);
      expect(content == prefix && objects_below(*here.store, prefix) == 1, std::string("below ") + prefix);
      succeeds(here.store->remove(key), std::string("remove below ") + prefix);
      ++count;
    }
    place all("prefixes/");
    if (all.store) expect(objects_below(*all.store, "") == 0, "something is left");
    return std::to_string(count) + " prefixes";
  });
  law("keys: any of up to 1,024 bytes comes back as it was", [] {
    place here("");
    if (!here.store) return std::string();
    const std::set<std::string> keys = {"keys/a b",
                                        "keys/a+b",
                                        "keys/a%20b",
                                        "keys/a%2Bb",
                                        "keys/a//b",
                                        "keys/../a",
                                        "keys/./a",
                                        "keys/..",
                                        "keys/a?b#c",
                                        "keys/a&amp;b",
                                        "keys/<&>\"'",
                                        "keys/;:@=$",
                                        "keys/,!*()~[]{}|",
                                        "keys/\\^`",
                                        "keys/A",
                                        "keys/tab\t",
                                        "keys/\xc3\xbc",
                                        "keys/\xe2\x82\xac",
                                        "keys/\xf0\x9f\x98\x80",
                                        "keys/" + std::string(1019, 'x')};
    for (const std::string& key : keys) {
      succeeds(here.store->put(key, key, precondition::absent), "put " + key);
      std::string content;
      succeeds(read_object(*here.store, key, content, 2000), "get " + key);
      expect(content == key, "another content of " + key);
    }
    std::vector<std::string> listed_keys;
    std::string cursor;
    for (bool more = true; more;) {
      const auto page = here.store->list("keys/", cursor, 7, [&](const listed_object& one) {
        listed_keys.emplace_back(one.key.data(), one.key.size());
        return visit::go_on;
      });
      if (!succeeds(page, "list")) break;
      more = *page == listed::more;
      cursor = listed_keys.back();
    }
    expect(listed_keys == std::vector<std::string>(keys.begin(), keys.end()), "the listing differs");
    succeeds(perdure::remove_prefix(*here.store, "keys/"), "remove_prefix");
    expect(objects_below(*here.store, "keys/") == 0, "something is left");
    return std::to_string(keys.size()) + " keys";
  });
  law("ranges, also of what is empty and behind the end", [] {
    place here("ranges/");
    if (!here.store) return std::string();
    char room[8];
    (void)here.store->put("empty", "", precondition::any);
    const auto empty = here.store->get_range("empty", 0, room);
    expect(empty && empty->count == 0 && empty->size_bytes == 0, "of an empty object");
    (void)here.store->put("ten", "0123456789", precondition::any);
    const auto behind = here.store->get_range("ten", 10, room);
    expect(behind && behind->count == 0 && behind->size_bytes == 10, "behind the end");
    const auto over = here.store->get_range("ten", 7, room);
    expect(over && over->count == 3 && bytes(room, 3) == bytes("789"), "over the end");
    return std::string();
  });
  law("put_stream: 200 MiB by parts, and read back by ranges", [] {
    place here("large/");
    if (!here.store) return std::string();
    constexpr std::uint64_t size = std::uint64_t{200} << 20;
    sha256 sent;
    std::uint64_t at = 0;
    const auto put = here.store->put_stream("object", [&](mutable_bytes into) -> result<std::size_t> {
      const mutable_bytes part = into.first(size - at < 1'000'003 ? static_cast<std::size_t>(size - at) : 1'000'003);
      for (std::size_t i = 0; i < part.size(); ++i)
        part.data()[i] = static_cast<std::byte>((at + i) * 2'654'435'761 >> 13 & 0xff);
      sent.update(part);
      at += part.size();
      return part.size();
    });
    if (!succeeds(put, "put_stream")) return std::string();
    sha256 got;
    std::vector<std::byte> room(16 << 20);
    for (std::uint64_t from = 0; from < size; from += room.size()) {
      const auto part = here.store->get_range("object", from, room);
      if (!succeeds(part, "get_range") || part->size_bytes != size) break;
      got.update(bytes(room.data(), part->count));
    }
    expect(got.finish() == sent.finish(), "it came back changed");
    const auto failing =
        here.store->put_stream("other", [&, given = std::size_t{0}](mutable_bytes into) mutable -> result<std::size_t> {
          if (given > std::size_t{20} << 20) return failure(code::cancelled, operation::read);
          given += into.size();
          return into.size();
        });
    expect(!failing && failing.error().code() == code::cancelled && failing.error().doubt() == doubt::none, "a failing source");
    const auto there = here.store->head("other");
    expect(!there && there.error().code() == code::not_found, "of a source that failed there is an object");
    succeeds(here.store->remove("object"), "remove");
    return std::string();
  });
  law("list: 10,000 keys, page by page, and removed by batches", [] {
    place here("many/");
    if (!here.store) return std::string();
    constexpr int each = 1250;
    std::vector<std::thread> threads;
    int puts = 0;
    for (int thread = 0; thread < 8; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < each; ++i) {
          if (here.store->put("k/" + std::to_string(i * 8 + thread), "x", precondition::any))
            __atomic_add_fetch(&puts, 1, __ATOMIC_RELAXED);
        }
      });
    }
    for (auto& thread : threads) thread.join();
    expect(puts == 8 * each, std::to_string(puts) + " were put");
    const std::size_t found = objects_below(*here.store, "k/");
    expect(found == 8 * each, std::to_string(found) + " were listed");
    succeeds(perdure::remove_prefix(*here.store, "k/"), "remove_prefix");
    expect(objects_below(*here.store, "") == 0, "something is left");
    return std::string();
  });
}

template <class Race>
std::string through_proxy(Race race) {
  const rig::listening proxy;
  const pid_t child = tests::start_child([&]() -> int { serve_with_faults(proxy.socket, gateway, spoil_some(1.0 / 6)); });
  std::string told = race(proxy.port);
  if (::waitpid(child, nullptr, WNOHANG) != 0) {
    told += ", and the proxy ended by itself";
    expect(false, told);
  }
  (void)::kill(child, SIGKILL);
  (void)tests::end_of(child);
  ::close(proxy.socket);
  return told;
}

void laws_of_races() {
  law("absent: of 8 processes exactly one wins each of 200 rounds, over two gateways", [] {
    place here("lock/");
    if (!here.store) return std::string();
    const tests::shared<rig::rounds> all;
    std::vector<pid_t> children;
    for (std::size_t who = 0; who < processes; ++who) {
      children.push_back(tests::start_child([&]() -> int {
        place mine("lock/", gateway + static_cast<int>(who % 2));
        if (!mine.store) return __atomic_store_n(&all->failed, 1, __ATOMIC_RELEASE), 1;
        for (int round = 0; round < rig::rounds::count; ++round) {
          if (!all->together(round + 1)) return 2;
          const std::string key = std::to_string(round);
          const std::string own = std::to_string(::getpid());
          const auto put = mine.store->put(key, own, precondition::absent);
          std::string there;
          const bool looked = !put && put.error().doubt() != doubt::none && read_object(*mine.store, key, there, 100);
          if (put || (looked && there == own)) __atomic_add_fetch(&all->wins[round], 1, __ATOMIC_RELAXED);
        }
        return 0;
      }));
    }
    expect_to_end(children);
    int good = 0;
    for (const int wins : all->wins) good += wins == 1 ? 1 : 0;
    expect(good == rig::rounds::count, std::to_string(rig::rounds::count - good) + " rounds had another number of winners");
    succeeds(perdure::remove_prefix(*here.store, "1"), "remove_prefix");
    return std::to_string(good) + " rounds";
  });
  law("commit_manifest: 8 processes, 100 increments each, one gateway", [] { return race("one/", 100, gateway, gateway); });
  law("commit_manifest: 8 processes, 100 increments each, over two gateways",
      [] { return race("two/", 100, gateway, gateway + 1); });
  law("commit_manifest: 8 processes, 100 increments each, through a proxy that spoils every sixth request",
      [] { return through_proxy([](int port) { return race("spoilt/", 100, port, port); }); });
}

// The signal is sent to a process, and its threads stop one by one.
void stop_storage() {
  (void)::kill(osd, SIGSTOP);
  for (int tries = 0; tries < 1000; ++tries) {
    bool all_stopped = true;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(osd) + "/task")) {
      std::string stat;
      std::getline(std::ifstream(thread.path() / "stat"), stat);
      all_stopped = all_stopped && stat.find(") T ") != std::string::npos;
    }
    if (all_stopped) return;
    ::usleep(1000);
  }
  expect(false, "the storage cannot be stopped");
}

// --- a ledger and its lock, in a directory and behind gateways

std::string race_in_ledger(const std::string& address, int first_port, int second_port) {
  constexpr unsigned times = 100;
  const tests::shared<rig::rounds> start;
  const tests::shared<unsigned> lost;
  std::vector<pid_t> children;
  for (std::size_t who = 0; who < rig::racers; ++who) {
    const int port = who % 2 == 0 ? first_port : second_port;
    children.push_back(tests::start_child([&] { return rig::count_in_ledger(address, port, who, times, *start, *lost); }));
  }
  expect_to_end(children);
  auto store = rig::opened(address, gateway);
  if (!succeeds(store, "open")) return {};
  rig::book all(object_slot(*store, "ledger"));
  const auto now = all.read();
  if (!succeeds(now, "the ledger")) return {};
  const auto found = rig::counted::in(*now);
  expect(found.total == rig::racers * times, "counted " + std::to_string(found.total));
  expect(now->serial == found.total, "of serial " + std::to_string(now->serial));
  for (const unsigned own : found.of) expect(own == times, "of one process " + std::to_string(own));
  expect(*lost >= times / 10, "so few were slower than another one that it was no race: " + std::to_string(*lost));
  return std::to_string(found.total) + " counted, " + std::to_string(*lost) + " times another one was faster";
}

std::string race_for_lock(const std::string& address, int first_port, int second_port) {
  const tests::shared<rig::rounds> all;
  std::vector<pid_t> children;
  for (std::size_t who = 0; who < rig::racers; ++who) {
    const int port = who % 2 == 0 ? first_port : second_port;
    children.push_back(tests::start_child([&] { return rig::race_for_lock(address, port, *all); }));
  }
  expect_to_end(children);
  int good = 0;
  for (const int wins : all->wins) good += wins == 1 ? 1 : 0;
  expect(good == rig::rounds::count, std::to_string(rig::rounds::count - good) + " rounds had another number of winners");
  auto store = rig::opened(address, gateway);
  if (!succeeds(store, "open")) return {};
  native_clock clock;
  rig::lock last(object_slot(*store, "lock"), clock);
  const auto seen = last.observe();
  if (!succeeds(seen, "observe")) return {};
  expect(!seen->is_held && seen->token == rig::rounds::count, "the last token is " + std::to_string(seen->token));
  return std::to_string(good) + " rounds";
}

std::string holder_is_lost(const std::string& address, bool is_leased) {
  constexpr std::int64_t lease_ns = ns_per_second / 2;
  auto store = rig::opened(address, gateway);
  if (!succeeds(store, "open")) return {};
  const int signal = is_leased ? SIGSTOP : SIGKILL;
  const pid_t child = tests::start_child([&] { return rig::hold_and_stop(address, gateway, is_leased ? lease_ns : 0, signal); });
  int status = 0;
  (void)::waitpid(child, &status, WUNTRACED);
  native_clock clock;
  rig::lock own(object_slot(*store, "lock"), clock);
  rig::book all(object_slot(*store, "ledger"));
  const auto begun = std::chrono::steady_clock::now();
  const auto busy = own.take({.id = lock_id::of(store->nonce())}, is_leased ? 0 : ns_per_second / 4);
  expect(busy && !busy->done, "it is not busy");
  if (!busy) return {};
  expect(busy->holder.process == static_cast<std::uint64_t>(child), "another one has it");
  if (!is_leased) {
    char text[lock_id::text_size];
    const auto id = parse_lock_id(to_text(busy->holder.id, text));
    const auto wrong = own.force_unlock(lock_id::of(store->nonce()));
    expect(wrong && !wrong->done, "it was forced by another id");
    const auto forced = own.force_unlock(*id);
    expect(forced && forced->done, "it was not forced");
  }
  const auto taken = own.take({.id = lock_id::of(store->nonce())}, is_leased ? 60 * ns_per_second : 0);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  expect(taken && taken->done && taken->holder.token == busy->holder.token + 1, "it was not taken");
  expect(!is_leased || seconds >= 0.5, "it was taken too early");
  if (!taken) return {};
  const auto raised = all.raise(taken->holder.token);
  expect(raised && raised->answer == ledger_answer::won, "raise");
  if (is_leased) {
    (void)::kill(child, SIGCONT);
    const int end = tests::end_of(child);
    expect(end == 0, "the late holder ended with " + std::to_string(end));
  }
  const auto now = all.read();
  expect(now && now->state == bytes("first"), "the ledger holds another state");
  expect(own.is_held() && own.release().has_value(), "release");
  return {};
}

void laws_of_ledgers() {
  const tests::temp_dir directory;
  const std::string files = "file://" + directory.path() + "/";
  const std::string objects = "s3://perdure-rig/ledger/";
  law("ledger: 8 processes, 100 increments each, in a directory", [&] { return race_in_ledger(files + "count", 0, 0); });
  law("ledger: 8 processes, 100 increments each, over two gateways",
      [&] { return race_in_ledger(objects + "count", gateway, gateway + 1); });
  law("ledger: 8 processes, 100 increments each, through a proxy that spoils every sixth request",
      [&] { return through_proxy([&](int port) { return race_in_ledger(objects + "spoilt", port, port); }); });
}

void laws_of_locks() {
  const tests::temp_dir directory;
  const std::string files = "file://" + directory.path() + "/";
  const std::string objects = "s3://perdure-rig/locks/";
  law("slot_lock: one of 8 processes has it in each of 200 rounds, in a directory",
      [&] { return race_for_lock(files + "rounds", 0, 0); });
  law("slot_lock: one of 8 processes has it in each of 200 rounds, over two gateways",
      [&] { return race_for_lock(objects + "rounds", gateway, gateway + 1); });
  law("slot_lock: one of 8 processes has it in each of 200 rounds, through a proxy that spoils every sixth request",
      [&] { return through_proxy([&](int port) { return race_for_lock(objects + "spoilt-rounds", port, port); }); });
  for (const std::string& where : {files, objects}) {
    const std::string in = where == files ? ", in a directory" : ", behind a gateway";
    law("slot_lock: what a killed process held is forced by its id alone" + in,
        [&] { return holder_is_lost(where + "killed", false); });
    law("slot_lock: what a process that stood still commits behind its lease is fenced" + in,
        [&] { return holder_is_lost(where + "late", true); });
  }
}

void laws_of_late_writes() {
  law("a put that its client gave up may come late, and is told as unknown", [] {
    curl_http_options limits;
    limits.whole_timeout_ms = 1500;
    place here("late/", gateway, limits);
    if (!here.store) return std::string();
    (void)here.store->put("other", "x", precondition::any);
    stop_storage();
    const auto put = here.store->put("k", "late", precondition::absent);
    (void)::kill(osd, SIGCONT);
    expect(!put && put.error().code() == code::timed_out && put.error().doubt() == doubt::visible, "it is not unknown");
    std::string there;
    bool came = false;
    for (int i = 0; i < 100 && !came; ++i) {
      came = read_object(*here.store, "k", there, 100).has_value();
      if (!came) ::usleep(100'000);
    }
    (void)here.store->remove("k");
    return std::string(came ? "it came" : "it never came");
  });
  law("object_slot: what was given up is settled by a load, and stays so", [] {
    curl_http_options limits;
    limits.whole_timeout_ms = 1500;
    place here("settled/", gateway, limits);
    if (!here.store) return std::string();
    object_slot slot(*here.store, "value");
    std::string room;
    auto now = slot.load(growing_room(room, 1000));
    if (!succeeds(now, "load") || !succeeds(slot.replace(now->token, "before"), "replace")) return std::string();
    now = slot.load(growing_room(room, 1000));
    stop_storage();
    const auto replaced = slot.replace(now->token, "late");
    (void)::kill(osd, SIGCONT);
    expect(!replaced && replaced.error().doubt() == doubt::visible, "it is not unknown");
    for (int i = 0; i < 20; ++i) {
      now = slot.load(growing_room(room, 1000));
      if (now) break;
    }
    if (!succeeds(now, "load after it")) return std::string();
    const bool took = now->earlier == earlier::took_effect;
    expect(took || now->earlier == earlier::had_no_effect, "it is not told what became of it");
    const std::string value = took ? "late" : "before";
    for (int i = 0; i < 20; ++i) {
      const auto seen = slot.observe(growing_room(room, 1000));
      expect(seen && seen->value == bytes(value), "what was settled changed");
      ::usleep(100'000);
    }
    return std::string(took ? "it took effect" : "it had no effect");
  });
}

// --- storage that is killed

int write_until_it_fails(const char* file) {
  curl_http_options limits;
  limits.whole_timeout_ms = 3000;
  place here("killed/", gateway, limits);
  std::FILE* const told = std::fopen(file, "w");
  if (!here.store || told == nullptr) return 1;
  manifest<std::uint64_t, object_slot<bucket>> all{object_slot(*here.store, "counter")};
  if (!all.open()) return 1;
  for (int i = 1;; ++i) {
    const bool kept = here.store->put("object/" + std::to_string(i), std::string(5000, static_cast<char>('a' + i % 26)),
                                      precondition::absent) &&
                      commit_manifest(all, [](std::uint64_t& next) { ++next; });
    if (!kept) return 0;
    std::rewind(told);
    std::fprintf(told, "%d\n", i);
    std::fflush(told);
  }
}

void law_of_killed_storage(const char* file) {
  law("bluestore: storage and gateways are killed, and what was acknowledged is there when they are back", [&] {
    int told = 0;
    if (std::FILE* const from = std::fopen(file, "r")) {
      expect(std::fscanf(from, "%d", &told) == 1, "nothing was acknowledged");
      std::fclose(from);
    }
    place here("killed/");
    if (!here.store) return std::string();
    std::string content;
    for (int i = 1; i <= told; ++i) {
      succeeds(read_object(*here.store, "object/" + std::to_string(i), content, 10'000), "get");
      expect(content == std::string(5000, static_cast<char>('a' + i % 26)), "an object changed");
    }
    manifest<std::uint64_t, object_slot<bucket>> all{object_slot(*here.store, "counter")};
    if (!succeeds(all.open(), "open of the counter")) return std::string();
    const auto counted = static_cast<int>(*all.read());
    expect(counted == told || counted == told + 1,
           "counted " + std::to_string(counted) + ", acknowledged " + std::to_string(told));
    return std::to_string(told) + " acknowledged";
  });
}

}  // namespace

int main(int count, char** words) {
  if (count < 3) return 2;
  gateway = std::atoi(words[1]);
  if (count == 4 && std::string(words[2]) == "write") return write_until_it_fails(words[3]);
  if (count == 4 && std::string(words[2]) == "verify") return law_of_killed_storage(words[3]), failed;
  osd = std::atoi(words[2]);
  const std::string group = count > 3 ? words[3] : "";
  if (count > 4) only = words[4];
  if (group == "alone") {
    laws_of_opening();
    laws_of_late_writes();
    law_of_a_killed_gateway();
  } else if (group == "store") {
    laws_of_the_store();
  } else if (group == "races") {
    laws_of_races();
    law_of_killed_processes();
    laws_of_each_request();
  } else if (group == "ledgers") {
    laws_of_ledgers();
  } else if (group == "locks") {
    laws_of_locks();
  } else {
    return 2;
  }
  return failed == 0 ? 0 : 1;
}
