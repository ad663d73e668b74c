#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>

#include "base/environment_error.hpp"
#include "capture/publish/partitions.hpp"
#include "kafka/producer.hpp"
#include "kafka/tail_reader.hpp"
#include "services/ctl/command.hpp"
#include "services/ctl/ctl_database.hpp"
#include "services/ctl/refill_search.hpp"
#include "services/process/kafka_error.hpp"
#include "services/process/library_settings.hpp"
#include "store/progress_store.hpp"

// farshorectl refill: copies records that the mirror has lost from the origin's own cluster into this region's, once
// more. What was applied already is dropped by its number, so that too much does no harm.
namespace farshore::ctl {
namespace {

using std::chrono::seconds;
using store::PartitionState;
using store::ProgressRow;

constexpr seconds kRefillTimeout{15};
constexpr seconds kFlushTimeout{60};
constexpr std::chrono::milliseconds kQueueWait{100};
constexpr std::uint64_t kProgressEvery = 2'000;  ///< records

struct RefillOptions {
  std::string origin;
  std::string peer;
  std::string stream;
  std::int32_t partition = -1;  ///< -1: those that miss records
  bool execute = false;
};

/// The two clusters: where the origin publishes, and this region's.
struct Clusters {
  service::Config origin_config;
  service::Config here_config;
  std::unique_ptr<kafka::TailReader> origin;
  std::unique_ptr<kafka::Producer> here;
  std::optional<kafka::KafkaError> failure;  ///< of a record that was sent
};

bool misses_records(const ProgressRow& row) {
  return row.state == PartitionState::kHole || row.state == PartitionState::kNeedsSnapshot ||
         row.state == PartitionState::kUnreadableBatch;
}

std::vector<ProgressRow> chosen_rows(const service::Config& config, const RefillOptions& options) {
  mysql::Connection connection = open_database(config);
  auto rows = store::ProgressStore(connection, config.region).load();
  if (!rows) fail_database(config, rows.error());
  std::erase_if(*rows, [&](const ProgressRow& row) {
    if (row.key.origin != options.origin || (!options.stream.empty() && row.key.stream != options.stream)) return true;
    return options.partition >= 0 ? row.key.partition != PartitionId(options.partition) : !misses_records(row);
  });
  return std::move(*rows);
}

struct Range {
  std::optional<KafkaOffset> from;  ///< nothing: the origin's cluster has nothing that is needed
  KafkaOffset end;
  bool gone = false;
};

kafka::TopicPartition topic_of(const ProgressRow& row) {
  return {.topic = capture::change_topic(row.key.origin, row.key.stream), .partition = row.key.partition};
}

Range find_range(Clusters& clusters, const ProgressRow& row) {
  Range range;
  RefillSearch search(row);
  const auto each = [&](const kafka::Record& record) {
    const auto header = change::decode_header(record.header());
    if (!header) return true;
    const RefillSearch::Found found = search.look(*header);
    if (found == RefillSearch::Found::kHere) range.from = record.offset();
    range.gone = found == RefillSearch::Found::kGone;
    return found == RefillSearch::Found::kNotYet;
  };
  const auto read = clusters.origin->read_range(topic_of(row), kafka::kBeginning, each, kRefillTimeout);
  if (!read) throw service::kafka_error("reading " + topic_of(row).topic, clusters.origin_config.kafka, read.error());
  range.end = read->end;
  return range;
}

void send(Clusters& clusters, kafka::TopicHandle topic, const kafka::Record& record) {
  while (true) {
    switch (clusters.here->send(topic, record.partition(), record.header(), record.value(), 0)) {
      case kafka::SendResult::kQueued: return;
      case kafka::SendResult::kQueueFull: clusters.here->poll(kQueueWait); break;
      case kafka::SendResult::kError:
        throw service::kafka_error("writing", clusters.here_config.kafka, *clusters.here->last_error());
    }
  }
}

/// The number of records copied.
std::uint64_t copy(Clusters& clusters, const ProgressRow& row, const Range& range) {
  const kafka::TopicPartition at = topic_of(row);
  auto topic = clusters.here->open_topic(at.topic, kRefillTimeout);
  if (!topic) throw service::kafka_error("opening " + at.topic, clusters.here_config.kafka, topic.error());
  std::uint64_t copied = 0;
  const auto each = [&](const kafka::Record& record) {
    send(clusters, *topic, record);
    clusters.here->poll(std::chrono::milliseconds(0));
    if (++copied % kProgressEvery == 0)
      fmt::print(stderr, "{}: {} records, offset {} of {}\n", row.key.to_string(), copied, record.offset().raw(),
                 range.end.raw());
    return !clusters.failure && record.offset().raw() + 1 < range.end.raw();
  };
  const auto read = clusters.origin->read_range(at, *range.from, each, kRefillTimeout);
  if (!read) throw service::kafka_error("reading " + at.topic, clusters.origin_config.kafka, read.error());
  if (!clusters.here->flush(kFlushTimeout))
    throw EnvironmentError(
        fmt::format("kafka.bootstrap ({}) did not acknowledge all records within {} s: run the same "
                    "command again, what is there twice does no harm.",
                    clusters.here_config.kafka.bootstrap, kFlushTimeout.count()));
  if (clusters.failure)
    throw service::kafka_error("writing " + at.topic, clusters.here_config.kafka, *clusters.failure);
  return copied;
}

/// False: the origin's cluster does not have it either.
bool refill(Clusters& clusters, const ProgressRow& row, bool execute) {
  const std::string name = row.key.to_string();
  const Range range = find_range(clusters, row);
  if (!range.from) {
    fmt::print("{}: {} behind epoch {} seq {}\n", name,
               range.gone ? "the origin's cluster no longer has what follows" : "the origin's cluster has nothing yet",
               row.epoch.epoch.raw(), row.seq.raw());
    return !range.gone;
  }
  if (!execute) {
    fmt::print("{}: would copy offsets {} to {} of the origin's topic {}\n", name, range.from->raw(),
               range.end.raw() - 1, topic_of(row).topic);
    return true;
  }
  fmt::print("{}: {} records copied\n", name, copy(clusters, row, range));
  return true;
}

void connect(Clusters& clusters) {
  auto reader = kafka::TailReader::create(service::quiet_cluster_settings(clusters.origin_config, "farshorectl"));
  if (!reader) throw service::kafka_error("connecting", clusters.origin_config.kafka, reader.error());
  clusters.origin = std::move(*reader);
  auto producer = kafka::Producer::create(service::quiet_cluster_settings(clusters.here_config, "farshorectl"), {},
                                          [&clusters](const kafka::Delivery& delivery) {
                                            if (delivery.error) clusters.failure = delivery.error;
                                          });
  if (!producer) throw service::kafka_error("connecting", clusters.here_config.kafka, producer.error());
  clusters.here = std::move(*producer);
}

int run_refill(const Command& command, const RefillOptions& options) {
  Clusters clusters{.origin_config = service::load_config(options.peer),
                    .here_config = command.load(),
                    .origin = nullptr,
                    .here = nullptr,
                    .failure = std::nullopt};
  const service::OriginConfig* origin = clusters.here_config.find_origin(options.origin);
  if (origin == nullptr || origin->region != clusters.origin_config.region)
    throw EnvironmentError(
        fmt::format("--origin {} is {}, and --peer is the file of region {}: give the file of the origin's region.",
                    options.origin, origin == nullptr ? "not in origins" : "an origin of region " + origin->region,
                    clusters.origin_config.region),
        ExitCode::kUsage);
  const std::vector<ProgressRow> rows = chosen_rows(clusters.here_config, options);
  if (rows.empty()) {
    fmt::print("No partition of {} misses records here; --stream and --partition choose one in any case.\n",
               options.origin);
    return static_cast<int>(ExitCode::kGood);
  }
  connect(clusters);
  bool all = true;
  for (const ProgressRow& row : rows) all &= refill(clusters, row, options.execute);
  if (!options.execute) fmt::print("Nothing was written: --execute copies them.\n");
  return static_cast<int>(all ? ExitCode::kGood : ExitCode::kDifferences);
}

}  // namespace

void add_refill(CLI::App& app, Command& command) {
  CLI::App* refill = app.add_subcommand(
      "refill",
      "Copy records that the mirror lost from the origin's Kafka into this region's. Exit code 4: gone there");
  const auto options = std::make_shared<RefillOptions>();
  refill->add_option("--origin", options->origin, "The origin whose records are missing here")->required();
  refill->add_option("--peer", options->peer, "The YAML file of the origin's region")->required()->type_name("FILE");
  auto* stream = refill->add_option("--stream", options->stream, "Only this stream");
  refill->add_option("--partition", options->partition, "This partition, whatever its state")
      ->check(CLI::NonNegativeNumber)
      ->needs(stream);
  refill->add_flag("--execute", options->execute, "Do it; without, only say what would be done");
  refill->callback(
      [&command, options] { command.chosen = [&command, options] { return run_refill(command, *options); }; });
}

}  // namespace farshore::ctl
