#include "services/apply/feeds.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "records.hpp"

namespace farshore::apply {
namespace {

using test::partition_key;

const kafka::TopicPartition kPlace{"farshore.changes.west.main", PartitionId(2)};
const kafka::TopicPartition kOther{"another.channel", PartitionId(2)};

Feed feed_from(std::vector<kafka::TopicPartition> places) {
  Feed feed;
  feed.key = partition_key();
  for (kafka::TopicPartition& place : places) feed.sources.push_back({.place = std::move(place)});
  return feed;
}

TEST(TheFeeds, FindOneByItsNameAndByEachOfItsSources) {
  Feeds feeds;
  feeds.put(feed_from({kPlace, kOther}));
  Feed* const feed = feeds.find(partition_key());
  ASSERT_NE(feed, nullptr);
  for (const std::size_t index : {0, 1}) {
    const auto found = feeds.find(feed->sources[index].place);
    ASSERT_TRUE(found);
    EXPECT_EQ(&found->feed, feed);
    EXPECT_EQ(&found->source, &feed->sources[index]);
  }
  EXPECT_EQ(feeds.find({"west", "main", PartitionId(3)}), nullptr);
  EXPECT_FALSE(feeds.find(kafka::TopicPartition{kPlace.topic, PartitionId(3)}));
}

TEST(TheFeeds, PutANewOneInTheOldOnesPlace) {
  Feeds feeds;
  feeds.put(feed_from({kPlace, kOther}));
  feeds.find(partition_key())->steps_left = 7;
  feeds.put(feed_from({kPlace}));
  EXPECT_EQ(feeds.find(partition_key())->steps_left, 0);
  EXPECT_TRUE(feeds.find(kPlace));
  EXPECT_FALSE(feeds.find(kOther));
}

TEST(TheFeeds, ForgetTheSourcesWithTheirPartition) {
  Feeds feeds;
  feeds.put(feed_from({kPlace, kOther}));
  feeds.erase(partition_key());
  EXPECT_EQ(feeds.find(partition_key()), nullptr);
  EXPECT_FALSE(feeds.find(kPlace));
  EXPECT_FALSE(feeds.find(kOther));
  feeds.erase(partition_key());
}

}  // namespace
}  // namespace farshore::apply
