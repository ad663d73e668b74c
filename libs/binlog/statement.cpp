#include "binlog/statement.hpp"

#include <algorithm>
#include <optional>
#include <span>

#include "binlog/sql_tokens.hpp"

namespace farshore::binlog {
namespace {

/// Reads a statement from left to right.
class Classifier {
 public:
  explicit Classifier(std::string_view sql) : tokens_(sql) { token_ = tokens_.next(); }

  Statement run() {
    statement_.kind = first_word();
    return std::move(statement_);
  }

 private:
  bool at(std::string_view word) const { return token_.is_word(word); }
  bool at_any(std::span<const std::string_view> words) const {
    return std::ranges::any_of(words, [this](std::string_view word) { return at(word); });
  }
  bool at_end() const { return token_.kind == SqlToken::Kind::kEnd; }
  bool at_symbol(char c) const { return token_.is_symbol(c); }
  void advance() { token_ = tokens_.next(); }
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

  /// [schema.]table
  bool take_table() {
    if (!token_.is_name()) return false;
    TableName name{{}, std::move(token_.text)};
    advance();
    if (at_symbol('.')) {
      advance();
      if (!token_.is_name()) return false;
      name.schema = std::move(name.table);
      name.table = std::move(token_.text);
      advance();
    }
    statement_.tables.push_back(std::move(name));
    return true;
  }

  StatementKind first_word() {
    static constexpr std::string_view kDml[] = {"LOAD", "CALL", "WITH", "DO", "SELECT", "TABLE", "VALUES", "EXECUTE"};
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
    if (at_any(kOtherDdl)) return StatementKind::kOtherDdl;
    if (take("BEGIN")) return StatementKind::kBegin;
    if (take("START")) return at("TRANSACTION") ? StatementKind::kBegin : StatementKind::kOther;
    if (take("COMMIT")) return StatementKind::kCommit;
    if (take("ROLLBACK")) return StatementKind::kRollback;
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
  /// Nothing: it comes next.
  std::optional<StatementKind> set() {
    if (!take("STATEMENT")) return StatementKind::kOtherDdl;
    while (!at_end() && !at("FOR")) advance();
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

  /// The target is plain only in `DELETE FROM table [WHERE ...]`.
  StatementKind delete_rows() {
    static constexpr std::string_view kModifiers[] = {"LOW_PRIORITY", "QUICK", "IGNORE"};
    static constexpr std::string_view kNext[] = {"WHERE", "ORDER", "LIMIT", "RETURNING"};
    skip_any(kModifiers);
    const bool is_single = take("FROM") && take_table() && (at_end() || at_symbol(';') || at_any(kNext));
    if (!is_single) statement_.tables.clear();
    return StatementKind::kDml;
  }

  StatementKind truncate() {
    take("TABLE");
    take_table();
    return StatementKind::kTruncate;
  }

  StatementKind create() {
    static constexpr std::string_view kModifiers[] = {"OR",     "REPLACE",  "TEMPORARY", "UNIQUE",
                                                      "ONLINE", "FULLTEXT", "SPATIAL"};
    skip_any(kModifiers);
    if (take("TABLE")) {
      skip_if_exists();
      take_table();
      scan_rest();
      return selects_rows_ ? StatementKind::kDml : StatementKind::kTableDdl;
    }
    if (take("INDEX")) return index();
    return StatementKind::kOtherDdl;
  }

  StatementKind drop() {
    static constexpr std::string_view kModifiers[] = {"TEMPORARY", "ONLINE", "OFFLINE"};
    const bool temporary = at("TEMPORARY");
    skip_any(kModifiers);
    if (take("INDEX")) return index();
    if (!take("TABLE") && !take("TABLES")) return StatementKind::kOtherDdl;
    skip_if_exists();
    while (take_table() && at_symbol(',')) advance();
    statement_.drops_tables = !temporary;
    return StatementKind::kTableDdl;
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
    auto& tables = statement_.tables;
    while (take_table()) {
      while (!at_end() && !at("TO") && !at_symbol(',')) advance();  // MariaDB: WAIT n, NOWAIT
      if (!take("TO") || !take_table()) break;
      statement_.renames.push_back({tables[tables.size() - 2], tables.back()});
      if (!at_symbol(',')) break;
      advance();
    }
    return StatementKind::kTableDdl;
  }

  StatementKind alter() {
    static constexpr std::string_view kModifiers[] = {"ONLINE", "OFFLINE"};
    skip_any(kModifiers);
    // MariaDB: rows that a new unique key refuses go without row events.
    removes_rows_ = take("IGNORE");
    skip_any(kModifiers);
    if (!take("TABLE")) return StatementKind::kOtherDdl;
    skip_if_exists();
    take_table();
    scan_rest();
    return removes_rows_ ? StatementKind::kPartitionDataChange : StatementKind::kTableDdl;
  }

  /// Looks through the rest of CREATE and ALTER TABLE for what matters, wherever it stands.
  void scan_rest() {
    while (!at_end()) {
      if (at("SELECT") || at("TABLE")) selects_rows_ = true;
      if (take("REFERENCES")) {
        reference();
      } else if (take("DISCARD") || take("IMPORT")) {
        removes_rows_ |= at("TABLESPACE") || at("PARTITION");
      } else if (take("TRUNCATE")) {
        removes_rows_ |= at("PARTITION");
      } else if (take("DROP")) {
        removes_rows_ |= at("PARTITION");
      } else if (take("EXCHANGE") || take("CONVERT")) {
        moves_partition();
      } else if (take("RENAME")) {
        renamed_to();
      } else if (take("VALUES")) {
        selects_rows_ |= at("ROW") || at_symbol('(');  // not those of a partition: IN (...), LESS THAN (...)
      } else {
        advance();
      }
    }
  }

  /// REFERENCES table [(columns)] [MATCH word] [ON DELETE | ON UPDATE action] ...
  void reference() {
    if (!take_table()) return;
    if (at_symbol('(')) {
      while (!at_end() && !at_symbol(')')) advance();
      advance();
    }
    if (take("MATCH")) advance();
    bool cascades = false;
    while (take("ON")) {
      advance();
      cascades |= at("CASCADE") || at("SET");
      if (take("SET") || take("NO"))
        advance();
      else if (!take("CASCADE"))
        take("RESTRICT");
    }
    if (cascades) statement_.cascading_parents.push_back(statement_.tables.back());
  }

  /// EXCHANGE PARTITION p WITH TABLE t; CONVERT PARTITION p TO TABLE t; CONVERT TABLE t TO PARTITION p
  void moves_partition() {
    if (take("PARTITION")) {
      removes_rows_ = true;
      advance();
      if (take("WITH") || take("TO")) {
        if (take("TABLE")) take_table();
      }
    } else if (take("TABLE")) {
      removes_rows_ = true;
      take_table();
    }
  }

  /// RENAME [TO | AS | =] table; not RENAME COLUMN, INDEX, KEY
  void renamed_to() {
    if (at("COLUMN") || at("INDEX") || at("KEY")) return;
    if (!take("TO")) take("AS");
    if (at_symbol('=')) advance();
    if (take_table()) statement_.renames.push_back({statement_.tables.front(), statement_.tables.back()});
  }

  SqlTokens tokens_;
  SqlToken token_;
  Statement statement_;
  bool removes_rows_ = false;
  bool selects_rows_ = false;
};

}  // namespace

Statement classify(std::string_view sql) { return Classifier(sql).run(); }

}  // namespace farshore::binlog
