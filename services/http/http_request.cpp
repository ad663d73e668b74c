#include "services/http/http_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace farshore::service {
namespace {

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "Answer";
  }
}

int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

/// What is not an escape stays as it is.
std::string decode(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

/// The text before `mark`, which is taken off `rest` with it; all of it when there is no such mark.
std::string_view cut(std::string_view& rest, char mark) {
  const std::size_t at = rest.find(mark);
  const std::string_view before = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return before;
}

HttpRequest request_of(std::string_view target) {
  if (const std::size_t scheme = target.find("://"); scheme != std::string_view::npos && !target.starts_with('/')) {
    target.remove_prefix(scheme + 3);
    target.remove_prefix(std::min(target.find('/'), target.size()));
  }
  HttpRequest request;
  std::string_view rest = target.substr(0, target.find('#'));
  request.path = decode(cut(rest, '?'), false);
  while (!rest.empty()) {
    std::string_view value = cut(rest, '&');
    const std::string_view name = cut(value, '=');
    if (!name.empty()) request.query.emplace(decode(name, true), decode(value, true));
  }
  return request;
}

bool has_end(std::string_view received) {
  return received.find("\r\n\r\n") != std::string_view::npos || received.find("\n\n") != std::string_view::npos;
}

}  // namespace

HttpResponse http_error(int status, std::string_view what) {
  return {.status = status,
          .body = nlohmann::json{{"error", what}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

ParsedHead parse_http_head(std::string_view received) {
  ParsedHead out;
  if (!has_end(received)) {
    if (received.size() >= kHttpHeadBytesMax) {
      out.refusal = http_error(431, fmt::format("the head of a request may have {} bytes", kHttpHeadBytesMax));
    }
    return out;
  }
  out.is_complete = true;
  std::string_view line = received.substr(0, received.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  const std::string_view method = cut(line, ' ');
  const std::string_view target = cut(line, ' ');
  if (target.empty() || !line.starts_with("HTTP/1.")) {
    out.refusal = http_error(400, "this is not an HTTP/1 request");
    return out;
  }
  out.is_head = method == "HEAD";
  if (method != "GET" && !out.is_head) {
    out.refusal = http_error(405, "only GET and HEAD are answered here");
    return out;
  }
  out.request = request_of(target);
  return out;
}

std::string http_answer(const HttpResponse& response, bool is_head) {
  return fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}Connection: close\r\n\r\n{}",
                     response.status, reason_phrase(response.status), response.content_type, response.body.size(),
                     response.status == 405 ? "Allow: GET, HEAD\r\n" : "",
                     is_head ? std::string_view() : response.body);
}

}  // namespace farshore::service
