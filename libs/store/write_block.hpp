#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "mysql/connection.hpp"

/// Why apply can write nothing at all into its region's database. It cannot write that down there either, so it says it
/// by an advisory lock that its session holds meanwhile: `farshore.blocked.KIND.REGION`. That needs no right, leaves
/// nothing behind, and ends with the session; the gate asks whether anybody holds one.
namespace farshore::store {

enum class WriteBlock : std::uint8_t {
  kServerLock,    ///< over the whole server
  kProgressLock,  ///< on the table farshore.progress, or on rows of it
  kReadOnly,      ///< the server takes no writes
  kDiskFull,      ///< the server has no room
};
inline constexpr std::size_t kWriteBlockCount = 4;

/// A sentence for people, without a full stop: what closes the gate, and where to find more.
[[nodiscard]] std::string_view to_sentence(WriteBlock block);
/// At most 64 characters, as MySQL takes them.
[[nodiscard]] std::string block_name(std::string_view region, WriteBlock block);

/// Does not wait: another session of apply may say it already.
[[nodiscard]] std::expected<void, mysql::SqlError> show_block(mysql::Connection& connection, std::string_view region,
                                                              WriteBlock block);
[[nodiscard]] std::expected<void, mysql::SqlError> hide_block(mysql::Connection& connection, std::string_view region,
                                                              WriteBlock block);
/// What a session of apply says now.
[[nodiscard]] std::expected<std::optional<WriteBlock>, mysql::SqlError> read_block(mysql::Connection& connection,
                                                                                   std::string_view region);

/// A write without rows, which changes nothing: it waits for locks over the whole server and of the schema's tables,
/// and not for those of rows.
[[nodiscard]] std::expected<void, mysql::SqlError> write_nothing(mysql::Connection& connection);

}  // namespace farshore::store
