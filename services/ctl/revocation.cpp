#include "services/ctl/revocation.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/shell_word.hpp"
#include "services/ctl/ctl_database.hpp"
#include "services/ctl/decision.hpp"
#include "services/ctl/equal.hpp"

namespace farshore::ctl {

void Revocation::revoke(const TableName& table, std::uint64_t rows) {
  const std::string why = fmt::format("compared: {} row{}; {}", rows, rows == 1 ? " differs" : "s differ", why_);
  bool is_wanted = false;
  bool is_said = execute_;
  for (const ToldRegion& region : regions_) {
    if (region.applied.empty()) continue;
    const change::Route route = region.rules.route(table.schema, table.table);
    if (!change::closes_gate(route.on_mismatch)) {
      text_ += fmt::format("{} closes no gate in region {}, by its rule in {} (on_mismatch: warn).\n",
                           table.for_people(), region.config.region, region.config.file.string());
      continue;
    }
    is_wanted = true;
    if (!revoke_in(region, region.rules.streams()[route.stream].name, table, why)) is_said = false;
  }
  if (is_wanted && is_said) revoked_.push_back(table.for_people());
}

bool Revocation::revoke_in(const ToldRegion& region, const std::string& stream, const TableName& table,
                           const std::string& why) {
  const std::string of = fmt::format("in region {}, of origin {}: {} is not known to be equal ({})",
                                     region.config.region, fmt::join(region.applied, ", "), table.for_people(), why);
  if (!execute_) {
    text_ += fmt::format("Would be said {}. --execute says it.\n", of);
    return true;
  }
  std::vector<store::EqualityRow> rows;
  for (const std::string& origin : region.applied) {
    rows.push_back({.id = 0,
                    .origin = origin,
                    .stream = stream,
                    .table = table.to_string(),
                    .word = store::Word::kNotYetEqual,
                    .why = why,
                    .who = operator_name(),
                    .said_at = {}});
  }
  try {
    mysql::Connection connection = open_database(region.config);
    say_equality(region.config, connection, rows, {});
  } catch (const EnvironmentError& error) {
    failure_ = error;
    text_ += fmt::format("NOT said {}: {} Say it there:\n", of, error.what());
    for (const std::string& origin : region.applied) {
      text_ += fmt::format(
          "  farshorectl --config {} equal revoke --origin {} --stream {} --table {} --why 'compared' --execute\n",
          shell_word(region.config.file.string()), origin, stream, shell_word(table.to_string()));
    }
    return false;
  }
  text_ += fmt::format("Said {}.\n", of);
  return true;
}

}  // namespace farshore::ctl
