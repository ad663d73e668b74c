#include "services/capture/start_decisions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "change/epoch_start.hpp"

namespace farshore::capture {

namespace {

using std::chrono::seconds;

/// A transaction is in the binlog a moment before it counts as executed.
constexpr seconds kSourceLackedMax{10};
constexpr seconds kSourceLackedFirst{2};  ///< where it is looked at again afterwards

}  // namespace

SessionEnd end_of(const mysql::SqlError& error, const DatabaseEndpoint& source) {
  const std::string sentence = fmt::format("the source {} cannot be asked: {}", source.to_string(), error.to_string());
  const bool person_needed =
      error.kind == mysql::SqlErrorKind::kAccessDenied || error.kind == mysql::SqlErrorKind::kTls;
  if (error.is_not_understood()) return {EndKind::kStopRetried, sentence};
  return {person_needed ? EndKind::kMisconfigured : EndKind::kRetry, sentence};
}

SourceJudgement judge_source(const std::vector<CheckResult>& results) {
  SourceJudgement judgement;
  for (const CheckResult& result : results) {
    if (result.severity == CheckResult::Severity::kGood) continue;
    const bool stops = result.severity == CheckResult::Severity::kError && !result.is_of_a_table;
    if (stops && result.hides_changes)
      judgement.hidden_by = result.sentence();
    else if (stops)
      judgement.errors += (judgement.errors.empty() ? "" : "; ") + result.sentence();
    else
      judgement.warnings.push_back(result.sentence());
  }
  return judgement;
}

bool needs_keys(const std::optional<change::Checkpoint>& checkpoint, bool logs_cascades) {
  const bool some_are_unlogged = checkpoint && !checkpoint->logs_cascades.value_or(checkpoint->cascades.empty());
  return !logs_cascades || some_are_unlogged;
}

UnseenChanges find_unseen(const SourceFacts& source, const std::vector<CascadingKey>& keys,
                          const std::optional<change::Checkpoint>& checkpoint, const change::TableRules& configured) {
  std::string sentence = source.hidden_by;
  std::set<TableName> now;
  if (!source.hidden_by.empty()) now.insert(change::all_tables());
  for (const CascadingKey& key : keys) {
    if (logs_cascades(source.server) || !is_unrepeated(key.tie, configured)) continue;
    if (sentence.empty()) sentence = check_cascade(key.tie).sentence();
    now.insert(key.tie.child);
  }
  UnseenChanges unseen;
  if (!now.empty()) unseen.why = fmt::format("the source {} cannot be captured: {}", source.address, sentence);
  if (!checkpoint) {
    unseen.refuses = !now.empty();
    return unseen;
  }
  std::set<TableName> untold = change::tables_of(checkpoint->changed_unseen);
  const std::size_t known = untold.size();
  untold.merge(now);
  const bool is_more = untold.size() > known;
  unseen.changed = change::texts_of(captured_descendants(std::move(untold), ties_of(keys), configured));
  if (!checkpoint->pending_epoch_start) {
    unseen.missed = {.names = unseen.changed, .why = "captured tables changed in ways that the source does not log"};
    return unseen;
  }
  unseen.refuses = !unseen.why.empty();
  if (unseen.refuses && is_more) {
    unseen.noted = checkpoint;
    auto& missed = unseen.noted->pending_epoch_start->missed_tables;
    missed.insert(missed.end(), unseen.changed.begin(), unseen.changed.end());
    missed = at_most_named(std::move(missed));
    unseen.noted->changed_unseen = at_most_named(unseen.changed);
  }
  return unseen;
}

CascadeLogging compare_logging(const std::optional<change::Checkpoint>& checkpoint, bool logs_cascades) {
  if (!checkpoint) return CascadeLogging::kAsBefore;
  const bool then = checkpoint->logs_cascades.value_or(logs_cascades && checkpoint->cascades.empty());
  if (then == logs_cascades) return CascadeLogging::kAsBefore;
  return logs_cascades ? CascadeLogging::kFromNowOn : CascadeLogging::kNoLonger;
}

std::optional<MissedTables> add_unlogged(const MissedTables& missed, const change::Checkpoint& checkpoint,
                                         std::vector<CascadingKey> keys, const OriginPosition& executed,
                                         const change::TableRules& configured) {
  if (checkpoint.position.contains(executed)) return std::nullopt;
  keys.insert(keys.end(), checkpoint.cascades.begin(), checkpoint.cascades.end());
  std::set<TableName> tables = change::tables_of(missed.names);
  for (const CascadingKey& key : keys) tables.insert(key.tie.child);
  return MissedTables{.names = change::texts_of(captured_descendants(std::move(tables), ties_of(keys), configured)),
                      .why = "the source logs cascades now, and did not when it wrote what is read next"};
}

std::expected<change::TableRules, std::string> tie_tables(const change::TableRules& configured,
                                                          const std::optional<change::TableRules>& checkpointed,
                                                          const std::vector<CascadingKey>& keys, bool logs_cascades) {
  std::vector<change::CascadeGroup> known;
  if (checkpointed) known = checkpointed->cascades();
  std::vector<Cascade> tied;
  if (!logs_cascades) tied = ties_of(keys);
  std::erase_if(tied, [&](const Cascade& tie) { return !is_tie(tie, configured); });
  return configured.with_cascades(cascade_groups(known, tied));
}

std::vector<std::string> left_out_before(const std::vector<TableFacts>& tables, const change::TableRules& before,
                                         const change::TableRules& now) {
  // What a server wrote before it was listed was not published.
  if (!std::ranges::includes(before.own_servers(), now.own_servers())) return {std::string(change::kAllTables)};
  return newly_captured(tables, before, now);
}

ResumeFacts resume_facts(const FoundCheckpoint& found, const DecidedNumbering& numbering) {
  ResumeFacts facts;
  facts.checkpoint = found.checkpoint;
  facts.last_epoch = found.last_epoch;
  facts.configured = numbering.configured;
  facts.missed_tables = numbering.missed.names;
  facts.missed_why = numbering.missed.why;
  facts.changed_unseen = numbering.unseen.changed;
  return facts;
}

bool is_lost(const std::optional<change::Checkpoint>& checkpoint, const std::vector<PartitionTail>& tails) {
  return !checkpoint || checkpoint_is_behind(*checkpoint, tails);
}

std::string from_is_passed_over(const std::string& from, const std::string& origin,
                                const change::Checkpoint& checkpoint) {
  return fmt::format(
      "--from {} counts for a first start only, and origin {} has a checkpoint: it is passed over, and capture goes on "
      "from {} (epoch {}); to begin anew: `farshorectl origin reset --origin {}`, here and where it is applied",
      from, origin, checkpoint.position.to_string(), checkpoint.id.epoch.raw(), origin);
}

bool may_pass(const ResumePlan& plan, std::chrono::steady_clock::duration lacked) {
  if (plan.kind != ResumePlan::Kind::kRefuse) return false;
  switch (plan.retry) {
    case ResumePlan::Retry::kNever: return false;
    case ResumePlan::Retry::kBriefly: return lacked < kSourceLackedMax;
    case ResumePlan::Retry::kAlways: return lacked < kSourceLackedFirst;
  }
  return false;
}

SessionEnd end_of(const ResumePlan& refusal) {
  return {refusal.retry == ResumePlan::Retry::kAlways ? EndKind::kStopRetried : EndKind::kStop, refusal.sentence};
}

std::optional<SessionEnd> end_of_unread_keys(const mysql::SqlError& error, const DatabaseEndpoint& source,
                                             std::string_view table, bool captured) {
  if (mysql::is_transient(error.kind)) return end_of(error, source);
  if (!captured && !error.is_not_understood()) return std::nullopt;
  return SessionEnd{
      EndKind::kStopRetried,
      fmt::format("the foreign keys of table {} cannot be read, and a cascade that the source does not log could pass "
                  "unnoticed: {}; GRANT SELECT ON *.* to capture's account, or leave the table out of every stream",
                  table, error.to_string())};
}

std::expected<KnownCascades, SessionEnd> know_cascades(PlannedStart& planned, const KeySources& sources,
                                                       KnownCascades::IsCaptured is_captured) {
  const ResumeFacts& facts = planned.facts;
  change::Checkpoint& checkpoint = planned.plan.checkpoint;
  const bool kept_none =
      !checkpoint.logs_cascades && checkpoint.cascades.empty() && !checkpoint.numbering.cascade_groups.empty();
  // While something is yet to be told of it, the checkpoint says what was.
  const bool all_is_told = planned.plan.kind == ResumePlan::Kind::kBeginEpoch && !tells_more(facts);
  if (facts.missed_tables.empty() || all_is_told) {
    if (sources.are_logged) checkpoint.cascades.clear();
    checkpoint.logs_cascades = sources.are_logged;
  }
  KnownCascades cascades(checkpoint.cascades, facts.executed, std::move(is_captured));
  if (sources.are_logged) return cascades;
  std::map<TableName, std::optional<std::vector<CascadingKey>>> answers;
  for (const CascadingKey& key : sources.keys) {
    auto& answer = answers[key.tie.child];
    if (!answer) answer.emplace();
    answer->push_back(key);
  }
  for (const TableName& child : cascades.children()) {
    if (answers.contains(child)) continue;
    auto answer = sources.ask(child);
    if (!answer) return std::unexpected(std::move(answer.error()));
    answers.emplace(child, std::move(*answer));
  }
  for (const auto& [child, keys] : answers) cascades.take_answer(child, keys, facts.executed);
  // At a first start, and after a capture that kept none.
  if (!facts.checkpoint || kept_none || sources.logging == CascadeLogging::kNoLonger) {
    cascades.begin();
    checkpoint.keys_known_from = facts.executed;
  }
  cascades.reached(checkpoint.position);
  checkpoint.cascades = cascades.all();
  return cascades;
}

bool tells_more(const ResumeFacts& facts) {
  return !facts.missed_tables.empty() && facts.checkpoint && facts.checkpoint->pending_epoch_start;
}

std::optional<SessionEnd> begins_another(const ResumeFacts& facts, const change::Numbering& begun) {
  if (tells_more(facts)) return SessionEnd{EndKind::kRenumber, facts.missed_why};
  // An epoch that was begun before this start: the numbering may have become another one since.
  if (begun != facts.configured)
    return SessionEnd{EndKind::kRenumber, "the configuration changed while an epoch began"};
  return std::nullopt;
}

}  // namespace farshore::capture
