#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace farshore::ctl {

/// The statements of an SQL file: split at semicolons outside quotes and comments, without empty ones. Comments that
/// start with -- are left out.
[[nodiscard]] std::vector<std::string> split_statements(std::string_view script);

/// schemas/sql/farshore.sql as it was when this program was built.
[[nodiscard]] std::string_view farshore_schema_sql();
/// The tables that it makes, without the schema's name.
[[nodiscard]] std::vector<std::string> farshore_tables();

}  // namespace farshore::ctl
