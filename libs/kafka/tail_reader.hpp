#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/numbers.hpp"
#include "kafka/error.hpp"
#include "kafka/record.hpp"
#include "kafka/settings.hpp"
#include "kafka/topic_partition.hpp"

namespace farshore::kafka {

/// What a read of a range covered.
struct ReadRange {
  KafkaOffset low;       ///< the oldest offset kept when the read began; above `from`: records are missing before it
  KafkaOffset end;       ///< behind the newest record when the read began
  bool stopped = false;  ///< the callback said so before the end
};

/// Reads what is in a partition now, from an offset to the end as it was when the read began; committed records only.
/// No group. Blocking; one thread at a time.
class TailReader {
 public:
  [[nodiscard]] static std::expected<std::unique_ptr<TailReader>, KafkaError> create(const ClusterSettings& settings);
  ~TailReader();
  TailReader(const TailReader&) = delete;
  TailReader& operator=(const TailReader&) = delete;

  /// Calls `each` for every record from `from` (kBeginning, or clamped up to the oldest kept) to the end; it returns
  /// false to stop. `timeout` bounds the time without any record.
  [[nodiscard]] std::expected<ReadRange, KafkaError> read_range(const TopicPartition& partition, KafkaOffset from,
                                                                const std::function<bool(const Record&)>& each,
                                                                std::chrono::milliseconds timeout);
  /// The newest value of a key in partition 0 of a compacted topic; none: no record, or a tombstone.
  [[nodiscard]] std::expected<std::optional<std::string>, KafkaError> read_compacted_last(
      const std::string& topic, std::string_view key, std::chrono::milliseconds timeout);

 private:
  struct Client;
  TailReader();
  std::unique_ptr<Client> client_;
};

}  // namespace farshore::kafka
