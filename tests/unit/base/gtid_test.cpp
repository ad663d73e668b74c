#include "base/gtid.hpp"

#include <gtest/gtest.h>

#include <string>

namespace farshore {
namespace {

constexpr char kA[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
constexpr char kB[] = "4e11fa47-71ca-11e1-9e33-c80aa9429562";

OriginPosition position(const std::string& text) {
  const auto parsed = OriginPosition::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(OriginPosition{});
}

Gtid gtid(const std::string& text) {
  const auto parsed = Gtid::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(Gtid{});
}

Gtid a(std::uint64_t number) { return gtid(std::string(kA) + ":" + std::to_string(number)); }

std::string of_a(const std::string& intervals) { return std::string(kA) + ":" + intervals; }

TEST(Gtid, texts_of_both_servers_come_back_as_they_were) {
  for (const std::string& text : {of_a("23"), of_a("9223372036854775806"), std::string("0-1-23"),
                                  std::string("4294967295-4294967295-18446744073709551615")}) {
    EXPECT_EQ(gtid(text).to_string(), text);
  }
}

TEST(Gtid, upper_case_is_the_same_uuid) {
  EXPECT_EQ(gtid("3E11FA47-71CA-11E1-9E33-C80AA9429562:23"), gtid(of_a("23")));
}

TEST(Gtid, malformed_texts_are_refused) {
  for (const std::string& text :
       {std::string(), std::string("0-1"), std::string("0-1-"), std::string("0-1-0"), std::string("0-1-2-3"),
        std::string("4294967296-1-1"), std::string("0-1-18446744073709551616"), std::string("-1-1-1"), of_a(""),
        of_a("0"), of_a("1-2"), of_a("x"), of_a("9223372036854775807"), of_a("tag:1"), of_a("1 "),
        std::string("3e11fa4771ca-11e1-9e33-c80aa9429562aaa:1"),
        std::string("ge11fa47-71ca-11e1-9e33-c80aa9429562:1")}) {
    EXPECT_FALSE(Gtid::parse(text).has_value()) << text;
  }
}

TEST(Gtid, an_empty_one_has_no_text) { EXPECT_EQ(Gtid{}.to_string(), ""); }

TEST(OriginPosition, texts_of_both_servers_come_back_as_they_were) {
  for (const std::string& text :
       {std::string(), of_a("1-5:7"), of_a("1") + "," + kB + ":3-9", std::string("0-1-100,1-2-5")}) {
    EXPECT_EQ(position(text).to_string(), text);
  }
}

TEST(OriginPosition, whitespace_and_order_do_not_matter) {
  EXPECT_EQ(position(std::string(" ") + kB + ":7:1-5:6,\n" + kA + ":1"), position(of_a("1") + "," + kB + ":1-7"));
  EXPECT_EQ(position("1-2-5, 0-1-100").to_string(), "0-1-100,1-2-5");
  EXPECT_EQ(position("3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5").to_string(), of_a("1-5"));
}

TEST(OriginPosition, overlapping_intervals_are_joined) {
  EXPECT_EQ(position(of_a("5-9:1-6:20:10")).to_string(), of_a("1-10:20"));
  EXPECT_EQ(position(of_a("1-2") + "," + of_a("3")).to_string(), of_a("1-3"));
}

TEST(OriginPosition, malformed_texts_are_refused) {
  for (const std::string& text : {std::string(","), std::string("0-1-1,"), of_a("1,"), of_a("5-3"), of_a("1:"),
                                  of_a(":1"), of_a("1-2-3"), of_a("tag:1-5"), of_a("1") + ",0-1-1",
                                  std::string("0-1-1,") + of_a("1"), std::string(kA), std::string("junk")}) {
    EXPECT_FALSE(OriginPosition::parse(text).has_value()) << text;
  }
}

TEST(OriginPosition, endless_texts_are_refused) {
  EXPECT_FALSE(OriginPosition::parse(std::string(1'000'001, ' ')).has_value());
  std::string many = kA;
  for (int i = 0; i < 100'001; ++i) many += ":" + std::to_string(2 * i + 1);
  ASSERT_LT(many.size(), 1'000'000U);
  EXPECT_FALSE(OriginPosition::parse(many).has_value());
  many.resize(many.rfind(':'));
  EXPECT_TRUE(OriginPosition::parse(many).has_value());
}

TEST(OriginPosition, contains_what_is_in_its_intervals) {
  const OriginPosition set = position(of_a("3-5:9"));
  for (const std::uint64_t number : {3U, 4U, 5U, 9U}) EXPECT_TRUE(set.contains(a(number))) << number;
  for (const std::uint64_t number : {1U, 2U, 6U, 8U, 10U}) EXPECT_FALSE(set.contains(a(number))) << number;
  EXPECT_FALSE(set.contains(gtid(std::string(kB) + ":3")));
}

TEST(OriginPosition, a_domain_stands_for_everything_up_to_its_number) {
  const OriginPosition set = position("0-1-100");
  EXPECT_TRUE(set.contains(gtid("0-1-1")));
  EXPECT_TRUE(set.contains(gtid("0-9-100")));
  EXPECT_FALSE(set.contains(gtid("0-1-101")));
  EXPECT_FALSE(set.contains(gtid("1-1-1")));
}

TEST(OriginPosition, contains_another_when_it_lacks_nothing_of_it) {
  EXPECT_TRUE(position(of_a("1-10")).contains(position(of_a("2-3:7"))));
  EXPECT_FALSE(position(of_a("1-5:7-10")).contains(position(of_a("5-7"))));
  EXPECT_FALSE(position(of_a("1-10")).contains(position(std::string(kB) + ":1")));
  EXPECT_TRUE(position("0-1-5,1-1-5").contains(position("1-1-5")));
  EXPECT_FALSE(position("0-1-5").contains(position("0-1-6")));
  EXPECT_TRUE(position("").contains(position("")));
  EXPECT_TRUE(position(of_a("1")).contains(position("")));
  EXPECT_FALSE(position("").contains(position(of_a("1"))));
}

TEST(OriginPosition, adding_in_any_order_gives_the_same_set) {
  OriginPosition set;
  for (const std::uint64_t number : {5U, 6U, 1U, 9U, 2U, 4U, 3U, 8U, 7U, 7U, 12U}) set.add(a(number));
  EXPECT_EQ(set, position(of_a("1-9:12")));
}

TEST(OriginPosition, adding_never_takes_a_domain_back) {
  OriginPosition set = position("0-1-100");
  set.add(gtid("0-2-50"));
  EXPECT_EQ(set.to_string(), "0-1-100");
  set.add(gtid("0-2-101"));
  set.add(gtid("7-1-1"));
  EXPECT_EQ(set.to_string(), "0-2-101,7-1-1");
}

TEST(OriginPosition, adding_a_position_gives_the_union) {
  OriginPosition set = position(of_a("1-5") + "," + kB + ":4");
  set.add(position(of_a("4-9:12")));
  EXPECT_EQ(set, position(of_a("1-9:12") + "," + kB + ":4"));
  OriginPosition domains = position("0-1-9,1-1-1");
  domains.add(position("0-2-5,1-2-6,2-2-2"));
  EXPECT_EQ(domains.to_string(), "0-1-9,1-2-6,2-2-2");
}

TEST(OriginPosition, tells_what_another_one_lacks) {
  EXPECT_EQ(position(of_a("1-10:15")).missing_from(position(of_a("3-5:9-12"))), of_a("1-2:6-8:15"));
  EXPECT_EQ(position(of_a("1-10")).missing_from(position("")), of_a("1-10"));
  EXPECT_EQ(position(of_a("2-3")).missing_from(position(of_a("1-10"))), "");
  EXPECT_EQ(position(of_a("2-3:5-6:8")).missing_from(position(of_a("1-5:8"))), of_a("6"));
  EXPECT_EQ(position("0-1-10,1-1-1").missing_from(position("0-2-7")), "0-1-10 (after 0-2-7),1-1-1");
  EXPECT_EQ(position("0-1-10").missing_from(position("0-2-10")), "");
}

TEST(OriginPosition, an_errant_transaction_belongs_before_what_was_read) {
  const OriginPosition set = position(of_a("1-5:9"));
  EXPECT_TRUE(set.is_errant(a(7)));
  EXPECT_FALSE(set.is_errant(a(9)));
  EXPECT_FALSE(set.is_errant(a(10)));
  EXPECT_FALSE(set.is_errant(gtid(std::string(kB) + ":1")));
}

TEST(OriginPosition, on_mariadb_a_number_that_does_not_grow_is_errant) {
  const OriginPosition set = position("0-2-20000");
  EXPECT_TRUE(set.is_errant(gtid("0-3-15000")));
  EXPECT_TRUE(set.is_errant(gtid("0-3-20000")));
  EXPECT_FALSE(set.is_errant(gtid("0-2-20000")));
  EXPECT_FALSE(set.is_errant(gtid("0-3-20001")));
  EXPECT_FALSE(set.is_errant(gtid("1-3-1")));
}

TEST(OriginPosition, the_intersection_is_what_both_contain) {
  EXPECT_EQ(OriginPosition::intersection(position(of_a("1-5:8-12") + "," + kB + ":1"), position(of_a("4-9:11-20"))),
            position(of_a("4-5:8-9:11-12")));
  EXPECT_EQ(OriginPosition::intersection(position("0-1-9,1-1-4"), position("0-2-5,2-1-1")).to_string(), "0-2-5");
  EXPECT_TRUE(OriginPosition::intersection(position(of_a("1-5")), position("")).empty());
}

}  // namespace
}  // namespace farshore
