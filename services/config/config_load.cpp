#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "base/environment_error.hpp"
#include "services/config/config_checks.hpp"
#include "services/config/config_fields.hpp"
#include "services/config/config_units.hpp"

namespace farshore::service {
namespace {

constexpr std::size_t kFileBytesMax = 4ULL * 1024 * 1024;

/// Edits (insert, delete, replace, swap of neighbours) that turn one text into the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const std::size_t replace = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

std::string_view kind_of(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Undefined:
    case YAML::NodeType::Null: return "nothing";
    case YAML::NodeType::Scalar: return "a single value";
    case YAML::NodeType::Sequence: return "a list";
    case YAML::NodeType::Map: return "a mapping";
  }
  return "nothing";
}

/// Fills a Config from a YAML tree. `path_` is where the visit stands, "capture.batch_bytes".
class Loader final : public FieldVisitor {
 public:
  Loader(const YAML::Node& root, std::string file) : file_(std::move(file)) {
    stack_.push_back(Level{.node = root, .path = {}, .known = {}, .missing = {}, .is_absent = false});
  }

  void load(Config& config) {
    if (!here().node.IsMap())
      fail(here().node, fmt::format("the file holds {}; wanted a mapping", kind_of(here().node)));
    refuse_duplicates();
    declare_config(*this, config);
    close_level();
  }

  void text(const FieldInfo& info, TextKind kind, std::string& value) override {
    if (const YAML::Node node = find(info)) value = checked_text(node, path_of(info), kind);
  }

  void texts(const FieldInfo& info, TextKind kind, std::vector<std::string>& value) override {
    const YAML::Node node = find(info);
    if (!node) return;
    if (!node.IsSequence()) fail_type(node, info, "a list of texts");
    value.clear();
    for (const YAML::Node& item : node) {
      value.push_back(checked_text(item, fmt::format("{}[{}]", path_of(info), value.size()), kind));
    }
  }

  void text_map(const FieldInfo& info, std::map<std::string, std::string>& value) override {
    const YAML::Node node = find(info);
    if (!node) return;
    if (!node.IsMap()) fail_type(node, info, "a mapping of names to texts");
    value.clear();
    for (const auto& item : node) {
      const std::string key = item.first.as<std::string>("");
      if (!item.second.IsScalar())
        fail(item.second, fmt::format("{}.{} is {}; wanted a text", path_of(info), key, kind_of(item.second)));
      if (!value.emplace(key, item.second.Scalar()).second)
        fail(item.first, fmt::format("{}.{} is given twice", path_of(info), key));
    }
  }

  void number(const FieldInfo& info, Range<std::uint64_t> range, std::uint64_t& value) override {
    const YAML::Node node = find(info);
    if (!node) return;
    const std::string wanted = fmt::format("a whole number from {} to {}", range.min, range.max);
    std::uint64_t found = 0;
    if (!node.IsScalar() || node.Scalar().starts_with('-') || !YAML::convert<std::uint64_t>::decode(node, found)) {
      fail_type(node, info, wanted);
    }
    if (found < range.min || found > range.max) fail_type(node, info, wanted);
    value = found;
  }

  void size(const FieldInfo& info, Range<std::uint64_t> range, std::uint64_t& value) override {
    const YAML::Node node = find(info);
    if (!node) return;
    const auto found = node.IsScalar() ? parse_size(node.Scalar()) : std::nullopt;
    if (!found || *found < range.min || *found > range.max) {
      fail_type(node, info,
                fmt::format("a size with a unit (B, KiB, MiB, GiB) from {} to {}", size_text(range.min),
                            size_text(range.max)));
    }
    value = *found;
  }

  void duration(const FieldInfo& info, Range<std::chrono::milliseconds> range,
                std::chrono::milliseconds& value) override {
    const YAML::Node node = find(info);
    if (!node) return;
    const auto found = node.IsScalar() ? parse_duration(node.Scalar()) : std::nullopt;
    if (!found || *found < range.min || *found > range.max) {
      fail_type(node, info,
                fmt::format("a duration with a unit (ms, s, m, h, d) from {} to {}", duration_text(range.min),
                            duration_text(range.max)));
    }
    value = *found;
  }

  void address(const FieldInfo& info, Address& value) override {
    const YAML::Node node = find(info);
    if (!node) return;
    const auto found = node.IsScalar() ? parse_address(node.Scalar()) : std::nullopt;
    if (!found) fail_type(node, info, "host:port, such as \"127.0.0.1:3306\"");
    value = *found;
  }

  void one_of(const FieldInfo& info, std::span<const std::string_view> names, std::size_t& index) override {
    const YAML::Node node = find(info);
    if (!node) return;
    const auto found = node.IsScalar() ? std::ranges::find(names, node.Scalar()) : names.end();
    if (found == names.end()) {
      fail_type(node, info,
                fmt::format("one of {}{}{}", fmt::join(names, ", "), info.not_yet.empty() ? "" : ". ", info.not_yet));
    }
    index = static_cast<std::size_t>(found - names.begin());
  }

  void section(const FieldInfo& info, const std::function<void()>& inside) override {
    const YAML::Node node = find(info);
    if (node)
      inside_of(node, path_of(info), inside);
    else
      note_absent(inside);
  }

  void items(const FieldInfo& info, const std::function<void()>& clear, const std::function<void()>& item) override {
    const YAML::Node node = find(info);
    if (!node) return;
    if (!node.IsSequence()) fail_type(node, info, "a list of mappings");
    clear();
    std::size_t index = 0;
    for (const YAML::Node& one : node) inside_of(one, fmt::format("{}[{}]", path_of(info), index++), item);
  }

  void entries(const FieldInfo& info, const std::function<void()>& clear,
               const std::function<void(const std::string&)>& entry) override {
    const YAML::Node node = find(info);
    if (!node) return;
    if (!node.IsMap()) fail_type(node, info, "a mapping of names to mappings");
    clear();
    std::set<std::string> seen;
    for (const auto& one : node) {
      const std::string name = one.first.as<std::string>("");
      const std::string path = fmt::format("{}.{}", path_of(info), name);
      if (!is_name(name))
        fail(one.first, fmt::format("{}: the name \"{}\" is not {}", path_of(info), name, kNameWanted));
      if (!seen.insert(name).second) fail(one.first, fmt::format("{} is given twice", path));
      inside_of(one.second, path, [&] { entry(name); });
    }
  }

 private:
  static constexpr std::string_view kNameWanted = "1 to 64 letters, digits, '-' or '_'";

  struct Level {
    YAML::Node node;
    std::string path;  ///< empty at the top
    std::vector<std::string> known;
    std::vector<std::string> missing;
    bool is_absent = false;  ///< the section is not in the file: nothing is read, nothing is required
  };

  Level& here() { return stack_.back(); }

  [[nodiscard]] std::string path_of(const FieldInfo& info) const {
    const std::string& path = stack_.back().path;
    return path.empty() ? std::string(info.key) : fmt::format("{}.{}", path, info.key);
  }

  [[noreturn]] void fail(const YAML::Node& node, const std::string& what) const {
    throw EnvironmentError(fmt::format("{}:{}: {}.", file_, node.Mark().line + 1, what), ExitCode::kUsage);
  }

  [[noreturn]] void fail_type(const YAML::Node& node, const FieldInfo& info, const std::string& wanted) const {
    const std::string found = node.IsScalar() ? fmt::format("\"{}\"", node.Scalar()) : std::string(kind_of(node));
    fail(node, fmt::format("{} is {}; wanted {}", path_of(info), found, wanted));
  }

  std::string checked_text(const YAML::Node& node, const std::string& path, TextKind kind) const {
    if (!node.IsScalar()) fail(node, fmt::format("{} is {}; wanted a text", path, kind_of(node)));
    const std::string& found = node.Scalar();
    if (kind == TextKind::kName && !is_name(found) && !found.empty()) {
      fail(node, fmt::format("{} is \"{}\"; wanted {}", path, found, kNameWanted));
    }
    const bool is_pattern = kind == TextKind::kPattern || kind == TextKind::kStreamPattern;
    const bool leaves_out = kind == TextKind::kStreamPattern && found.starts_with('!');
    if (is_pattern && !is_table_pattern(leaves_out ? found.substr(1) : found)) {
      fail(node,
           fmt::format("{} is \"{}\"; wanted a pattern \"schema.table\", where * and ? stand for other characters",
                       path, found));
    }
    return found;
  }

  /// The key's node, or an undefined node where the file does not give it (or gives null).
  YAML::Node find(const FieldInfo& info) {
    here().known.emplace_back(info.key);
    if (here().is_absent) return YAML::Node(YAML::NodeType::Undefined);
    const YAML::Node& level = here().node;
    const YAML::Node node = level[std::string(info.key)];
    if (!node || node.IsNull()) {
      if (info.required) here().missing.push_back(path_of(info));
      return YAML::Node(YAML::NodeType::Undefined);
    }
    if (info.required && node.IsScalar() && node.Scalar().empty()) here().missing.push_back(path_of(info));
    return node;
  }

  void refuse_duplicates() {
    std::set<std::string> seen;
    for (const auto& item : here().node) {
      const std::string key = item.first.as<std::string>("");
      if (!seen.insert(key).second)
        fail(item.first, fmt::format("{} is given twice", here().path.empty() ? key : here().path + "." + key));
    }
  }

  void inside_of(const YAML::Node& node, const std::string& path, const std::function<void()>& inside) {
    if (!node.IsMap()) fail(node, fmt::format("{} is {}; wanted a mapping", path, kind_of(node)));
    stack_.push_back(Level{.node = node, .path = path, .known = {}, .missing = {}, .is_absent = false});
    refuse_duplicates();
    inside();
    close_level();
  }

  /// Walks a section that the file does not have, so that its defaults stay.
  void note_absent(const std::function<void()>& inside) {
    stack_.push_back(Level{.node = {}, .path = {}, .known = {}, .missing = {}, .is_absent = true});
    inside();
    stack_.pop_back();
  }

  void close_level() {
    const Level level = std::move(stack_.back());
    stack_.pop_back();
    for (const auto& item : level.node) {
      const std::string key = item.first.as<std::string>("");
      if (std::ranges::find(level.known, key) == level.known.end()) refuse_unknown(level, item.first, key);
    }
    if (!level.missing.empty()) fail(level.node, fmt::format("{} is missing", level.missing.front()));
  }

  [[noreturn]] void refuse_unknown(const Level& level, const YAML::Node& node, const std::string& key) const {
    const auto nearest =
        std::ranges::min_element(level.known, {}, [&](const std::string& known) { return edit_distance(key, known); });
    const std::string path = level.path.empty() ? key : level.path + "." + key;
    const bool is_near = edit_distance(key, *nearest) <= std::max<std::size_t>(2, key.size() / 3);
    fail(node, is_near ? fmt::format("{} is not a known key; did you mean {}?", path, *nearest)
                       : fmt::format("{} is not a known key; known here: {}", path, fmt::join(level.known, ", ")));
  }

  std::string file_;
  std::vector<Level> stack_;
};

}  // namespace

Config parse_config(const std::string& yaml, const std::filesystem::path& file) {
  Config config;
  config.file = file;
  try {
    Loader(YAML::Load(yaml), file.string()).load(config);
  } catch (const YAML::Exception& error) {
    throw EnvironmentError(fmt::format("{}:{}: this is not YAML: {}.", file.string(), error.mark.line + 1, error.msg),
                           ExitCode::kUsage);
  }
  check_config(config);
  return config;
}

Config load_config(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) {
    throw EnvironmentError(fmt::format("--config {}: this is a folder; name the region's YAML file.", file.string()),
                           ExitCode::kUsage);
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    throw EnvironmentError(fmt::format("--config {}: the file cannot be read ({}); name the region's YAML file.",
                                       file.string(), std::generic_category().message(errno)),
                           ExitCode::kUsage);
  }
  std::ostringstream text;
  text << in.rdbuf();
  if (text.view().size() > kFileBytesMax) {
    throw EnvironmentError(fmt::format("--config {}: the file is above 4 MiB.", file.string()), ExitCode::kUsage);
  }
  return parse_config(text.str(), file);
}

}  // namespace farshore::service
