#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/environment_error.hpp"
#include "base/table_name.hpp"
#include "change/table_rules.hpp"
#include "services/config/config.hpp"

namespace farshore::ctl {

/// A region in which something is said of tables. Borrows all.
struct ToldRegion {
  const service::Config& config;
  const change::TableRules& rules;
  const std::vector<std::string>& applied;  ///< the other region's origins that are applied here
};

/// Tables of which a comparison has found that they differ are said not to be equal, as by `farshorectl equal revoke
/// --table`, at once and in both regions: their gates close. A region whose own rule has such a table only warn is left
/// out, and one that cannot be written does not keep the other from it.
class Revocation {
 public:
  /// Without `execute` it only says what it would do.
  Revocation(std::array<ToldRegion, 2> regions, std::string why, bool execute)
      : regions_(regions), why_(std::move(why)), execute_(execute) {}

  /// `rows`: how many differ for sure.
  void revoke(const TableName& table, std::uint64_t rows);

  /// Sentences for people, a line each. Empty: nothing was found that differs.
  [[nodiscard]] const std::string& text() const { return text_; }
  /// The tables of which it was said wherever it is to be said, for people.
  [[nodiscard]] const std::vector<std::string>& revoked() const { return revoked_; }
  /// The last reason why it could not be said in a region. Nothing: it could.
  [[nodiscard]] const std::optional<EnvironmentError>& failure() const { return failure_; }

 private:
  /// False: it failed.
  bool revoke_in(const ToldRegion& region, const std::string& stream, const TableName& table, const std::string& why);

  const std::array<ToldRegion, 2> regions_;
  const std::string why_;
  const bool execute_;
  std::string text_;
  std::vector<std::string> revoked_;
  std::optional<EnvironmentError> failure_;
};

}  // namespace farshore::ctl
