#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "change/cascade.hpp"
#include "change/checkpoint.hpp"
#include "change/merge_rule.hpp"

namespace farshore::change {

/// Grows when routing or hashing changes: part of what decides the numbering.
///   1  the partition follows the shape of the moment
///   2  the same, and another shape of a table's key ends the epoch
///   3  the same, and rows that are known to be rolled back are left out
inline constexpr std::uint32_t kNumberingAlgorithm = 3;
/// A capture goes on under it until all that it published is read again. Rows are routed as under the newest one.
inline constexpr std::uint32_t kOldestNumberingAlgorithm = 1;
/// Whether another shape of a table's key ends the epoch.
[[nodiscard]] constexpr bool keeps_key_shapes(const Numbering& numbering) { return numbering.algorithm >= 2; }
/// Whether rows take no number where their transaction's end, held back with them, says that they were rolled back.
[[nodiscard]] constexpr bool leaves_out_rolled_back(const Numbering& numbering) { return numbering.algorithm >= 3; }

/// Patterns are "schema.table" with `*` (any text) and `?` (one character) in both parts; names compare by bytes. Of
/// several points each may be the one that ends the schema.
[[nodiscard]] bool pattern_is_valid(std::string_view pattern);
/// A stream's pattern may begin with `!`: what it matches is left out of the stream, whatever its other patterns say.
[[nodiscard]] bool stream_pattern_is_valid(std::string_view pattern);
[[nodiscard]] bool pattern_matches(std::string_view pattern, std::string_view schema, std::string_view table);

struct StreamRule {
  std::string name;
  std::vector<std::string> tables;  ///< stream patterns
  std::uint32_t partitions = 8;
};

struct TableRule {
  std::string match;   ///< pattern
  std::string stream;  ///< empty: the first stream whose patterns match
  std::string group;   ///< order group; empty: none
  std::string entity;  ///< column of the primary key that is hashed alone; empty: the key is hashed
  MergeRule merge = MergeRule::kOverwrite;
  OnMismatch on_mismatch = OnMismatch::kClose;
};

/// Tables tied by a foreign key whose cascade the source does not log: they form an order group.
struct CascadeGroup {
  std::string name;
  std::vector<TableName> tables;  ///< sorted
  /// The keys that are known to tie them, without their names, sorted. No part of the numbering.
  std::vector<CascadingKey> ties = {};
};

/// A name of the servers' own schemas or of farshore, which Farshore leaves out whatever the rules say. In any case of
/// letters: a server with lower_case_table_names takes MYSQL for mysql. The rules leave out the exact names alone, and
/// whoever captures or applies another one refuses it.
[[nodiscard]] bool is_system_schema(std::string_view schema);
/// A schema with a point in its name. Tables are kept as "schema.table" in batches, checkpoints and declarations, where
/// such a one is not told from others: they are refused, unless the rules leave them out.
[[nodiscard]] inline bool has_point(std::string_view schema) { return schema.find('.') != std::string_view::npos; }
/// Why a captured table of such a schema is refused, and the way out: one sentence.
[[nodiscard]] std::string refuse_pointed(std::string_view schema, std::string_view table);
/// The way out alone.
[[nodiscard]] std::string leave_out_pointed(std::string_view schema, std::string_view table);
/// The patterns of online schema change tools' shadow tables: left out by default.
[[nodiscard]] std::vector<std::string> default_exclusions();

/// Where a table's changes go.
struct Route {
  bool captured = false;
  std::uint32_t stream = 0;  ///< index in TableRules::streams(), when captured
  std::string group;
  std::string entity;
  MergeRule merge = MergeRule::kOverwrite;
  OnMismatch on_mismatch = OnMismatch::kClose;
  /// A change of its rows can go through a cascade that the source does not log. A group outlives its keys: not all of
  /// its tables are such.
  bool repeats_cascades = false;
  /// The table's own keys, and all that a change of its rows can go through; the nearest first.
  std::vector<CascadingKey> ties = {};
};

/// What the configuration says of each table. The first rule whose pattern matches decides; a table without a rule goes
/// to the first stream whose patterns match. A table of merge rule `local`, of no stream, of an exclusion or of a
/// system schema is not captured. A value: const once it is set up, but for set_ties_of(); safe to share while const.
class TableRules {
 public:
  /// An error is one sentence for people: an invalid pattern, a stream named twice or unknown, a merge rule that is not
  /// built, a cascade group over two streams or two declared groups.
  [[nodiscard]] static std::expected<TableRules, std::string> make(
      std::vector<StreamRule> streams, std::vector<TableRule> rules, std::vector<CascadeGroup> cascades = {},
      std::vector<std::string> exclusions = default_exclusions());
  /// The rules that a checkpoint describes: a capture finishes what was begun under them. Merge rules other than
  /// `local` are not in it.
  [[nodiscard]] static std::expected<TableRules, std::string> from_numbering(const Numbering& numbering);

  [[nodiscard]] Route route(std::string_view schema, std::string_view table) const;
  /// Whether a table of this schema may be captured, by some name.
  [[nodiscard]] bool may_capture(std::string_view schema) const;
  [[nodiscard]] const std::vector<StreamRule>& streams() const { return streams_; }
  [[nodiscard]] const std::vector<CascadeGroup>& cascades() const { return cascades_; }
  /// The same rules with other cascade groups.
  [[nodiscard]] std::expected<TableRules, std::string> with_cascades(std::vector<CascadeGroup> cascades) const;

  /// The keys of its group with which `child` is the child become those of `keys`. Gives whether they were others. The
  /// numbering stays.
  bool set_ties_of(const TableName& child, const std::vector<CascadingKey>& keys);

  /// Servers besides the captured one whose transactions are the origin's own, as configured: which transactions are
  /// published decides the numbering too.
  [[nodiscard]] const std::vector<std::string>& own_servers() const { return own_servers_; }
  void set_own_servers(std::vector<std::string> servers);

  /// Everything of the rules that decides the numbering, but for the streams' partition counts and the cascade groups,
  /// which Numbering keeps on their own. JSON; equal rules give equal text.
  [[nodiscard]] std::string canonical_text() const;
  [[nodiscard]] Numbering numbering() const;

 private:
  TableRules() = default;
  [[nodiscard]] Route route_by_rules(std::string_view schema, std::string_view table) const;

  std::vector<StreamRule> streams_;
  std::vector<TableRule> rules_;
  std::vector<CascadeGroup> cascades_;
  std::vector<std::string> cascade_group_names_;  ///< by cascade: the group that its tables take
  std::vector<std::string> exclusions_;
  std::vector<std::string> own_servers_;  ///< sorted
};

}  // namespace farshore::change
