// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_FAULT_STORE_HPP
#define PERDURE_TESTING_FAULT_STORE_HPP

// fault_store<S>: any Store, a real one included, on which calls go wrong as a fault_plan says. A model of Store itself.
//
//   perdure::mem_store objects;
//   perdure::testing::fault_store store(objects, "put state/** nth 2 timed_out late 1");
//   ...                                                    // the second put is given up, and is kept two calls later
//
// Effects: asks the plan at every call but nonce, with the key or prefix. A failure before the call leaves S untouched.
//   after    the call is made, and its answer lost, whatever it was. conflict, already_exists and not_found `after` are what a
//            sender hears that something in between sent twice: of a put that was kept; one that was refused says so as it is.
//   late N   the call is made when N more calls through this fault_store that concern the key have passed, before the next one.
//            Under explore(): then, or at any later such call, or never.
//   short N  of a get: N bytes of the buffer are right, the others are not; of a listing: N keys are shown.
//   stale N  of a listing: the last N keys that puts through this fault_store made are left out. No law allows it, and some
//            stores of former years did it.
//   flip and zero, of `read`: what gets show is damaged, the object is not.
//
// It refers to `objects`, which must outlive it; a copy shares the plan and what is on its way.

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <perdure/store/key.hpp>
#include <perdure/store/store_optional.hpp>
#include <perdure/testing/detail/remote_objects.hpp>
#include <perdure/testing/fault_plan.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {

template <Store S>
class fault_store {
 public:
  using perdure_store = fault_store;

  explicit fault_store(S& base, fault_plan plan = {})
      : fault_store(std::shared_ptr<S>(std::shared_ptr<void>(), &base), std::move(plan)) {}

  [[nodiscard]] const fault_plan& plan() const noexcept { return plan_; }
  [[nodiscard]] fault_plan& plan() noexcept { return plan_; }

  [[nodiscard]] result<object_info> get(key_view key, mutable_bytes into) {
    const fault_verdict verdict = judge(operation::get, key);
    if (verdict.fails && !verdict.short_bytes) return *verdict.fails;
    auto got = base_->get(key, into);
    if (!got) return got;
    const mutable_bytes whole = into.first(static_cast<std::size_t>(got->size_bytes));
    plan_.damage(key, 0, whole);
    if (!verdict.fails) return got;
    for (std::byte& wrong : whole.from(static_cast<std::size_t>(*verdict.short_bytes))) wrong = std::byte{0xdd};
    return *verdict.fails;
  }
  [[nodiscard]] result<range_info> get_range(key_view key, std::uint64_t offset, mutable_bytes into) {
    const fault_verdict verdict = judge(operation::get, key);
    if (verdict.fails && !verdict.short_bytes) return *verdict.fails;
    auto got = base_->get_range(key, offset, into);
    if (!got) return got;
    plan_.damage(key, offset, into.first(got->count));
    if (!verdict.fails) return got;
    for (std::byte& wrong : into.first(got->count).from(static_cast<std::size_t>(*verdict.short_bytes))) wrong = std::byte{0xdd};
    return *verdict.fails;
  }
  [[nodiscard]] result<object_info> head(key_view key) {
    const fault_verdict verdict = judge(operation::head, key);
    if (verdict.fails) return *verdict.fails;
    return base_->head(key);
  }
  [[nodiscard]] result<etag> put(key_view key, gather content, const precondition& when) {
    const fault_verdict verdict = judge(operation::put, key);
    if (!verdict.fails) return made(key, base_->put(key, content, when));
    if (verdict.late_calls) {
      PERDURE_TRY(send(key, content, when, *verdict.late_calls));
    } else if (verdict.after) {
      const auto done = made(key, base_->put(key, content, when));
      // Sent twice without a condition it is kept twice, which nobody hears of.
      if (is_refusal(verdict.fails->code()) && (!done || when.is_any())) return done;
    }
    return *verdict.fails;
  }
  [[nodiscard]] result<void> remove(key_view key) {
    const fault_verdict verdict = judge(operation::remove_object, key);
    if (!verdict.fails) return base_->remove(key);
    if (verdict.late_calls) {
      PERDURE_TRY(send_remove(key, *verdict.late_calls));
    } else if (verdict.after) {
      (void)base_->remove(key);
    }
    return *verdict.fails;
  }
  [[nodiscard]] result<listed> list(key_view prefix, key_view cursor, std::size_t limit, object_visitor visitor) {
    const fault_verdict verdict = judge(operation::list_objects, prefix);
    if (verdict.fails && !verdict.short_bytes) return *verdict.fails;
    const std::vector<std::string> hidden = newest(verdict.stale_keys);
    std::uint64_t left = verdict.short_bytes ? *verdict.short_bytes : UINT64_MAX;
    std::string at(cursor.data(), cursor.size());
    bool stopped = false;
    for (std::size_t shown = 0;;) {
      const auto page = base_->list(prefix, at, limit, [&](const listed_object& one) {
        at.assign(one.key.data(), one.key.size());
        if (std::find(hidden.begin(), hidden.end(), at) != hidden.end()) return visit::go_on;
        stopped = left == 0;
        if (stopped) return visit::stop;
        --left;
        ++shown;
        stopped = visitor(one) == visit::stop;
        return stopped ? visit::stop : visit::go_on;
      });
      if (verdict.fails) return *verdict.fails;
      // A page of which nothing was left is none.
      if (!page || stopped || shown != 0 || *page == listed::all) return page;
    }
  }
  [[nodiscard]] struct nonce nonce() { return base_->nonce(); }

  [[nodiscard]] result<void> settle(key_view key) {
    const fault_verdict verdict = judge(operation::settle, key);
    if (verdict.fails && !verdict.after) return *verdict.fails;
    const auto done = perdure::settle(*base_, key);
    if (verdict.fails) return *verdict.fails;
    return done;
  }
  [[nodiscard]] result<etag> put_stream(key_view key, byte_source source)
    requires requires(S& base) { base.put_stream(key, source); }
  {
    const fault_verdict verdict = judge(operation::put, key);
    if (verdict.fails && !verdict.after) return *verdict.fails;
    auto done = made(key, base_->put_stream(key, source));
    if (verdict.fails && !is_refusal(verdict.fails->code())) return *verdict.fails;
    return done;
  }

 protected:
  fault_store(std::shared_ptr<S> held, fault_plan plan)
      : base_(std::move(held)), plan_(std::move(plan)), shared_(std::make_shared<shared_state>()) {}

 private:
  static constexpr std::size_t new_keys_max = 64;

  struct shared_state {
    std::mutex mutex;
    std::vector<detail::sent_request> flying;
    std::vector<std::string> new_keys;  // the newest last
  };

  [[nodiscard]] static bool is_refusal(enum code code) noexcept {
    return code == code::conflict || code == code::already_exists || code == code::not_found;
  }
  [[nodiscard]] fault_verdict judge(enum operation called, key_view key) {
    const fault_verdict verdict = plan_.idle() ? fault_verdict() : plan_.judge(called, key);
    arrive(called, key);
    return verdict;
  }
  // A base that lies under explore() keeps them itself, for its requests outlive this process.
  [[nodiscard]] result<void> send(key_view key, gather content, const precondition& when, std::uint64_t passes) {
    if constexpr (requires { base_->send_put(key, content, when, passes); }) {
      return base_->send_put(key, content, when, passes);
    } else {
      const std::lock_guard lock(shared_->mutex);
      shared_->flying.push_back({operation::put, std::string(key.data(), key.size()), detail::all_of(content), when, passes});
      return {};
    }
  }
  [[nodiscard]] result<void> send_remove(key_view key, std::uint64_t passes) {
    if constexpr (requires { base_->send_remove(key, passes); }) {
      return base_->send_remove(key, passes);
    } else {
      const std::lock_guard lock(shared_->mutex);
      shared_->flying.push_back({operation::remove_object, std::string(key.data(), key.size()), {}, precondition::any, passes});
      return {};
    }
  }
  void arrive(enum operation called, key_view key) {
    std::vector<detail::sent_request> landing;
    {
      const std::lock_guard lock(shared_->mutex);
      std::vector<detail::sent_request> left;
      for (detail::sent_request& one : shared_->flying) {
        const bool concerned =
            called == operation::list_objects ? perdure::detail::begins_with(one.key, key) : key_view(one.key) == key;
        if (concerned && one.passes == 0) {
          landing.push_back(std::move(one));
        } else {
          if (concerned) --one.passes;
          left.push_back(std::move(one));
        }
      }
      shared_->flying = std::move(left);
    }
    for (const detail::sent_request& one : landing) {
      if (one.operation == operation::remove_object) {
        (void)base_->remove(one.key);
      } else {
        (void)made(one.key, base_->put(one.key, one.content, one.when));
      }
    }
  }

  [[nodiscard]] result<etag> made(key_view key, result<etag> done) {
    if (!done || plan_.idle()) return done;
    const std::string text(key.data(), key.size());
    const std::lock_guard lock(shared_->mutex);
    auto& keys = shared_->new_keys;
    if (std::find(keys.begin(), keys.end(), text) == keys.end()) keys.push_back(text);
    if (keys.size() > new_keys_max) keys.erase(keys.begin());
    return done;
  }
  [[nodiscard]] std::vector<std::string> newest(std::uint64_t count) const {
    if (count == 0) return {};
    const std::lock_guard lock(shared_->mutex);
    const auto& keys = shared_->new_keys;
    const std::size_t hidden = count < keys.size() ? static_cast<std::size_t>(count) : keys.size();
    return {keys.end() - static_cast<std::ptrdiff_t>(hidden), keys.end()};
  }

  std::shared_ptr<S> base_;
  fault_plan plan_;
  std::shared_ptr<shared_state> shared_;
};

}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_FAULT_STORE_HPP
