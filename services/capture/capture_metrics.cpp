#include "services/capture/capture_metrics.hpp"

#include <chrono>
#include <utility>
#include <vector>

#include "base/numbers.hpp"

namespace farshore::capture {

service::Metrics::Shown show_counts(service::Metrics& metrics, const std::string& origin, const service::Config& config,
                                    Counts& counts) {
  counts.queue_limit_bytes.set(config.capture.queue_bytes);
  std::vector<service::Metrics::Labelled> lists{{counts.metrics, {origin}}};
  for (const auto& [name, stream] : config.streams) lists.push_back({counts.streams[name].metrics, {origin, name}});
  return metrics.show(std::move(lists), [&counts] {
    const std::chrono::microseconds written(counts.checkpoint_us.load());
    if (written.count() != 0) counts.checkpoint_age.set(local_now().time_since_epoch() - written);
  });
}

}  // namespace farshore::capture
