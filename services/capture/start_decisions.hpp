#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.hpp"
#include "base/gtid.hpp"
#include "base/numbers.hpp"
#include "capture/resume/partition_tail.hpp"
#include "capture/resume/resume.hpp"
#include "capture/session_end.hpp"
#include "capture/source/cascade_groups.hpp"
#include "capture/source/known_cascades.hpp"
#include "capture/source/source_check.hpp"
#include "change/checkpoint.hpp"
#include "change/table_rules.hpp"
#include "mysql/server_info.hpp"
#include "mysql/sql_error.hpp"

// What a start (start.hpp) decides on its way. No input or output: the same values give the same decision. How it goes
// on from the checkpoint is decided by plan_resume() (resume.hpp).
namespace farshore::capture {

// --- the source ----------------------------------------------------------------------------------------------------

/// What is known of the source.
struct SourceFacts {
  std::string address;  ///< for people
  mysql::ServerInfo server;
  std::string hidden_by;  ///< what keeps changes from the binlog, for people; empty: nothing
};

/// How a failed question to the source ends a session.
[[nodiscard]] SessionEnd end_of(const mysql::SqlError& error, const DatabaseEndpoint& source);

/// What the checks of a source mean for a start.
struct SourceJudgement {
  std::vector<std::string> warnings;
  std::string hidden_by;  ///< as in SourceFacts; no error yet: see UnseenChanges
  std::string errors;     ///< for which it cannot be captured, for people; empty: none
};
[[nodiscard]] SourceJudgement judge_source(const std::vector<CheckResult>& results);

// --- the checkpoint ------------------------------------------------------------------------------------------------

/// What the checkpoint topic holds.
struct FoundCheckpoint {
  std::optional<change::Checkpoint> checkpoint;  ///< nullopt: a first start, or it was lost
  Epoch last_epoch;                              ///< as in ResumeFacts
};

// --- the numbering -------------------------------------------------------------------------------------------------

/// Whether a start has to know the source's cascading keys: the source does not log what they do, or did not when it
/// wrote what is read next.
[[nodiscard]] bool needs_keys(const std::optional<change::Checkpoint>& checkpoint, bool logs_cascades);

/// Tables whose rows changed while nothing that is published says so.
struct MissedTables {
  std::vector<std::string> names;  ///< "schema.table", or kAllTables
  std::string why;                 ///< as ResumeFacts::missed_why
};

/// Captured tables that change without the source logging it: by a cascade from a table that no stream takes, or behind
/// a filter. While they do, nothing is captured. When it is over, nothing shows what has changed: so an epoch that
/// names the tables is written down first, and begins when it is over.
struct UnseenChanges {
  std::string why;                   ///< nothing is captured now, for people; empty: all changes are logged
  std::vector<std::string> changed;  ///< as ResumeFacts::changed_unseen
  MissedTables missed;               ///< what this start tells of them
  bool refuses = false;              ///< the start ends here, with `why`
  /// `refuses`: the checkpoint to be written before, as its pending epoch has more to tell.
  std::optional<change::Checkpoint> noted;
};
/// `keys`: the source's; they do not matter where it logs cascades.
[[nodiscard]] UnseenChanges find_unseen(const SourceFacts& source, const std::vector<CascadingKey>& keys,
                                        const std::optional<change::Checkpoint>& checkpoint,
                                        const change::TableRules& configured);

/// What the source logs of cascades, beside what it logged when it wrote what is read next. It may have been restarted
/// in between.
enum class CascadeLogging : std::uint8_t {
  kAsBefore,
  kFromNowOn,  ///< it did not
  kNoLonger,   ///< it did
};
[[nodiscard]] CascadeLogging compare_logging(const std::optional<change::Checkpoint>& checkpoint, bool logs_cascades);
/// kFromNowOn: `missed`, and what cascades may have changed since the checkpoint. Returns nullopt if the source, which
/// has executed `executed`, wrote nothing since.
[[nodiscard]] std::optional<MissedTables> add_unlogged(const MissedTables& missed, const change::Checkpoint& checkpoint,
                                                       std::vector<CascadingKey> keys, const OriginPosition& executed,
                                                       const change::TableRules& configured);

/// The rules as configured, with the groups that cascades make: those of `checkpointed`, and what `keys` tie where the
/// source does not log cascades.
[[nodiscard]] std::expected<change::TableRules, std::string> tie_tables(
    const change::TableRules& configured, const std::optional<change::TableRules>& checkpointed,
    const std::vector<CascadingKey>& keys, bool logs_cascades);
/// The tables that `now` captures and of which `before` may have left rows out.
[[nodiscard]] std::vector<std::string> left_out_before(const std::vector<TableFacts>& tables,
                                                       const change::TableRules& before, const change::TableRules& now);

/// What decides the numbering: the configuration, and which foreign keys cascade.
struct DecidedNumbering {
  /// That are captured by unless an epoch begins: the checkpoint's while its numbering is another one, else as
  /// configured.
  change::TableRules rules;
  change::Numbering configured;
  std::vector<CascadingKey> keys;  ///< the source's, by child, where needs_keys()
  UnseenChanges unseen;
  CascadeLogging logging = CascadeLogging::kAsBefore;
  MissedTables missed;
};

// --- the plan ------------------------------------------------------------------------------------------------------

/// What is decided so far, for plan_resume(). The source's position and the tails are yet to be read.
[[nodiscard]] ResumeFacts resume_facts(const FoundCheckpoint& found, const DecidedNumbering& numbering);
/// The checkpoint is there no longer, or is older than what is published: then it can be rebuilt, and only then.
[[nodiscard]] bool is_lost(const std::optional<change::Checkpoint>& checkpoint,
                           const std::vector<PartitionTail>& tails);
/// A start that was told where to begin, and goes on from a checkpoint: one sentence.
[[nodiscard]] std::string from_is_passed_over(const std::string& from, const std::string& origin,
                                              const change::Checkpoint& checkpoint);
/// Whether the source is looked at again before a refusal counts: what it has executed may be behind what was sent from
/// its binlog. `lacked`: for how long it has been looked at.
[[nodiscard]] bool may_pass(const ResumePlan& plan, std::chrono::steady_clock::duration lacked);
/// How a plan that refuses ends the session.
[[nodiscard]] SessionEnd end_of(const ResumePlan& refusal);

/// How the session goes on, and why.
struct PlannedStart {
  ResumeFacts facts;
  ResumePlan plan;
};

// --- started -------------------------------------------------------------------------------------------------------

/// What the cascading keys are taken from.
struct KeySources {
  bool are_logged = false;         ///< the source logs what they do
  std::vector<CascadingKey> keys;  ///< the source's, by child
  CascadeLogging logging = CascadeLogging::kAsBefore;
  /// Asks for those of a table of which `keys` has none; nullopt: it is there no longer. An error is not "none".
  std::function<std::expected<std::optional<std::vector<CascadingKey>>, SessionEnd>(const TableName& table)> ask;
};
/// What follows when a table's keys cannot be read. Returns nullopt where it is as if the table were not there: it is
/// not `captured`, and no key that it may have changes what is published.
[[nodiscard]] std::optional<SessionEnd> end_of_unread_keys(const mysql::SqlError& error, const DatabaseEndpoint& source,
                                                           std::string_view table, bool captured);
/// The checkpoint's keys and the source's, which was asked before its position was: both count as KnownCascades says.
/// The plan's checkpoint gets what is known.
[[nodiscard]] std::expected<KnownCascades, SessionEnd> know_cascades(PlannedStart& planned, const KeySources& sources,
                                                                     KnownCascades::IsCaptured is_captured);

/// An epoch that was begun before this start is told first; what this start has found is told by the next one.
[[nodiscard]] bool tells_more(const ResumeFacts& facts);
/// Why another epoch follows at once on the one that this start has begun, with this numbering. Returns nullopt if none
/// does.
[[nodiscard]] std::optional<SessionEnd> begins_another(const ResumeFacts& facts, const change::Numbering& begun);

}  // namespace farshore::capture
