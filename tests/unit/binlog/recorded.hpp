#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "binlog/decoder.hpp"
#include "binlog/event_parser.hpp"
#include "binlog/row_cursor.hpp"
#include "unit/source_tree.hpp"

/// Binlogs recorded from real servers (data/record), for tests.
namespace farshore::binlog {

inline std::string read_data(const std::string& name) {
  std::ifstream in(test::source_path("tests/unit/binlog/data/" + name), std::ios::binary);
  EXPECT_TRUE(in.good()) << name;
  return {std::istreambuf_iterator<char>(in), {}};
}

inline ServerKind kind_of_recording(std::string_view name) {
  return name.starts_with("mariadb") ? ServerKind::kMariadb : ServerKind::kMysql;
}

/// The events of a recording; they view `bytes`.
inline std::vector<RawEvent> split_events(const std::string& bytes) {
  std::vector<RawEvent> events;
  BinlogFileReader reader(bytes);
  while (!reader.done()) {
    auto event = reader.next();
    EXPECT_TRUE(event.has_value()) << event.error();
    if (!event) break;
    events.push_back(*event);
  }
  return events;
}

/// A recording played through a decoder, one step a call.
class Playback {
 public:
  explicit Playback(const std::string& name)
      : bytes_(read_data(name)), events_(split_events(bytes_)), decoder_(kind_of_recording(name)) {}

  EventDecoder& decoder() { return decoder_; }

  /// The next event that carries something, kNone at the end.
  Event next() {
    while (at_ < events_.size()) {
      const auto event = decoder_.decode(events_[at_++]);
      EXPECT_TRUE(event.has_value()) << event.error().to_string();
      if (!event) return {};
      if (event->kind != Event::Kind::kNone) return *event;
    }
    return {};
  }

  /// The next rows of that table.
  Event next_rows_of(std::string_view table) {
    while (true) {
      const Event event = next();
      if (event.kind == Event::Kind::kNone) {
        ADD_FAILURE() << "no more rows of " << table;
        std::abort();
      }
      if (event.kind == Event::Kind::kRows && event.rows.table->name == table) return event;
    }
  }

 private:
  const std::string bytes_;
  const std::vector<RawEvent> events_;
  EventDecoder decoder_;
  std::size_t at_ = 0;
};

}  // namespace farshore::binlog
