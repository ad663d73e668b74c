#include "services/process/service.hpp"

#include <gtest/gtest.h>
#include <httplib.h>
#include <signal.h>

#include <condition_variable>
#include <mutex>

#include "base/environment_error.hpp"
#include "services/http/http_server.hpp"
#include "services/telemetry/health.hpp"

namespace farshore::service {
namespace {

ServiceSettings settings() {
  return {.name = "test", .listen = {.host = "127.0.0.1", .port = 0}, .listen_setting = "http.test", .log = {}};
}

void wait_for(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wakeup;
  std::unique_lock lock(mutex);
  wakeup.wait_for(lock, stop, std::chrono::seconds(30), [] { return false; });
}

TEST(Service, ServesItsHealthAndStopsAtSigterm) {
  const int code = run_service(settings(), [](ServiceContext& context) {
    httplib::Client client("127.0.0.1", context.http.address().port);
    EXPECT_EQ(client.Get("/healthz")->status, 200);
    EXPECT_EQ(client.Get("/readyz")->status, 503);
    context.health.ready("all", true);
    EXPECT_EQ(client.Get("/readyz")->status, 200);
    EXPECT_NE(client.Get("/metrics")->body.find("farshore_build_info"), std::string::npos);
    ::kill(::getpid(), SIGTERM);
    wait_for(context.stop);
    EXPECT_TRUE(context.stop.stop_requested());
    return 7;
  });
  EXPECT_EQ(code, 7);
}

TEST(Service, ReturnsTheCodeOfAnEnvironmentError) {
  EXPECT_EQ(run_service(settings(),
                        [](ServiceContext&) -> int { throw EnvironmentError("no server", ExitCode::kUnreachable); }),
            5);
  EXPECT_EQ(run_service(settings(), [](ServiceContext&) -> int { throw std::runtime_error("bug"); }), 1);
}

}  // namespace
}  // namespace farshore::service
