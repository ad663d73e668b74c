#include "binlog/sql_tokens.hpp"

#include <algorithm>

namespace farshore::binlog {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_part(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}
/// What stands behind such a version is meant for no server: dumps begin with "/*M!999999\- enable the sandbox mode
/// */".
bool is_of_no_server(std::string_view version) { return version == "99999" || version == "999999"; }
/// What a backslash and this character stand for. Before % and _ the backslash stays, for LIKE.
void append_escaped(char c, std::string& text) {
  constexpr std::string_view kLetters = "0bnrtZ";
  constexpr std::string_view kMeanings("\0\b\n\r\t\x1A", 6);
  if (c == '%' || c == '_') text.push_back('\\');
  const std::size_t letter = kLetters.find(c);
  text.push_back(letter == std::string_view::npos ? c : kMeanings[letter]);
}
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

}  // namespace

bool SqlToken::is_word(std::string_view word) const {
  return kind == Kind::kWord && std::ranges::equal(text, word, {}, upper);
}

SqlToken SqlTokens::next() {
  skip_blank();
  if (at_ >= sql_.size()) return {};
  const char c = sql_[at_];
  if (c == '`') return {SqlToken::Kind::kQuoted, quoted(c, false)};
  if (c == '"' && dialect_.double_quotes_names) return {SqlToken::Kind::kQuoted, quoted(c, false)};
  if (c == '"' || c == '\'') return {SqlToken::Kind::kString, quoted(c, dialect_.backslash_escapes)};
  if (is_word_part(c)) return {SqlToken::Kind::kWord, word()};
  ++at_;
  return {SqlToken::Kind::kSymbol, std::string(1, c)};
}

/// Characters of several bytes are stepped over whole: their last byte may read like something else.
std::string SqlTokens::word() {
  const std::size_t from = at_;
  while (at_ < sql_.size() && is_word_part(sql_[at_])) at_ += character_size(dialect_.charset, sql_.substr(at_));
  return std::string(sql_.substr(from, at_ - from));
}

void SqlTokens::skip_blank() {
  while (at_ < sql_.size()) {
    if (is_space(sql_[at_])) {
      ++at_;
    } else if (!skip_comment()) {
      return;
    }
  }
}

bool SqlTokens::skip_comment() {
  if (starts_with("/*!") || starts_with("/*M!")) {
    begin_versioned();
  } else if (starts_with("/*")) {
    at_ += 2;
    skip_past("*/");
  } else if (in_versioned_comment_ && starts_with("*/")) {
    at_ += 2;
    in_versioned_comment_ = false;
  } else if (starts_with("#") || at_dashes()) {
    const std::size_t end = sql_.find('\n', at_);
    at_ = end == std::string_view::npos ? sql_.size() : end + 1;
  } else {
    return false;
  }
  return true;
}

void SqlTokens::begin_versioned() {
  at_ += starts_with("/*!") ? 3 : 4;
  const std::size_t from = at_;
  while (at_ < sql_.size() && is_digit(sql_[at_])) ++at_;
  const bool of_no_server = is_of_no_server(sql_.substr(from, at_ - from));
  has_versioned_ |= !of_no_server;
  if (of_no_server || versioned_ == Versioned::kIsComment)
    skip_past("*/");
  else
    in_versioned_comment_ = true;
}

/// Two dashes begin a comment when a blank or a control character follows, or nothing does.
bool SqlTokens::at_dashes() const {
  if (!starts_with("--")) return false;
  if (at_ + 2 == sql_.size()) return true;
  const auto next = static_cast<unsigned char>(sql_[at_ + 2]);
  return next <= ' ' || next == 0x7F;
}

void SqlTokens::skip_past(std::string_view mark) {
  const std::size_t found = sql_.find(mark, at_);
  left_open_ |= found == std::string_view::npos;
  at_ = found == std::string_view::npos ? sql_.size() : found + mark.size();
}

/// A doubled quote stands for one; where backslashes escape, one gives another meaning to what follows, or none.
std::string SqlTokens::quoted(char quote, bool escapes) {
  std::string text;
  ++at_;
  while (at_ < sql_.size()) {
    const std::size_t size = character_size(dialect_.charset, sql_.substr(at_));
    const char c = sql_[at_];
    if (size > 1) {
      text += sql_.substr(at_, size);
      at_ += size;
      continue;
    }
    ++at_;
    if (c == quote && !starts_with({&quote, 1})) return text;
    const bool takes_next = c == quote || (c == '\\' && escapes && at_ < sql_.size());
    if (!takes_next) {
      text.push_back(c);
      continue;
    }
    // What a backslash escapes may have several bytes.
    const std::size_t next = c == quote ? 1 : character_size(dialect_.charset, sql_.substr(at_));
    const std::string_view escaped = sql_.substr(at_, next);
    if (c == '\\' && next == 1)
      append_escaped(escaped.front(), text);
    else
      text += escaped;
    at_ += next;
  }
  left_open_ = true;
  return text;
}

}  // namespace farshore::binlog
