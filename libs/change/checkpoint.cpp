#include "change/checkpoint.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <span>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "change/cascade_message.hpp"
#include "change/limits.hpp"
#include "change/unknown_fields.hpp"
#include "farshore/v1/checkpoint.pb.h"

namespace farshore::change {
namespace {

constexpr std::uint32_t kCheckpointFormat = 1;

void to_message(const Numbering& numbering, v1::Numbering& message) {
  for (const Numbering::Stream& stream : numbering.streams) {
    v1::Numbering::Stream& out = *message.add_streams();
    out.set_name(stream.name);
    out.set_partitions(stream.partitions);
  }
  message.set_table_rules(numbering.table_rules);
  for (const std::string& group : numbering.cascade_groups) message.add_cascade_groups(group);
  message.set_algorithm(numbering.algorithm);
}

std::expected<Numbering, MessageError> from_message(const v1::Numbering& message) {
  if (has_unknown_fields(message)) return std::unexpected(MessageError::kNewerFormat);
  Numbering numbering;
  for (const v1::Numbering::Stream& stream : message.streams()) {
    if (has_unknown_fields(stream)) return std::unexpected(MessageError::kNewerFormat);
    if (stream.name().empty() || stream.name().size() > kNameBytesMax || stream.partitions() == 0 ||
        stream.partitions() > kPartitionsMax) {
      return std::unexpected(MessageError::kMalformed);
    }
    numbering.streams.push_back({stream.name(), stream.partitions()});
  }
  numbering.table_rules = message.table_rules();
  numbering.cascade_groups.assign(message.cascade_groups().begin(), message.cascade_groups().end());
  numbering.algorithm = message.algorithm();
  return numbering;
}

void to_message(const Checkpoint& checkpoint, v1::Checkpoint& message) {
  message.set_format(kCheckpointFormat);
  message.set_epoch(checkpoint.id.epoch.raw());
  message.set_incarnation(checkpoint.id.incarnation.raw());
  message.set_position(checkpoint.position.to_string());
  message.set_position_before_last(checkpoint.position_before_last.to_string());
  if (checkpoint.last) {
    message.mutable_last()->set_gtid(checkpoint.last->gtid.to_string());
    message.mutable_last()->set_commit_time_us(checkpoint.last->commit_time.time_since_epoch().count());
    message.mutable_last()->set_digest(checkpoint.last->digest);
  }
  for (const PartitionState& state : checkpoint.partitions) {
    v1::PartitionState& out = *message.add_partitions();
    out.set_stream(state.stream);
    out.set_partition(static_cast<std::uint32_t>(state.partition.raw()));
    out.set_next_seq(state.next_seq.raw());
    out.set_kafka_offset(state.kafka_offset.raw());
  }
  to_message(checkpoint.numbering, *message.mutable_numbering());
  message.set_source_uuid(checkpoint.source_uuid);
  message.set_written_at_us(checkpoint.written_at.time_since_epoch().count());
  if (checkpoint.pending_epoch_start) {
    append_epoch_start(*checkpoint.pending_epoch_start, *message.mutable_pending_epoch_start());
  }
  for (const KnownKey& known : checkpoint.known_keys) {
    message.add_known_tables(known.table);
    message.add_known_keys(known.key);
  }
  for (const CascadingKey& key :
       std::span(checkpoint.cascades).first(std::min(checkpoint.cascades.size(), kKnownCascadesMax))) {
    v1::CascadingKey& out = *message.add_cascades();
    to_message(key, out);
    out.set_name(key.name);
  }
  message.set_told_statement(checkpoint.told_statement.to_string());
  for (const std::string& table : checkpoint.changed_unseen) message.add_changed_unseen(table);
  message.set_keys_known_from(checkpoint.keys_known_from.to_string());
  if (checkpoint.logs_cascades) message.set_logs_cascades(*checkpoint.logs_cascades);
  for (const std::string& table : checkpoint.split_tables) message.add_split_tables(table);
  message.set_split_until(checkpoint.split_until.to_string());
  for (const PreparedTransaction& one : checkpoint.prepared) {
    v1::PreparedTransaction& out = *message.add_prepared();
    out.set_xid(one.xid);
    for (const std::string& table : one.tables) out.add_tables(table);
    out.set_events(one.events);
  }
  for (const UncheckedChild& one : checkpoint.unchecked_children) {
    v1::UncheckedChild& out = *message.add_unchecked_children();
    out.set_table(one.table);
    out.set_until_s(std::chrono::floor<std::chrono::seconds>(one.until).time_since_epoch().count());
  }
}

std::expected<KnownKeys, MessageError> known_keys_of(const v1::Checkpoint& message) {
  if (message.known_tables_size() != message.known_keys_size() ||
      static_cast<std::size_t>(message.known_tables_size()) > kKnownKeysMax)
    return std::unexpected(MessageError::kMalformed);
  KnownKeys keys;
  keys.reserve(static_cast<std::size_t>(message.known_tables_size()));
  for (int i = 0; i < message.known_tables_size(); ++i) {
    if (!keys.empty() && message.known_tables(i) <= keys.back().table) return std::unexpected(MessageError::kMalformed);
    keys.push_back({.table = message.known_tables(i), .key = message.known_keys(i)});
  }
  return keys;
}

std::expected<std::vector<CascadingKey>, MessageError> cascades_of(const v1::Checkpoint& message) {
  if (static_cast<std::size_t>(message.cascades_size()) > kKnownCascadesMax)
    return std::unexpected(MessageError::kMalformed);
  std::vector<CascadingKey> keys;
  keys.reserve(static_cast<std::size_t>(message.cascades_size()));
  for (const v1::CascadingKey& key : message.cascades()) {
    auto known = cascading_key_of(key);
    if (!known) return std::unexpected(known.error());
    if (key.name().size() > kNameBytesMax) return std::unexpected(MessageError::kMalformed);
    known->name = key.name();
    keys.push_back(std::move(*known));
  }
  return keys;
}

std::expected<std::vector<PartitionState>, MessageError> partitions_of(const v1::Checkpoint& message) {
  if (static_cast<std::size_t>(message.partitions_size()) > kPartitionsMax) {
    return std::unexpected(MessageError::kMalformed);
  }
  std::vector<PartitionState> states;
  for (const v1::PartitionState& state : message.partitions()) {
    if (has_unknown_fields(state)) return std::unexpected(MessageError::kNewerFormat);
    if (state.stream().empty() || state.partition() >= kPartitionsMax || state.next_seq() == 0) {
      return std::unexpected(MessageError::kMalformed);
    }
    states.push_back({state.stream(), PartitionId(static_cast<std::int32_t>(state.partition())), Seq(state.next_seq()),
                      KafkaOffset(state.kafka_offset())});
  }
  return states;
}

/// The partitions are those of the numbering, in its order: a reader counts on it.
bool agree(const std::vector<PartitionState>& partitions, const Numbering& numbering) {
  std::size_t at = 0;
  for (const Numbering::Stream& stream : numbering.streams) {
    for (std::uint32_t i = 0; i < stream.partitions; ++i, ++at) {
      const bool same = at < partitions.size() && partitions[at].stream == stream.name &&
                        partitions[at].partition == PartitionId(static_cast<std::int32_t>(i));
      if (!same) return false;
    }
  }
  return at == partitions.size();
}

/// False: the text is no position.
bool take_position(const std::string& text, OriginPosition& out) {
  auto position = OriginPosition::parse(text);
  if (position) out = std::move(*position);
  return position.has_value();
}

/// "schema.table" each, or kAllTables. False: they are more or longer than an epoch names.
bool take_tables(const google::protobuf::RepeatedPtrField<std::string>& names, std::vector<std::string>& tables) {
  if (static_cast<std::size_t>(names.size()) > kEpochTablesMax) return false;
  if (std::ranges::any_of(names, [](const std::string& name) { return name.size() > kFullNameBytesMax; })) return false;
  tables.assign(names.begin(), names.end());
  return true;
}

std::expected<std::vector<PreparedTransaction>, MessageError> prepared_of(const v1::Checkpoint& message) {
  if (static_cast<std::size_t>(message.prepared_size()) > kPreparedMax)
    return std::unexpected(MessageError::kMalformed);
  std::vector<PreparedTransaction> prepared;
  for (const v1::PreparedTransaction& one : message.prepared()) {
    if (has_unknown_fields(one)) return std::unexpected(MessageError::kNewerFormat);
    PreparedTransaction& out = prepared.emplace_back();
    if (one.xid().empty() || one.xid().size() > kXidBytesMax || !take_tables(one.tables(), out.tables))
      return std::unexpected(MessageError::kMalformed);
    out.xid = one.xid();
    out.events = one.events();
  }
  return prepared;
}

std::expected<std::vector<UncheckedChild>, MessageError> unchecked_children_of(const v1::Checkpoint& message) {
  constexpr std::int64_t kSecondsMax = 1LL << 40;  // microseconds still fit
  if (static_cast<std::size_t>(message.unchecked_children_size()) > kEpochTablesMax)
    return std::unexpected(MessageError::kMalformed);
  std::vector<UncheckedChild> children;
  for (const v1::UncheckedChild& one : message.unchecked_children()) {
    if (has_unknown_fields(one)) return std::unexpected(MessageError::kNewerFormat);
    if (one.table().size() > kFullNameBytesMax || std::abs(one.until_s()) > kSecondsMax)
      return std::unexpected(MessageError::kMalformed);
    children.push_back({one.table(), SourceTime(std::chrono::seconds(one.until_s()))});
  }
  return children;
}

}  // namespace

std::uint64_t digest(const Numbering& numbering) {
  v1::Numbering message;
  to_message(numbering, message);
  const std::string bytes = message.SerializeAsString();
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::string last_epoch_text(Epoch epoch) { return std::to_string(epoch.raw()); }

std::optional<Epoch> parse_last_epoch(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return Epoch(number);
}

std::string encode_checkpoint(const Checkpoint& checkpoint) {
  v1::Checkpoint message;
  to_message(checkpoint, message);
  return message.SerializeAsString();
}

std::expected<Checkpoint, MessageError> decode_checkpoint(std::string_view bytes) {
  v1::Checkpoint message;
  if (bytes.size() > kBatchBytesMax || !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return std::unexpected(MessageError::kMalformed);
  }
  if (message.format() > kCheckpointFormat || has_unknown_fields(message)) {
    return std::unexpected(MessageError::kNewerFormat);
  }
  if (message.format() == 0 || message.epoch() == 0) return std::unexpected(MessageError::kMalformed);
  Checkpoint checkpoint;
  checkpoint.id = {Epoch(message.epoch()), Incarnation(message.incarnation())};
  if (!take_position(message.position(), checkpoint.position) ||
      !take_position(message.position_before_last(), checkpoint.position_before_last) ||
      !take_position(message.keys_known_from(), checkpoint.keys_known_from) ||
      !take_position(message.split_until(), checkpoint.split_until))
    return std::unexpected(MessageError::kMalformed);
  if (message.has_last()) {
    const auto gtid = Gtid::parse(message.last().gtid());
    if (!gtid) return std::unexpected(MessageError::kMalformed);
    checkpoint.last = {*gtid, SourceTime(std::chrono::microseconds(message.last().commit_time_us())),
                       message.last().digest()};
  }
  auto partitions = partitions_of(message);
  if (!partitions) return std::unexpected(partitions.error());
  auto numbering = from_message(message.numbering());
  if (!numbering) return std::unexpected(numbering.error());
  if (!agree(*partitions, *numbering)) return std::unexpected(MessageError::kMalformed);
  checkpoint.partitions = std::move(*partitions);
  checkpoint.numbering = std::move(*numbering);
  checkpoint.source_uuid = message.source_uuid();
  checkpoint.written_at = LocalTime(std::chrono::microseconds(message.written_at_us()));
  if (!message.pending_epoch_start().empty()) {
    auto start = parse_epoch_start(message.pending_epoch_start());
    if (!start) return std::unexpected(start.error());
    checkpoint.pending_epoch_start = std::move(*start);
  }
  auto known = known_keys_of(message);
  if (!known) return std::unexpected(known.error());
  checkpoint.known_keys = std::move(*known);
  auto cascades = cascades_of(message);
  if (!cascades) return std::unexpected(cascades.error());
  checkpoint.cascades = std::move(*cascades);
  const std::optional<Gtid> told = message.told_statement().empty() ? Gtid() : Gtid::parse(message.told_statement());
  if (!told) return std::unexpected(MessageError::kMalformed);
  checkpoint.told_statement = *told;
  if (!take_tables(message.changed_unseen(), checkpoint.changed_unseen) ||
      !take_tables(message.split_tables(), checkpoint.split_tables))
    return std::unexpected(MessageError::kMalformed);
  auto prepared = prepared_of(message);
  if (!prepared) return std::unexpected(prepared.error());
  checkpoint.prepared = std::move(*prepared);
  auto unchecked = unchecked_children_of(message);
  if (!unchecked) return std::unexpected(unchecked.error());
  checkpoint.unchecked_children = std::move(*unchecked);
  if (message.has_logs_cascades()) checkpoint.logs_cascades = message.logs_cascades();
  return checkpoint;
}

}  // namespace farshore::change
