#include "kafka/transactional_producer.hpp"

#include <fmt/format.h>

#include <utility>

#include "kafka/rdkafka_handles.hpp"

namespace farshore::kafka {
namespace {

constexpr std::chrono::milliseconds kAbortTimeout{5'000};

std::expected<void, KafkaError> check(rd_kafka_error_t* error, std::string_view what) {
  const ErrorHandle owner(error);
  if (error == nullptr) return {};
  return std::unexpected(make_error(*error, what));
}

}  // namespace

struct TransactionalProducer::Client : LogContext {
  rd_kafka_resp_err_t delivered = RD_KAFKA_RESP_ERR_NO_ERROR;
  ClientHandle handle;

  /// Calls `step(timeout)`, which may be called again after a time-out to go on, until it is done or the time is over.
  template <typename Step>
  std::expected<void, KafkaError> in_slices(const Deadline& deadline, const std::string& what, Step step) const {
    while (true) {
      auto done = check(step(to_ms(deadline.slice())), what);
      if (done || done.error().kind != KafkaError::Kind::kTimedOut || deadline.passed() || gives_up()) return done;
    }
  }

  /// On an error that leaves the producer usable, ends the transaction that was begun.
  std::expected<void, KafkaError> abandon(KafkaError error) const {
    const bool is_finished =
        error.kind == KafkaError::Kind::kFenced || error.kind == KafkaError::Kind::kFatal || gives_up();
    if (!is_finished) {
      const std::string what = "abort transaction";
      const auto aborted = in_slices(Deadline(kAbortTimeout), what,
                                     [&](int slice) { return rd_kafka_abort_transaction(handle.get(), slice); });
      const bool is_over = !aborted && (aborted.error().kind == KafkaError::Kind::kFatal ||
                                        aborted.error().kind == KafkaError::Kind::kFenced);
      if (is_over) error = fatal_error_of(handle.get(), what);
    } else if (error.kind == KafkaError::Kind::kFatal) {
      error = fatal_error_of(handle.get(), error.message);
    }
    return std::unexpected(std::move(error));
  }
};

TransactionalProducer::TransactionalProducer() : client_(std::make_unique<Client>()) {}
TransactionalProducer::~TransactionalProducer() = default;

std::expected<std::unique_ptr<TransactionalProducer>, KafkaError> TransactionalProducer::create(
    const ClusterSettings& settings, const std::string& transactional_id, std::chrono::milliseconds timeout) {
  std::unique_ptr<TransactionalProducer> producer(new TransactionalProducer());
  Client& client = *producer->client_;
  client.log = settings.log;
  client.give_up = settings.give_up;
  ConfBuilder conf(settings);
  conf.set("transactional.id", transactional_id)
      .set("transaction.timeout.ms", "10000")
      .set("message.max.bytes", "10485760")
      .set("linger.ms", "0")
      .set("queue.buffering.max.kbytes", "16384");
  rd_kafka_conf_set_dr_msg_cb(conf.get(), [](rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
    static_cast<Client*>(opaque)->delivered = message->err;
  });
  auto handle = conf.make(RD_KAFKA_PRODUCER, &client);
  if (!handle) return std::unexpected(std::move(handle.error()));
  client.handle = std::move(*handle);
  const std::string what = fmt::format("take over transactional id {}", transactional_id);
  auto taken = client.in_slices(Deadline(timeout), what,
                                [&](int slice) { return rd_kafka_init_transactions(client.handle.get(), slice); });
  if (!taken) {
    // Fatal to this client, and a matter of rights for a person.
    const bool is_denied = rd_kafka_fatal_error(client.handle.get(), nullptr, 0) ==
                           RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
    if (is_denied) taken.error().kind = KafkaError::Kind::kDenied;
    return std::unexpected(std::move(taken.error()));
  }
  return producer;
}

std::expected<void, KafkaError> TransactionalProducer::publish(const std::string& topic, PartitionId partition,
                                                               std::string_view key, std::string_view value,
                                                               std::chrono::milliseconds timeout) {
  rd_kafka_t* const client = client_->handle.get();
  const Deadline deadline(timeout);
  const std::string what = fmt::format("publish to {} [{}]", topic, partition.raw());
  if (auto begun = check(rd_kafka_begin_transaction(client), what); !begun) {
    if (begun.error().kind == KafkaError::Kind::kFatal) return client_->abandon(std::move(begun.error()));
    return begun;
  }
  client_->delivered = RD_KAFKA_RESP_ERR__TIMED_OUT;
  const auto code = rd_kafka_producev(client, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition.raw()),
                                      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                      RD_KAFKA_V_KEY(const_cast<char*>(key.data()), key.size()),
                                      RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()), RD_KAFKA_V_END);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return client_->abandon(make_error(code, what));
  while (rd_kafka_flush(client, to_ms(deadline.slice())) != RD_KAFKA_RESP_ERR_NO_ERROR && !deadline.passed() &&
         !client_->gives_up()) {
  }
  if (client_->delivered != RD_KAFKA_RESP_ERR_NO_ERROR) return client_->abandon(make_error(client_->delivered, what));
  auto committed =
      client_->in_slices(deadline, what, [&](int slice) { return rd_kafka_commit_transaction(client, slice); });
  if (!committed) return client_->abandon(std::move(committed.error()));
  return {};
}

}  // namespace farshore::kafka
