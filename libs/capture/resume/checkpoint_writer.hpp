#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/mutex.hpp"
#include "capture/counts.hpp"
#include "capture/session_end.hpp"
#include "change/checkpoint.hpp"
#include "kafka/transactional_producer.hpp"

namespace farshore::capture {

/// Writes checkpoints to farshore.checkpoint.<origin> through the producer that fences older captures, on a thread of
/// its own, so that reading does not wait for Kafka's transactions. One checkpoint at a time. A failure ends the
/// session.
class CheckpointWriter {
 public:
  /// `ending` and `counts` outlive the writer.
  CheckpointWriter(std::unique_ptr<kafka::TransactionalProducer> producer, std::string topic, SessionEnding& ending,
                   Counts& counts);

  /// The loop of the writer's thread.
  void run(const std::stop_token& stop);
  /// A checkpoint is being written: submit() has to wait.
  [[nodiscard]] bool busy() const { return busy_.load(std::memory_order_acquire); }
  /// Only while not busy.
  void submit(change::Checkpoint checkpoint);
  /// Writes on the caller's thread, while no other is being written. False: the session ended.
  bool write(change::Checkpoint checkpoint);

 private:
  const std::unique_ptr<kafka::TransactionalProducer> producer_;
  const std::string topic_;
  SessionEnding& ending_;
  Counts& counts_;
  std::atomic<bool> busy_{false};
  Mutex mutex_;
  ConditionVariable wake_;
  std::optional<change::Checkpoint> submitted_ GUARDED_BY(mutex_);
};

}  // namespace farshore::capture
