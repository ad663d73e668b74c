#include "services/config/config_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ranges>
#include <set>
#include <string_view>

#include "base/environment_error.hpp"
#include "change/limits.hpp"
#include "kafka/settings.hpp"
#include "services/config/config_fields.hpp"
#include "services/config/config_units.hpp"

namespace farshore::service {
namespace {

[[noreturn]] void fail(const Config& config, const std::string& sentence) {
  throw EnvironmentError(fmt::format("{}: {}.", config.file.string(), sentence), ExitCode::kUsage);
}

/// Of the changes in a record. The rest is for its header, a watermark that rides on it, and what Kafka adds.
constexpr std::uint64_t kChangesBytesMax = change::kBatchBytesMax - 512ULL * 1024;

void check_account(const Config& config, const std::string& path, const AccountConfig& account) {
  if (account.user.empty()) fail(config, path + ".user is empty; name the database account");
  if (!account.password_file.empty() && !account.password_env.empty()) {
    fail(config, path + " has both password_file and password_env; give one of them");
  }
}

void check_tls(const Config& config, const std::string& path, const TlsSettings& tls) {
  if (tls.mode == TlsMode::kVerify && tls.ca.empty()) {
    fail(config, path + ".mode is verify, which needs " + path + ".ca, the file of the certificate authorities");
  }
  if (tls.cert.empty() != tls.key.empty()) fail(config, path + " has only one of cert and key; give both or neither");
}

/// librdkafka's properties on which the promises stand: nothing is lost, doubled or passed over.
constexpr std::array<std::string_view, 18> kOwnProperties = {
    "acks",
    "auto.offset.reset",
    "bootstrap.servers",
    "check.crcs",
    "client.id",
    "delivery.timeout.ms",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.gapless.guarantee",
    "enable.idempotence",
    "enable.partition.eof",
    "group.id",
    "isolation.level",
    "message.timeout.ms",
    "metadata.broker.list",
    "partition.assignment.strategy",
    "request.required.acks",
    "transactional.id",
};

void check_kafka(const Config& config) {
  if (config.kafka.bootstrap.empty()) fail(config, "kafka.bootstrap is empty; give host:port of a broker");
  for (const auto part : std::views::split(config.kafka.bootstrap, ',')) {
    std::string_view broker(part.begin(), part.end());
    while (broker.starts_with(' ')) broker.remove_prefix(1);
    if (!parse_address(broker))
      fail(config,
           fmt::format("kafka.bootstrap has \"{}\"; wanted host:port, and a comma between two brokers", broker));
  }
  for (const auto& [name, value] : config.kafka.properties) {
    if (std::ranges::find(kOwnProperties, name) != kOwnProperties.end())
      fail(config, fmt::format("kafka.properties has {}, which Farshore sets itself; leave it out", name));
  }
  const std::string refused =
      kafka::refused_setting({.bootstrap = config.kafka.bootstrap, .properties = config.kafka.properties, .log = {}});
  if (!refused.empty())
    fail(config, fmt::format("kafka.properties: librdkafka says: {}; correct the property", refused));
}

void check_origins(const Config& config) {
  if (config.origins.empty()) fail(config, "origins is empty; name at least one");
  std::set<std::string> names;
  for (const OriginConfig& origin : config.origins) {
    const std::string path = fmt::format("origin \"{}\"", origin.name);
    if (!names.insert(origin.name).second) fail(config, path + " is given twice; every origin has a name of its own");
    check_account(config, path + ": account", origin.account);
    check_tls(config, path + ": tls", origin.tls);
    for (const std::string& replica : origin.replicas)
      if (!parse_address(replica))
        fail(config, fmt::format("{}: replicas has \"{}\"; wanted host:port", path, replica));
    if (origin.region != config.region) continue;
    if (origin.address.empty() && origin.socket.empty()) {
      fail(config, path + " is of this region and has neither address nor socket; say where its primary listens");
    }
    if (origin.server_id == 0) {
      fail(config, path + " is of this region and has no server_id; give a number that no server or replica has");
    }
  }
}

void check_tables(const Config& config) {
  if (config.streams.empty()) fail(config, "streams is empty; name at least one, such as main: {}");
  std::map<std::string, std::string> stream_of_group;
  for (const auto& [name, stream] : config.streams) {
    if (stream.tables.empty()) fail(config, fmt::format("streams.{}.tables is empty; give at least one pattern", name));
    if (std::ranges::all_of(stream.tables, [](const std::string& pattern) { return pattern.starts_with('!'); })) {
      fail(config,
           fmt::format("streams.{}.tables takes nothing, as all of its patterns begin with !; give one without", name));
    }
  }
  for (const TableRuleConfig& rule : config.tables) {
    const std::string path = fmt::format("the table rule for \"{}\"", rule.match);
    if (!rule.stream.empty() && !config.streams.contains(rule.stream)) {
      fail(config, fmt::format("{} names the stream \"{}\", which streams does not have", path, rule.stream));
    }
    if (!rule.group.empty() && !rule.entity.empty()) {
      fail(config, path + " has both group and entity; an order group is stronger, keep one of them");
    }
    if (rule.group.empty()) continue;
    if (change::parts_transactions(rule.merge)) {
      fail(config,
           fmt::format("{0} has the order group \"{1}\" and merge {2}: of a group whole transactions are applied "
                       "or nothing, and an {2} row may be refused alone; keep one of them",
                       path, rule.group, change::to_string(rule.merge)));
    }
    if (rule.stream.empty() && config.streams.size() > 1) {
      fail(config,
           fmt::format("{} has the order group \"{}\" and no stream; its tables share one of the {} streams, so "
                       "name it",
                       path, rule.group, config.streams.size()));
    }
    const auto [known, is_new] = stream_of_group.emplace(rule.group, rule.stream);
    if (!is_new && known->second != rule.stream) {
      fail(config,
           fmt::format("the order group \"{}\" is in the streams \"{}\" and \"{}\"; its tables share one stream",
                       rule.group, known->second, rule.stream));
    }
  }
}

void check_apply(const Config& config) {
  std::set<std::string> seen;
  for (const std::string& name : config.apply.origins) {
    const OriginConfig* origin = config.find_origin(name);
    if (origin == nullptr) fail(config, fmt::format("apply.origins names \"{}\", which origins does not have", name));
    if (origin->region == config.region) {
      fail(config,
           fmt::format("apply.origins names \"{}\", an origin of this region; its changes are here already", name));
    }
    if (!seen.insert(name).second) fail(config, fmt::format("apply.origins names \"{}\" twice", name));
  }
}

void check_sizes(const Config& config) {
  if (config.capture.source_timeout < 2 * config.capture.heartbeat_interval) {
    fail(config,
         fmt::format("capture.source_timeout is {}, and capture.heartbeat_interval {}; a silence is a lost source "
                     "after two heartbeats at the earliest, so give at least {}",
                     duration_text(config.capture.source_timeout), duration_text(config.capture.heartbeat_interval),
                     duration_text(2 * config.capture.heartbeat_interval)));
  }
  if (config.capture.queue_bytes < 4 * config.capture.batch_bytes) {
    fail(config, fmt::format("capture.queue_bytes is {}, and capture.batch_bytes {}; the queue holds four batches at "
                             "least, so give {} or more",
                             size_text(config.capture.queue_bytes), size_text(config.capture.batch_bytes),
                             size_text(4 * config.capture.batch_bytes)));
  }
  if (config.capture.batch_bytes + config.capture.max_row_bytes > kChangesBytesMax) {
    fail(config,
         fmt::format("capture.batch_bytes and capture.max_row_bytes are {} and {}, and have to be {} together at "
                     "most: a row may be added to a batch that is nearly full, and both have to fit into a record",
                     size_text(config.capture.batch_bytes), size_text(config.capture.max_row_bytes),
                     size_text(kChangesBytesMax)));
  }
  if (config.gate.bounds.max_evidence_age < 2 * config.gate.poll_interval) {
    fail(config,
         fmt::format(
             "gate.bounds.max_evidence_age is {}, and gate.poll_interval {}; a reading must not be too "
             "old before the next one, so give at least {}",
             duration_text(std::chrono::duration_cast<std::chrono::milliseconds>(config.gate.bounds.max_evidence_age)),
             duration_text(config.gate.poll_interval), duration_text(2 * config.gate.poll_interval)));
  }
  const auto same = [](const Address& a, const Address& b) {
    return a.port != 0 && a.port == b.port && a.host == b.host;
  };
  const HttpConfig& http = config.http;
  if (same(http.capture, http.apply) || same(http.capture, http.gate) || same(http.apply, http.gate)) {
    fail(config, "two of http.capture, http.apply and http.gate are the same address; give each service its own");
  }
}

}  // namespace

void check_config(const Config& config) {
  check_tls(config, "database.tls", config.database.tls);
  check_account(config, "database.accounts.apply", config.database.accounts.apply);
  check_account(config, "database.accounts.gate", config.database.accounts.gate);
  check_account(config, "database.accounts.ctl", config.database.accounts.ctl);
  check_kafka(config);
  check_origins(config);
  check_tables(config);
  check_apply(config);
  check_sizes(config);
}

void check_config_for(const Config& config, ServiceKind service) {
  switch (service) {
    case ServiceKind::kCapture:
      if (config.own_origins().empty()) {
        fail(config, fmt::format("no origin has region \"{}\", so there is nothing to capture here", config.region));
      }
      return;
    case ServiceKind::kApply:
    case ServiceKind::kGate:
      if (config.apply.origins.empty()) {
        fail(config, "apply.origins is empty; name the origins whose changes this region takes");
      }
      return;
  }
}

const OriginConfig* Config::find_origin(const std::string& name) const {
  const auto found = std::ranges::find(origins, name, &OriginConfig::name);
  return found == origins.end() ? nullptr : &*found;
}

std::vector<const OriginConfig*> Config::own_origins() const {
  std::vector<const OriginConfig*> own;
  for (const OriginConfig& origin : origins) {
    if (origin.region == region) own.push_back(&origin);
  }
  return own;
}

std::vector<std::string> OriginConfig::allowed_upstreams() const {
  std::vector<std::string> allowed = own_servers;
  allowed.insert(allowed.end(), foreign_servers.begin(), foreign_servers.end());
  return allowed;
}

std::string Config::apply_group() const { return apply.group.empty() ? "farshore.apply." + region : apply.group; }

}  // namespace farshore::service
