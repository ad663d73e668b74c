// Documents that no server writes; those that servers write are in types_test.cpp.

#include "binlog/json_text.hpp"

#include <gtest/gtest.h>

#include "base/json_number.hpp"
#include "base/json_scalars.hpp"

namespace farshore::binlog {
namespace {

bool prints(std::string_view binary, std::string& text) {
  text.clear();
  return append_json_text(binary, text);
}

/// A small array of one element: the array or value that `inner` is, type byte first.
std::string array_of(const std::string& inner) {
  const std::size_t size = 4 + 3 + inner.size() - 1;
  std::string out(1, '\x02');
  out += std::string("\x01\x00", 2);
  out.push_back(static_cast<char>(size & 0xFF));
  out.push_back(static_cast<char>(size >> 8));
  out.push_back(inner[0]);
  out += std::string("\x07\x00", 2);
  return out + inner.substr(1);
}

std::string nested(int depth) {
  std::string document("\x02\x00\x00\x04\x00", 5);
  for (int i = 1; i < depth; ++i) document = array_of(document);
  return document;
}

TEST(JsonText, an_empty_value_is_null) {
  std::string text;
  ASSERT_TRUE(prints("", text));
  EXPECT_EQ(text, "null");
}

TEST(JsonText, a_hundred_levels_are_read_and_more_are_refused) {
  std::string text;
  ASSERT_TRUE(prints(nested(100), text));
  EXPECT_EQ(text, std::string(100, '[') + std::string(100, ']'));
  EXPECT_FALSE(prints(nested(101), text));
  EXPECT_FALSE(prints(nested(1000), text));
}

TEST(JsonText, parts_that_refer_to_one_another_do_not_multiply) {
  // Every level is an array whose two elements are both the next level: 2^90 elements if it were printed.
  constexpr int kLevels = 90;
  constexpr int kLevelBytes = 4 + 2 * 3;
  std::string levels;
  for (int level = 0; level < kLevels; ++level) {
    const int size = (kLevels - level) * kLevelBytes;
    levels += std::string("\x02\x00", 2);
    levels.push_back(static_cast<char>(size & 0xFF));
    levels.push_back(static_cast<char>(size >> 8));
    for (int element = 0; element < 2; ++element) {
      const bool is_last = level + 1 == kLevels;
      levels += is_last ? std::string("\x04\x00\x00", 3) : std::string({'\x02', kLevelBytes, '\x00'});
    }
  }
  std::string text;
  EXPECT_FALSE(prints("\x02" + levels, text));
  EXPECT_LT(text.size(), 100'000U);
}

TEST(JsonText, an_element_that_is_its_own_container_is_refused) {
  std::string text;
  EXPECT_FALSE(prints(std::string("\x02\x01\x00\x07\x00\x02\x00\x00", 8), text));
}

TEST(JsonText, unknown_types_and_literals_are_refused) {
  std::string text;
  EXPECT_FALSE(prints("\x0d", text));
  EXPECT_FALSE(prints(std::string("\x04\x03", 2), text));
  EXPECT_FALSE(prints("\x04", text));
  EXPECT_FALSE(prints(std::string("\x0f\xf6\x04\x42\x01\x80\x00", 7), text)) << "a decimal of 66 digits";
}

TEST(JsonText, scalars_whose_type_the_text_does_not_tell_are_named_behind_it) {
  const std::string decimal("\x0f\xf6\x04\x03\x02\x81\x32", 7);
  std::string text = "before ";
  ASSERT_TRUE(append_json_text(decimal, text));
  EXPECT_EQ(text, std::string("before 1.50\000246 0 4 $\n", 22));
  ASSERT_TRUE(prints(array_of(array_of(decimal)), text));
  EXPECT_EQ(json_text(text), "[[1.50]]");
  EXPECT_EQ(json_scalars(text), "246 2 4 $[0][0]\n");
  const std::string bytes("\x0f\xfc\x02\xff\x00", 5);
  ASSERT_TRUE(prints(bytes, text));
  EXPECT_EQ(json_text(text), R"("base64:type252:/wA=")");
  EXPECT_EQ(json_scalars(text), "252 0 21 $\n");
}

TEST(JsonText, lengths_beyond_the_bytes_are_refused) {
  std::string text;
  EXPECT_FALSE(prints(std::string("\x0c\x05"
                                  "abcd",
                                  6),
                      text));
  EXPECT_FALSE(prints(std::string("\x0c\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 11), text));
  EXPECT_FALSE(prints(std::string("\x03\xff\xff\xff\xff\xff\xff\xff\xff", 9), text));
  EXPECT_FALSE(prints(std::string("\x02\xff\xff\x04\x00", 5), text));
}

TEST(JsonText, numbers_take_mysqls_form) {
  const std::pair<double, const char*> kTexts[] = {{0.0, "0.0"},
                                                   {-0.0, "-0.0"},
                                                   {1, "1.0"},
                                                   {-1.5, "-1.5"},
                                                   {1e14, "100000000000000.0"},
                                                   {1e15, "1e15"},
                                                   {1e-14, "0.00000000000001"},
                                                   {1e-15, "0.000000000000001"},
                                                   {1e-16, "1e-16"},
                                                   {123.456, "123.456"},
                                                   {1.25e300, "1.25e300"}};
  for (const auto& [number, wanted] : kTexts) {
    std::string text;
    ASSERT_TRUE(append_json_double(number, text));
    EXPECT_EQ(text, wanted);
  }
}

}  // namespace
}  // namespace farshore::binlog
