#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/collation.hpp"
#include "base/table_shape.hpp"

namespace farshore::change {

/// Everything of a table that decides how its keys are hashed, compared or merged: the primary key's columns in the
/// key's order, each with name, type, signedness, digits of a fraction, character set, collation and how that compares,
/// labels, the length of BINARY (its padding is part of the bytes), and whether the key takes only a prefix of it. Not
/// the length of VARCHAR, nor any other column. Equal texts: keys of the two shapes can be told apart and put in order
/// by their canonical bytes. For people too, and in plain ASCII: (`name` VARCHAR utf8mb4_bin, `n` INT UNSIGNED).
[[nodiscard]] std::string key_shape(const TableShape& shape, std::span<const std::uint32_t> prefix_columns,
                                    ServerKind source);

/// The same, found from a name or a text that is too long to be kept: XXH3-64.
[[nodiscard]] std::uint64_t shape_digest(std::string_view text);

/// What an epoch's numbering knows of one table: the digests of its full name and of its key's shape.
struct KnownKey {
  std::uint64_t table = 0;
  std::uint64_t key = 0;
  friend bool operator==(const KnownKey&, const KnownKey&) = default;
};
/// Ascending by table; each table once.
using KnownKeys = std::vector<KnownKey>;

}  // namespace farshore::change
