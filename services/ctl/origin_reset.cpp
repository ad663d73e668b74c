#include "services/ctl/origin_reset.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "base/environment_error.hpp"
#include "capture/publish/partitions.hpp"
#include "capture/resume/tail_scan.hpp"
#include "capture/source/lease.hpp"
#include "change/batch_header.hpp"
#include "change/checkpoint.hpp"
#include "kafka/tail_reader.hpp"
#include "kafka/transactional_producer.hpp"
#include "services/config/endpoints.hpp"
#include "services/ctl/command.hpp"
#include "services/ctl/decision.hpp"
#include "services/process/database_error.hpp"
#include "services/process/kafka_error.hpp"
#include "services/process/library_settings.hpp"

// farshorectl origin reset: what it takes so that an origin can begin anew, on the origin's side and on each side that
// applies it. Says first what is lost.
namespace farshore::ctl {
namespace {

constexpr std::chrono::seconds kLeaseWait{1};

/// What the origin's Kafka knows of its numbering.
struct Numbered {
  std::optional<change::Checkpoint> checkpoint;
  Epoch last_epoch;  ///< of all that was ever published, as far as it shows
  std::set<std::string> streams;
};

std::unique_ptr<kafka::TailReader> reader_of(const service::Config& config) {
  auto reader = kafka::TailReader::create(service::quiet_cluster_settings(config, "farshorectl"));
  if (!reader) throw service::kafka_error("connecting", config.kafka, reader.error());
  return std::move(*reader);
}

std::optional<std::string> read_key(kafka::TailReader& reader, const service::Config& config, const std::string& topic,
                                    std::string_view key) {
  auto value = reader.read_compacted_last(topic, key, kResetTimeout);
  if (value) return std::move(*value);
  if (value.error().kind == kafka::KafkaError::Kind::kUnknownTopic) return std::nullopt;
  throw service::kafka_error("reading " + topic, config.kafka, value.error());
}

/// A checkpoint that is lost: the topics show the newest epoch.
void look_at_tails(kafka::TailReader& reader, const service::Config& config, const std::string& origin, Numbered& out) {
  for (const auto& [stream, settings] : config.streams) {
    for (std::uint64_t i = 0; i < settings.partitions; ++i) {
      const auto found =
          capture::read_tail_with_statement(reader, origin, stream, PartitionId(static_cast<std::int32_t>(i)));
      if (!found && found.error().kind != kafka::KafkaError::Kind::kUnknownTopic)
        throw service::kafka_error("reading what is published", config.kafka, found.error());
      if (found && found->tail.newest) out.last_epoch = std::max(out.last_epoch, found->tail.newest->epoch);
    }
  }
}

Numbered read_numbered(const service::Config& config, const std::string& origin) {
  Numbered out;
  const auto reader = reader_of(config);
  const std::string topic = capture::checkpoint_topic(origin);
  for (const auto& [stream, settings] : config.streams) out.streams.insert(stream);
  if (const auto text = read_key(*reader, config, topic, change::kLastEpochKey))
    out.last_epoch = change::parse_last_epoch(*text).value_or(Epoch(0));
  if (const auto bytes = read_key(*reader, config, topic, change::kCheckpointKey)) {
    if (auto checkpoint = change::decode_checkpoint(*bytes)) out.checkpoint = std::move(*checkpoint);
  }
  if (!out.checkpoint) {
    look_at_tails(*reader, config, origin, out);
    return out;
  }
  out.last_epoch = std::max(out.last_epoch, out.checkpoint->id.epoch);
  for (const auto& stream : out.checkpoint->numbering.streams) out.streams.insert(stream.name);
  return out;
}

/// Held for as long as the reset takes, so that no capture begins in between.
class HeldLease {
 public:
  HeldLease(const service::OriginConfig& origin) : origin_(origin), endpoint_(service::origin_endpoint(origin)) {
    auto lease = capture::Lease::open(endpoint_, origin.name);
    if (!lease) fail(lease.error());
    lease_.emplace(std::move(*lease));
    const auto taken = lease_->acquire(kLeaseWait);
    if (!taken) fail(taken.error());
    if (*taken) return;
    throw EnvironmentError(
        fmt::format("origin {}: a capture holds the lease at {}: stop every capture of it first (and "
                    "what starts it again).",
                    origin.name, endpoint_.to_string()));
  }
  /// Keeps the lease, and throws when it was lost: a capture may have begun.
  void beat() {
    const auto mine = lease_->connection().query(
        fmt::format("SELECT COALESCE(IS_USED_LOCK('{}') = CONNECTION_ID(), 0)", lease_->name()));
    if (mine && mine->text(0, 0) == "1") return;
    throw EnvironmentError(
        fmt::format("origin {}: the lease was lost while the reset ran; a capture may have begun. "
                    "Stop it, and run the same command again.",
                    origin_.name));
  }

 private:
  [[noreturn]] void fail(const mysql::SqlError& error) const {
    throw service::database_error("origin " + origin_.name, endpoint_, error);
  }

  const service::OriginConfig& origin_;
  const DatabaseEndpoint endpoint_;
  std::optional<capture::Lease> lease_;
};

/// The next epoch has a greater number than any before it; then the checkpoint goes. Captures of before are fenced.
void forget_checkpoint(const service::Config& config, const std::string& origin, Epoch last_epoch) {
  auto producer = kafka::TransactionalProducer::create(service::quiet_cluster_settings(config, "farshorectl"),
                                                       capture::checkpoint_identity(origin), kResetTimeout);
  if (!producer) throw service::kafka_error("taking over the checkpoint", config.kafka, producer.error());
  const std::string topic = capture::checkpoint_topic(origin);
  auto written = (*producer)->publish(topic, PartitionId(0), change::kLastEpochKey, change::last_epoch_text(last_epoch),
                                      kResetTimeout);
  if (written)
    written = (*producer)->publish(topic, PartitionId(0), change::kCheckpointKey, std::string_view(), kResetTimeout);
  if (!written) throw service::kafka_error("writing to " + topic, config.kafka, written.error());
}

int run_reset(const service::Config& config, const std::string& name, bool execute) {
  const service::OriginConfig* const origin = config.find_origin(name);
  if (origin != nullptr && origin->region == config.region) return reset_at_origin(config, *origin, execute);
  return reset_at_target(config, name, execute);
}

}  // namespace

ChangeTopics::ChangeTopics(const service::Config& config, const std::string& origin,
                           const std::set<std::string>& streams)
    : config_(config) {
  auto admin = kafka::Admin::create(service::quiet_cluster_settings(config, "farshorectl"));
  if (!admin) throw service::kafka_error("connecting", config.kafka, admin.error());
  admin_ = std::move(*admin);
  reader_ = reader_of(config);
  for (const std::string& stream : streams) {
    Topic topic{.name = capture::change_topic(origin, stream)};
    const auto found = admin_->describe_topic(topic.name, kResetTimeout);
    if (!found && found.error().kind == kafka::KafkaError::Kind::kUnknownTopic) continue;
    if (!found) throw service::kafka_error("looking at " + topic.name, config.kafka, found.error());
    topic.partitions = found->partitions;
    for (std::int32_t i = 0; i < topic.partitions; ++i) {
      const auto range = admin_->offsets({topic.name, PartitionId(i)}, kResetTimeout);
      if (!range) throw service::kafka_error("looking at " + topic.name, config.kafka, range.error());
      topic.offsets += range->high.raw() - range->low.raw();
    }
    topics_.push_back(std::move(topic));
  }
}

std::string ChangeTopics::text() const {
  std::string out;
  for (const Topic& topic : topics_)
    out += fmt::format("  topic {}: {} records in {} partitions\n", topic.name, topic.offsets, topic.partitions);
  return out.empty() ? "  no change topic is there\n" : out;
}

void ChangeTopics::empty(std::optional<Epoch> up_to, const std::function<void()>& beat) {
  for (const Topic& topic : topics_) {
    std::vector<KafkaOffset> before;
    for (std::int32_t i = 0; i < topic.partitions; ++i)
      before.push_back(up_to ? end_of_epoch({topic.name, PartitionId(i)}, *up_to) : kafka::Admin::kEnd);
    const auto deleted = admin_->delete_records(topic.name, before, kResetTimeout);
    if (!deleted) throw service::kafka_error("deleting records", config_.kafka, deleted.error());
    beat();
  }
}

// The newest record tells whether there is anything beyond the epoch; only then the topic is searched.
KafkaOffset ChangeTopics::end_of_epoch(const kafka::TopicPartition& partition, Epoch epoch) {
  std::optional<KafkaOffset> beyond;
  const auto look_from = [&](KafkaOffset from) {
    const auto each = [&](const kafka::Record& record) {
      const auto header = change::decode_header(record.header());
      if (header && header->id.epoch > epoch) beyond = record.offset();
      return !beyond;
    };
    const auto read = reader_->read_range(partition, from, each, kResetTimeout);
    if (!read) throw service::kafka_error("reading " + partition.topic, config_.kafka, read.error());
  };
  const auto range = admin_->offsets(partition, kResetTimeout);
  if (!range) throw service::kafka_error("looking at " + partition.topic, config_.kafka, range.error());
  if (range->high == range->low) return kafka::Admin::kEnd;
  look_from(KafkaOffset(range->high.raw() - 1));
  if (!beyond) return kafka::Admin::kEnd;
  beyond.reset();
  look_from(kafka::kBeginning);
  return beyond.value_or(kafka::Admin::kEnd);
}

int reset_at_origin(const service::Config& config, const service::OriginConfig& origin, bool execute) {
  HeldLease lease(origin);
  const Numbered numbered = read_numbered(config, origin.name);
  lease.beat();
  ChangeTopics topics(config, origin.name, numbered.streams);
  fmt::print("origin {}, at its own region {}: {} lost\n{}", origin.name, config.region,
             execute ? "these are" : "these would be", topics.text());
  if (numbered.checkpoint) {
    fmt::print("  checkpoint: epoch {}, position {}\n", numbered.checkpoint->id.epoch.raw(),
               numbered.checkpoint->position.to_string());
  } else {
    fmt::print("  no checkpoint is there that can be read\n");
  }
  fmt::print(
      "What no other region has applied by now is published by nobody any more: the tables have to be made equal.\n");
  if (!execute) {
    fmt::print("Nothing was written: --execute does it.\n");
    return static_cast<int>(ExitCode::kGood);
  }
  lease.beat();
  forget_checkpoint(config, origin.name, numbered.last_epoch);
  topics.empty(std::nullopt, [&] { lease.beat(); });
  fmt::print(
      "Done. Now the same command in each region that applies {}, and a copy of its tables there. Then start "
      "capture, once with --from: it begins epoch {}.\n",
      origin.name, numbered.last_epoch.next().raw());
  return static_cast<int>(ExitCode::kGood);
}

void add_origin(CLI::App& app, Command& command) {
  CLI::App* origin = app.add_subcommand("origin", "An origin as a whole");
  origin->require_subcommand(1);
  origin->fallthrough();
  CLI::App* reset = origin->add_subcommand(
      "reset", "Begin an origin anew: at its own region first, then at each one that applies it. Loses what it names");
  struct Options {
    std::string origin;
    bool execute = false;
  };
  const auto options = std::make_shared<Options>();
  reset->add_option("--origin", options->origin, "The origin")->required();
  reset->add_flag("--execute", options->execute, "Do it; without, only say what would be lost");
  reset->callback([&command, options] {
    command.chosen = [&command, options] { return run_reset(command.load(), options->origin, options->execute); };
  });
}

}  // namespace farshore::ctl
