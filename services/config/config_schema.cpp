#include <nlohmann/json.hpp>

#include "services/config/config_fields.hpp"

namespace farshore::service {
namespace {

using Json = nlohmann::ordered_json;

/// Writes a JSON schema (draft 2020-12) for editors. Bounds of sizes and durations are in the descriptions: their
/// texts carry units.
class SchemaWriter final : public FieldVisitor {
 public:
  Json write(Config& config) {
    open_.push_back(object());
    declare_config(*this, config);
    return std::move(open_.back());
  }

  void text(const FieldInfo& info, TextKind kind, std::string& value) override {
    Json& field = add(info, text_type(kind));
    if (!value.empty()) field["default"] = value;
  }
  void texts(const FieldInfo& info, TextKind kind, std::vector<std::string>& value) override {
    add(info, {{"type", "array"}, {"items", text_type(kind)}})["default"] = value;
  }
  void text_map(const FieldInfo& info, std::map<std::string, std::string>&) override {
    add(info, {{"type", "object"}, {"additionalProperties", {{"type", {"string", "number", "boolean"}}}}});
  }
  void number(const FieldInfo& info, Range<std::uint64_t> range, std::uint64_t& value) override {
    add(info, {{"type", "integer"}, {"minimum", range.min}, {"maximum", range.max}})["default"] = value;
  }
  void size(const FieldInfo& info, Range<std::uint64_t> range, std::uint64_t& value) override {
    Json& field = add(info, {{"type", "string"}, {"pattern", "^[0-9]+(B|KiB|MiB|GiB)$"}});
    field["default"] = size_text(value);
    field["description"] =
        std::string(info.description) + " From " + size_text(range.min) + " to " + size_text(range.max) + ".";
  }
  void duration(const FieldInfo& info, Range<std::chrono::milliseconds> range,
                std::chrono::milliseconds& value) override {
    Json& field = add(info, {{"type", "string"}, {"pattern", "^[0-9]+(ms|s|m|h|d)$"}});
    field["default"] = duration_text(value);
    field["description"] =
        std::string(info.description) + " From " + duration_text(range.min) + " to " + duration_text(range.max) + ".";
  }
  void address(const FieldInfo& info, Address& value) override {
    Json& field = add(info, {{"type", "string"}, {"pattern", "^.+:[0-9]+$"}});
    if (!value.empty()) field["default"] = value.to_string();
  }
  void one_of(const FieldInfo& info, std::span<const std::string_view> names, std::size_t& index) override {
    add(info, {{"enum", std::vector<std::string>(names.begin(), names.end())}})["default"] = names[index];
  }

  void section(const FieldInfo& info, const std::function<void()>& inside) override { add(info, nested(inside)); }
  void items(const FieldInfo& info, const std::function<void()>& clear, const std::function<void()>& item) override {
    clear();
    add(info, {{"type", "array"}, {"items", nested(item)}});
  }
  void entries(const FieldInfo& info, const std::function<void()>& clear,
               const std::function<void(const std::string&)>& entry) override {
    clear();
    add(info, {{"type", "object"}, {"propertyNames", text_type(TextKind::kName)}, {"additionalProperties", nested([&] {
                                                                                     entry("name");
                                                                                   })}});
  }

 private:
  static Json object() {
    return {{"type", "object"},
            {"additionalProperties", false},
            {"required", Json::array()},
            {"properties", Json::object()}};
  }

  static Json text_type(TextKind kind) {
    switch (kind) {
      case TextKind::kName: return {{"type", "string"}, {"pattern", "^[A-Za-z0-9_-]{1,64}$"}};
      case TextKind::kPattern: return {{"type", "string"}, {"pattern", "^[^.]+[.].+$"}};
      case TextKind::kStreamPattern: return {{"type", "string"}, {"pattern", "^!?[^.!][^.]*[.].+$"}};
      case TextKind::kFree:
      case TextKind::kPath: break;
    }
    return {{"type", "string"}};
  }

  Json nested(const std::function<void()>& inside) {
    open_.push_back(object());
    inside();
    Json made = std::move(open_.back());
    open_.pop_back();
    return made;
  }

  Json& add(const FieldInfo& info, Json type) {
    const std::string key(info.key);
    if (info.required) open_.back()["required"].push_back(key);
    Json& field = open_.back()["properties"][key];
    field = std::move(type);
    field["description"] = info.description;
    return field;
  }

  std::vector<Json> open_;  ///< the objects that are being declared, innermost last
};

}  // namespace

std::string config_schema() {
  Config config;
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", "Farshore: configuration of a region"}};
  schema.update(SchemaWriter().write(config));
  return schema.dump(2) + "\n";
}

}  // namespace farshore::service
