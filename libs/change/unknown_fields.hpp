#pragma once

#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>

namespace farshore::change {

/// The message itself (not what is nested in it) carries a field that this program does not know.
[[nodiscard]] inline bool has_unknown_fields(const google::protobuf::Message& message) {
  return !message.GetReflection()->GetUnknownFields(message).empty();
}

}  // namespace farshore::change
