#include "apply/parked_change.hpp"

#include <vector>

#include "change/batch_builder.hpp"

namespace farshore::apply {

ParkedChange parked_change(const mysql::Rows& rows, std::size_t row) {
  ParkedChange change;
  change.key = parked_key(rows.text(row, 0), rows.text(row, 1), rows.text(row, 2));
  change.epoch = {Epoch(static_cast<std::uint32_t>(rows.unsigned_integer(row, 3))),
                  Incarnation(rows.unsigned_integer(row, 4))};
  change.seq = Seq(rows.unsigned_integer(row, 5));
  change.gtid = rows.text(row, 6);
  change.bytes = rows.text(row, 7);
  change.partition = {.origin = rows.text(row, 8),
                      .stream = rows.text(row, 9),
                      .partition = PartitionId(static_cast<std::int32_t>(rows.integer(row, 10)))};
  change.reason = rows.text(row, 11);
  change.header = single_change_header(change);
  return change;
}

std::string single_change_bytes(const store::PartitionKey& partition, const RowOp& op) {
  const change::TransactionView& transaction = op.batch->transaction_of(*op.change);
  const change::ChangeTable& source_table = *op.change->table;
  const auto table =
      change::encode_table(source_table.shape, source_table.group, source_table.repeats_cascades, source_table.ties);
  const change::SourceTransaction source{.serial = 1,
                                         .gtid = std::string(transaction.gtid),
                                         .commit_time = transaction.commit_time,
                                         .position_before = {}};
  const bool was_there = change::had_row(op.first_change().op);
  std::vector<Value> before;
  if (was_there) row_before(op.first_change(), before);
  if (!was_there && op.is_delete()) row_before(*op.change, before);
  const change::Op from_first_to_last = change::op_between(was_there, !op.is_delete());
  change::BatchBuilder builder(partition.origin, partition.stream, partition.partition);
  builder.reset_numbering(op.batch->header().id, op.change->seq);
  builder.append(source, table,
                 {.op = from_first_to_last,
                  .ordinal = Ordinal(0),
                  .key_change = op.change->key_change,
                  .no_cascade = op.change->no_cascade,
                  .before = before,
                  .after = op.change->after});
  return std::string(builder.finish(op.batch->header().published_at).value);
}

std::string single_change_header(const ParkedChange& parked) {
  const store::PartitionKey& partition = parked.partition;
  change::BatchHeader header;
  header.id = parked.epoch;
  header.first_seq = parked.seq;
  header.count = 1;
  header.partition = partition.partition;
  header.origin = partition.origin;
  header.stream = partition.stream;
  header.gtid = parked.gtid;
  std::string bytes;
  change::encode_header(header, parked.bytes, bytes);
  return bytes;
}

}  // namespace farshore::apply
