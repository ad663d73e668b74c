#include "capture/publish/key_shapes.hpp"

#include <algorithm>

#include "change/limits.hpp"

namespace farshore::capture {

KeyShapes::KeyShapes(const change::KnownKeys& known) {
  for (const change::KnownKey& one : known) keys_.emplace(one.table, one.key);
}

KeyShapes::Taken KeyShapes::take(std::uint64_t table, std::uint64_t key) {
  if (const auto found = keys_.find(table); found != keys_.end())
    return found->second == key ? Taken::kSame : Taken::kOther;
  if (keys_.size() >= change::kKnownKeysMax) return Taken::kFull;
  keys_.emplace(table, key);
  return Taken::kSame;
}

change::KnownKeys KeyShapes::known() const {
  change::KnownKeys known;
  known.reserve(keys_.size());
  for (const auto& [table, key] : keys_) known.push_back({.table = table, .key = key});
  std::ranges::sort(known, {}, &change::KnownKey::table);
  return known;
}

}  // namespace farshore::capture
