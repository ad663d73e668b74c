#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mysql/connection.hpp"
#include "mysql/schema.hpp"
#include "services/ctl/compared_column.hpp"

namespace farshore::ctl {

/// Cells of one row in the form of their columns, see ComparedColumn. Of a key: its columns alone.
using Cells = std::vector<mysql::Rows::Field>;

/// A table that two databases have: the queries for its rows, and when two rows are alike. Const after construction.
class ComparedTable {
 public:
  /// An error: why its rows cannot be compared, for people.
  [[nodiscard]] static std::expected<ComparedTable, std::string> make(const mysql::TableSchema& here,
                                                                      const mysql::TableSchema& peer);

  /// Columns of one side alone, and those whose types have no form in common, each with its reason.
  [[nodiscard]] const std::vector<std::string>& left_out() const { return left_out_; }

  /// The first `rows` rows, in the order of the key, behind that one.
  [[nodiscard]] std::string chunk_query(Place place, bool only_keys, const std::optional<Cells>& behind,
                                        std::size_t rows) const;
  /// The rows of these keys that are there, in any order.
  [[nodiscard]] std::string lookup_query(Place place, bool only_keys, std::span<const Cells> keys) const;
  /// The rows of such a query, in their form.
  [[nodiscard]] std::vector<Cells> rows_of(mysql::Rows rows) const;

  [[nodiscard]] Cells key_of(const Cells& row) const;
  /// Equal for equal keys alone. Of a row or a key.
  [[nodiscard]] std::string key_bytes(const Cells& cells) const;
  [[nodiscard]] std::string key_for_people(const Cells& cells) const;

  /// Indexes of the columns in which two rows differ.
  [[nodiscard]] std::vector<std::size_t> differing(const Cells& here, const Cells& peer) const;
  /// The first column whose value the server could not give; nullopt: all are there.
  [[nodiscard]] std::optional<std::size_t> unread(Place place, const Cells& row) const;
  [[nodiscard]] const ComparedColumn& column(std::size_t index) const { return columns_[index]; }

 private:
  ComparedTable() = default;
  struct Side {
    std::string table;             ///< quoted
    std::string keys;              ///< what is selected of the key
    std::string all;               ///< and of the whole row
    std::string order;             ///< the key's columns
    std::vector<std::string> key;  ///< the same, one by one
  };
  [[nodiscard]] const Side& side(Place place) const { return place == Place::kHere ? here_ : peer_; }
  void append_behind(const Side& side, const Cells& key, std::string& out) const;

  std::vector<ComparedColumn> columns_;  ///< those of the key first
  std::size_t key_size_ = 0;
  Side here_;
  Side peer_;
  std::vector<std::string> left_out_;
};

}  // namespace farshore::ctl
