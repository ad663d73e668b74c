#include "binlog/event_parser.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include "binlog/dump_request.hpp"
#include "made_events.hpp"

namespace farshore::binlog {
namespace {

std::string wire(EventType type, std::string_view body) {
  return Bytes()
      .number<std::uint32_t>(1)
      .number(static_cast<std::uint8_t>(type))
      .number<std::uint32_t>(2)
      .number(static_cast<std::uint32_t>(EventHeader::kSize + body.size()))
      .number<std::uint32_t>(0)
      .number<std::uint16_t>(0)
      .text(body)
      .str();
}

/// The event with its checksum appended.
std::string wire_checked(EventType type, std::string_view body) {
  std::string event = wire(type, std::string(body) + "....");
  const auto sum =
      static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(event.data()), event.size() - 4));
  event.replace(event.size() - 4, 4, Bytes().number(sum).str());
  return event;
}

std::string format_description(char algorithm) {
  return wire_checked(EventType::kFormatDescription, std::string(2 + 50 + 4 + 1 + 40, '\0') + algorithm);
}

TEST(EventParser, takes_the_checksum_from_the_format_description) {
  EventParser with;
  ASSERT_TRUE(with.parse(format_description('\x01')).has_value());
  EXPECT_EQ(with.parse(wire_checked(EventType::kXid, "12345678"))->body, "12345678");
  EventParser without;
  ASSERT_TRUE(without.parse(format_description('\x00')).has_value());
  EXPECT_EQ(without.parse(wire(EventType::kXid, "12345678"))->body, "12345678");
}

TEST(EventParser, a_wrong_checksum_is_an_error) {
  EventParser parser;
  ASSERT_TRUE(parser.parse(format_description('\x01')).has_value());
  std::string event = wire_checked(EventType::kXid, "12345678");
  event[EventHeader::kSize] ^= 1;
  EXPECT_FALSE(parser.parse(event).has_value());
  EventParser trusting(false);
  ASSERT_TRUE(trusting.parse(format_description('\x01')).has_value());
  EXPECT_TRUE(trusting.parse(event).has_value());
}

TEST(EventParser, the_first_rotate_may_or_may_not_have_a_checksum) {
  EventParser parser;
  EXPECT_EQ(parser.parse(wire(EventType::kRotate, "12345678bin.000001"))->body, "12345678bin.000001");
  EXPECT_EQ(parser.parse(wire_checked(EventType::kRotate, "12345678bin.000001"))->body, "12345678bin.000001");
}

TEST(EventParser, events_that_lie_about_their_size_are_errors) {
  EventParser parser;
  EXPECT_FALSE(parser.parse("").has_value());
  EXPECT_FALSE(parser.parse(std::string(18, '\0')).has_value());
  EXPECT_FALSE(parser.parse(wire(EventType::kXid, "12345678") + "x").has_value());
  EXPECT_FALSE(parser.parse(wire(EventType::kFormatDescription, "short")).has_value());
  EXPECT_FALSE(parser.parse(format_description('\x02')).has_value());
}

TEST(BinlogFileReader, wants_the_magic) {
  const std::string no_binlog = "not a binlog";
  BinlogFileReader reader(no_binlog);
  EXPECT_FALSE(reader.next().has_value());
}

TEST(EncodeGtidSet, writes_intervals_with_an_exclusive_end) {
  const auto position = OriginPosition::parse("01010101-0101-0101-0101-010101010101:1-5:7");
  ASSERT_TRUE(position.has_value());
  EXPECT_EQ(encode_gtid_set(*position), Bytes()
                                            .number<std::uint64_t>(1)
                                            .text(std::string(16, '\x01'))
                                            .number<std::uint64_t>(2)
                                            .number<std::uint64_t>(1)
                                            .number<std::uint64_t>(6)
                                            .number<std::uint64_t>(7)
                                            .number<std::uint64_t>(8)
                                            .str());
  EXPECT_EQ(encode_gtid_set(OriginPosition{}), std::string(8, '\0'));
}

}  // namespace
}  // namespace farshore::binlog
