#pragma once

#include <array>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/environment_error.hpp"
#include "base/numbers.hpp"
#include "base/table_name.hpp"
#include "services/ctl/revocation.hpp"

namespace farshore::ctl {

/// Keeps in both regions of each stream when the comparison of all its tables began that found them equal: what the
/// gate holds against gate.bounds.max_comparison_age.
class ComparisonRecord {
 public:
  /// To be made before anything is read: it asks both databases for their time. Throws EnvironmentError.
  ComparisonRecord(std::array<ToldRegion, 2> regions, std::string why);

  /// The table is not known to be equal: its stream is not recorded, unless its rule is that it closes no gate.
  void leave_out(const TableName& table);
  /// Something of the regions was not compared that is of no table.
  void leave_out_all();
  /// Without `execute` it only says what it would do. A region that cannot be written does not keep the other from it.
  void write(bool execute);

  /// Sentences for people, a line each.
  [[nodiscard]] const std::string& text() const { return text_; }
  /// The streams that were recorded wherever they are to be.
  [[nodiscard]] const std::vector<std::string>& recorded() const { return recorded_; }
  /// The last reason why it could not be written in a region. Nothing: it could.
  [[nodiscard]] const std::optional<EnvironmentError>& failure() const { return failure_; }

 private:
  /// False: it failed.
  bool write_in(const ToldRegion& region, SourceTime began_at, const std::vector<std::string>& streams);

  const std::array<ToldRegion, 2> regions_;
  const std::string why_;
  std::array<SourceTime, 2> began_at_;
  std::set<std::string> left_out_;  ///< streams
  std::string text_;
  std::vector<std::string> recorded_;
  std::optional<EnvironmentError> failure_;
};

}  // namespace farshore::ctl
