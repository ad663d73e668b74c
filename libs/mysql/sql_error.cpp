#include "mysql/sql_error.hpp"

#include <algorithm>

namespace farshore::mysql {
namespace {

struct Known {
  int code = 0;
  SqlErrorKind kind = SqlErrorKind::kOther;
};

// Numbers: MySQL "Server Error Message Reference" and "Client Error Message Reference"; MariaDB "Error Codes".
constexpr Known kKnown[] = {
    {2006, SqlErrorKind::kConnectionLost},  // server has gone away
    {2013, SqlErrorKind::kConnectionLost},  // lost connection during query
    {2014, SqlErrorKind::kConnectionLost},  // commands out of sync: the session cannot be trusted any more
    {2027, SqlErrorKind::kConnectionLost},  // malformed packet
    {2055, SqlErrorKind::kConnectionLost},  // lost connection, with system error
    {1053, SqlErrorKind::kConnectionLost},  // server shutdown in progress
    {1080, SqlErrorKind::kConnectionLost},  // forcing close of thread
    {1152, SqlErrorKind::kConnectionLost},  // aborted connection
    {1158, SqlErrorKind::kConnectionLost},  // error reading communication packets
    {1159, SqlErrorKind::kConnectionLost},  // timeout reading
    {1160, SqlErrorKind::kConnectionLost},  // error writing
    {1161, SqlErrorKind::kConnectionLost},  // timeout writing
    {1184, SqlErrorKind::kConnectionLost},  // new aborted connection
    {1927, SqlErrorKind::kConnectionLost},  // connection was killed (MariaDB)
    {4031, SqlErrorKind::kConnectionLost},  // disconnected because of inactivity (MySQL)
    {2001, SqlErrorKind::kUnreachable},
    {2002, SqlErrorKind::kUnreachable},
    {2003, SqlErrorKind::kUnreachable},
    {2005, SqlErrorKind::kUnreachable},
    {1040, SqlErrorKind::kUnreachable},  // too many connections
    {1129, SqlErrorKind::kUnreachable},  // host is blocked
    {1203, SqlErrorKind::kUnreachable},  // max_user_connections
    {1226, SqlErrorKind::kUnreachable},  // a resource limit of the account
    {1044, SqlErrorKind::kAccessDenied},
    {1045, SqlErrorKind::kAccessDenied},
    {1130, SqlErrorKind::kAccessDenied},
    {1142, SqlErrorKind::kAccessDenied},
    {1143, SqlErrorKind::kAccessDenied},
    {1227, SqlErrorKind::kAccessDenied},
    {1251, SqlErrorKind::kAccessDenied},  // authentication protocol not supported
    {1370, SqlErrorKind::kAccessDenied},
    {1524, SqlErrorKind::kAccessDenied},  // authentication plugin not loaded
    {1698, SqlErrorKind::kAccessDenied},
    {1820, SqlErrorKind::kAccessDenied},  // password must be changed
    {1862, SqlErrorKind::kAccessDenied},  // password expired
    {2049, SqlErrorKind::kAccessDenied},
    {2058, SqlErrorKind::kAccessDenied},  // authentication plugin cannot be loaded
    {2059, SqlErrorKind::kAccessDenied},
    {2061, SqlErrorKind::kAccessDenied},  // authentication plugin reports an error
    {3118, SqlErrorKind::kAccessDenied},  // account locked
    {4151, SqlErrorKind::kAccessDenied},  // account locked (MariaDB)
    {2026, SqlErrorKind::kTls},
    {3159, SqlErrorKind::kTls},  // the server requires secure transport
    {1213, SqlErrorKind::kDeadlock},
    {1020, SqlErrorKind::kDeadlock},  // record has changed since last read (MariaDB 11.6 and later)
    {1180, SqlErrorKind::kDeadlock},  // error during COMMIT
    {3101, SqlErrorKind::kDeadlock},  // the group's certification rolled the transaction back
    {3058, SqlErrorKind::kDeadlock},  // user lock deadlock
    {1205, SqlErrorKind::kLockWait},
    {1317, SqlErrorKind::kLockWait},  // the query was killed, not the session
    {1969, SqlErrorKind::kLockWait},  // max_statement_time (MariaDB)
    {3024, SqlErrorKind::kLockWait},  // max_execution_time (MySQL)
    {1637, SqlErrorKind::kLockWait},  // too many active concurrent transactions
    {1412, SqlErrorKind::kLockWait},  // table definition has changed, please retry
    {1615, SqlErrorKind::kLockWait},  // prepared statement needs to be prepared again
    {1047, SqlErrorKind::kLockWait},  // node is not ready (Galera)
    {1290, SqlErrorKind::kReadOnly},  // --read-only, --super-read-only
    {1792, SqlErrorKind::kReadOnly},  // read only transaction
    {1836, SqlErrorKind::kReadOnly},  // read only mode
    {3, SqlErrorKind::kDiskFull},     // error writing a file
    {1021, SqlErrorKind::kDiskFull},  // disk full
    {1026, SqlErrorKind::kDiskFull},  // error writing a file
    {1030, SqlErrorKind::kDiskFull},  // error from the storage engine: nearly always the disk
    {1041, SqlErrorKind::kDiskFull},  // out of memory
    {1114, SqlErrorKind::kDiskFull},  // the table is full
    {1206, SqlErrorKind::kDiskFull},  // the lock table is full
    {1598, SqlErrorKind::kDiskFull},  // binary logging is not possible
    {1037, SqlErrorKind::kDiskFull},
    {1038, SqlErrorKind::kDiskFull},
    {1153, SqlErrorKind::kPacketTooLarge},
    {2020, SqlErrorKind::kPacketTooLarge},
    {1049, SqlErrorKind::kMissingTable},
    {1051, SqlErrorKind::kMissingTable},
    {1146, SqlErrorKind::kMissingTable},
    {1347, SqlErrorKind::kMissingTable},  // not a base table
    {1356, SqlErrorKind::kMissingTable},
    {1054, SqlErrorKind::kMissingColumn},
    {1136, SqlErrorKind::kMissingColumn},
    {1166, SqlErrorKind::kMissingColumn},
    {1176, SqlErrorKind::kMissingColumn},  // key does not exist in table
    {1364, SqlErrorKind::kMissingColumn},  // no default
    {1906, SqlErrorKind::kMissingColumn},  // the value of a generated column was given (MariaDB)
    {3105, SqlErrorKind::kMissingColumn},  // the value of a generated column was given (MySQL)
    {1022, SqlErrorKind::kDuplicate},
    {1062, SqlErrorKind::kDuplicate},
    {1169, SqlErrorKind::kDuplicate},
    {1586, SqlErrorKind::kDuplicate},
    {1859, SqlErrorKind::kDuplicate},
    {1115, SqlErrorKind::kTooNarrow},  // unknown character set
    {1264, SqlErrorKind::kTooNarrow},
    {1265, SqlErrorKind::kTooNarrow},
    {1273, SqlErrorKind::kTooNarrow},  // unknown collation
    {1366, SqlErrorKind::kTooNarrow},
    {1526, SqlErrorKind::kTooNarrow},  // no partition of the table takes the value
    {1406, SqlErrorKind::kTooNarrow},
    {3854, SqlErrorKind::kTooNarrow},  // cannot convert the string to the column's character set
    {3988, SqlErrorKind::kTooNarrow},
    {1048, SqlErrorKind::kRefused},
    {1216, SqlErrorKind::kRefused},
    {1217, SqlErrorKind::kRefused},
    {1292, SqlErrorKind::kRefused},
    {1411, SqlErrorKind::kRefused},
    {1451, SqlErrorKind::kRefused},
    {1452, SqlErrorKind::kRefused},
    {1644, SqlErrorKind::kRefused},  // SIGNAL in a trigger
    {1690, SqlErrorKind::kRefused},
    {1761, SqlErrorKind::kRefused},
    {1762, SqlErrorKind::kRefused},
    {3140, SqlErrorKind::kRefused},  // invalid JSON
    {3141, SqlErrorKind::kRefused},
    {3144, SqlErrorKind::kRefused},
    {3150, SqlErrorKind::kRefused},  // JSON that is too large
    {3151, SqlErrorKind::kRefused},  // with a name that is too long
    {3156, SqlErrorKind::kRefused},  // a value inside is of another type
    {3157, SqlErrorKind::kRefused},  // nested too deep
    {3669, SqlErrorKind::kRefused},  // a value inside is out of range
    {3819, SqlErrorKind::kRefused},  // check constraint (MySQL)
    {3903, SqlErrorKind::kRefused},
    {4025, SqlErrorKind::kRefused},  // check constraint (MariaDB)
};

}  // namespace

SqlErrorKind kind_of_error_code(int code) {
  const auto known = std::ranges::find(kKnown, code, &Known::code);
  return known == std::ranges::end(kKnown) ? SqlErrorKind::kOther : known->kind;
}

bool is_transient(SqlErrorKind kind) {
  switch (kind) {
    case SqlErrorKind::kConnectionLost:
    case SqlErrorKind::kUnreachable:
    case SqlErrorKind::kDeadlock:
    case SqlErrorKind::kLockWait:
    case SqlErrorKind::kReadOnly:
    case SqlErrorKind::kDiskFull: return true;
    case SqlErrorKind::kAccessDenied:
    case SqlErrorKind::kTls:
    case SqlErrorKind::kPacketTooLarge:
    case SqlErrorKind::kMissingTable:
    case SqlErrorKind::kMissingColumn:
    case SqlErrorKind::kDuplicate:
    case SqlErrorKind::kTooNarrow:
    case SqlErrorKind::kRefused:
    case SqlErrorKind::kOther: return false;
  }
  return false;
}

std::string SqlError::to_string() const {
  if (code == 0) return message;
  return std::to_string(code) + " " + message;
}

}  // namespace farshore::mysql
