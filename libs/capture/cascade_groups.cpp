#include "capture/cascade_groups.hpp"

#include <algorithm>
#include <map>

namespace farshore::capture {

namespace {

/// Union-find over table names; the root of a tree is its least name.
class Ties {
 public:
  void tie(const std::string& a, const std::string& b) {
    const std::string root_a = root(a);
    const std::string root_b = root(b);
    if (root_a == root_b) return;
    parent_[std::max(root_a, root_b)] = std::min(root_a, root_b);
  }
  [[nodiscard]] std::map<std::string, std::vector<std::string>> groups() {
    std::map<std::string, std::vector<std::string>> groups;
    std::vector<std::string> names;
    for (const auto& [name, above] : parent_) names.push_back(name);
    for (const std::string& name : names) groups[root(name)].push_back(name);
    return groups;
  }

 private:
  std::string root(const std::string& name) {
    const auto found = parent_.try_emplace(name, name).first;
    if (found->second == name) return name;
    const std::string top = root(found->second);
    parent_[name] = top;
    return top;
  }

  std::map<std::string, std::string> parent_;
};

}  // namespace

bool logs_cascades(const mysql::ServerInfo& server) {
  return server.kind == ServerKind::kMysql && server.is_at_least(9, 6);
}

std::vector<Cascade> cascades_of(const std::vector<mysql::ForeignKey>& keys, const change::TableRules& rules) {
  std::vector<Cascade> cascades;
  for (const mysql::ForeignKey& key : keys) {
    if (!key.cascades()) continue;
    if (!rules.route(key.schema, key.table).captured) continue;
    if (!rules.route(key.parent_schema, key.parent_table).captured) continue;
    cascades.push_back({key.parent_schema + "." + key.parent_table, key.schema + "." + key.table});
  }
  return cascades;
}

std::vector<change::CascadeGroup> cascade_groups(const std::vector<change::CascadeGroup>& known,
                                                 const std::vector<Cascade>& cascades) {
  Ties ties;
  for (const change::CascadeGroup& group : known)
    for (const std::string& table : group.tables) ties.tie(group.tables.front(), table);
  for (const Cascade& cascade : cascades) ties.tie(cascade.parent, cascade.child);
  std::vector<change::CascadeGroup> groups;
  for (auto& [first, tables] : ties.groups()) groups.push_back({"cascade:" + first, std::move(tables)});
  return groups;
}

}  // namespace farshore::capture
