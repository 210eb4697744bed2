// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_SUPPORT_LOOPBACK_SERVER_HPP
#define PERDURE_TESTS_SUPPORT_LOOPBACK_SERVER_HPP

// loopback_server: a server of HTTP/1.1 on a port of this machine, whose answers are a script: of each request, what is sent
// back, byte for byte, and whether the connection is closed then. Each connection has a thread of its own.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tests {

// The size of a request, its body included, that begins `text`; 0 where it is not all there.
[[nodiscard]] inline std::size_t whole_request(const std::string& text) {
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string::npos) return 0;
  const std::size_t at = text.find("\r\nContent-Length: ");
  const std::size_t body = at < end ? std::stoul(text.substr(at + 18)) : 0;
  return text.size() >= end + 4 + body ? end + 4 + body : 0;
}

class loopback_server {
 public:
  enum class then { keep, close, be_silent };
  struct step {
    std::string answer;
    enum then then = then::keep;
  };

  explicit loopback_server(std::vector<step> script) : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    good_ = ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) == 0 && ::listen(listener_, 16) == 0 &&
            ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  loopback_server(const loopback_server&) = delete;
  loopback_server& operator=(const loopback_server&) = delete;
  ~loopback_server() {
    ::shutdown(listener_, SHUT_RDWR);
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      for (const int open : open_) ::shutdown(open, SHUT_RDWR);
    }
    thread_.join();
    for (std::thread& one : talks_) one.join();
    for (const int open : open_) ::close(open);
    ::close(listener_);
  }

  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  [[nodiscard]] int connections() const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(open_.size());
  }

 private:
  void serve() {
    for (;;) {
      const int taken = ::accept(listener_, nullptr, nullptr);
      if (taken < 0) return;
      const std::lock_guard lock(mutex_);
      open_.push_back(taken);
      if (ended_) ::shutdown(taken, SHUT_RDWR);
      talks_.emplace_back([this, taken] {
        talk(taken);
        ::shutdown(taken, SHUT_RDWR);
      });
    }
  }
  void talk(int connection) {
    std::string in;
    char room[4096];
    for (;;) {
      std::size_t size = 0;
      while ((size = whole_request(in)) == 0) {
        const ssize_t got = ::recv(connection, room, sizeof(room), 0);
        if (got <= 0) return;
        in.append(room, static_cast<std::size_t>(got));
      }
      step now;
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(in.substr(0, size));
        now = next_ < script_.size() ? script_[next_++] : step{"", then::close};
      }
      in.erase(0, size);
      for (std::size_t at = 0; at < now.answer.size();) {
        const ssize_t sent = ::send(connection, now.answer.data() + at, now.answer.size() - at, MSG_NOSIGNAL);
        if (sent <= 0) return;
        at += static_cast<std::size_t>(sent);
      }
      if (now.then == then::close) return;
    }
  }

  std::vector<step> script_;
  int listener_;
  int port_ = 0;
  bool good_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::size_t next_ = 0;
  std::vector<int> open_;  // all that were ever taken
  std::vector<std::thread> talks_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace tests

#endif  // PERDURE_TESTS_SUPPORT_LOOPBACK_SERVER_HPP
