#pragma once

#include <compare>
#include <string>

namespace farshore::change {

/// A foreign key by which a change of the parent changes rows of the child on its own; "schema.table" each.
struct Cascade {
  std::string parent;
  std::string child;
  friend auto operator<=>(const Cascade&, const Cascade&) = default;
};

}  // namespace farshore::change
