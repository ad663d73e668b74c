#pragma once

#include <stdexcept>
#include <string>

namespace farshore {

/// Exit codes of `farshore` and `farshorectl`.
enum class ExitCode : int {
  kGood = 0,
  kError = 1,
  kUsage = 2,
  kNotReady = 3,     ///< not ready, or the gate is closed
  kDifferences = 4,  ///< differences, or things to mend
  kUnreachable = 5,
};

/// What was found wrong in the environment (configuration, server, topic): one sentence that names the setting, what
/// was found, what was wanted and how to mend it. Thrown towards main, which prints it and exits with the code.
class EnvironmentError : public std::runtime_error {
 public:
  explicit EnvironmentError(const std::string& sentence, ExitCode code = ExitCode::kError)
      : std::runtime_error(sentence), code_(code) {}
  [[nodiscard]] ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

}  // namespace farshore
