#include "services/ctl/mirror_config.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iterator>
#include <memory>
#include <set>

#include "base/environment_error.hpp"
#include "change/limits.hpp"
#include "services/ctl/command.hpp"

// farshorectl mirror-config: the mirror is MirrorMaker 2, and its configuration is ours.
namespace farshore::ctl {
namespace {

/// A record of the greatest size, with its headers and the request around it.
constexpr std::size_t kRequestBytes = change::kBatchBytesMax + (1U << 20);

struct MirrorOptions {
  std::vector<std::string> peers;
  bool all_flows = false;
};

void line(std::string& out, std::string_view key, const auto& value) {
  fmt::format_to(std::back_inserter(out), "{} = {}\n", key, value);
}

/// Of one cluster: how to reach it, and where Connect keeps its own state.
void add_cluster(const service::Config& region, std::string& out) {
  const auto key = [&](std::string_view name) { return fmt::format("{}.{}", region.region, name); };
  line(out, key("bootstrap.servers"), region.kafka.bootstrap);
  for (const char* storage : {"config", "offset", "status"})
    line(out, key(fmt::format("{}.storage.replication.factor", storage)), region.kafka.replication_factor);
  // A killed mirror's place in its group is free again this soon, and its successor takes over at once.
  line(out, key("session.timeout.ms"), 6000);
  line(out, key("heartbeat.interval.ms"), 2000);
  line(out, key("scheduled.rebalance.max.delay.ms"), 0);
  line(out, key("producer.max.request.size"), kRequestBytes);
  line(out, key("consumer.max.partition.fetch.bytes"), kRequestBytes);
  line(out, key("consumer.fetch.max.bytes"), 4 * kRequestBytes);
  for (const auto& [name, value] : region.kafka.properties) {
    if (name == "security.protocol")
      line(out, key(name), value);
    else
      fmt::format_to(std::back_inserter(out),
                     "# kafka.properties of {} has {}: say the same here as a Java client spells it, under {}.\n",
                     region.region, name, key("..."));
  }
  out += '\n';
}

/// The topics of the origins in `from`, and nothing else.
std::string topics_of(const service::Config& from) {
  std::vector<std::string> names;
  for (const service::OriginConfig* origin : from.own_origins()) names.push_back(origin->name);
  const std::string origins =
      names.size() == 1 ? fmt::format("[.]{}[.]", names.front()) : fmt::format("[.]({})[.]", fmt::join(names, "|"));
  return fmt::format("farshore[.](changes|json){}.*", origins);
}

void add_flow(const service::Config& from, const service::Config& into, std::string& out) {
  const auto key = [&](std::string_view name) { return fmt::format("{}->{}.{}", from.region, into.region, name); };
  line(out, key("enabled"), "true");
  line(out, key("topics"), topics_of(from));
  for (const char* name : {"replication.factor", "offset-syncs.topic.replication.factor"})
    line(out, key(name), into.kafka.replication_factor);
  // Under the identity policy they would go round between the clusters.
  line(out, key("heartbeats.replication.enabled"), "false");
  line(out, key("emit.heartbeats.enabled"), "false");
  // At the top of the file this one has no effect: it has to stand under its flow.
  line(out, key("producer.override.max.request.size"), kRequestBytes);
  out += '\n';
}

void check_regions(const std::vector<service::Config>& regions) {
  std::set<std::string> names;
  for (const service::Config& region : regions) {
    if (!names.insert(region.region).second)
      throw EnvironmentError(
          fmt::format("--peer: two of the files are of region {}; give one file a region", region.region),
          ExitCode::kUsage);
  }
}

int print_properties(const Command& command, const MirrorOptions& options) {
  std::vector<service::Config> regions{command.load()};
  for (const std::string& peer : options.peers) regions.push_back(service::load_config(peer));
  check_regions(regions);
  fmt::print("{}", mirror_properties(regions, options.all_flows ? "" : regions.front().region));
  return static_cast<int>(ExitCode::kGood);
}

}  // namespace

std::string mirror_properties(const std::vector<service::Config>& regions, const std::string& into) {
  std::string out = "# Written by farshorectl mirror-config. One process: connect-mirror-maker.sh mm2.properties\n";
  std::vector<std::string> names;
  for (const service::Config& region : regions) names.push_back(region.region);
  line(out, "clusters", fmt::format("{}", fmt::join(names, ", ")));
  line(out, "replication.policy.class", "org.apache.kafka.connect.mirror.IdentityReplicationPolicy");
  // Only the changes travel. Settings of the topics go with them, so that retention is the same everywhere.
  for (const char* name : {"emit.checkpoints.enabled", "sync.group.offsets.enabled", "sync.topic.acls.enabled",
                           "refresh.groups.enabled", "dedicated.mode.enable.internal.rest"})
    line(out, name, "false");
  line(out, "refresh.topics.interval.seconds", 10);
  line(out, "sync.topic.configs.interval.seconds", 60);
  line(out, "tasks.max", 2);
  line(out, "producer.linger.ms", 5);
  line(out, "producer.compression.type", "lz4");  // as capture sends it; without it the mirror unpacks everything
  line(out, "offset.flush.interval.ms", 5000);
  out += '\n';
  for (const service::Config& region : regions) add_cluster(region, out);
  for (const service::Config& from : regions) {
    for (const service::Config& to : regions) {
      if (from.region == to.region || from.own_origins().empty()) continue;
      const bool wanted = into.empty() || to.region == into;
      if (wanted)
        add_flow(from, to, out);
      else
        line(out, fmt::format("{}->{}.enabled", from.region, to.region), "false");
    }
  }
  return out;
}

void add_mirror_config(CLI::App& app, Command& command) {
  CLI::App* mirror =
      app.add_subcommand("mirror-config", "MirrorMaker 2's mm2.properties for a mirror that runs in this region");
  const auto options = std::make_shared<MirrorOptions>();
  mirror->add_option("--peer", options->peers, "Another region's YAML file; once for each of them")
      ->required()
      ->type_name("FILE");
  mirror->add_flag("--all-flows", options->all_flows, "One mirror for every direction, instead of those into here");
  mirror->callback(
      [&command, options] { command.chosen = [&command, options] { return print_properties(command, *options); }; });
}

}  // namespace farshore::ctl
