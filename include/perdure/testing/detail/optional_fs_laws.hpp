// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_OPTIONAL_FS_LAWS_HPP
#define PERDURE_TESTING_DETAIL_OPTIONAL_FS_LAWS_HPP

// What a model of Fs keeps of the optional operations that it has; the others do not apply.

#include <string>
#include <vector>

#include <perdure/testing/detail/law_case.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

inline std::vector<law> optional_fs_laws() {
  using kase = law_case&;
  return {
      {"link: a second name of one file",
       [](kase c) {
         c.put("f", "x");
         if (!c.applies(perdure::link(c.fs, c / "f", c / "g"), "link")) return;
         c.put("f", "both");
         c.expect(c.get("g") == "both", "what is written under one name is read under the other");
         c.fails(perdure::link(c.fs, c / "f", c / "g"), code::already_exists, "link onto a name");
         c.fails(perdure::link(c.fs, c / "no", c / "h"), code::not_found, "link of nothing");
         c.succeeds(c.fs.remove(c / "f"), "remove");
         c.expect(c.get("g") == "both", "the other name keeps it");
       }},
      {"rename_no_replace: an existing name stays",
       [](kase c) {
         c.put("f", "f");
         c.put("g", "g");
         const auto refused = rename_no_replace(c.fs, c / "f", c / "g");
         if (!refused && refused.error().code() == code::unsupported) {
           c.not_applicable = "rename_no_replace";
           return;
         }
         c.fails(refused, code::already_exists, "rename_no_replace");
         c.expect(c.get("f") == "f" && c.get("g") == "g", "both files stand");
         c.succeeds(rename_no_replace(c.fs, c / "f", c / "h"), "rename_no_replace");
         c.expect(c.get("h") == "f", "it renames");
       }},
      {"make_link, read_link, stat_link: a link is itself, and is followed",
       [](kase c) {
         if (!c.applies(make_link(c.fs, "f", c / "l"), "make_link")) return;
         c.fails(c.fs.stat(c / "l"), code::not_found, "stat of a dangling link");
         const auto info = stat_link(c.fs, c / "l");
         c.expect(info && info->kind == file_kind::link, "stat_link");
         c.fails(c.fs.open(c / "l", {.access = access::write, .creation = creation::create_new}), code::already_exists,
                 "create_new on a link");
         c.put("f", "through");
         c.expect(c.get("l") == "through", "a link is followed");
         c.fails(c.fs.open(c / "l", {.links = links::refuse}), code::invalid_argument, "open refusing links");
         char room[8];
         const auto size = read_link(c.fs, c / "l", room);
         c.expect(size && bytes(room, *size) == bytes("f"), "read_link");
         c.fails(read_link(c.fs, c / "f", room), code::invalid_argument, "read_link of a file");
         c.succeeds(make_link(c.fs, "loop", c / "loop"), "make_link");
         c.fails(c.fs.open(c / "loop", {}), code::invalid_argument, "a loop of links");
         c.succeeds(c.fs.remove(c / "l"), "remove");
         c.expect(c.get("f") == "through", "removing a link leaves its file");
         c.succeeds(c.fs.make_dir(c / "d"), "make_dir");
         c.succeeds(make_link(c.fs, "d", c / "to d"), "make_link");
         c.fails(c.fs.remove_dir(c / "to d/"), code::not_a_directory, "remove_dir of a link to a directory");
         c.fails(c.fs.rename(c / "to d/", c / "e"), code::not_a_directory, "rename of a link as a directory");
         c.succeeds(c.fs.stat(c / "to d/"), "stat through a link to a directory");
       }},
      {"open_dir: a held directory stays the same one",
       [](kase c) {
         c.succeeds(c.fs.make_dir(c / "d"), "make_dir");
         auto held = perdure::open_dir(c.fs, c / "d");
         if (!c.applies(held, "open_dir")) return;
         const auto renamed = c.fs.rename(c / "d", c / "e");
         if (!renamed && renamed.error().code() == code::busy) return;
         c.succeeds(renamed, "rename of a held directory");
         {
           auto file = held->open("f", {.access = access::write, .creation = creation::create_new});
           c.succeeds(file, "create in a held directory");
         }
         c.succeeds(c.fs.stat(c / "e/f"), "it is where the directory went");
         const auto synced = held->sync_dir(".");
         c.expect(synced || synced.error().code() == code::unsupported, "sync_dir of itself");
         c.fails(perdure::open_dir(c.fs, c / "e/f"), code::not_a_directory, "open_dir of a file");
         c.fails(perdure::open_dir(c.fs, c / "no"), code::not_found, "open_dir of nothing");
       }},
      {"try_lock: handles exclude one another until they are closed",
       [](kase c) {
         const open_options how{.access = access::read_write, .creation = creation::create};
         auto a = c.fs.open(c / "f", how);
         auto b = c.fs.open(c / "f", how);
         if (!c.succeeds(a, "open") || !c.succeeds(b, "open")) return;
         if (!c.applies(try_lock(*a, lock_mode::exclusive), "try_lock")) return;
         c.fails(try_lock(*b, lock_mode::exclusive), code::busy, "a second exclusive lock");
         c.fails(try_lock(*b, lock_mode::shared), code::busy, "a shared lock beside it");
         c.succeeds(try_lock(*a, lock_mode::shared), "exclusive becomes shared");
         c.succeeds(try_lock(*b, lock_mode::shared), "two shared locks");
         c.fails(try_lock(*b, lock_mode::exclusive), code::busy, "shared becomes exclusive beside another");
         c.fails(try_lock(*a, lock_mode::exclusive), code::busy, "and stays shared");
         c.succeeds(a->close(), "close");
         c.succeeds(try_lock(*b, lock_mode::exclusive), "after the close");
       }},
      {"map and clone_range: the content, and nothing else",
       [](kase c) {
         const std::string text(9000, 'm');
         c.put("f", text);
         auto from = c.fs.open(c / "f", {});
         auto to = c.fs.open(c / "g", {.access = access::read_write, .creation = creation::create});
         if (!c.succeeds(from, "open") || !c.succeeds(to, "open")) return;
         const auto view = map(*from);
         if (view) c.expect(view->view() == bytes(text), "map");
         const auto cloned = clone_range(*to, 0, *from, 0, text.size());
         if (cloned)
           c.expect(cloned->size_bytes > 0 && c.get("g") == text.substr(0, static_cast<std::size_t>(cloned->size_bytes)),
                    "clone_range");
         if (!view && !cloned) c.not_applicable = "map, clone_range";
       }},
      {"attributes: they come back as they were set",
       [](kase c) {
         auto file = c.fs.open(c / "f", {.access = access::read_write, .creation = creation::create});
         if (!c.succeeds(file, "open")) return;
         auto had = get_attributes(*file);
         if (!c.applies(had, "get_attributes")) return;
         had->mode = 0640;
         had->modified_ns = 1'000'000'000'000;
         if (!c.applies(set_attributes(*file, *had, attribute_set::mode | attribute_set::modified), "set_attributes")) return;
         const auto now = get_attributes(*file);
         c.expect(now && now->mode == 0640 && now->modified_ns == 1'000'000'000'000, "mode and time");
         const auto set = set_xattr(*file, "user.note", "value");
         if (!set) return;
         int seen = 0;
         c.succeeds(for_each_xattr(*file,
                                   [&](path_view name, bytes value) {
                                     seen += name == path_view("user.note") && value == bytes("value") ? 1 : 0;
                                     return visit::go_on;
                                   }),
                    "for_each_xattr");
         c.expect(seen == 1, "the extended attribute");
         if (!c.applies(remove_xattr(*file, "user.note"), "remove_xattr")) return;
         c.succeeds(remove_xattr(*file, "user.note"), "remove_xattr of what is not there");
         c.succeeds(
             for_each_xattr(*file, [&](path_view name, bytes) { return seen -= name == path_view("user.note"), visit::go_on; }),
             "for_each_xattr");
         c.expect(seen == 1, "a removed extended attribute");
       }},
      {"backend_id and sync_all: as the model says",
       [](kase c) {
         const auto all = sync_all(c.fs, c.dir);
         c.expect(all || all.error().code() == code::unsupported, "sync_all");
         if (backend_id_of(c.fs)) {
           c.expect(same_backend(c.fs, c.fs), "a model shares a backend with itself");
         } else {
           c.not_applicable = "backend_id";
         }
       }},
  };
}

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_OPTIONAL_FS_LAWS_HPP
