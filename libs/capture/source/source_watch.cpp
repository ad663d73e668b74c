#include "capture/source/source_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/pause.hpp"
#include "capture/source/cascade_groups.hpp"
#include "capture/source/replication_check.hpp"
#include "mysql/server_info.hpp"
#include "store/doubts.hpp"

namespace farshore::capture {

namespace {

/// So much earlier than its turn a moment may come: threads wake when they wake.
constexpr std::chrono::milliseconds kEarly{50};

/// Asking for the keys' names takes no more than a tenth of the time: 20 ms with 2,000 tables that the server (MariaDB
/// 10.11) holds open, 230 ms where it has to open them.
constexpr int kKeysShare = 10;
/// A key may do something else under the same names, which their text does not show.
constexpr std::chrono::seconds kKeysAnew{10};

}  // namespace

void PendingWatermarks::add(PendingWatermark moment) {
  // Without a sign: a clock that was set back must not hold up what follows.
  if (std::chrono::abs(moment.time - last_added_) < interval_ - kEarly) return;
  last_added_ = moment.time;
  if (moments_.empty()) stride_ = 1;
  if (++passed_over_ < stride_) return;
  passed_over_ = 0;
  if (moments_.size() >= kMax) {
    std::deque<PendingWatermark> kept;
    for (std::size_t i = 0; i < moments_.size(); i += 2) kept.push_back(std::move(moments_[i]));
    moments_ = std::move(kept);
    stride_ *= 2;
  }
  moments_.push_back(std::move(moment));
}

std::optional<PendingWatermark> PendingWatermarks::take_reached(const OriginPosition& read) {
  std::optional<PendingWatermark> reached;
  while (!moments_.empty() && read.contains(moments_.front().position)) {
    reached = std::move(moments_.front());
    moments_.pop_front();
  }
  return reached;
}

std::string PendingWatermarks::never_reached(const OriginPosition& read,
                                             std::optional<std::chrono::steady_clock::time_point> all_until) const {
  if (moments_.empty()) return {};
  const OriginPosition& oldest = moments_.front().position;
  std::string missing = oldest.missing_from(read);
  if (missing.empty() || (all_until && moments_.front().read_at <= *all_until)) return missing;
  const auto newer =
      std::ranges::find_if(moments_, [&](const PendingWatermark& moment) { return moment.position != oldest; });
  const bool is_passed = newer != moments_.end() && newer->position.missing_from(read) == missing;
  return is_passed ? missing : std::string();
}

SourceWatch::SourceWatch(Lease& lease, Settings settings, SessionEnding& ending, Counts& counts)
    : lease_(lease),
      settings_(std::move(settings)),
      ending_(ending),
      counts_(counts),
      had_everything_(std::chrono::steady_clock::now()),
      doubts_(std::make_shared<const change::Doubts>()),
      pending_(settings_.watermark_interval) {}

void SourceWatch::run(const std::stop_token& stop) {
  while (!stop.stop_requested() && !ending_.ended()) {
    const auto began = std::chrono::steady_clock::now();
    const auto reading = read_source(lease_.connection(), settings_.kind, lease_.name());
    if (!reading) return end_lost(reading.error());
    check_upstreams();
    const bool knows_doubts = !ending_.ended() && read_doubts();
    const bool knows_keys = !ending_.ended() && read_keys();
    if (!ending_.ended()) take(*reading, knows_doubts && knows_keys);
    const auto interval = std::min(settings_.watermark_interval, kKeepAlive);
    pause_for(std::chrono::ceil<std::chrono::milliseconds>(began + interval - std::chrono::steady_clock::now()), stop);
  }
}

void SourceWatch::end_lost(const mysql::SqlError& error) {
  ending_.end(EndKind::kRetry, fmt::format("the lease's session at the source is lost: {}", error.message),
              EndedBy::kLease);
}

void SourceWatch::check_upstreams() {
  const auto result = look_at_replication(lease_.connection(), settings_.kind, settings_.allowed_upstreams);
  if (!result) return end_lost(result.error());
  if (result->severity == CheckResult::Severity::kError)
    ending_.end(EndKind::kStopRetried, fmt::format("the source cannot be captured: {}", result->sentence()));
}

bool SourceWatch::read_doubts() {
  auto doubts = store::read_doubts(lease_.connection(), settings_.region, settings_.kind == ServerKind::kMariadb);
  if (doubts) {
    if (*doubts != *doubts_) doubts_ = std::make_shared<const change::Doubts>(std::move(*doubts));
    return true;
  }
  const mysql::SqlError& error = doubts.error();
  if (error.kind == mysql::SqlErrorKind::kMissingTable) return true;  // nothing is applied into this server
  if (error.kind == mysql::SqlErrorKind::kLockWait || error.kind == mysql::SqlErrorKind::kDeadlock) return false;
  if (error.kind == mysql::SqlErrorKind::kAccessDenied)
    ending_.end(EndKind::kStopRetried,
                fmt::format("the source cannot be captured: what its region says of tables that are not equal cannot "
                            "be read ({}): grant SELECT on farshore.* to capture's account, as in "
                            "docs/operating/grants.md",
                            error.message));
  else
    end_lost(error);
  return false;
}

bool SourceWatch::read_keys() {
  if (!settings_.asks_for_keys) return true;
  const auto began = std::chrono::steady_clock::now();
  if (began < keys_due_) return false;
  const auto failed = [&](const mysql::SqlError& error) {
    if (error.is_not_understood())
      ending_.end(EndKind::kStopRetried, fmt::format("the source cannot be captured: {}", error.message));
    else if (error.kind != mysql::SqlErrorKind::kLockWait)
      end_lost(error);
    return false;
  };
  const auto named = read_key_names(lease_.connection());
  if (!named) return failed(named.error());
  keys_.keys_before = keys_.keys;
  const bool is_old = keys_forgotten_.exchange(false) || began - keys_read_ >= kKeysAnew;
  if (!keys_.keys || is_old || *named != named_keys_) {
    auto keys = read_cascades(lease_.connection(), [this] { return !ending_.ended(); });
    if (!keys) return failed(keys.error());
    if (!keys_.keys || *keys != *keys_.keys)
      keys_.keys = std::make_shared<const std::vector<change::CascadingKey>>(std::move(*keys));
    named_keys_ = *named;
    keys_read_ = began;
  }
  keys_due_ = began + (std::chrono::steady_clock::now() - began) * kKeysShare;
  return !ending_.ended();
}

void SourceWatch::take(const SourceReading& reading, bool knows_all) {
  clock_offset_us_.store(reading.clock_offset.count(), std::memory_order_relaxed);
  counts_.clock_offset.set(reading.clock_offset);
  if (!reading.holds_lease)
    return ending_.end(EndKind::kRetry,
                       "the lease at the source is lost (this process was paused, or its session killed)",
                       EndedBy::kLease);
  if (reading.identity != settings_.identity)
    return ending_.end(EndKind::kRetry, fmt::format("another server answers at the source's address: {} instead of {}",
                                                    reading.identity, settings_.identity));
  check_not_gone_back(reading);
  // A demoted primary is idle, not fresh: what it says of itself says nothing of the origin.
  if (reading.read_only) {
    unconfirmed_.clear();
    return withhold(
        "the source is read-only: it is idle, not fresh, until SET GLOBAL read_only = OFF there; if another "
        "server was promoted, begin the origin anew there (docs/operating/stop-start-upgrade.md, another primary)");
  }
  if (!knows_all) return;  // a transaction is under way in which a doubt may be, or keys are asked for later
  unconfirmed_.push_back({.time = reading.time,
                          .clock_offset = reading.clock_offset,
                          .position = reading.position,
                          .doubts = doubts_,
                          .keys = keys_.keys,
                          .keys_before = keys_.keys_before,
                          .read_at = std::chrono::steady_clock::now()});
  confirm();
}

void SourceWatch::confirm() {
  auto until = std::chrono::steady_clock::time_point::max();
  if (settings_.replicas != nullptr) {
    const ReplicaWatch::Answer answer = settings_.replicas->answer();
    if (!answer.why.empty()) {
      unconfirmed_.clear();
      return withhold(answer.why);
    }
    until = answer.read_only_at.value_or(std::chrono::steady_clock::time_point::min());
  }
  const MutexLock lock(mutex_);
  while (!unconfirmed_.empty() && unconfirmed_.front().read_at <= until) {
    pending_.add(std::move(unconfirmed_.front()));
    unconfirmed_.pop_front();
    is_news_ |= !withheld_because_.empty();
    withheld_because_.clear();
  }
}

void SourceWatch::withhold(std::string why) {
  const MutexLock lock(mutex_);
  if (why == withheld_because_) return;
  withheld_because_ = std::move(why);
  is_news_ = true;
}

std::optional<std::string> SourceWatch::take_news() {
  const MutexLock lock(mutex_);
  if (!std::exchange(is_news_, false)) return std::nullopt;
  return withheld_because_;
}

void SourceWatch::check_not_gone_back(const SourceReading& reading) {
  const auto now = std::chrono::steady_clock::now();
  const bool stands_still = reading.position == last_position_;
  last_position_ = reading.position;
  std::string missing;
  {
    const MutexLock lock(mutex_);
    if (reading.position.contains(read_)) {
      had_everything_ = now;
      return;
    }
    missing = read_.missing_from(reading.position);
  }
  if (now - had_everything_ <= kLackedMax) return;
  // Transactions are executed in the binlog's order: while what is lacking waits, nothing moves.
  if (stands_still && settings_.kind == ServerKind::kMysql) {
    const auto waits = mysql::waits_for_replicas(lease_.connection());
    if (waits && *waits) {
      had_everything_ = now;
      return;
    }
  }
  ending_.end(EndKind::kRetry, fmt::format("the source lacks transactions {} that it sent", missing));
}

std::optional<PendingWatermark> SourceWatch::take_reached(const OriginPosition& read) {
  const MutexLock lock(mutex_);
  return pending_.take_reached(read);
}

std::string SourceWatch::never_reached(const OriginPosition& read,
                                       std::optional<std::chrono::steady_clock::time_point> all_until) {
  std::string missing;
  {
    const MutexLock lock(mutex_);
    missing = pending_.never_reached(read, all_until);
  }
  if (missing.empty()) return {};
  return fmt::format(
      "the source counts transactions {} as executed, and its binlog does not have them: what they changed is not "
      "known "
      "here{}; begin this origin anew (`farshorectl origin reset`) with a copy of its tables",
      missing,
      settings_.kind == ServerKind::kMysql ? " (SET GLOBAL gtid_purged = '+...' does so, as the load of a dump may)"
                                           : "");
}

void SourceWatch::note_read(const OriginPosition& read) {
  const MutexLock lock(mutex_);
  read_ = read;
}

}  // namespace farshore::capture
