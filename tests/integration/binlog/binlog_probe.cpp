// Streams from a live server, or reads a binlog file, and prints what EventDecoder and RowCursor make of it, a line an
// event and a row, for the integration tests and for a curious developer.
//
//   binlog_probe mysql|mariadb [--socket PATH | --host HOST --port PORT] --user USER [--password PASSWORD]
//                [--tls disabled|required|verify] [--ca PATH] [--from POSITION] [--server-id N] [--uuid UUID]
//                [--read-timeout MS] [--heartbeat MS] [--follow] [--quiet] | --file PATH
//
// Ends with a line "end KIND: message". Exit code 0 when the stream ended by itself or was at its end.

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "binlog/decoder.hpp"
#include "binlog/row_cursor.hpp"
#include "binlog/stream.hpp"

namespace {

using namespace farshore;
using namespace farshore::binlog;

std::string hex(std::string_view bytes) {
  std::string out = "x'";
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out + "'";
}

bool is_plain(std::string_view bytes) {
  for (const char c : bytes) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7E || c == '\'') return false;
  }
  return true;
}

std::string text_of(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kNull: return "NULL";
    case Value::Kind::kInt: return std::to_string(value.as_int());
    case Value::Kind::kUint: return std::to_string(value.as_uint());
    case Value::Kind::kFloat: return fmt::format("{}", value.as_float());
    case Value::Kind::kDouble: return fmt::format("{}", value.as_double());
    case Value::Kind::kBytes: return is_plain(value.bytes()) ? fmt::format("'{}'", value.bytes()) : hex(value.bytes());
    case Value::Kind::kText: return fmt::format("'{}'", value.bytes());
  }
  return {};
}

/// Prints events; keeps what makes a later event readable.
class Printer {
 public:
  Printer(ServerKind kind, bool quiet) : decoder_(kind), quiet_(quiet) {}

  /// False: the decoder refused.
  bool print(const RawEvent& raw) {
    const auto event = decoder_.decode(raw);
    if (!event) {
      fmt::print("refused {}\n", event.error().to_string());
      return false;
    }
    switch (event->kind) {
      case Event::Kind::kNone: break;
      case Event::Kind::kBegin:
        line(fmt::format("begin {} {}", event->gtid.to_string(), event->commit_time.time_since_epoch().count()));
        break;
      case Event::Kind::kRows: return rows(event->rows);
      case Event::Kind::kStatement:
        line(fmt::format("statement [{}] {}{}", event->default_schema, event->sql,
                         event->ends_transaction ? " (a transaction)" : ""));
        break;
      case Event::Kind::kRollback: line("rollback"); break;
      case Event::Kind::kCommit: line("commit"); break;
      case Event::Kind::kPrepare: line(fmt::format("prepare {}", event->xid)); break;
      case Event::Kind::kXaCommit:
      case Event::Kind::kXaRollback: line(std::string(event->sql)); break;
    }
    return true;
  }

  [[nodiscard]] std::size_t row_count() const { return row_count_; }

 private:
  void line(const std::string& text) const {
    if (quiet_) return;
    fmt::print("{}\n", text);
    std::fflush(stdout);
  }

  static std::string image(const TableShape& shape, std::span<const Value> values) {
    std::string out;
    for (std::size_t i = 0; i < values.size(); ++i) {
      out += fmt::format("{}{}={}", i > 0 ? " " : "", shape.columns[i].name, text_of(values[i]));
    }
    return out;
  }

  bool rows(const RowsEvent& event) {
    if (!event.table->captured) return true;
    constexpr const char* kNames[] = {"insert", "update", "delete"};
    cursor_.start(event);
    for (RowChange change; cursor_.next(change);) {
      ++row_count_;
      if (quiet_) continue;
      std::string text = fmt::format("{} {}", kNames[static_cast<int>(event.op)], event.table->shape->full_name());
      if (!change.before.empty()) text += " before " + image(*event.table->shape, change.before);
      if (!change.after.empty()) text += " after " + image(*event.table->shape, change.after);
      line(text);
    }
    if (!cursor_.error().empty()) fmt::print("refused {}\n", cursor_.error());
    return cursor_.error().empty();
  }

  EventDecoder decoder_;
  RowCursor cursor_;
  const bool quiet_;
  std::size_t row_count_ = 0;
};

const char* name_of(StreamError::Kind kind) {
  switch (kind) {
    case StreamError::Kind::kUnreachable: return "unreachable";
    case StreamError::Kind::kAccessDenied: return "access-denied";
    case StreamError::Kind::kTlsRefused: return "tls-refused";
    case StreamError::Kind::kPurged: return "purged";
    case StreamError::Kind::kHistoryMissing: return "history-missing";
    case StreamError::Kind::kDuplicateServerId: return "duplicate-server-id";
    case StreamError::Kind::kStalled: return "stalled";
    case StreamError::Kind::kClosed: return "closed";
    case StreamError::Kind::kProtocol: return "protocol";
  }
  return "?";
}

int end(StreamError::Kind kind, const std::string& message) {
  fmt::print("end {}: {}\n", name_of(kind), message);
  return kind == StreamError::Kind::kClosed ? 0 : 1;
}

int read_file(const std::string& path, Printer& printer) {
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  BinlogFileReader reader(bytes);
  while (!reader.done()) {
    const auto event = reader.next();
    if (!event) return end(StreamError::Kind::kProtocol, event.error());
    if (!printer.print(*event)) return 1;
  }
  return end(StreamError::Kind::kClosed, "the file ended");
}

/// Reads as capture does: looks whether something is there, and only then takes it.
int read_stream(BinlogStream& stream, Printer& printer) {
  while (true) {
    while (!stream.wait_readable(std::chrono::milliseconds(20))) {
    }
    const auto event = stream.next();
    if (!event) return end(event.error().kind, event.error().message);
    if (!printer.print(*event)) return 1;
  }
}

TlsMode tls_mode(const std::string& name) {
  if (name == "required") return TlsMode::kRequired;
  if (name == "verify") return TlsMode::kVerify;
  return TlsMode::kDisabled;
}

/// "--name value" and "--flag" (value "1") pairs.
std::map<std::string, std::string> read_arguments(int argc, char** argv) {
  std::map<std::string, std::string> arguments;
  for (int i = 2; i < argc; ++i) {
    const std::string name = argv[i];
    const bool is_flag = name == "--follow" || name == "--quiet" || i + 1 == argc;
    arguments[name] = is_flag ? "1" : argv[++i];
  }
  return arguments;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  auto arguments = read_arguments(argc, argv);
  const auto get = [&](const std::string& name, const std::string& otherwise) {
    return arguments.contains(name) ? arguments[name] : otherwise;
  };
  const ServerKind kind = std::string(argv[1]) == "mariadb" ? ServerKind::kMariadb : ServerKind::kMysql;
  Printer printer(kind, arguments.contains("--quiet"));
  if (arguments.contains("--file")) return read_file(arguments["--file"], printer);

  DatabaseEndpoint source;
  source.socket = get("--socket", "");
  source.host = get("--host", "127.0.0.1");
  source.port = static_cast<std::uint16_t>(std::stoi(get("--port", "3306")));
  source.user = get("--user", "root");
  source.password = get("--password", "");
  source.tls.mode = tls_mode(get("--tls", "disabled"));
  source.tls.ca = get("--ca", "");
  StreamOptions options;
  options.server_id = static_cast<std::uint32_t>(std::stoul(get("--server-id", "990099")));
  options.replica_uuid = get("--uuid", "");
  options.read_timeout = std::chrono::milliseconds(std::stoi(get("--read-timeout", "5000")));
  options.heartbeat = std::chrono::milliseconds(std::stoi(get("--heartbeat", "1000")));
  options.stop_at_end = !arguments.contains("--follow");
  const auto from = OriginPosition::parse(get("--from", ""));
  if (!from) return 2;
  auto stream = BinlogStream::open(source, kind, *from, options);
  if (!stream) return end(stream.error().kind, stream.error().message);
  fmt::print("open\n");
  std::fflush(stdout);
  return read_stream(**stream, printer);
}
