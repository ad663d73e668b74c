#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "binlog/sql_tokens.hpp"

/// Words and parentheses among the tokens of a statement's clauses. Words are in upper case.
namespace farshore::binlog {

using Tokens = std::span<const SqlToken>;
using Words = std::initializer_list<std::string_view>;

inline bool at(Tokens tokens, std::size_t place, std::string_view word) {
  return place < tokens.size() && tokens[place].is_word(word);
}
inline bool at_any(Tokens tokens, std::size_t place, std::span<const std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return at(tokens, place, word); });
}
inline bool at_any(Tokens tokens, std::size_t place, Words words) {
  return at_any(tokens, place, std::span(words.begin(), words.size()));
}

/// The clauses, parted by the commas that stand in no parentheses.
inline std::vector<Tokens> split(Tokens tokens) {
  std::vector<Tokens> clauses;
  std::size_t from = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= tokens.size(); ++i) {
    const bool ends = i == tokens.size() || (depth == 0 && tokens[i].is_symbol(','));
    if (ends) {
      clauses.push_back(tokens.subspan(from, i - from));
      from = i + 1;
    } else if (tokens[i].is_symbol('(')) {
      ++depth;
    } else if (tokens[i].is_symbol(')')) {
      --depth;
    }
  }
  return clauses;
}

/// The tokens that stand in no parentheses; a pair of them is left as `(`.
inline std::vector<SqlToken> outer(Tokens tokens) {
  std::vector<SqlToken> outer;
  int depth = 0;
  for (const SqlToken& token : tokens) {
    if (token.is_symbol(')')) --depth;
    if (depth == 0 && !token.is_symbol(')')) outer.push_back(token);
    if (token.is_symbol('(')) ++depth;
  }
  return outer;
}

inline bool has(Tokens tokens, std::string_view word) {
  return std::ranges::any_of(tokens, [&](const SqlToken& token) { return token.is_word(word); });
}
inline bool has_any(Tokens tokens, Words words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return has(tokens, word); });
}

}  // namespace farshore::binlog
