#include "mysql/schema_lists.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/own_schemas.hpp"

namespace farshore::mysql {

std::string list_of_servers_schemas() { return fmt::format("('{}')", fmt::join(kServersSchemas, "','")); }

std::string list_of_system_schemas() {
  return fmt::format("('{}','{}')", fmt::join(kServersSchemas, "','"), kOwnSchema);
}

}  // namespace farshore::mysql
