#include "change/table_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/own_schemas.hpp"
#include "base/table_name.hpp"
#include "change/limits.hpp"

namespace farshore::change {
namespace {

using Json = nlohmann::json;

/// `*` and `?` over bytes; linear but for the last star.
bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

/// Exactly: a server that tells letters apart may have a schema Sys of applications, and who leaves it out says so.
bool is_left_out(std::string_view schema) { return schema == kOwnSchema || is_servers_schema(schema); }

bool equal_but_for_case(std::string_view name, std::string_view folded) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(name, folded, {}, lower);
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view schema, std::string_view table) {
  return std::ranges::any_of(patterns, [&](const std::string& p) { return pattern_matches(p, schema, table); });
}

constexpr char kLeftOut = '!';

/// One of the stream's `!` patterns matches.
bool leaves_out(const StreamRule& stream, std::string_view schema, std::string_view table) {
  return std::ranges::any_of(stream.tables, [&](std::string_view pattern) {
    return pattern.starts_with(kLeftOut) && pattern_matches(pattern.substr(1), schema, table);
  });
}

bool takes(const StreamRule& stream, std::string_view schema, std::string_view table) {
  const bool matches = std::ranges::any_of(stream.tables, [&](std::string_view pattern) {
    return !pattern.starts_with(kLeftOut) && pattern_matches(pattern, schema, table);
  });
  return matches && !leaves_out(stream, schema, table);
}

/// Whether it holds for a pattern's two parts, where several points may be the one between them.
template <typename Holds>
bool any_split(std::string_view pattern, Holds holds) {
  for (std::size_t point = pattern.find('.'); point != std::string_view::npos; point = pattern.find('.', point + 1))
    if (holds(pattern.substr(0, point), pattern.substr(point + 1))) return true;
  return false;
}

void add_ties(const CascadeGroup& group, const TableName& table, std::vector<CascadingKey>& ties) {
  const auto parent_of = [](const CascadingKey& key) -> const TableName& { return key.tie.parent; };
  std::ranges::copy_if(group.ties, std::back_inserter(ties),
                       [&](const CascadingKey& key) { return key.tie.child == table; });
  std::vector<TableName> reached = {table};
  for (std::size_t i = 0; i < reached.size() && ties.size() < kTableTiesMax; ++i) {
    for (const CascadingKey& key : std::ranges::equal_range(group.ties, reached[i], {}, parent_of)) {
      if (key.tie.child == table) continue;  // is in it
      ties.push_back(key);
      if (std::ranges::find(reached, key.tie.child) == reached.end()) reached.push_back(key.tie.child);
    }
  }
}

/// Between names stand ", " and ": ". In a name a backslash parts the two characters of one, and doubles itself.
std::string escaped(std::string_view name) {
  std::string text;
  for (const char c : name) {
    const bool would_part = c == ' ' && (text.ends_with(',') || text.ends_with(':'));
    if (c == '\\' || would_part) text += '\\';
    text += c;
  }
  return text;
}

std::string unescaped(std::string_view text) {
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escapes = text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '\\' || text[i + 1] == ' ');
    name += text[escapes ? ++i : i];
  }
  return name;
}

/// For people.
std::string names_of(const std::vector<TableName>& tables) {
  std::vector<std::string> names;
  std::ranges::transform(tables, std::back_inserter(names), &TableName::to_string);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string to_text(const CascadeGroup& cascade) {
  std::vector<std::string> tables;
  std::ranges::transform(cascade.tables, std::back_inserter(tables),
                         [](const TableName& table) { return escaped(table.to_string()); });
  return fmt::format("{}: {}", escaped(cascade.name), fmt::join(tables, ", "));
}

std::optional<CascadeGroup> parse_cascade(std::string_view text) {
  const std::size_t colon = text.find(": ");
  if (colon == std::string_view::npos) return std::nullopt;
  CascadeGroup cascade{.name = unescaped(text.substr(0, colon)), .tables = {}};
  std::string_view tables = text.substr(colon + 2);
  while (true) {
    const std::size_t comma = tables.find(", ");
    auto table = TableName::parse(unescaped(tables.substr(0, comma)));
    if (!table) return std::nullopt;
    cascade.tables.push_back(std::move(*table));
    if (comma == std::string_view::npos) return cascade;
    tables.remove_prefix(comma + 2);
  }
}

std::optional<std::string> invalid_pattern(const std::vector<std::string>& patterns) {
  const auto found = std::ranges::find_if_not(patterns, pattern_is_valid);
  return found == patterns.end() ? std::nullopt : std::optional(*found);
}

std::string pattern_sentence(std::string_view pattern, std::string_view where) {
  return fmt::format("\"{}\" of {} is not a table pattern: write \"schema.table\", where * stands for any text",
                     pattern, where);
}

std::optional<std::string> check_streams(const std::vector<StreamRule>& streams) {
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const StreamRule& stream = streams[i];
    if (stream.name.empty() || stream.partitions == 0) {
      return fmt::format("stream \"{}\" needs a name and at least one partition", stream.name);
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (streams[j].name == stream.name) return fmt::format("stream \"{}\" is declared twice", stream.name);
    }
    const auto invalid = std::ranges::find_if_not(stream.tables, stream_pattern_is_valid);
    if (invalid != stream.tables.end()) {
      return pattern_sentence(*invalid, fmt::format("stream \"{}\"", stream.name));
    }
  }
  return std::nullopt;
}

std::optional<std::string> check_rules(const std::vector<TableRule>& rules, const std::vector<StreamRule>& streams) {
  for (const TableRule& rule : rules) {
    if (!pattern_is_valid(rule.match)) return pattern_sentence(rule.match, "a table rule's match");
    const bool known =
        rule.stream.empty() || std::ranges::any_of(streams, [&](const StreamRule& s) { return s.name == rule.stream; });
    if (!known)
      return fmt::format("table rule \"{}\" names stream \"{}\", which is not declared", rule.match, rule.stream);
    if (!rule.group.empty() && !rule.entity.empty()) {
      return fmt::format("table rule \"{}\" has a group and an entity: choose one", rule.match);
    }
    if (!is_built(rule.merge)) {
      return fmt::format("table rule \"{}\" has the merge rule {}, which this Farshore does not have", rule.match,
                         to_string(rule.merge));
    }
  }
  return std::nullopt;
}

}  // namespace

bool pattern_is_valid(std::string_view pattern) {
  return any_split(pattern, [](auto schema, auto table) { return !schema.empty() && !table.empty(); });
}

bool stream_pattern_is_valid(std::string_view pattern) {
  return pattern_is_valid(pattern.starts_with(kLeftOut) ? pattern.substr(1) : pattern);
}

bool pattern_matches(std::string_view pattern, std::string_view schema, std::string_view table) {
  return any_split(pattern, [&](auto of_schema, auto of_table) {
    return glob_matches(of_schema, schema) && glob_matches(of_table, table);
  });
}

bool is_system_schema(std::string_view schema) {
  const auto is_it = [&](std::string_view name) { return equal_but_for_case(schema, name); };
  return is_it(kOwnSchema) || std::ranges::any_of(kServersSchemas, is_it);
}

std::string refuse_pointed(std::string_view schema, std::string_view table) {
  return fmt::format(
      "table {}.{} is of schema \"{}\", and one with a point in its name cannot be captured or applied: {}", schema,
      table, schema, leave_out_pointed(schema, table));
}

std::string leave_out_pointed(std::string_view schema, std::string_view table) {
  return fmt::format(
      "leave the table out (\"!{}.{}\" in the stream's tables, or \"!{}.*\" for all of the schema) and start again",
      schema, table, schema);
}

std::vector<std::string> default_exclusions() { return {"*._*_gho", "*._*_ghc", "*._*_del", "*._*_new", "*._*_old"}; }

std::expected<TableRules, std::string> TableRules::make(std::vector<StreamRule> streams, std::vector<TableRule> rules,
                                                        std::vector<CascadeGroup> cascades,
                                                        std::vector<std::string> exclusions) {
  if (auto sentence = check_streams(streams)) return std::unexpected(*sentence);
  if (auto sentence = check_rules(rules, streams)) return std::unexpected(*sentence);
  if (const auto pattern = invalid_pattern(exclusions))
    return std::unexpected(pattern_sentence(*pattern, "exclusions"));
  TableRules made;
  made.streams_ = std::move(streams);
  made.rules_ = std::move(rules);
  made.exclusions_ = std::move(exclusions);
  return made.with_cascades(std::move(cascades));
}

std::expected<TableRules, std::string> TableRules::with_cascades(std::vector<CascadeGroup> cascades) const {
  TableRules made = *this;
  made.cascades_.clear();
  made.cascade_group_names_.clear();
  for (CascadeGroup& cascade : cascades) {
    std::ranges::sort(cascade.tables);
    std::ranges::sort(cascade.ties);
    std::string group;
    std::optional<std::uint32_t> stream;
    for (const auto& [schema, table] : cascade.tables) {
      const Route route = route_by_rules(schema, table);
      if (!route.captured) continue;
      if (has_point(schema)) return std::unexpected(refuse_pointed(schema, table));
      if (stream && *stream != route.stream) {
        return std::unexpected(fmt::format(
            "the tables {} are tied by a cascading foreign key and must be in one stream, but are in \"{}\" and \"{}\"",
            names_of(cascade.tables), streams_[*stream].name, streams_[route.stream].name));
      }
      stream = route.stream;
      if (!group.empty() && !route.group.empty() && group != route.group) {
        return std::unexpected(fmt::format(
            "the tables {} are tied by a cascading foreign key and must be in one group, but are in \"{}\" and \"{}\"",
            names_of(cascade.tables), group, route.group));
      }
      if (group.empty()) group = route.group;
    }
    made.cascade_group_names_.push_back(group.empty() ? cascade.name : group);
    made.cascades_.push_back(std::move(cascade));
  }
  return made;
}

bool TableRules::set_ties_of(const TableName& child, const std::vector<CascadingKey>& keys) {
  const auto holds = [](const CascadeGroup& group, const TableName& table) {
    return std::ranges::find(group.tables, table) != group.tables.end();
  };
  const auto group = std::ranges::find_if(cascades_, [&](const CascadeGroup& each) { return holds(each, child); });
  if (group == cascades_.end()) return false;
  std::vector<CascadingKey> ties;
  std::ranges::copy_if(group->ties, std::back_inserter(ties),
                       [&](const CascadingKey& key) { return key.tie.child != child; });
  for (const CascadingKey& key : keys) {
    if (key.tie.child != child || !holds(*group, key.tie.parent)) continue;
    ties.push_back(key);
    ties.back().name.clear();
  }
  std::ranges::sort(ties);
  ties.erase(std::ranges::unique(ties).begin(), ties.end());
  return std::exchange(group->ties, ties) != ties;
}

void TableRules::set_own_servers(std::vector<std::string> servers) {
  std::ranges::sort(servers);
  own_servers_ = std::move(servers);
}

Route TableRules::route_by_rules(std::string_view schema, std::string_view table) const {
  Route route;
  if (is_left_out(schema) || matches_any(exclusions_, schema, table)) return route;
  const auto rule = std::ranges::find_if(
      rules_, [&](const TableRule& candidate) { return pattern_matches(candidate.match, schema, table); });
  const bool has_rule = rule != rules_.end();
  const auto stream = std::ranges::find_if(streams_, [&](const StreamRule& candidate) {
    return has_rule && !rule->stream.empty() ? candidate.name == rule->stream && !leaves_out(candidate, schema, table)
                                             : takes(candidate, schema, table);
  });
  if (has_rule) {
    route.group = rule->group;
    route.entity = rule->entity;
    route.merge = rule->merge;
    route.on_mismatch = rule->on_mismatch;
  }
  route.captured = stream != streams_.end() && is_carried(route.merge);
  if (route.captured) route.stream = static_cast<std::uint32_t>(stream - streams_.begin());
  return route;
}

Route TableRules::route(std::string_view schema, std::string_view table) const {
  Route route = route_by_rules(schema, table);
  if (!route.captured) return route;
  if (cascades_.empty()) return route;
  const TableName name{std::string(schema), std::string(table)};
  for (std::size_t i = 0; i < cascades_.size(); ++i) {
    if (std::ranges::find(cascades_[i].tables, name) == cascades_[i].tables.end()) continue;
    route.group = cascade_group_names_[i];
    route.entity.clear();
    add_ties(cascades_[i], name, route.ties);
  }
  route.repeats_cascades = !route.ties.empty();
  return route;
}

bool TableRules::may_capture(std::string_view schema) const {
  if (is_left_out(schema)) return false;
  const auto matches = [&](std::string_view pattern) {
    return !pattern.starts_with(kLeftOut) &&
           any_split(pattern, [&](auto of_schema, auto) { return glob_matches(of_schema, schema); });
  };
  const bool by_stream = std::ranges::any_of(
      streams_, [&](const StreamRule& stream) { return std::ranges::any_of(stream.tables, matches); });
  return by_stream || std::ranges::any_of(
                          rules_, [&](const TableRule& rule) { return !rule.stream.empty() && matches(rule.match); });
}

std::string TableRules::canonical_text() const {
  Json streams = Json::array();
  for (const StreamRule& stream : streams_) streams.push_back({{"name", stream.name}, {"tables", stream.tables}});
  Json rules = Json::array();
  for (const TableRule& rule : rules_) {
    Json json = {{"match", rule.match}};
    if (!rule.stream.empty()) json["stream"] = rule.stream;
    if (!rule.group.empty()) json["group"] = rule.group;
    if (!rule.entity.empty()) json["entity"] = rule.entity;
    if (!is_carried(rule.merge)) json["local"] = true;
    rules.push_back(std::move(json));
  }
  Json all = {{"streams", streams}, {"rules", rules}, {"exclusions", exclusions_}};
  if (!own_servers_.empty()) all["own_servers"] = own_servers_;
  return all.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Numbering TableRules::numbering() const {
  Numbering numbering;
  for (const StreamRule& stream : streams_) numbering.streams.push_back({stream.name, stream.partitions});
  numbering.table_rules = canonical_text();
  for (const CascadeGroup& cascade : cascades_) numbering.cascade_groups.push_back(to_text(cascade));
  std::ranges::sort(numbering.cascade_groups);
  numbering.algorithm = kNumberingAlgorithm;
  return numbering;
}

std::expected<TableRules, std::string> TableRules::from_numbering(const Numbering& numbering) {
  if (numbering.algorithm < kOldestNumberingAlgorithm || numbering.algorithm > kNumberingAlgorithm) {
    return std::unexpected(fmt::format("numbering algorithm {} is not known, only {} to {}", numbering.algorithm,
                                       kOldestNumberingAlgorithm, kNumberingAlgorithm));
  }
  std::vector<StreamRule> streams;
  std::vector<TableRule> rules;
  std::vector<std::string> exclusions;
  std::vector<std::string> own_servers;
  try {
    const Json all = Json::parse(numbering.table_rules);
    for (const Json& json : all.at("streams")) {
      streams.push_back({json.at("name"), json.at("tables"), 0});
    }
    for (const Json& json : all.at("rules")) {
      rules.push_back({json.at("match"), json.value("stream", ""), json.value("group", ""), json.value("entity", ""),
                       json.value("local", false) ? MergeRule::kLocal : MergeRule::kOverwrite});
    }
    exclusions = all.at("exclusions").get<std::vector<std::string>>();
    own_servers = all.value("own_servers", own_servers);
  } catch (const Json::exception& error) {
    return std::unexpected(fmt::format("the checkpoint's table rules cannot be read: {}", error.what()));
  }
  const bool same_streams =
      std::ranges::equal(streams, numbering.streams, {}, &StreamRule::name, &Numbering::Stream::name);
  if (!same_streams) return std::unexpected("the checkpoint's table rules and streams do not agree");
  for (std::size_t i = 0; i < streams.size(); ++i) streams[i].partitions = numbering.streams[i].partitions;
  std::vector<CascadeGroup> cascades;
  for (const std::string& text : numbering.cascade_groups) {
    auto cascade = parse_cascade(text);
    if (!cascade) return std::unexpected(fmt::format("the checkpoint's cascade group \"{}\" cannot be read", text));
    cascades.push_back(std::move(*cascade));
  }
  auto made = make(std::move(streams), std::move(rules), std::move(cascades), std::move(exclusions));
  if (made) made->set_own_servers(std::move(own_servers));
  return made;
}

}  // namespace farshore::change
