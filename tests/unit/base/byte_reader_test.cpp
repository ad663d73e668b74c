#include "base/byte_reader.hpp"

#include <gtest/gtest.h>

#include <string>

namespace farshore {
namespace {

TEST(ByteReader, reads_little_endian_numbers_in_order) {
  ByteReader reader(std::string_view("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c", 12));
  EXPECT_EQ(reader.u8(), 1U);
  EXPECT_EQ(reader.u16(), 0x0302U);
  EXPECT_EQ(reader.u24(), 0x060504U);
  EXPECT_EQ(reader.u48(), 0x0c0b0a090807U);
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.done());
}

TEST(ByteReader, a_read_past_the_end_fails_for_good) {
  ByteReader reader("abc");
  EXPECT_EQ(reader.u32(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0U);
  EXPECT_TRUE(reader.bytes(1).empty());
}

TEST(ByteReader, reads_every_width_of_a_length_encoded_number) {
  ByteReader reader(std::string_view("\xfa\xfc\x01\x02\xfd\x01\x02\x03\xfe\x01\x00\x00\x00\x00\x00\x00\x80", 17));
  EXPECT_EQ(reader.lenenc(), 0xfaU);
  EXPECT_EQ(reader.lenenc(), 0x0201U);
  EXPECT_EQ(reader.lenenc(), 0x030201U);
  EXPECT_EQ(reader.lenenc(), 0x8000000000000001U);
  EXPECT_TRUE(reader.ok());
  for (const std::string& text : {std::string("\xfb"), std::string("\xff"), std::string("\xfc\x01"), std::string()}) {
    ByteReader bad(text);
    EXPECT_EQ(bad.lenenc(), 0U);
    EXPECT_FALSE(bad.ok());
  }
}

TEST(ByteReader, reads_varints_up_to_64_bits) {
  ByteReader reader("\x96\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  EXPECT_EQ(reader.varint(), 150U);
  EXPECT_EQ(reader.varint(), ~std::uint64_t{0});
  EXPECT_TRUE(reader.ok());
  ByteReader endless("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
  EXPECT_EQ(endless.varint(), 0U);
  EXPECT_FALSE(endless.ok());
}

}  // namespace
}  // namespace farshore
