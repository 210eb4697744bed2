// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_MANIFEST_AFTER_COMMIT_HPP
#define PERDURE_MANIFEST_AFTER_COMMIT_HPP

// after_commit: what is to be done once a commit is certain, and not before: removing the files that it made superfluous.
//
//   perdure::commit_manifest(manifest, [&](state& now, perdure::after_commit& then) {
//     then.run([fs = &fs, old = now.segment] { (void)fs->remove(old); });
//     now.segment = compacted;
//   });
//
// The actions run in the order they were given, after the save, outside of every lock, on the thread that committed. Where the
// commit failed they never run. Where it ended in doubt they are kept until the manifest knows, and run then, on the thread that
// found out, or never. What one throws passes through, though the commit has happened, and those behind it do not run. They may
// not commit to the same manifest. An action that is lost in a crash leaves garbage, so sweep.

#include <new>

#include <perdure/core/basics.hpp>

namespace perdure {
inline namespace v1 {

class after_commit {
 public:
  after_commit() = default;
  after_commit(after_commit&& other) noexcept
      : first_(detail::exchanged(other.first_, nullptr)), last_(detail::exchanged(other.last_, nullptr)) {}
  after_commit& operator=(after_commit&& other) noexcept {
    detail::swapped(first_, other.first_);
    detail::swapped(last_, other.last_);
    return *this;
  }
  ~after_commit() { clear(); }

  // `work` is kept, and called once or never. Needs memory.
  template <class F>
  void run(F&& work) {
    add(new own_action<detail::remove_cvref<F>>(detail::forwarded<F>(work)));
  }

  // What follows is for whoever commits.

  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  void clear() noexcept {
    while (first_ != nullptr) take_first()->end(false);
  }
  void run_all() {
    while (first_ != nullptr) take_first()->end(true);
  }
  void append(after_commit&& others) noexcept {
    while (others.first_ != nullptr) add(others.take_first());
  }

 private:
  struct action {
    explicit action(void (*to)(action*, bool)) noexcept : end_(to) {}
    void end(bool runs) { end_(this, runs); }
    action* next = nullptr;

   private:
    void (*end_)(action*, bool);
  };
  template <class F>
  struct own_action : action {
    template <class G>
    explicit own_action(G&& from)
        : action([](action* self, bool runs) {
            const owner mine{static_cast<own_action*>(self)};
            if (runs) mine.action->work();
          }),
          work(detail::forwarded<G>(from)) {}
    struct owner {  // whatever leaves the work, it is destroyed
      ~owner() { delete action; }
      own_action* action;
    };
    F work;
  };

  void add(action* one) noexcept {
    one->next = nullptr;
    (last_ != nullptr ? last_->next : first_) = one;
    last_ = one;
  }
  [[nodiscard]] action* take_first() noexcept {
    action* const one = first_;
    first_ = one->next;
    if (first_ == nullptr) last_ = nullptr;
    return one;
  }

  action* first_ = nullptr;
  action* last_ = nullptr;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_MANIFEST_AFTER_COMMIT_HPP
