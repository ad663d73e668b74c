#include "binlog/key_words.hpp"

#include <utility>

namespace farshore::binlog {

void KeyWords::note(const SqlToken& token, std::vector<Statement::Reference>& references) {
  note_action(token, references);
  note_key(token);
}

Statement::Reference KeyWords::begin_reference() {
  const bool is_key = std::exchange(is_key_, false);
  Statement::Reference reference;
  reference.is_inline = !is_key;
  std::string key_name = std::exchange(key_name_, {});
  if (is_key) reference.name = std::move(key_name);
  reference.columns = all_known(std::exchange(key_columns_, {}));
  if (!is_key && inline_column_) reference.columns = {*inline_column_};
  return reference;
}

// ON DELETE | UPDATE, CASCADE | SET NULL | SET DEFAULT
void KeyWords::note_action(const SqlToken& token, std::vector<Statement::Reference>& references) {
  const auto at = [&](std::string_view word) { return token.is_word(word); };
  is_update_ = action_words_ == 1 ? at("UPDATE") : is_update_;
  action_words_ = at("ON")                                               ? 1
                  : action_words_ == 1 && (at("DELETE") || at("UPDATE")) ? 2
                  : action_words_ == 2 && (at("CASCADE") || at("SET"))   ? 3
                  : action_words_ == 3 && at("NULL")                     ? 4
                                                                         : 0;
  if (action_words_ < 3 || references.empty()) return;
  Statement::Reference& reference = references.back();
  KeyAction& action = is_update_ ? reference.on_update : reference.on_delete;
  if (action_words_ == 4)
    action = action == KeyAction::kSetDefault ? KeyAction::kSetNull : action;
  else
    action = at("SET") ? KeyAction::kSetDefault : KeyAction::kCascade;
}

// [CONSTRAINT [name]] FOREIGN KEY [name] (columns)
void KeyWords::note_key(const SqlToken& token) {
  if (is_key_) note_column(token);
  note_definition(token);
  if (token.is_word("FOREIGN") && !drops_) {
    is_key_ = true;
    key_columns_.clear();
    in_key_columns_ = false;
    // What does not stand right before it is another constraint's name.
    if (names_key_ != Naming::kNamed) key_name_.clear();
    names_key_ = Naming::kNone;
    return;
  }
  drops_ = token.is_word("DROP");
  if (token.is_word("CONSTRAINT")) {
    key_name_.clear();
    names_key_ = Naming::kBegun;
  } else if (names_key_ == Naming::kBegun && token.is_name()) {
    key_name_ = name_in_utf8(charset_, token.text).value_or("");
    names_key_ = Naming::kNamed;
  } else {
    names_key_ = Naming::kNone;
  }
}

// The first name of a definition may be a column's, which an inline reference is of; the second, behind CHANGE.
void KeyWords::note_definition(const SqlToken& token) {
  const auto at = [&](std::string_view word) { return token.is_word(word); };
  const bool is_listed = begins_definition_ || definition_depth_ < 0;
  if (token.is_symbol('(')) ++depth_;
  const bool begins = (token.is_symbol('(') && is_listed) || (token.is_symbol(',') && depth_ == definition_depth_) ||
                      (depth_ == 0 && (at("ADD") || at("COLUMN") || at("CHANGE") || at("MODIFY") ||
                                       (at("EXISTS") && definition_depth_ == 0)));
  if (token.is_symbol(')')) --depth_;
  changes_ |= at("CHANGE");
  if (begins) definition_depth_ = depth_;
  if (begins_definition_ && !begins && token.is_name()) {
    inline_column_ = name_in_utf8(charset_, token.text);
    begins_definition_ = std::exchange(changes_, false);
  } else {
    begins_definition_ = begins;
  }
}

void KeyWords::note_column(const SqlToken& token) {
  if (in_key_columns_ && token.is_name()) key_columns_.push_back(name_in_utf8(charset_, token.text));
  in_key_columns_ = token.is_symbol('(') || (in_key_columns_ && !token.is_symbol(')'));
}

std::vector<std::string> all_known(std::vector<std::optional<std::string>> names) {
  std::vector<std::string> known;
  for (std::optional<std::string>& name : names) {
    if (!name) return {};
    known.push_back(std::move(*name));
  }
  return known;
}

}  // namespace farshore::binlog
