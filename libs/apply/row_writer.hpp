#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apply/mismatch.hpp"
#include "apply/parking.hpp"
#include "apply/row_op.hpp"
#include "apply/work_set.hpp"
#include "apply/write_plan.hpp"
#include "mysql/connection.hpp"

namespace farshore::apply {

struct StatementLimits {
  std::size_t rows = 1000;
  std::size_t bytes = 512 * 1024;
  std::size_t parked_rows = 10'000;  ///< of a partition
};

/// What a slice's changes became.
struct SliceCounts {
  std::uint64_t written = 0;  ///< rows in statements
  std::uint64_t parked = 0;
  std::uint64_t conflicts = 0;
  std::uint64_t unchanged = 0;  ///< `immutable` rows that were there with the same content
  MismatchCounts mismatches{};
};

/// Writes a plan's rows in the open transaction: in multi-row statements, and, when one of those fails, row by row, so
/// that the row which is the reason is known. Changes of parked keys go in their place, each on its own. Neither begins
/// nor commits.
class RowWriter {
 public:
  /// `look`: watches whether changes find the rows that they should, and has begun; null: nobody does.
  RowWriter(mysql::Connection& connection, Parking& parking, const StatementLimits& limits, RowLook* look = nullptr)
      : connection_(connection), parking_(parking), limits_(limits), look_(look) {}

  /// `slices`: whose changes they are. `counts` has one for each of them.
  [[nodiscard]] std::expected<void, Failure> write(const WritePlan& plan, std::span<const Slice> slices,
                                                   std::vector<SliceCounts>& counts);
  /// One parked change again. The inner error: the server refuses it again, and it stays as it is. Nothing: it is
  /// applied, or in conflict by rule, and parked no more.
  [[nodiscard]] std::expected<std::optional<mysql::SqlError>, Failure> write_parked(const RowOp& op,
                                                                                    std::span<const Slice> slices,
                                                                                    std::vector<SliceCounts>& counts);

 private:
  enum class Form : std::uint8_t { kDelete, kUpsert, kInsert, kRow };
  using Result = std::expected<void, Failure>;

  Result write_coalesced(std::span<const RowOp> ops);
  Result write_in_order(std::span<const RowOp> ops);
  Result write_stretch(std::span<const RowOp> ops);
  Result write_runs(std::span<const RowOp> ops);
  /// Whether they were looked at.
  std::expected<bool, Failure> look_ahead(std::span<const RowOp> ops);
  Result write_grouped(std::span<const RowOp> ops);
  std::expected<void, mysql::SqlError> check_keys(bool checks);
  Result write_run(Form form, std::span<const RowOp> ops);
  Result write_statement(std::span<const RowOp> ops, bool well_formed);
  Result write_rows(std::span<const RowOp> ops);
  Result write_row(const RowOp& op);
  /// What a statement's number of rows says of the rows that it found.
  enum class Seen : std::uint8_t { kAsExpected, kInsertExists, kUpdateMissing, kDeleteMissing, kUnclear };
  [[nodiscard]] bool is_looking() const;
  Result look_at(const RowOp& op);
  Result look_at_samples(const WritePlan& plan);
  Result read_back(std::span<const RowOp> ops);
  [[nodiscard]] RowsExpected expected(const RowOp& op);
  Result judge(std::span<const RowOp> ops, std::uint64_t rows);
  Result on_surprise(const RowOp& op, Seen seen, std::uint64_t changes);
  [[nodiscard]] bool is_parked(const RowOp& op) const;
  [[nodiscard]] static Form form_of(const RowOp& op);

  /// One change by the merge rule of its table. An error is the server's word on this row.
  std::expected<void, mysql::SqlError> apply_one(const RowOp& op);
  std::expected<void, mysql::SqlError> write_image(const RowOp& op);
  /// One that was refused since a row which it refers to is not here, by a key that does not cascade: that one's table
  /// keeps an order of its own, and the row may come later or be gone again. As outside of groups, no key is asked.
  std::expected<void, mysql::SqlError> apply_unchecked(const RowOp& op, const mysql::SqlError& refusal);
  std::expected<void, mysql::SqlError> upsert_carefully(const RowOp& op);
  std::expected<void, mysql::SqlError> insert_only(const RowOp& op);
  std::expected<void, mysql::SqlError> move_key(const RowOp& op);
  std::expected<void, mysql::SqlError> add_conflict(const RowOp& op, const std::string& reason);
  std::expected<std::uint64_t, mysql::SqlError> run(bool well_formed);
  Result on_row_error(const RowOp& op, const mysql::SqlError& error);

  mysql::Connection& connection_;
  Parking& parking_;
  const StatementLimits limits_;
  RowLook* const look_;
  std::span<const Slice> slices_;
  std::vector<SliceCounts>* counts_ = nullptr;
  bool checks_keys_ = false;                ///< foreign_key_checks of the session
  bool is_retry_ = false;                   ///< what is refused is parked already
  std::optional<mysql::SqlError> refused_;  ///< is_retry_
  bool is_conflict_ = false;                ///< the row at hand became one, which is not over with it
  std::string sql_;                         ///< reused
  std::vector<RowOp> run_;                  ///< reused
  std::vector<Value> before_;               ///< reused
  bool is_looked_at_ = false;               ///< the rows at hand were looked at
  bool is_merged_ = false;                  ///< the rows at hand are out of their order, see Planner
  Seen seen_ = Seen::kAsExpected;           ///< of the row at hand, written alone
};

}  // namespace farshore::apply
