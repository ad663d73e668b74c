#pragma once

#include <string>

/// Lists of schemas as SQL, for IN and NOT IN.
namespace farshore::mysql {

/// "('mysql','sys','information_schema','performance_schema')"
[[nodiscard]] std::string list_of_servers_schemas();
/// The same and farshore: every schema that is not of applications.
[[nodiscard]] std::string list_of_system_schemas();

}  // namespace farshore::mysql
