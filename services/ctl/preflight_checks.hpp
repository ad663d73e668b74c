#pragma once

#include <set>
#include <string>
#include <vector>

#include "services/config/config.hpp"
#include "services/ctl/finding.hpp"
#include "services/ctl/region_facts.hpp"
#include "store/comparison.hpp"

namespace farshore::ctl {

// Comparisons of facts; no input or output.

/// The region's database as the target of apply, and as what the gate reads. `captures_here`: the region has an origin
/// of its own, whose capture must recognise what apply writes.
[[nodiscard]] std::vector<Finding> check_target(const RegionFacts& facts, bool captures_here);

/// What the configuration of apply leaves open.
[[nodiscard]] std::vector<Finding> check_apply_settings(const service::Config& config);

/// The comparisons that gate.bounds.max_comparison_age asks for: none, where it is not set. `recorded`: here.
[[nodiscard]] std::vector<Finding> check_comparisons(const service::Config& config,
                                                     const std::vector<store::Comparison>& recorded);

/// The captured tables, each as a target of its like: what apply would wait for whatever the source is. For a region
/// that is not compared with a peer.
[[nodiscard]] std::vector<Finding> check_target_tables(const RegionFacts& facts, const std::string& apply_user);

/// What apply's account needs at its target. `schemas`: of the captured tables.
[[nodiscard]] std::vector<Finding> check_apply_grants(const mysql::Grants& grants, ServerKind kind,
                                                      const std::set<std::string>& schemas);
/// What farshorectl's account needs.
[[nodiscard]] std::vector<Finding> check_ctl_grants(const mysql::Grants& grants, ServerKind kind,
                                                    const std::set<std::string>& schemas);
/// What the gate's account needs.
[[nodiscard]] std::vector<Finding> check_gate_grants(const mysql::Grants& grants);

/// One side of a pair of regions.
struct Side {
  std::string region;
  bool inserts = false;  ///< it has an origin: applications write there
  bool applies = false;  ///< it applies what the other side captures
  std::string apply_user{};
  const RegionFacts* facts = nullptr;
};
/// What both sides must agree in, and what they must not.
[[nodiscard]] std::vector<Finding> check_pair(const Side& here, const Side& peer);
/// The configurations of both sides.
[[nodiscard]] std::vector<Finding> check_pair_configs(const service::Config& here, const service::Config& peer);

// Checks that ask a server with an account of the configuration. What cannot be asked is a finding.

/// Each origin of the region, as its capture sees it. Adds the schemas of captured tables that it sees: its account
/// sees all.
[[nodiscard]] std::vector<Finding> check_sources(const service::Config& config, std::set<std::string>& schemas);
/// That farshorectl, apply and the gate can log in, and what they may do. `schemas`: of the captured tables.
[[nodiscard]] std::vector<Finding> check_accounts(const service::Config& config, const std::set<std::string>& schemas);
[[nodiscard]] std::vector<Finding> check_kafka(const service::Config& config);
/// That each region has a cluster of its own. A peer's that cannot be reached from here is a warning.
[[nodiscard]] std::vector<Finding> check_kafka_pair(const service::Config& here, const service::Config& peer);

}  // namespace farshore::ctl
