#include "apply/column_default.hpp"

#include <gmock/gmock.h>

namespace farshore::apply {
namespace {

using ::testing::HasSubstr;
using ConstantKind = ColumnConstant::Kind;

ColumnConstant number(std::string text) { return {.kind = ConstantKind::kNumber, .text = std::move(text)}; }
ColumnConstant text(std::string text) { return {.kind = ConstantKind::kText, .text = std::move(text)}; }
const ColumnConstant kNull;

mysql::ColumnSchema made_as(std::string type, std::optional<std::string> default_text = {}, bool nullable = true) {
  mysql::ColumnSchema column;
  column.name = "c";
  column.data_type = type.substr(0, type.find('('));
  column.column_type = std::move(type);
  column.nullable = nullable;
  column.default_text = std::move(default_text);
  return column;
}

TEST(DefaultOf, AColumnIsReadAsMariadbWritesIt) {
  const auto of = [](std::string type, std::optional<std::string> shown, bool nullable = true) {
    return default_of(made_as(std::move(type), std::move(shown), nullable), true);
  };
  EXPECT_EQ(of("int(11)", "NULL"), kNull);
  EXPECT_EQ(of("int(11)", {}, false), number("0"));
  EXPECT_EQ(of("varchar(9)", {}, false), text(""));
  EXPECT_EQ(of("enum('a','b')", {}, false), text("a"));
  EXPECT_EQ(of("int(11)", "-5"), number("-5"));
  EXPECT_EQ(of("varchar(9)", R"('it''s \\ \n')"), text("it's \\ \n"));
  EXPECT_EQ(of("varchar(9)", "'NULL'"), text("NULL"));
  EXPECT_EQ(of("bit(8)", "b'101'"), number("5"));
  EXPECT_EQ(of("varchar(9)", "x'4142'"), text("AB"));
  EXPECT_EQ(of("datetime", "'2020-01-01 00:00:00'"), text("2020-01-01 00:00:00"));
  EXPECT_EQ(of("varbinary(9)", "'ab'"), text("ab"));
  EXPECT_EQ(of("varbinary(9)", "'a?'"), std::nullopt) << "any byte";
  for (const char* expression : {"current_timestamp()", "uuid()", "(1 + 1)", "nextval(`s`)", "'a' 'b'"})
    EXPECT_EQ(of("varchar(40)", expression), std::nullopt) << expression;
}

TEST(DefaultOf, AColumnIsReadAsMysqlWritesIt) {
  const auto of = [](std::string type, std::optional<std::string> shown, bool is_expression = false) {
    mysql::ColumnSchema there = made_as(std::move(type), std::move(shown));
    there.default_is_expression = is_expression;
    return default_of(there, false);
  };
  EXPECT_EQ(of("int", {}), kNull);
  EXPECT_EQ(default_of(made_as("int", {}, false), false), number("0"));
  EXPECT_EQ(of("int", "5"), number("5"));
  EXPECT_EQ(of("varchar(9)", "it's"), text("it's"));
  EXPECT_EQ(of("varchar(9)", "NULL"), text("NULL")) << "four letters";
  EXPECT_EQ(of("varchar(9)", ""), text(""));
  EXPECT_EQ(of("bit(8)", "b'101'"), number("5"));
  EXPECT_EQ(of("varbinary(9)", "0x4100"), text(std::string("A\0", 2)));
  EXPECT_EQ(of("varbinary(9)", "0x"), text(""));
  EXPECT_EQ(of("text", R"(_utf8mb4\'x\')", true), text("x"));
  EXPECT_EQ(of("int", "7", true), number("7"));
  for (const char* expression : {"uuid()", "now()", "CURRENT_TIMESTAMP", R"(_utf8mb4\'it\\\'s\')"})
    EXPECT_EQ(of("varchar(40)", expression, true), std::nullopt) << expression;
}

TEST(DefaultOf, AColumnThatIsGeneratedOrCountsIsNoConstant) {
  mysql::ColumnSchema generated = made_as("int");
  generated.generated = true;
  EXPECT_EQ(default_of(generated, false), std::nullopt);
  mysql::ColumnSchema counts = made_as("int", {}, false);
  counts.auto_increment = true;
  EXPECT_EQ(default_of(counts, true), std::nullopt);
  EXPECT_EQ(default_of(made_as("json", {}, false), false), std::nullopt);
}

TEST(SameConstant, ByWhatTheTypeMakesOfIt) {
  const auto same = [](const std::string& type, const ColumnConstant& a, const ColumnConstant& b,
                       std::uint32_t scale = 0) {
    mysql::ColumnSchema there = made_as(type);
    there.scale = scale;
    if (type == "binary(4)") there.length_bytes = 4;
    EXPECT_EQ(is_same(there, a, there, b), is_same(there, b, there, a)) << type << " " << a.text << " " << b.text;
    return is_same(there, a, there, b);
  };
  EXPECT_TRUE(same("int", kNull, kNull));
  EXPECT_FALSE(same("int", kNull, number("0")));
  EXPECT_FALSE(same("varchar(9)", kNull, text("NULL")));
  EXPECT_FALSE(same("int", number("1"), number("2")));
  EXPECT_TRUE(same("int", number("1"), text("1")));
  EXPECT_TRUE(same("int", number("007"), text(" 7 ")));
  EXPECT_TRUE(same("int", number("1e3"), text("1000")));
  EXPECT_TRUE(same("int", number("1.5"), text("2")));
  EXPECT_TRUE(same("int", number("-0"), text("0")));
  EXPECT_TRUE(same("bigint", number("18446744073709551615"), text("18446744073709551615")));
  EXPECT_FALSE(same("bigint", number("18446744073709551615"), text("18446744073709551614")));
  EXPECT_TRUE(same("decimal(6,2)", number("-1.5"), text("-1.50"), 2));
  EXPECT_TRUE(same("decimal(6,2)", number("9.995"), text("10.00"), 2));
  EXPECT_TRUE(same("decimal(6,2)", number(".05"), number("5e-2"), 2));
  EXPECT_TRUE(same("decimal(6,2)", number("1e-9"), number("0"), 2));
  EXPECT_FALSE(same("decimal(6,2)", number("1.5"), text("1.51"), 2));
  EXPECT_TRUE(same("float", number("0.1"), text("0.1")));
  EXPECT_TRUE(same("double", number("1e3"), text("1000")));
  EXPECT_TRUE(same("double", number(".5"), number("+0.50")));
  EXPECT_FALSE(same("double", number("0.1"), number("0.2")));
  EXPECT_TRUE(same("bit(8)", number("97"), text("a")));
  EXPECT_TRUE(same("year", number("99"), number("1999")));
  EXPECT_TRUE(same("year", text("0"), text("2000")));
  EXPECT_FALSE(same("year", number("0"), text("2000")));
  EXPECT_TRUE(same("date", number("20200102"), text("2020-01-02")));
  EXPECT_TRUE(same("date", text("20-1-2"), text("2020-01-02")));
  EXPECT_FALSE(same("date", text("2020-01-02"), text("2020-01-03")));
  EXPECT_TRUE(same("datetime", text("2020-01-02"), text("2020-01-02 00:00:00")));
  EXPECT_TRUE(same("datetime(3)", text("2020-01-02T03:04:05"), text("2020-01-02 03:04:05.000")));
  EXPECT_TRUE(same("datetime", number("0"), text("0000-00-00 00:00:00")));
  EXPECT_FALSE(same("datetime", text("2020-01-02"), text("CURRENT_TIMESTAMP")));
  EXPECT_TRUE(same("time", text("1:02"), text("01:02:00")));
  EXPECT_TRUE(same("time", number("10203"), text("01:02:03.000")));
  EXPECT_FALSE(same("time", text("-1:02"), text("01:02:00")));
  EXPECT_TRUE(same("char(9)", text("a  "), text("a")));
  EXPECT_FALSE(same("varchar(9)", text("a "), text("a")));
  EXPECT_FALSE(same("varchar(9)", text("a"), text("A")));
  EXPECT_TRUE(same("varchar(9)", number("05.10"), text("5.10")));
  EXPECT_FALSE(same("varchar(9)", number("1e3"), text("1e3"))) << "the server writes it in its own way";
  EXPECT_TRUE(same("binary(4)", text("a"), text(std::string("a\0\0\0", 4))));
  EXPECT_FALSE(same("varbinary(4)", text("a"), text(std::string("a\0", 2))));
  EXPECT_TRUE(same("enum('New','old')", text("new "), text("New")));
  EXPECT_FALSE(same("enum('New','old')", text("new"), text("old")));
  EXPECT_TRUE(same("set('a','b')", text("b,a"), text("a,b")));
  EXPECT_FALSE(same("set('a','b')", text("b"), text("a,b")));
  EXPECT_TRUE(same("uuid", text("AB-cd"), text("ab-CD")));
  EXPECT_FALSE(same("point", text("x"), text("x"))) << "of what is not understood nothing is equal";
}

AddedColumn added(ColumnConstant constant, std::string type = "") {
  return {.name = "c", .constant = std::move(constant), .type = std::move(type)};
}

TEST(WhyOther, NamesColumnAndBothConstants) {
  EXPECT_EQ(why_other(made_as("int", "1"), added(number("1")), true), std::nullopt);
  EXPECT_EQ(why_other(made_as("int", "2"), added(number("1"), "int"), true),
            "column c was added with 1 for all rows at the origin, and has the default 2 here");
  EXPECT_EQ(why_other(made_as("varchar(9)", "NULL"), added(text("it's \xE4"), "varchar"), true),
            "column c was added with 'it's ?' for all rows at the origin, and has the default NULL here");
  EXPECT_THAT(why_other(made_as("datetime", "current_timestamp()"), added(kNull), true).value_or(""),
              HasSubstr("and its default here is no constant that is known"));
}

TEST(WhyOther, OneConstantIsTwoValuesInTwoTypes) {
  struct Pair {
    std::string type;  // at the origin
    ColumnConstant constant;
    mysql::ColumnSchema here;
    bool same;
  };
  const auto here = [](std::string type, std::string default_text, std::uint32_t scale = 0, bool rounds = false) {
    mysql::ColumnSchema column = made_as(std::move(type), std::move(default_text));
    column.scale = scale;
    column.rounds = rounds;
    if (column.data_type == "binary") column.length_bytes = 4;
    return column;
  };
  const std::vector<Pair> pairs = {
      {"int", number("1.5"), here("decimal(3,1)", "1.5", 1), false},
      {"decimal(3,1)", number("1.5"), here("int(11)", "1.5"), false},
      {"decimal(3,1)", number("1.5"), here("decimal(5,3)", "1.500", 3), true},
      {"decimal(5,1)", number("1.25"), here("decimal(5,2)", "1.25", 2), false},
      {"int", number("7"), here("bigint(20)", "7"), true},
      {"int", number("7"), here("decimal(10,0)", "7"), true},
      {"bigint", number("7"), here("double", "7"), true},
      {"tinyint", number("1"), here("bit(1)", "b'1'"), true},
      {"float", number("0.1"), here("float", "0.1"), true},
      {"float", number("0.1"), here("double", "0.1"), false},
      {"double", number("0.1"), here("float", "0.1"), false},
      {"float", number("0.5"), here("double", "0.5"), true},
      {"double(7,2)", number("1.239"), here("double", "1.239"), false},
      {"double(7,2)", number("1.239"), here("double(7,2)", "1.24", 2, true), true},
      {"double", number("1e300"), here("double", "1e300"), true},
      {"year", number("70"), here("int(11)", "70"), false},
      {"year", number("70"), here("int(11)", "1970"), true},
      {"date", text("2020-1-2"), here("datetime", "'2020-01-02 00:00:00'"), true},
      {"datetime(0)", text("2020-01-02 03:04:05"), here("date", "'2020-01-02'"), false},
      {"date", text("2020-01-02"), here("varchar(19)", "'2020-01-02'"), false},  // not plain to see
      {"datetime(0)", text("2020-01-02 03:04:05"), here("timestamp", "'2020-01-02 03:04:05'"), false},
      {"char(9)", text("a "), here("varchar(9)", "'a '"), false},
      {"char(9)", text("a "), here("varchar(9)", "'a'"), true},
      {"varchar", text("a "), here("char(9)", "'a '"), false},
      {"varchar", text("a"), here("text", "'a'"), true},
      {"varchar", text("5"), here("int(11)", "5"), false},  // nor that
      {"binary(4)", text("a"), here("binary(4)", "'a'"), true},
      {"binary(4)", text("a"), here("varbinary(4)", "'a'"), false},
      {"varbinary", text("a"), here("binary(4)", "'a'"), false},
      {"enum('New','old')", text("new"), here("enum('New','old')", "'new'"), true},
      {"enum('New','old')", text("new"), here("enum('new','old')", "'new'"), false},
      {"enum('New','old')", text("new"), here("varchar(9)", "'new'"), false},
      {"enum('New','old')", text("new"), here("varchar(9)", "'New'"), true},
      {"set('p','q')", text("q,p"), here("set('p','q','r')", "'p,q'"), true},
      {"uuid", text("a"), here("inet6", "'a'"), false},
      {"binary(4294967295)", text("a"), here("varbinary(9)", "'a'"), false},
      {"decimal(1,4294967295)", number("1"), here("int(11)", "1"), false},
      {"decimal(1,99999999999)", number("1"), here("int(11)", "1"), false},
      {"decimal(", number("1"), here("int(11)", "1"), false},
  };
  for (const Pair& pair : pairs)
    EXPECT_EQ(!why_other(pair.here, added(pair.constant, pair.type), true).has_value(), pair.same)
        << pair.type << " " << pair.constant.text << " | " << pair.here.column_type << " "
        << pair.here.default_text.value_or("");
  EXPECT_EQ(why_other(here("int(11)", "1.5"), added(number("1.5"), "decimal(3,1)"), true),
            "column c was added as decimal(3,1) with 1.5 for all rows at the origin, and is int(11) here, and has the "
            "default 1.5 here");
}

}  // namespace
}  // namespace farshore::apply
