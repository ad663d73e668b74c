#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "capture/counts.hpp"
#include "services/config/config.hpp"
#include "services/telemetry/metrics.hpp"

namespace farshore::capture {

/// Brings what the libraries count into the process' metrics, whenever somebody looks.
class CaptureMetrics {
 public:
  CaptureMetrics(service::Metrics& exported, const std::string& origin, const service::Config& config);
  CaptureMetrics(const CaptureMetrics&) = delete;
  CaptureMetrics& operator=(const CaptureMetrics&) = delete;

  /// What the sessions count in.
  [[nodiscard]] Counts& counted() { return counted_; }

  void set_active(bool active) const { active_.set(active ? 1 : 0); }
  void set_stopped(bool stopped) const { stopped_.set(stopped ? 1 : 0); }
  /// `to`: "source", "kafka" or "lease".
  void count_reconnect(const std::string& to);

 private:
  struct StreamSeries {
    const Counts::Stream* counted;
    service::Counter repeated_rows;
    service::Counter rows;
    service::Counter bytes;
    service::Counter batches;
    service::Counter watermarks;
    service::Gauge commit;
  };

  void refresh();

  service::Metrics& exported_;
  const std::string origin_;
  Counts counted_;
  std::vector<StreamSeries> streams_;
  service::Counter read_bytes_;
  service::Counter read_transactions_;
  service::Counter read_rows_;
  service::Counter echoes_;
  service::Counter foreign_;
  service::Gauge read_commit_;
  service::Counter transactions_;
  service::Gauge queue_;
  service::Counter backpressure_;
  service::Gauge active_;
  service::Gauge stopped_;
  service::Gauge epoch_;
  service::Counter checkpoints_;
  service::Gauge checkpoint_age_;
  service::Gauge clock_offset_;
  service::Metrics::Refresh refresh_;  ///< last: ends first
};

}  // namespace farshore::capture
