#include "services/apply/apply_service.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "apply/target_rights.hpp"
#include "base/pause.hpp"
#include "kafka/admin.hpp"
#include "kafka/group_consumer.hpp"
#include "services/apply/apply_metrics.hpp"
#include "services/apply/group_records.hpp"
#include "services/apply/kafka_watch.hpp"
#include "services/apply/pipeline.hpp"
#include "services/config/endpoints.hpp"
#include "services/process/database_error.hpp"
#include "services/process/kafka_error.hpp"
#include "services/process/library_settings.hpp"
#include "services/telemetry/fault_log.hpp"
#include "services/telemetry/health.hpp"
#include "services/telemetry/log.hpp"

namespace farshore::apply {
namespace {

using namespace std::chrono_literals;
using kafka::TopicPartition;
using service::Config;
using service::Health;

constexpr std::string_view kTopicPrefix = "farshore.changes.";
constexpr auto kPollWait = 100ms;
constexpr auto kReportEvery = 200ms;
constexpr auto kKafkaQuiet = 5s;      // without an error for so long, Kafka is good again
constexpr auto kStartPatience = 10s;  // for a database or a Kafka that is only just starting too
constexpr auto kReleaseWait = 2s;
constexpr auto kAdminTimeout = 3s;
constexpr auto kLoopSilence = 60s;

std::string unique_owner(const std::string& instance) {
  std::random_device random;
  return fmt::format("{}/{:08x}", instance.substr(0, 64), random());
}

/// "farshore.changes.west.main" -> west, main
store::PartitionKey key_of(const TopicPartition& source) {
  const std::string_view names = std::string_view(source.topic).substr(kTopicPrefix.size());
  const std::size_t dot = names.find('.');
  return {.origin = std::string(names.substr(0, dot)),
          .stream = std::string(names.substr(dot + 1)),
          .partition = source.partition};
}

std::string topic_expression(const Config& config) {
  return fmt::format("^farshore[.]changes[.]({})[.].*", fmt::join(config.apply.origins, "|"));
}

/// In preflight's words. Returns what is lacking and keeps nobody from starting.
std::string check_rights(const DatabaseEndpoint& endpoint, const Config& config) {
  auto connection = mysql::Connection::open(endpoint, {});
  if (!connection) return {};  // told by what opens its session next
  const auto lacking = find_lacking_rights(*connection, service::table_rules(config));
  if (!lacking) return {};
  if (!lacking->at_start.empty())
    throw EnvironmentError(
        fmt::format("database ({}): {} (docs/operating/grants.md).", endpoint.to_string(), lacking->at_start));
  return lacking->of_some_tables;
}

/// What a person must mend is said before the service runs; a server that is only starting is waited for.
void check_target(const DatabaseEndpoint& endpoint, const Config& config, const std::stop_token& stop) {
  const auto deadline = std::chrono::steady_clock::now() + kStartPatience;
  while (!stop.stop_requested()) {
    const std::string lacking = check_rights(endpoint, config);
    const auto session = open_target_session(endpoint, config.region, "start");
    if (session) {
      if (!session->marker_fault.empty()) service::log_error(session->marker_fault);
      if (!lacking.empty()) {
        service::log_warn(
            fmt::format("database ({}): {} (docs/operating/grants.md). Until then a partition waits when it comes to "
                        "a table whose rows go with those of others by foreign keys that cascade",
                        endpoint.to_string(), lacking));
      }
      return;
    }
    const mysql::SqlError& error = session.error();
    if (error.kind == mysql::SqlErrorKind::kMissingTable) {
      throw EnvironmentError(
          fmt::format("database: the table farshore.progress is not there ({}). Create it with `farshorectl init`.",
                      error.to_string()));
    }
    const bool may_pass = mysql::is_transient(error.kind);
    if (!may_pass || std::chrono::steady_clock::now() >= deadline) {
      throw service::database_error("database", endpoint, error);
    }
    pause_for(500ms, stop);
  }
}

std::unique_ptr<kafka::Admin> open_admin(const Config& config, const std::stop_token& stop) {
  auto admin = kafka::Admin::create(service::cluster_settings(config, "farshore-apply-admin"));
  if (!admin) throw service::kafka_error("open", config.kafka, admin.error());
  const auto deadline = std::chrono::steady_clock::now() + kStartPatience;
  const std::string any_topic = fmt::format("{}{}.main", kTopicPrefix, config.apply.origins.front());
  while (!stop.stop_requested()) {
    const auto id = (*admin)->topic_id(any_topic, kAdminTimeout);
    if (id || id.error().kind == kafka::KafkaError::Kind::kUnknownTopic) break;
    if (!id.error().retry() || std::chrono::steady_clock::now() >= deadline) {
      throw service::kafka_error("read topics", config.kafka, id.error());
    }
  }
  return std::move(*admin);
}

/// One writer, one pipeline, two threads.
struct Worker {
  Worker(kafka::GroupConsumer& consumer, std::size_t index, const WriterSettings& writer_settings,
         const PipelineSettings& pipeline_settings, ApplyMetrics& metrics, Health& health)
      : writer(writer_settings, metrics.counts(),
               [](NoticeLevel level, const std::string& sentence) {
                 service::log(level == NoticeLevel::kWarning ? service::LogLevel::kWarn : service::LogLevel::kInfo,
                              sentence);
               }),
        records(consumer, index),
        pipeline(records, writer, metrics, pipeline_settings),
        loop(fmt::format("worker-{}", index)) {
    health.expect_beat(loop, kLoopSilence);
  }
  void start() {
    gathering = std::jthread([this](const std::stop_token& stop) { pipeline.gather(stop); });
    writing = std::jthread([this](const std::stop_token& stop) { pipeline.write(stop); });
  }
  void stop() {
    gathering.request_stop();
    writing.request_stop();
    if (gathering.joinable()) gathering.join();
    if (writing.joinable()) writing.join();
  }

  WorkSetWriter writer;
  GroupRecords records;
  Pipeline pipeline;
  const std::string loop;
  std::uint64_t rounds = 0;
  std::jthread gathering;
  std::jthread writing;
};

class ApplyService {
 public:
  ApplyService(const Config& config, const service::ApplyArguments& arguments, service::ServiceContext& context)
      : config_(config),
        context_(context),
        metrics_(context.metrics, config),
        endpoint_(service::database_endpoint(config.database, config.database.accounts.apply)),
        owner_(unique_owner(arguments.instance)) {
    for (const char* component : {"target", "kafka", "partitions"}) context_.health.require(component);
  }

  void run() {
    check_target(endpoint_, config_, context_.stop);
    admin_ = open_admin(config_, context_.stop);
    if (context_.stop.stop_requested()) return;
    open_consumer();
    kafka_watch_ = std::make_unique<KafkaWatch>(config_);
    make_workers();
    service::log_info("apply runs", {{"region", config_.region}, {"owner", owner_}});
    while (!context_.stop.stop_requested()) {
      const auto error = consumer_->poll(kPollWait);
      report(error);
    }
    kafka_watch_->request_stop();
    consumer_->close();
    for (const auto& worker : workers_) worker->stop();
    workers_.clear();
  }

 private:
  void open_consumer() {
    kafka::ConsumerLimits limits;
    limits.workers = config_.apply.workers;
    limits.queue_bytes = std::max<std::size_t>(config_.apply.queue_bytes / config_.apply.workers, 65'536);
    limits.session_timeout = config_.apply.session_timeout;
    kafka::RebalanceHandler handler{
        .on_assigned = [this](const auto& partitions,
                              std::uint64_t generation) { return assign(partitions, generation); },
        .on_revoked = [this](const auto& partitions, bool) { revoke(partitions); }};
    auto consumer =
        kafka::GroupConsumer::create(service::cluster_settings(config_, "farshore-apply"), config_.apply_group(),
                                     {topic_expression(config_)}, limits, std::move(handler));
    if (!consumer) throw service::kafka_error("consume", config_.kafka, consumer.error());
    consumer_ = std::move(*consumer);
  }

  void make_workers() {
    WriterSettings writer{.endpoint = endpoint_,
                          .region = config_.region,
                          .owner = {},
                          .channel = "mirror",
                          .rules = service::table_rules(config_),
                          .parked_rows_max = config_.apply.parked_rows_max,
                          .retry_interval = config_.apply.retry_interval,
                          .schema_age_max = config_.apply.retry_interval,
                          .look_at = config_.apply.look_at};
    const PipelineSettings pipeline{.work_set_rows = config_.apply.work_set_rows,
                                    .work_set_bytes = config_.apply.work_set_bytes,
                                    .linger = config_.apply.work_set_linger,
                                    .whole_transaction = {.rows_max = config_.apply.group_transaction_rows},
                                    .retry_interval = config_.apply.retry_interval};
    for (std::size_t index = 0; index < config_.apply.workers; ++index) {
      writer.owner = fmt::format("{}/{}", owner_, index);
      workers_.push_back(std::make_unique<Worker>(*consumer_, index, writer, pipeline, metrics_, context_.health));
      workers_.back()->start();
    }
  }

  // A partition always goes to the same worker, so that its progress, its parked rows and its session stay together.
  Worker& worker_of(const TopicPartition& source) {
    const std::size_t name = std::hash<std::string>()(source.topic);
    return *workers_[(name + static_cast<std::size_t>(source.partition.raw())) % workers_.size()];
  }
  std::size_t worker_index(const TopicPartition& source) {
    const Worker& worker = worker_of(source);
    return static_cast<std::size_t>(
        std::ranges::find_if(workers_, [&](const auto& candidate) { return candidate.get() == &worker; }) -
        workers_.begin());
  }

  // Paused at first: each worker takes its partitions over in the database, and then seeks.
  std::vector<kafka::StartPoint> assign(const std::vector<TopicPartition>& partitions, std::uint64_t generation) {
    std::vector<kafka::StartPoint> points;
    std::vector<std::vector<Assigned>> given(workers_.size());
    std::map<std::string, std::string> ids;  // by topic
    for (const TopicPartition& source : partitions) {
      const auto [id, is_new] = ids.try_emplace(source.topic);
      // Without an id no stored offset is looked for: the topic is then read from its beginning.
      if (is_new) id->second = admin_->topic_id(source.topic, kAdminTimeout).value_or("");
      const std::size_t index = worker_index(source);
      given[index].push_back(
          {.source = source, .key = key_of(source), .topic_id = id->second, .generation = generation});
      points.push_back({.worker = index, .offset = std::nullopt});
    }
    for (std::size_t index = 0; index < workers_.size(); ++index) {
      if (!given[index].empty()) workers_[index]->pipeline.assign(std::move(given[index]));
    }
    service::log_info("partitions given by the group", {{"count", partitions.size()}});
    return points;
  }

  void revoke(const std::vector<TopicPartition>& partitions) {
    std::vector<std::vector<TopicPartition>> taken(workers_.size());
    for (const TopicPartition& source : partitions) taken[worker_index(source)].push_back(source);
    const auto deadline = std::chrono::steady_clock::now() + kReleaseWait;
    for (std::size_t index = 0; index < workers_.size(); ++index) {
      if (taken[index].empty()) continue;
      const auto left = deadline - std::chrono::steady_clock::now();
      workers_[index]->pipeline.revoke(taken[index],
                                       std::max(0ms, std::chrono::duration_cast<std::chrono::milliseconds>(left)));
    }
    service::log_info("partitions taken by the group", {{"count", partitions.size()}});
  }

  void report(const std::optional<kafka::KafkaError>& error) {
    const auto now = std::chrono::steady_clock::now();
    if (error && now - kafka_fault_at_ > kKafkaQuiet) metrics_.counts().reconnects.add(Neighbour::kKafka);
    if (error) kafka_fault_at_ = now;
    if (error) kafka_fault_ = error->message;
    if (now - reported_at_ < kReportEvery) return;
    reported_at_ = now;
    std::vector<PartitionStatus> partitions;
    std::string target_fault;
    std::uint64_t gathered = 0;
    for (const auto& worker : workers_) {
      gathered += worker->pipeline.gathered_bytes();
      const auto some = worker->pipeline.status();
      partitions.insert(partitions.end(), some.begin(), some.end());
      if (target_fault.empty()) target_fault = worker->writer.fault();
      const std::uint64_t rounds = worker->pipeline.rounds();
      if (rounds != worker->rounds) context_.health.beat(worker->loop);
      worker->rounds = rounds;
    }
    metrics_.set(partitions);
    metrics_.counts().queue_bytes.set(gathered);
    report_kafka(now);
    target_log_.note(target_fault);
    context_.health.ready("target", target_fault.empty(), target_fault);
    report_partitions(partitions);
  }

  // What the consumer says has passed a moment later, or the brokers do not answer the watch either.
  void report_kafka(std::chrono::steady_clock::time_point now) {
    std::string fault = kafka_watch_->fault();
    if (fault.empty() && now - kafka_fault_at_ <= kKafkaQuiet) fault = kafka_fault_;
    kafka_log_.note(fault);
    context_.health.ready("kafka", fault.empty(), fault);
  }

  void report_partitions(const std::vector<PartitionStatus>& partitions) {
    for (const PartitionStatus& partition : partitions) {
      if (partition.is_loaded && partition.state == store::PartitionState::kApplying) continue;
      const bool has_state = partition.is_loaded || partition.state != store::PartitionState::kApplying;
      context_.health.ready("partitions", false,
                            fmt::format("{} {}{}{}", partition.key.to_string(),
                                        has_state ? to_string(partition.state) : "not taken over yet",
                                        partition.reason.empty() ? "" : ": ", partition.reason));
      return;
    }
    context_.health.ready("partitions", true, fmt::format("{} assigned", partitions.size()));
  }

  const Config& config_;
  service::ServiceContext& context_;
  ApplyMetrics metrics_;
  const DatabaseEndpoint endpoint_;
  const std::string owner_;
  std::unique_ptr<kafka::Admin> admin_;
  std::unique_ptr<kafka::GroupConsumer> consumer_;
  std::unique_ptr<KafkaWatch> kafka_watch_;
  std::vector<std::unique_ptr<Worker>> workers_;  ///< go before the consumer
  std::chrono::steady_clock::time_point reported_at_;
  std::chrono::steady_clock::time_point kafka_fault_at_;
  std::string kafka_fault_;
  service::FaultLog target_log_{"the target is written again"};
  service::FaultLog kafka_log_{"Kafka answers again"};
};

}  // namespace

int run_apply(const Config& config, const service::ApplyArguments& arguments, service::ServiceContext& context) {
  ApplyService service(config, arguments, context);
  service.run();
  return static_cast<int>(ExitCode::kGood);
}

}  // namespace farshore::apply
