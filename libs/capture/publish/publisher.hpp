#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/numbers.hpp"
#include "capture/counts.hpp"
#include "capture/publish/acknowledgements.hpp"
#include "capture/publish/partition_writer.hpp"
#include "capture/publish/partitions.hpp"
#include "capture/session_end.hpp"
#include "change/epoch_start.hpp"
#include "change/watermark.hpp"
#include "kafka/producer.hpp"

namespace farshore::capture {

/// Sends the batches of all partitions and hears of their acknowledgements. Any failure ends the session; after that
/// nothing more is sent. One thread.
class Publisher {
 public:
  /// All of these outlive the publisher.
  struct Context {
    std::string origin;
    const Partitions& partitions;
    SessionEnding& ending;
    Counts& counts;
    /// Kafka has acknowledged nothing for kSilenceMax of what is on its way; false: it does again.
    std::function<void(bool silent)> on_silence = [](bool) {};
    /// The thread goes on. Called at each poll().
    std::function<void()> beat = [] {};
  };
  static constexpr std::chrono::seconds kSilenceMax{5};

  [[nodiscard]] static std::expected<std::unique_ptr<Publisher>, kafka::KafkaError> create(
      const kafka::ClusterSettings& cluster, const kafka::ProducerLimits& limits, const Context& context);
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  /// By slot.
  [[nodiscard]] std::vector<PartitionWriter>& writers() { return writers_; }
  [[nodiscard]] Acknowledgements& acknowledgements() { return acknowledgements_; }

  /// The partition's batch, if it holds anything. Waits while the queue is full.
  void send(Slot slot);
  /// Every partition's batch, but that of `held`.
  void send_all(std::optional<Slot> held = std::nullopt);
  /// Anything is waiting to be sent.
  [[nodiscard]] bool has_unsent() const;
  /// To every partition of which everything that it held at the start was read again: rides on its batch if that holds
  /// changes, else goes alone. Its seq is filled in for each, and the doubts of its stream.
  void send_watermark(change::Watermark watermark, const change::Doubts& doubts);
  /// To every partition. Nothing may be unsent.
  void send_epoch_start(const change::EpochStart& start);

  /// Hears of acknowledgements; waits up to `timeout` for the first.
  void poll(std::chrono::milliseconds timeout = std::chrono::milliseconds(0));
  /// Waits until everything sent is acknowledged. False: the session ended first.
  [[nodiscard]] bool wait_acknowledged();

  /// The commit time of the transaction under way, by the source's clock: for the latency of what is sent.
  void set_commit_time(SourceTime time) { commit_time_ = time; }
  void set_clock_offset(std::chrono::microseconds offset) { clock_offset_ = offset; }

 private:
  /// What is remembered of a record until it is acknowledged.
  struct Sent {
    std::uint32_t rows = 0;  ///< 0: no changes
    std::uint32_t bytes = 0;
    bool watermark = false;
    SourceTime commit_time{};  ///< of the newest change
  };

  explicit Publisher(const Context& context);
  [[nodiscard]] std::vector<change::Doubt> doubts_of(std::string_view stream, const change::Doubts& doubts) const;
  void send_record(Slot slot, const change::EncodedRecord& record, const Sent& sent);
  void wait_for_room();
  void look_for_silence();
  void on_delivery(const kafka::Delivery& delivery);
  void count(Slot slot, const Sent& sent);
  void fail(const kafka::KafkaError& error);

  const Partitions& partitions_;
  SessionEnding& ending_;
  Counts& counts_;
  std::vector<Counts::Stream*> stream_counts_;  ///< by stream
  std::unique_ptr<kafka::Producer> producer_;
  std::vector<kafka::TopicHandle> topics_;   ///< by stream
  std::vector<PartitionWriter> writers_;     ///< by slot
  std::vector<std::deque<Sent>> in_flight_;  ///< by slot, oldest first
  std::vector<char> rides_watermark_;        ///< by slot: the unsent batch carries one
  Acknowledgements acknowledgements_;
  SourceTime commit_time_{};
  std::chrono::microseconds clock_offset_{};
  const std::function<void(bool)> on_silence_;
  const std::function<void()> beat_;
  std::chrono::steady_clock::time_point
      last_progress_;  ///< an acknowledgement, or a record sent when none was under way
  bool is_silent_ = false;
};

}  // namespace farshore::capture
