#include "capture/source/source_history.hpp"

#include <fmt/format.h>

#include "base/check.hpp"

namespace farshore::capture {

SourceHistory::SourceHistory(OriginPosition before_last, std::optional<change::LastTransaction> last)
    : position_(before_last), before_last_(std::move(before_last)), expected_(std::move(last)) {}

std::optional<std::string> SourceHistory::begin(const Gtid& gtid, SourceTime commit_time) {
  gtid_ = gtid;
  commit_time_ = commit_time;
  digest_.reset();
  if (expected_ && gtid != expected_->gtid)
    return fmt::format(
        "history differs: after position {} transaction {} was captured, and the source now has {} there; it is not "
        "the history that was captured (was the source restored from a copy?), so nothing of it is published: point "
        "capture at the right source, or begin this origin anew (`farshorectl origin reset`) with a copy of its tables",
        position_.to_string(), expected_->gtid.to_string(), gtid.to_string());
  if (position_.contains(gtid) || position_.is_errant(gtid))
    return fmt::format(
        "transaction {} is errant: it belongs before what was already read (position {}), so no order can be given to "
        "it; find out which server made it, and begin this origin anew (`farshorectl origin reset`) with a copy of its "
        "tables",
        gtid.to_string(), position_.to_string());
  return std::nullopt;
}

std::optional<std::string> SourceHistory::end() {
  FARSHORE_CHECK(!gtid_.empty());
  const std::uint64_t digest = digest_.value();
  if (expected_) {
    if (digest != expected_->digest || commit_time_ != expected_->commit_time)
      return fmt::format(
          "history differs: transaction {} has another content at the source now than when it was captured (was the "
          "source restored from a copy and written to since?), so nothing of it is published: point capture at the "
          "right source, or begin this origin anew (`farshorectl origin reset`) with a copy of its tables",
          expected_->gtid.to_string());
    expected_.reset();
  }
  if (!last_gtid_.empty()) before_last_.add(last_gtid_);
  position_.add(gtid_);
  last_gtid_ = gtid_;
  last_commit_time_ = commit_time_;
  last_digest_ = digest;
  last_.reset();
  gtid_ = Gtid{};
  return std::nullopt;
}

const std::optional<change::LastTransaction>& SourceHistory::last() const {
  if (!last_ && !last_gtid_.empty())
    last_ = change::LastTransaction{.gtid = last_gtid_, .commit_time = last_commit_time_, .digest = last_digest_};
  return last_;
}

}  // namespace farshore::capture
