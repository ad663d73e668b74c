#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/gtid.hpp"
#include "binlog/statement.hpp"
#include "change/cascade.hpp"

namespace farshore::capture {

/// The source's cascading keys at the place in its binlog that is read, of captured tables and others: a table may get
/// another name. The live source is asked for them, and it is ahead: a key that it no longer has may have cascaded in
/// what is yet to be read. So a key that was known counts
///
///   until the statement that drops it is read: by its name, or the names of its tables;
///   or at the latest until all is read that the source had executed when it answered without the key: a statement may
///   not be in the binlog, or not be plain to see.
///
/// A key that the source has ties its tables wherever it was made, and is named to the targets when it is explained: a
/// statement that was read made it, or may have. Before that the target's own may not cascade yet.
///
/// Where it is not sure which rows a key has changed, nothing is named, and its child is doubted: a key that a
/// statement seems to make and that the source has not; one that ended at no statement; one that is gone and whose
/// parent is not captured. A doubt goes where its table goes. It stays until it is settled; of a table that is not
/// captured, until all is read that the source had executed by then.
///
/// A key that no statement made was made without the binlog, and what it cascaded before the source was asked is
/// published by nobody. Not thread safe.
class KnownCascades {
 public:
  /// Whether a table of this full name is captured.
  using IsCaptured = std::function<bool(const std::string& table)>;

  /// `kept`: what all() gave for a checkpoint. Its keys are explained, and until the source answers they count as its
  /// own. `executed`: the source's position, until which what is doubted may last.
  KnownCascades() = default;
  KnownCascades(std::vector<change::CascadingKey> kept, const OriginPosition& executed, IsCaptured is_captured);

  /// The live source's keys of `child`, all of them; nothing: the table is there no longer, and its keys leave no
  /// doubt. `executed`: its position, asked for behind the keys.
  void take_answer(const std::string& child, const std::optional<std::vector<change::CascadingKey>>& keys,
                   const OriginPosition& executed);
  /// A statement is read, and the source has answered for its tables since it ran.
  void take_statement(const binlog::Statement& statement);
  /// A key with this tie may have changed rows of its child until the source's position was `until`. `is_there`: the
  /// source had the child when it answered last; else nobody is told before the child has another name.
  void doubt(const change::Cascade& tie, const OriginPosition& until, bool is_there);
  /// The keys of this table, as child or parent, are explained: by a statement that gives it another name, or drops it.
  void explain(const std::string& table);
  /// Those with this tie that a statement may have made are: all that is known of what it made fits.
  void explain(const change::Cascade& tie, const binlog::Statement::Reference& made);
  void explain_all();
  /// Nothing explains the key, and what follows from that is done.
  void take_unexplained(const change::CascadingKey& key);
  [[nodiscard]] bool is_explained(const change::CascadingKey& key) const;
  /// All of `position` is read. Costs next to nothing where no key is gone from the source and nothing is doubted.
  void reached(const OriginPosition& position);

  /// The captured children that are doubted, until they are settled: what follows from it is done.
  [[nodiscard]] std::vector<std::string> doubted() const;
  void settle(const std::string& child) { doubts_.erase(child); }

  /// The children whose keys may have become others since the last call.
  [[nodiscard]] std::vector<std::string> take_changed();
  /// The keys of a child that are explained, of those whose tables are captured.
  [[nodiscard]] std::vector<change::CascadingKey> keys_of(const std::string& child) const;
  [[nodiscard]] std::vector<std::string> children() const;
  /// All ties, also of tables that are not captured.
  [[nodiscard]] std::vector<change::Cascade> ties() const;
  /// The captured children of which a key counts that is not among `keys`, all of the source's.
  [[nodiscard]] std::vector<std::string> children_beyond(const std::vector<change::CascadingKey>& keys) const;
  /// It knows the key that a statement makes: one with this tie that fits, and that the source has, or had and that is
  /// not among those that the statement has `dropped`.
  [[nodiscard]] bool has_made(const change::Cascade& tie, const binlog::Statement::Reference& made,
                              const std::vector<std::string>& dropped) const;
  /// It knows a key of `child` by this name.
  [[nodiscard]] bool has(const std::string& child, std::string_view name) const;
  /// The ties of doubts stand for keys without a name. For a checkpoint: the keys that are explained, and those.
  [[nodiscard]] std::vector<change::CascadingKey> all() const;

 private:
  /// Where something counts no more. Of a key, null: the source has it.
  using Until = std::shared_ptr<const OriginPosition>;
  using Keys = std::map<change::CascadingKey, Until>;
  struct Doubt {
    std::set<std::string> parents;
    Until until;
    bool is_there = true;
  };

  void complete(Keys& known, const change::CascadingKey& key);
  void drop_named(const std::string& child, const std::vector<std::string>& names);
  void drop_all(const std::string& child);
  void rename(const std::string& from, const std::string& to);
  void rename_column(const std::string& child, const std::string& from, const std::string& to);
  [[nodiscard]] bool end_keys(std::map<std::string, Keys>::iterator child, const OriginPosition& position);
  void doubt_outside();

  IsCaptured is_captured_ = [](const std::string&) { return true; };
  std::map<std::string, Keys> by_child_;
  std::map<std::string, Doubt> doubts_;         ///< by child
  std::set<std::string> dropped_;               ///< tables that the source no longer has
  std::set<change::CascadingKey> unexplained_;  ///< of by_child_
  std::set<std::string> changed_;
  std::set<std::string> ending_;  ///< children of which a key may have an end
};

}  // namespace farshore::capture
