#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/apply/record_source.hpp"
#include "unit/apply/records.hpp"

namespace farshore::apply::test {

/// A partition of a topic in memory, under generation 1, and what was asked of it. Thread safe.
class MemoryRecords final : public RecordSource {
 public:
  static constexpr std::uint64_t kGeneration = 1;

  explicit MemoryRecords(kafka::TopicPartition place) : place_(std::move(place)) {}

  // The test's:
  /// In the partition from here on, at its own offset.
  void append(const std::shared_ptr<OwnedBatch>& record) {
    change([&] { kept_[record->offset] = record; });
  }
  /// The next consume() gives these at once, wherever the partition stands.
  void deliver(std::vector<Arrival> arrivals) {
    change([&] { std::ranges::move(arrivals, std::back_inserter(late_)); });
  }
  [[nodiscard]] Arrival arrival(const std::shared_ptr<OwnedBatch>& record, std::uint64_t generation = kGeneration) {
    auto batch = make_record(record->header_bytes, record->value_bytes, record->offset);
    batch->received_at = local_now();
    return {.place = place_, .generation = generation, .record = std::move(batch)};
  }
  [[nodiscard]] Arrival failure(kafka::KafkaError::Kind kind) {
    return {.place = place_,
            .generation = kGeneration,
            .record = std::unexpected(kafka::KafkaError{kind, "it is said by the test"})};
  }
  /// Why go_to() fails; nothing: it does not.
  void refuse(std::optional<std::string> why) {
    change([&] { refusal_ = std::move(why); });
  }
  /// Where it was told to go, in order; kBeginning among them.
  [[nodiscard]] std::vector<KafkaOffset> gone_to() {
    const std::lock_guard lock(mutex_);
    return gone_to_;
  }
  [[nodiscard]] bool is_paused() {
    const std::lock_guard lock(mutex_);
    return !next_;
  }
  [[nodiscard]] std::size_t given() {
    const std::lock_guard lock(mutex_);
    return given_;
  }

  // The pipeline's:
  void consume(std::vector<Arrival>& out, std::size_t max, std::chrono::milliseconds timeout) override {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [&] { return woken_ || !late_.empty() || has_next(); });
    woken_ = false;
    for (Arrival& late : late_) out.push_back(std::move(late));
    late_.clear();
    for (; out.size() < max && has_next(); ++given_) {
      const auto next = kept_.lower_bound(*next_);
      out.push_back(arrival(next->second));
      next_ = next->first.next();
    }
  }
  void wake() override {
    change([&] { woken_ = true; });
  }
  std::expected<void, std::string> go_to(const kafka::TopicPartition& place, KafkaOffset offset) override {
    EXPECT_EQ(place, place_);
    const std::lock_guard lock(mutex_);
    gone_to_.push_back(offset);
    if (refusal_) return std::unexpected(*refusal_);
    next_ = offset;  // kBeginning is before all of them
    return {};
  }
  void pause(const kafka::TopicPartition&) override {
    const std::lock_guard lock(mutex_);
    next_.reset();
  }
  void commit_for_display(const std::vector<NextOffset>&) override {}

 private:
  void change(const std::function<void()>& what) {
    {
      const std::lock_guard lock(mutex_);
      what();
    }
    changed_.notify_all();
  }
  [[nodiscard]] bool has_next() const { return next_ && kept_.lower_bound(*next_) != kept_.end(); }

  const kafka::TopicPartition place_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  std::map<KafkaOffset, std::shared_ptr<OwnedBatch>> kept_;
  std::deque<Arrival> late_;
  std::optional<KafkaOffset> next_;  ///< none: it is paused
  std::optional<std::string> refusal_;
  std::vector<KafkaOffset> gone_to_;
  std::size_t given_ = 0;
  bool woken_ = false;
};

}  // namespace farshore::apply::test
