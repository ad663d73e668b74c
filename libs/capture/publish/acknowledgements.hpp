#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/numbers.hpp"
#include "capture/publish/partitions.hpp"

namespace farshore::capture {

/// Counts, for each partition, records sent and records acknowledged, and tells when everything sent before a cut is
/// acknowledged. A partition's acknowledgements come in the order of sending (the producer is idempotent). One cut at a
/// time. Not thread safe: deliveries are reported on the thread that sends.
class Acknowledgements {
 public:
  explicit Acknowledgements(std::size_t partitions) : lanes_(partitions) {}

  /// Goes with the partition's next record and comes back with its acknowledgement.
  [[nodiscard]] std::uint64_t next_ticket(Slot slot) const {
    return (std::uint64_t{slot.raw()} << kRecordBits) | ((lanes_[slot.raw()].sent + 1) & kRecordMask);
  }
  /// The record with the next ticket is on its way.
  void sent(Slot slot) {
    ++lanes_[slot.raw()].sent;
    ++in_flight_;
  }
  void acknowledged(std::uint64_t ticket, KafkaOffset offset);

  /// Everything sent up to now is what the next `covered()` is about. Only when no cut is open.
  void open_cut();
  [[nodiscard]] bool cut_is_open() const { return cut_is_open_; }
  /// All of the cut is acknowledged.
  [[nodiscard]] bool covered() const { return cut_is_open_ && uncovered_ == 0; }
  /// For each partition the offset behind the last record of the cut; none where none was sent. Closes the cut.
  [[nodiscard]] std::vector<std::optional<KafkaOffset>> close_cut();

  [[nodiscard]] bool all_acknowledged() const { return in_flight_ == 0; }

  [[nodiscard]] static Slot slot_of(std::uint64_t ticket) {
    return Slot(static_cast<std::uint32_t>(ticket >> kRecordBits));
  }

 private:
  static constexpr unsigned kRecordBits = 40;
  static constexpr std::uint64_t kRecordMask = (std::uint64_t{1} << kRecordBits) - 1;

  struct Lane {
    std::uint64_t sent = 0;
    std::uint64_t acknowledged = 0;
    std::uint64_t cut = 0;                  ///< `sent` when the cut was opened
    std::optional<KafkaOffset> behind;      ///< behind the last acknowledged record
    std::optional<KafkaOffset> behind_cut;  ///< behind the last acknowledged record that was sent before the cut
  };
  std::vector<Lane> lanes_;
  std::uint64_t in_flight_ = 0;
  std::uint64_t uncovered_ = 0;  ///< partitions whose part of the cut is not acknowledged
  bool cut_is_open_ = false;
};

}  // namespace farshore::capture
