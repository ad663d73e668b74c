#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "binlog/decoder.hpp"
#include "binlog/held_rows.hpp"
#include "binlog/unpacked_events.hpp"
#include "capture/publish/event_rows.hpp"
#include "capture/source/server_roles.hpp"
#include "capture/source/statement_check.hpp"
#include "services/capture/heartbeats.hpp"
#include "services/capture/key_follower.hpp"
#include "services/capture/next_epoch.hpp"
#include "services/capture/pipeline_parts.hpp"
#include "services/capture/withheld_notice.hpp"

namespace farshore::capture {

/// The way of a change from the binlog to Kafka. One thread runs it, until the session ends.
class Pipeline {
 public:
  Pipeline(const PipelineParts& parts, const PipelineSettings& settings);

  /// Returns when the session has ended; why is in the session's ending.
  void run();

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] std::optional<binlog::Event> next_event();
  [[nodiscard]] bool receive();
  void undecoded(const binlog::DecodeError& error);
  void begin_transaction(const binlog::Event& event);
  void add_rows(const binlog::RowsEvent& rows);
  void publish_rows(const binlog::RowsEvent& rows, std::uint32_t began_s);
  void stop_at_unknown_server(std::string_view table);
  void check_statement(const binlog::Event& event);
  void roll_back(const binlog::Event& event);
  void commit(const binlog::Event& event);
  void prepare(const binlog::Event& event);
  void commit_prepared(const binlog::Event& event);
  void roll_back_prepared(const binlog::Event& event);
  void publish_prepared(const change::PreparedTransaction& prepared);
  void note_unpublished(const std::vector<std::string>& changed, const std::vector<TableName>& published,
                        std::string_view why);
  [[nodiscard]] Telling telling_of(const StatementVerdict& verdict) const;
  void end_transaction();
  [[nodiscard]] SourceTime committed_by() const;
  void show_prepared();
  void send_what_is_due();
  void publish_watermark();
  void cut_checkpoint();

  void note_never_reached();
  void tell_statement(const binlog::Event& event, const binlog::Statement& statement, const StatementVerdict& verdict,
                      Telling telling);
  [[nodiscard]] bool is_rolled_back() const;
  [[nodiscard]] bool between_transactions() const { return !parts_.decoder.in_transaction(); }
  void name_transaction();
  void finish_at_tails();

  const PipelineParts parts_;
  const PipelineSettings settings_;
  binlog::UnpackedEvents unpacked_;
  binlog::HeldRows held_;
  NextEpoch next_epoch_;
  KeyFollower keys_;
  EventRows event_rows_;
  WithheldNotice withheld_;
  binlog::RawEvent raw_;  ///< of the event at hand
  Heartbeats heartbeats_;
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
  std::uint64_t numbering_digest_ = 0;
  std::uint64_t transactions_ = 0;  ///< whole ones, this session
  std::uint64_t transactions_at_cut_ = 0;
  std::uint64_t transactions_covered_ = 0;
  std::uint64_t rows_counted_ = 0;
  Clock::time_point now_;
  SourceTime reached_{};         ///< the newest time of the source up to which all is read
  std::uint32_t newest_s_ = 0;   ///< of the events that were read, by the source's clock
  Clock::time_point last_send_;  ///< of all that was unsent
  Clock::time_point last_poll_;
  Clock::time_point last_cut_;
  Clock::time_point last_watermark_;
  Clock::time_point last_reach_look_;  ///< whether the moments to come are ever reached
};

}  // namespace farshore::capture
