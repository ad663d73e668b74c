#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/endpoint.hpp"
#include "mysql/sql_error.hpp"

namespace farshore::mysql {

/// What a session is set to when it opens. Always: utf8mb4, UTC, errors in English, READ COMMITTED, unique keys
/// checked, a strict sql_mode that takes zero and invalid dates as the source had them and stores 0 in an
/// AUTO_INCREMENT column.
struct SessionSettings {
  std::chrono::seconds connect_timeout{5};
  /// An answer that takes longer ends the session (kConnectionLost).
  std::chrono::seconds read_timeout{30};
  /// The server ends a session that is silent for so long, and frees its locks. 0: as the server has it.
  std::chrono::seconds wait_timeout{0};
  /// innodb_lock_wait_timeout. 0: as the server has it.
  std::chrono::seconds lock_wait_timeout{0};
  /// lock_wait_timeout: for locks of tables and of the whole server. 0: as the server has it, which is a day or a year.
  std::chrono::seconds metadata_wait_timeout{0};
  bool foreign_key_checks = true;
  bool autocommit = true;
  std::string program_name;  ///< for people: in performance_schema.session_connect_attrs
};

/// The answer to a query: names, and rows of text. For small answers; every row is held.
struct Rows {
  using Field = std::optional<std::string>;
  std::vector<std::string> names;
  std::vector<std::vector<Field>> rows;

  [[nodiscard]] bool empty() const { return rows.empty(); }
  [[nodiscard]] std::size_t size() const { return rows.size(); }
  /// The field, or an empty text for NULL. Asserts that it exists.
  [[nodiscard]] const std::string& text(std::size_t row, std::size_t column) const;
  [[nodiscard]] std::int64_t integer(std::size_t row, std::size_t column) const;
  [[nodiscard]] std::uint64_t unsigned_integer(std::size_t row, std::size_t column) const;
  /// The place of a column by its name, whatever its case.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
};

/// One session with a server. Blocking; one thread at a time; moves, does not copy. Never reconnects by itself: after
/// kConnectionLost open another one, and look again at what the last transaction did.
class Connection {
 public:
  static std::expected<Connection, SqlError> open(const DatabaseEndpoint& endpoint, const SessionSettings& settings);
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  /// Runs a statement that returns no rows. The number of rows found (an UPDATE that changes nothing counts its row).
  std::expected<std::uint64_t, SqlError> execute(std::string_view sql);
  std::expected<Rows, SqlError> query(std::string_view sql);
  std::expected<void, SqlError> commit();
  std::expected<void, SqlError> rollback();

  /// The server's max_allowed_packet: a statement above it is refused here (kPacketTooLarge), where the server would
  /// end the session. Without this call none is refused.
  void limit_packets(std::size_t bytes);
  [[nodiscard]] std::size_t packet_limit() const;

  /// A lost connection was seen: only destruction is left.
  [[nodiscard]] bool lost() const;

 private:
  struct Impl;
  explicit Connection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace farshore::mysql
