// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// What posix_minimum allows, written down a second time and as simply as can be: every subset of the effects that were not
// synced, in which each keeps the order that it has with others on the same page, size, name or mode. What explore() shows must
// be the same.

#include <tests/crash/programs.hpp>
#include <tests/support/catch.hpp>

#include <algorithm>
#include <map>
#include <set>

namespace proofs_of_definition {

using namespace tests;

namespace {

struct effect {
  enum kind_of { data, size, mode, entry } kind;
  int file;             // or the directory of an entry
  std::uint64_t where;  // the page of data
  std::string name;     // of an entry
  std::uint64_t at;     // in the page; or the size, the mode, the file of an entry
  std::string bytes;
  int group;  // applied together with the others of this number
  bool durable = false;
  std::vector<std::size_t> needs;
};

struct content {
  std::map<std::uint64_t, std::string> pages;
  std::uint64_t size = 0;
  std::uint64_t mode = 0666;
};
struct image {
  std::map<int, content> files;
  std::map<std::string, int> names;  // "./a"

  void apply(const effect& one) {
    if (one.kind == effect::size) files[one.file].size = one.at;
    if (one.kind == effect::mode) files[one.file].mode = one.at;
    if (one.kind == effect::entry && one.at != 0) names[one.name] = static_cast<int>(one.at);
    if (one.kind == effect::entry && one.at == 0) names.erase(one.name);
    if (one.kind != effect::data) return;
    std::string& page = files[one.file].pages[one.where];
    page.resize(4096);
    page.replace(static_cast<std::size_t>(one.at), one.bytes.size(), one.bytes);
  }
  std::string text() const {
    std::string all;
    for (const char* dir : {"./", "d/"}) {
      for (const auto& [name, file] : names) {
        if (name.compare(0, 2, dir) != 0) continue;
        const content& is = files.at(file);
        std::string bytes;
        for (std::uint64_t page = 0; bytes.size() < is.size; ++page)
          bytes += is.pages.count(page) != 0 ? is.pages.at(page) : std::string(4096, '\0');
        bytes.resize(static_cast<std::size_t>(is.size));
        all += name + " " + shortened(bytes) + std::to_string(is.mode) + " ";
      }
      if (dir[0] == '.') all += "./d ";
    }
    return all;
  }
};

class definition {
 public:
  definition() {
    for (const char* name : {"./a", "d/b"}) {
      const int file = create(name);
      write(file, 0, std::string("old bytes of ") + (name[0] == '.' ? name + 2 : name));
    }
    for (effect& one : effects_) one.durable = true;
    possible();
  }
  void run(const instruction& one) {
    const std::string first = (one.first[0] == 'd' ? "" : "./") + one.first;
    const std::string second = (one.second[0] == 'd' ? "" : "./") + one.second;
    const bool opens = one.what < 7 || one.what == 12;
    const int had = now_.names.count(first) != 0 ? now_.names[first] : 0;
    const int file = opens && had == 0 ? create(first) : had;
    if (opens && had == 0) possible();
    const int other = now_.names.count(second) != 0 ? now_.names[second] : 0;
    if (one.what < 3) write(file, one.at, one.bytes);
    if (one.what == 3) truncate(file, one.at);
    if (one.what == 4 || one.what == 5) {
      for (effect& is : effects_)
        is.durable = is.durable || (is.file == file && (is.kind < effect::mode || (is.kind == effect::mode && one.what == 5)));
    }
    if (one.what == 6) {
      for (std::size_t i = 0; i < effects_.size(); ++i) {
        if (effects_[i].file == file && effects_[i].kind < effect::mode) barrier_.push_back(i);
      }
    }
    for (effect& is : effects_) {
      const bool here = is.kind == effect::entry && (is.name[0] == '.') == (one.at == 0);
      is.durable = is.durable || (one.what == 7 && here) || (one.what == 13 && one.at == 0);
    }
    if ((one.what == 8 || one.what == 9) && file != 0 && file != other) name(second, file), name(first, 0);
    if (one.what == 10 && file != 0) name(first, 0);
    if (one.what == 11 && file != 0 && other == 0) name(second, file);
    if (one.what == 12) add({effect::mode, file, 0, "", one.bytes.size(), "", 0, false, {}});
    possible();
  }
  [[nodiscard]] std::size_t pending() const {
    std::size_t all = 0;
    for (const effect& one : effects_) all += one.durable ? 0 : 1;
    return all;
  }
  std::set<std::string> disks;

 private:
  int create(const std::string& path) {
    name(path, ++files_);
    return files_;
  }
  void name(const std::string& path, int file) {
    // The file is there where its name is.
    if (file != 0) start_.files[file], now_.files[file];
    add({effect::entry, 0, 0, path, static_cast<std::uint64_t>(file), "", 0, false, {}});
  }
  void write(int file, std::uint64_t at, const std::string& bytes) {
    for (std::size_t done = 0; done < bytes.size();) {
      const std::uint64_t to = at + done;
      const std::string piece = bytes.substr(done, static_cast<std::size_t>(4096 - to % 4096));
      add({effect::data, file, to / 4096, "", to % 4096, piece, 0, false, {}});
      auto& end = written_[{file, to / 4096}];
      end = std::max(end, to % 4096 + piece.size());
      done += piece.size();
      // What is written page by page may have grown page by page.
      if (done < bytes.size() && at + done > now_.files[file].size) add({effect::size, file, 0, "", at + done, "", 0, false, {}});
    }
    if (at + bytes.size() > now_.files[file].size) add({effect::size, file, 0, "", at + bytes.size(), "", 0, false, {}});
  }
  void truncate(int file, std::uint64_t at) {
    const std::uint64_t was = now_.files[file].size;
    if (at == was) return;
    const int group = ++groups_;
    // The end of the last page is zeroed first, by a write of its own.
    const bool zeroes = at < was && written_[{file, at / 4096}] > at % 4096 && at % 4096 != 0;
    if (zeroes) add(zeros(file, at / 4096, at % 4096, 0));
    add({effect::size, file, 0, "", at, "", group, false, {}});
    if (zeroes) effects_.back().needs.push_back(effects_.size() - 2);
    for (std::uint64_t page = (at + 4095) / 4096; page * 4096 < was; ++page) add(zeros(file, page, 0, group));
    for (auto& [which, end] : written_) {
      if (which.first == file) end = std::min(end, at - std::min(at, which.second * 4096));
    }
  }
  static effect zeros(int file, std::uint64_t page, std::uint64_t from, int group) {
    return {effect::data, file, page, "", from, std::string(static_cast<std::size_t>(4096 - from), '\0'), group, false, {}};
  }
  void add(effect one) {
    one.needs = barrier_;
    for (std::size_t i = 0; i < effects_.size(); ++i) {
      const effect& was = effects_[i];
      if (was.kind == one.kind && was.file == one.file && was.where == one.where && was.name == one.name) one.needs.push_back(i);
    }
    now_.apply(one);
    effects_.push_back(std::move(one));
  }

  // The disks that a cut may leave now.
  void possible() {
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < effects_.size(); ++i) {
      if (!effects_[i].durable) open.push_back(i);
    }
    std::vector<bool> in(effects_.size());
    for (std::uint32_t some = 0; open.size() < 15 && some < 1U << open.size(); ++some) {
      for (std::size_t i = 0; i < in.size(); ++i) in[i] = effects_[i].durable;
      for (std::size_t bit = 0; bit < open.size(); ++bit) in[open[bit]] = (some >> bit & 1) != 0;
      if (!legal(in)) continue;
      image disk = start_;
      for (std::size_t i = 0; i < in.size(); ++i) {
        if (in[i]) disk.apply(effects_[i]);
      }
      disks.insert(disk.text());
    }
  }
  bool legal(const std::vector<bool>& in) const {
    for (std::size_t i = 0; i < in.size(); ++i) {
      if (!in[i]) continue;
      for (const std::size_t other : effects_[i].needs) {
        if (!in[other]) return false;
      }
      for (std::size_t other = 0; effects_[i].group != 0 && other < in.size(); ++other) {
        if (effects_[other].group == effects_[i].group && !in[other]) return false;
      }
    }
    return true;
  }

  std::vector<effect> effects_;
  std::vector<std::size_t> barrier_;
  image start_;
  image now_;
  std::map<std::pair<int, std::uint64_t>, std::uint64_t> written_;  // of each page of a file, how far
  int files_ = 0;
  int groups_ = 0;
};

}  // namespace

TEST_CASE("posix_minimum: the disks that are explored are those of the definition") {
  profile rules = profile::posix_minimum;
  rules.garbage = false;
  rules.tear_unit_bytes = 4096;
  std::size_t disks = 0;
  for (std::uint64_t seed = 5000; seed < 5400; ++seed) {
    const auto all = program(seed, 2 + static_cast<std::uint32_t>(seed % 10));
    definition expected;
    bool small = true;
    for (const instruction& one : all) {
      expected.run(one);
      small = small && expected.pending() < 12;
    }
    if (!small) continue;
    std::set<std::string> found;
    const auto report = explore({.profile = rules,
                                 .setup = set_up,
                                 .workload = [&](world& world) { run(world.fs(), all); },
                                 .check = [&](after_crash& after) { return found.insert(everything(after.fs())), true; }});
    INFO(seed);
    CHECK(report.exhaustive);
    std::string more;
    std::string less;
    for (const std::string& one : found) more += expected.disks.count(one) == 0 ? one + "\n" : "";
    for (const std::string& one : expected.disks) less += found.count(one) == 0 ? one + "\n" : "";
    CHECK(more == "");
    CHECK(less == "");
    disks += found.size();
  }
  CHECK(disks > 5000);
}

}  // namespace proofs_of_definition
