#pragma once

#include <optional>
#include <string_view>

#include "capture/source/cascade_groups.hpp"
#include "mysql/connection.hpp"
#include "services/capture/start.hpp"

namespace farshore::capture {

/// Asks the live source for tables' cascading keys while its binlog is read, by a session of its own, opened when first
/// needed: the one of the start may be closed by the server by then. Belongs to the session's thread.
class KeyQuestions {
 public:
  /// All arguments outlive it.
  KeyQuestions(const StartContext& context, const Started& started, ServerKind kind)
      : context_(context), started_(started), kind_(kind) {}

  /// An error ends the session. Blocks for as long as an answer may take.
  [[nodiscard]] Expected<KeysAnswer> ask(std::string_view schema, std::string_view table);

 private:
  const StartContext& context_;
  const Started& started_;
  const ServerKind kind_;
  std::optional<mysql::Connection> connection_;
};

}  // namespace farshore::capture
