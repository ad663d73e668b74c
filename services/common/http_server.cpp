#include "common/http_server.hpp"

#include <fmt/format.h>
#include <httplib.h>

#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/environment_error.hpp"
#include "common/log.hpp"

namespace farshore::common {
namespace {

constexpr std::size_t kRequestBytesMax = 1024UL * 1024;
constexpr std::size_t kThreads = 4;
constexpr std::time_t kTimeoutSeconds = 5;
constexpr std::size_t kKeepAliveRequestsMax = 100;

std::string error_body(std::string_view what) { return nlohmann::json{{"error", what}}.dump(); }

}  // namespace

struct HttpServer::Impl {
  httplib::Server server;
  std::thread thread;
  std::mutex mutex;
  std::map<std::string, Handler> handlers;  // guarded by mutex

  /// Port 0 becomes the one that the system chose.
  bool bind(Address& listen) {
    if (listen.port != 0) return server.bind_to_port(listen.host, listen.port);
    const int port = server.bind_to_any_port(listen.host);
    if (port <= 0) return false;
    listen.port = static_cast<std::uint16_t>(port);
    return true;
  }

  Handler find(const std::string& path) {
    const std::lock_guard lock(mutex);
    const auto found = handlers.find(path);
    return found == handlers.end() ? Handler{} : found->second;
  }

  void answer(const httplib::Request& request, httplib::Response& out) {
    const Handler handler = find(request.path);
    if (!handler) {
      out.status = 404;
      out.set_content(error_body("there is nothing at this path"), "application/json");
      return;
    }
    HttpRequest in{.path = request.path, .query = {}, .body = request.body};
    for (const auto& [name, value] : request.params) in.query.emplace(name, value);
    const HttpResponse answer = handler(in);
    out.status = answer.status;
    out.set_content(answer.body, answer.content_type);
  }
};

HttpServer::HttpServer(Address listen, std::string setting)
    : listen_(std::move(listen)), setting_(std::move(setting)), impl_(std::make_unique<Impl>()) {
  httplib::Server& server = impl_->server;
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_payload_max_length(kRequestBytesMax);
  server.set_read_timeout(kTimeoutSeconds);
  server.set_write_timeout(kTimeoutSeconds);
  server.set_keep_alive_max_count(kKeepAliveRequestsMax);
  server.set_keep_alive_timeout(1);  // a silent connection holds a thread, and a stop, for no longer
  // SO_REUSEPORT, which the library would set, lets two services share a port without either of them noticing.
  server.set_socket_options([](socket_t socket) {
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  });
  server.Get(".*", [impl = impl_.get()](const httplib::Request& request, httplib::Response& response) {
    impl->answer(request, response);
  });
  server.set_exception_handler(
      [](const httplib::Request& request, httplib::Response& response, const std::exception_ptr&) {
        log_error("an HTTP handler failed", {{"path", request.path}});
        response.status = 500;
        response.set_content(error_body("the handler of this path failed; the service's log says more"),
                             "application/json");
      });
}

HttpServer::~HttpServer() { stop(); }

void HttpServer::get(const std::string& path, Handler handler) {
  const std::lock_guard lock(impl_->mutex);
  impl_->handlers[path] = std::move(handler);
}

void HttpServer::start() {
  errno = 0;
  if (!impl_->bind(listen_)) {
    const int code = errno;
    throw EnvironmentError(
        code == EADDRINUSE
            ? fmt::format("{} is {}, and another process listens there already; stop it or choose another port.",
                          setting_, listen_.to_string())
            : fmt::format("{} is {}, where this process cannot listen ({}); give an address of this machine.", setting_,
                          listen_.to_string(),
                          code == 0 ? "the host name is not known" : std::generic_category().message(code)));
  }
  impl_->thread = std::thread([this] { impl_->server.listen_after_bind(); });
  // stop() has no effect on a server that does not run yet; connections already wait in the socket's backlog.
  while (!impl_->server.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

void HttpServer::stop() {
  if (!impl_->thread.joinable()) return;
  impl_->server.stop();
  impl_->thread.join();
}

}  // namespace farshore::common
