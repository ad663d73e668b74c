#include "common/endpoints.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <system_error>

#include "base/environment_error.hpp"

namespace farshore::common {
namespace {

constexpr std::size_t kPasswordBytesMax = 4096;

DatabaseEndpoint endpoint(const Address& address, const std::string& socket, const TlsSettings& tls,
                          const AccountConfig& account) {
  DatabaseEndpoint out;
  if (!address.empty()) {
    out.host = address.host;
    out.port = address.port;
  }
  out.socket = socket;
  out.tls = tls;
  out.user = account.user;
  out.password = read_password(account);
  return out;
}

}  // namespace

std::string read_password(const AccountConfig& account) {
  if (!account.password_env.empty()) {
    // Read before the service has threads of its own that could change the environment; none does.
    const char* found = std::getenv(account.password_env.c_str());  // NOLINT(concurrency-mt-unsafe)
    if (found == nullptr) {
      throw EnvironmentError(
          fmt::format("The environment variable {} (password_env of account {}) is not set; set it "
                      "to the account's password.",
                      account.password_env, account.user));
    }
    return found;
  }
  if (account.password_file.empty()) return {};
  std::ifstream in(account.password_file, std::ios::binary);
  if (!in) {
    throw EnvironmentError(
        fmt::format("password_file of account {}: {} cannot be read ({}); create it, readable "
                    "for the user that runs this service.",
                    account.user, account.password_file, std::generic_category().message(errno)));
  }
  std::string password(std::istreambuf_iterator<char>(in), {});
  while (!password.empty() && (password.back() == '\n' || password.back() == '\r')) password.pop_back();
  if (password.size() > kPasswordBytesMax) {
    throw EnvironmentError(
        fmt::format("password_file of account {}: {} holds more than {} bytes; it should hold "
                    "the password alone.",
                    account.user, account.password_file, kPasswordBytesMax));
  }
  return password;
}

DatabaseEndpoint database_endpoint(const DatabaseConfig& database, const AccountConfig& account) {
  return endpoint(database.address, database.socket, database.tls, account);
}

DatabaseEndpoint origin_endpoint(const OriginConfig& origin) {
  if (origin.address.empty() && origin.socket.empty()) {
    throw EnvironmentError(
        fmt::format("The origin \"{}\" has neither address nor socket in the configuration; say "
                    "where its primary listens.",
                    origin.name));
  }
  return endpoint(origin.address, origin.socket, origin.tls, origin.account);
}

}  // namespace farshore::common
