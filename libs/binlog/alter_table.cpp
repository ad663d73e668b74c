// ALTER TABLE is judged clause by clause, and only what is listed here passes:
//
//   ADD         primary key under a strict sql_mode, index, key, foreign key, check, partition;
//               a column that all rows have NULL or the same constant in, or that is generated where it is read
//   DROP        index, key, foreign key, check, constraint
//   ALTER       a default, visibility, enforcement
//   RENAME      index, key
//   partitions  BY, REORGANIZE of ranges, COALESCE, REBUILD, OPTIMIZE, ANALYZE, CHECK, REPAIR, REMOVE PARTITIONING
//   options     of the table, with InnoDB as the engine; ORDER BY, FORCE, KEYS, ALGORITHM, LOCK, VALIDATION
//
// MODIFY and CHANGE do not: whatever the sql_mode, a server rounds decimals, floats and times, and cuts spaces, without
// a word, and a wider column at a target takes what comes afterwards. docs/operating/statements.md says of each why.

#include "binlog/alter_table.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace farshore::binlog {
namespace {

using Tokens = std::span<const SqlToken>;
using Words = std::initializer_list<std::string_view>;

bool at(Tokens tokens, std::size_t place, std::string_view word) {
  return place < tokens.size() && tokens[place].is_word(word);
}
bool at_any(Tokens tokens, std::size_t place, std::span<const std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return at(tokens, place, word); });
}
bool at_any(Tokens tokens, std::size_t place, Words words) {
  return at_any(tokens, place, std::span(words.begin(), words.size()));
}

/// The clauses, parted by the commas that stand in no parentheses.
std::vector<Tokens> split(Tokens tokens) {
  std::vector<Tokens> clauses;
  std::size_t from = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= tokens.size(); ++i) {
    const bool ends = i == tokens.size() || (depth == 0 && tokens[i].is_symbol(','));
    if (ends) {
      clauses.push_back(tokens.subspan(from, i - from));
      from = i + 1;
    } else if (tokens[i].is_symbol('(')) {
      ++depth;
    } else if (tokens[i].is_symbol(')')) {
      --depth;
    }
  }
  return clauses;
}

/// The tokens that stand in no parentheses; a pair of them is left as `(`.
std::vector<SqlToken> outer(Tokens tokens) {
  std::vector<SqlToken> outer;
  int depth = 0;
  for (const SqlToken& token : tokens) {
    if (token.is_symbol(')')) --depth;
    if (depth == 0 && !token.is_symbol(')')) outer.push_back(token);
    if (token.is_symbol('(')) ++depth;
  }
  return outer;
}

bool has(Tokens tokens, std::string_view word) {
  return std::ranges::any_of(tokens, [&](const SqlToken& token) { return token.is_word(word); });
}
bool has_any(Tokens tokens, Words words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return has(tokens, word); });
}

/// What stands behind DEFAULT is a number, a text, NULL, TRUE or FALSE.
bool is_constant(Tokens value) {
  if (value.empty()) return false;
  if (value[0].is_symbol('+') || value[0].is_symbol('-')) value = value.subspan(1);
  if (!value.empty() && value[0].is_symbol('.')) value = value.subspan(1);
  if (value.empty()) return false;
  const SqlToken& first = value[0];
  if (first.kind == SqlToken::Kind::kString || at_any(value, 0, {"NULL", "TRUE", "FALSE"})) return true;
  if (first.kind != SqlToken::Kind::kWord) return false;
  if (first.text.front() >= '0' && first.text.front() <= '9') return true;
  const bool introduces = first.text.front() == '_' || at_any(value, 0, {"X", "B", "N"});
  return introduces && value.size() > 1 && value[1].kind == SqlToken::Kind::kString;
}

/// Types whose implicit default, where there is none and NULL is forbidden, is zero or no text on every server.
bool has_plain_implicit_default(Tokens type) {
  return at_any(type, 0,
                {"TINYINT",  "SMALLINT", "MEDIUMINT", "INT",        "INTEGER",   "BIGINT",   "BOOL", "BOOLEAN",
                 "DECIMAL",  "DEC",      "NUMERIC",   "FIXED",      "FLOAT",     "DOUBLE",   "REAL", "CHAR",
                 "VARCHAR",  "NCHAR",    "NVARCHAR",  "BINARY",     "VARBINARY", "TINYTEXT", "TEXT", "MEDIUMTEXT",
                 "LONGTEXT", "TINYBLOB", "BLOB",      "MEDIUMBLOB", "LONGBLOB"});
}

bool is_moment(Tokens type) { return at_any(type, 0, {"TIMESTAMP", "DATETIME", "DATE", "TIME", "YEAR"}); }

/// What a DEFAULT of those means without a look at the session: whole digits, or a text of a date and a time. An offset
/// ('... 12:00:00+05:00') is turned into the session's time_zone, and a fraction is rounded or cut by its sql_mode.
bool is_the_same_moment(Tokens value) {
  if (at(value, 0, "NULL")) return true;
  const SqlToken& first = value[0];
  if (first.kind == SqlToken::Kind::kWord)
    return first.text.find_first_not_of("0123456789") == std::string::npos &&
           (value.size() == 1 || !value[1].is_symbol('.'));
  const bool goes_on = value.size() > 1 && value[1].kind == SqlToken::Kind::kString;
  if (first.kind != SqlToken::Kind::kString || goes_on) return false;
  const std::size_t clock = first.text.find(':');
  return first.text.find_first_not_of("0123456789-: T") == std::string::npos &&
         (clock == std::string::npos || first.text.find('-', clock) == std::string::npos);
}

/// The definition of a new column: name, type, attributes.
bool column_is_the_same_everywhere(Tokens definition) {
  const std::vector<SqlToken> outside = outer(definition);
  if (outside.size() < 2 || !outside[0].is_name() || outside[1].kind != SqlToken::Kind::kWord) return false;
  const auto reference = std::ranges::find_if(outside, [](const SqlToken& t) { return t.is_word("REFERENCES"); });
  const Tokens type(outside.begin() + 1, reference);
  if (type.empty() || has_any(type, {"AUTO_INCREMENT", "SERIAL", "PRIMARY", "ROW", "SYSTEM"})) return false;
  for (std::size_t i = 0; i < type.size(); ++i)
    if (at(type, i, "KEY") && (i == 0 || !at(type, i - 1, "UNIQUE"))) return false;
  // Each reader computes what is generated; what is stored is the altering session's, by its time_zone for one.
  if (has(type, "AS")) return !has_any(type, {"STORED", "PERSISTENT"});
  bool not_null = false;
  bool null = false;
  bool has_default = false;
  for (std::size_t i = 0; i < type.size(); ++i) {
    if (at(type, i, "NOT") && at(type, i + 1, "NULL")) {
      not_null = true;
      ++i;
    } else if (at(type, i, "NULL")) {
      null = true;
    } else if (at(type, i, "DEFAULT")) {
      const Tokens value = type.subspan(i + 1);
      if (!is_constant(value) || (is_moment(type) && !is_the_same_moment(value))) return false;
      has_default |= !at(value, 0, "NULL");
    }
  }
  // A TIMESTAMP may be set to the time of the statement without a word of it; its constants mean another moment in
  // another time zone.
  if (at(type, 0, "TIMESTAMP")) return null && !not_null && !has_default;
  return has_default || !not_null || has_plain_implicit_default(type);
}

/// A primary key refuses NULL under a strict sql_mode, and makes zero of it under a lax one.
bool added_is_harmless(Tokens clause, const SqlDialect& dialect) {
  if (at_any(clause, 1, {"INDEX", "KEY", "UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR", "CONSTRAINT", "FOREIGN", "CHECK"}))
    return dialect.strict || !has(clause, "PRIMARY");
  if (at(clause, 1, "PARTITION")) return true;
  if (at(clause, 1, "PRIMARY")) return dialect.strict;
  if (at_any(clause, 1, {"PERIOD", "SYSTEM"})) return false;
  std::size_t place = at(clause, 1, "COLUMN") ? 2 : 1;
  if (at(clause, place, "IF")) place += 3;  // NOT EXISTS
  if (place >= clause.size()) return false;
  const Tokens definition = clause.subspan(place);
  if (!definition[0].is_symbol('(')) return column_is_the_same_everywhere(definition);
  if (!definition.back().is_symbol(')')) return false;
  // A list may hold keys too: those are refused with what is not a column.
  return std::ranges::all_of(split(definition.subspan(1, definition.size() - 2)), column_is_the_same_everywhere);
}

bool altered_is_harmless(Tokens clause) {
  return has_any(clause, {"DEFAULT", "VISIBLE", "INVISIBLE", "ENFORCED", "IGNORED"});
}

bool is_innodb(const SqlToken& engine) {
  SqlToken word = engine;
  word.kind = SqlToken::Kind::kWord;
  return word.is_word("INNODB");
}

/// One table option at `place`, if it is harmless: moves `place` behind it.
bool take_option(Tokens clause, std::size_t& place) {
  static constexpr std::string_view kTwoWords[] = {"DATA", "INDEX", "CHARACTER"};  // DIRECTORY, SET
  static constexpr std::string_view kOptions[] = {"AUTOEXTEND_SIZE",   "AUTO_INCREMENT",   "AVG_ROW_LENGTH",
                                                  "CHARSET",           "CHECKSUM",         "COLLATE",
                                                  "COMMENT",           "COMPRESSION",      "DELAY_KEY_WRITE",
                                                  "ENCRYPTED",         "ENCRYPTION",       "ENCRYPTION_KEY_ID",
                                                  "ENGINE_ATTRIBUTE",  "KEY_BLOCK_SIZE",   "MAX_ROWS",
                                                  "MIN_ROWS",          "PACK_KEYS",        "PAGE_CHECKSUM",
                                                  "PAGE_COMPRESSED",   "ROW_FORMAT",       "PAGE_COMPRESSION_LEVEL",
                                                  "SECONDARY_ENGINE",  "STATS_PERSISTENT", "SECONDARY_ENGINE_ATTRIBUTE",
                                                  "STATS_AUTO_RECALC", "TABLESPACE",       "STATS_SAMPLE_PAGES",
                                                  "TABLE_CHECKSUM",    "TRANSACTIONAL"};
  std::size_t next = place;
  if (at(clause, next, "DEFAULT")) ++next;
  const bool engine = at_any(clause, next, {"ENGINE", "TYPE"});
  if (at_any(clause, next, kTwoWords))
    next += 2;
  else if (engine || at_any(clause, next, kOptions))
    ++next;
  else
    return false;
  if (next < clause.size() && clause[next].is_symbol('=')) ++next;
  if (next >= clause.size() || clause[next].kind == SqlToken::Kind::kSymbol) return false;
  if (engine && !is_innodb(clause[next])) return false;
  place = next + 1;
  return true;
}

bool options_are_harmless(Tokens clause) {
  std::size_t place = 0;
  while (place < clause.size())
    if (!take_option(clause, place)) return false;
  return true;
}

/// These stand alone: the commas behind them part names. Both servers drop rows that no list of the new partitions
/// takes, without a word; ranges they hold against the old ones.
bool keeps_partitions_rows(Tokens clauses) {
  if (at(clauses, 0, "REORGANIZE")) return at(clauses, 1, "PARTITION") && !has(clauses, "IN");
  if (at_any(clauses, 0, {"COALESCE", "REBUILD", "OPTIMIZE", "ANALYZE", "CHECK", "REPAIR"}))
    return at(clauses, 1, "PARTITION");
  return at_any(clauses, 0, {"SECONDARY_LOAD", "SECONDARY_UNLOAD"});
}

bool is_harmless(Tokens clause, const SqlDialect& dialect) {
  if (clause.empty()) return true;
  if (has(clause, "SYSTEM_TIME")) return false;
  if (at(clause, 0, "ADD")) return added_is_harmless(clause, dialect);
  if (at(clause, 0, "ALTER")) return altered_is_harmless(clause);
  if (at(clause, 0, "DROP")) return at_any(clause, 1, {"INDEX", "KEY", "FOREIGN", "CHECK", "CONSTRAINT", "PRIMARY"});
  if (at(clause, 0, "RENAME")) return at_any(clause, 1, {"INDEX", "KEY"});
  if (at_any(clause, 0, {"ENABLE", "DISABLE"})) return at(clause, 1, "KEYS");
  if (at_any(clause, 0, {"WITH", "WITHOUT"})) return at(clause, 1, "VALIDATION");
  if (at_any(clause, 0, {"REMOVE", "UPGRADE"})) return at(clause, 1, "PARTITIONING");
  if (at_any(clause, 0, {"ORDER", "PARTITION"})) return at(clause, 1, "BY");
  if (at_any(clause, 0, {"ALGORITHM", "LOCK"})) return true;
  if (at(clause, 0, "FORCE")) return clause.size() == 1;
  return options_are_harmless(clause);
}

std::string upper_text(const SqlToken& token) {
  std::string text = token.text;
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

/// Behind DROP CONSTRAINT and DROP FOREIGN KEY; 0: the clause is neither.
std::size_t behind_dropped_constraint(Tokens clause) {
  if (!at(clause, 0, "DROP")) return 0;
  return at(clause, 1, "CONSTRAINT") ? 2 : at(clause, 1, "FOREIGN") && at(clause, 2, "KEY") ? 3 : 0;
}

std::string for_people(Tokens clause) {
  if (at(clause, 0, "ADD") && !at_any(clause, 1, {"PRIMARY", "PERIOD", "SYSTEM", "CONSTRAINT"}))
    return "ALTER TABLE ... ADD of a column whose value may differ by row or by server";
  static constexpr std::string_view kFirst[] = {"ADD",        "CHANGE",   "CONVERT", "DISCARD", "DROP",   "ENGINE",
                                                "REORGANIZE", "EXCHANGE", "IMPORT",  "MODIFY",  "RENAME", "TRUNCATE"};
  static constexpr std::string_view kSecond[] = {"COLUMN", "PARTITION", "PERIOD",     "PRIMARY",
                                                 "SYSTEM", "TABLE",     "TABLESPACE", "TO"};
  if (!at_any(clause, 0, kFirst)) return "ALTER TABLE with a clause that is not known to keep its rows";
  std::string text = "ALTER TABLE ... " + upper_text(clause[0]);
  if (at_any(clause, 1, kSecond)) text += " " + upper_text(clause[1]);
  return text;
}

}  // namespace

AlterEffect effect_of_alter(Tokens clauses, const SqlDialect& dialect) {
  if (keeps_partitions_rows(clauses)) return {};
  for (const Tokens clause : split(clauses))
    if (!is_harmless(clause, dialect)) return {.changes_rows = true, .what = for_people(clause)};
  return {};
}

std::vector<std::string> dropped_constraints(Tokens clauses) {
  std::vector<std::string> names;
  for (const Tokens clause : split(clauses)) {
    std::size_t place = behind_dropped_constraint(clause);
    if (place == 0) continue;
    if (at(clause, place, "IF") && at(clause, place + 1, "EXISTS")) place += 2;
    if (place < clause.size() && clause[place].is_name()) names.push_back(clause[place].text);
  }
  return names;
}

bool drops_if_exists(Tokens clauses) {
  return std::ranges::any_of(split(clauses), [](Tokens clause) {
    const std::size_t place = behind_dropped_constraint(clause);
    return place != 0 && at(clause, place, "IF");
  });
}

std::vector<std::pair<std::string, std::string>> renamed_columns(Tokens clauses) {
  std::vector<std::pair<std::string, std::string>> names;
  for (const Tokens clause : split(clauses)) {
    const bool renames = at(clause, 0, "RENAME") && at(clause, 1, "COLUMN");
    if (!renames && !at(clause, 0, "CHANGE")) continue;
    std::size_t place = at(clause, 1, "COLUMN") ? 2 : 1;
    if (at(clause, place, "IF") && at(clause, place + 1, "EXISTS")) place += 2;
    const std::size_t behind = renames && at(clause, place + 1, "TO") ? place + 2 : place + 1;
    if (behind < clause.size() && clause[place].is_name() && clause[behind].is_name() &&
        clause[place].text != clause[behind].text)
      names.emplace_back(clause[place].text, clause[behind].text);
  }
  return names;
}

bool engine_begins_empty(const SqlToken& engine) {
  SqlToken word = engine;
  word.kind = SqlToken::Kind::kWord;
  return at_any({&word, 1}, 0,
                {"INNODB", "MYISAM", "MEMORY", "HEAP", "ARIA", "ARCHIVE", "ROCKSDB", "NDB", "NDBCLUSTER"});
}

}  // namespace farshore::binlog
