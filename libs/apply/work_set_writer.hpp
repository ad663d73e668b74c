#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "apply/barrier_passing.hpp"
#include "apply/failure.hpp"
#include "apply/held_partitions.hpp"
#include "apply/outcome.hpp"
#include "apply/parked_timetable.hpp"
#include "apply/row_writer.hpp"
#include "apply/target_state.hpp"
#include "apply/work_set.hpp"
#include "apply/write_plan.hpp"
#include "apply/writer_session.hpp"
#include "apply/writer_settings.hpp"
#include "progress/progress_row.hpp"

namespace farshore::apply {

/// Writes work sets into the target database: one transaction each, the progress rows first, by compare-and-set. In
/// one session. Blocking; one thread.
///
/// The progress rows of the partitions in hand are kept as they were last read or written. A transaction goes through
/// only if they are still the same in the database; so a second writer of a partition, a repeated work set or an
/// unknown outcome can do no harm: whoever comes second writes nothing and looks again.
class WorkSetWriter {
 public:
  /// `notice` takes sentences for the log.
  WorkSetWriter(WriterSettings settings, Notice notice);

  /// Takes partitions over: from here on no other writer's transaction of them goes through. Waits for a session with
  /// the database as long as it takes, or until `stop`; with one partition that cannot be had only for a moment.
  void load(std::span<const LoadRequest> requests, std::vector<Outcome>& outcomes, const std::stop_token& stop);
  /// Writes the set and says of each slice what became of it. Slices of partitions that are not in hand are left out
  /// without a word: what was before them has failed, and that was said.
  void write(WorkSet& set, std::vector<Outcome>& outcomes, const std::stop_token& stop);
  /// What has its own time: keeps the session alive, passes barriers, tries parked changes again. Call it often.
  void tick(std::vector<Outcome>& outcomes, const std::stop_token& stop);
  /// Lets go of a partition. Does not wait for a database that is away.
  void release(const progress::PartitionKey& key) { partitions_.release(key); }

  [[nodiscard]] std::size_t parked(const progress::PartitionKey& key) const { return target_.parking().count(key); }
  [[nodiscard]] const WriterMetrics& metrics() const { return metrics_; }
  /// Empty: the session is good. Else why there is none now, or what a transaction waits for. From any thread.
  [[nodiscard]] std::string fault() const { return session_.fault(); }

 private:
  using Clock = std::chrono::steady_clock;
  using Held = HeldPartitions::Held;
  enum class Attempt : std::uint8_t { kCommitted, kAgain };
  void note_reason(const WorkSet& set, const std::string& sentence);
  void leave_out_stale(const WorkSet& set, std::vector<Outcome>& outcomes);
  Attempt attempt(WorkSet& set, std::vector<Outcome>& outcomes);
  [[nodiscard]] std::expected<void, Failure> write_transaction(WorkSet& set, std::vector<Outcome>& outcomes);
  [[nodiscard]] std::expected<void, Failure> hold_keys(std::uint32_t slice);
  [[nodiscard]] std::expected<void, Failure> check_keys();
  [[nodiscard]] std::expected<void, Failure> write_doubts(const WorkSet& set);
  void look_again(WorkSet& set, std::vector<Outcome>& outcomes);
  void note_freed(const WritePlan& plan);
  void note_mismatches(const WorkSet& set);

  const WriterSettings settings_;
  const Notice notice_;
  WriterMetrics metrics_;

  TargetState target_;
  WriterSession session_;
  HeldPartitions partitions_;
  BarrierPassing barriers_;
  ParkedTimetable parked_;
  std::vector<bool> active_;  ///< by slice of the set at hand
  std::vector<SliceCounts> counts_;
  bool schema_is_fresh_ = false;  ///< the catalog holds nothing from before the set at hand
  bool in_order_ = false;         ///< the set at hand is written without merging such rows, see Planner
};

}  // namespace farshore::apply
