#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace farshore::ctl {

/// One thing that preflight looked at.
struct Finding {
  enum class Severity : std::uint8_t {
    kGood,
    kWarning,  ///< works; may go wrong one day
    kMend,     ///< does not work, or may lose or confuse data
  };
  Severity severity = Severity::kGood;
  std::string where;  ///< "source east", "database", "kafka", "peer west"
  std::string what;   ///< a setting, a table, a topic
  std::string found;
  std::string wanted;
  std::string mend;  ///< a statement, or what to do; empty when good
};

[[nodiscard]] std::string_view to_string(Finding::Severity severity);

/// A sentence to be followed by more.
[[nodiscard]] std::string without_full_stop(std::string sentence);

/// Gathers findings about one place.
class Findings {
 public:
  explicit Findings(std::string where) : where_(std::move(where)) {}

  void good(std::string what, std::string found);
  void warning(std::string what, std::string found, std::string wanted, std::string mend);
  void mend(std::string what, std::string found, std::string wanted, std::string mend);
  /// Good when `is_good`, else to be mended.
  void check(bool is_good, std::string what, std::string found, std::string wanted, std::string mend);

  [[nodiscard]] std::vector<Finding> take() { return std::move(list_); }

 private:
  std::string where_;
  std::vector<Finding> list_;
};

}  // namespace farshore::ctl
