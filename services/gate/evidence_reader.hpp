#pragma once

#include <expected>
#include <optional>
#include <string>

#include "base/endpoint.hpp"
#include "base/metric.hpp"
#include "mysql/connection.hpp"
#include "services/gate/verdict.hpp"

namespace farshore::gate {

/// Reads the region's progress over a connection of its own, which it opens again after a failure. Blocking, a few
/// seconds at most; one thread.
class EvidenceReader {
 public:
  /// `reconnects` counts connections opened after the first one; it outlives the reader.
  EvidenceReader(DatabaseEndpoint endpoint, std::string region, Counter& reconnects);

  std::expected<Evidence, mysql::SqlError> read();

 private:
  std::expected<Evidence, mysql::SqlError> read_all();

  const DatabaseEndpoint endpoint_;
  const std::string region_;
  Counter& reconnects_;
  bool was_open_ = false;
  std::optional<mysql::Connection> connection_;
};

}  // namespace farshore::gate
