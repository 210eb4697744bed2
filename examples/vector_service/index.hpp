// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_VECTOR_SERVICE_INDEX_HPP
#define EXAMPLES_VECTOR_SERVICE_INDEX_HPP

// vector_index: vectors under numbers, and those that are nearest to another one. Its caller keeps threads apart: many may look,
// or one may change it.
//
// A view() is what it is now, copied; its checksums are worked out, and it is written, when the index may have moved on long
// since.

#include <perdure/engine/engine.hpp>

#include <examples/vector_service/envelope.hpp>
#include <examples/vector_service/graph.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

namespace vector_service {

struct item {
  std::uint64_t id = 0;
  std::vector<float> values;
};
struct hit {
  std::uint64_t id = 0;
  float distance = 0;
};
using batch = std::vector<item>;

// An index at some moment, and all that it takes to write it down.
struct index_view {
  std::string name;
  parameters of;
  std::string body;
  std::string mark = {};

  [[nodiscard]] result<void> save(perdure::engine_sink& to) const {
    PERDURE_TRY(to.envelope(text_of({name, of, body.size(), perdure::crc32c(body), mark})));
    PERDURE_TRY(to.section("body"));
    return to.write(body);
  }
};

class vector_index {
 public:
  using perdure_engine = vector_index;
  static constexpr std::size_t batch_items_max = 100'000;

  [[nodiscard]] static result<vector_index> make(const std::string& name, const parameters& wanted) {
    PERDURE_TRY(check(wanted));
    vector_index one(name, wanted);
    one.graph_ = std::make_unique<graph>(*one.space_, 64, wanted.m, wanted.ef_construction);
    return one;
  }
  [[nodiscard]] static result<vector_index> load(const perdure::engine_source& from) {
    const perdure::bytes kept = from.envelope();
    const auto told = read_envelope(kept);
    if (!told) return told.error();
    const auto section = from.find("body");
    if (!section) return section.error();
    std::string body;
    // In pieces: between them whoever loads may find that it takes too long.
    constexpr std::size_t piece_bytes = 1 << 20;
    while (body.size() < section->size_bytes()) {
      const std::size_t at = body.size();
      body.resize(std::min<std::size_t>(at + piece_bytes, section->size_bytes()));
      const auto got = section->read_at(at, perdure::mutable_bytes(body.data() + at, body.size() - at));
      if (!got) return got.error();
    }
    PERDURE_TRY(check_body(*told, 8 + kept.size(), body));
    vector_index one(told->name, told->of);
    auto read = graph::of_bytes(body, *one.space_, told->of.m, told->of.ef_construction);
    if (!read) return read.error();
    one.graph_ = std::move(*read);
    return one;
  }
  [[nodiscard]] result<void> save(perdure::engine_sink& to) const { return view().save(to); }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const parameters& about() const { return of_; }
  [[nodiscard]] std::size_t count() const { return graph_->count(); }

  // All of them or none: nothing is touched before each of them is known to be good. What is there already is replaced.
  // Failure: invalid_argument, which item it is and what is wrong with it.
  [[nodiscard]] result<void> add(batch items) {
    PERDURE_TRY(check_items(items));
    graph_->reserve(items.size());
    for (item& one : items) {
      measure(one.values);
      // The same vector again is a batch whose answer was lost.
      if (graph_->contains(one.id) && std::equal(one.values.begin(), one.values.end(), graph_->vector_of(one.id))) continue;
      graph_->addPoint(one.values.data(), one.id, -1);
    }
    return {};
  }
  // What is not there is removed already.
  [[nodiscard]] std::size_t remove(const std::vector<std::uint64_t>& ids) {
    std::size_t removed = 0;
    for (const std::uint64_t id : ids) {
      if (!graph_->contains(id)) continue;
      graph_->markDelete(id);
      ++removed;
    }
    return removed;
  }
  // The nearest first.
  [[nodiscard]] result<std::vector<hit>> search(std::vector<float> values, std::size_t k) const {
    PERDURE_TRY(check_values(values, "values"));
    if (k < 1 || k > 10'000) return failure(code::invalid_argument, operation::none).about("k: from 1 to 10000");
    measure(values);
    std::vector<hit> hits;
    // What is gone is passed over by looking further.
    for (auto found = graph_->searchKnn(values.data(), k); !found.empty(); found.pop()) {
      const float squared = found.top().first;
      hits.push_back({found.top().second, is_cosine() ? squared / 2 : squared});
    }
    std::reverse(hits.begin(), hits.end());
    return hits;
  }

  [[nodiscard]] index_view view() const { return {.name = name_, .of = of_, .body = graph_->to_bytes()}; }

 private:
  vector_index(const std::string& name, const parameters& of)
      : name_(name), of_(of), space_(std::make_unique<hnswlib::L2Space>(of.dimension)) {}

  [[nodiscard]] bool is_cosine() const { return of_.metric == "cosine"; }
  // By the angle between vectors is by the distance of their directions.
  void measure(std::vector<float>& values) const {
    if (!is_cosine()) return;
    double squares = 0;
    for (const float one : values) squares += double(one) * double(one);
    for (float& one : values) one = static_cast<float>(double(one) / std::sqrt(squares));
  }

  [[nodiscard]] result<void> check_values(const std::vector<float>& values, const std::string& which) const {
    const auto wrong = [&](const char* what) {
      return failure(code::invalid_argument, operation::none).about(perdure::bytes(which + ": " + what));
    };
    if (values.size() != of_.dimension) return wrong("not of the dimension of the index");
    bool is_zero = true;
    for (const float one : values) {
      if (std::isnan(one)) return wrong("not a number");
      if (std::isinf(one)) return wrong("infinite");
      if (std::fabs(one) > 1e15F) return wrong("too large to be measured");
      is_zero = is_zero && one == 0;
    }
    return is_zero ? result<void>(wrong("without a direction: all are 0")) : result<void>();
  }
  [[nodiscard]] result<void> check_items(const batch& items) const {
    if (items.size() > batch_items_max) return failure(code::too_large, operation::none).about("vectors: at most 100000");
    std::unordered_set<std::uint64_t> ids;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::string which = "vectors[" + std::to_string(i) + "]";
      PERDURE_TRY(check_values(items[i].values, which));
      if (!ids.insert(items[i].id).second)
        return failure(code::invalid_argument, operation::none).about(perdure::bytes(which + ": its id is there twice"));
    }
    return {};
  }

  std::string name_;
  parameters of_;
  std::unique_ptr<hnswlib::L2Space> space_;
  std::unique_ptr<graph> graph_;
};

static_assert(perdure::Engine<vector_index>);

}  // namespace vector_service

#endif  // EXAMPLES_VECTOR_SERVICE_INDEX_HPP
