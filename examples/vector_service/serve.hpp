// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_VECTOR_SERVICE_SERVE_HPP
#define EXAMPLES_VECTOR_SERVICE_SERVE_HPP

// A service over one Store, and its server.

#include <examples/vector_service/http.hpp>
#include <examples/vector_service/keeper.hpp>

#include <perdure/core/native_clock.hpp>
#include <perdure/store/any_store.hpp>

#include <thread>

namespace vector_service {

template <perdure::Clock C = perdure::native_clock>
class served {
 public:
  explicit served(perdure::any_store store, C clock = C(), std::int64_t load_ns_max = 60 * perdure::ns_per_second,
                  enum answers answers = answers::come_or_never)
      : store_(std::move(store)), clock_(clock), keeper_(store_, clock_, load_ns_max, answers), service_(keeper_) {
    add_routes(server_, service_, changing_);
  }
  served(const served&) = delete;
  served& operator=(const served&) = delete;
  ~served() {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }

  // Loads what is kept; `told` hears of each index that cannot be.
  template <class Tell>
  [[nodiscard]] result<void> start(Tell&& told) {
    return service_.start(told);
  }
  // The port; 0 if that cannot be had.
  [[nodiscard]] int bind(const std::string& host, int port) {
    if (port != 0) return server_.bind_to_port(host, port) ? port : 0;
    const int some = server_.bind_to_any_port(host);
    return some > 0 ? some : 0;
  }
  void listen() { server_.listen_after_bind(); }
  void listen_in_background() {
    thread_ = std::thread([this] { listen(); });
    while (!server_.is_running()) std::this_thread::yield();
  }

 private:
  perdure::any_store store_;
  C clock_;
  keeper<perdure::any_store, C> keeper_;
  service<vector_index, keeper<perdure::any_store, C>> service_;
  std::atomic<int> changing_ = 0;
  httplib::Server server_;
  std::thread thread_;
};

}  // namespace vector_service

#endif  // EXAMPLES_VECTOR_SERVICE_SERVE_HPP
