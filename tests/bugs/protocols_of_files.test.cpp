// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Protocols that are right: files that appear, replace one another and go.

#include <tests/bugs/right.hpp>

namespace bugs_in_protocols_of_files {

using namespace tests;

namespace {

// Of a file with one record: that, if it is whole.
std::string record_of(crash_fs& fs, const std::string& path) {
  const auto found = unframed(text_in(fs, path)).values;
  return found.empty() ? "nothing whole" : found[0];
}
result<void> replace(crash_fs& fs, const std::string& path, const std::string& text, const std::string& directory = ".") {
  PERDURE_TRY(save(fs, path + ".tmp", text, flushed::yes));
  PERDURE_TRY(fs.rename(path + ".tmp", path));
  return after_write(fs.sync_dir(directory));
}

}  // namespace

PROTOCOL(create_only, "a file that is linked into place: of racing creators one wins", stands::any_rename) {
  return {.setup = [](world& world) { (void)world.fs().make_dir("d"); },
          .workload =
              [](world& world) {
                const auto creator = [&](const std::string& name) {
                  world.step(name, [&]() -> result<void> {
                    crash_fs& fs = world.fs();
                    PERDURE_TRY(save(fs, "d/tmp." + name, framed(name), flushed::yes));
                    const auto linked = link(fs, "d/tmp." + name, "d/f");
                    (void)fs.remove("d/tmp." + name);
                    PERDURE_TRY(linked);
                    return after_write(fs.sync_dir("d"));
                  });
                };
                world.together([&] { creator("a"); }, [&] { creator("b"); });
              },
          .check = [](after_crash& after) -> verdict {
            const bool is_promised = after.acknowledged("a") || after.acknowledged("b");
            if (!is_there(after.fs(), "d/f")) return !is_promised;
            const std::string winner = record_of(after.fs(), "d/f");
            if (winner != "a" && winner != "b") return "it is not whole";
            return !is_promised || after.acknowledged(winner) ? "" : winner + " is there, and has not won";
          },
          .preemptions = 1};
}

PROTOCOL(marker_file, "a marker file without content: the highest number wins", stands::any_rename) {
  return {.setup = [](world& world) { (void)save(world.fs(), "marker.0.none", "", flushed::yes); },
          .workload =
              [](world& world) {
                std::string last = "marker.0.none";
                for (const char* const value : {"one", "two", "three"}) {
                  const std::string next = "marker." + std::to_string(last[7] - '0' + 1) + "." + value;
                  const auto done = world.step(value, [&]() -> result<void> {
                    const auto made = world.fs().open(next, {.access = access::write, .creation = creation::create_new});
                    if (!made) return made.error();
                    return after_write(world.fs().sync_dir("."));
                  });
                  if (done != step_outcome::acknowledged) return;
                  (void)world.fs().remove(last);
                  last = next;
                }
              },
          .check =
              [](after_crash& after) {
                std::string highest = "marker.0.absent";
                for (const std::string& name : names_in(after.fs(), ".")) highest = name > highest ? name : highest;
                return after.latest_is(highest.substr(9), "none");
              }};
}

PROTOCOL(versions, "numbered versions with a checksum: the highest that is whole wins", stands::any_rename) {
  return {.workload =
              [](world& world) {
                for (int number = 1; number <= 3; ++number) {
                  const std::string value = "state " + std::to_string(number);
                  const auto done = world.step(value, [&]() -> result<void> {
                    PERDURE_TRY(save(world.fs(), "state." + std::to_string(number), framed(value), flushed::yes));
                    return after_write(world.fs().sync_dir("."));
                  });
                  if (done != step_outcome::acknowledged) return;
                  if (number > 1) (void)world.fs().remove("state." + std::to_string(number - 1));
                }
              },
          .check =
              [](after_crash& after) {
                for (int number = 3; number > 0; --number) {
                  const auto found = unframed(text_in(after.fs(), "state." + std::to_string(number))).values;
                  if (!found.empty()) return after.latest_is(found[0], "none");
                }
                return after.latest_is(std::string("none"), "none");
              }};
}

PROTOCOL(objects_and_head, "objects under the names of their contents, and a head that lists them", stands::atomic_renames) {
  return {.setup =
              [](world& world) {
                (void)world.fs().make_dir("objects");
                (void)save(world.fs(), "head", framed(""), flushed::yes);
              },
          .workload =
              [](world& world) {
                crash_fs& fs = world.fs();
                std::vector<std::string> durable;
                for (const std::string& value : {std::string("xy"), std::string("yz")}) {
                  world.step(value, [&]() -> result<void> {
                    bool has_new = false;
                    for (const char chunk : value) {
                      const std::string name(1, chunk);
                      bool is_known = false;
                      for (const std::string& one : durable) is_known = is_known || one == name;
                      if (is_known) continue;  // being there alone would not do
                      PERDURE_TRY(save(fs, "objects/tmp", framed(name), flushed::yes));
                      PERDURE_TRY(fs.rename("objects/tmp", "objects/" + name));
                      has_new = true;
                    }
                    if (has_new) PERDURE_TRY(fs.sync_dir("objects"));
                    for (const char chunk : value) durable.emplace_back(1, chunk);
                    return replace(fs, "head", framed(value));
                  });
                }
              },
          .check = [](after_crash& after) -> verdict {
            const std::string head = record_of(after.fs(), "head");
            if (head == "nothing whole") return after.latest_is(std::string("none"), "none");
            for (const char chunk : head) {
              if (record_of(after.fs(), "objects/" + std::string(1, chunk)) != std::string(1, chunk))
                return "an object is missing";
            }
            return after.latest_is(head, "none");
          }};
}

PROTOCOL(one_sync_for_all, "many files made durable by one sync of everything, and then a head", stands::atomic_renames) {
  return {.setup = [](world& world) { (void)save(world.fs(), "head", "none", flushed::yes); },
          .workload =
              [](world& world) {
                world.step("batch", [&]() -> result<void> {
                  crash_fs& fs = world.fs();
                  PERDURE_TRY(fs.make_dir("batch"));
                  for (const char* name : {"batch/a", "batch/b"}) PERDURE_TRY(save(fs, name, framed(name), flushed::no));
                  PERDURE_TRY(save(fs, "head.tmp", "batch", flushed::no));
                  PERDURE_TRY(sync_all(fs, "."));
                  PERDURE_TRY(fs.rename("head.tmp", "head"));
                  return after_write(fs.sync_dir("."));
                });
              },
          .check = [](after_crash& after) -> verdict {
            const auto head = read_text(after.fs(), "head");
            if (head && *head == "batch") {
              for (const char* name : {"batch/a", "batch/b"}) {
                if (record_of(after.fs(), name) != name) return std::string(name) + " is not whole";
              }
            }
            return after.latest_is(head, "none");
          }};
}

PROTOCOL(checkpoint_by_links, "a checkpoint of links that is renamed into place", stands::any_rename) {
  return {.setup =
              [](world& world) {
                (void)world.fs().make_dir("db");
                for (const char* name : {"db/1", "db/2"}) (void)save(world.fs(), name, framed(name), flushed::yes);
              },
          .workload =
              [](world& world) {
                world.step("taken", [&]() -> result<void> {
                  crash_fs& fs = world.fs();
                  PERDURE_TRY(fs.make_dir("checkpoint.tmp"));
                  for (const char* name : {"1", "2"})
                    PERDURE_TRY(link(fs, std::string("db/") + name, std::string("checkpoint.tmp/") + name));
                  PERDURE_TRY(save(fs, "checkpoint.tmp/manifest", framed("1 2"), flushed::yes));
                  PERDURE_TRY(fs.sync_dir("checkpoint.tmp"));
                  PERDURE_TRY(fs.rename("checkpoint.tmp", "checkpoint"));
                  return after_write(fs.sync_dir("."));
                });
                (void)world.fs().remove("db/1");
              },
          .check = [](after_crash& after) -> verdict {
            if (!is_there(after.fs(), "checkpoint")) return !after.acknowledged("taken");
            for (const char* name : {"1", "2"}) {
              if (record_of(after.fs(), std::string("checkpoint/") + name) != std::string("db/") + name)
                return "a file is missing";
            }
            return record_of(after.fs(), "checkpoint/manifest") == "1 2";
          }};
}

PROTOCOL(link_that_is_swapped, "a symbolic link that is swapped from one release to the next", stands::atomic_renames) {
  return {.setup =
              [](world& world) {
                (void)world.fs().make_dir("v1");
                (void)save(world.fs(), "v1/app", framed("v1"), flushed::yes);
                (void)make_link(world.fs(), "v1", "current");
              },
          .workload =
              [](world& world) {
                world.step("v2", [&]() -> result<void> {
                  crash_fs& fs = world.fs();
                  PERDURE_TRY(fs.make_dir("v2"));
                  PERDURE_TRY(save(fs, "v2/app", framed("v2"), flushed::yes));
                  PERDURE_TRY(fs.sync_dir("v2"));
                  PERDURE_TRY(make_link(fs, "v2", "current.tmp"));
                  PERDURE_TRY(fs.sync_dir("."));
                  PERDURE_TRY(fs.rename("current.tmp", "current"));
                  return after_write(fs.sync_dir("."));
                });
              },
          .check = [](after_crash& after) { return after.latest_is(record_of(after.fs(), "current/app"), "v1"); }};
}

PROTOCOL(mail_directory, "a message that is written in one directory and moved to another", stands::any_rename) {
  return {.setup =
              [](world& world) {
                for (const char* name : {"tmp", "new"}) (void)world.fs().make_dir(name);
              },
          .workload =
              [](world& world) {
                for (const char* const message : {"1", "2"}) {
                  world.step(message, [&]() -> result<void> {
                    const std::string name = message;
                    PERDURE_TRY(save(world.fs(), "tmp/" + name, framed(name), flushed::yes));
                    PERDURE_TRY(world.fs().rename("tmp/" + name, "new/" + name));
                    return after_write(world.fs().sync_dir("new"));
                  });
                }
              },
          .check = [](after_crash& after) -> verdict {
            for (const std::string& name : names_in(after.fs(), "new")) {
              if (record_of(after.fs(), "new/" + name) != name) return "half a message was delivered";
            }
            for (const char* message : {"1", "2"}) {
              if (after.acknowledged(message) && !is_there(after.fs(), std::string("new/") + message)) return "a message is lost";
            }
            return true;
          }};
}

PROTOCOL(spool, "jobs in a spool: removed when their results are durable", stands::any_rename) {
  return {.setup =
              [](world& world) {
                for (const char* name : {"jobs", "done"}) (void)world.fs().make_dir(name);
              },
          .workload =
              [](world& world) {
                crash_fs& fs = world.fs();
                const auto queued = world.step("1", [&] { return replace(fs, "jobs/1", framed("job"), "jobs"); });
                if (queued != step_outcome::acknowledged) return;
                if (replace(fs, "done/1", framed("result"), "done")) (void)fs.remove("jobs/1");
                world.step("2", [&] { return replace(fs, "jobs/2", framed("job"), "jobs"); });
              },
          .check = [](after_crash& after) -> verdict {
            for (const char* number : {"1", "2"}) {
              if (!after.acknowledged(number)) continue;
              const bool is_queued = record_of(after.fs(), std::string("jobs/") + number) == "job";
              if (!is_queued && record_of(after.fs(), std::string("done/") + number) != "result") return "a job is lost";
            }
            return true;
          }};
}

PROTOCOL(in_order, "a file that is replaced in order, and durable some time", stands::atomic_renames) {
  return {.setup = [](world& world) { (void)save(world.fs(), "cfg", "old", flushed::yes); },
          .workload =
              [](world& world) {
                for (const char* const value : {"new", "newer"}) {
                  world.step(value, [&]() -> result<void> {
                    auto file = opened(world.fs(), "cfg.tmp");
                    if (!file) return file.error();
                    PERDURE_TRY(file->write_at(0, value));
                    PERDURE_TRY(after_write(file->sync(sync_what::order)));
                    PERDURE_TRY(world.fs().rename("cfg.tmp", "cfg"));
                    return failure(code::unsupported, operation::sync_dir).with(doubt::durable);  // nothing is promised
                  });
                }
              },
          .check = [](after_crash& after) { return after.latest_is(read_text(after.fs(), "cfg"), "old"); }};
}

}  // namespace bugs_in_protocols_of_files
