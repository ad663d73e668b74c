#include "binlog/statement.hpp"

#include <gtest/gtest.h>

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
  expect("TRUNCATE orders", StatementKind::kTruncate, {{"", "orders"}});
  expect("truncate table `shop`.`or``ders`", StatementKind::kTruncate, {{"shop", "or`ders"}});
  expect("TRUNCATE TABLE \"shop\" . \"orders\"", StatementKind::kTruncate, {{"shop", "orders"}});
}

TEST(Statement, comments_are_passed_over_and_versioned_ones_count) {
  expect("/* TRUNCATE x */ -- more\n # and more\n TRUNCATE /*!50000 TABLE */ orders", StatementKind::kTruncate,
         {{"", "orders"}});
  expect("/*!80000 TRUNCATE TABLE orders */", StatementKind::kTruncate, {{"", "orders"}});
  expect("/*M!100100 TRUNCATE TABLE orders */", StatementKind::kTruncate, {{"", "orders"}});
  expect("/* never closed TRUNCATE orders", StatementKind::kOther);
}

TEST(Statement, dashes_begin_a_comment_before_any_blank_or_control_character) {
  expect("--\r\n-- Table structure\r\n--\r\nCREATE TABLE t (a INT)", StatementKind::kTableDdl, {{"", "t"}});
  for (const char c : {' ', '\t', '\n', '\r', '\v', '\f', '\x01', '\x7F'}) {
    expect(std::string("--") + c + "\nTRUNCATE t", StatementKind::kTruncate, {{"", "t"}});
  }
  expect("TRUNCATE t --", StatementKind::kTruncate, {{"", "t"}});
  expect("--5\nTRUNCATE t", StatementKind::kOther);
}

TEST(Statement, versions_that_no_server_has_make_a_plain_comment) {
  expect("/*M!999999\\- enable the sandbox mode */ CREATE TABLE t (a INT)", StatementKind::kTableDdl, {{"", "t"}});
  expect("/*!99999 x */ TRUNCATE t", StatementKind::kTruncate, {{"", "t"}});
}

TEST(Statement, partition_statements_that_move_rows_are_told_apart) {
  expect("ALTER TABLE t DROP PARTITION p0", StatementKind::kPartitionDataChange, {{"", "t"}});
  expect("ALTER TABLE s.t TRUNCATE PARTITION ALL", StatementKind::kPartitionDataChange, {{"s", "t"}});
  expect("ALTER TABLE t EXCHANGE PARTITION p0 WITH TABLE s.u WITHOUT VALIDATION", StatementKind::kPartitionDataChange,
         {{"", "t"}, {"s", "u"}});
  expect("ALTER TABLE t CONVERT PARTITION p0 TO TABLE u", StatementKind::kPartitionDataChange, {{"", "t"}, {"", "u"}});
  expect("ALTER TABLE t CONVERT TABLE u TO PARTITION p0 VALUES LESS THAN (5)", StatementKind::kPartitionDataChange,
         {{"", "t"}, {"", "u"}});
  expect("ALTER TABLE t DISCARD TABLESPACE", StatementKind::kPartitionDataChange, {{"", "t"}});
  expect("ALTER TABLE t IMPORT PARTITION p0 TABLESPACE", StatementKind::kPartitionDataChange, {{"", "t"}});
}

TEST(Statement, what_stands_behind_set_statement_counts) {
  expect("SET STATEMENT lock_wait_timeout=5 FOR TRUNCATE TABLE s.t", StatementKind::kTruncate, {{"s", "t"}});
  expect("SET STATEMENT sql_mode='FOR x', max_statement_time=1 FOR ALTER TABLE t DROP PARTITION p0",
         StatementKind::kPartitionDataChange, {{"", "t"}});
  expect("SET STATEMENT binlog_format='STATEMENT' FOR INSERT INTO t VALUES (1)", StatementKind::kDml, {{"", "t"}});
  expect("SET STATEMENT a=1", StatementKind::kOther);
  expect("SET STATEMENT a=1 FOR SET STATEMENT b=1 FOR (TRUNCATE t", StatementKind::kTruncate, {{"", "t"}});
}

TEST(Statement, set_statement_may_stand_before_itself_any_number_of_times) {
  std::string sql;
  for (int i = 0; i < 1'000'000; ++i) sql += "SET STATEMENT a=1 FOR ";
  expect(sql + "TRUNCATE t", StatementKind::kTruncate, {{"", "t"}});
}

TEST(Statement, analyze_of_a_change_is_that_change) {
  expect("ANALYZE UPDATE t SET c = 1", StatementKind::kDml);
  expect("ANALYZE FORMAT=JSON DELETE FROM t", StatementKind::kDml);
  expect("ANALYZE NO_WRITE_TO_BINLOG TABLE t", StatementKind::kOtherDdl);
}

TEST(Statement, alter_ignore_may_remove_rows) {
  expect("ALTER IGNORE TABLE t ADD UNIQUE (c)", StatementKind::kPartitionDataChange, {{"", "t"}});
  expect("ALTER ONLINE IGNORE TABLE t ADD UNIQUE (c)", StatementKind::kPartitionDataChange, {{"", "t"}});
}

TEST(Statement, partition_statements_that_keep_rows_are_ordinary_ddl) {
  expect("ALTER TABLE t ADD PARTITION (PARTITION p1 VALUES LESS THAN (10))", StatementKind::kTableDdl, {{"", "t"}});
  expect("ALTER TABLE t REORGANIZE PARTITION p0 INTO (PARTITION p1 VALUES LESS THAN (10))", StatementKind::kTableDdl,
         {{"", "t"}});
  expect("ALTER TABLE t ADD COLUMN c INT COMMENT 'DROP PARTITION p0'", StatementKind::kTableDdl, {{"", "t"}});
  expect("ALTER TABLE t ADD COLUMN c INT COMMENT 'it''s \\' DROP PARTITION p0'", StatementKind::kTableDdl, {{"", "t"}});
  expect("ALTER TABLE t DROP COLUMN `PARTITION`", StatementKind::kTableDdl, {{"", "t"}});
}

TEST(Statement, table_ddl_names_its_tables) {
  expect("CREATE TABLE IF NOT EXISTS s.t (id INT)", StatementKind::kTableDdl, {{"s", "t"}});
  expect("CREATE OR REPLACE TABLE t (id INT)", StatementKind::kTableDdl, {{"", "t"}});
  expect("CREATE TABLE t LIKE u", StatementKind::kTableDdl, {{"", "t"}});
  expect("DROP TABLE IF EXISTS `a`,`s`.`b` /* generated by server */", StatementKind::kTableDdl,
         {{"", "a"}, {"s", "b"}});
  expect("RENAME TABLE a TO b, s.c TO s.d", StatementKind::kTableDdl, {{"", "a"}, {"", "b"}, {"s", "c"}, {"s", "d"}});
  expect("ALTER TABLE a RENAME TO s.b", StatementKind::kTableDdl, {{"", "a"}, {"s", "b"}});
  expect("ALTER TABLE a RENAME COLUMN x TO y", StatementKind::kTableDdl, {{"", "a"}});
  expect("ALTER ONLINE TABLE IF EXISTS a ADD INDEX (b)", StatementKind::kTableDdl, {{"", "a"}});
  expect("CREATE UNIQUE INDEX i ON s.t (a)", StatementKind::kTableDdl, {{"s", "t"}});
  expect("DROP INDEX i ON t", StatementKind::kTableDdl, {{"", "t"}});
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
       {"CREATE DATABASE d", "DROP SCHEMA d", "CREATE USER u", "GRANT ALL ON *.* TO u", "CREATE VIEW v AS SELECT 1",
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

TEST(Statement, parents_of_cascading_keys_are_told_from_those_of_keys_that_forbid) {
  const auto parents = [](std::string_view sql) { return classify(sql).cascading_parents; };
  EXPECT_EQ(parents("CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES s.u (a) ON DELETE CASCADE,"
                    " FOREIGN KEY (b) REFERENCES v (b), FOREIGN KEY (c) REFERENCES w (c) ON DELETE RESTRICT"
                    " ON UPDATE SET /* x */\n NULL)"),
            (Names{{"s", "u"}, {"", "w"}}));
  EXPECT_EQ(parents("CREATE TABLE t (a INT REFERENCES `u` MATCH FULL on update cascade on delete no action)"),
            (Names{{"", "u"}}));
  EXPECT_EQ(parents("ALTER TABLE t ADD FOREIGN KEY (a, b) REFERENCES u (a, b) ON DELETE SET DEFAULT"),
            (Names{{"", "u"}}));
  EXPECT_EQ(parents("ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u (a) ON DELETE NO ACTION, "
                    "ADD b TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT 'ON DELETE CASCADE'"),
            Names{});
  EXPECT_EQ(parents("ALTER TABLE t DROP FOREIGN KEY f, DROP COLUMN c CASCADE"), Names{});
}

TEST(Statement, renames_go_in_pairs) {
  using Renames = std::vector<Statement::Rename>;
  EXPECT_EQ(classify("RENAME TABLE a TO b, s.c WAIT 5 TO s.d").renames,
            (Renames{{{"", "a"}, {"", "b"}}, {{"s", "c"}, {"s", "d"}}}));
  EXPECT_EQ(classify("ALTER TABLE a ADD c INT, RENAME AS b").renames, (Renames{{{"", "a"}, {"", "b"}}}));
  EXPECT_EQ(classify("ALTER TABLE a RENAME COLUMN b TO c").renames, Renames{});
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
