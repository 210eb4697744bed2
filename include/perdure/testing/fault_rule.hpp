// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_FAULT_RULE_HPP
#define PERDURE_TESTING_FAULT_RULE_HPP

// fault_rule: what is to go wrong, and when. A line of text each, which prints and parses, so that the line that a failing
// test prints can be pasted into the next one.
//
//   write **.log nth 2 no_space short 3    the second write to a log puts three bytes, and fails
//   sync ** from 3 sync_lost drop          every sync from the third on fails, and what it was to save is gone
//   sync ** nth 1 sync_lost clean          it fails, reads show the bytes all the same, and no later sync writes them: ext4, xfs
//   rename ** io after                     renamed, and an I/O error was answered
//   open ** busy errno 24                  out of handles
//   sync_dir ** lie                        success, and nothing was done
//   read **/idx flip 1203                  bit 1203 of that file reads the wrong way round
//   read log zero 4096+512                 a sector that reads as zeros
//   * data/** chance 0.01 seed 7 io        one call in a hundred: by a dice of the path's own, so that threads do not matter
//   put ** timed_out after                 kept, and the answer was lost
//   put ** timed_out late 1                given up, and kept at some moment after one more call that concerns the key
//   get ** io short 10                     the answer ends after ten bytes
//   list_objects ** stale 2                the keys that the last two puts made are not shown
//   write ** slow 50                       fifty milliseconds, by the clock of the plan
//   capacity 65536                         the disk has room for so many bytes more
//
// A line is OPERATION PATTERN, when (nth N, from N, times N, chance P seed N), and what; or capacity N. OPERATION is a name of
// enum operation, or * for any. In a PATTERN, ? is any character but '/', * any number of those, ** any number of any; a space is
// written as ?. Calls are counted from 1 among those that match. Empty lines, and what follows a #, mean nothing.

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>

#include <perdure/core/failure.hpp>
#include <perdure/fs/path.hpp>
#include <perdure/testing/detail/fault_words.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

struct fault_rule {
  struct range {
    std::uint64_t offset = 0;
    std::uint64_t size_bytes = 0;
  };

  // Which calls.
  std::optional<enum operation> operation = {};  // any, if none is named
  std::string path = "**";
  std::uint64_t nth = 0;                 // that one alone
  std::uint64_t from = 0;                // that one and all later ones
  std::uint64_t times = 0;               // no more than so many
  std::uint32_t chance_ppm = 1'000'000;  // one in a million is 1
  std::uint64_t seed = 0;

  // What happens to them.
  std::optional<enum code> fails = {};
  std::int32_t system_code = 0;                   // 0: the one that goes with the code
  std::optional<enum doubt> doubt = {};           // as the laws of fs.hpp have it, if none is named
  bool after = false;                             // it was done, and the failure is answered all the same
  std::optional<std::uint64_t> late_calls = {};   // of a put or remove_object: it is done so many calls later, or never
  std::optional<std::uint64_t> short_bytes = {};  // so many bytes of a write, or get, or keys of a listing, before it fails
  bool drop = false;                              // of a failing sync: what was not synced is undone
  bool clean = false;                             // of a failing sync: what was not synced is read, and never written
  bool lie = false;                               // of a sync: success, and nothing done
  std::optional<std::uint64_t> flip_bit = {};     // of reads: a bit of the file, wherever it is read
  std::optional<range> zero = {};                 // of reads: bytes that read as zeros
  std::uint64_t stale_keys = 0;                   // of list_objects: so many new keys are not shown yet
  std::uint64_t slow_ms = 0;
  std::optional<std::uint64_t> capacity_bytes = {};

  [[nodiscard]] std::string text() const {
    if (capacity_bytes) return "capacity " + std::to_string(*capacity_bytes);
    std::string line = operation ? detail::word_of(*operation) : "*";
    line += " " + path;
    const auto number = [&](const char* word, std::uint64_t value) {
      if (value != 0) line += std::string(" ") + word + " " + std::to_string(value);
    };
    number("nth", nth);
    number("from", from);
    number("times", times);
    if (chance_ppm != 1'000'000) line += " chance " + detail::parts_per_million(chance_ppm);
    number("seed", seed);
    if (fails) line += std::string(" ") + detail::word_of(*fails);
    if (system_code != 0) line += " errno " + std::to_string(system_code);
    if (doubt) line += std::string(" doubt ") + detail::word_of(*doubt);
    if (after) line += " after";
    if (late_calls) line += " late " + std::to_string(*late_calls);
    if (short_bytes) line += " short " + std::to_string(*short_bytes);
    if (drop) line += " drop";
    if (clean) line += " clean";
    if (lie) line += " lie";
    if (flip_bit) line += " flip " + std::to_string(*flip_bit);
    if (zero) line += " zero " + std::to_string(zero->offset) + "+" + std::to_string(zero->size_bytes);
    number("stale", stale_keys);
    number("slow", slow_ms);
    return line;
  }

  // Why this rule cannot mean anything, or nullptr.
  [[nodiscard]] const char* objection() const {
    if (capacity_bytes) return nullptr;
    using op = enum perdure::operation;
    const auto is_for = [&](op one) { return operation && *operation == one; };
    if (!fails && !lie && !flip_bit && !zero && stale_keys == 0 && slow_ms == 0) return "it says nothing of what is to happen";
    if (fails && lie) return "a lie does not fail";
    if (lie && !is_for(op::sync) && !is_for(op::sync_dir) && !is_for(op::sync_all)) return "only a sync can lie";
    if (short_bytes && !(fails && (is_for(op::write) || is_for(op::get) || is_for(op::list_objects))))
      return "short is for a write, a get or a listing that fails";
    if (late_calls && !(fails && !after && (is_for(op::put) || is_for(op::remove_object))))
      return "late is for a put or remove_object that fails";
    if (stale_keys != 0 && !(is_for(op::list_objects) && !fails)) return "stale is for list_objects";
    if (drop && !(fails && is_for(op::sync))) return "drop is for a sync that fails";
    if (clean && !(fails && !after && !drop && (is_for(op::sync) || is_for(op::sync_dir) || is_for(op::sync_all))))
      return "clean is for a sync that fails, and undoes nothing";
    if ((flip_bit || zero) && !is_for(op::read)) return "flip and zero are for reads";
    if ((after || system_code != 0 || doubt) && !fails) return "after, errno and doubt are said of a failure";
    if (after && short_bytes) return "what was done whole is not short";
    if (path.empty() || path.find(' ') != std::string::npos) return "a path pattern without spaces is needed";
    return nullptr;
  }

  // The rule that a line says; if it says none, `why` is told.
  [[nodiscard]] static std::optional<fault_rule> parse(const std::string& line, std::string& why);

  [[nodiscard]] bool concerns(enum operation called, path_view at) const {
    return !capacity_bytes && (!operation || *operation == called) && detail::path_matches(path, {at.data(), at.size()});
  }
  // The failure that it answers to a call of this kind.
  [[nodiscard]] failure answer(enum operation called, path_view at) const {
    const failure plain =
        failure(*fails, called, system_code != 0 ? system_code : detail::errno_of(*fails)).about({at.data(), at.size()});
    return plain.with(doubt ? *doubt : natural_doubt(called));
  }

 private:
  [[nodiscard]] enum doubt natural_doubt(enum operation called) const {
    using op = enum perdure::operation;
    const bool syncs = called == op::sync || called == op::sync_dir || called == op::sync_all || called == op::close;
    if (*fails == code::unsupported || *fails == code::invalid_argument) return doubt::none;
    if (syncs) return doubt::durable;
    // Nobody knows what became of a request without an answer.
    const bool sent = called == op::put || called == op::remove_object;
    if (sent && (*fails == code::timed_out || *fails == code::io)) return doubt::visible;
    if (called == op::get || called == op::list_objects) return doubt::none;
    return after || late_calls || short_bytes ? doubt::visible : doubt::none;
  }
};

inline std::optional<fault_rule> fault_rule::parse(const std::string& line, std::string& why) {
  detail::word_reader words(line.substr(0, line.find('#')));
  fault_rule rule;
  const std::string first = words.next();
  if (first == "capacity") {
    rule.capacity_bytes = words.number();
  } else {
    if (first != "*") rule.operation = detail::operation_of(first);
    if (first != "*" && !rule.operation) return why = "no operation is called '" + first + "'", std::nullopt;
    rule.path = words.next();
  }
  for (std::string word = words.next(); !word.empty() && words.good(); word = words.next()) {
    if (word == "nth")
      rule.nth = words.number();
    else if (word == "from")
      rule.from = words.number();
    else if (word == "times")
      rule.times = words.number();
    else if (word == "chance")
      rule.chance_ppm = words.parts_per_million();
    else if (word == "seed")
      rule.seed = words.number();
    else if (word == "errno")
      rule.system_code = static_cast<std::int32_t>(words.number());
    else if (word == "doubt")
      rule.doubt = words.doubt();
    else if (word == "after")
      rule.after = true;
    else if (word == "late")
      rule.late_calls = words.number();
    else if (word == "stale")
      rule.stale_keys = words.number();
    else if (word == "short")
      rule.short_bytes = words.number();
    else if (word == "drop")
      rule.drop = true;
    else if (word == "clean")
      rule.clean = true;
    else if (word == "lie")
      rule.lie = true;
    else if (word == "flip")
      rule.flip_bit = words.number();
    else if (word == "zero")
      rule.zero = range{words.number(), words.number_after('+')};
    else if (word == "slow")
      rule.slow_ms = words.number();
    else if (const auto code = detail::code_of_word(word); code && !rule.fails)
      rule.fails = code;
    else
      return why = "'" + word + "' means nothing here", std::nullopt;
  }
  if (!words.good()) return why = "a number, or a word of its own, is missing or wrong", std::nullopt;
  if (const char* objection = rule.objection()) return why = objection, std::nullopt;
  return rule;
}

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_FAULT_RULE_HPP
