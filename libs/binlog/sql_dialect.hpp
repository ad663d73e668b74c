#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/collation.hpp"

namespace farshore::binlog {

/// How a session's texts are to be read: what its QUERY events say of it.
struct SqlDialect {
  /// What the bytes of a text are. Only what a session can have as its client's character set, and as far as it
  /// matters: second bytes of the middle four may read like a backslash or a quote.
  enum class Charset : std::uint8_t {
    kUtf8,  ///< utf8mb3, utf8mb4, ascii, binary: names are taken as they stand
    kGbk,
    kBig5,
    kSjis,  ///< and cp932
    kGb18030,
    kOther,  ///< ASCII's bytes mean ASCII, and no other character has such a byte
    kSwe7,   ///< punctuation is letters
  };
  bool backslash_escapes = true;
  bool double_quotes_names = false;  ///< ANSI_QUOTES: else they hold a string
  Charset charset = Charset::kUtf8;
  bool strict = false;  ///< STRICT_TRANS_TABLES or STRICT_ALL_TABLES: what does not fit refuses a statement

  friend bool operator==(const SqlDialect&, const SqlDialect&) = default;
};

/// The dialect of a session by its sql_mode and its client's collation, as QUERY events hold them.
[[nodiscard]] SqlDialect make_dialect(ServerKind kind, std::uint64_t sql_mode, std::uint32_t client_collation);

/// Bytes of the character that `text` begins with; 1 where it is none. `text` is not empty.
[[nodiscard]] std::size_t character_size(SqlDialect::Charset charset, std::string_view text);

[[nodiscard]] bool is_ascii(std::string_view text);

/// A name's text in UTF-8. Nothing where that is not known exactly.
[[nodiscard]] std::optional<std::string> name_in_utf8(SqlDialect::Charset charset, std::string_view name);

}  // namespace farshore::binlog
