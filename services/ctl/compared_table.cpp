#include "services/ctl/compared_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "mysql/literal.hpp"

namespace farshore::ctl {
namespace {

using mysql::ColumnSchema;
using mysql::TableSchema;

/// The names of the key are the same, in the same order.
bool have_one_key(const TableSchema& here, const TableSchema& peer) {
  return std::ranges::equal(here.primary_key, peer.primary_key, mysql::same_name);
}

/// Why the rows of a table are not to be had by its key; empty: they are.
std::string why_not_by_key(const TableSchema& table) {
  if (table.columns.empty()) return "its columns are not to be seen: it is being altered or dropped, compare again";
  if (table.primary_key.empty()) return "it has no primary key";
  if (table.primary_key_has_prefix) return "its primary key covers only the beginning of a column";
  if (table.versioned) return "it is system-versioned, and its history would not be compared";
  // Rows of other servers, or several under one key.
  constexpr std::array<std::string_view, 4> kElsewhere{"mrg_myisam", "federated", "connect", "spider"};
  if (std::ranges::find(kElsewhere, mysql::lower_case(table.engine)) != kElsewhere.end())
    return fmt::format("its engine {} shows rows of other tables", table.engine);
  return {};
}

}  // namespace

std::expected<ComparedTable, std::string> ComparedTable::make(const TableSchema& here, const TableSchema& peer) {
  for (const TableSchema* const table : {&here, &peer})
    if (auto why = why_not_by_key(*table); !why.empty()) return std::unexpected(std::move(why));
  if (!have_one_key(here, peer)) return std::unexpected("its primary key has other columns at the peer");
  ComparedTable table;
  const auto add = [&](const ColumnSchema& column, const ColumnSchema& other) -> std::expected<void, std::string> {
    auto compared = ComparedColumn::make(column, other);
    if (!compared) return std::unexpected(compared.error());
    table.columns_.push_back(std::move(*compared));
    return {};
  };
  for (std::size_t i = 0; i < here.primary_key.size(); ++i) {
    const ColumnSchema* const column = here.find(here.primary_key[i]);
    const ColumnSchema* const other = peer.find(peer.primary_key[i]);
    if (column == nullptr || other == nullptr)
      return std::unexpected("its primary key names a column that is not there");
    if (const auto added = add(*column, *other); !added)
      return std::unexpected(fmt::format("its key column {}: {}", column->name, added.error()));
    if (!table.columns_.back().can_be_key())
      return std::unexpected(
          fmt::format("its key column {} is of a type whose values cannot be asked for exactly", column->name));
    table.here_.key.push_back(mysql::quote_identifier(column->name));
    table.peer_.key.push_back(mysql::quote_identifier(other->name));
  }
  table.key_size_ = table.columns_.size();
  const auto is_key = [&](const std::string& name) {
    return std::ranges::any_of(here.primary_key, [&](const std::string& key) { return mysql::same_name(key, name); });
  };
  for (const ColumnSchema& column : here.columns) {
    if (is_key(column.name)) continue;
    const ColumnSchema* const other = peer.find(column.name);
    if (other == nullptr) {
      table.left_out_.push_back(column.name + ": only here");
    } else if (const auto added = add(column, *other); !added) {
      table.left_out_.push_back(column.name + ": " + added.error());
    }
  }
  for (const ColumnSchema& column : peer.columns) {
    if (here.find(column.name) == nullptr) table.left_out_.push_back(column.name + ": only at the peer");
  }
  for (const Place place : {Place::kHere, Place::kPeer}) {
    Side& side = place == Place::kHere ? table.here_ : table.peer_;
    const TableSchema& schema = place == Place::kHere ? here : peer;
    mysql::append_table_name(schema.schema, schema.name, side.table);
    side.order = fmt::format("{}", fmt::join(side.key, ","));
    for (std::size_t i = 0; i < table.columns_.size(); ++i) {
      side.all += (i == 0 ? "" : ",") + table.columns_[i].expression(place);
      if (i + 1 == table.key_size_) side.keys = side.all;
    }
  }
  return table;
}

std::string ComparedTable::chunk_query(Place place, bool only_keys, const std::optional<Cells>& behind,
                                       std::size_t rows) const {
  const Side& from = side(place);
  std::string sql = fmt::format("SELECT {} FROM {}", only_keys ? from.keys : from.all, from.table);
  if (behind) {
    sql += " WHERE ";
    append_behind(from, *behind, sql);
  }
  return sql + fmt::format(" ORDER BY {} LIMIT {}", from.order, rows);
}

// a >= 1 AND (a > 1 OR (a = 1 AND (b > 2))): the first part alone lets both servers begin at a place of the key.
void ComparedTable::append_behind(const Side& side, const Cells& key, std::string& out) const {
  const auto condition = [&](std::size_t i, std::string_view comparison) {
    out += side.key[i];
    out += comparison;
    columns_[i].append_literal(*key[i], out);
  };
  if (key_size_ > 1) {
    condition(0, ">=");
    out += " AND ";
  }
  for (std::size_t i = 0; i < key_size_; ++i) {
    out += "(";
    condition(i, ">");
    if (i + 1 == key_size_) break;
    out += " OR (";
    condition(i, "=");
    out += " AND ";
  }
  out += ")" + std::string(2 * (key_size_ - 1), ')');
}

std::string ComparedTable::lookup_query(Place place, bool only_keys, std::span<const Cells> keys) const {
  const Side& from = side(place);
  std::string sql = fmt::format("SELECT {} FROM {} WHERE ", only_keys ? from.keys : from.all, from.table);
  // Of a key of several columns a list of rows is no range to every server; conditions are.
  const bool is_list = key_size_ == 1;
  if (is_list) sql += from.key[0] + " IN (";
  for (bool is_first = true; const Cells& key : keys) {
    if (!std::exchange(is_first, false)) sql += is_list ? "," : " OR ";
    if (is_list) {
      columns_[0].append_literal(*key[0], sql);
      continue;
    }
    for (std::size_t i = 0; i < key_size_; ++i) {
      sql += (i == 0 ? "(" : " AND ") + from.key[i] + "=";
      columns_[i].append_literal(*key[i], sql);
    }
    sql += ")";
  }
  return is_list ? sql + ")" : sql;
}

std::vector<Cells> ComparedTable::rows_of(mysql::Rows rows) const {
  for (Cells& row : rows.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (row[i]) columns_[i].bring_into_form(*row[i]);
    }
  }
  return std::move(rows.rows);
}

Cells ComparedTable::key_of(const Cells& row) const {
  return {row.begin(), row.begin() + static_cast<std::ptrdiff_t>(key_size_)};
}

std::string ComparedTable::key_bytes(const Cells& cells) const {
  std::string out;
  for (std::size_t i = 0; i < key_size_; ++i) out += fmt::format("{}:{}", cells[i]->size(), *cells[i]);
  return out;
}

std::string ComparedTable::key_for_people(const Cells& cells) const {
  std::string out;
  for (std::size_t i = 0; i < key_size_; ++i) {
    if (i > 0) out += ", ";
    for (const char c : *cells[i]) {
      const auto byte = static_cast<unsigned char>(c);
      out += byte < ' ' || byte == 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
    }
  }
  return out;
}

std::optional<std::size_t> ComparedTable::unread(Place place, const Cells& row) const {
  for (std::size_t i = 0; i < columns_.size(); ++i)
    if (columns_[i].is_unread(place, row[i])) return i;
  return std::nullopt;
}

std::vector<std::size_t> ComparedTable::differing(const Cells& here, const Cells& peer) const {
  std::vector<std::size_t> which;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (!columns_[i].is_alike(here[i], peer[i])) which.push_back(i);
  }
  return which;
}

}  // namespace farshore::ctl
