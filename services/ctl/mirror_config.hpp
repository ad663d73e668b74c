#pragma once

#include <string>
#include <vector>

#include "services/config/config.hpp"

namespace farshore::ctl {

/// MirrorMaker 2's whole mm2.properties for these regions, at least two, each with its own file's Kafka. `into`: only
/// the flows into this region, for a mirror that runs there; empty: all flows, for one mirror of all. No secrets: where
/// a file gives Kafka properties that a Java client spells otherwise, a comment says so.
[[nodiscard]] std::string mirror_properties(const std::vector<service::Config>& regions, const std::string& into);

}  // namespace farshore::ctl
