// SPDX-License-Identifier: MIT
// Copyright (c) The perdure contributors
#ifndef EXAMPLES_VECTOR_SERVICE_GRAPH_HPP
#define EXAMPLES_VECTOR_SERVICE_GRAPH_HPP

// graph: the graph of hnswlib, to bytes and back without a file: the layout of its own saveIndex, of a 64-bit little-endian
// machine. What is read is not trusted: a size or a link that leads elsewhere is corrupt, and never followed.
//
//   offset  size  what
//        0    48  offset of level 0, capacity (here: the count), count, bytes per element, offset of its id, offset of its vector
//       48     8  highest level, signed; element where a search begins
//       56    40  links per element above level 0, at level 0, m; 1 / ln m; ef_construction
//       96     *  elements: links at level 0, vector, id
//        *     *  for each element: bytes of its links above level 0 (4 bytes), these links

#include <perdure/core/result.hpp>

#include <hnswlib/hnswlib.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

namespace vector_service {

using perdure::code;
using perdure::failure;
using perdure::operation;
using perdure::result;

class graph : public hnswlib::HierarchicalNSW<float> {
  using base = hnswlib::HierarchicalNSW<float>;
  using link = hnswlib::tableint;
  static_assert(sizeof(std::size_t) == 8 && sizeof(hnswlib::labeltype) == 8 && sizeof(link) == 4);

 public:
  // `space` must outlive it.
  graph(hnswlib::L2Space& space, std::size_t capacity, std::size_t m, std::size_t ef_construction)
      : base(&space, capacity, m, ef_construction) {
    setEf(ef_construction);  // as thorough when it is searched as when it is built
  }

  [[nodiscard]] std::size_t count() const { return cur_element_count - num_deleted_; }
  [[nodiscard]] bool contains(std::uint64_t id) const {
    const auto found = label_lookup_.find(id);
    return found != label_lookup_.end() && !isMarkedDeleted(found->second);
  }
  [[nodiscard]] const float* vector_of(std::uint64_t id) const {
    return reinterpret_cast<const float*>(getDataByInternalId(label_lookup_.at(id)));
  }
  // Room for so many more, so that adding them does not fail for want of it.
  void reserve(std::size_t more) {
    std::size_t wanted = max_elements_;
    while (wanted < cur_element_count + more) wanted *= 2;
    if (wanted != max_elements_) resizeIndex(wanted);
  }

  [[nodiscard]] std::string to_bytes() const {
    std::string all;
    const head mine = head_of(*this);
    std::size_t size = sizeof(mine) + cur_element_count * size_data_per_element_;
    for (std::size_t i = 0; i < cur_element_count; ++i) size += sizeof(std::uint32_t) + upper_size(i);
    all.reserve(size);
    all.append(reinterpret_cast<const char*>(&mine), sizeof(mine));
    all.append(data_level0_memory_, cur_element_count * size_data_per_element_);
    for (std::size_t i = 0; i < cur_element_count; ++i) {
      const std::uint32_t upper = upper_size(i);
      all.append(reinterpret_cast<const char*>(&upper), sizeof(upper));
      if (upper != 0) all.append(linkLists_[i], upper);
    }
    return all;
  }

  [[nodiscard]] static result<std::unique_ptr<graph>> of_bytes(perdure::bytes from, hnswlib::L2Space& space, std::size_t m,
                                                               std::size_t ef_construction) {
    head told;
    if (from.size() < sizeof(told)) return wrong("graph head", 0);
    std::memcpy(&told, from.data(), sizeof(told));
    if (told.count > from.size() / sizeof(link)) return wrong("graph count", 16);
    auto made = std::make_unique<graph>(space, told.count < capacity_min ? capacity_min : told.count, m, ef_construction);
    head expected = head_of(*made);
    expected.capacity = expected.count = told.count;
    expected.highest_level = told.highest_level;
    expected.enter = told.enter;
    if (std::memcmp(&expected, &told, sizeof(told)) != 0) return wrong("graph head", 0);
    std::size_t at = sizeof(told);
    if (told.count > (from.size() - at) / (told.element_bytes + sizeof(std::uint32_t))) return wrong("graph count", 16);
    std::memcpy(made->data_level0_memory_, from.data() + at, told.count * told.element_bytes);
    at += told.count * told.element_bytes;
    for (; made->cur_element_count < told.count; ++made->cur_element_count) {
      const std::size_t i = made->cur_element_count;
      std::uint32_t upper = 0;
      if (from.size() - at < sizeof(upper)) return wrong("graph links", at);
      std::memcpy(&upper, from.data() + at, sizeof(upper));
      if (upper % made->size_links_per_element_ != 0 || upper > from.size() - at - sizeof(upper)) return wrong("graph links", at);
      at += sizeof(upper);
      made->element_levels_[i] = static_cast<int>(upper / made->size_links_per_element_);
      made->linkLists_[i] = nullptr;
      if (upper == 0) continue;
      made->linkLists_[i] = static_cast<char*>(std::malloc(upper));
      if (made->linkLists_[i] == nullptr) {
        made->element_levels_[i] = 0;
        return failure(code::no_space, operation::read);
      }
      std::memcpy(made->linkLists_[i], from.data() + at, upper);
      at += upper;
    }
    if (at != from.size()) return wrong("graph, and more behind it,", at);
    made->maxlevel_ = told.highest_level;
    made->enterpoint_node_ = told.enter;
    if (!made->is_sound()) return wrong("graph of links that lead nowhere,", sizeof(told));
    // The levels of what comes next are drawn from here on, not from the beginning again.
    made->level_generator_.seed(static_cast<unsigned>(100 + told.count));
    return made;
  }

 private:
  struct head {
    std::size_t level0, capacity, count, element_bytes, id_at, vector_at;
    std::int32_t highest_level;
    std::uint32_t enter;
    std::size_t links_above, links_at_0, m;
    double scale;
    std::size_t ef_construction;
  };
  static_assert(sizeof(head) == 96 && std::is_trivially_copyable_v<head>);
  static constexpr std::size_t capacity_min = 64;

  [[nodiscard]] static head head_of(const graph& of) {
    return {of.offsetLevel0_,
            of.cur_element_count,
            of.cur_element_count,
            of.size_data_per_element_,
            of.label_offset_,
            of.offsetData_,
            of.maxlevel_,
            of.enterpoint_node_,
            of.maxM_,
            of.maxM0_,
            of.M_,
            of.mult_,
            of.ef_construction_};
  }
  [[nodiscard]] static failure wrong(const std::string& what, std::size_t at) {
    return failure(code::corrupt, operation::read).about(what + " at byte " + std::to_string(at) + " of the body");
  }
  [[nodiscard]] std::uint32_t upper_size(std::size_t i) const {
    return static_cast<std::uint32_t>(size_links_per_element_ * static_cast<std::size_t>(element_levels_[i]));
  }

  // Each link leads to an element that has that level, each id stands for one element; and counts those that are deleted.
  [[nodiscard]] bool is_sound() {
    if (cur_element_count == 0) return maxlevel_ == -1 && enterpoint_node_ == static_cast<link>(-1);
    if (enterpoint_node_ >= cur_element_count || element_levels_[enterpoint_node_] != maxlevel_) return false;
    for (link i = 0; i < cur_element_count; ++i) {
      if (element_levels_[i] > maxlevel_ || !label_lookup_.emplace(getExternalLabel(i), i).second) return false;
      if (isMarkedDeleted(i)) ++num_deleted_;
      for (int level = 0; level <= element_levels_[i]; ++level) {
        const auto* const list = level == 0 ? get_linklist0(i) : get_linklist(i, level);
        const std::size_t links = getListCount(const_cast<hnswlib::linklistsizeint*>(list));
        if (links > (level == 0 ? maxM0_ : maxM_)) return false;
        for (std::size_t j = 1; j <= links; ++j) {
          if (list[j] >= cur_element_count || element_levels_[list[j]] < level) return false;
        }
      }
    }
    return true;
  }
};

}  // namespace vector_service

#endif  // EXAMPLES_VECTOR_SERVICE_GRAPH_HPP
