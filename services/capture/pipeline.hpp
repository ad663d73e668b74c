#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "binlog/decoder.hpp"
#include "binlog/stream.hpp"
#include "capture/asked_tables.hpp"
#include "capture/cascade_groups.hpp"
#include "capture/checkpoint_cut.hpp"
#include "capture/checkpoint_writer.hpp"
#include "capture/known_cascades.hpp"
#include "capture/metrics.hpp"
#include "capture/numberer.hpp"
#include "capture/publisher.hpp"
#include "capture/resume.hpp"
#include "capture/row_router.hpp"
#include "capture/server_roles.hpp"
#include "capture/session_end.hpp"
#include "capture/source_history.hpp"
#include "capture/source_watch.hpp"
#include "capture/statement_check.hpp"
#include "change/table_rules.hpp"

namespace farshore::capture {

/// The way of a change from the binlog to Kafka. One thread runs it, until the session ends.
class Pipeline {
 public:
  /// What the way consists of, in its order. All of it outlives the pipeline.
  struct Parts {
    binlog::BinlogStream& stream;
    binlog::EventDecoder& decoder;
    SourceHistory& history;
    const ServerRoles& servers;
    change::TableRules& rules;  ///< their ties follow the known cascades
    KnownCascades& cascades;
    RowRouter& router;
    Numberer& numberer;
    Publisher& publisher;
    SourceWatch& watch;
    CheckpointCut& cut;
    CheckpointWriter& checkpoints;
    SessionEnding& ending;
    Metrics& metrics;
  };
  struct Settings {
    std::chrono::milliseconds batch_linger{5};
    std::chrono::milliseconds checkpoint_interval{1000};
    change::Numbering numbering;                    ///< that this session publishes under
    Incarnation fresh;                              ///< random, for an epoch that this session has to begin
    std::string told_statement;                     ///< as in the checkpoint
    std::optional<OriginPosition> keys_known_from;  ///< likewise
    bool logs_cascades = true;                      ///< the source writes cascaded rows to its binlog
    bool folds_names = false;                       ///< as StatementContext's
    bool ignores_inline_keys = false;  ///< REFERENCES in a column's definition makes no key: MySQL before 9.0
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

  Pipeline(const Parts& parts, const Settings& settings);

  /// Returns when the session has ended; why is in the session's ending.
  void run();

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] std::optional<binlog::Event> next_event();
  void begin_transaction(const binlog::Event& event);
  void add_rows(const binlog::RowsEvent& rows);
  void stop_at_unknown_server(std::string_view table);
  void check_statement(const binlog::Event& event);
  void look_at_keys(const binlog::Statement& statement, bool is_told);
  [[nodiscard]] bool begins_in_the_past() const;
  void doubt_gone_keys(const binlog::Statement& statement);
  void doubt_dropped_keys(const binlog::Statement& statement);
  void follow_keys(const binlog::Statement& statement);
  void explain_keys(const binlog::Statement& statement);
  [[nodiscard]] bool statement_is_new() const;
  void learn_keys(std::string_view schema, std::string_view table, const binlog::Statement* by = nullptr);
  void learn_keys_of(std::string_view full_name);
  void end_transaction();
  void send_what_is_due();
  void publish_watermark();
  [[nodiscard]] bool is_sure_of_keys(const PendingWatermarks::Moment& moment);
  void cut_checkpoint();

  void tell_statement(const binlog::Event& event, const StatementVerdict& verdict);
  void name_ties();
  void note_missed(const std::string& child, std::string why);
  void note_outside(const Cascade& tie);
  void begin_due_epoch();
  [[nodiscard]] bool hands_over(std::string_view why);
  void begin_epoch(EpochReason reason, const change::Numbering& numbering);
  [[nodiscard]] bool between_transactions() const { return !parts_.decoder.in_transaction(); }
  void name_transaction();
  [[nodiscard]] bool tails_passed() const;
  void finish_at_tails();
  void stop(std::string_view what);

  const Parts parts_;
  const Settings settings_;
  change::SourceTransaction transaction_;  ///< under way; its texts are filled at its first captured row
  bool transaction_is_named_ = false;
  bool has_begun_ = false;  ///< on_begun was called
  bool first_rows_seen_ = false;
  bool statement_passed_ = false;       ///< the one of which the epoch's start tells was read again
  ServerRole role_ = ServerRole::kOwn;  ///< of the transaction under way
  bool left_out_ = false;               ///< an echo, a foreign one, or the transaction before the checkpoint once more
  bool said_foreign_ = false;
  bool drained_ = false;               ///< the source has nothing more to read right now
  bool has_new_transactions_ = false;  ///< since the last cut
  bool has_advanced_ = false;          ///< a transaction ended that the checkpoint does not hold
  std::uint64_t numbering_digest_ = 0;
  std::uint64_t transactions_ = 0;  ///< whole ones, this session
  std::uint64_t transactions_at_cut_ = 0;
  std::uint64_t transactions_covered_ = 0;
  std::uint64_t rows_counted_ = 0;
  Clock::time_point now_;
  Clock::time_point last_send_;  ///< of all that was unsent
  Clock::time_point last_poll_;
  Clock::time_point last_cut_;
  Clock::time_point last_watermark_;
  /// What an epoch has to begin with, as soon as all that is published is read again.
  struct Due {
    std::vector<Cascade> ties;  ///< that the numbering does not know
    std::string why;            ///< the first of `missed` is
    std::set<std::string> missed;
    std::set<std::string> changed_unseen;  ///< of `missed`, as in Checkpoint
  };
  Due due_;
  OriginPosition asked_at_;  ///< the source's position when it answered last
  bool is_there_ = false;    ///< the table of that answer was
  /// Tables whose CREATE TABLE IF NOT EXISTS may have made a cascading key that is gone, and the source's position
  /// then.
  std::map<std::string, OriginPosition> may_have_made_;
  std::shared_ptr<const std::vector<CascadingKey>>
      sure_of_;  ///< all of the source's keys, as last asked, are explained
  AskedTables asked_;
};

}  // namespace farshore::capture
