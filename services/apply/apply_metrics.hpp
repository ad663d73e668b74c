#pragma once

#include <array>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "apply/work_set_writer.hpp"
#include "services/config/config.hpp"
#include "services/telemetry/metrics.hpp"
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
  StreamSeries(service::Metrics& metrics, const std::string& origin, const std::string& stream);

  service::Counter received_rows;
  service::Counter received_bytes;
  service::Counter received_batches;
  service::Counter duplicate_rows;
  service::Counter applied_rows;
  service::Counter written_rows;
  service::Counter parkings;
  service::Counter conflicts;
  std::array<service::Counter, kMismatches> mismatches;  ///< by Mismatch
  service::Gauge assigned;
  service::Gauge parked;
  service::Gauge holes;
  service::Gauge commit;
  service::Histogram mirror_latency;
  service::Histogram apply_latency;
  service::Histogram end_to_end_latency;
};

/// The series of the process.
class ApplyMetrics {
 public:
  ApplyMetrics(service::Metrics& metrics, const service::Config& config);

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
  service::Metrics& metrics_;
  std::mutex mutex_;
  std::map<StreamName, StreamSeries> streams_;  // guarded by mutex_; nodes stay
  std::map<std::pair<StreamName, store::PartitionState>, double> states_;
  service::Gauge queue_;
  service::Counter transactions_;
  service::Histogram work_set_rows_;
  service::Histogram work_set_bytes_;
  service::Counter retries_deadlock_;
  service::Counter retries_lock_wait_;
  service::Counter retries_connection_;
  service::Counter retries_ownership_;
  service::Counter reconnects_;
  service::Counter kafka_reconnects_;
};

}  // namespace farshore::apply
