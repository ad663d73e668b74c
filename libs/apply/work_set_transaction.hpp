#pragma once

#include <cstdint>
#include <expected>
#include <stop_token>
#include <string>
#include <vector>

#include "apply/counts.hpp"
#include "apply/failure.hpp"
#include "apply/held_partitions.hpp"
#include "apply/outcome.hpp"
#include "apply/target_state.hpp"
#include "apply/work_set.hpp"
#include "apply/write_plan.hpp"
#include "apply/writer_session.hpp"
#include "apply/writer_settings.hpp"

namespace farshore::apply {

/// Writes a work set in one transaction, the progress rows first, by compare-and-set; and again, until it is durable or
/// none of its slices can go on. Owns what is to be known of the set between two tries. The writing thread's.
///
/// After each failure it says what the next try does otherwise: without the slice that stops, with the target's tables
/// read anew, with a look at each row first, without merging, or the same again. After an unknown outcome it first
/// looks what the database holds.
class WorkSetTransaction {
 public:
  /// Borrows all of them.
  WorkSetTransaction(const WriterSettings& settings, const Notice& notice, WriterSession& session,
                     HeldPartitions& partitions, TargetState& target, Counts& totals)
      : settings_(settings),
        notice_(notice),
        session_(session),
        partitions_(partitions),
        target_(target),
        totals_(totals) {}

  /// Blocks until all that can be written is, or until `stop`. Slices of partitions that are not in hand are left out
  /// without a word: what was before them has failed, and that was said.
  void write(WorkSet& set, std::vector<Outcome>& outcomes, const std::stop_token& stop);

 private:
  enum class Attempt : std::uint8_t { kCommitted, kAgain };

  void leave_out_stale(const WorkSet& set, std::vector<Outcome>& outcomes);
  [[nodiscard]] std::uint32_t first_active() const;
  Attempt attempt(WorkSet& set, std::vector<Outcome>& outcomes);
  void on_failure(const Failure& failure, const WorkSet& set, std::vector<Outcome>& outcomes);
  void on_filtered_marker(const WorkSet& set, std::vector<Outcome>& outcomes);
  [[nodiscard]] std::expected<void, Failure> write_once(WorkSet& set, std::vector<Outcome>& outcomes);
  [[nodiscard]] std::expected<void, Failure> write_progress(WorkSet& set, std::vector<Outcome>& outcomes);
  [[nodiscard]] std::expected<void, Failure> write_rows(const WorkSet& set, const WritePlan& plan);
  [[nodiscard]] std::expected<void, Failure> hold_keys(const WritePlan& plan);
  [[nodiscard]] std::expected<void, Failure> check_keys();
  [[nodiscard]] std::expected<void, Failure> write_doubts(const WorkSet& set);
  void on_commit(const WorkSet& set, const WritePlan& plan, std::vector<Outcome>& outcomes);
  void note_freed(const WritePlan& plan);
  void note_mismatches(const WorkSet& set);
  void look_again(const WorkSet& set, std::vector<Outcome>& outcomes);
  void note_reason(const WorkSet& set, const std::string& sentence);

  const WriterSettings& settings_;
  const Notice& notice_;
  WriterSession& session_;
  HeldPartitions& partitions_;
  TargetState& target_;
  Counts& totals_;

  // Of the set at hand:
  std::vector<bool> active_;         ///< by slice, whether it is in
  std::vector<SliceCounts> counts_;  ///< by slice
  bool schema_is_fresh_ = false;     ///< the catalog holds nothing from before it
  bool in_order_ = false;            ///< it is written without merging such rows, see Planner
};

}  // namespace farshore::apply
