#include "services/process/service.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "base/environment_error.hpp"
#include "base/mutex.hpp"
#include "services/http/http_server.hpp"
#include "services/telemetry/health.hpp"
#include "services/telemetry/log.hpp"
#include "services/telemetry/metrics.hpp"
#include "services/telemetry/process_metrics.hpp"

namespace farshore::service {
namespace {

constexpr std::chrono::milliseconds kStopDeadline{4000};
constexpr std::chrono::milliseconds kSignalPoll{200};

/// Turns SIGTERM and SIGINT into a stop request, from construction on, in this and every later thread. Ends the
/// process when the service has not ended within the deadline.
class StopSignal {
 public:
  StopSignal() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, &former_);
    signal(SIGPIPE, SIG_IGN);
    thread_ = std::thread([this] { wait(); });
  }

  ~StopSignal() {
    {
      const MutexLock lock(mutex_);
      ended_ = true;
    }
    ended_changed_.notify_all();
    thread_.join();
    pthread_sigmask(SIG_SETMASK, &former_, nullptr);
  }

  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  void wait() {
    if (!wait_for_signal()) return;
    source_.request_stop();
    const MutexLock lock(mutex_);
    if (ended_changed_.wait_for(mutex_, kStopDeadline, [this]() REQUIRES(mutex_) { return ended_; })) return;
    log_error("the service did not stop in time and is ended", {{"deadline_ms", kStopDeadline.count()}});
    _exit(static_cast<int>(ExitCode::kError));
  }

  /// False: the service ended by itself.
  bool wait_for_signal() {
    const timespec poll{.tv_sec = 0, .tv_nsec = std::chrono::nanoseconds(kSignalPoll).count()};
    while (true) {
      const int caught = sigtimedwait(&signals_, nullptr, &poll);
      if (caught > 0) {
        log_info("stopping", {{"signal", caught == SIGTERM ? "SIGTERM" : "SIGINT"}});
        return true;
      }
      const MutexLock lock(mutex_);
      if (ended_) return false;
    }
  }

  sigset_t signals_{};
  sigset_t former_{};
  std::stop_source source_;
  Mutex mutex_;
  ConditionVariable ended_changed_;
  bool ended_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

void serve_health(HttpServer& http, Metrics& metrics, Health& health) {
  http.get("/metrics", [&metrics](const HttpRequest&) {
    return HttpResponse{.status = 200, .body = metrics.scrape(), .content_type = "text/plain; version=0.0.4"};
  });
  http.get("/healthz", [&health](const HttpRequest&) {
    Health::State state = health.liveness();
    return HttpResponse{.status = state.good ? 200 : 503, .body = std::move(state.json)};
  });
  http.get("/readyz", [&health](const HttpRequest&) {
    Health::State state = health.readiness();
    return HttpResponse{.status = state.good ? 200 : 503, .body = std::move(state.json)};
  });
}

int serve(const ServiceSettings& settings, const std::function<int(ServiceContext&)>& run) {
  const StopSignal stop;
  Metrics metrics;
  Health health;
  const auto process = show_process(metrics, health, settings.name);
  HttpServer http(settings.listen, settings.listen_setting);
  serve_health(http, metrics, health);
  http.start();
  log_info("serving", {{"address", http.address().to_string()}});
  ServiceContext context{.stop = stop.token(), .metrics = metrics, .health = health, .http = http};
  const int code = run(context);
  http.stop();
  log_info("stopped", {{"exit_code", code}});
  return code;
}

}  // namespace

int run_service(const ServiceSettings& settings, const std::function<int(ServiceContext&)>& run) {
  start_log(settings.name, settings.log);
  try {
    return serve(settings, run);
  } catch (const EnvironmentError& error) {
    log_error(error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    log_error("unexpected failure", {{"what", error.what()}});
    return static_cast<int>(ExitCode::kError);
  }
}

}  // namespace farshore::service
