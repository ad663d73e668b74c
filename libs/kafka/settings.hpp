#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace farshore::kafka {

inline constexpr std::size_t kKilobyte = 1024;  ///< as librdkafka counts, and other sizes in bytes here

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };
/// Takes librdkafka's own log lines. Called from its threads, at any time until the client is destroyed: must be thread
/// safe and quick. Empty: the lines are dropped.
using LogSink = std::function<void(LogLevel, std::string_view)>;

/// How to reach a cluster; the same for every client of it.
struct ClusterSettings {
  std::string bootstrap;                          ///< "host:port,host:port"
  std::string client_id = "farshore";             ///<
  std::map<std::string, std::string> properties;  ///< librdkafka's own (security and such); they win over ours
  LogSink log;
  /// Asked while a call blocks on a cluster that does not answer; true: the call ends soon, with kTimedOut, and its
  /// client is of no further use. Thread safe. Empty: calls take the time that they are given.
  std::function<bool()> give_up = {};
};

/// The first setting that librdkafka does not know or take, in its words; asks nobody. Empty: none. What only shows
/// when a client is made, such as a file that is not there, is not seen.
[[nodiscard]] std::string refused_setting(const ClusterSettings& settings);

}  // namespace farshore::kafka
