#include "apply/parked_change.hpp"

#include <utility>
#include <vector>

#include "change/batch_builder.hpp"

namespace farshore::apply {

namespace {

/// The packed header that goes with its bytes again.
std::string header_of(const store::KeptChange& kept) {
  change::BatchHeader header;
  header.id = kept.epoch;
  header.first_seq = kept.seq;
  header.count = 1;
  header.partition = kept.partition.partition;
  header.origin = kept.partition.origin;
  header.stream = kept.partition.stream;
  header.gtid = kept.gtid;
  std::string bytes;
  change::encode_header(header, kept.bytes, bytes);
  return bytes;
}

}  // namespace

ParkedChange parked_change(store::KeptChange kept) {
  std::string header = header_of(kept);
  return {std::move(kept), std::move(header)};
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

store::ChangeToKeep change_to_keep(const store::PartitionKey& partition, const RowOp& op, const ParkedKey& key,
                                   std::string_view key_text, std::string_view bytes) {
  return {.partition = &partition,
          .key = &key,
          .key_text = key_text,
          .epoch = op.batch->header().id,
          .seq = op.change->seq,
          .gtid = op.batch->transaction_of(*op.change).gtid,
          .bytes = bytes};
}

}  // namespace farshore::apply
