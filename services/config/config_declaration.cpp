#include "change/limits.hpp"
#include "services/config/config_fields.hpp"

// Every key of the configuration, once. The order is that of the reference page.
namespace farshore::service {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kGiB = 1024 * kMiB;

void declare(FieldVisitor& v, TlsSettings& tls) {
  v.choice({"mode", "disabled; required: encrypted or no connection; verify: encrypted and the certificate checked."},
           tls.mode,
           {{"disabled", TlsMode::kDisabled}, {"required", TlsMode::kRequired}, {"verify", TlsMode::kVerify}});
  v.text({"ca", "File of the certificate authorities that sign the server's certificate; needed by verify."},
         TextKind::kPath, tls.ca);
  v.text({"cert", "File of the client's certificate, where the server asks for one."}, TextKind::kPath, tls.cert);
  v.text({"key", "File of the client's key."}, TextKind::kPath, tls.key);
}

void declare(FieldVisitor& v, AccountConfig& account) {
  v.text({"user", "Name of the database account."}, TextKind::kFree, account.user);
  v.text({"password_file",
          "File that holds the password; a newline at its end is left out. Read again at each connection."},
         TextKind::kPath, account.password_file);
  v.text({"password_env", "Environment variable that holds the password. Give this or password_file, not both."},
         TextKind::kFree, account.password_env);
}

void declare(FieldVisitor& v, DatabaseConfig& database) {
  v.address({"address", "host:port of the region's own database."}, database.address);
  v.text({"socket", "Unix socket; used instead of address where given."}, TextKind::kPath, database.socket);
  v.section({"tls", "Encryption of the connections to this database."}, [&] { declare(v, database.tls); });
  v.section({"accounts", "One account for each service; docs/operating/grants.md lists their grants."}, [&] {
    v.section({"apply", "Account of apply."}, [&] { declare(v, database.accounts.apply); });
    v.section({"gate", "Account of the gate."}, [&] { declare(v, database.accounts.gate); });
    v.section({"ctl", "Account of farshorectl."}, [&] { declare(v, database.accounts.ctl); });
  });
}

void declare(FieldVisitor& v, KafkaConfig& kafka) {
  v.text({"bootstrap", "host:port of one or more brokers of this region's Kafka, with commas between them."},
         TextKind::kFree, kafka.bootstrap);
  v.number({"replication_factor", "Replicas of the topics that capture creates."}, {1, 15}, kafka.replication_factor);
  v.text_map({"properties",
              "More librdkafka properties for every client, such as security.protocol. Those on which Farshore's "
              "promises stand (acks, "
              "enable.idempotence and such) are refused."},
             kafka.properties);
}

void declare(FieldVisitor& v, OriginConfig& origin) {
  v.text({"name", "Name of the origin; part of its topics' names.", true}, TextKind::kName, origin.name);
  v.text({"region", "The region that the origin is in.", true}, TextKind::kName, origin.region);
  v.address({"address", "host:port of the primary. Needed (or socket) for an origin of this region, unused otherwise."},
            origin.address);
  v.text({"socket", "Unix socket; used instead of address where given."}, TextKind::kPath, origin.socket);
  v.section({"tls", "Encryption of the connections to the primary."}, [&] { declare(v, origin.tls); });
  v.texts({"replicas",
           "host:port of the primary's replicas that may be promoted. Capture asks each of them every second, by its "
           "account and tls, whether it takes writes: while one does, or cannot be asked, the origin gives no "
           "watermark, and the other regions' gates close. Without them a primary that was replaced, and that is still "
           "writable where capture reads it, counts as the origin."},
          TextKind::kFree, origin.replicas);
  v.section({"account", "Account of capture at the primary."}, [&] { declare(v, origin.account); });
  v.number({"server_id",
            "Replication server id that capture shows to the primary: no server or replica may have the same. Needed "
            "for an origin of this region."},
           {0, 4'294'967'295}, origin.server_id);
  v.texts({"own_servers",
           "Servers besides the primary itself whose transactions in its binlog are the origin's own, such as the "
           "primaries before it: UUIDs of MySQL, server ids of MariaDB. Another list starts a new epoch. Capture "
           "stops at a captured row of a server that neither list has."},
          TextKind::kFree, origin.own_servers);
  v.texts({"foreign_servers",
           "Servers that the primary may replicate from although it is captured; what comes from them is left out. A "
           "primary that replicates from any other server is refused."},
          TextKind::kFree, origin.foreign_servers);
}

void declare(FieldVisitor& v, StreamConfig& stream) {
  v.texts(
      {"tables",
       "Patterns schema.table (with * and ?) of the tables that the stream takes; with a ! before it, of those that it "
       "leaves out whatever the others say, as in [\"shop.*\", \"!shop.log\"]. The first stream, in "
       "the order of names, whose patterns match takes a table. Left out whatever the patterns say: the servers' own "
       "schemas, farshore, and the shadow tables of gh-ost and pt-online-schema-change (_t_gho, _t_ghc, _t_del, "
       "_t_new, _t_old)."},
      TextKind::kStreamPattern, stream.tables);
  v.number({"partitions", "Partitions of the stream's topic. Another number starts a new epoch."}, {1, 256},
           stream.partitions);
  v.duration({"retention", "How long Kafka keeps the changes: longer than the longest outage to survive."},
             {1h, days{365}}, stream.retention);
}

void declare(FieldVisitor& v, TableRuleConfig& rule) {
  v.text({"match", "Pattern schema.table (with * and ?). The first rule that matches a table holds.", true},
         TextKind::kPattern, rule.match);
  v.text({"stream", "Stream of these tables; without it the streams' own patterns decide."}, TextKind::kName,
         rule.stream);
  v.text({"group",
          "Order group: its tables share one partition and keep whole transactions in source order. Not with merge: "
          "immutable."},
         TextKind::kName, rule.group);
  v.text({"entity", "Column of each table's primary key whose value alone chooses the partition, such as user_id."},
         TextKind::kFree, rule.entity);
  v.choice(
      {"merge",
       "overwrite: source order; immutable: insert only, other content under the same key is a conflict; local: not "
       "carried to other regions (sessions, caches, a table without a primary key).",
       false, "newest and delta are not built yet: write overwrite, and let one region alone write the table's rows"},
      rule.merge,
      {{"overwrite", change::MergeRule::kOverwrite},
       {"immutable", change::MergeRule::kImmutable},
       {"local", change::MergeRule::kLocal}});
  v.choice(
      {"on_mismatch",
       "What apply does when a change finds another row here than the origin had (an INSERT finds a row, an UPDATE "
       "none, a before-image is not there): close: the gate closes with not-yet-equal for the table, until somebody "
       "declares it equal; warn: it is only counted, see `farshorectl mismatches`."},
      rule.on_mismatch, {{"close", change::OnMismatch::kClose}, {"warn", change::OnMismatch::kWarn}});
  v.text_map({"home", "Kept for home rules; nothing reads it yet."}, rule.home);
}

void declare(FieldVisitor& v, CaptureConfig& capture) {
  v.size({"batch_bytes", "A batch is sent when it has grown to this size."}, {1 * kKiB, 1 * kMiB}, capture.batch_bytes);
  v.duration({"batch_linger", "A batch is sent at this age at the latest; at once when the binlog is drained."},
             {1ms, 1s}, capture.batch_linger);
  v.size({"queue_bytes", "Bound of what is on its way to Kafka; at the bound, reading waits."}, {1 * kMiB, 1 * kGiB},
         capture.queue_bytes);
  v.choice({"compression", "Compression of the records in Kafka."}, capture.compression,
           {{"none", Compression::kNone}, {"lz4", Compression::kLz4}, {"zstd", Compression::kZstd}});
  v.duration({"watermark_interval", "How often the source's clock and position are published as a watermark."},
             {100ms, 60s}, capture.watermark_interval);
  v.duration({"checkpoint_interval", "How often the checkpoint is written."}, {100ms, 60s},
             capture.checkpoint_interval);
  v.size({"max_row_bytes", "A larger row stops the stream."}, {1 * kKiB, change::kRowBytesMax}, capture.max_row_bytes);
  v.size({"max_event_bytes",
          "A larger event of the source's binlog stops capture, even one of a table that is left out. It is held in "
          "memory whole."},
         {1 * kMiB, 1 * kGiB}, capture.max_event_bytes);
  v.duration({"heartbeat_interval", "How often the source shows that it lives while nothing changes."}, {100ms, 60s},
             capture.heartbeat_interval);
  v.duration({"source_timeout", "Silence of the source after which capture connects again."}, {500ms, 600s},
             capture.source_timeout);
}

void declare(FieldVisitor& v, ApplyConfig& apply) {
  v.texts({"origins", "Names of the origins whose changes are applied here and that the gate judges."}, TextKind::kName,
          apply.origins);
  v.number({"workers", "Threads, each with a connection, that apply partitions at the same time."}, {1, 64},
           apply.workers);
  v.number({"work_set_rows", "Changes that one target transaction holds at most."}, {1, 100'000}, apply.work_set_rows);
  v.size({"work_set_bytes", "Bytes of changes that one target transaction holds at most."}, {64 * kKiB, 256 * kMiB},
         apply.work_set_bytes);
  v.duration({"work_set_linger", "How long a work set that is not full waits for more while an earlier one commits."},
             {0ms, 1s}, apply.work_set_linger);
  v.size({"queue_bytes", "Bound of what is fetched from Kafka and not yet in a work set."}, {1 * kMiB, 1 * kGiB},
         apply.queue_bytes);
  v.number({"group_transaction_rows",
            "An order group's source transaction above this, or above 16 MiB of records, may be split over several."},
           {1000, 10'000'000}, apply.group_transaction_rows);
  v.number({"parked_rows_max", "Parked changes of one partition; at the bound the partition stops."}, {0, 10'000'000},
           apply.parked_rows_max);
  v.text({"group", "Kafka consumer group; empty: farshore.apply.<region>."}, TextKind::kFree, apply.group);
  v.duration({"session_timeout", "A process that is silent for so long loses its partitions to the others."},
             {1s, 300s}, apply.session_timeout);
  v.choice({"look_at",
            "Which rows are compared with the origin's image before they are written. all: every row, by one query "
            "more for each statement; sample: one of each table in a second, and those of a work set in which a "
            "statement touched another number of rows than it should, which cannot see that two regions have updated "
            "one row."},
           apply.look_at, {{"sample", change::LookAt::kSample}, {"all", change::LookAt::kAll}});
  v.duration({"retry_interval",
              "Longest time between two tries of parked changes and unfitting schemas; shortest between two searches "
              "for a hole (then ever longer, to 10 minutes)."},
             {100ms, 1h}, apply.retry_interval);
}

void declare(FieldVisitor& v, GateConfig& gate) {
  v.section({"bounds", "What closes the gate."}, [&] {
    v.duration({"max_age", "Safe time may be this old, and stand still for so long."}, {1s, days{1}},
               gate.bounds.max_age);
    v.duration({"max_evidence_age", "The last good reading of the progress table may be this old."}, {500ms, 1h},
               gate.bounds.max_evidence_age);
    v.duration({"max_clock_skew", "Safe time may lie this far in the future of this region's clock."}, {0ms, 1h},
               gate.bounds.max_clock_skew);
    v.duration(
        {"max_comparison_age",
         "Where it is given: the last comparison of all tables with the origin's that found them equal "
         "(`farshorectl compare --record`) may have begun this long ago. It bounds how long a difference that no "
         "binlog tells can stand behind an open gate; leave time for the next comparison to end. 0ms: no "
         "comparison is asked for."},
        {0ms, days{365}}, gate.bounds.max_comparison_age);
  });
  v.duration({"poll_interval", "How often the progress table is read."}, {50ms, 60s}, gate.poll_interval);
}

void declare(FieldVisitor& v, HttpConfig& http) {
  v.address({"capture", "Where capture serves /metrics, /healthz and /readyz; port 0: the system chooses."},
            http.capture);
  v.address({"apply", "Where apply serves them."}, http.apply);
  v.address({"gate", "Where the gate serves them and /v1/gate."}, http.gate);
  v.text({"token_file", "File of the token that changes of state will need; none is served yet."}, TextKind::kPath,
         http.token_file);
}

void declare(FieldVisitor& v, LogConfig& log) {
  v.choice(
      {"level", "The least level that is logged."}, log.level,
      {{"debug", LogLevel::kDebug}, {"info", LogLevel::kInfo}, {"warn", LogLevel::kWarn}, {"error", LogLevel::kError}});
  v.choice({"format", "json: an object a line; text: for people."}, log.format,
           {{"json", LogFormat::kJson}, {"text", LogFormat::kText}});
}

}  // namespace

void declare_config(FieldVisitor& v, Config& c) {
  v.text({"region", "Name of this region.", true}, TextKind::kName, c.region);
  v.section({"database", "The region's own database: where apply writes and what the gate reads."},
            [&] { declare(v, c.database); });
  v.section({"kafka", "The region's own Kafka cluster."}, [&] { declare(v, c.kafka); });
  v.items(
      {"origins", "The primaries of every region.", true}, [&] { c.origins.clear(); },
      [&] { declare(v, c.origins.emplace_back()); });
  v.entries(
      {"streams", "Named sets of tables that share a topic. The same in every region."}, [&] { c.streams.clear(); },
      [&](const std::string& name) { declare(v, c.streams[name]); });
  v.items(
      {"tables", "Table rules. The same in every region."}, [&] { c.tables.clear(); },
      [&] { declare(v, c.tables.emplace_back()); });
  v.section({"capture", "How changes are read and published."}, [&] { declare(v, c.capture); });
  v.section({"apply", "How other origins' changes are applied."}, [&] { declare(v, c.apply); });
  v.section({"gate", "When this region may take over."}, [&] { declare(v, c.gate); });
  v.section({"http", "Where the services listen. Loopback unless said otherwise."}, [&] { declare(v, c.http); });
  v.section({"log", "What is logged, to standard error."}, [&] { declare(v, c.log); });
}

}  // namespace farshore::service
