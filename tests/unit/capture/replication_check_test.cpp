#include "capture/source/replication_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace farshore::capture {
namespace {

using ::testing::HasSubstr;
using Severity = CheckResult::Severity;

TEST(ReplicationCheck, APrimaryIsGood) { EXPECT_EQ(check_replication({}, {}).severity, Severity::kGood); }

TEST(ReplicationCheck, AReplicaIsRefusedUnlessItsSourceIsNamed) {
  const std::vector<Upstream> upstreams{{.where = "db1 (channel '')", .server = "uuid-1"}};
  const CheckResult refused = check_replication(upstreams, {"uuid-2"});
  EXPECT_EQ(refused.severity, Severity::kError);
  EXPECT_FALSE(refused.is_of_a_table);
  EXPECT_THAT(refused.sentence(), HasSubstr("replication is from db1 (channel ''), and has to be none"));
  EXPECT_THAT(refused.mend, HasSubstr("add uuid-1 to the origin's foreign_servers"));
  EXPECT_EQ(check_replication(upstreams, {"uuid-2", "uuid-1"}).severity, Severity::kGood);
}

TEST(ReplicationCheck, WhereTheServerIsNotToldAnyNameAllowsIt) {
  const std::vector<Upstream> upstreams{{.where = "another server", .server = ""}};
  EXPECT_EQ(check_replication(upstreams, {}).severity, Severity::kError);
  EXPECT_EQ(check_replication(upstreams, {"102"}).severity, Severity::kGood);
}

}  // namespace
}  // namespace farshore::capture
