#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "../mysql/scripted_server.hpp"
#include "binlog/stream.hpp"

namespace farshore::binlog {
namespace {

using ::testing::HasSubstr;

StreamOptions options() {
  StreamOptions options;
  options.server_id = 7;
  return options;
}

/// Takes one connection on a port of its own, and ends it at once.
class Port {
 public:
  Port() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, any, size) != 0 || ::listen(listener_, 1) != 0 || ::getsockname(listener_, any, &size) != 0) {
      throw std::runtime_error("no port to listen on");
    }
    number_ = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      const int connection = ::accept(listener_, nullptr, nullptr);
      was_reached_ = connection >= 0;
      if (connection >= 0) ::close(connection);
    });
  }
  ~Port() {
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
  }
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  [[nodiscard]] std::uint16_t number() const { return number_; }
  /// Ends the listening.
  [[nodiscard]] bool was_reached() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    return was_reached_;
  }

 private:
  const int listener_;
  std::uint16_t number_ = 0;
  bool was_reached_ = false;
  std::thread thread_;
};

TEST(SourceAddress, LocalhostIsThePortThatIsGivenAndNotADefaultSocket) {
  Port port;
  DatabaseEndpoint source;
  source.host = "localhost";
  source.port = port.number();
  const auto stream = BinlogStream::open(source, ServerKind::kMariadb, {}, options());
  EXPECT_FALSE(stream.has_value());
  EXPECT_TRUE(port.was_reached());
}

TEST(SourceAddress, AnotherServerThanTheOneMeantIsNotRead) {
  mysql::test::ScriptedServer server;
  server.answer([](const std::string& statement) {
    return statement.starts_with("SELECT") ? mysql::test::rows({"identity"}, {{"102:1"}}) : mysql::test::ok();
  });
  StreamOptions meant = options();
  meant.source_identity = "101:1";
  const auto stream = BinlogStream::open(server.endpoint(), ServerKind::kMariadb, {}, meant);
  ASSERT_FALSE(stream.has_value());
  EXPECT_THAT(stream.error().message, HasSubstr("102:1 instead of 101:1"));
  EXPECT_TRUE(stream.error().retry());

  meant.source_identity = "102:1";
  EXPECT_TRUE(BinlogStream::open(server.endpoint(), ServerKind::kMariadb, {}, meant).has_value());
}

}  // namespace
}  // namespace farshore::binlog
