#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "progress/equality.hpp"
#include "progress/progress_row.hpp"
#include "progress/progress_store.hpp"

/// May this region take over from an origin now? A pure function of what was read, the bounds and the clock: no input
/// or output, no state. What it does not know closes the gate.
namespace farshore::gate {

/// Why a stream's gate is closed. The words of to_string() are the API's vocabulary and do not change.
enum class Reason : std::uint8_t {
  kNoEvidence,        ///< the progress table was never read, or has no row of the partition
  kStaleEvidence,     ///< the last good reading is too old
  kNoSafeTime,        ///< the partition has no watermark yet
  kStaleSafeTime,     ///< safe time is older than the bound
  kClockSkew,         ///< safe time lies in this clock's future: one of the two clocks is wrong
  kUnownedPartition,  ///< no apply process holds the partition
  kParked,            ///< changes wait that cannot be applied yet
  kConflict,          ///< changes wait for a decision
  kNotYetEqual,       ///< nobody has said that the tables began equal, or something made them unequal since
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
inline constexpr std::size_t kReasonCount = 20;

/// "no-evidence", "stale-safe-time", "hole" ...
[[nodiscard]] std::string_view to_string(Reason reason);

struct Bounds {
  std::chrono::microseconds max_age;
  std::chrono::microseconds max_evidence_age;
  std::chrono::microseconds max_clock_skew;
};

/// What the configuration says must be there: streams with their number of partitions, of each applied origin.
struct Expectation {
  std::vector<std::string> origins;
  std::map<std::string, std::uint32_t> partitions_of_stream;
};

/// One good reading of the region's database.
struct Evidence {
  std::vector<progress::ProgressRow> rows;
  std::vector<progress::PendingCount> pending;
  std::optional<std::vector<progress::EqualityRow>> equality;  ///< nothing: the schema here has no such table
};

/// `age` of the reading is by a clock that nobody sets; `now` is this region's wall clock.
struct Moment {
  LocalTime now;
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
  std::optional<SourceTime> safe_time;           ///< the least of its partitions; nothing: one of them has none
  std::optional<std::chrono::microseconds> age;  ///< of safe_time; negative: in the future
  std::uint32_t partitions = 0;                  ///< that were expected or found
  std::uint64_t parked = 0;
  std::uint64_t conflicts = 0;
  std::vector<ClosedBy> reasons;  ///< by Reason, each once; empty exactly when open
};

/// Verdicts by origin (in the configuration's order), then stream. `evidence` null: nothing was ever read.
[[nodiscard]] std::vector<StreamVerdict> judge(const Expectation& expected, const Evidence* evidence,
                                               const Bounds& bounds, const Moment& moment);

/// Open: there is at least one stream, and every one is open.
[[nodiscard]] bool all_open(const std::vector<StreamVerdict>& verdicts);

}  // namespace farshore::gate
