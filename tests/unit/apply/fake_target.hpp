#pragma once

#include <array>
#include <climits>
#include <cstdlib>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "apply/writer_settings.hpp"
#include "fake_shape.hpp"
#include "fake_writes.hpp"
#include "sql_text.hpp"
#include "unit/mysql/scripted_server.hpp"

/// A target database as far as apply's writer needs one: the tables farshore.progress and farshore.parked with
/// transactions and compare-and-set, the information_schema of some tables, and a log of every statement. Rows of
/// applications are not kept: a test says what a statement on them answers.
namespace farshore::apply::test {

using mysql::test::fails;
using mysql::test::hangs_up;
using mysql::test::ok;
using mysql::test::Reply;
using mysql::test::rows;

class FakeTarget {
 public:
  static constexpr const char* kAll = "GRANT ALL PRIVILEGES ON *.* TO `farshore_apply`@`%`";
  static constexpr const char* kBlindToTriggers =
      "GRANT SELECT, INSERT, UPDATE, DELETE, REFERENCES ON *.* TO `farshore_apply`@`%`";
  /// What a statement on an application's table answers; nothing: it succeeds, for one row.
  using Data = std::function<std::optional<Reply>(const std::string& statement)>;
  enum class Commit : std::uint8_t { kGood, kLostAfterIt, kLostBeforeIt, kRefused };
  using Shape = FakeShape;

  FakeTarget() {
    add_table("notes");
    server_.answer([this](const std::string& statement) {
      const std::scoped_lock lock(mutex_);
      return answer(statement);
    });
  }

  [[nodiscard]] DatabaseEndpoint endpoint() const { return server_.endpoint(); }
  [[nodiscard]] std::uint32_t sessions() const { return server_.sessions(); }

  void on_data(Data data) {
    const std::scoped_lock lock(mutex_);
    data_ = std::move(data);
  }
  /// What the query for one row answers that tells of each column whether it is as written; else all are.
  void on_read_back(Data read_back) {
    const std::scoped_lock lock(mutex_);
    read_back_ = std::move(read_back);
  }
  void next_commit(Commit commit) {
    const std::scoped_lock lock(mutex_);
    commit_ = commit;
  }
  /// The account may not give statements that begin so; empty: it may do all again.
  void deny(std::string beginning) {
    const std::scoped_lock lock(mutex_);
    denied_ = std::move(beginning);
  }
  /// What SHOW GRANTS says: each time the next one, and the last from then on.
  void grant(std::deque<std::string> grants) {
    const std::scoped_lock lock(mutex_);
    grants_ = std::move(grants);
  }
  /// The next `times` statements that begin so wait for a lock in vain.
  void lock_out(std::string beginning, int times) {
    const std::scoped_lock lock(mutex_);
    locked_ = std::move(beginning);
    locked_times_ = times;
  }
  /// Somebody asks that a change be tried again which is not parked, of shop.notes and partition 2.
  void ask() {
    const std::scoped_lock lock(mutex_);
    asks_ = true;
  }
  /// Whoever asks does not wait for the answer.
  void asker_goes() {
    const std::scoped_lock lock(mutex_);
    asker_has_gone_ = true;
  }
  [[nodiscard]] std::string answered() {
    const std::scoped_lock lock(mutex_);
    return answered_;
  }
  [[nodiscard]] int request_looks() {
    const std::scoped_lock lock(mutex_);
    return request_looks_;
  }
  [[nodiscard]] bool is_answered() {
    const std::scoped_lock lock(mutex_);
    return !asks_;
  }
  /// As before `farshorectl init`: farshore has no such table.
  void lack(std::string table) {
    const std::scoped_lock lock(mutex_);
    lacking_ = std::move(table);
  }
  /// A text that an origin has put into a column of the table notes that was not here.
  void await(const std::string& column, const std::string& text) {
    const std::scoped_lock lock(mutex_);
    awaited_ = {{"west", "main", "shop", "notes", column, "3", "77", "text", text, "varchar"}};
  }
  /// So many that nobody keeps them in memory one by one, all of another table.
  void have_many_conflicts() {
    const std::scoped_lock lock(mutex_);
    conflicts_ = 100'001;
  }
  /// Of every partition and topic.
  void store_offset(std::int64_t offset) {
    const std::scoped_lock lock(mutex_);
    offsets_ = {{std::to_string(offset)}};
  }
  /// The server has ended the session that is open: its next statement finds out.
  void end_session() {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
  }
  [[nodiscard]] bool session_end_is_known() {
    const std::scoped_lock lock(mutex_);
    return !ended_;
  }
  [[nodiscard]] std::set<std::string> advisory_locks() {
    const std::scoped_lock lock(mutex_);
    return locks_;
  }
  /// max_allowed_packet of sessions that open from now on.
  void limit_packets(std::size_t bytes) {
    const std::scoped_lock lock(mutex_);
    packet_bytes_ = bytes;
  }
  /// shop.NAME
  void add_table(const std::string& name, Shape shape = Shape::kPlain) {
    const std::scoped_lock lock(mutex_);
    tables_[name] = shape;
    ++versions_[name];
  }
  void drop_table(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    tables_.erase(name);
    ++versions_[name];
  }
  /// As if another process had written the row: `writes` grows too.
  void write_progress(int part, const Fields& fields) {
    const std::scoped_lock lock(mutex_);
    Fields& row = committed_.progress[part];
    for (const auto& [name, value] : fields) row[name] = value;
    row["writes"] = std::to_string(std::stoull("0" + row["writes"]) + 1);
  }
  /// Empty: there is no row.
  [[nodiscard]] Fields progress(int part = 2) {
    const std::scoped_lock lock(mutex_);
    const auto row = committed_.progress.find(part);
    return row == committed_.progress.end() ? Fields() : row->second;
  }
  [[nodiscard]] std::size_t parked() {
    const std::scoped_lock lock(mutex_);
    return committed_.parked.size();
  }
  /// What a first change that was held back expects is still kept, of some key.
  [[nodiscard]] bool has_parked_first() {
    const std::scoped_lock lock(mutex_);
    return !committed_.parked_first.empty();
  }
  /// What the table says of the statement; nothing: it is not there.
  [[nodiscard]] std::optional<Fields> statement() {
    const std::scoped_lock lock(mutex_);
    return committed_.statement;
  }
  void decide_statement(const std::string& state) {
    const std::scoped_lock lock(mutex_);
    committed_.statement.value()["state"] = state;
  }
  /// The statement was decided when another epoch told of it.
  void decided_before(const std::string& gtid) {
    const std::scoped_lock lock(mutex_);
    decided_before_ = gtid;
  }
  [[nodiscard]] std::vector<std::string> reasons_of_parked() {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> reasons;
    for (const auto& [key, row] : committed_.parked) {
      const auto tried = row.find("tried_reason");
      reasons.push_back(tried == row.end() ? row.at("reason") : tried->second);
    }
    return reasons;
  }
  /// Queries of the information_schema.
  [[nodiscard]] int schema_reads() {
    const std::scoped_lock lock(mutex_);
    return schema_reads_;
  }
  /// As MariaDB makes one that bears an old time: the session's count says nothing of it.
  void add_trigger(const std::string& table, const std::string& name, const std::string& body) {
    const std::scoped_lock lock(mutex_);
    triggers_[table].push_back({name, body});
  }
  /// The table notes gets a child, whose rows go with its own; a session is not told.
  void add_children() { has_new_children_ = true; }
  /// The statements since the last call that belong to transactions, without reads of farshore and information_schema.
  [[nodiscard]] std::vector<std::string> take_writes() { return writes_among(server_.take_statements()); }

 private:
  static constexpr std::array<const char*, 12> kParkedColumns{"schema_name", "table_name", "key_hash", "epoch",
                                                              "incarnation", "seq",        "gtid",     "change_bytes",
                                                              "origin",      "stream",     "part",     "reason"};
  using ParkedKey = std::tuple<std::string, std::string, std::string, std::string>;  // part, schema, table, hash
  struct Tables {
    std::map<int, Fields> progress;
    std::map<ParkedKey, Fields> parked;
    std::map<ParkedKey, Fields> parked_first;
    std::optional<Fields> statement;  ///< of the one epoch that begins behind one
  };

  Reply answer(const std::string& statement) {
    if (!denied_.empty() && statement.starts_with(denied_)) return fails(1142, "command denied to user");
    if (locked_times_ > 0 && statement.starts_with(locked_)) {
      --locked_times_;
      return fails(1205, "Lock wait timeout exceeded");
    }
    if (!lacking_.empty() && statement.contains(lacking_ + " ")) {
      return fails(1146, "Table '" + lacking_ + "' doesn't exist");
    }
    if (std::exchange(ended_, false)) return roll_back(hangs_up());
    if (statement.starts_with("DO ")) return on_do(statement);
    if (statement == "COMMIT") return commit();
    if (statement == "ROLLBACK") return roll_back(ok());
    if (statement.starts_with("SELECT CURRENT_USER()")) return rows({"u", "r", "m"}, {{"farshore_apply@%", "", "1"}});
    if (statement.starts_with("SHOW GRANTS")) {
      const std::string now = grants_.front();
      if (grants_.size() > 1) grants_.pop_front();
      return rows({"g"}, {{now}});
    }
    if (statement.starts_with("SELECT VERSION()"))
      return rows({"now", "account", "mariadb"}, {{"1", "farshore_apply", "1"}});
    if (statement.starts_with("SELECT @@max_allowed_packet")) return rows({"m"}, {{std::to_string(packet_bytes_)}});
    if (statement.starts_with("PREPARE") || statement.starts_with("EXECUTE")) return on_statement(statement);
    if (statement.starts_with("SHOW SESSION STATUS")) return rows({"n", "v"}, {{"n", std::to_string(prepared_anew_)}});
    if (statement.starts_with("SHOW BINARY LOG STATUS")) return rows({"File", "Position"}, {});
    if (statement.starts_with("SELECT IS_USED_LOCK(")) return rows({"held"}, {{asker_has_gone_ ? "0" : "1"}});
    if (statement.contains("farshore.progress")) return on_progress(statement);
    if (statement.contains("farshore.parked_try")) return on_try(statement);
    if (statement.contains("farshore.parked_first")) return on_parked_first(statement);
    if (statement.starts_with("SELECT DISTINCT") && statement.contains("farshore.conflict")) {
      return rows({"schema_name", "table_name", "key_hash"},
                  std::vector<std::vector<Reply::Field>>(conflicts_, {"shop", "other", "0123456789abcdef"}));
    }
    if (statement.contains("farshore.audit")) return on_request(statement);
    if (statement.starts_with("SELECT") && statement.contains("farshore.added_column"))
      return rows({"origin", "stream", "schema_name", "table_name", "column_name", "epoch", "incarnation", "kind",
                   "constant", "type"},
                  awaited_);
    for (const char* const table : {"farshore.conflict", "farshore.equality"}) {
      if (statement.starts_with("SELECT") && statement.contains(table)) return rows({"x"}, {});
    }
    if (statement.contains("farshore.conflict_history")) return ok(1);
    if (statement.contains("farshore.parked")) return on_parked(statement);
    if (statement.contains("farshore.statement")) return on_rowless(statement);
    if (statement.starts_with("SELECT kafka_offset")) return rows({"kafka_offset"}, offsets_);
    if (statement.contains("farshore.")) return ok(1);
    if (statement.contains("information_schema.")) {
      ++schema_reads_;
      return on_schema(statement);
    }
    if (statement.starts_with("SET ")) return ok();
    if (is_read_back(statement)) return on_read_back(statement);
    if (data_) {
      if (auto reply = data_(statement)) {
        return reply->kind == Reply::Kind::kHangUp ? roll_back(*reply) : *reply;
      }
    }
    return statement.starts_with("SELECT") ? rows({"x"}, {}) : ok(1);
  }

  Reply on_do(const std::string& statement) {
    SqlText text(statement);
    if (text.find("GET_LOCK(")) locks_.insert(text.literal());
    if (text.find("RELEASE_LOCK(")) locks_.erase(text.literal());
    return ok();
  }

  Reply on_read_back(const std::string& statement) {
    if (read_back_) {
      if (const auto reply = read_back_(statement)) return *reply;
    }
    Reply reply = rows({}, {{}});
    for (auto at = statement.find("<=>"); at != std::string::npos; at = statement.find("<=>", at + 1)) {
      reply.names.emplace_back("c");
      reply.rows[0].emplace_back("1");
    }
    return reply;
  }

  Reply commit() {
    switch (std::exchange(commit_, Commit::kGood)) {
      case Commit::kGood: committed_ = pending(); return roll_back(ok());
      case Commit::kLostAfterIt: committed_ = pending(); return roll_back(hangs_up());
      case Commit::kLostBeforeIt: return roll_back(hangs_up());
      case Commit::kRefused: return fails(1197, "Multi-statement transaction required more than max_binlog_cache_size");
    }
    return ok();
  }
  Reply roll_back(Reply reply) {
    pending_.reset();
    return reply;
  }
  Tables& pending() {
    if (!pending_) pending_ = committed_;
    return *pending_;
  }
  const Tables& seen() { return pending_ ? *pending_ : committed_; }

  Reply on_progress(const std::string& statement) {
    if (statement.contains("'self-test'")) return ok(1);
    if (statement.starts_with("SELECT")) return select_progress(statement);
    if (statement.starts_with("INSERT")) {
      Fields row = inserted(statement);
      const int part = std::atoi(row["part"].c_str());
      if (!pending().progress.try_emplace(part, row).second) return fails(1062, "Duplicate entry for key 'PRIMARY'");
      return ok(1);
    }
    SqlText text(statement);
    (void)text.find(" SET ");
    const Fields next = assignments(text, ", ");
    (void)text.skip(" WHERE ");
    Fields wanted = assignments(text, " AND ");
    const auto found = pending().progress.find(std::atoi(wanted["part"].c_str()));
    if (found == pending().progress.end()) return ok(0);
    Fields& row = found->second;
    for (const char* const name : {"epoch", "incarnation", "seq", "writes"}) {
      if (row[name] != wanted[name]) return ok(0);
    }
    for (const auto& [name, value] : next) {
      if (name != "writes") row[name] = value;
    }
    row["writes"] = std::to_string(std::stoull(row["writes"]) + 1);
    return ok(1);
  }

  Reply select_progress(const std::string& statement) {
    SqlText text(statement);
    (void)text.find(" WHERE ");
    const Fields wanted = assignments(text, " AND ");
    Reply reply = rows({"origin", "stream", "part", "epoch", "incarnation", "seq", "origin_position", "row_gtid",
                        "row_ordinal", "safe_time", "commit_time", "writes", "state", "reason", "owner"},
                       {});
    for (const auto& [part, row] : seen().progress) {
      if (wanted.contains("part") && wanted.at("part") != std::to_string(part)) continue;
      std::vector<Reply::Field> fields{"west", "main", std::to_string(part)};
      for (std::size_t i = 3; i < reply.names.size(); ++i) {
        const auto value = row.find(reply.names[i]);
        fields.emplace_back(value == row.end() ? "" : value->second);
      }
      reply.rows.push_back(std::move(fields));
    }
    return reply;
  }

  Reply on_request(const std::string& statement) {
    if (!statement.starts_with("SELECT")) {
      const bool is_open = std::exchange(asks_, false);
      if (is_open) answered_ = statement;
      return ok(is_open ? 1 : 0);
    }
    ++request_looks_;
    if (!asks_) return rows({"x"}, {});
    return rows({"id", "action", "dry_run", "origin", "stream", "part", "schema_name", "table_name", "key_hash",
                 "epoch", "seq", "expected", "who"},
                {{"1", "parked-retry", "0", "west", "main", "2", "shop", "notes", "0123456789abcdef", "3", "1",
                  std::nullopt, "anna"}});
  }

  Reply on_try(const std::string& statement) {
    if (statement.starts_with("SELECT COUNT(*)")) {  // of those that were refused for another reason than a taken value
      std::size_t others = 0;
      for (const auto& [key, row] : seen().parked) others += row.at("error_code") == "1062" ? 0U : 1U;
      return rows({"number"}, {{std::to_string(others)}});
    }
    if (!statement.starts_with("INSERT")) return ok(1);
    Fields row = inserted(statement);
    const auto tried = pending().parked.find({row["part"], row["schema_name"], row["table_name"], row["key_hash"]});
    if (tried == pending().parked.end()) return ok(1);
    tried->second["error_code"] = row["error_code"];
    tried->second["tried_reason"] = row["reason"];
    return ok(1);
  }

  Reply on_parked_first(const std::string& statement) {
    SqlText text(statement);
    (void)text.find(" WHERE ");
    Fields wanted = assignments(text, " AND ");
    const auto has_key = [&](const auto& row) {
      const auto& [part, schema, table, hash] = row.first;
      return schema == wanted["schema_name"] && table == wanted["table_name"] && hash == wanted["key_hash"];
    };
    auto& kept = pending().parked_first;
    if (statement.starts_with("DELETE")) return ok(std::erase_if(kept, has_key));
    if (statement.starts_with("REPLACE")) {
      for (const auto& row : seen().parked) {
        if (has_key(row)) kept.insert_or_assign(row.first, row.second);
      }
      return ok(1);
    }
    if (!statement.ends_with(" FOR UPDATE")) return fails(1064, "the first is locked before the row is looked at");
    Reply reply = rows({}, {});
    for (auto row : kept) {
      if (!has_key(row)) continue;
      std::vector<Reply::Field> fields;
      for (const char* const name : kParkedColumns) {
        reply.names.emplace_back(name);
        fields.emplace_back(row.second[name]);
      }
      reply.rows.push_back(std::move(fields));
    }
    if (reply.rows.empty()) return rows({"x"}, {});
    return reply;
  }

  Reply on_parked(const std::string& statement) {
    if (statement.starts_with("INSERT")) {
      Fields row = inserted(statement);
      pending().parked[{row["part"], row["schema_name"], row["table_name"], row["key_hash"]}] = row;
      return ok(1);
    }
    SqlText text(statement);
    (void)text.find(" WHERE ");
    Fields wanted = assignments(text, " AND ");
    const int below_epoch = text.skip("<") ? std::atoi(text.literal().c_str()) : INT_MAX;
    if (statement.starts_with("DELETE")) {
      const auto removed =
          pending().parked.erase({wanted["part"], wanted["schema_name"], wanted["table_name"], wanted["key_hash"]});
      return ok(removed);
    }
    std::vector<std::string> names{"schema_name", "table_name", "key_hash"};
    const bool is_count = statement.starts_with("SELECT COUNT(*)");
    const bool is_size = statement.starts_with("SELECT OCTET_LENGTH");
    if (is_count || is_size) names = {"number"};
    if (statement.contains("change_bytes, origin")) names = {kParkedColumns.begin(), kParkedColumns.end()};
    std::set<ParkedKey> some;  // (schema_name=... AND table_name=... AND key_hash=...) OR (...)
    while (text.find("(schema_name=")) {
      const std::string schema = text.literal();
      (void)text.find("table_name=");
      const std::string table = text.literal();
      (void)text.find("key_hash=");
      some.insert({wanted["part"], schema, table, text.literal()});
    }
    Reply reply = rows(names, {});
    for (auto [key, row] : seen().parked) {
      if (wanted.contains("part") && wanted["part"] != std::get<0>(key)) continue;
      if (std::atoi(row["epoch"].c_str()) >= below_epoch) continue;
      if (!some.empty() && !some.contains(key)) continue;
      row["number"] = std::to_string(row["change_bytes"].size());
      std::vector<Reply::Field> fields;
      for (const std::string& name : names) fields.emplace_back(row[name]);
      reply.rows.push_back(std::move(fields));
    }
    if (is_count) reply.rows = {{std::to_string(reply.rows.size())}};
    if (statement.contains(" GROUP BY schema_name")) {
      std::map<std::pair<std::string, std::string>, int> counts;
      for (const auto& row : reply.rows) ++counts[{row[0].value_or(""), row[1].value_or("")}];
      reply.rows.clear();
      for (const auto& [table, count] : counts)
        reply.rows.push_back({table.first, table.second, std::to_string(count)});
    }
    return reply;
  }

  /// PREPARE name FROM '(SELECT 1 FROM `shop`.`notes` LIMIT 0) UNION ALL ...', and EXECUTE name
  Reply on_statement(const std::string& statement) {
    SqlText text(statement);
    (void)text.find(" ");
    Statement& known = statements_[text.name()];
    if (statement.starts_with("PREPARE")) {
      (void)text.find(".`");
      known = {.table = text.name(), .version = 0};
      known.version = versions_[known.table];
    }
    if (!tables_.contains(known.table)) return fails(1146, "Table does not exist");
    if (known.version != versions_[known.table]) ++prepared_anew_;
    known.version = versions_[known.table];
    return statement.starts_with("PREPARE") ? ok() : trigger_bodies_of(triggers_[known.table]);
  }

  Reply on_rowless(const std::string& statement) {
    if (statement.starts_with("INSERT")) {
      if (!pending().statement) pending().statement = inserted(statement);
      return ok(1);
    }
    if (statement.contains("state<>'waiting'")) {
      const bool is_it = !decided_before_.empty() && statement.contains("gtid='" + decided_before_ + "'");
      return is_it ? rows({"1"}, {{"1"}}) : rows({"1"}, {});
    }
    Reply reply = rows({"state"}, {});
    if (seen().statement) reply.rows.push_back({seen().statement->at("state")});
    return reply;
  }

  /// The rows of every table go with those of a parent.
  Reply key_rules() const {
    Reply rules = rows({"CONSTRAINT_SCHEMA", "TABLE_NAME", "CONSTRAINT_NAME", "UPDATE_RULE", "DELETE_RULE"}, {});
    for (const auto& [name, shape] : tables_) rules.rows.push_back({"shop", name, name, "CASCADE", "CASCADE"});
    if (has_new_children_) rules.rows.push_back({"shop", "children", "new", "CASCADE", "CASCADE"});
    return rules;
  }
  Reply key_columns() const {
    Reply keys = rows({"TABLE_SCHEMA", "TABLE_NAME", "CONSTRAINT_NAME", "COLUMN_NAME", "REFERENCED_TABLE_SCHEMA",
                       "REFERENCED_TABLE_NAME", "REFERENCED_COLUMN_NAME", "ORDINAL_POSITION"},
                      {});
    for (const auto& [name, shape] : tables_)
      keys.rows.push_back({"shop", name, name, "id", "shop", "parents", "id", "1"});
    if (has_new_children_) keys.rows.push_back({"shop", "children", "new", "id", "shop", "notes", "id", "1"});
    return keys;
  }

  Reply on_schema(const std::string& statement) const {
    SqlText text(statement);
    if (statement.contains("information_schema.TRIGGERS")) {
      (void)text.find("EVENT_OBJECT_TABLE=");
      const auto triggers = triggers_.find(text.literal());
      return triggers_of(triggers == triggers_.end() ? FakeTriggers() : triggers->second);
    }
    if (statement.contains("information_schema.SCHEMATA")) return rows({"SCHEMA_NAME"}, {{"shop"}});
    if (statement.contains("information_schema.REFERENTIAL_CONSTRAINTS")) return key_rules();
    if (statement.contains("information_schema.KEY_COLUMN_USAGE")) return key_columns();
    (void)text.find("TABLE_NAME=");
    const auto table = tables_.find(text.literal());
    if (table == tables_.end()) return rows({"x"}, {});
    if (statement.contains("information_schema.TABLES")) {
      return rows({"ENGINE", "TABLE_TYPE"}, {{"InnoDB", "BASE TABLE"}});
    }
    return statement.contains("information_schema.STATISTICS") ? keys_of(table->second) : columns_of(table->second);
  }

  std::recursive_mutex mutex_;     // a test looks at this from inside on_data() too
  Tables committed_;               // guarded by mutex_, as all below
  std::optional<Tables> pending_;  // of the open transaction
  std::map<std::string, Shape> tables_;
  std::map<std::string, FakeTriggers> triggers_;
  struct Statement {
    std::string table;
    int version = 0;
  };
  std::map<std::string, int> versions_;          // of tables, grown by each change
  std::map<std::string, Statement> statements_;  // prepared, of all sessions
  int prepared_anew_ = 0;
  bool ended_ = false;
  bool has_new_children_ = false;
  std::string decided_before_;  ///< GTID of a statement that another epoch told of
  std::set<std::string> locks_;
  int schema_reads_ = 0;
  Data data_;
  Data read_back_;
  std::size_t packet_bytes_ = 16'777'216;
  std::string denied_;
  bool asks_ = false;
  bool asker_has_gone_ = false;
  std::string answered_;  ///< the statement
  int request_looks_ = 0;
  std::string locked_;
  int locked_times_ = 0;
  std::string lacking_;
  std::size_t conflicts_ = 0;
  std::vector<std::vector<Reply::Field>> awaited_;
  std::deque<std::string> grants_{kAll};
  std::vector<std::vector<Reply::Field>> offsets_;
  Commit commit_ = Commit::kGood;
  mysql::test::ScriptedServer server_;  // the last: its threads use the rest
};

/// Of a writer of region east before it.
inline WriterSettings writer_settings(const FakeTarget& target, std::vector<change::TableRule> rules = {}) {
  return {.endpoint = target.endpoint(),
          .region = "east",
          .owner = "apply-1/0",
          .rules = *change::TableRules::make({{.name = "main", .tables = {"*.*"}}}, std::move(rules))};
}

}  // namespace farshore::apply::test
