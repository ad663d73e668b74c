#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

#include "apply/counts.hpp"
#include "apply/failure.hpp"
#include "apply/stuck_transaction.hpp"
#include "apply/target_catalog.hpp"
#include "apply/target_session.hpp"
#include "apply/writer_settings.hpp"
#include "base/check.hpp"
#include "base/mutex.hpp"
#include "mysql/connection.hpp"

namespace farshore::apply {

/// The writer's one session with the target database, and what keeps it from writing now. Opens the session, keeps it
/// alive, and closes it where the next one may find what was mended. Blocking; the writing thread's, but for fault().
///
/// A session that is lost stays so until connect() or reopen(): what was under way in it has an unknown outcome.
class WriterSession {
 public:
  using Clock = std::chrono::steady_clock;

  /// While it lives, others see how long the database has not let this thread go. One at a time.
  class Busy {
   public:
    explicit Busy(std::atomic<Clock::rep>& since) : since_(since) { since_ = Clock::now().time_since_epoch().count(); }
    ~Busy() { since_ = 0; }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

   private:
    std::atomic<Clock::rep>& since_;
  };

  /// Borrows all of them. What `catalog` knows is forgotten with each new session.
  WriterSession(const WriterSettings& settings, TargetCatalog& catalog, Counts& counts);

  /// Waits for a session that was alive a moment ago. False: stopped.
  [[nodiscard]] bool connect(const std::stop_token& stop);
  /// Where the session is lost: one try to open another. False: there is none now.
  [[nodiscard]] bool reopen();
  /// After some silence: asks for a sign of life. `is_needed`: waits for a session where there is none; else one that
  /// is there is kept, and none is waited for. False: stopped.
  [[nodiscard]] bool keep_alive(bool is_needed, const std::stop_token& stop);
  /// The next session looks again at what one finds out when it opens.
  void close() { session_.reset(); }
  /// Takes back what is not committed. If that fails the session is lost, and the transaction with it. Of a transaction
  /// with rows: HeldPartitions::rollback(), which takes back what Parking knows of it too.
  void rollback();

  [[nodiscard]] bool is_open() const { return session_.has_value(); }
  /// False while none is open.
  [[nodiscard]] bool is_lost() const { return session_ && session_->connection.lost(); }
  /// Progress can be written.
  [[nodiscard]] bool is_ready() const { return session_ && !session_->connection.lost() && marker_fault().empty(); }
  /// Only while one is open; good until the next call of a member that opens or closes one.
  [[nodiscard]] mysql::Connection& connection() {
    FARSHORE_CHECK(session_.has_value());
    return session_->connection;
  }
  /// Likewise. See TargetSession.
  [[nodiscard]] const std::string& marker_fault() const {
    FARSHORE_CHECK(session_.has_value());
    return session_->marker_fault;
  }
  [[nodiscard]] Busy busy() { return Busy(busy_since_); }
  /// It was alive just now.
  void note_used() { last_used_ = Clock::now(); }

  // How transactions go:
  /// Another one is at hand, which was not tried yet.
  void turn_to_next() { stuck_.begin(); }
  /// One has gone through.
  void passed();
  /// One has failed with this error, and will be tried again.
  void count_retry(const mysql::SqlError& error);
  /// One has failed and was rolled back. Closes a session that is older than a right that it needs. Where it does so
  /// again and again, finds out why: see why_stuck().
  void tell(const Failure& failure);
  /// No partition is in hand, so nothing fails.
  void idle();
  void clear_fault() { set_fault(""); }
  /// What the transaction at hand waits for again and again, for people; empty: it does not.
  [[nodiscard]] const std::string& why_stuck() const { return stuck_.sentence(); }
  /// why_stuck() can be noted in the partitions' progress.
  [[nodiscard]] bool can_note_why_stuck() const { return session_ && stuck_.can_be_noted(); }

  /// Empty: the session is good. Else why there is none now, or what a transaction waits for. From any thread.
  [[nodiscard]] std::string fault() const;

 private:
  void take(TargetSession session);
  void set_fault(std::string fault);

  const WriterSettings& settings_;
  TargetCatalog& catalog_;
  Counts& counts_;

  std::optional<TargetSession> session_;
  StuckTransaction stuck_;
  Clock::time_point last_used_;

  std::atomic<Clock::rep> busy_since_{0};  ///< 0: not
  mutable Mutex fault_mutex_;
  std::string fault_ GUARDED_BY(fault_mutex_);
};

}  // namespace farshore::apply
