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
#include <string_view>
#include <utility>
#include <vector>

#include "binlog/added_column.hpp"
#include "binlog/clause_words.hpp"

namespace farshore::binlog {
namespace {

/// A primary key refuses NULL under a strict sql_mode, and makes zero of it under a lax one.
/// `added`: gets the columns that all rows have the same constant in.
bool added_is_harmless(Tokens clause, const SqlDialect& dialect, std::vector<AddedColumn>& added) {
  if (at_any(clause, 1, {"INDEX", "KEY", "UNIQUE", "FULLTEXT", "SPATIAL", "VECTOR", "CONSTRAINT", "FOREIGN", "CHECK"}))
    return dialect.strict || !has(clause, "PRIMARY");
  if (at(clause, 1, "PARTITION")) return true;
  if (at(clause, 1, "PRIMARY")) return dialect.strict;
  if (at_any(clause, 1, {"PERIOD", "SYSTEM"})) return false;
  std::size_t place = at(clause, 1, "COLUMN") ? 2 : 1;
  if (at(clause, place, "IF")) place += 3;  // NOT EXISTS
  if (place >= clause.size()) return false;
  const Tokens definition = clause.subspan(place);
  const auto add = [&](Tokens column) {
    auto defined = define_column(column, dialect);
    if (defined && defined->constant)
      added.push_back({.name = std::move(defined->name),
                       .constant = std::move(*defined->constant),
                       .type = std::move(defined->type)});
    return defined.has_value();
  };
  if (!definition[0].is_symbol('(')) return add(definition);
  if (!definition.back().is_symbol(')')) return false;
  // A list may hold keys too: those are refused with what is not a column.
  return std::ranges::all_of(split(definition.subspan(1, definition.size() - 2)), add);
}

/// ALTER of a column that the same statement adds.
bool alters_added(Tokens clause, const std::vector<AddedColumn>& added) {
  if (!at(clause, 0, "ALTER")) return false;
  return std::ranges::any_of(clause, [&](SqlToken token) {
    if (!token.is_name()) return false;
    return std::ranges::any_of(added, [&](const AddedColumn& column) { return is_same_name(token.text, column.name); });
  });
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

bool is_harmless(Tokens clause, const SqlDialect& dialect, std::vector<AddedColumn>& added) {
  if (clause.empty()) return true;
  if (has(clause, "SYSTEM_TIME")) return false;
  if (at(clause, 0, "ADD")) return added_is_harmless(clause, dialect, added);
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
    return std::string(kAddsColumn);
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
  AlterEffect effect;
  const std::vector<Tokens> parted = split(clauses);
  for (const Tokens clause : parted)
    if (!is_harmless(clause, dialect, effect.added))
      return {.changes_rows = true, .what = for_people(clause), .added = {}};
  for (const Tokens clause : parted)
    if (alters_added(clause, effect.added))
      return {.changes_rows = true, .what = std::string(kAddsColumn), .added = {}};
  return effect;
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
