#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "unit/mysql/scripted_server.hpp"

/// Shapes of the fake target's tables, as the information_schema shows them.
namespace farshore::apply::test {

enum class FakeShape : std::uint8_t {
  kPlain,      ///< id BIGINT PRIMARY KEY, note VARCHAR
  kUnique,     ///< the same, with a unique key over note
  kWide,       ///< the same, and a column more: c VARCHAR
  kNeedy,      ///< as kWide, and c is NOT NULL without a default
  kGenerated,  ///< as kPlain, and a column that is generated: c VARCHAR
  kTextKey,    ///< note VARCHAR PRIMARY KEY, compared without case, id BIGINT
  kBinaryKey,  ///< the same, compared by bytes, without trailing spaces
};

inline mysql::test::Reply keys_of(FakeShape shape) {
  const std::string key = shape == FakeShape::kTextKey || shape == FakeShape::kBinaryKey ? "note" : "id";
  auto keys = mysql::test::rows({"INDEX_NAME", "COLUMN_NAME", "SUB_PART"}, {{"PRIMARY", key, std::nullopt}});
  if (shape == FakeShape::kUnique || shape == FakeShape::kWide || shape == FakeShape::kNeedy)
    keys.rows.push_back({"note", "note", std::nullopt});
  return keys;
}

inline mysql::test::Reply columns_of(FakeShape shape) {
  const mysql::test::Reply::Field null;
  auto columns =
      mysql::test::rows({"COLUMN_NAME", "DATA_TYPE", "COLUMN_TYPE", "CHARACTER_SET_NAME", "COLLATION_NAME",
                         "IS_NULLABLE", "EXTRA", "COLUMN_DEFAULT", "GENERATION_EXPRESSION", "CHARACTER_OCTET_LENGTH",
                         "NUMERIC_PRECISION", "NUMERIC_SCALE", "DATETIME_PRECISION", "CHARACTER_MAXIMUM_LENGTH"},
                        {{"id", "bigint", "bigint(20)", null, null, "NO", "", null, "", null, "19", "0", null, null},
                         {"note", "varchar", "varchar(20)", "utf8mb4", "utf8mb4_general_ci", "YES", "", null, "", "80",
                          null, null, null, "20"}});
  if (shape == FakeShape::kBinaryKey) columns.rows.back()[4] = "utf8mb4_bin";
  if (shape == FakeShape::kWide || shape == FakeShape::kNeedy || shape == FakeShape::kGenerated) {
    columns.rows.push_back(columns.rows.back());
    columns.rows.back().front() = "c";
    if (shape == FakeShape::kNeedy) columns.rows.back()[5] = "NO";
    if (shape == FakeShape::kGenerated) columns.rows.back()[8] = "upper(`note`)";
  }
  return columns;
}

/// Name and body of each.
using FakeTriggers = std::vector<std::vector<mysql::test::Reply::Field>>;

inline mysql::test::Reply triggers_of(const FakeTriggers& triggers) {
  return mysql::test::rows({"TRIGGER_NAME", "ACTION_STATEMENT"}, triggers);
}

/// What a statement shows that reads nothing of the table but its triggers' bodies.
inline mysql::test::Reply trigger_bodies_of(const FakeTriggers& triggers) {
  mysql::test::Reply bodies = mysql::test::rows({"1"}, {});
  for (const auto& trigger : triggers) bodies.rows.push_back({trigger.back()});
  return bodies;
}

}  // namespace farshore::apply::test
