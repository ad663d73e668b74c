#pragma once

#include <chrono>
#include <expected>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "apply/target_table.hpp"
#include "mysql/connection.hpp"

namespace farshore::apply {

/// Why a table cannot be written now.
struct Unbound {
  /// Set: the schema could not be read; try again. Else the table does not fit, and `reason` says why.
  std::optional<mysql::SqlError> error;
  std::string reason;
};

/// The target's tables as far as they are in use. A table that fits is read again after `max_age`, so that a key or
/// column added meanwhile is seen; one that does not fit is read again each time. Not thread safe.
class TargetCatalog {
 public:
  TargetCatalog(change::TableRules rules, std::chrono::milliseconds max_age)
      : rules_(std::move(rules)), max_age_(max_age) {}

  [[nodiscard]] std::expected<std::shared_ptr<const TargetTable>, Unbound> find(
      mysql::Connection& connection, const std::shared_ptr<const change::ChangeTable>& source, ServerKind source_kind);
  /// The target's tables may have changed.
  void forget() { tables_.clear(); }

 private:
  struct Entry {
    std::shared_ptr<const change::ChangeTable> source;  ///< keeps the key's address from being used again
    std::shared_ptr<const TargetTable> table;
    std::chrono::steady_clock::time_point read_at;
  };
  using Key = std::pair<const change::ChangeTable*, ServerKind>;

  const change::TableRules rules_;
  const std::chrono::milliseconds max_age_;
  std::map<Key, Entry> tables_;
};

}  // namespace farshore::apply
