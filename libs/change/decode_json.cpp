#include "change/decode_json.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json_scalars.hpp"
#include "change/utf8.hpp"

namespace farshore::change {
namespace {

/// In the order of insertion, so that a line reads the same way each time.
using Json = nlohmann::ordered_json;

std::string time_text(SourceTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto rest = (time - seconds).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)), rest);
}

Json hex_json(std::string_view bytes) {
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) fmt::format_to(std::back_inserter(hex), "{:02x}", static_cast<unsigned char>(c));
  return {{"hex", hex}};
}

Json text_json(std::string_view bytes, bool is_binary) {
  if (is_binary || !is_utf8(bytes)) return hex_json(bytes);
  return std::string(bytes);
}

/// ENUM's index 0 is the invalid value ''.
Json enum_json(const Column& column, std::uint64_t index) {
  if (index == 0) return "";
  if (index > column.labels.size()) return index;
  return text_json(column.labels[index - 1], false);
}

Json set_json(const Column& column, std::uint64_t mask) {
  std::string text;
  for (std::size_t i = 0; i < 64; ++i) {
    if ((mask >> i & 1) == 0) continue;
    if (i >= column.labels.size()) return mask;
    if (!text.empty()) text.push_back(',');
    text += column.labels[i];
  }
  return text_json(text, false);
}

Json value_json(const Value& value, const Column& column) {
  switch (value.kind()) {
    case Value::Kind::kNull: return nullptr;
    case Value::Kind::kInt: return value.as_int();
    case Value::Kind::kUint:
      if (column.type == ColumnType::kEnum) return enum_json(column, value.as_uint());
      if (column.type == ColumnType::kSet) return set_json(column, value.as_uint());
      return value.as_uint();
    case Value::Kind::kFloat: return Json::parse(fmt::format("{}", value.as_float()), nullptr, false);
    case Value::Kind::kDouble: return value.as_double();
    case Value::Kind::kBytes: return text_json(value.bytes(), column.charset == "binary");
    case Value::Kind::kText:
      return text_json(column.type == ColumnType::kJson ? json_text(value.bytes()) : value.bytes(), false);
  }
  return nullptr;
}

Json image_json(const TableShape& shape, std::span<const Value> values, std::span<const std::uint32_t> columns) {
  Json image = Json::object();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Column& column = shape.columns[columns.empty() ? i : columns[i]];
    image[column.name] = value_json(values[i], column);
  }
  return image;
}

Json place_json(const BatchHeader& header, std::string_view kind) {
  return {{"kind", kind},
          {"origin", std::string(header.origin)},
          {"stream", std::string(header.stream)},
          {"partition", header.partition.raw()},
          {"epoch", header.id.epoch.raw()},
          {"incarnation", fmt::format("{:016x}", header.id.incarnation.raw())}};
}

Json change_json(const Batch& batch, const ChangeView& change) {
  const TransactionView& transaction = batch.transaction_of(change);
  const TableShape& shape = change.table->shape;
  Json json = place_json(batch.header(), to_string(change.op));
  json["seq"] = change.seq.raw();
  json["gtid"] = std::string(transaction.gtid);
  json["ordinal"] = change.ordinal.raw();
  json["commit_time"] = time_text(transaction.commit_time);
  if (change.last_in_transaction) json["last_in_transaction"] = true;
  if (change.key_change) json["key_change"] = true;
  if (change.no_cascade) json["no_cascade"] = true;
  json["table"] = shape.full_name();
  if (!change.table->group.empty()) json["group"] = change.table->group;
  if (had_row(change.op)) json["before"] = image_json(shape, change.before, change.before_columns);
  if (leaves_row(change.op)) json["after"] = image_json(shape, change.after, {});
  return json;
}

Json watermark_json(const Batch& batch, const Watermark& watermark) {
  Json json = place_json(batch.header(), "watermark");
  json["seq"] = watermark.seq.raw();
  json["time"] = time_text(watermark.time);
  json["position"] = watermark.position.to_string();
  json["clock_offset_us"] = watermark.clock_offset.count();
  json["numbering"] = fmt::format("{:016x}", watermark.numbering_digest);
  for (const Doubt& doubt : watermark.doubts)
    json["doubts"].push_back({{"table", doubt.table}, {"said_at", time_text(doubt.said_at)}});
  return json;
}

Json constant_json(const ColumnConstant& constant) {
  switch (constant.kind) {
    case ColumnConstant::Kind::kNull: return nullptr;
    case ColumnConstant::Kind::kNumber: return {{"number", constant.text}};
    case ColumnConstant::Kind::kText: return text_json(constant.text, false);
  }
  return nullptr;
}

Json ends_json(const std::vector<PartitionEnd>& ends) {
  Json json = Json::array();
  for (const PartitionEnd& end : ends) {
    json.push_back({{"stream", end.stream}, {"partition", end.partition.raw()}, {"last_seq", end.last_seq.raw()}});
  }
  return json;
}

Json epoch_start_json(const Batch& batch, const EpochStart& start) {
  Json json = place_json(batch.header(), "epoch start");
  json["continues_epoch"] = start.continues.epoch.raw();
  json["continues_incarnation"] = fmt::format("{:016x}", start.continues.incarnation.raw());
  json["continues"] = ends_json(start.continued);
  json["begins_at"] = start.begins_at.to_string();
  json["partitions"] = ends_json(start.partitions);
  json["numbering"] = fmt::format("{:016x}", start.numbering_digest);
  json["numbering_changed"] = start.numbering_changed;
  json["reason"] = start.reason;
  if (start.statement)
    json["statement"] = {{"text", text_json(start.statement->text, false)},
                         {"tables", start.statement->tables},
                         {"gtid", start.statement->gtid.to_string()},
                         {"may_be_temporary", start.statement->may_be_temporary}};
  if (start.statement)
    for (const AddedColumn& added : start.statement->added_columns)
      json["statement"]["added_columns"].push_back(
          {{"name", added.name}, {"type", added.type}, {"constant", constant_json(added.constant)}});
  if (!start.missed_tables.empty()) json["missed_tables"] = start.missed_tables;
  return json;
}

void append_line(const Json& json, std::string& out) {
  out += json.dump(-1, ' ', false, Json::error_handler_t::replace);
  out.push_back('\n');
}

}  // namespace

void append_json_lines(const Batch& batch, std::string& out) {
  for (const ChangeView& change : batch.changes()) append_line(change_json(batch, change), out);
  if (batch.watermark()) append_line(watermark_json(batch, *batch.watermark()), out);
  if (batch.epoch_start()) append_line(epoch_start_json(batch, *batch.epoch_start()), out);
}

}  // namespace farshore::change
