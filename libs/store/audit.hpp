#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mysql/connection.hpp"
#include "store/kept_change.hpp"

/// The table farshore.audit: what people ask of apply with farshorectl, and what became of it.
namespace farshore::store {

/// A row without an outcome.
struct Request {
  std::uint64_t id = 0;  ///< given by the table
  std::string action;    ///< parked-retry, parked-discard, keep-target, take-source, discard
  bool dry_run = false;
  PartitionKey partition;
  ParkedKey key;
  Epoch epoch;
  Seq seq;
  std::optional<std::string> expected;  ///< what the dry run said
  std::string who;
};

/// What apply answered.
struct RequestAnswer {
  bool done = false;
  std::string outcome;
};

/// Those that wait, of all partitions, the oldest first.
[[nodiscard]] std::expected<std::vector<Request>, mysql::SqlError> open_requests(mysql::Connection& connection,
                                                                                 std::string_view region,
                                                                                 std::size_t limit);
/// Takes part in the open transaction. Returns false if it has an outcome already, or was withdrawn.
[[nodiscard]] std::expected<bool, mysql::SqlError> answer_request(mysql::Connection& connection, std::uint64_t id,
                                                                  bool done, std::string_view outcome);

/// Returns the row's id. `command`: as the person gave it. The database's account is added to `who`. In a transaction
/// of its own: whoever sees the row sees that this session waits for its answer, until release_request() or the
/// session's end.
[[nodiscard]] std::expected<std::uint64_t, mysql::SqlError> add_request(mysql::Connection& connection,
                                                                        std::string_view region, const Request& request,
                                                                        std::string_view command);
/// Nobody waits any more: it was answered or withdrawn.
[[nodiscard]] std::expected<void, mysql::SqlError> release_request(mysql::Connection& connection, std::uint64_t id);
/// Whether the session that asked is still there. Else nobody knows any more what becomes of it.
[[nodiscard]] std::expected<bool, mysql::SqlError> is_waited_for(mysql::Connection& connection, std::uint64_t id);

/// Returns nullopt as long as it waits.
[[nodiscard]] std::expected<std::optional<RequestAnswer>, mysql::SqlError> read_answer(mysql::Connection& connection,
                                                                                       std::uint64_t id);
/// Returns false if it has an outcome already.
[[nodiscard]] std::expected<bool, mysql::SqlError> withdraw_request(mysql::Connection& connection, std::uint64_t id,
                                                                    std::string_view why);

}  // namespace farshore::store
