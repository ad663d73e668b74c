#include "services/capture/next_epoch.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/check.hpp"
#include "capture/source/source_check.hpp"

namespace farshore::capture {

namespace {

constexpr std::chrono::milliseconds kAcknowledgementPoll{1};

}  // namespace

void NextEpoch::note_ties(const std::vector<Cascade>& ties) {
  due_.ties.insert(due_.ties.end(), ties.begin(), ties.end());
}

void NextEpoch::note_missed(const TableName& child, std::string why) {
  if (due_.missed.empty()) due_.why = std::move(why);
  // By the keys of this place: one that is dropped before the epoch begins has cascaded.
  for (TableName& table : captured_descendants({child}, parts_.cascades.ties(), parts_.rules))
    due_.missed.insert(std::move(table));
}

void NextEpoch::note_outside(const Cascade& tie) {
  note_missed(tie.child, check_cascade(tie).sentence());
  due_.changed_unseen.insert(tie.child);
}

void NextEpoch::note_rollback(std::string_view gtid) {
  if (touched_.empty()) return;
  rolled_back_ = fmt::format(
      "transaction {} has rows that were logged and rolled back, as happens beside a change that cannot be taken back "
      "(a temporary table's, or of a table that is not transactional); they are published, and are not at the source",
      gtid);
}

void NextEpoch::note_end() {
  if (!rolled_back_.empty())
    for (const TableName& table : touched_.names()) note_missed(table, rolled_back_);
  rolled_back_.clear();
  touched_.clear();
}

/// Where more is published than was read again, it was published without knowing of what is due: then from there on.
void NextEpoch::begin_due() {
  if (due_.ties.empty() && due_.missed.empty()) return;
  if (settings_.stops_at_tails || !parts_.tails_passed() || parts_.ending.ended()) return;
  const auto rules = parts_.rules.with_cascades(cascade_groups(parts_.rules.cascades(), due_.ties));
  if (!rules) return parts_.ending.end(EndKind::kMisconfigured, rules.error());
  if (!due_.missed.empty()) warn_of_missed();
  begin({.sentence = due_.missed.empty()
                         ? fmt::format("tables {} and {} are tied by a cascading foreign key",
                                       due_.ties.front().parent.to_string(), due_.ties.front().child.to_string())
                         : due_.why.substr(0, kReasonBytesMax)},
        rules->numbering());
}

void NextEpoch::begin_missed() {
  FARSHORE_CHECK(tells_of_missed());
  warn_of_missed();
  begin({.sentence = due_.why.substr(0, kReasonBytesMax)}, settings_.numbering);
}

void NextEpoch::warn_of_missed() const {
  settings_.warning(
      fmt::format("{}; the other regions' gates close for what it may have changed, as not-yet-equal", due_.why));
}

/// Everything before the transaction under way belongs to the epoch that ends, and what was published of it too. It is
/// written down in one checkpoint, so that whoever is killed before or after it goes on in the one epoch or the other;
/// the next session sends the start records, and reads the transaction again.
void NextEpoch::begin(EpochReason reason, const change::Numbering& numbering) {
  // What is published in an epoch lies before what ends it, for every capture that reads the same binlog.
  if (!parts_.tails_passed())
    return parts_.stop(
        fmt::format("the numbering differs from what is published: {}, but changes behind it are published "
                    "already; begin this origin anew with a copy of its tables",
                    reason.sentence));
  parts_.publisher.send_all();
  if (!parts_.publisher.wait_acknowledged()) return;
  FARSHORE_CHECK(parts_.publisher.acknowledgements().all_acknowledged());
  while (parts_.checkpoints.busy()) {
    if (parts_.ending.ended()) return;
    parts_.publisher.poll(kAcknowledgementPoll);
  }
  if (parts_.cut.is_open()) (void)parts_.cut.take_covered();
  reason.missed_tables = change::texts_of({due_.missed.begin(), due_.missed.end()});
  reason.changed_unseen = change::texts_of({due_.changed_unseen.begin(), due_.changed_unseen.end()});
  for (const TableName& child : due_.missed) parts_.cascades.settle(child);
  reason.split_tables = split_tables();
  parts_.cut.open(parts_.history);
  const std::string sentence = reason.sentence;
  if (!parts_.checkpoints.write(
          following_epoch(*parts_.cut.take_covered(), numbering, settings_.fresh, std::move(reason))))
    return;
  parts_.ending.end({.kind = EndKind::kRenumber, .sentence = sentence, .advanced = has_advanced_});
}

bool NextEpoch::hands_over(std::string_view why, bool reads_on) {
  if (!settings_.stops_at_tails || !parts_.tails_passed() || parts_.ending.ended()) return false;
  if (!is_handing_over()) hand_over_ = why.substr(0, kReasonBytesMax);
  if (touched_.empty() || !reads_on) begin({.sentence = hand_over_}, settings_.numbering);
  return true;
}

void NextEpoch::hand_over() {
  FARSHORE_CHECK(is_handing_over());
  touched_all_ = true;
  begin({.sentence = hand_over_}, settings_.numbering);
}

/// Of the transaction under way, with what its rows change by cascades. What the rest of it touches is not known before
/// it is read.
std::vector<std::string> NextEpoch::split_tables() const {
  if (touched_.empty()) return {};
  if (!touched_all_) return {std::string(change::kAllTables)};
  const std::vector<TableName> names = touched_.names();
  return at_most_named(
      change::texts_of(captured_descendants({names.begin(), names.end()}, parts_.cascades.ties(), parts_.rules)));
}

}  // namespace farshore::capture
