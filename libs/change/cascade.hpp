#pragma once

#include <compare>
#include <string>
#include <vector>

#include "base/key_action.hpp"
#include "base/table_name.hpp"

namespace farshore::change {

/// A foreign key by which a change of the parent changes rows of the child on its own.
struct Cascade {
  TableName parent;
  TableName child;
  friend auto operator<=>(const Cascade&, const Cascade&) = default;
};

/// A key of a table that ties it so.
struct CascadingKey {
  Cascade tie;
  std::string name{};  ///< of the constraint, within the child's schema; empty where it does not matter
  std::vector<std::string>
      columns{};  ///< of the child, in the key's order; empty: they are not known, nor what follows
  std::vector<std::string> parent_columns{};  ///< that those refer to
  KeyAction on_delete = KeyAction::kNone;
  KeyAction on_update = KeyAction::kNone;
  friend auto operator<=>(const CascadingKey&, const CascadingKey&) = default;
};

}  // namespace farshore::change
