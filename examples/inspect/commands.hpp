// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_INSPECT_COMMANDS_HPP
#define EXAMPLES_INSPECT_COMMANDS_HPP

// What main.cpp is asked to do, word for word.

#include <examples/inspect/contents.hpp>

#include <examples/store_uri.hpp>

#include <perdure/fs/create_new.hpp>

#include <unistd.h>

#include <cstdio>

namespace inspect {

struct settings {
  bool json = false;
  std::optional<std::string> store = {};
  perdure::four_bytes log_kind = "RLOG";
  std::vector<std::string> words = {};
  std::FILE* out = stdout;
  std::FILE* err = stderr;
};

enum status : int { well = 0, damaged = 1, called_wrongly = 2, unreadable = 3, later = 4 };
inline int worse(int a, int b) {
  const auto rank = [](int one) { return one == damaged ? 3 : one == later ? 2 : one == unreadable ? 1 : 0; };
  return rank(a) >= rank(b) ? a : b;
}
inline int status_of(const failure& why) {
  if (why.code() == code::version_unsupported) return later;
  return why.code() == code::corrupt || why.code() == code::too_large ? damaged : unreadable;
}

// Bytes that are no text are shown one by one.
inline std::string quoted(const std::string& text) {
  const bool is_text = text.empty() || perdure::check_key(text, perdure::operation::none, SIZE_MAX);
  std::string all = "\"";
  for (const char c : text) {
    const auto value = static_cast<unsigned char>(c);
    char code[8];
    if (c == '"' || c == '\\') {
      all += {'\\', c};
    } else if (value < 0x20 || value == 0x7f || (value > 0x7f && !is_text)) {
      std::snprintf(code, sizeof(code), "\\u%04x", static_cast<unsigned>(value));
      all += code;
    } else {
      all += c;
    }
  }
  return all + '"';
}

inline void show(const settings& how, const std::string& name, const thing& one, bool with_parts) {
  const std::string wrong = one.damage ? describe(*one.damage).c_str() : "";
  if (how.json) {
    std::string line = "{\"name\":" + quoted(name) + ",\"kind\":" + quoted(one.kind) + ",\"says\":{";
    for (const auto& [what, value] : one.says) line += (line.back() == '{' ? "" : ",") + quoted(what) + ":" + quoted(value);
    line += "},\"parts\":[";
    for (const part& each : one.parts) {
      if (line.back() == '}') line += ',';
      line += "{\"name\":" + quoted(each.name) + ",\"bytes\":" + std::to_string(each.content.size()) +
              ",\"state\":" + quoted(each.state) + "}";
    }
    line += "],\"damage\":" + (one.damage ? quoted(wrong) : "null") + "}";
    std::fprintf(how.out, "%s\n", line.c_str());
    return;
  }
  std::fprintf(how.out, "%s  %s", quoted(name).c_str(), one.kind.c_str());
  for (const auto& [what, value] : one.says) std::fprintf(how.out, "  %s: %s", what.c_str(), quoted(value).c_str());
  std::fputs("\n", how.out);
  for (const part& each : one.parts) {
    if (with_parts)
      std::fprintf(how.out, "  %-24s %12zu bytes  %s\n", quoted(each.name).c_str(), each.content.size(), each.state.c_str());
  }
  if (one.damage) {
    const bool is_later = one.damage->code() == code::version_unsupported;
    std::fprintf(how.out, "  %s  %s\n", is_later ? "LATER" : "DAMAGED", wrong.c_str());
  }
}
inline int told(const settings& how, const std::string& name, const failure& why) {
  if (how.json) {
    std::fprintf(how.out, "{\"name\":%s,\"failure\":%s}\n", quoted(name).c_str(), quoted(describe(why).c_str()).c_str());
  } else {
    std::fprintf(how.err, "inspect: %s: %s\n", quoted(name).c_str(), describe(why).c_str());
  }
  return status_of(why);
}

// What is told ends up in logs, and an address that is refused may be so because a password is in it.
inline int told_of_store(const settings& how, const failure& why) {
  const bool may_be_shown = how.store->find_first_of("@?#") == std::string::npos;
  return told(how, may_be_shown ? *how.store : "--store", why);
}
// Of a path: what is a directory of no kind that is known may be a store.
inline int told_of_path(const settings& how, const std::string& verb, const std::string& path, const failure& why) {
  if (why.code() == code::is_a_directory && !how.json) {
    const std::string say = verb == "show" || verb == "extract" ? verb + " --store " + path + " KEY" : verb + " --store " + path;
    std::fprintf(how.err, "inspect: if %s is a store, say: inspect %s\n", path.c_str(), say.c_str());
  }
  return told(how, path, why);
}

// On a terminal alone.
class bar {
 public:
  explicit bar(const settings& how) : shown_(!how.json && how.err == stderr && ::isatty(STDERR_FILENO) != 0) {}
  void at(std::size_t done, std::size_t of) const {
    constexpr std::size_t width = 40;
    if (!shown_ || of == 0) return;
    std::string line(width, ' ');
    for (std::size_t i = 0; i < width * done / of; ++i) line[i] = '#';
    std::fprintf(stderr, "\r[%s] %zu of %zu%s", line.c_str(), done, of, done == of ? "\n" : "");
  }
  // Away, for a line that is shown on the same terminal.
  void wipe() const {
    if (shown_) std::fputs("\r\033[K", stderr);
  }

 private:
  bool shown_;
};

// What is known of a thing without checksums is said by its parts: "unchecked". It is no damage.
inline int verified(const settings& how, const std::string& name, const result<thing>& one) {
  if (!one) return how.store ? told(how, name, one.error()) : told_of_path(how, "verify", name, one.error());
  show(how, name, *one, false);
  if (one->damage) return status_of(*one->damage);
  return one->kind == "unknown" ? unreadable : well;  // it may have been something once
}

inline result<std::vector<std::string>> keys_of(perdure::any_store& store, const std::string& prefix) {
  std::vector<std::string> all;
  for (;;) {
    const auto page = store.list(prefix, all.empty() ? std::string() : all.back(), 1000, [&](const perdure::listed_object& one) {
      all.emplace_back(one.key.data(), one.key.size());
      return perdure::visit::go_on;
    });
    if (!page) return page.error();
    if (*page == perdure::listed::all) return all;
  }
}

inline int of_store(const settings& how, perdure::any_store& store, const std::string& verb) {
  const auto keys = keys_of(store, how.words.size() > 1 ? how.words[1] : "");
  if (!keys) return told_of_store(how, keys.error());
  int status = well;
  const bar progress(how);
  for (std::size_t i = 0; i < keys->size(); ++i) {
    const std::string& key = (*keys)[i];
    const auto one = in_store(store, key);
    if (verb == "verify") {
      progress.wipe();
      status = worse(status, verified(how, key, one));
      progress.at(i + 1, keys->size());
    } else if (one) {
      show(how, key, *one, false);
    } else {
      status = worse(status, told(how, key, one.error()));
    }
  }
  return status;
}

// Every snapshot that a head names, each of them read to its end.
inline int of_head(const settings& how, perdure::any_store& store, perdure::native_fs& fs) {
  const auto all = snapshots(store, fs, how.words[1]);
  if (!all) return told(how, how.words[1], all.error());
  int status = well;
  for (const thing& one : *all) {
    show(how, how.words[1], one, false);
    if (one.damage) status = worse(status, status_of(*one.damage));
  }
  return status;
}
inline int of_pins(const settings& how, perdure::any_store& store) {
  const auto all = pins(store);
  if (!all) return told_of_store(how, all.error());
  for (const auto& [key, one] : *all) show(how, key, one, false);
  return well;
}

inline int extract(const settings& how, perdure::native_fs& fs, const thing& one, const std::string& name,
                   const std::string& to) {
  for (const part& each : one.parts) {
    if (each.name != name) continue;
    if (each.state != "ok" && each.state != "unchecked")
      return std::fprintf(how.err, "inspect: %s: %s\n", name.c_str(), each.state.c_str()), damaged;
    const auto made = perdure::create_new(fs, to, each.content);
    return made ? well : told(how, to, made.error());
  }
  if (one.damage) return told(how, name, *one.damage);
  std::fprintf(how.err, "inspect: there is no part %s\n", quoted(name).c_str());
  return unreadable;
}

inline result<perdure::any_store> looked_into(const std::string& uri) {
  return examples::open_uri(uri, {}, examples::use::only_looks);
}

inline constexpr char usage[] = "inspect show|list|verify|extract|snapshots|pins|end-pin [--json] PATH... | --store URI [KEY]\n";

inline int answered(const settings& how) {
  const auto& words = how.words;
  const std::string verb = words.empty() ? "" : words[0];
  const std::size_t more = words.size() - 1;
  perdure::native_fs fs;
  const bool is_one =
      (verb == "show" && more == 1) || (verb == "extract" && more == 3) || (verb == "list" && !how.store && more == 1);
  if (is_one) {
    const auto store =
        how.store ? looked_into(*how.store) : result<perdure::any_store>(failure(code::not_found, perdure::operation::open));
    if (how.store && !store) return told_of_store(how, store.error());
    perdure::any_store where = store ? *store : perdure::any_store::make<perdure::mem_store>().value();
    const auto one = how.store ? in_store(where, words[1]) : at_path(fs, words[1], how.log_kind);
    if (!one) return how.store ? told(how, words[1], one.error()) : told_of_path(how, verb, words[1], one.error());
    if (verb == "extract") return extract(how, fs, *one, words[2], words[3]);
    show(how, words[1], *one, true);
    return one->damage ? status_of(*one->damage) : well;
  }
  if (how.store && (verb == "list" || verb == "verify") && more <= 1) {
    auto store = looked_into(*how.store);
    return store ? of_store(how, *store, verb) : told_of_store(how, store.error());
  }
  const bool asks_of_contents = (verb == "pins" && more == 0) || ((verb == "snapshots" || verb == "end-pin") && more == 1);
  if (!how.store && (verb == "pins" || verb == "snapshots" || verb == "end-pin")) {
    const std::string where = more > 0 ? words[1] : "URI";
    const char* const of = verb == "pins" ? "" : verb == "snapshots" ? " HEAD" : " KEY";
    std::fprintf(how.err, "inspect: %s are looked for in a store: inspect %s --store %s%s\n",
                 verb == "snapshots" ? verb.c_str() : "pins", verb.c_str(), where.c_str(), of);
    return called_wrongly;
  }
  if (how.store && asks_of_contents) {
    auto store = looked_into(*how.store);  // of an end-pin, too: to remove one is no put
    if (!store) return told_of_store(how, store.error());
    if (verb == "pins") return of_pins(how, *store);
    if (verb == "snapshots") return of_head(how, *store, fs);
    const auto ended = end_one_pin(*store, words[1]);
    return ended ? well : told(how, words[1], ended.error());
  }
  if (verb != "verify" || how.store || more == 0) return called_wrongly;
  int status = well;
  for (std::size_t i = 1; i < words.size(); ++i)
    status = worse(status, verified(how, words[i], at_path(fs, words[i], how.log_kind)));
  return status;
}

// An answer that nobody gets, because the disk is full, is none.
inline int run(const settings& how) {
  const int status = answered(how);
  if (std::fflush(how.out) == 0 && std::ferror(how.out) == 0) return status;
  std::fputs("inspect: what it says cannot be written\n", how.err);
  return worse(status, unreadable);
}

}  // namespace inspect

#endif  // EXAMPLES_INSPECT_COMMANDS_HPP
