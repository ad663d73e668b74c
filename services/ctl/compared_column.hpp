#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "mysql/schema.hpp"

namespace farshore::ctl {

/// Of the two databases that are compared.
enum class Place : std::uint8_t { kHere, kPeer };
/// For people.
[[nodiscard]] inline std::string_view at(Place place) { return place == Place::kHere ? "here" : "at the peer"; }

/// A column that two servers have, each in its own type, and its values in one form: texts that are the same exactly
/// where the values are equal. Const after construction; for sessions of `mysql::Connection`.
class ComparedColumn {
 public:
  /// Longer texts and bytes are compared by their SHA-256, so that an answer has a bounded size.
  static constexpr std::size_t kBytesMax = 4096;

  /// An error: why the two have no such form, for people.
  [[nodiscard]] static std::expected<ComparedColumn, std::string> make(const mysql::ColumnSchema& here,
                                                                       const mysql::ColumnSchema& peer);

  /// As it is called here; at the peer case may differ.
  [[nodiscard]] const std::string& name() const { return name_; }
  /// What is selected.
  [[nodiscard]] const std::string& expression(Place place) const { return place == Place::kHere ? here_ : peer_; }
  /// Brings a cell of expression() into the form.
  void bring_into_form(std::string& cell) const;
  /// Whether the literal of each of its values is found by =, and lies in the order of the column where the value does,
  /// as a key needs it: on both sides, else rows are passed over, or read for ever.
  [[nodiscard]] bool can_be_key() const { return has_exact_literals_; }
  /// A literal that is equal to the value of a key's cell in its form. Keys have no long values.
  void append_literal(std::string_view cell, std::string& out) const;
  /// Whether two cells in their form are equal: by their bytes. MySQL's JSON and a text of the other side are by what
  /// they say, where the text is one whose numbers and names MySQL would all keep. What is_unread() is taken for alike.
  [[nodiscard]] bool is_alike(const std::optional<std::string>& here, const std::optional<std::string>& peer) const;

  /// Whether the server could not give the value of that cell: MySQL's text of a document above max_allowed_packet.
  [[nodiscard]] bool is_unread(Place place, const std::optional<std::string>& cell) const;

 private:
  enum class Kind : std::uint8_t {
    kNumber,    ///< digits, without zeros at a fraction's end: integers, DECIMAL, BIT; ENUM and SET of the same labels
    kReal,      ///< the eight bytes of a double
    kTemporal,  ///< text, without zeros at a fraction's end
    kText,      ///< UTF-8
    kBytes,
    kGeometry,  ///< the bytes, in hexadecimal digits
  };
  ComparedColumn() = default;
  [[nodiscard]] static std::expected<Kind, std::string> kind_of(const mysql::ColumnSchema& here,
                                                                const mysql::ColumnSchema& peer);
  [[nodiscard]] std::string expression_of(const mysql::ColumnSchema& column) const;

  std::string name_;
  Kind kind_ = Kind::kText;
  std::optional<Place> text_of_json_;  ///< where it is text, if it is JSON of MySQL at the other side
  std::array<bool, 2> json_{};         ///< of MySQL, here and at the peer
  bool without_nul_ = false;           ///< one of the two is BINARY(n), which is padded
  bool has_exact_literals_ = false;
  std::string here_;
  std::string peer_;
};

}  // namespace farshore::ctl
