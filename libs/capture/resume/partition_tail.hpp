#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/numbers.hpp"
#include "capture/publish/tail_guard.hpp"
#include "change/batch_header.hpp"

namespace farshore::capture {

/// What one partition's topic shows of what was published, read from an offset to its end.
struct PartitionTail {
  std::string stream;
  PartitionId partition;
  KafkaOffset low;  ///< the oldest record kept
  KafkaOffset end;  ///< behind the newest record

  /// The greatest epoch number that was seen; none: no record was read.
  std::optional<EpochId> newest;
  /// Two incarnations of one epoch number were seen: two captures numbered at once.
  bool has_two_incarnations = false;
  /// The first change seen in `newest`; 0: none.
  Seq first_seq;
  /// The last change seen in `newest` of those that follow `first_seq` without a gap; seq 0: none.
  PublishedEnd published;
  /// Changes were seen behind a gap: a record between them was lost, or never taken.
  bool has_gap = false;
  /// The last seq by changes, gap or not, or by watermarks, which name the last change before them.
  Seq last_seq;
  /// A record that is not a batch of this partition, as one sentence; empty: none.
  std::string foreign;

  [[nodiscard]] bool topic_is_empty() const { return end == KafkaOffset(0) || low == end; }
};

/// Takes one record's header into the tail. Records come in the order of their offsets. When `published` was committed
/// is not in a header: it stays open.
void take(PartitionTail& tail, const change::BatchHeader& header);

}  // namespace farshore::capture
