#include "services/http/http_server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <list>
#include <map>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/environment_error.hpp"
#include "base/mutex.hpp"
#include "services/telemetry/log.hpp"

namespace farshore::service {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr int kBacklog = 256;
constexpr std::size_t kReadBytes = 4096;
constexpr auto kDrainTime = 1s;         // for the client to take note of the end
constexpr auto kNoSocketPause = 100ms;  // the process has no file descriptor left

/// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int number() const { return number_; }
  [[nodiscard]] bool is_open() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

/// reading ──head is there──► writing ──all is sent──► draining ──the client has closed──► gone
/// Draining: a socket that is closed with unread bytes takes the answer back from the client.
struct Connection {
  enum class State : std::uint8_t { kReading, kWriting, kDraining, kGone };

  Descriptor socket;
  Clock::time_point deadline;
  State state = State::kReading;
  std::string in{};
  std::string out{};
  std::size_t sent = 0;
};

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

/// A socket that listens, or errno (0: the name is not known).
std::pair<Descriptor, int> listen_at(const Address& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  if (::getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found) != 0) return {Descriptor(), 0};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(found, &::freeaddrinfo);
  int code = 0;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    Descriptor socket(::socket(one->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    // SO_REUSEPORT would let two services share a port without either of them noticing.
    const int on = 1;
    if (socket.is_open() && ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        ::bind(socket.number(), one->ai_addr, one->ai_addrlen) == 0 && ::listen(socket.number(), kBacklog) == 0) {
      return {std::move(socket), 0};
    }
    code = errno;
  }
  return {Descriptor(), code};
}

std::uint16_t port_of(const Descriptor& socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(socket.number(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

}  // namespace

struct HttpServer::Impl {
  Descriptor listening;
  Descriptor wake{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::thread thread;
  Mutex mutex;
  std::map<std::string, Handler> handlers GUARDED_BY(mutex);
  bool is_stopping GUARDED_BY(mutex) = false;

  // The thread's own:
  std::list<Connection> connections;  // the oldest first
  Clock::time_point accept_again;     // not before

  void run() {
    while (!stopping()) {
      std::vector<pollfd> waited = what_to_wait_for();
      (void)::poll(waited.data(), waited.size(), wait_ms());
      std::size_t next = 2;
      for (Connection& connection : connections) {
        if (waited[next++].revents != 0) go_on(connection);
        if (connection.deadline <= Clock::now()) connection.state = Connection::State::kGone;
      }
      std::erase_if(connections, [](const Connection& one) { return one.state == Connection::State::kGone; });
      if (waited[1].revents != 0) accept_all();
    }
    connections.clear();
  }

  bool stopping() {
    const MutexLock lock(mutex);
    return is_stopping;
  }

  std::vector<pollfd> what_to_wait_for() const {
    const short accepting = Clock::now() >= accept_again ? POLLIN : 0;
    std::vector<pollfd> out{{.fd = wake.number(), .events = POLLIN, .revents = 0},
                            {.fd = listening.number(), .events = accepting, .revents = 0}};
    for (const Connection& one : connections) {
      const short events = one.state == Connection::State::kWriting ? POLLOUT : POLLIN;
      out.push_back({.fd = one.socket.number(), .events = events, .revents = 0});
    }
    return out;
  }

  /// Until the next deadline.
  int wait_ms() const {
    const auto now = Clock::now();
    auto until = now + 10s;
    if (accept_again > now) until = accept_again;
    for (const Connection& one : connections) until = std::min(until, one.deadline);
    return static_cast<int>(
        std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::milliseconds>(until - now).count()));
  }

  void accept_all() {
    while (true) {
      Descriptor socket(::accept4(listening.number(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!socket.is_open()) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) make_room();
        return;
      }
      if (connections.size() >= kConnectionsMax) connections.pop_front();
      connections.push_back({.socket = std::move(socket), .deadline = Clock::now() + kRequestTime});
      go_on(connections.back());  // a quick client has sent its request already: it never waits in the line
    }
  }

  void make_room() {
    if (connections.empty())
      accept_again = Clock::now() + kNoSocketPause;
    else
      connections.pop_front();
  }

  void go_on(Connection& connection) {
    if (connection.state == Connection::State::kReading) read(connection);
    if (connection.state == Connection::State::kWriting) write(connection);
    if (connection.state == Connection::State::kDraining) drain(connection);
  }

  /// Nothing more: 0 bytes. The end or an error: nothing.
  static std::optional<std::string_view> receive(const Connection& connection, std::array<char, kReadBytes>& buffer) {
    const auto got = ::recv(connection.socket.number(), buffer.data(), buffer.size(), 0);
    if (got > 0) return std::string_view(buffer.data(), static_cast<std::size_t>(got));
    if (got < 0 && would_block()) return std::string_view();
    return std::nullopt;
  }

  void read(Connection& connection) {
    std::array<char, kReadBytes> buffer{};
    while (connection.state == Connection::State::kReading) {
      const auto got = receive(connection, buffer);
      if (!got) connection.state = Connection::State::kGone;
      if (!got || got->empty()) return;
      connection.in.append(*got);
      const ParsedHead head = parse_http_head(connection.in);
      if (!head.is_complete && !head.refusal) continue;
      connection.out = http_answer(head.refusal ? *head.refusal : answer(head.request), head.is_head);
      connection.state = Connection::State::kWriting;
    }
  }

  void write(Connection& connection) {
    while (connection.sent < connection.out.size()) {
      const auto sent = ::send(connection.socket.number(), connection.out.data() + connection.sent,
                               connection.out.size() - connection.sent, MSG_NOSIGNAL);
      if (sent < 0) {
        if (!would_block()) connection.state = Connection::State::kGone;
        return;
      }
      connection.sent += static_cast<std::size_t>(sent);
    }
    (void)::shutdown(connection.socket.number(), SHUT_WR);
    connection.state = Connection::State::kDraining;
    connection.deadline = std::min(connection.deadline, Clock::now() + kDrainTime);
  }

  /// A piece at a time: a client that never ends sending gets no more than its turn, and no longer than its deadline.
  static void drain(Connection& connection) {
    std::array<char, kReadBytes> buffer{};
    if (!receive(connection, buffer)) connection.state = Connection::State::kGone;
  }

  HttpResponse answer(const HttpRequest& request) {
    const Handler handler = find(request.path);
    if (!handler) return http_error(404, "there is nothing at this path");
    try {
      return handler(request);
    } catch (const std::exception& error) {
      log_error("an HTTP handler failed", {{"path", request.path}, {"what", error.what()}});
      return http_error(500, "the handler of this path failed; the service's log says more");
    }
  }

  Handler find(const std::string& path) {
    const MutexLock lock(mutex);
    const auto found = handlers.find(path);
    return found == handlers.end() ? Handler{} : found->second;
  }
};

HttpServer::HttpServer(Address listen, std::string setting)
    : listen_(std::move(listen)), setting_(std::move(setting)), impl_(std::make_unique<Impl>()) {}

HttpServer::~HttpServer() { stop(); }

void HttpServer::get(const std::string& path, Handler handler) {
  const MutexLock lock(impl_->mutex);
  impl_->handlers[path] = std::move(handler);
}

void HttpServer::start() {
  auto [socket, code] = listen_at(listen_);
  if (!socket.is_open()) {
    throw EnvironmentError(
        code == EADDRINUSE
            ? fmt::format("{} is {}, and another process listens there already; stop it or choose another port.",
                          setting_, listen_.to_string())
            : fmt::format("{} is {}, where this process cannot listen ({}); give an address of this machine.", setting_,
                          listen_.to_string(),
                          code == 0 ? "the host name is not known" : std::generic_category().message(code)));
  }
  if (listen_.port == 0) listen_.port = port_of(socket);
  impl_->listening = std::move(socket);
  impl_->thread = std::thread([this] { impl_->run(); });
}

void HttpServer::stop() {
  if (!impl_->thread.joinable()) return;
  {
    const MutexLock lock(impl_->mutex);
    impl_->is_stopping = true;
  }
  const std::uint64_t one = 1;
  (void)!::write(impl_->wake.number(), &one, sizeof one);
  impl_->thread.join();
  impl_->listening = Descriptor();
}

}  // namespace farshore::service
