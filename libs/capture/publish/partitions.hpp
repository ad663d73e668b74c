#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/numbers.hpp"
#include "change/checkpoint.hpp"

namespace farshore::capture {

/// A partition's place among all partitions of the origin: streams in the numbering's order, partitions ascending.
using Slot = Number<struct SlotTag, std::uint32_t>;

/// The partitions of an origin under one numbering. Const after construction.
class Partitions {
 public:
  struct Place {
    std::uint32_t stream = 0;  ///< index in the numbering's streams
    PartitionId partition;
  };

  Partitions() = default;
  explicit Partitions(const change::Numbering& numbering) {
    for (const auto& stream : numbering.streams) {
      first_slots_.push_back(Slot(static_cast<std::uint32_t>(places_.size())));
      names_.push_back(stream.name);
      for (std::uint32_t i = 0; i < stream.partitions; ++i)
        places_.push_back({static_cast<std::uint32_t>(names_.size() - 1), PartitionId(static_cast<std::int32_t>(i))});
    }
  }

  [[nodiscard]] std::size_t count() const { return places_.size(); }
  [[nodiscard]] Slot slot(std::uint32_t stream, PartitionId partition) const {
    return Slot(first_slots_[stream].raw() + static_cast<std::uint32_t>(partition.raw()));
  }
  [[nodiscard]] const Place& place(Slot slot) const { return places_[slot.raw()]; }
  [[nodiscard]] const std::string& stream_name(Slot slot) const { return names_[places_[slot.raw()].stream]; }
  [[nodiscard]] const std::vector<std::string>& stream_names() const { return names_; }

 private:
  std::vector<Slot> first_slots_;  ///< by stream
  std::vector<std::string> names_;
  std::vector<Place> places_;  ///< by slot
};

/// "farshore.changes.<origin>.<stream>"
[[nodiscard]] inline std::string change_topic(std::string_view origin, std::string_view stream) {
  return "farshore.changes." + std::string(origin) + "." + std::string(stream);
}
/// "farshore.checkpoint.<origin>"
[[nodiscard]] inline std::string checkpoint_topic(std::string_view origin) {
  return "farshore.checkpoint." + std::string(origin);
}
/// The transactional id of who may write the origin's checkpoint.
[[nodiscard]] inline std::string checkpoint_identity(std::string_view origin) {
  return "farshore.capture." + std::string(origin);
}

}  // namespace farshore::capture
