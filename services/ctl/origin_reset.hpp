#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kafka/admin.hpp"
#include "kafka/tail_reader.hpp"
#include "services/config/config.hpp"

namespace farshore::ctl {

inline constexpr std::chrono::seconds kResetTimeout{30};

/// The origin's half: change topics and checkpoint in the Kafka of its own region. The exit code; throws
/// EnvironmentError.
int reset_at_origin(const service::Config& config, const service::OriginConfig& origin, bool execute);
/// The half of a region that applies it, or has applied it: the mirrored records and everything that is noted of the
/// origin.
int reset_at_target(const service::Config& config, const std::string& origin, bool execute);

/// Change topics of an origin in the region's Kafka.
class ChangeTopics {
 public:
  /// Looks which of the streams' topics are there. Throws EnvironmentError.
  ChangeTopics(const service::Config& config, const std::string& origin, const std::set<std::string>& streams);

  /// A line for each, with the offsets that it holds.
  [[nodiscard]] std::string text() const;
  /// Deletes every record that they hold now, or with `up_to` those of this epoch and of those before it; `beat` is
  /// called in between.
  void empty(std::optional<Epoch> up_to, const std::function<void()>& beat);

 private:
  struct Topic {
    std::string name;
    std::int32_t partitions = 0;
    std::int64_t offsets = 0;  ///< that are kept, of all partitions
  };
  [[nodiscard]] KafkaOffset end_of_epoch(const kafka::TopicPartition& partition, Epoch epoch);

  const service::Config& config_;
  std::unique_ptr<kafka::Admin> admin_;
  std::unique_ptr<kafka::TailReader> reader_;
  std::vector<Topic> topics_;
};

}  // namespace farshore::ctl
