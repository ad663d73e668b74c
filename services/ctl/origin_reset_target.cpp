#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/environment_error.hpp"
#include "common/http_client.hpp"
#include "ctl/ctl_database.hpp"
#include "ctl/decision.hpp"
#include "ctl/origin_reset.hpp"
#include "mysql/literal.hpp"
#include "store/equality.hpp"
#include "store/progress_store.hpp"

// The half of `farshorectl origin reset` in a region that applies the origin.
namespace farshore::ctl {
namespace {

using mysql::text_literal;

/// Everything that is noted of an origin here. What was said of equality stays: it is the history.
constexpr std::array<std::string_view, 8> kTables{"progress",   "channel_offset", "parked",    "parked_first",
                                                  "parked_try", "conflict",       "statement", "told_doubt"};
constexpr std::size_t kRowsAtOnce = 200;
constexpr std::chrono::seconds kAnswerTimeout{2};
constexpr std::chrono::seconds kOwnerFresh{60};

struct NotedTable {
  std::string name;
  std::string columns;  ///< as they are selected, bytes in hexadecimal
  std::uint64_t rows = 0;
};

class Target {
 public:
  Target(const common::Config& config, const std::string& origin)
      : config_(config),
        connection_(open_database(config)),
        where_(fmt::format("region={} AND origin={}", text_literal(config.region), text_literal(origin))) {
    look();
  }

  [[nodiscard]] const std::vector<NotedTable>& tables() const { return tables_; }
  [[nodiscard]] mysql::Connection& connection() { return connection_; }

  [[nodiscard]] std::set<std::string> streams() {
    std::set<std::string> streams;
    for (const auto& [stream, settings] : config_.streams) streams.insert(stream);
    const mysql::Rows rows = query(fmt::format("SELECT DISTINCT stream FROM farshore.progress WHERE {}", where_));
    for (std::size_t i = 0; i < rows.size(); ++i) streams.insert(rows.text(i, 0));
    return streams;
  }

  /// That was applied here; 0: none.
  [[nodiscard]] Epoch newest_epoch() {
    const mysql::Rows rows =
        query(fmt::format("SELECT COALESCE(MAX(epoch), 0) FROM farshore.progress WHERE {}", where_));
    return Epoch(static_cast<std::uint32_t>(rows.unsigned_integer(0, 0)));
  }

  /// An apply that holds partitions would read on in the middle of it.
  void refuse_while_applied() {
    if (common::http_get(config_.http.apply, "/healthz", kAnswerTimeout)) {
      throw EnvironmentError(
          fmt::format("apply of region {} runs (http.apply, {}): stop every apply of the region "
                      "first.",
                      config_.region, config_.http.apply.to_string()));
    }
    const mysql::Rows owner = query(fmt::format(
        "SELECT COALESCE(MIN(owner), '') FROM farshore.progress WHERE {} AND owner<>'' AND updated_at > NOW(6) - "
        "INTERVAL {} SECOND",
        where_, kOwnerFresh.count()));
    if (owner.text(0, 0).empty()) return;
    throw EnvironmentError(
        fmt::format("apply of region {} ({}) holds partitions of it: stop every apply of the region "
                    "first. One that was killed is believed after {} s.",
                    config_.region, owner.text(0, 0), kOwnerFresh.count()));
  }

  /// Each row as a line of JSON.
  void print_rows() {
    for (const NotedTable& table : tables_) {
      for (std::size_t at = 0; at < table.rows; at += kRowsAtOnce) {
        const mysql::Rows rows =
            query(fmt::format("SELECT {} FROM farshore.{} WHERE {} ORDER BY 1, 2, 3, 4, 5, 6, 7 LIMIT {}, {}",
                              table.columns, table.name, where_, at, kRowsAtOnce));
        for (const auto& row : rows.rows) fmt::print("{}\n", json_of(table.name, rows.names, row));
      }
    }
  }

  void delete_rows() {
    for (const NotedTable& table : tables_) {
      const auto deleted = connection_.execute(fmt::format("DELETE FROM farshore.{} WHERE {}", table.name, where_));
      if (!deleted) fail_database(config_, deleted.error());
    }
  }

 private:
  mysql::Rows query(const std::string& sql) {
    auto rows = connection_.query(sql);
    if (!rows) fail_database(config_, rows.error());
    return std::move(*rows);
  }

  void look() {
    const mysql::Rows columns = query(
        "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA='farshore' "
        "ORDER BY TABLE_NAME, ORDINAL_POSITION");
    for (const std::string_view name : kTables) {
      NotedTable table{.name = std::string(name), .columns = {}};
      for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns.text(i, 0) != name) continue;
        const std::string& column = columns.text(i, 1);
        const std::string& type = columns.text(i, 2);
        const bool is_bytes = type.ends_with("blob") || type.ends_with("binary");
        table.columns += fmt::format("{}{}", table.columns.empty() ? "" : ", ",
                                     is_bytes ? fmt::format("HEX({0}) AS {0}", column) : column);
      }
      if (table.columns.empty()) continue;  // a schema of an earlier version
      table.rows = query(fmt::format("SELECT COUNT(*) FROM farshore.{} WHERE {}", name, where_)).unsigned_integer(0, 0);
      tables_.push_back(std::move(table));
    }
  }

  static std::string json_of(const std::string& table, const std::vector<std::string>& names,
                             const std::vector<mysql::Rows::Field>& row) {
    nlohmann::ordered_json out{{"table", "farshore." + table}};
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (row[i]) out[names[i]] = *row[i];
    }
    return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  }

  const common::Config& config_;
  mysql::Connection connection_;
  const std::string where_;
  std::vector<NotedTable> tables_;
};

}  // namespace

int reset_at_target(const common::Config& config, const std::string& origin, bool execute) {
  Target target(config, origin);
  const std::set<std::string> streams = target.streams();
  ChangeTopics topics(config, origin, streams);
  fmt::print(stderr, "origin {}, in region {} that applies it: {} lost\n{}", origin, config.region,
             execute ? "these are" : "these would be", topics.text());
  for (const NotedTable& table : target.tables()) {
    if (table.rows > 0) fmt::print(stderr, "  farshore.{}: {} rows\n", table.name, table.rows);
  }
  fmt::print(
      stderr,
      "Its rows in the tables of applications stay as they are. Every stream of it becomes not-yet-equal: make "
      "the tables equal (`farshorectl equal begin --origin {0}` before you copy or compare), then `farshorectl equal "
      "declare --origin {0}`.\n",
      origin);
  if (!execute) {
    fmt::print(stderr, "Nothing was written: --execute does it, and prints the rows as JSON first.\n");
    return static_cast<int>(ExitCode::kGood);
  }
  target.refuse_while_applied();
  target.print_rows();
  // The records first: without progress they would be read from the beginning. What the origin's new beginning has sent
  // already stays.
  if (const Epoch applied = target.newest_epoch(); applied != Epoch(0)) topics.empty(applied, [] {});
  MarkedTransaction transaction(target.connection(), config);
  target.delete_rows();
  for (const std::string& stream : streams) {
    const store::EqualityRow row{.id = 0,
                                 .origin = origin,
                                 .stream = stream,
                                 .table = "",
                                 .word = store::Word::kNotYetEqual,
                                 .why = "the origin began anew (farshorectl origin reset)",
                                 .who = operator_name(),
                                 .said_at = {}};
    if (const auto added = store::add_equality(target.connection(), config.region, row); !added)
      fail_database(config, added.error());
  }
  transaction.commit();
  fmt::print(stderr, "Done. Start apply when capture has begun the origin's new epoch, or before.\n");
  return static_cast<int>(ExitCode::kGood);
}

}  // namespace farshore::ctl
