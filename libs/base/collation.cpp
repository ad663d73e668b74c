#include "base/collation.hpp"

#include <algorithm>
#include <iterator>
#include <span>

namespace farshore {
namespace {

#include "base/collation_table.inc"

constexpr bool by_id(const Collation& a, const Collation& b) { return a.id < b.id; }
static_assert(std::is_sorted(std::begin(kMysqlCollations), std::end(kMysqlCollations), by_id));
static_assert(std::is_sorted(std::begin(kMariadbCollations), std::end(kMariadbCollations), by_id));

constexpr Collation kUnknown{};

}  // namespace

const Collation& find_collation(ServerKind kind, std::uint32_t id) {
  const std::span<const Collation> table = kind == ServerKind::kMysql ? std::span<const Collation>(kMysqlCollations)
                                                                      : std::span<const Collation>(kMariadbCollations);
  const auto found = std::ranges::lower_bound(table, id, {}, &Collation::id);
  return found != table.end() && found->id == id ? *found : kUnknown;
}

bool collation_is_bytewise(std::string_view name) { return name.empty() || name == "binary" || name.ends_with("_bin"); }

// Source: MySQL manual, "Trailing space handling": UCA 9.0.0 collations and binary do not pad; MariaDB's names say
// "nopad".
bool collation_pads(std::string_view name) {
  return !name.empty() && name != "binary" && !name.contains("_0900_") && !name.contains("nopad");
}

}  // namespace farshore
