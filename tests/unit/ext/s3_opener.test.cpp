// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/core/describe.hpp>
#include <perdure/ext/s3_opener.hpp>
#include <perdure/fs/atomic_write.hpp>

#include <tests/support/catch.hpp>
#include <tests/support/loopback_server.hpp>
#include <tests/support/temp_dir.hpp>

#include <cerrno>
#include <map>
#include <string>

using namespace perdure;

namespace {

using variables = std::map<std::string, std::string>;

std::string set(const variables& all, s3_options options = {}) {
  (void)set_s3_address(options, "s3://bucket");
  const auto done = set_s3_environment(options, [&](const char* name) {
    const auto there = all.find(name);
    return there == all.end() ? nullptr : there->second.c_str();
  });
  if (!done) return std::string(describe(done.error().code()));
  return std::string(options.host.c_str()) + " " + options.region.c_str() + " " + options.credentials.access_key.c_str() + " " +
         options.credentials.secret_key.c_str() + " " + options.credentials.session_token.c_str();
}

}  // namespace

TEST_CASE("set_s3_environment: endpoint, region and credentials, each from the first place that has it") {
  const variables keys = {{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "S"}};
  const auto with = [&](variables more) {
    more.insert(keys.begin(), keys.end());
    return set(more);
  };
  CHECK(with({}) == "s3.us-east-1.amazonaws.com us-east-1 A S ");
  CHECK(with({{"AWS_SESSION_TOKEN", "T"}, {"AWS_DEFAULT_REGION", "d"}}) == "s3.d.amazonaws.com d A S T");
  CHECK(with({{"AWS_REGION", "r"}, {"AWS_DEFAULT_REGION", "d"}}) == "s3.r.amazonaws.com r A S ");
  CHECK(with({{"AWS_ENDPOINT_URL", "http://a"}}) == "a us-east-1 A S ");
  CHECK(with({{"AWS_ENDPOINT_URL", "http://a"}, {"AWS_ENDPOINT_URL_S3", "http://b:1"}}) == "b:1 us-east-1 A S ");
  CHECK(with({{"AWS_ENDPOINT_URL", ""}, {"AWS_REGION", ""}}) == "s3.us-east-1.amazonaws.com us-east-1 A S ");
  CHECK(with({{"AWS_ENDPOINT_URL", "http://user:secret@a"}}) == describe(code::invalid_storage_root));
  s3_options given;
  given.region.append("mine");
  given.credentials.access_key.append("X");
  given.credentials.secret_key.append("Y");
  CHECK(set(keys, given) == "s3.mine.amazonaws.com mine X Y ");
}

TEST_CASE("set_s3_environment: the shared file, where the environment has no pair of keys") {
  const tests::temp_dir dir;
  posix_fs fs;
  const std::string file = dir.path() + "/credentials";
  CHECK(set({{"HOME", dir.path()}}) == describe(code::permission));
  CHECK(set({}) == describe(code::permission));
  REQUIRE(atomic_write(fs, file,
                       "[default]\naws_access_key_id = F\naws_secret_access_key = G\n[team]\naws_access_key_id = "
                       "T\naws_secret_access_key = U\naws_session_token = V\n[half]\naws_access_key_id = H\n"));
  const auto from = [&](variables more) {
    more["AWS_SHARED_CREDENTIALS_FILE"] = file;
    return set(more);
  };
  CHECK(from({}) == "s3.us-east-1.amazonaws.com us-east-1 F G ");
  CHECK(from({{"AWS_PROFILE", "team"}}) == "s3.us-east-1.amazonaws.com us-east-1 T U V");
  CHECK(from({{"AWS_PROFILE", "half"}}) == describe(code::permission));
  CHECK(from({{"AWS_PROFILE", "none"}}) == describe(code::permission));
  CHECK(from({{"AWS_ACCESS_KEY_ID", "half of a pair"}, {"AWS_SESSION_TOKEN", "no"}}) ==
        "s3.us-east-1.amazonaws.com us-east-1 F G ");
  REQUIRE(fs.make_dir(dir.path() + "/.aws"));
  REQUIRE(fs.rename(file, dir.path() + "/.aws/credentials"));
  CHECK(set({{"HOME", dir.path()}}) == "s3.us-east-1.amazonaws.com us-east-1 F G ");
}

TEST_CASE("s3_environment_source: what was refused is looked for again, and by one of all who were") {
  const tests::temp_dir dir;
  posix_fs fs;
  const std::string file = dir.path() + "/credentials";
  const auto write = [&](const std::string& token) {
    return atomic_write(fs, file,
                        "[default]\naws_access_key_id = K\naws_secret_access_key = S\naws_session_token = " + token + "\n");
  };
  ::unsetenv("AWS_ACCESS_KEY_ID");
  ::setenv("AWS_SHARED_CREDENTIALS_FILE", file.c_str(), 1);
  REQUIRE(write("first"));
  const auto begun = s3_environment_credentials([](const char* name) { return std::getenv(name); });
  REQUIRE(begun);
  s3_environment_source keys(*begun);
  const s3_credentials_source source = keys.source();
  const auto token = [&](const s3_credentials* refused) {
    const auto got = source.ask(source.of, refused);
    return got ? std::string(got->session_token.c_str()) : "none";
  };
  REQUIRE(write("second"));
  CHECK(token(nullptr) == "first");  // nobody has refused it
  const s3_credentials first = *begun;
  CHECK(token(&first) == "second");
  CHECK(token(nullptr) == "second");
  REQUIRE(write("third"));
  CHECK(token(&first) == "second");  // of another thread, which was refused at the same time
  REQUIRE(fs.remove(file));
  const auto second = source.ask(source.of, nullptr);
  REQUIRE(second);
  CHECK(token(&*second) == "second");  // there is nothing else
  ::unsetenv("AWS_SHARED_CREDENTIALS_FILE");
}

TEST_CASE("s3_opener: an address that cannot be reached fails, and shows no secret") {
  std::string gone;
  {
    const tests::loopback_server server({});
    gone = "http://" + server.host();
  }
  ::setenv("AWS_ENDPOINT_URL_S3", gone.c_str(), 1);
  ::setenv("AWS_ACCESS_KEY_ID", "SECRETID", 1);
  ::setenv("AWS_SECRET_ACCESS_KEY", "the-secret", 1);
  const auto failed = open_store("s3://bucket/x", s3_opener());
  REQUIRE(!failed);
  CHECK(failed.error().code() == code::io);
  CHECK(failed.error().system_code() == ECONNREFUSED);
  CHECK(std::string(failed.error().path()).rfind("a server: ", 0) == 0);
  const std::string told = describe(failed.error()).c_str();
  CHECK((told.find("SECRETID") == std::string::npos && told.find("the-secret") == std::string::npos));
  CHECK(open_store("s3://bucket/x", s3_opener(s3_probe::nothing)));  // who only looks asks nothing yet
  CHECK(open_store("s3:/x", s3_opener()).error().code() == code::invalid_storage_root);
  CHECK(open_store("s3://UPPER", s3_opener()).error().code() == code::invalid_storage_root);
  CHECK(open_store("s3://key:the-secret@bucket", s3_opener()).error().code() == code::invalid_storage_root);
}
