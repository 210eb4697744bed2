// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_SUPPORT_SCRIPTED_HTTP_HPP
#define PERDURE_TESTS_SUPPORT_SCRIPTED_HTTP_HPP

// scripted_http: a model of Http that sends nothing: it writes down what it is asked, and answers by a script, in order; behind
// its end, as if there were no server. Not for threads.

#include <perdure/store/http.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace tests {

struct scripted_answer {
  int status = 200;
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  perdure::http_end end = perdure::http_end::answered;
  bool timed_out = false;
  std::size_t body_sent = std::string::npos;  // how much of the body comes before the connection breaks
};

struct asked_request {
  std::string line;  // "PUT http://host/target"
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  perdure::http_sending sending = perdure::http_sending::once;

  [[nodiscard]] std::string header(const std::string& name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return "(none)";
  }
};

class scripted_http {
 public:
  using perdure_http = scripted_http;

  std::vector<scripted_answer> answers;  // the next one first
  std::vector<asked_request> asked;

  // Gives a body in pieces of so many bytes, and counts those that were taken.
  std::size_t piece_size = 7;
  std::size_t taken = 0;

  [[nodiscard]] perdure::http_outcome exchange(const perdure::http_request& request, const perdure::http_receiver& receiver) {
    const auto text = [](perdure::path_view view) { return std::string(view.data(), view.size()); };
    asked_request one;
    one.line = text(request.method) + (request.scheme == perdure::http_scheme::tls ? " https://" : " http://") +
               text(request.host) + text(request.target);
    for (std::size_t i = 0; i < request.header_count; ++i) {
      one.headers.emplace_back(text(request.headers[i].name), text(request.headers[i].value));
    }
    for (const perdure::bytes& part : request.body) {
      one.body.append(reinterpret_cast<const char*>(part.data()), part.size());
    }
    one.sending = request.sending;
    asked.push_back(std::move(one));
    if (answers.empty()) return {perdure::http_end::not_sent, 0, false, 7};
    const scripted_answer answer = answers.front();
    answers.erase(answers.begin());
    perdure::http_outcome outcome{answer.end, answer.status, answer.timed_out, 28};
    if (answer.end == perdure::http_end::not_sent) return outcome;
    if (answer.end == perdure::http_end::unanswered && answer.body_sent == std::string::npos) return outcome;
    receiver.status(answer.status);
    for (const auto& [name, value] : answer.headers) receiver.header({name, value});
    const bool has_body = !(request.method == perdure::path_view("HEAD"));
    for (std::size_t at = 0; has_body && at < std::min(answer.body.size(), answer.body_sent); at += piece_size) {
      const std::size_t size = std::min({piece_size, answer.body.size() - at, answer.body_sent - at});
      taken += size;
      if (receiver.body({answer.body.data() + at, size}) == perdure::visit::stop) {
        return {perdure::http_end::answered, answer.status, false, 0};
      }
    }
    return outcome;
  }
};
static_assert(perdure::Http<scripted_http>);

}  // namespace tests

#endif  // PERDURE_TESTS_SUPPORT_SCRIPTED_HTTP_HPP
