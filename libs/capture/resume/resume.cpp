#include "capture/resume/resume.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/check.hpp"
#include "capture/publish/partitions.hpp"
#include "capture/source/cascade_groups.hpp"
#include "change/limits.hpp"
#include "change/table_rules.hpp"

namespace farshore::capture {

namespace {

using change::Checkpoint;
using change::EpochStart;
using change::Numbering;
using change::PartitionEnd;

using Retry = ResumePlan::Retry;

ResumePlan refuse(std::string sentence, Retry retry = Retry::kNever) {
  ResumePlan plan;
  plan.kind = ResumePlan::Kind::kRefuse;
  plan.sentence = std::move(sentence);
  plan.retry = retry;
  return plan;
}

std::string name_of(const PartitionTail& tail) { return fmt::format("{}/{}", tail.stream, tail.partition.raw()); }

std::vector<PartitionEnd> partitions_of(const Numbering& numbering) {
  std::vector<PartitionEnd> ends;
  for (const auto& stream : numbering.streams)
    for (std::uint32_t i = 0; i < stream.partitions; ++i)
      ends.push_back({stream.name, PartitionId(static_cast<std::int32_t>(i)), Seq(0)});
  return ends;
}

std::vector<PartitionEnd> ends_of(const Checkpoint& checkpoint) {
  std::vector<PartitionEnd> ends;
  for (const auto& partition : checkpoint.partitions)
    ends.push_back({partition.stream, partition.partition, Seq(partition.next_seq.raw() - 1)});
  return ends;
}

/// The checkpoint of an epoch that has no change yet.
Checkpoint fresh_checkpoint(EpochId id, const Numbering& numbering, EpochStart start) {
  Checkpoint checkpoint;
  checkpoint.id = id;
  checkpoint.numbering = numbering;
  checkpoint.position = start.begins_at;
  checkpoint.position_before_last = start.begins_at;
  for (const PartitionEnd& end : partitions_of(numbering))
    checkpoint.partitions.push_back({end.stream, end.partition, Seq(1), KafkaOffset(0)});
  start.partitions = partitions_of(numbering);
  start.numbering_digest = change::digest(numbering);
  checkpoint.pending_epoch_start = std::move(start);
  return checkpoint;
}

/// A source that lacks what was captured was put back, or is another one.
std::string gone_back(const ResumeFacts& facts, std::string_view missing) {
  return fmt::format(
      "the source has gone back: it lacks transactions {} that were captured (its end is {}); nothing is published "
      "until it has them: if it was restored from a copy, restore the missing part too, or begin origin {} anew "
      "(`farshorectl origin reset`) with a "
      "copy of its tables",
      missing, facts.executed.to_string(), facts.origin);
}

/// The partition's last change is of a transaction that the source does not have.
std::optional<ResumePlan> tail_beyond_source(const ResumeFacts& facts, const PartitionTail& tail) {
  if (tail.published.seq == Seq(0)) return std::nullopt;
  const auto gtid = Gtid::parse(tail.published.gtid);
  if (!gtid)
    return refuse(fmt::format("partition {} of origin {} ends with a GTID that does not parse: '{}'", name_of(tail),
                              facts.origin, tail.published.gtid));
  if (!facts.executed.contains(*gtid)) return refuse(gone_back(facts, tail.published.gtid), Retry::kBriefly);
  return std::nullopt;
}

// --- no checkpoint -------------------------------------------------------------------------------------------------

ResumePlan first_epoch(const ResumeFacts& facts) {
  OriginPosition begin;
  switch (facts.from.kind) {
    case StartFrom::Kind::kEnd: begin = facts.executed; break;
    case StartFrom::Kind::kEarliest: begin = facts.earliest; break;
    case StartFrom::Kind::kPosition: begin = facts.from.position; break;
  }
  if (!facts.executed.contains(begin))
    return refuse(fmt::format("--from {} is beyond the source's end {}: give a position that the source has reached",
                              begin.to_string(), facts.executed.to_string()));
  if (!begin.contains(facts.earliest))
    return refuse(
        fmt::format("--from {} cannot be read: the source's binlogs begin at {}; give that position or a "
                    "later one, or --from earliest",
                    begin.to_string(), facts.earliest.to_string()));
  EpochStart start;
  start.begins_at = std::move(begin);
  start.reason = facts.last_epoch == Epoch(0) ? "first start" : "first start after a reset";
  ResumePlan plan;
  plan.kind = ResumePlan::Kind::kBeginEpoch;
  plan.checkpoint = fresh_checkpoint({facts.last_epoch.next(), facts.fresh}, facts.configured, std::move(start));
  plan.checkpoint.source_uuid = facts.source_identity;
  plan.checkpoint.keys_known_from = facts.executed;
  return plan;
}

/// The newest epoch, if all partitions are in the same one.
std::optional<EpochId> common_epoch(const std::vector<PartitionTail>& tails) {
  std::optional<EpochId> common;
  for (const PartitionTail& tail : tails) {
    if (!tail.newest || tail.has_two_incarnations) return std::nullopt;
    if (common && *common != *tail.newest) return std::nullopt;
    common = tail.newest;
  }
  return common;
}

/// By an earlier algorithm too: all that are known route rows alike.
bool routes_the_same(std::uint64_t digest, Numbering configured) {
  for (configured.algorithm = change::kOldestNumberingAlgorithm; configured.algorithm <= change::kNumberingAlgorithm;
       ++configured.algorithm)
    if (change::digest(configured) == digest) return true;
  return false;
}

ResumePlan rebuild(const ResumeFacts& facts) {
  const auto newest = common_epoch(facts.tails);
  if (!newest)
    return refuse(
        fmt::format("the checkpoint of origin {} cannot be rebuilt: its partitions do not show one and the "
                    "same epoch; begin the origin anew (`farshorectl origin reset`) with a copy of its tables",
                    facts.origin));
  OriginPosition begin;
  bool is_first = true;
  for (std::size_t i = 0; i < facts.tails.size(); ++i) {
    const auto& statement = facts.statements[i];
    if (!statement)
      return refuse(
          fmt::format("the checkpoint of origin {} cannot be rebuilt: partition {} shows no watermark of "
                      "epoch {}; begin the origin anew (`farshorectl origin reset`) with a copy of its tables",
                      facts.origin, name_of(facts.tails[i]), newest->epoch.raw()));
    if (!routes_the_same(statement->numbering_digest, facts.configured))
      return refuse(fmt::format(
          "the checkpoint of origin {} cannot be rebuilt: what is published was numbered by other streams, tables, "
          "groups or partition counts than the configuration and the source's cascading keys give now; put them back "
          "as they were then, or begin the origin anew (`farshorectl origin reset`) with a copy of its tables",
          facts.origin));
    begin = is_first ? statement->position : OriginPosition::intersection(begin, statement->position);
    is_first = false;
  }
  if (!facts.executed.contains(begin))
    return refuse(gone_back(facts, begin.missing_from(facts.executed)), Retry::kAlways);
  for (const PartitionTail& tail : facts.tails)
    if (auto refusal = tail_beyond_source(facts, tail)) return *refusal;
  if (!begin.contains(facts.earliest))
    return refuse(fmt::format(
        "the checkpoint of origin {} cannot be rebuilt: it would begin at {}, and the source's "
        "binlogs begin only at {}; begin the origin anew (`farshorectl origin reset`) with a copy of its tables",
        facts.origin, begin.to_string(), facts.earliest.to_string()));
  Checkpoint continued;
  continued.id = *newest;
  continued.position = continued.position_before_last = begin;
  continued.source_uuid = facts.source_identity;
  continued.numbering = facts.configured;
  continued.keys_known_from = facts.executed;
  // Partitions end at different places, which may lie inside transactions: of those that the source has by now.
  continued.split_tables = {std::string(change::kAllTables)};
  continued.split_until = facts.executed;
  std::vector<PartitionEnd> ends;
  for (const PartitionTail& tail : facts.tails) ends.push_back({tail.stream, tail.partition, tail.last_seq});
  ResumePlan plan;
  plan.kind = ResumePlan::Kind::kBeginEpoch;
  plan.checkpoint = next_epoch(continued, std::move(ends), facts.configured, facts.fresh, "checkpoint rebuilt");
  plan.checkpoint.pending_epoch_start->missed_tables = at_most_named(facts.missed_tables);
  return plan;
}

ResumePlan without_checkpoint(const ResumeFacts& facts) {
  const bool all_empty = std::ranges::all_of(facts.tails, &PartitionTail::topic_is_empty);
  if (all_empty) return first_epoch(facts);
  if (facts.rebuild_checkpoint) return rebuild(facts);
  return refuse(fmt::format(
      "checkpoint lost: topic {} holds no checkpoint, but the change topics of origin {} hold records; starting over "
      "would number other changes the same. Restore the checkpoint topic, or start once with --rebuild-checkpoint: "
      "that begins a new epoch which continues what is published",
      checkpoint_topic(facts.origin), facts.origin));
}

// --- with a checkpoint ---------------------------------------------------------------------------------------------

/// Facts that contradict the checkpoint; nothing: they agree.
std::optional<ResumePlan> contradiction(const ResumeFacts& facts) {
  const Checkpoint& checkpoint = *facts.checkpoint;
  if (checkpoint.source_uuid != facts.source_identity)
    return refuse(another_server(facts.origin, checkpoint, facts.source_identity), Retry::kAlways);
  if (!facts.executed.contains(checkpoint.position))
    return refuse(gone_back(facts, checkpoint.position.missing_from(facts.executed)), Retry::kAlways);
  for (const PartitionTail& tail : facts.tails) {
    if (!tail.newest || tail.newest->epoch < checkpoint.id.epoch) continue;
    if (tail.newest->epoch > checkpoint.id.epoch)
      return refuse(
          fmt::format("the checkpoint of origin {} is of epoch {}, but partition {} holds epoch {}: the "
                      "checkpoint topic was put back to an older state; restore it, or start once with "
                      "--rebuild-checkpoint",
                      facts.origin, checkpoint.id.epoch.raw(), name_of(tail), tail.newest->epoch.raw()));
    if (tail.has_two_incarnations || tail.newest->incarnation != checkpoint.id.incarnation)
      return refuse(
          fmt::format("partition {} of origin {} holds epoch {} of another incarnation than the checkpoint's: "
                      "two captures numbered at once, or the checkpoint topic is not this cluster's; begin "
                      "the origin anew (`farshorectl origin reset`) with a copy of its tables",
                      name_of(tail), facts.origin, checkpoint.id.epoch.raw()));
    if (auto refusal = tail_beyond_source(facts, tail)) return refusal;
  }
  return std::nullopt;
}

/// The tail's first change is not the first one beyond the checkpoint: those between are no longer, or were never, in
/// the partition.
bool begins_behind_gap(const Checkpoint& checkpoint, std::size_t i, const PartitionTail& tail) {
  return tail.first_seq > checkpoint.partitions[i].next_seq;
}

bool is_of_this_epoch(const ResumeFacts& facts, const PartitionTail& tail) {
  return tail.newest && tail.newest->epoch == facts.checkpoint->id.epoch;
}

/// By the checkpoint's partitions, what each holds without a gap: what lies behind a gap is published once more, so
/// that nobody waits for what is missing. A tail of an older epoch counts as none.
std::vector<PublishedEnd> published_ends(const ResumeFacts& facts) {
  std::vector<PublishedEnd> ends;
  for (std::size_t i = 0; i < facts.tails.size(); ++i) {
    const PartitionTail& tail = facts.tails[i];
    const bool counts = is_of_this_epoch(facts, tail) && !begins_behind_gap(*facts.checkpoint, i, tail);
    ends.push_back(counts ? tail.published : PublishedEnd{});
  }
  return ends;
}

std::vector<std::string> lost_records(const ResumeFacts& facts) {
  std::vector<std::string> warnings;
  for (std::size_t i = 0; i < facts.tails.size(); ++i) {
    const PartitionTail& tail = facts.tails[i];
    if (tail.end < facts.checkpoint->partitions[i].kafka_offset)
      warnings.push_back(fmt::format(
          "partition {} ends at offset {}, and records up to {} were acknowledged: the topic was recreated or lost "
          "records; readers that had not read them will show a hole",
          name_of(tail), tail.end.raw(), facts.checkpoint->partitions[i].kafka_offset.raw()));
    if (is_of_this_epoch(facts, tail) && (tail.has_gap || begins_behind_gap(*facts.checkpoint, i, tail)))
      warnings.push_back(
          fmt::format("partition {} lacks changes that lie before others which it holds: they are published again, "
                      "with the same numbers",
                      name_of(tail)));
  }
  return warnings;
}

/// Where the source's binlogs begin is behind `position`, up to which was captured.
std::string gone_before_read(const ResumeFacts& facts, const OriginPosition& position) {
  const std::string missing = facts.earliest.missing_from(position);
  const std::string anew = "begin this origin anew (`farshorectl origin reset`) with a copy of its tables";
  // Of a server of which nothing was captured nothing was there to be purged, as far as is known.
  const auto is_known = [&](const OriginPosition::Source& source) {
    return std::ranges::find(position.sources(), source.uuid, &OriginPosition::Source::uuid) !=
           position.sources().end();
  };
  const auto gone = OriginPosition::parse(missing);
  if (gone && !gone->sources().empty() && std::ranges::none_of(gone->sources(), is_known))
    return fmt::format(
        "the source's gtid_purged has transactions {} of servers of which origin {} has captured nothing: they were "
        "added to it (SET GLOBAL gtid_purged = '+...', as the load of a dump does) or purged before capture read any, "
        "and no binlog says what they changed; {}",
        missing, facts.origin, anew);
  return fmt::format(
      "the source's binlogs were purged beyond what was captured: transactions {} of origin {} are gone; keep binlogs "
      "longer (binlog_expire_logs_seconds), and {}",
      missing, facts.origin, anew);
}

/// The first transaction to read is still in the source's binlogs, or at least the one behind it; else one sentence.
std::optional<std::string> choose_beginning(const ResumeFacts& facts, ResumePlan& plan) {
  const Checkpoint& checkpoint = *facts.checkpoint;
  if (checkpoint.position_before_last.contains(facts.earliest)) return std::nullopt;
  if (!checkpoint.position.contains(facts.earliest)) return gone_before_read(facts, checkpoint.position);
  plan.skips_history_check = true;
  plan.warnings.push_back("the source purged the binlog of the last captured transaction: its content is not compared");
  return std::nullopt;
}

/// Everything that is published lies at or before the checkpoint.
bool nothing_beyond(const Checkpoint& checkpoint, const std::vector<PublishedEnd>& published) {
  for (std::size_t i = 0; i < published.size(); ++i)
    if (published[i].seq >= checkpoint.partitions[i].next_seq) return false;
  return true;
}

/// Those of `tables` that the numbering captures.
std::vector<std::string> captured_of(std::vector<std::string> tables, const Numbering& numbering) {
  const auto rules = change::TableRules::from_numbering(numbering);
  if (!rules) return tables;
  std::erase_if(tables, [&](const std::string& text) {
    const auto table = TableName::parse(text);
    return text != change::kAllTables && !(table && is_captured(*table, *rules));
  });
  return tables;
}

/// For people.
std::string split_transactions(const Checkpoint& checkpoint) {
  if (checkpoint.split_until.empty())
    return fmt::format("the transaction behind {}, of which a part is", checkpoint.position.to_string());
  return fmt::format("what lies behind {}, of which any part up to {} may be", checkpoint.position.to_string(),
                     checkpoint.split_until.to_string());
}

/// Keeps what `plan` says of the source and of lost records.
ResumePlan renumber(const ResumeFacts& facts, ResumePlan plan) {
  const Checkpoint& checkpoint = *facts.checkpoint;
  plan.kind = ResumePlan::Kind::kBeginEpoch;
  plan.published.clear();
  plan.tail_ends.clear();
  plan.checkpoint = next_epoch(checkpoint, ends_of(checkpoint), facts.configured, facts.fresh,
                               checkpoint.numbering == facts.configured ? facts.missed_why : "the numbering changed");
  std::vector<std::string> missed = facts.missed_tables;
  if (checkpoint.numbering != facts.configured) {
    auto split = captured_of(checkpoint.split_tables, facts.configured);
    if (!split.empty()) {
      plan.checkpoint.pending_epoch_start->reason =
          "the numbering changed inside a transaction of which a part is published, so its rows count otherwise";
      plan.warnings.push_back(
          fmt::format("the numbering changes inside {} published: its rows count otherwise from here on, and the gates "
                      "of the other regions close for its tables ({} first) as not-yet-equal",
                      split_transactions(checkpoint), split.front()));
    }
    std::ranges::move(split, std::back_inserter(missed));
  }
  plan.checkpoint.pending_epoch_start->missed_tables = at_most_named(std::move(missed));
  plan.checkpoint.changed_unseen = at_most_named(facts.changed_unseen);
  return plan;
}

ResumePlan with_checkpoint(const ResumeFacts& facts) {
  const Checkpoint& checkpoint = *facts.checkpoint;
  FARSHORE_CHECK(facts.tails.size() == checkpoint.partitions.size());
  if (auto refusal = contradiction(facts)) return *refusal;
  ResumePlan plan;
  plan.checkpoint = checkpoint;
  plan.checkpoint.changed_unseen = at_most_named(facts.changed_unseen);
  if (auto sentence = choose_beginning(facts, plan)) return refuse(*sentence);
  if (checkpoint.pending_epoch_start) {
    plan.kind = ResumePlan::Kind::kBeginEpoch;
    return plan;
  }
  plan.kind = ResumePlan::Kind::kContinue;
  plan.published = published_ends(facts);
  for (const PartitionTail& tail : facts.tails) plan.tail_ends.push_back(tail.end);
  std::ranges::move(lost_records(facts), std::back_inserter(plan.warnings));
  if (checkpoint.numbering == facts.configured && facts.missed_tables.empty()) return plan;
  if (auto sentence = refuse_renumbering(checkpoint.numbering, facts.configured)) return refuse(*sentence);
  if (nothing_beyond(checkpoint, plan.published)) return renumber(facts, std::move(plan));
  plan.kind = ResumePlan::Kind::kContinueToTails;
  return plan;
}

}  // namespace

std::string another_server(const std::string& origin, const Checkpoint& checkpoint,
                           const std::string& source_identity) {
  return fmt::format(
      "origin {} was captured from server {}, and the configured source is server {}: point the origin's address at "
      "the server that was captured; a change of primary is not followed: where another one has taken its place, begin "
      "the origin anew there (`farshorectl origin reset`)",
      origin, checkpoint.source_uuid, source_identity);
}

ResumePlan plan_resume(const ResumeFacts& facts) {
  for (const PartitionTail& tail : facts.tails)
    if (!tail.foreign.empty()) return refuse(tail.foreign);
  if (!facts.checkpoint) return without_checkpoint(facts);
  return with_checkpoint(facts);
}

bool checkpoint_is_behind(const Checkpoint& checkpoint, const std::vector<PartitionTail>& tails) {
  return std::ranges::any_of(
      tails, [&](const PartitionTail& tail) { return tail.newest && tail.newest->epoch > checkpoint.id.epoch; });
}

Checkpoint next_epoch(const Checkpoint& continued, std::vector<PartitionEnd> ends, const Numbering& numbering,
                      Incarnation fresh, std::string reason) {
  EpochStart start;
  start.continues = continued.id;
  start.continued = std::move(ends);
  start.begins_at = continued.position;
  start.numbering_changed = continued.numbering != numbering;
  start.reason = std::move(reason);
  Checkpoint checkpoint = fresh_checkpoint({continued.id.epoch.next(), fresh}, numbering, std::move(start));
  checkpoint.position_before_last = continued.position_before_last;
  checkpoint.last = continued.last;
  checkpoint.source_uuid = continued.source_uuid;
  checkpoint.told_statement = continued.told_statement;
  checkpoint.cascades = continued.cascades;
  checkpoint.keys_known_from = continued.keys_known_from;
  checkpoint.logs_cascades = continued.logs_cascades;
  checkpoint.split_tables = continued.split_tables;
  checkpoint.split_until = continued.split_until;
  checkpoint.prepared = continued.prepared;
  checkpoint.unchecked_children = continued.unchecked_children;
  return checkpoint;
}

Checkpoint following_epoch(const Checkpoint& here, const Numbering& numbering, Incarnation fresh, EpochReason reason) {
  Checkpoint checkpoint = next_epoch(here, ends_of(here), numbering, fresh, std::move(reason.sentence));
  EpochStart& start = *checkpoint.pending_epoch_start;
  start.numbering_changed = true;
  if (reason.statement) checkpoint.told_statement = reason.statement->gtid;
  start.statement = std::move(reason.statement);
  // Its rows come once more in other partitions, which do not know what is applied of them.
  if (!checkpoint.split_until.empty() && here.numbering != numbering)
    std::ranges::copy(checkpoint.split_tables, std::back_inserter(reason.missed_tables));
  start.missed_tables = at_most_named(std::move(reason.missed_tables));
  checkpoint.changed_unseen = at_most_named(std::move(reason.changed_unseen));
  if (!reason.split_tables.empty() && checkpoint.split_until.empty())
    checkpoint.split_tables = at_most_named(std::move(reason.split_tables));
  // Nothing of the new epoch lies below them.
  FARSHORE_CHECK(checkpoint.partitions.size() == here.partitions.size());
  for (std::size_t i = 0; i < here.partitions.size(); ++i)
    checkpoint.partitions[i].kafka_offset = here.partitions[i].kafka_offset;
  return checkpoint;
}

std::vector<std::string> at_most_named(std::vector<std::string> tables) {
  if (tables.size() > change::kEpochTablesMax) return {std::string(change::kAllTables)};
  return tables;
}

std::optional<std::string> refuse_renumbering(const Numbering& from, const Numbering& to) {
  for (const auto& stream : from.streams) {
    const auto found = std::ranges::find(to.streams, stream.name, &Numbering::Stream::name);
    if (found == to.streams.end())
      return fmt::format(
          "stream {} was captured and is no longer configured: its partitions would never reach the new "
          "epoch; keep it in streams (with no tables, if it is to hold nothing)",
          stream.name);
    if (found->partitions < stream.partitions)
      return fmt::format(
          "streams.{}.partitions is {}, and was {}: partitions can be added, not taken away; set it to "
          "{} or more",
          stream.name, found->partitions, stream.partitions, stream.partitions);
  }
  return std::nullopt;
}

}  // namespace farshore::capture
