#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "apply/counts.hpp"
#include "base/mutex.hpp"
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

/// What the process counts, and shows. Thread safe.
class ApplyMetrics {
 public:
  ApplyMetrics(service::Metrics& metrics, const service::Config& config);

  [[nodiscard]] Counts& counts() { return counts_; }
  /// Of a stream; lives as long as this.
  [[nodiscard]] Counts::Stream& stream(const std::string& origin, const std::string& stream);
  /// Sets the gauges of states, assignments and parked rows.
  void set(const std::vector<PartitionStatus>& partitions);

 private:
  using StreamName = std::pair<std::string, std::string>;
  struct Stream {
    Counts::Stream counts;
    service::Metrics::Shown shown;
  };

  service::Metrics& metrics_;
  Counts counts_;
  const service::Metrics::Shown shown_;
  Mutex mutex_;
  std::map<StreamName, Stream> streams_ GUARDED_BY(mutex_);  ///< nodes stay
};

}  // namespace farshore::apply
