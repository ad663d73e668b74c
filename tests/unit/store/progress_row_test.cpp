#include "store/progress_row.hpp"

#include <gtest/gtest.h>

#include <set>

namespace farshore::store {
namespace {

constexpr PartitionState kAll[] = {PartitionState::kApplying,
                                   PartitionState::kAtBarrier,
                                   PartitionState::kWaitingForStatement,
                                   PartitionState::kHole,
                                   PartitionState::kWaitingForSchema,
                                   PartitionState::kNeedsSnapshot,
                                   PartitionState::kUnreadableBatch,
                                   PartitionState::kWrongIncarnation,
                                   PartitionState::kNumberingConflict,
                                   PartitionState::kMarkerFiltered,
                                   PartitionState::kWrongOrigin,
                                   PartitionState::kStopped};

TEST(PartitionStates, HaveTheWordsOfTheTable) {
  EXPECT_EQ(to_string(PartitionState::kApplying), "applying");
  EXPECT_EQ(to_string(PartitionState::kAtBarrier), "at-barrier");
  EXPECT_EQ(to_string(PartitionState::kWaitingForStatement), "waiting-for-statement");
  EXPECT_EQ(to_string(PartitionState::kHole), "hole");
  EXPECT_EQ(to_string(PartitionState::kWaitingForSchema), "waiting-for-schema");
  EXPECT_EQ(to_string(PartitionState::kNeedsSnapshot), "needs-snapshot");
  EXPECT_EQ(to_string(PartitionState::kUnreadableBatch), "unreadable-batch");
  EXPECT_EQ(to_string(PartitionState::kWrongIncarnation), "wrong-incarnation");
  EXPECT_EQ(to_string(PartitionState::kNumberingConflict), "numbering-conflict");
  EXPECT_EQ(to_string(PartitionState::kMarkerFiltered), "marker-filtered");
  EXPECT_EQ(to_string(PartitionState::kWrongOrigin), "wrong-origin");
  EXPECT_EQ(to_string(PartitionState::kStopped), "stopped");
}

TEST(PartitionStates, AreReadBackAndFitTheColumn) {
  std::set<std::string_view> words;
  for (const PartitionState state : kAll) {
    EXPECT_EQ(parse_partition_state(to_string(state)), state);
    EXPECT_LE(to_string(state).size(), 32U);
    words.insert(to_string(state));
  }
  EXPECT_EQ(words.size(), std::size(kAll));
}

TEST(PartitionStates, AWordThatIsNoneIsNoState) {
  for (const char* const text : {"", "Applying", "applying ", "unknown"}) {
    EXPECT_FALSE(parse_partition_state(text).has_value()) << text;
  }
}

TEST(PartitionKeys, AreNamedAndOrderedByOriginStreamAndPartition) {
  const PartitionKey key{"west", "main", PartitionId(3)};
  EXPECT_EQ(key.to_string(), "west/main/3");
  EXPECT_LT((PartitionKey{"east", "main", PartitionId(9)}), key);
  EXPECT_LT((PartitionKey{"west", "bulk", PartitionId(9)}), key);
  EXPECT_LT((PartitionKey{"west", "main", PartitionId(2)}), key);
}

TEST(Reasons, ArePlainAndShortWhateverTheyWereMadeFrom) {
  EXPECT_EQ(reason_for_people("seq 11 is missing"), "seq 11 is missing");
  EXPECT_EQ(reason_for_people(std::string("a\0b\n\xFF\xC3\x28~", 8)), "a?b?\?\?(~");
  const std::string longest = reason_for_people(std::string(kReasonBytesMax, 'x'));
  EXPECT_EQ(longest, std::string(kReasonBytesMax, 'x'));
  const std::string cut = reason_for_people(std::string(100'000, 'x'));
  EXPECT_EQ(cut.size(), kReasonBytesMax);
  EXPECT_TRUE(cut.ends_with("xx..."));
}

}  // namespace
}  // namespace farshore::store
