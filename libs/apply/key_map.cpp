#include "apply/key_map.hpp"

#include <xxhash.h>

#include <algorithm>

namespace farshore::apply {
namespace {
constexpr std::size_t kFirstSize = 1024;
constexpr std::size_t kKeepSize = 65'536;  ///< entries kept by clear()
}  // namespace

KeyMap::KeyMap() : entries_(kFirstSize) {}

std::uint32_t& KeyMap::find_or_add(std::uint32_t space, std::string_view key, std::uint32_t number) {
  if (2 * (size_ + 1) > entries_.size()) grow();
  const std::uint64_t hash = XXH3_64bits_withSeed(key.data(), key.size(), space);
  const std::size_t mask = entries_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    Entry& entry = entries_[at];
    if (!entry.used) {
      entry = {.hash = hash,
               .key_at = keys_.size(),
               .key_size = static_cast<std::uint32_t>(key.size()),
               .space = space,
               .number = number,
               .used = true};
      keys_.append(key);
      ++size_;
      return entry.number;
    }
    if (entry.hash == hash && entry.space == space &&
        std::string_view(keys_).substr(entry.key_at, entry.key_size) == key) {
      return entry.number;
    }
  }
}

void KeyMap::grow() {
  std::vector<Entry> old(entries_.size() * 2);
  old.swap(entries_);
  const std::size_t mask = entries_.size() - 1;
  for (const Entry& entry : old) {
    if (!entry.used) continue;
    std::size_t at = entry.hash & mask;
    while (entries_[at].used) at = (at + 1) & mask;
    entries_[at] = entry;
  }
}

void KeyMap::clear() {
  if (entries_.size() > kKeepSize) {
    entries_ = std::vector<Entry>(kFirstSize);
    keys_ = std::string();
  } else if (size_ > 0) {
    std::ranges::fill(entries_, Entry());
    keys_.clear();
  }
  size_ = 0;
}

}  // namespace farshore::apply
