#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "capture/metrics.hpp"
#include "common/config.hpp"
#include "common/metrics.hpp"

namespace farshore::capture {

/// Brings what the libraries count into the process' metrics, whenever somebody looks.
class CaptureMetrics {
 public:
  CaptureMetrics(common::Metrics& exported, const std::string& origin, const common::Config& config);
  CaptureMetrics(const CaptureMetrics&) = delete;
  CaptureMetrics& operator=(const CaptureMetrics&) = delete;

  /// What the sessions count in.
  [[nodiscard]] Metrics& counted() { return counted_; }

  void set_active(bool active) const { active_.set(active ? 1 : 0); }
  void set_stopped(bool stopped) const { stopped_.set(stopped ? 1 : 0); }
  /// `to`: "source", "kafka" or "lease".
  void count_reconnect(const std::string& to);

 private:
  struct StreamSeries {
    const Metrics::Stream* counted;
    common::Counter repeated_rows;
    common::Counter rows;
    common::Counter bytes;
    common::Counter batches;
    common::Counter watermarks;
    common::Gauge commit;
  };

  void refresh();

  common::Metrics& exported_;
  const std::string origin_;
  Metrics counted_;
  std::vector<StreamSeries> streams_;
  common::Counter read_bytes_;
  common::Counter read_transactions_;
  common::Counter read_rows_;
  common::Counter echoes_;
  common::Counter foreign_;
  common::Gauge read_commit_;
  common::Counter transactions_;
  common::Gauge queue_;
  common::Counter backpressure_;
  common::Gauge active_;
  common::Gauge stopped_;
  common::Gauge epoch_;
  common::Counter checkpoints_;
  common::Gauge checkpoint_age_;
  common::Gauge clock_offset_;
  common::Metrics::Refresh refresh_;  ///< last: ends first
};

}  // namespace farshore::capture
