#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "binlog/sql_dialect.hpp"
#include "binlog/sql_tokens.hpp"
#include "binlog/statement.hpp"

namespace farshore::binlog {

/// Follows a CREATE or ALTER TABLE token by token, for what it says of foreign keys around what they refer to:
///
///   [CONSTRAINT [name]] FOREIGN KEY [name] (columns)  REFERENCES ...  ON DELETE | UPDATE action
///   column definition                                 REFERENCES ...  ON DELETE | UPDATE action
class KeyWords {
 public:
  explicit KeyWords(SqlDialect::Charset charset) : charset_(charset) {}

  /// The token that comes next. An action is that of the last one of `references`.
  void note(const SqlToken& token, std::vector<Statement::Reference>& references);
  /// After REFERENCES: what was said of the key before it.
  [[nodiscard]] Statement::Reference begin_reference();

 private:
  void note_action(const SqlToken& token, std::vector<Statement::Reference>& references);
  void note_key(const SqlToken& token);
  void note_definition(const SqlToken& token);
  void note_column(const SqlToken& token);

  SqlDialect::Charset charset_;
  int action_words_ = 0;  ///< of those in note_action(), how many have just been read
  bool is_key_ = false;   ///< FOREIGN KEY was read, and not yet what it refers to
  enum class Naming : std::uint8_t { kNone, kBegun, kNamed };
  Naming names_key_ = Naming::kNone;  ///< CONSTRAINT has just been read, and its name
  bool drops_ = false;                ///< DROP has just been read
  bool begins_definition_ = false;
  bool changes_ = false;  ///< CHANGE has just been read
  int depth_ = 0;         ///< of parentheses
  int definition_depth_ = -1;
  std::optional<std::string> inline_column_;
  bool is_update_ = false;  ///< ON UPDATE was, not ON DELETE
  bool in_key_columns_ = false;
  std::vector<std::optional<std::string>> key_columns_;  ///< of the key that is read; those that are not plain are null
  std::string key_name_;                                 ///< the last constraint's
};

/// The names; none of them if one is not known.
[[nodiscard]] std::vector<std::string> all_known(std::vector<std::optional<std::string>> names);

}  // namespace farshore::binlog
