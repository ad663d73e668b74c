#include "services/ctl/comparison_record.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "services/ctl/ctl_database.hpp"
#include "services/ctl/decision.hpp"
#include "store/comparison.hpp"

namespace farshore::ctl {
namespace {

/// The database's time. That it has the table is known before anything is compared.
SourceTime begin_in(const service::Config& config) {
  mysql::Connection connection = open_database(config);
  const auto earlier = store::read_comparisons(connection, config.region);
  if (!earlier && earlier.error().kind == mysql::SqlErrorKind::kMissingTable) fail_old_schema(config, earlier.error());
  if (!earlier) fail_database(config, earlier.error());
  const auto now = store::read_clock(connection);
  if (!now) fail_database(config, now.error());
  return *now;
}

void write_all(const service::Config& config, const std::vector<store::Comparison>& comparisons) {
  mysql::Connection connection = open_database(config);
  end_when_cut_off(connection, config);
  write_marked(connection, config, [&] {
    for (const store::Comparison& comparison : comparisons) {
      const auto written = store::write_comparison(connection, config.region, comparison);
      if (!written) fail_database(config, written.error());
    }
  });
}

}  // namespace

ComparisonRecord::ComparisonRecord(std::array<ToldRegion, 2> regions, std::string why)
    : regions_(regions),
      why_(std::move(why)),
      began_at_{begin_in(regions.front().config), begin_in(regions.back().config)} {}

void ComparisonRecord::leave_out(const TableName& table) {
  for (const ToldRegion& region : regions_) {
    const change::Route route = region.rules.route(table.schema, table.table);
    if (route.captured && change::closes_gate(route.on_mismatch))
      left_out_.insert(region.rules.streams()[route.stream].name);
  }
}

void ComparisonRecord::leave_out_all() {
  for (const ToldRegion& region : regions_)
    for (const change::StreamRule& stream : region.rules.streams()) left_out_.insert(stream.name);
}

void ComparisonRecord::write(bool execute) {
  std::vector<std::string> streams;
  for (const change::StreamRule& stream : regions_.front().rules.streams())
    if (!left_out_.contains(stream.name)) streams.push_back(stream.name);
  if (!left_out_.empty())
    text_ += fmt::format("Not recorded, as not all of their tables were found equal: streams {}.\n",
                         fmt::join(left_out_, ", "));
  if (streams.empty()) return;
  if (!execute) {
    text_ += fmt::format("Would be recorded: streams {} are equal. --execute records it.\n", fmt::join(streams, ", "));
    return;
  }
  bool is_recorded = true;
  for (std::size_t i = 0; i < regions_.size(); ++i)
    if (!regions_.at(i).applied.empty() && !write_in(regions_.at(i), began_at_.at(i), streams)) is_recorded = false;
  if (is_recorded) recorded_ = std::move(streams);
}

bool ComparisonRecord::write_in(const ToldRegion& region, SourceTime began_at,
                                const std::vector<std::string>& streams) {
  const std::string of = fmt::format("in region {}, of origin {}: streams {} are equal", region.config.region,
                                     fmt::join(region.applied, ", "), fmt::join(streams, ", "));
  std::vector<store::Comparison> comparisons;
  for (const std::string& origin : region.applied)
    for (const std::string& stream : streams)
      comparisons.push_back(
          {.origin = origin, .stream = stream, .began_at = began_at, .why = why_, .who = operator_name()});
  try {
    write_all(region.config, comparisons);
  } catch (const EnvironmentError& error) {
    failure_ = error;
    text_ += fmt::format("NOT recorded {}: {} Compare again.\n", of, error.what());
    return false;
  }
  text_ += fmt::format("Recorded {}.\n", of);
  return true;
}

}  // namespace farshore::ctl
