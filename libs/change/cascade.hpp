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

/// A key of a table that ties it so, as the source names it within the table's schema.
struct CascadingKey {
  Cascade tie;
  std::string name;  ///< of the constraint
  friend auto operator<=>(const CascadingKey&, const CascadingKey&) = default;
};

}  // namespace farshore::change
