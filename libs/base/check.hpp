#pragma once

#include <concepts>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

/// A bug aborts, in every build: FARSHORE_CHECK(condition, values...) writes to standard error what was not so, its
/// place, the values by name, and what the thread has at hand; then it aborts. For what only a bug in this program can
/// bring about: never for what comes from a server, a topic, a file or a person.
///
///     FARSHORE_CHECK(seq == last.next(), seq, last);
///
/// `values` are numbers, enums, texts, bools and what has raw(); they are evaluated only if the condition is false. No
/// row values.
#define FARSHORE_CHECK(condition, ...)                                                                   \
  do {                                                                                                   \
    if (!(condition)) [[unlikely]]                                                                       \
      ::farshore::check_failed(#condition, std::source_location::current(), "" __VA_OPT__(#__VA_ARGS__), \
                               {__VA_OPT__(::farshore::check_texts(__VA_ARGS__))});                      \
  } while (false)

namespace farshore {

/// What a thread is working on, for the line of a failed check, as long as this object lives: `describe` returns its
/// identity (origin, stream, partition, epoch, seq, GTID), and is called on this thread when a check fails, never else.
/// Objects nest; the line has the innermost first. Costs two stores.
class AtHandLink {
 public:
  AtHandLink(const AtHandLink&) = delete;
  AtHandLink& operator=(const AtHandLink&) = delete;

  /// All that this thread has at hand: "a; b", or an empty text.
  [[nodiscard]] static std::string describe_all();

 protected:
  using Describe = std::string (*)(const AtHandLink&);
  explicit AtHandLink(Describe describe) : describe_(describe), outer_(innermost_) { innermost_ = this; }
  ~AtHandLink() { innermost_ = outer_; }

 private:
  static thread_local const AtHandLink* innermost_;
  Describe describe_;
  const AtHandLink* outer_;
};

template <std::invocable Function>
class [[nodiscard]] AtHand : public AtHandLink {
 public:
  explicit AtHand(Function describe)
      : AtHandLink([](const AtHandLink& link) { return static_cast<const AtHand&>(link).function_(); }),
        function_(std::move(describe)) {}

 private:
  Function function_;
};

[[noreturn, gnu::cold]] void check_failed(std::string_view condition, std::source_location place,
                                          std::string_view names, std::string values);

template <typename Value>
[[nodiscard]] std::string check_text(const Value& value) {
  if constexpr (std::same_as<Value, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::is_enum_v<Value>) {
    return std::to_string(static_cast<long long>(value));
  } else if constexpr (std::is_arithmetic_v<Value>) {
    return std::to_string(value);
  } else if constexpr (std::convertible_to<const Value&, std::string_view>) {
    return "'" + std::string(std::string_view(value)) + "'";
  } else {
    return std::to_string(value.raw());
  }
}

template <typename... Values>
[[nodiscard, gnu::cold]] std::string check_texts(const Values&... values) {
  std::string all;
  ((all += (all.empty() ? "" : ", ") + check_text(values)), ...);
  return all;
}

}  // namespace farshore
