#pragma once

#include <cstdint>
#include <string_view>

#include "base/metric.hpp"
#include "store/mismatch.hpp"
#include "store/progress_row.hpp"

namespace farshore::apply {

/// Why a target transaction is tried again.
enum class Retry : std::uint8_t { kDeadlock, kLockWait, kConnection, kOwnership };
[[nodiscard]] constexpr std::string_view to_string(Retry reason) {
  switch (reason) {
    case Retry::kDeadlock: return "deadlock";
    case Retry::kLockWait: return "lock-wait";
    case Retry::kConnection: return "connection";
    case Retry::kOwnership: return "ownership";
  }
  return "";
}

/// Whom apply connects to.
enum class Neighbour : std::uint8_t { kTarget, kKafka };
[[nodiscard]] constexpr std::string_view to_string(Neighbour to) {
  switch (to) {
    case Neighbour::kTarget: return "target";
    case Neighbour::kKafka: return "kafka";
  }
  return "";
}

/// What apply counts, over all workers, and how it is shown.
struct Counts {
  struct Stream {
    MetricList metrics{"origin", "stream"};

    // --- receiving
    Counter received_rows{metrics, "farshore_apply_received_rows_total", "Changes received, duplicates included."};
    Counter received_bytes{metrics, "farshore_apply_received_bytes_total", "Bytes of batches received."};
    Counter received_batches{metrics, "farshore_apply_received_batches_total", "Batches received."};
    Counter duplicate_rows{metrics, "farshore_apply_duplicate_rows_total",
                           "Changes dropped because they are applied already."};
    Gauge assigned{metrics, "farshore_apply_assigned_partitions", "Partitions that this process applies."};
    // --- writing
    Counter applied_rows{metrics, "farshore_apply_applied_rows_total", "Changes applied, durably."};
    Counter written_rows{
        metrics, "farshore_apply_written_rows_total",
        "Rows written to the target; fewer than applied where later images of a key replaced earlier ones."};
    // --- what does not go on
    Gauge parked{metrics, "farshore_apply_parked_rows", "Changes parked now."};
    Counter parkings{metrics, "farshore_apply_parked_rows_total", "Changes ever parked by this process."};
    Counter conflicts{metrics, "farshore_apply_conflict_rows_total", "Conflicts found by this process."};
    CounterBy<store::Mismatch, store::kMismatches> mismatches{
        metrics, "farshore_apply_mismatch_rows_total", "kind",
        "Changes that found another row here than the origin had, or left one; kind: insert-exists, update-missing, "
        "before-differs, delete-missing, already-as-after, generated-other, written-other."};
    Gauge holes{metrics, "farshore_apply_hole_partitions", "Partitions that stand at a hole."};
    GaugeBy<store::PartitionState, store::kPartitionStates> states{
        metrics, "farshore_apply_state_partitions", "state",
        "Assigned partitions by state: applying, at-barrier, hole, waiting-for-schema, ..."};
    // --- how late
    Gauge commit{metrics, "farshore_apply_applied_commit_timestamp_seconds",
                 "Commit time, by the source's clock, of the last change applied."};
    Histogram mirror_latency{metrics, "farshore_apply_mirror_latency_seconds", kLatencyBuckets,
                             "From capture's publishing to apply's receiving: both brokers and the mirror."};
    Histogram apply_latency{metrics, "farshore_apply_latency_seconds", kLatencyBuckets,
                            "From receiving a batch to its commit at the target."};
    Histogram end_to_end_latency{metrics, "farshore_apply_end_to_end_latency_seconds", kLatencyBuckets,
                                 "From the commit at the source to the commit at the target."};
  };

  MetricList metrics{};

  Gauge queue_bytes{metrics, "farshore_apply_queue_bytes", "Gathered for the next transactions, over all workers."};
  Gauge queue_limit_bytes{metrics, "farshore_apply_queue_limit_bytes", "Bound of farshore_apply_queue_bytes."};
  Counter transactions{metrics, "farshore_apply_committed_transactions_total", "Transactions committed at the target."};
  Histogram work_set_rows{metrics, "farshore_apply_work_set_rows", kRowBuckets, "Changes in a work set."};
  Histogram work_set_bytes{metrics, "farshore_apply_work_set_bytes", kByteBuckets, "Size of a work set."};
  CounterBy<Retry, 4> retries{metrics, "farshore_apply_retried_transactions_total", "reason",
                              "Target transactions tried again; reason: deadlock, lock-wait, connection or ownership."};
  CounterBy<Neighbour, 2> reconnects{metrics, "farshore_apply_reconnects_total", "to",
                                     "Connections begun again after a failure; to: target or kafka."};
};

}  // namespace farshore::apply
