#include "binlog/statement.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace farshore::binlog {
namespace {

using Names = std::vector<TableName>;

void expect(std::string_view sql, StatementKind kind, const Names& tables = {}) {
  const Statement statement = classify(sql);
  EXPECT_EQ(statement.kind, kind) << sql;
  EXPECT_TRUE(statement.tables == tables) << sql;
}

TEST(Statement, transaction_control_is_told_apart) {
  expect("BEGIN", StatementKind::kBegin);
  expect("begin", StatementKind::kBegin);
  expect("START TRANSACTION", StatementKind::kBegin);
  expect("COMMIT", StatementKind::kCommit);
  expect("ROLLBACK", StatementKind::kRollback);
  expect("ROLLBACK TO `a`", StatementKind::kRollback);
  expect("SAVEPOINT `a`", StatementKind::kSavepoint);
  expect("RELEASE SAVEPOINT `a`", StatementKind::kSavepoint);
  expect("XA COMMIT X'31',X'',1", StatementKind::kXa);
}

TEST(Statement, truncate_names_its_table) {
  expect("TRUNCATE orders", StatementKind::kRowless, {{"", "orders"}});
  expect("truncate table `shop`.`or``ders`", StatementKind::kRowless, {{"shop", "or`ders"}});
  expect("TRUNCATE TABLE `shop` . `orders`", StatementKind::kRowless, {{"shop", "orders"}});
}

TEST(Statement, comments_are_passed_over_and_versioned_ones_count) {
  expect("/* TRUNCATE x */ -- more\n # and more\n TRUNCATE /*!50000 TABLE */ orders", StatementKind::kRowless,
         {{"", "orders"}});
  expect("/*!80000 TRUNCATE TABLE orders */", StatementKind::kRowless, {{"", "orders"}});
  expect("/*M!100100 TRUNCATE TABLE orders */", StatementKind::kRowless, {{"", "orders"}});
  expect("/* never closed TRUNCATE orders", StatementKind::kOther);
}

TEST(Statement, dashes_begin_a_comment_before_any_blank_or_control_character) {
  expect("--\r\n-- Table structure\r\n--\r\nCREATE TABLE t (a INT)", StatementKind::kTableDdl, {{"", "t"}});
  for (const char c : {' ', '\t', '\n', '\r', '\v', '\f', '\x01', '\x7F'}) {
    expect(std::string("--") + c + "\nTRUNCATE t", StatementKind::kRowless, {{"", "t"}});
  }
  expect("TRUNCATE t --", StatementKind::kRowless, {{"", "t"}});
  expect("--5\nTRUNCATE t", StatementKind::kOther);
}

TEST(Statement, versions_that_no_server_has_make_a_plain_comment) {
  expect("/*M!999999\\- enable the sandbox mode */ CREATE TABLE t (a INT)", StatementKind::kTableDdl, {{"", "t"}});
  expect("/*!99999 x */ TRUNCATE t", StatementKind::kRowless, {{"", "t"}});
}

TEST(Statement, partition_statements_that_move_rows_are_told_apart) {
  expect("ALTER TABLE t DROP PARTITION p0", StatementKind::kRowless, {{"", "t"}});
  expect("ALTER TABLE s.t TRUNCATE PARTITION ALL", StatementKind::kRowless, {{"s", "t"}});
  expect("ALTER TABLE t EXCHANGE PARTITION p0 WITH TABLE s.u WITHOUT VALIDATION", StatementKind::kRowless,
         {{"", "t"}, {"s", "u"}});
  expect("ALTER TABLE t CONVERT PARTITION p0 TO TABLE u", StatementKind::kRowless, {{"", "t"}, {"", "u"}});
  expect("ALTER TABLE t CONVERT TABLE u TO PARTITION p0 VALUES LESS THAN (5)", StatementKind::kRowless,
         {{"", "t"}, {"", "u"}});
  expect("ALTER TABLE t DISCARD TABLESPACE", StatementKind::kRowless, {{"", "t"}});
  expect("ALTER TABLE t IMPORT PARTITION p0 TABLESPACE", StatementKind::kRowless, {{"", "t"}});
}

TEST(Statement, what_stands_behind_set_statement_counts) {
  expect("SET STATEMENT lock_wait_timeout=5 FOR TRUNCATE TABLE s.t", StatementKind::kRowless, {{"s", "t"}});
  expect("SET STATEMENT sql_mode='FOR x', max_statement_time=1 FOR ALTER TABLE t DROP PARTITION p0",
         StatementKind::kRowless, {{"", "t"}});
  expect("SET STATEMENT binlog_format='STATEMENT' FOR INSERT INTO t VALUES (1)", StatementKind::kDml, {{"", "t"}});
  expect("SET STATEMENT a=1", StatementKind::kOther);
  expect("SET STATEMENT a=1 FOR SET STATEMENT b=1 FOR (TRUNCATE t", StatementKind::kRowless, {{"", "t"}});
}

TEST(Statement, set_statement_may_stand_before_itself_any_number_of_times) {
  std::string sql;
  for (int i = 0; i < 200'000; ++i) sql += "SET STATEMENT a=1 FOR ";  // a frame each would end the stack
  expect(sql + "TRUNCATE t", StatementKind::kRowless, {{"", "t"}});
}

TEST(Statement, analyze_of_a_change_is_that_change) {
  expect("ANALYZE UPDATE t SET c = 1", StatementKind::kDml);
  expect("ANALYZE FORMAT=JSON DELETE FROM t", StatementKind::kDml);
  expect("ANALYZE NO_WRITE_TO_BINLOG TABLE t", StatementKind::kOtherDdl);
}

TEST(Statement, alter_ignore_may_remove_rows) {
  expect("ALTER IGNORE TABLE t ADD UNIQUE (c)", StatementKind::kRowless, {{"", "t"}});
  expect("ALTER ONLINE IGNORE TABLE t ADD UNIQUE (c)", StatementKind::kRowless, {{"", "t"}});
}

TEST(Statement, partition_statements_that_keep_rows_are_ordinary_ddl) {
  expect("ALTER TABLE t ADD PARTITION (PARTITION p1 VALUES LESS THAN (10))", StatementKind::kTableDdl, {{"", "t"}});
  expect("ALTER TABLE t REORGANIZE PARTITION p0, p1 INTO (PARTITION p1 VALUES LESS THAN (10))",
         StatementKind::kTableDdl, {{"", "t"}});
  expect("ALTER TABLE t REORGANIZE PARTITION a INTO (PARTITION b VALUES IN (1))", StatementKind::kRowless, {{"", "t"}});
  expect("ALTER TABLE t COALESCE PARTITION 2", StatementKind::kTableDdl, {{"", "t"}});
  expect("ALTER TABLE t REBUILD PARTITION p0, p1", StatementKind::kTableDdl, {{"", "t"}});
  expect("ALTER TABLE t PARTITION BY HASH (id) PARTITIONS 4", StatementKind::kTableDdl, {{"", "t"}});
  expect("ALTER TABLE t REMOVE PARTITIONING", StatementKind::kTableDdl, {{"", "t"}});
  expect("ALTER TABLE t PARTITION BY SYSTEM_TIME INTERVAL 1 DAY", StatementKind::kRowless, {{"", "t"}});
}

/// Whether ALTER TABLE t with these clauses passes.
bool passes(const std::string& clauses) {
  const Statement statement = classify("ALTER TABLE t " + clauses);
  EXPECT_TRUE(statement.tables.empty() || statement.tables.front() == (TableName{"", "t"})) << clauses;
  return statement.kind == StatementKind::kTableDdl;
}

TEST(Statement, alter_table_that_keeps_all_values_is_ordinary_ddl) {
  for (const char* clauses :
       {"ADD COLUMN c INT COMMENT 'DROP PARTITION p0'",
        "ADD COLUMN c INT COMMENT 'it''s \\' DROP PARTITION p0'",
        "ADD c INT NOT NULL DEFAULT 5 FIRST, ADD COLUMN IF NOT EXISTS d VARCHAR(10) CHARACTER SET latin1 DEFAULT 'x'",
        "ADD COLUMN (a INT, b DECIMAL(4,2) NOT NULL DEFAULT -1.50)",
        "ADD c INT NOT NULL",
        "ADD c DATETIME NULL",
        "ADD c TIMESTAMP NULL",
        "ADD c TIMESTAMP NULL DEFAULT NULL",
        "ADD c DATETIME DEFAULT '2020-01-01'",
        "ADD c DATETIME NOT NULL DEFAULT '2020-01-01 12:00:00' COMMENT 'a+b'",
        "ADD c DATETIME DEFAULT 20200101120000",
        "ADD c BIT(8) DEFAULT b'101'",
        "ADD c BLOB DEFAULT NULL",
        "ADD c VARCHAR(9) DEFAULT _utf8mb4'x' UNIQUE KEY",
        "ADD c INT GENERATED ALWAYS AS (a + 1) VIRTUAL",
        "ADD c TIMESTAMP AS (d)",
        "ADD c DATETIME DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP",
        "ADD c INT REFERENCES u (a) ON DELETE SET NULL",
        "ADD c INT AFTER b, ALGORITHM=INPLACE, LOCK=NONE",
        "ADD INDEX (b), ADD UNIQUE KEY k (a, b), DROP INDEX i, DROP KEY j, RENAME INDEX x TO y",
        "ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES s.u (id) ON DELETE CASCADE, DROP FOREIGN KEY g",
        "ADD CONSTRAINT CHECK (a > 0), DROP CONSTRAINT c, DROP CHECK d",
        "ALTER a SET DEFAULT 5, ALTER COLUMN b DROP DEFAULT",
        "ALTER INDEX i INVISIBLE",
        "ALTER CHECK c NOT ENFORCED",
        "ENGINE=InnoDB",
        "engine = 'InnoDB' ROW_FORMAT=DYNAMIC",
        "COMMENT 'x', AUTO_INCREMENT = 100",
        "DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        "FORCE",
        "ORDER BY a",
        "WAIT 5 ADD INDEX (b)",
        "NOWAIT COMMENT='x'",
        "DISABLE KEYS",
        "STATS_PERSISTENT=0 STATS_AUTO_RECALC DEFAULT",
        "DROP PRIMARY KEY",
        "",
        ";"})
    EXPECT_TRUE(passes(clauses)) << clauses;
}

TEST(Statement, alter_table_that_may_change_values_does_not_pass) {
  for (const char* clauses : {"DROP COLUMN c",
                              "DROP c",
                              "DROP `KEY`",
                              "DROP COLUMN IF EXISTS c",
                              "ADD INDEX (b), DROP COLUMN c",
                              "MODIFY c VARCHAR(5)",
                              "CHANGE a b INT",
                              "CHANGE COLUMN a a BIGINT",
                              "RENAME COLUMN a TO b, RENAME COLUMN b TO a",
                              "CONVERT TO CHARACTER SET latin1",
                              "ADD c DATETIME DEFAULT NOW()",
                              "ADD c DATETIME DEFAULT CURRENT_TIMESTAMP",
                              "ADD c CHAR(36) DEFAULT (UUID())",
                              "ADD c CHAR(36) DEFAULT UUID()",
                              "ADD c INT DEFAULT NEXT VALUE FOR s",
                              "ADD c TIMESTAMP",
                              "ADD c TIMESTAMP NOT NULL",
                              "ADD c TIMESTAMP DEFAULT '2020-01-01 00:00:00'",
                              "ADD c TIMESTAMP NULL DEFAULT '2020-01-01 00:00:00'",
                              "ADD c TIMESTAMP NULL DEFAULT 20200101000000",
                              "ADD c TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP",
                              "ADD c DATETIME DEFAULT '2020-01-01 12:00:00+05:00'",
                              "ADD c DATETIME DEFAULT '2020-01-01 12:00:00-05:00'",
                              "ADD c DATETIME DEFAULT '2020-01-01 12:00:00' '+05:00'",
                              "ADD c DATETIME DEFAULT '2020-01-01 12:00:00.5'",
                              "ADD c DATETIME DEFAULT 20200101120000.5",
                              "ADD c TIMESTAMP REFERENCES u (a) ON DELETE SET NULL",
                              "ADD c INT GENERATED ALWAYS AS (a + 1) STORED",
                              "ADD c TIMESTAMP AS (d) PERSISTENT",
                              "ADD c JSON NOT NULL",
                              "ADD c DATE NOT NULL",
                              "ADD c ENUM('a','b') NOT NULL",
                              "ADD id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY",
                              "ADD id SERIAL",
                              "ADD id INT KEY",
                              "ADD COLUMN (a INT, id INT AUTO_INCREMENT UNIQUE)",
                              "ADD PRIMARY KEY (a)",
                              "ADD CONSTRAINT p PRIMARY KEY (a)",
                              "DROP PRIMARY KEY, ADD PRIMARY KEY (b)",
                              "ENGINE=BLACKHOLE",
                              "ENGINE=MEMORY",
                              "COMMENT='x' ENGINE=CSV",
                              "ADD SYSTEM VERSIONING",
                              "DROP SYSTEM VERSIONING",
                              "ADD PERIOD FOR p (a, b)",
                              "ADD c TIMESTAMP(6) GENERATED ALWAYS AS ROW START",
                              "UNION=(a, b)",
                              "SEQUENCE=1",
                              "FROBNICATE",
                              "FROBNICATE=1",
                              "CONNECTION='x'",
                              "ADD c INT DEFAULT f"})
    EXPECT_FALSE(passes(clauses)) << clauses;
}

TEST(Statement, a_column_that_is_redefined_changes_rows_and_an_added_key_refuses_them_under_a_strict_sql_mode) {
  SqlDialect strict;
  strict.strict = true;
  const auto kind = [&](std::string_view sql) { return classify(sql, strict).kind; };
  EXPECT_EQ(kind("ALTER TABLE t MODIFY c VARCHAR(5)"), StatementKind::kRowless);
  EXPECT_EQ(kind("ALTER TABLE t MODIFY c DECIMAL(10,2)"), StatementKind::kRowless) << "it rounds";
  EXPECT_EQ(kind("ALTER TABLE t CHANGE COLUMN c `c` BIGINT NOT NULL"), StatementKind::kRowless);
  EXPECT_EQ(kind("ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (b, a)"), StatementKind::kTableDdl);
  EXPECT_EQ(kind("ALTER TABLE t ADD id INT AUTO_INCREMENT PRIMARY KEY"), StatementKind::kRowless);
  EXPECT_EQ(kind("ALTER TABLE t CHANGE a b INT"), StatementKind::kRowless);
  EXPECT_EQ(kind("ALTER TABLE t MODIFY c INT AUTO_INCREMENT"), StatementKind::kRowless);
}

TEST(Statement, what_changes_rows_is_told_in_keywords) {
  EXPECT_EQ(classify("ALTER TABLE t DROP COLUMN secret").what, "ALTER TABLE ... DROP COLUMN");
  EXPECT_EQ(classify("ALTER TABLE t DROP secret").what, "ALTER TABLE ... DROP");
  EXPECT_EQ(classify("ALTER TABLE t secret 1").what, "ALTER TABLE with a clause that is not known to keep its rows");
  EXPECT_EQ(classify("ALTER TABLE t TRUNCATE PARTITION p").what, "ALTER TABLE ... TRUNCATE PARTITION");
}

TEST(Statement, table_ddl_names_its_tables) {
  expect("CREATE TABLE IF NOT EXISTS s.t (id INT)", StatementKind::kTableDdl, {{"s", "t"}});
  expect("CREATE TABLE t LIKE u", StatementKind::kTableDdl, {{"", "t"}});
  expect("CREATE TABLE t (engine INT) ENGINE = InnoDB", StatementKind::kTableDdl, {{"", "t"}});
  expect("ALTER ONLINE TABLE IF EXISTS a ADD INDEX (b)", StatementKind::kTableDdl, {{"", "a"}});
  expect("CREATE UNIQUE INDEX i ON s.t (a)", StatementKind::kTableDdl, {{"s", "t"}});
  expect("DROP INDEX i ON t", StatementKind::kTableDdl, {{"", "t"}});
}

TEST(Statement, tables_that_go_come_or_change_their_names_change_rows) {
  expect("CREATE OR REPLACE TABLE t (id INT)", StatementKind::kRowless, {{"", "t"}});
  expect("CREATE OR REPLACE SEQUENCE t", StatementKind::kRowless, {{"", "t"}});
  expect("CREATE TABLE t (id INT) ENGINE=MERGE UNION=(u)", StatementKind::kRowless, {{"", "t"}});
  expect("CREATE TABLE t (id INT) ENGINE=BLACKHOLE", StatementKind::kRowless, {{"", "t"}});
  expect("CREATE EXTERNAL TABLE t (id INT)", StatementKind::kRowless, {{"", "t"}});
  expect("DROP TABLE IF EXISTS `a`,`s`.`b` /* generated by server */", StatementKind::kRowless,
         {{"", "a"}, {"s", "b"}});
  expect("RENAME TABLE a TO b, s.c TO s.d", StatementKind::kRowless, {{"", "a"}, {"", "b"}, {"s", "c"}, {"s", "d"}});
  expect("RENAME TABLE a WAIT 5 TO b", StatementKind::kRowless, {{"", "a"}, {"", "b"}});
  for (const char* sql : {"ALTER TABLE a RENAME TO s.b", "ALTER TABLE a ADD c INT, RENAME AS s.b",
                          "ALTER TABLE a RENAME s.b", "ALTER TABLE a RENAME = `s` . `b`"})
    expect(sql, StatementKind::kRowless, {{"", "a"}, {"s", "b"}});
  expect("DROP TEMPORARY TABLE IF EXISTS a", StatementKind::kOtherDdl);
  expect("DELETE HISTORY FROM s.t BEFORE SYSTEM_TIME '2020-01-01'", StatementKind::kRowless, {{"s", "t"}});
  EXPECT_EQ(classify("DROP DATABASE IF EXISTS `d`").schema, "d");
  EXPECT_EQ(classify("ALTER DATABASE `#mysql50#a-b` UPGRADE DATA DIRECTORY NAME").schema, "a-b");
  EXPECT_EQ(classify("ALTER DATABASE d CHARACTER SET latin1").kind, StatementKind::kOtherDdl);
}

TEST(Statement, create_table_from_select_as_a_statement_changes_rows) {
  expect("CREATE TABLE t SELECT * FROM u", StatementKind::kDml, {{"", "t"}});
  expect("CREATE TABLE t TABLE u", StatementKind::kDml, {{"", "t"}});
  expect("CREATE TABLE t (a INT) IGNORE AS (TABLE u)", StatementKind::kDml, {{"", "t"}});
  expect("CREATE TABLE t VALUES ROW(1), ROW(2)", StatementKind::kDml, {{"", "t"}});
  expect("CREATE TABLE t (a INT) VALUES (1), (2)", StatementKind::kDml, {{"", "t"}});
  expect("CREATE TABLE t (a INT) START TRANSACTION", StatementKind::kTableDdl, {{"", "t"}});
  expect("CREATE TABLE t (a INT) TABLESPACE s PARTITION BY LIST (a) (PARTITION p VALUES IN (1))",
         StatementKind::kTableDdl, {{"", "t"}});
}

TEST(Statement, other_ddl_is_told_apart) {
  for (const std::string_view sql :
       {"CREATE DATABASE d", "DROP VIEW d", "CREATE USER u", "GRANT ALL ON *.* TO u", "CREATE VIEW v AS SELECT 1",
        "CREATE DEFINER=`a`@`b` TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET NEW.a = 1", "RENAME USER a TO b",
        "ANALYZE TABLE t", "FLUSH PRIVILEGES", "ALTER DATABASE d CHARACTER SET utf8mb4", "DROP TRIGGER t",
        "SET PASSWORD FOR u = 'x'", "CREATE DEFINER=`a`@`b` PROCEDURE p() BEGIN TRUNCATE t; END"}) {
    expect(sql, StatementKind::kOtherDdl);
  }
}

TEST(Statement, changes_logged_as_statements_name_their_table_when_it_is_plain) {
  expect("INSERT INTO s.t VALUES (1)", StatementKind::kDml, {{"s", "t"}});
  expect("INSERT IGNORE t SELECT * FROM u", StatementKind::kDml, {{"", "t"}});
  expect("REPLACE INTO t VALUES (1)", StatementKind::kDml, {{"", "t"}});
  expect("UPDATE LOW_PRIORITY t SET a = 1", StatementKind::kDml, {{"", "t"}});
  expect("UPDATE t JOIN u SET t.a = u.a", StatementKind::kDml);
  expect("UPDATE t, u SET t.a = u.a", StatementKind::kDml);
  expect("DELETE FROM `s`.`t`", StatementKind::kDml, {{"s", "t"}});
  expect("DELETE FROM t WHERE a = 1", StatementKind::kDml, {{"", "t"}});
  expect("DELETE t FROM t JOIN u", StatementKind::kDml);
  expect("DELETE FROM t USING t JOIN u", StatementKind::kDml);
  expect("LOAD DATA INFILE 'x' INTO TABLE t", StatementKind::kDml);
  expect("CALL p()", StatementKind::kDml);
  expect("WITH x AS (SELECT 1) UPDATE t SET a = 1", StatementKind::kDml);
}

TEST(Statement, tables_that_foreign_keys_refer_to_are_named) {
  using References = std::vector<Statement::Reference>;
  const auto references = [](std::string_view sql) { return classify(sql).references; };
  EXPECT_EQ(
      references("CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES s.u (a) ON DELETE CASCADE,"
                 " FOREIGN KEY (b) REFERENCES v (b))"),
      (References{{.table = {"s", "u"}, .on_delete = KeyAction::kCascade, .columns = {"a"}, .parent_columns = {"a"}},
                  {.table = {"", "v"}, .columns = {"b"}, .parent_columns = {"b"}}}));
  EXPECT_EQ(references("ALTER TABLE t ADD c INT, ADD FOREIGN KEY (c) REFERENCES `u` (id)"),
            (References{{.table = {"", "u"}, .columns = {"c"}, .parent_columns = {"id"}}}));
  EXPECT_EQ(references("ALTER TABLE t ADD b INT COMMENT 'REFERENCES u'"), References{});
}

TEST(Statement, says_how_foreign_keys_are_made) {
  using References = std::vector<Statement::Reference>;
  EXPECT_EQ(classify("CREATE TABLE IF NOT EXISTS t (a INT REFERENCES u (id) ON DELETE CASCADE, b INT,"
                     " CONSTRAINT `of v` FOREIGN KEY (b) REFERENCES v (id), CONSTRAINT c CHECK (a > 0),"
                     " CONSTRAINT FOREIGN KEY (b) REFERENCES w (id))")
                .references,
            (References{{.table = {"", "u"},
                         .on_delete = KeyAction::kCascade,
                         .is_inline = true,
                         .columns = {"a"},
                         .parent_columns = {"id"}},
                        {.table = {"", "v"}, .name = "of v", .columns = {"b"}, .parent_columns = {"id"}},
                        {.table = {"", "w"}, .columns = {"b"}, .parent_columns = {"id"}}}));
  EXPECT_TRUE(classify("CREATE TABLE IF NOT EXISTS t (a INT)").may_do_nothing);
  EXPECT_FALSE(classify("CREATE TABLE t (a INT)").may_do_nothing);
  EXPECT_EQ(classify("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES u (id)").references.front().name, "k");
}

TEST(Statement, says_what_foreign_keys_tie_and_do) {
  const auto of = [](std::string_view key) {
    return classify("ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY " + std::string(key)).references.at(0);
  };
  EXPECT_EQ(of("(a) REFERENCES u (id) ON UPDATE SET NULL ON DELETE SET DEFAULT").on_update, KeyAction::kSetNull);
  EXPECT_EQ(of("(a) REFERENCES u (id) ON UPDATE SET NULL ON DELETE SET DEFAULT").on_delete, KeyAction::kSetDefault);
  EXPECT_EQ(of("(a) REFERENCES u (id) ON DELETE NO ACTION ON UPDATE CASCADE").on_delete, KeyAction::kNone);
  EXPECT_EQ(of("(a) REFERENCES u (id) ON DELETE NO ACTION ON UPDATE CASCADE").on_update, KeyAction::kCascade);
  EXPECT_EQ(of("of_a (a, `b c`, `references`) REFERENCES u (x, y, z)").columns,
            (std::vector<std::string>{"a", "b c", "references"}));
  EXPECT_EQ(of("(a, b) REFERENCES s.u (`x y`, z) ON DELETE CASCADE").parent_columns,
            (std::vector<std::string>{"x y", "z"}));
  EXPECT_EQ(of("(a) REFERENCES u (x), ADD FOREIGN KEY (b) REFERENCES v (y) ON DELETE CASCADE").on_delete,
            KeyAction::kNone);
}

TEST(Statement, a_foreign_key_has_its_own_name_and_column) {
  using Strings = std::vector<std::string>;
  const auto names = [](std::string_view sql) {
    Strings found;
    for (const auto& made : classify(sql).references)
      found.push_back(made.name + (made.is_inline ? " inline " : " ") + (made.columns.empty() ? "?" : made.columns[0]));
    return found;
  };
  EXPECT_EQ(names("CREATE TABLE t (id INT, CONSTRAINT pk PRIMARY KEY (id), FOREIGN KEY (a) REFERENCES u (id))"),
            Strings{" a"});
  EXPECT_EQ(names("ALTER TABLE t DROP CONSTRAINT k, ADD FOREIGN KEY (a) REFERENCES u (id)"), Strings{" a"});
  EXPECT_EQ(names("ALTER TABLE t DROP FOREIGN KEY k, ADD COLUMN b VARCHAR(10) NOT NULL REFERENCES u (id)"),
            Strings{" inline b"});
  EXPECT_EQ(names("CREATE TABLE t (`a b` DECIMAL(10,2) REFERENCES u (id), c INT REFERENCES v (id))"),
            (Strings{" inline a b", " inline c"}));
  EXPECT_EQ(names("ALTER TABLE t ADD (a INT, b INT REFERENCES u (id))"), Strings{" inline b"});
  EXPECT_EQ(names("CREATE TABLE t (a INT, b CHAR(36) DEFAULT (f(x, y)) REFERENCES u (id), c INT REFERENCES v (id))"),
            (Strings{" inline b", " inline c"}));
  EXPECT_EQ(names("ALTER TABLE t ADD b CHAR(36) DEFAULT (f(x, y)) REFERENCES u (id)"), Strings{" inline b"});
  EXPECT_EQ(names("ALTER TABLE t CHANGE COLUMN a b INT REFERENCES u (id), ADD c INT REFERENCES v (id)"),
            (Strings{" inline b", " inline c"}));
}

TEST(Statement, says_which_foreign_keys_cascade) {
  const auto cascades = [](std::string_view clause) {
    const auto statement = classify("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u (id) " + std::string(clause));
    return std::ranges::any_of(statement.references, &Statement::Reference::cascades);
  };
  for (const char* clause : {"ON DELETE CASCADE", "on update set null", "ON DELETE RESTRICT ON UPDATE CASCADE",
                             "MATCH FULL ON DELETE SET DEFAULT", "ON DELETE NO ACTION /*!40000 ON UPDATE CASCADE */"})
    EXPECT_TRUE(cascades(clause)) << clause;
  for (const char* clause : {"", "ON DELETE RESTRICT ON UPDATE NO ACTION", ", ADD b VARCHAR(9) CHARACTER SET latin1",
                             ", ADD c TIMESTAMP ON UPDATE CURRENT_TIMESTAMP", "COMMENT 'ON DELETE CASCADE'"})
    EXPECT_FALSE(cascades(clause)) << clause;
}

TEST(Statement, constraints_that_it_is_sure_to_drop_are_named) {
  using Dropped = std::vector<std::string>;
  const auto dropped = [](std::string_view sql) { return classify(sql).dropped_constraints; };
  EXPECT_EQ(dropped("ALTER TABLE t DROP FOREIGN KEY a, ADD INDEX (x, y), DROP CONSTRAINT `b c`"),
            (Dropped{"a", "b c"}));
  EXPECT_EQ(dropped("ALTER TABLE t DROP FOREIGN KEY IF EXISTS a, DROP COLUMN b"), (Dropped{"a"}));
  EXPECT_TRUE(classify("ALTER TABLE t DROP FOREIGN KEY IF EXISTS a").drops_if_exists);
  EXPECT_TRUE(classify("ALTER TABLE t ADD a INT, DROP CONSTRAINT IF EXISTS a").drops_if_exists);
  EXPECT_FALSE(classify("ALTER TABLE t DROP FOREIGN KEY a, ADD COLUMN IF NOT EXISTS b INT").drops_if_exists);
  EXPECT_FALSE(classify("ALTER TABLE t DROP FOREIGN KEY a, DROP COLUMN IF EXISTS b").drops_if_exists);
  EXPECT_EQ(dropped("ALTER TABLE t DROP KEY a, DROP COLUMN b, DROP c, DROP CHECK d, DROP PRIMARY KEY"), Dropped{});
  EXPECT_EQ(dropped("ALTER TABLE t COMMENT 'DROP FOREIGN KEY a'"), Dropped{});
  EXPECT_EQ(dropped("ALTER TABLE t DROP FOREIGN KEY a /*!80000 , DROP FOREIGN KEY b */"), (Dropped{"a"}));
  EXPECT_EQ(dropped("ALTER TABLE t DROP FOREIGN KEY a, COMMENT 'left open"), Dropped{});
}

TEST(Statement, columns_that_get_another_name_are_named) {
  using Renamed = std::vector<std::pair<std::string, std::string>>;
  const auto renamed = [](std::string_view sql) { return classify(sql).renamed_columns; };
  EXPECT_EQ(renamed("ALTER TABLE t RENAME COLUMN a TO b, ADD INDEX (x, y), CHANGE `c d` e INT"),
            (Renamed{{"a", "b"}, {"c d", "e"}}));
  EXPECT_EQ(renamed("ALTER TABLE t CHANGE COLUMN IF EXISTS a b INT, RENAME COLUMN IF EXISTS c TO d"),
            (Renamed{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(renamed("ALTER TABLE t CHANGE a a INT, MODIFY b INT, RENAME INDEX c TO d, RENAME TO e"), Renamed{});
  EXPECT_EQ(renamed("ALTER TABLE t RENAME COLUMN a TO b /*!80000 , RENAME COLUMN c TO d */"), (Renamed{{"a", "b"}}));
  EXPECT_EQ(renamed("ALTER TABLE t RENAME COLUMN a TO b, COMMENT 'left open"), Renamed{});
  EXPECT_EQ(renamed("ALTER TABLE t RENAME COLUMN"), Renamed{});
}

TEST(Statement, says_what_becomes_of_the_names) {
  using N = Statement::Names;
  const auto names = [](std::string_view sql) { return classify(sql).names; };
  for (const char* sql : {"DROP TABLE t, u", "CREATE OR REPLACE TABLE t (a INT)", "DROP DATABASE s"})
    EXPECT_EQ(names(sql), N::kGo) << sql;
  for (const char* sql : {"RENAME TABLE t TO u, v TO t", "ALTER TABLE t RENAME u", "ALTER TABLE t RENAME = u, DROP a",
                          "ALTER TABLE t RENAME TO s.u"})
    EXPECT_EQ(names(sql), N::kMove) << sql;
  for (const char* sql : {"TRUNCATE t", "ALTER TABLE t RENAME COLUMN a TO b", "ALTER TABLE t DROP a",
                          "ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u", "CREATE TABLE t (a INT)",
                          "RENAME TABLE t TO u /*!80000 , v TO t */"})
    EXPECT_EQ(names(sql), N::kStay) << sql;
}

SqlDialect dialect(SqlDialect::Charset charset) { return {.charset = charset}; }

TEST(Dialect, backslashes_escape_or_do_not) {
  const char* sql =
      "CREATE TABLE t (p VARCHAR(9) DEFAULT 'C:\\', a INT, FOREIGN KEY (a) REFERENCES u (id) ON DELETE CASCADE)";
  const auto references = classify(sql, {.backslash_escapes = false}).references;
  EXPECT_EQ(references,
            (std::vector<Statement::Reference>{
                {.table = {"", "u"}, .on_delete = KeyAction::kCascade, .columns = {"a"}, .parent_columns = {"id"}}}));
  EXPECT_EQ(classify(sql).kind, StatementKind::kRowless) << "the text is left open: any table";
  EXPECT_TRUE(classify(sql).tables.empty());
}

TEST(Dialect, double_quotes_hold_names_or_strings) {
  const Statement names = classify("TRUNCATE TABLE \"shop\" . \"or\\ders\"", {.double_quotes_names = true});
  EXPECT_EQ(names.tables, (Names{{"shop", "or\\ders"}}));
  EXPECT_TRUE(passes("ADD c VARCHAR(40) DEFAULT \"x, DROP COLUMN d\""));
}

TEST(Dialect, characters_of_several_bytes_are_stepped_over_whole) {
  using enum SqlDialect::Charset;
  // The text ends in a byte that reads like a backslash; the name in one that reads like a backtick.
  for (const auto& [charset, character] : {std::pair(kGbk, "\x95\x5C"), std::pair(kBig5, "\xA4\x5C"),
                                           std::pair(kSjis, "\x95\x5C"), std::pair(kGb18030, "\x95\x5C")}) {
    const std::string text = std::string("ALTER TABLE t COMMENT '") + character + "', DROP COLUMN c";
    EXPECT_EQ(classify(text, dialect(charset)).what, "ALTER TABLE ... DROP COLUMN");
    const std::string tick(1, character[0]);
    const Statement named = classify("DROP TABLE `" + tick + "`` , t", dialect(charset));
    EXPECT_EQ(named.kind, StatementKind::kRowless);
    EXPECT_TRUE(named.tables.empty()) << "any table: its name in UTF-8 is not known";
    EXPECT_EQ(classify("DROP TABLE t, \xC4\xE3"
                       "b",
                       dialect(charset))
                  .tables.size(),
              0U);
  }
  EXPECT_EQ(classify("DROP TABLE `t`, \xE4\xBD\xA0").tables, (Names{{"", "t"}, {"", "\xE4\xBD\xA0"}}));
  EXPECT_EQ(character_size(kGb18030, "\x81\x30\x81\x30x"), 4U);
  EXPECT_EQ(character_size(kGb18030, "\x81\x30\x81"), 1U);
}

TEST(Dialect, is_made_from_what_query_events_hold) {
  EXPECT_EQ(
      make_dialect(ServerKind::kMysql, 1U << 20, 28),
      (SqlDialect{.backslash_escapes = false, .double_quotes_names = false, .charset = SqlDialect::Charset::kGbk}));
  EXPECT_EQ(make_dialect(ServerKind::kMariadb, 4, 45), (SqlDialect{.double_quotes_names = true}));
  EXPECT_EQ(make_dialect(ServerKind::kMysql, 0, 8).charset, SqlDialect::Charset::kOther);
  EXPECT_EQ(make_dialect(ServerKind::kMysql, 0, 248).charset, SqlDialect::Charset::kGb18030);
}

TEST(Dialect, a_mode_that_set_statement_sets_is_not_the_texts) {
  expect("SET STATEMENT sql_mode='' FOR ALTER TABLE t COMMENT 'a\\' DROP COLUMN c", StatementKind::kRowless);
  EXPECT_TRUE(classify("SET STATEMENT sql_mode='ANSI_QUOTES' FOR DROP TABLE `\"`").tables.empty());
}

TEST(Statement, versioned_comments_count_and_do_not) {
  expect("ALTER TABLE t ADD c INT /*!50701 , DROP COLUMN d */", StatementKind::kRowless, {{"", "t"}});
  expect("ALTER TABLE t /*!50701 ADD c INT, COMMENT */ DROP d", StatementKind::kRowless, {{"", "t"}});
  expect("DROP TABLE /*!50701 a, */ b", StatementKind::kRowless, {{"", "a"}, {"", "b"}});
  expect("DROP /*!40005 TEMPORARY */ TABLE IF EXISTS a", StatementKind::kRowless, {{"", "a"}});
}

TEST(Statement, only_a_create_table_that_ends_so_opens_a_transaction) {
  EXPECT_TRUE(classify("CREATE TABLE `t` (\n  `a` int\n) START TRANSACTION").opens_transaction);
  for (const char* sql : {"CREATE TABLE t (a INT) -- START TRANSACTION", "CREATE TABLE t (a INT) /* START TRANSACTION",
                          "CREATE TABLE t (a INT) COMMENT 'START TRANSACTION'", "ALTER TABLE t START TRANSACTION",
                          "CREATE TABLE t (a INT) # START TRANSACTION"})
    EXPECT_FALSE(classify(sql).opens_transaction) << sql;
}

TEST(Statement, nonsense_is_the_worst) {
  for (const std::string_view sql : {"", ";", "'", "`", "\"", "/*", "/*!", "--", "\\", "FROBNICATE t", "*/"}) {
    expect(sql, StatementKind::kOther);
  }
}

TEST(Statement, every_cut_of_a_statement_is_survived) {
  constexpr std::string_view kSql =
      "/*!50000 ALTER */ TABLE `s`.`t` EXCHANGE PARTITION p WITH TABLE \"u\" /* x */, COMMENT 'a\\'b''c' # end\n";
  for (std::size_t size = 0; size <= kSql.size(); ++size) (void)classify(std::string(kSql.substr(0, size)));
}

}  // namespace
}  // namespace farshore::binlog
