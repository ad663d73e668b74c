#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/gtid.hpp"
#include "binlog/statement.hpp"
#include "change/cascade.hpp"

namespace farshore::capture {

/// The source's cascading keys at the place in its binlog that is read. The live source is asked for them, and it is
/// ahead: a key that it no longer has may have cascaded in what is yet to be read. So a key that was known counts
///
///   until the statement that drops it is read: by its name, or the names of its tables;
///   or at the latest until all is read that the source had executed when it answered without the key: a statement may
///   not be in the binlog, or not be plain to see.
///
/// A key that the source has counts, wherever it was made. One that was made and dropped again before the source was
/// asked is known by the statement that made it. Not known are those of which no statement tells.
///
/// A key is explained when a statement that was read made it, or may have. One that no statement made was made without
/// the binlog, and what it cascaded before the source was asked is published by nobody. Not thread safe.
class KnownCascades {
 public:
  /// Those of a checkpoint, which are explained. Until the source answers they count as its own.
  explicit KnownCascades(std::vector<change::CascadingKey> kept = {});

  /// The live source's keys of `child`, all of them. `executed`: its position, asked for behind the keys.
  void take_answer(const std::string& child, const std::vector<change::CascadingKey>& keys,
                   const OriginPosition& executed);
  /// A statement that is read made a key with this tie, and the source had none when its position was `executed`.
  void take_gone(const change::Cascade& tie, const OriginPosition& executed);
  /// A statement is read, and the source has answered for its tables since it ran.
  void take_statement(const binlog::Statement& statement);
  /// The keys of this table, as child or parent, are explained: by a statement that names it.
  void explain(const std::string& table);
  void explain_all();
  /// Nothing explains the key, and what follows from that is done.
  void take_unexplained(const change::CascadingKey& key);
  [[nodiscard]] bool is_explained(const change::CascadingKey& key) const;
  /// All of `position` is read. A look at a number where no key is gone from the source.
  void reached(const OriginPosition& position);

  /// It knows a key of `child` by this name.
  [[nodiscard]] bool has(const std::string& child, std::string_view name) const;
  /// The children whose keys may have become others since the last call.
  [[nodiscard]] std::vector<std::string> take_changed();
  /// The ties of a child.
  [[nodiscard]] std::vector<change::Cascade> ties_of(const std::string& child) const;
  [[nodiscard]] std::vector<std::string> children() const;
  /// For a checkpoint: those that are explained.
  [[nodiscard]] std::vector<change::CascadingKey> all() const;

 private:
  /// Where a key that the source no longer has counts no more; null: the source has it.
  using Until = std::shared_ptr<const OriginPosition>;
  using Keys = std::map<change::CascadingKey, Until>;

  void drop_named(const std::string& child, const std::vector<std::string>& names);
  void drop_all(const std::string& child);
  void rename(const std::string& from, const std::string& to);

  std::map<std::string, Keys> by_child_;
  std::set<change::CascadingKey> unexplained_;  ///< of by_child_
  std::set<std::string> changed_;
  bool some_are_gone_ = false;  ///< a key may have an end
};

}  // namespace farshore::capture
