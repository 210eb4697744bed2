// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Frames are never half-read: whenever the power goes, and whatever goes wrong, a frame is the old one or the new one.

#include <perdure/fs/sealed_file.hpp>

#include <tests/crash/proof.hpp>

namespace proofs_of_framed_file {

using namespace tests;

namespace {

const frame_limits roomy{1 << 10, 1 << 16};
const sealed_format format{.kind = "TEST"};
const sealed_reading reading{.kind = "TEST", .file_bytes_max = 1 << 16};

// A frame whose body says what its envelope says, at a length that no page holds.
std::string long_of(const std::string& value) { return std::string(5000, value.empty() ? '-' : value.back()) + value; }
std::string text(bytes view) { return {reinterpret_cast<const char*>(view.data()), view.size()}; }

struct way {
  const char* name;
  result<write_report> (*save)(crash_fs& fs, const std::string& value, const write_options& options);
  result<std::string> (*load)(crash_fs& fs);
};

result<std::string> agreed(bytes envelope, bytes body) {
  if (text(body) != long_of(text(envelope))) return std::string("envelope and body disagree");
  return text(envelope);
}
result<std::string> load_frame(crash_fs& fs) {
  std::string memory;
  const auto parts = read_framed(fs, "f", "LHV1", roomy, memory);
  if (!parts) return parts.error();
  return agreed(parts->envelope, parts->body);
}
result<std::string> load_sealed(crash_fs& fs) {
  std::string memory;
  const auto view = read_sealed(fs, "f", reading, memory);
  if (!view) return view.error();
  const auto envelope = view->find("envelope");
  const auto body = view->find("body");
  if (!envelope || !body) return failure(code::corrupt, operation::read);
  return agreed(*envelope, *body);
}

const way ways[] = {
    {"write_framed",
     [](crash_fs& fs, const std::string& value, const write_options& options) {
       return write_framed(fs, "f", "LHV1", value, long_of(value), options);
     },
     load_frame},
    {"framed_writer",
     [](crash_fs& fs, const std::string& value, const write_options& options) -> result<write_report> {
       auto writer = framed_writer<crash_fs>::open(fs, "f", "LHV1", value, options);
       if (!writer) return writer.error();
       const std::string body = long_of(value);
       PERDURE_TRY(writer->write(body.substr(0, 4000)));
       PERDURE_TRY(writer->write(body.substr(4000)));
       return writer->commit();
     },
     load_frame},
    {"sealed_file_writer",
     [](crash_fs& fs, const std::string& value, const write_options& options) {
       const std::string body = long_of(value);
       const named_bytes sections[] = {{"envelope", value}, {"body", body}};
       return write_sealed(fs, "f", format, sections, 2, options);
     },
     load_sealed},
};

exploration saves(const way& one, const write_options& options = {}) {
  exploration what;
  what.workload = [&one, options](world& world) {
    for (const char* value : {"v1", "v2"}) {
      world.step(value, [&]() -> result<void> {
        const auto saved = one.save(world.fs(), value, options);
        if (!saved) return saved.error();
        // A success that is less durable than asked promises no more.
        const bool full = saved->durability == durability::full;
        return full ? result<void>() : failure(code::unsupported, operation::sync).with(doubt::durable);
      });
    }
  };
  what.check = [&one](after_crash& after) {
    return both(after.latest_is(one.load(after.fs()), "absent"), only_temps_beside(after.fs(), ".", {"f"}));
  };
  return what;
}

}  // namespace

TEST_CASE("framed_file: whenever the power goes, a frame is the old one or the new one, whole") {
  for (const way& one : ways) {
    const auto states = prove(one.name, saves(one));
    std::printf("%s: %llu states\n", one.name, static_cast<unsigned long long>(states));
    CHECK(states > 10);
  }
}

TEST_CASE("framed_file: killed anywhere and begun again, it is whole") {
  for (const way& one : ways) {
    exploration what = saves(one);
    what.restart = [&one](world& world) {
      world.step("v3", [&]() -> result<void> {
        const auto saved = one.save(world.fs(), "v3", {});
        return saved ? result<void>() : saved.error();
      });
    };
    prove(one.name, what);
  }
}

TEST_CASE("framed_file: whatever goes wrong, a frame is whole and the answer is true") {
  for (const way& one : ways) {
    exploration what = saves(one, {.at_least = durability::ordered});
    what.faults = 1;
    prove(one.name, what);
  }
}

TEST_CASE("framed_file: no sync is missing and none is idle") {
  for (const way& one : ways) {
    const auto audit = audit_syncs(saves(one));
    INFO(one.name << "\n" << audit.text());
    CHECK(audit.ok());
    CHECK(audit.syncs.size() == 4);
  }
}

TEST_CASE("framed_file: a frame of the old kind that is written without a sync is half-read, and a sealed one is refused") {
  for (const way& one : ways) {
    const std::string complaint = refuted(saves(one, {.durability = durability::none}));
    INFO(one.name << ": " << complaint);
    CHECK_FALSE(complaint.empty());
  }
}

}  // namespace proofs_of_framed_file
