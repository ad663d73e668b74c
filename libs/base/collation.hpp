#pragma once

#include <cstdint>
#include <string_view>

namespace farshore {

/// Which server's collation ids are meant: they agree below 250 and differ above.
enum class ServerKind : std::uint8_t { kMysql, kMariadb };

[[nodiscard]] constexpr std::string_view to_string(ServerKind kind) {
  return kind == ServerKind::kMysql ? "mysql" : "mariadb";
}

/// A collation of a server, from the table that is built in (so that nothing about routing is asked from a live
/// server).
struct Collation {
  std::uint32_t id = 0;
  std::string_view name;     ///< empty: not known
  std::string_view charset;  ///< empty: not known
  bool pads = false;         ///< 'a' equals 'a '
  bool is_bytewise = false;  ///< two strings are equal only when their bytes are (after the trailing pad, if it pads)
};

/// The collation with this id, or one with an empty name.
[[nodiscard]] const Collation& find_collation(ServerKind kind, std::uint32_t id);
[[nodiscard]] const Collation& find_collation(ServerKind kind, std::string_view name);

/// The same of a live column, by its collation's name, as information_schema gives it, of either server: a name says
/// it, of newer collations too. Empty: no characters, so bytes.
[[nodiscard]] bool collation_is_bytewise(std::string_view name);
[[nodiscard]] bool collation_pads(std::string_view name);

/// Whether texts that `source` holds apart stay apart in a column of collation `target`: both are the same (utf8mb3's
/// and utf8mb4's of one name too), or the target compares bytes, or it is the stricter sibling (0900_as_cs of
/// 0900_ai_ci). `ends_in_spaces`: whether the source's texts may; a CHAR's do not. False where it is not known.
[[nodiscard]] bool collation_keeps_apart(std::string_view source, std::string_view target, bool ends_in_spaces);

}  // namespace farshore
