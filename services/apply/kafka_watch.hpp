#pragma once

#include <memory>
#include <string>
#include <thread>

#include "base/mutex.hpp"
#include "kafka/admin.hpp"
#include "services/config/config.hpp"

namespace farshore::apply {

/// Asks the brokers every two seconds whether they are there, on a thread and with a client of its own: the consumer
/// says so only once, when its last connection breaks, and nothing at all of a broker that hangs.
class KafkaWatch {
 public:
  /// Throws EnvironmentError when no client can be made. `config` outlives the watch.
  explicit KafkaWatch(const service::Config& config);

  /// Empty: a broker has answered the last question. Else why not, in a sentence. Any thread.
  [[nodiscard]] std::string fault() const;
  /// So that its end, which takes a question's time at most, is waited for beside others'.
  void request_stop() { thread_.request_stop(); }

 private:
  void run(const std::stop_token& stop);

  const service::KafkaConfig& config_;
  std::unique_ptr<kafka::Admin> admin_;
  mutable Mutex mutex_;
  std::string fault_ GUARDED_BY(mutex_);
  std::jthread thread_;
};

}  // namespace farshore::apply
