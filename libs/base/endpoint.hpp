#pragma once

#include <cstdint>
#include <expected>
#include <string>

namespace farshore {

enum class TlsMode : std::uint8_t {
  kDisabled,
  kRequired,  ///< encrypted, or no connection; the server's name is not checked
  kVerify,    ///< encrypted, and the server's certificate is checked against `ca`
};

struct TlsSettings {
  TlsMode mode = TlsMode::kDisabled;
  std::string ca;    ///< path of a PEM file
  std::string cert;  ///< path of the client's certificate; empty: none
  std::string key;   ///< path of the client's key; empty: none
};

/// Where a database listens, and who asks. A socket, if there is one, is preferred to host and port.
struct DatabaseEndpoint {
  std::string host = "127.0.0.1";
  std::uint16_t port = 3306;
  std::string socket;
  std::string user;
  std::string password;
  std::string password_file;  ///< not empty: current_password() reads it, instead of `password`
  TlsSettings tls;

  /// The host to connect to without a socket. By the name "localhost" the client libraries would take their default
  /// socket, and so perhaps another server.
  [[nodiscard]] std::string tcp_host() const { return host == "localhost" ? "127.0.0.1" : host; }

  /// For logs and error sentences: never holds the password.
  [[nodiscard]] std::string to_string() const {
    return user + "@" + (socket.empty() ? host + ":" + std::to_string(port) : "unix:" + socket);
  }
};

/// What to log in with now. To be asked at each attempt to connect, so that a file that was replaced meanwhile counts.
/// An error is a sentence for people.
[[nodiscard]] std::expected<std::string, std::string> current_password(const DatabaseEndpoint& endpoint);

}  // namespace farshore
