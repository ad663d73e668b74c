// Untrusted bytes: whatever is cut off or changed in a recorded binlog, the answer is an error or other values, never a
// read outside of the bytes (run with the address sanitizer).

#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "binlog/json_text.hpp"
#include "recorded.hpp"

namespace farshore::binlog {
namespace {

/// A copy of exactly that size on the heap, so that the sanitizer sees a read past its end.
class ExactBytes {
 public:
  explicit ExactBytes(std::string_view bytes) : bytes_(new char[bytes.size()]), size_(bytes.size()) {
    std::memcpy(bytes_.get(), bytes.data(), bytes.size());
  }
  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }
  char& operator[](std::size_t i) { return bytes_[i]; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

void read_all_rows(const Event& event) {
  if (event.kind != Event::Kind::kRows || !event.rows.table->captured) return;
  RowCursor cursor(event.rows);
  for (RowChange change; cursor.next(change);) {
    for (const std::span<const Value> image : {change.before, change.after}) {
      for (const Value& value : image) {
        const bool has_bytes = value.kind() == Value::Kind::kBytes || value.kind() == Value::Kind::kText;
        if (has_bytes) (void)std::hash<std::string_view>{}(value.bytes());
      }
    }
  }
}

/// Decodes `body` in the place of event `which`, after the events of its transaction that come before it.
void decode_in_place(ServerKind kind, const std::vector<RawEvent>& events, std::size_t which, std::string_view body) {
  std::size_t begin = which;
  const auto begins = [&](std::size_t i) {
    return events[i].header.type == EventType::kGtid || events[i].header.type == EventType::kMariadbGtid;
  };
  while (begin > 0 && !begins(begin)) --begin;
  EventDecoder decoder(kind);
  for (std::size_t i = begin; i < which; ++i) (void)decoder.decode(events[i]);
  const auto event = decoder.decode({events[which].header, body});
  if (event) read_all_rows(*event);
}

class Robustness : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Recordings, Robustness,
                         testing::Values("mysql-types", "mariadb-types", "mysql-transactions", "mariadb-transactions",
                                         "mysql-xa", "mariadb-xa"),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           name[name.find('-')] = '_';
                           return name;
                         });

TEST_P(Robustness, a_file_cut_anywhere_ends_with_an_error_or_between_two_events) {
  const std::string bytes = read_data(std::string(GetParam()) + ".binlog");
  std::size_t whole_files = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const ExactBytes cut(std::string_view(bytes).substr(0, size));
    BinlogFileReader reader(cut.view(), false);
    bool failed = false;
    while (!failed && !reader.done()) failed = !reader.next().has_value();
    if (!failed) ++whole_files;
  }
  EXPECT_GT(whole_files, 0U);
}

TEST_P(Robustness, an_event_cut_anywhere_is_survived) {
  const std::string bytes = read_data(std::string(GetParam()) + ".binlog");
  const std::vector<RawEvent> events = split_events(bytes);
  const ServerKind kind = kind_of_recording(GetParam());
  for (std::size_t i = 0; i < events.size(); ++i) {
    for (std::size_t size = 0; size < events[i].body.size(); ++size) {
      const ExactBytes cut(events[i].body.substr(0, size));
      decode_in_place(kind, events, i, cut.view());
    }
  }
}

TEST_P(Robustness, an_event_with_any_byte_changed_is_survived) {
  const std::string bytes = read_data(std::string(GetParam()) + ".binlog");
  const std::vector<RawEvent> events = split_events(bytes);
  const ServerKind kind = kind_of_recording(GetParam());
  for (std::size_t i = 0; i < events.size(); ++i) {
    for (std::size_t at = 0; at < events[i].body.size(); ++at) {
      for (const unsigned flip : {0xFFU, 0x01U, 0x80U}) {
        ExactBytes changed(events[i].body);
        changed[at] = static_cast<char>(static_cast<unsigned char>(changed[at]) ^ flip);
        decode_in_place(kind, events, i, changed.view());
      }
    }
  }
}

TEST_P(Robustness, a_changed_byte_is_found_by_the_checksum) {
  const std::string bytes = read_data(std::string(GetParam()) + ".binlog");
  for (std::size_t at = 4; at < bytes.size(); at += 97) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    BinlogFileReader reader(changed);
    bool failed = false;
    while (!failed && !reader.done()) failed = !reader.next().has_value();
    EXPECT_TRUE(failed) << at;
  }
}

TEST(JsonRobustness, a_document_cut_or_changed_anywhere_is_survived) {
  Playback playback("mysql-documents.binlog");
  const Event event = playback.next_rows_of("documents");
  const std::string_view rows = event.rows.rows.substr(0, 4096);
  std::string text;
  for (std::size_t size = 0; size < rows.size(); size += 3) {
    RowsEvent cut = event.rows;
    const ExactBytes bytes(rows.substr(0, size));
    cut.rows = bytes.view();
    RowCursor cursor(cut);
    for (RowChange change; cursor.next(change);) {
    }
  }
  for (std::size_t at = 0; at < rows.size(); ++at) {
    ExactBytes bytes(rows);
    bytes[at] = static_cast<char>(bytes[at] ^ 0xFF);
    RowsEvent changed = event.rows;
    changed.rows = bytes.view();
    RowCursor cursor(changed);
    for (RowChange change; cursor.next(change);) {
    }
  }
}

}  // namespace
}  // namespace farshore::binlog
