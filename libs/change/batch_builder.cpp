#include "change/batch_builder.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.hpp"
#include "change/limits.hpp"
#include "change/wire.hpp"

/// How a Change is written: its fields go straight behind two bytes kept free for its length, which is right for 128 to
/// 16,383 bytes, nearly every row. A shorter or longer change is moved into place, so that the bytes are always those
/// that the generated classes would write.
namespace farshore::change {
namespace {

using wire::put_byte;
using wire::put_varint;
using wire::tag;
using wire::Type;

// Field numbers of schemas/farshore/v1/change_batch.proto.
constexpr std::uint32_t kBatchChanges = 1;
constexpr std::uint32_t kBatchTransactions = 2;
constexpr std::uint32_t kBatchTables = 3;
constexpr std::uint32_t kBatchPosition = 4;
constexpr std::uint32_t kBatchLastPosition = 5;
constexpr std::uint32_t kBatchWatermark = 16;
constexpr std::uint32_t kBatchEpochStart = 17;
constexpr std::uint32_t kChangeLastInTransaction = 5;
constexpr std::uint32_t kChangeAfter = 6;
constexpr std::uint32_t kChangeBeforeColumn = 7;
constexpr std::uint32_t kChangeBefore = 8;

/// Of a value: tag and length of the message, tag and length of its bytes.
constexpr std::size_t kValueOverhead = 2 * (1 + wire::kVarintBytesMax);
/// Of a change: everything but its values and before_column.
constexpr std::size_t kChangeOverhead = 64;
constexpr std::size_t kGuessedLengthBytes = 2;

std::size_t value_bound(const Value& value) {
  const bool has_bytes = value.kind() == Value::Kind::kBytes || value.kind() == Value::Kind::kText;
  return kValueOverhead + (has_bytes ? value.bytes().size() : 0);
}

std::size_t values_bound(std::span<const Value> values) {
  std::size_t bound = 0;
  for (const Value& value : values) bound += value_bound(value);
  return bound;
}

char* put_varint_value(char* at, std::uint32_t field, std::uint64_t number) {
  char* const length = at++;
  at = put_varint(put_byte(at, tag(field, Type::kVarint)), number);
  *length = static_cast<char>(at - length - 1);
  return at;
}

template <typename T>
char* put_fixed_value(char* at, std::uint32_t field, Type type, T number) {
  at = put_byte(at, 1 + sizeof(T));
  at = put_byte(at, tag(field, type));
  std::memcpy(at, &number, sizeof number);
  return at + sizeof number;
}

char* put_bytes_value(char* at, std::uint32_t field, std::string_view bytes) {
  at = put_varint(at, 1 + wire::varint_size(bytes.size()) + bytes.size());
  at = put_varint(put_byte(at, tag(field, Type::kBytes)), bytes.size());
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}

/// A Value message as field `field` of a Change.
char* put_value(char* at, std::uint32_t field, const Value& value) {
  at = put_byte(at, tag(field, Type::kBytes));
  switch (value.kind()) {
    case Value::Kind::kNull: return put_byte(at, 0);
    case Value::Kind::kInt: return put_varint_value(at, 1, wire::zigzag(value.as_int()));
    case Value::Kind::kUint: return put_varint_value(at, 2, value.as_uint());
    case Value::Kind::kFloat: return put_fixed_value(at, 3, Type::kFixed32, value.as_float());
    case Value::Kind::kDouble: return put_fixed_value(at, 4, Type::kFixed64, value.as_double());
    case Value::Kind::kBytes: return put_bytes_value(at, 5, value.bytes());
    case Value::Kind::kText: return put_bytes_value(at, 6, value.bytes());
  }
  FARSHORE_CHECK(false, value.kind());
  return at;
}

/// A number field of a Change; proto3 leaves out zero.
char* put_number(char* at, std::uint32_t field, std::uint64_t number) {
  if (number == 0) return at;
  return put_varint(put_byte(at, tag(field, Type::kVarint)), number);
}

char* put_before_columns(char* at, std::span<const std::uint32_t> columns) {
  if (columns.empty()) return at;
  std::size_t size = 0;
  for (const std::uint32_t column : columns) size += wire::varint_size(column);
  at = put_varint(put_byte(at, tag(kChangeBeforeColumn, Type::kBytes)), size);
  for (const std::uint32_t column : columns) at = put_varint(at, column);
  return at;
}

/// Puts the length of a message before its content, which lies kGuessedLengthBytes behind `length` and ends at `end`;
/// moves the content when its length needs more or fewer bytes. Returns the new end.
char* put_length_before(char* length, char* end) {
  char* const content = length + kGuessedLengthBytes;
  const std::size_t size = static_cast<std::size_t>(end - content);
  char* const place = length + wire::varint_size(size);
  if (place != content) std::memmove(place, content, size);
  put_varint(length, size);
  return place + size;
}

void append_bytes_field(WireBuffer& out, std::uint32_t field, std::string_view bytes) {
  char* at = out.reserve(2 + wire::kVarintBytesMax + bytes.size());
  at = put_varint(at, field << 3 | static_cast<std::uint32_t>(Type::kBytes));
  at = put_varint(at, bytes.size());
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  out.commit(at + bytes.size());
}

std::size_t bytes_field_bound(std::string_view bytes) { return 2 + wire::kVarintBytesMax + bytes.size(); }

}  // namespace

std::size_t bytes_bound(const ChangeInput& change) {
  constexpr std::size_t kColumnNumberBytes = 2;  // of before_column
  return kChangeOverhead + values_bound(change.after) + values_bound(change.before) +
         kColumnNumberBytes * change.before.size();
}

BatchBuilder::BatchBuilder(std::string origin, std::string stream, PartitionId partition)
    : origin_(std::move(origin)), stream_(std::move(stream)), partition_(partition) {
  FARSHORE_CHECK(!origin_.empty() && origin_.size() <= kNameBytesMax && !stream_.empty() &&
                 stream_.size() <= kNameBytesMax);
}

std::uint32_t BatchBuilder::table_index(const std::shared_ptr<const EncodedTable>& table) {
  if (last_table_ < tables_.size() && tables_[last_table_] == table) return last_table_;
  for (std::uint32_t i = 0; i < tables_.size(); ++i) {
    if (tables_[i] == table) return last_table_ = i;
  }
  tables_.push_back(table);
  table_bytes_ += bytes_field_bound(table->bytes);
  return last_table_ = static_cast<std::uint32_t>(tables_.size() - 1);
}

std::uint32_t BatchBuilder::transaction_index(const SourceTransaction& transaction) {
  FARSHORE_CHECK(transaction.serial != 0 && !transaction.gtid.empty() && transaction.gtid.size() <= kGtidBytesMax);
  if (transaction.serial == transaction_serial_) return transaction_count_ - 1;
  const std::uint64_t time = wire::zigzag(transaction.commit_time.time_since_epoch().count());
  const std::size_t time_size = time == 0 ? 0 : 1 + wire::varint_size(time);
  const std::size_t gtid_size = 1 + wire::varint_size(transaction.gtid.size()) + transaction.gtid.size();
  char* at = transactions_.reserve(32 + gtid_size);
  at = put_varint(put_byte(at, tag(kBatchTransactions, Type::kBytes)), gtid_size + time_size);
  at = put_varint(put_byte(at, tag(1, Type::kBytes)), transaction.gtid.size());
  at = std::ranges::copy(transaction.gtid, at).out;
  at = put_number(at, 2, time);
  transactions_.commit(at);

  if (transaction_count_ == 0) position_ = transaction.position_before;
  last_position_ = transaction.position_before;
  last_gtid_ = transaction.gtid;
  transaction_serial_ = transaction.serial;
  return transaction_count_++;
}

void BatchBuilder::append(const SourceTransaction& transaction, const std::shared_ptr<const EncodedTable>& table,
                          const ChangeInput& change) {
  FARSHORE_CHECK(!is_full());
  const std::size_t columns = table->table.shape.columns.size();
  FARSHORE_CHECK(change.after.size() == (leaves_row(change.op) ? columns : 0));
  FARSHORE_CHECK(change.before.size() == (had_row(change.op) ? columns : 0));

  differing_.clear();
  std::size_t before_bound = 0;
  if (changes_row(change.op)) {
    for (std::uint32_t i = 0; i < columns; ++i) {
      if (change.before[i] == change.after[i]) continue;
      differing_.push_back(i);
      before_bound += value_bound(change.before[i]) + 2;
    }
  } else {
    before_bound = values_bound(change.before);
  }

  char* at = value_.reserve(kChangeOverhead + values_bound(change.after) + before_bound);
  at = put_byte(at, tag(kBatchChanges, Type::kBytes));
  char* const length = at;
  char* const content = length + kGuessedLengthBytes;
  at = content;
  at = put_number(at, 1, static_cast<std::uint64_t>(change.op));
  at = put_number(at, 2, table_index(table));
  at = put_number(at, 3, transaction_index(transaction));
  at = put_number(at, 4, change.ordinal.raw());
  last_length_at_ = value_.size() + 1;
  last_head_ = static_cast<std::size_t>(at - content);
  last_marked_ = false;
  for (const Value& value : change.after) at = put_value(at, kChangeAfter, value);
  at = put_before_columns(at, differing_);
  if (changes_row(change.op)) {
    for (const std::uint32_t i : differing_) at = put_value(at, kChangeBefore, change.before[i]);
  } else {
    for (const Value& value : change.before) at = put_value(at, kChangeBefore, value);
  }
  at = put_number(at, 9, change.key_change ? 1 : 0);
  at = put_number(at, 10, change.no_cascade ? 1 : 0);
  last_size_ = static_cast<std::size_t>(at - content);
  value_.commit(put_length_before(length, at));

  values_ += change.after.size() + (changes_row(change.op) ? differing_.size() : change.before.size());
  last_ordinal_ = change.ordinal;
  next_seq_ = next_seq_.next();
  ++count_;
}

void BatchBuilder::mark_last_in_transaction() {
  if (count_ == 0 || last_marked_) return;
  constexpr std::size_t kFlagBytes = 2;
  (void)value_.reserve(kFlagBytes + wire::kVarintBytesMax);
  char* const length = value_.data() + last_length_at_;
  char* const head = length + wire::varint_size(last_size_);
  char* const new_head = length + wire::varint_size(last_size_ + kFlagBytes);
  char* const new_tail = new_head + last_head_ + kFlagBytes;
  std::memmove(new_tail, head + last_head_, last_size_ - last_head_);
  std::memmove(new_head, head, last_head_);
  put_number(new_head + last_head_, kChangeLastInTransaction, 1);
  value_.commit(new_tail + last_size_ - last_head_);
  last_size_ += kFlagBytes;
  put_varint(length, last_size_);
  last_marked_ = true;
}

void BatchBuilder::ride(const Watermark& watermark) {
  FARSHORE_CHECK(count_ > 0);
  watermark_.clear();
  append_watermark(watermark, watermark_);
}

bool BatchBuilder::is_full() const {
  return count_ >= kBatchChangesMax || values_ + 2 * kColumnsMax > kBatchValuesMax || tables_.size() >= kBatchTablesMax;
}

std::size_t BatchBuilder::bytes() const {
  return value_.size() + transactions_.size() + table_bytes_ + position_.size() + last_position_.size() +
         watermark_.size() + 16;
}

EncodedRecord BatchBuilder::finish(LocalTime published_at) {
  FARSHORE_CHECK(count_ > 0);
  value_.append(transactions_.view());
  for (const auto& table : tables_) append_bytes_field(value_, kBatchTables, table->bytes);
  if (!position_.empty()) append_bytes_field(value_, kBatchPosition, position_);
  if (last_position_ != position_) append_bytes_field(value_, kBatchLastPosition, last_position_);
  if (!watermark_.empty()) append_bytes_field(value_, kBatchWatermark, watermark_);
  BatchHeader header;
  header.carries_watermark = !watermark_.empty();
  header.first_seq = first_seq();
  header.count = count_;
  header.last_ordinal = last_ordinal_;
  header.gtid = last_gtid_;
  return seal(header, value_.view(), published_at);
}

EncodedRecord BatchBuilder::seal(BatchHeader header, std::string_view value, LocalTime published_at) {
  header.id = id_;
  header.published_at = published_at;
  header.partition = partition_;
  header.origin = origin_;
  header.stream = stream_;
  encode_header(header, value, header_);
  return {header_, value};
}

void BatchBuilder::clear() {
  count_ = 0;
  values_ = 0;
  transaction_serial_ = 0;
  transaction_count_ = 0;
  position_.clear();
  last_position_.clear();
  tables_.clear();
  table_bytes_ = 0;
  last_table_ = 0;
  value_.clear();
  transactions_.clear();
  watermark_.clear();
}

void BatchBuilder::reset_numbering(EpochId id, Seq next_seq) {
  FARSHORE_CHECK(count_ == 0 && next_seq.raw() > 0);
  id_ = id;
  next_seq_ = next_seq;
}

EncodedRecord BatchBuilder::watermark_record(const Watermark& watermark, LocalTime published_at) {
  FARSHORE_CHECK(count_ == 0);
  statement_text_.clear();
  append_watermark(watermark, statement_text_);
  BatchHeader header;
  header.kind = BatchKind::kWatermark;
  header.first_seq = watermark.seq;
  return seal_statement(header, kBatchWatermark, published_at);
}

EncodedRecord BatchBuilder::epoch_start_record(const EpochStart& start, LocalTime published_at) {
  FARSHORE_CHECK(count_ == 0);
  statement_text_.clear();
  append_epoch_start(start, statement_text_);
  BatchHeader header;
  header.kind = BatchKind::kEpochStart;
  header.first_seq = Seq(1);
  return seal_statement(header, kBatchEpochStart, published_at);
}

EncodedRecord BatchBuilder::seal_statement(const BatchHeader& header, std::uint32_t field, LocalTime published_at) {
  statement_.clear();
  append_bytes_field(statement_, field, statement_text_);
  return seal(header, statement_.view(), published_at);
}

}  // namespace farshore::change
