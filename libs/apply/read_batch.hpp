#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/mutex.hpp"
#include "base/numbers.hpp"
#include "change/batch_reader.hpp"
#include "kafka/record.hpp"

namespace farshore::apply {

/// A record and what was read from it: the batch's views point into the record.
struct ReadBatch {
  std::optional<kafka::Record> record;
  std::string_view header;  ///< of the record
  std::string_view value;   ///< of the record
  KafkaOffset offset;
  LocalTime received_at{};
  change::Batch batch;

  void hold(kafka::Record&& owned, LocalTime now) {
    record.emplace(std::move(owned));
    header = record->header();
    value = record->value();
    offset = record->offset();
    received_at = now;
  }
};

/// Makes ReadBatches whose arrays are used again. Thread safe; the batches may be let go on any thread, also after the
/// pool. Keeps few, and none that has grown large.
class BatchPool {
 public:
  explicit BatchPool(std::size_t keep = 64, std::size_t keep_bytes = 524'288)
      : shelf_(std::make_shared<Shelf>(keep, keep_bytes)) {}

  [[nodiscard]] std::shared_ptr<ReadBatch> get();

 private:
  struct Shelf {
    Shelf(std::size_t keep_count, std::size_t keep_size) : keep(keep_count), keep_bytes(keep_size) {}
    const std::size_t keep;
    const std::size_t keep_bytes;
    Mutex mutex;
    std::vector<std::unique_ptr<ReadBatch>> free GUARDED_BY(mutex);
  };
  std::shared_ptr<Shelf> shelf_;
};

}  // namespace farshore::apply
