#include "change/merge_rule.hpp"

namespace farshore::change {

std::string_view to_string(MergeRule rule) {
  switch (rule) {
    case MergeRule::kOverwrite: return "overwrite";
    case MergeRule::kImmutable: return "immutable";
    case MergeRule::kNewest: return "newest";
    case MergeRule::kDelta: return "delta";
    case MergeRule::kLocal: return "local";
  }
  return "";
}

}  // namespace farshore::change
