#include "capture/source/source_watch.hpp"

#include <gmock/gmock.h>

#include "capture/resume/source_start.hpp"

namespace farshore::capture {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

OriginPosition position(std::uint64_t number) { return *OriginPosition::parse("1-101-" + std::to_string(number)); }

PendingWatermark moment(std::uint64_t number) {
  return {.time = SourceTime(seconds(number)), .clock_offset = {}, .position = position(number)};
}

TEST(PendingWatermarks, AreGivenOnlyWhenReadingContainsTheirPosition) {
  PendingWatermarks pending(seconds(1));
  pending.add(moment(10));
  EXPECT_FALSE(pending.take_reached(position(9)));
  ASSERT_TRUE(pending.take_reached(position(10)));
  EXPECT_FALSE(pending.take_reached(position(10))) << "once";
}

TEST(PendingWatermarks, GiveTheNewestThatIsReached) {
  PendingWatermarks pending(seconds(1));
  for (std::uint64_t number = 1; number <= 5; ++number) pending.add(moment(number));
  const auto reached = pending.take_reached(position(3));
  ASSERT_TRUE(reached);
  EXPECT_EQ(reached->time, SourceTime(seconds(3)));
  EXPECT_EQ(pending.size(), 2U);
}

TEST(PendingWatermarks, StayBoundedAndComeCoarserInALongBacklog) {
  PendingWatermarks pending(seconds(1));
  for (std::uint64_t number = 1; number <= 100'000; ++number) pending.add(moment(number));
  EXPECT_LE(pending.size(), PendingWatermarks::kMax);
  std::uint64_t given = 0;
  for (std::uint64_t number = 1; number <= 100'000; number += 100)
    if (pending.take_reached(position(number))) ++given;
  EXPECT_GT(given, 50U) << "safe time moves on all along the backlog";
}

TEST(PendingWatermarks, AreAsFarApartAsWasAskedFor) {
  PendingWatermarks pending(seconds(10));
  for (std::uint64_t number = 101; number <= 130; ++number) pending.add(moment(number));
  EXPECT_EQ(pending.size(), 3U);
}

TEST(PendingWatermarks, GoOnWhenTheSourcesClockIsSetBack) {
  PendingWatermarks pending(seconds(10));
  pending.add(moment(1'000));
  pending.add(moment(900));
  EXPECT_EQ(pending.size(), 2U);
}

TEST(PendingWatermarks, KnowWhatIsNeverReached) {
  const auto set = [](const std::string& text) { return *OriginPosition::parse(text); };
  const std::string own = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-";
  const std::string added = ",3e11fa47-71ca-11e1-9e33-c80aa9429563:1-5";
  const std::chrono::steady_clock::time_point at{seconds(100)};
  PendingWatermarks pending(seconds(1));
  EXPECT_EQ(pending.never_reached(set(own + "9"), at), "");
  pending.add({.time = SourceTime(seconds(1)), .position = set(own + "10" + added), .read_at = at});
  pending.add({.time = SourceTime(seconds(2)), .position = set(own + "10" + added), .read_at = at + seconds(1)});
  EXPECT_EQ(pending.never_reached(set(own + "9"), std::nullopt), "");
  EXPECT_EQ(pending.never_reached(set(own + "10"), std::nullopt), "") << "it may be on its way, and held up there";
  EXPECT_EQ(pending.never_reached(set(own + "10"), at - seconds(1)), "")
      << "all until then is read, and it came behind";
  EXPECT_EQ(pending.never_reached(set(own + "10"), at), added.substr(1)) << "all that the source had then is read";
  pending.add({.time = SourceTime(seconds(3)), .position = set(own + "12" + added), .read_at = at + seconds(2)});
  EXPECT_EQ(pending.never_reached(set(own + "11"), std::nullopt), "");
  EXPECT_EQ(pending.never_reached(set(own + "12"), std::nullopt), added.substr(1)) << "what came behind it is read";
  EXPECT_EQ(pending.never_reached(set(own + "12" + added), at), "");
}

TEST(UnixTime, IsReadToTheMicrosecond) {
  EXPECT_EQ(parse_unix_time("1700000000.123456"), SourceTime(seconds(1700000000) + microseconds(123456)));
  EXPECT_EQ(parse_unix_time("1700000000.5"), SourceTime(seconds(1700000000) + microseconds(500000)));
  EXPECT_EQ(parse_unix_time("1700000000"), SourceTime(seconds(1700000000)));
  for (const char* bad : {"", "x", "1.", "1.1234567", "-1", "1.x", "1,5"}) EXPECT_FALSE(parse_unix_time(bad)) << bad;
}

TEST(ReadOnly, IsAnyAnswerThatIsNotPlainlyOff) {
  for (const char* off : {"0", "OFF"}) EXPECT_FALSE(is_read_only(off)) << off;
  // MariaDB 12 names the degrees; what is not known, or is NULL, gives no watermark.
  for (const char* on : {"1", "ON", "NO_LOCK", "NO_LOCK_NO_ADMIN", "", "2", "A_DEGREE_OF_LATER"})
    EXPECT_TRUE(is_read_only(on)) << on;
}

TEST(StartFromText, IsEndEarliestOrAPosition) {
  EXPECT_EQ(parse_start("end")->kind, StartFrom::Kind::kEnd);
  EXPECT_EQ(parse_start("earliest")->kind, StartFrom::Kind::kEarliest);
  EXPECT_EQ(parse_start("1-101-5")->position, position(5));
  EXPECT_EQ(parse_start("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5")->kind, StartFrom::Kind::kPosition);
  for (const char* bad : {"", "latest", "1-2", "binlog.000001:4"}) EXPECT_FALSE(parse_start(bad)) << bad;
}

TEST(LeaseName, FitsALocksNameWhateverTheOriginsName) {
  EXPECT_EQ(lease_name("east"), "farshore.capture.east");
  EXPECT_LE(lease_name(std::string(200, 'x')).size(), 64U);
  EXPECT_NE(lease_name(std::string(200, 'x')), lease_name(std::string(200, 'y')));
}

}  // namespace
}  // namespace farshore::capture
