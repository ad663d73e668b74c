#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apply/parked_retry.hpp"
#include "apply/parking.hpp"
#include "mysql/connection.hpp"
#include "store/audit.hpp"
#include "store/progress_row.hpp"

namespace farshore::apply {

/// What somebody asked for with farshorectl.
using store::Request;

/// Carries out what people ask for about parked changes and conflicts. It is apply that does it, as the one that writes
/// a partition's rows: in the partition's order, under its marker, so that nothing echoes. One thread.
class Resolver {
 public:
  struct Answer {
    bool done = false;    ///< there is something to commit
    std::string outcome;  ///< for the person who asked; may hold values
  };

  Resolver(std::string region, Parking& parking, ParkedRetry& retry)
      : region_(std::move(region)), parking_(parking), retry_(retry) {}

  /// Those that wait, of all partitions.
  [[nodiscard]] std::expected<std::vector<Request>, mysql::SqlError> open_requests(mysql::Connection& connection);
  /// In the open transaction, which began with the partition's progress. An error is one of the whole transaction. What
  /// nobody waits for any more is not done: rows and words have gone on since it was asked.
  [[nodiscard]] std::expected<Answer, Failure> carry_out(mysql::Connection& connection,
                                                         const store::ProgressRow& progress, bool at_barrier,
                                                         const Request& request);
  /// Says what became of it. Once only: it may have been withdrawn.
  [[nodiscard]] std::expected<void, mysql::SqlError> answer(mysql::Connection& connection, const Request& request,
                                                            const Answer& answer);

 private:
  using Result = std::expected<Answer, Failure>;
  Result on_parked(mysql::Connection& connection, const store::ProgressRow& progress, const Request& request);
  Result on_conflict(mysql::Connection& connection, const store::ProgressRow& progress, bool at_barrier,
                     const Request& request);
  Result take_source(mysql::Connection& connection, const store::ProgressRow& progress, const Request& request,
                     const ParkedChange& change);
  [[nodiscard]] std::expected<void, Failure> end_conflict(mysql::Connection& connection,
                                                          const store::ProgressRow& progress, const Request& request);

  /// Rows of the table are not the origin's from here on, and nothing else would say so. `then`: what is to be done.
  [[nodiscard]] std::expected<void, mysql::SqlError> make_unequal(mysql::Connection& connection, const Request& request,
                                                                  std::string_view what, std::string_view then);

  const std::string region_;
  Parking& parking_;
  ParkedRetry& retry_;
};

}  // namespace farshore::apply
