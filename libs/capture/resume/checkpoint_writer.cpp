#include "capture/resume/checkpoint_writer.hpp"

#include <fmt/format.h>

#include "base/check.hpp"
#include "base/fail_point.hpp"

namespace farshore::capture {

namespace {

constexpr std::chrono::milliseconds kPublishTimeout{10'000};
constexpr int kAttemptsMax = 3;  ///< within a session; the next session tries anew

}  // namespace

CheckpointWriter::CheckpointWriter(std::unique_ptr<kafka::TransactionalProducer> producer, std::string topic,
                                   SessionEnding& ending, Counts& counts)
    : producer_(std::move(producer)), topic_(std::move(topic)), ending_(ending), counts_(counts) {}

void CheckpointWriter::submit(change::Checkpoint checkpoint) {
  FARSHORE_CHECK(!busy());
  busy_.store(true, std::memory_order_release);
  {
    const MutexLock lock(mutex_);
    submitted_ = std::move(checkpoint);
  }
  wake_.notify_one();
}

void CheckpointWriter::run(const std::stop_token& stop) {
  while (true) {
    change::Checkpoint checkpoint;
    {
      const MutexLock lock(mutex_);
      if (!wake_.wait(mutex_, stop, [this]() REQUIRES(mutex_) { return submitted_.has_value(); })) return;
      checkpoint = std::move(*submitted_);
      submitted_.reset();
    }
    write(std::move(checkpoint));
    busy_.store(false, std::memory_order_release);
  }
}

bool CheckpointWriter::write(change::Checkpoint checkpoint) {
  for (int attempt = 1; !ending_.ended(); ++attempt) {
    checkpoint.written_at = local_now();
    FAIL_POINT("capture.before-checkpoint");
    const auto published = producer_->publish(topic_, PartitionId(0), change::kCheckpointKey,
                                              change::encode_checkpoint(checkpoint), kPublishTimeout);
    if (published) {
      FAIL_POINT("capture.after-checkpoint");
      counts_.written_checkpoints.add();
      counts_.checkpoint_us.store(local_now().time_since_epoch().count(), std::memory_order_relaxed);
      return true;
    }
    const auto& error = published.error();
    if (error.kind == kafka::KafkaError::Kind::kFenced) {
      ending_.end(EndKind::kRetry, "another capture of this origin took over (it fenced this one's checkpoints)",
                  EndedBy::kLease);
    } else if (error.kind == kafka::KafkaError::Kind::kTooLarge) {
      ending_.end(EndKind::kStop,
                  fmt::format("Kafka refuses the checkpoint as too large ({}): let topic {} take records of 10 MiB "
                              "(max.message.bytes=10485760)",
                              error.message, topic_),
                  EndedBy::kKafka);
    } else if (!error.retry() || attempt >= kAttemptsMax) {
      ending_.end(EndKind::kRetry, fmt::format("the checkpoint cannot be written: {}", error.message), EndedBy::kKafka);
    }
  }
  return false;
}

}  // namespace farshore::capture
