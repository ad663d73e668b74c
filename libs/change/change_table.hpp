#pragma once

#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/table_shape.hpp"
#include "base/value.hpp"
#include "change/cascade.hpp"
#include "change/message_error.hpp"

namespace farshore::change {

/// How a value of a column travels: the one kind that is not NULL.
[[nodiscard]] Value::Kind kind_of(const Column& column);

/// A table as batches describe it.
struct ChangeTable {
  TableShape shape;
  std::string group;  ///< the order group that the source put the table in; empty: none
  /// The source does not log what foreign keys between this and other tables of the group cascade: the target's own
  /// foreign keys do it again.
  bool repeats_cascades = false;
  std::vector<CascadingKey> ties;  ///< that the target's own keys repeat, as far as the source named them
  std::vector<Value::Kind> kinds;  ///< kind_of() of each column
};

/// A table ready for batches: made once for each distinct shape, shared by the batches that need it.
struct EncodedTable {
  ChangeTable table;
  std::string bytes;  ///< serialized farshore.v1.Table
};

/// `ties` only where cascades are repeated; those beyond kTableTiesMax are left out.
[[nodiscard]] std::shared_ptr<const EncodedTable> encode_table(const TableShape& shape, std::string_view group,
                                                               bool repeats_cascades = false,
                                                               std::span<const CascadingKey> ties = {});

/// Refuses what no table is: no columns, a key index outside them, a name beyond its bound, ties where no cascade
/// is repeated.
[[nodiscard]] std::expected<ChangeTable, MessageError> parse_table(std::string_view bytes);

/// Tables already parsed, by their bytes: a shape is parsed once, not once a batch, and the same bytes give the same
/// pointer while they stay in the cache. Bounded by forgetting everything when full (tables in use live on). Not
/// thread safe: one for each thread that reads batches.
class TableCache {
 public:
  explicit TableCache(std::size_t tables_max = 1024, std::size_t bytes_max = 2'097'152)
      : tables_max_(tables_max), bytes_max_(bytes_max) {}

  [[nodiscard]] std::expected<std::shared_ptr<const ChangeTable>, MessageError> find_or_parse(std::string_view bytes);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view bytes) const;
  };
  std::size_t tables_max_;
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::unordered_map<std::string, std::shared_ptr<const ChangeTable>, Hash, std::equal_to<>> tables_;
};

}  // namespace farshore::change
