#include "binlog/statement.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

#include "binlog/alter_table.hpp"
#include "binlog/key_words.hpp"
#include "binlog/sql_tokens.hpp"

namespace farshore::binlog {
namespace {

/// Reads a statement from left to right.
class Classifier {
 public:
  Classifier(std::string_view sql, const SqlDialect& dialect, SqlTokens::Versioned versioned)
      : sql_(sql), dialect_(dialect), tokens_(sql, dialect, versioned), key_words_(dialect.charset) {
    token_ = tokens_.next();
  }

  Statement run() {
    statement_.kind = first_word();
    const bool counts_whole = statement_.kind == StatementKind::kRowless || statement_.kind == StatementKind::kTableDdl;
    while (counts_whole && !at_end()) advance();
    statement_.begins_versioning &= counts_whole;
    if (names_unknown_ || tokens_.left_open()) forget_names();
    return std::move(statement_);
  }
  [[nodiscard]] bool has_versioned() const { return tokens_.has_versioned(); }

 private:
  bool at(std::string_view word) const { return token_.is_word(word); }
  bool at_any(std::span<const std::string_view> words) const {
    return std::ranges::any_of(words, [this](std::string_view word) { return at(word); });
  }
  bool at_end() const { return token_.kind == SqlToken::Kind::kEnd; }
  bool at_symbol(char c) const { return token_.is_symbol(c); }
  void advance() {
    note_versioning();
    key_words_.note(token_, statement_.references);
    token_ = tokens_.next();
  }
  /// WITH SYSTEM VERSIONING, ADD SYSTEM VERSIONING; not WITHOUT and DROP.
  void note_versioning() {
    const bool begins = at("WITH") || at("ADD");
    versioning_words_ = begins                                       ? 1
                        : versioning_words_ == 1 && at("SYSTEM")     ? 2
                        : versioning_words_ == 2 && at("VERSIONING") ? 3
                                                                     : 0;
    statement_.begins_versioning |= versioning_words_ == 3;
  }
  bool take(std::string_view word) {
    if (!at(word)) return false;
    advance();
    return true;
  }
  void skip_any(std::span<const std::string_view> words) {
    while (at_any(words)) advance();
  }
  void skip_if_exists() {
    if (!take("IF")) return;
    take("NOT");
    take("EXISTS");
  }

  /// What could not be read to its end, or names what is not known exactly: a table of any name. What passes otherwise
  /// may have become something else by it.
  void forget_names() {
    statement_.tables.clear();
    statement_.references.clear();
    statement_.schema.clear();
    statement_.dropped_constraints.clear();
    statement_.renamed_columns.clear();
    const bool adds = !statement_.added_columns.empty();
    statement_.added_columns.clear();
    if (statement_.kind != StatementKind::kTableDdl || (!tokens_.left_open() && !adds)) return;
    statement_.kind = StatementKind::kRowless;
    statement_.what =
        tokens_.left_open() ? "a statement that cannot be read to its end" : "ALTER TABLE ... ADD of a column";
  }

  std::optional<std::string> take_name() {
    if (!token_.is_name()) return std::nullopt;
    auto name = name_in_utf8(dialect_.charset, token_.text);
    advance();
    if (name) return name;
    names_unknown_ = true;
    return "?";
  }

  /// [schema.]table
  std::optional<TableName> take_table_name() {
    auto first = take_name();
    if (!first) return std::nullopt;
    if (!at_symbol('.')) return TableName{{}, std::move(*first)};
    advance();
    auto second = take_name();
    if (!second) return std::nullopt;
    return TableName{std::move(*first), std::move(*second)};
  }
  bool take_table() {
    auto name = take_table_name();
    if (name) statement_.tables.push_back(std::move(*name));
    return name.has_value();
  }

  StatementKind rowless(std::string what, Statement::Names names = Statement::Names::kStay) {
    statement_.what = std::move(what);
    statement_.names = names;
    return StatementKind::kRowless;
  }

  /// ROLLBACK [WORK] [TO [SAVEPOINT] name | AND ...]
  StatementKind rollback() {
    (void)take("WORK");
    statement_.to_savepoint = at("TO");
    return StatementKind::kRollback;
  }

  StatementKind first_word() {
    static constexpr std::string_view kDml[] = {"CALL", "WITH", "DO", "SELECT", "TABLE", "VALUES", "EXECUTE"};
    static constexpr std::string_view kOtherDdl[] = {"GRANT",   "REVOKE",    "OPTIMIZE", "REPAIR", "FLUSH",
                                                     "INSTALL", "UNINSTALL", "CHECK",    "KILL",   "SHUTDOWN"};
    static constexpr std::string_view kAnalyzed[] = {"TABLE", "TABLES", "LOCAL", "NO_WRITE_TO_BINLOG"};
    while (at_symbol('(')) advance();
    while (take("SET")) {
      if (const auto kind = set()) return *kind;
    }
    // MariaDB's ANALYZE UPDATE and such do what they analyse.
    if (take("ANALYZE")) return at_any(kAnalyzed) ? StatementKind::kOtherDdl : StatementKind::kDml;
    if (at_any(kDml)) return StatementKind::kDml;
    if (take("LOAD")) return at("INDEX") ? StatementKind::kOtherDdl : StatementKind::kDml;
    if (at_any(kOtherDdl)) return StatementKind::kOtherDdl;
    if (take("BEGIN")) return StatementKind::kBegin;
    if (take("START")) return at("TRANSACTION") ? StatementKind::kBegin : StatementKind::kOther;
    if (take("COMMIT")) return StatementKind::kCommit;
    if (take("ROLLBACK")) return rollback();
    if (take("SAVEPOINT")) return StatementKind::kSavepoint;
    if (take("RELEASE")) return StatementKind::kSavepoint;
    if (take("XA")) return StatementKind::kXa;
    if (take("INSERT") || take("REPLACE")) return insert();
    if (take("UPDATE")) return update();
    if (take("DELETE")) return delete_rows();
    if (take("TRUNCATE")) return truncate();
    if (take("CREATE")) return create();
    if (take("ALTER")) return alter();
    if (take("DROP")) return drop();
    if (take("RENAME")) return rename();
    return StatementKind::kOther;
  }

  /// MariaDB: SET STATEMENT variable = value, ... FOR statement. It is logged whole: what counts is the statement.
  /// Nothing: it comes next. A sql_mode that it sets is the event's, but not the text's.
  std::optional<StatementKind> set() {
    if (!take("STATEMENT")) return StatementKind::kOtherDdl;
    while (!at_end() && !at("FOR")) {
      names_unknown_ |= at("SQL_MODE") && sql_.find_first_of("\\\"") != std::string_view::npos;
      advance();
    }
    if (!take("FOR")) return StatementKind::kOther;
    while (at_symbol('(')) advance();
    return std::nullopt;
  }

  StatementKind insert() {
    static constexpr std::string_view kModifiers[] = {"LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "INTO"};
    skip_any(kModifiers);
    take_table();
    return StatementKind::kDml;
  }

  /// The target is plain only in `UPDATE table SET`: else several tables may change.
  StatementKind update() {
    static constexpr std::string_view kModifiers[] = {"LOW_PRIORITY", "IGNORE"};
    skip_any(kModifiers);
    if (!take_table() || !at("SET")) statement_.tables.clear();
    return StatementKind::kDml;
  }

  /// The target is plain only in `DELETE FROM table [WHERE ...]`. MariaDB: DELETE HISTORY FROM table.
  StatementKind delete_rows() {
    static constexpr std::string_view kModifiers[] = {"LOW_PRIORITY", "QUICK", "IGNORE"};
    static constexpr std::string_view kNext[] = {"WHERE", "ORDER", "LIMIT", "RETURNING"};
    skip_any(kModifiers);
    if (take("HISTORY") && take("FROM")) {
      take_table();
      return rowless("DELETE HISTORY");
    }
    const bool is_single = take("FROM") && take_table() && (at_end() || at_symbol(';') || at_any(kNext));
    if (!is_single) statement_.tables.clear();
    return StatementKind::kDml;
  }

  StatementKind truncate() {
    take("TABLE");
    take_table();
    return rowless("TRUNCATE");
  }

  StatementKind create() {
    static constexpr std::string_view kModifiers[] = {"UNIQUE", "ONLINE", "OFFLINE", "FULLTEXT", "SPATIAL", "VECTOR"};
    bool replaces = false;
    if (take("OR")) replaces = take("REPLACE");
    const bool temporary = take("TEMPORARY");
    const bool external = take("EXTERNAL");
    skip_any(kModifiers);
    if (take("INDEX")) return index();
    if (take("SEQUENCE")) {
      if (!replaces) return StatementKind::kOtherDdl;
      take_table();
      return rowless("CREATE OR REPLACE SEQUENCE");
    }
    if (!take("TABLE")) return StatementKind::kOtherDdl;
    return create_table(replaces && !temporary, external);
  }

  StatementKind create_table(bool replaces, bool external) {
    statement_.may_do_nothing = at("IF");
    skip_if_exists();
    take_table();
    SqlToken before_last;
    SqlToken last;
    bool selects_rows = false;
    int depth = 0;
    while (!at_end()) {
      before_last = std::exchange(last, token_);
      depth += at_symbol('(') ? 1 : at_symbol(')') ? -1 : 0;
      // Not the VALUES of a partition: IN (...), LESS THAN (...).
      if (at("SELECT") || at("TABLE")) selects_rows = true;
      if (take("REFERENCES")) {
        reference();
      } else if (depth == 0 && take("ENGINE")) {
        if (at_symbol('=')) advance();
        external |= !engine_begins_empty(token_);
      } else if (take("VALUES")) {
        selects_rows |= at("ROW") || at_symbol('(');
      } else {
        advance();
      }
    }
    statement_.opens_transaction = before_last.is_word("START") && last.is_word("TRANSACTION");
    if (selects_rows) return StatementKind::kDml;
    if (replaces) return rowless("CREATE OR REPLACE TABLE", Statement::Names::kGo);
    if (external) return rowless("CREATE TABLE of an engine whose tables may have rows from the start");
    return StatementKind::kTableDdl;
  }

  StatementKind drop() {
    static constexpr std::string_view kModifiers[] = {"ONLINE", "OFFLINE"};
    if (take("TEMPORARY")) return StatementKind::kOtherDdl;
    skip_any(kModifiers);
    if (take("INDEX")) return index();
    if (take("DATABASE") || take("SCHEMA")) {
      skip_if_exists();
      statement_.schema = take_name().value_or("");
      return rowless("DROP DATABASE", Statement::Names::kGo);
    }
    if (!take("TABLE") && !take("TABLES")) return StatementKind::kOtherDdl;
    skip_if_exists();
    while (take_table() && at_symbol(',')) advance();
    return rowless("DROP TABLE", Statement::Names::kGo);
  }

  /// CREATE and DROP INDEX name the table after ON.
  StatementKind index() {
    while (!at_end() && !at("ON")) advance();
    if (take("ON")) take_table();
    return StatementKind::kTableDdl;
  }

  StatementKind rename() {
    if (!take("TABLE") && !take("TABLES")) return StatementKind::kOtherDdl;
    skip_if_exists();
    while (take_table()) {
      while (!at_end() && !at("TO") && !at_symbol(',')) advance();  // MariaDB: WAIT n, NOWAIT
      const bool has_pair = take("TO") && take_table();
      names_unknown_ |= !has_pair;
      if (!has_pair || !at_symbol(',')) break;
      advance();
    }
    statement_.is_rename = true;
    return rowless("RENAME TABLE", Statement::Names::kMove);
  }

  StatementKind alter() {
    static constexpr std::string_view kModifiers[] = {"ONLINE", "OFFLINE"};
    skip_any(kModifiers);
    // MariaDB: rows that a new unique key refuses go without row events.
    const bool ignores = take("IGNORE");
    skip_any(kModifiers);
    if (take("DATABASE") || take("SCHEMA")) return alter_schema();
    if (!take("TABLE")) return StatementKind::kOtherDdl;
    skip_if_exists();
    take_table();
    if (take("WAIT")) advance();
    take("NOWAIT");
    std::vector<SqlToken> clauses;
    while (!at_end()) {
      if (at_symbol(';')) break;
      clauses.push_back(token_);
      if (take("REFERENCES"))
        reference();  // what is referred to does not matter to the clauses
      else
        advance();
    }
    for (const std::string& name : dropped_constraints(clauses))
      if (auto known = name_in_utf8(dialect_.charset, name))
        statement_.dropped_constraints.push_back(std::move(*known));
    statement_.drops_if_exists = drops_if_exists(clauses);
    for (const auto& [from, to] : renamed_columns(clauses)) {
      auto before = name_in_utf8(dialect_.charset, from);
      auto behind = name_in_utf8(dialect_.charset, to);
      if (before && behind) statement_.renamed_columns.emplace_back(std::move(*before), std::move(*behind));
    }
    AlterEffect effect = effect_of_alter(clauses, dialect_);
    if (ignores) effect = {.changes_rows = true, .what = "ALTER IGNORE TABLE", .added = {}};
    statement_.added_columns = std::move(effect.added);
    if (!effect.changes_rows) return StatementKind::kTableDdl;
    const auto names = take_other_tables(clauses);
    return rowless(std::move(effect.what), names);
  }

  /// ALTER DATABASE `#mysql50#name` UPGRADE DATA DIRECTORY NAME gives the schema another name.
  StatementKind alter_schema() {
    constexpr std::string_view kOldName = "#mysql50#";
    std::string name = take_name().value_or("");
    if (!take("UPGRADE")) return StatementKind::kOtherDdl;
    if (name.starts_with(kOldName)) name.erase(0, kOldName.size());
    statement_.schema = std::move(name);
    return rowless("ALTER DATABASE ... UPGRADE");
  }

  /// (name, ...)
  std::vector<std::string> take_columns() {
    std::vector<std::optional<std::string>> names;
    advance();
    for (; !at_end() && !at_symbol(')'); advance())
      if (token_.is_name()) names.push_back(name_in_utf8(dialect_.charset, token_.text));
    if (at_symbol(')')) advance();
    return all_known(std::move(names));
  }

  /// REFERENCES table [(columns)]
  void reference() {
    Statement::Reference reference = key_words_.begin_reference();
    auto name = take_table_name();
    if (!name) return;
    reference.table = std::move(*name);
    if (at_symbol('(')) reference.parent_columns = take_columns();
    statement_.references.push_back(std::move(reference));
  }

  /// RENAME [TO | AS | =] table; EXCHANGE PARTITION p WITH TABLE t; CONVERT PARTITION p TO TABLE t;
  /// CONVERT TABLE t TO PARTITION p: the other table of those that have one.
  Statement::Names take_other_tables(const std::vector<SqlToken>& clauses) {
    auto names = Statement::Names::kStay;
    for (std::size_t i = 0; i + 1 < clauses.size(); ++i) {
      std::size_t place = i + 1;
      const auto is = [&](std::string_view word) { return place < clauses.size() && clauses[place].is_word(word); };
      if (clauses[i].is_word("RENAME")) {
        if (is("COLUMN") || is("INDEX") || is("KEY")) continue;
        if (is("TO") || is("AS") || clauses[place].is_symbol('=')) ++place;
        names = Statement::Names::kMove;
      } else if (clauses[i].is_word("TABLE")) {
        // of EXCHANGE and CONVERT
      } else {
        continue;
      }
      take_table_at(clauses, place);
    }
    // Anything else that was taken for a name is none.
    return statement_.tables.size() == 2 ? names : Statement::Names::kStay;
  }
  void take_table_at(const std::vector<SqlToken>& clauses, std::size_t place) {
    const auto name_at = [&](std::size_t at) -> std::optional<std::string> {
      if (at >= clauses.size() || !clauses[at].is_name()) return std::nullopt;
      return name_in_utf8(dialect_.charset, clauses[at].text);
    };
    const bool has_schema = place + 1 < clauses.size() && clauses[place + 1].is_symbol('.');
    auto first = name_at(place);
    auto table = has_schema ? name_at(place + 2) : first;
    if (!first || !table) {
      names_unknown_ = true;
      return;
    }
    statement_.tables.push_back({has_schema ? std::move(*first) : "", std::move(*table)});
  }

  std::string_view sql_;
  SqlDialect dialect_;
  SqlTokens tokens_;
  SqlToken token_;
  KeyWords key_words_;
  Statement statement_;
  bool names_unknown_ = false;
  int versioning_words_ = 0;  ///< of [WITH | ADD] SYSTEM VERSIONING, how many have just been read
};

/// How much a reading keeps from passing.
int weight(StatementKind kind) {
  switch (kind) {
    case StatementKind::kOther: return -1;  // the server did read it: this was not how
    case StatementKind::kOtherDdl: return 0;
    case StatementKind::kTableDdl: return 1;
    case StatementKind::kRowless: return 2;
    case StatementKind::kBegin:
    case StatementKind::kCommit:
    case StatementKind::kRollback:
    case StatementKind::kSavepoint:
    case StatementKind::kXa:
    case StatementKind::kDml: return 3;
  }
  return 3;
}

}  // namespace

Statement classify(std::string_view sql, const SqlDialect& dialect) {
  Classifier classifier(sql, dialect, SqlTokens::Versioned::kCounts);
  Statement statement = classifier.run();
  if (!classifier.has_versioned()) return statement;
  Statement without = Classifier(sql, dialect, SqlTokens::Versioned::kIsComment).run();
  if (weight(without.kind) < weight(statement.kind)) return statement;
  if (weight(without.kind) > weight(statement.kind)) return without;
  const bool adds_otherwise = statement.added_columns != without.added_columns ||
                              (!statement.added_columns.empty() && statement.tables != without.tables);
  if (adds_otherwise) {
    statement.kind = StatementKind::kRowless;
    statement.what = kAddsColumn;
    statement.added_columns.clear();
  }
  // By one of the two readings alone nothing is sure to happen.
  const auto keep_common = [](auto& ours, const auto& others) {
    std::erase_if(ours, [&](const auto& each) { return std::ranges::find(others, each) == others.end(); });
  };
  keep_common(statement.dropped_constraints, without.dropped_constraints);
  keep_common(statement.renamed_columns, without.renamed_columns);
  if (statement.names != without.names || statement.tables != without.tables) statement.names = Statement::Names::kStay;
  const bool any = statement.tables.empty() || without.tables.empty();
  if (any && statement.kind == StatementKind::kRowless && statement.schema != without.schema) statement.schema.clear();
  if (any) statement.tables.clear();
  for (auto& table : without.tables)
    if (!any && std::ranges::find(statement.tables, table) == statement.tables.end())
      statement.tables.push_back(std::move(table));
  statement.begins_versioning |= without.begins_versioning;
  statement.is_rename |= without.is_rename;
  statement.drops_if_exists |= without.drops_if_exists;
  std::ranges::move(without.references, std::back_inserter(statement.references));
  return statement;
}

}  // namespace farshore::binlog
