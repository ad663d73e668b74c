#include "store/write_block.hpp"

#include <fmt/format.h>

#include <array>
#include <functional>

#include "mysql/literal.hpp"

namespace farshore::store {
namespace {

constexpr std::size_t kLockNameMax = 64;
constexpr std::array<WriteBlock, kWriteBlockCount> kBlocks{WriteBlock::kServerLock, WriteBlock::kProgressLock,
                                                           WriteBlock::kReadOnly, WriteBlock::kDiskFull};

std::string_view kind_of(WriteBlock block) {
  switch (block) {
    case WriteBlock::kServerLock: return "server-lock";
    case WriteBlock::kProgressLock: return "progress-lock";
    case WriteBlock::kReadOnly: return "read-only";
    case WriteBlock::kDiskFull: return "disk-full";
  }
  return "server-lock";
}

std::expected<void, mysql::SqlError> run(mysql::Connection& connection, const std::string& sql) {
  const auto done = connection.execute(sql);
  if (!done) return std::unexpected(done.error());
  return {};
}

}  // namespace

std::string_view to_sentence(WriteBlock block) {
  switch (block) {
    case WriteBlock::kServerLock:
      return "apply waits for a lock over the whole server here (FLUSH TABLES WITH READ LOCK, or a backup's), "
             "and goes on by itself when that ends";
    case WriteBlock::kProgressLock:
      return "apply waits for a lock on farshore.progress here, and goes on by itself when that ends: apply's /readyz "
             "says which";
    case WriteBlock::kReadOnly:
      return "the database server here is read-only, and apply cannot write: make it writable, or point "
             "database.address at the one that is";
    case WriteBlock::kDiskFull:
      return "the database server here has no room, and apply cannot write: apply's /readyz has the server's words";
  }
  return "";
}

std::string block_name(std::string_view region, WriteBlock block) {
  std::string name = fmt::format("farshore.blocked.{}.{}", kind_of(block), region);
  if (name.size() <= kLockNameMax) return name;
  return fmt::format("farshore.blocked.{}.{:016x}", kind_of(block), std::hash<std::string_view>()(region));
}

std::expected<void, mysql::SqlError> show_block(mysql::Connection& connection, std::string_view region,
                                                WriteBlock block) {
  return run(connection, fmt::format("DO GET_LOCK({}, 0)", mysql::text_literal(block_name(region, block))));
}

std::expected<void, mysql::SqlError> hide_block(mysql::Connection& connection, std::string_view region,
                                                WriteBlock block) {
  return run(connection, fmt::format("DO RELEASE_LOCK({})", mysql::text_literal(block_name(region, block))));
}

std::expected<std::optional<WriteBlock>, mysql::SqlError> read_block(mysql::Connection& connection,
                                                                     std::string_view region) {
  std::string sql = "SELECT ";
  for (const WriteBlock block : kBlocks) {
    sql += fmt::format("{}IS_USED_LOCK({})", block == kBlocks.front() ? "" : ", ",
                       mysql::text_literal(block_name(region, block)));
  }
  const auto rows = connection.query(sql);
  if (!rows) return std::unexpected(rows.error());
  for (std::size_t i = 0; i < kBlocks.size() && !rows->empty(); ++i) {
    if (rows->rows[0][i]) return kBlocks[i];
  }
  return std::optional<WriteBlock>();
}

std::expected<void, mysql::SqlError> write_nothing(mysql::Connection& connection) {
  return run(connection, "UPDATE farshore.channel_offset SET kafka_offset=kafka_offset WHERE FALSE");
}

}  // namespace farshore::store
