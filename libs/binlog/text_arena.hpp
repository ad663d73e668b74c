#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace farshore::binlog {

/// Memory for the texts of one row: handed out piece by piece, taken back all at once, kept for the next row.
/// Pieces do not move. Not thread safe.
class TextArena {
 public:
  /// Room for at most `size` bytes, valid until reset(). Follow it with commit() of what was used.
  [[nodiscard]] char* reserve(std::size_t size) {
    if (size > static_cast<std::size_t>(end_ - at_)) grow(size);
    return at_;
  }
  /// The first `size` bytes of the last reserve() are kept.
  std::string_view commit(std::size_t size) {
    std::string_view text(at_, size);
    at_ += size;
    return text;
  }
  std::string_view copy(std::string_view text) {
    char* room = reserve(text.size());
    text.copy(room, text.size());
    return commit(text.size());
  }
  /// Takes everything back.
  void reset() {
    if (blocks_.size() > 1 || total_ > kKeepBytesMax || scratch_.capacity() > kKeepBytesMax) shrink();
    at_ = begin_;
  }
  /// A string to build a text in whose size is not known beforehand.
  [[nodiscard]] std::string& scratch() { return scratch_; }

  /// Memory that is held now; after reset() no more than kKeepBytesMax, and as much for scratch().
  [[nodiscard]] std::size_t bytes() const { return total_ + scratch_.capacity(); }

  /// What is kept from row to row; a row that needs more allocates again.
  static constexpr std::size_t kKeepBytesMax = 1 << 20;

 private:
  void grow(std::size_t size);
  void shrink();

  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t total_ = 0;  ///< bytes of all blocks
  char* begin_ = nullptr;  ///< the last block
  char* at_ = nullptr;
  char* end_ = nullptr;
  std::string scratch_;
};

}  // namespace farshore::binlog
