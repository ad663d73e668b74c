#include "mysql/sql_error.hpp"

namespace farshore::mysql {

// Numbers: MySQL "Server Error Message Reference" and "Client Error Message Reference"; MariaDB "Error Codes".
SqlErrorKind kind_of_error_code(int code) {
  switch (code) {
    case 2006:  // server has gone away
    case 2013:  // lost connection during query
    case 2014:  // commands out of sync: the session cannot be trusted any more
    case 2027:  // malformed packet
    case 2055:  // lost connection, with system error
    case 1053:  // server shutdown in progress
    case 1080:  // forcing close of thread
    case 1152:  // aborted connection
    case 1158:  // error reading communication packets
    case 1159:  // timeout reading
    case 1160:  // error writing
    case 1161:  // timeout writing
    case 1184:  // new aborted connection
    case 1927:  // connection was killed (MariaDB)
    case 4031:  // disconnected because of inactivity (MySQL)
      return SqlErrorKind::kConnectionLost;
    case 2001:
    case 2002:
    case 2003:
    case 2005:
    case 1040:  // too many connections
    case 1129:  // host is blocked
    case 1203:  // max_user_connections
    case 1226:  // a resource limit of the account
      return SqlErrorKind::kUnreachable;
    case 1044:
    case 1045:
    case 1130:
    case 1142:
    case 1143:
    case 1227:
    case 1251:  // authentication protocol not supported
    case 1370:
    case 1524:  // authentication plugin not loaded
    case 1698:
    case 1820:  // password must be changed
    case 1862:  // password expired
    case 2049:
    case 2058:  // authentication plugin cannot be loaded
    case 2059:
    case 2061:  // authentication plugin reports an error
    case 3118:  // account locked
    case 4151:  // account locked (MariaDB)
      return SqlErrorKind::kAccessDenied;
    case 2026:
    case 3159:  // the server requires secure transport
      return SqlErrorKind::kTls;
    case 1213:
    case 1020:  // record has changed since last read (MariaDB 11.6 and later)
    case 1180:  // error during COMMIT
    case 3101:  // the group's certification rolled the transaction back
    case 3058:  // user lock deadlock
      return SqlErrorKind::kDeadlock;
    case 1205:
    case 1317:  // the query was killed, not the session
    case 1969:  // max_statement_time (MariaDB)
    case 3024:  // max_execution_time (MySQL)
    case 1637:  // too many active concurrent transactions
    case 1412:  // table definition has changed, please retry
    case 1615:  // prepared statement needs to be prepared again
    case 1047:  // node is not ready (Galera)
      return SqlErrorKind::kLockWait;
    case 1290:  // --read-only, --super-read-only
    case 1792:  // read only transaction
    case 1836:  // read only mode
      return SqlErrorKind::kReadOnly;
    case 3:     // error writing a file
    case 1021:  // disk full
    case 1026:  // error writing a file
    case 1030:  // error from the storage engine: nearly always the disk
    case 1041:  // out of memory
    case 1114:  // the table is full
    case 1206:  // the lock table is full
    case 1598:  // binary logging is not possible
    case 1037:
    case 1038: return SqlErrorKind::kDiskFull;
    case 1153:
    case 2020: return SqlErrorKind::kPacketTooLarge;
    case 1049:
    case 1051:
    case 1146:
    case 1347:  // not a base table
    case 1356: return SqlErrorKind::kMissingTable;
    case 1054:
    case 1136:
    case 1166:
    case 1176:  // key does not exist in table
    case 1364:  // no default
    case 1906:  // the value of a generated column was given (MariaDB)
    case 3105:  // the value of a generated column was given (MySQL)
      return SqlErrorKind::kMissingColumn;
    case 1022:
    case 1062:
    case 1169:
    case 1586:
    case 1859: return SqlErrorKind::kDuplicate;
    case 1115:  // unknown character set
    case 1264:
    case 1265:
    case 1273:  // unknown collation
    case 1366:
    case 1526:  // no partition of the table takes the value
    case 1406:
    case 3854:  // cannot convert the string to the column's character set
    case 3988: return SqlErrorKind::kTooNarrow;
    case 1048:
    case 1216:
    case 1217:
    case 1292:
    case 1411:
    case 1451:
    case 1452:
    case 1644:  // SIGNAL in a trigger
    case 1690:
    case 1761:
    case 1762:
    case 3140:  // invalid JSON
    case 3141:
    case 3144:
    case 3150:  // JSON that is too large
    case 3151:  // with a name that is too long
    case 3156:  // a value inside is of another type
    case 3157:  // nested too deep
    case 3669:  // a value inside is out of range
    case 3819:  // check constraint (MySQL)
    case 3903:
    case 4025:  // check constraint (MariaDB)
      return SqlErrorKind::kRefused;
    default: return SqlErrorKind::kOther;
  }
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
