#include "services/apply/kafka_watch.hpp"

#include <utility>

#include "base/pause.hpp"
#include "services/process/kafka_error.hpp"
#include "services/process/library_settings.hpp"

namespace farshore::apply {
namespace {

using namespace std::chrono_literals;

constexpr auto kAskEvery = 2s;
constexpr auto kAnswerWithin = 2s;

}  // namespace

KafkaWatch::KafkaWatch(const service::Config& config) : config_(config.kafka) {
  // What its client would log the consumer's logs already.
  auto admin = kafka::Admin::create(service::quiet_cluster_settings(config, "farshore-apply-watch"));
  if (!admin) throw service::kafka_error("open", config.kafka, admin.error());
  admin_ = std::move(*admin);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

std::string KafkaWatch::fault() const {
  const MutexLock lock(mutex_);
  return fault_;
}

void KafkaWatch::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto reached = admin_->reach(kAnswerWithin);
    {
      const MutexLock lock(mutex_);
      fault_ = reached ? "" : service::kafka_error("ask for the brokers", config_, reached.error()).what();
    }
    pause_for(kAskEvery, stop);
  }
}

}  // namespace farshore::apply
