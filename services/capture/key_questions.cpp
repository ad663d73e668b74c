#include "services/capture/key_questions.hpp"

#include <fmt/format.h>

#include <utility>

#include "capture/source/source_check.hpp"
#include "capture/source/statement_check.hpp"

namespace farshore::capture {

Expected<KeysAnswer> KeyQuestions::ask(std::string_view schema, std::string_view table) {
  constexpr int kTries = 2;  // the server ends sessions that are silent for long
  const DatabaseEndpoint& source = context_.settings.source;
  for (int i = 1;; ++i) {
    if (!connection_ || connection_->lost()) {
      mysql::SessionSettings session;
      session.program_name = "farshore capture keys";
      auto opened = mysql::Connection::open(source, session);
      if (!opened) return std::unexpected(end_of(opened.error(), source));
      connection_.emplace(std::move(*opened));
    }
    auto answer = read_keys_answer(*connection_, kind_, schema, table);
    // What is only read again under the old numbering is published, and the table may be left out after it.
    const bool captured = is_captured(schema, table, started_.rules);
    const bool may_come = started_.plan.kind != ResumePlan::Kind::kContinueToTails && captured;
    if (answer && answer->keys && kind_ == ServerKind::kMariadb && may_come) {
      const auto versioned = is_versioned(*connection_, schema, table);
      if (!versioned)
        answer = std::unexpected(versioned.error());
      else if (*versioned)
        return std::unexpected(SessionEnd{EndKind::kStop, versioning_sentence({fmt::format("{}.{}", schema, table)})});
    }
    context_.events.beat();
    if (answer) return std::move(*answer);
    const mysql::SqlError& error = answer.error();
    if (error.kind == mysql::SqlErrorKind::kConnectionLost && i < kTries && !context_.ending.ended()) continue;
    auto end = end_of_unread_keys(error, source, fmt::format("{}.{}", schema, table), captured);
    if (end) return std::unexpected(std::move(*end));
    return KeysAnswer{.keys = std::nullopt, .executed = started_.facts.executed};
  }
}

}  // namespace farshore::capture
