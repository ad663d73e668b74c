#include "services/apply/feeds.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace farshore::apply {

void Feeds::put(Feed feed) {
  FARSHORE_CHECK(!feed.sources.empty(), feed.key.to_string());
  erase(feed.key);
  const store::PartitionKey key = feed.key;
  Feed& kept = feeds_.emplace(key, std::move(feed)).first->second;
  for (const Feed::Source& source : kept.sources) by_place_[source.place] = &kept;
}

void Feeds::erase(const store::PartitionKey& key) {
  const auto found = feeds_.find(key);
  if (found == feeds_.end()) return;
  std::erase_if(by_place_, [&](const auto& entry) { return entry.second == &found->second; });
  feeds_.erase(found);
}

void Feeds::clear() {
  by_place_.clear();
  feeds_.clear();
}

Feed* Feeds::find(const store::PartitionKey& key) {
  const auto found = feeds_.find(key);
  return found == feeds_.end() ? nullptr : &found->second;
}

std::optional<Feeds::Found> Feeds::find(const kafka::TopicPartition& place) {
  const auto found = by_place_.find(place);
  if (found == by_place_.end()) return std::nullopt;
  const auto source = std::ranges::find(found->second->sources, place, &Feed::Source::place);
  return Found{*found->second, *source};
}

}  // namespace farshore::apply
