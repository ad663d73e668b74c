#pragma once

#include <array>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "apply/work_set_writer.hpp"
#include "common/config.hpp"
#include "common/metrics.hpp"
#include "store/progress_row.hpp"

namespace farshore::apply {

/// How a partition of this process stands, for /readyz and the gauges.
struct PartitionStatus {
  store::PartitionKey key;
  store::PartitionState state = store::PartitionState::kApplying;
  bool is_loaded = false;  ///< its progress is known
  std::string reason;
  std::uint64_t parked = 0;
};

/// The series of one origin's stream. Thread safe.
struct StreamSeries {
  StreamSeries(common::Metrics& metrics, const std::string& origin, const std::string& stream);

  common::Counter received_rows;
  common::Counter received_bytes;
  common::Counter received_batches;
  common::Counter duplicate_rows;
  common::Counter applied_rows;
  common::Counter written_rows;
  common::Counter parkings;
  common::Counter conflicts;
  std::array<common::Counter, kMismatches> mismatches;  ///< by Mismatch
  common::Gauge assigned;
  common::Gauge parked;
  common::Gauge holes;
  common::Gauge commit;
  common::Histogram mirror_latency;
  common::Histogram apply_latency;
  common::Histogram end_to_end_latency;
};

/// The series of the process.
class ApplyMetrics {
 public:
  ApplyMetrics(common::Metrics& metrics, const common::Config& config);

  /// The series of a stream; lives as long as this. Thread safe.
  [[nodiscard]] StreamSeries& stream(const std::string& origin, const std::string& stream);
  /// Gauges of states, assignments and parked rows. One thread.
  void show(const std::vector<PartitionStatus>& partitions);
  /// Totals that the writers count. One thread.
  void show(const std::vector<const WriterMetrics*>& writers);
  void show_queue(std::size_t bytes) const { queue_.set(static_cast<double>(bytes)); }

  void observe_work_set(const WorkSet& set) const {
    work_set_rows_.observe(static_cast<double>(set.rows()));
    work_set_bytes_.observe(static_cast<double>(set.bytes()));
  }
  void count_kafka_reconnect() const { kafka_reconnects_.add(); }

 private:
  using StreamName = std::pair<std::string, std::string>;
  common::Metrics& metrics_;
  std::mutex mutex_;
  std::map<StreamName, StreamSeries> streams_;  // guarded by mutex_; nodes stay
  std::map<std::pair<StreamName, store::PartitionState>, double> states_;
  common::Gauge queue_;
  common::Counter transactions_;
  common::Histogram work_set_rows_;
  common::Histogram work_set_bytes_;
  common::Counter retries_deadlock_;
  common::Counter retries_lock_wait_;
  common::Counter retries_connection_;
  common::Counter retries_ownership_;
  common::Counter reconnects_;
  common::Counter kafka_reconnects_;
};

}  // namespace farshore::apply
