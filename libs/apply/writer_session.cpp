#include "apply/writer_session.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "apply/backoff.hpp"

namespace farshore::apply {
namespace {

using mysql::SqlError;
using mysql::SqlErrorKind;
using namespace std::chrono_literals;

constexpr auto kKeepAlive = 1s;  // well below the session's wait_timeout
constexpr auto kAnswerLate = 5s;

}  // namespace

WriterSession::WriterSession(const WriterSettings& settings, TargetCatalog& catalog, Counts& counts)
    : settings_(settings), catalog_(catalog), counts_(counts), stuck_(settings.region) {}

std::string WriterSession::fault() const {
  {
    const MutexLock lock(fault_mutex_);
    if (!fault_.empty()) return fault_;
  }
  const Clock::rep since = busy_since_;
  const auto silent = Clock::now() - Clock::time_point(Clock::duration(since));
  if (since == 0 || silent < kAnswerLate) return {};
  return fmt::format("{} does not answer: a transaction of apply has been under way for more than {} s",
                     settings_.endpoint.to_string(), std::chrono::seconds(kAnswerLate).count());
}

void WriterSession::set_fault(std::string fault) {
  const MutexLock lock(fault_mutex_);
  fault_ = std::move(fault);
}

// --- opening, keeping, closing

bool WriterSession::connect(const std::stop_token& stop) {
  // The server ends a session that has been silent for its wait_timeout. That is found out here, and not by a statement
  // whose failure would be told as the reason why a partition does not go on.
  if (session_ && !session_->connection.lost() && Clock::now() - last_used_ >= kKeepAlive) {
    const Busy busy(busy_since_);
    (void)session_->connection.execute("DO 1");
  }
  Backoff backoff(stop);
  while (!session_ || session_->connection.lost()) {
    if (session_) counts_.reconnects.add(Neighbour::kTarget);
    session_.reset();
    if (stop.stop_requested()) return false;
    auto opened = [&] {
      const Busy busy(busy_since_);
      return open_target_session(settings_.endpoint, settings_.region, settings_.owner);
    }();
    if (opened) {
      take(std::move(*opened));
      break;
    }
    set_fault(fmt::format("no session with {}: {}", settings_.endpoint.to_string(), opened.error().to_string()));
    backoff.wait();
  }
  last_used_ = Clock::now();
  return true;
}

bool WriterSession::reopen() {
  auto opened = open_target_session(settings_.endpoint, settings_.region, settings_.owner);
  counts_.reconnects.add(Neighbour::kTarget);
  if (!opened) {
    session_.reset();
    return false;
  }
  take(std::move(*opened));
  return true;
}

void WriterSession::take(TargetSession session) {
  session_.emplace(std::move(session));
  stuck_.on_new_session();
  catalog_.begin_session(session_->connection, session_->granted_before);
  set_fault(session_->marker_fault);
}

bool WriterSession::keep_alive(bool is_needed, const std::stop_token& stop) {
  const auto now = Clock::now();
  if (now - last_used_ < kKeepAlive) return true;
  if (is_needed && !connect(stop)) return false;
  if (!is_needed && session_) (void)session_->connection.execute("DO 1");
  last_used_ = now;
  return true;
}

void WriterSession::rollback() {
  if (session_ && !session_->connection.lost()) (void)session_->connection.rollback();
}

// --- how transactions go

void WriterSession::passed() {
  if (session_) stuck_.passed(session_->connection);
  set_fault(session_ ? session_->marker_fault : "");
}

void WriterSession::idle() {
  set_fault("");
  if (session_) stuck_.passed(session_->connection);
}

void WriterSession::count_retry(const SqlError& error) {
  const bool passes = error.kind == SqlErrorKind::kDeadlock || error.kind == SqlErrorKind::kLockWait ||
                      error.kind == SqlErrorKind::kConnectionLost;
  if (!passes) set_fault(fmt::format("{} takes no writes now: {}", settings_.endpoint.to_string(), error.to_string()));
  if (error.kind == SqlErrorKind::kDeadlock) {
    counts_.retries.add(Retry::kDeadlock);
  } else if (error.kind == SqlErrorKind::kConnectionLost) {
    counts_.retries.add(Retry::kConnection);
  } else if (error.code != 0) {
    counts_.retries.add(Retry::kLockWait);
  }
  if (session_ && error.kind == SqlErrorKind::kReadOnly)
    stuck_.show(session_->connection, store::WriteBlock::kReadOnly);
  if (session_ && error.kind == SqlErrorKind::kDiskFull)
    stuck_.show(session_->connection, store::WriteBlock::kDiskFull);
  if (error.kind == SqlErrorKind::kConnectionLost)
    set_fault(fmt::format("the session with {} is lost: {}", settings_.endpoint.to_string(), error.to_string()));
}

void WriterSession::tell(const Failure& failure) {
  if (std::holds_alternative<SessionIsOld>(failure.kind)) return close();
  if (!session_ || !stuck_.failed(session_->connection, failure)) return;
  last_used_ = Clock::now();
  set_fault(stuck_.sentence());
}

}  // namespace farshore::apply
