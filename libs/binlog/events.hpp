#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace farshore::binlog {

/// Type codes of binlog events. Codes below 160 are MySQL's (MariaDB shares those up to 27), codes from 160 MariaDB's.
/// Sources: MySQL "Binlog::EventType"; MariaDB "2-Binlog Event Header".
enum class EventType : std::uint8_t {
  kUnknown = 0,
  kQuery = 2,
  kStop = 3,
  kRotate = 4,
  kIntvar = 5,
  kAppendBlock = 9,
  kDeleteFile = 11,
  kRand = 13,
  kUserVar = 14,
  kFormatDescription = 15,
  kXid = 16,
  kBeginLoadQuery = 17,
  kExecuteLoadQuery = 18,
  kTableMap = 19,
  kWriteRowsV1 = 23,
  kUpdateRowsV1 = 24,
  kDeleteRowsV1 = 25,
  kIncident = 26,
  kHeartbeat = 27,
  kIgnorable = 28,
  kRowsQuery = 29,
  kWriteRows = 30,
  kUpdateRows = 31,
  kDeleteRows = 32,
  kGtid = 33,
  kAnonymousGtid = 34,
  kPreviousGtids = 35,
  kTransactionContext = 36,
  kViewChange = 37,
  kXaPrepare = 38,
  kPartialUpdateRows = 39,
  kTransactionPayload = 40,
  kHeartbeatV2 = 41,
  kGtidTagged = 42,
  kMariadbAnnotateRows = 160,
  kMariadbBinlogCheckpoint = 161,
  kMariadbGtid = 162,
  kMariadbGtidList = 163,
  kMariadbStartEncryption = 164,
  kMariadbQueryCompressed = 165,
  kMariadbWriteRowsCompressed = 166,
  kMariadbUpdateRowsCompressed = 167,
  kMariadbDeleteRowsCompressed = 168,
  kMariadbPartialRowData = 172,
};

/// What the source sends when it has nothing more: not in its files.
[[nodiscard]] constexpr bool is_heartbeat(EventType type) {
  return type == EventType::kHeartbeat || type == EventType::kHeartbeatV2;
}

/// The type's name as the servers print it, or "UNKNOWN".
[[nodiscard]] std::string_view to_string(EventType type);

/// The 19 bytes that begin every event.
///
///   0 u32 timestamp, seconds | 4 u8 type | 5 u32 server id | 9 u32 size, header and checksum included
///   13 u32 position of the next event in its file, 0: not known | 17 u16 flags
struct EventHeader {
  static constexpr std::size_t kSize = 19;
  static constexpr std::uint16_t kFlagThreadSpecific = 0x4;  ///< the statement depends on its session: temporary tables
  static constexpr std::uint16_t kFlagArtificial = 0x20;     ///< made by the dump thread, not in the file
  static constexpr std::uint16_t kFlagIgnorable = 0x80;      ///< an unknown event with it carries nothing that matters

  std::uint32_t timestamp_s = 0;
  EventType type = EventType::kUnknown;
  std::uint32_t server_id = 0;
  std::uint32_t size = 0;
  std::uint32_t log_pos = 0;
  std::uint16_t flags = 0;
};

/// An event as it was received. The body is without header and without checksum.
struct RawEvent {
  EventHeader header;
  std::string_view body;
};

/// Where an event is in the source's binlog, for people.
struct BinlogFilePosition {
  std::string file;
  std::uint64_t offset = 0;
  [[nodiscard]] std::string to_string() const { return file + ":" + std::to_string(offset); }
};

}  // namespace farshore::binlog
