#include "capture/publish/prepared_transactions.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/byte_reader.hpp"
#include "change/epoch_start.hpp"
#include "change/limits.hpp"

namespace farshore::capture {

namespace {

/// In the checkpoint, with room for lengths and tags.
std::size_t bytes_of(const change::PreparedTransaction& one) {
  constexpr std::size_t kOverhead = 8;
  std::size_t bytes = 4 * kOverhead + one.xid.size() + one.events.size();
  for (const std::string& table : one.tables) bytes += kOverhead + table.size();
  return bytes;
}

}  // namespace

PreparedTransactions::PreparedTransactions(std::vector<change::PreparedTransaction> kept) : all_(std::move(kept)) {
  for (const auto& one : all_) bytes_ += bytes_of(one);
}

void PreparedTransactions::begin() {
  under_way_.xid.clear();
  under_way_.tables.clear();
  under_way_.events.clear();
  tables_.clear();
  finished_.clear();
  lost_ = false;
}

/// Described before each, as what describes it may stand before rows that were rolled back.
void PreparedTransactions::add_rows(const binlog::RowsEvent& rows, const binlog::RawEvent& raw) {
  constexpr std::size_t kTableIdSize = 6;
  constexpr std::string_view kNoFlags("\0\0", 2);
  const binlog::TableMap& table = *rows.table;
  tables_.add(table.schema, table.name);
  if (!table.captured) return;
  keep(binlog::EventType::kTableMap, raw.header.timestamp_s,
       {raw.body.substr(0, kTableIdSize), kNoFlags, table.definition});
  keep(raw.header.type, raw.header.timestamp_s, {raw.body});
}

void PreparedTransactions::lose_rows() {
  lost_ = true;
  under_way_.events.clear();
}

const change::PreparedTransaction& PreparedTransactions::under_way() {
  under_way_.tables = change::texts_of(tables_.names());
  return under_way_;
}

void PreparedTransactions::prepare(std::string_view xid) {
  (void)under_way();
  under_way_.xid = xid;
  if (bytes_of(under_way_) > change::kPreparedBytesMax) under_way_.events.clear();
  if (bytes_of(under_way_) > change::kPreparedBytesMax) under_way_.tables = {std::string(change::kAllTables)};
}

void PreparedTransactions::end() {
  if (!finished_.empty()) forget(finished_);
  if (under_way_.xid.empty()) return;
  forget(under_way_.xid);
  const std::size_t bytes = bytes_of(under_way_);
  make_room(bytes);
  bytes_ += bytes;
  all_.push_back(std::exchange(under_way_, {}));
}

const change::PreparedTransaction* PreparedTransactions::find(std::string_view xid) const {
  const auto found = std::ranges::find(all_, xid, &change::PreparedTransaction::xid);
  return found == all_.end() ? nullptr : &*found;
}

void PreparedTransactions::keep(binlog::EventType type, std::uint32_t timestamp_s,
                                std::initializer_list<std::string_view> body) {
  if (lost_) return;
  std::uint32_t size = 0;
  for (const std::string_view part : body) size += static_cast<std::uint32_t>(part.size());
  if (under_way_.events.size() + size > change::kPreparedBytesMax) return lose_rows();
  under_way_.events += static_cast<char>(type);
  under_way_.events.append(reinterpret_cast<const char*>(&timestamp_s), sizeof(timestamp_s));
  under_way_.events.append(reinterpret_cast<const char*>(&size), sizeof(size));
  for (const std::string_view part : body) under_way_.events += part;
}

/// The oldest give way, rows first: where a server loses a prepared transaction, its end never comes.
void PreparedTransactions::make_room(std::size_t bytes) {
  const auto fits = [&] { return bytes_ + bytes <= change::kPreparedBytesMax; };
  for (auto one = all_.begin(); one != all_.end() && !fits(); ++one) bytes_ -= std::exchange(one->events, {}).size();
  while (!all_.empty() && (all_.size() >= change::kPreparedMax || !fits())) forget(std::string(all_.front().xid));
}

void PreparedTransactions::forget(std::string_view xid) {
  const auto found = std::ranges::find(all_, xid, &change::PreparedTransaction::xid);
  if (found == all_.end()) return;
  bytes_ -= bytes_of(*found);
  all_.erase(found);
}

std::optional<binlog::RawEvent> KeptEvents::next() {
  if (rest_.empty()) return std::nullopt;
  ByteReader reader(rest_);
  binlog::RawEvent raw;
  raw.header.type = static_cast<binlog::EventType>(reader.u8());
  raw.header.timestamp_s = reader.u32();
  raw.body = reader.bytes(reader.u32());
  rest_ = reader.ok() ? reader.rest() : std::string_view();
  return raw;
}

}  // namespace farshore::capture
