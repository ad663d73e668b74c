#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/gtid.hpp"
#include "base/numbers.hpp"
#include "capture/source/transaction_digest.hpp"
#include "change/checkpoint.hpp"

namespace farshore::capture {

/// Which transactions of the source are read, and that they are the ones that were read before. Not thread safe.
///
///   position_before_last + last = position
///
/// After a restart reading begins at position_before_last, so the first transaction must be `last` once more, with the
/// same commit time and digest: equal GTIDs do not prove an equal history (a source restored from a copy grows past
/// them).
class SourceHistory {
 public:
  /// Where to begin: everything in `before_last` is read; `last`, if given, is what has to come first.
  SourceHistory(OriginPosition before_last, std::optional<change::LastTransaction> last);

  /// An error is one sentence: the transaction belongs before what was already read, or another was expected.
  [[nodiscard]] std::optional<std::string> begin(const Gtid& gtid, SourceTime commit_time);
  void add_rows(std::uint8_t operation, std::string_view body) { digest_.add_rows(operation, body); }
  void add_statement(std::string_view sql) { digest_.add_statement(sql); }
  /// The transaction is whole. An error is one sentence: the history differs.
  [[nodiscard]] std::optional<std::string> end();

  /// The transaction under way is the one read before the restart: it is numbered already.
  [[nodiscard]] bool repeating() const { return expected_.has_value(); }
  /// Of the transaction under way; empty between transactions.
  [[nodiscard]] const Gtid& gtid() const { return gtid_; }
  /// Everything read, without the transaction under way.
  [[nodiscard]] const OriginPosition& position() const { return position_; }
  [[nodiscard]] const OriginPosition& position_before_last() const { return before_last_; }
  /// Of the last whole transaction; none: nothing was read yet, and nothing has to be repeated.
  [[nodiscard]] const std::optional<change::LastTransaction>& last() const;

 private:
  OriginPosition position_;
  OriginPosition before_last_;
  std::optional<change::LastTransaction> expected_;
  Gtid gtid_;                 ///< of the transaction under way
  SourceTime commit_time_{};  ///< likewise
  Gtid last_gtid_;            ///< in position_ and not in before_last_; empty: none
  SourceTime last_commit_time_{};
  std::uint64_t last_digest_ = 0;
  mutable std::optional<change::LastTransaction> last_;  ///< made from the three when asked for
  TransactionDigest digest_;
};

}  // namespace farshore::capture
