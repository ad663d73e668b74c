#include "capture/publish/partition_writer.hpp"

#include "base/check.hpp"

namespace farshore::capture {

void PartitionWriter::start(EpochId id, Seq next_seq, PublishedEnd published) {
  FARSHORE_CHECK(builder_.empty());
  guard_ = TailGuard(std::move(published));
  id_ = id;
  next_seq_ = next_seq;
  builder_.reset_numbering(id, next_seq);
}

bool PartitionWriter::append(const change::SourceTransaction& transaction,
                             const std::shared_ptr<const change::EncodedTable>& table,
                             const change::ChangeInput& change) {
  if (!tail_passed()) {
    if (guard_.check(next_seq_, transaction.gtid, change.ordinal, transaction.commit_time) ==
        TailGuard::Answer::kDiffers)
      return false;
    repeated_rows_->add();
    next_seq_ = next_seq_.next();
    builder_.reset_numbering(id_, next_seq_);
    return true;
  }
  builder_.append(transaction, table, change);
  next_seq_ = next_seq_.next();
  FARSHORE_CHECK(builder_.next_seq() == next_seq_, builder_.next_seq(), next_seq_);
  return true;
}

}  // namespace farshore::capture
