#pragma once

#include <gmock/gmock.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "mysql/connection.hpp"
#include "store/kept_change.hpp"
#include "unit/mysql/scripted_server.hpp"

namespace farshore::store::test {

/// A session with a server that answers as a test says, and keeps what it was asked.
class OnAServer : public ::testing::Test {
 protected:
  OnAServer() : connection_(open()) {}
  mysql::Connection open() {
    auto connection = mysql::Connection::open(server_.endpoint(), {});
    if (!connection) throw std::runtime_error(connection.error().to_string());
    return std::move(*connection);
  }
  void answer_all(const mysql::test::Reply& reply) {
    server_.answer([reply](const std::string&) { return reply; });
  }
  mysql::test::ScriptedServer server_;
  mysql::Connection connection_;
};

/// And a change to be kept there.
class WithAChange : public OnAServer {
 protected:
  [[nodiscard]] ChangeToKeep change() const {
    return {.partition = &partition_,
            .key = &key_,
            .key_text = "5",
            .epoch = {Epoch(2), Incarnation(9)},
            .seq = Seq(17),
            .gtid = "0-1-6",
            .bytes = "bytes"};
  }
  const PartitionKey partition_{"west", "main", PartitionId(3)};
  const ParkedKey key_ = parked_key("shop", "orders", "0123456789abcdef");
};

}  // namespace farshore::store::test
