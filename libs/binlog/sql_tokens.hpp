#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace farshore::binlog {

/// A piece of SQL text.
struct SqlToken {
  enum class Kind : std::uint8_t {
    kEnd,
    kWord,    ///< bare: a keyword or a name
    kQuoted,  ///< a name in backticks, or what stands in double quotes (a name in ANSI_QUOTES mode)
    kString,
    kSymbol,  ///< one character
  };
  Kind kind = Kind::kEnd;
  std::string text;  ///< without quotes

  /// `word` is in upper case.
  [[nodiscard]] bool is_word(std::string_view word) const;
  [[nodiscard]] bool is_name() const { return kind == Kind::kWord || kind == Kind::kQuoted; }
  [[nodiscard]] bool is_symbol(char c) const { return kind == Kind::kSymbol && text.front() == c; }
};

/// Splits SQL into tokens. Comments are passed over, but for what `/*! ... */` and `/*M! ... */` hold, unless
/// their version is all nines. Never fails: what is left open ends with the text. Backslashes escape in strings.
class SqlTokens {
 public:
  explicit SqlTokens(std::string_view sql) : sql_(sql) {}
  [[nodiscard]] SqlToken next();

 private:
  void skip_blank();
  [[nodiscard]] bool skip_comment();
  [[nodiscard]] bool at_dashes() const;
  void skip_past(std::string_view mark);
  [[nodiscard]] std::string quoted(char quote);
  [[nodiscard]] bool starts_with(std::string_view mark) const { return sql_.substr(at_).starts_with(mark); }

  std::string_view sql_;
  std::size_t at_ = 0;
  bool in_versioned_comment_ = false;
};

}  // namespace farshore::binlog
