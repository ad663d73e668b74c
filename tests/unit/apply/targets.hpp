#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apply/target_table.hpp"
#include "records.hpp"

/// Tables of the target, and sources bound to them.
namespace farshore::apply::test {

inline mysql::ColumnSchema target_column(std::string name, std::string data_type, std::string charset = "",
                                         std::string collation = "") {
  mysql::ColumnSchema made;
  made.name = std::move(name);
  made.data_type = std::move(data_type);
  made.column_type = made.data_type;
  made.charset = std::move(charset);
  made.collation = std::move(collation);
  made.nullable = true;
  made.has_default = true;
  made.length_bytes = 65'535;
  made.length_characters = 65'535;
  return made;
}

/// shop.notes as the target has it.
inline mysql::TableSchema notes_target(const std::string& name = "notes") {
  mysql::TableSchema table;
  table.schema = "shop";
  table.name = name;
  table.engine = "InnoDB";
  table.columns = {target_column("id", "bigint"), target_column("note", "varchar", "utf8mb4", "utf8mb4_general_ci")};
  table.primary_key = {"id"};
  return table;
}

inline std::shared_ptr<const change::ChangeTable> source_of(const TableShape& shape, const std::string& group = "") {
  const auto encoded = change::encode_table(shape, group);
  return {encoded, &encoded->table};
}

inline std::expected<TargetTable, std::string> try_bind(const TableShape& shape, const mysql::TableSchema& target,
                                                        change::MergeRule merge = change::MergeRule::kOverwrite,
                                                        ServerKind kind = ServerKind::kMariadb) {
  return TargetTable::bind(source_of(shape), kind, {.table = target}, merge);
}
inline TargetTable bind(const TableShape& shape, const mysql::TableSchema& target,
                        change::MergeRule merge = change::MergeRule::kOverwrite,
                        ServerKind kind = ServerKind::kMariadb) {
  auto bound = try_bind(shape, target, merge, kind);
  if (!bound) throw std::runtime_error(bound.error());
  return std::move(*bound);
}

}  // namespace farshore::apply::test
