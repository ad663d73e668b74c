#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "binlog/events.hpp"

/// Events made by hand, for tests of what servers seldom do.
namespace farshore::binlog {

/// Bytes in the order of the formats.
class Bytes {
 public:
  template <typename T>
  Bytes& number(T value, std::size_t width = sizeof(T)) {
    out_.append(reinterpret_cast<const char*>(&value), width);
    return *this;
  }
  Bytes& text(std::string_view text) {
    out_ += text;
    return *this;
  }
  [[nodiscard]] const std::string& str() const { return out_; }

 private:
  std::string out_;
};

/// An event that owns its body.
struct MadeEvent {
  EventHeader header;
  std::string body;
  [[nodiscard]] RawEvent raw() const { return {header, body}; }
};

inline MadeEvent made(EventType type, std::string body = {}) {
  MadeEvent event;
  event.header.type = type;
  event.header.timestamp_s = 1'700'000'000;
  event.header.server_id = 7;
  event.header.size = static_cast<std::uint32_t>(EventHeader::kSize + body.size());
  event.body = std::move(body);
  return event;
}

inline MadeEvent made_mysql_gtid(std::uint64_t number) {
  return made(EventType::kGtid, Bytes().number<std::uint8_t>(1).text(std::string(16, '\x11')).number(number).str());
}

inline MadeEvent made_mariadb_gtid(std::uint64_t number, std::uint8_t flags) {
  return made(EventType::kMariadbGtid, Bytes().number(number).number<std::uint32_t>(3).number(flags).str());
}

/// Standalone, as a server of 10.8 or later writes it: with further flags and, for COMMIT and ROLLBACK ALTER, the
/// number of the START ALTER.
inline MadeEvent made_alter_gtid(std::uint64_t number, std::uint8_t further, std::uint64_t start = 0,
                                 bool grouped = false) {
  const std::uint8_t flags = grouped ? 0x2B : 0x29;
  Bytes body;
  body.number(number).number<std::uint32_t>(3).number(flags);
  if (grouped) body.number<std::uint64_t>(99);
  body.number(further);
  if (start != 0) body.number(start);
  std::string bytes = body.str();
  if (bytes.size() < 19) bytes.resize(19, '\0');
  return made(EventType::kMariadbGtid, std::move(bytes));
}

inline MadeEvent made_query(std::string_view sql, std::string_view schema = "shop", std::string_view status = {}) {
  return made(EventType::kQuery, Bytes()
                                     .number<std::uint64_t>(0)
                                     .number(static_cast<std::uint8_t>(schema.size()))
                                     .number<std::uint16_t>(0)
                                     .number(static_cast<std::uint16_t>(status.size()))
                                     .text(status)
                                     .text(schema)
                                     .number<std::uint8_t>(0)
                                     .text(sql)
                                     .str());
}

/// A table of one INT column named "id", its primary key. `metadata`: the optional fields; by default full ones.
inline MadeEvent made_table_map(std::uint64_t table_id, std::string_view name = "t",
                                std::string_view metadata = std::string_view("\x01\x01\x00\x04\x03\x02id\x08\x01\x00",
                                                                             11)) {
  return made(EventType::kTableMap, Bytes()
                                        .number(table_id, 6)
                                        .number<std::uint16_t>(1)
                                        .text(std::string_view("\x04shop\0", 6))
                                        .number(static_cast<std::uint8_t>(name.size()))
                                        .text(name)
                                        .text(std::string_view("\0\x01\x03\0\0", 5))
                                        .text(metadata)
                                        .str());
}

/// One row of that table. `columns` and `present` as they are to stand in the event.
inline MadeEvent made_insert(std::uint64_t table_id, std::int32_t id, std::uint8_t columns = 1,
                             std::uint8_t present = 0xFF, EventType type = EventType::kWriteRows) {
  Bytes body;
  body.number(table_id, 6).number<std::uint16_t>(1);
  if (type == EventType::kWriteRows) body.number<std::uint16_t>(2);
  body.number(columns).number(present).number<std::uint8_t>(0).number(id);
  return made(type, body.str());
}

}  // namespace farshore::binlog
