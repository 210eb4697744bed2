// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

#include <perdure/fs/atomic_write.hpp>
#include <perdure/fs/atomic_writer.hpp>
#include <perdure/fs/create_new.hpp>

#include <tests/crash/proof.hpp>

#include <cstdio>
#include <functional>
#include <string>

namespace proofs_of_atomic_write {

using namespace tests;

namespace {

const std::string old_value = "the value before";
const std::string first_value = "v1";
const std::string second_value(5000, '2');
const std::string third_value = "v3";

using write_function = std::function<result<write_report>(crash_fs&, const std::string& path, const std::string&)>;

write_function writes(const write_options& options) {
  return [=](crash_fs& fs, const std::string& path, const std::string& value) { return atomic_write(fs, path, value, options); };
}
write_function writes_in_pieces(const write_options& options) {
  return [=](crash_fs& fs, const std::string& path, const std::string& value) -> result<write_report> {
    auto writer = atomic_writer<crash_fs>::open(fs, path, options);
    if (!writer) return writer.error();
    const std::size_t half = value.size() / 2;
    PERDURE_TRY(writer->write(value.substr(0, half)));
    PERDURE_TRY(writer->write(value.substr(half)));
    return writer->commit();
  };
}

// Without a rename that replaces nothing, and without held directories.
class linking_fs : private crash_fs {
 public:
  using perdure_fs = linking_fs;
  explicit linking_fs(const crash_fs& fs) : crash_fs(fs) {}
  using crash_fs::file;
  using crash_fs::for_each_entry;
  using crash_fs::link;
  using crash_fs::make_dir;
  using crash_fs::nonce;
  using crash_fs::open;
  using crash_fs::remove;
  using crash_fs::remove_dir;
  using crash_fs::rename;
  using crash_fs::stat;
  using crash_fs::sync_dir;
};

struct place {
  std::string path = "cfg";
  bool there = true;  // before the first write
};
void set_up(world& world, const place& where) {
  (void)world.fs().make_dir("d");
  if (!where.there) return;
  put(world.fs(), where.path, old_value, 0640);
  auto file = world.fs().open(where.path, {.access = access::write});
  if (!file) return;
  (void)set_attributes(*file, {.mode = 0640, .user = 7, .group = 8, .modified_ns = 99},
                       attribute_set::mode | attribute_set::owner | attribute_set::modified);
  (void)set_xattr(*file, "user.color", "blue");
}
verdict nothing_beside(after_crash& after) {
  return both(only_temps_beside(after.fs(), ".", {"cfg", "d", "link"}), only_temps_beside(after.fs(), "d", {"cfg", "e"}));
}
// Who was not killed has taken its temporary files away.
void look_for_temps(world& world) {
  for (const char* dir : {".", "d"}) {
    bool left = false;
    (void)world.fs().for_each_entry(dir, [&](const dir_entry& entry) {
      left = left || temp_name::parse(entry.name);
      return visit::go_on;
    });
    if (left) put(world.fs(), "a temporary file was left", "");
  }
}
exploration two_saves(const write_function& write, const place& where = {}) {
  return {.setup = [=](world& world) { set_up(world, where); },
          .workload =
              [=](world& world) {
                for (const std::string& value : {first_value, second_value})
                  world.step(value, [&] { return write(world.fs(), where.path, value); });
                look_for_temps(world);
              },
          .check =
              [=](after_crash& after) {
                return both(after.latest_is(read_text(after.fs(), where.path), where.there ? old_value : "absent"),
                            nothing_beside(after));
              }};
}
// With durability::ordered: none of them has to be there, but one of them is, whole.
verdict one_of(after_crash& after, const std::string& path, const std::string& first) {
  const auto found = read_text(after.fs(), path);
  if (!found && !(found.error().code() == code::not_found && first == "absent")) return found;
  const std::string& is = found ? *found : first;
  if (is == first) return true;
  for (const std::string& value : {first_value, second_value, third_value}) {
    if (is == value && after.outcome_of(value) != step_outcome::not_begun) return true;
  }
  return "it holds neither the old value nor a new one, but " + perdure::testing::detail::quoted(is);
}

struct variant {
  const char* name;
  write_options options;
};
const variant variants[] = {
    {"plain", {}},
    {"full or nothing", {.at_least = durability::full}},
    {"the mode is given", {.set = attribute_set::mode, .attributes = {.mode = 0600}}},
    {"all is given",
     {.set = attribute_set::mode | attribute_set::owner | attribute_set::modified,
      .attributes = {.mode = 0644, .user = 1, .group = 2, .modified_ns = 3}}},
    {"the mode is kept", {.keep = keep::mode}},
    {"all is kept", {.keep = keep::everything}},
    {"kept if it can be", {.keep = keep::everything, .keeping = keeping::attempt}},
    {"unless unchanged", {.content = content::skip_unchanged}},
    {"a link is followed", {.target_link = target_link::follow}},
    {"a link is refused", {.target_link = target_link::refuse}},
    {"with its directories", {.parents = parents::make}},
};
const place places[] = {{"cfg", true}, {"cfg", false}, {"d/cfg", true}, {"d/cfg", false}};

}  // namespace

TEST_CASE("atomic_write: with durability::full, what was acknowledged survives, in every mode") {
  std::uint64_t states = 0;
  for (const variant& one : variants) {
    for (const place& where : places) {
      states += prove(one.name, two_saves(writes(one.options), where));
      if (one.options.content == content::write) states += prove(one.name, two_saves(writes_in_pieces(one.options), where));
    }
  }
  std::printf("atomic_write, full: %llu states\n", static_cast<unsigned long long>(states));
}

TEST_CASE("atomic_write: with durability::ordered, the old value or a new one, whole, in every mode") {
  std::uint64_t states = 0;
  for (variant one : variants) {
    if (one.options.at_least == durability::full) continue;
    one.options.durability = durability::ordered;
    for (const place& where : places) {
      for (const bool pieces : {false, true}) {
        if (pieces && one.options.content != content::write) continue;
        auto what = two_saves(pieces ? writes_in_pieces(one.options) : writes(one.options), where);
        what.check = [=](after_crash& after) {
          return both(one_of(after, where.path, where.there ? old_value : "absent"), nothing_beside(after));
        };
        states += prove(one.name, what);
      }
    }
  }
  std::printf("atomic_write, ordered: %llu states\n", static_cast<unsigned long long>(states));
}

TEST_CASE("atomic_write: with durability::none, nothing but the file and its temporary one") {
  std::uint64_t states = 0;
  for (variant one : variants) {
    if (one.options.at_least == durability::full) continue;
    one.options.durability = durability::none;
    for (const place& where : places) {
      auto what = two_saves(writes(one.options), where);
      what.check = nothing_beside;
      states += prove(one.name, what);
    }
  }
  auto hopeful = two_saves(writes({.durability = durability::none}));
  CHECK(refuted(hopeful) != "");
  std::printf("atomic_write, none: %llu states\n", static_cast<unsigned long long>(states));
}

TEST_CASE("atomic_write: killed anywhere, opened again, written on, and only then the power goes") {
  std::uint64_t states = 0;
  for (const variant& one : variants) {
    for (const place& where : {places[0], places[3]}) {
      auto what = two_saves(writes(one.options), where);
      // What is read may not be durable: who goes on from it writes it again first.
      what.restart = [=](world& world) {
        const auto found = read_text(world.fs(), where.path);
        if (found) world.step(*found, [&] { return atomic_write(world.fs(), where.path, *found, one.options); });
        world.step(third_value, [&] { return atomic_write(world.fs(), where.path, third_value, one.options); });
      };
      states += prove(one.name, what);
    }
  }
  std::printf("atomic_write, killed: %llu states\n", static_cast<unsigned long long>(states));
}

TEST_CASE("atomic_write: what is kept or given is there with the content, in every state") {
  struct expected {
    write_options options;
    attributes before;  // of the file that was there
    attributes after;
    const char* color;
  };
  const attributes old{.mode = 0640, .user = 7, .group = 8, .modified_ns = 99};
  const expected all[] = {
      {{.keep = keep::everything}, old, old, "blue"},
      {{.keep = keep::owner}, old, {.mode = 0640, .user = 7, .group = 8, .modified_ns = 0}, ""},
      {{.keep = keep::xattrs}, old, {.mode = 0640, .modified_ns = 0}, "blue"},
      {{.mode = 0604}, old, {.mode = 0604, .modified_ns = 0}, ""},
      {{.set = attribute_set::mode | attribute_set::owner, .attributes = {.mode = 0600, .user = 3, .group = 4}},
       old,
       {.mode = 0600, .user = 3, .group = 4, .modified_ns = 0},
       ""},
  };
  for (const expected& one : all) {
    for (const durability how : {durability::full, durability::ordered}) {
      auto options = one.options;
      options.durability = how;
      auto what = two_saves(writes(options));
      what.check = [=](after_crash& after) -> verdict {
        const auto text = read_text(after.fs(), "cfg");
        if (!text) return text;
        auto file = after.fs().open("cfg", {});
        if (!file) return file;
        const attributes& wanted = *text == old_value ? one.before : one.after;
        const auto is = get_attributes(*file);
        std::string color;
        (void)for_each_xattr(*file, [&](path_view, bytes value) {
          color.assign(reinterpret_cast<const char*>(value.data()), value.size());
          return visit::go_on;
        });
        const bool time = wanted.modified_ns == 0 || wanted.modified_ns == is->modified_ns;
        if (is->mode != wanted.mode || is->user != wanted.user || is->group != wanted.group || !time) return "attributes";
        return color == (*text == old_value ? "blue" : one.color);
      };
      prove("attributes", what);
    }
  }
}

TEST_CASE("atomic_write: who may not read the file may not read its temporary one") {
  for (const write_options& options :
       {write_options{.keep = keep::everything}, write_options{.set = attribute_set::mode, .attributes = {.mode = 0640}}}) {
    auto what = two_saves(writes(options));
    what.check = [](after_crash& after) -> verdict {
      bool open_to_others = false;
      (void)after.fs().for_each_entry(".", [&](const dir_entry& entry) {
        auto file = after.fs().open(entry.name, {});
        if (file) open_to_others = open_to_others || (get_attributes(*file)->mode & 0007) != 0;
        return visit::go_on;
      });
      return !open_to_others;
    };
    prove("closed", what);
  }
}

TEST_CASE("atomic_write: what is skipped because it is there already is durable all the same") {
  for (const bool same_name : {true, false}) {
    auto what = two_saves(writes({}));
    what.workload = [=](world& world) {
      world.step(first_value, [&]() -> bool {
        (void)atomic_write(world.fs(), "cfg", first_value, {.durability = durability::none});
        return false;
      });
      world.step("settled", [&] {
        return atomic_write(world.fs(), "cfg", first_value, {.content = same_name ? content::skip_unchanged : content::write});
      });
    };
    what.check = [](after_crash& after) -> verdict {
      return !after.acknowledged("settled") || read_text(after.fs(), "cfg").value_or(std::string()) == first_value;
    };
    prove("unchanged", what);
    const auto audit = audit_syncs(what);
    INFO(audit.text());
    CHECK(audit.ok());
    CHECK(audit.syncs.size() == 2);
  }
}

TEST_CASE("atomic_write: through a link that is followed, the file behind it and the link stay what they are") {
  auto what = two_saves(writes({.target_link = target_link::follow}), {"link", false});
  what.setup = [](world& world) {
    (void)world.fs().make_dir("d");
    put(world.fs(), "d/cfg", old_value);
    (void)make_link(world.fs(), "d/cfg", "link");
  };
  what.check = [](after_crash& after) -> verdict {
    const auto link = stat_link(after.fs(), "link");
    if (!link || link->kind != file_kind::link) return "the link is gone";
    return both(after.latest_is(read_text(after.fs(), "d/cfg"), old_value), nothing_beside(after));
  };
  prove("followed", what);
}

TEST_CASE("atomic_write: with the directories that it made, and with those that somebody else has only just made") {
  for (const bool raced : {false, true}) {
    auto what = two_saves(writes({.parents = parents::make}), {"d/e/cfg", false});
    what.setup = {};
    what.workload = [=](world& world) {
      if (raced) (void)world.fs().make_dir("d");
      if (raced) (void)world.fs().make_dir("d/e");
      world.step(first_value, [&] { return atomic_write(world.fs(), "d/e/cfg", first_value, {.parents = parents::make}); });
    };
    what.check = [](after_crash& after) { return after.latest_is(read_text(after.fs(), "d/e/cfg"), "absent"); };
    prove("parents", what);
    const auto audit = audit_syncs(what);
    INFO(audit.text());
    CHECK(audit.ok());
    CHECK(audit.syncs.size() == 4);
  }
}

TEST_CASE("create_new: no file or the whole one, and never another's replaced") {
  std::uint64_t states = 0;
  const auto creates = [&](auto&& wrapped, const char* name) {
    for (const bool there : {false, true}) {
      auto what = two_saves(writes({}), {"cfg", there});
      what.workload = [=](world& world) {
        for (const std::string& value : {first_value, second_value})
          world.step(value, [&] { return wrapped(world.fs(), [&](auto& fs) { return create_new(fs, "cfg", value); }); });
        look_for_temps(world);
      };
      states += prove(name, what);
      what.check = [=](after_crash& after) -> verdict {
        const auto found = read_text(after.fs(), "cfg");
        if (there) return found.value_or(std::string()) == old_value;
        if (after.acknowledged(first_value) && !found) return "it is gone";
        return !found || *found == first_value;
      };
      states += prove(name, what);
    }
  };
  creates([](crash_fs& fs, auto&& use) { return use(fs); }, "by a rename that replaces nothing");
  creates(
      [](crash_fs& fs, auto&& use) {
        linking_fs linking(fs);
        return use(linking);
      },
      "by a link");
  std::printf("create_new: %llu states\n", static_cast<unsigned long long>(states));
}

TEST_CASE("atomic_write: no sync is missing and none to spare") {
  for (const variant& one : variants) {
    for (const durability how : {durability::full, durability::ordered}) {
      auto options = one.options;
      if (how != durability::full && options.at_least == durability::full) continue;
      options.durability = how;
      for (const place& where : places) {
        auto what = two_saves(writes(options), where);
        if (how == durability::ordered)
          what.check = [=](after_crash& after) { return one_of(after, where.path, where.there ? old_value : "absent"); };
        if (contains(options.set, attribute_set::mode) || options.keep != keep::nothing) continue;
        const auto audit = audit_syncs(what);
        INFO(one.name << "\n" << audit.text());
        CHECK(audit.report.ok());
        std::size_t spare = 0;
        // at_least asks whether a directory can be synced, by syncing it, before anything is touched.
        if (options.at_least == durability::full) spare = 2;
        // parents::make syncs every directory on the way, for somebody else may have made it a moment ago; nobody has.
        if (options.parents == parents::make && how == durability::full && where.path != "cfg") spare = 2;
        CHECK(audit.idle() == spare);
      }
    }
  }
}

}  // namespace proofs_of_atomic_write
