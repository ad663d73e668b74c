#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "store/progress_row.hpp"

/// How old is safe time really? Its number is the origin's clock, which may be wrong, and is compared with this host's,
/// which may be wrong too. So the number alone never opens a gate:
///
///   age = the greatest of
///     by number    this host's wall clock - safe time                  right while both clocks are
///     by growth    how long safe time has not been seen to grow        by the monotonic clock alone
///     by pace      the monotonic clock + pace - safe time              by the monotonic clock and the origin's
///   pace = the greatest (safe time - monotonic clock) that was seen of the origin: the most that its clock was ever
///          ahead. A clock that was 60 s ahead for a moment adds 60 s to every later age.
///
/// What was never seen to grow has no age: a gate that has just started is closed until safe time grows, and until it
/// has kept its pace for kSettled, so that the rest of a backlog is not taken for life. The same again after this
/// host's clock was set. A pace is forgotten when safe time has gone on without it for kPaceMemory to twice that.
namespace farshore::gate {

struct Bounds {
  std::chrono::microseconds age_max;
  std::chrono::microseconds evidence_age_max;
  std::chrono::microseconds clock_skew_max;
  std::chrono::microseconds comparison_age_max{};  ///< zero: no comparison is asked for
};

/// One moment by both clocks of this host. Only differences of `steady` mean something; nobody sets it.
struct Instant {
  LocalTime wall;
  std::chrono::microseconds steady;
};
/// `steady` goes on while the host sleeps.
[[nodiscard]] Instant instant_now();

/// Follows the safe time of every partition from reading to reading. No input or output, no clock of its own; one
/// thread at a time.
class SafeTimeWatch {
 public:
  static constexpr std::chrono::seconds kSettled{3};
  static constexpr std::chrono::minutes kPaceMemory{5};
  /// This host's clocks part by more than this between two looks: its wall clock was set.
  static constexpr std::chrono::seconds kJump{1};

  explicit SafeTimeWatch(const Bounds& bounds) : bounds_(bounds) {}

  /// At every poll, whether the reading succeeds or not.
  void look(Instant at);
  /// A good reading; `read_at` is when it began.
  void learn(const std::vector<store::ProgressRow>& rows, Instant read_at);

  struct Finding {
    std::chrono::microseconds age{};
    /// Since it last grew; nothing: it was never seen to.
    std::optional<std::chrono::microseconds> unchanged;
    std::string stale;  ///< why, for people; empty: it is fresh
    std::string skew;   ///< why the clocks cannot be trusted; empty: they can
  };
  /// Of a row with a safe time, as the last reading had it.
  [[nodiscard]] Finding judge(const store::ProgressRow& row, Instant now) const;

 private:
  using Duration = std::chrono::microseconds;
  struct Growth {
    SourceTime safe_time;
    Duration watched_since{};  ///< by the steady clock, as are the others
    std::optional<Duration> grown_at;
  };
  struct Pace {
    Duration best{};  ///< within the window that runs
    Duration best_before{};
    Duration window{};      ///< how long safe time has grown in it
    Duration settled_on{};  ///< kSettled counts from where the pace last rose from this
    Duration rising_since{};
    bool is_settled = false;

    [[nodiscard]] Duration most() const { return std::max(best, best_before); }
  };

  bool note_jump(Instant at);
  void follow_pace(const std::string& origin, Duration ahead, bool grew, Duration now);
  void age_paces(Duration now);
  [[nodiscard]] std::string stale_because(const Growth& growth, const Pace& pace, const Finding& finding,
                                          Duration by_number, Duration by_pace, Instant now) const;

  const Bounds bounds_;
  std::map<store::PartitionKey, Growth> growths_;
  std::map<std::string, Pace> paces_;  ///< by origin
  std::optional<Duration> last_reading_;
  std::optional<Duration> wall_offset_;  ///< wall - steady when last looked
  Duration jump_{};                      ///< the last one
};

}  // namespace farshore::gate
