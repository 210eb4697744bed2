// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/describe.hpp>
#include <perdure/store/read_object.hpp>
#include <perdure/store/s3_store.hpp>
#include <perdure/store/store_optional.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/fake_s3.hpp>
#include <tests/support/scripted_http.hpp>

#include <set>
#include <string>
#include <vector>

using namespace perdure;
using tests::fake_s3;
using trouble = tests::fake_s3::trouble;

namespace {

struct nonce a_nonce() {
  static std::uint64_t serial = 0;
  return {1, 2, 3, ++serial};
}

using fake_store = s3_store<fake_s3, manual_clock>;
using scripted_store = s3_store<tests::scripted_http, manual_clock>;
static_assert(Store<fake_store>);

struct place {
  fake_s3 server;
  manual_clock clock{server.unix_s * ns_per_second};
  s3_options options = tests::fake_s3_options();
  [[nodiscard]] result<fake_store> open() { return fake_store::open(server, clock, options, a_nonce); }
};

// A store whose answers are a script; without a probe, or with conditions.
struct script {
  tests::scripted_http http;
  manual_clock clock{1'440'938'160 * ns_per_second};
  result<scripted_store> store;

  explicit script(bool conditions = false) : store(made(conditions)) {}
  result<scripted_store> made(bool conditions) {
    s3_options options = tests::fake_s3_options();
    if (!conditions) {
      options.probe = s3_probe::nothing;
    } else {
      const auto etag = [](const char* value) { return std::vector<std::pair<std::string, std::string>>{{"ETag", value}}; };
      http.answers = {{200, "", etag("\"a\"")}, {412}, {200, "", etag("\"b\"")}, {412}, {204}};
    }
    auto opened = scripted_store::open(http, clock, options, a_nonce);
    http.asked.clear();
    return opened;
  }
};

std::string error_xml(const std::string& code) { return "<Error><Code>" + code + "</Code></Error>"; }
std::string text(bytes view) { return {reinterpret_cast<const char*>(view.data()), view.size()}; }

}  // namespace

TEST_CASE("s3_store::open: an endpoint that ignores conditions is refused, and nothing is left there") {
  struct kind {
    bool absent;
    enum fake_s3::if_match match;
    bool good;
  };
  for (const kind& one : {kind{true, fake_s3::if_match::quoted, true}, kind{true, fake_s3::if_match::bare, true},
                          kind{false, fake_s3::if_match::quoted, false}, kind{true, fake_s3::if_match::ignored, false},
                          kind{false, fake_s3::if_match::ignored, false}}) {
    place here;
    here.server.keeps_absent = one.absent;
    here.server.if_match = one.match;
    const auto opened = here.open();
    CHECK(opened.has_value() == one.good);
    if (!one.good) CHECK((opened.error().code() == code::unsupported && opened.error().operation() == operation::open));
    CHECK(here.server.objects.empty());
  }
}

TEST_CASE("s3_store::open: each bad root has its code, makes nothing and shows no secret") {
  const auto refused = [](place& here) {
    const auto opened = here.open();
    if (opened || !here.server.objects.empty()) return std::string("opened");
    const std::string told = describe(opened.error()).c_str();
    if (told.find("the-secret") != std::string::npos || told.find("AKID") != std::string::npos) return std::string("shown");
    return std::to_string(static_cast<int>(opened.error().code()));
  };
  const auto is = [](enum code code) { return std::to_string(static_cast<int>(code)); };
  place no_bucket;
  no_bucket.server.has_bucket = false;
  CHECK(refused(no_bucket) == is(code::invalid_storage_root));
  place made;
  made.server.has_bucket = false;
  made.options.bucket_is = s3_bucket_is::made;
  CHECK(made.open());
  CHECK((made.server.has_bucket && made.open()));
  place wrong_key;
  wrong_key.options.credentials.secret_key.append("x");
  CHECK(refused(wrong_key) == is(code::permission));
  place no_key;
  no_key.options.credentials.secret_key.clear();
  CHECK((refused(no_key) == is(code::permission) && no_key.server.lines.empty()));
  place bad_key;
  bad_key.options.credentials.secret_key.append("\r\nx: y");
  CHECK((refused(bad_key) == is(code::permission) && bad_key.server.lines.empty()));
  place nothing_set;
  nothing_set.options.host.clear();
  CHECK((refused(nothing_set) == is(code::invalid_storage_root) && nothing_set.server.lines.empty()));
  place no_server;
  no_server.server.troubles = [](std::size_t, const std::string&) { return trouble::not_sent; };
  CHECK(refused(no_server) == is(code::io));
  place slow;
  slow.server.troubles = [](std::size_t, const std::string&) { return trouble::lost; };
  CHECK(refused(slow) == is(code::timed_out));
}

TEST_CASE("s3_store: without a probe no condition is believed") {
  place here;
  here.options.probe = s3_probe::nothing;
  auto store = here.open();
  REQUIRE(store);
  CHECK(here.server.lines.empty());
  CHECK(store->put("k", "x", precondition::absent).error().code() == code::unsupported);
  CHECK(store->put("k", "x", precondition::matches(*etag::of("e"))).error().code() == code::unsupported);
  CHECK(store->put("k", "x", precondition::any));
}

TEST_CASE("s3_store: what each answer to a put means, and what is in doubt after it") {
  struct told {
    tests::scripted_answer answer;
    enum code absent, matches, any;
    doubt unsure;
  };
  constexpr auto not_sent = http_end::not_sent;
  constexpr auto silent = http_end::unanswered;
  const told table[] = {
      {{412, error_xml("PreconditionFailed")}, code::already_exists, code::conflict, code::invalid_argument, doubt::none},
      {{304}, code::already_exists, code::conflict, code::invalid_argument, doubt::none},
      {{404, error_xml("NoSuchKey")}, code::invalid_storage_root, code::not_found, code::invalid_storage_root, doubt::none},
      {{404, error_xml("NoSuchBucket")},
       code::invalid_storage_root,
       code::invalid_storage_root,
       code::invalid_storage_root,
       doubt::none},
      {{409, error_xml("ConditionalRequestConflict")}, code::busy, code::busy, code::busy, doubt::none},
      {{429}, code::busy, code::busy, code::busy, doubt::none},
      {{403, error_xml("AccessDenied")}, code::permission, code::permission, code::permission, doubt::none},
      {{403, error_xml("QuotaExceeded")}, code::no_space, code::no_space, code::no_space, doubt::none},
      {{400, error_xml("BadDigest")}, code::io, code::io, code::io, doubt::none},
      {{400, error_xml("EntityTooLarge")}, code::too_large, code::too_large, code::too_large, doubt::none},
      {{400, "no xml"}, code::invalid_argument, code::invalid_argument, code::invalid_argument, doubt::none},
      {{501, error_xml("NotImplemented")}, code::unsupported, code::unsupported, code::unsupported, doubt::none},
      {{301, error_xml("PermanentRedirect")},
       code::invalid_storage_root,
       code::invalid_storage_root,
       code::invalid_storage_root,
       doubt::none},
      {{500, error_xml("UnknownError")}, code::io, code::io, code::io, doubt::visible},
      {{502}, code::io, code::io, code::io, doubt::visible},
      // Who broke may say anything of what was behind it.
      {{500, error_xml("QuotaExceeded")}, code::no_space, code::no_space, code::no_space, doubt::visible},
      {{503, error_xml("BadDigest")}, code::io, code::io, code::io, doubt::visible},
      {{503, error_xml("SlowDown")}, code::busy, code::busy, code::busy, doubt::visible},
      {{504}, code::timed_out, code::timed_out, code::timed_out, doubt::visible},
      {{200, "", {}, silent, true}, code::timed_out, code::timed_out, code::timed_out, doubt::visible},
      {{200, "", {}, silent, false}, code::io, code::io, code::io, doubt::visible},
      {{200, "", {}, not_sent, false}, code::io, code::io, code::io, doubt::none},
      {{200, "", {}, not_sent, true}, code::timed_out, code::timed_out, code::timed_out, doubt::none},
      // The status was good, and the answer was cut off: it was not wholly there.
      {{200, "", {{"Content-Length", "5"}, {"ETag", "\"e\""}}}, code::io, code::io, code::io, doubt::visible},
  };
  script one(true);
  REQUIRE(one.store);
  const etag version = *etag::of("abc");
  for (const told& row : table) {
    INFO(row.answer.status << " " << row.answer.body);
    const auto fails = [&](const precondition& when, enum code code) {
      one.http.answers = {row.answer};
      const auto put = one.store->put("key", "content", when);
      return !put && put.error().code() == code && put.error().doubt() == row.unsure && text(put.error().path()) == "key" &&
             one.http.answers.empty();
    };
    CHECK(fails(precondition::absent, row.absent));
    CHECK(fails(precondition::matches(version), row.matches));
    CHECK(fails(precondition::any, row.any));
  }
  // Each was sent once, and may not be sent again by whoever sends it.
  CHECK(one.http.asked.size() == 3 * std::size(table));
  for (const auto& asked : one.http.asked) CHECK(asked.sending == http_sending::once);
  CHECK(one.http.asked[0].header("if-none-match") == "*");
  CHECK(one.http.asked[1].header("if-match") == "\"abc\"");
  CHECK((one.http.asked[2].header("if-match") == "(none)" && one.http.asked[2].header("if-none-match") == "(none)"));
  // A version is needed to go on from.
  one.http.answers = {{200}};
  CHECK(one.store->put("key", "content", precondition::absent).error().doubt() == doubt::visible);
  one.http.answers = {{200}};
  CHECK(one.store->put("key", "content", precondition::any));
}

TEST_CASE("s3_store: an etag that no server gave matches nothing, and is sent to none") {
  script one(true);
  REQUIRE(one.store);
  for (const char* const strange : {"a\r\nx-y: z", "\"a\"", "a\"b", "a b", "\xff"}) {
    const auto put = one.store->put("key", "", precondition::matches(*etag::of(strange)));
    CHECK((!put && is_lost(put.error())));
  }
  CHECK(one.http.asked.empty());
}

TEST_CASE("s3_store: what only looks is not in doubt, and what removes is") {
  script one;
  REQUIRE(one.store);
  char room[16];
  for (const int status : {403, 404, 429, 500, 503}) {
    const auto sure = [&](const auto& call, enum code code) {
      one.http.answers = {{status}};
      const auto answer = call();
      return !answer && answer.error().doubt() == doubt::none && answer.error().code() == code;
    };
    const enum code expected = status == 403   ? code::permission
                               : status == 404 ? code::not_found
                               : status == 500 ? code::io
                                               : code::busy;
    CHECK(sure([&] { return one.store->get("k", room); }, expected));
    CHECK(sure([&] { return one.store->get_range("k", 3, room); }, expected));
    CHECK(sure([&] { return one.store->head("k"); }, expected));
    CHECK(sure([&] { return one.store->list("k", "", 3, [](const listed_object&) { return visit::go_on; }); },
               status == 404 ? code::invalid_storage_root : expected));
    one.http.answers = {{status}};
    const auto removed = one.store->remove("k");
    CHECK((!removed && removed.error().doubt() == (status >= 500 ? doubt::visible : doubt::none)));
  }
  one.http.answers = {{500, error_xml("NoSuchKey")}};
  const auto broken = one.store->remove("k");
  CHECK((!broken && broken.error().doubt() == doubt::visible));
  one.http.answers = {{404, error_xml("NoSuchKey")}};
  CHECK(one.store->remove("k"));
  for (std::size_t i = 0; i < one.http.asked.size(); ++i) {
    CHECK((one.http.asked[i].sending == http_sending::once) == (one.http.asked[i].line.substr(0, 6) == "DELETE"));
  }
}

TEST_CASE("s3_store: a get is of a whole object or fails") {
  script one;
  REQUIRE(one.store);
  using headers = std::vector<std::pair<std::string, std::string>>;
  const headers whole = {{"Content-Length", "10"}, {"ETag", "\"e\""}};
  const auto get = [&](const tests::scripted_answer& answer, std::size_t size) -> std::string {
    one.http.answers = {answer};
    std::string room(size, '?');
    const auto got = one.store->get("k", room);
    if (!got) return describe(got.error().code());
    return room.substr(0, static_cast<std::size_t>(got->size_bytes)) + " " + text(got->etag.view());
  };
  CHECK(get({200, "0123456789", whole}, 10) == "0123456789 e");
  CHECK(get({200, "0123456789", whole}, 9) == describe(code::too_large));
  CHECK(get({200, "0123456789", {{"ETag", "\"e\""}}}, 9) == describe(code::too_large));  // of unknown length
  CHECK(get({200, "0123456789", {{"ETag", "\"e\""}}}, 12) == "0123456789 e");
  CHECK(get({200, "", {{"Content-Length", "0"}, {"ETag", "e"}}}, 0) == " e");
  CHECK(get({200, "012345678", whole}, 10) == describe(code::io));
  CHECK(get({200, "0123456789", whole, http_end::unanswered, false, 4}, 10) == describe(code::io));
  CHECK(get({200, "0123456789", whole, http_end::unanswered, true, 4}, 10) == describe(code::timed_out));
  CHECK(get({200, "0123456789", {{"ETag", "W/\"e\""}}}, 10) == describe(code::unsupported));
  CHECK(get({200, "0123456789", {{"ETag", "\"" + std::string(80, 'e') + "\""}}}, 10) == describe(code::unsupported));
  CHECK(get({206, "0123", whole}, 10) == describe(code::io));
}

TEST_CASE("s3_store: a range is what was asked for, also of servers that know none") {
  script one;
  REQUIRE(one.store);
  const auto range = [&](std::vector<tests::scripted_answer> answers, std::uint64_t offset, std::size_t size) -> std::string {
    one.http.answers = std::move(answers);
    std::string room(size, '?');
    const auto got = one.store->get_range("k", offset, room);
    if (!got) return describe(got.error().code());
    return room.substr(0, got->count) + " of " + std::to_string(got->size_bytes);
  };
  CHECK(range({{206, "234", {{"Content-Range", "bytes 2-4/10"}, {"Content-Length", "3"}}}}, 2, 3) == "234 of 10");
  CHECK(one.http.asked.back().header("range") == "bytes=2-4");
  CHECK(range({{206, "89", {{"Content-Range", "bytes 8-9/10"}}}}, 8, 5) == "89 of 10");
  CHECK(range({{206, "8", {{"Content-Range", "bytes 8-9/10"}}}}, 8, 5) == describe(code::io));
  CHECK(range({{206, "345", {{"Content-Range", "bytes 3-5/10"}}}}, 2, 3) == describe(code::io));
  CHECK(range({{206, "234", {{"Content-Range", "bytes 2-4/*"}}}}, 2, 3) == describe(code::io));
  CHECK(range({{206, "234"}}, 2, 3) == describe(code::io));
  CHECK(range({{200, "0123456789", {{"Content-Length", "10"}}}}, 2, 3) == "234 of 10");
  CHECK(range({{200, "0123456789"}}, 2, 3) == "234 of 10");
  CHECK(range({{200, "0123456789", {{"Content-Length", "10"}}}}, 12, 3) == " of 10");
  CHECK(range({{416}, {200, "", {{"Content-Length", "10"}}}}, 12, 3) == " of 10");
  // One that says so of what is not behind the end, and one that answers a part as if it were all.
  CHECK(range({{416}, {200, "", {{"Content-Length", "20"}}}}, 12, 3) == describe(code::io));
  CHECK(range({{200, "0123456789", {{"Content-Length", "10"}, {"Content-Range", "bytes 0-9/10"}}}}, 2, 3) == describe(code::io));
  CHECK(range({{200, "", {{"Content-Length", "10"}}}}, UINT64_MAX, 3) == " of 10");
  CHECK(range({{200, "", {{"Content-Length", "10"}}}}, 0, 0) == " of 10");
  CHECK(one.http.asked.back().line == "HEAD http://fake/bucket/k");
}

TEST_CASE("s3_store: every key comes back as it was, from a get and from a listing") {
  place here;
  here.options = tests::fake_s3_options("s3://bucket/p q+r");
  auto store = here.open();
  REQUIRE(store);
  std::set<std::string> keys = {"a b",
                                "a+b",
                                "a%20b",
                                "a%2Bb",
                                "a/b",
                                "a//b",
                                "../a",
                                ".",
                                "/",
                                "A",
                                "a?b#c",
                                "a&amp;b",
                                "<&>\"'",
                                "tab\t\n\r",
                                "\x01\x7f",
                                "\xc3\xbc/\xe2\x82\xac\xf0\x9f\x98\x80",
                                std::string(1024 - 6, 'x')};
  for (const std::string& key : keys) CHECK(store->put(key, key, precondition::any));
  for (const std::string& key : keys) {
    std::string content;
    CHECK((read_object(*store, key, content, 2000) && content == key));
  }
  std::vector<std::string> listed;
  CHECK(store->list("", "", 1000, [&](const listed_object& one) {
    listed.emplace_back(one.key.data(), one.key.size());
    CHECK(one.size_bytes == one.key.size());
    return visit::go_on;
  }));
  CHECK(listed == std::vector<std::string>(keys.begin(), keys.end()));
  CHECK(here.server.objects.count("p q+r/a//b") == 1);
  CHECK(store->put(std::string(1024 - 5, 'x'), "", precondition::any).error().code() == code::too_large);
  // Not all of these can be in one batch of deletions.
  CHECK(perdure::remove_prefix(*store, "a"));
  CHECK(perdure::remove_prefix(*store, "\x01"));
  std::size_t left = 0;
  for (const std::string& key : keys) left += key[0] != 'a' && key[0] != '\x01' ? 1U : 0U;
  CHECK(here.server.objects.size() == left);
}

TEST_CASE("s3_store: a page is believed as a whole or not at all") {
  script one;
  REQUIRE(one.store);
  const std::string page =
      "<ListBucketResult><IsTruncated>true</IsTruncated><EncodingType>url</EncodingType>"
      "<Contents><Key>a+%2B</Key><Size>1</Size></Contents><Contents><Size>2</Size><Key>b</Key></Contents></ListBucketResult>";
  const auto list = [&](const std::string& body, std::size_t limit = 10, path_view prefix = "") {
    one.http.answers = {{200, body}};
    std::string all;
    const auto shown = one.store->list(prefix, "", limit, [&](const listed_object& object) {
      all += std::string(object.key.data(), object.key.size()) + "=" + std::to_string(object.size_bytes) + ";";
      return visit::go_on;
    });
    return all + (!shown ? describe(shown.error().code()) : *shown == listed::all ? "all" : "more");
  };
  CHECK(list(page) == "a +=1;b=2;more");
  CHECK(list(page, 1) == "a +=1;more");
  const std::string bad = describe(code::io);
  for (std::size_t size = 0; size < page.size(); ++size) {
    if (list(page.substr(0, size)) != bad) FAIL(size);
  }
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = page;
    return changed.replace(changed.find(from), from.size(), to);
  };
  CHECK(list(with("a+%2B", "a+%2")) == bad);
  CHECK(list(with("<Key>a+%2B</Key>", "")) == bad);
  CHECK(list(with("<IsTruncated>true</IsTruncated>", "")) == bad);
  CHECK(list("<Other>" + page + "</Other>") == bad);
  CHECK(list("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>") == bad);
  CHECK(list("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>") == "all");
  CHECK(list(page, 10, "b") == bad);  // of another prefix
  // More than was asked for is not all, though it says so.
  CHECK(list(with("true", "false"), 2) == "a +=1;b=2;all");
  CHECK(list(with("true", "false"), 1) == "a +=1;more");
  for (const char* const key : {"<Key>b</Key>", "<Key>%00</Key>", "<Key>%FF</Key>", "<Key>a+%2B</Key>", "<Key>A</Key>"}) {
    const bool is_good = key == std::string("<Key>b</Key>");
    INFO(key);
    CHECK(list(with("<Key>b</Key>", key)) == (is_good ? "a +=1;b=2;more" : bad));
  }
  for (const char* const key : {"x<!-- -->b", "b<x/>", "<x/>b", "b<x>b</x>", "<![CDATA[b]]>", "b<b", "&#0;b", "&b;"}) {
    INFO(key);
    CHECK(list(with("<Key>b</Key>", std::string("<Key>") + key + "</Key>")) == bad);
  }
  CHECK(list(with("<Key>b</Key>", "<!-- a --> <Key><!-- b -->b</Key>\n<!-- c -->\n")) == "a +=1;b=2;more");
  CHECK(list(with("<EncodingType>url</EncodingType>", "")) == "a+%2B=1;b=2;more");
}

TEST_CASE("s3_store: a server that begins again with each page is asked for no second one") {
  script one;
  REQUIRE(one.store);
  const tests::scripted_answer page = {200,
                                       "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>ka</Key></Contents>"
                                       "<Contents><Key>kb</Key></Contents></ListBucketResult>"};
  const tests::scripted_answer removed = {200, "<DeleteResult></DeleteResult>"};
  for (const char* const cursor : {"ka", "kb", "kc"}) {
    one.http.answers = {page};
    int shown = 0;
    const auto again = one.store->list("k", cursor, 10, [&](const listed_object&) { return ++shown, visit::go_on; });
    CHECK((!again && again.error().code() == code::io && shown == 0));
  }
  one.http.answers = {page, removed, page, removed, page, removed};
  const auto all = perdure::remove_prefix(*one.store, "k");
  CHECK((!all && all.error().code() == code::io && all.error().doubt() == doubt::visible && one.http.answers.size() == 3));
}

TEST_CASE("s3_store: of a body that nobody reads there is an end") {
  script one(true);
  REQUIRE(one.store);
  one.http.piece_size = 1000;
  const std::string endless(10'000'000, 'x');
  const std::vector<std::pair<std::string, std::string>> version = {{"ETag", "\"e\""}};
  const auto takes_little = [&] {
    const std::size_t taken = one.http.taken;
    one.http.taken = 0;
    return taken < 100'000 && one.http.answers.empty();
  };
  char room[16];
  one.http.answers = {{500, endless}};
  const auto broken = one.store->put("k", "x", precondition::absent);
  CHECK((!broken && broken.error().code() == code::io && broken.error().doubt() == doubt::visible && takes_little()));
  one.http.answers = {{403, endless}};
  CHECK((one.store->get("k", room).error().code() == code::permission && takes_little()));
  one.http.answers = {{200, endless, version}};
  CHECK((one.store->put("k", "x", precondition::absent) && takes_little()));
  one.http.answers = {{204, endless}};
  CHECK((one.store->remove("k") && takes_little()));
  one.http.answers = {{206, endless, {{"Content-Range", "bytes 0-15/16"}}}};
  CHECK((one.store->get_range("k", 0, room) && takes_little()));
}

TEST_CASE("s3_store: pages are asked for one by one, and none that cannot have anything") {
  place here;
  auto store = here.open();
  REQUIRE(store);
  for (int i = 0; i < 25; ++i) (void)store->put("k" + std::to_string(100 + i), "x", precondition::any);
  here.server.lines.clear();
  std::string cursor;
  std::size_t pages = 0;
  std::size_t keys = 0;
  for (bool more = true; more; ++pages) {
    const auto page = store->list("k", cursor, 7, [&](const listed_object& one) {
      cursor.assign(one.key.data(), one.key.size());
      ++keys;
      return visit::go_on;
    });
    more = page && *page == listed::more;
  }
  CHECK((keys == 25 && pages == 4 && here.server.lines.size() == 4));
  CHECK(here.server.lines[1] == "GET /bucket?encoding-type=url&list-type=2&max-keys=7&prefix=k&start-after=k106");
  CHECK(*store->list("k", "l", 7, [](const listed_object&) { return visit::go_on; }) == listed::all);
  CHECK(here.server.lines.size() == 4);
}

TEST_CASE("s3_store: a clock that is wrong is put right by the server's, once") {
  place here;
  here.clock = manual_clock((here.server.unix_s + 7200) * ns_per_second);
  auto store = here.open();
  REQUIRE(store);
  const std::size_t before = here.server.lines.size();
  CHECK(before == 6);  // one of the probe's five was made twice
  CHECK(store->put("k", "x", precondition::any));
  CHECK(here.server.lines.size() == before + 1);
  // A server that refuses although the time is right is not asked for ever.
  script one;
  one.http.answers = {{403, "", {{"Date", "Sun, 30 Aug 2020 12:36:00 GMT"}}},
                      {403, "", {{"Date", "Sun, 30 Aug 2015 12:36:00 GMT"}}}};
  CHECK(one.store->put("k", "x", precondition::any).error().code() == code::permission);
  CHECK(one.http.asked.size() == 2);
  // Nor is what it is believed to say: the next request is made at our own time.
  CHECK(one.http.asked[1].header("x-amz-date") == "20200830T123600Z");
  one.http.answers = {{200}};
  CHECK(one.store->put("k", "x", precondition::any));
  CHECK(one.http.asked[2].header("x-amz-date") == "20150830T123600Z");
}

namespace {
// Gives the token with the highest number, and writes down what it is asked.
struct renewing {
  int newest = 0;
  int asked = 0;
  int refused = 0;
  bool works = true;
  [[nodiscard]] s3_credentials_source source() {
    return {[](void* of, const s3_credentials* those) { return static_cast<renewing*>(of)->ask(those != nullptr); }, this};
  }
  result<s3_credentials> ask(bool again) {
    ++(again ? refused : asked);
    if (!works) return failure(code::timed_out, operation::open);
    s3_credentials all = tests::fake_s3_options().credentials;
    all.session_token.append("t" + std::to_string(newest));
    return all;
  }
};
// Every operation, each of which fails where it is not what it should be.
template <class S>
std::string each_operation(S& store) {
  std::string failed;
  const auto is_good = [&](const char* what, bool good) { failed += good ? "" : std::string(what) + " "; };
  char room[16];
  is_good("put", store.put("k", "content", precondition::any).has_value());
  is_good("absent", store.put("new", "x", precondition::absent).has_value());
  is_good("get", store.get("k", room).has_value());
  is_good("get_range", store.get_range("k", 2, mutable_bytes(room).first(3)).has_value());
  is_good("head", store.head("k").has_value());
  is_good("list", store.list("", "", 10, [](const listed_object&) { return visit::go_on; }).has_value());
  is_good("put_stream", store
                            .put_stream("s",
                                        [at = 0](mutable_bytes into) mutable -> result<std::size_t> {
                                          return at++ < 30 ? std::memset(into.data(), 'x', 10), std::size_t{10} : std::size_t{0};
                                        })
                            .has_value());
  is_good("remove", store.remove("new").has_value());
  is_good("remove_prefix", perdure::remove_prefix(store, "s").has_value());
  return failed;
}
}  // namespace

TEST_CASE("s3_store: credentials that ended are asked for again, and the request is made again, once") {
  place here;
  renewing keys;
  here.options.credentials = {};
  here.options.source = keys.source();
  here.options.part_size_bytes = 100;
  here.server.token = "t0";
  auto store = here.open();
  REQUIRE(store);
  CHECK(each_operation(*store) == "");
  CHECK(keys.refused == 0);
  // They end before every single request, whose second time is good.
  std::size_t requests = 0;
  here.server.troubles = [&](std::size_t, const std::string&) {
    if (requests++ % 2 == 0) {
      here.server.expired_token = here.server.token;
      here.server.token = "t" + std::to_string(++keys.newest);
    }
    return trouble::none;
  };
  CHECK(each_operation(*store) == "");
  CHECK((requests == 2 * static_cast<std::size_t>(keys.newest) && keys.refused == keys.newest && keys.newest > 12));
  here.server.troubles = nullptr;
  // There are no others: it is told, and nothing is tried for ever.
  here.server.expired_token = "t" + std::to_string(keys.newest);
  const std::size_t lines = here.server.lines.size();
  const auto put = store->put("k", "x", precondition::any);
  CHECK((!put && put.error().code() == code::permission && put.error().doubt() == doubt::none));
  CHECK(here.server.lines.size() == lines + 1);
  // There are others, which are refused, too.
  here.server.token = "of somebody else";
  ++keys.newest;
  CHECK(store->put("k", "x", precondition::any).error().code() == code::permission);
  CHECK(here.server.lines.size() == lines + 2);
  // Nobody knows any.
  keys.works = false;
  const auto unsent = store->put("k", "x", precondition::any);
  CHECK((!unsent && unsent.error().code() == code::permission && unsent.error().doubt() == doubt::none));
  CHECK(here.server.lines.size() == lines + 2);
}

TEST_CASE("s3_store: credentials that stay as they are and ended are a matter of permission") {
  place here;
  here.options.credentials.session_token.append("t");
  here.server.token = "t";
  auto store = here.open();
  REQUIRE(store);
  here.server.expired_token = "t";
  const auto put = store->put("k", "x", precondition::any);
  CHECK((!put && put.error().code() == code::permission && put.error().doubt() == doubt::none));
}

namespace {
// So many bytes, in pieces of `step`; fails where it has given `fails_at`.
struct counted_source {
  std::size_t size;
  std::size_t step;
  std::size_t fails_at = SIZE_MAX;
  std::size_t at = 0;
  result<std::size_t> operator()(mutable_bytes into) {
    if (at >= fails_at) return failure(code::cancelled, operation::read);
    std::size_t count = 0;
    while (count < into.size() && count < step && at < size) into.data()[count++] = static_cast<std::byte>(at++ * 7 & 0xff);
    return count;
  }
};
}  // namespace

TEST_CASE("put_stream: parts, of which the object is made at the end or not at all") {
  place here;
  here.options.part_size_bytes = 100;
  auto store = here.open();
  REQUIRE(store);
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{99}, std::size_t{100}, std::size_t{101}, std::size_t{1000}, std::size_t{1023}}) {
    here.server.lines.clear();
    const auto put = store->put_stream("k", counted_source{size, 33});
    CHECK(put);
    std::string content;
    const auto got = read_object(*store, "k", content, 4096);
    CHECK((got && content.size() == size && got->etag == *put));
    CHECK((size == 0 || content.back() == static_cast<char>((size - 1) * 7 & 0xff)));
    CHECK(here.server.uploads.empty());
    CHECK(here.server.lines.size() == 2 + (size < 100 ? 1 : 2 + (size + 99) / 100));
  }
}

TEST_CASE("put_stream: a part that fails is sent again, and what fails for certain is abandoned") {
  place here;
  here.options.part_size_bytes = 100;
  auto store = here.open();
  REQUIRE(store);
  std::size_t first = here.server.lines.size();
  const auto with = [&](std::size_t size, std::vector<trouble> troubles, std::size_t fails_at = SIZE_MAX) {
    first = here.server.lines.size();
    here.server.objects.clear();
    here.server.uploads.clear();
    here.server.troubles = [&here, first, troubles](std::size_t n, const std::string&) {
      (void)here;
      return n - first < troubles.size() ? troubles[n - first] : trouble::none;
    };
    return store->put_stream("k", counted_source{size, 33, fails_at});
  };
  constexpr auto none = trouble::none;
  CHECK(with(250, {none, trouble::lost, trouble::refused_503, trouble::answer_lost, none, trouble::failed_500_after}));
  CHECK((here.server.objects["k"].size() == 250 && here.server.uploads.empty()));
  CHECK(here.clock.elapsed_ns() == ns_per_second / 4 * (1 + 2 + 4 + 1));

  auto put = with(250, {none, none, trouble::lost, trouble::lost, trouble::lost, trouble::lost});
  CHECK((!put && put.error().code() == code::timed_out && put.error().doubt() == doubt::none && text(put.error().path()) == "k"));
  CHECK((here.server.objects.empty() && here.server.uploads.empty()));

  put = with(250, {}, 150);
  CHECK((!put && put.error().code() == code::cancelled && put.error().doubt() == doubt::none));
  CHECK((here.server.objects.empty() && here.server.uploads.empty()));

  put = with(250, {trouble::answer_lost});
  CHECK((!put && put.error().doubt() == doubt::none && here.server.objects.empty()));

  // Whether it was completed nobody knows: it is not abandoned, and not completed twice.
  put = with(250, {none, none, none, none, trouble::answer_lost});
  CHECK((!put && put.error().doubt() == doubt::visible && here.server.objects.size() == 1));
  put = with(250, {none, none, none, none, trouble::lost});
  CHECK((!put && put.error().doubt() == doubt::visible && here.server.uploads.size() == 1));
  CHECK(here.server.lines.size() - first == 5);
}

TEST_CASE("put_stream: a status that is good is not yet an object") {
  const std::string begun = "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>";
  for (const char* const body : {"<Error><Code>InternalError</Code></Error>", "", "<CompleteMultipartUploadResult><ETag>e</ETag>",
                                 "  ", "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>"}) {
    script one;
    s3_options options = tests::fake_s3_options();
    options.probe = s3_probe::nothing;
    options.part_size_bytes = 4;
    auto store = scripted_store::open(one.http, one.clock, options, a_nonce);
    REQUIRE(store);
    one.http.answers = {{200, begun}, {200, "", {{"ETag", "e"}}}, {200, body}};
    const auto put = store->put_stream("k", counted_source{4, 4});
    INFO(body);
    CHECK((!put && put.error().doubt() == doubt::visible && one.http.asked.size() == 3));
  }
}

TEST_CASE("remove_prefix: by batches, and what is not removed is told") {
  place here;
  here.server.page_max = 10;
  auto store = here.open();
  REQUIRE(store);
  const auto fill = [&] {
    here.server.objects.clear();
    for (int i = 0; i < 25; ++i) here.server.objects["a&<" + std::to_string(i)] = "x";
    here.server.objects["b"] = "x";
    here.server.lines.clear();
  };
  fill();
  CHECK(perdure::remove_prefix(*store, "a"));
  CHECK((here.server.objects.size() == 1 && here.server.lines.size() == 6));
  fill();
  here.server.says_batch_failed = true;
  auto removed = perdure::remove_prefix(*store, "a");
  CHECK((!removed && removed.error().doubt() == doubt::visible));
  here.server.says_batch_failed = false;
  for (const auto& [at, sure] : {std::pair<std::size_t, doubt>{0, doubt::none}, {1, doubt::visible}, {2, doubt::visible}}) {
    fill();
    here.server.troubles = [&here, n = at](std::size_t, const std::string&) {
      return here.server.lines.size() - 1 == n ? trouble::answer_lost : trouble::none;
    };
    removed = perdure::remove_prefix(*store, "a");
    CHECK((!removed && removed.error().doubt() == sure));
  }
}

TEST_CASE("s3_store: requests go where the options say, with what is signed and no secret") {
  script one;
  s3_options options = tests::fake_s3_options("s3://bucket/p");
  options.probe = s3_probe::nothing;
  options.style = s3_style::virtual_host;
  options.scheme = http_scheme::tls;
  options.credentials.session_token.append("a-token");
  auto store = scripted_store::open(one.http, one.clock, options, a_nonce);
  REQUIRE(store);
  const bytes parts[] = {"con", "tent"};
  one.http.answers = {{200}, {200}};
  CHECK(store->put("a b", gather(parts, 2), precondition::any));
  (void)store->list("", "", 1, [](const listed_object&) { return visit::go_on; });
  const auto& put = one.http.asked[0];
  CHECK(put.line == "PUT https://bucket.fake/p/a%20b");
  CHECK(put.body == "content");
  CHECK(put.header("x-amz-security-token") == "a-token");
  CHECK(put.header("x-amz-date") == "20150830T123600Z");
  CHECK(put.header("authorization").find("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,") !=
        std::string::npos);
  CHECK(put.headers.size() == 4);
  CHECK(one.http.asked[1].line ==
        "GET https://bucket.fake/?encoding-type=url&list-type=2&max-keys=1&prefix=p%2F&start-after=p%2F");
  for (const auto& asked : one.http.asked) {
    for (const auto& [name, value] : asked.headers) CHECK(value.find("the-secret") == std::string::npos);
  }
}
