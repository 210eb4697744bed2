// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Notes that live in memory, and whose snapshots are contents, under a head that never goes back.

#include <perdure/core/describe.hpp>
#include <perdure/engine/load_snapshot.hpp>
#include <perdure/engine/persist_snapshot.hpp>
#include <perdure/manifest/object_slot.hpp>
#include <perdure/store/open_store.hpp>

#include <cstdio>
#include <string>

// README:begin
struct notes {  // an Engine: it never touches I/O
  using perdure_engine = notes;

  std::string text;

  [[nodiscard]] std::uint64_t generation() const { return text.size(); }  // grows with every change: nothing is ever taken away
  [[nodiscard]] perdure::result<void> save(perdure::engine_sink& to) const {
    PERDURE_TRY(to.section("text"));
    return to.write(text);
  }
  [[nodiscard]] static perdure::result<notes> load(const perdure::engine_source& from) {
    const auto section = from.find("text");
    if (!section) return section.error();
    notes made;
    PERDURE_TRY(section->read_all(made.text, 1 << 30));
    return made;
  }
};

perdure::result<notes> add(perdure::any_store& store, const std::string& line) {
  perdure::content_store objects(store);
  perdure::object_slot head(store, "notes.head");  // any Slot: a file_slot, too
  auto last = perdure::load_snapshot<notes>(objects, head);
  if (!last) return last.error();  // damaged or unreachable: never taken for "nothing yet"
  notes now = last->exists() ? perdure::engine_in<notes>(last->engine()) : notes();
  now.text += line + "\n";
  const auto done = perdure::persist_snapshot(now, objects, head, {}, {.keep = 3, .owner = "notes"});
  // Whenever the power fails the head names the snapshot before or this one, and all of it is there.
  if (!done) return done.error();  // conflict: somebody else was faster, so load and add again
  return now;
}
// README:end

int main() {
  auto store = perdure::open_store("");
  if (!store) return std::puts(describe(store.error()).c_str()), 1;
  for (const char* const line : {"one", "two", "three"}) {
    const auto done = add(*store, line);
    if (!done) return std::puts(describe(done.error()).c_str()), 1;
  }
  perdure::content_store objects(*store);
  perdure::object_slot head(*store, "notes.head");
  auto now = perdure::load_snapshot<notes>(objects, head);
  if (!now || !now->exists()) return std::puts("there is nothing"), 1;
  auto before = perdure::load_snapshot<notes>(objects, head, {}, {.generation = std::string("one\ntwo\n").size()});
  if (!before || !before->exists()) return std::puts("the one before is gone"), 1;
  const std::string text = perdure::engine_in<notes>(now->engine()).text;
  std::printf("%s", text.c_str());
  return text == "one\ntwo\nthree\n" && perdure::engine_in<notes>(before->engine()).text == "one\ntwo\n" ? 0 : 1;
}
