#include "base/collation.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>
#include <string>
#include <vector>

namespace farshore {
namespace {

#include "base/collation_table.inc"

constexpr bool by_id(const Collation& a, const Collation& b) { return a.id < b.id; }
static_assert(std::is_sorted(std::begin(kMysqlCollations), std::end(kMysqlCollations), by_id));
static_assert(std::is_sorted(std::begin(kMariadbCollations), std::end(kMariadbCollations), by_id));

constexpr Collation kUnknown{};

/// "utf8mb4_0900" and how much of a letter's form tells texts apart, of "utf8mb4_0900_as_ci".
struct Sensitivity {
  std::string_view stem;
  bool accents = false;
  bool case_ = false;
};
constexpr std::array<std::string_view, 4> kSensitivities{"_ai_ci", "_as_ci", "_ai_cs", "_as_cs"};

Sensitivity sensitivity_of(std::string_view name) {
  for (const std::string_view ending : kSensitivities) {
    if (name.ends_with(ending)) {
      return {name.substr(0, name.size() - ending.size()), ending.contains("_as"), ending.ends_with("_cs")};
    }
  }
  return {name, false, false};
}

// utf8mb3 holds the same characters as the beginning of utf8mb4, and compares them alike.
std::string of_utf8mb4(std::string_view name) {
  for (const std::string_view charset : {"utf8mb3_", "utf8_"}) {
    if (name.starts_with(charset)) return "utf8mb4_" + std::string(name.substr(charset.size()));
  }
  return std::string(name);
}

// MariaDB's UCA 14.0.0 collations, each of which is language, pad, accents and case. Source: MariaDB
// strings/ctype-uca1400.h, "my_uca1400_make_builtin_collation_id"; the numbers and names as 10.11.19 gives them.
constexpr std::uint32_t kUca1400First = 2048;
constexpr std::array<std::string_view, 5> kUca1400Charsets{"utf8mb3", "utf8mb4", "ucs2", "utf16", "utf32"};
constexpr std::array<std::string_view, 25> kUca1400Languages{
    "",          "icelandic", "latvian", "romanian",   "slovenian", "polish",     "estonian", "spanish", "swedish",
    "turkish",   "czech",     "danish",  "lithuanian", "slovak",    "spanish2",   "roman",    "persian", "esperanto",
    "hungarian", "sinhala",   "german2", "",           "",          "vietnamese", "croatian"};

struct Uca1400 {
  std::vector<std::string> names;
  std::vector<Collation> collations;  // by id from kUca1400First on; those that do not exist have an empty name
};

Uca1400 make_uca1400() {
  constexpr std::uint32_t kOfCharset = 256;
  Uca1400 made;
  made.names.resize(kOfCharset * kUca1400Charsets.size());
  made.collations.resize(made.names.size());
  for (std::uint32_t i = 0; i < made.names.size(); ++i) {
    const std::string_view charset = kUca1400Charsets[i / kOfCharset];
    const std::uint32_t language = i % kOfCharset / 8;
    if (language >= kUca1400Languages.size() || (language > 0 && kUca1400Languages[language].empty())) continue;
    const bool pads = (i & 4U) == 0;
    std::string& name = made.names[i];
    name = std::string(charset) + "_uca1400";
    if (language > 0) name += "_" + std::string(kUca1400Languages[language]);
    if (!pads) name += "_nopad";
    name += (i & 2U) == 0 ? "_ai" : "_as";
    name += (i & 1U) == 0 ? "_ci" : "_cs";
    made.collations[i] = {.id = kUca1400First + i, .name = name, .charset = charset, .pads = pads};
  }
  return made;
}

const Collation& find_uca1400(std::uint32_t id) {
  static const Uca1400 kMade = make_uca1400();
  return id - kUca1400First < kMade.collations.size() ? kMade.collations[id - kUca1400First] : kUnknown;
}

}  // namespace

const Collation& find_collation(ServerKind kind, std::uint32_t id) {
  if (kind == ServerKind::kMariadb && id >= kUca1400First) return find_uca1400(id);
  const std::span<const Collation> table = kind == ServerKind::kMysql ? std::span<const Collation>(kMysqlCollations)
                                                                      : std::span<const Collation>(kMariadbCollations);
  const auto found = std::ranges::lower_bound(table, id, {}, &Collation::id);
  return found != table.end() && found->id == id ? *found : kUnknown;
}

const Collation& find_collation(ServerKind kind, std::string_view name) {
  const std::span<const Collation> table = kind == ServerKind::kMysql ? std::span<const Collation>(kMysqlCollations)
                                                                      : std::span<const Collation>(kMariadbCollations);
  const auto found = std::ranges::find(table, name, &Collation::name);
  if (found != table.end()) return *found;
  for (std::uint32_t i = 0; kind == ServerKind::kMariadb && i < 256 * kUca1400Charsets.size(); ++i) {
    if (const Collation& uca = find_uca1400(kUca1400First + i); !name.empty() && uca.name == name) return uca;
  }
  return kUnknown;
}

bool collation_is_bytewise(std::string_view name) { return name.empty() || name == "binary" || name.ends_with("_bin"); }

// Source: MySQL manual, "Trailing space handling": UCA 9.0.0 collations and binary do not pad; MariaDB's names say
// "nopad".
bool collation_pads(std::string_view name) {
  return !name.empty() && name != "binary" && !name.contains("_0900_") && !name.contains("nopad");
}

bool collation_keeps_apart(std::string_view source, std::string_view target, bool ends_in_spaces) {
  if (source.empty()) return target.empty() || target == "binary";
  if (collation_is_bytewise(target)) return !ends_in_spaces || !collation_pads(target) || collation_pads(source);
  const std::string from = of_utf8mb4(source);
  // The other way round, characters beyond utf8mb3 are refused.
  const std::string to = of_utf8mb4(target);
  if (from == to) return true;
  const Sensitivity coarse = sensitivity_of(from);
  const Sensitivity fine = sensitivity_of(to);
  return coarse.stem == fine.stem && from.size() == to.size() && (fine.accents || !coarse.accents) &&
         (fine.case_ || !coarse.case_);
}

}  // namespace farshore
