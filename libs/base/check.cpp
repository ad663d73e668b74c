#include "base/check.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace farshore {

constinit thread_local const AtHandLink* AtHandLink::innermost_ = nullptr;

std::string AtHandLink::describe_all() {
  std::string all;
  for (const AtHandLink* link = innermost_; link != nullptr; link = link->outer_) {
    if (!all.empty()) all += "; ";
    all += link->describe_(*link);
  }
  return all;
}

void check_failed(std::string_view condition, std::source_location place, std::string_view names, std::string values) {
  const std::string at_hand = AtHandLink::describe_all();
  fmt::print(stderr, "a bug: '{}' is not so in {} ({}:{}){}{}\n", condition, place.function_name(), place.file_name(),
             place.line(), names.empty() ? "" : fmt::format("; ({}) = ({})", names, values),
             at_hand.empty() ? "" : "; at hand: " + at_hand);
  std::fflush(stderr);
  std::abort();
}

}  // namespace farshore
