#include "services/config/config.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/environment_error.hpp"
#include "services/config/config_fields.hpp"
#include "services/config/config_units.hpp"
#include "services/config/endpoints.hpp"

namespace farshore::service {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kLeast = R"(region: east
origins:
  - {name: east, region: east, address: "127.0.0.1:3306", server_id: 990001}
  - {name: west, region: west}
apply: {origins: [west]}
)";

/// The sentence that refuses the text; fails the test when nothing does.
std::string refusal_of(const std::string& yaml) {
  try {
    (void)parse_config(yaml, "east.yaml");
  } catch (const EnvironmentError& error) {
    EXPECT_EQ(error.code(), ExitCode::kUsage);
    return error.what();
  }
  ADD_FAILURE() << "was not refused:\n" << yaml;
  return {};
}

TEST(Config, TakesDefaultsForWhatTheFileLeavesOut) {
  const Config config = parse_config(kLeast, "east.yaml");
  EXPECT_EQ(config.region, "east");
  EXPECT_EQ(config.database.address.to_string(), "127.0.0.1:3306");
  EXPECT_EQ(config.database.accounts.gate.user, "farshore_gate");
  EXPECT_EQ(config.capture.batch_bytes, 64U * 1024);
  EXPECT_EQ(config.capture.batch_linger, 5ms);
  EXPECT_EQ(config.gate.bounds.max_age, 10s);
  ASSERT_TRUE(config.streams.contains("main"));
  EXPECT_EQ(config.streams.at("main").partitions, 8U);
  EXPECT_THAT(config.streams.at("main").tables, ElementsAre("*.*"));
  EXPECT_EQ(config.apply_group(), "farshore.apply.east");
  ASSERT_EQ(config.own_origins().size(), 1U);
  EXPECT_EQ(config.own_origins().front()->name, "east");
}

TEST(Config, ReadsEveryKindOfValue) {
  const Config config = parse_config(std::string(kLeast) + R"(
database:
  address: "[::1]:3307"
  tls: {mode: verify, ca: /ca.pem}
kafka: {bootstrap: "k1:9092,k2:9092", replication_factor: 2, properties: {security.protocol: ssl, retries: 3}}
streams: {core: {tables: ["pay.*", "shop.order?"], partitions: 16, retention: 36h}}
tables: [{match: "pay.*", stream: core, group: pay}, {match: "log.*", merge: immutable}]
capture: {batch_bytes: 1MiB, compression: zstd, watermark_interval: 250ms}
http: {gate: "0.0.0.0:0"}
log: {level: debug, format: text}
)",
                                     "east.yaml");
  EXPECT_EQ(config.database.address.host, "::1");
  EXPECT_EQ(config.database.address.port, 3307);
  EXPECT_EQ(config.database.tls.mode, TlsMode::kVerify);
  EXPECT_EQ(config.kafka.properties.at("retries"), "3");
  EXPECT_FALSE(config.streams.contains("main")) << "given streams replace the default one";
  EXPECT_EQ(config.streams.at("core").retention, 36h);
  EXPECT_EQ(config.tables.at(1).merge, change::MergeRule::kImmutable);
  EXPECT_EQ(config.capture.batch_bytes, 1024U * 1024);
  EXPECT_EQ(config.capture.compression, Compression::kZstd);
  EXPECT_EQ(config.http.gate.port, 0);
  EXPECT_EQ(config.log.format, LogFormat::kText);
}

TEST(Config, RefusesAnUnknownKeyWithItsLineAndTheNearestKnownOne) {
  EXPECT_THAT(refusal_of(std::string(kLeast) + "capture:\n  batch_lingr: 5ms\n"),
              HasSubstr("east.yaml:7: capture.batch_lingr is not a known key; did you mean batch_linger?"));
  EXPECT_THAT(refusal_of("regoin: east\n"), HasSubstr("east.yaml:1: regoin is not a known key; did you mean region?"));
  EXPECT_THAT(refusal_of(std::string(kLeast) + "log: {colour: red}\n"),
              HasSubstr("log.colour is not a known key; known here: level, format"));
}

TEST(Config, SaysWhatItFoundAndWantedForAWrongType) {
  const std::string least = kLeast;
  EXPECT_THAT(refusal_of(least + "capture: {batch_bytes: lots}\n"),
              HasSubstr("capture.batch_bytes is \"lots\"; wanted a size with a unit (B, KiB, MiB, GiB) from 1KiB to"));
  EXPECT_THAT(
      refusal_of(least + "capture: {batch_linger: 5}\n"),
      HasSubstr("capture.batch_linger is \"5\"; wanted a duration with a unit (ms, s, m, h, d) from 1ms to 1s"));
  EXPECT_THAT(refusal_of(least + "kafka: {replication_factor: -1}\n"),
              HasSubstr("kafka.replication_factor is \"-1\"; wanted a whole number from 1 to 15"));
  EXPECT_THAT(refusal_of(least + "kafka: {replication_factor: 16}\n"), HasSubstr("from 1 to 15"));
  EXPECT_THAT(refusal_of(least + "capture: {compression: gzip}\n"),
              HasSubstr("capture.compression is \"gzip\"; wanted one of none, lz4, zstd"));
  EXPECT_THAT(refusal_of(least + "http: {gate: localhost}\n"),
              HasSubstr("http.gate is \"localhost\"; wanted host:port"));
  EXPECT_THAT(refusal_of(least + "streams: [main]\n"), HasSubstr("streams is a list; wanted a mapping of names"));
  EXPECT_THAT(refusal_of(least + "gate: 3\n"), HasSubstr("gate is a single value; wanted a mapping"));
  EXPECT_THAT(refusal_of(least + "streams: {main: {tables: orders}}\n"),
              HasSubstr("streams.main.tables is \"orders\"; wanted a list of texts"));
  EXPECT_THAT(refusal_of(least + "streams: {main: {tables: [orders]}}\n"),
              HasSubstr("streams.main.tables[0] is \"orders\"; wanted a pattern \"schema.table\""));
  EXPECT_THAT(refusal_of(least + "streams: {main: {tables: [\"!orders\"]}}\n"),
              HasSubstr("streams.main.tables[0] is \"!orders\"; wanted a pattern \"schema.table\""));
  EXPECT_THAT(refusal_of(least + "streams: {main: {tables: [\"!shop.log\"]}}\n"),
              HasSubstr("streams.main.tables takes nothing"));
  EXPECT_THAT(refusal_of("region: [east]\n"), HasSubstr("region is a list; wanted a text"));
  EXPECT_THAT(refusal_of("region: ea.st\n"), HasSubstr("region is \"ea.st\"; wanted 1 to 64 letters"));
  EXPECT_THAT(refusal_of("- east\n"), HasSubstr("the file holds a list; wanted a mapping"));
  EXPECT_THAT(refusal_of(""), HasSubstr("wanted a mapping"));
}

TEST(Config, RefusesAMergeRuleThatIsNotBuilt) {
  for (const change::MergeRule rule : change::kMergeRules) {
    const std::string file =
        fmt::format("{}tables: [{{match: shop.accounts, merge: {}}}]\n", kLeast, change::to_string(rule));
    if (change::is_built(rule)) {
      EXPECT_EQ(parse_config(file, "east.yaml").tables.at(0).merge, rule);
      continue;
    }
    EXPECT_THAT(refusal_of(file),
                HasSubstr(fmt::format(
                    "tables[0].merge is \"{}\"; wanted one of overwrite, immutable, local. newest and delta are not "
                    "built yet: write overwrite, and let one region alone write the table's rows.",
                    change::to_string(rule))));
  }
}

TEST(Config, NamesWhatIsMissing) {
  EXPECT_THAT(refusal_of("origins: []\n"), HasSubstr("region is missing"));
  EXPECT_THAT(refusal_of("region: east\n"), HasSubstr("origins is missing"));
  EXPECT_THAT(refusal_of("region: east\norigins: [{region: east}]\n"), HasSubstr("origins[0].name is missing"));
  EXPECT_THAT(refusal_of("region: \"\"\norigins: []\n"), HasSubstr("region is missing"));
}

TEST(Config, RefusesAKeyThatIsGivenTwice) {
  EXPECT_THAT(refusal_of("region: east\nregion: west\n"), HasSubstr("east.yaml:2: region is given twice"));
  EXPECT_THAT(refusal_of(std::string(kLeast) + "log:\n  level: info\n  level: warn\n"),
              HasSubstr("east.yaml:8: log.level is given twice"));
}

TEST(Config, SaysWhereTheFileIsNotYaml) {
  EXPECT_THAT(refusal_of("region: east\nlog: {level: info\n"), HasSubstr("this is not YAML"));
  EXPECT_THAT(refusal_of("region: east: west\n"), HasSubstr("this is not YAML"));
}

TEST(Config, RefusesNamesThatDoNotExistAndValuesThatDoNotFit) {
  const std::string least = kLeast;
  EXPECT_THAT(refusal_of("region: east\norigins: [{name: east, region: east}]\n"),
              HasSubstr("origin \"east\" is of this region and has neither address nor socket"));
  EXPECT_THAT(refusal_of("region: east\norigins: [{name: east, region: east, socket: /s}]\n"),
              HasSubstr("has no server_id"));
  EXPECT_THAT(refusal_of("region: east\norigins: [{name: w, region: west}, {name: w, region: west}]\n"),
              HasSubstr("origin \"w\" is given twice"));
  EXPECT_THAT(refusal_of("region: east\norigins: [{name: w, region: west}]\napply: {origins: [north]}\n"),
              HasSubstr("apply.origins names \"north\", which origins does not have"));
  EXPECT_THAT(refusal_of(least + "tables: [{match: \"a.b\", stream: core}]\n"),
              HasSubstr("names the stream \"core\", which streams does not have"));
  EXPECT_THAT(refusal_of(least + "tables: [{match: \"a.b\", group: g, entity: user_id}]\n"),
              HasSubstr("has both group and entity"));
  EXPECT_THAT(refusal_of(least + "tables: [{match: \"a.b\", group: g, merge: immutable}]\n"),
              HasSubstr("has the order group \"g\" and merge immutable"));
  EXPECT_THAT(refusal_of(least + "streams: {a: {tables: [\"a.*\"]}, b: {tables: [\"b.*\"]}}\n"
                                 "tables: [{match: \"a.*\", group: g}, {match: \"b.*\", group: g}]\n"),
              HasSubstr("for \"a.*\" has the order group \"g\" and no stream"));
  EXPECT_THAT(refusal_of(least + "capture: {batch_bytes: 1MiB, max_row_bytes: 9MiB}\n"),
              HasSubstr("capture.max_row_bytes are 1MiB and 9MiB, and have to be 9728KiB together"));
  EXPECT_THAT(refusal_of(least + "database: {tls: {mode: verify}}\n"), HasSubstr("needs database.tls.ca"));
  EXPECT_THAT(refusal_of(least + "database: {accounts: {gate: {password_file: /a, password_env: B}}}\n"),
              HasSubstr("database.accounts.gate has both password_file and password_env"));
  EXPECT_THAT(refusal_of(least + "http: {gate: \"127.0.0.1:8471\"}\n"), HasSubstr("are the same address"));
  EXPECT_THAT(refusal_of(least + "gate: {poll_interval: 5s}\n"), HasSubstr("gate.bounds.max_evidence_age is 3s"));
}

TEST(Config, RefusesBrokersThatAreNoAddresses) {
  const std::string least = kLeast;
  EXPECT_THAT(refusal_of(least + "kafka: {bootstrap: \"kafka one\"}\n"),
              HasSubstr("kafka.bootstrap has \"kafka one\""));
  EXPECT_THAT(refusal_of(least + "kafka: {bootstrap: \"k1:9092,\"}\n"), HasSubstr("kafka.bootstrap has \"\""));
  EXPECT_EQ(parse_config(least + "kafka: {bootstrap: \"k1:9092, [::1]:9093\"}\n", "east.yaml").kafka.bootstrap,
            "k1:9092, [::1]:9093");
}

TEST(Config, RefusesWhatLibrdkafkaDoesNotTake) {
  const std::string least = kLeast;
  EXPECT_THAT(refusal_of(least + "kafka: {properties: {securty.protocol: ssl}}\n"), HasSubstr("securty.protocol"));
  EXPECT_THAT(refusal_of(least + "kafka: {properties: {security.protocol: tls}}\n"), HasSubstr("security.protocol"));
}

TEST(Config, RefusesKafkaPropertiesOnWhichThePromisesStand) {
  const std::string least = kLeast;
  for (const char* name : {"acks", "enable.idempotence", "isolation.level", "transactional.id"})
    EXPECT_THAT(refusal_of(least + "kafka: {properties: {" + name + ": x}}\n"),
                HasSubstr(std::string("kafka.properties has ") + name + ", which Farshore sets itself"));
}

TEST(Config, RefusesToCaptureWhereTheRegionHasNoOrigin) {
  const Config config = parse_config("region: south\norigins: [{name: west, region: west}]\n", "south.yaml");
  EXPECT_THROW(check_config_for(config, ServiceKind::kCapture), EnvironmentError);
  EXPECT_THROW(check_config_for(config, ServiceKind::kGate), EnvironmentError);
}

TEST(Config, SaysThatTheFileIsNotThere) {
  try {
    (void)load_config("/nowhere/east.yaml");
    FAIL();
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), HasSubstr("--config /nowhere/east.yaml: the file cannot be read (No such file"));
    EXPECT_EQ(error.code(), ExitCode::kUsage);
  }
}

TEST(Config, TakesTheExampleOfTheReferencePage) {
  const Config config = parse_config(std::string(example_config()), "example.yaml");
  EXPECT_EQ(config.tables.size(), 3U);
}

TEST(Password, ComesFromAFileOrTheEnvironment) {
  const auto file = std::filesystem::temp_directory_path() / ("farshore_password_" + std::to_string(::getpid()));
  std::ofstream(file) << "secret word\n";
  EXPECT_EQ(read_password({.user = "u", .password_file = file, .password_env = ""}), "secret word");
  std::filesystem::remove(file);
  EXPECT_THROW((void)read_password({.user = "u", .password_file = file, .password_env = ""}), EnvironmentError);
  ::setenv("FARSHORE_TEST_PASSWORD", "p", 1);
  EXPECT_EQ(read_password({.user = "u", .password_file = "", .password_env = "FARSHORE_TEST_PASSWORD"}), "p");
  ::unsetenv("FARSHORE_TEST_PASSWORD");
  EXPECT_THROW((void)read_password({.user = "u", .password_file = "", .password_env = "FARSHORE_TEST_PASSWORD"}),
               EnvironmentError);
}

TEST(Units, CarryTheirUnit) {
  EXPECT_EQ(parse_size("64KiB"), 65536U);
  EXPECT_EQ(parse_size("0B"), 0U);
  EXPECT_FALSE(parse_size("64"));
  EXPECT_FALSE(parse_size("64KB"));
  EXPECT_FALSE(parse_size("-1B"));
  EXPECT_FALSE(parse_size("99999999999999999999B"));
  EXPECT_FALSE(parse_size("17179869184GiB"));
  EXPECT_EQ(parse_duration("7d"), 168h);
  EXPECT_EQ(parse_duration("5ms"), 5ms);
  EXPECT_EQ(parse_duration("2m"), 2min);
  EXPECT_FALSE(parse_duration("1.5s"));
  EXPECT_FALSE(parse_duration("5 ms"));
  EXPECT_EQ(size_text(65536), "64KiB");
  EXPECT_EQ(size_text(0), "0B");
  EXPECT_EQ(duration_text(90s), "90s");
  EXPECT_EQ(duration_text(0ms), "0ms");
}

TEST(Address, IsHostAndPort) {
  EXPECT_EQ(parse_address("db.example:3306")->host, "db.example");
  EXPECT_EQ(parse_address("[::1]:80")->to_string(), "[::1]:80");
  EXPECT_FALSE(parse_address("db.example"));
  EXPECT_FALSE(parse_address(":80"));
  EXPECT_FALSE(parse_address("a:"));
  EXPECT_FALSE(parse_address("a:70000"));
  EXPECT_FALSE(parse_address("::1:80"));
}

}  // namespace
}  // namespace farshore::service
