// Rows a second from the decoded events of recorded sysbench binlogs into batches, on one core: row cursor, router,
// numberer, batch builder. The events are decoded once: see bench_binlog for the way up to them.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "binlog/decoder.hpp"
#include "binlog/event_parser.hpp"
#include "capture/counts.hpp"
#include "capture/publish/event_rows.hpp"
#include "change/table_rules.hpp"

namespace farshore::capture {
namespace {

using binlog::Event;

std::string read_recording(const std::string& server) {
  std::ifstream in(FARSHORE_SOURCE_DIR "/tests/bench/binlog/data/" + server + "-sysbench.binlog", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A recording's events that matter to a numbering. They view the bytes, and tables that the decoder keeps.
class Recording {
 public:
  Recording(const std::string& server, ServerKind kind) : bytes_(read_recording(server)), decoder_(kind) {
    binlog::BinlogFileReader reader(bytes_);
    while (!reader.done()) {
      const auto raw = reader.next();
      if (!raw) std::abort();
      const auto event = decoder_.decode(*raw);
      if (!event) std::abort();
      if (event->kind == Event::Kind::kBegin || event->kind == Event::Kind::kRows || event->ends_transaction)
        events_.push_back(*event);
    }
  }
  [[nodiscard]] const std::vector<Event>& events() const { return events_; }

 private:
  const std::string bytes_;
  binlog::EventDecoder decoder_;
  std::vector<Event> events_;
};

/// A capture's numbering whose batches go nowhere.
class Numbering {
 public:
  explicit Numbering(ServerKind kind) : router_(rules_, partitions_, kind, &shapes_) {
    for (std::uint32_t i = 0; i < partitions_.count(); ++i) {
      writers_.emplace_back("east", "main", partitions_.place(Slot(i)).partition, counts_.repeated_rows);
      writers_.back().start({Epoch(1), Incarnation(1)}, Seq(1), {});
    }
  }

  void number(const std::vector<Event>& events) {
    for (const Event& event : events) {
      switch (event.kind) {
        case Event::Kind::kBegin: begin(); break;
        case Event::Kind::kRows:
          if (event_rows_.add(event.rows)) std::abort();
          break;
        case Event::Kind::kNone:
        case Event::Kind::kStatement:
        case Event::Kind::kRollback:
        case Event::Kind::kCommit:
        case Event::Kind::kPrepare:
        case Event::Kind::kXaCommit:
        case Event::Kind::kXaRollback: break;
      }
      if (event.ends_transaction) numberer_.end();
    }
  }
  [[nodiscard]] std::uint64_t rows() const { return numberer_.rows(); }

 private:
  void begin() {
    ++transaction_.serial;
    numberer_.begin(transaction_);
  }
  void send(Slot slot) {
    change::BatchBuilder& builder = writers_[slot.raw()].builder();
    benchmark::DoNotOptimize(builder.finish(local_now()));
    builder.clear();
  }

  const change::TableRules rules_ =
      *change::TableRules::make({{.name = "main", .tables = {"*.*"}, .partitions = 8}}, {});
  const Partitions partitions_{rules_.numbering()};
  Counts::Stream counts_;
  std::vector<PartitionWriter> writers_;
  KeyShapes shapes_{{}};
  RowRouter router_;
  Numberer numberer_{writers_, {}, [this](Slot slot) { send(slot); }};
  EventRows event_rows_{router_, numberer_};
  change::SourceTransaction transaction_{.serial = 0,
                                         .gtid = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1000001",
                                         .commit_time = SourceTime(std::chrono::microseconds(1'767'323'045'700'000)),
                                         .position_before = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-1000000"};
};

void number(benchmark::State& state, const std::string& server, ServerKind kind) {
  const Recording recording(server, kind);
  Numbering numbering(kind);
  for (auto _ : state) numbering.number(recording.events());
  state.SetItemsProcessed(static_cast<std::int64_t>(numbering.rows()));
}
BENCHMARK_CAPTURE(number, mysql, "mysql", ServerKind::kMysql)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(number, mariadb, "mariadb", ServerKind::kMariadb)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace farshore::capture
