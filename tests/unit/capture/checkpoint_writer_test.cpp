#include "capture/resume/checkpoint_writer.hpp"

#include <gmock/gmock.h>

#include "base/fail_point.hpp"
#include "capture/resume/topic_setup.hpp"
#include "unit/kafka/mock_cluster.hpp"

namespace farshore::capture {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr int kProduceRequest = 0;
constexpr const char* kCheckpointTopic = "farshore.checkpoint.east";

class WritingCheckpoints : public ::testing::Test {
 protected:
  WritingCheckpoints() {
    cluster_.create_topic(kCheckpointTopic, 1);
    auto producer =
        kafka::TransactionalProducer::create(cluster_.settings(), "farshore.capture.east", kafka::kPatience);
    EXPECT_TRUE(producer.has_value()) << producer.error().message;
    writer_ = std::make_unique<CheckpointWriter>(std::move(*producer), kCheckpointTopic, ending_, counts_);
  }

  kafka::MockCluster cluster_;
  SessionEnding ending_;
  Counts counts_;
  std::unique_ptr<CheckpointWriter> writer_;
};

TEST_F(WritingCheckpoints, OneThatTheTopicDoesNotTakeStopsWithWhatToMend) {
  rd_kafka_mock_push_request_errors(cluster_.get(), kProduceRequest, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  EXPECT_FALSE(writer_->write({}));
  ASSERT_TRUE(ending_.ended());
  EXPECT_EQ(ending_.get().kind, EndKind::kStop) << "it would be as large the next time";
  EXPECT_THAT(ending_.get().sentence, AllOf(HasSubstr(kCheckpointTopic), HasSubstr("max.message.bytes")));
}

TEST_F(WritingCheckpoints, OneOfSeveralLargePositionsFits) {
  change::Checkpoint checkpoint;
  for (std::uint64_t number = 1'000'001; number < 1'240'000; number += 2) checkpoint.position.add({.number = number});
  ASSERT_GT(checkpoint.position.to_string().size(), 900'000U);
  checkpoint.position_before_last = checkpoint.position;
  EXPECT_TRUE(writer_->write(checkpoint));
  EXPECT_FALSE(ending_.ended());
  EXPECT_THAT(kCheckpointTopicConfigs, Contains(Pair("max.message.bytes", "10485760")));
  EXPECT_THAT(kCheckpointTopicConfigs, Contains(Pair("segment.bytes", "16777216")))
      << "a broker refuses a record that does not fit into a segment";
}

#ifdef FARSHORE_FAIL_POINTS
TEST_F(WritingCheckpoints, HaveAFailPointBeforeAndAfter) {
  std::vector<bool> written;
  const auto look = [&] {
    const auto reader = kafka::TailReader::create(cluster_.settings());
    const auto bytes = (*reader)->read_compacted_last(kCheckpointTopic, change::kCheckpointKey, kafka::kPatience);
    written.push_back(bytes && bytes->has_value());
  };
  const ArmedFailPoint before("capture.before-checkpoint", look);
  const ArmedFailPoint after("capture.after-checkpoint", look);
  ASSERT_TRUE(writer_->write({}));
  EXPECT_THAT(written, ElementsAre(false, true));
}
#endif

}  // namespace
}  // namespace farshore::capture
