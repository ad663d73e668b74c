#include "apply/table_fit.hpp"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include "change/limits.hpp"

namespace farshore::apply {
namespace {

using mysql::ForeignKey;
using mysql::same_name;

std::string key_list(const std::vector<std::string>& columns) { return fmt::format("({})", fmt::join(columns, ", ")); }

bool is_characters(const Column& column) {
  const TypeFamily family = family_of(column.type);
  return (family == TypeFamily::kString || family == TypeFamily::kLabels) && column.charset != "binary";
}

/// Two words of the servers for doing nothing are one.
KeyAction action_of(std::string_view rule) {
  if (rule == "CASCADE") return KeyAction::kCascade;
  if (rule == "SET NULL") return KeyAction::kSetNull;
  return rule == "SET DEFAULT" ? KeyAction::kSetDefault : KeyAction::kNone;
}

std::string_view text_of(KeyAction action) {
  switch (action) {
    case KeyAction::kNone: return "RESTRICT";
    case KeyAction::kCascade: return "CASCADE";
    case KeyAction::kSetNull: return "SET NULL";
    case KeyAction::kSetDefault: break;
  }
  return "SET DEFAULT";
}

bool involves(const ForeignKey& key, const mysql::TableSchema& table) {
  return (same_name(key.schema, table.schema) && same_name(key.table, table.name)) ||
         (same_name(key.parent_schema, table.schema) && same_name(key.parent_table, table.name));
}

bool same_cascade(const ForeignKey& a, const ForeignKey& b) {
  return same_name(a.schema, b.schema) && same_name(a.table, b.table) && same_name(a.parent_schema, b.parent_schema) &&
         same_name(a.parent_table, b.parent_table) && std::ranges::equal(a.columns, b.columns, same_name) &&
         std::ranges::equal(a.parent_columns, b.parent_columns, same_name) &&
         action_of(a.on_update) == action_of(b.on_update) && action_of(a.on_delete) == action_of(b.on_delete);
}

bool is_table(std::string_view schema, std::string_view table, const TableName& name) {
  return same_name(name.schema, schema) && same_name(name.table, table);
}

/// It does what the source's key does.
bool repeats(const ForeignKey& key, const change::CascadingKey& named) {
  return key.cascades() && is_table(key.schema, key.table, named.tie.child) &&
         is_table(key.parent_schema, key.parent_table, named.tie.parent) &&
         (named.columns.empty() ||
          (std::ranges::equal(key.columns, named.columns, same_name) &&
           std::ranges::equal(key.parent_columns, named.parent_columns, same_name) &&
           action_of(key.on_update) == named.on_update && action_of(key.on_delete) == named.on_delete));
}

std::string text_of(const change::CascadingKey& key) {
  if (key.columns.empty()) return fmt::format("{} to {}", key.tie.child.to_string(), key.tie.parent.to_string());
  return fmt::format("{} {} to {} {} (on update {}, on delete {})", key.tie.child.to_string(), key_list(key.columns),
                     key.tie.parent.to_string(), key_list(key.parent_columns), text_of(key.on_update),
                     text_of(key.on_delete));
}

std::string text_of(const ForeignKey& key) {
  return fmt::format("{} of {}.{} {} to {}.{} {} (on update {}, on delete {})", key.name, key.schema, key.table,
                     key_list(key.columns), key.parent_schema, key.parent_table, key_list(key.parent_columns),
                     text_of(action_of(key.on_update)), text_of(action_of(key.on_delete)));
}

class Judge {
 public:
  Judge(const SourceTable& source, const TargetPlace& target)
      : source_(source), target_(target), shape_(source.shape), table_(target.table) {}

  TableFit run() {
    if (strcasecmp(table_.engine.c_str(), "InnoDB") != 0) {
      wait("it has the engine {} here: apply writes only InnoDB tables", table_.engine);
    }
    if (table_.versioned)
      wait("it has system versioning here, whose history apply cannot write: ALTER TABLE ... DROP SYSTEM VERSIONING");
    check_key();
    for (const Column& column : shape_.columns) check_column(column);
    check_other_columns();
    check_unique_keys();
    check_triggers();
    check_cascades();
    return std::move(fit_);
  }

 private:
  template <typename... Parts>
  void wait(fmt::format_string<Parts...> text, Parts&&... parts) {
    fit_.waits.push_back(fmt::format(text, std::forward<Parts>(parts)...));
  }
  template <typename... Parts>
  void warn(fmt::format_string<Parts...> text, Parts&&... parts) {
    fit_.warns.push_back(fmt::format(text, std::forward<Parts>(parts)...));
  }

  [[nodiscard]] const Column* source_column(std::string_view name) const {
    const auto found = std::ranges::find_if(shape_.columns, [&](const Column& c) { return same_name(c.name, name); });
    return found == shape_.columns.end() ? nullptr : &*found;
  }
  [[nodiscard]] std::string_view collation_of(const Column& column) const {
    return find_collation(source_.kind, column.collation).name;
  }
  [[nodiscard]] bool stays_apart(const Column& column, const mysql::ColumnSchema& there) const {
    if (!is_characters(column)) return true;
    if (there.data_type == "enum" || there.data_type == "set") return true;  // numbers, see label_loss()
    const bool spaces = column.type != ColumnType::kChar;
    return collation_keeps_apart(collation_of(column), there.collation, spaces);
  }

  void check_key() {
    std::vector<std::string> wanted;
    for (const std::uint32_t index : shape_.key) wanted.push_back(shape_.columns[index].name);
    if (wanted.empty()) {
      fit_.finds_rows = false;
      wait("it has no primary key at the source");
      return;
    }
    if (!std::ranges::is_permutation(wanted, table_.primary_key, same_name)) {
      fit_.finds_rows = false;
      wait("it has the primary key {} here and {} at the source", key_list(table_.primary_key), key_list(wanted));
      return;
    }
    for (const std::uint32_t index : shape_.key) check_key_column(shape_.columns[index]);
  }

  void check_key_column(const Column& column) {
    const mysql::ColumnSchema* const there = table_.find(column.name);
    if (there == nullptr) return;
    if (there->generated) {
      fit_.finds_rows = false;
      wait("it has a generated column in its key: {}", column.name);
    }
    // A text that is compared with a number is read as one: other keys are equal to it, and no index helps.
    if (family_of(column.type) == TypeFamily::kInteger && !there->charset.empty()) {
      fit_.finds_rows = false;
      wait("it has its key column {} as text here, and as a number at the source", column.name);
    }
    if (stays_apart(column, *there)) return;
    const std::string_view name = collation_of(column);
    const std::string from = name.empty() ? fmt::format("number {}", column.collation) : std::string(name);
    wait(
        "its key column {} has the collation {} here and {} at the source: keys that the source holds apart could be "
        "one here. Give both one collation that both servers have, such as utf8mb4_bin",
        column.name, there->collation, from);
  }

  void check_column(const Column& column) {
    const mysql::ColumnSchema* const there = table_.find(column.name);
    if (there == nullptr) {
      wait(
          "it has no column {} here, and the source's rows have it: add it, with the default that it was added with "
          "there. If it was dropped or renamed here, take that back until those rows are applied",
          column.name);
      return;
    }
    const mysql::ColumnSchema* const asked = source_.schema == nullptr ? nullptr : source_.schema->find(column.name);
    if (there->generated) {
      if (asked == nullptr) return;
      if (!asked->generated) {
        wait("column {} is generated here, and the source's own values would be lost", column.name);
      } else if (asked->expression != there->expression) {
        warn("column {} is generated as {} here and as {} at the source", column.name, there->expression,
             asked->expression);
      }
      return;
    }
    if (auto loss = silent_loss(column, *there)) wait("{}", *loss);
    if (auto loss = charset_loss(column, *there)) wait("{}", *loss);
    if (asked != nullptr && (asked->data_type == "uuid" || asked->data_type.starts_with("inet"))) {
      warn("column {} is {} at the source, and arrives in {} as the bytes that MariaDB stores", column.name,
           asked->data_type, there->column_type);
    }
    if (!column.nullable || there->nullable) return;
    if (there->data_type == "timestamp" && target_.null_becomes_now) {
      wait("column {} takes NULL for the present time here: make it nullable, as at the source", column.name);
    } else {
      warn("column {} may be NULL at the source and not here: such rows are parked", column.name);
    }
  }

  void check_other_columns() {
    for (const mysql::ColumnSchema& column : table_.columns) {
      if (source_column(column.name) != nullptr || column.generated || column.has_default) continue;
      wait("it has the column {} here, without a default, and the source has not", column.name);
    }
  }

  void check_unique_keys() {
    for (const mysql::UniqueKey& key : table_.unique_keys) {
      if (source_.schema != nullptr && std::ranges::none_of(source_.schema->unique_keys, [&](const auto& candidate) {
            return std::ranges::is_permutation(candidate.columns, key.columns, same_name);
          })) {
        warn("it has the further unique key {} {} here and not at the source: rows that clash are parked", key.name,
             key_list(key.columns));
      }
      for (const std::string& name : key.columns) {
        const Column* const column = source_column(name);
        const mysql::ColumnSchema* const there = table_.find(name);
        if (column == nullptr || there == nullptr || stays_apart(*column, *there)) continue;
        warn(
            "column {} of its further unique key {} has the collation {} here and {} at the source: rows that clash "
            "here alone are parked",
            name, key.name, there->collation, collation_of(*column));
      }
    }
  }

  void check_triggers() {
    for (const mysql::Trigger& trigger : table_.triggers) {
      if (!target_.account.empty() && trigger.statement.contains(target_.account)) {
        warn("its trigger {} names apply's account: nothing more is known of what it does when apply writes",
             trigger.name);
      } else {
        wait(
            "it has the trigger {} here, whose effects arrive as rows of their own and would happen twice: drop it "
            "here, or let it do nothing when apply's account writes, and name that account in it",
            trigger.name);
      }
    }
  }

  /// Elsewhere apply writes without the target's foreign keys.
  void check_cascades() {
    if (!source_.repeats_cascades) return;
    const auto cascading = [&](const ForeignKey& key) { return key.cascades() && involves(key, table_); };
    if (source_.keys) {
      compare_cascades(cascading);
    } else if (!source_.ties.empty()) {
      for (const change::CascadingKey& key : source_.ties) check_tie(key);
      if (source_.ties.size() < change::kTableTiesMax) check_keys_of_ours();
    } else if (std::ranges::none_of(target_.keys, cascading)) {
      wait(
          "a foreign key cascades at the source without logging it, and none does here: children would stay. Make the "
          "source's foreign keys here too");
    }
  }

  void check_tie(const change::CascadingKey& named) {
    if (std::ranges::any_of(target_.keys, [&](const ForeignKey& key) { return repeats(key, named); })) return;
    wait(
        "a foreign key of {} cascades at the source without logging it, and none does so here: children would stay. "
        "Make the source's foreign key here too",
        text_of(named));
  }

  /// All that a change of this table's rows goes through at the source is named: what goes further here goes alone.
  void check_keys_of_ours() {
    for (const ForeignKey& key : target_.keys) {
      const bool is_reached =
          (same_name(key.parent_schema, table_.schema) && same_name(key.parent_table, table_.name)) ||
          std::ranges::any_of(source_.ties, [&](const auto& named) {
            return is_table(key.parent_schema, key.parent_table, named.tie.child);
          });
      const bool is_named = std::ranges::any_of(source_.ties, [&](const auto& named) { return repeats(key, named); });
      if (key.cascades() && is_reached && !is_named)
        wait("it has the foreign key {} here, which the source has not: it would cascade here alone. Drop it here",
             text_of(key));
    }
  }

  template <typename Cascading>
  void compare_cascades(const Cascading& cascading) {
    const auto lacks = [](std::span<const ForeignKey> keys, const ForeignKey& wanted) {
      return std::ranges::none_of(keys, [&](const ForeignKey& key) { return same_cascade(key, wanted); });
    };
    for (const ForeignKey& key : *source_.keys) {
      if (cascading(key) && lacks(target_.keys, key)) wait("the source's foreign key {} is not here", text_of(key));
    }
    for (const ForeignKey& key : target_.keys) {
      if (cascading(key) && lacks(*source_.keys, key)) {
        wait("it has the foreign key {}, which the source has not: it would cascade here alone", text_of(key));
      }
    }
  }

  const SourceTable& source_;
  const TargetPlace& target_;
  const TableShape& shape_;
  const mysql::TableSchema& table_;
  TableFit fit_;
};

}  // namespace

TableFit judge(const SourceTable& source, const TargetPlace& target) { return Judge(source, target).run(); }

}  // namespace farshore::apply
