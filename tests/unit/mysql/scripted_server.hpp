#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/endpoint.hpp"

/// A server of MySQL's protocol in this process, whose answers a test writes: so that what is sent is seen word for
/// word, and every failure happens when the test says. Source of the packets: MySQL's manual, "Client/Server Protocol".
namespace farshore::mysql::test {

struct Reply {
  enum class Kind : std::uint8_t { kOk, kError, kRows, kHangUp };
  using Field = std::optional<std::string>;
  Kind kind = Kind::kOk;
  std::uint64_t affected = 0;
  std::uint16_t code = 0;
  std::string message;
  std::vector<std::string> names;
  std::vector<std::vector<Field>> rows;
};

inline Reply ok(std::uint64_t affected = 0) {
  Reply reply;
  reply.affected = affected;
  return reply;
}
inline Reply fails(std::uint16_t code, std::string message) {
  Reply reply;
  reply.kind = Reply::Kind::kError;
  reply.code = code;
  reply.message = std::move(message);
  return reply;
}
inline Reply rows(std::vector<std::string> names, std::vector<std::vector<Reply::Field>> values) {
  Reply reply;
  reply.kind = Reply::Kind::kRows;
  reply.names = std::move(names);
  reply.rows = std::move(values);
  return reply;
}
/// The session ends without an answer.
inline Reply hangs_up() {
  Reply reply;
  reply.kind = Reply::Kind::kHangUp;
  return reply;
}

/// Listens on a socket of its own. Sessions open by themselves; what the client sends beyond that goes to the script.
class ScriptedServer {
 public:
  using Script = std::function<Reply(const std::string& statement)>;

  ScriptedServer() {
    std::string pattern = (std::filesystem::temp_directory_path() / "scripted-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
    directory_ = pattern;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = socket_path();
    if (path.size() >= sizeof address.sun_path) throw std::runtime_error("the temporary directory's name is too long");
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener_ < 0 || ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 8) != 0) {
      throw std::runtime_error("the scripted server cannot listen");
    }
    accepting_ = std::thread([this] { accept_all(); });
  }
  ~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    accepting_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
    }
    for (std::thread& session : sessions_) session.join();
    ::close(listener_);
    std::filesystem::remove_all(directory_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] DatabaseEndpoint endpoint() const {
    DatabaseEndpoint endpoint;
    endpoint.socket = socket_path();
    endpoint.user = "tester";
    return endpoint;
  }
  /// What answers from now on. Called on the session's thread, one statement at a time.
  void answer(Script script) {
    const std::lock_guard lock(mutex_);
    script_ = std::move(script);
  }
  /// The statements since the last call, without those that only set a session up.
  [[nodiscard]] std::vector<std::string> take_statements() {
    const std::lock_guard lock(mutex_);
    return std::exchange(statements_, {});
  }
  /// What sets a session up, of all sessions so far.
  [[nodiscard]] std::vector<std::string> setup_statements() {
    const std::lock_guard lock(mutex_);
    return setup_;
  }
  /// What the client of the newest session said of itself when it opened, as its packet has it.
  [[nodiscard]] std::string last_greeting() {
    const std::lock_guard lock(mutex_);
    return last_greeting_;
  }
  [[nodiscard]] std::uint32_t sessions() const { return opened_.load(); }

 private:
  [[nodiscard]] std::string socket_path() const { return (directory_ / "s").string(); }

  void accept_all() {
    while (true) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0) return;
      const std::lock_guard lock(mutex_);
      sockets_.push_back(socket);
      sessions_.emplace_back([this, socket, id = ++opened_] {
        serve(socket, id);
        ::shutdown(socket, SHUT_RDWR);
      });
    }
  }

  void serve(int socket, std::uint32_t id) {
    std::uint8_t sequence = 0;
    if (!send(socket, greeting(id), sequence)) return;
    auto greeted = receive(socket, sequence);
    if (!greeted) return;
    {
      const std::lock_guard lock(mutex_);
      last_greeting_ = std::move(*greeted);
    }
    if (!send(socket, ok_packet(0), sequence)) return;
    while (const auto command = receive(socket, sequence)) {
      constexpr char kQuit = 1;
      constexpr char kQuery = 3;
      if (command->empty() || command->front() == kQuit) return;
      const Reply reply = command->front() == kQuery ? reply_to(command->substr(1)) : ok();
      if (reply.kind == Reply::Kind::kHangUp || !send(socket, reply, sequence)) return;
    }
  }

  Reply reply_to(const std::string& statement) {
    const std::lock_guard lock(mutex_);
    for (const std::string_view setup : {"SET NAMES", "SET SESSION TRANSACTION", "SET autocommit", "SET CHARACTER SET",
                                         "SHOW SESSION VARIABLES", "SELECT @@version", "SHOW STATUS LIKE 'Ssl"}) {
      if (!statement.starts_with(setup)) continue;
      if (setup.ends_with("Ssl")) return rows({"Variable_name", "Value"}, {{"Ssl_cipher", ""}});
      setup_.push_back(statement);
      return statement.starts_with("SET") ? ok() : rows({"Variable_name", "Value"}, {{"lower_case_table_names", "0"}});
    }
    statements_.push_back(statement);
    return script_ ? script_(statement) : ok();
  }

  // --- packets

  static std::string number(std::uint64_t value, std::size_t bytes) {
    std::string out;
    for (std::size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
    return out;
  }
  static std::string length(std::uint64_t value) {
    if (value < 251) return number(value, 1);
    if (value < 0x10000) return "\xFC" + number(value, 2);
    if (value < 0x1000000) return "\xFD" + number(value, 3);
    return "\xFE" + number(value, 8);
  }
  static std::string text(std::string_view bytes) { return length(bytes.size()) + std::string(bytes); }

  static std::string greeting(std::uint32_t id) {
    // Long password, found rows, long flag, schema on connect, protocol 4.1, transactions, secure connection, several
    // statements and results, authentication plugins, attributes of the session.
    constexpr std::uint32_t kCapabilities =
        0x1 | 0x2 | 0x4 | 0x8 | 0x200 | 0x2000 | 0x8000 | 0x10000 | 0x20000 | 0x80000 | 0x100000;
    std::string packet = "\x0A";
    packet += std::string("10.11.0-scripted") + '\0';
    packet += number(id, 4) + "12345678" + '\0';
    packet += number(kCapabilities & 0xFFFF, 2) + number(45, 1) + number(2, 2) + number(kCapabilities >> 16, 2);
    packet += number(21, 1) + std::string(10, '\0') + "123456789012" + '\0';
    packet += std::string("mysql_native_password") + '\0';
    return packet;
  }
  static std::string ok_packet(std::uint64_t affected) {
    return std::string(1, '\0') + length(affected) + length(0) + number(2, 2) + number(0, 2);
  }
  static std::string end_packet() { return "\xFE" + number(0, 2) + number(2, 2); }
  static std::string column_packet(const std::string& name) {
    return text("def") + text("") + text("") + text("") + text(name) + text(name) + "\x0C" + number(45, 2) +
           number(1024, 4) + "\xFD" + number(0, 2) + number(0, 1) + number(0, 2);
  }

  static bool send(int socket, const Reply& reply, std::uint8_t& sequence) {
    if (reply.kind == Reply::Kind::kOk) return send(socket, ok_packet(reply.affected), sequence);
    if (reply.kind == Reply::Kind::kError) {
      return send(socket, "\xFF" + number(reply.code, 2) + "#HY000" + reply.message, sequence);
    }
    bool good = send(socket, length(reply.names.size()), sequence);
    for (const std::string& name : reply.names) good = good && send(socket, column_packet(name), sequence);
    good = good && send(socket, end_packet(), sequence);
    for (const auto& row : reply.rows) {
      std::string packet;
      for (const Reply::Field& field : row) packet += field ? text(*field) : "\xFB";
      good = good && send(socket, packet, sequence);
    }
    return good && send(socket, end_packet(), sequence);
  }

  static bool send(int socket, const std::string& packet, std::uint8_t& sequence) {
    const std::string bytes = number(packet.size(), 3) + number(sequence++, 1) + packet;
    for (std::size_t sent = 0; sent < bytes.size();) {
      const ssize_t some = ::send(socket, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (some <= 0) return false;
      sent += static_cast<std::size_t>(some);
    }
    return true;
  }

  static bool fill(int socket, char* at, std::size_t size) {
    for (std::size_t got = 0; got < size;) {
      const ssize_t some = ::recv(socket, at + got, size - got, 0);
      if (some <= 0) return false;
      got += static_cast<std::size_t>(some);
    }
    return true;
  }
  static std::optional<std::string> receive(int socket, std::uint8_t& sequence) {
    std::array<char, 4> head{};
    if (!fill(socket, head.data(), head.size())) return std::nullopt;
    const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(head[i])); };
    std::string packet(byte(0) | byte(1) << 8 | byte(2) << 16, '\0');
    if (!fill(socket, packet.data(), packet.size())) return std::nullopt;
    sequence = static_cast<std::uint8_t>(byte(3) + 1);
    return packet;
  }

  std::filesystem::path directory_;
  int listener_ = -1;
  std::thread accepting_;
  std::vector<std::thread> sessions_;  // the accepting thread's, until it has ended
  std::atomic<std::uint32_t> opened_{0};

  std::mutex mutex_;
  std::vector<int> sockets_;             // guarded by mutex_; closed by nobody but the end of the process
  Script script_;                        // guarded by mutex_
  std::vector<std::string> statements_;  // guarded by mutex_
  std::vector<std::string> setup_;       // guarded by mutex_
  std::string last_greeting_;            // guarded by mutex_
};

}  // namespace farshore::mysql::test
