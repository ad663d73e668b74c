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

KnownCascades::KnownCascades(std::vector<CascadingKey> kept) {
  for (CascadingKey& key : kept) {
    changed_.insert(key.tie.child);
    Keys& keys = by_child_[key.tie.child];
    keys.try_emplace(std::move(key));
  }
}

void KnownCascades::take_answer(const std::string& child, const std::vector<CascadingKey>& keys,
                                const OriginPosition& executed) {
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

// Without a name it counts as long as it may: no statement drops it.
void KnownCascades::take_gone(const Cascade& tie, const OriginPosition& executed) {
  by_child_[tie.child].try_emplace({.tie = tie, .name = ""}, std::make_shared<const OriginPosition>(executed));
  some_are_gone_ = true;
  changed_.insert(tie.child);
}

// Only keys that the source no longer has: it may have made one again behind the statement.
void KnownCascades::take_statement(const binlog::Statement& statement) {
  using Names = binlog::Statement::Names;
  if (!some_are_gone_) return;
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
  const auto found = by_child_.find(child);
  if (found == by_child_.end()) return;
  std::erase_if(found->second, [](const auto& key) { return key.second != nullptr; });
  changed_.insert(child);
}

void KnownCascades::rename(const std::string& from, const std::string& to) {
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
  if (!some_are_gone_) return;
  some_are_gone_ = false;
  for (auto it = by_child_.begin(); it != by_child_.end();) {
    const auto erased = std::erase_if(it->second, [&](const auto& key) {
      const bool ends = key.second && position.contains(*key.second);
      some_are_gone_ |= key.second && !ends;
      return ends;
    });
    if (erased != 0) changed_.insert(it->first);
    it = it->second.empty() ? by_child_.erase(it) : std::next(it);
  }
}

std::vector<std::string> KnownCascades::take_changed() {
  std::vector<std::string> changed(changed_.begin(), changed_.end());
  changed_.clear();
  return changed;
}

std::vector<Cascade> KnownCascades::ties_of(const std::string& child) const {
  std::vector<Cascade> ties;
  const auto found = by_child_.find(child);
  if (found == by_child_.end()) return ties;
  // Two keys may tie the same tables; those stand together.
  for (const auto& [key, until] : found->second)
    if (ties.empty() || ties.back() != key.tie) ties.push_back(key.tie);
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
  return all;
}

}  // namespace farshore::capture
