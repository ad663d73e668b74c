#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/collation.hpp"
#include "base/table_shape.hpp"
#include "change/cascade.hpp"
#include "mysql/schema.hpp"

/// One judgement of a pair of tables, for apply, which writes, and for preflight, which tells before: they cannot
/// disagree. Pure: no input or output.
namespace farshore::apply {

/// The source's table as far as it is known: a batch has its shape, preflight has asked the server too.
struct SourceTable {
  const TableShape& shape;
  ServerKind kind = ServerKind::kMysql;
  /// The source does not log what foreign keys cascade here: the target's own are to do it again.
  bool repeats_cascades = false;
  std::span<const change::CascadingKey> ties = {};              ///< as far as they are known: each is to be done again
  const mysql::TableSchema* schema = nullptr;                   ///< null: not known
  std::optional<std::span<const mysql::ForeignKey>> keys = {};  ///< all of its server; nothing: not known
};

/// The target's.
struct TargetPlace {
  const mysql::TableSchema& table;
  /// Those of its server; needed where cascades are repeated.
  std::span<const mysql::ForeignKey> keys = {};
  /// NULL, written to a TIMESTAMP that is NOT NULL, becomes the present time: on MariaDB, and on MySQL where
  /// explicit_defaults_for_timestamp is OFF.
  bool null_becomes_now = false;
  /// The name of the account that writes: a trigger whose text names it looks who writes.
  std::string account = {};
};

struct TableFit {
  std::vector<std::string> waits;  ///< why rows written now would, or could, differ; empty: the table fits
  std::vector<std::string> warns;  ///< what may be refused, row by row and loudly
  bool finds_rows = true;          ///< a row of the source can be found here by its key
};

/// Sentences without the table's name.
[[nodiscard]] TableFit judge(const SourceTable& source, const TargetPlace& target);

/// Why a value of the source's column could be cut or rounded by the target's without an error; nothing: it cannot.
/// What the server refuses by itself (too long, out of range) is not looked for, nor what RowGuard looks at value by
/// value.
[[nodiscard]] std::optional<std::string> silent_loss(const Column& source, const mysql::ColumnSchema& target);

/// Why a text that apply writes there could become another one without an error; nothing: it cannot.
[[nodiscard]] std::optional<std::string> charset_loss(const Column& source, const mysql::ColumnSchema& target);

/// The largest number of characters that a value of the column has.
[[nodiscard]] std::uint64_t characters_max(const Column& source);

}  // namespace farshore::apply
