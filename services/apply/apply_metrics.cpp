#include "services/apply/apply_metrics.hpp"

#include "services/telemetry/metric_names.hpp"

namespace farshore::apply {
namespace {

namespace metric = service::metric;

service::Counter mismatch_counter(service::Metrics& metrics, const std::string& origin, const std::string& stream,
                                  Mismatch kind) {
  return metrics.counter(metric::kApplyMismatches, {origin, stream, to_string(kind)});
}

struct Sums {
  double assigned = 0;
  double parked = 0;
  double holes = 0;
};

}  // namespace

StreamSeries::StreamSeries(service::Metrics& metrics, const std::string& origin, const std::string& stream)
    : received_rows(metrics.counter(metric::kApplyReceivedRows, {origin, stream})),
      received_bytes(metrics.counter(metric::kApplyReceivedBytes, {origin, stream})),
      received_batches(metrics.counter(metric::kApplyReceivedBatches, {origin, stream})),
      duplicate_rows(metrics.counter(metric::kApplyDuplicateRows, {origin, stream})),
      applied_rows(metrics.counter(metric::kApplyAppliedRows, {origin, stream})),
      written_rows(metrics.counter(metric::kApplyWrittenRows, {origin, stream})),
      parkings(metrics.counter(metric::kApplyParkings, {origin, stream})),
      conflicts(metrics.counter(metric::kApplyConflicts, {origin, stream})),
      mismatches{mismatch_counter(metrics, origin, stream, Mismatch::kInsertExists),
                 mismatch_counter(metrics, origin, stream, Mismatch::kUpdateMissing),
                 mismatch_counter(metrics, origin, stream, Mismatch::kBeforeDiffers),
                 mismatch_counter(metrics, origin, stream, Mismatch::kDeleteMissing),
                 mismatch_counter(metrics, origin, stream, Mismatch::kAlreadyAsAfter),
                 mismatch_counter(metrics, origin, stream, Mismatch::kGeneratedOther),
                 mismatch_counter(metrics, origin, stream, Mismatch::kWrittenOther)},
      assigned(metrics.gauge(metric::kApplyAssigned, {origin, stream})),
      parked(metrics.gauge(metric::kApplyParked, {origin, stream})),
      holes(metrics.gauge(metric::kApplyHoles, {origin, stream})),
      commit(metrics.gauge(metric::kApplyCommit, {origin, stream})),
      mirror_latency(metrics.histogram(metric::kMirrorLatency, {origin, stream})),
      apply_latency(metrics.histogram(metric::kApplyLatency, {origin, stream})),
      end_to_end_latency(metrics.histogram(metric::kEndToEndLatency, {origin, stream})) {}

ApplyMetrics::ApplyMetrics(service::Metrics& metrics, const service::Config& config)
    : metrics_(metrics),
      queue_(metrics.gauge(metric::kApplyQueue, {})),
      transactions_(metrics.counter(metric::kApplyTransactions, {})),
      work_set_rows_(metrics.histogram(metric::kApplyWorkSetRows, {})),
      work_set_bytes_(metrics.histogram(metric::kApplyWorkSetBytes, {})),
      retries_deadlock_(metrics.counter(metric::kApplyRetries, {"deadlock"})),
      retries_lock_wait_(metrics.counter(metric::kApplyRetries, {"lock-wait"})),
      retries_connection_(metrics.counter(metric::kApplyRetries, {"connection"})),
      retries_ownership_(metrics.counter(metric::kApplyRetries, {"ownership"})),
      reconnects_(metrics.counter(metric::kApplyReconnects, {"target"})),
      kafka_reconnects_(metrics.counter(metric::kApplyReconnects, {"kafka"})) {
  metrics.gauge(metric::kApplyQueueLimit, {})
      .set(static_cast<double>(config.apply.workers * config.apply.work_set_bytes));
  for (const std::string& origin : config.apply.origins) {
    for (const auto& [name, settings] : config.streams) (void)stream(origin, name);
  }
}

StreamSeries& ApplyMetrics::stream(const std::string& origin, const std::string& stream) {
  const std::lock_guard lock(mutex_);
  return streams_.try_emplace({origin, stream}, metrics_, origin, stream).first->second;
}

void ApplyMetrics::show(const std::vector<PartitionStatus>& partitions) {
  std::map<StreamName, Sums> sums;
  for (auto& [key, count] : states_) count = 0;
  for (const PartitionStatus& partition : partitions) {
    const StreamName name(partition.key.origin, partition.key.stream);
    Sums& sum = sums[name];
    sum.assigned += 1;
    sum.parked += static_cast<double>(partition.parked);
    if (partition.state == store::PartitionState::kHole) sum.holes += 1;
    states_[{name, partition.state}] += 1;
  }
  for (const auto& [key, count] : states_) {
    metrics_.gauge(metric::kApplyStates, {key.first.first, key.first.second, to_string(key.second)}).set(count);
  }
  const std::lock_guard lock(mutex_);
  for (auto& [name, series] : streams_) {
    const Sums sum = sums[name];
    series.assigned.set(sum.assigned);
    series.parked.set(sum.parked);
    series.holes.set(sum.holes);
  }
}

void ApplyMetrics::show(const std::vector<const WriterMetrics*>& writers) {
  const auto total = [&](std::atomic<std::uint64_t> WriterMetrics::* member) {
    std::uint64_t sum = 0;
    for (const WriterMetrics* writer : writers) sum += (writer->*member).load(std::memory_order_relaxed);
    return static_cast<double>(sum);
  };
  transactions_.advance_to(total(&WriterMetrics::transactions));
  retries_deadlock_.advance_to(total(&WriterMetrics::retries_deadlock));
  retries_lock_wait_.advance_to(total(&WriterMetrics::retries_lock_wait));
  retries_connection_.advance_to(total(&WriterMetrics::retries_connection));
  retries_ownership_.advance_to(total(&WriterMetrics::retries_ownership));
  reconnects_.advance_to(total(&WriterMetrics::reconnects));
}

}  // namespace farshore::apply
