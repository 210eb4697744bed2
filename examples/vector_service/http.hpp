// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_VECTOR_SERVICE_HTTP_HPP
#define EXAMPLES_VECTOR_SERVICE_HTTP_HPP

// What the service answers over HTTP. README.md lists it. A name is a parameter of the query, so that any name can be one.
//
// A handler runs to its end whether or not its client is still there, so that what it has begun to save is saved.

#include <examples/vector_service/index.hpp>
#include <examples/vector_service/service.hpp>

#include <perdure/core/describe.hpp>

#include <httplib.h>

#include <atomic>
#include <utility>

namespace vector_service {

// Each request that changes something may wait for a store; there are always threads left for those that only look.
inline constexpr int threads_of_a_server = 64;
inline constexpr int changes_at_once = 48;
inline constexpr std::size_t name_bytes_max = 160;  // escaped it is a part of a key that any Store can keep

inline const char* name_of(enum code code) {
  constexpr const char* names[] = {
      "?",           "not_found",  "already_exists",  "conflict",       "busy",      "corrupt",          "version_unsupported",
      "no_space",    "permission", "not_a_directory", "is_a_directory", "not_empty", "invalid_argument", "invalid_storage_root",
      "unsupported", "too_large",  "cancelled",       "timed_out",      "io",        "sync_lost"};
  const auto at = static_cast<std::size_t>(code);
  return at < std::size(names) ? names[at] : names[0];
}
inline int status_of(enum code code) {
  switch (code) {
    case code::not_found:
      return 404;
    case code::already_exists:
    case code::conflict:
      return 409;
    case code::invalid_argument:
      return 400;
    case code::too_large:
      return 413;
    case code::busy:
      return 503;
    default:
      return 500;
  }
}
inline json json_of(const failure& why) {
  const char* const doubts[] = {"none", "visible", "durable"};
  return {
      {"code", name_of(why.code())}, {"text", describe(why).c_str()}, {"doubt", doubts[static_cast<std::size_t>(why.doubt())]}};
}
inline void reply(httplib::Response& to, int status, const json& what) {
  to.status = status;
  to.set_content(what.dump(-1, ' ', false, json::error_handler_t::replace) + "\n", "application/json");
}
inline void reply(httplib::Response& to, const failure& why) { reply(to, status_of(why.code()), {{"error", json_of(why)}}); }
// What was changed stays changed. Whether it is kept is another matter, and told.
inline void reply(httplib::Response& to, int status, const result<change>& done) {
  if (!done) return reply(to, done.error());
  json what = {{"count", done->count}, {"kept", static_cast<bool>(done->kept)}};
  if (!done->kept) what["error"] = json_of(done->kept.error());
  reply(to, done->kept ? status : 500, what);
}

namespace detail {

inline failure refused(const char* what) {
  return failure(code::invalid_argument, operation::none).about({what, std::strlen(what)});
}
// What a client sent, and is not what it should be, is no damage.
inline failure refused(const failure& why, const std::string& where) {
  const perdure::bytes member = why.path();
  return failure(code::invalid_argument, operation::none)
      .about(perdure::bytes(where + std::string(reinterpret_cast<const char*>(member.data()), member.size())));
}
template <class T>
result<T> member(const json& from, const char* name, const std::string& where = "") {
  T value{};
  const auto read = perdure::json_member(from, name, value);
  if (!read) return refused(read.error(), where);
  return value;
}

inline result<parameters> parameters_of(const json& from) {
  parameters wanted;
  const auto dimension = member<std::uint32_t>(from, "dimension");
  if (!dimension) return dimension.error();
  wanted.dimension = *dimension;
  for (auto one = from.begin(); one != from.end(); ++one) {
    result<void> read;
    if (one.key() == "m")
      read = perdure::json_value(one.value(), wanted.m);
    else if (one.key() == "ef_construction")
      read = perdure::json_value(one.value(), wanted.ef_construction);
    else if (one.key() == "metric")
      read = perdure::json_value(one.value(), wanted.metric);
    else if (one.key() == "metadata")
      wanted.metadata = one.value();
    else if (one.key() != "dimension")
      return refused("a member that nobody knows");
    if (!read) return refused(read.error(), one.key());
  }
  return wanted;
}
inline result<batch> batch_of(const json& from) {
  const auto all = from.find("vectors");
  if (all == from.end() || !all->is_array()) return refused("vectors: an array");
  batch items;
  for (const json& one : *all) {
    const std::string where = "vectors[" + std::to_string(items.size()) + "]: ";
    auto id = member<std::uint64_t>(one, "id", where);
    if (!id) return id.error();
    auto values = member<std::vector<float>>(one, "values", where);
    if (!values) return values.error();
    items.push_back({*id, std::move(*values)});
  }
  return items;
}

class counted {
 public:
  explicit counted(std::atomic<int>& count) : count_(count), number_(++count) {}
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  ~counted() { --count_; }
  [[nodiscard]] int number() const { return number_; }

 private:
  std::atomic<int>& count_;
  int number_;
};

}  // namespace detail

// `served` and `changing` must outlive the server.
template <class Service>
void add_routes(httplib::Server& server, Service& served, std::atomic<int>& changing) {
  using httplib::Request;
  using httplib::Response;
  server.new_task_queue = [] { return new httplib::ThreadPool(threads_of_a_server); };
  server.set_payload_max_length(std::size_t{64} << 20);
  server.set_keep_alive_max_count(1);  // a thread that waits for what a client may ask next serves nobody
  server.set_tcp_nodelay(true);
  // Not SO_REUSEPORT, the default: two servers of one port would each get some of the requests, and know some of the vectors.
  server.set_socket_options([](socket_t one) {
    const int yes = 1;
    (void)::setsockopt(one, SOL_SOCKET, SO_REUSEADDR, reinterpret_cast<const char*>(&yes), sizeof(yes));
  });
  server.set_exception_handler(
      [](const Request&, Response& to, std::exception_ptr) { reply(to, failure(code::no_space, operation::none)); });

  // The name, and what was sent: `handle(name, json, response)`.
  const auto named = [](auto handle) {
    return [handle](const Request& request, Response& to) {
      const std::string name = request.get_param_value("name");
      if (const auto fine = perdure::check_key(name, operation::none, name_bytes_max); !fine) return reply(to, fine.error());
      const json body = request.body.empty() ? json::object() : parse_json(request.body.data(), request.body.size());
      if (!body.is_object()) return reply(to, detail::refused("an object of JSON"));
      handle(name, body, to);
    };
  };
  const auto changes = [&changing, named](auto handle) {
    return named([&changing, handle](const std::string& name, const json& body, Response& to) {
      const detail::counted one(changing);
      if (one.number() > changes_at_once) return reply(to, failure(code::busy, operation::none));
      handle(name, body, to);
    });
  };

  server.Get("/indexes", [&served](const Request&, Response& to) {
    json all = json::array();
    for (const listed_index& one : served.list()) {
      json told = {{"name", one.name}};
      if (one.bad) told["error"] = json_of(*one.bad);
      if (!one.bad) told.update({{"count", one.count}, {"kept", one.kept}});
      all.push_back(std::move(told));
    }
    reply(to, 200, {{"indexes", std::move(all)}});
  });
  server.Get("/index", named([&served](const std::string& name, const json&, Response& to) {
               const auto told = served.look(name, [](const vector_index& index) -> result<json> {
                 const parameters& of = index.about();
                 return json{
                     {"count", index.count()},  {"dimension", of.dimension}, {"ef_construction", of.ef_construction}, {"m", of.m},
                     {"metadata", of.metadata}, {"metric", of.metric}};
               });
               told ? reply(to, 200, *told) : reply(to, told.error());
             }));
  server.Post("/index", changes([&served](const std::string& name, const json& body, Response& to) {
                const auto wanted = detail::parameters_of(body);
                if (!wanted) return reply(to, wanted.error());
                auto made = vector_index::make(name, *wanted);
                if (!made) return reply(to, made.error());
                reply(to, 201, served.create(name, std::move(*made)));
              }));
  server.Delete("/index", changes([&served](const std::string& name, const json&, Response& to) {
                  const auto removed = served.remove(name);
                  removed ? reply(to, 200, {{"kept", true}})
                          : reply(to, 500, {{"kept", false}, {"error", json_of(removed.error())}});
                }));
  server.Post("/vectors", changes([&served](const std::string& name, const json& body, Response& to) {
                auto items = detail::batch_of(body);
                if (!items) return reply(to, items.error());
                reply(to, 200, served.apply(name, [&](vector_index& index) { return index.add(std::move(*items)); }));
              }));
  server.Post("/vectors/delete", changes([&served](const std::string& name, const json& body, Response& to) {
                const auto ids = detail::member<std::vector<std::uint64_t>>(body, "ids");
                if (!ids) return reply(to, ids.error());
                reply(to, 200, served.apply(name, [&](vector_index& index) -> result<void> {
                  (void)index.remove(*ids);
                  return {};
                }));
              }));
  server.Post("/search", named([&served](const std::string& name, const json& body, Response& to) {
                const auto values = detail::member<std::vector<float>>(body, "values");
                if (!values) return reply(to, values.error());
                std::uint32_t k = 10;
                if (const auto given = body.find("k"); given != body.end() && !perdure::json_value(*given, k))
                  return reply(to, detail::refused("k: a number"));
                const auto hits = served.look(name, [&](const vector_index& index) { return index.search(*values, k); });
                if (!hits) return reply(to, hits.error());
                json all = json::array();
                for (const hit& one : *hits) all.push_back({{"id", one.id}, {"distance", one.distance}});
                reply(to, 200, {{"hits", std::move(all)}});
              }));
}

}  // namespace vector_service

#endif  // EXAMPLES_VECTOR_SERVICE_HTTP_HPP
