#include "services/capture/key_follower.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "capture/source/source_check.hpp"

namespace farshore::capture {

namespace {

/// CREATE OR REPLACE TABLE: first the keys go that it replaces.
bool replaces_keys(const binlog::Statement& statement) {
  return statement.names == binlog::Statement::Names::kGo && !statement.references.empty();
}

}  // namespace

void KeyFollower::meet(const binlog::RowsEvent& rows, Clock::time_point now) {
  const binlog::TableMap& table = *rows.table;
  if (asked_.due(table.schema, table.name, {.table_id = rows.table_id, .shape_id = table.shape_id}, now))
    learn_keys({table.schema, table.name}, now);
}

/// Asks for the keys of the tables that the statement may have given others, also of those that are not captured: they
/// may get a captured name. The source is asked as it is now, which may be ahead of what is read: groups only grow, and
/// a key too many ties more than is needed. Of one that is told the session's start has asked.
void KeyFollower::look_at(const binlog::Statement& statement, Telling telling, Clock::time_point now) {
  using Kind = binlog::StatementKind;
  const bool makes = statement.kind == Kind::kTableDdl || !statement.references.empty();
  if (makes || (statement.kind == Kind::kRowless && telling == Telling::kNothing)) {
    for (const TableName& table : statement.tables) {
      learn_keys(table, now, &statement);
      if (parts_.ending.ended()) return;
    }
  }
  // What is told is read again, and may have been anybody's until then.
  if (statement.tables.empty() || telling == Telling::kFirst) return;
  if (replaces_keys(statement)) parts_.cascades.take_statement(statement, parts_.history.position());
  doubt_gone_keys(statement);
  doubt_dropped_keys(statement);
}

/// A statement explains the keys that it makes.
void KeyFollower::explain_keys(const binlog::Statement& statement) {
  for (const auto& made : statement.references)
    for (const TableName& table : statement.tables)
      parts_.cascades.explain({made.table, table}, made,
                              statement.may_do_nothing ? &parts_.history.position() : nullptr);
}

/// Where keys count that were not there yet, and others that were are not known.
bool KeyFollower::begins_in_the_past() const { return !parts_.history.position().contains(settings_.keys_known_from); }

/// Keys that the statement seems to make and that no answer of the source had: it has dropped them since, and where
/// capture is behind both nothing says what they did meanwhile.
void KeyFollower::doubt_gone_keys(const binlog::Statement& statement) {
  const bool moves = statement.names == binlog::Statement::Names::kMove;
  const TableName& before = statement.tables.front();
  const TableName& after = moves ? statement.tables.back() : before;
  for (const auto& made : statement.references) {
    if (!made.cascades() || (made.is_inline && settings_.ignores_inline_keys)) continue;
    const TableName& parent = made.table;
    const bool is_known = parts_.cascades.has_made({parent, before}, made, statement.dropped_constraints) ||
                          parts_.cascades.has_made({parent, after}, made, {});
    if (is_known && begins_in_the_past()) parts_.cascades.doubt({parent, before}, asked_at_, true);
    if (is_known) continue;
    // It may have been there with another key, or none: then a key of it that is dropped tells.
    if (statement.may_do_nothing && is_there_)
      may_have_made_.insert_or_assign(before, asked_at_);
    else
      parts_.cascades.doubt({parent, before}, asked_at_, is_there_ || moves);
  }
}

/// Where the origin began at a position of the past, a key that is dropped after it is not known, nor what it had
/// cascaded by then.
void KeyFollower::doubt_dropped_keys(const binlog::Statement& statement) {
  if (statement.dropped_constraints.empty()) return;
  const TableName& child = statement.tables.front();
  const auto made = may_have_made_.find(child);
  const bool may_be_unknown = made != may_have_made_.end() && !parts_.history.position().contains(made->second);
  if (!begins_in_the_past() && !may_be_unknown) return;
  const bool all_known = std::ranges::all_of(statement.dropped_constraints,
                                             [&](const std::string& name) { return parts_.cascades.has(child, name); });
  if (!all_known) parts_.cascades.doubt({child, child}, asked_at_, true);
}

void KeyFollower::follow(const binlog::Statement& statement) {
  using Names = binlog::Statement::Names;
  const bool is_plain = !statement.tables.empty() || (!statement.schema.empty() && statement.names == Names::kGo);
  if (statement.kind == binlog::StatementKind::kRowless && !is_plain) parts_.cascades.doubt_ahead();
  if (!replaces_keys(statement)) parts_.cascades.take_statement(statement, parts_.history.position());
  explain_keys(statement);  // one that it drops and makes again
  name_ties();
}

void KeyFollower::reached() {
  parts_.cascades.reached(parts_.history.position());
  name_ties();
}

/// `by`: the statement at hand because of which the source is asked, if it is one.
void KeyFollower::learn_keys(const TableName& table, Clock::time_point now, const binlog::Statement* by) {
  auto answer = settings_.ask_keys(table.schema, table.table);
  if (!answer) return parts_.ending.end(answer.error().kind, answer.error().sentence, answer.error().by);
  asked_.note_asked(table, now);
  asked_at_ = answer->executed;
  is_there_ = answer->keys.has_value();
  parts_.cascades.take_answer(table, answer->keys, answer->executed);
  if (by != nullptr) explain_keys(*by);
  // What is read again under the old numbering is published; the new one may leave the table out.
  for (const CascadingKey& key : answer->keys.value_or(std::vector<CascadingKey>()))
    if (is_unrepeated(key.tie, parts_.rules) && !settings_.stops_at_tails) next_.note_outside(key.tie);
  name_ties();
  next_.begin_due();
}

void KeyFollower::name_ties() {
  bool others = false;
  for (const TableName& child : parts_.cascades.take_changed()) {
    const std::vector<CascadingKey> keys = parts_.cascades.keys_of(child);
    others |= parts_.rules.set_ties_of(child, keys);
    sure_of_.reset();
    next_.note_ties(new_ties(ties_of(keys), parts_.rules));
    changed_ = true;
  }
  for (const TableName& child : parts_.cascades.doubted())
    next_.note_missed(child,
                      fmt::format("a foreign key of {} that is gone again may have cascaded, and what it changed is "
                                  "not published",
                                  child.to_string()));
  if (!others) return;
  // A batch names one state of the keys: a target cannot have two at once.
  parts_.publisher.send_all(parts_.numberer.open_slot());
  parts_.router.forget();
}

/// A key that no statement made, of those that lie before the moment's position, was made without the binlog: what it
/// has cascaded since is published by nobody. It was there before the position if it was there when the keys were asked
/// for the time before; else a statement may follow, and the next moment tells.
bool KeyFollower::is_sure_of(const PendingWatermark& moment, Clock::time_point now) {
  reached();
  if (next_.tells_of_missed()) {
    unsure_of_ = fmt::format("{}: it is told by an epoch that begins when all that is published is read again",
                             next_.why_missed());
    next_.begin_due();
    return false;
  }
  if (!moment.keys || moment.keys == sure_of_) return true;
  // A key may be dropped without the binlog, or by a statement that is yet to be read: the answer tells.
  const std::vector<TableName> beyond = parts_.cascades.children_beyond(*moment.keys);
  for (const TableName& child : beyond) {
    learn_keys(child, now);
    if (parts_.ending.ended()) return false;
  }
  const bool may_begin = !settings_.stops_at_tails && parts_.tails_passed();
  bool all_known = beyond.empty();
  bool is_old = !beyond.empty();  // what the watch knows
  if (!beyond.empty())
    unsure_of_ = fmt::format(
        "the source no longer has a foreign key of {} that cascades, and no statement that is read has dropped it",
        beyond.front().to_string());
  for (const CascadingKey& key : *moment.keys) {
    if (is_unrepeated(key.tie, parts_.rules) && !settings_.stops_at_tails) {
      all_known = false;
      unsure_of_ = check_cascade(key.tie).sentence();
      next_.note_outside(key.tie);
    }
    if (parts_.cascades.is_explained(key) || !is_tie(key.tie, parts_.rules)) continue;
    all_known = false;
    is_old = true;
    unsure_of_ = fmt::format(
        "the source has foreign key {} of {} to {}, which cascades, and no statement that is read has made it: where "
        "this stays, drop it, and make it anew in a session that writes the binlog",
        key.name, key.tie.child.to_string(), key.tie.parent.to_string());
    const bool was_there =
        moment.keys_before && std::ranges::find(*moment.keys_before, key) != moment.keys_before->end();
    if (!was_there || !may_begin) continue;
    // What the watch knows may be old: a key becomes another one under its name.
    learn_keys(key.tie.child, now);
    if (parts_.ending.ended()) return false;
    if (!parts_.cascades.is_at_source(key)) continue;
    next_.note_tie(key.tie);
    parts_.cascades.take_unexplained(key);
    next_.note_missed(key.tie.child,
                      fmt::format("a foreign key of {} to {} cascades, and no statement in the binlog made it: "
                                  "what it has cascaded since is not published",
                                  key.tie.child.to_string(), key.tie.parent.to_string()));
  }
  if (all_known) sure_of_ = moment.keys;
  if (is_old) parts_.watch.forget_keys();
  next_.begin_due();
  return all_known;
}

bool KeyFollower::take_changed() { return std::exchange(changed_, false); }

}  // namespace farshore::capture
