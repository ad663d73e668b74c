#include "services/apply/feeds.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unit/apply/records.hpp"

namespace farshore::apply {
namespace {

using test::partition_key;

const kafka::TopicPartition kMirrored{"farshore.changes.west.main", PartitionId(2)};
const kafka::TopicPartition kByAnotherChannel{"another.channel", PartitionId(2)};

Feed feed_from(std::vector<kafka::TopicPartition> places) {
  Feed feed;
  feed.key = partition_key();
  for (kafka::TopicPartition& place : places) feed.sources.push_back({.place = std::move(place)});
  return feed;
}

TEST(TheFeeds, FindOneByItsNameAndByEachOfItsSources) {
  Feeds feeds;
  feeds.put(feed_from({kMirrored, kByAnotherChannel}));
  Feed* const feed = feeds.find(partition_key());
  ASSERT_NE(feed, nullptr);
  for (const std::size_t index : {0, 1}) {
    const auto found = feeds.find(feed->sources[index].place);
    ASSERT_TRUE(found);
    EXPECT_EQ(&found->feed, feed);
    EXPECT_EQ(&found->source, &feed->sources[index]);
  }
  EXPECT_EQ(feeds.find({"west", "main", PartitionId(3)}), nullptr);
  EXPECT_FALSE(feeds.find(kafka::TopicPartition{kMirrored.topic, PartitionId(3)}));
}

TEST(TheFeeds, PutANewOneInTheOldOnesPlace) {
  Feeds feeds;
  feeds.put(feed_from({kMirrored, kByAnotherChannel}));
  feeds.find(partition_key())->steps_left = 7;
  feeds.put(feed_from({kMirrored}));
  EXPECT_EQ(feeds.find(partition_key())->steps_left, 0);
  EXPECT_TRUE(feeds.find(kMirrored));
  EXPECT_FALSE(feeds.find(kByAnotherChannel));
}

TEST(TheFeeds, ForgetTheSourcesWithTheirPartition) {
  Feeds feeds;
  feeds.put(feed_from({kMirrored, kByAnotherChannel}));
  feeds.erase(partition_key());
  EXPECT_EQ(feeds.find(partition_key()), nullptr);
  EXPECT_FALSE(feeds.find(kMirrored));
  EXPECT_FALSE(feeds.find(kByAnotherChannel));
  feeds.erase(partition_key());
}

}  // namespace
}  // namespace farshore::apply
