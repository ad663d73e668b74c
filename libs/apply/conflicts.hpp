#pragma once

#include <expected>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "apply/parked_change.hpp"
#include "apply/parked_key.hpp"
#include "mysql/connection.hpp"
#include "store/progress_row.hpp"

namespace farshore::apply {

/// The open conflicts, and the rules of when one begins and ends. Their keys are also kept in memory, of whole origins,
/// as a key may move to another partition: a later change of such a key ends the conflict, since resolving it must
/// never bring the older image over a newer one. The writing members take part in the open transaction; settle()
/// afterwards. Not thread safe.
class Conflicts {
 public:
  explicit Conflicts(std::string region) : region_(std::move(region)) {}

  [[nodiscard]] std::expected<void, mysql::SqlError> load(mysql::Connection& connection, const std::string& origin);
  /// An open conflict has the key. (With very many of them: or may have it.)
  [[nodiscard]] bool knows(const std::string& origin, const ParkedKey& key) const;
  /// The same by what the database has: knows() may say yes of one that is over, or of any with very many.
  [[nodiscard]] std::expected<bool, mysql::SqlError> is_open(mysql::Connection& connection, const std::string& origin,
                                                             const ParkedKey& key) const;

  /// Whether knows() may say yes to anything.
  [[nodiscard]] bool has_any(const std::string& origin) const;

  /// In place of what is open under the key. `image`: JSON of what stands here; nullopt: nothing does.
  [[nodiscard]] std::expected<void, mysql::SqlError> add(mysql::Connection& connection,
                                                         const store::PartitionKey& partition, const RowOp& op,
                                                         std::optional<std::string_view> image,
                                                         const std::string& reason);
  /// What is open under the key, if anything, is over.
  [[nodiscard]] std::expected<void, mysql::SqlError> end(mysql::Connection& connection, const std::string& origin,
                                                         const ParkedKey& key, std::string_view how);
  /// The open conflict of this change, if it is the one under the key still. Locked until the transaction ends.
  [[nodiscard]] std::expected<std::optional<ParkedChange>, mysql::SqlError> find(mysql::Connection& connection,
                                                                                 const store::PartitionKey& partition,
                                                                                 const ParkedKey& key, Epoch epoch,
                                                                                 Seq seq);
  void settle(bool committed);

 private:
  struct Known {
    std::set<ParkedKey> keys;
    bool all = false;  ///< there are too many to be known one by one
  };
  const std::string region_;
  std::map<std::string, Known> known_;                      ///< by origin
  std::map<std::string, std::map<ParkedKey, bool>> edits_;  ///< by the open transaction: opened, or ended
};

}  // namespace farshore::apply
