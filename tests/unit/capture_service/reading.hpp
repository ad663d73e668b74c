#pragma once

#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/capture/next_epoch.hpp"
#include "unit/gtid_literal.hpp"
#include "unit/kafka/mock_cluster.hpp"
#include "unit/mysql/scripted_server.hpp"
#include "unit/table_literal.hpp"

/// A session of capture that reads, without a binlog: a MariaDB source of domain 1 and two partitions on a mock
/// cluster. All before transaction 11 is read, and nothing is published beyond it.
namespace farshore::capture {

inline OriginPosition position(std::uint64_t number) {
  return *OriginPosition::parse("1-101-" + std::to_string(number));
}
inline Gtid gtid(std::uint64_t number) {
  return {.kind = ServerKind::kMariadb, .domain = 1, .server_id = 101, .number = number};
}

inline const std::chrono::steady_clock::time_point kNow{std::chrono::seconds(1000)};

class Reading : public ::testing::Test {
 protected:
  static constexpr const char* kCheckpoints = "farshore.checkpoint.east";
  static constexpr EpochId kEpoch{Epoch(4), Incarnation(40)};

  /// Takes seconds to come up.
  struct Kafka {
    Kafka() {
      cluster.create_topic("farshore.changes.east.main", 2);
      cluster.create_topic(kCheckpoints, 1);
      checkpoints =
          std::make_unique<CheckpointWriter>(std::move(*kafka::TransactionalProducer::create(
                                                 cluster.settings(), "farshore.capture.east", kafka::kPatience)),
                                             kCheckpoints, ending, counts);
      counts.streams["main"];
      publisher = std::move(*Publisher::create(
          cluster.settings(), {}, {.origin = "east", .partitions = partitions, .ending = ending, .counts = counts}));
    }
    const Partitions partitions{rules_of({}).numbering()};
    kafka::MockCluster cluster;
    SessionEnding ending;
    Counts counts;
    std::unique_ptr<CheckpointWriter> checkpoints;
    std::unique_ptr<Publisher> publisher;
  };
  static change::TableRules rules_of(std::vector<change::CascadeGroup> groups) {
    return *change::TableRules::make({{.name = "main", .tables = {"shop.*"}, .partitions = 2}}, {}, std::move(groups));
  }
  static void SetUpTestSuite() { kafka_ = std::make_unique<Kafka>(); }
  static void TearDownTestSuite() { kafka_.reset(); }
  inline static std::unique_ptr<Kafka> kafka_;

  explicit Reading(std::vector<change::CascadeGroup> groups = {})
      : rules_(rules_of(std::move(groups))),
        history_(position(9), std::nullopt),
        cascades_({}, position(10), [this](const TableName& table) { return is_captured(table, rules_); }),
        router_(rules_, kafka_->partitions, ServerKind::kMariadb, nullptr) {
    source_.answer([](const std::string&) { return mysql::test::ok(); });
    lease_.emplace(*Lease::open(source_.endpoint(), "east"));
    watch_.emplace(*lease_,
                   SourceWatch::Settings{
                       .kind = ServerKind::kMariadb, .identity = "101:1", .allowed_upstreams = {}, .region = "east"},
                   ending_, counts_);
    numberer_.emplace(publisher().writers(), Numberer::Limits{}, [this](Slot slot) { publisher().send(slot); });
    for (PartitionWriter& writer : publisher().writers()) writer.start(kEpoch, Seq(21), {});
    change::Checkpoint base;
    base.id = kEpoch;
    base.numbering = rules_.numbering();
    base.partitions = {{"main", PartitionId(0), Seq(21), KafkaOffset(0)},
                       {"main", PartitionId(1), Seq(21), KafkaOffset(0)}};
    base.source_uuid = "101:1";
    cut_.emplace(base, std::vector<KafkaOffset>(2), publisher().writers(), publisher().acknowledgements(), nullptr,
                 &cascades_);
    settings_.numbering = rules_.numbering();
    settings_.fresh = Incarnation(99);
    settings_.logs_cascades = false;
    settings_.warning = [this](const std::string& warning) { warnings_.push_back(warning); };
    settings_.ask_keys = [this](std::string_view schema, std::string_view table) {
      asked_.push_back({std::string(schema), std::string(table)});
      return answer_of(asked_.back());
    };
    read(10);
  }

  static Publisher& publisher() { return *kafka_->publisher; }
  /// A whole transaction.
  void read(std::uint64_t number) {
    ASSERT_FALSE(history_.begin(gtid(number), SourceTime{}));
    ASSERT_FALSE(history_.end());
  }
  /// The partition holds changes beyond what is read.
  void publish_ahead() {
    publisher().writers()[1].start(kEpoch, Seq(21), {.seq = Seq(25), .gtid = "1-101-15", .ordinal = Ordinal(0)});
  }
  std::expected<KeysAnswer, SessionEnd> answer_of(const TableName& table) {
    if (refusal_) return std::unexpected(*refusal_);
    const auto found = keys_.find(table);
    return KeysAnswer{.keys = found == keys_.end() ? std::vector<CascadingKey>() : found->second,
                      .executed = executed_};
  }
  /// What was written down last, by any test.
  std::optional<change::Checkpoint> written() {
    const auto reader = kafka::TailReader::create(kafka_->cluster.settings());
    const auto bytes = (*reader)->read_compacted_last(kCheckpoints, change::kCheckpointKey, kafka::kPatience);
    if (!bytes || !*bytes) return std::nullopt;
    return *change::decode_checkpoint(**bytes);
  }
  /// The epoch that is written down and begins with the next session.
  change::Checkpoint begun() {
    EXPECT_TRUE(ending_.ended() && ending_.get().kind == EndKind::kRenumber) << "no epoch begins";
    auto checkpoint = written();
    EXPECT_TRUE(checkpoint && checkpoint->pending_epoch_start);
    return checkpoint.value_or(change::Checkpoint());
  }

  std::map<TableName, std::vector<CascadingKey>> keys_;  ///< the source's, by child
  OriginPosition executed_ = position(10);               ///< the source's
  std::optional<SessionEnd> refusal_;                    ///< instead of an answer
  std::vector<TableName> asked_;
  std::vector<std::string> warnings_;

  change::TableRules rules_;
  SessionEnding ending_;
  Counts counts_;
  binlog::EventDecoder decoder_{ServerKind::kMariadb};
  SourceHistory history_;
  KnownCascades cascades_;
  RowRouter router_;
  mysql::test::ScriptedServer source_;
  std::optional<Lease> lease_;
  std::optional<SourceWatch> watch_;
  std::optional<Numberer> numberer_;
  std::optional<CheckpointCut> cut_;
  PipelineSettings settings_;

  EpochParts parts() {
    return {.decoder = decoder_,
            .history = history_,
            .rules = rules_,
            .cascades = cascades_,
            .router = router_,
            .numberer = *numberer_,
            .publisher = publisher(),
            .watch = *watch_,
            .cut = *cut_,
            .checkpoints = *kafka_->checkpoints,
            .ending = ending_};
  }
};

}  // namespace farshore::capture
