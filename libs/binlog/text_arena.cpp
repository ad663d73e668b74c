#include "binlog/text_arena.hpp"

#include <algorithm>

namespace farshore::binlog {
namespace {

constexpr std::size_t kFirstBlockBytes = 4096;

}  // namespace

void TextArena::grow(std::size_t size) {
  const std::size_t wanted = std::max({size, kFirstBlockBytes, total_});
  blocks_.push_back(std::make_unique_for_overwrite<char[]>(wanted));
  total_ += wanted;
  begin_ = at_ = blocks_.back().get();
  end_ = begin_ + wanted;
}

void TextArena::shrink() {
  const std::size_t keep = std::min(total_, kKeepBytesMax);
  blocks_.clear();
  total_ = 0;
  grow(keep);
  if (scratch_.capacity() > kKeepBytesMax) std::string().swap(scratch_);
}

}  // namespace farshore::binlog
