#pragma once

#include <chrono>
#include <expected>
#include <map>
#include <string>
#include <vector>

#include "apply/failure.hpp"
#include "apply/held_partitions.hpp"
#include "apply/outcome.hpp"
#include "apply/parked_retry.hpp"
#include "apply/resolver.hpp"
#include "apply/target_state.hpp"
#include "apply/writer_session.hpp"
#include "apply/writer_settings.hpp"
#include "base/clock.hpp"
#include "store/progress_row.hpp"

namespace farshore::apply {

/// When what is parked of the partitions in hand is tried again, and when people's requests about it are carried out:
/// each in a transaction of its own that begins with the partition's progress. Owns how the last try of each partition
/// went. The writing thread's.
///
/// A try that could not be made is made again after a pause, longer each time, and never stops the partition: the
/// change is out of the partition's order already. If the session is lost with a try under way, so is its partition.
class ParkedTimetable {
 public:
  /// Borrows all of them.
  ParkedTimetable(const WriterSettings& settings, const Notice& notice, WriterSession& session,
                  HeldPartitions& partitions, TargetState& target);

  /// The partition is newly in hand: how its tries went before is forgotten, and requests are looked for at once.
  void taken_over(const store::PartitionKey& key);
  /// With a session that is ready; it may be lost or closed afterwards. Leaves no transaction open.
  void try_due(Clock::time_point now, std::vector<Outcome>& outcomes);
  /// Likewise.
  void carry_out_requests(Clock::time_point now, std::vector<Outcome>& outcomes);
  /// One was answered a moment ago, and the next may be on its way: carry_out_requests() looks for it often.
  [[nodiscard]] bool expects_request(Clock::time_point now) const { return now < next_request_until_; }

 private:
  using Held = HeldPartitions::Held;
  struct Tries {
    std::string fault;                   ///< why what is parked could not be tried, as it was said last
    std::chrono::milliseconds pause{0};  ///< after tries that could not be made
  };

  void try_partition(const store::PartitionKey& key, std::vector<Outcome>& outcomes);
  [[nodiscard]] std::expected<void, Failure> try_changes(const store::PartitionKey& key, Held& held,
                                                         std::vector<Outcome>& outcomes);
  [[nodiscard]] std::expected<void, Failure> carry_out(Held& held, const Request& request,
                                                       std::vector<Outcome>& outcomes);
  [[nodiscard]] std::expected<void, Failure> begin(const Held& held);
  [[nodiscard]] std::expected<void, Failure> commit();
  void note_mismatches(std::vector<Outcome>& outcomes);
  void on_failed_try(const store::PartitionKey& key, const Failure& failure, std::vector<Outcome>& outcomes);

  const WriterSettings& settings_;
  const Notice& notice_;
  WriterSession& session_;
  HeldPartitions& partitions_;
  TargetState& target_;

  ParkedRetry retry_;
  Resolver resolver_;
  std::map<store::PartitionKey, Tries> tries_;  ///< of partitions that are or were in hand
  Clock::time_point requests_due_;
  Clock::time_point next_request_until_;  ///< a person may be at it
};

}  // namespace farshore::apply
