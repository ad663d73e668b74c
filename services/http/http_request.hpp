#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace farshore::service {

struct HttpRequest {
  std::string path;
  std::map<std::string, std::string> query;
};

struct HttpResponse {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
};

/// {"error": "..."}
[[nodiscard]] HttpResponse http_error(int status, std::string_view what);

/// What the bytes of one connection are so far. RFC 9112, as much of it as a GET without a body takes:
///
///   GET SP target SP "HTTP/1." digit CRLF  *( header CRLF )  CRLF        a bare LF is taken for CRLF
///   target = [ "http://" authority ] path [ "?" name "=" value *( "&" name "=" value ) ]     percent-encoded
struct ParsedHead {
  bool is_complete = false;
  std::optional<HttpResponse> refusal;  ///< the answer to what is not such a request
  bool is_head = false;                 ///< HEAD: the answer goes without its body
  HttpRequest request;
};
inline constexpr std::size_t kHttpHeadBytesMax = 16UL * 1024;
[[nodiscard]] ParsedHead parse_http_head(std::string_view received);

/// The bytes of an answer. The connection ends with it.
[[nodiscard]] std::string http_answer(const HttpResponse& response, bool is_head);

}  // namespace farshore::service
