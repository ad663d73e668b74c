// Rows a second from recorded sysbench binlogs through framing, decoder and row cursor, on one core.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "binlog/decoder.hpp"
#include "binlog/event_parser.hpp"
#include "binlog/row_cursor.hpp"

namespace farshore::binlog {
namespace {

std::string read_recording(const std::string& server) {
  std::ifstream in(FARSHORE_SOURCE_DIR "/tests/bench/binlog/data/" + server + "-sysbench.binlog", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Decodes the whole recording; gives the number of rows.
std::size_t decode_all(const std::string& bytes, bool verify_checksum, EventDecoder& decoder, RowCursor& cursor) {
  BinlogFileReader reader(bytes, verify_checksum);
  std::size_t rows = 0;
  while (!reader.done()) {
    const auto raw = reader.next();
    if (!raw) std::abort();
    const auto event = decoder.decode(*raw);
    if (!event) std::abort();
    if (event->kind != Event::Kind::kRows) continue;
    cursor.start(event->rows);
    for (RowChange change; cursor.next(change); ++rows) {
      benchmark::DoNotOptimize(change.after.data());
      benchmark::DoNotOptimize(change.before.data());
    }
  }
  return rows;
}

void decode(benchmark::State& state, const std::string& server, ServerKind kind, bool verify_checksum) {
  const std::string bytes = read_recording(server);
  EventDecoder decoder(kind);
  RowCursor cursor;
  std::size_t rows = 0;
  for (auto _ : state) rows += decode_all(bytes, verify_checksum, decoder, cursor);
  state.SetItemsProcessed(static_cast<std::int64_t>(rows));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes.size()));
}

BENCHMARK_CAPTURE(decode, mysql, "mysql", ServerKind::kMysql, true);
BENCHMARK_CAPTURE(decode, mysql_checksum_trusted, "mysql", ServerKind::kMysql, false);
BENCHMARK_CAPTURE(decode, mariadb, "mariadb", ServerKind::kMariadb, true);
BENCHMARK_CAPTURE(decode, mariadb_checksum_trusted, "mariadb", ServerKind::kMariadb, false);

}  // namespace
}  // namespace farshore::binlog
