// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTING_DETAIL_BARE_CRASH_STORE_HPP
#define PERDURE_TESTING_DETAIL_BARE_CRASH_STORE_HPP

// bare_crash_store: crash_store (see there) without the faults.
//
// A request that nobody waits for any more is on its way until it has arrived, if ever. Whether it has is decided when somebody
// looks or does what would show it: before each call that concerns its key. So a power cut leaves it on its way.

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <perdure/store/key.hpp>
#include <perdure/store/store.hpp>
#include <perdure/testing/detail/disk.hpp>
#include <perdure/testing/detail/fault_words.hpp>

namespace perdure {
inline namespace v1 {
namespace testing {
namespace detail {

class bare_crash_store {
 public:
  using perdure_store = bare_crash_store;
  static constexpr std::size_t key_size_max = 1024;

  bare_crash_store() : bare_crash_store(std::make_shared<detail::disk>()) {}
  // As the process that now runs on this disk.
  explicit bare_crash_store(std::shared_ptr<detail::disk> disk) noexcept : bare_crash_store(disk, disk->process) {}
  bare_crash_store(std::shared_ptr<detail::disk> disk, std::uint32_t process) noexcept
      : disk_(std::move(disk)), process_(process) {}

  [[nodiscard]] result<object_info> get(key_view key, mutable_bytes into) {
    const std::lock_guard lock(disk_->mutex);
    const auto there = look("get", key, operation::get);
    if (!there) return there.error();
    const bytes content(**there);
    if (content.size() > into.size()) return no(code::too_large, operation::get, key);
    if (!content.empty()) std::memcpy(into.data(), content.data(), content.size());
    return object_info{content.size(), remote_objects::version_of(**there)};
  }
  [[nodiscard]] result<range_info> get_range(key_view key, std::uint64_t offset, mutable_bytes into) {
    const std::lock_guard lock(disk_->mutex);
    const auto there = look("get a range of", key, operation::get);
    if (!there) return there.error();
    const bytes content(**there);
    const bytes part =
        content.from(offset < content.size() ? static_cast<std::size_t>(offset) : content.size()).first(into.size());
    if (!part.empty()) std::memcpy(into.data(), part.data(), part.size());
    return range_info{part.size(), content.size()};
  }
  [[nodiscard]] result<object_info> head(key_view key) {
    const std::lock_guard lock(disk_->mutex);
    const auto there = look("head", key, operation::head);
    if (!there) return there.error();
    return object_info{(*there)->size(), remote_objects::version_of(**there)};
  }

  [[nodiscard]] result<etag> put(key_view key, gather content, const precondition& when) {
    const std::lock_guard lock(disk_->mutex);
    auto request = put_request(key, content, when, 0);
    if (!request) return request.error();
    return make(std::move(*request));
  }
  [[nodiscard]] result<void> remove(key_view key) {
    const std::lock_guard lock(disk_->mutex);
    PERDURE_TRY(check_key(key, operation::remove_object, key_size_max));
    PERDURE_TRY(make(remove_request(key, 0)));
    return {};
  }
  // As put and remove; but nobody waits for the answer, and it may arrive when so many calls that concern the key have passed.
  [[nodiscard]] result<void> send_put(key_view key, gather content, const precondition& when, std::uint64_t passes) {
    const std::lock_guard lock(disk_->mutex);
    auto request = put_request(key, content, when, passes);
    if (!request) return request.error();
    return send(std::move(*request));
  }
  [[nodiscard]] result<void> send_remove(key_view key, std::uint64_t passes) {
    const std::lock_guard lock(disk_->mutex);
    PERDURE_TRY(check_key(key, operation::remove_object, key_size_max));
    return send(remove_request(key, passes));
  }

  [[nodiscard]] result<listed> list(key_view prefix, key_view cursor, std::size_t limit, object_visitor visitor) {
    std::vector<std::pair<std::string, std::size_t>> page;
    bool more = false;
    {
      const std::lock_guard lock(disk_->mutex);
      if (!alive()) return dead(operation::list_objects);
      PERDURE_TRY(check_prefix(prefix, operation::list_objects, key_size_max));
      PERDURE_TRY(check_prefix(cursor, operation::list_objects, key_size_max));
      if (limit == 0) return no(code::invalid_argument, operation::list_objects, prefix);
      arrive([&](key_view key) {
        return perdure::detail::begins_with(key, prefix) && perdure::detail::compare_keys(key, cursor) > 0;
      });
      const auto& all = disk_->remote.all();
      const std::string_view after(cursor.data(), cursor.size());
      const std::string_view begin(prefix.data(), prefix.size());
      auto at = after < begin ? all.lower_bound(begin) : all.upper_bound(after);
      for (; at != all.end() && perdure::detail::begins_with(at->first, prefix); ++at) {
        more = page.size() == limit;
        if (more) break;
        page.emplace_back(at->first, at->second.size());
      }
      note([&] {
        return "list " + std::string(begin) + ": " + std::to_string(page.size()) + (more ? " keys and more" : " keys");
      });
    }
    for (const auto& [key, size] : page) {
      if (visitor({key, size}) == visit::stop) return listed::more;
    }
    return more ? listed::more : listed::all;
  }

  [[nodiscard]] struct nonce nonce() {
    const std::lock_guard lock(disk_->mutex);
    return {disk_->boot, process_, 1, ++disk_->serial};
  }

 private:
  [[nodiscard]] bool alive() const noexcept { return disk_->is_alive(process_); }
  [[nodiscard]] static failure dead(enum operation operation) noexcept { return failure(code::io, operation); }
  [[nodiscard]] static failure no(enum code code, enum operation operation, key_view key) noexcept {
    return failure(code, operation).about({key.data(), key.size()});
  }
  template <class Text>
  void note(Text&& text) {
    if (disk_->tracing) disk_->trace.push_back({0, disk_->speaker + text()});
  }

  [[nodiscard]] result<const std::string*> look(const char* call, key_view key, enum operation operation) {
    if (!alive()) return dead(operation);
    PERDURE_TRY(check_key(key, operation, key_size_max));
    arrive([&](key_view other) { return other == key; });
    const std::string* const there = disk_->remote.find(key);
    note([&] {
      return call + (" " + std::string(key.data(), key.size()) + ": ") +
             (there == nullptr ? "not found" : detail::quoted(*there));
    });
    if (there == nullptr) return no(code::not_found, operation, key);
    return there;
  }

  [[nodiscard]] static result<sent_request> put_request(key_view key, gather content, const precondition& when,
                                                        std::uint64_t passes) {
    PERDURE_TRY(check_key(key, operation::put, key_size_max));
    if (when.is_void()) return no(code::invalid_argument, operation::put, key);
    return sent_request{operation::put, std::string(key.data(), key.size()), all_of(content), when, passes};
  }
  [[nodiscard]] static sent_request remove_request(key_view key, std::uint64_t passes) {
    return {operation::remove_object, std::string(key.data(), key.size()), {}, precondition::any, passes};
  }

  // The power may go before it: what the store held until then is not seen afterwards.
  [[nodiscard]] bool begin(const sent_request& one) {
    if (!alive()) return false;
    if (!disk_->recording) return note([&] { return one.text(); }), true;
    disk_->note_cut();
    return disk_->begin(process_, [&] { return one.text(); });
  }
  [[nodiscard]] result<etag> make(sent_request one) {
    if (!begin(one)) return dead(one.operation);
    if (disk_->recording && disk_->dies_inside()) {
      const enum operation called = one.operation;
      fly(std::move(one));
      disk_->kill();
      return dead(called);
    }
    arrive([&](key_view key) { return key == key_view(one.key); });
    const auto done = disk_->remote.apply(one);
    if (!done) note([&] { return "refused: " + std::string(word_of(done.error().code())); });
    disk_->changed();
    disk_->end();
    return done;
  }
  [[nodiscard]] result<void> send(sent_request one) {
    if (!begin(one)) return dead(one.operation);
    fly(std::move(one));
    return {};
  }
  void fly(sent_request one) {
    disk_->remote.flying.push_back(std::move(one));
    disk_->changed();
    disk_->end();
  }

  // Of the requests that this call would see the effect of, any may have arrived by now, in any order.
  template <class Concerns>
  void arrive(Concerns&& concerns) {
    std::vector<std::size_t> ready;
    std::vector<sent_request>& flying = disk_->remote.flying;
    for (std::size_t i = 0; i < flying.size(); ++i) {
      if (!concerns(flying[i].key)) continue;
      if (flying[i].passes == 0) {
        ready.push_back(i);
      } else {
        --flying[i].passes;
      }
    }
    while (!ready.empty()) {
      disk_->note_cut();
      const std::uint32_t way = disk_->ask ? disk_->ask(static_cast<std::uint32_t>(1 + ready.size())) : 1;
      if (way == 0) return;
      const std::size_t which = ready[way - 1];
      const sent_request one = flying[which];
      flying.erase(flying.begin() + static_cast<std::ptrdiff_t>(which));
      ready.erase(ready.begin() + (way - 1));
      for (std::size_t& other : ready) other -= other > which ? 1 : 0;
      const auto done = disk_->remote.apply(one);
      disk_->changed();
      note([&] { return "only now arrives: " + one.text() + (done ? "" : ", and is refused"); });
    }
  }

  std::shared_ptr<detail::disk> disk_;
  std::uint32_t process_;
};

}  // namespace detail
}  // namespace testing
}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_TESTING_DETAIL_BARE_CRASH_STORE_HPP
