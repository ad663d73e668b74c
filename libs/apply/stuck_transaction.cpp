#include "apply/stuck_transaction.hpp"

#include <utility>
#include <variant>

#include "apply/lock_wait.hpp"
#include "store/progress_row.hpp"

namespace farshore::apply {
namespace {

constexpr int kTriesUntold = 2;
constexpr std::chrono::seconds kLookEvery{10};

/// Another transaction, or another writer, may be what it failed for.
struct IsOfOtherTransactions {
  bool operator()(const TryAgain& again) const {
    return again.error.kind == mysql::SqlErrorKind::kLockWait || again.error.kind == mysql::SqlErrorKind::kDeadlock;
  }
  bool operator()(const LookFirst& /*look*/) const { return true; }
  bool operator()(const KeepOrder& /*order*/) const { return true; }
  bool operator()(const TargetMoved& /*moved*/) const { return true; }
  bool operator()(const SessionIsOld& /*old*/) const { return false; }
  bool operator()(const ProgressMoved& /*moved*/) const { return true; }
  bool operator()(const SliceStops& /*stops*/) const { return false; }
};

}  // namespace

bool StuckTransaction::failed(mysql::Connection& connection, const Failure& failure) {
  if (connection.lost() || !std::visit(IsOfOtherTransactions(), failure.kind)) return false;
  if (++tries_ < kTriesUntold) return false;
  if (!sentence_.empty() && Clock::now() - looked_at_ < kLookEvery) return true;
  LockFinding finding = find_lock(connection, failure);
  looked_at_ = Clock::now();
  sentence_ = store::reason_for_people(std::move(finding.sentence));
  show(connection, finding.block);
  return true;
}

void StuckTransaction::passed(mysql::Connection& connection) {
  begin();
  show(connection, std::nullopt);
}

void StuckTransaction::show(mysql::Connection& connection, std::optional<store::WriteBlock> block) {
  if (!shown_ && !block) return;
  if (connection.lost()) return;
  if (shown_ && shown_ != block) (void)store::hide_block(connection, region_, *shown_);
  shown_ = block;
  // Each time, as the session that showed it may have let go. A server without such locks shows nothing.
  if (block) (void)store::show_block(connection, region_, *block);
}

}  // namespace farshore::apply
