#pragma once

#include <expected>
#include <optional>
#include <string>

#include "base/numbers.hpp"
#include "capture/resume/partition_tail.hpp"
#include "capture/resume/resume.hpp"
#include "kafka/tail_reader.hpp"

namespace farshore::capture {

enum class TailExtent : std::uint8_t {
  kWhole,
  kBoundsOnly,  ///< only where it begins and ends
};
/// Reads what a partition holds from `from` to its end. Blocking.
[[nodiscard]] std::expected<PartitionTail, kafka::KafkaError> read_tail(kafka::TailReader& reader,
                                                                        const std::string& origin,
                                                                        const std::string& stream,
                                                                        PartitionId partition, KafkaOffset from,
                                                                        TailExtent extent);

/// For rebuilding a lost checkpoint.
struct TailWithStatement {
  PartitionTail tail;
  std::optional<LastStatement> statement;  ///< of the newest epoch
};
/// Looks back from the end, further each time, until the newest epoch's last watermark or start record is found, or the
/// oldest record kept. Blocking.
[[nodiscard]] std::expected<TailWithStatement, kafka::KafkaError> read_tail_with_statement(kafka::TailReader& reader,
                                                                                           const std::string& origin,
                                                                                           const std::string& stream,
                                                                                           PartitionId partition);

}  // namespace farshore::capture
