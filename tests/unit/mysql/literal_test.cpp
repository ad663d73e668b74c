#include "mysql/literal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

namespace farshore::mysql {
namespace {

using namespace std::string_literals;

Column value_column(ColumnType type, std::string charset = "", std::vector<std::string> labels = {}) {
  Column made;
  made.name = "c";
  made.type = type;
  made.charset = std::move(charset);
  made.labels = std::move(labels);
  return made;
}

/// The literal, or nothing when the value does not belong to the column.
std::optional<std::string> literal(const Column& of, const Value& value) {
  std::string out = "before ";
  if (!LiteralWriter(of).append(value, out)) {
    EXPECT_EQ(out, "before ") << "nothing is written when the value is refused";
    return std::nullopt;
  }
  EXPECT_EQ(out.substr(0, 7), "before ") << "a literal is appended";
  return out.substr(7);
}

// --- names and texts

TEST(Identifiers, DoubleTheirBackticks) {
  EXPECT_EQ(quote_identifier("id"), "`id`");
  EXPECT_EQ(quote_identifier("a`b``"), "`a``b`````");
  EXPECT_EQ(quote_identifier("x' -- \\"), "`x' -- \\`");
  std::string out;
  append_table_name("sh`op", "orders", out);
  EXPECT_EQ(out, "`sh``op`.`orders`");
}

TEST(Texts, EscapeWhatWouldEndThemOrBeReadOtherwise) {
  EXPECT_EQ(text_literal(""), "''");
  EXPECT_EQ(text_literal("it's"), "'it\\'s'");
  EXPECT_EQ(text_literal("a\\"), "'a\\\\'");
  EXPECT_EQ(text_literal("a\0b\nc\rd\x1A"s), "'a\\0b\\nc\\rd\\Z'");
  EXPECT_EQ(text_literal("\"%_`;--"), "'\"%_`;--'");
}

TEST(Texts, LeaveEveryOtherByteAsItIs) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  std::string out;
  append_escaped(all, out);
  std::string back;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] != '\\') {
      EXPECT_NE(out[i], '\'');
      back.push_back(out[i]);
      continue;
    }
    const char c = out[++i];
    back.push_back(c == '0' ? '\0' : c == 'n' ? '\n' : c == 'r' ? '\r' : c == 'Z' ? '\x1A' : c);
  }
  EXPECT_EQ(back, all);
}

TEST(Texts, BinaryOnesSayThatTheyAre) {
  std::string out;
  append_binary_literal("\xFF'\0"s, out);
  EXPECT_EQ(out, "_binary'\xFF\\'\\0'");
}

// --- values

TEST(Literals, NullIsNullInEveryColumn) {
  for (int type = 1; type <= 20; ++type) {
    EXPECT_EQ(literal(value_column(static_cast<ColumnType>(type)), Value::null()), "NULL");
  }
}

TEST(Literals, IntegersToTheirExtremes) {
  const Column bigint = value_column(ColumnType::kBigint);
  EXPECT_EQ(literal(bigint, Value::of_int(std::numeric_limits<std::int64_t>::min())), "-9223372036854775808");
  EXPECT_EQ(literal(bigint, Value::of_int(std::numeric_limits<std::int64_t>::max())), "9223372036854775807");
  EXPECT_EQ(literal(bigint, Value::of_uint(std::numeric_limits<std::uint64_t>::max())), "18446744073709551615");
  for (const ColumnType type :
       {ColumnType::kTinyint, ColumnType::kSmallint, ColumnType::kMediumint, ColumnType::kInt}) {
    EXPECT_EQ(literal(value_column(type), Value::of_int(-1)), "-1");
    EXPECT_EQ(literal(value_column(type), Value::of_uint(255)), "255");
  }
}

TEST(Literals, YearsAndBitsAreNumbers) {
  EXPECT_EQ(literal(value_column(ColumnType::kYear), Value::of_uint(0)), "0");
  EXPECT_EQ(literal(value_column(ColumnType::kYear), Value::of_uint(2155)), "2155");
  EXPECT_EQ(literal(value_column(ColumnType::kBit), Value::of_uint(~0ULL)), "18446744073709551615");
}

TEST(Literals, DoublesReadBackAsTheSameBits) {
  for (const double number :
       {0.0, 0.1, -1.5, 1e22, 123456789.0, std::numeric_limits<double>::max(), std::numeric_limits<double>::lowest(),
        std::numeric_limits<double>::denorm_min(), std::numeric_limits<double>::epsilon(), 2.0 / 3}) {
    const auto text = literal(value_column(ColumnType::kDouble), Value::of_double(number));
    ASSERT_TRUE(text);
    EXPECT_NE(text->find('e'), std::string::npos) << *text << ": without an exponent it would be a DECIMAL";
    EXPECT_EQ(std::bit_cast<std::uint64_t>(std::strtod(text->c_str(), nullptr)), std::bit_cast<std::uint64_t>(number))
        << *text;
  }
  EXPECT_EQ(literal(value_column(ColumnType::kDouble), Value::of_double(0.1)), "1e-01");
  EXPECT_EQ(literal(value_column(ColumnType::kDouble), Value::of_double(-0.0)), "-0e+00");
}

TEST(Literals, FloatsAreWrittenAsTheDoubleThatTheyAre) {
  for (const float number :
       {0.1F, 16777217.0F, std::numeric_limits<float>::max(), std::numeric_limits<float>::denorm_min(), -3.25F}) {
    const auto text = literal(value_column(ColumnType::kFloat), Value::of_float(number));
    ASSERT_TRUE(text);
    EXPECT_EQ(std::strtod(text->c_str(), nullptr), double{number})
        << *text << ": a comparison with the column must find it";
  }
}

TEST(Literals, WhatIsNoNumberIsRefused) {
  EXPECT_FALSE(literal(value_column(ColumnType::kDouble), Value::of_double(std::nan(""))));
  EXPECT_FALSE(literal(value_column(ColumnType::kDouble), Value::of_double(std::numeric_limits<double>::infinity())));
  EXPECT_FALSE(literal(value_column(ColumnType::kFloat), Value::of_float(-std::numeric_limits<float>::infinity())));
}

TEST(Literals, DecimalsAreNumbersWithAllTheirDigits) {
  const Column decimal = value_column(ColumnType::kDecimal);
  EXPECT_EQ(literal(decimal, Value::of_text("-199.90")), "-199.90");
  EXPECT_EQ(literal(decimal, Value::of_text("0")), "0");
  const std::string longest = std::string(35, '9') + "." + std::string(30, '9');
  EXPECT_EQ(literal(decimal, Value::of_text(longest)), longest);
}

TEST(Literals, ADecimalThatIsNotOneDoesNotGetIntoTheStatement) {
  for (const char* const text : {"", "-", ".", ".5", "5.", "1e5", "+1", "--1", "1 OR 1=1", "1;DROP TABLE t", "1.2.3",
                                 "0x10", "NULL", " 1", "1-1", "1/*", "NaN"}) {
    EXPECT_FALSE(literal(value_column(ColumnType::kDecimal), Value::of_text(text))) << text;
  }
}

TEST(Literals, TemporalsAndJsonAreEscapedTexts) {
  EXPECT_EQ(literal(value_column(ColumnType::kDate), Value::of_text("0000-00-00")), "'0000-00-00'");
  EXPECT_EQ(literal(value_column(ColumnType::kTime), Value::of_text("-838:59:59.999999")), "'-838:59:59.999999'");
  EXPECT_EQ(literal(value_column(ColumnType::kDatetime), Value::of_text("2026-01-02 03:04:05.678901")),
            "'2026-01-02 03:04:05.678901'");
  EXPECT_EQ(literal(value_column(ColumnType::kTimestamp), Value::of_text("2038-01-19 03:14:07")),
            "'2038-01-19 03:14:07'");
  EXPECT_EQ(literal(value_column(ColumnType::kJson), Value::of_text(R"({"a": "it's \"x\""})")),
            R"('{"a": "it\'s \\"x\\""}')");
}

TEST(Literals, CharactersKeepTheirCharacterSet) {
  for (const char* const charset : {"utf8mb4", "utf8mb3", "utf8", "ascii"}) {
    EXPECT_EQ(literal(value_column(ColumnType::kVarchar, charset), Value::of_bytes("a'b")), "'a\\'b'") << charset;
  }
  EXPECT_EQ(literal(value_column(ColumnType::kVarchar, "latin1"), Value::of_bytes("Gr\xFC\xDF")),
            "_latin1'Gr\xFC\xDF'");
  EXPECT_EQ(literal(value_column(ColumnType::kText, "gbk"), Value::of_bytes("\xBF\x5C")), "_gbk'\xBF\\\\'");
  EXPECT_EQ(literal(value_column(ColumnType::kChar, "utf16"), Value::of_bytes("\0a"s)), "_utf16'\\0a'");
  EXPECT_EQ(literal(value_column(ColumnType::kVarchar, "binary"), Value::of_bytes("\0\xFF"s)), "_binary'\\0\xFF'");
}

TEST(Literals, ACharacterSetsNameThatIsNoneDoesNotGetIntoTheStatement) {
  for (const char* const charset : {"", "x' OR 1=1 -- ", "utf8mb4_bin", "Latin1", "a b"}) {
    EXPECT_EQ(literal(value_column(ColumnType::kVarchar, charset), Value::of_bytes("a")), "_binary'a'") << charset;
  }
}

TEST(Literals, AnEnumGoesByItsLabel) {
  const Column status = value_column(ColumnType::kEnum, "utf8mb4", {"new", "it's", ""});
  EXPECT_EQ(literal(status, Value::of_uint(1)), "'new'");
  EXPECT_EQ(literal(status, Value::of_uint(2)), "'it\\'s'");
  EXPECT_EQ(literal(status, Value::of_uint(3)), "''");
  EXPECT_EQ(literal(value_column(ColumnType::kEnum, "latin1", {"\xFC"}), Value::of_uint(1)), "_latin1'\xFC'");
}

TEST(Literals, AnEnumWithoutALabelIsRefused) {
  const Column status = value_column(ColumnType::kEnum, "utf8mb4", {"new", "paid"});
  EXPECT_FALSE(literal(status, Value::of_uint(0)));
  EXPECT_FALSE(literal(status, Value::of_uint(3)));
  EXPECT_FALSE(literal(status, Value::of_uint(~0ULL)));
}

TEST(Literals, ASetGoesByItsLabels) {
  const Column flags = value_column(ColumnType::kSet, "utf8mb4", {"a", "b'", "c"});
  EXPECT_EQ(literal(flags, Value::of_uint(0)), "''");
  EXPECT_EQ(literal(flags, Value::of_uint(0b101)), "'a,c'");
  EXPECT_EQ(literal(flags, Value::of_uint(0b111)), "'a,b\\',c'");
  EXPECT_FALSE(literal(flags, Value::of_uint(0b1000)));
}

// In any order it is stored alike, but a key is compared as text.
TEST(Literals, ASetsLabelsStandInTheOrderOfTheTargets) {
  ColumnSchema target;
  target.name = "v";
  target.data_type = "set";
  target.column_type = "set('z','c','b','a')";
  const auto written = [&](const Column& flags, std::uint64_t mask) {
    std::string out;
    EXPECT_TRUE(LiteralWriter(flags, &target).append(Value::of_uint(mask), out));
    return out;
  };
  const Column flags = value_column(ColumnType::kSet, "utf8mb4", {"a", "b", "c"});
  EXPECT_EQ(written(flags, 7), "'c,b,a'");
  EXPECT_EQ(written(flags, 5), "'c,a'");
  EXPECT_EQ(written(value_column(ColumnType::kSet, "latin1", {"a", "c"}), 3), "_latin1'c,a'");
  EXPECT_EQ(written(value_column(ColumnType::kSet, "utf8mb4", {"new", "a", "c"}), 7), "'c,a,new'")
      << "refused by the server";
  EXPECT_EQ(written(value_column(ColumnType::kSet, "latin1", {"a", "\xE9", "c"}), 5), "_latin1'c,a'");
}

TEST(Literals, ASetHasUpTo64Labels) {
  std::vector<std::string> labels;
  for (int i = 0; i < 64; ++i) labels.push_back("l" + std::to_string(i));
  const Column flags = value_column(ColumnType::kSet, "utf8mb4", labels);
  EXPECT_EQ(literal(flags, Value::of_uint(1ULL << 63)), "'l63'");
  EXPECT_EQ(literal(flags, Value::of_uint(~0ULL))->substr(0, 10), "'l0,l1,l2,");
}

TEST(Literals, ASetsLabelsAreSeparatedInItsCharacterSet) {
  EXPECT_EQ(literal(value_column(ColumnType::kSet, "ucs2", {"\0a"s, "\0b"s}), Value::of_uint(3)),
            "_ucs2'\\0a\\0,\\0b'");
  EXPECT_EQ(literal(value_column(ColumnType::kSet, "utf16le", {"a\0"s, "b\0"s}), Value::of_uint(3)),
            "_utf16le'a\\0,\\0b\\0'");
  EXPECT_EQ(literal(value_column(ColumnType::kSet, "utf32", {"\0\0\0a"s, "\0\0\0b"s}), Value::of_uint(3)),
            "_utf32'\\0\\0\\0a\\0\\0\\0,\\0\\0\\0b'");
}

TEST(Literals, AValueOfAnotherKindThanTheColumnsIsRefused) {
  EXPECT_FALSE(literal(value_column(ColumnType::kVarchar, "utf8mb4"), Value::of_int(1)));
  EXPECT_FALSE(literal(value_column(ColumnType::kVarchar, "utf8mb4"), Value::of_text("a")));
  EXPECT_FALSE(literal(value_column(ColumnType::kBigint), Value::of_bytes("1")));
  EXPECT_FALSE(literal(value_column(ColumnType::kBigint), Value::of_text("1")));
  EXPECT_FALSE(literal(value_column(ColumnType::kBigint), Value::of_double(1)));
  EXPECT_FALSE(literal(value_column(ColumnType::kFloat), Value::of_double(1)));
  EXPECT_FALSE(literal(value_column(ColumnType::kDouble), Value::of_float(1)));
  EXPECT_FALSE(literal(value_column(ColumnType::kDate), Value::of_bytes("2026-01-01")));
  EXPECT_FALSE(literal(value_column(ColumnType::kDecimal), Value::of_int(1)));
  EXPECT_FALSE(literal(value_column(ColumnType::kDate), Value::of_uint(1)));
}

// --- labels as they are stored

TEST(Labels, AreStoredAsTheNumberThatTheyHaveAtTheTarget) {
  ColumnSchema there;
  there.data_type = "enum";
  there.column_type = "enum('x','ä','a')";
  const LiteralWriter of_enum(value_column(ColumnType::kEnum, "latin1", {"a", "\xe4", "new"}), &there);
  const auto stored = [](const LiteralWriter& writer, std::uint64_t number) {
    std::string out;
    return writer.append_stored(Value::of_uint(number), out) ? out : "refused";
  };
  EXPECT_EQ(stored(of_enum, 1), "3");
  EXPECT_EQ(stored(of_enum, 2), "2");
  EXPECT_EQ(stored(of_enum, 3), "_latin1'new'") << "for the server to refuse";
  EXPECT_EQ(stored(of_enum, 0), "refused");
  EXPECT_EQ(stored(of_enum, 4), "refused");
  there.data_type = "set";
  there.column_type = "set('c','b','a')";
  const LiteralWriter of_set(value_column(ColumnType::kSet, "utf8mb4", {"a", "b", "new"}), &there);
  EXPECT_EQ(stored(of_set, 0), "0");
  EXPECT_EQ(stored(of_set, 3), "6");
  EXPECT_EQ(stored(of_set, 4), "'new'");
  EXPECT_EQ(stored(of_set, 8), "refused");
  there.data_type = "varchar";
  EXPECT_EQ(stored(LiteralWriter(value_column(ColumnType::kEnum, "utf8mb4", {"a"}), &there), 1), "'a'");
}

TEST(Labels, EnumsInvalidValueIsAnEmptyTextWhereThatIsNoOtherKey) {
  ColumnSchema there;
  there.data_type = "varchar";
  const auto stored = [&](std::vector<std::string> labels, bool is_of_key) {
    const LiteralWriter writer(value_column(ColumnType::kEnum, "utf8mb4", std::move(labels)), &there, is_of_key);
    std::string out;
    return writer.append_stored(Value::of_uint(0), out) ? out : std::string(writer.demand(Value::of_uint(0)));
  };
  EXPECT_EQ(stored({"a", "b"}, true), "''");
  EXPECT_EQ(stored({"a", ""}, false), "''") << "as the source's queries show both";
  EXPECT_THAT(stored({"a", ""}, true), testing::HasSubstr("here both would be one row"));
  there.data_type = "enum";
  there.column_type = "enum('a','b')";
  EXPECT_THAT(stored({"a", "b"}, false), testing::HasSubstr("give the column here a text type"));
}

// --- MySQL's JSON into MySQL's JSON

/// The literal, or why there is none.
std::string into_json(std::string_view value) {
  ColumnSchema there;
  there.data_type = "json";
  const LiteralWriter writer(value_column(ColumnType::kJson), &there);
  std::string out;
  if (writer.append(Value::of_text(value), out)) return out;
  EXPECT_EQ(out, "");
  return std::string(writer.demand(Value::of_text(value)));
}

TEST(Documents, OfScalarsThatTheirTextTellsAreText) {
  EXPECT_EQ(into_json(R"({"a": [1, 1.5, "it's"]})"), R"('{"a": [1, 1.5, "it\'s"]}')"s);
}

TEST(Documents, KeepTheTypesInside) {
  EXPECT_EQ(into_json("1.50\000246 0 4 $\n"s), "JSON_REPLACE(CAST('1.50' AS JSON),'$',CAST('1.50' AS DECIMAL(3,2)))");
  EXPECT_EQ(into_json("[-0.5, -17]\000246 1 4 $[0]\n246 7 3 $[1]\n"s),
            "JSON_REPLACE(CAST('[-0.5, -17]' AS JSON),'$[0]',CAST('-0.5' AS DECIMAL(1,1)),'$[1]',CAST('-17' AS "
            "DECIMAL(2,0)))");
  const std::string day = R"({"it's": "2026-01-02"})";
  EXPECT_EQ(into_json(day + "\00010 9 12 $.\"it's\"\n"s),
            R"(JSON_REPLACE(CAST('{"it\'s": "2026-01-02"}' AS JSON),'$."it\'s"',DATE'2026-01-02'))"s);
  EXPECT_EQ(into_json("\"-01:02:03.000000\"\00011 0 18 $\n"s),
            "JSON_REPLACE(CAST('\"-01:02:03.000000\"' AS JSON),'$',TIME'-01:02:03.000000')");
  EXPECT_EQ(into_json("\"base64:type252:/wA=\"\000252 0 21 $\n"s),
            "JSON_REPLACE(CAST('\"base64:type252:/wA=\"' AS JSON),'$',(SELECT x FROM "
            "JSON_TABLE(JSON_ARRAY(FROM_BASE64('/wA=')),'$[0]' COLUMNS(x BLOB PATH '$' ERROR ON ERROR)) AS t))");
}

TEST(Documents, WithTypesThatNoExpressionGivesSaySo) {
  EXPECT_THAT(into_json("\"base64:type251:/wA=\"\000251 0 21 $\n"s), testing::HasSubstr("its JSON has bytes inside"));
  EXPECT_THAT(into_json("[1.5]\0*"s), testing::HasSubstr("more DECIMALs, dates and bytes"));
}

TEST(Documents, WithLinesThatAreNotOfTheirTextAreNotWritten) {
  for (const std::string& bad : {"1.5\000246 0 4 $\n"s, "1.5\000246 0 3 x\n"s, "1.5\000246 0 3 $"s, "1.5\000246 0 $\n"s,
                                 "\"');--\"\00010 0 7 $\n"s, "\"base64:type15:a)==\"\00015 0 20 $\n"s}) {
    EXPECT_THAT(into_json(bad), testing::HasSubstr("its JSON has bytes inside")) << bad;
  }
}

TEST(Documents, AreTextWhereNoJsonTypeIs) {
  EXPECT_EQ(literal(value_column(ColumnType::kJson), Value::of_text("1.50\000246 0 4 $\n"s)), "'1.50'");
}

}  // namespace
}  // namespace farshore::mysql
