#include "kafka/admin.hpp"

#include "mock_cluster.hpp"

namespace farshore::kafka {
namespace {

using namespace std::chrono_literals;

TEST(Reaching, FollowsTheOnlyBrokerWithinItsTime) {
  MockCluster cluster;
  const auto admin = Admin::create(cluster.settings());
  ASSERT_TRUE(admin);
  EXPECT_TRUE(eventually([&] { return (*admin)->reach(2s).has_value(); }));
  cluster.stop_broker();
  EXPECT_TRUE(eventually([&] { return !(*admin)->reach(1s); }));
  const auto began = std::chrono::steady_clock::now();
  const auto reached = (*admin)->reach(1s);
  ASSERT_FALSE(reached);
  EXPECT_TRUE(reached.error().retry()) << reached.error().message;
  EXPECT_LT(std::chrono::steady_clock::now() - began, 3s);
  cluster.start_broker();
  EXPECT_TRUE(eventually([&] { return (*admin)->reach(1s).has_value(); }));
}

}  // namespace
}  // namespace farshore::kafka
