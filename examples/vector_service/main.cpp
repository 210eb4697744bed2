// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
//
// A vector search service whose indexes live in memory, each kept as one object.
//
//   vector_service serve [--store URI] [--port N] [--load-seconds N] [--answers late]     without a store nothing is kept;
//                                                                                         on S3 answers may always be late
//   vector_service [NAME [SECONDS]] [--store URI]                        what it promises, held against it over HTTP: all, or one
//
// README.md says what it promises. Exit status 0 only if all that was shown did hold; 2: called in another way.

#include <examples/usage.hpp>
#include <examples/vector_service/acceptance.hpp>

#include <algorithm>

using namespace vector_service;

namespace {

constexpr char usage[] =
    "vector_service serve [--store URI] [--port N] [--load-seconds N] [--answers late]\n"
    "vector_service [NAME [SECONDS]] [--store URI]\n";

int serve(const std::vector<std::string>& arguments) {
  std::string uri;
  std::optional<int> port = 8080;
  std::optional<int> load_seconds = 60;
  enum answers answers = answers::come_or_never;
  bool understood = arguments.size() % 2 == 0;
  for (std::size_t i = 0; i + 1 < arguments.size(); i += 2) {
    const std::string& value = arguments[i + 1];
    if (arguments[i] == "--store" && !value.starts_with('-'))
      uri = value;
    else if (arguments[i] == "--port")
      port = examples::number_in(value, 65535);
    else if (arguments[i] == "--load-seconds")
      load_seconds = examples::number_in(value);
    else if (arguments[i] == "--answers" && value == "late")
      answers = answers::may_be_late;
    else
      understood = false;
    if (!port || !load_seconds) understood = false;
  }
  if (!understood) return examples::told_usage(usage, false);
  if (examples::is_s3(uri)) answers = answers::may_be_late;
  auto store = examples::open_uri(uri, {.root = perdure::store_root::make});
  if (!store) return std::fprintf(stderr, "vector_service: --store: %s\n", describe(store.error()).c_str()), 2;
  served<> all(*store, {}, *load_seconds * perdure::ns_per_second, answers);
  const auto started = all.start([](const std::string& name, const failure& why) {
    std::printf("not loaded: %s: %s: %s\n", name.c_str(), name_of(why.code()), describe(why).c_str());
  });
  if (!started) return std::fprintf(stderr, "vector_service: --store: %s\n", describe(started.error()).c_str()), 1;
  const int bound = all.bind("127.0.0.1", *port);
  if (bound == 0) return std::fprintf(stderr, "vector_service: port %d cannot be had\n", *port), 1;
  std::printf("listening on 127.0.0.1:%d\n", bound);
  std::fflush(stdout);
  all.listen();  // until it is killed: what was answered is kept already
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  for (const std::string& word : arguments) {
    if (word == "--help" || word == "-h") return examples::told_usage(usage, true);
  }
  if (!arguments.empty() && arguments[0] == "serve") return serve({arguments.begin() + 1, arguments.end()});
  const auto how = examples::call_of(argc, argv, examples::takes::a_store);
  const auto promises = acceptance(how.number.value_or(3));
  const auto is_wanted = [&](const auto& one) { return how.name.empty() || how.name == one.name; };
  if (how.wrongly || (how.name.empty() && how.number) || std::none_of(promises.begin(), promises.end(), is_wanted))
    return examples::told_usage(usage, false);
  server_process::program() =
      std::filesystem::exists("/proc/self/exe") ? std::filesystem::read_symlink("/proc/self/exe").string() : argv[0];
  elsewhere() = how.store;
  bool held = true;
  for (const auto& one : promises) {
    if (!is_wanted(one)) continue;
    const std::string wrong = one.run();
    std::printf("%-10s %s\n", one.name, wrong.empty() ? one.says : wrong.c_str());
    std::fflush(stdout);
    held = held && wrong.empty();
  }
  start_anew();
  return held ? 0 : 1;
}
