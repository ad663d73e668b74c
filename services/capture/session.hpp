#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <thread>

#include "base/mutex.hpp"
#include "binlog/stream.hpp"
#include "capture/counts.hpp"
#include "capture/publish/partitions.hpp"
#include "capture/publish/publisher.hpp"
#include "capture/resume/checkpoint_writer.hpp"
#include "capture/session_end.hpp"
#include "capture/source/lease.hpp"
#include "capture/source/source_watch.hpp"
#include "kafka/settings.hpp"
#include "services/capture/capture_settings.hpp"
#include "services/capture/session_events.hpp"
#include "services/capture/start.hpp"

namespace farshore::capture {

/// One life of a capture: from the lease to whatever ends it. Every start goes this way, the first one, the one after a
/// kill, and the one after a lost connection: there is one way to recover.
///
///   lease at the source -> fence older captures -> checkpoint and tails -> plan -> new epoch? -> read, publish
///
/// What it finds on the way to publishing are values (start.hpp). The session itself keeps what lives as long as it
/// does: the lease, its threads, and what is published.
class Session {
 public:
  /// All arguments outlive the session.
  Session(const CaptureSettings& settings, const SessionEvents& events, Counts& counts);
  ~Session();

  /// Runs until the session ends; `stop` ends it too.
  [[nodiscard]] SessionEnd run(const std::stop_token& stop);

 private:
  /// The way from the start to the end; why it ended before it published.
  [[nodiscard]] Expected<void> live();
  template <typename Step>
  [[nodiscard]] auto next(Step step) -> decltype(step());

  [[nodiscard]] Expected<Source> hold_lease(Source source);
  void watch(const SourceFacts& source);
  [[nodiscard]] Expected<void> take_over_checkpoints(const SourceFacts& source);
  [[nodiscard]] Expected<void> begin(Started& started);
  [[nodiscard]] Expected<void> begin_epoch(Started& started);
  [[nodiscard]] Expected<void> make_publisher(const ResumePlan& plan);
  [[nodiscard]] binlog::StreamOptions stream_options(const mysql::ServerInfo& server) const;
  [[nodiscard]] Expected<void> publish(const SourceFacts& source, Started& started);
  void set_reading(binlog::BinlogStream* stream);

  const CaptureSettings& settings_;
  const SessionEvents& events_;
  Counts& counts_;

  SessionEnding ending_;
  kafka::ClusterSettings cluster_;  ///< its clients' calls give up when the session has ended
  const StartContext start_;
  Mutex reading_mutex_;
  binlog::BinlogStream* reading_ GUARDED_BY(reading_mutex_) = nullptr;  ///< to interrupt when the session ends

  std::optional<Lease> lease_;
  std::unique_ptr<ReplicaWatch> replica_watch_;  ///< null: no replica is known
  std::unique_ptr<SourceWatch> watch_;
  KafkaClients kafka_;
  std::unique_ptr<CheckpointWriter> checkpoints_;
  Partitions partitions_;  ///< that are published
  std::unique_ptr<Publisher> publisher_;
  // Last, so that they are joined before what they use goes.
  std::jthread checkpoint_thread_;
  std::jthread replica_thread_;
  std::jthread watch_thread_;
};

}  // namespace farshore::capture
