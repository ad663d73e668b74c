#include "capture/resume/tail_scan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "capture/publish/partitions.hpp"
#include "change/batch_header.hpp"
#include "change/batch_reader.hpp"

namespace farshore::capture {

namespace {

constexpr std::chrono::milliseconds kScanTimeout{15'000};
constexpr std::int64_t kFirstLookBack = 2'000;  ///< records
constexpr std::int64_t kLookBackFactor = 8;

void note_foreign(PartitionTail& tail, const std::string& origin, KafkaOffset offset, std::string_view why) {
  if (!tail.foreign.empty()) return;
  tail.foreign = fmt::format(
      "topic {} partition {} holds a record at offset {} that no capture of this origin wrote ({}): find out who "
      "writes to the topic",
      change_topic(origin, tail.stream), tail.partition.raw(), offset.raw(), why);
}

/// What is read of one record: its header, checked against the place where it stands.
std::optional<change::BatchHeader> header_of(const kafka::Record& record, const std::string& origin,
                                             PartitionTail& tail) {
  const auto header = change::decode_header(record.header());
  const bool at_home =
      header && header->origin == origin && header->stream == tail.stream && header->partition == tail.partition;
  if (at_home) return *header;
  note_foreign(tail, origin, record.offset(),
               header ? "it is of another origin, stream or partition" : change::to_string(header.error()));
  return std::nullopt;
}

PartitionTail empty_tail(const std::string& stream, PartitionId partition) {
  PartitionTail tail;
  tail.stream = stream;
  tail.partition = partition;
  return tail;
}

/// The record that holds the last change published: its header does not say when that was committed.
struct LastChanges {
  KafkaOffset offset;
  std::string header;
  std::string value;

  void keep(const kafka::Record& record) {
    offset = record.offset();
    header = record.header();
    value = record.value();
  }
};

void take_commit_time(const LastChanges& last, const std::string& origin, PartitionTail& tail) {
  if (tail.published.seq == Seq(0)) return;
  change::TableCache tables;
  change::Batch batch;
  if (const auto read = change::read_batch(last.header, last.value, tables, batch); !read)
    return note_foreign(tail, origin, last.offset,
                        "its header is this origin's, its value cannot be read: " + read.error().detail);
  tail.published.commit_time = batch.transaction_of(batch.changes().back()).commit_time;
}

std::optional<LastStatement> statement_in(const kafka::Record& record, change::TableCache& tables,
                                          change::Batch& batch) {
  if (!change::read_batch(record.header(), record.value(), tables, batch)) return std::nullopt;
  if (batch.watermark()) return LastStatement{batch.watermark()->position, batch.watermark()->numbering_digest};
  if (batch.epoch_start()) return LastStatement{batch.epoch_start()->begins_at, batch.epoch_start()->numbering_digest};
  return std::nullopt;
}

}  // namespace

std::expected<PartitionTail, kafka::KafkaError> read_tail(kafka::TailReader& reader, const std::string& origin,
                                                          const std::string& stream, PartitionId partition,
                                                          KafkaOffset from, TailExtent extent) {
  PartitionTail tail = empty_tail(stream, partition);
  LastChanges last;
  const auto range = reader.read_range(
      {change_topic(origin, stream), partition}, from,
      [&](const kafka::Record& record) {
        if (extent == TailExtent::kBoundsOnly) return false;
        const auto header = header_of(record, origin, tail);
        if (!header) return true;
        take(tail, *header);
        const bool holds_the_last = header->kind == change::BatchKind::kChanges && header->id == tail.newest &&
                                    header->last_seq() == tail.published.seq;
        if (holds_the_last) last.keep(record);
        return true;
      },
      kScanTimeout);
  if (!range) return std::unexpected(range.error());
  take_commit_time(last, origin, tail);
  tail.low = range->low;
  tail.end = range->end;
  return tail;
}

std::expected<TailWithStatement, kafka::KafkaError> read_tail_with_statement(kafka::TailReader& reader,
                                                                             const std::string& origin,
                                                                             const std::string& stream,
                                                                             PartitionId partition) {
  const kafka::TopicPartition place{change_topic(origin, stream), partition};
  const auto bounds =
      reader.read_range(place, kafka::kBeginning, [](const kafka::Record&) { return false; }, kScanTimeout);
  if (!bounds) return std::unexpected(bounds.error());
  change::TableCache tables;
  change::Batch batch;
  for (std::int64_t back = kFirstLookBack;; back *= kLookBackFactor) {
    TailWithStatement found;
    found.tail = empty_tail(stream, partition);
    const KafkaOffset from(std::max(bounds->low.raw(), bounds->end.raw() - back));
    const auto range = reader.read_range(
        place, from,
        [&](const kafka::Record& record) {
          const auto header = header_of(record, origin, found.tail);
          if (!header) return true;
          const auto epoch_before = found.tail.newest;
          take(found.tail, *header);
          if (found.tail.newest != epoch_before) found.statement.reset();
          const bool says_something = header->kind != change::BatchKind::kChanges || header->carries_watermark;
          if (says_something && header->id == found.tail.newest)
            if (auto statement = statement_in(record, tables, batch)) found.statement = std::move(statement);
          return true;
        },
        kScanTimeout);
    if (!range) return std::unexpected(range.error());
    found.tail.low = range->low;
    found.tail.end = range->end;
    if (found.statement || from == bounds->low) return found;
  }
}

}  // namespace farshore::capture
