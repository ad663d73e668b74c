#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/gate/safe_time_watch.hpp"
#include "store/comparison.hpp"
#include "store/doubts.hpp"
#include "store/equality.hpp"
#include "store/pending.hpp"
#include "store/progress_row.hpp"
#include "store/write_block.hpp"

/// May this region take over from an origin now? A pure function of what was read, how safe time went, the bounds and
/// the clocks: no input or output, no state. What it does not know closes the gate.
namespace farshore::gate {

/// Why a stream's gate is closed. The words of to_string() are the API's vocabulary and do not change.
enum class Reason : std::uint8_t {
  kNoEvidence,        ///< the progress table was never read, or has no row of the partition
  kStaleEvidence,     ///< the last good reading is too old
  kNoSafeTime,        ///< the partition has no watermark yet
  kStaleSafeTime,     ///< safe time is older than the bound, or was not seen to grow
  kClockSkew,         ///< safe time lies in this clock's future, or this clock was set: one of the two is wrong
  kUnownedPartition,  ///< no apply process holds the partition
  kParked,            ///< changes wait that cannot be applied yet
  kConflict,          ///< changes wait for a decision
  kNotYetEqual,       ///< nobody has said that the tables began equal, or something made them unequal since
  kNotCompared,       ///< all tables were last compared longer ago than the bound, or never
  // The state of a partition that does not apply:
  kAtBarrier,
  kWaitingForStatement,
  kHole,
  kWaitingForSchema,
  kNeedsSnapshot,
  kUnreadableBatch,
  kWrongIncarnation,
  kNumberingConflict,
  kMarkerFiltered,
  kWrongOrigin,
  kStopped,
};
inline constexpr std::size_t kReasonCount = 21;

/// "no-evidence", "stale-safe-time", "hole" ...
[[nodiscard]] std::string_view to_string(Reason reason);

/// What the configuration says must be there: streams with their number of partitions, of each applied origin.
struct Expectation {
  std::vector<std::string> origins;
  std::map<std::string, std::uint32_t> partitions_of_stream;
};

/// One good reading of the region's database.
struct Evidence {
  std::vector<store::ProgressRow> rows;
  std::vector<store::PendingCount> pending;
  std::optional<std::vector<store::EqualityRow>> equality;  ///< nothing: the schema here has no such table, or not
                                                            ///< that of what was told
  std::vector<store::ToldDoubt> told = {};
  std::optional<store::WriteBlock> block = {};                     ///< why apply can write nothing here, as it says
  std::optional<std::vector<store::Comparison>> comparisons = {};  ///< nothing: the schema here has no such table
};

/// `evidence_age`, of the reading, is by the steady clock.
struct Moment {
  Instant now;
  std::chrono::microseconds evidence_age;
};

struct ClosedBy {
  Reason reason{};
  std::vector<std::int32_t> partitions;  ///< ascending; empty: the whole stream
  std::string detail;                    ///< for people
};

struct StreamVerdict {
  std::string origin;
  std::string stream;
  bool open = false;
  std::optional<SourceTime> safe_time;  ///< the least of its partitions; nothing: one of them has none
  /// How old the oldest safe time really is, as SafeTimeWatch has it; negative: in the future.
  std::optional<std::chrono::microseconds> age;
  /// Since the partition that stands still longest last grew; nothing: one was never seen to.
  std::optional<std::chrono::microseconds> unchanged;
  /// Since the last comparison of all tables that was recorded began, by the clock that makes it oldest; nothing: none.
  std::optional<std::chrono::microseconds> comparison_age;
  std::uint32_t partitions = 0;  ///< that were expected or found
  std::uint64_t parked = 0;
  std::uint64_t conflicts = 0;
  std::vector<ClosedBy> reasons;  ///< by Reason, each once; empty exactly when open
};

/// Verdicts by origin (in the configuration's order), then stream. `evidence` null: nothing was ever read. `watch` has
/// learned that evidence.
[[nodiscard]] std::vector<StreamVerdict> judge(const Expectation& expected, const Evidence* evidence,
                                               const Bounds& bounds, const Moment& moment, const SafeTimeWatch& watch);

/// Open: there is at least one stream, and every one is open.
[[nodiscard]] bool all_open(const std::vector<StreamVerdict>& verdicts);

}  // namespace farshore::gate
