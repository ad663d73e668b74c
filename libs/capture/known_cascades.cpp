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

}  // namespace

KnownCascades::KnownCascades(std::vector<CascadingKey> kept, const OriginPosition& executed, IsCaptured is_captured)
    : is_captured_(std::move(is_captured)) {
  for (CascadingKey& key : kept) {
    changed_.insert(key.tie.child);
    if (key.name.empty()) {
      doubt(key.tie.child, executed);
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
  const std::vector<CascadingKey> keys = answer.value_or(std::vector<CascadingKey>());
  Keys& known = by_child_[child];
  Until until;
  for (auto& [key, end] : known) {
    if (std::ranges::find(keys, key) != keys.end()) {
      end.reset();
    } else if (!end) {  // an earlier answer's is nearer
      if (!until) until = std::make_shared<const OriginPosition>(executed);
      end = until;
      some_are_gone_ = true;
    }
  }
  for (const CascadingKey& key : keys)
    if (known.try_emplace(key).second) unexplained_.insert(key);
  if (known.empty()) by_child_.erase(child);
  changed_.insert(child);
}

void KnownCascades::doubt(const std::string& child, const OriginPosition& until) {
  doubts_.insert_or_assign(child, std::make_shared<const OriginPosition>(until));
  changed_.insert(child);
}

// Only keys that the source no longer has: it may have made one again behind the statement.
void KnownCascades::take_statement(const binlog::Statement& statement) {
  using Names = binlog::Statement::Names;
  if (!some_are_gone_ && doubts_.empty()) return;
  if (!statement.tables.empty()) drop_named(statement.tables.front().full_name(), statement.dropped_constraints);
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
  std::erase_if(unexplained_,
                [&](const CascadingKey& key) { return key.tie.child == table || key.tie.parent == table; });
}

void KnownCascades::explain_all() { unexplained_.clear(); }

void KnownCascades::take_unexplained(const CascadingKey& key) {
  by_child_[key.tie.child].try_emplace(key);
  unexplained_.erase(key);
  changed_.insert(key.tie.child);
}

bool KnownCascades::is_explained(const CascadingKey& key) const {
  const auto found = by_child_.find(key.tie.child);
  return found != by_child_.end() && found->second.contains(key) && !unexplained_.contains(key);
}

std::vector<std::string> KnownCascades::children_beyond(const std::vector<CascadingKey>& keys) const {
  const std::set<CascadingKey> there(keys.begin(), keys.end());
  std::vector<std::string> children;
  for (const auto& [child, known] : by_child_)
    if (is_captured_(child) &&
        std::ranges::any_of(known, [&](const auto& key) { return !key.second && !there.contains(key.first); }))
      children.push_back(child);
  return children;
}

bool KnownCascades::has_but(const std::vector<std::string>& names, const Cascade& tie) const {
  const auto found = by_child_.find(tie.child);
  return found != by_child_.end() && std::ranges::any_of(found->second, [&](const auto& key) {
           const auto is_of_key = [&](const std::string& name) { return same_name(name, key.first.name); };
           return key.first.tie == tie && std::ranges::none_of(names, is_of_key);
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
           std::ranges::any_of(names, [&](const std::string& name) { return same_name(name, key.first.name); });
  });
  changed_.insert(child);
}

void KnownCascades::drop_all(const std::string& child) {
  if (!is_captured_(child)) doubts_.erase(child);
  const auto found = by_child_.find(child);
  if (found == by_child_.end()) return;
  std::erase_if(found->second, [](const auto& key) { return key.second != nullptr; });
  changed_.insert(child);
}

void KnownCascades::rename(const std::string& from, const std::string& to) {
  if (auto moved = doubts_.extract(from)) {
    moved.key() = to;
    doubts_.insert(std::move(moved));
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
    Keys& keys = by_child_[key.tie.child];
    keys.try_emplace(std::move(key), std::move(until));
  }
}

void KnownCascades::reached(const OriginPosition& position) {
  if (!some_are_gone_ && doubts_.empty()) return;
  std::erase_if(doubts_,
                [&](const auto& doubt) { return position.contains(*doubt.second) && !is_captured_(doubt.first); });
  some_are_gone_ = false;
  for (auto it = by_child_.begin(); it != by_child_.end();) {
    std::set<Cascade> ended;
    std::erase_if(it->second, [&](const auto& key) {
      const bool is_over = key.second && position.contains(*key.second);
      some_are_gone_ |= key.second && !is_over;
      if (is_over) ended.insert(key.first.tie);
      return is_over;
    });
    // A key that the server names after its table has another name when the table has: the tie stays.
    for (const auto& [key, until] : it->second) ended.erase(key.tie);
    if (!ended.empty()) changed_.insert(it->first);
    if (!ended.empty() && !dropped_.contains(it->first)) doubt(it->first, position);
    if (it->second.empty()) dropped_.erase(it->first);
    it = it->second.empty() ? by_child_.erase(it) : std::next(it);
  }
}

/// Keys that are gone and of which nothing that is published would say anything.
void KnownCascades::doubt_outside() {
  for (auto& [child, keys] : by_child_) {
    if (!changed_.contains(child) || !is_captured_(child)) continue;
    Until until;
    std::erase_if(keys, [&](const auto& key) {
      const bool is_outside = key.second && !is_captured_(key.first.tie.parent);
      if (is_outside) until = key.second;
      return is_outside;
    });
    if (until) doubts_.insert_or_assign(child, until);
  }
}

std::vector<std::string> KnownCascades::doubted() const {
  std::vector<std::string> captured;
  for (const auto& [child, until] : doubts_)
    if (is_captured_(child)) captured.push_back(child);
  return captured;
}

std::vector<std::string> KnownCascades::take_changed() {
  doubt_outside();
  std::vector<std::string> changed(changed_.begin(), changed_.end());
  changed_.clear();
  return changed;
}

std::vector<Cascade> KnownCascades::ties_of(const std::string& child) const {
  std::vector<Cascade> ties;
  const auto found = by_child_.find(child);
  if (found == by_child_.end()) return ties;
  // Two keys may tie the same tables; those stand together.
  if (!is_captured_(child)) return ties;
  for (const auto& [key, until] : found->second)
    if ((ties.empty() || ties.back() != key.tie) && is_captured_(key.tie.parent)) ties.push_back(key.tie);
  return ties;
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
  return children;
}

std::vector<CascadingKey> KnownCascades::all() const {
  std::vector<CascadingKey> all;
  for (const auto& [child, keys] : by_child_)
    for (const auto& [key, until] : keys)
      if (!unexplained_.contains(key)) all.push_back(key);
  for (const auto& [child, until] : doubts_) all.push_back({.tie = {.parent = child, .child = child}, .name = ""});
  return all;
}

}  // namespace farshore::capture
