#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>

#include "base/metric.hpp"
#include "capture/session_end.hpp"

namespace farshore::capture {

/// What capture counts, and how it is shown. Lives as long as the process, over all sessions.
struct Counts {
  struct Stream {
    MetricList metrics{"origin", "stream"};

    // --- reading
    OneWriterCounter repeated_rows{
        metrics, "farshore_capture_repeated_rows_total",
        "Changes read again after a start and not sent, because the topic has them already."};
    // --- publishing
    OneWriterCounter published_rows{metrics, "farshore_capture_published_rows_total",
                                    "Changes that Kafka acknowledged."};
    OneWriterCounter published_bytes{metrics, "farshore_capture_published_bytes_total",
                                     "Bytes of acknowledged batches, before compression."};
    OneWriterCounter published_batches{metrics, "farshore_capture_published_batches_total",
                                       "Batches that Kafka acknowledged."};
    OneWriterCounter published_watermarks{metrics, "farshore_capture_published_watermarks_total",
                                          "Watermarks that Kafka acknowledged."};
    Histogram batch_rows{metrics, "farshore_capture_batch_rows", kRowBuckets, "Changes in a batch."};
    Histogram batch_bytes{metrics, "farshore_capture_batch_bytes", kByteBuckets, "Size of a batch."};
    Gauge published_commit{metrics, "farshore_capture_published_commit_timestamp_seconds",
                           "Commit time, by the source's clock, of the last change acknowledged."};
    Histogram latency{metrics, "farshore_capture_latency_seconds", kLatencyBuckets,
                      "From the commit at the source to Kafka's acknowledgement."};
  };

  MetricList metrics{"origin"};

  // --- reading
  OneWriterCounter read_bytes{metrics, "farshore_capture_read_bytes_total", "Binlog bytes read."};
  OneWriterCounter read_transactions{metrics, "farshore_capture_read_transactions_total",
                                     "Transactions read, echoes included."};
  OneWriterCounter read_rows{metrics, "farshore_capture_read_rows_total", "Row changes decoded."};
  OneWriterCounter echo_transactions{
      metrics, "farshore_capture_echo_transactions_total",
      "Transactions left out because apply made them (they begin with the progress write)."};
  OneWriterCounter foreign_transactions{
      metrics, "farshore_capture_foreign_transactions_total",
      "Transactions left out because they came to the source by native replication from a server that is not its own."};
  Gauge read_commit{metrics, "farshore_capture_read_commit_timestamp_seconds",
                    "Commit time, by the source's clock, of the last transaction read."};
  Gauge prepared_transactions{metrics, "farshore_capture_prepared_xa_transactions",
                              "XA transactions that are prepared and not ended; 1000 are kept."};
  Gauge prepared_bytes{metrics, "farshore_capture_prepared_xa_bytes",
                       "What is kept of them in memory and in the checkpoint; at most 4 MiB."};
  // --- publishing
  OneWriterCounter published_transactions{metrics, "farshore_capture_published_transactions_total",
                                          "Transactions whose changes were all acknowledged."};
  Gauge queue_bytes{metrics, "farshore_capture_queue_bytes", "Batches on their way to Kafka, not yet acknowledged."};
  Gauge queue_limit_bytes{metrics, "farshore_capture_queue_limit_bytes", "Bound of farshore_capture_queue_bytes."};
  OneWriterCounter backpressure{metrics, "farshore_capture_backpressure_seconds_total",
                                "Time in which reading stood still because the queue was full."};
  // --- its own state
  Gauge active{metrics, "farshore_capture_active", "1: holds the lease and captures; 0: standby or stopped."};
  Gauge stopped{metrics, "farshore_capture_stopped",
                "1: stopped where it does not go on by itself; the log and /readyz say why."};
  Gauge epoch{metrics, "farshore_capture_epoch_number", "The epoch in which changes are numbered now."};
  OneWriterCounter written_checkpoints{metrics, "farshore_capture_written_checkpoints_total", "Checkpoints written."};
  /// Set when somebody looks, from `checkpoint_us`.
  Gauge checkpoint_age{metrics, "farshore_capture_checkpoint_age_seconds",
                       "Time since the last checkpoint was acknowledged."};
  Gauge clock_offset{metrics, "farshore_capture_source_clock_offset_seconds",
                     "The source's clock minus this process' clock."};
  CounterBy<EndedBy, 3> reconnects{metrics, "farshore_capture_reconnects_total", "to",
                                   "Sessions begun again after a failure; to: source, kafka or lease."};

  /// When the last checkpoint was acknowledged, by this process' clock: microseconds since 1970 UTC; 0: none yet.
  std::atomic<std::int64_t> checkpoint_us{0};
  std::map<std::string, Stream> streams;  ///< filled before any thread uses it

  Stream& stream(const std::string& name) { return streams.at(name); }
};

}  // namespace farshore::capture
