#include "services/ctl/decision.hpp"

#include <gmock/gmock.h>

#include <stdexcept>
#include <utility>

#include "services/ctl/ctl_database.hpp"
#include "unit/mysql/scripted_server.hpp"

namespace farshore::ctl {
namespace {

using mysql::test::fails;
using mysql::test::ok;
using mysql::test::Reply;
using testing::ElementsAre;
using testing::HasSubstr;

/// A decision that is written as a row of farshore.t.
class ADecision : public ::testing::Test {
 protected:
  static mysql::Connection open(const DatabaseEndpoint& endpoint) {
    auto connection = mysql::Connection::open(endpoint, {});
    if (!connection) throw std::runtime_error(connection.error().to_string());
    return std::move(*connection);
  }
  /// The first `times` that the row is written end so.
  void refuse(int times, const Reply& refusal) {
    server_.answer([times, refusal](const std::string& statement) mutable {
      return statement.starts_with("INSERT INTO farshore.t") && times-- > 0 ? refusal : ok(1);
    });
    (void)server_.take_statements();
  }
  void write() {
    write_marked(connection_, config_, [&] {
      ++written_;
      const auto added = connection_.execute("INSERT INTO farshore.t VALUES (1)");
      if (!added) fail_database(config_, added.error());
    });
  }
  mysql::test::ScriptedServer server_;
  mysql::Connection connection_ = open(server_.endpoint());
  service::Config config_;
  int written_ = 0;
};

TEST_F(ADecision, IsWrittenAgainAsAWholeWhenADeadlockTookItBack) {
  refuse(2, fails(1213, "Deadlock found when trying to get lock"));
  write();
  EXPECT_EQ(written_, 3);
  const auto begins = HasSubstr("START TRANSACTION");
  const auto marks = HasSubstr("farshore.progress");
  const auto adds = HasSubstr("farshore.t ");
  EXPECT_THAT(server_.take_statements(), ElementsAre(begins, marks, adds, "ROLLBACK", begins, marks, adds, "ROLLBACK",
                                                     begins, marks, adds, "COMMIT"));
}

TEST_F(ADecision, IsGivenUpAfterAFewDeadlocks) {
  refuse(1000, fails(1213, "Deadlock found when trying to get lock"));
  EXPECT_THROW(write(), LockedOut);
  EXPECT_LE(written_, 20);
}

TEST_F(ADecision, ThatIsRefusedIsNotTriedAgain) {
  refuse(1, fails(1142, "INSERT command denied"));
  EXPECT_THROW(write(), EnvironmentError);
  EXPECT_EQ(written_, 1);
}

}  // namespace
}  // namespace farshore::ctl
