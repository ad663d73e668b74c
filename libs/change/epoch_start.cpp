#include "change/epoch_start.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "change/limits.hpp"
#include "change/unknown_fields.hpp"
#include "change/utf8.hpp"
#include "farshore/v1/change_batch.pb.h"

namespace farshore::change {
namespace {

using Ends = google::protobuf::RepeatedPtrField<v1::PartitionEnd>;

void to_message(const std::vector<PartitionEnd>& ends, Ends& out) {
  for (const PartitionEnd& end : ends) {
    v1::PartitionEnd& message = *out.Add();
    message.set_stream(end.stream);
    message.set_partition(static_cast<std::uint32_t>(end.partition.raw()));
    message.set_last_seq(end.last_seq.raw());
  }
}

std::expected<std::vector<PartitionEnd>, MessageError> from_message(const Ends& messages) {
  if (static_cast<std::size_t>(messages.size()) > kPartitionsMax) return std::unexpected(MessageError::kMalformed);
  std::vector<PartitionEnd> ends;
  ends.reserve(static_cast<std::size_t>(messages.size()));
  for (const v1::PartitionEnd& message : messages) {
    if (has_unknown_fields(message)) return std::unexpected(MessageError::kNewerFormat);
    if (message.stream().empty() || message.stream().size() > kNameBytesMax || message.partition() >= kPartitionsMax) {
      return std::unexpected(MessageError::kMalformed);
    }
    ends.push_back(
        {message.stream(), PartitionId(static_cast<std::int32_t>(message.partition())), Seq(message.last_seq())});
  }
  return ends;
}

using Names = google::protobuf::RepeatedPtrField<std::string>;

std::expected<std::vector<std::string>, MessageError> tables_from_message(const Names& names) {
  if (static_cast<std::size_t>(names.size()) > kEpochTablesMax) return std::unexpected(MessageError::kMalformed);
  for (const std::string& name : names)
    if (name.empty() || name.size() > kFullNameBytesMax) return std::unexpected(MessageError::kMalformed);
  return std::vector<std::string>(names.begin(), names.end());
}

std::expected<AddedColumn, MessageError> from_message(const v1::AddedColumn& message) {
  if (has_unknown_fields(message)) return std::unexpected(MessageError::kNewerFormat);
  AddedColumn column{.name = message.name(), .constant = {}, .type = message.type()};
  if (message.has_number()) column.constant = {.kind = ColumnConstant::Kind::kNumber, .text = message.number()};
  if (message.has_text()) column.constant = {.kind = ColumnConstant::Kind::kText, .text = message.text()};
  if (column.name.empty() || column.name.size() > kNameBytesMax || column.constant.text.size() > kConstantBytesMax ||
      column.type.size() > kConstantBytesMax)
    return std::unexpected(MessageError::kMalformed);
  return column;
}

void to_message(const AddedColumn& column, v1::AddedColumn& message) {
  message.set_name(column.name);
  message.set_type(column.type);
  switch (column.constant.kind) {
    case ColumnConstant::Kind::kNull: return;
    case ColumnConstant::Kind::kNumber: return message.set_number(column.constant.text);
    case ColumnConstant::Kind::kText: return message.set_text(column.constant.text);
  }
}

std::expected<RowlessStatement, MessageError> from_message(const v1::RowlessStatement& message) {
  if (has_unknown_fields(message)) return std::unexpected(MessageError::kNewerFormat);
  const std::optional<Gtid> gtid = message.gtid().empty() ? Gtid() : Gtid::parse(message.gtid());
  if (!gtid || message.text().size() > kStatementBytesMax) return std::unexpected(MessageError::kMalformed);
  auto tables = tables_from_message(message.tables());
  if (!tables) return std::unexpected(tables.error());
  RowlessStatement statement{.text = message.text(),
                             .tables = std::move(*tables),
                             .gtid = *gtid,
                             .may_be_temporary = message.may_be_temporary(),
                             .added_columns = {}};
  const bool names_one = message.added_columns().empty() || statement.tables.size() == 1;
  if (!names_one || static_cast<std::size_t>(message.added_columns_size()) > kColumnsMax)
    return std::unexpected(MessageError::kMalformed);
  for (const v1::AddedColumn& added : message.added_columns()) {
    auto column = from_message(added);
    if (!column) return std::unexpected(column.error());
    statement.added_columns.push_back(std::move(*column));
  }
  return statement;
}

/// Names come out of statements as their session wrote them; a reader of the message refuses what is not UTF-8.
std::string ascii_unless_utf8(std::string_view text) {
  std::string out(text);
  if (is_utf8(text)) return out;
  for (char& c : out)
    if ((static_cast<unsigned char>(c) & 0x80U) != 0) c = '?';
  return out;
}

}  // namespace

std::vector<std::string> texts_of(const std::vector<TableName>& tables) {
  std::vector<std::string> texts;
  std::ranges::transform(tables, std::back_inserter(texts), &TableName::to_string);
  return texts;
}

std::set<TableName> tables_of(const std::vector<std::string>& texts) {
  std::set<TableName> tables;
  for (const std::string& text : texts)
    if (auto table = TableName::parse(text)) tables.insert(std::move(*table));
  return tables;
}

void append_epoch_start(const EpochStart& start, std::string& out) {
  v1::EpochStart message;
  message.set_continues_epoch(start.continues.epoch.raw());
  message.set_continues_incarnation(start.continues.incarnation.raw());
  to_message(start.continued, *message.mutable_continues());
  message.set_begins_at(start.begins_at.to_string());
  to_message(start.partitions, *message.mutable_partitions());
  message.set_numbering_digest(start.numbering_digest);
  message.set_numbering_changed(start.numbering_changed);
  message.set_reason(ascii_unless_utf8(start.reason));
  if (start.statement) {
    v1::RowlessStatement& statement = *message.mutable_statement();
    statement.set_text(start.statement->text.substr(0, kStatementBytesMax));
    for (const std::string& table : start.statement->tables) statement.add_tables(ascii_unless_utf8(table));
    statement.set_gtid(start.statement->gtid.to_string());
    statement.set_may_be_temporary(start.statement->may_be_temporary);
    for (const AddedColumn& added : start.statement->added_columns) to_message(added, *statement.add_added_columns());
  }
  for (const std::string& table : start.missed_tables) message.add_missed_tables(ascii_unless_utf8(table));
  message.AppendToString(&out);
}

std::expected<EpochStart, MessageError> parse_epoch_start(std::string_view bytes) {
  v1::EpochStart message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return std::unexpected(MessageError::kMalformed);
  }
  if (has_unknown_fields(message)) return std::unexpected(MessageError::kNewerFormat);
  auto begins_at = OriginPosition::parse(message.begins_at());
  if (!begins_at) return std::unexpected(MessageError::kMalformed);
  auto continued = from_message(message.continues());
  if (!continued) return std::unexpected(continued.error());
  auto partitions = from_message(message.partitions());
  if (!partitions) return std::unexpected(partitions.error());
  EpochStart start;
  start.continues = {Epoch(message.continues_epoch()), Incarnation(message.continues_incarnation())};
  start.continued = std::move(*continued);
  start.begins_at = std::move(*begins_at);
  start.partitions = std::move(*partitions);
  start.numbering_digest = message.numbering_digest();
  start.numbering_changed = message.numbering_changed();
  start.reason = message.reason();
  if (message.has_statement()) {
    auto statement = from_message(message.statement());
    if (!statement) return std::unexpected(statement.error());
    start.statement = std::move(*statement);
  }
  auto missed = tables_from_message(message.missed_tables());
  if (!missed) return std::unexpected(missed.error());
  start.missed_tables = std::move(*missed);
  return start;
}

}  // namespace farshore::change
