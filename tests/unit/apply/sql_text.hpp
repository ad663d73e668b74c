#pragma once

#include <cctype>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a fake target understands of the statements that apply sends.
namespace farshore::apply::test {

/// Reads the literals that apply writes.
class SqlText {
 public:
  explicit SqlText(std::string_view text) : text_(text) {}

  bool skip(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  bool find(std::string_view word) {
    const std::size_t found = text_.find(word, at_);
    if (found == std::string_view::npos) return false;
    at_ = found + word.size();
    return true;
  }
  std::string name() {
    std::string name;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 || text_[at_] == '_')) {
      name.push_back(text_[at_++]);
    }
    return name;
  }
  /// 'text', _binary'text', or a number or word as it stands.
  std::string literal() {
    (void)skip("_binary");
    std::string value;
    if (!skip("'")) {
      while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != ')' && text_[at_] != ' ') {
        value.push_back(text_[at_++]);
      }
      return value;
    }
    for (; at_ < text_.size() && text_[at_] != '\''; ++at_) {
      if (text_[at_] != '\\') {
        value.push_back(text_[at_]);
        continue;
      }
      const char c = text_[++at_];
      value.push_back(c == '0' ? '\0' : c == 'n' ? '\n' : c == 'r' ? '\r' : c == 'Z' ? '\x1A' : c);
    }
    ++at_;
    return value;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

using Fields = std::map<std::string, std::string>;

/// name=literal, name=literal ... up to what is neither.
inline Fields assignments(SqlText& text, std::string_view separator) {
  Fields fields;
  do {
    const std::string name = text.name();
    if (!text.skip("=")) break;
    fields[name] = text.literal();
  } while (text.skip(separator));
  return fields;
}

/// INSERT INTO t (names) VALUES (literals)
inline Fields inserted(const std::string& statement) {
  SqlText text(statement);
  Fields fields;
  std::vector<std::string> names;
  (void)text.find("(");
  do names.push_back(text.name());
  while (text.skip(", "));
  (void)text.find("VALUES (");
  for (const std::string& name : names) {
    fields[name] = text.literal();
    if (!text.skip(",")) break;
  }
  return fields;
}

}  // namespace farshore::apply::test
