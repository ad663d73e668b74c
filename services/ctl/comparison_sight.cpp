#include "services/ctl/comparison_sight.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "change/merge_rule.hpp"

namespace farshore::ctl {
namespace {

bool is_exact(std::string_view pattern) { return pattern.find_first_of("*?") == std::string_view::npos; }

/// Whether the account sees whatever it matches.
bool is_in_sight(const mysql::Grants& grants, std::string_view pattern) {
  const std::size_t point = pattern.find('.');
  const std::string_view schema = pattern.substr(0, point);
  if (!is_exact(schema) || point == std::string_view::npos) return false;
  return grants.has("SELECT", schema) || (is_exact(pattern) && grants.has("SELECT", schema, pattern.substr(point + 1)));
}

}  // namespace

std::vector<std::string> captured_patterns(const service::Config& config) {
  std::vector<std::string> patterns;
  for (const auto& [name, stream] : config.streams) {
    std::ranges::copy_if(stream.tables, std::back_inserter(patterns),
                         [](const std::string& pattern) { return !pattern.starts_with('!'); });
  }
  for (const service::TableRuleConfig& rule : config.tables)
    if (!rule.stream.empty() && change::is_carried(rule.merge)) patterns.push_back(rule.match);
  return patterns;
}

std::vector<std::string> out_of_sight(const mysql::Grants& grants, std::span<const std::string> captured,
                                      std::span<const std::string> wanted) {
  const auto sees = [&](const std::string& pattern) { return is_in_sight(grants, pattern); };
  if (grants.has("SELECT") || std::ranges::all_of(captured, sees)) return {};
  std::vector<std::string> out;
  std::ranges::copy_if(wanted, std::back_inserter(out), [&](const std::string& pattern) { return !sees(pattern); });
  return out;
}

std::vector<std::string> origins_elsewhere(const service::Config& config) {
  const std::vector<const service::OriginConfig*> origins = config.own_origins();
  std::vector<std::string> out;
  if (origins.size() < 2) return out;
  const service::DatabaseConfig& database = config.database;
  for (const service::OriginConfig* const origin : origins) {
    const bool is_here = origin->socket == database.socket &&
                         (!origin->socket.empty() || origin->address.to_string() == database.address.to_string());
    if (!is_here) out.push_back(origin->name);
  }
  return out;
}

bool sees_whole(const mysql::Grants& grants, std::string_view schema, std::string_view table) {
  return grants.has("SELECT") || grants.has("SELECT", schema) || grants.has("SELECT", schema, table);
}

}  // namespace farshore::ctl
