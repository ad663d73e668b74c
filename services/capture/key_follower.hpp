#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/gtid.hpp"
#include "binlog/decoder.hpp"
#include "binlog/statement.hpp"
#include "capture/source/asked_tables.hpp"
#include "capture/source/cascade_groups.hpp"
#include "capture/source/source_watch.hpp"
#include "services/capture/next_epoch.hpp"
#include "services/capture/pipeline_parts.hpp"

namespace farshore::capture {

/// What an epoch's start tells of the statement at hand.
enum class Telling : std::uint8_t {
  kNothing,
  kFirst,  ///< it is yet to be told, and read again then: until then it may have been anybody's
  kAgain,  ///< it was told
};

/// Keeps the known cascades at the place that is read, where the source does not log what cascades change: asks the
/// source, and takes what statements do. What batches name follows it, and what it finds that the numbering does not
/// know, or that nobody published, the next epoch begins with. Any call may so end the session. Belongs to the
/// pipeline's thread.
class KeyFollower {
 public:
  using Clock = std::chrono::steady_clock;

  /// All of them outlive it.
  KeyFollower(const EpochParts& parts, const PipelineSettings& settings, NextEpoch& next)
      : parts_(parts), settings_(settings), next_(next) {}

  /// Before the rows are numbered: they may belong to a group that is not known yet.
  void meet(const binlog::RowsEvent& rows, Clock::time_point now);
  /// A statement is at hand, whatever it does.
  void forget(const binlog::Statement& statement) { asked_.forget(statement); }
  /// Before the statement at hand does anything.
  void look_at(const binlog::Statement& statement, Telling telling, Clock::time_point now);
  /// After it.
  void follow(const binlog::Statement& statement);
  /// All of the history's position is read.
  void reached();
  /// What batches name follows what is known. Ties that the numbering does not have, as of tables that were renamed,
  /// are due for the next epoch.
  void name_ties();
  /// Whether all keys that the source had at the moment are known. Else no watermark may be given for it.
  [[nodiscard]] bool is_sure_of(const PendingWatermark& moment, Clock::time_point now);
  /// Why it was not sure when it was asked last: for people.
  [[nodiscard]] const std::string& unsure_of() const { return unsure_of_; }

  /// What is known of keys has become another since the last call: for a checkpoint soon.
  [[nodiscard]] bool take_changed();

 private:
  [[nodiscard]] bool begins_in_the_past() const;
  void doubt_gone_keys(const binlog::Statement& statement);
  void doubt_dropped_keys(const binlog::Statement& statement);
  void explain_keys(const binlog::Statement& statement);
  void learn_keys(const TableName& table, Clock::time_point now, const binlog::Statement* by = nullptr);

  const EpochParts& parts_;
  const PipelineSettings& settings_;
  NextEpoch& next_;
  AskedTables asked_;
  OriginPosition asked_at_;  ///< the source's position when it answered last
  bool is_there_ = false;    ///< the table of that answer was
  /// Tables whose CREATE TABLE IF NOT EXISTS may have made a cascading key that is gone, and the source's position
  /// then.
  std::map<TableName, OriginPosition> may_have_made_;
  /// All of the source's keys, as last asked, are explained.
  std::shared_ptr<const std::vector<CascadingKey>> sure_of_;
  bool changed_ = false;
  std::string unsure_of_;
};

}  // namespace farshore::capture
