// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
//
// A vector search service whose indexes live in memory, each kept as one object.
//
//   vector_service serve [--store URI] [--port N] [--load-seconds N] [--answers late]     without a store nothing is kept;
//                                                                                         on S3 answers may always be late
//   vector_service [NAME [SECONDS]] [--store URI]                        what it promises, held against it over HTTP: all, or one
//
// README.md says what it promises. Exit status 0 only if all that was shown did hold.

#include <examples/vector_service/acceptance.hpp>

using namespace vector_service;

namespace {

int serve(const std::vector<std::string>& arguments) {
  std::string uri;
  int port = 8080;
  std::int64_t load_seconds = 60;
  enum answers answers = answers::come_or_never;
  for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
    const std::string& value = arguments[i + 1];
    if (arguments[i] == "--store")
      uri = value;
    else if (arguments[i] == "--port")
      port = std::atoi(value.c_str());
    else if (arguments[i] == "--load-seconds")
      load_seconds = std::atoll(value.c_str());
    else if (arguments[i] == "--answers" && value == "late")
      answers = answers::may_be_late;
    else
      return std::fprintf(stderr, "vector_service: what is %s?\n", arguments[i].c_str()), 2;
  }
  if (examples::is_s3(uri)) answers = answers::may_be_late;
  auto store = examples::open_uri(uri, {.root = perdure::store_root::make});
  if (!store) return std::fprintf(stderr, "vector_service: --store: %s\n", describe(store.error()).c_str()), 2;
  served<> all(*store, {}, load_seconds * perdure::ns_per_second, answers);
  const auto started = all.start([](const std::string& name, const failure& why) {
    std::printf("not loaded: %s: %s: %s\n", name.c_str(), name_of(why.code()), describe(why).c_str());
  });
  if (!started) return std::fprintf(stderr, "vector_service: --store: %s\n", describe(started.error()).c_str()), 1;
  const int bound = all.bind("127.0.0.1", port);
  if (bound == 0) return std::fprintf(stderr, "vector_service: port %d cannot be had\n", port), 1;
  std::printf("listening on 127.0.0.1:%d\n", bound);
  std::fflush(stdout);
  all.listen();  // until it is killed: what was answered is kept already
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (!arguments.empty() && arguments[0] == "serve") return serve({arguments.begin() + 1, arguments.end()});
  server_process::program() =
      std::filesystem::exists("/proc/self/exe") ? std::filesystem::read_symlink("/proc/self/exe").string() : argv[0];
  if (arguments.size() >= 2 && arguments[arguments.size() - 2] == "--store") {
    elsewhere() = arguments.back();
    arguments.resize(arguments.size() - 2);
  }
  const std::string only = arguments.empty() ? "" : arguments[0];
  const int seconds = arguments.size() > 1 ? std::atoi(arguments[1].c_str()) : 3;
  bool held = true, any = false;
  for (const auto& one : acceptance(seconds)) {
    if (!only.empty() && only != one.name) continue;
    const std::string wrong = one.run();
    std::printf("%-10s %s\n", one.name, wrong.empty() ? one.says : wrong.c_str());
    std::fflush(stdout);
    held = held && wrong.empty();
    any = true;
  }
  start_anew();
  return held && any ? 0 : 1;
}
