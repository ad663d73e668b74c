#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apply/merge_rule.hpp"
#include "apply/row_form.hpp"
#include "apply/table_fit.hpp"
#include "base/collation.hpp"
#include "base/value.hpp"
#include "change/batch_reader.hpp"
#include "change/change_table.hpp"
#include "change/table_rules.hpp"
#include "mysql/literal.hpp"
#include "mysql/schema.hpp"

namespace farshore::apply {

/// In what order changes of a table are written, as its keys behave; each stricter than the one before. What is written
/// is the merge rule's to say.
enum class WritePath : std::uint8_t {
  kCoalesced,  ///< changes of different keys may change places: deletes, then upserts
  kOrdered,    ///< in order, in runs: keys that differ in their bytes may be equal
  kCareful,    ///< in order, row by row where it matters: a further unique key, or one over a prefix, may clash
};
[[nodiscard]] constexpr bool keeps_order(WritePath path) {
  switch (path) {
    case WritePath::kCoalesced: return false;
    case WritePath::kOrdered:
    case WritePath::kCareful: return true;
  }
  return true;
}
/// A row may clash with another by more than its key.
[[nodiscard]] constexpr bool may_clash(WritePath path) {
  switch (path) {
    case WritePath::kCoalesced:
    case WritePath::kOrdered: return false;
    case WritePath::kCareful: return true;
  }
  return true;
}

/// What a table is bound for.
enum class BoundFor : std::uint8_t {
  kWriting,
  kComparing,  ///< older rows of a table that has another shape by now, in the columns that both have
};

/// A source's table bound to the target's: which column goes where, and the text of every statement. Made once for a
/// shape and a target schema. Const after construction.
class TargetTable {
 public:
  /// An error is the reason, for people, why the target's table cannot take the source's rows as it is now.
  /// kComparing: only that it has another key.
  [[nodiscard]] static std::expected<TargetTable, std::string> bind(std::shared_ptr<const change::ChangeTable> source,
                                                                    ServerKind source_kind, const TargetPlace& target,
                                                                    change::MergeRule merge,
                                                                    change::OnMismatch on_mismatch = {},
                                                                    BoundFor use = BoundFor::kWriting);

  [[nodiscard]] WritePath path() const { return path_; }
  [[nodiscard]] const MergeTraits& merge() const { return merge_; }
  [[nodiscard]] const std::string& schema() const { return schema_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool closes_on_mismatch() const { return change::closes_gate(on_mismatch_); }
  [[nodiscard]] const std::string& group() const { return source_->group; }
  [[nodiscard]] const change::ChangeTable& source() const { return *source_; }

  /// The key of a full row as bytes that are equal only for equal keys; for kCoalesced also the other way round.
  void append_key(std::span<const Value> row, std::string& out) const;
  /// The update keeps the row's key.
  [[nodiscard]] bool keeps_key(const change::ChangeView& change) const;

  /// Columns of the source's row that a further unique key of the target covers, in order.
  [[nodiscard]] const std::vector<std::uint32_t>& unique_columns() const { return unique_columns_; }
  /// Of kCareful: changes of rows that share no unique value may change places, and those of a key be joined, as of
  /// kCoalesced: the key's equality is equality of bytes, append_unique() knows every further unique key, and the merge
  /// rule joins changes.
  [[nodiscard]] bool is_free_but_for_values() const { return is_free_but_for_values_; }
  [[nodiscard]] std::size_t unique_keys() const { return unique_keys_.size(); }
  /// The row's value of that further unique key, as bytes; false: it has NULL inside, and clashes with none.
  [[nodiscard]] bool append_unique(std::size_t index, std::span<const Value> row, std::string& out) const;

  // Statements. The append_* functions return false when a value does not belong to its column; the text is then of no
  // use.
  [[nodiscard]] const std::string& insert_head() const { return insert_head_; }
  [[nodiscard]] const std::string& upsert_tail() const { return upsert_tail_; }
  [[nodiscard]] bool append_row(std::span<const Value> row, std::string& out) const;
  /// Before the keys of delete_key(), separated by delete_separator(), and delete_tail() at the end.
  [[nodiscard]] const std::string& delete_head() const { return delete_head_; }
  [[nodiscard]] bool append_delete_key(std::span<const Value> row, std::string& out) const;
  [[nodiscard]] std::string_view delete_separator() const { return delete_by_list_ ? "," : " OR "; }
  [[nodiscard]] std::string_view delete_tail() const { return delete_by_list_ ? ")" : ""; }
  [[nodiscard]] bool append_delete_one(std::span<const Value> row, std::string& out) const;
  /// UPDATE of every column, where the row has the key of `key_row`.
  [[nodiscard]] bool append_update(std::span<const Value> row, std::span<const Value> key_row, std::string& out) const;
  /// Why append_row() said no, for people: names the column, and holds no value.
  [[nodiscard]] std::string unfit(std::span<const Value> row) const;
  /// A query that gives 1 if the row that has this key is `row` in every column, 0 if not, nothing if there is none.
  /// kByAnybody: also in the columns that are generated here, which apply does not write; but not in the JSON documents
  /// that are text here, which each server spells in its own way: those stand behind the number, for has_documents().
  enum class Written : std::uint8_t { kByApply, kByAnybody };
  [[nodiscard]] bool append_compare(std::span<const Value> row, Written written, std::string& out) const;
  /// A query for the row that has this key which tells of each column, also of those that are generated here, whether
  /// it is `row`'s; for differing().
  [[nodiscard]] bool append_compare_each(std::span<const Value> row, std::string& out) const;
  /// Names of columns that are not the row's: of those that apply writes, and of those that are generated here.
  struct Differing {
    std::vector<std::string> written;
    std::vector<std::string> generated;
  };
  [[nodiscard]] Differing differing(std::span<const Value> row, std::span<const mysql::Rows::Field> cells) const;
  /// Whether they are the row's documents by value. One that is far longer than the row's is shown as an empty text.
  [[nodiscard]] bool has_documents(std::span<const Value> row, std::span<const mysql::Rows::Field> documents) const;
  /// The key's equality is equality of bytes, at the source and here.
  [[nodiscard]] bool has_bytewise_key() const { return has_bytewise_key_; }
  /// A query for the rows that have some keys, in the form of shown(), and locks them: before the keys,
  /// delete_separator() between them, and after them. Rows whose key only the target's collation holds equal are shown
  /// too.
  [[nodiscard]] const std::string& look_head() const { return look_head_; }
  [[nodiscard]] bool append_look_key(std::span<const Value> row, std::string& out) const;
  [[nodiscard]] std::string_view look_tail() const { return delete_by_list_ ? ") FOR UPDATE" : " FOR UPDATE"; }
  [[nodiscard]] const RowForm& shown() const { return shown_; }
  /// The target generates columns that the source's rows have. The same query and form, of the key and those alone.
  [[nodiscard]] bool has_generated() const { return !generated_.empty(); }
  [[nodiscard]] const std::string& look_generated_head() const { return look_generated_head_; }
  [[nodiscard]] const RowForm& shown_generated() const { return shown_generated_; }
  /// A query for the row that has this key, as JSON.
  [[nodiscard]] bool append_image(std::span<const Value> key_row, std::string& out) const;
  /// A query for the other rows that hold one of this row's unique values, as JSON, at most `limit`; nothing is
  /// appended where no further unique key covers whole columns that the source has.
  [[nodiscard]] bool append_rivals(std::span<const Value> row, std::size_t limit, std::string& out) const;
  /// The target has columns that take a value and that the source lacks.
  [[nodiscard]] bool has_own_columns() const { return !own_columns_.empty(); }
  /// A query that gives, for the row that has this key, the assignments that make its own columns what they are now;
  /// NULL when they are too long for a packet. For append_own_update().
  [[nodiscard]] bool append_own_assignments(std::span<const Value> key_row, std::string& out) const;
  /// Changes nothing but the own columns, whatever the others do at an UPDATE.
  [[nodiscard]] bool append_own_update(std::string_view assignments, std::span<const Value> key_row,
                                       std::string& out) const;
  /// Whether rows of this table go or change with others of it, by cascading keys of the target, as far as those were
  /// asked.
  [[nodiscard]] bool cascades_to_itself() const { return cascades_to_itself_; }
  /// Whether rows of another table follow this one's by a cascading key of the target, as far as those were asked.
  [[nodiscard]] bool is_cascading_parent() const { return is_cascading_parent_; }
  /// A query that gives a row if the row's parent by one of this table's cascading keys is not here; nothing is
  /// appended where it has no such key, or only NULL in them.
  [[nodiscard]] bool append_missing_parents(std::span<const Value> row, std::string& out) const;
  /// Takes those rows away.
  [[nodiscard]] bool append_delete_rivals(std::span<const Value> row, std::string& out) const;

 private:
  struct BoundColumn {
    std::uint32_t source = 0;  ///< index in the source's row
    std::string name;          ///< quoted
    mysql::LiteralWriter literal;
    bool is_text = false;    ///< characters: compared by bytes where it matters
    bool is_binary = false;  ///< bytes
    bool is_json = false;    ///< the target's own JSON type
    bool is_timestamp = false;
    bool is_datetime = false;
    bool is_bytewise = false;
    bool pads = false;
    std::string charset;               ///< of the target's column
    bool is_of_other_charset = false;  ///< than the source's
    /// Generated here, of a type that may show another value as the source's: the server's comparison would convert it,
    /// or fail. A value of it is equal where the rows' form shows it so, and else not.
    bool is_loose = false;
  };
  struct OwnColumn {
    std::string name;     ///< quoted
    std::string literal;  ///< an expression: its value as the text of a literal
  };
  /// A cascading key of the target's table.
  struct ParentKey {
    std::string parent;                  ///< quoted `schema`.`table`
    std::vector<std::uint32_t> columns;  ///< indexes in columns_
    std::vector<std::string> names;      ///< quoted, of the parent's columns
  };
  TargetTable() = default;
  /// Index in columns_.
  [[nodiscard]] std::optional<std::uint32_t> column_named(const std::string& name) const;
  [[nodiscard]] static BoundColumn bind_column(const TableShape& shape, std::uint32_t index,
                                               const mysql::ColumnSchema& there, ServerKind source_kind);
  void note_cascades(const TargetPlace& target);
  void note_own_columns(const mysql::TableSchema& target);
  void make_statements();
  /// Of an upsert: the row that it found has the key of the row given.
  [[nodiscard]] std::string same_key() const;
  void note_unique_keys(const mysql::TableSchema& target);
  [[nodiscard]] bool append_rival_condition(std::span<const Value> row, std::string& out) const;
  void append_object(std::string& out) const;
  /// What is compared, with one row's value: 1 or 0. Not for what is_spelled().
  [[nodiscard]] bool append_equal(const BoundColumn& column, const Value& value, std::string& out) const;
  void append_document(const BoundColumn& column, const Value& value, std::string& out) const;
  [[nodiscard]] static bool is_document(const Value& value, const mysql::Rows::Field& cell);
  [[nodiscard]] bool append_listed_key(std::span<const Value> row, bool exact, std::string& out) const;
  /// `exact`: a key that only the target's collation holds equal is not meant.
  [[nodiscard]] bool append_key_condition(std::span<const Value> row, bool exact, std::string& out) const;
  [[nodiscard]] bool append_exact_text(const BoundColumn& column, const Value& value, std::string& out) const;
  /// A JSON document of the source that is text here.
  [[nodiscard]] bool is_spelled(const BoundColumn& column) const;

  std::string schema_;
  std::string name_;
  std::string quoted_;  ///< `schema`.`name`
  WritePath path_ = WritePath::kOrdered;
  MergeTraits merge_;
  change::OnMismatch on_mismatch_ = change::OnMismatch::kClose;
  std::shared_ptr<const change::ChangeTable> source_;
  std::vector<BoundColumn> columns_;                     ///< of the target that take a value
  std::vector<BoundColumn> generated_;                   ///< and those that it generates
  std::vector<std::uint32_t> key_;                       ///< indexes in columns_, in the key's order
  std::vector<std::vector<std::uint32_t>> unique_keys_;  ///< further ones that may clash: indexes in columns_
  std::vector<std::uint32_t> unique_columns_;
  bool has_bytewise_key_ = false;
  bool is_free_but_for_values_ = false;
  std::vector<OwnColumn> own_columns_;
  std::string own_kept_;      ///< assignments to own columns that an UPDATE would change by itself, each behind a comma
  std::string written_kept_;  ///< likewise, to those that the source's rows have
  bool cascades_to_itself_ = false;
  std::vector<ParentKey> parent_keys_;
  bool is_cascading_parent_ = false;
  std::string insert_head_;
  std::string upsert_tail_;
  std::string delete_head_;
  bool delete_by_list_ = false;
  std::string look_head_;
  RowForm shown_;
  std::string look_generated_head_;
  RowForm shown_generated_;
};

}  // namespace farshore::apply
