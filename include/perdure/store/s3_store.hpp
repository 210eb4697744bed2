// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_STORE_S3_STORE_HPP
#define PERDURE_STORE_S3_STORE_HPP

// s3_store: a bucket of S3, or of what speaks like it, and a model of Store (store.hpp). Over any Http (http.hpp).
//
//   perdure::s3_options options;                                     // address, endpoint, credentials: s3_options.hpp
//   auto store = perdure::s3_store<perdure::curl_http>::open(http, clock, options);
//
// An object is an object of the bucket under prefix + key, an etag the server's own, without quotes. Every request is signed
// (Signature Version 4), its body included, and is sent once.
//
// open asks whether the endpoint keeps conditions, for many ignore them in silence: under a key of its own it puts if absent,
//   twice, and replaces by the right etag and by a stale one. That also settles in which form If-Match takes an etag: quoted, as
//   the standard has it, or bare. The object is removed again.
// Success: as store.hpp has it; what is visible is durable, so that settle() has nothing to do.
// Failure of open: invalid_storage_root: no such bucket, another region, or options that mean nothing; permission: no
//   credentials, or wrong ones, each about what is to be looked at, the bucket's region and the server's time included;
//   unsupported: the endpoint ignores conditions, or tells no etags. What is left of the probe is nothing, or one object under
//   ".perdure-probe-".
// Failure: detail/s3_answer.hpp has the table. 412, and 404 of a put that wants a version, is a loss; 409 is busy; 5xx and
//   silence are in doubt, and may come late (law S6): what is shared is kept in an object_slot, which settles that. put_stream:
//   the parts are no object yet, so that a failure before the last step puts nothing; the upload is abandoned, as well as that
//   goes: a rule of the bucket should end what is left of those. remove_prefix: 1,000 at a time.
// Crash: as store.hpp has it.
// Not promised: what one round of probing cannot see: that the endpoint keeps conditions between machines that race. Anything in
//   a bucket that keeps versions, beyond the newest. Keys with "." or ".." as a part where a proxy on the way rewrites paths.
//   Memory: a page of a listing and a part of a put_stream are held in it.

#include <perdure/config.hpp>
#include <perdure/core/native_clock.hpp>
#include <perdure/fs/detail/posix_writer.hpp>
#include <perdure/store/detail/md5.hpp>
#include <perdure/store/detail/s3_advice.hpp>
#include <perdure/store/detail/s3_body.hpp>
#include <perdure/store/detail/s3_connection.hpp>
#include <perdure/store/detail/s3_listing.hpp>
#include <perdure/store/detail/s3_upload.hpp>
#include <perdure/store/store.hpp>

namespace perdure {
inline namespace v1 {

// Where nonces come from, that are unlike those of any other process of any machine.
using nonce_source = struct nonce (*)();

template <Http H, Clock C = native_clock>
class s3_store {
  using connection = detail::s3_connection<H, C>;
  using whole_key = detail::s3_key;

 public:
  using perdure_store = s3_store;
  static constexpr std::size_t key_size_max = detail::s3_key_size_max;  // with the prefix
  static constexpr std::uint64_t put_size_max = std::uint64_t{5} << 30;
  static constexpr std::size_t page_size_max = 1000;

  [[nodiscard]] static result<s3_store> open(H& http, C& clock, const s3_options& options, nonce_source nonces) {
    const bool is_set = options.host.size() != 0 && options.region.size() != 0 && detail::is_bucket_name(options.bucket) &&
                        options.host.ok() && options.region.ok() && options.prefix.ok();
    if (!is_set || options.part_size_bytes == 0) return failure(code::invalid_storage_root, operation::open);
    const bool has_signer = options.source.is_set() || (options.credentials.complete() && options.credentials.sendable());
    if (!has_signer) return failure(code::permission, operation::open).about("a bucket for which there are no credentials");
    s3_store made(http, clock, options, nonces);
    if (options.bucket_is == s3_bucket_is::made) PERDURE_TRY(made.make_bucket());
    if (options.probe == s3_probe::conditions) PERDURE_TRY(made.probe());
    return made;
  }
#if PERDURE_HAS_POSIX
  [[nodiscard]] static result<s3_store> open(H& http, C& clock, const s3_options& options) {
    return open(http, clock, options, detail::posix_nonce);
  }
#endif

  [[nodiscard]] result<object_info> get(key_view key, mutable_bytes into) {
    whole_key whole;
    PERDURE_TRY(compose(whole, key, operation::get));
    std::size_t at = 0;
    const auto answer = look("GET", whole, {}, [&](const detail::s3_answer& so_far, bytes piece) {
      const bool fits = piece.size() <= into.size() - at && (so_far.length == size_unknown || so_far.length <= into.size());
      if (!fits) return visit::stop;
      if (!piece.empty()) std::memcpy(into.data() + at, piece.data(), piece.size());
      at += piece.size();
      return visit::go_on;
    });
    if (answer.status() != 200) return told(answer, operation::get, key);
    if (answer.stopped) return about(failure(code::too_large, operation::get), key);
    if (answer.version().empty()) return about(failure(code::unsupported, operation::get), key);
    return object_info{at, answer.version()};
  }

  [[nodiscard]] result<range_info> get_range(key_view key, std::uint64_t offset, mutable_bytes into) {
    whole_key whole;
    PERDURE_TRY(compose(whole, key, operation::get));
    // No object is so large, and no server takes such numbers.
    if (into.empty() || offset > (std::uint64_t{1} << 60)) return nothing_of(whole, key);
    path_buffer<64> range;
    range.append("bytes=");
    detail::append_number(range, offset);
    range.append("-");
    detail::append_number(range, offset + into.size() - 1);
    std::size_t at = 0;
    std::uint64_t skip = offset;  // of an answer that is the whole object
    const auto answer = look("GET", whole, {"range", range}, [&](const detail::s3_answer& so_far, bytes piece) {
      if (so_far.total != size_unknown) skip = 0;
      const std::size_t skipped = skip < piece.size() ? static_cast<std::size_t>(skip) : piece.size();
      skip -= skipped;
      const bytes part = piece.from(skipped).first(into.size() - at);
      if (!part.empty()) std::memcpy(into.data() + at, part.data(), part.size());
      at += part.size();
      // Enough of the whole object, whose size is known; or more than a part should have.
      const bool is_enough = so_far.total == size_unknown ? so_far.length != size_unknown : part.empty();
      return at == into.size() && is_enough ? visit::stop : visit::go_on;
    });
    if (answer.status() == 416) {
      const auto nothing = nothing_of(whole, key);
      // Behind the end, which is not there: who goes on from what came would do so for ever.
      if (nothing && offset < nothing->size_bytes) return about(failure(code::io, operation::get, 416), key);
      return nothing;
    }
    if (answer.status() == 206 && answer.total != size_unknown && answer.range_at == offset) {
      const std::uint64_t behind = offset < answer.total ? answer.total - offset : 0;
      if (at == (behind < into.size() ? static_cast<std::size_t>(behind) : into.size())) return range_info{at, answer.total};
      return about(failure(code::io, operation::get, 206), key);
    }
    if (answer.status() == 200 && answer.total == size_unknown)
      return range_info{at, answer.length == size_unknown ? answer.body_size : answer.length};
    return answer.is_success() ? about(failure(code::io, operation::get, answer.status()), key)
                               : told(answer, operation::get, key);
  }

  [[nodiscard]] result<object_info> head(key_view key) {
    whole_key whole;
    PERDURE_TRY(compose(whole, key, operation::head));
    const auto answer = look("HEAD", whole, {}, detail::ignore_body);
    if (answer.status() != 200) return told(answer, operation::head, key);
    if (answer.length == size_unknown) return about(failure(code::io, operation::head, 200), key);
    return object_info{answer.length, answer.version()};
  }

  [[nodiscard]] result<etag> put(key_view key, gather content, const precondition& when) {
    whole_key whole;
    PERDURE_TRY(compose(whole, key, operation::put));
    if (when.is_void()) return about(failure(code::invalid_argument, operation::put), key);
    if (!when.is_any() && etags_ == etag_form::unknown) return about(failure(code::unsupported, operation::put), key);
    if (content.size() > put_size_max) return about(failure(code::too_large, operation::put), key);
    return put_whole(whole, content, when, etags_, key);
  }

  [[nodiscard]] result<void> remove(key_view key) {
    whole_key whole;
    PERDURE_TRY(compose(whole, key, operation::remove_object));
    const auto answer = connection_.send({"DELETE", whole}, detail::ignore_body);
    if (answer.is_success() || (answer.status() == 404 && answer.says("NoSuchKey"))) return {};
    return about(s3_failure(answer, operation::remove_object, detail::s3_effect::changes), key);
  }

  [[nodiscard]] result<listed> list(key_view prefix, key_view cursor, std::size_t limit, object_visitor visitor) {
    whole_key begin;
    whole_key from;
    PERDURE_TRY(check_prefix(prefix, operation::list_objects, key_size_max));
    PERDURE_TRY(check_prefix(cursor, operation::list_objects, key_size_max));
    if (limit == 0) return about(failure(code::invalid_argument, operation::list_objects), prefix);
    // Behind all of the prefix there is nothing left.
    if (detail::compare_keys(cursor, prefix) > 0 && !detail::begins_with(cursor, prefix)) return listed::all;
    begin.append(options().prefix).append(prefix);
    from.append(options().prefix).append(cursor);
    if (!begin.ok() || !from.ok()) return about(failure(code::too_large, operation::list_objects), prefix);
    detail::s3_body body((limit < page_size_max ? limit : page_size_max) * 4608 + 65536);
    PERDURE_TRY(get_page(begin, from, limit, prefix, body));
    return show(detail::s3_listing(body.view()), begin, from, limit, prefix, visitor);
  }

  [[nodiscard]] struct nonce nonce() { return nonces_(); }

  [[nodiscard]] result<etag> put_stream(key_view key, byte_source source) {
    whole_key whole;
    PERDURE_TRY(compose(whole, key, operation::put));
    detail::s3_body part(options().part_size_bytes);
    const mutable_bytes room = part.whole();
    if (room.empty()) return about(failure(code::no_space, operation::put), key);
    auto first = detail::fill(source, room);
    if (!first) return first.error();
    if (*first != room.size()) return put_whole(whole, bytes(room).first(*first), precondition::any, etags_, key);
    detail::s3_upload upload(connection_, whole);
    const auto done = upload.run(source, room);
    if (!done) return about(done.error(), key);
    return done;
  }

  [[nodiscard]] result<void> remove_prefix(key_view prefix) {
    if (prefix.empty()) return failure(code::invalid_argument, operation::remove_object);
    whole_key cursor;
    for (bool some = false;;) {
      detail::s3_body batch(std::size_t{8} << 20);
      const auto removed = remove_page(prefix, cursor, batch, some);
      if (!removed) return some ? removed.error().with(doubt::visible) : removed.error();
      if (*removed == listed::all) return {};
    }
  }

 private:
  enum class etag_form : std::uint8_t { unknown, quoted, bare };

  s3_store(H& http, C& clock, const s3_options& options, nonce_source nonces) noexcept
      : connection_(http, clock, options), nonces_(nonces) {}

  [[nodiscard]] const s3_options& options() const noexcept { return connection_.options(); }
  [[nodiscard]] static failure about(const failure& why, key_view key) noexcept { return why.about({key.data(), key.size()}); }
  // Of what only looked.
  [[nodiscard]] static failure told(const detail::s3_answer& answer, enum operation operation, key_view key) noexcept {
    return about(s3_failure(answer, operation, detail::s3_effect::looks), key);
  }
  [[nodiscard]] result<void> compose(whole_key& whole, key_view key, enum operation operation) const noexcept {
    PERDURE_TRY(check_key(key, operation, key_size_max));
    if (!whole.append(options().prefix).append(key).ok()) return about(failure(code::too_large, operation), key);
    return {};
  }
  [[nodiscard]] detail::s3_answer look(path_view method, path_view whole, const http_header& header, detail::s3_sink sink) {
    const std::size_t count = header.name.empty() ? 0 : 1;
    return connection_.send({method, whole, nullptr, 0, &header, count, bytes(), http_sending::repeatable}, sink);
  }
  // get_range of nothing, which still tells the size.
  [[nodiscard]] result<range_info> nothing_of(path_view whole, key_view key) {
    const auto answer = look("HEAD", whole, {}, detail::ignore_body);
    if (answer.status() != 200) return told(answer, operation::get, key);
    if (answer.length == size_unknown) return about(failure(code::io, operation::get, 200), key);
    return range_info{0, answer.length};
  }

  [[nodiscard]] result<etag> put_whole(path_view whole, gather content, const precondition& when, etag_form form, key_view key) {
    path_buffer<96> version;
    http_header condition;
    if (when.is_absent()) condition = {"if-none-match", "*"};
    if (!when.is_any() && !when.is_absent()) {
      const bytes wanted = when.version().view();
      const path_view text(reinterpret_cast<const char*>(wanted.data()), wanted.size());
      // One that no server here has given: it matches nothing.
      if (!(detail::bare_etag(text) == when.version())) return about(failure(code::conflict, operation::put), key);
      if (form == etag_form::quoted) version.append("\"");
      version.append(text);
      if (form == etag_form::quoted) version.append("\"");
      condition = {"if-match", version};
    }
    const auto answer =
        connection_.send({"PUT", whole, nullptr, 0, &condition, condition.name.empty() ? 0U : 1U, content}, detail::ignore_body);
    if (answer.is_success()) {
      if (answer.version().empty() && !when.is_any())
        return about(failure(code::unsupported, operation::put, answer.status()).with(doubt::visible), key);
      return answer.version();
    }
    const failure bare = s3_failure(answer, operation::put, detail::s3_effect::changes);
    const failure why = key.empty() ? detail::s3_advised(bare, answer) : bare;  // a probe's
    if (why.doubt() != doubt::none) return about(why, key);
    const bool is_refused = why.code() == code::conflict;
    if (when.is_absent() && is_refused) return about(failure(code::already_exists, operation::put, answer.status()), key);
    // Only of a put that wants a version "not found" is a loss; of others it is the bucket that is missing.
    const bool wants_version = !when.is_any() && !when.is_absent();
    if (why.code() == code::not_found && !wants_version)
      return about(failure(code::invalid_storage_root, operation::put, answer.status()), key);
    if (is_refused && when.is_any()) return about(failure(code::invalid_argument, operation::put, answer.status()), key);
    return about(why, key);
  }

  [[nodiscard]] result<void> get_page(path_view begin, path_view from, std::size_t limit, key_view prefix,
                                      detail::s3_body& body) {
    path_buffer<24> number;
    detail::append_number(number, limit < page_size_max ? limit : page_size_max);
    detail::query_pair pairs[] = {
        {"list-type", "2"}, {"encoding-type", "url"}, {"max-keys", number}, {"prefix", begin}, {"start-after", from}};
    const auto answer = connection_.send(
        {"GET", {}, pairs, from.empty() ? 4U : 5U, nullptr, 0, bytes(), http_sending::repeatable},
        [&](const detail::s3_answer&, bytes piece) { return body.append(piece).ok() ? visit::go_on : visit::stop; });
    if (answer.status() == 404) return about(failure(code::invalid_storage_root, operation::list_objects, 404), prefix);
    if (answer.status() != 200) return told(answer, operation::list_objects, prefix);
    if (answer.stopped) return about(failure(code::too_large, operation::list_objects), prefix);
    return {};
  }
  [[nodiscard]] result<listed> show(const detail::s3_listing& page, path_view begin, path_view from, std::size_t limit,
                                    key_view prefix, object_visitor visitor) {
    const failure bad = about(failure(code::io, operation::list_objects, 200), prefix);
    if (!page.good() || !page.goes_on(begin, from, options().prefix.size())) return bad;
    std::size_t shown = 0;
    bool stopped = false;
    const bool readable = page.each([&](key_view whole, std::uint64_t size) {
      const key_view key = whole.from(options().prefix.size());
      if (key.empty()) return visit::go_on;
      // There may be more than was asked for.
      stopped = shown == limit || (++shown, visitor({key, size}) == visit::stop);
      return stopped ? visit::stop : visit::go_on;
    });
    if (!readable || (page.truncated() && shown == 0)) return bad;
    return page.truncated() || stopped ? listed::more : listed::all;
  }

  // Removes a page of keys, and moves the cursor behind it. What no XML can hold is removed by itself.
  [[nodiscard]] result<listed> remove_page(key_view prefix, whole_key& cursor, detail::s3_body& batch, bool& some) {
    batch.append("<Delete><Quiet>true</Quiet>");
    std::size_t count = 0;
    failure alone(code::io, operation::remove_object);
    bool failed = false;
    const auto page = list(prefix, cursor, page_size_max, [&](const listed_object& one) {
      cursor.clear();
      cursor.append(one.key);
      const std::size_t before = batch.size();
      batch.append("<Object><Key>");
      const auto take = [&](path_view text) { batch.append(text); };
      if (detail::append_xml_escaped(options().prefix, take) && detail::append_xml_escaped(one.key, take)) {
        batch.append("</Key></Object>");
        ++count;
        return visit::go_on;
      }
      batch.truncate(before);
      const auto removed = remove(one.key);
      if (!removed) alone = removed.error();
      failed = !removed;
      some = some || !failed;
      return failed ? visit::stop : visit::go_on;
    });
    if (!page) return page.error().with(doubt::none);
    if (failed) return alone;
    batch.append("</Delete>");
    if (!batch.ok()) return about(failure(code::no_space, operation::remove_object), prefix);
    if (count != 0) PERDURE_TRY(remove_batch(batch.view(), prefix));
    some = some || count != 0;
    return page;
  }
  [[nodiscard]] result<void> remove_batch(bytes document, key_view prefix) {
    detail::query_pair what = {"delete", ""};
    const auto sum = detail::content_md5(document);
    const http_header header = {"content-md5", sum};
    detail::s3_body body(std::size_t{8} << 20);
    const auto answer = connection_.send(
        {"POST", {}, &what, 1, &header, 1, document},
        [&](const detail::s3_answer&, bytes piece) { return body.append(piece).ok() ? visit::go_on : visit::stop; });
    if (answer.status() != 200) return about(s3_failure(answer, operation::remove_object, detail::s3_effect::changes), prefix);
    const detail::xml_child error(body.view(), "DeleteResult", "Error");
    if (error.is_root && !error.is_found && !answer.stopped && detail::is_whole_xml(body.view())) return {};
    return about(failure(code::io, operation::remove_object, 200).with(doubt::visible), prefix);
  }

  [[nodiscard]] result<void> make_bucket() {
    path_buffer<256> where;
    if (!(path_view(options().region) == path_view("us-east-1"))) {
      where.append("<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>")
          .append(options().region)
          .append("</LocationConstraint></CreateBucketConfiguration>");
    }
    const auto answer =
        connection_.send({"PUT", {}, nullptr, 0, nullptr, 0, bytes(where.data(), where.size())}, detail::ignore_body);
    if (answer.is_success() || answer.says("BucketAlreadyOwnedByYou")) return {};
    return detail::s3_advised(s3_failure(answer, operation::open, detail::s3_effect::changes), answer);
  }

  [[nodiscard]] result<void> probe() {
    whole_key whole;
    whole.append(options().prefix).append(".perdure-probe-");
    const struct nonce own = nonces_();
    const std::uint64_t parts[] = {own.place, own.process, own.started, own.serial};
    for (const std::uint64_t part : parts) {
      detail::append_number(whole, part);
      whole.append(".");
    }
    const auto found = probe_at(whole);
    // Also where it failed: it may be there.
    (void)connection_.send({"DELETE", whole}, detail::ignore_body);
    if (!found) return failure(found.error().code(), operation::open, found.error().system_code()).about(found.error().path());
    return {};
  }
  [[nodiscard]] result<void> probe_at(path_view whole) {
    const failure ignores(code::unsupported, operation::open);
    const auto first = put_whole(whole, "1", precondition::absent, etag_form::quoted, {});
    if (!first) return first.error();
    const auto again = put_whole(whole, "2", precondition::absent, etag_form::quoted, {});
    if (again) return ignores;
    if (again.error().code() != code::already_exists) return again.error();
    constexpr etag_form forms[] = {etag_form::quoted, etag_form::bare};
    for (const etag_form form : forms) {
      const auto next = put_whole(whole, "3", precondition::matches(*first), form, {});
      if (!next && next.error().code() == code::conflict) continue;
      if (!next) return next.error();
      const auto stale = put_whole(whole, "4", precondition::matches(*first), form, {});
      if (stale || *next == *first) return ignores;
      if (stale.error().code() != code::conflict) return stale.error();
      etags_ = form;
      return {};
    }
    return ignores;
  }

  connection connection_;
  nonce_source nonces_;
  etag_form etags_ = etag_form::unknown;
};

}  // namespace v1
}  // namespace perdure

#endif  // PERDURE_STORE_S3_STORE_HPP
