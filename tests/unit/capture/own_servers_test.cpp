#include "capture/own_servers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace farshore::capture {
namespace {

using ::testing::HasSubstr;

constexpr const char* kUuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
constexpr const char* kOther = "4e11fa47-71ca-11e1-9e33-c80aa9429562";

bool owns(const OwnServers& own, const std::string& gtid) { return own.contains(*Gtid::parse(gtid)); }

TEST(OwnServers, AreTheCapturedOneAlone) {
  const auto mysql = OwnServers::make(ServerKind::kMysql, kUuid, {});
  EXPECT_TRUE(owns(*mysql, std::string(kUuid) + ":5"));
  EXPECT_FALSE(owns(*mysql, std::string(kOther) + ":5"));
  const auto mariadb = OwnServers::make(ServerKind::kMariadb, "101:1", {});
  EXPECT_TRUE(owns(*mariadb, "1-101-5"));
  EXPECT_TRUE(owns(*mariadb, "7-101-5")) << "a session may choose another domain";
  EXPECT_FALSE(owns(*mariadb, "1-102-5"));
}

TEST(OwnServers, AreThoseThatTheConfigurationListsToo) {
  EXPECT_TRUE(owns(*OwnServers::make(ServerKind::kMysql, kUuid, {kOther}), std::string(kOther) + ":5"));
  EXPECT_TRUE(owns(*OwnServers::make(ServerKind::kMariadb, "101:1", {"102"}), "1-102-5"));
}

TEST(OwnServers, OfTheOtherKindAreRefused) {
  EXPECT_THAT(OwnServers::make(ServerKind::kMysql, kUuid, {"102"}).error(), HasSubstr("list server UUIDs"));
  EXPECT_THAT(OwnServers::make(ServerKind::kMariadb, "101:1", {kOther}).error(), HasSubstr("list server ids"));
}

}  // namespace
}  // namespace farshore::capture
