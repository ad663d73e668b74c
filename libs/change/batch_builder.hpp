#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/numbers.hpp"
#include "base/value.hpp"
#include "change/batch_header.hpp"
#include "change/change_table.hpp"
#include "change/epoch_start.hpp"
#include "change/op.hpp"
#include "change/watermark.hpp"
#include "change/wire_buffer.hpp"

namespace farshore::change {

/// The transaction that is being read, shared by the builders of all partitions. Its owner changes it in place at each
/// BEGIN and gives it another `serial`, so that a builder sees with one comparison whether it has it already.
struct SourceTransaction {
  std::uint64_t serial = 0;     ///< differs from every other transaction's of this capture; never 0
  std::string gtid;             ///< text
  SourceTime commit_time;       ///<
  std::string position_before;  ///< origin position before this transaction, text
};

struct ChangeInput {
  Op op = Op::kInsert;
  Ordinal ordinal;
  bool key_change = false;        ///< one half of an update that changed the key
  bool no_cascade = false;        ///< of a table that repeats cascades: this change did not cascade at the source
  std::span<const Value> before;  ///< update, delete: every column
  std::span<const Value> after;   ///< insert, update: every column
};

/// No fewer bytes than the change takes in a batch beside its table and its transaction.
[[nodiscard]] std::size_t bytes_bound(const ChangeInput& change);

/// A record as it is sent. Views live until the next call of what made it.
struct EncodedRecord {
  std::string_view header;
  std::string_view value;
};

/// Gathers consecutive changes of one partition into the bytes of a ChangeBatch. The bytes are written as they come,
/// into buffers that are used again: no allocation for a change once they have grown. They are those that the generated
/// classes would write. Not thread safe.
class BatchBuilder {
 public:
  BatchBuilder(std::string origin, std::string stream, PartitionId partition);

  /// Adds the next change; the first one after clear() or at the start has `first_seq` of reset_numbering().
  /// An update keeps of its before-image only the columns that differ.
  void append(const SourceTransaction& transaction, const std::shared_ptr<const EncodedTable>& table,
              const ChangeInput& change);
  /// The last change appended was the last of its transaction in any partition. Does nothing when the batch is empty:
  /// the change was sent before its COMMIT was read, and then carries no flag: where the flag is missing, a transaction
  /// ends where another begins or a watermark contains it.
  void mark_last_in_transaction();
  /// Lets a watermark ride on the batch, replacing one that is riding already. Its seq must be the batch's last seq, or
  /// it must be set again after further appends.
  void ride(const Watermark& watermark);

  /// The record of everything since the last clear(). Needs count() > 0. The views live until the next call of any
  /// member. Changes may be appended again after clear() only.
  [[nodiscard]] EncodedRecord finish(LocalTime published_at);
  /// Forgets the changes (they are sent) and goes on numbering.
  void clear();
  /// The epoch and the number of the next change. Only while empty.
  void reset_numbering(EpochId id, Seq next_seq);

  [[nodiscard]] std::uint32_t count() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// A bound of the format is near: send before the next append.
  [[nodiscard]] bool is_full() const;
  /// Size of the value if it were finished now.
  [[nodiscard]] std::size_t bytes() const;
  [[nodiscard]] Seq next_seq() const { return next_seq_; }
  [[nodiscard]] Seq first_seq() const { return Seq(next_seq_.raw() - count_); }
  [[nodiscard]] EpochId id() const { return id_; }
  [[nodiscard]] PartitionId partition() const { return partition_; }
  [[nodiscard]] const std::string& stream() const { return stream_; }

  /// Records that carry no change, for the same partition and epoch. Same lifetime as finish(); only while empty.
  [[nodiscard]] EncodedRecord watermark_record(const Watermark& watermark, LocalTime published_at);
  [[nodiscard]] EncodedRecord epoch_start_record(const EpochStart& start, LocalTime published_at);

 private:
  std::uint32_t table_index(const std::shared_ptr<const EncodedTable>& table);
  std::uint32_t transaction_index(const SourceTransaction& transaction);
  EncodedRecord seal_statement(const BatchHeader& header, std::uint32_t field, LocalTime published_at);
  EncodedRecord seal(BatchHeader header, std::string_view value, LocalTime published_at);

  const std::string origin_;
  const std::string stream_;
  const PartitionId partition_;

  EpochId id_;
  Seq next_seq_{1};

  std::uint32_t count_ = 0;
  std::size_t values_ = 0;
  // The last change in value_, for mark_last_in_transaction():
  std::size_t last_length_at_ = 0;  ///< where its length stands; its content follows
  std::size_t last_size_ = 0;       ///< of its content
  std::size_t last_head_ = 0;       ///< of the content's fields that stand before the flag
  bool last_marked_ = false;
  std::uint64_t transaction_serial_ = 0;
  std::uint32_t transaction_count_ = 0;
  Ordinal last_ordinal_;
  std::string last_gtid_;
  std::string position_;
  std::string last_position_;
  std::vector<std::shared_ptr<const EncodedTable>> tables_;
  std::size_t table_bytes_ = 0;
  std::uint32_t last_table_ = 0;
  std::vector<std::uint32_t> differing_;
  WireBuffer value_;
  WireBuffer transactions_;
  std::string watermark_;
  std::string statement_text_;
  WireBuffer statement_;  ///< value of a record without changes; value_ is the changes' alone
  std::string header_;
};

}  // namespace farshore::change
