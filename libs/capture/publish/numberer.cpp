#include "capture/publish/numberer.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <limits>
#include <span>

#include "base/check.hpp"
#include "change/key.hpp"
#include "change/limits.hpp"

namespace farshore::capture {

namespace {

bool key_changed(const RoutedTable& table, const RowChange& row) {
  for (const std::uint32_t column : table.key)
    if (!(row.before[column] == row.after[column])) return true;
  return false;
}

/// The image whose key the change is of.
std::span<const Value> row_of(const change::ChangeInput& change) {
  return change::leaves_row(change.op) ? change.after : change.before;
}

/// Stands for a key in messages: they carry no row values.
std::uint64_t key_digest(std::span<const Value> row, const TableShape& shape) {
  std::string bytes;
  change::encode_key(row, shape, bytes);
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::string place_of(std::string_view gtid, Ordinal ordinal, SourceTime commit_time) {
  return fmt::format("transaction {} ordinal {} (committed {} us after 1970 UTC)", gtid, ordinal.raw(),
                     commit_time.time_since_epoch().count());
}

constexpr std::uint64_t kRowsOfTransactionMax = std::numeric_limits<std::uint32_t>::max() / 2;

}  // namespace

Numberer::Numberer(std::vector<PartitionWriter>& writers, Limits limits, SendBatch send)
    : writers_(writers), limits_(limits), send_(std::move(send)) {}

void Numberer::begin(const change::SourceTransaction& transaction) {
  transaction_ = &transaction;
  row_in_transaction_ = 0;
  open_slot_.reset();
}

void Numberer::end() {
  if (open_slot_) writers_[open_slot_->raw()].builder().mark_last_in_transaction();
  open_slot_.reset();
  transaction_ = nullptr;
}

bool Numberer::add(const RoutedTable& table, change::Op op, const RowChange& row, bool foreign_keys_off) {
  FARSHORE_CHECK(transaction_ != nullptr);
  if (row_in_transaction_ > kRowsOfTransactionMax) {
    refusal_ = "the transaction has more rows than can be numbered (2^31)";
    return false;
  }
  const Ordinal first(static_cast<std::uint32_t>(2 * row_in_transaction_++));
  ++rows_;
  const bool no_cascade = foreign_keys_off && table.encoded->table.repeats_cascades;
  if (!change::changes_row(op) || table.in_group || !key_changed(table, row))
    return write(table,
                 {.op = op, .ordinal = first, .no_cascade = no_cascade, .before = row.before, .after = row.after});
  return write(table, {.op = change::Op::kDelete,
                       .ordinal = first,
                       .key_change = true,
                       .no_cascade = no_cascade,
                       .before = row.before,
                       .after = {}}) &&
         write(table, {.op = change::Op::kInsert,
                       .ordinal = first.next(),
                       .key_change = true,
                       .no_cascade = no_cascade,
                       .before = {},
                       .after = row.after});
}

bool Numberer::write(const RoutedTable& table, const change::ChangeInput& change) {
  const PartitionId partition = table.partitioner.of(row_of(change), scratch_);
  const Slot slot(table.first_slot.raw() + static_cast<std::uint32_t>(partition.raw()));
  PartitionWriter& writer = writers_[slot.raw()];
  change::BatchBuilder& builder = writer.builder();
  if (!builder.empty() && (builder.bytes() >= limits_.batch_bytes || builder.is_full())) {
    send_(slot);
    if (!builder.empty()) {
      refusal_ = "the session is over";
      return false;
    }
  }
  if (writer.tail_passed() && refuse_size(table, change)) return false;
  if (!writer.append(*transaction_, table.encoded, change)) {
    const PublishedEnd& published = writer.guard().end();
    refusal_ = fmt::format(
        "the numbering differs from what is published: change {} of partition {} of stream {} was published as {}, and "
        "the binlog gives it to {}; the source's history is not the one that was captured (was the source restored "
        "from a copy?), so this origin needs a new epoch and a copy of its tables",
        writer.next_seq().raw(), builder.partition().raw(), builder.stream(),
        place_of(published.gtid, published.ordinal, published.commit_time),
        place_of(transaction_->gtid, change.ordinal, transaction_->commit_time));
    return false;
  }
  open_slot_ = slot;
  return true;
}

/// Before the change is in a batch: whoever leaves its table out sends the batch without it.
bool Numberer::refuse_size(const RoutedTable& table, const change::ChangeInput& change) {
  if (change::bytes_bound(change) <= limits_.row_bytes_max) return false;
  change::BatchBuilder alone("measured", "measured", PartitionId(0));
  alone.append(*transaction_, table.encoded, change);
  const std::size_t bytes = alone.bytes();
  if (bytes <= limits_.row_bytes_max) return false;
  const auto& shape = table.encoded->table.shape;
  const std::string remedy =
      bytes <= change::kRowBytesMax
          ? "raise it"
          : fmt::format("no more than {} can be set, and such a row is not carried", change::kRowBytesMax);
  refusal_ = fmt::format(
      "a row of table {} (digest of its key {:016x}) takes {} bytes, more than capture.max_row_bytes ({}): {}, or "
      "leave the table out of every stream (\"!{}\" in the stream's tables)",
      shape.full_name(), key_digest(row_of(change), shape), bytes, limits_.row_bytes_max, remedy, shape.full_name());
  return true;
}

}  // namespace farshore::capture
