#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "base/endpoint.hpp"
#include "mysql/connection.hpp"
#include "services/gate/verdict.hpp"

namespace farshore::gate {

/// Reads the region's progress over a connection of its own, which it opens again after a failure. Blocking, a few
/// seconds at most; one thread.
class EvidenceReader {
 public:
  EvidenceReader(DatabaseEndpoint endpoint, std::string region);

  std::expected<Evidence, mysql::SqlError> read();
  /// Connections opened after the first one.
  [[nodiscard]] std::uint64_t reconnects() const { return opened_ > 0 ? opened_ - 1 : 0; }

 private:
  std::expected<Evidence, mysql::SqlError> read_all();

  const DatabaseEndpoint endpoint_;
  const std::string region_;
  std::optional<mysql::Connection> connection_;
  std::uint64_t opened_ = 0;
};

}  // namespace farshore::gate
