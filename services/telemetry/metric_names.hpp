#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

/// Every metric that Farshore exports, declared once. docs/metrics.md and tests/golden/metrics.txt are generated from
/// this table and compared with it by a test. Grammar: farshore_<what>_<unit>[_total], base units; a question that is
/// answered by 0 or 1 (open, active, stopped) has no unit.
namespace farshore::service {

enum class MetricType : std::uint8_t { kCounter, kGauge, kHistogram };

/// Which processes export a metric.
enum MetricServices : std::uint8_t {
  kByCapture = 1,
  kByApply = 2,
  kByGate = 4,
  kByEveryService = kByCapture | kByApply | kByGate,
};

struct MetricDeclaration {
  std::string_view name;
  std::uint8_t services;                   ///< of MetricServices
  std::array<std::string_view, 3> labels;  ///< empty ones at the end
  std::string_view help;
  MetricType type;
  std::span<const double> buckets;
};

// One type for each kind, so that a counter cannot be asked for as a gauge.
struct CounterDeclaration : MetricDeclaration {
  constexpr CounterDeclaration(std::string_view n, std::uint8_t s, std::array<std::string_view, 3> l,
                               std::string_view h)
      : MetricDeclaration{n, s, l, h, MetricType::kCounter, {}} {}
};
struct GaugeDeclaration : MetricDeclaration {
  constexpr GaugeDeclaration(std::string_view n, std::uint8_t s, std::array<std::string_view, 3> l, std::string_view h)
      : MetricDeclaration{n, s, l, h, MetricType::kGauge, {}} {}
};
struct HistogramDeclaration : MetricDeclaration {
  constexpr HistogramDeclaration(std::string_view n, std::uint8_t s, std::array<std::string_view, 3> l,
                                 std::span<const double> b, std::string_view h)
      : MetricDeclaration{n, s, l, h, MetricType::kHistogram, b} {}
};

namespace metric {

inline constexpr std::array kLatencyBuckets{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,  0.15, 0.25,
                                            0.5,   1.0,    2.5,   5.0,  10.0,  30.0, 60.0, 300.0};
inline constexpr std::array kRowBuckets{1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0};
inline constexpr std::array kByteBuckets{256.0,    1024.0,    4096.0,    16384.0,   65536.0,
                                         262144.0, 1048576.0, 4194304.0, 16777216.0};

// --- every service
inline constexpr GaugeDeclaration kBuildInfo{
    "farshore_build_info", kByEveryService, {"service", "version"}, "Always 1; the labels say what runs."};
inline constexpr GaugeDeclaration kReady{
    "farshore_service_ready", kByEveryService, {"service"}, "1 when /readyz answers 200."};
inline constexpr CounterDeclaration kProcessCpu{
    "farshore_process_cpu_seconds_total", kByEveryService, {}, "Processor time of this process, user and system."};
inline constexpr GaugeDeclaration kProcessResident{
    "farshore_process_resident_bytes", kByEveryService, {}, "Resident memory of this process."};
inline constexpr GaugeDeclaration kProcessStarted{
    "farshore_process_start_timestamp_seconds", kByEveryService, {}, "When this process started."};

// --- capture: reading
inline constexpr CounterDeclaration kCaptureReadBytes{
    "farshore_capture_read_bytes_total", kByCapture, {"origin"}, "Binlog bytes read."};
inline constexpr CounterDeclaration kCaptureReadTransactions{
    "farshore_capture_read_transactions_total", kByCapture, {"origin"}, "Transactions read, echoes included."};
inline constexpr CounterDeclaration kCaptureReadRows{
    "farshore_capture_read_rows_total", kByCapture, {"origin"}, "Row changes decoded."};
inline constexpr CounterDeclaration kCaptureEchoTransactions{
    "farshore_capture_echo_transactions_total",
    kByCapture,
    {"origin"},
    "Transactions left out because apply made them (they begin with the progress write)."};
inline constexpr CounterDeclaration kCaptureForeignTransactions{
    "farshore_capture_foreign_transactions_total",
    kByCapture,
    {"origin"},
    "Transactions left out because they came to the source by native replication from a server that is not its own."};
inline constexpr CounterDeclaration kCaptureRepeatedRows{
    "farshore_capture_repeated_rows_total",
    kByCapture,
    {"origin", "stream"},
    "Changes read again after a start and not sent, because the topic has them already."};
inline constexpr GaugeDeclaration kCaptureReadCommit{
    "farshore_capture_read_commit_timestamp_seconds",
    kByCapture,
    {"origin"},
    "Commit time, by the source's clock, of the last transaction read."};
// --- capture: publishing
inline constexpr CounterDeclaration kCapturePublishedRows{
    "farshore_capture_published_rows_total", kByCapture, {"origin", "stream"}, "Changes that Kafka acknowledged."};
inline constexpr CounterDeclaration kCapturePublishedBytes{"farshore_capture_published_bytes_total",
                                                           kByCapture,
                                                           {"origin", "stream"},
                                                           "Bytes of acknowledged batches, before compression."};
inline constexpr CounterDeclaration kCapturePublishedTransactions{"farshore_capture_published_transactions_total",
                                                                  kByCapture,
                                                                  {"origin"},
                                                                  "Transactions whose changes were all acknowledged."};
inline constexpr CounterDeclaration kCapturePublishedBatches{
    "farshore_capture_published_batches_total", kByCapture, {"origin", "stream"}, "Batches that Kafka acknowledged."};
inline constexpr CounterDeclaration kCapturePublishedWatermarks{"farshore_capture_published_watermarks_total",
                                                                kByCapture,
                                                                {"origin", "stream"},
                                                                "Watermarks that Kafka acknowledged."};
inline constexpr HistogramDeclaration kCaptureBatchRows{
    "farshore_capture_batch_rows", kByCapture, {"origin", "stream"}, kRowBuckets, "Changes in a batch."};
inline constexpr HistogramDeclaration kCaptureBatchBytes{
    "farshore_capture_batch_bytes", kByCapture, {"origin", "stream"}, kByteBuckets, "Size of a batch."};
inline constexpr GaugeDeclaration kCapturePublishedCommit{
    "farshore_capture_published_commit_timestamp_seconds",
    kByCapture,
    {"origin", "stream"},
    "Commit time, by the source's clock, of the last change acknowledged."};
inline constexpr HistogramDeclaration kCaptureLatency{"farshore_capture_latency_seconds",
                                                      kByCapture,
                                                      {"origin", "stream"},
                                                      kLatencyBuckets,
                                                      "From the commit at the source to Kafka's acknowledgement."};
inline constexpr GaugeDeclaration kCaptureQueue{
    "farshore_capture_queue_bytes", kByCapture, {"origin"}, "Batches on their way to Kafka, not yet acknowledged."};
inline constexpr GaugeDeclaration kCaptureQueueLimit{
    "farshore_capture_queue_limit_bytes", kByCapture, {"origin"}, "Bound of farshore_capture_queue_bytes."};
inline constexpr CounterDeclaration kCaptureBackpressure{
    "farshore_capture_backpressure_seconds_total",
    kByCapture,
    {"origin"},
    "Time in which reading stood still because the queue was full."};
// --- capture: its own state
inline constexpr GaugeDeclaration kCaptureActive{
    "farshore_capture_active", kByCapture, {"origin"}, "1: holds the lease and captures; 0: standby or stopped."};
inline constexpr GaugeDeclaration kCaptureStopped{
    "farshore_capture_stopped",
    kByCapture,
    {"origin"},
    "1: stopped where it does not go on by itself; the log and /readyz say why."};
inline constexpr GaugeDeclaration kCaptureEpoch{
    "farshore_capture_epoch_number", kByCapture, {"origin"}, "The epoch in which changes are numbered now."};
inline constexpr CounterDeclaration kCaptureCheckpoints{
    "farshore_capture_written_checkpoints_total", kByCapture, {"origin"}, "Checkpoints written."};
inline constexpr GaugeDeclaration kCaptureCheckpointAge{"farshore_capture_checkpoint_age_seconds",
                                                        kByCapture,
                                                        {"origin"},
                                                        "Time since the last checkpoint was acknowledged."};
inline constexpr GaugeDeclaration kCaptureClockOffset{"farshore_capture_source_clock_offset_seconds",
                                                      kByCapture,
                                                      {"origin"},
                                                      "The source's clock minus this process' clock."};
inline constexpr CounterDeclaration kCaptureReconnects{
    "farshore_capture_reconnects_total",
    kByCapture,
    {"origin", "to"},
    "Sessions begun again after a failure; to: source, kafka or lease."};

// --- apply: receiving
inline constexpr CounterDeclaration kApplyReceivedRows{
    "farshore_apply_received_rows_total", kByApply, {"origin", "stream"}, "Changes received, duplicates included."};
inline constexpr CounterDeclaration kApplyReceivedBytes{
    "farshore_apply_received_bytes_total", kByApply, {"origin", "stream"}, "Bytes of batches received."};
inline constexpr CounterDeclaration kApplyReceivedBatches{
    "farshore_apply_received_batches_total", kByApply, {"origin", "stream"}, "Batches received."};
inline constexpr CounterDeclaration kApplyDuplicateRows{"farshore_apply_duplicate_rows_total",
                                                        kByApply,
                                                        {"origin", "stream"},
                                                        "Changes dropped because they are applied already."};
inline constexpr GaugeDeclaration kApplyAssigned{
    "farshore_apply_assigned_partitions", kByApply, {"origin", "stream"}, "Partitions that this process applies."};
inline constexpr GaugeDeclaration kApplyQueue{
    "farshore_apply_queue_bytes", kByApply, {}, "Gathered for the next transactions, over all workers."};
inline constexpr GaugeDeclaration kApplyQueueLimit{
    "farshore_apply_queue_limit_bytes", kByApply, {}, "Bound of farshore_apply_queue_bytes."};
// --- apply: writing
inline constexpr CounterDeclaration kApplyAppliedRows{
    "farshore_apply_applied_rows_total", kByApply, {"origin", "stream"}, "Changes applied, durably."};
inline constexpr CounterDeclaration kApplyWrittenRows{
    "farshore_apply_written_rows_total",
    kByApply,
    {"origin", "stream"},
    "Rows written to the target; fewer than applied where later images of a key replaced earlier ones."};
inline constexpr CounterDeclaration kApplyTransactions{
    "farshore_apply_committed_transactions_total", kByApply, {}, "Transactions committed at the target."};
inline constexpr HistogramDeclaration kApplyWorkSetRows{
    "farshore_apply_work_set_rows", kByApply, {}, kRowBuckets, "Changes in a work set."};
inline constexpr HistogramDeclaration kApplyWorkSetBytes{
    "farshore_apply_work_set_bytes", kByApply, {}, kByteBuckets, "Size of a work set."};
inline constexpr CounterDeclaration kApplyRetries{
    "farshore_apply_retried_transactions_total",
    kByApply,
    {"reason"},
    "Target transactions tried again; reason: deadlock, lock-wait, connection or ownership."};
inline constexpr CounterDeclaration kApplyReconnects{"farshore_apply_reconnects_total",
                                                     kByApply,
                                                     {"to"},
                                                     "Connections begun again after a failure; to: target or kafka."};
// --- apply: what does not go on
inline constexpr GaugeDeclaration kApplyParked{
    "farshore_apply_parked_rows", kByApply, {"origin", "stream"}, "Changes parked now."};
inline constexpr CounterDeclaration kApplyParkings{
    "farshore_apply_parked_rows_total", kByApply, {"origin", "stream"}, "Changes ever parked by this process."};
inline constexpr CounterDeclaration kApplyConflicts{
    "farshore_apply_conflict_rows_total", kByApply, {"origin", "stream"}, "Conflicts found by this process."};
inline constexpr CounterDeclaration kApplyMismatches{
    "farshore_apply_mismatch_rows_total",
    kByApply,
    {"origin", "stream", "kind"},
    "Changes that found another row here than the origin had, or left one; kind: insert-exists, update-missing, "
    "before-differs, delete-missing, already-as-after, generated-other, written-other."};
inline constexpr GaugeDeclaration kApplyHoles{
    "farshore_apply_hole_partitions", kByApply, {"origin", "stream"}, "Partitions that stand at a hole."};
inline constexpr GaugeDeclaration kApplyStates{
    "farshore_apply_state_partitions",
    kByApply,
    {"origin", "stream", "state"},
    "Assigned partitions by state: applying, at-barrier, hole, waiting-for-schema, ..."};
// --- apply: how late
inline constexpr GaugeDeclaration kApplyCommit{"farshore_apply_applied_commit_timestamp_seconds",
                                               kByApply,
                                               {"origin", "stream"},
                                               "Commit time, by the source's clock, of the last change applied."};
inline constexpr HistogramDeclaration kMirrorLatency{
    "farshore_apply_mirror_latency_seconds",
    kByApply,
    {"origin", "stream"},
    kLatencyBuckets,
    "From capture's publishing to apply's receiving: both brokers and the mirror."};
inline constexpr HistogramDeclaration kApplyLatency{"farshore_apply_latency_seconds",
                                                    kByApply,
                                                    {"origin", "stream"},
                                                    kLatencyBuckets,
                                                    "From receiving a batch to its commit at the target."};
inline constexpr HistogramDeclaration kEndToEndLatency{"farshore_apply_end_to_end_latency_seconds",
                                                       kByApply,
                                                       {"origin", "stream"},
                                                       kLatencyBuckets,
                                                       "From the commit at the source to the commit at the target."};

// --- gate
inline constexpr GaugeDeclaration kSafeTime{
    "farshore_safe_time_seconds",
    kByGate,
    {"origin", "stream"},
    "Safe time as a timestamp: every change committed at the origin up to it is applied here. 0: none yet."};
inline constexpr GaugeDeclaration kSafeTimeAge{"farshore_safe_time_age_seconds",
                                               kByGate,
                                               {"origin", "stream"},
                                               "How old safe time really is: by number, by growth, by pace."};
inline constexpr GaugeDeclaration kGateOpen{
    "farshore_gate_open", kByGate, {"origin", "stream"}, "1: this region may take the stream over within its bounds."};
inline constexpr GaugeDeclaration kGateReason{"farshore_gate_reason_partitions",
                                              kByGate,
                                              {"origin", "stream", "reason"},
                                              "Partitions for which this reason closes the gate."};
inline constexpr GaugeDeclaration kGateParked{
    "farshore_gate_parked_rows", kByGate, {"origin", "stream"}, "Changes parked in this region's database."};
inline constexpr GaugeDeclaration kGateConflicts{
    "farshore_gate_conflict_rows", kByGate, {"origin", "stream"}, "Conflicts not yet resolved."};
inline constexpr GaugeDeclaration kGateEvidenceAge{
    "farshore_gate_evidence_age_seconds", kByGate, {}, "Time since the progress table was last read well."};
inline constexpr CounterDeclaration kGatePolls{
    "farshore_gate_polls_total", kByGate, {"result"}, "Readings of the progress table; result: good or failed."};
inline constexpr CounterDeclaration kGateReconnects{
    "farshore_gate_reconnects_total", kByGate, {}, "Connections to the database begun again after a failure."};

}  // namespace metric

/// The whole table, in the order of the reference page.
[[nodiscard]] std::span<const MetricDeclaration* const> every_metric();

}  // namespace farshore::service
