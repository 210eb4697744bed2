// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_INSPECT_DEMO_HPP
#define EXAMPLES_INSPECT_DEMO_HPP

// One of each kind is made, shown, verified and extracted; then each is damaged, byte for byte where it has checksums, and that
// is seen.

#include <examples/inspect/commands.hpp>

#include <perdure/core/native_clock.hpp>
#include <perdure/engine/persist_snapshot.hpp>
#include <perdure/engine/persistor.hpp>
#include <perdure/fs/framed_file.hpp>
#include <perdure/fs/record_log.hpp>
#include <perdure/fs/sealed_file.hpp>
#include <perdure/manifest/file_slot.hpp>
#include <perdure/manifest/slot_lock.hpp>
#include <perdure/store/fs_store.hpp>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>

namespace inspect {

inline const std::string place = "inspect.data";

struct note {
  std::string text;
  [[nodiscard]] std::uint64_t generation() const { return text.size(); }
  [[nodiscard]] result<void> save(perdure::engine_sink& to) const {
    PERDURE_TRY(to.envelope("{\"format\":1}"));
    PERDURE_TRY(to.section("text"));
    return to.write(text);
  }
};

using demo_store = perdure::fs_store<perdure::native_fs>;

// What a program keeps that persists snapshots, with what one leaves that died in the middle.
inline result<void> make_snapshots(demo_store& store, perdure::content_store<demo_store>& contents) {
  perdure::object_slot<demo_store> head(store, "notes/head");
  PERDURE_TRY(perdure::persist_snapshot(note{"short"}, contents, head, {}, {.keep = 2}));
  PERDURE_TRY(perdure::persist_snapshot(note{std::string(100'000, 'n')}, contents, head, {}, {.keep = 2}));
  auto pin = contents.pin("a process that died");
  if (!pin) return pin.error();
  pin->hold();
  layouts::condemned_list list;
  if (!list.copies.push({perdure::sha256_of("what nobody names"), 1})) return layouts::no_memory();
  const auto key = layouts::key_of(layouts::condemned_prefix, store.nonce());
  PERDURE_TRY(layouts::put_condemned(store, key, list, perdure::precondition::absent));
  return {};
}
inline result<void> make_checkpoint(perdure::native_fs& fs) {
  const std::string path = place + "/checkpoint";
  std::filesystem::create_directories(path);
  PERDURE_TRY(perdure::atomic_write(fs, path + "/a.table", "records"));
  PERDURE_TRY(perdure::atomic_write(fs, path + "/CURRENT", "a.table"));
  layouts::file_list files;
  files.add({"a.table", 7, layouts::stored_file::has_digest, perdure::sha256_of("records")});
  files.add({"CURRENT", 7, layouts::stored_file::has_digest | layouts::stored_file::is_current, perdure::sha256_of("a.table")});
  perdure::detail::byte_buffer record;
  PERDURE_TRY(layouts::encode_checkpoint({3, 12, 2, 14, files.view(), {}}, record));
  PERDURE_TRY(perdure::atomic_write(fs, path + "/" + text_of(layouts::checkpoint_record_name), record.view()));
  return {};
}

inline result<void> make_one_of_each(perdure::native_fs& fs, std::string& content) {
  std::filesystem::remove_all(place);
  std::filesystem::create_directories(place + "/versions");
  PERDURE_TRY(perdure::write_framed(fs, place + "/frame.lhv1", "LHV1", "{}", "the graph"));

  perdure::persistor_options sealed = {.format = {.kind = "NOTE"}};
  perdure::fs_store<perdure::native_fs> store(fs, place + "/store");
  PERDURE_TRY(store.create_root());
  perdure::persistor<perdure::fs_store<perdure::native_fs>> keeper(store, sealed);
  const auto image = keeper.encode("a/b", note{"what is kept"});
  if (!image) return image.error();
  PERDURE_TRY(keeper.save("a/b", *image));
  PERDURE_TRY(perdure::atomic_write(fs, place + "/sealed", image->view()));

  perdure::object_slot<perdure::fs_store<perdure::native_fs>> shared(store, "head");
  PERDURE_TRY(shared.replace({}, "first"));
  perdure::versioned_slot<perdure::native_fs> versions(fs, place + "/versions");
  PERDURE_TRY(versions.replace({}, "version one"));
  perdure::file_blocks<perdure::native_fs> blocks(fs, place + "/twin");
  perdure::twin_slot<perdure::file_blocks<perdure::native_fs>> twin(blocks);
  PERDURE_TRY(twin.replace({}, "in place"));

  char window[4096];
  auto log = perdure::record_log<perdure::native_fs>::open(fs, place + "/log", {}, window,
                                                           [](const perdure::log_record&) { return perdure::visit::go_on; });
  if (!log) return log.error();
  PERDURE_TRY(log->append("record one"));
  PERDURE_TRY(log->append("record two"));

  perdure::content_store<perdure::fs_store<perdure::native_fs>> contents(store);
  auto pin = contents.pin("demo");
  if (!pin) return pin.error();
  const auto stored = contents.put(*pin, perdure::bytes("under its digest"));
  if (!stored) return stored.error();
  content = text_of(stored->id);
  PERDURE_TRY(make_snapshots(store, contents));
  return make_checkpoint(fs);
}

class trial {
 public:
  explicit trial(perdure::native_fs& fs) : fs_(fs), nowhere_(std::fopen("/dev/null", "w")) {}
  trial(const trial&) = delete;
  trial& operator=(const trial&) = delete;
  ~trial() {
    if (nowhere_ != nullptr) std::fclose(nowhere_);
  }

  // Shown to whoever looks on, and not as it should be unless its status is this.
  void shows(settings how, int status) {
    std::string line = "$ inspect";
    for (const std::string& word : how.words) line += " " + word;
    std::puts((line + (how.store ? " --store " + *how.store : "") + (how.json ? " --json" : "")).c_str());
    std::fflush(stdout);
    const int got = run(how);
    if (got != status) std::printf("its status is %d, and should be %d\n", got, status), ++wrong_;
  }
  // The same, and all of these words are said.
  void says(settings how, int status, const std::vector<std::string>& words) {
    std::FILE* const aside = std::tmpfile();
    if (aside == nullptr) return void(++wrong_);
    how.out = how.err = aside;
    shows(how, status);
    std::rewind(aside);
    std::string text(1 << 16, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), aside));
    std::fclose(aside);
    std::fputs(text.c_str(), stdout);
    for (const std::string& word : words) {
      if (text.find(word) == std::string::npos) std::printf("it does not say %s\n", word.c_str()), ++wrong_;
    }
  }
  // Where nothing can be written to, as on a full disk: that is no success.
  void says_nothing(settings how, const std::string& to) {
    std::FILE* const closed = std::fopen(to.c_str(), "r");
    if (closed == nullptr) return fails("there is no such file");
    how.out = closed;
    how.err = nowhere_;
    shows(how, unreadable);
    std::fclose(closed);
  }
  // No line begins behind the bar: on a terminal both are there.
  void tells_apart(const settings& what) {
    const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
    const bool is_one = terminal >= 0 && ::grantpt(terminal) == 0 && ::unlockpt(terminal) == 0;
    std::FILE* const shown = is_one ? std::fopen(::ptsname(terminal), "w") : nullptr;
    const int aside = ::dup(STDERR_FILENO);
    if (shown == nullptr || aside < 0) return fails("there is no terminal");
    settings how = what;
    how.out = shown;
    (void)::dup2(::fileno(shown), STDERR_FILENO);
    const int got = run(how);
    (void)::dup2(aside, STDERR_FILENO);
    ::close(aside);
    std::fclose(shown);
    std::string text;
    char piece[512];  // until there is nobody who could write more
    for (ssize_t size = 0; (size = ::read(terminal, piece, sizeof(piece))) > 0;)
      text.append(piece, static_cast<std::size_t>(size));
    ::close(terminal);
    const bool is_shown = text.find("] 1 of ") != std::string::npos && text.find("] 2 of ") != std::string::npos;
    for (std::size_t at = 0; (at = text.find("] ", at)) != std::string::npos; ++at) {
      const std::size_t end = text.find_first_not_of("] 0123456789of", at);
      if (end == std::string::npos || text[end] != '\r') fails("a line is shown behind the bar");
    }
    if (got != well || !is_shown) fails("there is no bar on a terminal");
  }
  // Nothing of an address that may hold a password is told.
  void hides(settings how, const std::string& secret) {
    std::FILE* const aside = std::tmpfile();
    if (aside == nullptr) return void(++wrong_);
    how.out = how.err = aside;
    const int got = run(how);
    std::rewind(aside);
    std::string text(1 << 16, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), aside));
    std::fclose(aside);
    const bool is_hidden = got == unreadable && !text.empty() && text.find(secret) == std::string::npos;
    if (!is_hidden) std::printf("it tells %s", text.c_str()), ++wrong_;
  }
  [[nodiscard]] int quietly(settings how) const {
    how.out = how.err = nowhere_;
    return run(how);
  }
  void extracts(settings how, const std::string& wanted) {
    const std::string to = place + "/extracted";
    std::filesystem::remove(to);
    how.words.push_back(to);
    std::string text;
    if (quietly(how) != well || !perdure::read_file(fs_, to, text, 1000) || text != wanted) {
      std::printf("%s: extracted '%s', and not '%s'\n", how.words[1].c_str(), text.c_str(), wanted.c_str());
      ++wrong_;
    }
    if (quietly(how) != unreadable) std::puts("a file that is there is written over"), ++wrong_;
  }
  // Whatever byte of this file is changed, in any bit of some: it is seen by verifying `what`; and so is what is cut off.
  void sees_damage(const std::string& file, const settings& what) {
    std::string whole;
    if (!perdure::read_file(fs_, file, whole, 1 << 20)) std::puts("it cannot be read"), ++wrong_;
    int seen = 0, tried = 0;
    const auto with = [&](const std::string& other) {
      ++tried;
      if (perdure::atomic_write(fs_, file, other, {.durability = perdure::durability::none}) && quietly(what) != well) ++seen;
    };
    for (std::size_t at = 0; at < whole.size() && at < 400; ++at) {
      std::string other = whole;
      other[at] = static_cast<char>(other[at] ^ (1 << at % 8));
      with(other);
      if (at % 16 == 0) with(whole.substr(0, at));
    }
    (void)perdure::atomic_write(fs_, file, whole);
    std::printf("%s: of %d damages %d are seen\n", file.c_str(), tried, seen);
    if (seen != tried || quietly(what) != well) ++wrong_;
  }
  void fails(const char* what) { std::puts(what), ++wrong_; }
  [[nodiscard]] int wrong() const { return wrong_; }

 private:
  perdure::native_fs& fs_;
  std::FILE* nowhere_;
  int wrong_ = 0;
};

// The file of the store whose object has this in it.
inline std::string file_with(const std::string& text) {
  perdure::native_fs fs;
  for (const auto& one : std::filesystem::recursive_directory_iterator(place + "/store")) {
    std::string whole;
    if (!one.is_regular_file() || !perdure::read_file(fs, one.path().string(), whole, 1 << 20)) continue;
    if (whole.find(text) != std::string::npos) return one.path().string();
  }
  return "nowhere";
}
inline void show_contents(trial& all, const std::string& store) {
  all.shows({.store = store, .words = {"snapshots", "notes/head"}}, well);
  all.shows({.json = true, .store = store, .words = {"snapshots", "notes/head"}}, well);
  // Of a chunk, of a manifest, and of the head itself.
  const settings verified{.store = store, .words = {"snapshots", "notes/head"}};
  for (const std::string& text : {std::string(1000, 'n'), std::string("snapshot"), std::string("perdure_head")})
    all.sees_damage(file_with(text), verified);
  all.sees_damage(file_with("PdCl"), {.store = store, .words = {"verify"}});
  all.shows({.store = store, .words = {"snapshots", "nothing"}}, unreadable);
  all.shows({.store = store, .words = {"pins"}}, well);
  auto opened = perdure::open_store(store);
  const auto held = opened ? pins(*opened) : opened.error();
  const std::string key = held && held->size() == 1 ? (*held)[0].first : "one pin, and no other";
  all.shows({.store = store, .words = {"show", key}}, well);
  all.shows({.store = store, .words = {"end-pin", "notes/head"}}, unreadable);  // it is none
  all.shows({.store = store, .words = {"end-pin", key}}, well);
  all.shows({.store = store, .words = {"end-pin", key}}, unreadable);
  all.shows({.json = true, .store = store, .words = {"pins"}}, well);
  all.says({.words = {"pins"}}, called_wrongly, {"inspect pins --store URI"});
  all.says({.words = {"pins", store}}, called_wrongly, {"inspect pins --store " + store});
  all.says({.words = {"snapshots", store}}, called_wrongly, {"inspect snapshots --store " + store + " HEAD"});
  all.says({.words = {"end-pin", store}}, called_wrongly, {"inspect end-pin --store " + store + " KEY"});
  all.shows({.store = store, .words = {"end-pin"}}, called_wrongly);
}

// Who has a lock, which is what force_unlock has to be told; and once more when it has been released.
inline void show_lock(trial& all, const std::string& store) {
  perdure::native_fs fs;
  perdure::native_clock clock;
  demo_store objects(fs, store);
  const auto id = perdure::lock_id::of(objects.nonce());
  char digits[perdure::lock_id::text_size];
  const std::string named = text_of(to_text(id, digits));
  const perdure::lock_claim claim{.id = id, .name = "apply", .host = "a machine", .process = 4711, .lease_ns = 1'500'000'000};
  const settings in_the_store{.store = store, .words = {"show", "lock"}};
  const settings in_a_file{.words = {"show", place + "/lock"}};
  perdure::slot_lock shared(perdure::object_slot(objects, "lock"), clock);
  perdure::slot_lock local(perdure::file_slot(fs, place + "/lock"), clock);
  if (!shared.take(claim) || !local.take(claim)) all.fails("a lock cannot be taken");
  const std::vector<std::string> held = {"held: \"yes\"",     "id: \"" + named + "\"", "name: \"apply\"", "host: \"a machine\"",
                                         "process: \"4711\"", "lease: \"1500 ms\"",    "taken: \"2",      "token: \"1\""};
  all.says(in_the_store, well, held);
  all.says(in_a_file, well, held);
  all.says({.json = true, .store = store, .words = {"show", "lock"}}, well, {"\"id\":\"" + named + "\"", "\"name\":\"apply\""});
  const auto forced = perdure::slot_lock(perdure::object_slot(objects, "lock"), clock).force_unlock(id);
  if (!forced || !forced->done || !local.release()) all.fails("a lock cannot be released");
  all.says(in_the_store, well, {"held: \"no\"", "name: \"apply\""});
  all.sees_damage(place + "/lock", {.words = {"verify", place + "/lock"}});
}

inline int demo() {
  perdure::native_fs fs;
  std::string content;
  if (const auto made = make_one_of_each(fs, content); !made) return std::puts(describe(made.error()).c_str()), 1;
  const std::string store = place + "/store";
  trial all(fs);
  for (const char* const name : {"/frame.lhv1", "/sealed", "/versions", "/twin", "/log", "/checkpoint"})
    all.shows({.words = {"show", place + name}}, well);
  all.shows({.store = store, .words = {"list"}}, well);
  all.shows({.store = store, .words = {"show", "head"}}, well);
  all.shows({.store = store, .words = {"show", content}}, well);
  all.shows({.json = true, .store = store, .words = {"verify"}}, well);

  all.extracts({.words = {"extract", place + "/frame.lhv1", "body"}}, "the graph");
  all.extracts({.words = {"extract", place + "/sealed", "text"}}, "what is kept");
  all.extracts({.words = {"extract", place + "/versions", "value"}}, "version one");
  all.extracts({.words = {"extract", place + "/twin", "value"}}, "in place");
  all.extracts({.words = {"extract", place + "/log", "2"}}, "record two");
  all.extracts({.store = store, .words = {"extract", "head", "value"}}, "first");
  all.extracts({.store = store, .words = {"extract", "a%2Fb.engine", "text"}}, "what is kept");
  all.extracts({.store = store, .words = {"extract", content, "all"}}, "under its digest");

  all.sees_damage(place + "/sealed", {.words = {"verify", place + "/sealed"}});
  all.sees_damage(place + "/versions/v1", {.words = {"verify", place + "/versions"}});
  (void)std::filesystem::copy_file(place + "/store/khead", place + "/head");
  all.sees_damage(place + "/head", {.words = {"verify", place + "/head"}});
  all.sees_damage(place + "/versions/current", {.words = {"verify", place + "/versions"}});
  show_contents(all, store);
  show_lock(all, store);
  for (const char* const name : {"/a.table", "/CURRENT", "/checkpoint.perdure"})
    all.sees_damage(place + "/checkpoint" + name, {.words = {"verify", place + "/checkpoint"}});

  all.shows({.words = {"verify", place + "/sealed", place + "/frame.lhv1", place + "/log"}}, well);
  (void)perdure::write_framed(fs, place + "/short", "LHV1", "an envelope", "");
  std::filesystem::resize_file(place + "/short", 12);
  all.shows({.words = {"verify", place + "/short", place + "/frame.lhv1"}}, damaged);
  (void)perdure::atomic_write(fs, place + "/later", "{\"perdure_head\":2,\"anything\":1}\n");
  all.shows({.words = {"verify", place + "/later", place + "/nothing"}}, later);
  all.shows({.words = {"verify", place + "/nothing", place + "/frame.lhv1"}}, unreadable);
  all.says({.words = {"show", store}}, unreadable, {"inspect show --store " + store + " KEY"});
  all.says({.words = {"list", store}}, unreadable, {"inspect list --store " + store});
  all.says({.words = {"verify", store}}, unreadable, {"inspect verify --store " + store});
  all.shows({.store = store, .words = {"show", "nothing"}}, unreadable);
  all.shows({.words = {"verify"}}, called_wrongly);
  all.tells_apart({.store = store, .words = {"verify", "objects/"}});
  for (const bool json : {false, true}) {
    for (const char* const address : {"s3://key:secret@bucket/x", "file://key:secret@host/x", "s3://bucket/x?secret"}) {
      for (const std::vector<std::string>& words :
           {std::vector<std::string>{"list"}, {"show", "head"}, {"pins"}, {"snapshots", "h"}})
        all.hides({.json = json, .store = address, .words = words}, "secret");
    }
  }
  all.says_nothing({.words = {"verify", place + "/sealed"}}, place + "/sealed");
  if (::mkfifo((place + "/pipe").c_str(), 0600) != 0) all.fails("no pipe can be made");
  all.shows({.words = {"verify", place + "/pipe"}}, unreadable);
#ifdef EXAMPLES_HAVE_CURL
  // Each verb asks the opener of s3://, which knows that no bucket is called so.
  using words = std::vector<std::string>;
  for (const words& one : {words{"list"}, {"verify"}, {"show", "head"}, {"snapshots", "head"}, {"pins"}, {"end-pin", "pins/a"}})
    all.says({.store = "s3://-/notes", .words = one}, unreadable, {"the address of the storage root is wrong"});
#endif
  std::filesystem::remove_all(place);
  std::puts(all.wrong() == 0 ? "held" : "NOT AS IT SHOULD BE");
  return all.wrong() == 0 ? 0 : 1;
}

}  // namespace inspect

#endif  // EXAMPLES_INSPECT_DEMO_HPP
