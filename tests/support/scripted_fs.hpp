// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_SUPPORT_SCRIPTED_FS_HPP
#define PERDURE_TESTS_SUPPORT_SCRIPTED_FS_HPP

// scripted_fs: an Fs over another one that writes down each call and lets a test decide what it answers. Without optional
// operations but those that a test asks for by name, so that it also shows the way on where there is none.

#include <perdure/fs/fs_optional.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tests {

struct script {
  // Before the call: an answer given here is the call's, and nothing is done.
  std::function<std::optional<perdure::failure>(const std::string&)> before = [](const std::string&) { return std::nullopt; };
  // After a call that succeeded: the answer that is given instead.
  std::function<std::optional<perdure::failure>(const std::string&)> after = [](const std::string&) { return std::nullopt; };
  std::vector<std::string> calls;

  template <class Call>
  auto run(const std::string& what, Call call) -> decltype(call()) {
    calls.push_back(what);
    if (const auto answer = before(what)) return *answer;
    auto done = call();
    if (done) {
      if (const auto answer = after(what)) return *answer;
    }
    return done;
  }
  [[nodiscard]] std::string trace() const {
    std::string text;
    for (const auto& call : calls) text += (text.empty() ? "" : " ") + call;
    return text;
  }
};

// Fails the first call of that name, before or after it took effect.
inline std::function<std::optional<perdure::failure>(const std::string&)> fail(std::string what, perdure::failure why) {
  return [what, why](const std::string& call) { return call == what ? std::optional(why) : std::nullopt; };
}

template <perdure::Fs Base, bool WithNoReplace = true, bool WithLink = true>
class scripted_fs {
 public:
  using perdure_fs = scripted_fs;

  class file {
   public:
    file(std::shared_ptr<tests::script> plan, typename Base::file base) : script_(std::move(plan)), base_(std::move(base)) {}
    file(file&&) noexcept = default;
    file& operator=(file&&) noexcept = default;
    perdure::result<std::size_t> read_at(std::uint64_t offset, perdure::mutable_bytes into) const {
      return script_->run("read", [&] { return base_.read_at(offset, into); });
    }
    perdure::result<void> write_at(std::uint64_t offset, perdure::gather from) {
      return script_->run("write", [&] { return base_.write_at(offset, from); });
    }
    perdure::result<std::uint64_t> size() const {
      return script_->run("size", [&] { return base_.size(); });
    }
    perdure::result<void> truncate(std::uint64_t size) {
      return script_->run("truncate", [&] { return base_.truncate(size); });
    }
    perdure::result<void> sync(perdure::sync_what what) {
      const char* const names[] = {"sync(order)", "sync(data)", "sync(all)"};
      return script_->run(names[static_cast<int>(what)], [&] { return base_.sync(what); });
    }
    perdure::result<void> close() {
      return script_->run("close", [&] { return base_.close(); });
    }
    perdure::result<perdure::attributes> get_attributes() const { return perdure::get_attributes(base_); }
    perdure::result<void> set_attributes(const perdure::attributes& values, perdure::attribute_set set) {
      return script_->run("set_attributes", [&] { return perdure::set_attributes(base_, values, set); });
    }

   private:
    std::shared_ptr<tests::script> script_;
    typename Base::file base_;
  };

  explicit scripted_fs(Base& base) : base_(&base), script_(std::make_shared<tests::script>()) {}
  [[nodiscard]] tests::script& script() { return *script_; }

  perdure::result<file> open(perdure::path_view path, const perdure::open_options& options) {
    const char* const name = options.creation == perdure::creation::must_exist ? "open" : "create";
    return script_->run(name, [&]() -> perdure::result<file> {
      auto opened = base_->open(path, options);
      if (!opened) return opened.error();
      return file(script_, std::move(*opened));
    });
  }
  perdure::result<perdure::file_info> stat(perdure::path_view path) {
    return script_->run("stat", [&] { return base_->stat(path); });
  }
  perdure::result<void> rename(perdure::path_view from, perdure::path_view to) {
    return script_->run("rename", [&] { return base_->rename(from, to); });
  }
  perdure::result<void> rename_no_replace(perdure::path_view from, perdure::path_view to)
    requires WithNoReplace
  {
    return script_->run("rename_no_replace", [&] { return perdure::rename_no_replace(*base_, from, to); });
  }
  perdure::result<void> link(perdure::path_view from, perdure::path_view to)
    requires WithLink
  {
    return script_->run("link", [&] { return perdure::link(*base_, from, to); });
  }
  perdure::result<void> remove(perdure::path_view path) {
    return script_->run("remove", [&] { return base_->remove(path); });
  }
  perdure::result<void> make_dir(perdure::path_view path) {
    return script_->run("make_dir", [&] { return base_->make_dir(path); });
  }
  perdure::result<void> remove_dir(perdure::path_view path) {
    return script_->run("remove_dir", [&] { return base_->remove_dir(path); });
  }
  perdure::result<void> for_each_entry(perdure::path_view path, perdure::entry_visitor visitor) {
    return script_->run("list", [&] { return base_->for_each_entry(path, visitor); });
  }
  perdure::result<void> sync_dir(perdure::path_view path) {
    return script_->run("sync_dir(" + std::string(path.data(), path.size()) + ")", [&] { return base_->sync_dir(path); });
  }
  perdure::nonce nonce() { return base_->nonce(); }

 private:
  Base* base_;
  std::shared_ptr<tests::script> script_;
};

}  // namespace tests

#endif  // PERDURE_TESTS_SUPPORT_SCRIPTED_FS_HPP
