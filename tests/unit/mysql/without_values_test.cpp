#include "mysql/without_values.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace farshore::mysql {
namespace {

struct Message {
  int code;
  std::string text;
};

constexpr const char* kSecret = "s3cret-0171";

// As MySQL 9.7 and MariaDB 10.11 say them.
TEST(Messages, HoldNoValueOfARow) {
  const std::string secret = kSecret;
  const std::vector<Message> messages{
      {1062, "Duplicate entry '" + secret + "' for key 'person.phone'"},
      {1062, "Duplicate entry '" + secret + "' for key 'phone'"},
      {1062, "Duplicate entry 'it's " + secret + "' for key 'x' y' for key 'person.phone'"},
      {1062, "Duplicate entry 'cut off because it is long " + secret},
      {1586, "Duplicate entry '" + secret + "' for key 'PRIMARY'"},
      {1366, "Incorrect integer value: '" + secret + "' for column 'n' at row 1"},
      {1366, "Incorrect string value: '\\xF0\\x9F" + secret + "' for column `shop`.`person`.`note` at row 1"},
      {1292, "Incorrect datetime value: '" + secret + "' for column 'at' at row 1"},
      {1292, "Truncated incorrect DOUBLE value: '" + secret + "'"},
      {1300, "Invalid utf8mb4 character string: '" + secret + "'"},
      {1411, "Incorrect datetime value: '" + secret + "' for function str_to_date"},
      {1525, "Incorrect DATE value: '" + secret + "'"},
      {1526, "Table has no partition for value " + secret},
      {1644, "phone " + secret + " is taken"},
      {1690, "BIGINT UNSIGNED value is out of range in '(" + secret + " - 1)'"},
      {1761, "Foreign key constraint for table 'a', record '" + secret +
                 "' would lead to a duplicate entry in table 'b', key 'c'"},
      {1762, "Foreign key constraint for table 'a', record '" + secret +
                 "' would lead to a duplicate entry in a child table"},
      {1064, "You have an error in your SQL syntax; check the manual for the right syntax to use near '" + secret +
                 "' at line 1"},
      {3854, "Cannot convert string '" + secret + "' from utf8mb4 to latin1"},
      {3141, "Invalid JSON text in argument 1 to function json: \"" + secret + "\" at position 0."},
      {1105, "a plugin says " + secret},
      {50'000, "of a version to come: '" + secret + "' and \"" + secret + "\""},
  };
  for (const Message& message : messages) {
    EXPECT_EQ(without_values(message.code, message.text).find(secret), std::string::npos) << message.text;
  }
}

TEST(Messages, KeepTheNamesThatLeadToTheCause) {
  const std::vector<Message> messages{
      {1048, "Column 'n' cannot be null"},
      {1054, "Unknown column 'c' in 'field list'"},
      {1142, "INSERT command denied to user 'farshore_apply'@'%' for table 'person'"},
      {1146, "Table 'shop.person' doesn't exist"},
      {1264, "Out of range value for column 'n' at row 1"},
      {1406, "Data too long for column 'note' at row 1"},
      {1452,
       "Cannot add or update a child row: a foreign key constraint fails (`shop`.`line`, CONSTRAINT `line_ibfk_1` "
       "FOREIGN KEY (`order_id`) REFERENCES `order` (`id`))"},
      {3819, "Check constraint 'small' is violated."},
      {4025, "CONSTRAINT `small` failed for `shop`.`person`"},
      {2002, "Can't connect to server on 'db.east' (115)"},
  };
  for (const Message& message : messages) EXPECT_EQ(without_values(message.code, message.text), message.text);
}

TEST(Messages, TellValuesApartByAShortDigest) {
  const std::string one = without_values(1062, "Duplicate entry 'a' for key 'person.phone'");
  EXPECT_EQ(one, "Duplicate entry <1 bytes, #cd20> for key 'person.phone'");
  EXPECT_EQ(one, without_values(1062, "Duplicate entry 'a' for key 'person.phone'"));
  EXPECT_NE(one, without_values(1062, "Duplicate entry 'b' for key 'person.phone'"));
}

}  // namespace
}  // namespace farshore::mysql
