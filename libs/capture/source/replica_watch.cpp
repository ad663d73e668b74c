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

ReplicaWatch::ReplicaWatch(const std::vector<DatabaseEndpoint>& replicas) {
  for (const DatabaseEndpoint& endpoint : replicas)
    replicas_.push_back({.endpoint = endpoint, .connection = {}, .read_only_at = {}, .why = {}});
}

void ReplicaWatch::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    for (Replica& replica : replicas_) {
      if (stop.stop_requested()) return;
      const auto asked_at = Clock::now();
      std::string why = ask(replica);
      const std::lock_guard lock(mutex_);
      if (why.empty()) replica.read_only_at = asked_at;
      replica.why = std::move(why);
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
  const std::lock_guard lock(mutex_);
  Answer answer{.read_only_at = Clock::time_point::max(), .why = {}};
  for (const Replica& replica : replicas_) {
    if (!replica.why.empty()) return {.read_only_at = std::nullopt, .why = replica.why};
    if (!replica.read_only_at) answer.read_only_at.reset();
    if (answer.read_only_at) answer.read_only_at = std::min(*answer.read_only_at, *replica.read_only_at);
  }
  return answer;
}

}  // namespace farshore::capture
