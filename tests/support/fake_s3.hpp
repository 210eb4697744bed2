// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef PERDURE_TESTS_SUPPORT_FAKE_S3_HPP
#define PERDURE_TESTS_SUPPORT_FAKE_S3_HPP

// fake_s3: a model of Http behind which there is a bucket in memory, with the ways of real engines. It checks each signature,
// each digest of a body and the time, as they do. For threads, too.

#include <perdure/store/detail/md5.hpp>
#include <perdure/store/detail/percent.hpp>
#include <perdure/store/detail/sigv4.hpp>
#include <perdure/store/detail/xml_reader.hpp>
#include <perdure/store/s3_options.hpp>

#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace tests {

class fake_s3 {
 public:
  using perdure_http = fake_s3;

  // Its ways.
  enum class if_match { quoted, bare, ignored };
  enum if_match if_match = if_match::quoted;
  bool keeps_absent = true;
  bool has_bucket = true;
  bool is_virtual = false;
  std::string token;
  std::string expired_token = "none";
  std::int64_t unix_s = 1'440'938'160;
  std::size_t page_max = 1000;
  bool says_batch_failed = false;

  // Of the nth request, counted from 0: what goes wrong. The default is nothing.
  enum class trouble { none, not_sent, answer_lost, lost, refused_503, failed_500_after, cut_off };
  std::function<enum trouble(std::size_t, const std::string& line)> troubles;
  std::vector<std::string> lines;  // "PUT /bucket/key?x=y"
  std::map<std::string, std::string> objects;
  std::map<std::string, std::map<int, std::string>> uploads;

  [[nodiscard]] perdure::http_outcome exchange(const perdure::http_request& request, const perdure::http_receiver& receiver) {
    reply answer;
    enum trouble now = trouble::none;
    {
      const std::lock_guard lock(mutex_);
      lines.push_back(text(request.method) + " " + text(request.target));
      if (troubles) now = troubles(lines.size() - 1, lines.back());
      if (now == trouble::not_sent) return {perdure::http_end::not_sent, 0, false, 7};
      if (now == trouble::lost) return {perdure::http_end::unanswered, 0, true, 28};
      if (now == trouble::refused_503) {
        answer = error(503, "SlowDown");
      } else {
        answer = judged(request);
      }
    }
    if (now == trouble::answer_lost) return {perdure::http_end::unanswered, 0, false, 52};
    if (now == trouble::failed_500_after) answer = error(500, "InternalError");
    receiver.status(answer.status);
    receiver.header({"Date", date()});
    receiver.header({"Content-Length", std::to_string(answer.length != 0 ? answer.length : answer.body.size())});
    for (const auto& [name, value] : answer.headers) receiver.header({name, value});
    std::string body = request.method == perdure::path_view("HEAD") ? "" : answer.body;
    if (now == trouble::cut_off) body.resize(body.size() / 2);
    for (std::size_t at = 0; at < body.size(); at += 1000) {
      const std::size_t size = body.size() - at < 1000 ? body.size() - at : 1000;
      if (receiver.body({body.data() + at, size}) == perdure::visit::stop) break;
    }
    if (now == trouble::cut_off) return {perdure::http_end::unanswered, 0, false, 18};
    return {perdure::http_end::answered, answer.status, false, 0};
  }

 private:
  struct reply {
    int status = 200;
    std::string body = {};
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::size_t length = 0;  // of a HEAD
  };

  static std::string text(perdure::path_view view) { return {view.data(), view.size()}; }
  static reply error(int status, const std::string& code) {
    return {status, "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>m</Message></Error>"};
  }
  static std::string decoded(const std::string& from) {
    std::string to;
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (from[i] != '%') {
        to += from[i];
      } else {
        to += static_cast<char>(static_cast<unsigned char>(perdure::detail::hex_byte(from[i + 1], from[i + 2])));
        i += 2;
      }
    }
    return to;
  }
  // As S3 does it: a space is a '+'.
  static std::string encoded(const std::string& from) {
    perdure::path_buffer<4096> to;
    perdure::detail::append_percent(to, from, perdure::detail::slashes::are_encoded);
    std::string text = to.c_str();
    for (std::size_t at = 0; (at = text.find("%20", at)) != std::string::npos;) text.replace(at, 3, "+");
    return text;
  }
  static std::string etag_of(const std::string& body) {
    std::string text;
    for (const std::byte b : perdure::detail::md5(body).value) {
      text += "0123456789abcdef"[std::to_integer<unsigned>(b) >> 4];
      text += "0123456789abcdef"[std::to_integer<unsigned>(b) & 15];
    }
    return text;
  }
  static std::string hex(const perdure::digest& value) {
    char room[64];
    const perdure::bytes all = perdure::to_hex(value, room);
    return {reinterpret_cast<const char*>(all.data()), all.size()};
  }
  [[nodiscard]] std::string date() const {
    const perdure::detail::signing_time now(unix_s * perdure::ns_per_second);
    const std::string all(now.text, 16);
    const std::string months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    return "Xxx, " + all.substr(6, 2) + " " + months.substr(3 * std::stoul(all.substr(4, 2)) - 3, 3) + " " + all.substr(0, 4) +
           " " + all.substr(9, 2) + ":" + all.substr(11, 2) + ":" + all.substr(13, 2) + " GMT";
  }

  reply judged(const perdure::http_request& request) {
    std::map<std::string, std::string> headers;
    std::vector<perdure::http_header> to_sign = {{"host", request.host}};
    std::string given;
    for (std::size_t i = 0; i < request.header_count; ++i) {
      const std::string name = text(request.headers[i].name);
      if (headers.count(name) != 0) return error(403, "SignatureDoesNotMatch");
      headers[name] = text(request.headers[i].value);
      if (name == "authorization") {
        given = headers[name];
      } else {
        to_sign.push_back(request.headers[i]);
      }
    }
    std::string body;
    for (const perdure::bytes& part : request.body) body.append(reinterpret_cast<const char*>(part.data()), part.size());
    const std::string digest = hex(perdure::sha256_of(body));
    if (headers["x-amz-content-sha256"] != digest) return error(400, "XAmzContentSHA256Mismatch");
    if (headers["x-amz-security-token"] == expired_token) return error(400, "ExpiredToken");
    if (headers["x-amz-security-token"] != token) return error(403, "InvalidAccessKeyId");
    const std::string target = text(request.target);
    const std::string path = target.substr(0, target.find('?'));
    const std::string query = target.size() > path.size() ? target.substr(path.size() + 1) : "";
    // The server's own time is what it signs with, if that of the request is near.
    const auto seconds_of = [](const std::string& t) {
      const std::string months = "JanFebMarAprMayJunJulAugSepOctNovDec";
      return perdure::detail::unix_of_http_date("Xxx, " + t.substr(6, 2) + " " +
                                                months.substr(3 * std::stoul(t.substr(4, 2)) - 3, 3) + " " + t.substr(0, 4) +
                                                " " + t.substr(9, 2) + ":" + t.substr(11, 2) + ":" + t.substr(13, 2) + " GMT");
    };
    const std::int64_t then = seconds_of(headers["x-amz-date"]);
    const perdure::detail::sigv4_request canonical = {request.method, path, query, to_sign.data(), to_sign.size(), digest};
    const perdure::detail::sigv4_scope scope = {"AKIDEXAMPLE", "the-secret", "us-east-1", "s3"};
    perdure::path_buffer<1024> expected;
    perdure::detail::sigv4(canonical, scope, perdure::detail::signing_time(then * perdure::ns_per_second))
        .append_authorization(expected);
    if (given != expected.c_str()) return error(403, "SignatureDoesNotMatch");
    if (std::llabs(then - unix_s) > 900) return error(403, "RequestTimeTooSkewed");
    return routed(text(request.method), path, query, headers, body);
  }

  reply routed(const std::string& method, const std::string& path, const std::string& query,
               std::map<std::string, std::string>& headers, const std::string& body) {
    const std::string bucket = "/bucket";
    const std::string in_bucket = is_virtual ? path : path.substr(0, bucket.size()) == bucket ? path.substr(bucket.size()) : "?";
    if (in_bucket == "?") return error(404, "NoSuchBucket");
    const std::string key = in_bucket.empty() ? "" : decoded(in_bucket.substr(1));
    std::map<std::string, std::string> pairs;
    for (std::size_t at = 0; at < query.size();) {
      const std::string pair = query.substr(at, query.find('&', at) - at);
      pairs[decoded(pair.substr(0, pair.find('=')))] = decoded(pair.substr(pair.find('=') + 1));
      at += pair.size() + 1;
    }
    if (key.empty() && method == "PUT") {
      const bool had = has_bucket;
      has_bucket = true;
      return had ? error(409, "BucketAlreadyOwnedByYou") : reply{};
    }
    if (!has_bucket) return error(404, "NoSuchBucket");
    if (key.empty() && method == "GET") return page(pairs);
    if (key.empty()) return removed(headers, body);
    if (pairs.count("uploads") != 0 || pairs.count("uploadId") != 0) return upload(method, key, pairs, body);
    if (method == "PUT") return put(key, headers, body);
    if (method == "DELETE") return objects.erase(key), reply{204};
    return got(method, key, headers);
  }

  reply put(const std::string& key, std::map<std::string, std::string>& headers, const std::string& body) {
    const auto there = objects.find(key);
    if (headers.count("if-none-match") != 0 && there != objects.end() && keeps_absent) return error(412, "PreconditionFailed");
    if (headers.count("if-match") != 0 && if_match != if_match::ignored) {
      if (there == objects.end()) return error(404, "NoSuchKey");
      const std::string now = etag_of(there->second);
      const std::string wanted = if_match == if_match::quoted ? "\"" + now + "\"" : now;
      if (headers["if-match"] != wanted) return error(412, "PreconditionFailed");
    }
    objects[key] = body;
    return {200, "", {{"ETag", "\"" + etag_of(body) + "\""}}};
  }
  reply got(const std::string& method, const std::string& key, std::map<std::string, std::string>& headers) {
    const auto there = objects.find(key);
    if (there == objects.end()) return error(404, "NoSuchKey");
    const std::string& all = there->second;
    reply answer{200, all, {{"etag", "\"" + etag_of(all) + "\""}}, all.size()};
    if (headers.count("range") == 0) return answer;
    const std::string range = headers["range"].substr(6);
    const std::size_t from = std::stoull(range);
    const std::size_t to = std::stoull(range.substr(range.find('-') + 1));
    if (from >= all.size()) return error(416, "InvalidRange");
    answer.body = all.substr(from, to - from + 1);
    answer.length = answer.body.size();
    answer.status = 206;
    answer.headers.emplace_back("Content-Range", "bytes " + std::to_string(from) + "-" +
                                                     std::to_string(from + answer.length - 1) + "/" + std::to_string(all.size()));
    return method == "HEAD" ? reply{500} : answer;
  }
  reply page(std::map<std::string, std::string>& pairs) {
    const std::string prefix = pairs["prefix"];
    const std::string behind = pairs["start-after"];
    const std::size_t most = std::min<std::size_t>(std::stoul(pairs["max-keys"]), page_max);
    std::string body =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
        "<Name>bucket</Name><EncodingType>url</EncodingType><Prefix>x</Prefix>";
    std::size_t count = 0;
    bool truncated = false;
    for (const auto& [key, content] : objects) {
      if (key.compare(0, prefix.size(), prefix) != 0 || key <= behind) continue;
      truncated = count == most;
      if (truncated) break;
      ++count;
      body += "<Contents><Key>" + encoded(key) + "</Key><ETag>&quot;x&quot;</ETag><Size>" + std::to_string(content.size()) +
              "</Size><Owner><ID>o</ID></Owner></Contents>";
    }
    return {200, body + "<IsTruncated>" + (truncated ? "true" : "false") + "</IsTruncated></ListBucketResult>"};
  }
  reply removed(std::map<std::string, std::string>& headers, const std::string& body) {
    if (headers["content-md5"] != perdure::detail::content_md5(body).c_str()) return error(400, "InvalidDigest");
    if (says_batch_failed)
      return {200, "<DeleteResult><Error><Key>k</Key><Code>AccessDenied</Code><Message/></Error></DeleteResult>"};
    perdure::detail::xml_reader reader(body);
    for (;;) {
      const auto event = reader.next();
      if (event == perdure::detail::xml_event::bad) return error(400, "MalformedXML");
      if (event == perdure::detail::xml_event::done) return {200, "<DeleteResult></DeleteResult>"};
      if (event == perdure::detail::xml_event::text && reader.depth() == 3) {
        perdure::path_buffer<1024> key;
        if (!perdure::detail::append_xml_text(key, reader.text())) return error(400, "MalformedXML");
        objects.erase(std::string(key.data(), key.size()));
      }
    }
  }
  reply upload(const std::string& method, const std::string& key, std::map<std::string, std::string>& pairs,
               const std::string& body) {
    if (pairs.count("uploads") != 0) {
      const std::string id = "up+load/" + std::to_string(++last_upload_);
      uploads[id] = {};
      return {200, "<InitiateMultipartUploadResult><UploadId>" + id + "</UploadId></InitiateMultipartUploadResult>"};
    }
    const auto there = uploads.find(pairs["uploadId"]);
    if (there == uploads.end()) return error(404, "NoSuchUpload");
    if (method == "PUT") {
      there->second[std::stoi(pairs["partNumber"])] = body;
      return {200, "", {{"ETag", "\"" + etag_of(body) + "\""}}};
    }
    std::string whole;
    for (const auto& [number, part] : there->second) {
      whole += part;
      const std::string told =
          "<Part><PartNumber>" + std::to_string(number) + "</PartNumber><ETag>\"" + etag_of(part) + "\"</ETag></Part>";
      if (method == "POST" && body.find(told) == std::string::npos) return error(400, "InvalidPart");
    }
    uploads.erase(there);
    if (method == "DELETE") return {204};
    objects[key] = whole;
    return {200, "  <?xml version=\"1.0\"?><CompleteMultipartUploadResult><ETag>&quot;" + etag_of(whole) +
                     "&quot;</ETag></CompleteMultipartUploadResult>"};
  }

  std::mutex mutex_;
  int last_upload_ = 0;
};
static_assert(perdure::Http<fake_s3>);

// Of the bucket that a fake_s3 is.
[[nodiscard]] inline perdure::s3_options fake_s3_options(const char* address = "s3://bucket") {
  perdure::s3_options options;
  (void)perdure::set_s3_address(options, address);
  (void)perdure::set_s3_endpoint(options, "http://fake");
  options.credentials.access_key.append("AKIDEXAMPLE");
  options.credentials.secret_key.append("the-secret");
  return options;
}

}  // namespace tests

#endif  // PERDURE_TESTS_SUPPORT_FAKE_S3_HPP
