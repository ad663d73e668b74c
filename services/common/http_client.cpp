#include "common/http_client.hpp"

#include <httplib.h>

namespace farshore::common {

std::expected<HttpResponse, std::string> http_get(const Address& listen, const std::string& path,
                                                  std::chrono::milliseconds timeout) {
  const bool is_any = listen.host == "0.0.0.0" || listen.host == "::";
  httplib::Client client(is_any ? "127.0.0.1" : listen.host, listen.port);
  client.set_connection_timeout(timeout);
  client.set_read_timeout(timeout);
  const auto answer = client.Get(path);
  if (!answer) return std::unexpected(httplib::to_string(answer.error()));
  return HttpResponse{
      .status = answer->status, .body = answer->body, .content_type = answer->get_header_value("Content-Type")};
}

}  // namespace farshore::common
