#pragma once

#include <chrono>
#include <expected>
#include <vector>

#include "apply/barrier.hpp"
#include "apply/held_partitions.hpp"
#include "apply/outcome.hpp"
#include "apply/parking.hpp"
#include "apply/writer_session.hpp"
#include "apply/writer_settings.hpp"
#include "base/clock.hpp"
#include "mysql/connection.hpp"
#include "store/progress_row.hpp"

namespace farshore::apply {

/// Takes partitions in hand over the barriers at which they stand, and says in their progress what those wait for that
/// cannot be passed yet. Owns when it looks again. The writing thread's.
///
/// What fails is tried again at the next look. A partition whose compare-and-set is lost is lost.
class BarrierPassing {
 public:
  /// Borrows all of them.
  BarrierPassing(const WriterSettings& settings, WriterSession& session, HeldPartitions& partitions, Parking& parking)
      : settings_(settings), session_(session), partitions_(partitions), parking_(parking) {}

  /// A partition may have arrived at a barrier: it is looked at with the next pass_due().
  void look_soon() { due_ = {}; }
  /// With a session that is ready. Leaves no transaction open; the session may be lost afterwards.
  void pass_due(Clock::time_point now, std::vector<Outcome>& outcomes);

 private:
  using Held = HeldPartitions::Held;
  [[nodiscard]] std::expected<bool, mysql::SqlError> look(const store::PartitionKey& key, Held& held,
                                                          std::vector<Outcome>& outcomes);
  [[nodiscard]] std::expected<bool, mysql::SqlError> pass(const store::PartitionKey& key, Held& held,
                                                          const BarrierFacts& facts, std::vector<Outcome>& outcomes);
  [[nodiscard]] std::expected<bool, mysql::SqlError> stand(const store::PartitionKey& key, Held& held,
                                                           const BarrierWait& wait, std::vector<Outcome>& outcomes);

  const WriterSettings& settings_;
  WriterSession& session_;
  HeldPartitions& partitions_;
  Parking& parking_;
  Clock::time_point due_;
};

}  // namespace farshore::apply
