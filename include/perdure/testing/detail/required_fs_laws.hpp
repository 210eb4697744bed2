// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_REQUIRED_FS_LAWS_HPP
#define PERDURE_TESTING_DETAIL_REQUIRED_FS_LAWS_HPP

// What every model of Fs keeps, law by law. The numbers are those of fs.hpp.

#include <set>
#include <string>
#include <thread>
#include <vector>

#include <perdure/testing/detail/law_case.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

inline std::vector<law> required_fs_laws() {
  using kase = law_case&;
  return {
      {"L1: what was written is seen through every handle at once",
       [](kase c) {
         auto writer = c.fs.open(c / "f", {.access = access::read_write, .creation = creation::create_new});
         auto reader = c.fs.open(c / "f", {});
         if (!c.succeeds(writer, "create") || !c.succeeds(reader, "open")) return;
         c.succeeds(writer->write_at(0, "seen"), "write");
         c.expect(c.get("f") == "seen", "a third handle reads: " + c.get("f"));
         char room[8];
         const auto got = reader->read_at(0, room);
         c.expect(got && *got == 4, "the reader's handle sees it");
       }},
      {"L2: rename replaces, and no reader ever finds neither or half",
       [](kase c) {
         if (!c.put("f", std::string(3000, 'a'))) return;
         std::string bad;
         bool done = false;
         int looks = 0;
         const auto look = [&] {
           auto file = c.fs.open(c / "f", {});
           if (!file && file.error().code() == code::busy) return;
           std::string text(4000, '?');
           const auto got = file ? file->read_at(0, text) : result<std::size_t>(file.error());
           if (!got) bad = "a reader: " + std::string(describe(got.error()));
           if (got && (*got != 3000 || text.substr(0, 3000).find_first_not_of(text[0]) != std::string::npos))
             bad = "a mixture was read";
           __atomic_add_fetch(&looks, 1, __ATOMIC_RELAXED);
         };
         std::thread reader([&] {
           while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE)) {
             look();
             std::this_thread::yield();  // where an open file keeps its name, somebody else has to get in between
           }
         });
         // Until the reader has looked often enough, on a busy machine too.
         for (int i = 0; (i < 100 || (__atomic_load_n(&looks, __ATOMIC_RELAXED) < 100 && i < 20'000)) && c.broken.empty(); ++i) {
           if (i >= 100) std::this_thread::yield();
           c.put("t", std::string(3000, static_cast<char>('b' + i % 20)));
           for (int tries = 0; tries < 10'000; ++tries) {
             const auto renamed = c.fs.rename(c / "t", c / "f");
             if (!renamed && renamed.error().code() == code::busy) {
               std::this_thread::yield();
               continue;
             }
             c.succeeds(renamed, "rename");
             break;
           }
         }
         __atomic_store_n(&done, true, __ATOMIC_RELEASE);
         reader.join();
         c.expect(bad.empty(), bad);
         c.fails(c.fs.stat(c / "t"), code::not_found, "stat of what was renamed");
       }},
      {"L4: a directory is synced, or that is unsupported and changes nothing",
       [](kase c) {
         c.put("f", "x");
         const auto synced = c.fs.sync_dir(c.dir);
         c.expect(synced || synced.error().code() == code::unsupported, "sync_dir");
         c.expect(c.get("f") == "x", "the file is still there");
       }},
      {"L6: syncs of every strength succeed on a healthy file",
       [](kase c) {
         auto file = c.fs.open(c / "f", {.access = access::write, .creation = creation::create_new});
         if (!c.succeeds(file, "create")) return;
         c.succeeds(file->write_at(0, "x"), "write");
         for (auto what : {sync_what::order, sync_what::data, sync_what::all}) {
           if (!c.applies(file->sync(what), "sync")) return;
         }
       }},
      {"L7: of racing creators exactly one wins",
       [](kase c) {
         int files[3] = {};
         int dirs[3] = {};
         int arrived = 0;
         std::vector<std::thread> threads;
         for (std::size_t t = 0; t < 3; ++t) {
           threads.emplace_back([&, t] {
             for (int i = 0; i < 40; ++i) {
               // All at once, or it is no race.
               __atomic_add_fetch(&arrived, 1, __ATOMIC_ACQ_REL);
               while (__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) < 3 * (i + 1)) std::this_thread::yield();
               files[t] +=
                   c.fs.open(c / ("f" + std::to_string(i)), {.access = access::write, .creation = creation::create_new}) ? 1 : 0;
               dirs[t] += c.fs.make_dir(c / ("d" + std::to_string(i))) ? 1 : 0;
             }
           });
         }
         for (auto& thread : threads) thread.join();
         c.expect(files[0] + files[1] + files[2] == 40, "files created: " + std::to_string(files[0] + files[1] + files[2]));
         c.expect(dirs[0] + dirs[1] + dirs[2] == 40, "directories made: " + std::to_string(dirs[0] + dirs[1] + dirs[2]));
         c.fails(c.fs.open(c / "f0", {.access = access::write, .creation = creation::create_new}), code::already_exists,
                 "create_new");
         c.fails(c.fs.make_dir(c / "d0"), code::already_exists, "make_dir");
         c.fails(c.fs.make_dir(c / "f0"), code::already_exists, "make_dir over a file");
       }},
      {"L9: every size is written and read whole, and a gap reads as zeros",
       [](kase c) {
         for (std::size_t size : {0U, 1U, 511U, 512U, 4095U, 4096U, 4097U, 70'000U}) {
           std::string text(size, '\0');
           for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + size);
           c.put("f", text);
           c.expect(c.get("f") == text, "size " + std::to_string(size));
         }
         auto file = c.fs.open(c / "f", {.access = access::read_write});
         if (!c.succeeds(file, "open")) return;
         c.succeeds(file->truncate(3), "truncate");
         c.succeeds(file->truncate(10), "truncate");
         c.succeeds(file->write_at(20, "end"), "write after a gap");
         const std::string text = c.get("f");
         c.expect(text.size() == 23 && text.substr(3, 17) == std::string(17, '\0') && text.substr(20) == "end",
                  "zeros in the gaps");
         char room[8];
         const auto at_end = file->read_at(23, room);
         const auto past_end = file->read_at(5000, room);
         c.expect(at_end && *at_end == 0 && past_end && *past_end == 0, "a read at or past the end is empty");
         std::vector<bytes> parts(1500, bytes("ab"));
         c.succeeds(file->truncate(0), "truncate");
         c.succeeds(file->write_at(0, gather(parts.data(), parts.size())), "gather");
         c.expect(c.get("f").size() == 3000, "1500 pieces arrive");
       }},
      {"L10: an open file keeps its content when its name goes, or the name stays and that is busy",
       [](kase c) {
         c.put("f", "kept");
         auto file = c.fs.open(c / "f", {});
         if (!c.succeeds(file, "open")) return;
         const auto removed = c.fs.remove(c / "f");
         if (!removed) c.expect(removed.error().code() == code::busy && c.get("f") == "kept", "remove of an open file");
         char room[8];
         const auto got = file->read_at(0, room);
         c.expect(got && bytes(room, *got) == bytes("kept"), "the handle reads on");
       }},
      {"L10: a closed handle is refused",
       [](kase c) {
         auto file = c.fs.open(c / "f", {.access = access::read_write, .creation = creation::create_new});
         if (!c.succeeds(file, "create")) return;
         c.succeeds(file->close(), "close");
         char room[1];
         c.fails(file->close(), code::invalid_argument, "a second close");
         c.fails(file->read_at(0, room), code::invalid_argument, "read");
         c.fails(file->write_at(0, "x"), code::invalid_argument, "write");
         c.fails(file->size(), code::invalid_argument, "size");
         c.fails(file->truncate(0), code::invalid_argument, "truncate");
         c.fails(file->sync(sync_what::all), code::invalid_argument, "sync");
       }},
      {"L11: an empty path, and one with a NUL, is an invalid_argument everywhere",
       [](kase c) {
         for (const std::string& p : {std::string(), c / std::string("a\0b", 3)}) {
           c.fails(c.fs.open(p, {.access = access::write, .creation = creation::create}), code::invalid_argument, "open");
           c.fails(c.fs.stat(p), code::invalid_argument, "stat");
           c.fails(c.fs.rename(p, c / "x"), code::invalid_argument, "rename from");
           c.fails(c.fs.remove(p), code::invalid_argument, "remove");
           c.fails(c.fs.make_dir(p), code::invalid_argument, "make_dir");
           c.fails(c.fs.remove_dir(p), code::invalid_argument, "remove_dir");
           c.fails(c.fs.for_each_entry(p, [](const dir_entry&) { return visit::go_on; }), code::invalid_argument, "list");
           const auto synced = c.fs.sync_dir(p);
           c.expect(!synced && (synced.error().code() == code::invalid_argument || synced.error().code() == code::unsupported),
                    "sync_dir");
           c.put("f", "x");
           c.fails(c.fs.rename(c / "f", p), code::invalid_argument, "rename to");
         }
         c.expect(c.names(c.dir).size() == 1, "nothing else was touched");
       }},
      {"L11: a path that is too long is too_large",
       [](kase c) {
         const std::string p = c / std::string(70'000, 'n');
         c.fails(c.fs.open(p, {.access = access::write, .creation = creation::create}), code::too_large, "open");
         c.fails(c.fs.stat(p), code::too_large, "stat");
         c.fails(c.fs.make_dir(p), code::too_large, "make_dir");
       }},
      {"L11: what is missing and what is no directory are told apart",
       [](kase c) {
         c.put("f", "x");
         const auto list = [](const dir_entry&) { return visit::go_on; };
         c.fails(c.fs.open(c / "no", {}), code::not_found, "open");
         c.fails(c.fs.open(c / "no/x", {.access = access::write, .creation = creation::create}), code::not_found,
                 "open below what is missing");
         c.fails(c.fs.open(c / "f/x", {}), code::not_a_directory, "open below a file");
         c.fails(c.fs.open(c / "f/x", {.access = access::write, .creation = creation::create_new}), code::not_a_directory,
                 "create below a file");
         c.fails(c.fs.stat(c / "no"), code::not_found, "stat");
         c.fails(c.fs.stat(c / "f/x"), code::not_a_directory, "stat below a file");
         c.fails(c.fs.rename(c / "no", c / "y"), code::not_found, "rename");
         c.fails(c.fs.rename(c / "f", c / "no/y"), code::not_found, "rename into what is missing");
         c.fails(c.fs.rename(c / "f", c / "f/y"), code::not_a_directory, "rename below a file");
         c.fails(c.fs.remove(c / "no"), code::not_found, "remove");
         c.fails(c.fs.remove(c / "f/x"), code::not_a_directory, "remove below a file");
         c.fails(c.fs.make_dir(c / "no/d"), code::not_found, "make_dir");
         c.fails(c.fs.make_dir(c / "f/d"), code::not_a_directory, "make_dir below a file");
         c.fails(c.fs.remove_dir(c / "no"), code::not_found, "remove_dir");
         c.fails(c.fs.remove_dir(c / "f"), code::not_a_directory, "remove_dir of a file");
         c.fails(c.fs.for_each_entry(c / "no", list), code::not_found, "list");
         c.fails(c.fs.for_each_entry(c / "f", list), code::not_a_directory, "list of a file");
         c.expect(c.get("f") == "x", "the file is untouched");
       }},
      {"L11: directories are no files, and go only when they are empty",
       [](kase c) {
         c.succeeds(c.fs.make_dir(c / "d"), "make_dir");
         c.put("d/x", "x");
         c.put("f", "f");
         c.fails(c.fs.remove(c / "d"), code::is_a_directory, "remove");
         c.fails(c.fs.remove_dir(c / "d"), code::not_empty, "remove_dir");
         c.fails(c.fs.rename(c / "f", c / "d"), code::is_a_directory, "rename onto a directory");
         auto opened = c.fs.open(c / "d", {});
         char room[1];
         c.expect(!opened ? opened.error().code() == code::is_a_directory : !opened->read_at(0, room),
                  "a directory is not read as a file");
         const auto info = c.fs.stat(c / "d");
         c.expect(info && info->kind == file_kind::directory, "stat says what it is");
         c.succeeds(c.fs.rename(c / "d", c / "e"), "rename of a directory");
         c.expect(c.get("e/x") == "x", "what was in it moved along");
         c.succeeds(c.fs.remove(c / "e/x"), "remove");
         c.succeeds(c.fs.remove_dir(c / "e"), "remove_dir");
         c.fails(c.fs.stat(c / "e"), code::not_found, "stat afterwards");
       }},
      {"L12: a listing shows each entry once, stops when told, and its visitor may remove what it is shown",
       [](kase c) {
         for (int i = 0; i < 200; ++i) c.put(std::to_string(i), "");
         const auto all = c.names(c.dir);
         c.expect(all.size() == 200 && std::set<std::string>(all.begin(), all.end()).size() == 200, "200 names, each once");
         c.expect(all.count(".") == 0 && all.count("..") == 0, "neither . nor ..");
         int visits = 0;
         c.succeeds(c.fs.for_each_entry(c.dir, [&](const dir_entry&) { return ++visits, visit::stop; }), "list");
         c.expect(visits == 1, "it stops when told");
         c.succeeds(c.fs.for_each_entry(c.dir,
                                        [&](const dir_entry& entry) {
                                          c.succeeds(c.fs.remove(c / std::string(entry.name.data(), entry.name.size())),
                                                     "remove while listing");
                                          return visit::go_on;
                                        }),
                    "list");
         c.expect(c.names(c.dir).empty(), "nothing is left");
       }},
      {"L13: a nonce is given once",
       [](kase c) {
         std::vector<std::vector<std::uint64_t>> serials(3);
         std::vector<std::thread> threads;
         for (auto& own : serials) {
           threads.emplace_back([&] {
             for (int i = 0; i < 1000; ++i) own.push_back(c.fs.nonce().serial);
           });
         }
         for (auto& thread : threads) thread.join();
         std::set<std::uint64_t> all;
         for (const auto& own : serials) all.insert(own.begin(), own.end());
         c.expect(all.size() == 3000, std::to_string(all.size()) + " of 3000 differ");
         c.expect(writer(c.fs, c.fs.nonce()) != writer_state::gone, "the writer that asks is not gone");
       }},
  };
}

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_REQUIRED_FS_LAWS_HPP
