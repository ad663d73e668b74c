#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "services/config/config.hpp"

namespace farshore::service {

class Health;
class HttpServer;
class Metrics;

/// What the process gives a service. All of it outlives the service's run function.
struct ServiceContext {
  std::stop_token stop;  ///< SIGTERM or SIGINT came: return within 4 s
  Metrics& metrics;
  Health& health;
  HttpServer& http;  ///< already serving; the service adds its own paths
};

struct ServiceSettings {
  std::string name;            ///< "capture", "apply", "gate"
  Address listen;              ///< of /metrics, /healthz, /readyz
  std::string listen_setting;  ///< the key it comes from, "http.capture"
  LogConfig log;
};

/// Runs a service as a process: blocks SIGTERM and SIGINT for all threads and turns them into the stop token, sets the
/// log up, serves /metrics, /healthz and /readyz, calls `run`, and returns the exit code. Call from main's thread,
/// before any other thread exists. Prints an EnvironmentError as its one sentence. A `run` that has not returned 4 s
/// after the signal is ended by _exit with kError.
int run_service(const ServiceSettings& settings, const std::function<int(ServiceContext&)>& run);

}  // namespace farshore::service
