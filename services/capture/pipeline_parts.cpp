#include "services/capture/pipeline_parts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace farshore::capture {

bool EpochParts::tails_passed() const {
  return std::ranges::all_of(publisher.writers(), &PartitionWriter::tail_passed);
}

void EpochParts::stop(std::string_view what) const {
  std::string gtid;
  history.gtid().append_to(gtid);
  ending.end(EndKind::kStop,
             fmt::format("{} (transaction {}, binlog {})", what, gtid, decoder.event_position().to_string()));
}

}  // namespace farshore::capture
