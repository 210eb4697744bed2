// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// A checkpoint that goes into a content store and comes back, cut and failing at every call.

#include <perdure/engine/create_checkpoint.hpp>
#include <perdure/engine/download_checkpoint.hpp>
#include <perdure/engine/upload_checkpoint.hpp>
#include <perdure/engine/verify_checkpoint.hpp>
#include <perdure/fs/atomic_write.hpp>
#include <perdure/store/fs_store.hpp>

#include <tests/crash/proof.hpp>
#include <tests/support/checkpoints.hpp>

#include <cstdio>
#include <memory>

namespace proofs_of_checkpoint_upload {

using namespace tests;

namespace {

using lab_store = fs_store<crash_fs, manual_clock>;

struct place {
  crash_fs& fs;
  manual_clock clock{1};
  lab_store store;
  content_store<lab_store> objects{store};
  explicit place(crash_fs& on) : fs(on), store(on, "s", clock, {}) {}

  result<content_id> upload() {
    auto pin = objects.pin();
    if (!pin) return pin.error();
    const auto sent = upload_checkpoint(fs, "c", objects, *pin);
    if (!sent) return sent.error();
    pin->hold();
    return sent->id;
  }
  result<checkpoint_report> download(const content_id& id, enum download_target how) {
    return download_checkpoint(objects, id, fs, "d", {.target = how});
  }
};

void a_checkpoint(world& world) {
  crash_fs& fs = world.fs();
  (void)place(fs).store.create_root();
  listed_source<crash_fs, crash_fs> source(fs, fs);
  for (const char* name : {"1", "2"}) {
    (void)atomic_write(fs, name, std::string("table ") + name);
    source.files.push_back({name, std::string("tables/") + name, 7});
  }
  (void)create_checkpoint(source, fs, "c");
}
// It comes back, whatever is there of it.
verdict comes_back(crash_fs& fs, const content_id& id) {
  const auto made = place(fs).download(id, download_target::resume);
  if (!made) return verdict(made);
  return verdict(verify_checkpoint(fs, "d"));
}
verdict held(const char* what, const exploration& all) {
  const auto report = explore(all);
  INFO(report.text());
  CHECK(report.ok());
  CHECK(report.exhaustive);
  std::printf("%s: %s\n", what, report.bounds().c_str());
  return report.complaint;
}

exploration downloads(std::uint32_t faults, enum download_target how) {
  const auto id = std::make_shared<content_id>();
  const auto weak = std::make_shared<bool>(false);
  return {.setup =
              [=](world& world) {
                a_checkpoint(world);
                if (const auto sent = place(world.fs()).upload(); sent) *id = *sent;
              },
          .workload =
              [=](world& world) {
                place at(world.fs());
                if (how == download_target::resume) {  // of somebody who was killed before he synced it
                  (void)world.fs().make_dir("d");
                  (void)world.fs().make_dir("d/tables");
                  put_file(world.fs(), "d/tables/1", "table 1");
                }
                world.step("made", [&] {
                  auto made = at.download(*id, how);
                  *weak = made && made->durability != durability::full;
                  return made;
                });
              },
          .check = [=](after_crash& after) -> verdict {
            crash_fs& fs = after.fs();
            const auto info = verify_checkpoint(fs, "d");
            if (info) return "";
            if (after.acknowledged("made")) return verdict(info);
            if (info.error().code() != code::not_found && info.error().code() != code::corrupt) return verdict(info);
            if (*weak && fs.stat("d/current")) return "";
            return comes_back(fs, *id);
          },
          .faults = faults};
}

}  // namespace

TEST_CASE("upload_checkpoint: once it is acknowledged it comes back; before, it can be done again", "[crash]") {
  const auto uploads = [](std::uint32_t faults) {
    const auto id = std::make_shared<content_id>();
    return exploration{.setup = a_checkpoint,
                       .workload =
                           [=](world& world) {
                             place at(world.fs());
                             world.step("sent", [&] {
                               auto sent = at.upload();
                               if (sent) *id = *sent;
                               return sent;
                             });
                           },
                       .check = [=](after_crash& after) -> verdict {
                         if (after.acknowledged("sent")) return comes_back(after.fs(), *id);
                         const auto again = place(after.fs()).upload();
                         return again ? comes_back(after.fs(), *again) : verdict(again);
                       },
                       .faults = faults};
  };
  (void)held("upload_checkpoint", uploads(0));
  (void)held("upload_checkpoint, with a fault", uploads(1));
}

TEST_CASE("download_checkpoint: the target is absent, or half and can be gone on with, or whole", "[crash]") {
  (void)held("download_checkpoint", downloads(0, download_target::claim));
  (void)held("download_checkpoint, with a fault", downloads(1, download_target::claim));
  (void)held("download_checkpoint, to be resumed, with a fault", downloads(1, download_target::resume));
}

TEST_CASE("download_checkpoint: no sync of it is idle", "[crash]") {
  for (const auto how : {download_target::claim, download_target::resume}) {
    const auto audit = audit_syncs(downloads(0, how));
    INFO(audit.text());
    CHECK(audit.report.ok());
    CHECK(audit.syncs.size() == 8);
    CHECK(audit.idle() == 0);
  }
}

}  // namespace proofs_of_checkpoint_upload
