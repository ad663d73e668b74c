#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "services/config/config.hpp"
#include "services/http/http_request.hpp"

namespace farshore::service {

/// A small HTTP server of GET: one thread, which waits for all connections at once, so that no client, however slow,
/// keeps another from its answer. A connection has one request. From its first moment it has kRequestTime for the
/// whole of it and for taking the answer; beyond kConnectionsMax the oldest one is closed.
/// Handlers run on that thread, one at a time, and must not block: the answers of all others wait for them.
class HttpServer {
 public:
  using Handler = std::function<HttpResponse(const HttpRequest&)>;
  static constexpr std::chrono::seconds kRequestTime{5};
  static constexpr std::size_t kConnectionsMax = 128;

  /// `setting` is the configuration key that the address comes from, for error sentences.
  HttpServer(Address listen, std::string setting);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// At any time, on any thread. The path is taken literally; a later handler of the same path replaces the former.
  void get(const std::string& path, Handler handler);
  /// Binds and serves. Throws EnvironmentError when the address is in use or not ours.
  void start();
  /// Where it listens, with the port that the system chose when port 0 was asked for. After start().
  [[nodiscard]] const Address& address() const { return listen_; }
  /// Waits for a handler that runs. Idempotent.
  void stop();

 private:
  struct Impl;
  Address listen_;
  std::string setting_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace farshore::service
