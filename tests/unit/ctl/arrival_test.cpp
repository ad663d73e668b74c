#include "services/ctl/arrival.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace farshore::ctl {
namespace {

using std::chrono::seconds;

store::ProgressRow row(const std::string& stream, std::int32_t partition, int safe_time_s) {
  store::ProgressRow out;
  out.key = {.origin = "east", .stream = stream, .partition = PartitionId(partition)};
  out.safe_time = SourceTime(seconds(safe_time_s));
  return out;
}

std::map<std::string, service::StreamConfig> streams(std::uint64_t of_main, std::uint64_t of_bulk) {
  std::map<std::string, service::StreamConfig> out;
  out["main"].partitions = of_main;
  out["bulk"].partitions = of_bulk;
  return out;
}

TEST(Arrival, IsThatOfTheSlowestPartition) {
  EXPECT_EQ(arrived_up_to(std::vector{row("main", 0, 9), row("main", 1, 7), row("bulk", 0, 8)}, streams(2, 1)),
            SourceTime(seconds(7)));
}

TEST(Arrival, IsNoneWhileAPartitionHasNoRow) {
  EXPECT_EQ(arrived_up_to(std::vector{row("main", 0, 9), row("main", 1, 7)}, streams(2, 1)), SourceTime{});
  EXPECT_EQ(arrived_up_to(std::vector{row("main", 1, 9), row("bulk", 0, 7)}, streams(2, 1)), SourceTime{});
  EXPECT_EQ(arrived_up_to({}, streams(1, 1)), SourceTime{});
}

TEST(Arrival, HeedsNoStreamThatIsNotConfigured) {
  EXPECT_EQ(arrived_up_to(std::vector{row("main", 0, 9), row("bulk", 0, 8), row("gone", 0, 1)}, streams(1, 1)),
            SourceTime(seconds(8)));
}

TEST(Arrival, HeedsAPartitionBeyondThoseThatAreConfigured) {
  EXPECT_EQ(arrived_up_to(std::vector{row("main", 0, 9), row("bulk", 0, 8), row("bulk", 1, 5)}, streams(1, 1)),
            SourceTime(seconds(5)));
}

}  // namespace
}  // namespace farshore::ctl
