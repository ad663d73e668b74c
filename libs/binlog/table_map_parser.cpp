// TABLE_MAP. Sources: MySQL "Table_map_event"; MariaDB logs the same with binlog_row_metadata.
//
//   table id (6) | flags (2)
//   length (1) schema 0 | length (1) name 0
//   column count (lenenc) | a type code for each column
//   length (lenenc) metadata: 0, 1 or 2 bytes for each column, by its type
//   a bit for each column: may be NULL
//   optional metadata, fields in any order: field type (1) | length (lenenc) | value
//     1 signedness: a bit for each numeric column, the high bit first
//     2 default collation of the character columns, then pairs (which of them, collation) for the others
//     3 collation of each character column         (a table has 2 or 3)
//     4 column names | 5 SET labels | 6 ENUM labels
//     8 primary key: column indexes | 9 the same with pairs (column, prefix length or 0)
//     10, 11 as 2, 3 for ENUM and SET columns
//   7 (geometry types) and 12 (visibility) tell nothing that is needed here.

#include "binlog/table_map_parser.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/byte_reader.hpp"
#include "binlog/column_decoders.hpp"
#include "binlog/decimal.hpp"

namespace farshore::binlog {
namespace {

/// Column type codes of the protocol. Source: MySQL "enum_field_types".
enum class TypeCode : std::uint8_t {
  kTiny = 1,
  kShort = 2,
  kLong = 3,
  kFloat = 4,
  kDouble = 5,
  kOldTimestamp = 7,
  kLongLong = 8,
  kInt24 = 9,
  kDate = 10,
  kOldTime = 11,
  kOldDatetime = 12,
  kYear = 13,
  kNewDate = 14,
  kVarchar = 15,
  kBit = 16,
  kTimestamp2 = 17,
  kDatetime2 = 18,
  kTime2 = 19,
  kMariadbBlobCompressed = 140,
  kMariadbVarcharCompressed = 141,
  kVector = 242,
  kJson = 245,
  kNewDecimal = 246,
  kEnum = 247,
  kSet = 248,
  kTinyBlob = 249,
  kMediumBlob = 250,
  kLongBlob = 251,
  kBlob = 252,
  kVarString = 253,
  kString = 254,
  kGeometry = 255,
};

using Status = std::expected<void, std::string>;

/// A column while the fields of the event are put together.
struct RawColumn {
  TypeCode type{};         ///< ENUM and SET under their own codes, not STRING's
  std::uint32_t meta = 0;  ///< its metadata bytes: the first is the low one
  std::uint32_t size = 0;  ///< STRING: bytes at most; ENUM, SET: bytes stored
};

bool is_numeric(TypeCode type) {
  switch (type) {
    case TypeCode::kTiny:
    case TypeCode::kShort:
    case TypeCode::kInt24:
    case TypeCode::kLong:
    case TypeCode::kLongLong:
    case TypeCode::kFloat:
    case TypeCode::kDouble:
    case TypeCode::kYear:
    case TypeCode::kNewDecimal: return true;
    default: return false;
  }
}

bool is_character(ServerKind kind, TypeCode type) {
  switch (type) {
    case TypeCode::kVarchar:
    case TypeCode::kString:
    case TypeCode::kVarString:
    case TypeCode::kTinyBlob:
    case TypeCode::kMediumBlob:
    case TypeCode::kLongBlob:
    case TypeCode::kBlob:
    case TypeCode::kMariadbBlobCompressed:
    case TypeCode::kMariadbVarcharCompressed: return true;
    case TypeCode::kGeometry: return kind == ServerKind::kMariadb;
    default: return false;
  }
}

bool is_enum_or_set(TypeCode type) { return type == TypeCode::kEnum || type == TypeCode::kSet; }

/// Bytes of metadata that a column has by its type code; nothing: the code is not known.
std::optional<std::size_t> meta_bytes(TypeCode type) {
  switch (type) {
    case TypeCode::kTiny:
    case TypeCode::kShort:
    case TypeCode::kInt24:
    case TypeCode::kLong:
    case TypeCode::kLongLong:
    case TypeCode::kYear:
    case TypeCode::kDate:
    case TypeCode::kNewDate:
    case TypeCode::kOldTimestamp:
    case TypeCode::kOldTime:
    case TypeCode::kOldDatetime: return 0;
    case TypeCode::kFloat:
    case TypeCode::kDouble:
    case TypeCode::kTimestamp2:
    case TypeCode::kDatetime2:
    case TypeCode::kTime2:
    case TypeCode::kTinyBlob:
    case TypeCode::kMediumBlob:
    case TypeCode::kLongBlob:
    case TypeCode::kBlob:
    case TypeCode::kMariadbBlobCompressed:
    case TypeCode::kGeometry:
    case TypeCode::kVector:
    case TypeCode::kJson: return 1;
    case TypeCode::kBit:
    case TypeCode::kVarchar:
    case TypeCode::kMariadbVarcharCompressed:
    case TypeCode::kNewDecimal:
    case TypeCode::kEnum:
    case TypeCode::kSet:
    case TypeCode::kVarString:
    case TypeCode::kString: return 2;
  }
  return std::nullopt;
}

/// STRING's two bytes hold the real type and the length; a length above 255 has its upper bits, turned over, in the
/// type. Source: MySQL "Field_string::do_save_field_metadata".
void settle_string(RawColumn& column) {
  const std::uint32_t type = column.meta & 0xFF;
  column.size = column.meta >> 8;
  if ((type & 0x30) == 0x30) {
    column.type = static_cast<TypeCode>(type);
    return;
  }
  column.type = static_cast<TypeCode>(type | 0x30);
  column.size |= ((type & 0x30) ^ 0x30) << 4;
}

/// Everything in the event, before it is made into a shape.
class ColumnsParser {
 public:
  ColumnsParser(ServerKind kind, TableMap& map) : kind_(kind), map_(map) {}

  Status run(std::string_view bytes) {
    ByteReader reader(bytes);
    if (auto status = types(reader); !status) return status;
    if (auto status = optional_fields(reader); !status) return status;
    if (!has_names_) {
      return std::unexpected(
          "the source does not log column names; set binlog_row_metadata=FULL at the source, and go on from a position "
          "after that");
    }
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (auto status = finish(i); !status) return status;
    }
    return {};
  }

  TableShape take_shape() { return std::move(shape_); }

 private:
  static Status malformed(std::string_view part) {
    return std::unexpected(fmt::format("the table description is malformed ({})", part));
  }

  Status types(ByteReader& reader) {
    const std::uint64_t count = reader.lenenc();
    if (!reader.ok() || count == 0 || count > kColumnsMax) return malformed("column count");
    columns_.resize(count);
    shape_.columns.resize(count);
    for (RawColumn& column : columns_) column.type = static_cast<TypeCode>(reader.u8());
    ByteReader meta(reader.bytes(reader.lenenc()));
    if (!reader.ok()) return malformed("types");
    for (std::size_t i = 0; i < count; ++i) {
      RawColumn& column = columns_[i];
      const auto bytes = meta_bytes(column.type);
      if (!bytes) {
        return std::unexpected(fmt::format("column {} has type code {}, which cannot be read yet; leave the table out",
                                           i + 1, std::to_underlying(column.type)));
      }
      column.meta = meta.number<std::uint16_t>(*bytes);
      if (column.type == TypeCode::kString) settle_string(column);
      if (is_enum_or_set(column.type)) column.size = column.meta >> 8;
    }
    const std::string_view nullable = reader.bytes((count + 7) / 8);
    if (!reader.ok() || !meta.ok() || !meta.done()) return malformed("metadata");
    for (std::size_t i = 0; i < count; ++i) shape_.columns[i].nullable = (nullable[i / 8] >> (i % 8) & 1) != 0;
    return {};
  }

  Status optional_fields(ByteReader& reader) {
    while (reader.ok() && !reader.done()) {
      const std::uint8_t type = reader.u8();
      ByteReader field(reader.bytes(reader.lenenc()));
      if (!reader.ok()) break;
      if (!optional_field(type, field)) return malformed(fmt::format("metadata field {}", type));
    }
    return reader.ok() ? Status{} : malformed("metadata fields");
  }

  bool optional_field(std::uint8_t type, ByteReader& field) {
    const auto character = [this](TypeCode code) { return is_character(kind_, code); };
    switch (type) {
      case 1: return signedness(field);
      case 2: return default_collation(field, character);
      case 3: return each_collation(field, character);
      case 4: return names(field);
      case 5: return labels(field, TypeCode::kSet);
      case 6: return labels(field, TypeCode::kEnum);
      case 8: return primary_key(field, false);
      case 9: return primary_key(field, true);
      case 10: return default_collation(field, is_enum_or_set);
      case 11: return each_collation(field, is_enum_or_set);
      default: return true;
    }
  }

  bool signedness(ByteReader& field) {
    unsigned bits_left = 0;
    std::uint8_t bits = 0;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!is_numeric(columns_[i].type)) continue;
      if (bits_left == 0) {
        bits = field.u8();
        bits_left = 8;
      }
      shape_.columns[i].is_unsigned = (bits >> --bits_left & 1) != 0;
    }
    return field.ok();
  }

  template <typename Predicate>
  bool default_collation(ByteReader& field, Predicate applies) {
    const auto by_default = static_cast<std::uint32_t>(field.lenenc());
    std::vector<std::uint32_t*> collations;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!applies(columns_[i].type)) continue;
      shape_.columns[i].collation = by_default;
      collations.push_back(&shape_.columns[i].collation);
    }
    while (field.ok() && !field.done()) {
      const std::uint64_t which = field.lenenc();
      const auto collation = static_cast<std::uint32_t>(field.lenenc());
      if (!field.ok() || which >= collations.size()) return false;
      *collations[which] = collation;
    }
    return field.ok();
  }

  template <typename Predicate>
  bool each_collation(ByteReader& field, Predicate applies) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (applies(columns_[i].type)) shape_.columns[i].collation = static_cast<std::uint32_t>(field.lenenc());
    }
    return field.ok();
  }

  bool names(ByteReader& field) {
    for (Column& column : shape_.columns) column.name = field.bytes(field.lenenc());
    has_names_ = field.ok() && field.done();
    return has_names_;
  }

  bool labels(ByteReader& field, TypeCode type) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].type != type) continue;
      const std::uint64_t count = field.lenenc();
      if (count > field.left()) return false;
      for (std::uint64_t label = 0; label < count; ++label) {
        shape_.columns[i].labels.emplace_back(field.bytes(field.lenenc()));
      }
    }
    return field.ok();
  }

  bool primary_key(ByteReader& field, bool with_prefix) {
    while (field.ok() && !field.done()) {
      const std::uint64_t column = field.lenenc();
      const std::uint64_t prefix = with_prefix ? field.lenenc() : 0;
      if (!field.ok() || column >= columns_.size() || shape_.key.size() >= columns_.size()) return false;
      shape_.key.push_back(static_cast<std::uint32_t>(column));
      if (prefix != 0) map_.prefix_columns.push_back(shape_.key.back());
    }
    return field.ok();
  }

  /// Chooses type, plan and character set of column `i`.
  Status finish(std::size_t i) {
    const RawColumn& raw = columns_[i];
    Column& column = shape_.columns[i];
    if (is_enum_or_set(raw.type) || is_character(kind_, raw.type)) {
      const Collation& collation = find_collation(kind_, column.collation);
      if (collation.name.empty()) {
        return std::unexpected(
            fmt::format("column {} has collation id {}, which this version of Farshore does not know; leave the table "
                        "out, or take a newer version",
                        column.name, column.collation));
      }
      column.charset = collation.charset;
    }
    const ColumnPlan plan = choose(raw, column);
    if (plan.decode == nullptr) {
      return std::unexpected(fmt::format("column {} has type code {}, which cannot be read yet; leave the table out",
                                         column.name, std::to_underlying(raw.type)));
    }
    map_.plan.push_back(plan);
    return {};
  }

  static ColumnPlan integer(Column& column, ColumnType type, std::uint32_t width) {
    column.type = type;
    return integer_plan(width, column.is_unsigned);
  }

  static ColumnPlan temporal(const RawColumn& raw, Column& column, ColumnType type,
                             ColumnPlan (*plan)(std::uint32_t digits)) {
    column.type = type;
    column.scale = raw.meta;
    return raw.meta <= 6 ? plan(raw.meta) : ColumnPlan{};
  }

  static ColumnPlan decimal(const RawColumn& raw, Column& column) {
    column.type = ColumnType::kDecimal;
    column.length = raw.meta & 0xFF;
    column.scale = raw.meta >> 8;
    return is_decimal(column.length, column.scale) ? decimal_plan(column.length, column.scale) : ColumnPlan{};
  }

  static ColumnPlan bit(const RawColumn& raw, Column& column) {
    column.type = ColumnType::kBit;
    column.length = (raw.meta & 0xFF) + 8 * (raw.meta >> 8);
    return column.length >= 1 && column.length <= 64 ? bit_plan(column.length) : ColumnPlan{};
  }

  static ColumnPlan fixed_string(const RawColumn& raw, Column& column) {
    column.type = ColumnType::kChar;
    column.length = raw.size;
    return column.charset == "binary" ? binary_plan(raw.size) : string_plan(raw.size > 255 ? 2 : 1);
  }

  static ColumnPlan varying_string(const RawColumn& raw, Column& column) {
    column.type = ColumnType::kVarchar;
    column.length = raw.meta;
    return string_plan(raw.meta > 255 ? 2 : 1);
  }

  static ColumnPlan blob(const RawColumn& raw, Column& column, ColumnType type,
                         ColumnPlan (*plan)(std::uint32_t prefix)) {
    column.type = type;
    column.length = raw.meta;
    return raw.meta >= 1 && raw.meta <= 4 ? plan(raw.meta) : ColumnPlan{};
  }

  static ColumnPlan mask(const RawColumn& raw, Column& column, ColumnType type) {
    column.type = type;
    return raw.size >= 1 && raw.size <= 8 ? mask_plan(raw.size) : ColumnPlan{};
  }

  static ColumnPlan choose(const RawColumn& raw, Column& column) {
    switch (raw.type) {
      case TypeCode::kTiny: return integer(column, ColumnType::kTinyint, 1);
      case TypeCode::kShort: return integer(column, ColumnType::kSmallint, 2);
      case TypeCode::kInt24: return integer(column, ColumnType::kMediumint, 3);
      case TypeCode::kLong: return integer(column, ColumnType::kInt, 4);
      case TypeCode::kLongLong: return integer(column, ColumnType::kBigint, 8);
      case TypeCode::kFloat: column.type = ColumnType::kFloat; return float_plan();
      case TypeCode::kDouble: column.type = ColumnType::kDouble; return double_plan();
      case TypeCode::kNewDecimal: return decimal(raw, column);
      case TypeCode::kBit: return bit(raw, column);
      case TypeCode::kYear: column.type = ColumnType::kYear; return year_plan();
      case TypeCode::kDate:
      case TypeCode::kNewDate: column.type = ColumnType::kDate; return date_plan();
      case TypeCode::kTime2: return temporal(raw, column, ColumnType::kTime, time_plan);
      case TypeCode::kDatetime2: return temporal(raw, column, ColumnType::kDatetime, datetime_plan);
      case TypeCode::kTimestamp2: return temporal(raw, column, ColumnType::kTimestamp, timestamp_plan);
      case TypeCode::kString: return fixed_string(raw, column);
      case TypeCode::kVarchar:
      case TypeCode::kVarString: return varying_string(raw, column);
      case TypeCode::kTinyBlob:
      case TypeCode::kMediumBlob:
      case TypeCode::kLongBlob:
      case TypeCode::kBlob: return blob(raw, column, ColumnType::kText, string_plan);
      case TypeCode::kJson: return blob(raw, column, ColumnType::kJson, json_plan);
      case TypeCode::kEnum: return mask(raw, column, ColumnType::kEnum);
      case TypeCode::kSet: return mask(raw, column, ColumnType::kSet);
      case TypeCode::kOldTimestamp:
      case TypeCode::kOldTime:
      case TypeCode::kOldDatetime:
      case TypeCode::kMariadbBlobCompressed:
      case TypeCode::kMariadbVarcharCompressed:
      case TypeCode::kVector:
      case TypeCode::kGeometry: return {};
    }
    return {};
  }

  const ServerKind kind_;
  TableMap& map_;
  TableShape shape_;
  std::vector<RawColumn> columns_;
  bool has_names_ = false;
};

}  // namespace

std::expected<TableMapHead, std::string> parse_table_map_head(std::string_view body) {
  ByteReader reader(body);
  TableMapHead head;
  head.table_id = reader.u48();
  reader.skip(2);
  head.definition = reader.rest();
  head.schema = reader.bytes(reader.u8());
  reader.skip(1);
  head.name = reader.bytes(reader.u8());
  reader.skip(1);
  head.columns = reader.rest();
  if (!reader.ok() || head.name.empty()) return std::unexpected("the table description is malformed (names)");
  return head;
}

std::expected<void, std::string> parse_columns(ServerKind kind, std::string_view columns, TableMap& map) {
  ColumnsParser parser(kind, map);
  if (auto status = parser.run(columns); !status) return status;
  TableShape shape = parser.take_shape();
  shape.schema = map.schema;
  shape.name = map.name;
  map.shape = std::make_shared<const TableShape>(std::move(shape));
  return {};
}

}  // namespace farshore::binlog
