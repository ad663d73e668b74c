#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "binlog/sql_dialect.hpp"

namespace farshore::binlog {

/// A piece of SQL text.
struct SqlToken {
  enum class Kind : std::uint8_t {
    kEnd,
    kWord,    ///< bare: a keyword or a name
    kQuoted,  ///< a name in backticks, or in double quotes where they hold names
    kString,
    kSymbol,  ///< one character
  };
  Kind kind = Kind::kEnd;
  std::string text;  ///< without quotes and escapes, in the session's character set

  /// `word` is in upper case.
  [[nodiscard]] bool is_word(std::string_view word) const;
  [[nodiscard]] bool is_name() const { return kind == Kind::kWord || kind == Kind::kQuoted; }
  [[nodiscard]] bool is_symbol(char c) const { return kind == Kind::kSymbol && text.front() == c; }
};

/// Splits SQL into tokens, in the session's own dialect. Comments are passed over. Never fails: what is left open ends
/// with the text.
class SqlTokens {
 public:
  /// What `/*! ... */` and `/*M! ... */` hold counts or does not: which, depends on the server's version. With all
  /// nines for a version it never does.
  enum class Versioned : std::uint8_t { kCounts, kIsComment };

  explicit SqlTokens(std::string_view sql, const SqlDialect& dialect = {}, Versioned versioned = Versioned::kCounts)
      : sql_(sql), dialect_(dialect), versioned_(versioned) {}
  [[nodiscard]] SqlToken next();

  /// Once all is read: a quote or a comment was never closed, so the server read the text otherwise.
  [[nodiscard]] bool left_open() const { return left_open_ || in_versioned_comment_; }
  /// A versioned comment was met.
  [[nodiscard]] bool has_versioned() const { return has_versioned_; }

 private:
  void skip_blank();
  [[nodiscard]] bool skip_comment();
  void begin_versioned();
  [[nodiscard]] bool at_dashes() const;
  void skip_past(std::string_view mark);
  [[nodiscard]] std::string quoted(char quote, bool escapes);
  [[nodiscard]] std::string word();
  [[nodiscard]] bool starts_with(std::string_view mark) const { return sql_.substr(at_).starts_with(mark); }

  std::string_view sql_;
  SqlDialect dialect_;
  Versioned versioned_;
  std::size_t at_ = 0;
  bool in_versioned_comment_ = false;
  bool has_versioned_ = false;
  bool left_open_ = false;
};

}  // namespace farshore::binlog
