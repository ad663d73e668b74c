#include "services/ctl/pending.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "apply/parked_change.hpp"
#include "change/batch_reader.hpp"
#include "change/decode_json.hpp"
#include "services/ctl/ctl_database.hpp"
#include "services/ctl/decision.hpp"
#include "services/ctl/table.hpp"
#include "store/audit.hpp"

namespace farshore::ctl {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::milliseconds kFirstLookAfter{5};
constexpr std::chrono::milliseconds kLookEvery{100};  // at the longest

/// The change as `farshorectl decode` prints it.
Json source_image(const PendingRow& row) {
  const apply::ParkedChange kept = apply::parked_change(row.change);
  change::TableCache tables;
  change::Batch batch;
  if (auto read = change::read_batch(kept.header, kept.bytes, tables, batch); !read)
    return {{"error", read.error().detail}};
  std::string lines;
  change::append_json_lines(batch, lines);
  return Json::parse(lines, nullptr, false);
}

Json json_of(const PendingRow& row, bool with_images) {
  const store::KeptChange& kept = row.change;
  Json out{{"origin", kept.partition.origin},
           {"stream", kept.partition.stream},
           {"partition", kept.partition.partition.raw()},
           {"table", kept.key.schema + "." + kept.key.table},
           {"key", row.key_text},
           {"epoch", kept.epoch.epoch.raw()},
           {"seq", kept.seq.raw()},
           {"gtid", kept.gtid},
           {"since", row.since},
           {"reason", kept.reason}};
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

std::optional<PendingAnswer> wait_for_answer(const service::Config& config, mysql::Connection& connection,
                                             std::uint64_t id, std::chrono::seconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (auto pause = kFirstLookAfter;; pause = std::min(kLookEvery, 2 * pause)) {
    const auto answer = store::read_answer(connection, id);
    if (!answer) fail_database(config, answer.error());
    if (*answer) return **answer;
    if (std::chrono::steady_clock::now() >= deadline) {
      const auto withdrawn = store::withdraw_request(connection, id, "withdrawn: apply did not answer");
      if (!withdrawn) fail_database(config, withdrawn.error());
      // Answered in the last moment: then it was not withdrawn.
      if (!*withdrawn) continue;
      return std::nullopt;
    }
    std::this_thread::sleep_for(pause);
  }
}

}  // namespace

std::string name_of(const PendingRow& row) {
  const store::KeptChange& kept = row.change;
  return fmt::format("{} seq {}: table {}.{}, key {}", kept.partition.to_string(), kept.seq.raw(), kept.key.schema,
                     kept.key.table, row.key_text);
}

std::vector<PendingRow> read_pending(const service::Config& config, mysql::Connection& connection, PendingKind kind,
                                     const PendingFilter& filter) {
  auto rows = store::read_pending(connection, config.region, kind, filter);
  if (!rows) fail_database(config, rows.error());
  return std::move(*rows);
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
    const store::KeptChange& kept = row.change;
    table.add({kept.partition.origin, fmt::format("{}/{}", kept.partition.stream, kept.partition.partition.raw()),
               kept.key.schema + "." + kept.key.table, row.key_text, std::to_string(kept.seq.raw()), row.since,
               row.tries > 0 ? std::to_string(row.tries) : "", kept.reason});
  }
  return table.text();
}

std::string pending_images(const std::vector<PendingRow>& rows, Output output) {
  std::string out;
  for (const PendingRow& row : rows) out += text_of(json_of(row, true), output == Output::kJson ? -1 : 2);
  return out;
}

std::optional<PendingAnswer> ask_apply(const service::Config& config, mysql::Connection& connection,
                                       const PendingRow& row, const PendingRequest& request,
                                       std::chrono::seconds patience) {
  const auto id = store::add_request(connection, config.region,
                                     {.id = 0,
                                      .action = request.action,
                                      .dry_run = request.dry_run,
                                      .partition = row.change.partition,
                                      .key = row.change.key,
                                      .epoch = row.change.epoch.epoch,
                                      .seq = row.change.seq,
                                      .expected = request.expected,
                                      .who = operator_name()},
                                     request.command);
  if (!id) fail_database(config, id.error());
  auto answer = wait_for_answer(config, connection, *id, patience);
  if (const auto released = store::release_request(connection, *id); !released) fail_database(config, released.error());
  return answer;
}

}  // namespace farshore::ctl
