#pragma once

#include <expected>
#include <string>

#include "base/collation.hpp"
#include "base/table_shape.hpp"
#include "mysql/schema.hpp"

namespace farshore::mysql {

/// The table as its rows' TABLE_MAP event describes it, so as capture publishes it and as apply binds it. An error is
/// why capture cannot read its rows, in capture's words.
[[nodiscard]] std::expected<TableShape, std::string> shape_of(const TableSchema& table, ServerKind kind);

}  // namespace farshore::mysql
