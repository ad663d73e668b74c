#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "common/config.hpp"

namespace farshore::common {

struct HttpRequest {
  std::string path;
  std::map<std::string, std::string> query;
  std::string body;
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
};

/// A small HTTP server with a few threads of its own. Handlers run on those threads, several at once, and must not
/// block for long. Request bodies above 1 MiB are refused.
class HttpServer {
 public:
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  /// `setting` is the configuration key that the address comes from, for error sentences.
  HttpServer(Address listen, std::string setting);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// At any time. The path is taken literally; a later handler of the same path replaces the former.
  void get(const std::string& path, Handler handler);
  /// Binds and serves. Throws EnvironmentError when the address is in use or not ours.
  void start();
  /// Where it listens, with the port that the system chose when port 0 was asked for. After start().
  [[nodiscard]] const Address& address() const { return listen_; }
  /// Waits for handlers that run. Idempotent.
  void stop();

 private:
  struct Impl;
  Address listen_;
  std::string setting_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace farshore::common
