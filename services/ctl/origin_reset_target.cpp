#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/environment_error.hpp"
#include "base/own_schemas.hpp"
#include "services/ctl/ctl_database.hpp"
#include "services/ctl/decision.hpp"
#include "services/ctl/origin_reset.hpp"
#include "services/http/http_client.hpp"
#include "store/equality.hpp"
#include "store/origin_rows.hpp"
#include "store/progress_store.hpp"

// The half of `farshorectl origin reset` in a region that applies the origin.
namespace farshore::ctl {
namespace {

constexpr std::size_t kRowsAtOnce = 200;
constexpr std::chrono::seconds kAnswerTimeout{2};
constexpr std::chrono::seconds kOwnerFresh{60};

class Target {
 public:
  Target(const service::Config& config, const std::string& origin)
      : config_(config),
        connection_(open_database(config)),
        progress_(connection_, config.region),
        origin_(origin),
        tables_(answer(store::read_noted_tables(connection_, config.region, origin))) {}

  [[nodiscard]] const std::vector<store::NotedTable>& tables() const { return tables_; }
  [[nodiscard]] mysql::Connection& connection() { return connection_; }

  [[nodiscard]] std::set<std::string> streams() {
    std::set<std::string> streams;
    for (const auto& [stream, settings] : config_.streams) streams.insert(stream);
    for (std::string& stream : answer(progress_.streams_of(origin_))) streams.insert(std::move(stream));
    return streams;
  }

  /// That was applied here; 0: none.
  [[nodiscard]] Epoch newest_epoch() { return answer(progress_.newest_epoch(origin_)); }

  [[nodiscard]] bool is_noted() const {
    return std::ranges::any_of(tables_, [](const store::NotedTable& table) { return table.rows > 0; });
  }

  /// An apply that holds partitions would read on in the middle of it.
  void refuse_while_applied() {
    if (is_applied(config_, origin_) && service::http_get(config_.http.apply, "/healthz", kAnswerTimeout)) {
      throw EnvironmentError(
          fmt::format("apply of region {} runs (http.apply, {}): stop every apply of the region "
                      "first.",
                      config_.region, config_.http.apply.to_string()));
    }
    const std::string owner = answer(progress_.owner_within(origin_, kOwnerFresh));
    if (owner.empty()) return;
    throw EnvironmentError(
        fmt::format("apply of region {} ({}) holds partitions of it: stop every apply of the region "
                    "first. One that was killed is believed after {} s.",
                    config_.region, owner, kOwnerFresh.count()));
  }

  /// Each row as a line of JSON.
  void print_rows() {
    for (const store::NotedTable& table : tables_) {
      for (std::size_t at = 0; at < table.rows; at += kRowsAtOnce) {
        const mysql::Rows rows =
            answer(store::read_noted_rows(connection_, config_.region, origin_, table, at, kRowsAtOnce));
        for (const auto& row : rows.rows) fmt::print("{}\n", json_of(table.name, rows.names, row));
      }
    }
  }

  void delete_rows() {
    for (const store::NotedTable& table : tables_) {
      const auto deleted = store::delete_noted_rows(connection_, config_.region, origin_, table);
      if (!deleted) fail_database(config_, deleted.error());
    }
  }

 private:
  template <typename Answer>
  Answer answer(std::expected<Answer, mysql::SqlError> found) {
    if (!found) fail_database(config_, found.error());
    return std::move(*found);
  }

  static std::string json_of(const std::string& table, const std::vector<std::string>& names,
                             const std::vector<mysql::Rows::Field>& row) {
    nlohmann::ordered_json out{{"table", fmt::format("{}.{}", kOwnSchema, table)}};
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (row[i]) out[names[i]] = *row[i];
    }
    return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  }

  const service::Config& config_;
  mysql::Connection connection_;
  store::ProgressStore progress_;
  const std::string origin_;
  const std::vector<store::NotedTable> tables_;
};

}  // namespace

int reset_at_target(const service::Config& config, const std::string& origin, bool execute) {
  Target target(config, origin);
  if (!target.is_noted()) require_applied_origin(config, origin);
  const std::set<std::string> streams = target.streams();
  ChangeTopics topics(config, origin, streams);
  fmt::print(stderr, "origin {}, in region {} that applies it: {} lost\n{}", origin, config.region,
             execute ? "these are" : "these would be", topics.text());
  for (const store::NotedTable& table : target.tables()) {
    if (table.rows > 0) fmt::print(stderr, "  farshore.{}: {} rows\n", table.name, table.rows);
  }
  fmt::print(
      stderr,
      "Its rows in the tables of applications stay as they are. Every stream of it becomes not-yet-equal: make "
      "the tables equal (`farshorectl equal begin --origin {0}` before you copy or compare), then give the declaration "
      "that it prints (`farshorectl equal declare --origin {0} --begun ...`).\n",
      origin);
  if (!execute) {
    fmt::print(stderr, "Nothing was written: --execute does it, and prints the rows as JSON first.\n");
    return static_cast<int>(ExitCode::kGood);
  }
  target.refuse_while_applied();
  target.print_rows();
  // The records first: without progress they would be read from the beginning. What the origin's new beginning has sent
  // already stays.
  if (const Epoch applied = target.newest_epoch(); applied != Epoch(0)) topics.empty(applied, [] {});
  const auto doubt = [&](const std::string& stream) {
    const store::EqualityRow row{.id = 0,
                                 .origin = origin,
                                 .stream = stream,
                                 .table = "",
                                 .word = store::Word::kNotYetEqual,
                                 .why = "the origin began anew (farshorectl origin reset)",
                                 .who = operator_name(),
                                 .said_at = {}};
    if (const auto added = store::add_equality(target.connection(), config.region, row); !added)
      fail_database(config, added.error());
  };
  write_marked(target.connection(), config, [&] {
    target.delete_rows();
    std::ranges::for_each(streams, doubt);
  });
  fmt::print(stderr, "Done. Start apply when capture has begun the origin's new epoch, or before.\n");
  return static_cast<int>(ExitCode::kGood);
}

}  // namespace farshore::ctl
