#include "services/http/http_client.hpp"

#include <httplib.h>

namespace farshore::service {
namespace {

std::string reason(httplib::Error error) {
  switch (error) {
    case httplib::Error::Connection: return "no connection: nothing listens there, or nothing answers in time";
    case httplib::Error::Read: return "it took the request, and gave no answer in time";
    default: return "HTTP error: " + httplib::to_string(error);
  }
}

}  // namespace

std::expected<HttpResponse, std::string> http_get(const Address& listen, const std::string& path,
                                                  std::chrono::milliseconds timeout) {
  const bool is_any = listen.host == "0.0.0.0" || listen.host == "::";
  httplib::Client client(is_any ? "127.0.0.1" : listen.host, listen.port);
  client.set_connection_timeout(timeout);
  client.set_read_timeout(timeout);
  const auto answer = client.Get(path);
  if (!answer) return std::unexpected(reason(answer.error()));
  return HttpResponse{
      .status = answer->status, .body = answer->body, .content_type = answer->get_header_value("Content-Type")};
}

}  // namespace farshore::service
