#pragma once

#include <memory>
#include <string>

#include "base/metric.hpp"
#include "base/numbers.hpp"
#include "capture/publish/tail_guard.hpp"
#include "change/batch_builder.hpp"

namespace farshore::capture {

/// One partition on its way out: the number of its next change, what it holds already, and the batch being filled.
/// Not thread safe.
class PartitionWriter {
 public:
  /// `repeated_rows` counts the changes that the partition holds already; it outlives the writer.
  PartitionWriter(std::string origin, std::string stream, PartitionId partition, OneWriterCounter& repeated_rows)
      : builder_(std::move(origin), std::move(stream), partition), repeated_rows_(&repeated_rows) {}

  /// Numbers go on from `next_seq`; changes up to `published` are counted and not written. Only while empty.
  void start(EpochId id, Seq next_seq, PublishedEnd published);

  /// Numbers the change and, unless the partition holds it already, adds it to the batch. False: the numbering is not
  /// what it was when the partition's tail was published; nothing was added, and nothing may be sent any more.
  [[nodiscard]] bool append(const change::SourceTransaction& transaction,
                            const std::shared_ptr<const change::EncodedTable>& table,
                            const change::ChangeInput& change);

  /// The number that the next change will take; the one before is the last handed out.
  [[nodiscard]] Seq next_seq() const { return next_seq_; }
  [[nodiscard]] Seq last_seq() const { return Seq(next_seq_.raw() - 1); }
  [[nodiscard]] const TailGuard& guard() const { return guard_; }
  /// Everything that the partition held at the start has been read again.
  [[nodiscard]] bool tail_passed() const { return guard_.passed(next_seq_); }
  [[nodiscard]] change::BatchBuilder& builder() { return builder_; }
  [[nodiscard]] const change::BatchBuilder& builder() const { return builder_; }

 private:
  change::BatchBuilder builder_;
  OneWriterCounter* repeated_rows_;
  TailGuard guard_;
  EpochId id_;
  Seq next_seq_{1};
};

}  // namespace farshore::capture
