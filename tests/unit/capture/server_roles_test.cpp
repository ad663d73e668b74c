#include "capture/source/server_roles.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace farshore::capture {
namespace {

using ::testing::HasSubstr;

constexpr const char* kUuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
constexpr const char* kOther = "4e11fa47-71ca-11e1-9e33-c80aa9429562";

ServerRole role(const ServerRoles& roles, const std::string& gtid) { return roles.role_of(*Gtid::parse(gtid)); }

TEST(ServerRoles, OwnIsTheCapturedOneAlone) {
  const auto mysql = ServerRoles::make(ServerKind::kMysql, {.identity = kUuid, .own = {}, .foreign = {}});
  EXPECT_EQ(role(*mysql, std::string(kUuid) + ":5"), ServerRole::kOwn);
  EXPECT_EQ(role(*mysql, std::string(kOther) + ":5"), ServerRole::kUnknown);
  const auto mariadb = ServerRoles::make(ServerKind::kMariadb, {.identity = "101:1", .own = {}, .foreign = {}});
  EXPECT_EQ(role(*mariadb, "1-101-5"), ServerRole::kOwn);
  EXPECT_EQ(role(*mariadb, "7-101-5"), ServerRole::kOwn) << "a session may choose another domain";
  EXPECT_EQ(role(*mariadb, "1-102-5"), ServerRole::kUnknown);
}

TEST(ServerRoles, AreThoseThatTheConfigurationLists) {
  const auto mysql = ServerRoles::make(ServerKind::kMysql, {.identity = kUuid, .own = {kOther}, .foreign = {}});
  EXPECT_EQ(role(*mysql, std::string(kOther) + ":5"), ServerRole::kOwn);
  const auto mariadb =
      ServerRoles::make(ServerKind::kMariadb, {.identity = "101:1", .own = {"102"}, .foreign = {"103"}});
  EXPECT_EQ(role(*mariadb, "1-102-5"), ServerRole::kOwn);
  EXPECT_EQ(role(*mariadb, "1-103-5"), ServerRole::kForeign);
}

TEST(ServerRoles, ThatAreOwnFromTheNextEpochOnAreForeignUntilThen) {
  const auto moved = ServerRoles::make(
      ServerKind::kMariadb, {.identity = "101:1", .own = {"102"}, .foreign = {}, .soon_own = {"102", "103"}});
  EXPECT_EQ(role(*moved, "1-102-5"), ServerRole::kOwn);
  EXPECT_EQ(role(*moved, "1-103-5"), ServerRole::kForeign);
  EXPECT_EQ(role(*moved, "1-104-5"), ServerRole::kUnknown);
}

TEST(ServerRoles, OfTheOtherKindAreRefused) {
  EXPECT_THAT(ServerRoles::make(ServerKind::kMysql, {.identity = kUuid, .own = {"102"}, .foreign = {}}).error(),
              HasSubstr("own_servers of the origin has \"102\", and the source is a MySQL: list server UUIDs"));
  EXPECT_THAT(ServerRoles::make(ServerKind::kMariadb, {.identity = "101:1", .own = {}, .foreign = {kOther}}).error(),
              HasSubstr("foreign_servers"));
}

}  // namespace
}  // namespace farshore::capture
