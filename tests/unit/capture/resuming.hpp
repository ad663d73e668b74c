#pragma once

#include <gmock/gmock.h>
#include "capture/resume/resume.hpp"
#include "change/limits.hpp"
#include "change/table_rules.hpp"
#include "unit/gtid_literal.hpp"

/// A capture that goes on from its checkpoint, for the tests of how.
namespace farshore::capture {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Kind = ResumePlan::Kind;
using Retry = ResumePlan::Retry;

inline constexpr EpochId kEpoch{Epoch(4), Incarnation(40)};
inline constexpr Incarnation kFresh{99};

inline OriginPosition position(const std::string& text) { return OriginPosition::parse(text).value(); }

inline change::Numbering numbering(std::uint32_t partitions) {
  change::Numbering numbering;
  numbering.streams = {{.name = "main", .partitions = partitions}};
  numbering.table_rules = "{}";
  numbering.algorithm = 1;
  return numbering;
}

/// Facts of a capture of east (MariaDB, domain 1) with two partitions that can go on; tests change one thing.
class Resume : public ::testing::Test {
 protected:
  Resume() {
    facts_.origin = "east";
    facts_.configured = numbering(2);
    facts_.source_identity = "101:1";
    facts_.executed = position("1-101-200");
    facts_.earliest = position("1-101-10");
    facts_.fresh = kFresh;
    change::Checkpoint checkpoint;
    checkpoint.id = kEpoch;
    checkpoint.position = "1-101-100"_position;
    checkpoint.position_before_last = "1-101-99"_position;
    checkpoint.last = change::LastTransaction{.gtid = "1-101-100"_gtid, .commit_time = {}, .digest = 5};
    checkpoint.numbering = numbering(2);
    checkpoint.source_uuid = "101:1";
    checkpoint.partitions = {{"main", PartitionId(0), Seq(11), KafkaOffset(1000)},
                             {"main", PartitionId(1), Seq(21), KafkaOffset(2000)}};
    facts_.checkpoint = checkpoint;
    facts_.tails = {tail(0, 1000, 1000), tail(1, 2000, 2000)};
  }

  static PartitionTail tail(std::int32_t partition, std::int64_t low, std::int64_t end) {
    PartitionTail tail;
    tail.stream = "main";
    tail.partition = PartitionId(partition);
    tail.low = KafkaOffset(low);
    tail.end = KafkaOffset(end);
    return tail;
  }
  void publish(std::size_t slot, std::uint64_t seq, const std::string& gtid, EpochId id = kEpoch) {
    PartitionTail& tail = facts_.tails[slot];
    tail.newest = id;
    tail.published = {.seq = Seq(seq), .gtid = gtid, .ordinal = Ordinal(2), .commit_time = {}};
    tail.last_seq = Seq(seq);
    tail.end = KafkaOffset(tail.end.raw() + 5);
  }
  void lose_checkpoint() {
    facts_.checkpoint.reset();
    publish(0, 30, "1-101-120");
    publish(1, 40, "1-101-130");
    facts_.statements = {LastStatement{"1-101-110"_position, change::digest(facts_.configured)},
                         LastStatement{"1-101-105"_position, change::digest(facts_.configured)}};
  }
  ResumePlan plan() const { return plan_resume(facts_); }
  void expect_refusal(const std::string& words, Retry retry = Retry::kNever) const {
    const ResumePlan refused = plan();
    EXPECT_EQ(refused.kind, Kind::kRefuse);
    EXPECT_THAT(refused.sentence, HasSubstr(words));
    EXPECT_EQ(refused.retry, retry);
  }

  ResumeFacts facts_;
};

}  // namespace farshore::capture
