#include "common/http_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include "base/environment_error.hpp"

namespace farshore::common {
namespace {

using testing::HasSubstr;

Address any_port() { return {.host = "127.0.0.1", .port = 0}; }

TEST(HttpServer, AnswersWithWhatTheHandlerSays) {
  HttpServer server(any_port(), "http.gate");
  server.get("/v1/gate", [](const HttpRequest& request) {
    return HttpResponse{.status = 503, .body = "who: " + request.query.at("who"), .content_type = "text/plain"};
  });
  server.start();
  httplib::Client client("127.0.0.1", server.address().port);
  const auto answer = client.Get("/v1/gate?who=me");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->body, "who: me");
  EXPECT_EQ(answer->get_header_value("Content-Type"), "text/plain");
}

TEST(HttpServer, TakesPathsWhileItRuns) {
  HttpServer server(any_port(), "http.gate");
  server.start();
  httplib::Client client("127.0.0.1", server.address().port);
  EXPECT_EQ(client.Get("/late")->status, 404);
  server.get("/late", [](const HttpRequest&) { return HttpResponse{.body = "{}"}; });
  EXPECT_EQ(client.Get("/late")->status, 200);
}

TEST(HttpServer, TurnsAFailedHandlerIntoAnAnswer) {
  HttpServer server(any_port(), "http.gate");
  server.get("/bad", [](const HttpRequest&) -> HttpResponse { throw std::runtime_error("no"); });
  server.start();
  httplib::Client client("127.0.0.1", server.address().port);
  EXPECT_EQ(client.Get("/bad")->status, 500);
}

TEST(HttpServer, SaysThatThePortIsInUse) {
  HttpServer first(any_port(), "http.gate");
  first.start();
  HttpServer second(first.address(), "http.apply");
  try {
    second.start();
    FAIL() << "two servers on one port";
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), HasSubstr("http.apply is 127.0.0.1:"));
    EXPECT_THAT(error.what(), HasSubstr("another process listens there already; stop it or choose another port"));
  }
}

TEST(HttpServer, SaysThatTheAddressIsNotOfThisMachine) {
  HttpServer server({.host = "192.0.2.1", .port = 8471}, "http.gate");
  try {
    server.start();
    FAIL() << "listens on an address of documentation";
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), HasSubstr("http.gate is 192.0.2.1:8471, where this process cannot listen"));
  }
}

TEST(HttpServer, StopsTwice) {
  HttpServer server(any_port(), "http.gate");
  server.start();
  server.stop();
  server.stop();
}

}  // namespace
}  // namespace farshore::common
