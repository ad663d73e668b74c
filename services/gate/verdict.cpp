#include "services/gate/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "services/gate/seconds_text.hpp"

namespace farshore::gate {
namespace {

using store::PartitionState;
using store::ProgressRow;

constexpr std::string_view kCompareCommand = "`farshorectl compare --peer FILE --record --why TEXT --execute`";

/// Nothing: the partition goes on.
std::optional<Reason> reason_of(PartitionState state) {
  switch (state) {
    case PartitionState::kApplying: return std::nullopt;
    case PartitionState::kAtBarrier: return Reason::kAtBarrier;
    case PartitionState::kWaitingForStatement: return Reason::kWaitingForStatement;
    case PartitionState::kHole: return Reason::kHole;
    case PartitionState::kWaitingForSchema: return Reason::kWaitingForSchema;
    case PartitionState::kNeedsSnapshot: return Reason::kNeedsSnapshot;
    case PartitionState::kUnreadableBatch: return Reason::kUnreadableBatch;
    case PartitionState::kWrongIncarnation: return Reason::kWrongIncarnation;
    case PartitionState::kNumberingConflict: return Reason::kNumberingConflict;
    case PartitionState::kMarkerFiltered: return Reason::kMarkerFiltered;
    case PartitionState::kWrongOrigin: return Reason::kWrongOrigin;
    case PartitionState::kStopped: return Reason::kStopped;
  }
  return Reason::kStopped;
}

/// Gathers what closes one stream.
class StreamJudge {
 public:
  StreamJudge(std::string origin, std::string stream, const Bounds& bounds, const Moment& moment,
              const SafeTimeWatch& watch)
      : bounds_(bounds), moment_(moment), watch_(watch) {
    verdict_.origin = std::move(origin);
    verdict_.stream = std::move(stream);
  }

  void close(Reason reason, std::string detail) {
    closed_.try_emplace(reason, ClosedBy{reason, {}, std::move(detail)});
  }

  void evidence_age() {
    if (moment_.evidence_age <= bounds_.evidence_age_max) return;
    close(
        Reason::kStaleEvidence,
        fmt::format("the progress table was last read {} ago, the bound is {}: what keeps the gate from reading it is "
                    "in its /readyz",
                    seconds_text(moment_.evidence_age), seconds_text(bounds_.evidence_age_max)));
  }

  void missing_partition(std::int32_t partition) {
    ++verdict_.partitions;
    lacks_safe_time_ = true;
    close_partition(
        Reason::kNoEvidence, partition,
        "the partition has no progress here: no apply has ever had it. Does apply run here, and is the topic in "
        "this region's Kafka?");
  }

  void partition(const ProgressRow& row) {
    ++verdict_.partitions;
    const std::int32_t number = row.key.partition.raw();
    if (const auto reason = reason_of(row.state)) {
      close_partition(*reason, number, row.reason.empty() ? store::to_string(row.state) : row.reason);
    }
    // It applies, but not now.
    if (row.state == PartitionState::kApplying && !row.reason.empty() && waits_for_.empty())
      waits_for_ = fmt::format("partition {}: {}", number, row.reason);
    if (row.owner.empty())
      close_partition(Reason::kUnownedPartition, number,
                      "no apply process holds the partition: start apply, or see its /readyz");
    safe_time(row, number);
  }

  void pending(const store::PendingCount& count) {
    verdict_.parked += count.parked;
    verdict_.conflicts += count.conflicts;
    if (count.parked > 0)
      close(Reason::kParked,
            fmt::format("{} changes are parked: `farshorectl parked list --origin {}` says which and why", count.parked,
                        verdict_.origin));
    if (count.conflicts > 0)
      close(Reason::kConflict,
            fmt::format("{} conflicts are not resolved: `farshorectl conflicts list --origin {}` shows them",
                        count.conflicts, verdict_.origin));
  }

  void block(store::WriteBlock block) { waits_for_ = to_sentence(block); }

  void equality(const std::optional<std::vector<store::EqualityRow>>& said, std::span<const store::ToldDoubt> told) {
    if (!said) {
      return close(
          Reason::kNotYetEqual,
          "the farshore schema here has no table equality or told_doubt, where it is said that the tables began "
          "equal: run `farshorectl init`");
    }
    auto why = store::why_not_equal(*said, verdict_.origin, verdict_.stream);
    if (const auto doubted = store::why_doubted(told, *said, verdict_.origin, verdict_.stream))
      why = why ? fmt::format("{}; {}", *why, *doubted) : *doubted;
    if (why) close(Reason::kNotYetEqual, std::move(*why));
  }

  /// A difference that nothing tells stands behind an open gate for as long as the bound at most.
  void comparison(const std::optional<std::vector<store::Comparison>>& comparisons) {
    const bool is_asked_for = bounds_.comparison_age_max > bounds_.comparison_age_max.zero();
    const store::Comparison* last = nullptr;
    if (comparisons) {
      const auto found = std::ranges::find_if(*comparisons, [&](const store::Comparison& one) {
        return one.origin == verdict_.origin && one.stream == verdict_.stream;
      });
      if (found != comparisons->end()) last = &*found;
    }
    if (last != nullptr) return comparison(*last, is_asked_for);
    if (!is_asked_for) return;
    close(Reason::kNotCompared,
          comparisons ? fmt::format("no comparison of all tables of the stream with the origin's is recorded here: {}",
                                    kCompareCommand)
                      : "the farshore schema here has no table comparison: run `farshorectl init`");
  }

  StreamVerdict finish() {
    if (lacks_safe_time_) {
      verdict_.safe_time.reset();
      verdict_.age.reset();
    }
    if (lacks_safe_time_ || is_unwatched_) verdict_.unchanged.reset();
    const auto stale = closed_.find(Reason::kStaleSafeTime);
    if (stale != closed_.end() && !waits_for_.empty()) stale->second.detail += "; " + waits_for_;
    if (verdict_.partitions == 0) close(Reason::kNoEvidence, "the stream has no partition here");
    for (auto& [reason, closed] : closed_) verdict_.reasons.push_back(std::move(closed));
    verdict_.open = verdict_.reasons.empty();
    return std::move(verdict_);
  }

 private:
  /// Two clocks say how old it is, the database's and this host's: the older counts, and neither may say that it is yet
  /// to begin.
  void comparison(const store::Comparison& last, bool is_asked_for) {
    const auto by_database = last.age + moment_.evidence_age;
    const auto by_host = moment_.now.wall - last.began_at;
    const auto [younger, older] = std::minmax({by_database, by_host});
    verdict_.comparison_age = older;
    if (!is_asked_for) return;
    if (-younger > bounds_.clock_skew_max) {
      close(Reason::kNotCompared,
            fmt::format("the last comparison of all tables lies {} in the future by the clock of {}, the bound is {}: "
                        "that clock is wrong, or the database's was; mend it, then {}",
                        seconds_text(-younger), by_database < by_host ? "the database" : "the gate's own host",
                        seconds_text(bounds_.clock_skew_max), kCompareCommand));
    } else if (older > bounds_.comparison_age_max) {
      close(Reason::kNotCompared,
            fmt::format("the last comparison of all tables that found them equal to the origin's began {} ago (by {}), "
                        "the bound is {}: {}",
                        seconds_text(older), last.who, seconds_text(bounds_.comparison_age_max), kCompareCommand));
    }
  }

  void close_partition(Reason reason, std::int32_t partition, std::string_view detail) {
    close(reason, std::string(detail));
    closed_[reason].partitions.push_back(partition);
  }

  void safe_time(const ProgressRow& row, std::int32_t number) {
    if (row.safe_time == SourceTime{}) {
      lacks_safe_time_ = true;
      close_partition(Reason::kNoSafeTime, number,
                      row.epoch.epoch == Epoch(0) ? "nothing of the partition has been applied here yet"
                                                  : "no watermark of the origin has been passed yet: is its capture "
                                                    "ready, does the mirror run?");
      return;
    }
    verdict_.safe_time = std::min(verdict_.safe_time.value_or(row.safe_time), row.safe_time);
    const SafeTimeWatch::Finding found = watch_.judge(row, moment_.now);
    verdict_.age = std::max(verdict_.age.value_or(found.age), found.age);
    if (found.unchanged) verdict_.unchanged = std::max(verdict_.unchanged.value_or(*found.unchanged), *found.unchanged);
    if (!found.unchanged) is_unwatched_ = true;
    if (!found.stale.empty()) close_partition(Reason::kStaleSafeTime, number, found.stale);
    if (!found.skew.empty()) close_partition(Reason::kClockSkew, number, found.skew);
  }

  const Bounds& bounds_;
  const Moment& moment_;
  const SafeTimeWatch& watch_;
  StreamVerdict verdict_;
  std::map<Reason, ClosedBy> closed_;
  std::string waits_for_;  ///< for people: what may have made safe time stale; empty: nothing is known
  bool lacks_safe_time_ = false;
  bool is_unwatched_ = false;
};

/// The configured streams and those that have progress or pending changes: what is here is judged, configured or not.
std::set<std::string> streams_of(const std::string& origin, const Expectation& expected, const Evidence& evidence) {
  std::set<std::string> streams;
  for (const auto& [stream, partitions] : expected.partitions_of_stream) streams.insert(stream);
  for (const ProgressRow& row : evidence.rows) {
    if (row.key.origin == origin) streams.insert(row.key.stream);
  }
  for (const store::PendingCount& count : evidence.pending) {
    if (count.origin == origin) streams.insert(count.stream);
  }
  return streams;
}

/// An origin's partitions go from epoch to epoch together. Those that apply in different ones contradict each other:
/// text for people; nothing: they agree. A partition that has not passed its first epoch start is in none.
std::optional<std::string> mixed_epochs(const std::string& origin, const Evidence& evidence) {
  std::optional<EpochId> common;
  for (const ProgressRow& row : evidence.rows) {
    if (row.key.origin != origin || row.state != PartitionState::kApplying || row.epoch.epoch == Epoch(0)) continue;
    if (common && *common != row.epoch)
      return fmt::format(
          "partitions of the origin apply in different epochs ({} and {}, or incarnations of one): the "
          "progress table was changed by hand, or restored in part; `farshorectl origin reset --origin "
          "{}` begins it anew",
          common->epoch.raw(), row.epoch.epoch.raw(), origin);
    common = row.epoch;
  }
  return std::nullopt;
}

StreamVerdict judge_stream(const std::string& origin, const std::string& stream, const Expectation& expected,
                           const Evidence& evidence, const Bounds& bounds, const Moment& moment,
                           const SafeTimeWatch& watch) {
  StreamJudge judge(origin, stream, bounds, moment, watch);
  judge.evidence_age();
  std::map<std::int32_t, const ProgressRow*> partitions;
  if (const auto found = expected.partitions_of_stream.find(stream); found != expected.partitions_of_stream.end()) {
    for (std::uint32_t i = 0; i < found->second; ++i) partitions[static_cast<std::int32_t>(i)] = nullptr;
  }
  for (const ProgressRow& row : evidence.rows) {
    if (row.key.origin == origin && row.key.stream == stream) partitions[row.key.partition.raw()] = &row;
  }
  if (auto contradiction = mixed_epochs(origin, evidence))
    judge.close(Reason::kWrongIncarnation, std::move(*contradiction));
  for (const auto& [number, row] : partitions) {
    if (row == nullptr) {
      judge.missing_partition(number);
    } else {
      judge.partition(*row);
    }
  }
  for (const store::PendingCount& count : evidence.pending) {
    if (count.origin == origin && count.stream == stream) judge.pending(count);
  }
  if (evidence.block) judge.block(*evidence.block);
  judge.equality(evidence.equality, evidence.told);
  judge.comparison(evidence.comparisons);
  return judge.finish();
}

}  // namespace

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::kNoEvidence: return "no-evidence";
    case Reason::kStaleEvidence: return "stale-evidence";
    case Reason::kNoSafeTime: return "no-safe-time";
    case Reason::kStaleSafeTime: return "stale-safe-time";
    case Reason::kClockSkew: return "clock-skew";
    case Reason::kUnownedPartition: return "unowned-partition";
    case Reason::kParked: return "parked";
    case Reason::kConflict: return "conflict";
    case Reason::kNotYetEqual: return "not-yet-equal";
    case Reason::kNotCompared: return "not-compared";
    case Reason::kAtBarrier: return "at-barrier";
    case Reason::kWaitingForStatement: return "waiting-for-statement";
    case Reason::kHole: return "hole";
    case Reason::kWaitingForSchema: return "waiting-for-schema";
    case Reason::kNeedsSnapshot: return "needs-snapshot";
    case Reason::kUnreadableBatch: return "unreadable-batch";
    case Reason::kWrongIncarnation: return "wrong-incarnation";
    case Reason::kNumberingConflict: return "numbering-conflict";
    case Reason::kMarkerFiltered: return "marker-filtered";
    case Reason::kWrongOrigin: return "wrong-origin";
    case Reason::kStopped: return "stopped";
  }
  return "stopped";
}

std::vector<StreamVerdict> judge(const Expectation& expected, const Evidence* evidence, const Bounds& bounds,
                                 const Moment& moment, const SafeTimeWatch& watch) {
  std::vector<StreamVerdict> verdicts;
  for (const std::string& origin : expected.origins) {
    if (evidence == nullptr) {
      for (const auto& [stream, partitions] : expected.partitions_of_stream) {
        StreamJudge judge(origin, stream, bounds, moment, watch);
        judge.close(Reason::kNoEvidence, "the progress table has not been read yet: see the gate's /readyz");
        verdicts.push_back(judge.finish());
      }
      continue;
    }
    for (const std::string& stream : streams_of(origin, expected, *evidence)) {
      verdicts.push_back(judge_stream(origin, stream, expected, *evidence, bounds, moment, watch));
    }
  }
  return verdicts;
}

bool all_open(const std::vector<StreamVerdict>& verdicts) {
  return !verdicts.empty() && std::ranges::all_of(verdicts, &StreamVerdict::open);
}

}  // namespace farshore::gate
