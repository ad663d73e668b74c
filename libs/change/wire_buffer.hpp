#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/check.hpp"

namespace farshore::change {

/// Bytes that grow at the end and are used again after clear(). Unlike std::string it does not fill what it reserves,
/// so that a writer can reserve an upper bound and commit what it wrote.
class WireBuffer {
 public:
  /// Room for `count` more bytes; write there and commit().
  [[nodiscard]] char* reserve(std::size_t count) {
    if (capacity_ - size_ < count) grow(count);
    return bytes_.get() + size_;
  }
  /// `end` is behind the last byte written into what reserve() gave.
  void commit(const char* end) {
    size_ = static_cast<std::size_t>(end - bytes_.get());
    FARSHORE_CHECK(size_ <= capacity_, size_, capacity_);
  }
  void append(std::string_view bytes) {
    char* at = reserve(bytes.size());
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  /// Keeps the memory, unless it is more than `keep` bytes: one huge row must not hold its memory for good.
  void clear(std::size_t keep = 1'048'576) {
    size_ = 0;
    if (capacity_ > keep) {
      bytes_.reset();
      capacity_ = 0;
    }
  }

  [[nodiscard]] char* data() { return bytes_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  void grow(std::size_t count) {
    std::size_t wanted = capacity_ < 4096 ? 4096 : capacity_ * 2;
    while (wanted - size_ < count) wanted *= 2;
    auto bigger = std::make_unique_for_overwrite<char[]>(wanted);
    if (size_ > 0) std::memcpy(bigger.get(), bytes_.get(), size_);
    bytes_ = std::move(bigger);
    capacity_ = wanted;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace farshore::change
