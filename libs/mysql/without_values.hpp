#pragma once

#include <string>
#include <string_view>

namespace farshore::mysql {

/// A server's message without values of rows: each is replaced by its length and a digest, as in
/// "Duplicate entry <7 bytes, #3fa9> for key 'person.phone'". Names of tables, columns and keys stay. Where a message
/// is not of a known form, whatever is in quotes goes; the words of a trigger's SIGNAL go as a whole.
/// Messages of the client library (codes 2000 to 2999) are as they were.
[[nodiscard]] std::string without_values(int code, std::string_view message);

}  // namespace farshore::mysql
