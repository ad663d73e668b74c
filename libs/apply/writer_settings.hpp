#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "base/endpoint.hpp"
#include "change/merge_rule.hpp"
#include "change/table_rules.hpp"

namespace farshore::apply {

struct WriterSettings {
  DatabaseEndpoint endpoint;
  std::string region;
  std::string owner;  ///< this writer, in progress.owner; unique
  std::string channel = "mirror";
  change::TableRules rules;
  std::size_t parked_rows_max = 10'000;              ///< of a partition
  std::chrono::milliseconds retry_interval{10'000};  ///< longest time between two tries of what is parked
  std::chrono::milliseconds schema_age_max{10'000};
  change::LookAt look_at = change::LookAt::kAll;
  const Clock* clock = &system_clock();  ///< of all that has its own time; outlives the writer
};

/// What a writer says itself, beside its outcomes and its fault, which are its caller's to log.
enum class NoticeLevel : std::uint8_t { kInformation, kWarning };
using Notice = std::function<void(NoticeLevel, const std::string&)>;

}  // namespace farshore::apply
