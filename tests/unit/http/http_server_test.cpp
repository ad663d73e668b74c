#include "services/http/http_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <vector>

#include "base/environment_error.hpp"

namespace farshore::service {
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

/// A client by hand, as slow as it likes.
class RawClient {
 public:
  explicit RawClient(const Address& server) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(server.port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool send(std::string_view text) const {
    return ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  /// Until the server closes.
  [[nodiscard]] std::string read_all() const {
    std::string out;
    char buffer[1024];
    for (ssize_t got = 0; (got = ::recv(socket_, buffer, sizeof buffer, 0)) > 0;)
      out.append(buffer, static_cast<std::size_t>(got));
    return out;
  }

 private:
  int socket_;
};

TEST(HttpServer, AnswersAtOnceBesideSlowClients) {
  HttpServer server(any_port(), "http.gate");
  server.get("/healthz", [](const HttpRequest&) { return HttpResponse{.body = "{}"}; });
  server.start();
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 200; ++i) {
    slow.push_back(std::make_unique<RawClient>(server.address()));
    (void)slow.back()->send(i % 2 == 0 ? "GET /healthz HTTP/1.1\r\nX-Slow: 1\r\n" : "");
  }
  for (int i = 0; i < 20; ++i) {
    const auto began = std::chrono::steady_clock::now();
    httplib::Client client("127.0.0.1", server.address().port);
    const auto answer = client.Get("/healthz");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(1));
    for (const auto& one : slow) (void)one->send("X");
  }
}

TEST(HttpServer, ClosesAConnectionAtItsDeadlineHoweverOftenItSends) {
  HttpServer server(any_port(), "http.gate");
  server.start();
  const RawClient drop_by_drop(server.address());
  const auto began = std::chrono::steady_clock::now();
  ASSERT_TRUE(drop_by_drop.send("GET / HTTP/1.1\r\n"));
  EXPECT_EQ(drop_by_drop.read_all(), "");
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_GE(took, HttpServer::kRequestTime - std::chrono::milliseconds(100));
  EXPECT_LT(took, HttpServer::kRequestTime + std::chrono::seconds(2));
}

TEST(HttpServer, TakesARequestInPieces) {
  HttpServer server(any_port(), "http.gate");
  server.get("/healthz", [](const HttpRequest&) { return HttpResponse{.body = "{}"}; });
  server.start();
  const RawClient client(server.address());
  for (const char* piece : {"GE", "T /healthz HTT", "P/1.1\r\nHost: x\r\n", "\r", "\n"})
    ASSERT_TRUE(client.send(piece));
  EXPECT_THAT(client.read_all(), testing::StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST(HttpServer, RefusesAHeadWithoutEnd) {
  HttpServer server(any_port(), "http.gate");
  server.start();
  const RawClient client(server.address());
  (void)client.send(std::string(64 * 1024, 'x'));
  EXPECT_THAT(client.read_all(), testing::StartsWith("HTTP/1.1 431 "));
}

TEST(HttpServer, AnswersOnlyGetAndHead) {
  HttpServer server(any_port(), "http.gate");
  server.get("/healthz", [](const HttpRequest&) { return HttpResponse{.body = "{}"}; });
  server.start();
  httplib::Client client("127.0.0.1", server.address().port);
  EXPECT_EQ(client.Post("/healthz", "body", "text/plain")->status, 405);
  const auto head = client.Head("/healthz");
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->body, "");
}

TEST(HttpServer, SendsALargeAnswerToAClientThatReadsLate) {
  HttpServer server(any_port(), "http.gate");
  const std::string large(8 * 1024 * 1024, 'm');
  server.get("/metrics", [&](const HttpRequest&) { return HttpResponse{.body = large}; });
  server.start();
  const RawClient client(server.address());
  ASSERT_TRUE(client.send("GET /metrics HTTP/1.0\r\n\r\n"));
  EXPECT_EQ(httplib::Client("127.0.0.1", server.address().port).Get("/other")->status, 404);
  EXPECT_GT(client.read_all().size(), large.size());
}

TEST(HttpHead, TakesPathAndQueryApart) {
  const auto parsed =
      parse_http_head("GET /v1/gate%20x?origin=e%61st&a+b=c%2Bd&=lost&flag HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(parsed.is_complete);
  EXPECT_FALSE(parsed.refusal);
  EXPECT_EQ(parsed.request.path, "/v1/gate x");
  const std::map<std::string, std::string> wanted{{"origin", "east"}, {"a b", "c+d"}, {"flag", ""}};
  EXPECT_EQ(parsed.request.query, wanted);
}

TEST(HttpHead, TakesWhatAProxySends) {
  EXPECT_EQ(parse_http_head("GET http://west:8473/v1/gate?origin=east HTTP/1.1\n\n").request.path, "/v1/gate");
}

TEST(HttpHead, RefusesWhatIsNoRequest) {
  for (const char* text : {"hello\r\n\r\n", "GET /\r\n\r\n", "\x16\x03\x01\r\n\r\n", "GET  HTTP/1.1\r\n\r\n"}) {
    const auto parsed = parse_http_head(text);
    ASSERT_TRUE(parsed.refusal) << text;
    EXPECT_EQ(parsed.refusal->status, 400);
  }
  EXPECT_FALSE(parse_http_head("GET / HTTP/1.1\r\nHost: x\r\n").is_complete);
}

TEST(HttpServer, StopsTwice) {
  HttpServer server(any_port(), "http.gate");
  server.start();
  server.stop();
  server.stop();
}

}  // namespace
}  // namespace farshore::service
