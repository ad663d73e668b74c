#include <fmt/format.h>

#include "services/config/config_fields.hpp"

namespace farshore::service {
namespace {

constexpr std::string_view kIntroduction = R"(# Configuration

One YAML file a region. Every service of the region reads and checks the whole of it; `--check-config` does only that.
An unknown key, a wrong type or a value out of its bounds refuses the start with one sentence and exit code 2.
Sizes carry a unit (`B`, `KiB`, `MiB`, `GiB`), durations too (`ms`, `s`, `m`, `h`, `d`). Passwords stand in files or in the
environment, never in this file.

This page and [`schemas/config.schema.json`](../schemas/config.schema.json) are generated from the declaration in
`services/config/config_declaration.cpp` (`farshorectl config reference`, `farshorectl config schema`).

```yaml
)";

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

/// Writes a heading and a table for each section, in the order of the declaration.
class ReferenceWriter final : public FieldVisitor {
 public:
  std::string write(Config& config) {
    begin_table();
    declare_config(*this, config);
    return std::move(sections_.back()) + "\n" + later_;
  }

  void text(const FieldInfo& info, TextKind kind, std::string& value) override {
    static constexpr std::string_view kKinds[] = {"text", "name", "file", "pattern", "pattern"};
    row(info, kKinds[static_cast<std::size_t>(kind)], value.empty() ? "" : fmt::format("`{}`", value), "");
  }
  void texts(const FieldInfo& info, TextKind kind, std::vector<std::string>& value) override {
    static constexpr std::string_view kKinds[] = {"texts", "names", "files", "patterns", "patterns"};
    row(info, fmt::format("list of {}", kKinds[static_cast<std::size_t>(kind)]),
        value.empty() ? "`[]`" : fmt::format("`[\"{}\"]`", fmt::join(value, "\", \"")), "");
  }
  void text_map(const FieldInfo& info, std::map<std::string, std::string>&) override {
    row(info, "mapping of texts", "`{}`", "");
  }
  void number(const FieldInfo& info, Range<std::uint64_t> range, std::uint64_t& value) override {
    row(info, "number", fmt::format("`{}`", value), fmt::format("{} to {}", range.min, range.max));
  }
  void size(const FieldInfo& info, Range<std::uint64_t> range, std::uint64_t& value) override {
    row(info, "size", fmt::format("`{}`", size_text(value)),
        fmt::format("{} to {}", size_text(range.min), size_text(range.max)));
  }
  void duration(const FieldInfo& info, Range<std::chrono::milliseconds> range,
                std::chrono::milliseconds& value) override {
    row(info, "duration", fmt::format("`{}`", duration_text(value)),
        fmt::format("{} to {}", duration_text(range.min), duration_text(range.max)));
  }
  void address(const FieldInfo& info, Address& value) override {
    row(info, "host:port", value.empty() ? "" : fmt::format("`\"{}\"`", value.to_string()), "");
  }
  void one_of(const FieldInfo& info, std::span<const std::string_view> names, std::size_t& index) override {
    row(info, fmt::format("one of {}", fmt::join(names, ", ")), fmt::format("`{}`", names[index]), "");
  }

  void section(const FieldInfo& info, const std::function<void()>& inside) override {
    row(info, "mapping", "", "");
    below(info, std::string(info.key), inside);
  }
  void items(const FieldInfo& info, const std::function<void()>& clear, const std::function<void()>& item) override {
    row(info, "list of mappings", "`[]`", "");
    clear();
    below(info, std::string(info.key) + "[]", item);
  }
  void entries(const FieldInfo& info, const std::function<void()>& clear,
               const std::function<void(const std::string&)>& entry) override {
    row(info, "mapping of names", "`{main: {}}`", "");
    clear();
    below(info, std::string(info.key) + ".NAME", [&] { entry("NAME"); });
  }

 private:
  void begin_table() { sections_.push_back("| key | type | default | bounds | meaning |\n|---|---|---|---|---|\n"); }

  void row(const FieldInfo& info, std::string_view type, std::string_view fallback, std::string_view bounds) {
    sections_.back() += fmt::format("| `{}` | {} | {} | {} | {} |\n", info.key, type,
                                    info.required ? "needed" : fallback, bounds, cell(info.description));
  }

  /// A section's page stands after that of the section that holds it.
  void below(const FieldInfo& info, const std::string& key, const std::function<void()>& inside) {
    const std::string outer_path = path_;
    path_ = path_.empty() ? key : fmt::format("{}.{}", path_, key);
    const std::string heading = fmt::format("\n## {}\n{}\n\n", path_, info.description);
    begin_table();
    std::string outer_later = std::move(later_);
    later_.clear();
    inside();
    std::string table = std::move(sections_.back());
    sections_.pop_back();
    later_ = std::move(outer_later) + heading + table + later_;
    path_ = outer_path;
  }

  std::vector<std::string> sections_;  ///< the open tables, innermost last
  std::string later_;                  ///< the finished sections below the innermost open one
  std::string path_;
};

}  // namespace

std::string_view example_config() {
  return R"(region: east
database:
  address: "db.east.example:3306"
  tls: {mode: verify, ca: /etc/farshore/db-ca.pem}
  accounts:
    apply: {user: farshore_apply, password_file: /run/secrets/apply}
    gate: {user: farshore_gate, password_file: /run/secrets/gate}
    ctl: {user: farshore_ctl, password_env: FARSHORE_CTL_PASSWORD}
kafka:
  bootstrap: "kafka-1.east.example:9092,kafka-2.east.example:9092"
  replication_factor: 3
origins:
  - name: east
    region: east
    address: "db.east.example:3306"
    tls: {mode: verify, ca: /etc/farshore/db-ca.pem}
    account: {user: farshore_capture, password_file: /run/secrets/capture}
    server_id: 990001
  - {name: west, region: west}
streams:
  main: {tables: ["*.*"], partitions: 8, retention: 7d}
tables:
  - {match: "shop.orders*", group: orders}
  - {match: "shop.ledger", merge: immutable}
  - {match: "shop.*", entity: user_id}
capture: {batch_linger: 5ms, compression: lz4}
apply: {origins: [west], workers: 4}
gate:
  bounds: {max_age: 10s, max_evidence_age: 3s, max_clock_skew: 2s}
http: {capture: "127.0.0.1:8471", apply: "127.0.0.1:8472", gate: "127.0.0.1:8473"}
log: {level: info, format: json}
)";
}

std::string config_reference() {
  Config config;
  return fmt::format("{}{}```\n\n## The file\n\n{}", kIntroduction, example_config(), ReferenceWriter().write(config));
}

}  // namespace farshore::service
