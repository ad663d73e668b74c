#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/gtid.hpp"
#include "base/numbers.hpp"
#include "base/value.hpp"
#include "change/batch_header.hpp"
#include "change/change_table.hpp"
#include "change/epoch_start.hpp"
#include "change/limits.hpp"
#include "change/op.hpp"
#include "change/watermark.hpp"

namespace farshore::change {

struct TransactionView {
  std::string_view gtid;  ///< as it was sent
  Gtid id;                ///< what it says; empty: it is no GTID
  SourceTime commit_time;
};

/// One change of a batch that was read. Its shape is checked: images have a value for each column, of the column's kind
/// or NULL.
struct ChangeView {
  Op op = Op::kInsert;
  bool last_in_transaction = false;
  bool key_change = false;
  bool no_cascade = false;  ///< see ChangeInput
  Ordinal ordinal;
  Seq seq;
  const ChangeTable* table = nullptr;  ///< lives as long as the batch
  std::uint32_t transaction = 0;       ///< index in Batch::transactions()
  std::span<const Value> after;        ///< insert, update: every column; delete: empty
  std::span<const Value> before;       ///< update: the values of before_columns; delete: every column; insert: empty
  std::span<const std::uint32_t> before_columns;  ///< update: the columns that differ, ascending; else empty

  /// The full row that carries the key as it is after the change, or that is gone: after of an insert or update, before
  /// of a delete.
  [[nodiscard]] std::span<const Value> row() const { return leaves_row(op) ? after : before; }
};

/// Why a record was refused. All but kNewerFormat mean that the bytes are not what a capture sent.
struct BatchError {
  enum class Kind : std::uint8_t {
    kNewerFormat,  ///< a version, field, op or type that this program does not know
    kCorrupt,      ///< the checksum does not match
    kMalformed,    ///< contradicts itself or the header
    kTooLarge,     ///< beyond a bound
  };
  Kind kind = Kind::kMalformed;
  std::string detail;  ///< for people; no row values
};
[[nodiscard]] std::string_view to_string(BatchError::Kind kind);

struct BatchLimits {
  std::size_t bytes_max = kBatchBytesMax;
  std::size_t changes_max = kBatchChangesMax;
  std::size_t values_max = kBatchValuesMax;
};

/// A record that was read. Every view points into the record's header and value bytes, which the caller keeps alive, or
/// into the batch's own arrays, which the next read_batch() into it uses again. Movable; moving keeps the views valid.
class Batch {
 public:
  Batch() = default;
  Batch(Batch&&) = default;
  Batch& operator=(Batch&&) = default;

  [[nodiscard]] const BatchHeader& header() const { return header_; }
  [[nodiscard]] std::span<const ChangeView> changes() const { return changes_; }
  [[nodiscard]] std::span<const TransactionView> transactions() const { return transactions_; }
  [[nodiscard]] std::span<const std::shared_ptr<const ChangeTable>> tables() const { return tables_; }
  [[nodiscard]] const TransactionView& transaction_of(const ChangeView& change) const {
    return transactions_[change.transaction];
  }
  /// Origin position before the transaction of the first change, and before that of the last.
  [[nodiscard]] std::string_view position() const { return position_; }
  [[nodiscard]] std::string_view last_position() const { return last_position_; }
  [[nodiscard]] const std::optional<Watermark>& watermark() const { return watermark_; }
  [[nodiscard]] const std::optional<EpochStart>& epoch_start() const { return epoch_start_; }
  /// Bytes that its own arrays hold.
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  friend class BatchParser;
  BatchHeader header_;
  std::vector<ChangeView> changes_;
  std::vector<TransactionView> transactions_;
  std::vector<std::shared_ptr<const ChangeTable>> tables_;
  std::vector<Value> values_;
  std::vector<std::uint32_t> columns_;
  std::string_view position_;
  std::string_view last_position_;
  std::optional<Watermark> watermark_;
  std::optional<EpochStart> epoch_start_;
};

/// Reads a record into `out`, whose arrays are used again: no allocation for a change once they have grown. Verifies
/// version, checksum, bounds, and that header and value agree. On an error `out` holds nothing of use.
[[nodiscard]] std::expected<void, BatchError> read_batch(std::string_view header, std::string_view value,
                                                         TableCache& tables, Batch& out,
                                                         const BatchLimits& limits = {});

}  // namespace farshore::change
