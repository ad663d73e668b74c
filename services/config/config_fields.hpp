#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "services/config/config.hpp"

/// The declaration of the configuration: declare_config() walks every key once and tells a visitor its name, type,
/// bounds, description, and the member that holds its value (and, in a fresh Config, its default). The loader, the
/// reference page and the JSON schema are three visitors; none of them knows a key.
namespace farshore::service {

struct FieldInfo {
  std::string_view key;
  std::string_view description;
  bool required = false;
  std::string_view not_yet = {};  ///< of a choice: words that will mean something one day, and what to do until then
};

template <typename T>
struct Range {
  T min;
  T max;
};

enum class TextKind : std::uint8_t {
  kFree,
  kName,           ///< 1 to 64 letters, digits, '-' or '_': part of topic names
  kPath,           ///< of a file
  kPattern,        ///< "schema.table" with * and ?
  kStreamPattern,  ///< likewise, or with a ! before it
};

class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;

  virtual void text(const FieldInfo& info, TextKind kind, std::string& value) = 0;
  virtual void texts(const FieldInfo& info, TextKind kind, std::vector<std::string>& value) = 0;
  virtual void text_map(const FieldInfo& info, std::map<std::string, std::string>& value) = 0;
  virtual void number(const FieldInfo& info, Range<std::uint64_t> range, std::uint64_t& value) = 0;
  virtual void size(const FieldInfo& info, Range<std::uint64_t> range, std::uint64_t& value) = 0;
  virtual void duration(const FieldInfo& info, Range<std::chrono::milliseconds> range,
                        std::chrono::milliseconds& value) = 0;
  virtual void address(const FieldInfo& info, Address& value) = 0;
  /// `index` is the place of the value in `names`.
  virtual void one_of(const FieldInfo& info, std::span<const std::string_view> names, std::size_t& index) = 0;

  /// A mapping with keys of its own; `inside` declares them.
  virtual void section(const FieldInfo& info, const std::function<void()>& inside) = 0;
  /// A list of mappings; `item` makes one more and declares it.
  virtual void items(const FieldInfo& info, const std::function<void()>& clear, const std::function<void()>& item) = 0;
  /// A mapping from names to mappings; `entry` makes the one of that name and declares it.
  virtual void entries(const FieldInfo& info, const std::function<void()>& clear,
                       const std::function<void(const std::string&)>& entry) = 0;

  template <typename Enum>
  void choice(const FieldInfo& info, Enum& value, std::initializer_list<std::pair<std::string_view, Enum>> choices) {
    std::vector<std::string_view> names;
    std::size_t index = 0;
    for (const auto& [name, meaning] : choices) {
      if (meaning == value) index = names.size();
      names.push_back(name);
    }
    one_of(info, names, index);
    value = (choices.begin() + index)->second;
  }
};

void declare_config(FieldVisitor& visitor, Config& config);

/// "64KiB", "7d": the largest unit that leaves a whole number.
[[nodiscard]] std::string size_text(std::uint64_t bytes);
[[nodiscard]] std::string duration_text(std::chrono::milliseconds duration);

/// The file that the reference page shows.
[[nodiscard]] std::string_view example_config();
/// docs/configuration.md.
[[nodiscard]] std::string config_reference();
/// schemas/config.schema.json.
[[nodiscard]] std::string config_schema();

}  // namespace farshore::service
