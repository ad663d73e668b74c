#include "mysql/sql_error.hpp"

#include <gtest/gtest.h>

#include <map>

namespace farshore::mysql {
namespace {

using Kind = SqlErrorKind;

// The numbers as the servers' manuals name them; what they mean to a writer is what the test states.
TEST(SqlErrors, AreToldApartByTheirNumber) {
  const std::map<int, Kind> expected{
      {2006, Kind::kConnectionLost},  // CR_SERVER_GONE_ERROR
      {2013, Kind::kConnectionLost},  // CR_SERVER_LOST
      {1053, Kind::kConnectionLost},  // ER_SERVER_SHUTDOWN
      {1927, Kind::kConnectionLost},  // ER_CONNECTION_KILLED
      {4031, Kind::kConnectionLost},  // ER_CLIENT_INTERACTION_TIMEOUT
      {2002, Kind::kUnreachable},     // CR_CONNECTION_ERROR
      {2003, Kind::kUnreachable},     // CR_CONN_HOST_ERROR
      {1040, Kind::kUnreachable},     // ER_CON_COUNT_ERROR
      {1045, Kind::kAccessDenied},    // ER_ACCESS_DENIED_ERROR
      {1142, Kind::kAccessDenied},    // ER_TABLEACCESS_DENIED_ERROR
      {1227, Kind::kAccessDenied},    // ER_SPECIFIC_ACCESS_DENIED_ERROR
      {2026, Kind::kTls},             // CR_SSL_CONNECTION_ERROR
      {3159, Kind::kTls},             // ER_SECURE_TRANSPORT_REQUIRED
      {1213, Kind::kDeadlock},        // ER_LOCK_DEADLOCK
      {1205, Kind::kLockWait},        // ER_LOCK_WAIT_TIMEOUT
      {1317, Kind::kLockWait},        // ER_QUERY_INTERRUPTED
      {1290, Kind::kReadOnly},        // ER_OPTION_PREVENTS_STATEMENT
      {1836, Kind::kReadOnly},        // ER_READ_ONLY_MODE
      {1021, Kind::kDiskFull},        // ER_DISK_FULL
      {1114, Kind::kDiskFull},        // ER_RECORD_FILE_FULL
      {1206, Kind::kDiskFull},        // ER_LOCK_TABLE_FULL
      {1153, Kind::kPacketTooLarge},  // ER_NET_PACKET_TOO_LARGE
      {1146, Kind::kMissingTable},    // ER_NO_SUCH_TABLE
      {1049, Kind::kMissingTable},    // ER_BAD_DB_ERROR
      {1054, Kind::kMissingColumn},   // ER_BAD_FIELD_ERROR
      {1364, Kind::kMissingColumn},   // ER_NO_DEFAULT_FOR_FIELD
      {1062, Kind::kDuplicate},       // ER_DUP_ENTRY
      {1586, Kind::kDuplicate},       // ER_DUP_ENTRY_WITH_KEY_NAME
      {1406, Kind::kTooNarrow},       // ER_DATA_TOO_LONG
      {1264, Kind::kTooNarrow},       // ER_WARN_DATA_OUT_OF_RANGE
      {1265, Kind::kTooNarrow},       // WARN_DATA_TRUNCATED
      {1366, Kind::kTooNarrow},       // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
      {1526, Kind::kTooNarrow},       // ER_NO_PARTITION_FOR_GIVEN_VALUE
      {1048, Kind::kRefused},         // ER_BAD_NULL_ERROR
      {1452, Kind::kRefused},         // ER_NO_REFERENCED_ROW_2
      {1451, Kind::kRefused},         // ER_ROW_IS_REFERENCED_2
      {3819, Kind::kRefused},         // ER_CHECK_CONSTRAINT_VIOLATED
      {4025, Kind::kRefused},         // ER_CONSTRAINT_FAILED
      {1064, Kind::kOther},           // ER_PARSE_ERROR
      {0, Kind::kOther},
      {-1, Kind::kOther},
      {999'999, Kind::kOther},
  };
  for (const auto& [code, kind] : expected) EXPECT_EQ(kind_of_error_code(code), kind) << code;
}

TEST(SqlErrors, OfTheServersStatePassOfTheRowDoNot) {
  for (const Kind kind : {Kind::kConnectionLost, Kind::kUnreachable, Kind::kDeadlock, Kind::kLockWait, Kind::kReadOnly,
                          Kind::kDiskFull}) {
    EXPECT_TRUE(is_transient(kind)) << static_cast<int>(kind);
  }
  for (const Kind kind : {Kind::kAccessDenied, Kind::kTls, Kind::kPacketTooLarge, Kind::kMissingTable,
                          Kind::kMissingColumn, Kind::kDuplicate, Kind::kTooNarrow, Kind::kRefused, Kind::kOther}) {
    EXPECT_FALSE(is_transient(kind)) << static_cast<int>(kind);
  }
}

TEST(SqlErrors, AreReadByPeopleWithTheirNumber) {
  EXPECT_EQ((SqlError{Kind::kDeadlock, 1213, "40001", "Deadlock found"}).to_string(), "1213 Deadlock found");
  EXPECT_EQ((SqlError{Kind::kTls, 0, "", "the server offers no TLS"}).to_string(), "the server offers no TLS");
}

}  // namespace
}  // namespace farshore::mysql
