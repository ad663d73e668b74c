#pragma once

#include <expected>
#include <memory>
#include <string>

#include "capture/resume/checkpoint_writer.hpp"
#include "capture/session_end.hpp"
#include "capture/source/known_cascades.hpp"
#include "capture/source/lease.hpp"
#include "change/table_rules.hpp"
#include "kafka/admin.hpp"
#include "kafka/settings.hpp"
#include "kafka/tail_reader.hpp"
#include "kafka/transactional_producer.hpp"
#include "mysql/connection.hpp"
#include "services/capture/capture_settings.hpp"
#include "services/capture/session_events.hpp"
#include "services/capture/start_decisions.hpp"

// The way of a start: functions from one stage to the next, in the order in which they are called here. They ask the
// source and Kafka; what follows from the answers is decided in start_decisions.hpp. Each gives the session's end if it
// fails, or if the session has ended meanwhile. All of them block, and belong to the session's thread.
//
//   Source -> Lease -> (older captures are fenced) -> FoundCheckpoint -> DecidedNumbering -> PlannedStart -> Started
namespace farshore::capture {

/// What all of them need. All of it outlives the start.
struct StartContext {
  const CaptureSettings& settings;
  const SessionEvents& events;
  const kafka::ClusterSettings& cluster;  ///< its clients' calls give up when the session has ended
  const SessionEnding& ending;

  /// For clients of which only the session's thread makes use: what they wait for, they wait for with a beat.
  [[nodiscard]] kafka::ClusterSettings beating_cluster() const;
};

template <typename Stage>
using Expected = std::expected<Stage, SessionEnd>;

struct Source {
  mysql::Connection control;  ///< for questions during the start
  SourceFacts facts;
};
[[nodiscard]] Expected<Source> look_at_source(const StartContext& context);

/// Not taken yet.
[[nodiscard]] Expected<Lease> open_lease(const StartContext& context);
/// Stands by until the lease is ours. True: it was another capture's, which may have taken long: the source may be
/// another one by now.
[[nodiscard]] Expected<bool> take_lease(const StartContext& context, Lease& lease);

/// Those behind who makes one may count on it.
struct KafkaClients {
  std::unique_ptr<kafka::Admin> admin;       ///< made by fence_older_captures()
  std::unique_ptr<kafka::TailReader> tails;  ///< made by read_checkpoint(), which that one calls
};
/// No capture that was there before can write a checkpoint any more: the producer that may.
[[nodiscard]] Expected<std::unique_ptr<kafka::TransactionalProducer>> fence_older_captures(const StartContext& context,
                                                                                           const SourceFacts& source,
                                                                                           KafkaClients& clients);

[[nodiscard]] Expected<FoundCheckpoint> read_checkpoint(const StartContext& context, KafkaClients& clients);

/// Writes a checkpoint where changes that the source does not log go on while an epoch is pending.
[[nodiscard]] Expected<DecidedNumbering> decide_numbering(const StartContext& context, Source& source,
                                                          const FoundCheckpoint& found, CheckpointWriter& checkpoints);

[[nodiscard]] Expected<void> set_up_topics(const StartContext& context, KafkaClients& clients,
                                           const FoundCheckpoint& found, const DecidedNumbering& numbering);

/// Of an epoch that this process begins.
[[nodiscard]] Incarnation random_incarnation();

[[nodiscard]] Expected<PlannedStart> plan_start(const StartContext& context, Source& source, KafkaClients& clients,
                                                const FoundCheckpoint& found, const DecidedNumbering& numbering);

/// Everything is known that publishing goes by. What the plan begins is yet to be written and sent.
struct Started {
  ResumeFacts facts;
  ResumePlan plan;
  change::TableRules rules;  ///< of the plan's numbering
  KnownCascades cascades;
  std::string unseen;  ///< why nothing is captured now, as UnseenChanges::why
};
[[nodiscard]] Expected<Started> start_from(const StartContext& context, Source& source, KafkaClients& clients,
                                           DecidedNumbering numbering, PlannedStart planned);

}  // namespace farshore::capture
