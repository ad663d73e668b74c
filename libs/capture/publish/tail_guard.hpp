#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/numbers.hpp"

namespace farshore::capture {

/// The last change that a partition already holds in the present epoch. Seq 0: it holds none.
struct PublishedEnd {
  Seq seq;
  std::string gtid;  ///< text; empty when seq is 0
  Ordinal ordinal;
  SourceTime commit_time{};  ///< of its transaction
  friend bool operator==(const PublishedEnd&, const PublishedEnd&) = default;
};

/// Keeps a partition from publishing again what it already holds, after a restart that reads the binlog from before it.
/// That is only right while reading gives each change its number of then: at the last change held, GTID, ordinal and
/// commit time must be those that were published.
class TailGuard {
 public:
  enum class Answer : std::uint8_t {
    kPublish,  ///< beyond the tail
    kSkip,     ///< the partition holds it
    kDiffers,  ///< the tail's number belongs to another change now: the numbering is not the same. Stop
  };

  TailGuard() = default;
  explicit TailGuard(PublishedEnd end) : end_(std::move(end)) {}

  /// Changes come in the order of their numbers, each once.
  [[nodiscard]] Answer check(Seq seq, std::string_view gtid, Ordinal ordinal, SourceTime commit_time) const {
    if (seq > end_.seq) return Answer::kPublish;
    if (seq < end_.seq) return Answer::kSkip;
    const bool is_same = gtid == end_.gtid && ordinal == end_.ordinal && commit_time == end_.commit_time;
    return is_same ? Answer::kSkip : Answer::kDiffers;
  }
  /// `next` is the number of the next change: nothing is left to skip.
  [[nodiscard]] bool passed(Seq next) const { return next > end_.seq; }
  [[nodiscard]] const PublishedEnd& end() const { return end_; }

 private:
  PublishedEnd end_;
};

}  // namespace farshore::capture
