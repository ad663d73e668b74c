#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "binlog/stream.hpp"
#include "capture/cascade_groups.hpp"
#include "capture/checkpoint_writer.hpp"
#include "capture/known_cascades.hpp"
#include "capture/lease.hpp"
#include "capture/metrics.hpp"
#include "capture/publisher.hpp"
#include "capture/resume.hpp"
#include "capture/session_end.hpp"
#include "capture/session_events.hpp"
#include "capture/session_settings.hpp"
#include "capture/source_watch.hpp"
#include "change/table_rules.hpp"
#include "kafka/admin.hpp"
#include "kafka/settings.hpp"
#include "kafka/tail_reader.hpp"
#include "mysql/server_info.hpp"

namespace farshore::capture {

/// One life of a capture: from the lease to whatever ends it. Every start goes this way, the first one, the one after a
/// kill, and the one after a lost connection: there is one way to recover.
///
///   lease at the source -> fence older captures -> checkpoint and tails -> plan -> new epoch? -> read, publish
class Session {
 public:
  /// All arguments outlive the session.
  Session(const SessionSettings& settings, const SessionEvents& events, Metrics& metrics);
  ~Session();

  /// Runs until the session ends; `stop` ends it too.
  [[nodiscard]] SessionEnd run(const std::stop_token& stop);

 private:
  using Failure = std::optional<SessionEnd>;

  // The way of a start, in order. Each gives the session's end if it fails.
  [[nodiscard]] Failure look_at_source();
  [[nodiscard]] Failure take_lease();
  [[nodiscard]] Failure fence_older_captures();
  [[nodiscard]] Failure read_checkpoint();
  [[nodiscard]] Failure read_keys();
  [[nodiscard]] Failure look_at_what_is_unseen();
  [[nodiscard]] Failure look_at_unlogged_cascades();
  [[nodiscard]] Failure decide_numbering();
  [[nodiscard]] Failure set_up_topics();
  [[nodiscard]] Failure plan();
  [[nodiscard]] Failure begin_epoch();
  [[nodiscard]] Failure publish();

  [[nodiscard]] Failure read_tails(const change::Numbering& numbering);
  [[nodiscard]] Failure read_statements();
  [[nodiscard]] Failure read_source_position();
  [[nodiscard]] Failure make_publisher();
  [[nodiscard]] bool tells_more() const;
  [[nodiscard]] std::optional<std::vector<CascadingKey>> keys_of(const std::string& table);
  void know_cascades();
  [[nodiscard]] kafka::ClusterSettings beating_cluster() const;
  [[nodiscard]] std::expected<KeysAnswer, SessionEnd> ask_keys(std::optional<mysql::Connection>& connection,
                                                               std::string_view schema, std::string_view table);
  void set_reading(binlog::BinlogStream* stream);
  [[nodiscard]] SessionEnd ended() const { return ending_.get(); }

  const SessionSettings& settings_;
  const SessionEvents& events_;
  Metrics& metrics_;

  SessionEnding ending_;
  kafka::ClusterSettings cluster_;  ///< its clients' calls give up when the session has ended
  std::mutex reading_mutex_;
  binlog::BinlogStream* reading_ = nullptr;  // guarded by reading_mutex_: to interrupt when the session ends

  std::optional<mysql::Connection> control_;  ///< for questions during the start
  mysql::ServerInfo server_;
  std::optional<Lease> lease_;
  std::unique_ptr<ReplicaWatch> replica_watch_;  ///< null: no replica is known
  std::unique_ptr<SourceWatch> watch_;
  std::unique_ptr<kafka::Admin> admin_;
  std::unique_ptr<kafka::TailReader> tail_reader_;
  std::unique_ptr<CheckpointWriter> checkpoints_;
  std::optional<change::TableRules> rules_;  ///< of the numbering that this session publishes under
  std::vector<CascadingKey> keys_;           ///< the source's cascading keys as the start found them, by child
  std::string hidden_by_;                    ///< what keeps changes from the binlog, for people; empty: nothing
  std::string unseen_;                       ///< why nothing is captured now; empty: it is
  bool logged_until_now_ = false;            ///< the source logged cascades at the checkpoint, and does no longer
  KnownCascades cascades_;
  ResumeFacts facts_;
  ResumePlan plan_;
  Partitions partitions_;
  std::unique_ptr<Publisher> publisher_;
  // Last, so that they are joined before what they use goes.
  std::jthread checkpoint_thread_;
  std::jthread replica_thread_;
  std::jthread watch_thread_;
};

}  // namespace farshore::capture
