#include "capture/publish/publisher.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.hpp"
#include "change/limits.hpp"

namespace farshore::capture {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kOpenTimeout{10'000};
constexpr milliseconds kRoomPoll{20};
constexpr milliseconds kAcknowledgedPoll{50};

}  // namespace

std::expected<std::unique_ptr<Publisher>, kafka::KafkaError> Publisher::create(const kafka::ClusterSettings& cluster,
                                                                               const kafka::ProducerLimits& limits,
                                                                               const Context& context) {
  std::unique_ptr<Publisher> publisher(new Publisher(context));
  Publisher* const self = publisher.get();
  auto producer = kafka::Producer::create(cluster, limits,
                                          [self](const kafka::Delivery& delivery) { self->on_delivery(delivery); });
  if (!producer) return std::unexpected(producer.error());
  publisher->producer_ = std::move(*producer);
  for (const std::string& stream : context.partitions.stream_names()) {
    const auto topic = publisher->producer_->open_topic(change_topic(context.origin, stream), kOpenTimeout);
    if (!topic) return std::unexpected(topic.error());
    publisher->topics_.push_back(*topic);
  }
  return publisher;
}

Publisher::Publisher(const Context& context)
    : partitions_(context.partitions),
      ending_(context.ending),
      counts_(context.counts),
      in_flight_(context.partitions.count()),
      rides_watermark_(context.partitions.count(), 0),
      acknowledgements_(context.partitions.count()),
      on_silence_(context.on_silence),
      beat_(context.beat) {
  for (const std::string& stream : partitions_.stream_names()) stream_counts_.push_back(&counts_.stream(stream));
  for (std::uint32_t i = 0; i < partitions_.count(); ++i)
    writers_.emplace_back(context.origin, partitions_.stream_name(Slot(i)), partitions_.place(Slot(i)).partition,
                          stream_counts_[partitions_.place(Slot(i)).stream]->repeated_rows);
}

void Publisher::send(Slot slot) {
  change::BatchBuilder& builder = writers_[slot.raw()].builder();
  if (builder.empty()) return;
  const change::EncodedRecord record = builder.finish(local_now());
  send_record(slot, record,
              {.rows = builder.count(),
               .bytes = static_cast<std::uint32_t>(record.header.size() + record.value.size()),
               .watermark = rides_watermark_[slot.raw()] != 0,
               .commit_time = commit_time_});
  rides_watermark_[slot.raw()] = 0;
  if (!ending_.ended()) builder.clear();
}

void Publisher::send_all(std::optional<Slot> held) {
  for (std::uint32_t i = 0; i < writers_.size(); ++i)
    if (!held || held->raw() != i) send(Slot(i));
}

bool Publisher::has_unsent() const {
  return std::ranges::any_of(writers_, [](const PartitionWriter& writer) { return !writer.builder().empty(); });
}

void Publisher::send_watermark(change::Watermark watermark, const change::Doubts& doubts) {
  for (std::uint32_t i = 0; i < writers_.size() && !ending_.ended(); ++i) {
    PartitionWriter& writer = writers_[i];
    // What is passed over because the partition is said to hold it is known to be the same only at its end.
    if (!writer.tail_passed()) continue;
    watermark.seq = writer.last_seq();
    watermark.doubts = doubts_of(partitions_.stream_name(Slot(i)), doubts);
    if (writer.builder().empty()) {
      send_record(Slot(i), writer.builder().watermark_record(watermark, local_now()), {.watermark = true});
    } else {
      writer.builder().ride(watermark);
      rides_watermark_[i] = 1;
      send(Slot(i));
    }
  }
}

// What is doubted of a stream that is none here may be of any.
std::vector<change::Doubt> Publisher::doubts_of(std::string_view stream, const change::Doubts& doubts) const {
  const auto of_all = [](const std::vector<change::Doubt>& some) {
    return change::Doubt{.table = "", .said_at = std::ranges::max(some, {}, &change::Doubt::said_at).said_at};
  };
  std::vector<change::Doubt> found;
  for (const auto& [name, of_stream] : doubts) {
    if (of_stream.empty()) continue;
    if (name == stream) {
      found.insert(found.end(), of_stream.begin(), of_stream.end());
    } else if (std::ranges::find(partitions_.stream_names(), name) == partitions_.stream_names().end()) {
      found.push_back(of_all(of_stream));
    }
  }
  if (found.size() > change::kDoubtsMax) found = {of_all(found)};
  return found;
}

void Publisher::send_epoch_start(const change::EpochStart& start) {
  for (std::uint32_t i = 0; i < writers_.size() && !ending_.ended(); ++i)
    send_record(Slot(i), writers_[i].builder().epoch_start_record(start, local_now()), {});
}

void Publisher::send_record(Slot slot, const change::EncodedRecord& record, const Sent& sent) {
  const Partitions::Place& place = partitions_.place(slot);
  while (!ending_.ended()) {
    switch (producer_->send(topics_[place.stream], place.partition, record.header, record.value,
                            acknowledgements_.next_ticket(slot))) {
      case kafka::SendResult::kQueued:
        if (acknowledgements_.all_acknowledged()) last_progress_ = std::chrono::steady_clock::now();
        acknowledgements_.sent(slot);
        in_flight_[slot.raw()].push_back(sent);
        return;
      case kafka::SendResult::kQueueFull: wait_for_room(); break;
      case kafka::SendResult::kError: fail(*producer_->last_error()); return;
    }
  }
}

void Publisher::wait_for_room() {
  const auto began = std::chrono::steady_clock::now();
  poll(kRoomPoll);
  counts_.backpressure.add(std::chrono::steady_clock::now() - began);
}

void Publisher::poll(milliseconds timeout) {
  beat_();
  producer_->poll(timeout);
  counts_.queue_bytes.set(producer_->queued_bytes());
  if (producer_->is_fatal())
    ending_.end(EndKind::kRetry,
                fmt::format("Kafka's producer cannot go on: {}",
                            producer_->last_error() ? producer_->last_error()->message : "fatal error"),
                EndedBy::kKafka);
  look_for_silence();
}

void Publisher::look_for_silence() {
  const bool is_silent =
      !acknowledgements_.all_acknowledged() && std::chrono::steady_clock::now() - last_progress_ > kSilenceMax;
  if (is_silent == is_silent_) return;
  is_silent_ = is_silent;
  on_silence_(is_silent);
}

bool Publisher::wait_acknowledged() {
  while (!ending_.ended() && !acknowledgements_.all_acknowledged()) poll(kAcknowledgedPoll);
  return !ending_.ended();
}

void Publisher::on_delivery(const kafka::Delivery& delivery) {
  const Slot slot = Acknowledgements::slot_of(delivery.opaque);
  if (delivery.error) return fail(*delivery.error);
  if (ending_.ended()) return;
  acknowledgements_.acknowledged(delivery.opaque, delivery.offset);
  last_progress_ = std::chrono::steady_clock::now();
  FARSHORE_CHECK(!in_flight_[slot.raw()].empty());
  count(slot, in_flight_[slot.raw()].front());
  in_flight_[slot.raw()].pop_front();
}

void Publisher::count(Slot slot, const Sent& sent) {
  Counts::Stream& counts = *stream_counts_[partitions_.place(slot).stream];
  if (sent.watermark) counts.published_watermarks.add();
  if (sent.rows == 0) return;
  counts.published_rows.add(sent.rows);
  counts.published_bytes.add(sent.bytes);
  counts.published_batches.add();
  counts.published_commit.set(sent.commit_time);
  counts.batch_rows.observe(sent.rows);
  counts.batch_bytes.observe(sent.bytes);
  const std::chrono::duration<double> latency = local_now() + clock_offset_ - sent.commit_time;
  counts.latency.observe(std::max(0.0, latency.count()));
}

void Publisher::fail(const kafka::KafkaError& error) {
  const bool too_large = error.kind == kafka::KafkaError::Kind::kTooLarge;
  ending_.end(too_large ? EndKind::kStop : EndKind::kRetry,
              too_large
                  ? fmt::format("Kafka refuses a batch as too large ({}): let the brokers take records of 10 MiB, or "
                                "lower capture.max_row_bytes",
                                error.message)
                  : fmt::format("Kafka does not take what is published: {}", error.message),
              EndedBy::kKafka);
}

}  // namespace farshore::capture
