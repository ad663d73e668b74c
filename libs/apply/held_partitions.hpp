#pragma once

#include <chrono>
#include <expected>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "apply/failure.hpp"
#include "apply/outcome.hpp"
#include "apply/parking.hpp"
#include "apply/work_set.hpp"
#include "apply/writer_session.hpp"
#include "apply/writer_settings.hpp"
#include "base/clock.hpp"
#include "base/numbers.hpp"
#include "store/progress_row.hpp"

namespace farshore::apply {

/// Why a partition is lost whose compare-and-set was.
inline constexpr std::string_view kMovedByAnother =
    "another apply process has written its progress; it is taken over again";

/// The partitions in hand: those whose progress this writer may write. Their progress rows are kept as they were last
/// read or written; what is parked of them is in memory with them, see Parking. The writing thread's.
///
/// A statement fails as the session does. A compare-and-set that is lost fails as ProgressMoved, or as false.
class HeldPartitions {
 public:
  struct Held {
    store::ProgressRow row;  ///< as it was last read or written
    std::string topic_id;
    std::optional<KafkaOffset> offset;  ///< beyond which nothing is applied
    Clock::time_point offset_written;
    std::optional<Barrier> barrier;  ///< it stands there
    Clock::time_point barrier_since;
  };
  using Map = std::map<store::PartitionKey, Held>;

  /// Borrows all of them.
  HeldPartitions(const WriterSettings& settings, WriterSession& session, Parking& parking)
      : settings_(settings), session_(session), parking_(parking) {}

  /// Takes a partition over: from here on no other writer's transaction of it goes through. Waits for a session as long
  /// as it takes, or until `stop`; with a partition that cannot be had only for a moment. True: it is in hand.
  [[nodiscard]] bool take_over(const LoadRequest& request, std::vector<Outcome>& outcomes, const std::stop_token& stop);
  /// Lets go of it, so that anyone may take it over at once. Does not wait for a database that is away.
  void release(const store::PartitionKey& key);
  /// Lets go of it since it cannot go on, and says so in its progress.
  void suspend(const store::PartitionKey& key, store::PartitionState state, const std::string& text,
               std::vector<Outcome>& outcomes);
  /// Forgets it: its progress is not what we hold, or may not be.
  void lose(const store::PartitionKey& key, std::string_view reason, std::vector<Outcome>& outcomes);
  /// The slice is durable.
  void applied(const Slice& slice, const SliceCounts& counts, std::vector<Outcome>& outcomes);

  [[nodiscard]] bool empty() const { return held_.empty(); }
  [[nodiscard]] bool contains(const store::PartitionKey& key) const { return held_.contains(key); }
  /// nullptr: it is not in hand. Good until it is let go.
  [[nodiscard]] Held* find(const store::PartitionKey& key);
  /// It is in hand.
  [[nodiscard]] Held& at(const store::PartitionKey& key) { return held_.at(key); }
  [[nodiscard]] Map::iterator begin() { return held_.begin(); }
  [[nodiscard]] Map::iterator end() { return held_.end(); }

  /// Notes in the open transaction where reading goes on after a restart, for those slices whose last note is old.
  [[nodiscard]] std::expected<void, mysql::SqlError> write_offsets(std::span<const Slice> slices,
                                                                   const std::vector<bool>& active);
  /// Takes back what is not committed, of what is parked in memory too.
  void rollback();

 private:
  [[nodiscard]] std::expected<Loaded, Failure> try_to_take_over(const LoadRequest& request);
  [[nodiscard]] std::expected<bool, mysql::SqlError> claim(const LoadRequest& request, store::ProgressRow& row);
  [[nodiscard]] std::expected<std::optional<KafkaOffset>, mysql::SqlError> read_offset(const LoadRequest& request);
  [[nodiscard]] std::expected<void, mysql::SqlError> write_offset(const store::PartitionKey& key, const Held& held);

  const WriterSettings& settings_;
  WriterSession& session_;
  Parking& parking_;
  Map held_;
};

}  // namespace farshore::apply
