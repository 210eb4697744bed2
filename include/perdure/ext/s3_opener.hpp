// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_EXT_S3_OPENER_HPP
#define PERDURE_EXT_S3_OPENER_HPP

// s3_opener(): what open_store needs for s3://bucket/prefix. An s3_store over curl_http, by the environment, as other tools read
// it:
//
//   auto objects = perdure::open_store("s3://bucket/team-a", perdure::s3_opener());
//
//   AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL     where; AWS itself where neither is set
//   AWS_REGION, AWS_DEFAULT_REGION            else what the endpoint's host says, else us-east-1
//   AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
//                                             else the profile AWS_PROFILE ("default") of the file
//   AWS_SHARED_CREDENTIALS_FILE               ("~/.aws/credentials"), of 64 KiB at most
//
// s3_opener(s3_probe::nothing) is for who only looks: nothing is put there, and no put with a condition is possible.
// set_s3_environment(options, variable) is the part of it that sets options, by any function from a name to a text, or null.
//
// Credentials are looked for again when the gateway refuses them: whoever renews temporary ones in the file does so while stores
// are open. set_s3_environment sets those of now; s3_environment_source is what s3_opener asks.
//
// Failure: permission: no credentials; invalid_storage_root, also for an endpoint that means nothing; else as s3_store::open has
//   it, and as parse_s3_credentials. store_root::make makes a missing bucket. No failure shows a secret.
// Not promised: roles, metadata services, single sign-on, the file ~/.aws/config. Its connections live as long as the process.

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <perdure/ext/curl_http.hpp>
#include <perdure/store/open_store.hpp>
#include <perdure/store/s3_store.hpp>

namespace perdure {
inline namespace v1 {

namespace detail {

template <class Variable>
[[nodiscard]] path_view variable_of(Variable& variable, const char* name, path_view otherwise = {}) {
  const char* const value = variable(name);
  return value != nullptr && *value != '\0' ? path_view(value) : otherwise;
}

// Nothing where it cannot be read, or is larger than such a file is.
[[nodiscard]] inline std::string small_file(const std::string& path) {
  std::string content;
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return content;
  constexpr std::size_t size_max = 65536;
  content.resize(size_max + 1);
  content.resize(std::fread(content.data(), 1, content.size(), file));
  std::fclose(file);
  if (content.size() > size_max) content.clear();
  return content;
}

}  // namespace detail

// The pair of keys in the environment, else those of the profile in the file.
template <class Variable>
[[nodiscard]] result<s3_credentials> s3_environment_credentials(Variable&& variable) {
  const auto value = [&](const char* name, path_view otherwise = {}) { return detail::variable_of(variable, name, otherwise); };
  s3_credentials found;
  found.access_key.append(value("AWS_ACCESS_KEY_ID"));
  found.secret_key.append(value("AWS_SECRET_ACCESS_KEY"));
  found.session_token.append(value("AWS_SESSION_TOKEN"));
  if (found.complete()) return found;
  const path_view home = value("HOME");
  const path_view named = value("AWS_SHARED_CREDENTIALS_FILE");
  std::string path(named.data(), named.size());
  if (path.empty() && !home.empty()) path = std::string(home.data(), home.size()) + "/.aws/credentials";
  const auto read = parse_s3_credentials(detail::small_file(path), value("AWS_PROFILE", "default"));
  if (!read && read.error().code() != code::not_found) return read.error();
  if (!read || !read->complete())
    return failure(code::permission, operation::open).about("a bucket for which there are no credentials");
  return *read;
}

// After the address; what is set already, of region and credentials, stays.
template <class Variable>
[[nodiscard]] result<void> set_s3_environment(s3_options& options, Variable&& variable) {
  const auto value = [&](const char* name, path_view otherwise = {}) { return detail::variable_of(variable, name, otherwise); };
  if (options.region.size() == 0) options.region.append(value("AWS_REGION", value("AWS_DEFAULT_REGION")));
  PERDURE_TRY(set_s3_endpoint(options, value("AWS_ENDPOINT_URL_S3", value("AWS_ENDPOINT_URL"))));
  if (options.credentials.complete()) return {};
  const auto found = s3_environment_credentials(variable);
  if (!found) return found.error();
  options.credentials = *found;
  return {};
}

// Gives what it was made with until that is refused; from then on what the environment and its file say by then.
class s3_environment_source {
 public:
  explicit s3_environment_source(const s3_credentials& now) : now_(now) {}
  [[nodiscard]] s3_credentials_source source() noexcept {
    return {[](void* of, const s3_credentials* refused) { return static_cast<s3_environment_source*>(of)->ask(refused); }, this};
  }

 private:
  // Where somebody else was refused the same, and has looked already, that is the answer.
  [[nodiscard]] result<s3_credentials> ask(const s3_credentials* refused) {
    const std::lock_guard lock(mutex_);
    if (refused != nullptr && *refused == now_) {
      const auto found = s3_environment_credentials([](const char* name) { return std::getenv(name); });
      if (found) now_ = *found;
    }
    return now_;
  }

  std::mutex mutex_;
  s3_credentials now_;
};

namespace detail {

// With the source of its credentials, to which it refers.
class s3_of_environment : public s3_store<curl_http> {
 public:
  using perdure_store = s3_of_environment;
  s3_of_environment(s3_store<curl_http> store, std::unique_ptr<s3_environment_source> source)
      : s3_store<curl_http>(std::move(store)), source_(std::move(source)) {}

 private:
  std::unique_ptr<s3_environment_source> source_;
};

}  // namespace detail

[[nodiscard]] inline auto s3_opener(enum s3_probe probe = s3_probe::conditions) {
  return store_opener("s3", [probe](path_view uri, const open_store_options& asked) -> result<any_store> {
    // For ever: a store may be used while statics are destroyed.
    static curl_http& http = *new curl_http;
    static native_clock clock;
    s3_options options;
    PERDURE_TRY(set_s3_address(options, uri));
    PERDURE_TRY(set_s3_environment(options, [](const char* name) { return std::getenv(name); }));
    if (asked.root == store_root::make) options.bucket_is = s3_bucket_is::made;
    options.probe = probe;
    auto source = std::make_unique<s3_environment_source>(options.credentials);
    options.source = source->source();
    auto store = s3_store<curl_http>::open(http, clock, options);
    if (!store) return store.error();
    return any_store::make<detail::s3_of_environment>(std::move(*store), std::move(source));
  });
}

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_EXT_S3_OPENER_HPP
