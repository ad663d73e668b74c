#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mysql/grants.hpp"
#include "services/config/config.hpp"

namespace farshore::ctl {

/// The patterns of the tables that a configuration captures: those of the streams, and of rules that give a table to a
/// stream.
[[nodiscard]] std::vector<std::string> captured_patterns(const service::Config& config);

/// Those of `wanted` that may match a table that the account does not see: a schema that it may not read is not shown
/// to it, nor what is in it. `captured`: see captured_patterns(); no others are of interest.
[[nodiscard]] std::vector<std::string> out_of_sight(const mysql::Grants& grants, std::span<const std::string> captured,
                                                    std::span<const std::string> wanted);

/// Where a region has several origins: those whose server, by their addresses, is not the region's database, which is
/// what is compared.
[[nodiscard]] std::vector<std::string> origins_elsewhere(const service::Config& config);

/// Whether the account may read all columns of the table: those that it may not read are not shown to it.
[[nodiscard]] bool sees_whole(const mysql::Grants& grants, std::string_view schema, std::string_view table);

}  // namespace farshore::ctl
