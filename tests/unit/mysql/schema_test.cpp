#include "mysql/schema.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

#include "mysql/server_info.hpp"
#include "scripted_server.hpp"

namespace farshore::mysql {
namespace {

using test::fails;
using test::Reply;
using test::rows;
using test::ScriptedServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Reply::Field kNull;

/// A server whose information_schema the test writes.
class InformationSchema : public ::testing::Test {
 protected:
  InformationSchema() : connection_(open()) {}
  Connection open() {
    auto connection = Connection::open(server_.endpoint(), {});
    if (!connection) throw std::runtime_error(connection.error().to_string());
    return std::move(*connection);
  }
  void answer(std::vector<std::vector<Reply::Field>> columns, std::vector<std::vector<Reply::Field>> keys) {
    server_.answer([columns, keys](const std::string& statement) {
      if (statement.contains("information_schema.TABLES")) {
        return rows({"ENGINE", "TABLE_TYPE"}, {{"InnoDB", "SYSTEM VERSIONED"}});
      }
      if (statement.contains("information_schema.TRIGGERS")) {
        return rows({"TRIGGER_NAME", "ACTION_STATEMENT"}, {{"count_it", "SET @n = 1"}});
      }
      if (statement.contains("information_schema.STATISTICS"))
        return rows({"INDEX_NAME", "COLUMN_NAME", "SUB_PART"}, keys);
      return rows({"COLUMN_NAME", "DATA_TYPE", "COLUMN_TYPE", "CHARACTER_SET_NAME", "COLLATION_NAME", "IS_NULLABLE",
                   "EXTRA", "COLUMN_DEFAULT", "GENERATION_EXPRESSION", "CHARACTER_OCTET_LENGTH", "NUMERIC_PRECISION",
                   "NUMERIC_SCALE", "DATETIME_PRECISION", "CHARACTER_MAXIMUM_LENGTH"},
                  columns);
    });
  }
  TableSchema read() {
    const auto table = read_table_schema(connection_, "shop", "orders");
    if (!table || !*table) throw std::runtime_error("the table was not read");
    return **table;
  }
  ScriptedServer server_;
  Connection connection_;
};

TEST_F(InformationSchema, DescribesTheColumns) {
  answer({{"id", "BIGINT", "bigint unsigned", kNull, kNull, "NO", "auto_increment", kNull, "", kNull, "20", "0", kNull,
           kNull},
          {"note", "varchar", "varchar(20)", "utf8mb4", "utf8mb4_bin", "YES", "", kNull, "", "80", kNull, kNull, kNull,
           "20"},
          {"total", "decimal", "decimal(10,2)", kNull, kNull, "NO", "", "0.00", "", kNull, "10", "2", kNull, kNull},
          {"at", "datetime", "datetime(3)", kNull, kNull, "NO", "", kNull, "", kNull, kNull, kNull, "3", kNull},
          {"sum", "int", "int(11)", kNull, kNull, "YES", "STORED GENERATED", kNull, "(1 + 1)", kNull, "10", "0", kNull,
           kNull},
          {"v", "float", "float(7,2)", kNull, kNull, "YES", "", kNull, "", kNull, "7", "2", kNull, kNull},
          {"e", "enum", "enum('a','it''s','')", "utf8mb4", "utf8mb4_bin", "YES", "", kNull, "", "16", kNull, kNull,
           kNull, "4"}},
         {});
  const TableSchema table = read();
  EXPECT_EQ(table.engine, "InnoDB");
  ASSERT_EQ(table.columns.size(), 7U);
  EXPECT_EQ(table.columns[0].data_type, "bigint");
  EXPECT_TRUE(table.columns[0].is_unsigned);
  EXPECT_TRUE(table.columns[0].auto_increment);
  EXPECT_TRUE(table.columns[0].has_default) << "the server numbers it";
  EXPECT_EQ(table.columns[1].collation, "utf8mb4_bin");
  EXPECT_EQ(table.columns[1].length_bytes, 80U);
  EXPECT_TRUE(table.columns[1].has_default) << "it may be NULL";
  EXPECT_EQ(table.columns[2].precision, 10U);
  EXPECT_EQ(table.columns[2].scale, 2U);
  EXPECT_TRUE(table.columns[2].has_default);
  EXPECT_EQ(table.columns[3].scale, 3U);
  EXPECT_FALSE(table.columns[3].has_default);
  EXPECT_FALSE(table.columns[3].generated);
  EXPECT_TRUE(table.columns[4].generated);
  EXPECT_EQ(table.columns[4].expression, "(1 + 1)");
  EXPECT_EQ(table.columns[1].length_characters, 20U);
  EXPECT_TRUE(table.columns[5].rounds);
  EXPECT_FALSE(table.columns[2].rounds);
  EXPECT_THAT(table.columns[6].labels(), ElementsAre("a", "it's", ""));
  EXPECT_TRUE(table.versioned);
  ASSERT_EQ(table.triggers.size(), 1U);
  EXPECT_EQ(table.triggers[0].name, "count_it");
}

TEST_F(InformationSchema, TellsThePrimaryKeyFromTheOthers) {
  answer({}, {{"PRIMARY", "b", kNull},
              {"PRIMARY", "a", "10"},
              {"by_code", "code", kNull},
              {"by_two", "x", kNull},
              {"by_two", "y", "5"},
              {"expression", kNull, kNull}});
  const TableSchema table = read();
  EXPECT_THAT(table.primary_key, ElementsAre("b", "a"));
  EXPECT_TRUE(table.primary_key_has_prefix);
  ASSERT_EQ(table.unique_keys.size(), 3U);
  EXPECT_THAT(table.unique_keys[0].columns, ElementsAre("code"));
  EXPECT_FALSE(table.unique_keys[0].has_prefix);
  EXPECT_THAT(table.unique_keys[1].columns, ElementsAre("x", "y"));
  EXPECT_TRUE(table.unique_keys[1].has_prefix);
  EXPECT_THAT(table.unique_keys[2].columns, ElementsAre(""));
}

TEST_F(InformationSchema, ATableThatIsNotThereIsNone) {
  server_.answer([](const std::string&) { return rows({"ENGINE"}, {}); });
  const auto table = read_table_schema(connection_, "sh'op", "orders");
  ASSERT_TRUE(table);
  EXPECT_FALSE(table->has_value());
  EXPECT_THAT(server_.take_statements(), ElementsAre(HasSubstr("TABLE_SCHEMA='sh\\'op' AND TABLE_NAME='orders'")));
}

TEST_F(InformationSchema, AnErrorIsNotAMissingTable) {
  server_.answer([](const std::string&) { return fails(1142, "SELECT command denied"); });
  EXPECT_FALSE(read_table_schema(connection_, "shop", "orders"));
}

TEST_F(InformationSchema, AForeignKeyOfSeveralColumnsIsOne) {
  server_.answer([](const std::string& statement) {
    if (statement.contains("SCHEMATA")) return rows({"s"}, {{"shop"}, {"sh'op"}});
    if (statement.contains("REFERENTIAL_CONSTRAINTS"))
      return rows({"a", "b", "c", "d", "e"}, {{"shop", "other", "fk_1", "RESTRICT", "NO ACTION"},
                                              {"shop", "gone", "fk_1", "RESTRICT", "CASCADE"},
                                              {"shop", "lines", "fk_1", "RESTRICT", "CASCADE"}});
    return rows({"a", "b", "c", "d", "e", "f", "g", "h"},
                {{"shop", "lines", "fk_1", "p", "shop", "orders", "part", "2"},
                 {"shop", "lines", "fk_1", "o", "shop", "orders", "id", "1"},
                 {"shop", "made", "fk_1", "o", "shop", "orders", "id", "1"},
                 {"shop", "other", "fk_1", "o", "shop", "orders", "id", "1"}});
  });
  const auto keys = read_foreign_keys(connection_);
  ASSERT_TRUE(keys);
  ASSERT_EQ(keys->size(), 2U) << "without those of which one query alone knew";
  EXPECT_THAT((*keys)[0].columns, ElementsAre("o", "p"));
  EXPECT_THAT((*keys)[0].parent_columns, ElementsAre("id", "part"));
  EXPECT_TRUE((*keys)[0].cascades());
  EXPECT_EQ((*keys)[1].table, "other");
  EXPECT_FALSE((*keys)[1].cascades());
  const auto asked = server_.take_statements();
  EXPECT_THAT(asked, Contains(HasSubstr("CONSTRAINT_SCHEMA='shop' UNION ALL ")));
  EXPECT_THAT(asked.back(), Not(HasSubstr("UNION"))) << "only schemas that have keys";
}

TEST_F(InformationSchema, WhatAServerSaysOfItself) {
  server_.answer([](const std::string&) {
    return rows(
        {"Variable_name", "Value"},
        {{"version", "10.11.19-MariaDB-0+deb12u1"}, {"server_id", "7"}, {"gtid_domain_id", "3"}, {"READ_ONLY", "OFF"}});
  });
  auto info = read_server_info(connection_);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->kind, ServerKind::kMariadb);
  EXPECT_EQ(info->version_number, 101'119U);
  EXPECT_TRUE(info->is_at_least(10, 11, 19));
  EXPECT_FALSE(info->is_at_least(11, 0));
  EXPECT_EQ(info->uuid, "7:3");
  EXPECT_FALSE(info->read_only);
  EXPECT_EQ(info->variable("read_only"), "OFF");
  EXPECT_EQ(info->variable("nothing"), "");
  server_.answer([](const std::string&) {
    return rows(
        {"Variable_name", "Value"},
        {{"version", "9.7.0"}, {"server_uuid", "3e11fa47-71ca-11e1-9e33-c80aa9429562"}, {"super_read_only", "ON"}});
  });
  info = read_server_info(connection_);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->kind, ServerKind::kMysql);
  EXPECT_EQ(info->uuid, "3e11fa47-71ca-11e1-9e33-c80aa9429562");
  EXPECT_TRUE(info->read_only);
}

TEST_F(InformationSchema, AServerIsReadOnlyInAnyDegreeThatIsNotOff) {
  const auto is_read_only = [&](const std::string& name, const std::string& value) {
    server_.answer([=](const std::string&) {
      return rows({"Variable_name", "Value"}, {{"version", "12.0.2-MariaDB"}, {name, value}});
    });
    return read_server_info(connection_).value().read_only;
  };
  for (const char* value : {"OFF", "0"}) EXPECT_FALSE(is_read_only("read_only", value)) << value;
  for (const char* value : {"ON", "1", "NO_LOCK", "NO_LOCK_NO_ADMIN", "A_DEGREE_OF_LATER"}) {
    EXPECT_TRUE(is_read_only("read_only", value)) << value;
    EXPECT_TRUE(is_read_only("super_read_only", value)) << value;
  }
}

TEST_F(InformationSchema, ThePositionHasNoLineBreaks) {
  server_.answer([](const std::string&) { return rows({"p"}, {{"3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,\n x:1"}}); });
  EXPECT_EQ(read_executed_position(connection_, ServerKind::kMysql), "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,x:1");
  EXPECT_EQ(read_executed_position(connection_, ServerKind::kMariadb), "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,x:1");
  EXPECT_THAT(server_.take_statements(),
              ElementsAre("SELECT @@GLOBAL.gtid_executed", "SELECT @@GLOBAL.gtid_binlog_pos"));
}

}  // namespace
}  // namespace farshore::mysql
