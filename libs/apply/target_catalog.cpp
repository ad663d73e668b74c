#include "apply/target_catalog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "apply/cascade_reach.hpp"
#include "apply/target_rights.hpp"
#include "mysql/literal.hpp"

namespace farshore::apply {
namespace {

using mysql::SqlErrorKind;

constexpr std::size_t kTablesMax = 1000;  // prepared statements of a session; servers hold 16382 in all by default
constexpr int kTooManyStatements = 1461;
constexpr std::size_t kJoinMax = 60;  // tables; servers take 61

Unbound not_now(mysql::SqlError error) { return {.error = std::move(error), .reason = {}}; }
Unbound does_not_fit(std::string reason) { return {.error = std::nullopt, .reason = std::move(reason)}; }
Unbound unbound(const mysql::SqlError& error, const TableShape& shape) {
  if (error.kind != SqlErrorKind::kMissingTable) return not_now(error);
  return does_not_fit(fmt::format("table {} does not exist here", shape.full_name()));
}

using Name = std::pair<std::string_view, std::string_view>;  // schema and table

/// A statement that takes the tables' metadata locks to the transaction's end, and reads nothing of them.
std::string locking(std::span<const Name> tables) {
  std::string select = "SELECT 1 FROM ";
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (i > 0) select += ", ";
    mysql::append_table_name(tables[i].first, tables[i].second, select);
  }
  return select + " LIMIT 0";
}

/// Likewise for one table, by which a session learns whether it is another than before: see TargetCatalog.
std::string watching(const TableShape& shape, bool is_mariadb) {
  const Name name(shape.schema, shape.name);
  std::string select = locking(std::span(&name, 1));
  if (!is_mariadb) return select;
  // Shown under the lock: a statement opens its tables before it fills those of information_schema.
  return fmt::format(
      "({}) UNION ALL SELECT ACTION_STATEMENT FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA={} AND "
      "EVENT_OBJECT_TABLE={}",
      select, mysql::text_literal(shape.schema), mysql::text_literal(shape.name));
}

std::expected<void, mysql::SqlError> hold(mysql::Connection& connection, std::span<const Name> tables) {
  const auto held = connection.query(locking(tables));
  if (!held) return std::unexpected(held.error());
  return {};
}

std::optional<Unbound> refusal(const change::TableRules& rules, const TableShape& shape) {
  std::string why;
  if (change::is_system_schema(shape.schema)) {
    why = "tables of this schema are never written: somebody else than the origin's capture produces to the topic";
  } else if (change::has_point(shape.schema)) {
    why = fmt::format(
        "a schema with a point in its name is not applied: {}, in the files of all regions, and begin the "
        "origin anew (`farshorectl origin reset`)",
        change::leave_out_pointed(shape.schema, shape.name));
  } else if (!rules.route(shape.schema, shape.name).captured) {
    why =
        "this region's configuration takes it in no stream: make streams and tables of the regions' files equal, or "
        "leave the table out here only when no batch holds it any more";
  } else {
    return std::nullopt;
  }
  return Unbound{.error = std::nullopt,
                 .reason = fmt::format("a batch has changes of table {}, and {}", shape.full_name(), why),
                 .state = store::PartitionState::kStopped};
}

}  // namespace

void TargetCatalog::forget() {
  forget_tables();
  keys_.reset();
  keys_differ_ = false;
  bound_by_keys_.clear();
}

void TargetCatalog::begin_session(mysql::Connection& connection, mysql::Grants granted_before) {
  forget();
  granted_before_ = std::move(granted_before);
  server_.reset();
  (void)read_server(connection);  // where that fails, the next table's look asks again, and says why
}

void TargetCatalog::forget_tables() {
  tables_.clear();
  statements_ = 0;
  prepared_.reset();
}

std::expected<mysql::Rows, Unbound> TargetCatalog::lock(mysql::Connection& connection, const TableShape& shape,
                                                        std::string& statement) const {
  const std::string select = watching(shape, server_->is_mariadb);
  std::string first = "EXECUTE " + statement;
  if (auto prepared = connection.execute(fmt::format("PREPARE {} FROM {}", statement, mysql::text_literal(select)));
      !prepared) {
    if (prepared.error().code != kTooManyStatements) return std::unexpected(unbound(prepared.error(), shape));
    statement.clear();
    first = select;
  }
  auto locked = connection.query(first);
  if (!locked) return std::unexpected(unbound(locked.error(), shape));
  return std::move(*locked);
}

std::expected<std::shared_ptr<const TargetTable>, Unbound> TargetCatalog::find(
    mysql::Connection& connection, const std::shared_ptr<const change::ChangeTable>& source, ServerKind source_kind,
    BoundFor use) {
  const auto found = tables_.find(Key(source.get(), source_kind, use));
  if (found == tables_.end()) return bind(connection, source, source_kind, use);
  Entry& entry = found->second;
  if (entry.round == round_) return entry.table;
  if (entry.statement.empty() || clock_.now() - entry.read_at >= age_max_) {
    return bind(connection, source, source_kind, use);
  }
  auto locked = connection.query("EXECUTE " + entry.statement);
  if (!locked && mysql::is_transient(locked.error().kind)) return std::unexpected(not_now(std::move(locked.error())));
  // Without an answer the table is gone, or the statement with its session.
  if (!locked || locked->rows != entry.triggers) return bind(connection, source, source_kind, use);
  entry.round = round_;
  looked_in_ = round_;
  return entry.table;
}

std::expected<std::shared_ptr<const TargetTable>, Unbound> TargetCatalog::bind(
    mysql::Connection& connection, const std::shared_ptr<const change::ChangeTable>& source, ServerKind source_kind,
    BoundFor use) {
  const TableShape& shape = source->shape;
  if (auto refused = refusal(rules_, shape)) return std::unexpected(std::move(*refused));
  if (statements_ >= kTablesMax) forget_tables();
  const Key key(source.get(), source_kind, use);
  tables_.erase(key);
  if (!server_) {
    if (auto read = read_server(connection); !read) return std::unexpected(not_now(std::move(read.error())));
  }
  std::string statement = fmt::format("farshore_{}", statements_);
  auto locked = lock(connection, shape, statement);
  if (!locked) return std::unexpected(std::move(locked.error()));
  const auto schema = mysql::read_table_schema(connection, shape.schema, shape.name);
  if (!schema) return std::unexpected(not_now(schema.error()));
  if (!*schema) return std::unexpected(does_not_fit(fmt::format("table {} does not exist here", shape.full_name())));
  // Rights of a schema go at once, also from a session that is open.
  const auto now = mysql::Grants::read(connection);
  if (!now) return std::unexpected(not_now(now.error()));
  std::string blind = why_blind_with(*now, *source, use);
  const bool has_now = blind.empty();
  if (has_now) blind = why_blind(*source, use);
  if (!blind.empty()) {
    Unbound unbound = does_not_fit(std::move(blind));
    unbound.session_is_old = has_now;
    return std::unexpected(std::move(unbound));
  }
  if (source->repeats_cascades && (!keys_ || keys_read_in_ != round_)) {
    if (auto read = read_keys(connection); !read) return std::unexpected(not_now(std::move(read.error())));
  }
  const change::Route route = rules_.route(shape.schema, shape.name);
  auto bound = TargetTable::bind(source, source_kind,
                                 {.table = **schema,
                                  .keys = source->repeats_cascades ? *keys_ : std::span<const mysql::ForeignKey>(),
                                  .null_becomes_now = server_->null_becomes_now,
                                  .account = server_->account},
                                 route.merge, route.on_mismatch, use);
  if (!bound) return std::unexpected(does_not_fit(std::move(bound.error())));
  auto table = std::make_shared<const TargetTable>(std::move(*bound));
  if (source->repeats_cascades) bound_by_keys_.insert(folded_name(table->schema(), table->name()));
  if (use == BoundFor::kWriting) bound_.insert({.schema = shape.schema, .table = shape.name});
  ++statements_;
  tables_[key] = {.source = source,
                  .table = table,
                  .statement = std::move(statement),
                  .triggers = std::move(locked->rows),
                  .read_at = clock_.now(),
                  .round = round_};
  return table;
}

std::string TargetCatalog::why_blind(const change::ChangeTable& source, BoundFor use) const {
  std::string blind = why_blind_with(granted_before_, source, use);
  return blind.empty() ? why_blind_with(server_->grants, source, use) : blind;
}

std::string TargetCatalog::why_blind_with(const mysql::Grants& grants, const change::ChangeTable& source,
                                          BoundFor use) {
  const TableShape& shape = source.shape;
  if (use == BoundFor::kWriting && !grants.has_of_tables(shape.schema)) {
    if (const std::string mend = blind_to_triggers(grants, shape.schema); !mend.empty())
      return fmt::format("table {}: its triggers cannot be seen by apply's account: {}", shape.full_name(), mend);
  }
  if (!source.repeats_cascades) return {};
  const std::string mend = blind_to_keys(grants);
  if (mend.empty()) return {};
  return fmt::format(
      "table {}: its rows go with those of others by foreign keys that cascade, and not all of the keys here can be "
      "seen "
      "by apply's account: {}",
      shape.full_name(), mend);
}

std::expected<void, mysql::SqlError> TargetCatalog::read_server(mysql::Connection& connection) {
  const auto rows = connection.query(
      "SELECT VERSION() LIKE '%MariaDB%' OR NOT @@explicit_defaults_for_timestamp, SUBSTRING_INDEX(USER(), '@', 1), "
      "VERSION() LIKE '%MariaDB%'");
  if (!rows) return std::unexpected(rows.error());
  auto grants = mysql::Grants::read(connection);
  if (!grants) return std::unexpected(std::move(grants.error()));
  server_ = {.null_becomes_now = rows->text(0, 0) == "1",
             .is_mariadb = rows->text(0, 2) == "1",
             .account = rows->text(0, 1),
             .grants = std::move(*grants)};
  return {};
}

std::expected<void, mysql::SqlError> TargetCatalog::read_keys(mysql::Connection& connection) {
  auto read = mysql::read_foreign_keys(connection);
  if (!read) return std::unexpected(std::move(read.error()));
  std::erase_if(*read, [](const mysql::ForeignKey& key) { return !key.cascades(); });
  if (keys_) keys_differ_ |= keys_from(bound_by_keys_, *keys_) != keys_from(bound_by_keys_, *read);
  keys_ = std::move(*read);
  keys_read_in_ = round_;
  return {};
}

std::expected<void, Unheld> TargetCatalog::hold_keys(mysql::Connection& connection, std::span<const RowOp> ops) {
  if (!keys_ || !server_ || !server_->is_mariadb) return {};
  std::unordered_set<std::string> changed;
  const TargetTable* last = nullptr;
  for (const RowOp& op : ops) {
    if (op.target == last || !op.may_cascade()) continue;
    last = op.target;
    changed.insert(folded_name(last->schema(), last->name()));
  }
  std::set<Name> children;
  const std::vector<mysql::ForeignKey> keys = keys_from(std::move(changed), *keys_);
  for (const mysql::ForeignKey& key : keys) children.emplace(key.schema, key.table);
  const std::vector<Name> names(children.begin(), children.end());
  for (std::size_t from = 0; from < names.size(); from += kJoinMax) {
    const std::span<const Name> some = std::span(names).subspan(from, std::min(kJoinMax, names.size() - from));
    if (hold(connection, some)) continue;
    for (const Name& one : some)  // which is it?
      if (auto held = hold(connection, std::span(&one, 1)); !held)
        return std::unexpected(Unheld{
            .error = std::move(held.error()), .schema = std::string(one.first), .table = std::string(one.second)});
  }
  return {};
}

std::expected<bool, mysql::SqlError> TargetCatalog::keys_still_hold(mysql::Connection& connection) {
  if (!keys_) return true;
  if (auto read = read_keys(connection); !read) return std::unexpected(std::move(read.error()));
  const bool same = !keys_differ_;
  if (!same) forget();
  return same;
}

std::expected<bool, mysql::SqlError> TargetCatalog::still_holds(mysql::Connection& connection) {
  if (keys_differ_) {
    forget();
    return false;
  }
  // What was bound in this round was read under the lock.
  if (looked_in_ != round_ && prepared_) return true;
  const auto rows = connection.query("SHOW SESSION STATUS LIKE 'Com_stmt_reprepare'");
  if (!rows) return std::unexpected(rows.error());
  const std::uint64_t count = rows->empty() ? 0 : rows->unsigned_integer(0, 1);
  const bool same = looked_in_ != round_ || prepared_ == count;
  if (!same) forget();
  prepared_ = count;
  return same;
}

}  // namespace farshore::apply
