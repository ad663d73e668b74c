#include "ctl/pending.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "change/batch_reader.hpp"
#include "change/decode_json.hpp"
#include "ctl/ctl_database.hpp"
#include "ctl/decision.hpp"
#include "ctl/table.hpp"
#include "mysql/literal.hpp"

namespace farshore::ctl {
namespace {

using Json = nlohmann::ordered_json;
using mysql::text_literal;

constexpr std::chrono::milliseconds kFirstLookAfter{5};
constexpr std::chrono::milliseconds kLookEvery{100};  // at the longest

/// The change as `farshorectl decode` prints it.
Json source_image(const PendingRow& row) {
  change::BatchHeader header;
  header.id = {Epoch(static_cast<std::uint32_t>(row.epoch)), Incarnation(row.incarnation)};
  header.first_seq = Seq(row.seq);
  header.count = 1;
  header.partition = PartitionId(static_cast<std::int32_t>(row.part));
  header.origin = row.origin;
  header.stream = row.stream;
  header.gtid = row.gtid;
  std::string packed;
  change::encode_header(header, row.bytes, packed);
  change::TableCache tables;
  change::Batch batch;
  if (auto read = change::read_batch(packed, row.bytes, tables, batch); !read) return {{"error", read.error().detail}};
  std::string lines;
  change::append_json_lines(batch, lines);
  return Json::parse(lines, nullptr, false);
}

Json json_of(const PendingRow& row, bool with_images) {
  Json out{
      {"origin", row.origin}, {"stream", row.stream}, {"partition", row.part}, {"table", row.schema + "." + row.table},
      {"key", row.key_text},  {"epoch", row.epoch},   {"seq", row.seq},        {"gtid", row.gtid},
      {"since", row.since},   {"reason", row.reason}};
  if (row.tries > 0) {
    out["tries"] = row.tries;
    out["tried_at"] = row.tried_at;
  }
  if (!with_images) return out;
  out["source"] = source_image(row);
  out["target"] = row.target_image.empty() ? Json(nullptr) : Json::parse(row.target_image, nullptr, false);
  return out;
}

std::string text_of(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string condition_of(const common::Config& config, const PendingFilter& filter) {
  std::string where = " WHERE region=" + text_literal(config.region);
  if (!filter.origin.empty()) where += " AND origin=" + text_literal(filter.origin);
  if (!filter.table.empty()) where += " AND CONCAT(schema_name, '.', table_name)=" + text_literal(filter.table);
  if (!filter.key.empty()) where += " AND key_text=" + text_literal(filter.key);
  return where;
}

std::string PendingRow::name() const {
  return fmt::format("{}/{}/{} seq {}: table {}.{}, key {}", origin, stream, part, seq, schema, table, key_text);
}

std::vector<PendingRow> read_pending(const common::Config& config, mysql::Connection& connection, PendingKind kind,
                                     const PendingFilter& filter) {
  constexpr std::string_view kShared =
      "SELECT origin, stream, part, schema_name, table_name, key_hash, key_text, epoch, incarnation, seq, gtid, "
      "change_bytes";
  const auto rest = [&]() -> std::string_view {
    switch (kind) {
      case PendingKind::kParked:
        return "COALESCE(t.reason, p.reason), first_at, '', COALESCE(t.attempts, 0), COALESCE(t.last_at, '') FROM "
               "farshore.parked AS p LEFT JOIN farshore.parked_try AS t USING (region, origin, stream, part, "
               "schema_name, table_name, key_hash)";
      case PendingKind::kConflict: return "reason, found_at, COALESCE(target_image, ''), 0, '' FROM farshore.conflict";
      case PendingKind::kMismatch:
        return "kind, found_at, COALESCE(target_image, ''), 0, '' FROM farshore.mismatch_example";
    }
    return "";
  };
  const auto found =
      connection.query(fmt::format("{}, {}{} ORDER BY origin, schema_name, table_name, key_text LIMIT {}", kShared,
                                   rest(), condition_of(config, filter), filter.limit));
  if (!found) fail_database(config, found.error());
  std::vector<PendingRow> rows;
  for (std::size_t at = 0; at < found->size(); ++at) {
    PendingRow& row = rows.emplace_back();
    row.origin = found->text(at, 0);
    row.stream = found->text(at, 1);
    row.part = found->integer(at, 2);
    row.schema = found->text(at, 3);
    row.table = found->text(at, 4);
    row.key_hash = found->text(at, 5);
    row.key_text = found->text(at, 6);
    row.epoch = found->unsigned_integer(at, 7);
    row.incarnation = found->unsigned_integer(at, 8);
    row.seq = found->unsigned_integer(at, 9);
    row.gtid = found->text(at, 10);
    row.bytes = found->text(at, 11);
    row.reason = found->text(at, 12);
    row.since = found->text(at, 13);
    row.target_image = found->text(at, 14);
    row.tries = found->unsigned_integer(at, 15);
    row.tried_at = found->text(at, 16);
  }
  return rows;
}

std::string pending_list(const std::vector<PendingRow>& rows, PendingKind kind, Output output) {
  if (output == Output::kJson) {
    Json list = Json::array();
    for (const PendingRow& row : rows) list.push_back(json_of(row, false));
    return text_of(list, -1);
  }
  if (rows.empty()) return kind == PendingKind::kParked ? "Nothing is parked.\n" : "Nothing is in conflict.\n";
  Table table({"origin", "partition", "table", "key", "seq", "since", "tries", "reason"});
  for (const PendingRow& row : rows) {
    table.add({row.origin, fmt::format("{}/{}", row.stream, row.part), row.schema + "." + row.table, row.key_text,
               std::to_string(row.seq), row.since, row.tries > 0 ? std::to_string(row.tries) : "", row.reason});
  }
  return table.text();
}

std::string pending_images(const std::vector<PendingRow>& rows, Output output) {
  std::string out;
  for (const PendingRow& row : rows) out += text_of(json_of(row, true), output == Output::kJson ? -1 : 2);
  return out;
}

PendingAnswer ask_apply(const common::Config& config, mysql::Connection& connection, const PendingRow& row,
                        const PendingRequest& request, std::chrono::seconds patience) {
  std::string hash;
  mysql::append_binary_literal(row.key_hash, hash);
  const auto asked = connection.execute(fmt::format(
      "INSERT INTO farshore.audit (region, who, command, action, dry_run, origin, stream, part, schema_name, "
      "table_name, key_hash, epoch, seq, expected) VALUES ({},CONCAT({},', "
      "',CURRENT_USER()),{},{},{},{},{},{},{},{},{},{},{},{})",
      text_literal(config.region), text_literal(operator_name()), text_literal(request.command),
      text_literal(request.action), request.dry_run ? 1 : 0, text_literal(row.origin), text_literal(row.stream),
      row.part, text_literal(row.schema), text_literal(row.table), hash, row.epoch, row.seq,
      request.expected.empty() ? "NULL" : text_literal(request.expected)));
  if (!asked) fail_database(config, asked.error());
  const auto id = connection.query("SELECT LAST_INSERT_ID()");
  if (!id) fail_database(config, id.error());
  const std::string row_of = fmt::format(" WHERE id={}", id->unsigned_integer(0, 0));
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (auto pause = kFirstLookAfter;; pause = std::min(kLookEvery, 2 * pause)) {
    const auto answer = connection.query("SELECT done, COALESCE(outcome, '') FROM farshore.audit" + row_of +
                                         " AND done_at IS NOT NULL");
    if (!answer) fail_database(config, answer.error());
    if (!answer->empty()) {
      return {.answered = true, .done = answer->unsigned_integer(0, 0) != 0, .outcome = answer->text(0, 1)};
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      const auto withdrawn =
          connection.execute("UPDATE farshore.audit SET done_at=NOW(6), outcome='withdrawn: apply did not answer'" +
                             row_of + " AND done_at IS NULL");
      if (!withdrawn) fail_database(config, withdrawn.error());
      // Answered in the last moment: then it was not withdrawn.
      if (*withdrawn == 0) continue;
      return {.answered = false, .done = false, .outcome = ""};
    }
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace farshore::ctl
