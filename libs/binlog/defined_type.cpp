#include "binlog/defined_type.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace farshore::binlog {
namespace {

constexpr std::uint32_t kFloatDigitsMax = 24;  // FLOAT(25) is a DOUBLE

/// What the numbers in parentheses are.
enum class Arguments : std::uint8_t {
  kNone,      ///< none, or they change no value
  kWidth,     ///< of a number as it is shown
  kBits,      ///< one, 1 where it is left out
  kLength,    ///< likewise
  kFraction,  ///< one, of a second; 0 where it is left out
  kDecimal,   ///< two, (10,0) where they are left out
  kFloat,     ///< binary digits; or two
  kLabels,    ///< texts
};

struct Type {
  std::string_view word;
  std::string_view name;
  Arguments arguments;
};

// REAL is not among them: it is a FLOAT under REAL_AS_FLOAT.
constexpr Type kTypes[] = {
    {"TINYINT", "tinyint", Arguments::kWidth},
    {"INT1", "tinyint", Arguments::kWidth},
    {"BOOL", "tinyint", Arguments::kWidth},
    {"BOOLEAN", "tinyint", Arguments::kWidth},
    {"SMALLINT", "smallint", Arguments::kWidth},
    {"INT2", "smallint", Arguments::kWidth},
    {"MEDIUMINT", "mediumint", Arguments::kWidth},
    {"MIDDLEINT", "mediumint", Arguments::kWidth},
    {"INT3", "mediumint", Arguments::kWidth},
    {"INT", "int", Arguments::kWidth},
    {"INTEGER", "int", Arguments::kWidth},
    {"INT4", "int", Arguments::kWidth},
    {"BIGINT", "bigint", Arguments::kWidth},
    {"INT8", "bigint", Arguments::kWidth},
    {"DECIMAL", "decimal", Arguments::kDecimal},
    {"DEC", "decimal", Arguments::kDecimal},
    {"NUMERIC", "decimal", Arguments::kDecimal},
    {"FIXED", "decimal", Arguments::kDecimal},
    {"FLOAT", "float", Arguments::kFloat},
    {"FLOAT4", "float", Arguments::kFloat},
    {"DOUBLE", "double", Arguments::kFloat},
    {"FLOAT8", "double", Arguments::kFloat},
    {"BIT", "bit", Arguments::kBits},
    {"YEAR", "year", Arguments::kWidth},
    {"DATE", "date", Arguments::kNone},
    {"DATETIME", "datetime", Arguments::kFraction},
    {"TIME", "time", Arguments::kFraction},
    {"CHAR", "char", Arguments::kLength},
    {"CHARACTER", "char", Arguments::kLength},
    {"NCHAR", "char", Arguments::kLength},
    {"VARCHAR", "varchar", Arguments::kNone},
    {"VARCHARACTER", "varchar", Arguments::kNone},
    {"NVARCHAR", "varchar", Arguments::kNone},
    {"TINYTEXT", "tinytext", Arguments::kNone},
    {"TEXT", "text", Arguments::kNone},
    {"MEDIUMTEXT", "mediumtext", Arguments::kNone},
    {"LONGTEXT", "longtext", Arguments::kNone},
    {"BINARY", "binary", Arguments::kLength},
    {"VARBINARY", "varbinary", Arguments::kNone},
    {"TINYBLOB", "tinyblob", Arguments::kNone},
    {"BLOB", "blob", Arguments::kNone},
    {"MEDIUMBLOB", "mediumblob", Arguments::kNone},
    {"LONGBLOB", "longblob", Arguments::kNone},
    {"JSON", "json", Arguments::kNone},
    {"ENUM", "enum", Arguments::kLabels},
    {"SET", "set", Arguments::kLabels},
    {"UUID", "uuid", Arguments::kNone},
    {"INET4", "inet4", Arguments::kNone},
    {"INET6", "inet6", Arguments::kNone},
};

/// What stands between the parentheses that `tokens` begin with.
Tokens in_parentheses(Tokens tokens) {
  if (tokens.empty() || !tokens[0].is_symbol('(')) return {};
  const auto end = std::ranges::find_if(tokens, [](const SqlToken& token) { return token.is_symbol(')'); });
  return {tokens.begin() + 1, end};
}

std::optional<std::vector<std::uint32_t>> numbers(Tokens arguments) {
  std::vector<std::uint32_t> numbers;
  if (arguments.empty()) return numbers;
  for (const Tokens argument : split(arguments)) {
    if (argument.size() != 1 || argument[0].kind != SqlToken::Kind::kWord) return std::nullopt;
    const std::string& text = argument[0].text;
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    numbers.push_back(number);
  }
  return numbers;
}

std::optional<std::string> labels(Tokens arguments, const SqlDialect& dialect) {
  std::vector<std::string> labels;
  for (const Tokens argument : split(arguments)) {
    std::string label;
    for (const SqlToken& token : argument) {
      if (token.kind != SqlToken::Kind::kString) return std::nullopt;
      label += token.text;
    }
    auto known = name_in_utf8(dialect.charset, label);
    if (argument.empty() || !known) return std::nullopt;
    std::string quoted;
    for (const char c : *known) quoted += c == '\'' ? std::string("''") : std::string(1, c);
    labels.push_back("'" + quoted + "'");
  }
  return fmt::format("({})", fmt::join(labels, ","));
}

bool is_numeric(Arguments arguments) {
  return arguments == Arguments::kWidth || arguments == Arguments::kBits || arguments == Arguments::kDecimal ||
         arguments == Arguments::kFloat;
}

std::string of_numbers(const Type& type, const std::vector<std::uint32_t>& numbers) {
  const auto number = [&](std::size_t i, std::uint32_t otherwise) {
    return i < numbers.size() ? numbers[i] : otherwise;
  };
  switch (type.arguments) {
    case Arguments::kNone:
    case Arguments::kWidth:
    case Arguments::kLabels: return std::string(type.name);
    case Arguments::kBits:
    case Arguments::kLength: return fmt::format("{}({})", type.name, number(0, 1));
    case Arguments::kFraction: return fmt::format("{}({})", type.name, number(0, 0));
    case Arguments::kDecimal: {
      const std::uint32_t precision = number(0, 10);
      return fmt::format("{}({},{})", type.name, precision == 0 ? 10 : precision, number(1, 0));
    }
    case Arguments::kFloat:
      if (numbers.size() == 2) return fmt::format("{}({},{})", type.name, numbers[0], numbers[1]);
      return std::string(number(0, 0) > kFloatDigitsMax ? "double" : type.name);
  }
  return std::string(type.name);
}

/// CHAR is BINARY then, and so on.
bool is_said_to_be_binary(Tokens definition) {
  for (std::size_t i = 0; i < definition.size(); ++i) {
    const bool set = (at(definition, i, "CHARSET") && at(definition, i + 1, "BINARY")) ||
                     (at(definition, i, "SET") && at(definition, i + 1, "BINARY"));
    if (set || at(definition, i, "BYTE")) return true;
  }
  return false;
}

}  // namespace

std::optional<DefinedType> defined_type(Tokens definition, const SqlDialect& dialect) {
  if (is_said_to_be_binary(definition)) return std::nullopt;
  if (at(definition, 0, "NATIONAL")) definition = definition.subspan(1);
  const auto* const type =
      std::ranges::find_if(kTypes, [&](const Type& known) { return at(definition, 0, known.word); });
  if (type == std::end(kTypes)) return std::nullopt;
  const bool varies = at(definition, 1, "VARYING");
  const bool precise = at(definition, 1, "PRECISION");
  const Tokens arguments = in_parentheses(definition.subspan(varies || precise ? 2 : 1));
  if (type->arguments == Arguments::kLabels) {
    auto known = labels(arguments, dialect);
    return known ? std::optional(DefinedType{std::string(type->name) + *known, false}) : std::nullopt;
  }
  if (varies) return type->name == "char" ? std::optional(DefinedType{"varchar", false}) : std::nullopt;
  const auto known = numbers(arguments);
  return known ? std::optional(DefinedType{of_numbers(*type, *known), is_numeric(type->arguments)}) : std::nullopt;
}

}  // namespace farshore::binlog
