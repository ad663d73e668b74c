#include "apply/read_batch.hpp"

#include <utility>

namespace farshore::apply {

std::shared_ptr<ReadBatch> BatchPool::get() {
  std::unique_ptr<ReadBatch> batch;
  {
    const MutexLock lock(shelf_->mutex);
    if (!shelf_->free.empty()) {
      batch = std::move(shelf_->free.back());
      shelf_->free.pop_back();
    }
  }
  if (!batch) batch = std::make_unique<ReadBatch>();
  const auto give_back = [shelf = shelf_](ReadBatch* returned) {
    std::unique_ptr<ReadBatch> owned(returned);
    owned->record.reset();
    if (owned->batch.memory_bytes() > shelf->keep_bytes) return;
    const MutexLock lock(shelf->mutex);
    if (shelf->free.size() < shelf->keep) shelf->free.push_back(std::move(owned));
  };
  return {batch.release(), give_back};
}

}  // namespace farshore::apply
