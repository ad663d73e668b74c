#include "capture/resume/tail_scan.hpp"

#include <gmock/gmock.h>

#include "../kafka/mock_cluster.hpp"
#include "capture/publish/partitions.hpp"
#include "change/batch_builder.hpp"

namespace farshore::capture {
namespace {

using ::testing::HasSubstr;

constexpr EpochId kScannedEpoch{Epoch(1), Incarnation(10)};
const std::string kScannedTopic = change_topic("east", "main");

/// A topic of one partition to which batches of one-column rows are published.
class TailScan : public ::testing::Test {
 protected:
  TailScan() {
    cluster_.create_topic(kScannedTopic, 1);
    producer_ = std::make_unique<kafka::TestProducer>(cluster_.settings());
    TableShape shape{"shop", "orders", {}, {0}};
    shape.columns.push_back({});
    shape.columns[0].name = "id";
    shape.columns[0].type = ColumnType::kBigint;
    table_ = change::encode_table(shape, "", false);
    builder_.reset_numbering(kScannedEpoch, Seq(1));
  }

  void add(const std::string& gtid, SourceTime commit_time) {
    ++transaction_.serial;
    transaction_.gtid = transaction_.position_before = gtid;
    transaction_.commit_time = commit_time;
    const Value id = Value::of_int(1);
    builder_.append(transaction_, table_, {.op = change::Op::kInsert, .ordinal = {}, .before = {}, .after = {&id, 1}});
  }
  void send(const std::string& damage = "") {
    const change::EncodedRecord record = builder_.finish({});
    EXPECT_EQ(producer_->producer->send(producer_->topic(kScannedTopic), PartitionId(0), record.header,
                                        std::string(record.value) + damage, 0),
              kafka::SendResult::kQueued);
    EXPECT_TRUE(producer_->producer->flush(kafka::kPatience));
    builder_.clear();
  }
  PartitionTail read() {
    const auto reader = kafka::TailReader::create(cluster_.settings());
    return read_tail(**reader, "east", "main", PartitionId(0), kafka::kBeginning, TailExtent::kWhole).value();
  }

  kafka::MockCluster cluster_;
  std::unique_ptr<kafka::TestProducer> producer_;
  std::shared_ptr<const change::EncodedTable> table_;
  change::BatchBuilder builder_{"east", "main", PartitionId(0)};
  change::SourceTransaction transaction_;
};

TEST_F(TailScan, FindsWhenTheLastChangeWasCommitted) {
  const SourceTime first(std::chrono::seconds(1'700'000'000));
  const SourceTime last = first + std::chrono::microseconds(123'456);
  add("1-1-7", first);
  send();
  add("1-1-8", first);
  add("1-1-9", last);
  send();
  EXPECT_EQ(read().published,
            (PublishedEnd{.seq = Seq(3), .gtid = "1-1-9", .ordinal = Ordinal(0), .commit_time = last}));
}

TEST_F(TailScan, ALastRecordThatCannotBeReadIsNamed) {
  add("1-1-7", {});
  send("x");
  EXPECT_THAT(read().foreign, HasSubstr("its value cannot be read: the checksum does not match"));
}

}  // namespace
}  // namespace farshore::capture
