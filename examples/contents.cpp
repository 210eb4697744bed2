// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors

// Texts that are kept once, under their digests, and a slot that names the one that counts.

#include <perdure/core/describe.hpp>
#include <perdure/manifest/object_slot.hpp>
#include <perdure/store/content_gc.hpp>
#include <perdure/store/open_store.hpp>

#include <cstdio>
#include <string>

// README:begin
using contents = perdure::content_store<perdure::any_store>;  // one for a store, as long as the program runs
using latest = perdure::object_slot<perdure::any_store>;

perdure::result<perdure::content_id> keep(contents& objects, latest& slot, perdure::bytes text) {
  std::string before;
  const auto now = slot.load(perdure::growing_room(before, 1 << 20));
  if (!now) return now.error();
  auto pin = objects.pin("keep");  // while it is there nobody collects what is put, or was met
  if (!pin) return pin.error();
  const auto stored = objects.put(*pin, text);  // what is there already is not sent again
  if (!stored) return stored.error();
  char id[perdure::content_id::text_size];
  pin->hold();  // from here on somebody may see the id: only end() ends it now
  const auto named = slot.replace(now->token, to_text(stored->id, id));
  // It is named, or it is certain that it is not. Where that is unknown the pin has to stay until it is known.
  if (named || named.error().outcome() != perdure::outcome::unknown) (void)pin->end();
  if (!named) return named.error();
  return stored->id;
}
perdure::result<std::uint64_t> read(contents& objects, const perdure::content_id& id, std::string& text) {
  return objects.get(id, [&](perdure::bytes piece) -> perdure::result<void> {  // its digest is proved by now
    text += std::string(piece);
    return {};
  });
}
// README:end

// The slot names all that is needed; what else there is goes.
perdure::result<perdure::collected> collect(contents& objects, latest& slot) {
  return perdure::content_gc(objects, [&](perdure::root_visitor needed) -> perdure::result<void> {
    std::string text;
    const auto now = slot.load(perdure::growing_room(text, 1 << 20));
    if (!now) return now.error();
    const auto id = perdure::parse_content_id(now->value);
    return id ? needed(*id) : id.error();
  });
}

int main() {
  auto store = perdure::open_store("");
  if (!store) return std::puts(describe(store.error()).c_str()), 1;
  contents objects(*store);
  latest slot(*store, "latest");
  const std::string first(1 << 20, 'a'), second = first + "b";
  for (const std::string& text : {first, second}) {
    const auto kept = keep(objects, slot, text);
    std::string again;
    if (!kept || !read(objects, *kept, again) || again != text) return std::puts("it is not what was kept"), 1;
  }
  {
    // Who has put something and is not there any more: a collection waits for him.
    auto left = objects.pin("killed");
    if (!left || !objects.put(*left, "nobody names this")) return std::puts("it cannot be put"), 1;
    left->hold();
    const auto hindered = collect(objects, slot);
    if (hindered || hindered.error().code() != perdure::code::busy) return std::puts("a pin hinders nobody"), 1;
    if (!perdure::end_pin(*store, left->key())) return std::puts("the pin stays"), 1;
  }
  const auto gone = collect(objects, slot);
  if (!gone || gone->deleted == 0 || gone->spared != 0) return std::puts("nothing was collected"), 1;
  std::printf("%llu objects deleted, %llu kept\n", static_cast<unsigned long long>(gone->deleted),
              static_cast<unsigned long long>(gone->met - gone->deleted));
}
