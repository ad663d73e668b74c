#pragma once

#include <cstdint>
#include <unordered_map>

#include "change/key_shape.hpp"

namespace farshore::capture {

/// The shape of each table's key, for the tables whose rows an epoch has numbered so far. One table has one shape in an
/// epoch: rows of another one would go to other partitions, and be merged by other bytes, without anything that parts
/// them from those before. It depends on the binlog from the epoch's beginning alone, and is part of every checkpoint,
/// so that a replay decides the same. Not thread safe.
class KeyShapes {
 public:
  explicit KeyShapes(const change::KnownKeys& known);

  enum class Taken : std::uint8_t {
    kSame,   ///< as it was; or it is known from now on
    kOther,  ///< the epoch knows the table with another one
    kFull,   ///< change::kKnownKeysMax are known already
  };
  [[nodiscard]] Taken take(std::uint64_t table, std::uint64_t key);

  /// Grows with what is known.
  [[nodiscard]] std::size_t count() const { return keys_.size(); }
  [[nodiscard]] change::KnownKeys known() const;

 private:
  std::unordered_map<std::uint64_t, std::uint64_t> keys_;  ///< by table
};

}  // namespace farshore::capture
