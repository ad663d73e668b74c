#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "apply/parked_key.hpp"
#include "base/clock.hpp"
#include "store/progress_row.hpp"

namespace farshore::apply {

/// When each parked change is tried again. The first tries come soon, as what is in the way may be about to change;
/// then ever later, up to `longest`. What has failed often goes one at a time: of each table the change that waited
/// longest, a few in `longest`; when one of them goes through, whatever it was that kept the table's changes from being
/// applied may be gone, and all of them are tried. A value of a unique column that a change sets free calls for the
/// parked changes that want it. Pure: no database, no clock. Not thread safe.
class ParkedWaits {
 public:
  explicit ParkedWaits(std::chrono::milliseconds longest) : longest_(longest) {}

  /// Parked, or replaced by a newer change of the key.
  void add(const store::PartitionKey& partition, const ParkedKey& key, Clock::time_point now);
  void remove(const store::PartitionKey& partition, const ParkedKey& key);
  void forget(const store::PartitionKey& partition);

  [[nodiscard]] bool is_due(const store::PartitionKey& partition, Clock::time_point now) const;
  /// What is to be tried now, at most kAtOnce. Each of them is to be reported by refused() or remove().
  [[nodiscard]] std::vector<ParkedKey> take_due(const store::PartitionKey& partition, Clock::time_point now);

  struct Counted {
    std::uint32_t attempts = 0;
    bool is_news = false;  ///< the reason is another than that of the last try
  };
  /// It was tried, and stays. `wanted`: the unique values that it needs, if one of them was taken. `reason`: a digest.
  Counted refused(const store::PartitionKey& partition, const ParkedKey& key, Clock::time_point now,
                  std::vector<UniqueValue> wanted, std::size_t reason);
  /// The tries that were taken could not be made: they are due again at this time.
  void postpone(const store::PartitionKey& partition, Clock::time_point until);
  /// A change of the table went through that was refused before: others may, too. `that_want`: those that want values,
  /// else those that do not.
  void wake_table(const store::PartitionKey& partition, const ParkedKey& sibling, Clock::time_point now,
                  bool that_want);
  /// Values that an applied change does not hold any more.
  void freed(const std::vector<UniqueValue>& values, Clock::time_point now);
  [[nodiscard]] bool waits_for_values() const { return !wanted_.empty(); }

 private:
  struct Wait {
    Clock::time_point next_at;
    Clock::time_point tried_at;
    std::chrono::milliseconds time{0};
    std::uint32_t attempts = 0;
    std::size_t reason = 0;
    std::vector<UniqueValue> wanted;
  };
  struct Partition {
    std::map<ParkedKey, Wait> waits;
    Clock::time_point earliest = Clock::time_point::max();  ///< not after any wait's end
    Clock::time_point old_from;                             ///< when one that failed often is due at the soonest
  };
  void drop_wanted(const store::PartitionKey& partition, const ParkedKey& key, Wait& wait);

  const std::chrono::milliseconds longest_;
  std::map<store::PartitionKey, Partition> partitions_;
  std::unordered_multimap<UniqueValue, std::pair<store::PartitionKey, ParkedKey>> wanted_;
};

}  // namespace farshore::apply
