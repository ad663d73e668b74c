// Reads a live server's binlog to its end and prints what capture makes of every statement in it, and of which tables
// there are rows, a line each:
//
//   statement SCHEMA passes|compared|changes|stops TABLES: SENTENCE
//   rows SCHEMA.TABLE
//
//   statement_probe mysql|mariadb SOCKET PATTERN     PATTERN: the tables that are captured

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <string>

#include "binlog/decoder.hpp"
#include "binlog/stream.hpp"
#include "capture/source/statement_check.hpp"
#include "change/table_rules.hpp"

namespace {

using namespace farshore;
using Kind = capture::StatementVerdict::Kind;

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::kPasses: return "passes";
    case Kind::kAddsColumns: return "compared";
    case Kind::kChangesRows: return "changes";
    case Kind::kStops: return "stops";
  }
  return "?";
}

void print(const binlog::Event& event, const change::TableRules& rules) {
  if (event.kind == binlog::Event::Kind::kRows && event.rows.table->captured)
    fmt::print("rows {}.{}\n", event.rows.table->schema, event.rows.table->name);
  if (event.kind != binlog::Event::Kind::kStatement) return;
  const auto statement = capture::read_statement(
      event.sql, {.dialect = event.dialect, .default_schema = event.default_schema, .folds_names = false});
  const auto verdict = capture::check_statement(statement, rules);
  fmt::print("statement {} {} {}: {}\n", event.default_schema, name_of(verdict.kind), fmt::join(verdict.tables, ","),
             verdict.sentence);
}

int finish(const std::string& message) {
  fmt::print("end {}\n", message);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const ServerKind kind = std::string(argv[1]) == "mariadb" ? ServerKind::kMariadb : ServerKind::kMysql;
  const auto rules = change::TableRules::make({{.name = "main", .tables = {argv[3]}, .partitions = 1}}, {});
  if (!rules) return 2;
  DatabaseEndpoint source;
  source.socket = argv[2];
  source.user = "root";
  binlog::StreamOptions options;
  options.server_id = 990098;
  options.stop_at_end = true;
  auto stream = binlog::BinlogStream::open(source, kind, *OriginPosition::parse(""), options);
  if (!stream) return finish(stream.error().message);
  binlog::EventDecoder decoder(kind);
  decoder.set_table_filter(
      [&](std::string_view schema, std::string_view table) { return rules->route(schema, table).captured; });
  while (true) {
    while (!(*stream)->wait_readable(std::chrono::milliseconds(20))) {
    }
    const auto raw = (*stream)->next();
    if (!raw) return finish(raw.error().message);
    const auto event = decoder.decode(*raw);
    if (!event) return finish(event.error().to_string());
    print(*event, *rules);
  }
}
