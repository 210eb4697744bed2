// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef TESTS_RIGS_POWERCUT_HELPERS_HPP
#define TESTS_RIGS_POWERCUT_HELPERS_HPP

// The verbs of fs/ as they are, over posix_fs, and what each of them promises of a power cut. No model comes into it.

#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/atomic_writer.hpp>
#include <perdure/fs/create_new.hpp>
#include <perdure/fs/link_or_copy.hpp>
#include <perdure/fs/make_dirs.hpp>
#include <perdure/fs/temp_name.hpp>

#include <tests/rigs/powercut/cutting.hpp>

namespace powercut {

struct promised_program {
  program what;
  judge check;
};

// One file that gets one value after another: values[0] before the first step, values[i] by step i.
struct promise {
  std::string path = "cfg";
  std::vector<std::string> values;
  enum durability durability = durability::full;
  permissions mode = 0;               // of each value but the first; 0: any
  std::set<std::string> beside = {};  // what else there may be, with temporary files
};

inline const std::string absent = "(absent)";
inline const std::string old_value = "the value before";
inline const std::string first_value(5000, '1');
inline const std::string second_value(9000, '2');

[[nodiscard]] inline bool is_temporary(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return static_cast<bool>(temp_name::parse(slash == std::string::npos ? path : path.substr(slash + 1)));
}

[[nodiscard]] inline std::string broken(const promise& what, const tree& left, const progress& when) {
  for (const auto& [path, is] : left) {
    if (is.kind == file_kind::unknown) return path + " cannot be read";
    if (path != what.path && what.beside.count(path) == 0 && !is_temporary(path)) return "nobody made " + path;
  }
  if (what.durability == durability::none) return "";
  const auto at = left.find(what.path);
  const std::string& found = at == left.end() ? absent : at->second.content;
  const std::size_t least = what.durability == durability::full ? when.acknowledged : 0;
  for (std::size_t i = least; i <= when.begun && i < what.values.size(); ++i) {
    if (found != what.values[i]) continue;
    const bool ours = i != 0 && found != absent && what.mode != 0;
    return ours && at->second.mode != what.mode ? "the new value has not its mode" : "";
  }
  for (const std::string& value : what.values) {
    if (found == value) return "it holds what it may not hold any more, or not yet";
  }
  return "it holds neither the old value nor a new one";
}

[[nodiscard]] inline posix_step puts(const std::string& path, const std::string& text, permissions mode = 0640) {
  return [=](posix_fs& fs) {
    auto file = fs.open(path, {.access = access::write, .creation = creation::create, .mode = mode});
    return file && file->write_at(0, text);
  };
}
[[nodiscard]] inline posix_step makes_dir(const std::string& path) {
  return [=](posix_fs& fs) { return static_cast<bool>(fs.make_dir(path)); };
}
[[nodiscard]] inline posix_step saves(const std::string& path, const std::string& text, const write_options& options) {
  return [=](posix_fs& fs) { return static_cast<bool>(atomic_write(fs, path, text, options)); };
}
[[nodiscard]] inline posix_step saves_in_pieces(const std::string& path, const std::string& text, const write_options& options) {
  return [=](posix_fs& fs) {
    auto writer = atomic_writer<posix_fs>::open(fs, path, options);
    if (!writer) return false;
    const std::size_t half = text.size() / 2;
    return writer->write(text.substr(0, half)) && writer->write(text.substr(half)) && writer->commit();
  };
}

// What must hold after every cut.
class kept_promises {
 public:
  [[nodiscard]] static std::vector<promised_program> all() {
    kept_promises some;
    for (const durability how : {durability::full, durability::ordered, durability::none}) some.saves_of(how);
    for (const durability how : {durability::full, durability::ordered}) {
      some.creations(how);
      some.placements(how);
    }
    some.unchanged();
    some.directories();
    return std::move(some.all_);
  }
  // What does not hold, and has to be found out: the same programs, promising more than they do.
  [[nodiscard]] static std::vector<promised_program> none() {
    kept_promises some;
    for (const durability how : {durability::none, durability::ordered}) {
      promise too_much{.values = {old_value, first_value, second_value}};
      some.two_saves("a save with less than full durability", "cfg", too_much, {.durability = how});
    }
    return std::move(some.all_);
  }

 private:
  void add(program what, const promise& kept) {
    static const char* const names[] = {"none", "ordered", "full"};
    what.name += std::string(", durability ") + names[static_cast<int>(kept.durability)];
    all_.push_back(
        {std::move(what), [=](const tree& left, const std::string&, const progress& when) { return broken(kept, left, when); }});
  }
  void two_saves(const std::string& name, const std::string& target, promise kept, const write_options& options,
                 std::vector<posix_step> setup = {puts("cfg", old_value)}) {
    kept.beside.insert("cfg");
    add({"atomic_write, " + name, setup, {saves(target, first_value, options), saves(target, second_value, options)}}, kept);
    if (options.content == content::skip_unchanged) return;
    add({"atomic_writer, " + name,
         setup,
         {saves_in_pieces(target, first_value, options), saves_in_pieces(target, second_value, options)}},
        kept);
  }

  void saves_of(durability how) {
    const write_options plain{.durability = how};
    promise kept{.values = {old_value, first_value, second_value}, .durability = how};
    two_saves("over a file", "cfg", kept, plain);

    write_options moded = plain;
    moded.set = attribute_set::mode;
    moded.attributes.mode = 0604;
    kept.mode = 0604;
    two_saves("mode given", "cfg", kept, moded);

    write_options keeping = plain;
    keeping.keep = keep::everything;
    kept.mode = 0640;
    two_saves("all kept", "cfg", kept, keeping);

    write_options following = plain;
    following.target_link = target_link::follow;
    kept.mode = 0;
    kept.beside = {"link"};
    two_saves("a link followed", "link", kept, following,
              {puts("cfg", old_value), [](posix_fs& fs) { return static_cast<bool>(perdure::make_link(fs, "cfg", "link")); }});

    promise fresh{.path = "d/cfg", .values = {absent, first_value, second_value}, .durability = how, .beside = {"d"}};
    two_saves("a new file", "d/cfg", fresh, plain, {makes_dir("d")});
    write_options making = plain;
    making.parents = parents::make;
    two_saves("with its directories", "d/cfg", fresh, making, {});
  }
  void creations(durability how) {
    const auto refused = [=](posix_fs& fs) {
      const auto done = create_new(fs, "cfg", second_value, {.durability = how});
      return !done && done.error().code() == code::already_exists;
    };
    const auto creates = [=](posix_fs& fs) { return static_cast<bool>(create_new(fs, "cfg", first_value, {.durability = how})); };
    add({"create_new", {}, {creates, refused}}, {.values = {absent, first_value, first_value}, .durability = how});
  }
  void placements(durability how) {
    // The last of them is on another file system, so that it is a copy.
    for (const std::string from : {"a", "../source"}) {
      for (const placement where : {placement::atomic, placement::direct}) {
        if (from != "a" && where == placement::direct) continue;
        const auto places = [=](posix_fs& fs) {
          const auto done = link_or_copy(fs, from, fs, "d/b", {.durability = how, .placement = where});
          return done && (done->placed == placed::linked) == (from == "a");
        };
        add({"link_or_copy from " + from, {makes_dir("d")}, {puts(from, first_value), places}},
            {.path = "d/b", .values = {absent, absent, first_value}, .durability = how, .beside = {"a", "d"}});
      }
    }
  }
  void unchanged() {
    // What is there already was never synced.
    write_options options;
    options.content = content::skip_unchanged;
    add({"atomic_write, unchanged",
         {},
         {saves("cfg", first_value, {.durability = durability::none}), saves("cfg", first_value, options)}},
        {.values = {absent, first_value, first_value}, .durability = durability::none});
    const promise whole{.values = {first_value}};
    all_.back().check = [=](const tree& left, const std::string&, const progress& when) {
      return when.acknowledged < 2 ? std::string() : broken(whole, left, {0, 0});
    };
  }
  void directories() {
    const auto makes = [](posix_fs& fs) { return static_cast<bool>(make_dirs(fs, "a/b/c")); };
    all_.push_back({{"make_dirs", {}, {makes}}, [](const tree& left, const std::string&, const progress& when) {
                      const bool whole = left.size() == 3 && left.count("a/b/c") == 1;
                      return when.acknowledged == 0 || whole ? std::string() : std::string("it was acknowledged");
                    }});
  }

  std::vector<promised_program> all_;
};

}  // namespace powercut

#endif  // TESTS_RIGS_POWERCUT_HELPERS_HPP
