#pragma once

#include <cstddef>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "apply/added_columns.hpp"
#include "apply/barrier_passing.hpp"
#include "apply/counts.hpp"
#include "apply/held_partitions.hpp"
#include "apply/outcome.hpp"
#include "apply/parked_timetable.hpp"
#include "apply/target_state.hpp"
#include "apply/work_set.hpp"
#include "apply/work_set_transaction.hpp"
#include "apply/writer_session.hpp"
#include "apply/writer_settings.hpp"
#include "store/progress_row.hpp"

namespace farshore::apply {

/// Writes work sets into the target database: one transaction each, the progress rows first, by compare-and-set. Puts
/// the parts of a writer together, each of which owns one piece of its state; one session. Blocking; one thread.
///
/// The progress rows of the partitions in hand are kept as they were last read or written. A transaction goes through
/// only if they are still the same in the database; so a second writer of a partition, a repeated work set or an
/// unknown outcome can do no harm: whoever comes second writes nothing and looks again.
class WorkSetWriter {
 public:
  /// `counts` outlives the writer; `notice` takes sentences for the log.
  WorkSetWriter(WriterSettings settings, Counts& counts, Notice notice);

  /// Takes partitions over: from here on no other writer's transaction of them goes through. Waits for a session with
  /// the database as long as it takes, or until `stop`; with one partition that cannot be had only for a moment.
  void load(std::span<const LoadRequest> requests, std::vector<Outcome>& outcomes, const std::stop_token& stop);
  /// Writes the set and says of each slice what became of it. Slices of partitions that are not in hand are left out
  /// without a word: what was before them has failed, and that was said.
  void write(WorkSet& set, std::vector<Outcome>& outcomes, const std::stop_token& stop);
  /// What has its own time: keeps the session alive, passes barriers, tries parked changes again. Call it often.
  void tick(std::vector<Outcome>& outcomes, const std::stop_token& stop);
  /// A person may be settling row after row: call tick() without a pause.
  [[nodiscard]] bool expects_request() const { return parked_.expects_request(settings_.clock->now()); }
  /// Lets go of a partition. Does not wait for a database that is away.
  void release(const store::PartitionKey& key) { partitions_.release(key); }

  [[nodiscard]] std::size_t parked(const store::PartitionKey& key) const { return target_.parking().count(key); }
  /// Empty: the session is good. Else why there is none now, or what a transaction waits for. From any thread.
  [[nodiscard]] std::string fault() const { return session_.fault(); }

 private:
  const WriterSettings settings_;
  const Notice notice_;

  // Each borrows some of those above it.
  TargetState target_;
  WriterSession session_;
  HeldPartitions partitions_;
  BarrierPassing barriers_;
  AwaitedLook awaited_;
  ParkedTimetable parked_;
  WorkSetTransaction transaction_;
};

}  // namespace farshore::apply
