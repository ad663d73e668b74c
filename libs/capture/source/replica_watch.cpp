#include "capture/source/replica_watch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/pause.hpp"
#include "capture/source/source_reading.hpp"

namespace farshore::capture {
namespace {

constexpr std::chrono::seconds kReplicaTimeout{2};
constexpr std::chrono::milliseconds kInterval{1000};

}  // namespace

std::expected<std::string, mysql::SqlError> ask_read_only(const DatabaseEndpoint& replica,
                                                          std::optional<mysql::Connection>& connection) {
  if (!connection) {
    mysql::SessionSettings settings;
    settings.connect_timeout = kReplicaTimeout;
    settings.read_timeout = kReplicaTimeout;
    settings.program_name = "farshore capture";
    auto opened = mysql::Connection::open(replica, settings);
    if (!opened) return std::unexpected(std::move(opened.error()));
    connection = std::move(*opened);
  }
  const auto answer = connection->query("SELECT @@GLOBAL.read_only");
  if (answer) return answer->text(0, 0);
  connection.reset();
  return std::unexpected(answer.error());
}

ReplicaWatch::ReplicaWatch(const std::vector<DatabaseEndpoint>& replicas) : answers_(replicas.size()) {
  for (const DatabaseEndpoint& endpoint : replicas) replicas_.push_back({.endpoint = endpoint, .connection = {}});
}

void ReplicaWatch::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    for (std::size_t i = 0; i < replicas_.size(); ++i) {
      if (stop.stop_requested()) return;
      const auto asked_at = Clock::now();
      std::string why = ask(replicas_[i]);
      const MutexLock lock(mutex_);
      if (why.empty()) answers_[i].read_only_at = asked_at;
      answers_[i].why = std::move(why);
    }
    pause_for(kInterval, stop);
  }
}

std::string ReplicaWatch::ask(Replica& replica) {
  const std::string name = replica.endpoint.to_string();
  const auto answer = ask_read_only(replica.endpoint, replica.connection);
  if (!answer)
    return fmt::format(
        "the replica {} cannot be asked whether it takes writes ({}): mend that, or take it out of the "
        "origin's replicas",
        name, answer.error().message);
  if (is_read_only(*answer)) return {};
  return fmt::format(
      "the replica {} takes writes (read_only is {}): if it was promoted, begin the origin anew there "
      "(docs/operating/stop-start-upgrade.md, another primary); else SET GLOBAL read_only = ON there, or take it out "
      "of the origin's replicas",
      name, *answer);
}

ReplicaWatch::Answer ReplicaWatch::answer() const {
  const MutexLock lock(mutex_);
  Answer all{.read_only_at = Clock::time_point::max(), .why = {}};
  for (const Answer& one : answers_) {
    if (!one.why.empty()) return {.read_only_at = std::nullopt, .why = one.why};
    if (!one.read_only_at) all.read_only_at.reset();
    if (all.read_only_at) all.read_only_at = std::min(*all.read_only_at, *one.read_only_at);
  }
  return all;
}

}  // namespace farshore::capture
