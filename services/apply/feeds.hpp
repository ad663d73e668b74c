#pragma once

#include <map>
#include <optional>

#include "kafka/topic_partition.hpp"
#include "services/apply/feed.hpp"
#include "store/progress_row.hpp"

namespace farshore::apply {

/// A worker's partitions, found by their names and by their sources. On the gathering thread.
class Feeds {
 public:
  using Map = std::map<store::PartitionKey, Feed>;
  struct Found {
    Feed& feed;
    Feed::Source& source;
  };

  /// Takes the place of one of the same partition.
  void put(Feed feed);
  void erase(const store::PartitionKey& key);
  void clear();
  /// nullptr: there is none. Good until it is erased, as what the other find() gives.
  [[nodiscard]] Feed* find(const store::PartitionKey& key);
  /// Whose source this is.
  [[nodiscard]] std::optional<Found> find(const kafka::TopicPartition& place);

  [[nodiscard]] Map::iterator begin() { return feeds_.begin(); }
  [[nodiscard]] Map::iterator end() { return feeds_.end(); }
  [[nodiscard]] Map::const_iterator begin() const { return feeds_.begin(); }
  [[nodiscard]] Map::const_iterator end() const { return feeds_.end(); }

 private:
  Map feeds_;
  std::map<kafka::TopicPartition, Feed*> by_place_;
};

}  // namespace farshore::apply
