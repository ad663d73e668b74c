#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/gtid.hpp"
#include "base/table_name.hpp"
#include "binlog/statement.hpp"
#include "change/cascade.hpp"

namespace farshore::capture {

/// The source's cascading keys at the place in its binlog that is read, of captured tables and others: a table may get
/// another name. The live source is asked for them, and it is ahead. So a key is
///
///   ahead   when the source has it and no statement that was read made it. It ties its tables, and is not named to the
///           targets: their own may not cascade yet, or may be another one until then;
///   there   when a statement made it, or gave its tables or columns their names. It stays until the statement that
///           drops it is read: by its name, or with its child;
///
/// and one that the source has no longer ends at the latest where all is read that it had executed when it answered
/// without the key: a statement may not be in the binlog, or not be plain to see.
///
/// Where it is not sure which rows a key has changed, its child is doubted: a key that a statement seems to make and
/// that the source has not; one that ended at no statement; one that was dropped, or became another one, and that no
/// statement had made; one that is gone and whose parent is not captured. A doubt goes where its table goes. It stays
/// until it is settled; of a table that is not captured, until all is read that the source had executed by then. A key
/// that lies ahead where all is read was made without the binlog: whoever asks for is_explained() tells.
///
/// A key of which only tables and name are known is any key of those; when its columns are told, it has them from where
/// all is read that the source had executed then. Not thread safe.
class KnownCascades {
 public:
  /// Whether a table is captured.
  using IsCaptured = std::function<bool(const TableName& table)>;

  /// `kept`: what all() gave for a checkpoint. Its keys are explained, and until the source answers they count as its
  /// own. `executed`: the source's position, until which what is doubted may last.
  KnownCascades() = default;
  KnownCascades(std::vector<change::CascadingKey> kept, const OriginPosition& executed, IsCaptured is_captured);

  /// Others are captured from now on: those of the epoch that begins.
  void set_captured(IsCaptured is_captured) { is_captured_ = std::move(is_captured); }

  /// The live source's keys of `child`, all of them; nothing: the table is there no longer, and its keys leave no
  /// doubt. `executed`: its position, asked for behind the keys.
  void take_answer(const TableName& child, const std::optional<std::vector<change::CascadingKey>>& keys,
                   const OriginPosition& executed);
  /// A statement is read, and the source has answered for its tables since it ran. `place`: the position before it.
  void take_statement(const binlog::Statement& statement, const OriginPosition& place);
  /// A key with this tie may have changed rows of its child until the source's position was `until`. `is_there`: the
  /// source had the child when it answered last; else nobody is told before the child has another name.
  void doubt(const change::Cascade& tie, const OriginPosition& until, bool is_there);
  /// Keys that are ahead and that a statement may have made are there: all that is known of what it made fits.
  /// `may_do_nothing_at`: the position before a statement that makes what is not there yet.
  void explain(const change::Cascade& tie, const binlog::Statement::Reference& made,
               const OriginPosition* may_do_nothing_at = nullptr);
  /// At the start of an origin: all that are known are there, whenever they were made.
  void begin();
  /// All that are ahead are there, and doubted: by a statement that is not plain to see.
  void doubt_ahead();
  /// Nothing explains the key, and what follows from that is done.
  void take_unexplained(const change::CascadingKey& key);
  [[nodiscard]] bool is_explained(const change::CascadingKey& key) const;
  /// The source had it when it answered last.
  [[nodiscard]] bool is_at_source(const change::CascadingKey& key) const;
  /// All of `position` is read. Costs next to nothing where no key is gone from the source and nothing is doubted.
  void reached(const OriginPosition& position);

  /// The captured children that are doubted, until they are settled: what follows from it is done.
  [[nodiscard]] std::vector<TableName> doubted() const;
  void settle(const TableName& child) { doubts_.erase(child); }

  /// The children whose keys may have become others since the last call.
  [[nodiscard]] std::vector<TableName> take_changed();
  /// The keys of a child that are there, of those whose tables are captured.
  [[nodiscard]] std::vector<change::CascadingKey> keys_of(const TableName& child) const;
  /// Calls take(key) for each of them.
  void for_keys_of(const TableName& child, const std::function<void(const change::CascadingKey&)>& take) const;
  [[nodiscard]] std::vector<TableName> children() const;
  /// All ties, also of tables that are not captured.
  [[nodiscard]] std::vector<change::Cascade> ties() const;
  /// The captured children of which a key counts that is not among `keys`, all of the source's.
  [[nodiscard]] std::vector<TableName> children_beyond(const std::vector<change::CascadingKey>& keys) const;
  /// It knows the key that a statement makes: one with this tie that fits, and that the source has, or had and that is
  /// not among those that the statement has `dropped`.
  [[nodiscard]] bool has_made(const change::Cascade& tie, const binlog::Statement::Reference& made,
                              const std::vector<std::string>& dropped) const;
  /// It knows a key of `child` by this name.
  [[nodiscard]] bool has(const TableName& child, std::string_view name) const;
  /// The ties of doubts stand for keys without a name. For a checkpoint: the keys that are there, and those.
  [[nodiscard]] std::vector<change::CascadingKey> all() const;

 private:
  /// Where something counts no more.
  using Until = std::shared_ptr<const OriginPosition>;
  using RenamedColumns = std::vector<std::pair<std::string, std::string>>;
  struct State {
    Until until{};  ///< null: the source has the key
    bool is_ahead = false;
    Until since{};  ///< ahead: where the source was when it answered first with the key; null: not known
  };
  using Keys = std::map<change::CascadingKey, State>;
  struct Doubt {
    std::set<TableName> parents;
    Until until;
    bool is_there = true;
  };

  void complete(const change::CascadingKey& key);
  static Keys::iterator take_away(Keys& keys, Keys::iterator key);
  [[nodiscard]] static bool was_there(const State& state, const OriginPosition& place);
  void drop_named(const TableName& child, const std::string& name, const OriginPosition* place);
  void drop_all(const TableName& child);
  void rename(const TableName& from, const TableName& to);
  void rename_columns(const TableName& table, const RenamedColumns& renamed);
  void move_keys(const std::function<bool(change::CascadingKey&)>& become);
  [[nodiscard]] bool end_keys(std::map<TableName, Keys>::iterator child, const OriginPosition& position);
  void doubt_outside();

  IsCaptured is_captured_ = [](const TableName&) { return true; };
  std::map<TableName, Keys> by_child_;
  std::map<TableName, Doubt> doubts_;                       ///< by child
  Until asked_ = std::make_shared<const OriginPosition>();  ///< where the source was when it answered last
  std::map<change::CascadingKey, Until> fuller_;  ///< of those known without columns; from where they have them
  std::set<TableName> dropped_;                   ///< tables that the source no longer has
  std::set<TableName> changed_;
  std::set<TableName> ending_;  ///< children of which a key may have an end
};

}  // namespace farshore::capture
