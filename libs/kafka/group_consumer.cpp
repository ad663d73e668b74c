#include "kafka/group_consumer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/check.hpp"
#include "base/mutex.hpp"
#include "kafka/rdkafka_handles.hpp"

/// How a record finds its worker: librdkafka keeps a queue for each partition, and before a partition is assigned its
/// queue is forwarded to the worker's. librdkafka leaves alone what the application forwarded, so no record takes the
/// way of the consumer's own queue; but it ends the forwarding when it stops fetching (a partition that is revoked or
/// started again), at a time of its own. Then records wait in the partition's queue, so each poll() forwards again.
/// From every queue librdkafka drops what was fetched before a seek, a pause or a new assignment.
namespace farshore::kafka {
namespace {

/// librdkafka wants fetch.max.bytes to be at least its default of message.max.bytes.
constexpr std::size_t kFetchTotalMin = 1'000'000;

std::vector<TopicPartition> partitions_of(const rd_kafka_topic_partition_list_t& list) {
  std::vector<TopicPartition> partitions;
  for (int i = 0; i < list.cnt; ++i) partitions.push_back({list.elems[i].topic, PartitionId(list.elems[i].partition)});
  return partitions;
}

std::string name_of(const TopicPartition& partition) {
  return fmt::format("{} [{}]", partition.topic, partition.partition.raw());
}

}  // namespace

/// The assignment under which each partition is read. Written by the polling thread, read by the workers.
class Generations {
 public:
  void assign(const std::vector<TopicPartition>& partitions, std::uint64_t generation) {
    const MutexLock lock(mutex_);
    for (const TopicPartition& partition : partitions) by_partition_[partition.topic][partition.partition] = generation;
  }
  [[nodiscard]] std::uint64_t of(const rd_kafka_message_t& message) const {
    if (message.rkt == nullptr) return 0;
    const ReaderLock lock(mutex_);
    const auto topic = by_partition_.find(std::string_view(rd_kafka_topic_name(message.rkt)));
    if (topic == by_partition_.end()) return 0;
    const auto partition = topic->second.find(PartitionId(message.partition));
    return partition == topic->second.end() ? 0 : partition->second;
  }

 private:
  mutable SharedMutex mutex_;
  std::map<std::string, std::map<PartitionId, std::uint64_t>, std::less<>> by_partition_ GUARDED_BY(mutex_);
};

struct WorkerQueue::Impl {
  const Generations* generations = nullptr;
  QueueHandle queue;
  std::vector<rd_kafka_message_t*> messages;
};

WorkerQueue::WorkerQueue() : impl_(std::make_unique<Impl>()) {}
WorkerQueue::~WorkerQueue() = default;

void WorkerQueue::consume(std::vector<Record>& out, std::size_t max, std::chrono::milliseconds timeout) {
  if (max == 0) return;
  // The batch call waits until it has `max` messages or the time is over; so the wait is for the first alone.
  rd_kafka_message_t* const first = rd_kafka_consume_queue(impl_->queue.get(), to_ms(timeout));
  if (first == nullptr) return;
  out.emplace_back(first, impl_->generations->of(*first));
  if (max == 1) return;
  impl_->messages.resize(max - 1);
  const ssize_t count = rd_kafka_consume_batch_queue(impl_->queue.get(), 0, impl_->messages.data(), max - 1);
  for (ssize_t i = 0; i < count; ++i) {
    rd_kafka_message_t* const message = impl_->messages[static_cast<std::size_t>(i)];
    out.emplace_back(message, impl_->generations->of(*message));
  }
}

void WorkerQueue::wake() { rd_kafka_queue_yield(impl_->queue.get()); }

struct GroupConsumer::Impl : LogContext {
  // Constant after construction.
  RebalanceHandler handler;
  ClientHandle handle;
  std::vector<std::unique_ptr<WorkerQueue>> workers;

  // Of the polling thread.
  std::uint64_t generation = 0;
  bool closed = false;

  // Synchronised by themselves.
  Generations generations;

  struct Assigned {
    std::size_t worker = 0;
    KafkaOffset begin;                   ///< where it was last told to begin
    std::optional<KafkaOffset> restart;  ///< its fetching stopped, or has not begun: the polling thread starts it here
  };
  Mutex mutex;
  std::map<TopicPartition, Assigned> assigned GUARDED_BY(mutex);

  static void on_rebalance(rd_kafka_t* client, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* list,
                           void* opaque);
  void assign(rd_kafka_topic_partition_list_t& list);
  void revoke(const rd_kafka_topic_partition_list_t& list);
  void restart() REQUIRES(mutex);
  void forward_all() REQUIRES(mutex);
  std::optional<KafkaError> take(MessageHandle message) const;
};

void GroupConsumer::Impl::on_rebalance(rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* list,
                                       void* opaque) {
  Impl& self = *static_cast<Impl*>(opaque);
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    self.assign(*list);
  } else {
    // Revoked, or an error of the group: either way nothing is ours any more.
    self.revoke(*list);
  }
}

void GroupConsumer::Impl::assign(rd_kafka_topic_partition_list_t& list) {
  const std::vector<TopicPartition> partitions = partitions_of(list);
  generations.assign(partitions, ++generation);
  std::vector<StartPoint> starts;
  if (!partitions.empty()) starts = handler.on_assigned(partitions, generation);
  FARSHORE_CHECK(starts.size() == partitions.size(), starts.size(), partitions.size());
  const PartitionList paused(rd_kafka_topic_partition_list_new(list.cnt));
  const MutexLock lock(mutex);
  assigned.clear();
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    rd_kafka_topic_partition_t& entry = list.elems[i];
    entry.offset = starts[i].offset.value_or(kBeginning).raw();
    FARSHORE_CHECK(starts[i].worker < workers.size(), starts[i].worker, workers.size());
    assigned[partitions[i]] = {starts[i].worker, KafkaOffset(entry.offset), std::nullopt};
    if (!starts[i].offset) rd_kafka_topic_partition_list_add(paused.get(), entry.topic, entry.partition);
  }
  forward_all();
  // A pause may outlive the assignment that it was made under.
  (void)rd_kafka_resume_partitions(handle.get(), &list);
  (void)rd_kafka_assign(handle.get(), &list);
  if (paused->cnt > 0) (void)rd_kafka_pause_partitions(handle.get(), paused.get());
}

void GroupConsumer::Impl::revoke(const rd_kafka_topic_partition_list_t& list) {
  const bool lost = rd_kafka_assignment_lost(handle.get()) != 0;
  if (list.cnt > 0) handler.on_revoked(partitions_of(list), lost);
  (void)rd_kafka_assign(handle.get(), nullptr);
  const MutexLock lock(mutex);
  assigned.clear();
}

/// Assigns again what is assigned: the only way to start a partition that an error has stopped. Each goes on behind
/// what its worker has taken; one that was sought since, where it was sought to.
void GroupConsumer::Impl::restart() {
  if (std::ranges::none_of(assigned, [](const auto& entry) { return entry.second.restart.has_value(); })) return;
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(assigned.size())));
  for (const auto& [partition, state] : assigned) {
    rd_kafka_topic_partition_list_add(list.get(), partition.topic.c_str(), partition.partition.raw());
  }
  (void)rd_kafka_position(handle.get(), list.get());
  for (int i = 0; i < list->cnt; ++i) {
    rd_kafka_topic_partition_t& entry = list->elems[i];
    Assigned& state = assigned[{entry.topic, PartitionId(entry.partition)}];
    const bool has_position = entry.err == RD_KAFKA_RESP_ERR_NO_ERROR && entry.offset >= 0;
    const KafkaOffset behind_last = has_position ? KafkaOffset(entry.offset) : state.begin;
    entry.offset = state.restart.value_or(behind_last).raw();
    entry.err = RD_KAFKA_RESP_ERR_NO_ERROR;
    state.restart.reset();
  }
  (void)rd_kafka_assign(handle.get(), list.get());
}

void GroupConsumer::Impl::forward_all() {
  for (const auto& [partition, state] : assigned) {
    const QueueHandle queue(
        rd_kafka_queue_get_partition(handle.get(), partition.topic.c_str(), partition.partition.raw()));
    if (queue) rd_kafka_queue_forward(queue.get(), workers[state.worker]->impl_->queue.get());
  }
}

/// What arrives on the consumer's own queue: errors of the consumer as a whole.
std::optional<KafkaError> GroupConsumer::Impl::take(MessageHandle message) const {
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    // Its partition's queue was not forwarded yet: the worker must see it, so it is fetched again.
    const TopicPartition partition{rd_kafka_topic_name(message->rkt), PartitionId(message->partition)};
    const PartitionList list = list_of(partition, KafkaOffset(message->offset));
    message.reset();
    const ErrorHandle ignored(rd_kafka_seek_partitions(handle.get(), list.get(), 1000));
    return std::nullopt;
  }
  if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) return std::nullopt;
  if (message->err == RD_KAFKA_RESP_ERR__FATAL) return fatal_error_of(handle.get(), "consumer group");
  KafkaError error = make_error(message->err, "consumer group");
  if (const char* const text = rd_kafka_message_errstr(message.get()))
    error.message = fmt::format("consumer group: {}", text);
  return error;
}

GroupConsumer::GroupConsumer() : impl_(std::make_unique<Impl>()) {}
GroupConsumer::~GroupConsumer() {
  close();
  impl_->workers.clear();  // before their client
}

std::expected<std::unique_ptr<GroupConsumer>, KafkaError> GroupConsumer::create(const ClusterSettings& settings,
                                                                                const std::string& group,
                                                                                const std::vector<std::string>& topics,
                                                                                const ConsumerLimits& limits,
                                                                                RebalanceHandler handler) {
  std::unique_ptr<GroupConsumer> consumer(new GroupConsumer());
  Impl& impl = *consumer->impl_;
  impl.log = settings.log;
  impl.handler = std::move(handler);
  impl.closed = true;  // until it has subscribed

  ConfBuilder conf(settings);
  conf.set("group.id", group)
      .set("partition.assignment.strategy", "range")
      .set("session.timeout.ms", limits.session_timeout)
      .set("heartbeat.interval.ms", std::max(limits.session_timeout / 5, std::chrono::milliseconds(100)))
      .set("max.poll.interval.ms", std::max(limits.poll_interval_max, limits.session_timeout))
      .set("enable.auto.commit", "false")
      .set("enable.auto.offset.store", "false")
      .set("auto.offset.reset", "error")
      .set("check.crcs", "true")
      .set("isolation.level", "read_committed")
      .set("enable.partition.eof", limits.report_partition_end ? "true" : "false")
      .set("topic.metadata.refresh.interval.ms", limits.topic_refresh)
      .set("topic.metadata.refresh.sparse", "true")
      .set("allow.auto.create.topics", "false")
      // The bound is one of each queue that partitions are forwarded to: workers * queue_bytes, and a fetch under way.
      .set("queued.max.messages.kbytes", std::max<std::size_t>(limits.queue_bytes / kKilobyte, 1))
      .set("fetch.queue.backoff.ms", "5")
      .set("fetch.error.backoff.ms", "100")
      .set("fetch.message.max.bytes", limits.fetch_bytes)
      // A record larger than what is asked for comes alone; librdkafka must only be willing to take it. What it calls
      // message.max.bytes would raise fetch.max.bytes, and with it the memory, to the largest record.
      .set("fetch.max.bytes", std::max<std::size_t>(limits.fetch_total_bytes, kFetchTotalMin))
      .set("receive.message.max.bytes", 2 * (limits.fetch_total_bytes + limits.message_bytes_max));
  rd_kafka_conf_set_rebalance_cb(conf.get(), Impl::on_rebalance);
  auto handle = conf.make(RD_KAFKA_CONSUMER, &impl);
  if (!handle) return std::unexpected(std::move(handle.error()));
  impl.handle = std::move(*handle);
  rd_kafka_t* const client = impl.handle.get();
  rd_kafka_poll_set_consumer(client);
  for (std::size_t i = 0; i < std::max<std::size_t>(limits.workers, 1); ++i) {
    std::unique_ptr<WorkerQueue> worker(new WorkerQueue());
    worker->impl_->generations = &impl.generations;
    worker->impl_->queue.reset(rd_kafka_queue_new(client));
    impl.workers.push_back(std::move(worker));
  }

  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(topics.size())));
  for (const std::string& topic : topics) {
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  const auto code = rd_kafka_subscribe(client, list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return std::unexpected(make_error(code, fmt::format("subscribe to {}", fmt::join(topics, ", "))));
  }
  impl.closed = false;
  return consumer;
}

WorkerQueue& GroupConsumer::queue(std::size_t worker) {
  FARSHORE_CHECK(worker < impl_->workers.size(), worker, impl_->workers.size());
  return *impl_->workers[worker];
}

std::optional<KafkaError> GroupConsumer::poll(std::chrono::milliseconds timeout) {
  {
    const MutexLock lock(impl_->mutex);
    impl_->restart();
    impl_->forward_all();
  }
  MessageHandle message(rd_kafka_consumer_poll(impl_->handle.get(), to_ms(timeout)));
  if (!message) return std::nullopt;
  return impl_->take(std::move(message));
}

void GroupConsumer::close() {
  if (impl_->closed || !impl_->handle) return;
  impl_->closed = true;
  (void)rd_kafka_consumer_close(impl_->handle.get());
}

std::expected<void, KafkaError> GroupConsumer::seek(const TopicPartition& partition, KafkaOffset offset,
                                                    std::chrono::milliseconds timeout) {
  const std::string what = fmt::format("seek {} to {}", name_of(partition), offset.raw());
  {
    const MutexLock lock(impl_->mutex);
    const auto found = impl_->assigned.find(partition);
    if (found == impl_->assigned.end()) {
      return std::unexpected(KafkaError{KafkaError::Kind::kOther, what + ": the partition is not assigned"});
    }
    found->second.begin = offset;
    if (found->second.restart) {
      found->second.restart = offset;
      return {};
    }
  }
  const PartitionList list = list_of(partition, offset);
  const ErrorHandle error(rd_kafka_seek_partitions(impl_->handle.get(), list.get(), to_ms(timeout)));
  const auto code = error ? rd_kafka_error_code(error.get()) : list->elems[0].err;
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  if (code != RD_KAFKA_RESP_ERR__STATE) return std::unexpected(make_error(code, what));
  // It is not being fetched. If it was taken away meanwhile, this is without effect: who gets it begins anew.
  const MutexLock lock(impl_->mutex);
  if (const auto found = impl_->assigned.find(partition); found != impl_->assigned.end())
    found->second.restart = offset;
  return {};
}

std::expected<void, KafkaError> GroupConsumer::pause(const TopicPartition& partition) {
  const PartitionList list = list_of(partition);
  (void)rd_kafka_pause_partitions(impl_->handle.get(), list.get());
  const auto code = list->elems[0].err;
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return std::unexpected(make_error(code, fmt::format("pause {}", name_of(partition))));
}

std::expected<void, KafkaError> GroupConsumer::resume(const TopicPartition& partition) {
  const PartitionList list = list_of(partition);
  (void)rd_kafka_resume_partitions(impl_->handle.get(), list.get());
  const auto code = list->elems[0].err;
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return std::unexpected(make_error(code, fmt::format("resume {}", name_of(partition))));
}

void GroupConsumer::commit_for_display(const std::vector<NextOffset>& offsets) {
  if (offsets.empty()) return;
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const NextOffset& next : offsets) {
    rd_kafka_topic_partition_list_add(list.get(), next.partition.topic.c_str(), next.partition.partition.raw())
        ->offset = next.offset.raw();
  }
  (void)rd_kafka_commit(impl_->handle.get(), list.get(), 1);
}

}  // namespace farshore::kafka
