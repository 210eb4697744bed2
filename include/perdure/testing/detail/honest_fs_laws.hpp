// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_HONEST_FS_LAWS_HPP
#define PERDURE_TESTING_DETAIL_HONEST_FS_LAWS_HPP

// What every model of Fs keeps, too: that calls do what they say to what they name, and that failures are what they say.

#include <string>
#include <utility>
#include <vector>

#include <perdure/testing/detail/law_case.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

inline std::vector<law> honest_fs_laws() {
  using kase = law_case&;
  return {
      {"L1: opening does what it was asked to: keeps what is there, refuses what is taken, and no more than was asked for",
       [](kase c) {
         if (!c.put("f", "content")) return;
         auto again = c.fs.open(c / "f", {.access = access::write, .creation = creation::create});
         if (!c.succeeds(again, "open what is there, to write")) return;
         c.expect(c.get("f") == "content", "creation::create keeps what is there");
         char room[4];
         c.fails(again->read_at(0, room), code::invalid_argument, "a read through a handle that was opened to write");
         auto reader = c.fs.open(c / "f", {});
         if (!c.succeeds(reader, "open to read")) return;
         c.fails(reader->write_at(0, "x"), code::invalid_argument, "a write through a handle that was opened to read");
         c.fails(reader->truncate(0), code::invalid_argument, "a truncate through a handle that was opened to read");
         c.expect(c.get("f") == "content", "what was refused changed nothing");
         c.succeeds(c.fs.make_dir(c / "d"), "make_dir");
         c.fails(c.fs.open(c / "d", {.access = access::write, .creation = creation::create_new}), code::already_exists,
                 "create_new over a directory");
       }},
      {"L1: stat and a listing say what is there, how large it is and of which kind",
       [](kase c) {
         c.put("f", "12345");
         c.succeeds(c.fs.make_dir(c / "d"), "make_dir");
         const auto file = c.fs.stat(c / "f");
         c.expect(file && file->kind == file_kind::file && file->size_bytes == 5, "stat of a file of five bytes");
         const auto directory = c.fs.stat(c / "d");
         c.expect(directory && directory->kind == file_kind::directory, "stat of a directory");
         c.succeeds(c.fs.for_each_entry(c.dir,
                                        [&](const dir_entry& entry) {
                                          const auto kind = entry.name == path_view("f") ? file_kind::file : file_kind::directory;
                                          c.expect(entry.kind == kind || entry.kind == file_kind::unknown,
                                                   "a listing tells the kind, or that it does not know it");
                                          return visit::go_on;
                                        }),
                    "list");
       }},
      {"L2: a rename moves the file itself, and one onto its own name does nothing",
       [](kase c) {
         c.put("f", "old");
         c.put("t", "renamed");
         {
           // Where handles keep names from being replaced (L10) there is nothing to look at.
           auto old = c.fs.open(c / "f", {});
           auto moved = c.fs.open(c / "t", {.access = access::read_write});
           if (!c.succeeds(old, "open") || !c.succeeds(moved, "open")) return;
           const auto renamed = c.fs.rename(c / "t", c / "f");
           if (renamed) {
             char room[8];
             const auto got = old->read_at(0, room);
             c.expect(got && bytes(room, *got) == bytes("old"), "the handle of the replaced file reads on in it");
             c.succeeds(moved->write_at(0, "RE"), "write through the handle of the renamed file");
             c.expect(c.get("f") == "REnamed", "and its new name shows it");
           } else {
             c.expect(renamed.error().code() == code::busy,
                      "rename over an open file: " + std::string(describe(renamed.error())));
           }
         }
         c.put("g", "same");
         c.succeeds(c.fs.rename(c / "g", c / "g"), "rename onto its own name");
         c.expect(c.get("g") == "same", "and the file is there");
       }},
      {"L4: there is nothing to sync where there is no directory",
       [](kase c) {
         const auto unsupported = [](const result<void>& answer) {
           return !answer && answer.error().code() == code::unsupported;
         };
         c.put("f", "x");
         const auto missing = c.fs.sync_dir(c / "no");
         if (!unsupported(missing)) c.fails(missing, code::not_found, "sync_dir of what is missing");
         const auto file = c.fs.sync_dir(c / "f");
         if (!unsupported(file)) c.fails(file, code::not_a_directory, "sync_dir of a file");
       }},
      {"L8: a call that was refused has no doubt about it",
       [](kase c) {
         c.put("f", "x");
         c.put("d.f", "x");
         c.succeeds(c.fs.make_dir(c / "d"), "make_dir");
         c.put("d/x", "x");
         const auto certain = [&](const auto& answer, const char* what) {
           if (!c.expect(!answer, std::string(what) + ": it succeeded")) return;
           c.expect(answer.error().doubt() == doubt::none, std::string(what) + ": there is a doubt about what did not happen");
         };
         certain(c.fs.open(c / "no", {}), "open of what is missing");
         certain(c.fs.open(c / "f", {.access = access::write, .creation = creation::create_new}), "create_new of what is there");
         certain(c.fs.open("", {.access = access::write, .creation = creation::create}), "open of an empty path");
         certain(c.fs.stat(c / "no"), "stat of what is missing");
         certain(c.fs.rename(c / "no", c / "y"), "rename of what is missing");
         certain(c.fs.rename(c / "f", c / "d"), "rename onto a directory");
         certain(c.fs.remove(c / "no"), "remove of what is missing");
         certain(c.fs.remove(c / "d"), "remove of a directory");
         certain(c.fs.make_dir(c / "d"), "make_dir of what is there");
         certain(c.fs.remove_dir(c / "d"), "remove_dir of what is not empty");
         certain(c.fs.for_each_entry(c / "f", [](const dir_entry&) { return visit::go_on; }), "a listing of a file");
         auto reader = c.fs.open(c / "f", {});
         if (c.succeeds(reader, "open")) certain(reader->write_at(0, "y"), "a write through a handle that was opened to read");
         c.expect(c.get("f") == "x" && c.get("d/x") == "x", "and nothing has changed");
       }},
      {"L11: a rename that would lose a directory is refused",
       [](kase c) {
         c.put("f", "x");
         c.succeeds(c.fs.make_dir(c / "d"), "make_dir");
         c.succeeds(c.fs.make_dir(c / "d/e"), "make_dir");
         c.fails(c.fs.rename(c / "d", c / "d/e/g"), code::invalid_argument, "rename of a directory below itself");
         c.fails(c.fs.rename(c / "d", c / "f"), code::not_a_directory, "rename of a directory onto a file");
         c.succeeds(c.fs.stat(c / "d/e"), "both are there");
       }},
  };
}

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_HONEST_FS_LAWS_HPP
