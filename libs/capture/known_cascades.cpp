#include "capture/known_cascades.hpp"

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

/// A key that the server names after its table: the number behind "<table>_ibfk_"; else empty.
std::string_view server_named(std::string_view name) {
  constexpr std::string_view kMark = "_ibfk_";
  const auto at = name.rfind(kMark);
  return at == std::string_view::npos ? std::string_view() : name.substr(at + kMark.size());
}

/// One key, under the names that its table had.
bool same_key(std::string_view a, std::string_view b) {
  return same_name(a, b) || (!server_named(a).empty() && server_named(a) == server_named(b));
}

/// As far as both are known.
bool may_have_made(const binlog::Statement::Reference& made, const CascadingKey& key) {
  if (!made.name.empty() && !same_key(made.name, key.name)) return false;
  if (key.columns.empty()) return true;
  return made.on_delete == key.on_delete && made.on_update == key.on_update &&
         (made.columns.empty() || std::ranges::equal(made.columns, key.columns, same_name));
}

/// One key: also where the columns and actions of one are not known.
bool is_same(const CascadingKey& a, const CascadingKey& b) {
  return a == b || (a.tie == b.tie && a.name == b.name && (a.columns.empty() || b.columns.empty()));
}

}  // namespace

KnownCascades::KnownCascades(std::vector<CascadingKey> kept, const OriginPosition& executed, IsCaptured is_captured)
    : is_captured_(std::move(is_captured)) {
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

void KnownCascades::take_answer(const std::string& child, const std::optional<std::vector<CascadingKey>>& answer,
                                const OriginPosition& executed) {
  if (answer)
    dropped_.erase(child);
  else if (by_child_.contains(child))
    dropped_.insert(child);
  if (const auto doubted = doubts_.find(child); doubted != doubts_.end()) doubted->second.is_there = answer.has_value();
  const std::vector<CascadingKey> keys = answer.value_or(std::vector<CascadingKey>());
  Keys& known = by_child_[child];
  Until until;
  for (const CascadingKey& key : keys) complete(known, key);
  for (auto& [key, end] : known) {
    if (std::ranges::any_of(keys, [&](const CascadingKey& there) { return is_same(there, key); })) {
      end.reset();
    } else if (!end) {  // an earlier answer's is nearer
      if (!until) until = std::make_shared<const OriginPosition>(executed);
      end = until;
      ending_.insert(child);
    }
  }
  for (const CascadingKey& key : keys)
    if (std::ranges::none_of(known, [&](const auto& other) { return is_same(other.first, key); })) {
      known.try_emplace(key);
      unexplained_.insert(key);
    }
  if (known.empty()) by_child_.erase(child);
  changed_.insert(child);
}

/// The same key as it was known without its columns is this one.
void KnownCascades::complete(Keys& known, const CascadingKey& key) {
  const auto found = known.find({.tie = key.tie, .name = key.name});
  if (found == known.end() || key.columns.empty()) return;
  const bool was_explained = unexplained_.erase(found->first) == 0;
  const bool is_new = known.try_emplace(key, found->second).second;
  known.erase(found);
  if (was_explained)
    unexplained_.erase(key);
  else if (is_new)
    unexplained_.insert(key);
}

void KnownCascades::doubt(const Cascade& tie, const OriginPosition& until, bool is_there) {
  Doubt& doubt = doubts_[tie.child];
  doubt.parents.insert(tie.parent);
  doubt.until = std::make_shared<const OriginPosition>(until);
  doubt.is_there = is_there;
  changed_.insert(tie.child);
}

// Only keys that the source no longer has: it may have made one again behind the statement.
void KnownCascades::take_statement(const binlog::Statement& statement) {
  using Names = binlog::Statement::Names;
  if (ending_.empty() && doubts_.empty()) return;
  if (!statement.tables.empty()) {
    const std::string child = statement.tables.front().full_name();
    drop_named(child, statement.dropped_constraints);
    for (const auto& [from, to] : statement.renamed_columns) rename_column(child, from, to);
  }
  switch (statement.names) {
    case Names::kStay: break;
    case Names::kGo:
      for (const binlog::TableName& table : statement.tables) drop_all(table.full_name());
      if (statement.schema.empty()) break;
      for (const std::string& child : children())
        if (child.starts_with(statement.schema + ".")) drop_all(child);
      break;
    case Names::kMove:
      for (std::size_t i = 0; i + 1 < statement.tables.size(); i += 2)
        rename(statement.tables[i].full_name(), statement.tables[i + 1].full_name());
      break;
  }
}

void KnownCascades::explain(const std::string& table) {
  std::erase_if(unexplained_, [&](const CascadingKey& key) {
    const bool is_of_table = key.tie.child == table || key.tie.parent == table;
    if (is_of_table) changed_.insert(key.tie.child);
    return is_of_table;
  });
}

void KnownCascades::explain(const Cascade& tie, const binlog::Statement::Reference& made) {
  const auto fits = [&](const CascadingKey& key) { return key.tie == tie && may_have_made(made, key); };
  if (std::erase_if(unexplained_, fits) > 0) changed_.insert(tie.child);
}

void KnownCascades::explain_all() {
  for (const CascadingKey& key : std::exchange(unexplained_, {})) changed_.insert(key.tie.child);
}

void KnownCascades::take_unexplained(const CascadingKey& key) {
  by_child_[key.tie.child].try_emplace(key);
  unexplained_.erase(key);
  changed_.insert(key.tie.child);
}

bool KnownCascades::is_explained(const CascadingKey& key) const {
  const auto found = by_child_.find(key.tie.child);
  return found != by_child_.end() && std::ranges::any_of(found->second, [&](const auto& known) {
           return is_same(known.first, key) && !unexplained_.contains(known.first);
         });
}

std::vector<std::string> KnownCascades::children_beyond(const std::vector<CascadingKey>& keys) const {
  std::map<std::string, std::vector<const CascadingKey*>> there;
  for (const CascadingKey& key : keys) there[key.tie.child].push_back(&key);
  const auto is_beyond = [&](const auto& known) {
    const auto found = there.find(known.first.tie.child);
    return found == there.end() || std::ranges::none_of(found->second, [&](const CascadingKey* key) {
             return is_same(*key, known.first);
           });
  };
  std::vector<std::string> children;
  for (const auto& [child, known] : by_child_)
    if (std::ranges::any_of(known, is_beyond) && is_captured_(child)) children.push_back(child);
  return children;
}

bool KnownCascades::has_made(const Cascade& tie, const binlog::Statement::Reference& made,
                             const std::vector<std::string>& dropped) const {
  const auto found = by_child_.find(tie.child);
  return found != by_child_.end() && std::ranges::any_of(found->second, [&](const auto& key) {
           if (key.first.tie != tie || !may_have_made(made, key.first)) return false;
           return !key.second || std::ranges::none_of(dropped, [&](const std::string& other) {
             return same_key(other, key.first.name);
           });
         });
}

bool KnownCascades::has(const std::string& child, std::string_view name) const {
  const auto found = by_child_.find(child);
  return found != by_child_.end() &&
         std::ranges::any_of(found->second, [&](const auto& key) { return same_name(key.first.name, name); });
}

void KnownCascades::drop_named(const std::string& child, const std::vector<std::string>& names) {
  const auto found = by_child_.find(child);
  if (found == by_child_.end() || names.empty()) return;
  std::erase_if(found->second, [&](const auto& key) {
    return key.second &&
           std::ranges::any_of(names, [&](const std::string& name) { return same_key(name, key.first.name); });
  });
  changed_.insert(child);
}

void KnownCascades::drop_all(const std::string& child) {
  doubts_.erase(child);
  const auto found = by_child_.find(child);
  if (found == by_child_.end()) return;
  std::erase_if(found->second, [](const auto& key) { return key.second != nullptr; });
  changed_.insert(child);
}

void KnownCascades::rename(const std::string& from, const std::string& to) {
  if (auto moved = doubts_.extract(from)) {
    moved.key() = to;
    moved.mapped().is_there = true;
    // What the source has under the new name was made under the old one.
    const auto there = by_child_.find(to);
    std::erase_if(moved.mapped().parents, [&](const std::string& parent) {
      return there != by_child_.end() &&
             std::ranges::any_of(there->second, [&](const auto& key) { return key.first.tie.parent == parent; });
    });
    if (!moved.mapped().parents.empty()) doubts_.insert(std::move(moved));
    changed_.insert(to);
  }
  std::vector<std::pair<CascadingKey, Until>> moved;
  for (auto& [child, keys] : by_child_) {
    std::erase_if(keys, [&](const auto& key) {
      const Cascade& tie = key.first.tie;
      if (!key.second || (tie.child != from && tie.parent != from)) return false;
      moved.emplace_back(key);
      return true;
    });
  }
  for (auto& [key, until] : moved) {
    changed_.insert(key.tie.child);
    if (key.tie.child == from) key.tie.child = to;
    if (key.tie.parent == from) key.tie.parent = to;
    changed_.insert(key.tie.child);
    ending_.insert(key.tie.child);
    Keys& keys = by_child_[key.tie.child];
    keys.try_emplace(std::move(key), std::move(until));
  }
}

/// What the source no longer has under the old name, it had under the new one behind the statement.
void KnownCascades::rename_column(const std::string& child, const std::string& from, const std::string& to) {
  const auto found = by_child_.find(child);
  if (found == by_child_.end()) return;
  std::vector<std::pair<CascadingKey, Until>> renamed;
  std::erase_if(found->second, [&](const auto& key) {
    if (!key.second || std::ranges::none_of(key.first.columns, [&](const auto& c) { return same_name(c, from); }))
      return false;
    renamed.emplace_back(key);
    return true;
  });
  for (auto& [key, until] : renamed) {
    for (std::string& column : key.columns)
      if (same_name(column, from)) column = to;
    unexplained_.erase(key);
    found->second.try_emplace(std::move(key), std::move(until));
    changed_.insert(child);
  }
}

void KnownCascades::reached(const OriginPosition& position) {
  // Of a table that is not captured, or is there no longer, nobody is told.
  std::erase_if(doubts_, [&](const auto& entry) {
    const auto& [child, doubt] = entry;
    return position.contains(*doubt.until) && (!doubt.is_there || !is_captured_(child));
  });
  for (auto it = ending_.begin(); it != ending_.end();) {
    const auto found = by_child_.find(*it);
    const bool goes_on = found != by_child_.end() && end_keys(found, position);
    it = goes_on ? std::next(it) : ending_.erase(it);
  }
}

/// False: none of the child's keys has an end any more.
bool KnownCascades::end_keys(std::map<std::string, Keys>::iterator child, const OriginPosition& position) {
  auto& [name, keys] = *child;
  bool goes_on = false;
  std::vector<CascadingKey> ended;
  std::erase_if(keys, [&](const auto& key) {
    const bool is_over = key.second && position.contains(*key.second);
    goes_on |= key.second && !is_over;
    if (is_over) ended.push_back(key.first);
    return is_over;
  });
  if (!ended.empty()) changed_.insert(name);
  for (const CascadingKey& key : ended) {
    const auto goes_on_as = std::ranges::find_if(
        keys, [&](const auto& other) { return other.first.tie == key.tie && same_key(other.first.name, key.name); });
    if (goes_on_as != keys.end())
      unexplained_.erase(goes_on_as->first);
    else if (!dropped_.contains(name))
      doubt(key.tie, position, true);
  }
  if (!keys.empty()) return goes_on;
  dropped_.erase(name);
  by_child_.erase(child);
  return false;
}

/// Keys that are gone and of which nothing that is published would say anything.
void KnownCascades::doubt_outside() {
  for (const std::string& child : std::vector<std::string>(changed_.begin(), changed_.end())) {
    const auto found = by_child_.find(child);
    if (found == by_child_.end() || !is_captured_(child)) continue;
    std::erase_if(found->second, [&](const auto& key) {
      if (!key.second || is_captured_(key.first.tie.parent)) return false;
      doubt(key.first.tie, *key.second, !dropped_.contains(child));
      return true;
    });
  }
}

std::vector<std::string> KnownCascades::doubted() const {
  std::vector<std::string> captured;
  for (const auto& [child, doubt] : doubts_)
    if (doubt.is_there && is_captured_(child)) captured.push_back(child);
  return captured;
}

std::vector<std::string> KnownCascades::take_changed() {
  doubt_outside();
  std::vector<std::string> changed(changed_.begin(), changed_.end());
  changed_.clear();
  return changed;
}

std::vector<CascadingKey> KnownCascades::keys_of(const std::string& child) const {
  std::vector<CascadingKey> keys;
  const auto found = by_child_.find(child);
  if (found == by_child_.end() || !is_captured_(child)) return keys;
  for (const auto& [key, until] : found->second)
    if (!unexplained_.contains(key) && is_captured_(key.tie.parent)) keys.push_back(key);
  return keys;
}

std::vector<Cascade> KnownCascades::ties() const {
  std::vector<Cascade> ties;
  for (const auto& [child, keys] : by_child_)
    for (const auto& [key, until] : keys) ties.push_back(key.tie);
  return ties;
}

std::vector<std::string> KnownCascades::children() const {
  std::vector<std::string> children;
  for (const auto& [child, keys] : by_child_) children.push_back(child);
  for (const auto& [child, doubt] : doubts_)
    if (!by_child_.contains(child)) children.push_back(child);
  return children;
}

std::vector<CascadingKey> KnownCascades::all() const {
  std::vector<CascadingKey> all;
  for (const auto& [child, doubt] : doubts_)
    for (const std::string& parent : doubt.parents)
      all.push_back({.tie = {.parent = parent, .child = child}, .name = ""});
  for (const bool captured : {true, false})  // a checkpoint keeps the first ones
    for (const auto& [child, keys] : by_child_)
      if (is_captured_(child) == captured)
        for (const auto& [key, until] : keys)
          if (!unexplained_.contains(key)) all.push_back(key);
  return all;
}

}  // namespace farshore::capture
