#include "change/batch_header.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "golden/example_row.hpp"

namespace farshore::change {
namespace {

BatchHeader some_header() {
  BatchHeader header;
  header.carries_watermark = true;
  header.id = example::kEpoch;
  header.first_seq = Seq(7);
  header.count = 3;
  header.last_ordinal = Ordinal(12);
  header.published_at = example::kPublishedAt;
  header.partition = PartitionId(3);
  header.origin = "east";
  header.stream = "main";
  header.gtid = "0-1-23";
  return header;
}

std::string encoded(const BatchHeader& header, std::string_view value = "value") {
  std::string bytes;
  encode_header(header, value, bytes);
  return bytes;
}

TEST(BatchHeader, IsReadAsItWasWritten) {
  const std::string bytes = encoded(some_header());
  const auto header = decode_header(bytes);
  ASSERT_TRUE(header.has_value());
  EXPECT_EQ(header->kind, BatchKind::kChanges);
  EXPECT_TRUE(header->carries_watermark);
  EXPECT_EQ(header->id, example::kEpoch);
  EXPECT_EQ(header->first_seq, Seq(7));
  EXPECT_EQ(header->last_seq(), Seq(9));
  EXPECT_EQ(header->last_ordinal, Ordinal(12));
  EXPECT_EQ(header->published_at, example::kPublishedAt);
  EXPECT_EQ(header->partition, PartitionId(3));
  EXPECT_EQ(header->origin, "east");
  EXPECT_EQ(header->stream, "main");
  EXPECT_EQ(header->gtid, "0-1-23");
}

TEST(BatchHeader, StandsInTheBytesWhereTheFormatSays) {
  const std::string bytes = encoded(some_header());
  EXPECT_EQ(bytes.size(), 52U + 5 + 5 + 7);
  EXPECT_EQ(bytes[0], 1);
  EXPECT_EQ(bytes[1], 1);
  EXPECT_EQ(bytes[2], 1);
  EXPECT_EQ(bytes.substr(8, 8), std::string("\xEF\xCD\xAB\x89\x67\x45\x23\x01"));
  EXPECT_EQ(bytes[16], 7);
  EXPECT_EQ(bytes[24], 3);
  EXPECT_EQ(bytes[28], 12);
  EXPECT_EQ(bytes[48], 3);
  EXPECT_EQ(bytes.substr(52),
            "\x04"
            "east\x04"
            "main\x06"
            "0-1-23");
}

TEST(BatchHeader, ChecksumCoversEveryBitOfHeaderAndValue) {
  const std::string value = "the value";
  const std::string bytes = encoded(some_header(), value);
  EXPECT_TRUE(checksum_ok(bytes, value));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(checksum_ok(damaged, value)) << "bit " << bit << " of the header";
  }
  for (std::size_t bit = 0; bit < value.size() * 8; ++bit) {
    std::string damaged = value;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(checksum_ok(bytes, damaged)) << "bit " << bit << " of the value";
  }
  EXPECT_FALSE(checksum_ok("", value));
}

TEST(BatchHeader, IsRefusedWhenCutOrTooLong) {
  const std::string bytes = encoded(some_header());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_header(std::string_view(bytes).substr(0, size)).has_value()) << size << " bytes";
  }
  EXPECT_FALSE(decode_header(bytes + "x").has_value());
}

TEST(BatchHeader, OfANewerVersionKindOrFlagIsToldApart) {
  const std::string bytes = encoded(some_header());
  for (const auto& [at, byte] : {std::pair(0, 2), std::pair(1, 4), std::pair(2, 2), std::pair(3, 1)}) {
    std::string newer = bytes;
    newer[static_cast<std::size_t>(at)] = static_cast<char>(byte);
    const auto header = decode_header(newer);
    ASSERT_FALSE(header.has_value());
    EXPECT_EQ(header.error(), HeaderError::kNewerFormat) << "byte " << at;
  }
}

TEST(BatchHeader, ThatContradictsItselfIsRefused) {
  const std::string bytes = encoded(some_header());
  const auto with = [&](std::size_t at, char byte) {
    std::string changed = bytes;
    changed[at] = byte;
    return decode_header(changed).has_value();
  };
  EXPECT_FALSE(with(0, 0)) << "version 0";
  EXPECT_FALSE(with(1, 0)) << "kind 0";
  EXPECT_FALSE(with(16, 0)) << "changes from seq 0";
  EXPECT_FALSE(with(24, 0)) << "no changes";
  EXPECT_FALSE(with(27, 1)) << "more changes than a batch can have";
  EXPECT_FALSE(with(51, '\x80')) << "negative partition";
  EXPECT_FALSE(with(1, 2)) << "a watermark with changes";
}

TEST(BatchHeader, OfAWatermarkNamesItsSeq) {
  BatchHeader header = some_header();
  header.kind = BatchKind::kWatermark;
  header.carries_watermark = false;
  header.count = 0;
  header.last_ordinal = Ordinal(0);
  header.gtid = {};
  header.first_seq = Seq(0);
  EXPECT_EQ(decode_header(encoded(header))->last_seq(), Seq(0));
  header.first_seq = Seq(41);
  EXPECT_EQ(decode_header(encoded(header))->last_seq(), Seq(41));
}

}  // namespace
}  // namespace farshore::change
