#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/collation.hpp"
#include "base/gtid.hpp"
#include "base/mutex.hpp"
#include "base/numbers.hpp"
#include "capture/counts.hpp"
#include "capture/session_end.hpp"
#include "capture/source/lease.hpp"
#include "capture/source/replica_watch.hpp"
#include "capture/source/source_reading.hpp"
#include "change/cascade.hpp"
#include "change/watermark.hpp"

namespace farshore::capture {

/// A time of a source's clock, and what has to be read until it is safe.
struct PendingWatermark {
  SourceTime time{};
  std::chrono::microseconds clock_offset{};
  OriginPosition position;
  /// Of the source's region, then or later; never null when given.
  std::shared_ptr<const change::Doubts> doubts{};
  /// The source's cascading keys as they were asked for behind the position, and before it; null: never asked for.
  std::shared_ptr<const std::vector<change::CascadingKey>> keys{};
  std::shared_ptr<const std::vector<change::CascadingKey>> keys_before{};
  std::chrono::steady_clock::time_point read_at{};  ///< here, when the source had answered
};

/// The moments of a source's clock that wait for capture to reach their positions. Oldest first; bounded: when full,
/// every second one is forgotten and from then on only every second one kept, and so on: a long backlog gets coarser
/// watermarks, evenly, not more memory. Not thread safe.
class PendingWatermarks {
 public:
  static constexpr std::size_t kMax = 512;

  /// `interval`: how far apart moments are, by the source's clock; those that come sooner are passed over.
  explicit PendingWatermarks(std::chrono::milliseconds interval) : interval_(interval) {}

  void add(PendingWatermark moment);
  /// The newest moment whose position is contained in what was read, and forgets it with all older ones.
  [[nodiscard]] std::optional<PendingWatermark> take_reached(const OriginPosition& read);
  /// What the oldest moment has, that `read` lacks and that will never be read, as text for people; empty: nothing is
  /// known to be so. It is where all is read that the source had at a later time (`all_until`), or all that a newer
  /// moment has beyond it.
  [[nodiscard]] std::string never_reached(const OriginPosition& read,
                                          std::optional<std::chrono::steady_clock::time_point> all_until) const;
  [[nodiscard]] std::size_t size() const { return moments_.size(); }

 private:
  const std::chrono::milliseconds interval_;
  SourceTime last_added_{};
  std::deque<PendingWatermark> moments_;
  std::uint64_t stride_ = 1;  ///< one of so many is kept
  std::uint64_t passed_over_ = 0;
};

/// Asks the source for its time and end, at least every second, on the lease's session: that also keeps the lease.
/// Ends the session when the lease is lost, when another server answers, or when the source has gone back.
class SourceWatch {
 public:
  struct Settings {
    ServerKind kind{};
    std::string identity;  ///< of the server that is captured
    std::chrono::milliseconds watermark_interval{1000};
    std::vector<std::string> allowed_upstreams;  ///< see check_replication()
    std::string region;                          ///< the source's
    const ReplicaWatch* replicas = nullptr;      ///< of the source; null: none are known. Outlives the watch
    bool asks_for_keys = false;                  ///< the source does not log what they cascade
  };

  /// `lease` is held; it, `ending` and `counts` outlive the watch.
  SourceWatch(Lease& lease, Settings settings, SessionEnding& ending, Counts& counts);

  /// The loop of the watch's thread.
  void run(const std::stop_token& stop);

  /// Safe times that capture has reached when it has read `read`. Any thread.
  [[nodiscard]] std::optional<PendingWatermark> take_reached(const OriginPosition& read);
  /// Why the moments to come are never reached, one sentence; empty: they may be. As PendingWatermarks says. Any
  /// thread.
  [[nodiscard]] std::string never_reached(const OriginPosition& read,
                                          std::optional<std::chrono::steady_clock::time_point> all_until);
  /// Why no moment is given now, when that has changed: a sentence for people; empty: they are given again. Any thread.
  [[nodiscard]] std::optional<std::string> take_news();
  /// The source's clock minus ours, at the last reading. Any thread.
  [[nodiscard]] std::chrono::microseconds clock_offset() const {
    return std::chrono::microseconds(clock_offset_us_.load(std::memory_order_relaxed));
  }
  /// The keys are asked for anew with the next moment: they may do something else under the same names. Any thread.
  void forget_keys() { keys_forgotten_.store(true); }
  /// Reading has come this far: the source has to have it from now on. Any thread.
  void note_read(const OriginPosition& read);

 private:
  /// How long the source may lack what its own dump has sent: a transaction is in the binlog a moment before the server
  /// counts it as executed. While transactions wait for a semi-synchronous replica, this time does not run.
  static constexpr std::chrono::seconds kLackedMax{10};
  static constexpr std::chrono::milliseconds kKeepAlive{1000};

  void end_lost(const mysql::SqlError& error);
  /// Ends the session when the source has begun to replicate from a server that is not allowed.
  void check_upstreams();
  /// What the source's region does not know to be equal to other regions: read after the position, so that nothing is
  /// missing that was said up to it. False: they are not known now.
  [[nodiscard]] bool read_doubts();
  /// A key may have been made without the binlog, and cascade from then on. False: they are not known now.
  [[nodiscard]] bool read_keys();
  void take(const SourceReading& reading, bool knows_all);
  /// The moments at which the source was the origin's primary, as far as its replicas tell, are given from here on.
  void confirm();
  /// No moment is given.
  void withhold(std::string why);
  void check_not_gone_back(const SourceReading& reading);

  Lease& lease_;
  const Settings settings_;
  SessionEnding& ending_;
  Counts& counts_;
  std::chrono::steady_clock::time_point had_everything_;  ///< the watch's thread only
  std::shared_ptr<const change::Doubts> doubts_;          ///< the watch's thread only
  PendingWatermark keys_;                                 ///< its keys alone; the watch's thread only
  std::atomic<bool> keys_forgotten_ = false;
  std::atomic<std::int64_t> clock_offset_us_ = 0;
  std::string named_keys_;                           ///< by which keys_ are known to be the same; likewise
  std::chrono::steady_clock::time_point keys_due_;   ///< likewise
  std::chrono::steady_clock::time_point keys_read_;  ///< likewise
  OriginPosition last_position_;                     ///< of the reading before; the watch's thread only
  std::deque<PendingWatermark> unconfirmed_;         ///< likewise; as long as replicas may take to answer
  Mutex mutex_;
  std::string withheld_because_ GUARDED_BY(mutex_);  ///< empty: moments are given
  bool is_news_ GUARDED_BY(mutex_) = false;
  PendingWatermarks pending_ GUARDED_BY(mutex_);
  OriginPosition read_ GUARDED_BY(mutex_);  ///< what the source has to contain
};

}  // namespace farshore::capture
