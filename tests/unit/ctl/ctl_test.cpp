#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/ctl/record_file.hpp"
#include "services/ctl/sql_script.hpp"
#include "services/ctl/table.hpp"

namespace farshore::ctl {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(SqlScript, IsSplitAtSemicolonsOutsideQuotesAndComments) {
  EXPECT_THAT(split_statements("A;\n-- a; comment's\nB 'x;''y' ;; C \"d;\\\"e\" `f;g`"),
              ElementsAre("A", "B 'x;''y'", "C \"d;\\\"e\" `f;g`"));
  EXPECT_THAT(split_statements("-- nothing\n"), IsEmpty());
  EXPECT_THAT(split_statements("A 'open"), ElementsAre("A 'open"));
}

TEST(SqlScript, OfTheFarshoreSchemaIsInTheProgram) {
  const auto statements = split_statements(farshore_schema_sql());
  EXPECT_THAT(statements, Contains(StartsWith("CREATE DATABASE IF NOT EXISTS farshore")));
  EXPECT_THAT(statements, Contains(StartsWith("CREATE TABLE IF NOT EXISTS farshore.progress")));
  for (const std::string& statement : statements) EXPECT_THAT(statement, StartsWith("CREATE "));
}

TEST(RecordFile, ReadsBackWhatItWrote) {
  std::string bytes;
  append_record("header", "value", bytes);
  append_record("", "", bytes);
  const auto records = split_records(bytes);
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 2U);
  EXPECT_EQ(records->at(0).header, "header");
  EXPECT_EQ(records->at(0).value, "value");
  EXPECT_EQ(records->at(1).value, "");
}

TEST(RecordFile, SaysWhereItIsCut) {
  std::string bytes;
  append_record("header", "value", bytes);
  const std::size_t first = bytes.size();
  append_record("header", "value", bytes);
  for (std::size_t cut = first + 1; cut < bytes.size(); ++cut) {
    const auto records = split_records(std::string_view(bytes).substr(0, cut));
    ASSERT_FALSE(records) << cut;
    EXPECT_THAT(records.error(), HasSubstr("byte 19"));
  }
}

TEST(Table, IsAsWideAsItsCells) {
  Table table({"a", "bb"});
  table.add({"long", "x\ny"});
  EXPECT_EQ(table.text(), "a     bb\nlong  x y\n");
}

}  // namespace
}  // namespace farshore::ctl
