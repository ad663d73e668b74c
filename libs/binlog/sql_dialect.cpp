#include "binlog/sql_dialect.hpp"

#include <algorithm>

namespace farshore::binlog {
namespace {

// Source: both servers' sql_mode bits.
constexpr std::uint64_t kAnsiQuotes = 1U << 2;
constexpr std::uint64_t kNoBackslashEscapes = 1U << 20;
constexpr std::uint64_t kStrict = 3U << 21;

using Charset = SqlDialect::Charset;

struct Named {
  std::string_view name;
  Charset charset;
};
constexpr Named kCharsets[] = {
    {"utf8mb4", Charset::kUtf8}, {"utf8mb3", Charset::kUtf8},    {"utf8", Charset::kUtf8}, {"ascii", Charset::kUtf8},
    {"binary", Charset::kUtf8},  {"gbk", Charset::kGbk},         {"big5", Charset::kBig5}, {"sjis", Charset::kSjis},
    {"cp932", Charset::kSjis},   {"gb18030", Charset::kGb18030}, {"swe7", Charset::kSwe7},
};

struct Range {
  unsigned char from;
  unsigned char to;
  [[nodiscard]] bool has(char c) const {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= from && byte <= to;
  }
};

bool is_pair(std::string_view text, std::initializer_list<Range> leads, std::initializer_list<Range> trails) {
  const auto among = [](char c) { return [c](const Range& range) { return range.has(c); }; };
  return text.size() >= 2 && std::ranges::any_of(leads, among(text[0])) && std::ranges::any_of(trails, among(text[1]));
}

}  // namespace

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

SqlDialect make_dialect(ServerKind kind, std::uint64_t sql_mode, std::uint32_t client_collation) {
  SqlDialect dialect;
  dialect.backslash_escapes = (sql_mode & kNoBackslashEscapes) == 0;
  dialect.double_quotes_names = (sql_mode & kAnsiQuotes) != 0;
  dialect.strict = (sql_mode & kStrict) != 0;
  const std::string_view charset = find_collation(kind, client_collation).charset;
  const auto* const found = std::ranges::find(kCharsets, charset, &Named::name);
  dialect.charset = found == std::ranges::end(kCharsets) ? Charset::kOther : found->charset;
  return dialect;
}

/// Source: both servers' ctype-*.cc, the ranges of valid pairs.
std::size_t character_size(Charset charset, std::string_view text) {
  constexpr Range kHigh{0x81, 0xFE};
  constexpr Range kDigits{0x30, 0x39};
  switch (charset) {
    case Charset::kUtf8:
    case Charset::kOther:
    case Charset::kSwe7: return 1;
    case Charset::kGbk: return is_pair(text, {kHigh}, {{0x40, 0x7E}, {0x80, 0xFE}}) ? 2 : 1;
    case Charset::kBig5: return is_pair(text, {{0xA1, 0xF9}}, {{0x40, 0x7E}, {0xA1, 0xFE}}) ? 2 : 1;
    case Charset::kSjis: return is_pair(text, {{0x81, 0x9F}, {0xE0, 0xFC}}, {{0x40, 0x7E}, {0x80, 0xFC}}) ? 2 : 1;
    case Charset::kGb18030:
      if (is_pair(text, {kHigh}, {{0x40, 0x7E}, {0x80, 0xFE}})) return 2;
      return is_pair(text, {kHigh}, {kDigits}) && is_pair(text.substr(2), {kHigh}, {kDigits}) ? 4 : 1;
  }
  return 1;
}

std::optional<std::string> name_in_utf8(Charset charset, std::string_view name) {
  const bool as_it_stands = charset == Charset::kUtf8 || (charset != Charset::kSwe7 && is_ascii(name));
  if (as_it_stands) return std::string(name);
  return std::nullopt;
}

}  // namespace farshore::binlog
