#include "change/batch_reader.hpp"

#include <bit>
#include <string>
#include <utility>

#include "base/byte_reader.hpp"
#include "change/wire.hpp"

/// A value is read twice: first its top-level fields, because the shapes of the tables stand behind the changes; then
/// the changes. What the format does not know is refused, never passed over.
namespace farshore::change {
namespace {

using Kind = BatchError::Kind;
using wire::Field;
using wire::Type;

BatchError error(Kind kind, std::string detail) { return {kind, std::move(detail)}; }

BatchError error_of(MessageError reason, std::string_view what) {
  const Kind kind = reason == MessageError::kNewerFormat ? Kind::kNewerFormat : Kind::kMalformed;
  return error(kind, std::string(what) + " is " + std::string(to_string(reason)));
}

}  // namespace

std::string_view to_string(BatchError::Kind kind) {
  switch (kind) {
    case Kind::kNewerFormat: return "newer format";
    case Kind::kCorrupt: return "corrupt";
    case Kind::kMalformed: return "malformed";
    case Kind::kTooLarge: return "too large";
  }
  return "";
}

std::size_t Batch::memory_bytes() const {
  return changes_.capacity() * sizeof(ChangeView) + transactions_.capacity() * sizeof(TransactionView) +
         tables_.capacity() * sizeof(tables_[0]) + values_.capacity() * sizeof(Value) +
         columns_.capacity() * sizeof(std::uint32_t);
}

/// One read. Every step returns false after setting error_.
class BatchParser {
 public:
  BatchParser(std::string_view value, TableCache& tables, const BatchLimits& limits, Batch& out)
      : value_(value), tables_(tables), limits_(limits), out_(out) {}

  std::expected<void, BatchError> parse(std::string_view header) {
    clear();
    if (!read_header(header) || !read_fields() || !read_changes() || !agrees_with_header()) {
      return std::unexpected(std::move(error_));
    }
    link_views();
    return {};
  }

 private:
  bool fail(Kind kind, std::string detail) {
    error_ = error(kind, std::move(detail));
    return false;
  }
  bool malformed(std::string detail) { return fail(Kind::kMalformed, std::move(detail)); }
  bool unknown(std::string_view message, Field field) {
    return fail(Kind::kNewerFormat,
                "field " + std::to_string(field.number) + " of " + std::string(message) + " is not known");
  }

  void clear() {
    out_.changes_.clear();
    out_.transactions_.clear();
    out_.tables_.clear();
    out_.values_.clear();
    out_.columns_.clear();
    out_.position_ = out_.last_position_ = {};
    out_.watermark_.reset();
    out_.epoch_start_.reset();
  }

  bool read_header(std::string_view header);
  bool read_fields();
  bool read_field(Field field, ByteReader& reader);
  bool read_transaction(std::string_view bytes);
  bool read_changes();
  bool read_change(std::string_view bytes);
  bool read_change_number(Field field, std::uint64_t number, ChangeView& change, std::uint64_t& op);
  bool read_before_columns(Field field, ByteReader& reader);
  bool read_value(std::string_view bytes);
  bool check_change(const ChangeView& change, std::size_t first_column);
  bool check_image(const ChangeView& change, std::size_t first, std::size_t count, const std::uint32_t* columns);
  bool agrees_with_header();
  void link_views();

  std::string_view value_;
  TableCache& tables_;
  const BatchLimits& limits_;
  Batch& out_;
  BatchError error_;
  std::size_t change_fields_ = 0;
  std::uint32_t table_index_ = 0;
  // While values_ and columns_ still grow, a change's views hold only sizes. `before` values are put aside and follow
  // the `after` values.
  std::size_t after_count_ = 0;
  std::size_t before_count_ = 0;
};

bool BatchParser::read_header(std::string_view header) {
  if (value_.size() > limits_.bytes_max) {
    return fail(Kind::kTooLarge, "the value has " + std::to_string(value_.size()) + " bytes, " +
                                     std::to_string(limits_.bytes_max) + " are allowed");
  }
  if (!header.empty() && static_cast<std::uint8_t>(header[0]) > kFormatVersion) {
    return fail(Kind::kNewerFormat, "format version " + std::to_string(static_cast<std::uint8_t>(header[0])));
  }
  if (!checksum_ok(header, value_)) return fail(Kind::kCorrupt, "the checksum does not match");
  const auto decoded = decode_header(header);
  if (!decoded) {
    const Kind kind = decoded.error() == HeaderError::kNewerFormat ? Kind::kNewerFormat : Kind::kMalformed;
    return fail(kind, std::string(to_string(decoded.error())));
  }
  out_.header_ = *decoded;
  if (decoded->count > limits_.changes_max) {
    return fail(Kind::kTooLarge, std::to_string(decoded->count) + " changes");
  }
  return true;
}

bool BatchParser::read_fields() {
  ByteReader reader(value_);
  while (!reader.done()) {
    const Field field = wire::read_field(reader);
    if (!reader.ok()) break;
    if (!read_field(field, reader)) return false;
  }
  if (!reader.ok()) return malformed("the value ends inside a field");
  if (out_.last_position_.empty()) out_.last_position_ = out_.position_;
  return true;
}

bool BatchParser::read_field(Field field, ByteReader& reader) {
  if (field.number > 17 || (field.number > 5 && field.number < 16)) return unknown("the batch", field);
  if (field.type != Type::kBytes) return malformed("a field of the batch has a wrong type");
  const std::string_view bytes = wire::read_bytes(reader);
  if (!reader.ok()) return true;
  switch (field.number) {
    case 1:
      if (++change_fields_ > limits_.changes_max) return fail(Kind::kTooLarge, "too many changes");
      return true;
    case 2: return read_transaction(bytes);
    case 3: {
      if (out_.tables_.size() >= kBatchTablesMax) return fail(Kind::kTooLarge, "too many tables");
      auto table = tables_.find_or_parse(bytes);
      if (!table) {
        error_ = error_of(table.error(), "a table");
        return false;
      }
      out_.tables_.push_back(std::move(*table));
      return true;
    }
    case 4:
    case 5:
      if (bytes.size() > kPositionBytesMax) return fail(Kind::kTooLarge, "the position is too long");
      (field.number == 4 ? out_.position_ : out_.last_position_) = bytes;
      return true;
    case 16: {
      auto watermark = parse_watermark(bytes);
      if (watermark)
        out_.watermark_ = std::move(*watermark);
      else
        error_ = error_of(watermark.error(), "the watermark");
      return watermark.has_value();
    }
    case 17: {
      auto start = parse_epoch_start(bytes);
      if (start)
        out_.epoch_start_ = std::move(*start);
      else
        error_ = error_of(start.error(), "the epoch start");
      return start.has_value();
    }
    default: return unknown("the batch", field);
  }
}

bool BatchParser::read_transaction(std::string_view bytes) {
  if (out_.transactions_.size() >= limits_.changes_max) return fail(Kind::kTooLarge, "too many transactions");
  ByteReader reader(bytes);
  TransactionView transaction;
  while (!reader.done()) {
    const Field field = wire::read_field(reader);
    if (!reader.ok()) break;
    if (field.number == 1 && field.type == Type::kBytes) {
      transaction.gtid = wire::read_bytes(reader);
    } else if (field.number == 2 && field.type == Type::kVarint) {
      transaction.commit_time = SourceTime(std::chrono::microseconds(wire::unzigzag(reader.varint())));
    } else {
      return unknown("a transaction", field);
    }
  }
  if (!reader.ok() || transaction.gtid.empty() || transaction.gtid.size() > kGtidBytesMax) {
    return malformed("a transaction is malformed");
  }
  transaction.id = Gtid::parse(transaction.gtid).value_or(Gtid());
  out_.transactions_.push_back(transaction);
  return true;
}

bool BatchParser::read_changes() {
  if (change_fields_ != out_.header_.count) {
    return malformed("the header counts " + std::to_string(out_.header_.count) + " changes, the value has " +
                     std::to_string(change_fields_));
  }
  out_.changes_.reserve(change_fields_);
  ByteReader reader(value_);  // known to be well-formed at this level
  while (!reader.done()) {
    const Field field = wire::read_field(reader);
    const std::string_view bytes = wire::read_bytes(reader);
    if (field.number == 1 && !read_change(bytes)) {
      error_.detail += " (change " + std::to_string(out_.changes_.size()) + " of the batch)";
      return false;
    }
  }
  return true;
}

bool BatchParser::read_change(std::string_view bytes) {
  ByteReader reader(bytes);
  ChangeView change;
  change.seq = Seq(out_.header_.first_seq.raw() + out_.changes_.size());
  std::uint64_t op = 0;
  table_index_ = 0;
  const std::size_t first_column = out_.columns_.size();
  after_count_ = before_count_ = 0;
  while (!reader.done()) {
    const Field field = wire::read_field(reader);
    if (!reader.ok()) break;
    if (field.number == 6 || field.number == 8) {
      if (field.type != Type::kBytes) return malformed("a value has a wrong type");
      if (field.number == 6 && before_count_ > 0) return malformed("an after-value stands behind a before-value");
      ++(field.number == 6 ? after_count_ : before_count_);
      const std::string_view value = wire::read_bytes(reader);
      if (reader.ok() && !read_value(value)) return false;
    } else if (field.number == 7) {
      if (!read_before_columns(field, reader)) return false;
    } else if (field.number > 10) {
      return unknown("a change", field);
    } else {
      if (field.type != Type::kVarint) return malformed("a field of a change has a wrong type");
      if (!read_change_number(field, reader.varint(), change, op)) return false;
    }
  }
  if (!reader.ok()) return malformed("a change ends inside a field");
  if (op == 0) return malformed("a change has no op");
  const std::optional<Op> known = op_of(op);
  if (!known) return fail(Kind::kNewerFormat, "op " + std::to_string(op) + " is not known");
  change.op = *known;
  if (!check_change(change, first_column)) return false;
  change.table = out_.tables_[table_index_].get();
  // Sizes only, until link_views().
  change.after = {static_cast<const Value*>(nullptr), after_count_};
  change.before = {static_cast<const Value*>(nullptr), before_count_};
  change.before_columns = {static_cast<const std::uint32_t*>(nullptr), out_.columns_.size() - first_column};
  out_.changes_.push_back(change);
  return true;
}

bool BatchParser::read_change_number(Field field, std::uint64_t number, ChangeView& change, std::uint64_t& op) {
  if (number > 0xFFFF'FFFF) return malformed("a number of a change is out of range");
  const auto value = static_cast<std::uint32_t>(number);
  const auto read_flag = [&](bool& flag) {
    flag = value != 0;
    return value <= 1 || malformed("a flag is neither 0 nor 1");
  };
  switch (field.number) {
    case 1: op = value; return true;
    case 2: table_index_ = value; return true;
    case 3: change.transaction = value; return true;
    case 4: change.ordinal = Ordinal(value); return true;
    case 5: return read_flag(change.last_in_transaction);
    case 9: return read_flag(change.key_change);
    case 10: return read_flag(change.no_cascade);
    default: return unknown("a change", field);
  }
}

bool BatchParser::read_before_columns(Field field, ByteReader& reader) {
  if (field.type != Type::kBytes) return malformed("before_column has a wrong type");
  ByteReader columns(wire::read_bytes(reader));
  while (!columns.done()) {
    out_.columns_.push_back(wire::read_u32(columns));
    if (out_.columns_.size() > limits_.values_max) return fail(Kind::kTooLarge, "too many before-columns");
  }
  return columns.ok() || malformed("before_column is malformed");
}

bool BatchParser::read_value(std::string_view bytes) {
  if (out_.values_.size() >= limits_.values_max) return fail(Kind::kTooLarge, "too many values");
  if (bytes.empty()) {
    out_.values_.push_back(Value::null());
    return true;
  }
  ByteReader reader(bytes);
  const auto tag = reader.u8();
  switch (tag) {
    case wire::tag(1, Type::kVarint): out_.values_.push_back(Value::of_int(wire::unzigzag(reader.varint()))); break;
    case wire::tag(2, Type::kVarint): out_.values_.push_back(Value::of_uint(reader.varint())); break;
    case wire::tag(3, Type::kFixed32):
      out_.values_.push_back(Value::of_float(std::bit_cast<float>(reader.u32())));
      break;
    case wire::tag(4, Type::kFixed64):
      out_.values_.push_back(Value::of_double(std::bit_cast<double>(reader.u64())));
      break;
    case wire::tag(5, Type::kBytes): out_.values_.push_back(Value::of_bytes(wire::read_bytes(reader))); break;
    case wire::tag(6, Type::kBytes): out_.values_.push_back(Value::of_text(wire::read_bytes(reader))); break;
    default: reader = ByteReader(bytes); break;
  }
  if (reader.ok() && reader.done()) return true;
  const Field field = wire::read_field(reader);
  return reader.ok() && field.number > 6 ? unknown("a value", field) : malformed("a value is malformed");
}

bool BatchParser::check_change(const ChangeView& change, std::size_t first_column) {
  if (table_index_ >= out_.tables_.size()) return malformed("a change names a table that the batch does not have");
  if (change.transaction >= out_.transactions_.size()) {
    return malformed("a change names a transaction that the batch does not have");
  }
  const std::size_t columns = out_.tables_[table_index_]->shape.columns.size();
  const std::size_t before_columns = out_.columns_.size() - first_column;
  const bool is_update = changes_row(change.op);
  const std::size_t after_wanted = leaves_row(change.op) ? columns : 0;
  const std::size_t before_wanted = leaves_row(change.op) ? before_columns : columns;
  if (after_count_ != after_wanted || before_count_ != before_wanted || (!is_update && before_columns > 0)) {
    return malformed("an image does not have a value for each of its columns");
  }
  const std::uint32_t* const changed = out_.columns_.data() + first_column;
  for (std::size_t i = 0; i < before_columns; ++i) {
    if (changed[i] >= columns || (i > 0 && changed[i] <= changed[i - 1])) {
      return malformed("before_column is not ascending or names a column that the table does not have");
    }
  }
  const std::size_t first = out_.values_.size() - after_count_ - before_count_;
  return check_image(change, first, after_count_, nullptr) &&
         check_image(change, first + after_count_, before_count_, is_update ? changed : nullptr);
}

/// `columns`: the columns of the values; null: they are all columns in order.
bool BatchParser::check_image(const ChangeView&, std::size_t first, std::size_t count, const std::uint32_t* columns) {
  const std::vector<Value::Kind>& kinds = out_.tables_[table_index_]->kinds;
  for (std::size_t i = 0; i < count; ++i) {
    const Value& value = out_.values_[first + i];
    if (!value.is_null() && value.kind() != kinds[columns == nullptr ? i : columns[i]]) {
      return malformed("a value is not of its column's type");
    }
  }
  return true;
}

bool BatchParser::agrees_with_header() {
  const BatchHeader& header = out_.header_;
  const bool has_changes = header.kind == BatchKind::kChanges;
  const bool wants_watermark = header.kind == BatchKind::kWatermark || header.carries_watermark;
  if (out_.watermark_.has_value() != wants_watermark ||
      out_.epoch_start_.has_value() != (header.kind == BatchKind::kEpochStart)) {
    return malformed("the value is not of the kind that the header says");
  }
  if (wants_watermark && out_.watermark_->seq != header.last_seq()) {
    return malformed("the watermark's seq is not the header's");
  }
  if (!has_changes) return true;
  const ChangeView& last = out_.changes_.back();
  if (last.ordinal != header.last_ordinal || out_.transactions_[last.transaction].gtid != header.gtid) {
    return malformed("the last change is not the one that the header names");
  }
  return true;
}

void BatchParser::link_views() {
  const Value* value = out_.values_.data();
  const std::uint32_t* column = out_.columns_.data();
  for (ChangeView& change : out_.changes_) {
    change.after = {value, change.after.size()};
    value += change.after.size();
    change.before = {value, change.before.size()};
    value += change.before.size();
    change.before_columns = {column, change.before_columns.size()};
    column += change.before_columns.size();
  }
}

std::expected<void, BatchError> read_batch(std::string_view header, std::string_view value, TableCache& tables,
                                           Batch& out, const BatchLimits& limits) {
  return BatchParser(value, tables, limits, out).parse(header);
}

}  // namespace farshore::change
