#pragma once

#include <optional>
#include <string>

#include "apply/failure.hpp"
#include "mysql/connection.hpp"
#include "store/write_block.hpp"

namespace farshore::apply {

/// What a transaction waits for in vain.
struct LockFinding {
  std::optional<store::WriteBlock> block;  ///< nothing can be written here, not even why
  std::string sentence;                    ///< for people: the lock's kind and table, who holds it, what to do
};

/// After a transaction was rolled back since it had waited too long for a lock: which one? The server's answer does not
/// tell; so a statement without rows is tried on the table, which waits for the locks of the server and of the table,
/// and not for those of rows. Who holds it is said where the account may see it: MySQL shows it in performance_schema,
/// MariaDB in information_schema to whom has PROCESS.
///
/// Takes a few seconds at most. Leaves no transaction open.
[[nodiscard]] LockFinding find_lock(mysql::Connection& connection, const Failure& failure);

}  // namespace farshore::apply
