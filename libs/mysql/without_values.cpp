#include "mysql/without_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace farshore::mysql {
namespace {

// Texts of both servers: MySQL's messages_to_clients.txt, MariaDB's errmsg-utf8.txt. A value stands between two of
// them; it may itself hold the text behind it, so the last place of that counts.
struct Form {
  int code;
  std::string_view before;
  std::string_view behind;  ///< empty: the value goes to the end
};
constexpr std::array kForms{
    Form{1062, "Duplicate entry ", " for key "},
    Form{1586, "Duplicate entry ", " for key "},
    Form{1292, " value: ", " for column "},
    Form{1292, " value: ", ""},
    Form{1300, " character string: ", ""},
    Form{1366, " value: ", " for column "},
    Form{1366, " value: ", ""},
    Form{1411, " value: ", " for function "},
    Form{1525, " value: ", ""},
    Form{1526, " for value ", ""},
    Form{1690, " out of range in ", ""},
    Form{1761, ", record ", " would lead to a duplicate entry in table "},
    Form{1762, ", record ", " would lead to a duplicate entry "},
    Form{1064, " near ", " at line "},
    Form{3854, "Cannot convert string ", " from "},
};

// What they quote are names, or settings.
constexpr std::array kNamesOnly{1007, 1008, 1022, 1044, 1045, 1046, 1048, 1049, 1050, 1051, 1052, 1053, 1054, 1091,
                                1109, 1115, 1129, 1130, 1136, 1142, 1143, 1146, 1152, 1159, 1166, 1176, 1184, 1193,
                                1197, 1203, 1205, 1206, 1213, 1216, 1217, 1226, 1227, 1231, 1235, 1238, 1264, 1265,
                                1273, 1290, 1305, 1317, 1347, 1356, 1364, 1370, 1406, 1412, 1449, 1451, 1452, 1461,
                                1524, 1598, 1615, 1637, 1698, 1792, 1820, 1836, 1859, 1862, 1906, 1927, 1969, 3024,
                                3101, 3105, 3118, 3159, 3819, 3988, 4025, 4031, 4151};

constexpr int kSignal = 1644;
constexpr int kUnknown = 1105;  // what plugins and functions say in their own words

// So short that it tells two values apart and does not give one away that can be guessed, such as a phone number.
std::string digest(std::string_view value) {
  std::uint32_t hash = 2'166'136'261U;  // FNV-1a
  for (const char c : value) hash = (hash ^ static_cast<unsigned char>(c)) * 16'777'619U;
  return fmt::format("<{} bytes, #{:04x}>", value.size(), (hash >> 16U) ^ (hash & 0xFFFFU));
}

std::string_view unquoted(std::string_view value) {
  const bool is_quoted = value.size() >= 2 && (value.front() == '\'' || value.front() == '"');
  if (is_quoted && value.back() == value.front()) return value.substr(1, value.size() - 2);
  return value;
}

std::string without_quoted(std::string_view message) {
  std::string out;
  while (true) {
    const std::size_t begin = message.find_first_of("'\"");
    out += message.substr(0, begin);
    if (begin == std::string_view::npos) return out;
    // A value may hold quotes: up to the last one.
    const std::size_t end = message.rfind(message[begin]);
    if (end == begin) return out + digest(message.substr(begin + 1));
    out += digest(message.substr(begin + 1, end - begin - 1));
    message.remove_prefix(end + 1);
  }
}

}  // namespace

std::string without_values(int code, std::string_view message) {
  if (code == 0 || (code >= 2000 && code < 3000)) return std::string(message);
  if (code == kSignal || code == kUnknown) return fmt::format("the server's own words {}", digest(message));
  for (const Form& form : kForms) {
    if (form.code != code) continue;
    const std::size_t before = message.find(form.before);
    if (before == std::string_view::npos) continue;
    const std::size_t from = before + form.before.size();
    const std::size_t to = form.behind.empty() ? message.size() : message.rfind(form.behind);
    if (to == std::string_view::npos || to < from) continue;
    return fmt::format("{}{}{}", message.substr(0, from), digest(unquoted(message.substr(from, to - from))),
                       message.substr(to));
  }
  if (std::ranges::find(kNamesOnly, code) != kNamesOnly.end()) return std::string(message);
  return without_quoted(message);
}

}  // namespace farshore::mysql
