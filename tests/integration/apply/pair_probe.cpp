// Takes the rows of one schema from a source's whole binlog, and writes them as apply does to tables of another schema
// of a target: each source table's rows to every table there, or (--named) to that of the same name. So a pair of types
// needs no way of its own through Kafka.
//
//   pair_probe mysql|mariadb SOURCE_SOCKET FROM_SCHEMA TARGET_SOCKET TO_SCHEMA [--named]
//
// A row of source table number s (in the order of the binlog, from 0) has the id s * 1000 + its own; with --named rows
// are as they are. Prints a line for
// each pair that waits and for each row:
//   wait SOURCE TARGET sentence
//   row SOURCE TARGET id written|parked|waiting|stopped|retried sentence
// and, of what a look at the rows says before they are written again (see RowForm):
//   unseen SOURCE TARGET id      the row that was written cannot be told from another here: the server has to compare
//   taken SOURCE TARGET id other  what is shown of the row is taken for the one with the other id

#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "apply/error_policy.hpp"
#include "apply/target_table.hpp"
#include "base/gtid.hpp"
#include "binlog/decoder.hpp"
#include "binlog/row_cursor.hpp"
#include "binlog/stream.hpp"
#include "mysql/connection.hpp"
#include "mysql/literal.hpp"

namespace {

using namespace farshore;

constexpr std::int64_t kRowsATable = 1000;
constexpr const char* kWritten = "written";

DatabaseEndpoint endpoint(const std::string& socket) {
  DatabaseEndpoint made;
  made.socket = socket;
  made.user = "root";
  return made;
}

const char* name_of(apply::Action action) {
  switch (action) {
    case apply::Action::kRetry: return "retried";
    case apply::Action::kWait: return "waiting";
    case apply::Action::kPark: return "parked";
    case apply::Action::kStop: return "stopped";
  }
  return "?";
}

class Target {
 public:
  static std::expected<Target, mysql::SqlError> open(const std::string& socket, const std::string& schema) {
    mysql::SessionSettings settings;
    settings.foreign_key_checks = false;
    settings.autocommit = false;
    auto connection = mysql::Connection::open(endpoint(socket), settings);
    if (!connection) return std::unexpected(connection.error());
    Target target(std::move(*connection));
    // As TargetCatalog asks it.
    const auto now =
        target.connection_.query("SELECT VERSION() LIKE '%MariaDB%' OR NOT @@explicit_defaults_for_timestamp");
    if (!now) return std::unexpected(now.error());
    target.null_becomes_now_ = now->text(0, 0) == "1";
    const auto names = target.connection_.query("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA=" +
                                                mysql::text_literal(schema) + " ORDER BY TABLE_NAME");
    if (!names) return std::unexpected(names.error());
    for (std::size_t row = 0; row < names->size(); ++row) {
      auto table = mysql::read_table_schema(target.connection_, schema, names->text(row, 0));
      if (!table) return std::unexpected(table.error());
      if (*table) target.tables_.push_back(std::move(**table));
    }
    return target;
  }

  [[nodiscard]] const std::vector<mysql::TableSchema>& tables() const { return tables_; }

  std::expected<apply::TargetTable, std::string> bind(const std::shared_ptr<const change::ChangeTable>& source,
                                                      ServerKind kind, const mysql::TableSchema& table) const {
    return apply::TargetTable::bind(source, kind, {.table = table, .null_becomes_now = null_becomes_now_},
                                    change::MergeRule::kOverwrite);
  }

  /// What is shown of the row with that id.
  std::expected<std::vector<mysql::Rows::Field>, std::string> shown(const apply::TargetTable& table,
                                                                    std::span<const Value> row) {
    std::string sql = table.look_head();
    if (!table.append_delete_key(row, sql)) return std::unexpected("no key");
    sql += table.look_tail();
    auto rows = connection_.query(sql);
    if (!rows) return std::unexpected(rows.error().to_string());
    if (rows->size() != 1) return std::unexpected(fmt::format("{} rows", rows->size()));
    return std::move(rows->rows[0]);
  }

  /// An outcome, and a sentence.
  std::pair<const char*, std::string> write(const apply::TargetTable& table, std::span<const Value> row) {
    std::string sql = table.insert_head();
    if (!table.append_row(row, sql)) return {"parked", table.unfit(row)};
    sql += table.upsert_tail();
    const auto done = connection_.execute(sql);
    if (done) return {kWritten, ""};
    return {name_of(apply::action_for(done.error().kind)), done.error().to_string()};
  }

  std::expected<void, mysql::SqlError> commit() { return connection_.commit(); }

 private:
  explicit Target(mysql::Connection connection) : connection_(std::move(connection)) {}

  mysql::Connection connection_;
  bool null_becomes_now_ = false;
  std::vector<mysql::TableSchema> tables_;
};

/// One source table and the target's that its rows go to.
struct Source {
  std::int64_t number = 0;
  std::shared_ptr<const TableShape> shape;
  struct Shown {
    std::int64_t id = 0;
    std::vector<mysql::Rows::Field> cells;
  };
  struct Pair {
    std::string name;
    apply::TargetTable table;
    std::vector<Shown> shown;  ///< of the rows before
  };
  std::vector<Pair> pairs;
};

class Probe {
 public:
  Probe(ServerKind kind, std::string schema, Target target, bool named)
      : kind_(kind), named_(named), target_(std::move(target)), decoder_(kind) {
    decoder_.set_table_filter(
        [schema = std::move(schema)](std::string_view of, std::string_view) { return of == schema; });
  }

  /// What went wrong; empty: nothing.
  std::string take(const binlog::RawEvent& raw) {
    const auto event = decoder_.decode(raw);
    if (!event) return event.error().to_string();
    if (event->kind != binlog::Event::Kind::kRows || !event->rows.table->captured) return {};
    if (event->rows.op == binlog::RowChangeKind::kDelete) return {};
    Source& source = source_of(event->rows.table->shape);
    cursor_.start(event->rows);
    for (RowChange change; cursor_.next(change);) {
      if (std::string problem = write(source, change.after); !problem.empty()) return problem;
    }
    if (auto committed = target_.commit(); !committed) return committed.error().to_string();
    return cursor_.error();
  }

 private:
  std::string look(const Source& source, Source::Pair& pair, std::int64_t id, std::vector<Value> values) {
    auto cells = target_.shown(pair.table, values);
    if (!cells) return fmt::format("{} {} {}: {}", source.shape->name, pair.name, id, cells.error());
    const apply::RowForm& form = pair.table.shown();
    std::string of_row;
    std::string of_cells;
    if (!form.append_key(values, of_row, scratch_)) return "a key has no form";
    form.append_key(*cells, of_cells, scratch_);
    if (of_row != of_cells) return fmt::format("{} {} {}: another key", source.shape->name, pair.name, id);
    if (!form.is_shown(values, *cells, scratch_)) fmt::print("unseen {} {} {}\n", source.shape->name, pair.name, id);
    // The values of this row, and what was shown of others.
    if (named_) return {};
    for (Source::Shown& other : pair.shown) {
      other.cells[0] = (*cells)[0];
      if (form.is_shown(values, other.cells, scratch_))
        fmt::print("taken {} {} {} {}\n", source.shape->name, pair.name, other.id, id);
    }
    pair.shown.push_back({.id = id, .cells = std::move(*cells)});
    return {};
  }

  Source& source_of(const std::shared_ptr<const TableShape>& shape) {
    const auto [found, is_new] = sources_.try_emplace(shape->name);
    Source& source = found->second;
    if (!is_new) return source;
    source.number = static_cast<std::int64_t>(sources_.size()) - 1;
    source.shape = shape;
    const auto encoded = change::encode_table(*shape, "");
    const std::shared_ptr<const change::ChangeTable> table(encoded, &encoded->table);
    for (const mysql::TableSchema& there : target_.tables()) {
      if (named_ && there.name != shape->name) continue;
      auto bound = target_.bind(table, kind_, there);
      if (bound) {
        source.pairs.push_back({.name = there.name, .table = std::move(*bound), .shown = {}});
      } else {
        fmt::print("wait {} {} {}\n", shape->name, there.name, bound.error());
      }
    }
    return source;
  }

  std::string write(Source& source, std::span<const Value> row) {
    std::vector<Value> values(row.begin(), row.end());
    std::int64_t id = 0;
    if (!named_) {
      id = source.number * kRowsATable + values[0].as_int();
      values[0] = Value::of_int(id);
    }
    for (Source::Pair& pair : source.pairs) {
      const auto [outcome, sentence] = target_.write(pair.table, values);
      fmt::print("row {} {} {} {} {}\n", source.shape->name, pair.name, id, outcome, sentence);
      if (outcome != kWritten) continue;
      if (std::string problem = look(source, pair, id, values); !problem.empty()) return problem;
    }
    return {};
  }

  const ServerKind kind_;
  const bool named_;
  Target target_;
  binlog::EventDecoder decoder_;
  binlog::RowCursor cursor_;
  std::map<std::string, Source> sources_;
  apply::RowForm::Scratch scratch_;
};

int fail(const std::string& message) {
  fmt::print(stderr, "{}\n", message);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) return 2;
  const ServerKind kind = std::string(argv[1]) == "mariadb" ? ServerKind::kMariadb : ServerKind::kMysql;
  auto target = Target::open(argv[4], argv[5]);
  if (!target) return fail(target.error().to_string());
  Probe probe(kind, argv[3], std::move(*target), argc > 6);
  binlog::StreamOptions options;
  options.server_id = 990099;
  options.stop_at_end = true;
  const auto from = OriginPosition::parse("");
  if (!from) return 2;
  auto stream = binlog::BinlogStream::open(endpoint(argv[2]), kind, *from, options);
  if (!stream) return fail(stream.error().message);
  while (true) {
    const auto event = (*stream)->next();
    if (!event) {
      return event.error().kind == binlog::StreamError::Kind::kClosed ? 0 : fail(event.error().message);
    }
    if (const std::string problem = probe.take(*event); !problem.empty()) return fail(problem);
  }
}
