// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_RIGS_S3_FAULT_PROXY_HPP
#define PERDURE_TESTS_RIGS_S3_FAULT_PROXY_HPP

// serve_with_faults(listener, port, spoil): a proxy of HTTP/1.1 in front of a server on loopback, which spoils requests. spoil()
// says of each whether, and in which of its ways: spoil_some(share) draws at random, spoil_one(where) spoils one of all requests.
// It never returns: for a process of its own.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

#include <tests/support/loopback_server.hpp>

namespace rig {

inline bool send_all(int to, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t sent = ::send(to, text.data() + at, text.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    at += static_cast<std::size_t>(sent);
  }
  return true;
}

inline sockaddr_in loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

// A listening socket, and its port.
struct listening {
  int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int port = 0;
  listening() {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof(address);
    if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), size) != 0 || ::listen(socket, 64) != 0 ||
        ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      std::abort();
    }
    port = ntohs(address.sin_port);
  }
};

inline int connect_to(int port) {
  const int to = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const int yes = 1;
  (void)::setsockopt(to, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  if (::connect(to, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) return to;
  ::close(to);
  return -1;
}

// The answer to one request, all of it; empty where the server broke off.
inline std::string answer_from(int server, bool is_head) {
  std::string all;
  char room[65536];
  for (;;) {
    const std::size_t end = all.find("\r\n\r\n");
    if (end != std::string::npos) {
      const std::size_t at = all.find("Content-Length: ");
      const std::string status = all.substr(9, 3);
      if (is_head || status == "204" || status == "304") return all.substr(0, end + 4);
      if (at < end && all.size() >= end + 4 + std::stoul(all.substr(at + 16))) return all;
      if (at > end && all.size() >= 5 && all.compare(all.size() - 5, 5, "0\r\n\r\n") == 0) return all;
    }
    const ssize_t got = ::recv(server, room, sizeof(room), 0);
    if (got <= 0) return {};
    all.append(room, static_cast<std::size_t>(got));
  }
}

inline std::string answer_of(int status, const std::string& code) {
  const std::string body = "<Error><Code>" + code + "</Code></Error>";
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

constexpr unsigned ways = 10;

// 0: it goes through as it is; else one of the ways, from 1. With random bits.
using spoil = std::function<unsigned(std::uint64_t)>;

inline spoil spoil_some(double share) {
  return [share](std::uint64_t random) {
    const bool spoilt = static_cast<double>(random % 1'000'000) < share * 1'000'000;
    return spoilt ? 1 + static_cast<unsigned>(random / 1'000'000 % ways) : 0U;
  };
}

// In memory that both processes see.
struct one_request {
  unsigned seen = 0;
  unsigned number = 0;
  unsigned way = 0;
};
inline spoil spoil_one(one_request* where) {
  return [where](std::uint64_t) {
    const unsigned number = __atomic_fetch_add(&where->seen, 1U, __ATOMIC_ACQ_REL);
    return number == __atomic_load_n(&where->number, __ATOMIC_ACQUIRE) ? __atomic_load_n(&where->way, __ATOMIC_ACQUIRE) : 0U;
  };
}

inline void proxy_connection(int client, int port, const spoil& spoilt, std::uint64_t seed) {
  std::uint64_t state = seed * 0x9e3779b97f4a7c15U + 1;
  const auto random = [&] {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
  };
  const int server = connect_to(port);
  std::string in;
  char room[65536];
  bool open = server >= 0;
  while (open) {
    std::size_t size = 0;
    while (open && (size = tests::whole_request(in)) == 0) {
      const ssize_t got = ::recv(client, room, sizeof(room), 0);
      open = got > 0;
      if (open) in.append(room, static_cast<std::size_t>(got));
    }
    if (!open) break;
    const std::string request = in.substr(0, size);
    in.erase(0, size);
    const bool is_head = request.compare(0, 5, "HEAD ") == 0;
    const auto forward = [&] { return send_all(server, request) ? answer_from(server, is_head) : std::string(); };
    switch (spoilt(random())) {
      case 1:  // it is lost
        open = false;
        break;
      case 2:  // its answer is lost
        (void)forward();
        open = false;
        break;
      case 3:  // the client hears that it broke, and it arrives later
        ::shutdown(client, SHUT_RDWR);
        ::usleep(static_cast<useconds_t>(random() % 40'000));
        (void)forward();
        open = false;
        break;
      case 4: {  // its answer is cut off
        const std::string answer = forward();
        (void)send_all(client, answer.substr(0, answer.size() - 1 - random() % (answer.size() / 2 + 1)));
        open = false;
        break;
      }
      case 5:  // it is cut off
        (void)send_all(server, request.substr(0, request.size() - 1));
        open = false;
        break;
      case 6:
        open = send_all(client, answer_of(500, "InternalError"));
        break;
      case 7:  // as if it had failed, and it had not
        (void)forward();
        open = send_all(client, answer_of(500, "InternalError"));
        break;
      case 8:
        (void)forward();
        open = send_all(client, answer_of(503, "SlowDown"));
        break;
      case 9:
        open = send_all(client, answer_of(409, "ConditionalRequestConflict"));
        break;
      case 10:
        ::usleep(static_cast<useconds_t>(random() % 100'000));
        [[fallthrough]];
      default: {
        const std::string answer = forward();
        open = !answer.empty() && send_all(client, answer);
      }
    }
  }
  if (server >= 0) ::close(server);
  ::close(client);
}

[[noreturn]] inline void serve_with_faults(int listener, int port, const spoil& spoilt) {
  for (std::uint64_t seed = 1;; ++seed) {
    const int client = ::accept(listener, nullptr, nullptr);
    if (client < 0) ::_exit(1);
    const int yes = 1;
    (void)::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    std::thread([=] { proxy_connection(client, port, spoilt, seed); }).detach();
  }
}

}  // namespace rig

#endif  // PERDURE_TESTS_RIGS_S3_FAULT_PROXY_HPP
