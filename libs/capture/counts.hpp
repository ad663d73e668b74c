#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace farshore::capture {

/// What capture counts. Totals grow for as long as the process lives, over all sessions. Written by one thread each,
/// read by any.
struct Counts {
  using Total = std::atomic<std::uint64_t>;
  using Timestamp = std::atomic<std::int64_t>;  ///< microseconds since 1970 UTC; 0: none yet
  using Observe = std::function<void(double)>;

  struct Stream {
    Total repeated_rows{0};
    Total published_rows{0};
    Total published_bytes{0};
    Total published_batches{0};
    Total published_watermarks{0};
    Timestamp published_commit_us{0};
    // Called once a batch, on the thread that sends.
    Observe batch_rows = [](double) {};
    Observe batch_bytes = [](double) {};
    Observe latency_seconds = [](double) {};
  };

  Total read_bytes{0};
  Total read_transactions{0};
  Total read_rows{0};
  Total echo_transactions{0};
  Total foreign_transactions{0};
  Timestamp read_commit_us{0};

  Total published_transactions{0};
  Total queue_bytes{0};  ///< now
  Total backpressure_us{0};
  Total written_checkpoints{0};
  Timestamp checkpoint_us{0};  ///< when the last checkpoint was acknowledged, by this process' clock
  std::atomic<std::int64_t> clock_offset_us{0};
  std::atomic<std::uint32_t> epoch{0};
  std::map<std::string, Stream> streams;  ///< filled before any thread uses it

  Stream& stream(const std::string& name) { return streams.at(name); }
};

/// For counters with one writer: cheaper than an atomic addition.
inline void add(std::atomic<std::uint64_t>& total, std::uint64_t count) {
  total.store(total.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
}

}  // namespace farshore::capture
