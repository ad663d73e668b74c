#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "apply/failure.hpp"
#include "mysql/connection.hpp"
#include "store/write_block.hpp"

namespace farshore::apply {

/// A transaction that is tried again and again, and why: told after a few tries, since most locks are gone at the next
/// one, and deadlocks too. Of one writer; one thread.
class StuckTransaction {
 public:
  explicit StuckTransaction(std::string region) : region_(std::move(region)) {}

  /// Another one begins, or this one was done.
  void begin() { tries_ = 0, sentence_.clear(); }
  /// A try has failed and was rolled back. True: sentence() says why.
  bool failed(mysql::Connection& connection, const Failure& failure);
  /// A transaction has gone through.
  void passed(mysql::Connection& connection);

  /// Says by an advisory lock of the session that nothing can be written here; nothing: no more.
  void show(mysql::Connection& connection, std::optional<store::WriteBlock> block);
  /// What the session before has shown went with it.
  void on_new_session() { shown_.reset(); }

  [[nodiscard]] const std::string& sentence() const { return sentence_; }
  /// It can be noted in the partitions' progress.
  [[nodiscard]] bool can_be_noted() const { return !sentence_.empty() && !shown_; }

 private:
  using Clock = std::chrono::steady_clock;
  const std::string region_;
  int tries_ = 0;
  Clock::time_point looked_at_;
  std::string sentence_;
  std::optional<store::WriteBlock> shown_;
};

}  // namespace farshore::apply
