#include "services/capture/capture_metrics.hpp"

#include "base/numbers.hpp"

namespace farshore::capture {

namespace {

namespace metric = service::metric;

constexpr double kMicrosecondsInSecond = 1e6;

double seconds(std::int64_t microseconds) { return static_cast<double>(microseconds) / kMicrosecondsInSecond; }

double number(const std::atomic<std::uint64_t>& total) {
  return static_cast<double>(total.load(std::memory_order_relaxed));
}

}  // namespace

CaptureMetrics::CaptureMetrics(service::Metrics& exported, const std::string& origin, const service::Config& config)
    : exported_(exported),
      origin_(origin),
      read_bytes_(exported.counter(metric::kCaptureReadBytes, {origin})),
      read_transactions_(exported.counter(metric::kCaptureReadTransactions, {origin})),
      read_rows_(exported.counter(metric::kCaptureReadRows, {origin})),
      echoes_(exported.counter(metric::kCaptureEchoTransactions, {origin})),
      foreign_(exported.counter(metric::kCaptureForeignTransactions, {origin})),
      read_commit_(exported.gauge(metric::kCaptureReadCommit, {origin})),
      transactions_(exported.counter(metric::kCapturePublishedTransactions, {origin})),
      queue_(exported.gauge(metric::kCaptureQueue, {origin})),
      backpressure_(exported.counter(metric::kCaptureBackpressure, {origin})),
      active_(exported.gauge(metric::kCaptureActive, {origin})),
      stopped_(exported.gauge(metric::kCaptureStopped, {origin})),
      epoch_(exported.gauge(metric::kCaptureEpoch, {origin})),
      checkpoints_(exported.counter(metric::kCaptureCheckpoints, {origin})),
      checkpoint_age_(exported.gauge(metric::kCaptureCheckpointAge, {origin})),
      clock_offset_(exported.gauge(metric::kCaptureClockOffset, {origin})) {
  exported.gauge(metric::kCaptureQueueLimit, {origin}).set(static_cast<double>(config.capture.queue_bytes));
  for (const char* to : {"source", "kafka", "lease"}) (void)exported.counter(metric::kCaptureReconnects, {origin, to});
  for (const auto& [name, stream] : config.streams) {
    Counts::Stream& counted = counted_.streams[name];
    const auto rows = exported.histogram(metric::kCaptureBatchRows, {origin, name});
    const auto bytes = exported.histogram(metric::kCaptureBatchBytes, {origin, name});
    const auto latency = exported.histogram(metric::kCaptureLatency, {origin, name});
    counted.batch_rows = [rows](double value) { rows.observe(value); };
    counted.batch_bytes = [bytes](double value) { bytes.observe(value); };
    counted.latency_seconds = [latency](double value) { latency.observe(value); };
    streams_.push_back({.counted = &counted,
                        .repeated_rows = exported.counter(metric::kCaptureRepeatedRows, {origin, name}),
                        .rows = exported.counter(metric::kCapturePublishedRows, {origin, name}),
                        .bytes = exported.counter(metric::kCapturePublishedBytes, {origin, name}),
                        .batches = exported.counter(metric::kCapturePublishedBatches, {origin, name}),
                        .watermarks = exported.counter(metric::kCapturePublishedWatermarks, {origin, name}),
                        .commit = exported.gauge(metric::kCapturePublishedCommit, {origin, name})});
  }
  refresh_ = exported.before_scrape([this] { refresh(); });
}

void CaptureMetrics::count_reconnect(const std::string& to) {
  exported_.counter(metric::kCaptureReconnects, {origin_, to}).add();
}

void CaptureMetrics::refresh() {
  read_bytes_.advance_to(number(counted_.read_bytes));
  read_transactions_.advance_to(number(counted_.read_transactions));
  read_rows_.advance_to(number(counted_.read_rows));
  echoes_.advance_to(number(counted_.echo_transactions));
  foreign_.advance_to(number(counted_.foreign_transactions));
  read_commit_.set(seconds(counted_.read_commit_us.load()));
  transactions_.advance_to(number(counted_.published_transactions));
  queue_.set(number(counted_.queue_bytes));
  backpressure_.advance_to(number(counted_.backpressure_us) / kMicrosecondsInSecond);
  epoch_.set(counted_.epoch.load());
  checkpoints_.advance_to(number(counted_.written_checkpoints));
  if (const auto written = counted_.checkpoint_us.load(); written != 0)
    checkpoint_age_.set(seconds(local_now().time_since_epoch().count() - written));
  clock_offset_.set(seconds(counted_.clock_offset_us.load()));
  for (const StreamSeries& series : streams_) {
    series.repeated_rows.advance_to(number(series.counted->repeated_rows));
    series.rows.advance_to(number(series.counted->published_rows));
    series.bytes.advance_to(number(series.counted->published_bytes));
    series.batches.advance_to(number(series.counted->published_batches));
    series.watermarks.advance_to(number(series.counted->published_watermarks));
    series.commit.set(seconds(series.counted->published_commit_us.load()));
  }
}

}  // namespace farshore::capture
