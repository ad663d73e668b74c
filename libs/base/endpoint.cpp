#include "base/endpoint.hpp"

#include <cerrno>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <system_error>

namespace farshore {
namespace {

constexpr std::size_t kPasswordBytesMax = 4096;

}  // namespace

std::expected<std::string, std::string> current_password(const DatabaseEndpoint& endpoint) {
  if (endpoint.password_file.empty()) return endpoint.password;
  const std::string name = "password_file of account " + endpoint.user + ": " + endpoint.password_file;
  std::ifstream in(endpoint.password_file, std::ios::binary);
  if (!in) {
    return std::unexpected(name + " cannot be read (" + std::generic_category().message(errno) +
                           "); create it, readable for the user that runs this program");
  }
  std::string password(std::istreambuf_iterator<char>(in), {});
  while (!password.empty() && (password.back() == '\n' || password.back() == '\r')) password.pop_back();
  if (password.size() > kPasswordBytesMax) {
    return std::unexpected(name + " holds more than " + std::to_string(kPasswordBytesMax) +
                           " bytes; it should hold the password alone");
  }
  return password;
}

}  // namespace farshore
