#include "binlog/query_event.hpp"

#include <cstdint>

#include "base/byte_reader.hpp"

namespace farshore::binlog {
namespace {

/// Status variables of QUERY, each a code (1) and a value whose size the code decides, in the order of the codes:
/// 0 flags (4) | 1 sql_mode (8) | 2 catalog (length 1, text, 0) | 3 AUTO_INCREMENT (4) | 4 collations of client,
/// connection and server (2 each) | ... Both servers write 1 and 4 always. Source: MySQL "Query_event".
void parse_status(ServerKind kind, std::string_view status, QueryEvent& query) {
  constexpr std::uint32_t kNoForeignKeyChecks = 1U << 26;  // of the flags, on both servers
  enum Code : std::uint8_t {
    kFlags = 0,
    kSqlMode = 1,
    kCatalog = 2,
    kAutoIncrement = 3,
    kCollations = 4,
    kTimeZone = 5,
    kCatalogNz = 6
  };
  std::uint64_t sql_mode = 0;
  std::uint32_t collation = 0;
  for (ByteReader reader(status); reader.ok() && !reader.done();) {
    switch (reader.u8()) {
      case kFlags: query.foreign_keys_off = (reader.u32() & kNoForeignKeyChecks) != 0; continue;
      case kAutoIncrement: reader.skip(4); continue;
      case kSqlMode: sql_mode = reader.u64(); continue;
      case kCatalog: reader.skip(reader.u8() + 1U); continue;
      case kTimeZone:
      case kCatalogNz: reader.skip(reader.u8()); continue;
      case kCollations: collation = reader.u16(); break;
      default: break;
    }
    break;  // what follows says nothing of how the text is read
  }
  query.dialect = make_dialect(kind, sql_mode, collation);
}

}  // namespace

/// QUERY: thread (4) seconds (4) schema length (1) error (2) status length (2) [file id (4) from (4) to (4) duplicates
/// (1), only EXECUTE_LOAD_QUERY] status | schema 0 | text
std::optional<QueryEvent> parse_query(ServerKind kind, const RawEvent& raw) {
  ByteReader reader(raw.body);
  reader.skip(8);
  const std::uint8_t schema_length = reader.u8();
  reader.skip(2);
  const std::uint16_t status_length = reader.u16();
  if (raw.header.type == EventType::kExecuteLoadQuery) reader.skip(13);
  const std::string_view status = reader.bytes(status_length);
  QueryEvent query;
  query.default_schema = reader.bytes(schema_length);
  reader.skip(1);
  query.sql = reader.rest();
  if (!reader.ok()) return std::nullopt;
  parse_status(kind, status, query);
  return query;
}

}  // namespace farshore::binlog
