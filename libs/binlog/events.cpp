#include "binlog/events.hpp"

namespace farshore::binlog {

std::string_view to_string(EventType type) {
  switch (type) {
    case EventType::kUnknown: return "UNKNOWN";
    case EventType::kQuery: return "QUERY";
    case EventType::kStop: return "STOP";
    case EventType::kRotate: return "ROTATE";
    case EventType::kIntvar: return "INTVAR";
    case EventType::kAppendBlock: return "APPEND_BLOCK";
    case EventType::kDeleteFile: return "DELETE_FILE";
    case EventType::kRand: return "RAND";
    case EventType::kUserVar: return "USER_VAR";
    case EventType::kFormatDescription: return "FORMAT_DESCRIPTION";
    case EventType::kXid: return "XID";
    case EventType::kBeginLoadQuery: return "BEGIN_LOAD_QUERY";
    case EventType::kExecuteLoadQuery: return "EXECUTE_LOAD_QUERY";
    case EventType::kTableMap: return "TABLE_MAP";
    case EventType::kWriteRowsV1: return "WRITE_ROWS_V1";
    case EventType::kUpdateRowsV1: return "UPDATE_ROWS_V1";
    case EventType::kDeleteRowsV1: return "DELETE_ROWS_V1";
    case EventType::kIncident: return "INCIDENT";
    case EventType::kHeartbeat: return "HEARTBEAT";
    case EventType::kIgnorable: return "IGNORABLE";
    case EventType::kRowsQuery: return "ROWS_QUERY";
    case EventType::kWriteRows: return "WRITE_ROWS";
    case EventType::kUpdateRows: return "UPDATE_ROWS";
    case EventType::kDeleteRows: return "DELETE_ROWS";
    case EventType::kGtid: return "GTID";
    case EventType::kAnonymousGtid: return "ANONYMOUS_GTID";
    case EventType::kPreviousGtids: return "PREVIOUS_GTIDS";
    case EventType::kTransactionContext: return "TRANSACTION_CONTEXT";
    case EventType::kViewChange: return "VIEW_CHANGE";
    case EventType::kXaPrepare: return "XA_PREPARE";
    case EventType::kPartialUpdateRows: return "PARTIAL_UPDATE_ROWS";
    case EventType::kTransactionPayload: return "TRANSACTION_PAYLOAD";
    case EventType::kHeartbeatV2: return "HEARTBEAT_V2";
    case EventType::kGtidTagged: return "GTID_TAGGED";
    case EventType::kMariadbAnnotateRows: return "ANNOTATE_ROWS";
    case EventType::kMariadbBinlogCheckpoint: return "BINLOG_CHECKPOINT";
    case EventType::kMariadbGtid: return "GTID";
    case EventType::kMariadbGtidList: return "GTID_LIST";
    case EventType::kMariadbStartEncryption: return "START_ENCRYPTION";
    case EventType::kMariadbQueryCompressed: return "QUERY_COMPRESSED";
    case EventType::kMariadbWriteRowsCompressed: return "WRITE_ROWS_COMPRESSED";
    case EventType::kMariadbUpdateRowsCompressed: return "UPDATE_ROWS_COMPRESSED";
    case EventType::kMariadbDeleteRowsCompressed: return "DELETE_ROWS_COMPRESSED";
    case EventType::kMariadbPartialRowData: return "PARTIAL_ROW_DATA";
  }
  return "UNKNOWN";
}

}  // namespace farshore::binlog
