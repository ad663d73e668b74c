#include "binlog/unpacked_events.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "made_events.hpp"
#include "recorded.hpp"

namespace farshore::binlog {
namespace {

using testing::ElementsAre;

constexpr std::size_t kBytesMax = 1U << 20;

std::vector<MadeEvent> unpack(const RawEvent& raw, std::size_t bytes_max = kBytesMax) {
  UnpackedEvents unpacked(bytes_max);
  std::vector<MadeEvent> events;
  for (unpacked.take(raw); !unpacked.empty();) {
    const RawEvent event = unpacked.give();
    events.push_back({event.header, std::string(event.body)});
  }
  return events;
}

std::vector<std::string> names(const std::vector<MadeEvent>& events) {
  std::vector<std::string> out;
  for (const MadeEvent& event : events) out.emplace_back(to_string(event.header.type));
  return out;
}

/// What the recording's rows say, one text each, and its statements.
std::vector<std::string> contents(const std::string& recording, std::size_t bytes_max = kBytesMax) {
  const std::string bytes = read_data(recording);
  EventDecoder decoder(kind_of_recording(recording));
  std::vector<std::string> out;
  RowCursor cursor;
  for (const RawEvent& raw : split_events(bytes)) {
    for (const MadeEvent& unpacked : unpack(raw, bytes_max)) {
      const auto event = decoder.decode(unpacked.raw());
      if (!event) return out.push_back(event.error().to_string()), out;
      if (event->kind == Event::Kind::kStatement) out.emplace_back(event->sql.substr(0, event->sql.find('(')));
      if (event->kind != Event::Kind::kRows) continue;
      cursor.start(event->rows);
      for (RowChange row; cursor.next(row);) {
        const auto image = row.after.empty() ? row.before : row.after;
        const std::string_view text = image[1].bytes();
        out.push_back(std::string(row.before.empty()  ? "insert "
                                  : row.after.empty() ? "delete "
                                                      : "update ") +
                      std::to_string(image[0].as_int()) + " " + text[0] + std::to_string(text.size()));
      }
      EXPECT_EQ(cursor.error(), "");
    }
  }
  return out;
}

class Unpacked : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Servers, Unpacked, testing::Values("mysql", "mariadb"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST_P(Unpacked, SaysWhatWasCompressed) {
  std::vector<std::string> said = contents(std::string(GetParam()) + "-compressed.binlog");
  constexpr std::ptrdiff_t kBeforeTheLast = 12;
  ASSERT_EQ(said.size(), 21U);
  std::sort(said.begin() + kBeforeTheLast, said.end());  // each server selects in an order of its own
  EXPECT_THAT(
      said, ElementsAre("CREATE DATABASE golden", "CREATE TABLE t ", "insert 1 x1000", "update 1 y500", "insert 2 z300",
                        "insert 3 s5", "delete 1 y500", "CREATE TABLE `copied` ", "insert 2 z300", "insert 3 s5",
                        "ALTER TABLE t COMMENT 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'",
                        "insert 4 w900", "insert 102 z300", "insert 103 s5", "insert 104 w900", "insert 202 z300",
                        "insert 203 s5", "insert 204 w900", "insert 302 z300", "insert 303 s5", "insert 304 w900"));
}

/// The compressed events of the recording, each with its bytes.
std::vector<MadeEvent> compressed(const std::string& recording) {
  const std::string bytes = read_data(recording);
  std::vector<MadeEvent> out;
  for (const RawEvent& raw : split_events(bytes)) {
    const auto unpacked = unpack(raw);
    if (unpacked.size() > 1 || unpacked[0].header.type != raw.header.type)
      out.push_back({raw.header, std::string(raw.body)});
  }
  return out;
}

TEST_P(Unpacked, GivesWhatItCannotUnpackAsItIs) {
  const auto events = compressed(std::string(GetParam()) + "-compressed.binlog");
  ASSERT_GE(events.size(), 5U);
  for (const MadeEvent& event : events) {
    for (std::size_t size = 0; size < event.body.size(); ++size) {
      const std::vector<MadeEvent> cut = unpack({event.header, std::string_view(event.body).substr(0, size)});
      EXPECT_EQ(cut.back().header.type, event.header.type) << size;
    }
    EXPECT_EQ(unpack(event.raw(), 5).back().header.type, event.header.type) << "above the bound";
  }
}

TEST_P(Unpacked, SurvivesWhateverTheBytesAre) {
  for (const MadeEvent& event : compressed(std::string(GetParam()) + "-compressed.binlog")) {
    for (std::size_t i = 0; i < event.body.size(); ++i) {
      for (const int bit : {1, 0x10, 0x80}) {
        std::string body = event.body;
        body[i] = static_cast<char>(body[i] ^ bit);
        for (const MadeEvent& unpacked : unpack({event.header, body})) EXPECT_LE(unpacked.body.size(), kBytesMax);
      }
    }
  }
}

TEST(UnpackedEvents, TellsWhereInTheFileACompressedTransactionIs) {
  const MadeEvent payload = compressed("mysql-compressed.binlog").front();
  const auto events = unpack(payload.raw());
  EXPECT_THAT(names(events), ElementsAre("IGNORABLE", "QUERY", "TABLE_MAP", "WRITE_ROWS", "XID"));
  EXPECT_EQ(events[0].header.size, payload.header.size);
  EXPECT_EQ(events[0].header.log_pos, payload.header.log_pos);
  for (std::size_t i = 1; i < events.size(); ++i) EXPECT_EQ(events[i].header.size, 0U);
}

TEST(UnpackedEvents, TakesNoMoreThanAPayloadSaysThatItHolds) {
  MadeEvent payload = compressed("mysql-compressed.binlog").front();
  ASSERT_EQ(payload.body.substr(3, 3), std::string("\x03\x03\xfc"));
  payload.body[6] = 100;  // bytes, unpacked
  payload.body[7] = 0;
  EXPECT_THAT(names(unpack(payload.raw())), ElementsAre("IGNORABLE", "QUERY", "TRANSACTION_PAYLOAD"));
}

TEST(UnpackedEvents, ReadsAPayloadThatIsNotCompressed) {
  const std::string inner = [] {
    const MadeEvent query = made_query("BEGIN");
    return Bytes()
        .number<std::uint32_t>(0)
        .number(static_cast<std::uint8_t>(query.header.type))
        .number<std::uint32_t>(7)
        .number(query.header.size)
        .number<std::uint32_t>(0)
        .number<std::uint16_t>(0)
        .text(query.body)
        .str();
  }();
  const auto size = static_cast<std::uint8_t>(inner.size());
  Bytes body;
  body.text("\x02\x03\xfc").number<std::uint16_t>(255).text("\x03\x01").number(size);
  body.text("\x01\x01").number(size).number<std::uint8_t>(0).text(inner);
  EXPECT_THAT(names(unpack(made(EventType::kTransactionPayload, body.str()).raw())), ElementsAre("IGNORABLE", "QUERY"));
}

}  // namespace
}  // namespace farshore::binlog
