#pragma once

#include <algorithm>
#include <expected>
#include <optional>
#include <string>
#include <utility>

#include "change/cascade.hpp"
#include "change/limits.hpp"
#include "change/message_error.hpp"
#include "change/unknown_fields.hpp"
#include "farshore/v1/change_batch.pb.h"

namespace farshore::change {

/// Of v1::Cascade and v1::CascadingKey: what both say of a key. The name is the caller's.
template <typename Message>
void to_message(const CascadingKey& key, Message& out) {
  out.set_parent(key.tie.parent.to_string());
  out.set_child(key.tie.child.to_string());
  for (const std::string& column : key.columns) out.add_columns(column);
  for (const std::string& column : key.parent_columns) out.add_parent_columns(column);
  out.set_on_delete(static_cast<v1::KeyAction>(key.on_delete));
  out.set_on_update(static_cast<v1::KeyAction>(key.on_update));
}

/// Likewise; an error if it is not well formed, or says more than is known here.
template <typename Message>
std::expected<CascadingKey, MessageError> cascading_key_of(const Message& message) {
  const auto table_of = [](const std::string& name) {
    return name.size() <= kFullNameBytesMax ? TableName::parse(name) : std::nullopt;
  };
  const auto is_known = [](int action) { return action >= 0 && action <= static_cast<int>(KeyAction::kSetDefault); };
  const auto is_column = [](const std::string& name) { return !name.empty() && name.size() <= kNameBytesMax; };
  if (has_unknown_fields(message) || !is_known(message.on_delete()) || !is_known(message.on_update()))
    return std::unexpected(MessageError::kNewerFormat);
  const bool does_something = message.on_delete() != 0 || message.on_update() != 0;
  if (message.columns().empty() == does_something || message.columns_size() != message.parent_columns_size())
    return std::unexpected(MessageError::kMalformed);
  auto parent = table_of(message.parent());
  auto child = table_of(message.child());
  if (!parent || !child || static_cast<std::size_t>(message.columns_size()) > kForeignKeyColumnsMax ||
      !std::ranges::all_of(message.columns(), is_column) || !std::ranges::all_of(message.parent_columns(), is_column))
    return std::unexpected(MessageError::kMalformed);
  return CascadingKey{.tie = {.parent = std::move(*parent), .child = std::move(*child)},
                      .columns = {message.columns().begin(), message.columns().end()},
                      .parent_columns = {message.parent_columns().begin(), message.parent_columns().end()},
                      .on_delete = static_cast<KeyAction>(message.on_delete()),
                      .on_update = static_cast<KeyAction>(message.on_update())};
}

}  // namespace farshore::change
