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

/// The same of a live column, by its collation's name, as information_schema gives it, of either server: a name says
/// it, of newer collations too. Empty: no characters, so bytes.
[[nodiscard]] bool collation_is_bytewise(std::string_view name);
[[nodiscard]] bool collation_pads(std::string_view name);

}  // namespace farshore
