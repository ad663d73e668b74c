#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace farshore::apply {

/// From keys (bytes) to numbers, for one work set: open addressing, keys in one buffer, no allocation a key once it
/// has grown. Not thread safe.
class KeyMap {
 public:
  KeyMap();
  /// The number stored for the key; a new key gets `number`. The reference lives until the next call.
  std::uint32_t& find_or_add(std::uint32_t space, std::string_view key, std::uint32_t number);
  void clear();
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Entry {
    std::uint64_t hash = 0;
    std::uint64_t key_at = 0;  ///< in keys_
    std::uint32_t key_size = 0;
    std::uint32_t space = 0;
    std::uint32_t number = 0;
    bool used = false;
  };
  void grow();

  std::vector<Entry> entries_;  ///< a power of two, at most half full
  std::string keys_;
  std::size_t size_ = 0;
};

}  // namespace farshore::apply
