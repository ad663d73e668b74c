#include "binlog/added_column.hpp"

#include <gtest/gtest.h>

#include "binlog/statement.hpp"

namespace farshore::binlog {
namespace {

using Added = std::vector<AddedColumn>;

bool passes(const std::string& clauses) {
  const Statement statement = classify("ALTER TABLE t " + clauses);
  EXPECT_TRUE(statement.tables.empty() || statement.tables.front() == (TableName{"", "t"})) << clauses;
  return statement.kind == StatementKind::kTableDdl;
}

Added added(const std::string& clauses, const SqlDialect& dialect = {}) {
  return classify("ALTER TABLE t " + clauses, dialect).added_columns;
}
AddedColumn null_of(std::string name) { return {.name = std::move(name), .constant = {}, .type = {}}; }
AddedColumn number(std::string name, std::string text, std::string type = "int") {
  return {.name = std::move(name),
          .constant = {.kind = ColumnConstant::Kind::kNumber, .text = std::move(text)},
          .type = std::move(type)};
}
AddedColumn text(std::string name, std::string text, std::string type = "varchar") {
  return {.name = std::move(name),
          .constant = {.kind = ColumnConstant::Kind::kText, .text = std::move(text)},
          .type = std::move(type)};
}

TEST(AddedColumns, says_what_all_rows_get_in_a_column_that_is_added) {
  EXPECT_EQ(added("ADD c INT"), Added{null_of("c")});
  EXPECT_EQ(added("ADD c TIMESTAMP NULL, ADD INDEX (b)"), Added{null_of("c")});
  EXPECT_EQ(added("ADD COLUMN (a INT, `B c` INT DEFAULT 3)"), (Added{null_of("a"), number("B c", "3")}));
  EXPECT_EQ(added("ADD COLUMN IF NOT EXISTS c INT DEFAULT 1 COMMENT 'NOT NULL' AFTER b"), Added{number("c", "1")});
  EXPECT_EQ(added("ADD c INT NOT NULL"), Added{number("c", "0")});
  EXPECT_EQ(added("ADD c VARCHAR(9) NOT NULL"), Added{text("c", "")});
  EXPECT_EQ(added("ADD c INT DEFAULT 1 CHECK (c > 0)"), Added{number("c", "1")});
  EXPECT_EQ(added("ADD c INT AS (a + 1) VIRTUAL, ADD INDEX (c)"), Added()) << "it is computed where it is read";
  EXPECT_EQ(added("ALTER c SET DEFAULT 5"), Added());
  EXPECT_EQ(classify("CREATE TABLE t (a INT DEFAULT 5)").added_columns, Added());
}

TEST(AddedColumns, reads_constants_as_the_servers_do) {
  const auto constant = [](const std::string& definition) {
    const Added columns = added("ADD c " + definition);
    EXPECT_EQ(columns.size(), 1U) << definition;
    return columns.empty() ? null_of("c") : columns.front();
  };
  EXPECT_EQ(constant("INT DEFAULT -5"), number("c", "-5"));
  EXPECT_EQ(constant("INT DEFAULT +5 NOT NULL"), number("c", "5"));
  EXPECT_EQ(constant("DECIMAL(4,2) DEFAULT - 1.50"), number("c", "-1.50", "decimal(4,2)"));
  EXPECT_EQ(constant("DOUBLE DEFAULT .5"), number("c", ".5", "double"));
  EXPECT_EQ(constant("DOUBLE DEFAULT 1. NOT NULL"), number("c", "1.", "double"));
  EXPECT_EQ(constant("DOUBLE DEFAULT 1.5e-3"), number("c", "1.5e-3", "double"));
  EXPECT_EQ(constant("DOUBLE DEFAULT 1E+3"), number("c", "1E+3", "double"));
  EXPECT_EQ(constant("DOUBLE DEFAULT 2e7 COMMENT 'e'"), number("c", "2e7", "double"));
  EXPECT_EQ(constant("BOOL DEFAULT TRUE"), number("c", "1", "tinyint"));
  EXPECT_EQ(constant("BIT(8) DEFAULT b'101'"), number("c", "5", "bit(8)"));
  EXPECT_EQ(constant("INT DEFAULT 0x1F"), number("c", "31"));
  EXPECT_EQ(constant("VARCHAR(9) DEFAULT x'4142'"), text("c", "AB"));
  EXPECT_EQ(constant("VARBINARY(9) DEFAULT 0x142"), text("c", "\x01\x42", "varbinary"));
  EXPECT_EQ(constant("VARCHAR(9) DEFAULT 0b1000001"), text("c", "A"));
  EXPECT_EQ(constant("VARCHAR(9) DEFAULT 'it''s' NOT NULL"), text("c", "it's"));
  EXPECT_EQ(constant("VARCHAR(9) DEFAULT 'a' \"b\" 'c'"), text("c", "abc"));
  EXPECT_EQ(constant(R"(VARCHAR(99) DEFAULT 'a\nb\\c\'d\0e\%f\qg')"), text("c", std::string("a\nb\\c'd\0e\\%fqg", 14)));
  EXPECT_EQ(constant("VARCHAR(9) DEFAULT _utf8mb4'\u00e4'"), text("c", "\u00e4"));
  EXPECT_EQ(constant("VARCHAR(9) DEFAULT _latin1'x'"), text("c", "x"));
  EXPECT_EQ(constant("VARCHAR(9) DEFAULT N'x'"), text("c", "x"));
  EXPECT_EQ(constant("DATE DEFAULT 20200101"), number("c", "20200101", "date"));
  EXPECT_EQ(added("ADD c VARCHAR(9) DEFAULT 'a\\'", {.backslash_escapes = false}), Added{text("c", "a\\")});
}

TEST(AddedColumns, says_the_type_that_decides_what_a_constant_means) {
  const auto type = [](const std::string& definition, const SqlDialect& dialect = {}) {
    const Added columns = added("ADD c " + definition, dialect);
    return columns.empty() ? "(none)" : columns.front().type;
  };
  EXPECT_EQ(type("DECIMAL DEFAULT 1"), "decimal(10,0)");
  EXPECT_EQ(type("DEC(0) DEFAULT 1"), "decimal(10,0)");
  EXPECT_EQ(type("NUMERIC (5) UNSIGNED DEFAULT 1"), "decimal(5,0)");
  EXPECT_EQ(type("INTEGER(5) UNSIGNED ZEROFILL DEFAULT 1"), "int");
  EXPECT_EQ(type("FLOAT DEFAULT 1"), "float");
  EXPECT_EQ(type("FLOAT(24) DEFAULT 1"), "float");
  EXPECT_EQ(type("FLOAT(25) DEFAULT 1"), "double");
  EXPECT_EQ(type("FLOAT(7,2) DEFAULT 1"), "float(7,2)");
  EXPECT_EQ(type("DOUBLE PRECISION DEFAULT 1"), "double");
  EXPECT_EQ(type("DOUBLE PRECISION (7,2) DEFAULT 1"), "double(7,2)");
  EXPECT_EQ(type("BIT DEFAULT 1"), "bit(1)");
  EXPECT_EQ(type("YEAR(4) DEFAULT 1"), "year");
  EXPECT_EQ(type("DATETIME(3) DEFAULT '2020-01-02'"), "datetime(3)");
  EXPECT_EQ(type("TIME DEFAULT '1:02'"), "time(0)");
  EXPECT_EQ(type("CHAR DEFAULT 'a'"), "char(1)");
  EXPECT_EQ(type("CHARACTER VARYING(9) DEFAULT 'a'"), "varchar");
  EXPECT_EQ(type("NATIONAL CHAR VARYING(9) DEFAULT 'a'"), "varchar");
  EXPECT_EQ(type("NVARCHAR(9) DEFAULT 'a'"), "varchar");
  EXPECT_EQ(type("BINARY(4) DEFAULT 'a'"), "binary(4)");
  EXPECT_EQ(type("ENUM ('it''s', \"a,)\" , 'b' 'c') DEFAULT 'bc'"), "enum('it''s','a,)','bc')");
  EXPECT_EQ(type("SET('p','q') CHARACTER SET latin1 DEFAULT 'p'"), "set('p','q')");
  EXPECT_EQ(type("INET6 NULL DEFAULT '::'"), "inet6");
  EXPECT_EQ(type("JSON DEFAULT '{}'"), "json");
  EXPECT_EQ(type("INT"), "") << "NULL is NULL in every type";
  EXPECT_EQ(type("REAL"), "");
  for (const char* definition : {"REAL DEFAULT 1", "CHAR(9) CHARACTER SET binary DEFAULT 'a'",
                                 "CHAR(9) BYTE DEFAULT 'a'", "VARCHAR2(9) DEFAULT 'a'", "ENUM(x'61') DEFAULT 'a'",
                                 "LONG VARCHAR DEFAULT 'a'", "DATE DEFAULT '2020-01-02 03:04:05'"})
    EXPECT_FALSE(passes("ADD c " + std::string(definition))) << definition;
  EXPECT_EQ(type("ENUM('\xE4') DEFAULT 'a'", {.charset = SqlDialect::Charset::kOther}), "(none)");
}

TEST(AddedColumns, a_constant_that_is_not_plain_to_see_does_not_pass) {
  const SqlDialect latin1{.charset = SqlDialect::Charset::kOther};
  for (const char* clauses :
       {"ADD c VARCHAR(9) DEFAULT _latin1'\xE4'", "ADD c VARCHAR(9) DEFAULT _ucs2'ab'", "ADD c INT DEFAULT 1 + 1",
        "ADD c INT DEFAULT x'112233445566778899'", "ADD c INT DEFAULT 1, ALTER COLUMN C SET DEFAULT 5",
        "ADD c INT /*!80000 DEFAULT 1 */", "ADD c INT /*!80000 NOT NULL */, ADD INDEX (b)"}) {
    EXPECT_FALSE(passes(clauses)) << clauses;
    EXPECT_EQ(added(clauses), Added()) << clauses;
  }
  EXPECT_TRUE(passes("ADD c VARCHAR(9) DEFAULT '" + std::string(4'096, 'x') + "'"));
  EXPECT_FALSE(passes("ADD c VARCHAR(9) DEFAULT '" + std::string(4'097, 'x') + "'"));
  EXPECT_TRUE(passes("ADD c INT /*!80023 INVISIBLE */ DEFAULT 1")) << "the same by both readings";
  EXPECT_EQ(classify("ALTER TABLE t ADD c CHAR(9) DEFAULT '\xE4'", latin1).kind, StatementKind::kRowless);
  EXPECT_EQ(classify("ALTER TABLE t ADD \xE4 INT", latin1).kind, StatementKind::kRowless);
  const Statement of_any = classify("ALTER TABLE \xE4 ADD c INT", latin1);
  EXPECT_EQ(of_any.kind, StatementKind::kRowless) << "of a table that is not known";
  EXPECT_TRUE(of_any.tables.empty());
}

}  // namespace
}  // namespace farshore::binlog
