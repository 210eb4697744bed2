// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_EXT_CURL_HTTP_HPP
#define PERDURE_EXT_CURL_HTTP_HPP

// curl_http: an Http by libcurl 7.80 or later (Debian: libcurl4-openssl-dev), as transport only: nothing is signed by it,
// followed, or thought better of. For s3_store. HTTP/1.1, for what is told of a request that broke is clear there.
//
//   perdure::curl_http http;
//   auto store = perdure::s3_store<perdure::curl_http>::open(http, clock, options);
//
// Connections are kept and used again, one for each thread that is inside at a time. Certificates are verified. Proxies are those
// of the environment (https_proxy, no_proxy). A child of fork() opens connections of its own.
//
// Where a connection that was kept turns out to be dead, libcurl sends a request again by itself, of any method. Of one that goes
// out once that is refused: it is unanswered, for the server may have got it.
//
// system_code of an outcome: errno, where the system told one, else the CURLcode; its reason is libcurl's sentence. Not promised:
// anything after a fork() while another thread was in here; time limits finer than a second, but the one for all of it.

#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include <curl/curl.h>

#include <perdure/store/http.hpp>

namespace perdure {
inline namespace v1 {

static_assert(LIBCURL_VERSION_NUM >= 0x075000, "curl_http needs libcurl 7.80: it tells when a request is about to be sent");

struct curl_http_options {
  long connect_timeout_ms = 10'000;
  long silence_timeout_s = 30;        // without a byte in either direction
  long whole_timeout_ms = 3'600'000;  // for all of one exchange
  std::string ca_file = {};           // of certificates that are trusted instead of the system's
};

namespace detail {

class curl_exchange {
 public:
  curl_exchange(const http_request& request, const http_receiver& receiver) noexcept : request_(request), receiver_(receiver) {}

  [[nodiscard]] http_outcome run(CURL* easy, const curl_http_options& options) {
    curl_slist* lines = nullptr;
    const bool ready = set_up(easy, options, lines);
    const CURLcode code = ready ? curl_easy_perform(easy) : CURLE_OUT_OF_MEMORY;
    curl_slist_free_all(lines);
    const bool answered = has_all_headers_ && ((code == CURLE_OK && !is_endless()) || (code == CURLE_WRITE_ERROR && stopped_));
    const http_end end = answered && status_ >= 200 ? http_end::answered
                         : sends_ == 0              ? http_end::not_sent
                                                    : http_end::unanswered;
    const char* const reason = code == CURLE_OK ? "" : curl_easy_strerror(code);
    return {end, status_, code == CURLE_OPERATION_TIMEDOUT, number_of(easy, code), {reason, std::strlen(reason)}};
  }

 private:
  [[nodiscard]] static std::int32_t number_of(CURL* easy, CURLcode code) noexcept {
    long system_code = 0;
    if (code != CURLE_OK) (void)curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &system_code);
    return static_cast<std::int32_t>(system_code != 0 ? system_code : static_cast<long>(code));
  }
  static std::string text(path_view view) { return {view.data(), view.size()}; }
  [[nodiscard]] static bool append(curl_slist*& list, const std::string& line) {
    curl_slist* const longer = curl_slist_append(list, line.c_str());
    if (longer != nullptr) list = longer;
    return longer != nullptr;
  }

  [[nodiscard]] bool set_up(CURL* easy, const curl_http_options& options, curl_slist*& lines) {
    curl_easy_reset(easy);
    bool good = append(lines, "Host: " + text(request_.host)) && append(lines, "Expect:");
    for (std::size_t i = 0; i < request_.header_count; ++i) {
      good = good && append(lines, text(request_.headers[i].name) + ": " + text(request_.headers[i].value));
    }
    const auto set = [&](CURLoption option, auto value) { good = good && curl_easy_setopt(easy, option, value) == CURLE_OK; };
    const std::string url =
        (request_.scheme == http_scheme::tls ? "https://" : "http://") + text(request_.host) + text(request_.target);
    const std::string method = text(request_.method);
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_HTTPHEADER, lines);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_FOLLOWLOCATION, 0L);
#if LIBCURL_VERSION_NUM >= 0x075500
    set(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    set(CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_BUFFERSIZE, 256L * 1024);
    set(CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024);
    set(CURLOPT_CONNECTTIMEOUT_MS, options.connect_timeout_ms);
    set(CURLOPT_TIMEOUT_MS, options.whole_timeout_ms);
    set(CURLOPT_LOW_SPEED_LIMIT, 1L);
    set(CURLOPT_LOW_SPEED_TIME, options.silence_timeout_s);
    if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
    if (method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
    } else if (method != "GET") {
      set(CURLOPT_CUSTOMREQUEST, method.c_str());
    }
    if (method == "PUT" || method == "POST" || request_.body.size() != 0) {
      set(CURLOPT_UPLOAD, 1L);
      set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
      set(CURLOPT_READFUNCTION, static_cast<curl_read_callback>(on_read));
      set(CURLOPT_READDATA, this);
      set(CURLOPT_SEEKFUNCTION, static_cast<curl_seek_callback>(on_seek));
      set(CURLOPT_SEEKDATA, this);
    }
    set(CURLOPT_HEADERFUNCTION, static_cast<curl_write_callback>(on_header));
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, static_cast<curl_write_callback>(on_body));
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_PREREQFUNCTION, static_cast<curl_prereq_callback>(on_send));
    set(CURLOPT_PREREQDATA, this);
    return good;
  }

  // Called whenever the request is about to go out on a connection.
  static int on_send(void* self, char*, char*, int, int) {
    auto& one = *static_cast<curl_exchange*>(self);
    const bool again = one.sends_++ != 0;
    return again && one.request_.sending == http_sending::once ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
  }
  static std::size_t on_read(char* to, std::size_t, std::size_t size, void* self) {
    auto& one = *static_cast<curl_exchange*>(self);
    std::size_t filled = 0;
    std::uint64_t skip = one.body_at_;
    for (const bytes& part : one.request_.body) {
      const std::size_t skipped = skip < part.size() ? static_cast<std::size_t>(skip) : part.size();
      skip -= skipped;
      const bytes piece = part.from(skipped).first(size - filled);
      if (!piece.empty()) std::memcpy(to + filled, piece.data(), piece.size());
      filled += piece.size();
    }
    one.body_at_ += filled;
    return filled;
  }
  static int on_seek(void* self, curl_off_t offset, int origin) {
    if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_FAIL;
    static_cast<curl_exchange*>(self)->body_at_ = static_cast<std::uint64_t>(offset);
    return CURL_SEEKFUNC_OK;
  }

  static std::size_t on_header(char* from, std::size_t, std::size_t size, void* self) {
    static_cast<curl_exchange*>(self)->header({from, size});
    return size;
  }
  void header(path_view line) {
    while (!line.empty() && (line[line.size() - 1] == '\r' || line[line.size() - 1] == '\n')) line = line.first(line.size() - 1);
    if (has_body_) return;  // behind the body there are no headers of ours
    if (line.first(5) == path_view("HTTP/")) {
      std::size_t at = 0;
      while (at < line.size() && line[at] != ' ') ++at;
      status_ = 0;
      const path_view digits = line.from(at + 1).first(3);
      for (std::size_t i = 0; i < digits.size(); ++i) status_ = status_ * 10 + (digits[i] - '0');
      has_end_ = has_all_headers_ = false;
      if (status_ >= 200) receiver_.status(status_);
      return;
    }
    // Where the connection breaks before this one libcurl is content with what came.
    has_all_headers_ = has_all_headers_ || (line.empty() && status_ >= 200);
    std::size_t colon = 0;
    while (colon < line.size() && line[colon] != ':') ++colon;
    if (status_ < 200 || colon == line.size()) return;
    path_view value = line.from(colon + 1);
    while (!value.empty() && (value[0] == ' ' || value[0] == '\t')) value = value.from(1);
    while (!value.empty() && (value[value.size() - 1] == ' ' || value[value.size() - 1] == '\t'))
      value = value.first(value.size() - 1);
    has_end_ = has_end_ || is_named(line.first(colon), "content-length") || is_named(line.first(colon), "transfer-encoding");
    receiver_.header({line.first(colon), value});
  }
  [[nodiscard]] static bool is_named(path_view name, path_view lower) noexcept {
    return name.size() == lower.size() && curl_strnequal(name.data(), lower.data(), name.size()) != 0;
  }
  // A success of which nothing tells whether all of it came.
  [[nodiscard]] bool is_endless() const noexcept {
    return status_ >= 200 && status_ < 300 && status_ != 204 && !has_end_ && !(request_.method == path_view("HEAD"));
  }
  static std::size_t on_body(char* from, std::size_t, std::size_t size, void* self) {
    auto& one = *static_cast<curl_exchange*>(self);
    one.has_body_ = true;
    if (size != 0 && one.receiver_.body({from, size}) == visit::stop) {
      one.stopped_ = true;
      return 0;
    }
    return size;
  }

  const http_request& request_;
  const http_receiver& receiver_;
  std::uint64_t body_at_ = 0;
  int status_ = 0;
  int sends_ = 0;
  bool has_body_ = false;
  bool has_all_headers_ = false;
  bool has_end_ = false;
  bool stopped_ = false;
};

}  // namespace detail

class curl_http {
 public:
  using perdure_http = curl_http;

  explicit curl_http(curl_http_options options = {}) : options_(static_cast<curl_http_options&&>(options)) {
    static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
    (void)once;
  }
  curl_http(const curl_http&) = delete;
  curl_http& operator=(const curl_http&) = delete;
  ~curl_http() {
    if (process_ != ::getpid()) return;
    for (CURL* const easy : idle_) curl_easy_cleanup(easy);
  }

  [[nodiscard]] http_outcome exchange(const http_request& request, const http_receiver& receiver) {
    CURL* const easy = take();
    if (easy == nullptr) return {http_end::not_sent, 0, false, CURLE_FAILED_INIT, "libcurl cannot begin"};
    const http_outcome outcome = detail::curl_exchange(request, receiver).run(easy, options_);
    give(easy);
    return outcome;
  }

 private:
  // A handle keeps its connection.
  [[nodiscard]] CURL* take() {
    {
      const std::lock_guard lock(mutex_);
      if (process_ != ::getpid()) {
        // The parent goes on with these connections: to close them properly would say goodbye in its name.
        idle_.clear();
        process_ = ::getpid();
      }
      if (!idle_.empty()) {
        CURL* const easy = idle_.back();
        idle_.pop_back();
        return easy;
      }
    }
    return curl_easy_init();
  }
  void give(CURL* easy) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < idle_max) {
      idle_.push_back(easy);
      easy = nullptr;
    }
    if (easy != nullptr) curl_easy_cleanup(easy);
  }

  static constexpr std::size_t idle_max = 64;

  curl_http_options options_;
  std::mutex mutex_;
  std::vector<CURL*> idle_;
  pid_t process_ = ::getpid();
};
static_assert(Http<curl_http>);

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_EXT_CURL_HTTP_HPP
