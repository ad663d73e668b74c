#pragma once

#include <chrono>
#include <expected>
#include <string>

#include "services/http/http_server.hpp"

namespace farshore::service {

/// One GET of a service of this region, by its configured listen address (an any-address is asked at loopback).
/// An error is why there is no answer, for people.
[[nodiscard]] std::expected<HttpResponse, std::string> http_get(const Address& listen, const std::string& path,
                                                                std::chrono::milliseconds timeout);

}  // namespace farshore::service
