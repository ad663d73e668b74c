#include "services/ctl/arrival.hpp"

#include <algorithm>
#include <cstdint>
#include <set>

namespace farshore::ctl {

SourceTime arrived_up_to(std::span<const store::ProgressRow> rows,
                         const std::map<std::string, service::StreamConfig>& streams) {
  SourceTime least = SourceTime::max();
  for (const auto& [name, stream] : streams) {
    std::set<std::uint64_t> seen;
    for (const store::ProgressRow& row : rows) {
      if (row.key.stream != name) continue;
      seen.insert(static_cast<std::uint64_t>(row.key.partition.raw()));
      least = std::min(least, row.safe_time);
    }
    for (std::uint64_t partition = 0; partition < stream.partitions; ++partition)
      if (!seen.contains(partition)) return SourceTime{};
  }
  return least;
}

}  // namespace farshore::ctl
