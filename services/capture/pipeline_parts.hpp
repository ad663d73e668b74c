#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "base/gtid.hpp"
#include "base/numbers.hpp"
#include "binlog/decoder.hpp"
#include "binlog/stream.hpp"
#include "capture/counts.hpp"
#include "capture/publish/numberer.hpp"
#include "capture/publish/prepared_transactions.hpp"
#include "capture/publish/publisher.hpp"
#include "capture/publish/row_router.hpp"
#include "capture/resume/checkpoint_cut.hpp"
#include "capture/resume/checkpoint_writer.hpp"
#include "capture/session_end.hpp"
#include "capture/source/cascade_groups.hpp"
#include "capture/source/known_cascades.hpp"
#include "capture/source/server_roles.hpp"
#include "capture/source/source_history.hpp"
#include "capture/source/source_watch.hpp"
#include "capture/source/unchecked_children.hpp"
#include "change/table_rules.hpp"

namespace farshore::capture {

/// What an epoch consists of at the place that is read: all that its end and the next one's beginning need.
struct EpochParts {
  binlog::EventDecoder& decoder;
  SourceHistory& history;
  change::TableRules& rules;  ///< their ties follow the known cascades
  KnownCascades& cascades;
  RowRouter& router;
  Numberer& numberer;
  Publisher& publisher;
  SourceWatch& watch;
  CheckpointCut& cut;
  CheckpointWriter& checkpoints;
  SessionEnding& ending;

  /// Everything that was published before is read again.
  [[nodiscard]] bool tails_passed() const;
  /// Ends the session for a person to mend something: names the transaction under way.
  void stop(std::string_view what) const;
};

/// What the way of a change consists of. All of it outlives the pipeline.
struct PipelineParts : EpochParts {
  binlog::BinlogStream& stream;
  const ServerRoles& servers;
  PreparedTransactions& prepared;
  UncheckedChildren& unchecked;  ///< kept where the source does not log what cascades
  Counts& counts;
};

struct PipelineSettings {
  std::chrono::milliseconds batch_linger{5};
  std::chrono::milliseconds checkpoint_interval{1000};
  std::size_t event_bytes_max = 64U << 20;  ///< of a compressed event, unpacked
  change::Numbering numbering;              ///< that this session publishes under
  Incarnation fresh;                        ///< random, for an epoch that this session has to begin
  Gtid told_statement;                      ///< as in the checkpoint
  OriginPosition keys_known_from;           ///< likewise
  bool logs_cascades = true;                ///< the source writes cascaded rows to its binlog
  bool folds_names = false;                 ///< as StatementContext's
  bool ignores_inline_keys = false;         ///< REFERENCES in a column's definition makes no key: MySQL before 9.0
  /// Write a checkpoint and end with kRenumber once everything that was published is read again.
  bool stops_at_tails = false;
  std::function<void(const std::string&)> warning = [](const std::string&) {};  ///< one sentence
  /// Asks the live source for a table's cascading keys. An error ends the session. Blocks for as long as an answer
  /// may take.
  std::function<std::expected<KeysAnswer, SessionEnd>(std::string_view schema, std::string_view table)> ask_keys;
  /// Why no watermark is given; empty: they are given again. Called when that changes.
  std::function<void(const std::string&)> on_withheld = [](const std::string&) {};
  /// Called once, when the source has taken the position and begins to send.
  std::function<void()> on_begun = [] {};
};

}  // namespace farshore::capture
