#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "apply/added_columns.hpp"
#include "apply/failure.hpp"
#include "apply/mismatch.hpp"
#include "apply/parking.hpp"
#include "apply/target_catalog.hpp"
#include "apply/write_plan.hpp"
#include "apply/writer_settings.hpp"
#include "mysql/connection.hpp"
#include "store/tables.hpp"

namespace farshore::apply {

/// What a writer knows of the target while it writes rows: its tables, what is parked, whether changes find the rows
/// that they should. Of one writer; the writing thread's. Its parts point to one another, so it does not move.
class TargetState {
 public:
  explicit TargetState(const WriterSettings& settings)
      : region_(settings.region),
        catalog_(settings.rules, settings.schema_age_max, *settings.clock),
        parking_(settings.region, settings.retry_interval, *settings.clock),
        planner_(catalog_) {
    switch (settings.look_at) {
      case change::LookAt::kNone: break;
      case change::LookAt::kSample: look_.emplace(settings.region, false, catalog_); break;
      case change::LookAt::kAll: look_.emplace(settings.region, true, catalog_); break;
    }
  }
  TargetState(const TargetState&) = delete;
  TargetState& operator=(const TargetState&) = delete;

  [[nodiscard]] TargetCatalog& catalog() { return catalog_; }
  [[nodiscard]] Parking& parking() { return parking_; }
  [[nodiscard]] const Parking& parking() const { return parking_; }
  [[nodiscard]] Planner& planner() { return planner_; }
  /// nullptr: nobody looks.
  [[nodiscard]] RowLook* look() { return look_ ? &*look_ : nullptr; }

  /// Notes in the open transaction what its changes saw of rows that were not as they should be. `slice` stops if that
  /// cannot be noted.
  [[nodiscard]] std::expected<void, Failure> note_looked(mysql::Connection& connection, std::uint32_t slice) {
    if (!look_) return {};
    const auto cannot = [&](const mysql::SqlError& error, std::string_view table) {
      return std::unexpected(
          Failure::of_statement(slice, "what stands here cannot be compared and noted", error).at(kOwnSchema, table));
    };
    if (auto noted = look_->note(connection); !noted) return cannot(noted.error(), store::kMismatchTable);
    if (auto doubted = look_->doubt_equality(connection); !doubted)
      return cannot(doubted.error(), store::kEqualityTable);
    return {};
  }

  /// Compares in the open transaction what columns that an origin has added have here, in the tables that were bound
  /// since the last transaction that went through. `slice` stops if that cannot be noted.
  [[nodiscard]] std::expected<void, Failure> note_awaited(mysql::Connection& connection, std::uint32_t slice) {
    if (catalog_.bound().empty()) return {};
    const auto compared = compare_awaited(connection, region_, &catalog_.bound());
    if (compared) return {};
    return std::unexpected(
        Failure::of_statement(slice, "what its added columns have here cannot be compared and noted", compared.error())
            .at(kOwnSchema, store::kAddedColumnTable));
  }

 private:
  const std::string region_;
  TargetCatalog catalog_;
  std::optional<RowLook> look_;
  Parking parking_;
  Planner planner_;
};

}  // namespace farshore::apply
