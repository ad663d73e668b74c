#include "services/ctl/compared_column.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <initializer_list>
#include <limits>

#include "base/json_number.hpp"
#include "mysql/literal.hpp"

namespace farshore::ctl {
namespace {

using mysql::ColumnSchema;

constexpr std::size_t kDoubleBits = std::numeric_limits<double>::digits;  // of an integer that a double holds

bool is_of(const ColumnSchema& column, std::initializer_list<std::string_view> types) {
  return std::ranges::find(types, column.data_type) != types.end();
}

bool is_number(const ColumnSchema& column) {
  return is_of(column, {"tinyint", "smallint", "mediumint", "int", "bigint", "year", "decimal", "bit"});
}
bool is_real(const ColumnSchema& column) { return is_of(column, {"float", "double"}); }
bool is_temporal(const ColumnSchema& column) { return is_of(column, {"datetime", "timestamp"}); }
bool is_labelled(const ColumnSchema& column) { return is_of(column, {"enum", "set"}); }
bool is_json(const ColumnSchema& column) { return column.data_type == "json"; }
/// The servers show it as text. UUID, INET4 and INET6 are MariaDB's.
bool is_text(const ColumnSchema& column) {
  return !column.charset.empty() || is_json(column) || is_of(column, {"uuid", "inet4", "inet6"});
}
/// Each text of the character set is another one in UTF-8, and comes back from it as it was. Of the other sets some
/// bytes are no character (X'81' of cp1250 becomes a question mark), and some characters have two codes (cp932).
bool goes_through_utf8(const ColumnSchema& column) {
  const std::string& charset = column.charset;
  return charset.empty() || charset == "utf8mb4" || charset == "utf8mb3" || charset == "utf8" || charset == "latin1" ||
         charset == "ascii";
}
bool is_bytes(const ColumnSchema& column) {
  return column.charset.empty() && is_of(column, {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"});
}
/// Both servers keep the number of the reference system, and behind it the same bytes.
bool is_geometry(const ColumnSchema& column) {
  return is_of(column, {"geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
                        "geometrycollection", "geomcollection"});
}

void drop_last_zeros(std::string& text) {
  if (text.find('.') == std::string::npos) return;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  if (text == "-0") text = "0";
}

void drop_first_zeros(std::string& digits) {
  const std::size_t sign = digits.starts_with('-') ? 1 : 0;
  const std::size_t first = digits.find_first_not_of('0', sign);
  if (first == std::string::npos) {
    digits = "0";
  } else {
    digits.erase(sign, (digits[first] == '.' ? first - 1 : first) - sign);
  }
}

/// The eight bytes; what is no number stays.
void into_bytes(std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return;
  const auto bits = std::bit_cast<std::uint64_t>(number == 0 ? 0.0 : number);  // -0 is equal to 0
  text.assign(reinterpret_cast<const char*>(&bits), sizeof bits);
}

}  // namespace

std::expected<ComparedColumn::Kind, std::string> ComparedColumn::kind_of(const ColumnSchema& here,
                                                                         const ColumnSchema& peer) {
  const auto both = [&](auto is) { return is(here) && is(peer); };
  if (both(is_number)) return Kind::kNumber;
  if (both(is_real)) return Kind::kReal;
  if (both(is_temporal)) return Kind::kTemporal;
  if (here.data_type == peer.data_type && is_of(here, {"date", "time"})) return Kind::kTemporal;
  if (both(is_labelled) && here.data_type == peer.data_type && here.labels() == peer.labels()) return Kind::kNumber;
  if (both(is_text)) return Kind::kText;
  if (both(is_bytes)) return Kind::kBytes;
  if (both(is_geometry)) return Kind::kGeometry;
  return std::unexpected(fmt::format("{} and {} have no form in common", here.column_type, peer.column_type));
}

std::expected<ComparedColumn, std::string> ComparedColumn::make(const ColumnSchema& here, const ColumnSchema& peer) {
  const auto kind = kind_of(here, peer);
  if (!kind) return std::unexpected(kind.error());
  ComparedColumn column;
  column.name_ = here.name;
  column.kind_ = *kind;
  if (is_json(here) != is_json(peer)) column.text_of_json_ = is_json(here) ? Place::kPeer : Place::kHere;
  column.without_nul_ = here.data_type != peer.data_type && (is_of(here, {"binary"}) || is_of(peer, {"binary"}));
  // Texts of an ENUM or SET are ordered by their places, and compared as texts.
  const bool is_exact_text = *kind != Kind::kText || (goes_through_utf8(here) && goes_through_utf8(peer) &&
                                                      !is_labelled(here) && !is_labelled(peer));
  // MySQL compares a SET with a number as doubles.
  const bool is_exact_set = here.data_type != "set" || here.labels().size() <= kDoubleBits;
  column.has_exact_literals_ = *kind != Kind::kReal && *kind != Kind::kGeometry && !column.text_of_json_ &&
                               !column.without_nul_ && is_exact_text && is_exact_set;
  column.json_ = {is_json(here), is_json(peer)};
  column.here_ = column.expression_of(here);
  column.peer_ = column.expression_of(peer);
  return column;
}

std::string ComparedColumn::expression_of(const ColumnSchema& column) const {
  std::string name = mysql::quote_identifier(column.name);
  switch (kind_) {
    case Kind::kNumber:
      // An integer of 64 bits, where + 0 is a DOUBLE of a SET.
      return is_labelled(column) || column.data_type == "bit" ? name + "|0" : name;
    case Kind::kReal: return name + "+0e0";
    case Kind::kTemporal: return name;
    case Kind::kText: {
      // MariaDB lets any byte into an ASCII column, and shows each that is none as a question mark: they are read as
      // those of latin1.
      const std::string shown =
          column.charset == "ascii" ? fmt::format("CONVERT(CONVERT({} USING binary) USING latin1)", name) : name;
      std::string text = column.charset.empty() ? fmt::format("CAST({} AS CHAR)", name)
                                                : fmt::format("CONVERT({} USING utf8mb4)", shown);
      if (!goes_through_utf8(column)) {
        // What does not come back as it was is compared by its bytes. By digests, as a CAST or HEX above
        // max_allowed_packet is NULL, and so would be equal to any other.
        text = fmt::format(
            "IF(SHA2(CONVERT({0} USING "
            "{1}),256)=SHA2({2},256),{0},CONCAT('0x',IF(LENGTH({2})>{3},SHA2({2},256),HEX({2}))))",
            text, column.charset, name, kBytesMax);
      }
      const bool is_hashed = !text_of_json_ && (is_json(column) || column.length_characters > kBytesMax);
      if (is_hashed) text = fmt::format("IF(CHAR_LENGTH({0})>{1},SHA2({0},256),{0})", text, kBytesMax);
      // The CAST of a document whose text is above max_allowed_packet is NULL or empty, as no document's text is.
      return is_json(column) ? fmt::format("IF({} IS NULL,NULL,IFNULL({},''))", name, text) : text;
    }
    case Kind::kBytes:
      if (column.length_bytes <= kBytesMax) return name;
      return fmt::format("IF(LENGTH({0})>{1},SHA2({0},256),{0})", name, kBytesMax);
    case Kind::kGeometry: return fmt::format("IF(LENGTH({0})>{1},SHA2({0},256),HEX({0}))", name, kBytesMax);
  }
  return name;
}

void ComparedColumn::bring_into_form(std::string& cell) const {
  switch (kind_) {
    case Kind::kNumber:
      drop_first_zeros(cell);
      drop_last_zeros(cell);
      return;
    case Kind::kReal: into_bytes(cell); return;
    case Kind::kTemporal: drop_last_zeros(cell); return;
    case Kind::kText:
    case Kind::kGeometry: return;
    case Kind::kBytes:
      if (without_nul_) cell.erase(cell.find_last_not_of('\0') + 1);
      return;
  }
}

bool ComparedColumn::is_alike(const std::optional<std::string>& here, const std::optional<std::string>& peer) const {
  if (here == peer || is_unread(Place::kHere, here) || is_unread(Place::kPeer, peer)) return true;
  if (!text_of_json_ || !here || !peer) return false;
  // Of another text MySQL would have rounded a number, or left a name out.
  return json_is_held_exactly(*text_of_json_ == Place::kHere ? *here : *peer) && is_same_json(*here, *peer);
}

bool ComparedColumn::is_unread(Place place, const std::optional<std::string>& cell) const {
  return json_.at(place == Place::kHere ? 0 : 1) && cell && cell->empty();
}

void ComparedColumn::append_literal(std::string_view cell, std::string& out) const {
  switch (kind_) {
    case Kind::kNumber:
    case Kind::kReal: out += cell; return;
    case Kind::kTemporal:
    case Kind::kGeometry:
    case Kind::kText: mysql::append_text_literal(cell, out); return;
    case Kind::kBytes: mysql::append_binary_literal(cell, out); return;
  }
}

}  // namespace farshore::ctl
