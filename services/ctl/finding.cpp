#include "services/ctl/finding.hpp"

#include <utility>

namespace farshore::ctl {

std::string_view to_string(Finding::Severity severity) {
  switch (severity) {
    case Finding::Severity::kGood: return "good";
    case Finding::Severity::kWarning: return "warning";
    case Finding::Severity::kMend: return "mend";
  }
  return "mend";
}

std::string without_full_stop(std::string sentence) {
  if (sentence.ends_with('.')) sentence.pop_back();
  return sentence;
}

void Findings::good(std::string what, std::string found) {
  list_.push_back({Finding::Severity::kGood, where_, std::move(what), std::move(found), "", ""});
}

void Findings::warning(std::string what, std::string found, std::string wanted, std::string mend) {
  list_.push_back(
      {Finding::Severity::kWarning, where_, std::move(what), std::move(found), std::move(wanted), std::move(mend)});
}

void Findings::mend(std::string what, std::string found, std::string wanted, std::string mend) {
  list_.push_back(
      {Finding::Severity::kMend, where_, std::move(what), std::move(found), std::move(wanted), std::move(mend)});
}

void Findings::check(bool is_good, std::string what, std::string found, std::string wanted, std::string how) {
  if (is_good) {
    good(std::move(what), std::move(found));
  } else {
    mend(std::move(what), std::move(found), std::move(wanted), std::move(how));
  }
}

}  // namespace farshore::ctl
