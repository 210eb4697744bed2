// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_VECTOR_SERVICE_CLIENT_HPP
#define EXAMPLES_VECTOR_SERVICE_CLIENT_HPP

// For the acceptance: a server as a process of its own, which can be killed, and somebody who asks it.

#include <examples/vector_service/envelope.hpp>

#include <httplib.h>

#include <sys/wait.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

#include <csignal>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace vector_service {

inline std::string escaped(const std::string& name) {
  std::string all;
  for (const char c : name) {
    char text[4];
    std::snprintf(text, sizeof(text), "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    all += text;
  }
  return all;
}

struct answer {
  int status = 0;  // 0: none
  json body;
};

class client {
 public:
  explicit client(int port) : port_(port) {}

  [[nodiscard]] answer create(const std::string& name, const json& parameters) const { return post("/index", name, parameters); }
  [[nodiscard]] answer add(const std::string& name, const json& vectors) const {
    return post("/vectors", name, {{"vectors", vectors}});
  }
  [[nodiscard]] answer search(const std::string& name, const json& values, int k = 1) const {
    return post("/search", name, {{"values", values}, {"k", k}});
  }
  [[nodiscard]] answer erase(const std::string& name, const json& ids) const {
    return post("/vectors/delete", name, {{"ids", ids}});
  }
  [[nodiscard]] answer about(const std::string& name) const { return of(connection().Get("/index?name=" + escaped(name))); }
  [[nodiscard]] answer remove(const std::string& name) const { return of(connection().Delete("/index?name=" + escaped(name))); }
  // By name.
  [[nodiscard]] json list() const {
    json all = json::object();
    const answer told = of(connection().Get("/indexes"));
    if (told.status != 200) return all;
    for (const json& one : told.body["indexes"]) all[one["name"].get<std::string>()] = one;
    return all;
  }
  [[nodiscard]] answer post(const char* route, const std::string& name, const json& what) const {
    return post(route, name, what.dump());
  }
  [[nodiscard]] answer post(const char* route, const std::string& name, const std::string& text) const {
    return of(connection().Post(route + ("?name=" + escaped(name)), text, "application/json"));
  }

  // Sends a request and hangs up before there is an answer.
  void hang_up_on(const char* route, const std::string& name, const json& what) const {
    const std::string body = what.dump();
    const std::string text =
        std::string("POST ") + route + "?name=" + escaped(name) +
        " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
        body;
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to = {};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port_));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0)
      (void)!::write(socket, text.data(), text.size());
    ::close(socket);
  }

 private:
  [[nodiscard]] httplib::Client connection() const {
    httplib::Client one("127.0.0.1", port_);
    one.set_url_encode(false);
    one.set_read_timeout(60);
    return one;
  }
  [[nodiscard]] static answer of(const httplib::Result& got) {
    if (!got) return {};
    return {got->status, json::parse(got->body, nullptr, false)};
  }

  int port_;
};

// A server on some free port of the loopback, until it is killed.
class server_process {
 public:
  explicit server_process(const std::vector<std::string>& arguments) {
    int ends[2];
    if (::pipe(ends) != 0) return;
    std::vector<std::string> all = {"vector_service", "serve", "--port", "0"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& one : all) argv.push_back(one.data());
    argv.push_back(nullptr);
    std::fflush(stdout);
    pid_ = ::fork();
    if (pid_ == 0) {
#if defined(__linux__)
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // it does not outlive a test that is ended
#endif
      ::dup2(ends[1], STDOUT_FILENO);
      ::dup2(ends[1], STDERR_FILENO);
      ::close(ends[0]);
      ::close(ends[1]);
      ::execv(program().c_str(), argv.data());
      std::_Exit(127);
    }
    ::close(ends[1]);
    char c = 0;
    while (::read(ends[0], &c, 1) == 1 && (c != '\n' || said_.find("listening on ") == std::string::npos)) said_ += c;
    ::close(ends[0]);
    const auto at = said_.rfind(':');
    if (at != std::string::npos && said_.find("listening on ") != std::string::npos) port_ = std::atoi(said_.c_str() + at + 1);
  }
  server_process(const server_process&) = delete;
  server_process& operator=(const server_process&) = delete;
  ~server_process() { kill(); }

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  [[nodiscard]] bool serves() const { return port_ != 0; }
  // What it said until it listened.
  [[nodiscard]] const std::string& said() const { return said_; }
  [[nodiscard]] client ask() const { return client(port_); }

  static std::string& program() {
    static std::string path;
    return path;
  }

 private:
  pid_t pid_ = 0;
  int port_ = 0;
  std::string said_;
};

}  // namespace vector_service

#endif  // EXAMPLES_VECTOR_SERVICE_CLIENT_HPP
