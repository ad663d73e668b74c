#include "capture/source/known_cascades.hpp"

#include <algorithm>
#include <utility>

namespace farshore::capture {

namespace {

using change::Cascade;
using change::CascadingKey;

/// Both servers compare the names of constraints so, but for letters beyond ASCII: what differs there is kept.
bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

/// The servers name a key after its table, if nobody else does, and name it anew with it.
void rename_with_table(std::string& name, const TableName& from, const TableName& to) {
  const std::string generated = from.table + "_ibfk_";
  if (name.size() > generated.size() && same_name(std::string_view(name).substr(0, generated.size()), generated))
    name = to.table + "_ibfk_" + name.substr(generated.size());
}

/// As far as both are known.
bool may_have_made(const binlog::Statement::Reference& made, const CascadingKey& key) {
  if (!made.name.empty() && !same_name(made.name, key.name)) return false;
  if (key.columns.empty()) return true;
  return made.on_delete == key.on_delete && made.on_update == key.on_update &&
         (made.columns.empty() || std::ranges::equal(made.columns, key.columns, same_name)) &&
         (made.parent_columns.empty() || std::ranges::equal(made.parent_columns, key.parent_columns, same_name));
}

/// As far as it is known.
bool does_the_same(const CascadingKey& a, const CascadingKey& b) {
  return a.columns.empty() || b.columns.empty() ||
         (std::ranges::equal(a.columns, b.columns, same_name) &&
          std::ranges::equal(a.parent_columns, b.parent_columns, same_name) && a.on_delete == b.on_delete &&
          a.on_update == b.on_update);
}

/// One key: also where the columns and actions of one are not known.
bool is_same(const CascadingKey& a, const CascadingKey& b) {
  return a.tie == b.tie && a.name == b.name && does_the_same(a, b);
}

}  // namespace

KnownCascades::KnownCascades(std::vector<CascadingKey> kept, const OriginPosition& executed, IsCaptured is_captured)
    : is_captured_(std::move(is_captured)), asked_(std::make_shared<const OriginPosition>(executed)) {
  for (CascadingKey& key : kept) {
    changed_.insert(key.tie.child);
    if (key.name.empty()) {
      doubt(key.tie, executed, true);
      continue;
    }
    Keys& keys = by_child_[key.tie.child];
    keys.try_emplace(std::move(key));
  }
}

void KnownCascades::take_answer(const TableName& child, const std::optional<std::vector<CascadingKey>>& answer,
                                const OriginPosition& executed) {
  asked_ = std::make_shared<const OriginPosition>(executed);
  if (answer)
    dropped_.erase(child);
  else if (by_child_.contains(child))
    dropped_.insert(child);
  if (const auto doubted = doubts_.find(child); doubted != doubts_.end()) doubted->second.is_there = answer.has_value();
  static const std::vector<CascadingKey> kNone;
  const std::vector<CascadingKey>& keys = answer ? *answer : kNone;
  Keys& known = by_child_[child];
  for (auto& entry : known) {
    Until& until = entry.second.until;
    if (std::ranges::any_of(keys, [&](const CascadingKey& there) { return is_same(there, entry.first); })) {
      until.reset();
    } else if (!until) {  // an earlier answer's is nearer
      until = asked_;
      ending_.insert(child);
    }
  }
  for (const CascadingKey& key : keys) {
    const auto found = std::ranges::find_if(known, [&](const auto& other) { return is_same(other.first, key); });
    if (found == known.end()) {
      known.emplace(key, State{.is_ahead = true, .since = asked_});
    } else if (found->first.columns.empty() && !key.columns.empty()) {
      fuller_.try_emplace(key, asked_);
    }
  }
  if (known.empty()) by_child_.erase(child);
  changed_.insert(child);
}

void KnownCascades::doubt(const Cascade& tie, const OriginPosition& until, bool is_there) {
  Doubt& doubt = doubts_[tie.child];
  doubt.parents.insert(tie.parent);
  doubt.until = std::make_shared<const OriginPosition>(until);
  doubt.is_there = is_there;
  changed_.insert(tie.child);
}

// It acts on the keys that are there at its place. One that the source has in spite of it was made again behind it.
void KnownCascades::take_statement(const binlog::Statement& statement, const OriginPosition& place) {
  using Names = binlog::Statement::Names;
  if (by_child_.empty() && doubts_.empty()) return;
  if (!statement.tables.empty()) {
    const TableName& table = statement.tables.front();
    for (const std::string& name : statement.dropped_constraints)
      drop_named(table, name, statement.drops_if_exists ? nullptr : &place);
    if (!statement.renamed_columns.empty()) rename_columns(table, statement.renamed_columns);
  }
  switch (statement.names) {
    case Names::kStay: break;
    case Names::kGo:
      for (const TableName& table : statement.tables) drop_all(table);
      if (statement.schema.empty()) break;
      for (const TableName& child : children())
        if (child.schema == statement.schema) drop_all(child);
      break;
    case Names::kMove:
      for (std::size_t i = 0; i + 1 < statement.tables.size(); i += 2)
        rename(statement.tables[i], statement.tables[i + 1]);
      break;
  }
}

void KnownCascades::explain(const Cascade& tie, const binlog::Statement::Reference& made,
                            const OriginPosition* may_do_nothing_at) {
  const auto found = by_child_.find(tie.child);
  if (found == by_child_.end()) return;
  for (auto& [key, state] : found->second) {
    if (!state.is_ahead || key.tie != tie || !may_have_made(made, key)) continue;
    if (may_do_nothing_at != nullptr && was_there(state, *may_do_nothing_at)) continue;
    state.is_ahead = false;
    changed_.insert(tie.child);
  }
}

void KnownCascades::begin() {
  for (auto& [child, keys] : by_child_) {
    Keys begun;
    for (auto& [key, state] : keys) {
      if (!state.is_ahead || key.columns.empty()) {
        begun.emplace(key, State{.until = state.until});
        continue;
      }
      begun.emplace(CascadingKey{.tie = key.tie, .name = key.name}, State{.until = state.until});
      fuller_.try_emplace(key, asked_);
    }
    keys = std::move(begun);
    changed_.insert(child);
  }
}

void KnownCascades::doubt_ahead() {
  for (auto& [child, keys] : by_child_)
    for (auto& [key, state] : keys)
      if (std::exchange(state.is_ahead, false)) doubt(key.tie, *asked_, !dropped_.contains(child));
}

void KnownCascades::take_unexplained(const CascadingKey& key) {
  Keys& keys = by_child_[key.tie.child];
  bool is_known = false;
  for (auto& [other, state] : keys) {
    if (!is_same(other, key)) continue;
    state.is_ahead = false;
    is_known = true;
  }
  if (!is_known) keys.try_emplace(key);
  changed_.insert(key.tie.child);
}

bool KnownCascades::is_explained(const CascadingKey& key) const {
  const auto found = by_child_.find(key.tie.child);
  return found != by_child_.end() && std::ranges::any_of(found->second, [&](const auto& known) {
           return !known.second.is_ahead && is_same(known.first, key);
         });
}

bool KnownCascades::is_at_source(const CascadingKey& key) const {
  const auto found = by_child_.find(key.tie.child);
  return found != by_child_.end() && std::ranges::any_of(found->second, [&](const auto& known) {
           return !known.second.until && is_same(known.first, key);
         });
}

std::vector<TableName> KnownCascades::children_beyond(const std::vector<CascadingKey>& keys) const {
  std::map<TableName, std::vector<const CascadingKey*>> there;
  for (const CascadingKey& key : keys) there[key.tie.child].push_back(&key);
  const auto is_beyond = [&](const auto& known) {
    const auto found = there.find(known.first.tie.child);
    return found == there.end() ||
           std::ranges::none_of(found->second, [&](const CascadingKey* key) { return is_same(*key, known.first); });
  };
  std::vector<TableName> children;
  for (const auto& [child, known] : by_child_)
    if (std::ranges::any_of(known, is_beyond) && is_captured_(child)) children.push_back(child);
  return children;
}

bool KnownCascades::has_made(const Cascade& tie, const binlog::Statement::Reference& made,
                             const std::vector<std::string>& dropped) const {
  const auto found = by_child_.find(tie.child);
  return found != by_child_.end() && std::ranges::any_of(found->second, [&](const auto& key) {
           if (key.first.tie != tie || !may_have_made(made, key.first)) return false;
           return !key.second.until || std::ranges::none_of(dropped, [&](const std::string& other) {
             return same_name(other, key.first.name);
           });
         });
}

bool KnownCascades::has(const TableName& child, std::string_view name) const {
  const auto found = by_child_.find(child);
  return found != by_child_.end() &&
         std::ranges::any_of(found->second, [&](const auto& key) { return same_name(key.first.name, name); });
}

/// The source had it already when all until this place was executed.
bool KnownCascades::was_there(const State& state, const OriginPosition& place) {
  return state.since && place.contains(*state.since);
}

/// It is there no longer. One that the source has is made again behind this place.
KnownCascades::Keys::iterator KnownCascades::take_away(Keys& keys, Keys::iterator key) {
  if (key->second.until) return keys.erase(key);
  key->second.is_ahead = true;
  key->second.since.reset();
  return std::next(key);
}

/// A key that is there is gone. Where there is none of the name, and one that was taken to lie ahead was there already,
/// no statement had made that. `place`: of a statement that did drop one.
void KnownCascades::drop_named(const TableName& child, const std::string& name, const OriginPosition* place) {
  const auto found = by_child_.find(child);
  if (found == by_child_.end()) return;
  Keys& keys = found->second;
  bool is_there = false;
  for (auto it = keys.begin(); it != keys.end();) {
    const bool goes = !it->second.is_ahead && same_name(name, it->first.name);
    is_there |= goes;
    it = goes ? take_away(keys, it) : std::next(it);
  }
  changed_.insert(child);
  if (is_there || place == nullptr) return;
  for (auto it = keys.begin(); it != keys.end();) {
    const bool goes = same_name(name, it->first.name) && was_there(it->second, *place);
    if (goes) doubt(it->first.tie, *asked_, true);
    it = goes ? take_away(keys, it) : std::next(it);
  }
}

void KnownCascades::drop_all(const TableName& child) {
  doubts_.erase(child);
  const auto found = by_child_.find(child);
  if (found == by_child_.end()) return;
  for (auto it = found->second.begin(); it != found->second.end();) it = take_away(found->second, it);
  changed_.insert(child);
}

void KnownCascades::rename(const TableName& from, const TableName& to) {
  if (auto moved = doubts_.extract(from)) {
    moved.key() = to;
    moved.mapped().is_there = true;
    // What the source has under the new name was made under the old one.
    const auto there = by_child_.find(to);
    std::erase_if(moved.mapped().parents, [&](const TableName& parent) {
      bool is_made = false;
      if (there == by_child_.end()) return false;
      for (auto& [key, state] : there->second) {
        if (key.tie.parent != parent) continue;
        state.is_ahead = false;
        is_made = true;
      }
      return is_made;
    });
    if (!moved.mapped().parents.empty()) doubts_.insert(std::move(moved));
    changed_.insert(to);
  }
  move_keys([&](CascadingKey& key) {
    const bool is_of_table = key.tie.child == from || key.tie.parent == from;
    if (key.tie.child == from) rename_with_table(key.name, from, to);
    if (key.tie.child == from) key.tie.child = to;
    if (key.tie.parent == from) key.tie.parent = to;
    return is_of_table;
  });
}

/// All at once: names may be exchanged.
void KnownCascades::rename_columns(const TableName& table, const RenamedColumns& renamed) {
  const auto rename = [&](std::vector<std::string>& columns) {
    bool is_renamed = false;
    for (std::string& column : columns) {
      const auto found =
          std::ranges::find_if(renamed, [&](const auto& names) { return same_name(names.first, column); });
      if (found == renamed.end()) continue;
      column = found->second;
      is_renamed = true;
    }
    return is_renamed;
  };
  move_keys([&](CascadingKey& key) {
    const bool of_child = key.tie.child == table && rename(key.columns);
    const bool of_parent = key.tie.parent == table && rename(key.parent_columns);
    return of_child || of_parent;
  });
}

/// Keys become others, of which `become` says whether and which. Those that the source has as they were before became
/// so again behind the statement; those that it has as they are now are there now.
void KnownCascades::move_keys(const std::function<bool(CascadingKey&)>& become) {
  std::vector<std::pair<CascadingKey, State>> moved;
  for (auto& [child, keys] : by_child_) {
    for (auto it = keys.begin(); it != keys.end();) {
      CascadingKey other = it->first;
      const bool moves = !(it->second.is_ahead && !it->second.until) && become(other);
      if (moves) moved.emplace_back(std::move(other), it->second);
      if (moves) changed_.insert(child);
      it = moves ? take_away(keys, it) : std::next(it);
    }
  }
  for (auto& [key, state] : moved) {
    Keys& keys = by_child_[key.tie.child];
    changed_.insert(key.tie.child);
    const auto there = std::ranges::find_if(keys, [&](const auto& other) {
      return other.first.tie == key.tie && same_name(other.first.name, key.name) && does_the_same(other.first, key);
    });
    if (there != keys.end()) {
      there->second.is_ahead = there->second.is_ahead && state.is_ahead;
      continue;
    }
    if (!state.until) state.until = asked_;
    ending_.insert(key.tie.child);
    keys.emplace(std::move(key), std::move(state));
  }
}

void KnownCascades::reached(const OriginPosition& position) {
  // Of a table that is not captured, or is there no longer, nobody is told.
  std::erase_if(doubts_, [&](const auto& entry) {
    const auto& [child, doubt] = entry;
    return position.contains(*doubt.until) && (!doubt.is_there || !is_captured_(child));
  });
  Until last;  // most have the same
  bool is_reached = false;
  std::erase_if(fuller_, [&](const auto& entry) {
    if (entry.second != last) is_reached = position.contains(*entry.second);
    last = entry.second;
    if (is_reached) complete(entry.first);
    return is_reached;
  });
  for (auto it = ending_.begin(); it != ending_.end();) {
    const auto found = by_child_.find(*it);
    const bool goes_on = found != by_child_.end() && end_keys(found, position);
    it = goes_on ? std::next(it) : ending_.erase(it);
  }
}

/// The same key as it was known without its columns is this one.
void KnownCascades::complete(const CascadingKey& key) {
  const auto child = by_child_.find(key.tie.child);
  if (child == by_child_.end()) return;
  const auto found = child->second.find({.tie = key.tie, .name = key.name});
  if (found == child->second.end()) return;
  State state = found->second;
  child->second.erase(found);
  child->second.insert_or_assign(key, std::move(state));
  changed_.insert(key.tie.child);
}

/// False: none of the child's keys has an end any more.
bool KnownCascades::end_keys(std::map<TableName, Keys>::iterator child, const OriginPosition& position) {
  auto& [name, keys] = *child;
  bool goes_on = false;
  std::vector<std::pair<CascadingKey, State>> ended;
  std::erase_if(keys, [&](const auto& key) {
    const bool is_over = key.second.until && position.contains(*key.second.until);
    goes_on |= key.second.until && !is_over;
    if (is_over) ended.emplace_back(key);
    return is_over;
  });
  if (!ended.empty()) changed_.insert(name);
  for (const auto& [key, state] : ended) {
    const auto after = std::ranges::find_if(
        keys, [&](const auto& other) { return other.first.tie == key.tie && same_name(other.first.name, key.name); });
    const bool is_the_same = after != keys.end() && does_the_same(after->first, key) && !state.is_ahead;
    if (after != keys.end()) after->second.is_ahead = false;
    if (!is_the_same && !dropped_.contains(name)) doubt(key.tie, position, true);
  }
  if (!keys.empty()) return goes_on;
  dropped_.erase(name);
  by_child_.erase(child);
  return false;
}

/// Keys that are gone and of which nothing that is published would say anything.
void KnownCascades::doubt_outside() {
  for (const TableName& child : std::vector<TableName>(changed_.begin(), changed_.end())) {
    const auto found = by_child_.find(child);
    if (found == by_child_.end() || !is_captured_(child)) continue;
    std::erase_if(found->second, [&](const auto& key) {
      if (!key.second.until || is_captured_(key.first.tie.parent)) return false;
      doubt(key.first.tie, *key.second.until, !dropped_.contains(child));
      return true;
    });
  }
}

std::vector<TableName> KnownCascades::doubted() const {
  std::vector<TableName> captured;
  for (const auto& [child, doubt] : doubts_)
    if (doubt.is_there && is_captured_(child)) captured.push_back(child);
  return captured;
}

std::vector<TableName> KnownCascades::take_changed() {
  doubt_outside();
  std::vector<TableName> changed(changed_.begin(), changed_.end());
  changed_.clear();
  return changed;
}

std::vector<CascadingKey> KnownCascades::keys_of(const TableName& child) const {
  std::vector<CascadingKey> keys;
  for_keys_of(child, [&](const CascadingKey& key) { keys.push_back(key); });
  return keys;
}

void KnownCascades::for_keys_of(const TableName& child, const std::function<void(const CascadingKey&)>& take) const {
  const auto found = by_child_.find(child);
  if (found == by_child_.end() || !is_captured_(child)) return;
  for (const auto& [key, state] : found->second)
    if (!state.is_ahead && is_captured_(key.tie.parent)) take(key);
}

std::vector<Cascade> KnownCascades::ties() const {
  std::vector<Cascade> ties;
  for (const auto& [child, keys] : by_child_)
    for (const auto& [key, state] : keys) ties.push_back(key.tie);
  return ties;
}

std::vector<TableName> KnownCascades::children() const {
  std::vector<TableName> children;
  for (const auto& [child, keys] : by_child_) children.push_back(child);
  for (const auto& [child, doubt] : doubts_)
    if (!by_child_.contains(child)) children.push_back(child);
  return children;
}

std::vector<CascadingKey> KnownCascades::all() const {
  std::vector<CascadingKey> all;
  for (const auto& [child, doubt] : doubts_)
    for (const TableName& parent : doubt.parents)
      all.push_back({.tie = {.parent = parent, .child = child}, .name = ""});
  for (const bool captured : {true, false})  // a checkpoint keeps the first ones
    for (const auto& [child, keys] : by_child_)
      if (is_captured_(child) == captured)
        for (const auto& [key, state] : keys)
          if (!state.is_ahead) all.push_back(key);
  return all;
}

}  // namespace farshore::capture
